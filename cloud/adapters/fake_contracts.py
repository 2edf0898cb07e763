"""The rules of the three contracts in plain Python: same checks, same codes, same events."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from eth_utils.address import to_checksum_address

from cloud.ports.chain import ChainEvent, ChainRefused, Contract
from contracts.ledger.hashing import keccak
from contracts.ledger.merkle import Tree, leaf_hash, proves

ZERO_WORD = b"\0" * 32
ZERO_ADDRESS = "0x" + "00" * 20
MAX_DEPTH = 24
MAX_MARKS = 64
ADMIN, REGISTRAR = keccak(b"admin"), keccak(b"registrar")

S = TypeVar("S", bound="Model")


def require(held: bool, code: str) -> None:
    if not held:
        raise ChainRefused(code, "the contract refuses this call")


def one_address(label: str) -> str:
    return str(to_checksum_address(keccak(label.encode())[12:]))


@dataclass
class Model:
    """State that can be copied before each transaction, so that a refusal changes nothing."""

    def copy(self: S) -> S:
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        copied = {
            name: value.copy() if isinstance(value, dict | set | list) else value
            for name, value in values.items()
        }
        return type(self)(**copied)


@dataclass
class World(Model):
    """What a call sees of the chain around it."""

    sender: str
    now: int
    events: list[ChainEvent] = field(default_factory=list)

    def log(self, contract: Contract, name: str, **args: Any) -> None:
        self.events.append(ChainEvent(contract, name, args))


@dataclass
class Token(Model):
    minter: str
    total_supply: int = 0
    balances: dict[str, int] = field(default_factory=dict)
    allowances: dict[tuple[str, str], int] = field(default_factory=dict)

    def mint(self, world: World, to: str, amount: int) -> None:
        require(world.sender == self.minter, "MINTER")
        require(to != ZERO_ADDRESS, "ADDRESS")
        self.total_supply += amount
        self._add(to, amount)
        world.log("token", "Transfer", sender=ZERO_ADDRESS, receiver=to, value=amount)

    def transfer(self, world: World, to: str, amount: int) -> None:
        require(to != ZERO_ADDRESS, "ADDRESS")
        require(self.balances.get(world.sender, 0) >= amount, "BALANCE")
        self._add(world.sender, -amount)
        self._add(to, amount)
        world.log("token", "Transfer", sender=world.sender, receiver=to, value=amount)

    def approve(self, world: World, spender: str, amount: int) -> None:
        self.allowances[world.sender, spender] = amount
        world.log("token", "Approval", owner=world.sender, spender=spender, value=amount)

    def spend(self, world: World, owner: str, spender: str, amount: int) -> None:
        """transferFrom, as the ledger calls it."""
        allowed = self.allowances.get((owner, spender), 0)
        require(allowed >= amount, "ALLOWANCE")
        if allowed != 2**256 - 1:
            self.allowances[owner, spender] = allowed - amount
        self.transfer(World(owner, world.now, world.events), spender, amount)

    def _add(self, holder: str, amount: int) -> None:
        self.balances[holder] = self.balances.get(holder, 0) + amount

    def views(self) -> dict[str, Callable[..., Any]]:
        return {
            "balanceOf": lambda holder: self.balances.get(holder, 0),
            "allowance": lambda owner, spender: self.allowances.get((owner, spender), 0),
            "totalSupply": lambda: self.total_supply,
            "decimals": lambda: 6,
            "MINTER": lambda: self.minter,
        }


@dataclass
class Registry(Model):
    admin: str
    registrar: str
    version: int = 0
    root: bytes = ZERO_WORD
    shared: dict[bytes, bytes] = field(default_factory=dict)
    gateways: dict[str, bytes] = field(default_factory=dict)
    signers: dict[bytes, str] = field(default_factory=dict)
    proposed: dict[bytes, str] = field(default_factory=dict)

    def publish(self, world: World, root: bytes, count: int, library_digest: bytes) -> None:
        self._registrar(world)
        require(root != ZERO_WORD, "ROOT")
        self.version, self.root = self.version + 1, root
        world.log(
            "registry",
            "Published",
            version=self.version,
            root=root,
            count=count,
            library_digest=library_digest,
        )

    def share(
        self,
        world: World,
        space_key: bytes,
        title_digest: bytes,
        proof: tuple[bytes, ...],
        decision: bytes,
    ) -> None:
        self._registrar(world)
        require(decision != ZERO_WORD, "DECISION")
        require(self.proven(space_key, title_digest, proof), "PROOF")
        self._share(world, space_key, title_digest, decision)

    def share_many(
        self,
        world: World,
        cap: Sequence[bytes],
        marks: Sequence[tuple[bytes, bytes, bytes, int, int]],
        siblings: Sequence[bytes],
    ) -> None:
        """`marks`: space key, title digest, decision, place in the cap, end of its siblings."""
        self._registrar(world)
        require(max(len(cap), len(marks)) <= MAX_MARKS, "REVERTED")
        require(bool(cap), "REVERTED")
        require(Tree(cap).root == self.root, "PROOF")
        begin = 0
        for space_key, title_digest, decision, under, proof_end in marks:
            require(decision != ZERO_WORD, "DECISION")
            within = begin <= proof_end <= min(begin + MAX_DEPTH, len(siblings))
            require(within and under < len(cap), "REVERTED")
            leaf = leaf_hash(space_key + title_digest)
            require(proves(leaf, siblings[begin:proof_end], cap[under]), "PROOF")
            begin = proof_end
            self._share(world, space_key, title_digest, decision)

    def unshare(self, world: World, space_key: bytes, reason: bytes) -> None:
        self._end(world, space_key)
        world.log("registry", "Unshared", space_key=space_key, reason=reason)

    def expire(self, world: World, space_key: bytes, ended_s: int) -> None:
        require(ended_s <= world.now, "TERM")
        self._end(world, space_key)
        world.log("registry", "Expired", space_key=space_key, ended_s=ended_s)

    def transfer(
        self,
        world: World,
        space_key: bytes,
        title_digest: bytes,
        proof: tuple[bytes, ...],
        decision: bytes,
    ) -> None:
        """The mark moves to the space's new title, or ends where the decision is zero."""
        self._end(world, space_key)
        require(self.proven(space_key, title_digest, proof), "PROOF")
        if decision != ZERO_WORD:
            self.shared[space_key] = decision
        args = {"space_key": space_key, "title_digest": title_digest, "decision": decision}
        world.log("registry", "Transferred", **args)

    def set_gateway(self, world: World, gateway_key: bytes, signer: str, active: bool) -> None:
        self._registrar(world)
        require(signer != ZERO_ADDRESS, "ADDRESS")
        require(self.gateways.get(signer, gateway_key) == gateway_key, "SIGNER")
        self.gateways.pop(self.signers.pop(gateway_key, ZERO_ADDRESS), None)
        if active:
            self.gateways[signer] = gateway_key
            self.signers[gateway_key] = signer
        world.log("registry", "GatewaySet", gateway_key=gateway_key, signer=signer, active=active)

    def propose_role(self, world: World, role: bytes, holder: str) -> None:
        require(world.sender == self.admin, "ADMIN")
        require(role in (ADMIN, REGISTRAR), "ROLE")
        self.proposed[role] = holder
        world.log("registry", "RoleProposed", role=role, holder=holder)

    def accept_role(self, world: World, role: bytes) -> None:
        require(world.sender == self.proposed.pop(role, ZERO_ADDRESS), "PROPOSED")
        if role == ADMIN:
            self.admin = world.sender
            self.proposed.pop(REGISTRAR, None)
        else:
            self.registrar = world.sender
        world.log("registry", "RoleChanged", role=role, holder=world.sender)

    def proven(self, space_key: bytes, title_digest: bytes, proof: tuple[bytes, ...]) -> bool:
        require(len(proof) <= MAX_DEPTH, "REVERTED")
        return proves(leaf_hash(space_key + title_digest), proof, self.root)

    def views(self) -> dict[str, Callable[..., Any]]:
        return {
            "admin": lambda: self.admin,
            "registrar": lambda: self.registrar,
            "proposed": lambda role: self.proposed.get(role, ZERO_ADDRESS),
            "version": lambda: self.version,
            "root": lambda: self.root,
            "shared": lambda key: self.shared.get(key, ZERO_WORD),
            "is_shared": lambda key: key in self.shared,
            "verify": self.proven,
            "gateway_of": lambda signer: self.gateways.get(signer, ZERO_WORD),
            "signer_of": lambda key: self.signers.get(key, ZERO_ADDRESS),
        }

    def _registrar(self, world: World) -> None:
        require(world.sender == self.registrar, "REGISTRAR")

    def _share(self, world: World, space_key: bytes, title_digest: bytes, decision: bytes) -> None:
        self.shared[space_key] = decision
        args = {"space_key": space_key, "title_digest": title_digest, "decision": decision}
        world.log("registry", "Shared", **args)

    def _end(self, world: World, space_key: bytes) -> None:
        self._registrar(world)
        require(space_key in self.shared, "NOT_SHARED")
        del self.shared[space_key]
