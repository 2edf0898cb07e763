"""Valid receipts drawn from a seed: every kind of tariff, stay, clock and batch that may occur."""

import json
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from pydantic import BaseModel

from contracts.ledger.hashing import digest, keccak
from contracts.ledger.merkle import Tree
from contracts.ledger.onchain import BATCH_EVENT, selector
from contracts.ledger.pricing import Tariff, Terms, Window, price, quote, total
from contracts.ledger.receipt import ChainRecord, GatewayKey, Proof, Receipt, StayTimes, TitleProof
from contracts.ledger.records import (
    BookingRecord,
    SettlementRecord,
    space_key,
    tariff_digest,
    title_leaf,
    word_hex,
)
from contracts.ledger.stay import evidence_of
from contracts.wire.messages import Event
from contracts.wire.signing import Domain, address_of, event_digest, sign
from contracts.wire.types import checksummed
from tests.contracts.making import T0
from tests.receipts.priced import a_name, a_tariff

BOOT_IDS = ("boot-1", "启动-2", "b" * 64, "🚗", 'a b/c\\"', "\u0000", "é\u2028")


@dataclass(frozen=True, slots=True)
class Made:
    """`key` is the gateway's, so that a liar may sign with it; `leaves` are the batch's."""

    receipt: Receipt
    key: bytes
    leaves: tuple[bytes, ...]

    @property
    def paper(self) -> Receipt:
        return self.receipt


def hex32(rng: Random) -> str:
    return f"0x{rng.getrandbits(256):064x}"


def an_address(rng: Random) -> str:
    return checksummed(f"0x{rng.getrandbits(160):040x}")


def a_window(rng: Random) -> Window:
    starts_at = T0 + timedelta(milliseconds=rng.randrange(10**10))
    return Window(
        starts_at=starts_at, ends_at=starts_at + timedelta(seconds=rng.randint(600, 90_000))
    )


def terms_drawn(rng: Random) -> Terms:
    return Terms(
        early_start_s=rng.choice((0, 1800)),
        no_show_timeout_s=rng.choice((0, 3600)),
        grace_s=rng.choice((600, 1200, 86_400)),
        no_show_fee_minor=rng.choice((0, 500)),
        late_stop_s=rng.choice((0, 900)),
        cancel_until_s=rng.choice((0, 7200)),
        cancel_fee_minor=rng.choice((0, 300)),
        change_until_s=rng.choice((0, 1800)),
        min_s=rng.choice((0, 900)),
        max_s=rng.choice((0, 90_000)),
    )


def a_booking(rng: Random, tariff: Tariff, window: Window) -> BookingRecord:
    terms = terms_drawn(rng)
    made = BookingRecord(
        id=a_name(rng, "b"),
        space=a_name(rng, "S"),
        grant="unbound",
        window=window,
        terms=terms,
        tariff=tariff_digest(tariff),
        driver_account=rng.choice((1, 3, 2**32 - 1)),
        owner_account=rng.choice((2, 40_000)),
        quoted_minor=total(quote(tariff, terms, window)),
        confirmed_at=window.starts_at - timedelta(seconds=rng.randint(1, 10**6)),
    )
    return made.bound()


def stay_bodies(rng: Random, booking: BookingRecord, domain: Domain) -> list[Event]:
    """From the arrival to the departure; doubt, restarts and unset clocks may lie in between."""
    at = booking.window.starts_at + timedelta(milliseconds=rng.randint(-1_800_000, 3_600_000))
    middle = [
        (
            rng.choice(("fault", "gap", "snapshot", "boot")),
            rng.choice(("unknown", "occupied", "occupied", None)),
        )
        for _ in range(rng.choice((0, 0, 1, 2, 3, 6)))
    ]
    arrival = (rng.choice(("arrival", "snapshot")), "occupied")
    kinds = [arrival, *middle, (rng.choice(("departure", "boot")), "free")]
    seq, epoch, boot, previous = rng.randint(1, 2**40), rng.randint(1, 9), 0, hex32(rng)
    gateway, bodies = a_name(rng, "gw"), []
    for index, (kind, occupancy) in enumerate(kinds):
        boot += kind == "boot"
        matched = index == 0 or rng.random() < 0.2
        fields: dict[str, Any] = dict(
            gateway=gateway,
            epoch=epoch,
            seq=seq,
            kind=kind,
            space=booking.space,
            occupancy=occupancy,
            at=at,
            uncertainty_s=rng.choice((0, 1, rng.randrange(100_000) / 1000, 7000.001)),
            reported_at=at + timedelta(milliseconds=rng.randrange(60_000)),
            boot_id=BOOT_IDS[boot % len(BOOT_IDS)],
            boottime_ns=rng.randrange(2**20) + int((at - T0).total_seconds() * 1e9) % 2**60,
            clock=rng.choice(("synced", "synced", "synced", "holdover", "unsynced")),
            previous=previous,
            evidence=hex32(rng),
            plate=hex32(rng),
            match="accepted" if matched else "none",
            grant=booking.grant if matched else None,
        )
        body = Event(**fields)
        bodies.append(body)
        previous = "0x" + event_digest(body, domain).hex()
        at += timedelta(milliseconds=rng.randint(0, 2 * 10**7))
        seq += rng.randint(1, 5)
    return bodies


def a_receipt(seed: int) -> Made:
    rng = Random(seed)
    key = keccak(f"gateway {seed}".encode())
    domain = Domain(rng.choice((1, 31337, 2**53 - 1)), an_address(rng))
    window = a_window(rng)
    tariff = a_tariff(rng, window)
    booking = a_booking(rng, tariff, window)
    bodies = stay_bodies(rng, booking, domain)
    return assembled(rng, domain, (tariff, booking), bodies, key)


def assembled(
    rng: Random,
    domain: Domain,
    agreed: tuple[Tariff, BookingRecord],
    bodies: list[Event],
    key: bytes,
) -> Made:
    tariff, booking = agreed
    found = evidence_of(bodies)
    assert found is not None
    billed = tuple(Window(starts_at=begin, ends_at=end) for begin, end in found.billed)
    lines = tuple(price(tariff, booking.terms, booking.window, list(found.billed)))
    digests = ["0x" + event_digest(body, domain).hex() for body in bodies]
    record = SettlementRecord(
        stay=rng.choice((1, 77, 2**48 - 1)),
        space=booking.space,
        space_number=rng.choice((1, 2**32 - 1)),
        booking=booking.digest(),
        tariff=booking.tariff,
        gateway=address_of(key),
        arrival=digests[0],
        departure=digests[-1],
        lines=digest([line.model_dump(mode="json") for line in lines]),
        starts_at=found.arrived_at,
        ends_at=found.departed_at,
        billed_s=found.billed_s,
        amount_minor=total(lines),
        currency=tariff.currency,
        driver_account=booking.driver_account,
        owner_account=booking.owner_account,
        fee_bps=rng.choice((0, 0, 250, 1000)),
    )
    leaves, proof = _filed(rng, record.leaf())
    receipt = Receipt(
        format="berth-receipt",
        version=2,
        gateway=GatewayKey(id=bodies[0].gateway, signer=address_of(key)),
        booking=booking,
        tariff=tariff,
        events=tuple(signed(body, domain, key) for body in bodies),
        stay=StayTimes(arrived_at=found.arrived_at, departed_at=found.departed_at, billed=billed),
        lines=lines,
        total_minor=total(lines),
        record=record,
        proof=proof,
        chain=_chain(rng, domain, record),
        title=a_title(rng, booking.space) if rng.random() < 0.5 else None,
    )
    return Made(receipt, key, leaves)


def signed(body: Event, domain: Domain, key: bytes) -> Any:
    """As a receipt holds it (the model makes its own class of it)."""
    plain = {**body.model_dump()}
    return {"body": plain, "signature": sign(event_digest(body, domain), key)}


def _filed(rng: Random, leaf: bytes) -> tuple[tuple[bytes, ...], Proof]:
    others = [rng.randbytes(32) for _ in range(rng.choice((0, 1, 2, 6, 199)))]
    position = rng.randint(0, len(others))
    leaves = (*others[:position], leaf, *others[position:])
    return leaves, Proof(**proof_fields(Tree(leaves), position))


def proof_fields(tree: Tree, position: int) -> dict[str, Any]:
    siblings = tuple("0x" + node.hex() for node in tree.proof(position))
    return {"root": "0x" + tree.root.hex(), "siblings": siblings}


def a_title(rng: Random, space: str) -> TitleProof:
    found = hex32(rng)
    leaves = [rng.randbytes(32), title_leaf(space_key(space), bytes.fromhex(found[2:]))]
    return TitleProof(digest=found, **proof_fields(Tree(leaves), 1))


def _chain(rng: Random, domain: Domain, record: SettlementRecord) -> ChainRecord:
    return ChainRecord(
        chain_id=domain.chain_id,
        ledger=domain.ledger,
        registry=an_address(rng),
        batch=rng.choice((1, 5, 2**53 - 1)),
        word=word_hex(record.word()),
        transaction=hex32(rng),
        block_number=rng.randrange(2**40),
        block_hash=hex32(rng),
    )


def answers(receipt: Receipt) -> dict[str, Any]:
    """What an honest node says of this receipt, by the question as JSON."""
    chain, words = receipt.chain, [receipt.chain.word, "0x" + "11" * 32]
    signer, root = receipt.gateway.signer[2:].lower(), receipt.proof.root
    batch = f"{chain.batch:064x}"
    named = "0x" + keccak(receipt.gateway.id.encode()).hex()
    parts = (root[2:], "00" * 32, f"{96:064x}", f"{len(words):064x}", *(w[2:] for w in words))
    log = {
        "address": chain.ledger,
        "topics": ["0x" + keccak(BATCH_EVENT.encode()).hex(), "0x" + batch],
        "data": "0x" + "".join(parts),
    }
    mined = {
        "status": "0x1",
        "blockNumber": hex(chain.block_number),
        "blockHash": chain.block_hash,
        "logs": [log],
    }
    block = hex(chain.block_number)
    calls: tuple[tuple[str, str, str, str, str], ...] = (
        (chain.ledger, "registry()", "", "latest", "0x" + chain.registry[2:].lower().zfill(64)),
        (chain.registry, "gateway_of(address)", signer.zfill(64), block, named),
        (chain.ledger, "batch_root(uint256)", batch, "latest", root),
    )
    if receipt.title:
        calls = (*calls, (chain.registry, "root()", "", block, receipt.title.root))
    found: dict[str, Any] = {
        question("eth_chainId", []): hex(chain.chain_id),
        question("eth_getTransactionReceipt", [chain.transaction]): mined,
    }
    for to, function, argument, when, answer in calls:
        data = "0x" + selector(function).hex() + argument
        found[question("eth_call", [{"to": to, "data": data}, when])] = answer
    return found


def question(method: str, params: list[Any]) -> str:
    return json.dumps([method, params], separators=(",", ":"))


def spelled(rng: Random, paper: BaseModel) -> bytes:
    """One of the many spellings of the same values."""
    plain = paper.model_dump(mode="json")
    return rng.choice(
        (
            json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(),
            paper.model_dump_json(indent=1).encode(),
            json.dumps(plain, ensure_ascii=True, indent=rng.choice((None, 2))).encode(),
            paper.model_dump_json(exclude_defaults=True).encode(),
            json.dumps(_shuffled(rng, plain), ensure_ascii=False).encode(),
        )
    )


def _shuffled(rng: Random, value: Any) -> Any:
    if isinstance(value, dict):
        names = rng.sample(list(value), len(value))
        return {name: _shuffled(rng, value[name]) for name in names}
    return [_shuffled(rng, item) for item in value] if isinstance(value, list) else value
