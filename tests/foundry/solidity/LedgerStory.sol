// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Deployed, Ledger, Token} from "./Deployed.sol";

/// A ledger with eight open accounts, what has been asked of it so far, and words to settle.
abstract contract LedgerStory is Deployed {
    uint256 internal constant CREDIT = 2 ** 15;
    uint256 internal constant BY_CLAIM = 2 ** 14;
    uint256 internal constant BPS = 2 ** 14 - 1;
    uint256 internal constant MAX_FEE_BPS = 1_000;
    uint32 internal constant UNOPENED = 5;

    Ledger public immutable ledger;
    Token public immutable token;
    // Neighbours in one storage word, the first of the next words, and the last that 32 bits name.
    uint32[8] internal accounts = [1, 2, 3, 7, 8, 15, 16, type(uint32).max];
    uint256 internal nowS = START_S;

    mapping(string => uint256) public broken;
    mapping(uint256 => uint256) internal filings;
    mapping(address => mapping(bytes32 => bool)) internal referenceUsed;
    mapping(uint32 => uint256) internal earned;
    mapping(uint32 => uint256) internal taken;
    mapping(uint32 => uint256) internal askedOf;
    uint256[] internal stays;
    uint256 public seq;
    bytes32 public head;
    uint256 public setAside;
    uint256 public claimed;
    uint256 internal offeredBps;
    uint256 internal offeredAt;
    // The published tree of earnings: two payees.
    uint32[2] internal payees;
    uint256[2] internal amounts;
    bytes32[2] internal leaves;

    constructor() {
        token = Token(deployed("DemoToken", ""));
        address registry = deployed("PropertyRegistry", abi.encode(REGISTRAR));
        ledger = Ledger(
            deployed(
                "ParkingLedger",
                abi.encode(token, UNIT, SETTLER, REGISTRAR, PAUSER, DELAY_S, registry)
            )
        );
        VM.warp(nowS);
        address[2] memory rich = [DRIVER, OWNER];
        for (uint256 i; i < 2; i++) {
            VM.prank(ADMIN);
            token.mint(rich[i], 10 ** 24);
            VM.prank(rich[i]);
            token.approve(address(ledger), type(uint256).max);
        }
        for (uint256 i; i < accounts.length; i++) {
            VM.prank(REGISTRAR);
            ledger.open_account(accounts[i], i % 2 == 0 ? DRIVER : OWNER);
            VM.prank(DRIVER);
            ledger.deposit(accounts[i], i == 0 ? MOST : 500 * (i + 1), bytes32(1_000 + i));
        }
    }

    /// Whether a batch may be taken, and the most that it may move to the platform and set aside.
    function _judged(uint256[] memory words)
        internal
        view
        returns (bool fair, uint256 mostFees, uint256 mostAside)
    {
        fair = true;
        uint256 cap = ledger.fee_bps();
        for (uint256 i; i < words.length; i++) {
            uint256 stay = (words[i] >> 144) & (2 ** 48 - 1);
            if (filings[stay] != 0) fair = false;
            for (uint256 j; j < i; j++) {
                if (stay == (words[j] >> 144) & (2 ** 48 - 1)) fair = false;
            }
            uint256 amount = (words[i] >> 48) & (2 ** 32 - 1);
            uint256 bps = words[i] & BPS;
            bool credit = words[i] & CREDIT != 0;
            if (amount != 0 && bps > (credit && cap < MAX_FEE_BPS ? MAX_FEE_BPS : cap)) fair = false;
            if (!credit) mostFees += amount * bps / 10_000;
            if (words[i] & BY_CLAIM != 0) mostAside += amount;
        }
    }

    function _word(uint256 drawn) internal view returns (uint256) {
        uint256[8] memory tags =
            [0, 0, ledger.fee_bps(), ledger.fee_bps(), CREDIT, CREDIT | 250, BY_CLAIM, BY_CLAIM | CREDIT | 90];
        uint256 tag = drawn % 64 == 0 ? 1_001 : tags[(drawn >> 8) % 8];
        uint256 amount = (drawn >> 16) % 16 == 0 ? 2 ** 32 - 1 - ((drawn >> 24) % 3) : (drawn >> 24) % 3_000;
        return _packed(_account(drawn >> 48), _account(drawn >> 56), _stay(drawn >> 64), amount, tag);
    }

    function _packed(uint32 payer, uint32 payee, uint256 stay, uint256 amount, uint256 tag)
        internal
        view
        returns (uint256)
    {
        return (uint256(payer) << 224) | (uint256(payee) << 192) | (stay << 144) | (nowS << 104)
            | (3_600 << 80) | (amount << 48) | (9 << 16) | tag;
    }

    /// Mostly new ones, over the edges of 256; sometimes one that was filed.
    function _stay(uint256 seed) internal view returns (uint256) {
        if (seed % 16 == 0) return 2 ** 48 - 1 - ((seed >> 8) % 2);
        if (seed % 16 == 1 && stays.length != 0) return stays[(seed >> 8) % stays.length];
        return (seed >> 8) % 100_000;
    }

    function _account(uint256 at) internal view returns (uint32) {
        return at % 32 == 0 ? UNOPENED : accounts[at % 8];
    }

    function _drawn(uint256 seed, uint256 at) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, at)));
    }

    function _rule(bool kept, string memory name) internal {
        if (!kept) broken[name] += 1;
    }
}
