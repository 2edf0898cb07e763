"""What one brings to the contract EvidenceCheck, from receipts and credits; what it answers."""

from typing import Any

from contracts.ledger.credit import Credit
from contracts.ledger.hashing import keccak, unhex
from contracts.ledger.pricing import Tariff
from contracts.ledger.receipt import Receipt, SealedEvent
from contracts.ledger.records import (
    NO_CAP,
    ROUNDINGS,
    BookingRecord,
    SettlementRecord,
    terms_digest,
    terms_values,
    tier_rows,
    timetable_rows,
)
from contracts.ledger.structs import table_digest
from contracts.wire.types import to_ms

MAX_EVENTS = 16
MAX_ROWS = 64  # of a timetable, a row a rate
FIRST_FINDING = 16
# Below FIRST_FINDING nothing is proved; from there on the record contradicts its own evidence.
ANSWERS = {
    0: "Record and evidence agree, its lines and the batch's word aside: berth-verify checks them.",
    1: "A value is outside its range.",
    2: "No such record is in that batch.",
    3: "This is a counter-record: dispute_pair holds it against what it corrects.",
    4: "This is not the booking that the record names.",
    5: "This is neither the record's tariff nor the booking's.",
    6: "These are not the arrival and the departure that the record names.",
    7: "An event is missing in between.",
    8: "An event does not carry the signature of the record's gateway.",
    9: "All agrees, but the registry does not name this key for the gateway today.",
    10: "These are neither a credit with what it corrects nor two records of one stay.",
    16: "Booking and record name different parties.",
    17: "The record's tariff is not the one frozen in the booking.",
    18: "Record, booking and events are not of one space.",
    19: "The events' numbers do not ascend.",
    20: "The arrival was not matched to this booking.",
    21: "During the stay the gateway saw another vehicle.",
    22: "The events do not run from one arrival to one departure.",
    23: "The record's times are not those of its events.",
    24: "The record bills other seconds than its events prove.",
    25: "The tariff gives another amount for these times.",
    26: "The credit does not fit what it corrects, or nothing was settled that it could correct.",
    27: "Two different records of one stay are filed.",
}


def brought(receipt: Receipt) -> tuple[Any, ...]:
    """The arguments of `check` and `dispute`, in order.

    A stay of more than 16 events has none, and neither has a timetable of more than 64 rows.
    """
    return (
        *brought_alone(receipt),
        _booking(receipt.booking),
        _tariff(receipt.tariff),
        _named(receipt),
        [_signed(event) for event in receipt.events],
    )


def _named(receipt: Receipt) -> tuple[Any, ...]:
    """What tariff and booking name by digest: the tiers, the timetable, the other terms."""
    terms = tuple(terms_values(receipt.booking.terms))
    return (tier_rows(receipt.tariff), timetable_rows(receipt.tariff), terms)


def brought_alone(paper: Receipt | Credit) -> tuple[Any, ...]:
    """The arguments of `dispute_credit_of_nothing`."""
    siblings = [unhex(node) for node in paper.proof.siblings]
    return (paper.chain.batch, siblings, _record(paper.record))


def brought_pair(paper: Receipt | Credit, other: Receipt | Credit) -> tuple[Any, ...]:
    """The arguments of `dispute_pair`: a credit first, then what it corrects."""
    return (*brought_alone(paper), *brought_alone(other))


def _text(text: str | None) -> bytes:
    return keccak((text or "").encode())


def _record(record: SettlementRecord) -> tuple[Any, ...]:
    return (
        record.stay,
        _text(record.space),
        record.space_number,
        unhex(record.booking),
        unhex(record.tariff),
        record.gateway,
        unhex(record.arrival),
        unhex(record.departure),
        unhex(record.lines),
        to_ms(record.starts_at),
        to_ms(record.ends_at),
        record.billed_s,
        record.amount_minor,
        _text(record.currency),
        record.driver_account,
        record.owner_account,
        record.fee_bps,
        record.credit_of or 0,
    )


def _booking(booking: BookingRecord) -> tuple[Any, ...]:
    return (
        _text(booking.id),
        _text(booking.space),
        to_ms(booking.window.starts_at),
        to_ms(booking.window.ends_at),
        booking.terms.early_start_s,
        booking.terms.no_show_timeout_s,
        booking.terms.grace_s,
        unhex(booking.tariff),
        booking.driver_account,
        booking.owner_account,
        booking.quoted_minor,
        to_ms(booking.confirmed_at),
        unhex(terms_digest(booking.terms)),
    )


def _tariff(tariff: Tariff) -> tuple[Any, ...]:
    return (
        _text(tariff.id),
        tariff.version,
        _text(tariff.currency),
        tariff.per_hour_minor,
        tariff.step_s,
        tariff.free_s,
        NO_CAP if tariff.cap_minor is None else tariff.cap_minor,
        tariff.overstay_percent,
        NO_CAP if tariff.day_cap_minor is None else tariff.day_cap_minor,
        tariff.minimum_minor,
        tariff.booking_fee_minor,
        tariff.round_to_minor,
        ROUNDINGS.index(tariff.rounding),
        tariff.tax_bps,
        int(tariff.tax == "added"),
        unhex(table_digest(tier_rows(tariff))),
        unhex(table_digest(timetable_rows(tariff))),
    )


def _signed(event: SealedEvent) -> tuple[Any, ...]:
    body, signature = event.body, unhex(event.signature)
    signed = (
        _text(body.gateway),
        body.epoch,
        body.seq,
        _text(body.kind),
        _text(body.space),
        _text(body.occupancy),
        to_ms(body.at),
        round(body.uncertainty_s * 1000),
        to_ms(body.reported_at),
        _text(body.boot_id),
        body.boottime_ns,
        _text(body.clock),
        unhex(body.previous),
        unhex(body.evidence),
        unhex(body.plate),
        _text(body.match),
        _text(body.grant),
    )
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    return (signed, signature[64], r, s)
