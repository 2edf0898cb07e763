# pragma version 0.4.3
"""
@title Settlements as most would write them: a struct, a map of those settled, an event for each
@license Apache-2.0
@dev For bench/gas.py to compare with; nobody should hold money in it.
"""

MAX: constant(uint256) = 200


struct Settlement:
    driver: uint32
    payee: uint32
    stay: uint64
    start_s: uint64
    duration_s: uint32
    amount: uint128
    space: uint32


event Settled:
    stay: indexed(uint64)
    driver: indexed(uint32)
    payee: indexed(uint32)
    amount: uint128
    start_s: uint64
    duration_s: uint32
    space: uint32


SETTLER: immutable(address)
balance_of: public(HashMap[uint32, uint256])
is_settled: public(HashMap[uint64, bool])


@deploy
def __init__():
    SETTLER = msg.sender


@external
def fund(accounts: DynArray[uint32, 1000], amount: uint256):
    assert msg.sender == SETTLER, "SETTLER"
    for account: uint32 in accounts:
        self.balance_of[account] += amount


@external
def settle_many(settlements: DynArray[Settlement, MAX]):
    assert msg.sender == SETTLER, "SETTLER"
    for one: Settlement in settlements:
        assert not self.is_settled[one.stay], "REPLAY"
        self.is_settled[one.stay] = True
        self.balance_of[one.driver] -= convert(one.amount, uint256)
        self.balance_of[one.payee] += convert(one.amount, uint256)
        log Settled(
            stay=one.stay,
            driver=one.driver,
            payee=one.payee,
            amount=one.amount,
            start_s=one.start_s,
            duration_s=one.duration_s,
            space=one.space,
        )
