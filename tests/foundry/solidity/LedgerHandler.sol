// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Ledger} from "./Deployed.sol";
import {LedgerStory} from "./LedgerStory.sol";

/// Calls of the ledger that forge draws. What the ledger must not do is counted in `broken`, by the
/// name of the rule; a call that the ledger refuses changes nothing and is no fault.
contract LedgerHandler is LedgerStory {
    /// What stood before a withdrawal: request and balances in minor units, tokens in units.
    struct Asked {
        uint256 amount;
        uint256 balance;
        uint256 held;
        uint256 kept;
        uint256 had;
        bool settling;
        bool timely;
    }

    modifier timed() {
        VM.warp(nowS);
        _;
    }

    function wait(uint256 seconds_) external {
        uint256[5] memory choices = [uint256(1), 1_800, DELAY_S, 86_400, WEEK_S];
        nowS += choices[seconds_ % 5];
    }

    function deposit(uint256 who, uint256 at, uint256 amount, uint256 number) external timed {
        address payer = who % 2 == 0 ? DRIVER : OWNER;
        bytes32 named = bytes32(number % 64);
        uint256 before = token.balanceOf(address(ledger));
        uint256 asked = amount % 4 == 0 ? MOST - (amount % 3) : amount % 5_000;
        VM.prank(payer);
        try ledger.deposit(_account(at), asked, named) {
            bool moved = token.balanceOf(address(ledger)) != before;
            if (referenceUsed[payer][named]) _rule(!moved, "a deposit counts once");
            referenceUsed[payer][named] = true;
        } catch {}
    }

    function request(uint256 who, uint256 at, uint256 amount) external timed {
        uint32 account = _account(at);
        address owner = ledger.owner_of(account);
        address sender = who % 16 == 0 ? STRANGER : owner;
        uint256 balance = ledger.balance_of(account);
        uint256 asked = amount % 3 == 0 ? balance : amount % (balance + 2);
        VM.prank(sender);
        try ledger.request_withdraw(account, asked) {
            _rule(sender == owner && asked <= balance, "only the owner asks, for what is there");
            askedOf[account] = asked;
        } catch {}
    }

    function withdraw(uint256 at, uint256 who) external timed {
        uint32 account = _account(at);
        address owner = ledger.owner_of(account);
        Asked memory was = _asked(account, owner);
        VM.prank(who % 2 == 0 ? owner : STRANGER);
        try ledger.withdraw(account) {
            uint256 left = was.kept - token.balanceOf(address(ledger));
            uint256 most = was.balance < was.amount ? was.balance : was.amount;
            _rule(
                left <= most * UNIT && was.amount != 0,
                "a withdrawal pays at most the balance and the request"
            );
            _rule(token.balanceOf(owner) - was.had == left, "a withdrawal goes to the owner");
            uint256 after_ = ledger.balance_of(account);
            _rule((was.balance - after_) * UNIT == left, "a withdrawal is booked on its own account");
            askedOf[account] = most - left / UNIT;
            _rule(was.timely, "a withdrawal waits");
            _rule(was.settling || left == most * UNIT, "a pause stops no withdrawal");
            _rule(after_ >= was.held, "a withdrawal leaves what a booking holds");
        } catch {
            bool may = was.settling || was.amount == 0 || !was.timely;
            _rule(may, "a pause stops no withdrawal");
        }
    }

    function hold(uint256 at, uint256 amount, uint256 lasts) external timed {
        VM.prank(SETTLER);
        try ledger.hold(_account(at), amount % 10_000, nowS + (lasts % (31 * 86_400))) {} catch {}
    }

    function settle(uint256 count, uint256 seed, uint256 gap) external timed {
        uint256[] memory words = new uint256[](count % 5);
        for (uint256 i; i < words.length; i++) words[i] = _word(_drawn(seed, i));
        uint256 number = seq + (gap % 16 == 1 ? 0 : gap % 16 == 2 ? 2 : 1);
        _settle(gap % 32 == 0 ? STRANGER : SETTLER, number, words);
    }

    /// One stay of a payee who claims: what the batch sets aside is this payee's.
    function settleByClaim(uint256 at, uint256 seed) external timed {
        uint32 payee = _account(at);
        uint256[] memory words = new uint256[](1);
        uint256 tag = BY_CLAIM | (seed % 2 == 0 ? 0 : ledger.fee_bps());
        words[0] = _packed(_account(seed), payee, _stay(seed), 1 + (seed % 3_000), tag);
        uint256 before = setAside;
        _settle(SETTLER, seq + 1, words);
        earned[payee] += setAside - before;
    }

    /// Sometimes with more than was earned: then payees may be wronged, and nobody else.
    function publish(uint256 first, uint256 second, uint256 lie) external timed {
        payees = [_account(first), _account(second)];
        for (uint256 i; i < 2; i++) {
            amounts[i] = earned[payees[i]] + (lie % 8 == 0 ? lie % 10_000 : 0);
            leaves[i] = leaf(bytes32(uint256(payees[i])), bytes32(amounts[i]));
        }
        VM.prank(SETTLER);
        try ledger.publish_earnings(node(leaves[0], leaves[1])) {} catch {}
    }

    function claim(uint256 which, uint256 more) external timed {
        uint256 at = which % 2;
        uint256 asked = amounts[at] + (more % 4 == 0 ? 1 + (more % 99) : 0);
        uint32 account = payees[at];
        uint256 before = taken[account];
        uint256 balance = ledger.balance_of(account);
        bytes32[] memory proof = new bytes32[](1);
        proof[0] = leaves[1 - at];
        VM.prank(STRANGER);
        try ledger.claim(account, asked, proof) {
            uint256 gained = ledger.balance_of(account) - balance;
            bool exact = asked == amounts[at] && before + gained == asked;
            _rule(exact && gained != 0, "a claim takes what was earned, once");
            taken[account] = asked;
            claimed += gained;
        } catch {}
    }

    function proposeFee(uint256 who, uint256 bps) external timed {
        address sender = who % 4 == 0 ? STRANGER : ADMIN;
        uint256 offered = bps % 4 == 0 ? MAX_FEE_BPS + (bps % 3) : bps % 400;
        uint256 current = ledger.fee_bps();
        VM.prank(sender);
        try ledger.propose_fee(offered) {
            _rule(sender == ADMIN, "roles keep to their work");
            (offeredBps, offeredAt) = (offered, nowS + (offered > current ? WEEK_S : 0));
        } catch {}
    }

    function acceptFee(uint256 who) external timed {
        uint256 before = ledger.fee_bps();
        VM.prank(who % 4 == 0 ? STRANGER : ADMIN);
        try ledger.accept_fee() {
            bool waited = nowS >= offeredAt || offeredBps <= before;
            _rule(waited && ledger.fee_bps() == offeredBps, "a higher fee waits");
        } catch {}
    }

    function withdrawFees(uint256 who, uint256 amount) external timed {
        address sender = who % 4 == 0 ? STRANGER : ADMIN;
        uint256 fees = ledger.fees();
        VM.prank(sender);
        try ledger.withdraw_fees(OWNER, amount % (fees + 2)) {
            _rule(sender == ADMIN && amount % (fees + 2) <= fees, "roles keep to their work");
        } catch {}
    }

    function pause(uint256 who) external timed {
        VM.prank(who % 2 == 0 ? PAUSER : ADMIN);
        try ledger.pause() {} catch {}
    }

    function unpause() external timed {
        VM.prank(ADMIN);
        try ledger.unpause() {} catch {}
    }

    function close(uint256 chance) external timed {
        if (chance % 256 != 0) return;
        VM.prank(ADMIN);
        try ledger.close(address(0xC1)) {} catch {}
    }

    function trespass(uint256 what, uint256 at) external timed {
        bytes[6] memory calls = [
            abi.encodeCall(Ledger.open_account, (UNOPENED, STRANGER)),
            abi.encodeCall(Ledger.hold, (_account(at), 1, nowS)),
            abi.encodeCall(Ledger.publish_earnings, (bytes32(at))),
            abi.encodeCall(Ledger.pause, ()),
            abi.encodeCall(Ledger.close, (STRANGER)),
            abi.encodeCall(Ledger.propose_role, (keccak256("settler"), STRANGER))
        ];
        VM.prank(STRANGER);
        (bool taken,) = address(ledger).call(calls[what % 6]);
        _rule(!taken, "roles keep to their work");
    }

    function counts() external view returns (uint256 filed, uint256 last) {
        return (stays.length, stays.length == 0 ? 0 : stays[stays.length - 1]);
    }

    function account_(uint256 at) external view returns (uint32) {
        return accounts[at];
    }

    function _asked(uint32 account, address owner) internal view returns (Asked memory was) {
        uint256 readyAt;
        (, readyAt) = ledger.withdrawal_of(account);
        was.amount = askedOf[account];
        was.balance = ledger.balance_of(account);
        was.kept = token.balanceOf(address(ledger));
        was.had = token.balanceOf(owner);
        was.settling = ledger.status() == 0;
        was.timely = ledger.status() == 2 || (nowS >= readyAt && nowS < readyAt + WEEK_S);
        (uint256 held, uint256 until) = ledger.hold_of(account);
        if (was.settling && nowS < until) was.held = held < was.balance ? held : was.balance;
    }

    function _settle(address sender, uint256 number, uint256[] memory words) internal {
        uint256 fees = ledger.fees();
        uint256 kept = ledger.unclaimed();
        (bool fair, uint256 mostFees, uint256 mostAside) = _judged(words);
        bool legal = sender == SETTLER && number == seq + 1 && ledger.status() == 0;
        bytes32 root = bytes32(number + 7);
        VM.prank(sender);
        try ledger.settle_batch(number, root, words) {
            _rule(legal, "only the settler settles, in sequence, while nothing is paused");
            _rule(fair, "no stay is filed twice and no fee is above its cap");
            _rule(ledger.fees() <= fees + mostFees, "fees are at most their part of the amounts");
            _rule(ledger.unclaimed() <= kept + mostAside, "what is set aside was paid");
            setAside += ledger.unclaimed() - kept;
            seq = number;
            head = keccak256(abi.encodePacked(head, root, keccak256(abi.encodePacked(words))));
            _file(words);
        } catch {
            _rule(!(legal && fair), "a fair batch is never refused");
        }
    }

    function _file(uint256[] memory words) internal {
        for (uint256 i; i < words.length; i++) {
            uint256 stay = (words[i] >> 144) & (2 ** 48 - 1);
            filings[stay] += 1;
            stays.push(stay);
            _rule(filings[stay] == 1 && ledger.is_settled(stay), "a stay is filed at most once");
        }
    }
}
