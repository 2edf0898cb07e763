// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import { ERC20 } from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// OpenZeppelin's ERC-20 as it is: the deployer holds everything.
contract Coin is ERC20 {
    constructor() ERC20("Coin", "COIN") {
        _mint(msg.sender, 10 ** 24);
    }
}

/// What a Disperse contract does: one payer, many payees, no record.
contract Disperse {
    function disperse(ERC20 token, address[] calldata payees, uint256[] calldata amounts) external {
        uint256 total;
        for (uint256 i; i < payees.length; ++i) total += amounts[i];
        require(token.transferFrom(msg.sender, address(this), total));
        for (uint256 i; i < payees.length; ++i) require(token.transfer(payees[i], amounts[i]));
    }
}
