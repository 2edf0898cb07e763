// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// What the tests use of forge's cheat codes; forge-std would be one more thing to fetch.
interface Vm {
    function envString(string calldata name) external view returns (string memory);
    function readFile(string calldata path) external view returns (string memory);
    function parseJsonBytes(string calldata json, string calldata key) external pure returns (bytes memory);
    function prank(address sender) external;
    function warp(uint256 timestamp) external;
}

interface Token {
    function mint(address to, uint256 amount) external;
    function approve(address spender, uint256 amount) external returns (bool);
    function balanceOf(address holder) external view returns (uint256);
}

interface Ledger {
    function open_account(uint32 account, address owner) external;
    function deposit(uint32 account, uint256 amount, bytes32 named) external;
    function request_withdraw(uint32 account, uint256 amount) external;
    function withdraw(uint32 account) external;
    function hold(uint32 account, uint256 amount, uint256 until) external;
    function settle_batch(uint256 seq, bytes32 root, uint256[] calldata words) external;
    function publish_earnings(bytes32 root) external;
    function claim(uint32 account, uint256 earned, bytes32[] calldata proof) external;
    function propose_fee(uint256 bps) external;
    function accept_fee() external;
    function withdraw_fees(address payee, uint256 amount) external;
    function pause() external;
    function unpause() external;
    function close(address successor) external;
    function propose_role(bytes32 role, address holder) external;
    function owner_of(uint32 account) external view returns (address);
    function balance_of(uint32 account) external view returns (uint256);
    function lanes_of(uint256 first, uint256 count) external view returns (uint256[] memory);
    function withdrawal_of(uint32 account) external view returns (uint256 amount, uint256 readyAt);
    function hold_of(uint32 account) external view returns (uint256 amount, uint256 until);
    function is_settled(uint256 stay) external view returns (bool);
    function batch_root(uint256 seq) external view returns (bytes32);
    function status() external view returns (uint256);
    function seq() external view returns (uint256);
    function head() external view returns (bytes32);
    function fees() external view returns (uint256);
    function fee_bps() external view returns (uint256);
    function unclaimed() external view returns (uint256);
}

interface Registry {
    function publish(bytes32 root, uint256 count, bytes32 libraryDigest) external;
    function share(bytes32 space, bytes32 title, bytes32[] calldata proof, bytes32 decision) external;
    function unshare(bytes32 space, bytes32 reason) external;
    function transfer(bytes32 space, bytes32 title, bytes32[] calldata proof, bytes32 decision) external;
    function propose_role(bytes32 role, address holder) external;
    function accept_role(bytes32 role) external;
    function is_shared(bytes32 space) external view returns (bool);
    function shared(bytes32 space) external view returns (bytes32);
    function root() external view returns (bytes32);
    function version() external view returns (uint256);
    function registrar() external view returns (address);
}

/// The committed creation code, put on forge's chain as it would be on any other.
abstract contract Deployed {
    Vm internal constant VM = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);
    uint256 internal constant UNIT = 10_000;
    uint256 internal constant DELAY_S = 3_600;
    uint256 internal constant WEEK_S = 7 * 86_400;
    uint256 internal constant MOST = 2 ** 31 - 1;
    uint256 internal constant OPEN = 2 ** 31;
    uint256 internal constant START_S = 1_780_000_000;
    address internal constant ADMIN = address(0xA1);
    address internal constant SETTLER = address(0xA2);
    address internal constant REGISTRAR = address(0xA3);
    address internal constant PAUSER = address(0xA4);
    address internal constant DRIVER = address(0xA5);
    address internal constant OWNER = address(0xA6);
    address internal constant STRANGER = address(0xA7);

    function deployed(string memory name, bytes memory terms) internal returns (address made) {
        string memory path = string.concat(VM.envString("BERTH_ARTIFACTS"), "/", name, ".json");
        bytes memory code = VM.parseJsonBytes(VM.readFile(path), ".bytecode");
        bytes memory all = abi.encodePacked(code, terms);
        VM.prank(ADMIN);
        assembly {
            made := create(0, add(all, 32), mload(all))
        }
        require(made != address(0), "the constructor reverted");
    }

    function leaf(bytes32 first, bytes32 second) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0), first, second));
    }

    function node(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return left < right
            ? keccak256(abi.encodePacked(bytes1(0x01), left, right))
            : keccak256(abi.encodePacked(bytes1(0x01), right, left));
    }
}
