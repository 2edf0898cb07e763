// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Deployed, Registry} from "./Deployed.sol";

/// Four titles in each of two libraries; registrars change; strangers and old registrars try too.
contract RegistryHandler is Deployed {
    Registry public immutable registry;
    address internal registrar = REGISTRAR;
    bool internal second;
    uint256 public version;
    uint256 public trespasses;
    uint256 public falseShares;
    uint256 public refusedShares;
    mapping(uint256 => bytes32) public decision;

    constructor() {
        registry = Registry(deployed("PropertyRegistry", abi.encode(REGISTRAR)));
    }

    function publish(uint256 who, bool other) external {
        address sender = _sender(who);
        VM.prank(sender);
        try registry.publish(_root(other), 4, bytes32(uint256(1))) {
            if (sender != registrar) trespasses += 1;
            second = other;
            version += 1;
        } catch {}
    }

    function share(uint256 who, uint256 space, bool other, bytes32 named) external {
        address sender = _sender(who);
        uint256 at = space % 4;
        bytes32[] memory proof = _proof(at, other);
        bytes32 given = bytes32(uint256(named) % 3);
        bool fair = sender == registrar && other == second && version != 0 && given != 0;
        VM.prank(sender);
        try registry.share(_space(at), _title(at, other), proof, given) {
            if (!fair) falseShares += 1;
            decision[at] = given;
        } catch {
            if (fair) refusedShares += 1;
        }
    }

    function unshare(uint256 who, uint256 space) external {
        address sender = _sender(who);
        VM.prank(sender);
        try registry.unshare(_space(space % 4), bytes32(uint256(1))) {
            if (sender != registrar || decision[space % 4] == 0) trespasses += 1;
            decision[space % 4] = 0;
        } catch {}
    }

    function transfer(uint256 who, uint256 space, bool other, bytes32 named) external {
        address sender = _sender(who);
        uint256 at = space % 4;
        bytes32 given = bytes32(uint256(named) % 3);
        VM.prank(sender);
        try registry.transfer(_space(at), _title(at, other), _proof(at, other), given) {
            bool fair = sender == registrar && other == second && decision[at] != 0;
            if (!fair || version == 0) falseShares += 1;
            decision[at] = given;
        } catch {}
    }

    function changeRegistrar(uint256 to) external {
        address next = to % 2 == 0 ? REGISTRAR : OWNER;
        VM.prank(ADMIN);
        registry.propose_role(keccak256("registrar"), next);
        VM.prank(next);
        registry.accept_role(keccak256("registrar"));
        registrar = next;
    }

    function _sender(uint256 who) internal view returns (address) {
        return who % 8 == 0 ? STRANGER : who % 8 == 1 ? REGISTRAR : who % 8 == 2 ? OWNER : registrar;
    }

    function _space(uint256 at) internal pure returns (bytes32) {
        return keccak256(abi.encode("space", at));
    }

    function _title(uint256 at, bool other) internal pure returns (bytes32) {
        return keccak256(abi.encode("title", at, other));
    }

    function _leaf(uint256 at, bool other) internal pure returns (bytes32) {
        return leaf(_space(at), _title(at, other));
    }

    function _root(bool other) internal pure returns (bytes32) {
        return node(node(_leaf(0, other), _leaf(1, other)), node(_leaf(2, other), _leaf(3, other)));
    }

    function _proof(uint256 at, bool other) internal pure returns (bytes32[] memory proof) {
        proof = new bytes32[](2);
        proof[0] = _leaf(at ^ 1, other);
        proof[1] = at < 2
            ? node(_leaf(2, other), _leaf(3, other))
            : node(_leaf(0, other), _leaf(1, other));
    }
}

contract RegistryInvariants {
    RegistryHandler internal handler;
    Registry internal registry;

    function setUp() external {
        handler = new RegistryHandler();
        registry = handler.registry();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_only_titles_of_the_published_library_are_shared() external view {
        require(handler.falseShares() == 0, "a title that is not in the library was shared");
        require(handler.refusedShares() == 0, "the registrar was refused a title of the library");
        require(handler.trespasses() == 0, "somebody else acted for the registrar");
        require(registry.version() == handler.version(), "a library came by itself");
        for (uint256 at; at < 4; at++) {
            bytes32 space = keccak256(abi.encode("space", at));
            require(registry.shared(space) == handler.decision(at), "a mark changed by itself");
        }
    }
}
