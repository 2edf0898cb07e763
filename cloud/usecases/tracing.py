"""The story of one stay, from the sensor's event to the block: told from what is on record.

Its trace is the number of the event that opened it (gateway:epoch:seq): it is known from the first
moment on, by everybody, and log lines name it wherever they are about a stay. No plate is told.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlmodel import Session, col, or_, select

from cloud.errors import Unknown
from cloud.tables import Batch, Booking, ChainCall, EventRow, ReceiptRow, Settlement, Stay
from cloud.usecases.receipts import events_of
from contracts.wire.messages import Event
from contracts.wire.types import format_instant, from_ms

MAX_TOLD = 500


@dataclass(frozen=True, slots=True)
class Step:
    """`at`: when it happened, "" where the record has no time. `what`: event, stay, booking, ..."""

    at: str
    what: str
    name: str
    says: str


def trace_of(stay: Stay) -> str:
    return f"{stay.gateway}:{stay.epoch}:{stay.began_seq}"


def of_batch(session: Session, seq: int) -> list[str]:
    """The traces of its stays, at most MAX_TOLD; credits and charges are of no new stay."""
    found = select(Stay).join(Settlement, col(Settlement.stay) == col(Stay.number))
    found = found.where(Settlement.batch == seq).order_by(col(Stay.number))
    return [trace_of(stay) for stay in session.exec(found.limit(MAX_TOLD))]


def of_events(session: Session, gateway: str, epoch: int, seqs: range) -> list[tuple[int, str]]:
    """(number, trace) of those events in the range that opened or ended a stay."""
    here = select(Stay).where(
        Stay.gateway == gateway,
        Stay.epoch == epoch,
        or_(
            col(Stay.first_seq).between(seqs.start, seqs.stop - 1),
            col(Stay.last_seq).between(seqs.start, seqs.stop - 1),
        ),
    )
    ends = ((seq, stay) for stay in session.exec(here) for seq in (stay.first_seq, stay.last_seq))
    return sorted((seq, trace_of(stay)) for seq, stay in ends if seq is not None and seq in seqs)


def story(session: Session, asked: str) -> list[Step]:
    """`asked`: a stay's number, a booking's id, or an event's gateway:epoch:seq. Raises Unknown."""
    stay = _stay(session, asked)
    if stay is None:
        booking = session.get(Booking, asked)
        if booking is None:
            raise Unknown(f"No stay, booking or event {asked}.")
        return [_booking(booking)]
    return list(_steps(session, stay))


def _stay(session: Session, asked: str) -> Stay | None:
    if asked.isdecimal():
        return session.get(Stay, int(asked))
    gateway, _, rest = asked.partition(":")
    epoch, _, seq = rest.partition(":")
    if epoch.isdecimal() and seq.isdecimal():
        return _of_event(session, gateway, int(epoch), int(seq))
    found = select(Stay).where(Stay.booking == asked).order_by(col(Stay.number))
    return session.exec(found).first()


def _of_event(session: Session, gateway: str, epoch: int, seq: int) -> Stay | None:
    """The stay that it opened, ended, or fell into."""
    row = session.get(EventRow, (gateway, epoch, seq))
    if row is None:
        return None
    stays = select(Stay).where(
        Stay.gateway == gateway,
        Stay.epoch == epoch,
        Stay.space == row.space,
        Stay.first_seq <= seq,
        or_(col(Stay.last_seq).is_(None), col(Stay.last_seq) >= seq),
    )
    return session.exec(stays.order_by(col(Stay.number).desc())).first()


def _steps(session: Session, stay: Stay) -> Iterator[Step]:
    for row in _events(session, stay):
        event = Event.model_validate_json(row.body)
        says = f"{event.kind} {event.occupancy or ''}, match {event.match}: {row.effect}"
        name = f"{row.gateway}:{row.epoch}:{row.seq}"
        yield Step(format_instant(event.at), "event", name, says)
    until = "" if stay.departed_ms is None else format_instant(from_ms(stay.departed_ms))
    says = f"{stay.space} {stay.kind}, {stay.state}" + (f" until {until}" if until else "")
    yield Step(format_instant(from_ms(stay.arrived_ms)), "stay", str(stay.number), says)
    booking = session.get(Booking, stay.booking) if stay.booking else None
    if booking is not None:
        yield _booking(booking)
    settled = session.get(Settlement, stay.number)
    if settled is not None:
        yield from _settled(session, settled)


def _events(session: Session, stay: Stay) -> list[EventRow]:
    """A stay that goes on has those so far."""
    if stay.last_seq is not None:
        return events_of(session, stay)
    so_far = select(EventRow).where(
        EventRow.gateway == stay.gateway,
        EventRow.epoch == stay.epoch,
        EventRow.space == stay.space,
        EventRow.seq >= stay.began_seq,
    )
    return list(session.exec(so_far.order_by(col(EventRow.seq)).limit(MAX_TOLD)))


def _booking(row: Booking) -> Step:
    says = f"{row.space}, {row.state}"
    return Step(format_instant(from_ms(row.starts_ms)), "booking", row.id, says)


def _settled(session: Session, row: Settlement) -> Iterator[Step]:
    paid = "not paid yet" if row.paid_minor is None else f"paid {row.paid_minor}"
    yield Step("", "settlement", str(row.stay), f"{row.amount_minor} due, {paid} (minor units)")
    made = session.get(Batch, row.batch) if row.batch is not None else None
    if made is None:
        return
    yield Step("", "batch", str(made.seq), f"place {row.position}, root {made.root}")
    call = session.exec(select(ChainCall).where(ChainCall.id == made.call)).first()
    if call is not None:
        where = f"block {call.block_number}, {call.hash}" if call.block_number else "in no block"
        yield Step("", "call", call.id, f"{call.status}, {where}")
    written = session.get(ReceiptRow, row.stay)
    if written is not None:
        yield Step("", "receipt", written.booking, "written; berth-verify checks it")
