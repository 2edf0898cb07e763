// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Deployed, Ledger, Token} from "./Deployed.sol";
import {LedgerHandler} from "./LedgerHandler.sol";

/// What must hold after every call that forge draws.
contract LedgerInvariants is Deployed {
    LedgerHandler internal handler;
    Ledger internal ledger;
    Token internal token;

    function setUp() external {
        handler = new LedgerHandler();
        ledger = handler.ledger();
        token = handler.token();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_the_ledger_holds_what_it_owes() external view {
        uint256 owed = ledger.fees() + ledger.unclaimed() + _sum(0, 3) + _sum(2 ** 29 - 1, 1);
        require(token.balanceOf(address(ledger)) == owed * UNIT, "money made or lost");
    }

    function invariant_no_account_leaves_its_32_bits() external view {
        uint256 open;
        for (uint256 i; i < 8; i++) {
            uint32 account = handler.account_(i);
            uint256 lanes = ledger.lanes_of(account >> 3, 1)[0];
            require((lanes >> (32 * (account & 7))) & OPEN != 0, "an account was closed");
            open += 1;
        }
        require(open == _opened(0, 3) + _opened(2 ** 29 - 1, 1), "an account opened by itself");
    }

    function invariant_a_stay_is_filed_at_most_once() external view {
        _kept("a stay is filed at most once");
        _kept("no stay is filed twice and no fee is above its cap");
        (uint256 filed, uint256 last) = handler.counts();
        require(filed == 0 || ledger.is_settled(last), "a filed stay was forgotten");
    }

    function invariant_the_sequence_grows_by_one_and_the_head_chains() external view {
        _kept("only the settler settles, in sequence, while nothing is paused");
        require(ledger.seq() == handler.seq(), "a batch was left out or counted twice");
        require(ledger.head() == handler.head(), "the head is not that of these batches");
        require(ledger.batch_root(handler.seq() + 1) == 0, "a root came before its batch");
    }

    function invariant_a_fair_batch_is_never_refused() external view {
        _kept("a fair batch is never refused");
    }

    function invariant_a_withdrawal_pays_the_owner_what_is_there() external view {
        _kept("only the owner asks, for what is there");
        _kept("a withdrawal pays at most the balance and the request");
        _kept("a withdrawal goes to the owner");
        _kept("a withdrawal is booked on its own account");
        _kept("a withdrawal waits");
        _kept("a withdrawal leaves what a booking holds");
        _kept("a deposit counts once");
    }

    function invariant_a_pause_stops_no_withdrawal() external view {
        _kept("a pause stops no withdrawal");
    }

    function invariant_fees_stay_under_their_cap() external view {
        require(ledger.fee_bps() <= 1_000, "above the highest fee");
        _kept("fees are at most their part of the amounts");
        _kept("a higher fee waits");
        _kept("roles keep to their work");
    }

    function invariant_a_claim_takes_what_was_earned_once() external view {
        _kept("a claim takes what was earned, once");
        _kept("what is set aside was paid");
        require(handler.claimed() + ledger.unclaimed() == handler.setAside(), "claims exceed what was set aside");
    }

    function _sum(uint256 first, uint256 count) internal view returns (uint256 sum) {
        uint256[] memory words = ledger.lanes_of(first, count);
        for (uint256 i; i < 8 * count; i++) sum += (words[i >> 3] >> (32 * (i & 7))) & MOST;
    }

    /// Accounts that are open; one that is not must hold nothing.
    function _opened(uint256 first, uint256 count) internal view returns (uint256 open) {
        uint256[] memory words = ledger.lanes_of(first, count);
        for (uint256 i; i < 8 * count; i++) {
            uint256 lane = (words[i >> 3] >> (32 * (i & 7))) & (2 ** 32 - 1);
            if (lane & OPEN != 0) open += 1;
            else require(lane == 0, "money where no account is");
        }
    }

    function _kept(string memory name) internal view {
        require(handler.broken(name) == 0, name);
    }
}
