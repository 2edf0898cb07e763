"""A receipt, and its verification by nobody's leave: pure, from the receipt alone; link by link."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field

from contracts.ledger import merkle
from contracts.ledger.amounts import amount_of
from contracts.ledger.hashing import digest, unhex
from contracts.ledger.links import Broken, Link, checked
from contracts.ledger.pricing import Line, Tariff, Window, price, quote, total
from contracts.ledger.reading import read_strictly
from contracts.ledger.records import (
    BookingRecord,
    SettlementRecord,
    space_key,
    tariff_digest,
    title_leaf,
    word_hex,
)
from contracts.ledger.stay import Evidence, certain_from, evidence_of
from contracts.wire.messages import Event
from contracts.wire.signing import Domain, event_digest, recover
from contracts.wire.types import (
    Address,
    Count,
    Digest,
    Frozen,
    Instant,
    Minor,
    Name,
    Signature,
    format_instant,
)

__all__ = ["Link"]


class SealedBody(Event):
    """An event as it stands in a receipt: nothing beside the signed fields may hide in it."""

    model_config = Event.model_config | {"extra": "forbid"}


class SealedEvent(Frozen):
    """A signed event without its plate: the signature covers only the commitment."""

    body: SealedBody
    signature: Signature


class GatewayKey(Frozen):
    id: Name
    signer: Address


class StayTimes(Frozen):
    """Best estimates for people, and the certain intervals that were billed."""

    arrived_at: Instant
    departed_at: Instant
    billed: tuple[Window, ...]


class Proof(Frozen):
    root: Digest
    siblings: tuple[Digest, ...]


class TitleProof(Proof):
    """Of the space's title in the library's root. Who holds it stays behind the digest."""

    digest: Digest


class ChainRecord(Frozen):
    chain_id: Count
    ledger: Address
    registry: Address
    batch: Annotated[int, Field(ge=1, lt=2**53)]
    word: Digest
    transaction: Digest
    block_number: Count
    block_hash: Digest


class Receipt(Frozen):
    format: Literal["berth-receipt"]
    version: Annotated[int, Field(ge=2, le=2)]  # a Literal would take 2.0
    gateway: GatewayKey
    booking: BookingRecord
    tariff: Tariff
    events: Annotated[tuple[SealedEvent, ...], Field(min_length=2, max_length=1000)]
    stay: StayTimes
    lines: tuple[Line, ...]
    total_minor: Minor
    record: SettlementRecord
    proof: Proof
    chain: ChainRecord
    title: TitleProof | None = None

    def domain(self) -> Domain:
        return Domain(self.chain.chain_id, self.chain.ledger)

    def digests(self) -> list[str]:
        domain = self.domain()
        return ["0x" + event_digest(event.body, domain).hex() for event in self.events]


@dataclass(frozen=True)
class Worked:
    """A receipt, and what several links need of it, worked out once."""

    receipt: Receipt

    @cached_property
    def digests(self) -> list[str]:
        return self.receipt.digests()

    @cached_property
    def evidence(self) -> Evidence:
        """Raises Broken."""
        found = evidence_of([event.body for event in self.receipt.events])
        if found is None:
            raise Broken("The events do not run from one arrival to one departure.")
        return found


def read(text: bytes | str) -> Receipt | Link:
    """The receipt, or the 'format' link that says where it does not read."""
    found = read_strictly(Receipt, text)
    return Link("format", False, f"Not a receipt: {found}") if isinstance(found, str) else found


def verify(receipt: Receipt) -> list[Link]:
    """Every link, in the order from the sensor to the ledger. All must hold.

    A receipt without its title has no link `titles`: what was not shown is not said to hold
    (`files.unshown` says so).
    """
    shown = [kept for kept in CHECKS if kept[1] is not _titles or receipt.title is not None]
    worked = Worked(receipt)
    return [checked(name, check, worked) for name, check in shown]


def _titles(worked: Worked) -> str:
    receipt, title = worked.receipt, worked.receipt.title
    if title is None:
        raise Broken("The receipt does not carry the title of its space.")
    leaf = title_leaf(space_key(receipt.booking.space), unhex(title.digest))
    if not merkle.proves(leaf, [unhex(node) for node in title.siblings], unhex(title.root)):
        raise Broken("The title of the booked space does not lead to the root of the library.")
    return f"The title of space {receipt.booking.space} is in the library {title.root[:10]}."


def _signatures(worked: Worked) -> str:
    receipt = worked.receipt
    for index, (event, signed) in enumerate(zip(receipt.events, worked.digests, strict=True)):
        signer = recover(unhex(signed), event.signature)
        if signer != receipt.gateway.signer:
            raise Broken(
                f"Event {index + 1} (number {event.body.seq}) was not signed by the gateway's key "
                f"{receipt.gateway.signer} for this chain and ledger, or was changed afterwards."
            )
        if event.body.gateway != receipt.gateway.id:
            raise Broken(f"Event {index + 1} speaks for gateway {event.body.gateway!r}.")
    return f"{len(receipt.events)} events signed by {receipt.gateway.signer}."


def _sequence(worked: Worked) -> str:
    """Each event names the digest of the one before it, so none of this space can be left out."""
    receipt, digests = worked.receipt, worked.digests
    bodies = [event.body for event in receipt.events]
    for index, (before, after) in enumerate(zip(bodies, bodies[1:], strict=False)):
        if (after.epoch, after.seq) <= (before.epoch, before.seq):
            raise Broken(f"Event {index + 2} does not come after event {index + 1} by its number.")
        if after.previous != digests[index]:
            raise Broken(f"Between events {index + 1} and {index + 2} something was left out.")
    if {body.space for body in bodies} != {receipt.booking.space}:
        raise Broken("The events are not all of the booked space.")
    first, last = bodies[0].seq, bodies[-1].seq
    return f"No event of space {bodies[0].space} was left out between {first} and {last}."


def _clock(worked: Worked) -> str:
    """What is billed begins by a clock that was set (how an unset one ends it: stay.py)."""
    receipt = worked.receipt
    bodies = [event.body for event in receipt.events]
    told, first, last = certain_from(bodies), bodies[0], bodies[-1]
    if any(window.starts_at not in told for window in receipt.stay.billed):
        raise Broken("A billed interval does not begin by a clock that was set.")
    return (
        f"Arrival within {first.uncertainty_s:g} s by a clock that was {first.clock}, "
        f"departure within {last.uncertainty_s:g} s by one that was {last.clock}."
    )


def _booking(worked: Worked) -> str:
    receipt = worked.receipt
    booking, record = receipt.booking, receipt.record
    arrival = receipt.events[0].body
    if booking.digest() != record.booking:
        raise Broken("The booking is not the one that the settlement record names.")
    if booking.grant != booking.grant_of_terms():
        raise Broken("The booking's terms are not those whose grant the gateway signed.")
    if arrival.grant != booking.grant or arrival.match != "accepted":
        raise Broken("The arrival was not matched to this booking's grant.")
    bodies = [event.body for event in receipt.events]
    if any(body.match in ("other", "ambiguous") for body in bodies) or any(
        body.grant not in (None, booking.grant) for body in bodies
    ):
        raise Broken("During the stay the gateway saw another vehicle's plate.")
    parties = (booking.driver_account, booking.owner_account, booking.space)
    if parties != (record.driver_account, record.owner_account, record.space):
        raise Broken("Booking and settlement record name different parties.")
    return f"Booking {booking.id} of space {booking.space}, as confirmed."


def _tariff(worked: Worked) -> str:
    receipt, booking = worked.receipt, worked.receipt.booking
    found = tariff_digest(receipt.tariff)
    if found != booking.tariff:
        raise Broken("The tariff is not the one frozen in the booking.")
    if found != receipt.record.tariff or receipt.tariff.currency != receipt.record.currency:
        raise Broken("The tariff is not the one that the settlement record names.")
    if total(quote(receipt.tariff, booking.terms, booking.window)) != booking.quoted_minor:
        raise Broken("The price that was quoted is not what this tariff gives for the window.")
    return f"Tariff {receipt.tariff.id} version {receipt.tariff.version}, frozen in the booking."


def _times(worked: Worked) -> str:
    receipt, found = worked.receipt, worked.evidence
    windows = tuple(Window(starts_at=begin, ends_at=end) for begin, end in found.billed)
    if receipt.stay != StayTimes(
        arrived_at=found.arrived_at, departed_at=found.departed_at, billed=windows
    ):
        raise Broken("The times of the stay are not those that its events prove.")
    if (receipt.record.starts_at, receipt.record.ends_at) != (found.arrived_at, found.departed_at):
        raise Broken("The settlement record's times are not those that the events prove.")
    return f"{format_instant(found.arrived_at)} to {format_instant(found.departed_at)}."


def _arithmetic(worked: Worked) -> str:
    receipt, booking = worked.receipt, worked.receipt.booking
    lines = price(receipt.tariff, booking.terms, booking.window, list(worked.evidence.billed))
    if tuple(lines) != receipt.lines:
        raise Broken("The lines are not what this tariff gives for these times.")
    if total(lines) != receipt.total_minor:
        raise Broken(f"The lines sum to {total(lines)}, the receipt says {receipt.total_minor}.")
    return f"The tariff gives {money(receipt.total_minor, receipt)} for these times."


def _record(worked: Worked) -> str:
    receipt, record, digests = worked.receipt, worked.receipt.record, worked.digests
    if record.credit_of is not None:
        raise Broken(f"This is a counter-record: it corrects stay {record.credit_of}.")
    claims = {
        "arrival": (record.arrival, digests[0]),
        "departure": (record.departure, digests[-1]),
        "lines": (record.lines, digest([line.model_dump(mode="json") for line in receipt.lines])),
        "amount": (record.amount_minor, receipt.total_minor),
        "gateway": (record.gateway, receipt.gateway.signer),
        "billed_s": (record.billed_s, worked.evidence.billed_s),
        "word": (word_hex(record.word()), receipt.chain.word),
    }
    for name, (recorded, shown) in claims.items():
        if recorded != shown:
            raise Broken(f"The settlement record and this receipt differ in: {name}.")
    way = f"account {record.driver_account} to {record.owner_account}"
    fee = f", of it {money(record.fee_minor, receipt)} to the platform" if record.fee_bps else ""
    return f"Stay {record.stay}: {money(record.amount_minor, receipt)}, {way}{fee}."


def _proof(worked: Worked) -> str:
    receipt = worked.receipt
    siblings = [unhex(node) for node in receipt.proof.siblings]
    if not merkle.proves(receipt.record.leaf(), siblings, unhex(receipt.proof.root)):
        raise Broken("The settlement record does not lead to the root of its batch.")
    return f"The record is in batch {receipt.chain.batch}, by {len(siblings)} nodes of proof."


def money(amount_minor: int, receipt: Receipt) -> str:
    return amount_of(amount_minor, receipt.tariff.currency)


CHECKS: tuple[tuple[str, Callable[[Worked], str]], ...] = (
    ("titles", _titles),
    ("signatures", _signatures),
    ("sequence", _sequence),
    ("clock", _clock),
    ("booking", _booking),
    ("tariff", _tariff),
    ("times", _times),
    ("arithmetic", _arithmetic),
    ("record", _record),
    ("proof", _proof),
)
