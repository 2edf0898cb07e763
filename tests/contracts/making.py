"""Real receipts made with real keys, for tests to take apart."""

from datetime import UTC, datetime, timedelta

from contracts.ledger.charge import Charge, ChargeCode, ChargeRecord
from contracts.ledger.credit import Credit, counter_record, reason_digest
from contracts.ledger.hashing import digest, keccak
from contracts.ledger.merkle import Tree
from contracts.ledger.pending import DRAWN, Draft, Pending
from contracts.ledger.pricing import Tariff, Terms, Window, price, total
from contracts.ledger.receipt import (
    ChainRecord,
    GatewayKey,
    Proof,
    Receipt,
    SealedBody,
    SealedEvent,
    StayTimes,
    TitleProof,
)
from contracts.ledger.records import (
    BookingRecord,
    SettlementRecord,
    space_key,
    tariff_digest,
    title_leaf,
    word_hex,
)
from contracts.ledger.stay import Evidence, evidence_of
from contracts.wire.messages import Event
from contracts.wire.signing import Domain, address_of, event_digest, sign
from contracts.wire.types import checksummed

KEY = keccak(b"a test gateway")
OTHER_KEY = keccak(b"another gateway")
LEDGER = checksummed("0x" + "1c" * 20)
REGISTRY = checksummed("0x" + "2d" * 20)
DOMAIN = Domain(31337, LEDGER)
T0 = datetime(2026, 5, 1, tzinfo=UTC)
TARIFF = Tariff(id="t-1", version=1, currency="CNY", per_hour_minor=600, cap_minor=3000)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def event(seq: int, kind: str, occupancy: str | None, seconds: float, **more: object) -> Event:
    fields: dict[str, object] = {
        "gateway": "gw-1",
        "epoch": 1,
        "seq": seq,
        "kind": kind,
        "space": "S1",
        "occupancy": occupancy,
        "at": at(seconds),
        "uncertainty_s": 1.0,
        "reported_at": at(seconds + 5),
        "boot_id": "boot-1",
        "boottime_ns": int(seconds * 1e9),
        "clock": "synced",
        **more,
    }
    return Event(**fields)  # type: ignore[arg-type]


def chained(events: list[Event], previous: str = "0x" + "00" * 32) -> list[Event]:
    """Each names the digest of the one before it."""
    linked = []
    for item in events:
        item = item.model_copy(update={"previous": previous})
        previous = "0x" + event_digest(item, DOMAIN).hex()
        linked.append(item)
    return linked


def sealed(body: Event, key: bytes = KEY) -> SealedEvent:
    signature = sign(event_digest(body, DOMAIN), key)
    return SealedEvent(body=SealedBody(**body.model_dump()), signature=signature)


def booking(**changes: object) -> BookingRecord:
    fields: dict[str, object] = {
        "id": "b-1",
        "space": "S1",
        "grant": "unbound",
        "window": Window(starts_at=at(0), ends_at=at(7200)),
        "terms": Terms(),
        "tariff": tariff_digest(TARIFF),
        "driver_account": 3,
        "owner_account": 2,
        "quoted_minor": 1200,
        "confirmed_at": at(-60),
        **changes,
    }
    return BookingRecord(**fields).bound()  # type: ignore[arg-type]


def stay_events(**arrival: object) -> list[Event]:
    """An arrival, a doubt in between, and the departure after an hour and a half."""
    matched: dict[str, object] = {"match": "accepted", "grant": booking().grant, **arrival}
    return chained(
        [
            event(3, "arrival", "occupied", 300, **matched),
            event(5, "fault", "unknown", 2000),
            event(6, "snapshot", "occupied", 2100),
            event(9, "departure", "free", 5700),
        ],
        previous="0x" + "ab" * 32,
    )


def receipt(
    events: list[Event] | None = None,
    key: bytes = KEY,
    agreed: BookingRecord | None = None,
    priced: Tariff = TARIFF,
    **recorded: object,
) -> Receipt:
    """Consistent in itself; `recorded` changes the settlement record before it is filed.

    Events that tell no stay are billed with nothing.
    """
    events = events or stay_events()
    agreed = agreed or booking()
    evidence = evidence_of(events) or Evidence(events[0].at, events[-1].at, ())
    lines = tuple(price(priced, agreed.terms, agreed.window, list(evidence.billed)))
    record = SettlementRecord(
        stay=1,
        space="S1",
        space_number=1,
        booking=agreed.digest(),
        tariff=tariff_digest(priced),
        gateway=address_of(key),
        arrival="0x" + event_digest(events[0], DOMAIN).hex(),
        departure="0x" + event_digest(events[-1], DOMAIN).hex(),
        lines=digest([line.model_dump(mode="json") for line in lines]),
        starts_at=evidence.arrived_at,
        ends_at=evidence.departed_at,
        billed_s=evidence.billed_s,
        amount_minor=total(lines),
        currency=priced.currency,
        driver_account=3,
        owner_account=2,
    )
    record = SettlementRecord.model_validate(record.model_dump() | recorded)
    return Receipt(
        format="berth-receipt",
        version=2,
        gateway=GatewayKey(id="gw-1", signer=address_of(key)),
        booking=agreed,
        tariff=priced,
        events=tuple(sealed(item, key) for item in events),
        stay=StayTimes(
            arrived_at=evidence.arrived_at,
            departed_at=evidence.departed_at,
            billed=tuple(Window(starts_at=a, ends_at=b) for a, b in evidence.billed),
        ),
        lines=lines,
        total_minor=total(lines),
        record=record,
        proof=proof_of(record),
        chain=ChainRecord(
            chain_id=31337,
            ledger=LEDGER,
            registry=REGISTRY,
            batch=1,
            word=word_hex(record.word()),
            transaction="0x" + "33" * 32,
            block_number=9,
            block_hash="0x" + "44" * 32,
        ),
    )


def proof_of(record: SettlementRecord | ChargeRecord) -> Proof:
    """In a batch of three."""
    tree = Tree([keccak(b"one"), record.leaf(), keccak(b"two")])
    siblings = tuple("0x" + node.hex() for node in tree.proof(1))
    return Proof(root="0x" + tree.root.hex(), siblings=siblings)


def titled(made: Receipt) -> Receipt:
    """With the title of its space, in a library of two."""
    title = keccak(b"a title")
    tree = Tree([title_leaf(space_key(made.booking.space), title), keccak(b"another")])
    proof = TitleProof(
        digest="0x" + title.hex(),
        root="0x" + tree.root.hex(),
        siblings=tuple("0x" + node.hex() for node in tree.proof(0)),
    )
    return made.model_copy(update={"title": proof})


def pending(made: Receipt | None = None) -> Pending:
    """What stands in the receipt's place before its batch is mined, with its draft."""
    made = made or receipt()
    told = {name: getattr(made, name) for name in DRAWN}
    return Pending(
        format="berth-receipt",
        version=2,
        status="pending",
        booking=made.booking.id,
        stay=made.record.stay,
        total_minor=made.total_minor,
        currency=made.tariff.currency,
        leaf="0x" + made.record.leaf().hex(),
        batch=None,
        draft=Draft(chain_id=31337, ledger=LEDGER, **told),
    )


def credit_of(paid: Receipt, stay: int = 9, amount_minor: int = 300, **chain: object) -> Credit:
    """In the batch after the one of what it corrects."""
    reason = "The sensor was covered."
    record = counter_record(paid.record, stay, amount_minor, reason)
    place = {"batch": 2, "word": word_hex(record.word()), "transaction": "0x" + "55" * 32, **chain}
    return Credit(
        format="berth-credit",
        version=1,
        corrects=paid,
        reason=reason,
        record=record,
        proof=proof_of(record),
        chain=paid.chain.model_copy(update=place),
    )


def charge(
    code: ChargeCode = "no_show",
    agreed: BookingRecord | None = None,
    reason: str = "",
    **recorded: object,
) -> Charge:
    """Consistent in itself; `recorded` changes the charge's record before it is filed."""
    agreed = agreed or booking(terms=Terms(no_show_fee_minor=500))
    fields: dict[str, object] = {
        "stay": 2**41 + 1,
        "booking": agreed.digest(),
        "space": agreed.space,
        "space_number": 1,
        "code": code,
        "payer_account": agreed.driver_account,
        "payee_account": agreed.owner_account,
        "amount_minor": 500,
        "currency": TARIFF.currency,
        "at": at(3600),
        "reason": reason_digest(reason),
        **recorded,
    }
    record = ChargeRecord(**fields)  # type: ignore[arg-type]
    return Charge(
        format="berth-charge",
        version=1,
        booking=agreed,
        tariff=TARIFF,
        reason=reason,
        record=record,
        proof=proof_of(record),
        chain=receipt().chain.model_copy(update={"word": word_hex(record.word())}),
    )
