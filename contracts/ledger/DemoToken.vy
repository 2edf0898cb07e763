# pragma version 0.4.3
"""
@title A minimal ERC-20 for demonstrations; its deployer mints
@license Apache-2.0
"""

from ethereum.ercs import IERC20

implements: IERC20

name: public(constant(String[16])) = "Berth demo token"
symbol: public(constant(String[5])) = "BERTH"
decimals: public(constant(uint8)) = 6

MINTER: public(immutable(address))

totalSupply: public(uint256)
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])


@deploy
def __init__():
    MINTER = msg.sender


@external
def mint(to: address, amount: uint256):
    assert msg.sender == MINTER, "MINTER"
    assert to != empty(address), "ADDRESS"
    self.totalSupply += amount
    self.balanceOf[to] += amount
    log IERC20.Transfer(sender=empty(address), receiver=to, value=amount)


@external
def transfer(to: address, amount: uint256) -> bool:
    self._move(msg.sender, to, amount)
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    self.allowance[msg.sender][spender] = amount
    log IERC20.Approval(owner=msg.sender, spender=spender, value=amount)
    return True


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    allowed: uint256 = self.allowance[owner][msg.sender]
    assert allowed >= amount, "ALLOWANCE"
    if allowed != max_value(uint256):
        self.allowance[owner][msg.sender] = allowed - amount
    self._move(owner, to, amount)
    return True


@internal
def _move(owner: address, to: address, amount: uint256):
    assert to != empty(address), "ADDRESS"
    assert self.balanceOf[owner] >= amount, "BALANCE"
    self.balanceOf[owner] -= amount
    self.balanceOf[to] += amount
    log IERC20.Transfer(sender=owner, receiver=to, value=amount)
