"""Step 6, first half: signed events open and close stays, exactly once, in their own order."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session, col, select

from cloud.tables import EventRow, Gateway, Space, Stay
from cloud.usecases import (
    gateway_keys,
    plate_vault,
    stay_arrivals,
    stay_changes,
    stay_judging,
)
from cloud.usecases.gateways import heard_again, raise_alarm
from contracts.ledger.hashing import unhex
from contracts.wire.messages import Event, SignedEvent
from contracts.wire.signing import Domain, event_digest, plate_commitment, recover
from contracts.wire.types import to_ms

MAX_APPLIED = 1000
# Numbers so far beyond what is known are asked for later, not kept until then.
MAX_BEYOND = 10_000


@dataclass(frozen=True, slots=True)
class Taken:
    """How far one gateway's events are committed, and what to ask of it now.

    `gap`: the first numbers that are missing. `snapshot`: it was away, and what it sees is wanted.
    `about`, for those who count: repeated, or too_far beyond what is known.
    """

    gateway: str
    epoch: int
    seq: int
    gap: tuple[int, int] | None
    refused: str | None = None
    snapshot: bool = False
    about: str = ""


def take(session: Session, signed: SignedEvent, domain: Domain, now: datetime) -> Taken:
    """Store one event and apply all that now follow each other without a gap.

    A wrong key or an unknown gateway leaves no trace in the tables but an alarm.
    """
    body = signed.body
    gateway = session.get(Gateway, body.gateway)
    if gateway is None:
        return _refused(session, body, "unknown_gateway", now)
    digest = event_digest(body, domain)
    signer = recover(digest, signed.signature) or ""
    why = gateway_keys.refusal(session, gateway, signer, body, now)
    if why is not None:
        return _refused(session, body, why, now)
    stored = session.get(EventRow, (body.gateway, body.epoch, body.seq))
    if stored is None and _too_far(gateway, body):
        ask = (gateway.seq + 1, body.seq - 1)
        return Taken(gateway.id, gateway.epoch, gateway.seq, ask, about="too_far")
    if stored is None:
        session.add(_row(session, signed, "0x" + digest.hex(), signer))
        session.flush()
    elif unhex(stored.digest) != digest:
        # A restored backup, or a disk that lied: it begins a new epoch. How far we are would be no
        # answer: one that has got as far by itself would take what we refused for acknowledged.
        refused = _refused(session, body, "number_reused", now)
        return replace(refused, epoch=gateway.epoch + 1)
    apply_ready(session, gateway, now)
    if stored is not None:
        gap = _gap(session, gateway)
        return Taken(gateway.id, gateway.epoch, gateway.seq, gap, about="repeated")
    return Taken(gateway.id, gateway.epoch, gateway.seq, _gap(session, gateway))


def unbooked(session: Session, now: datetime, after_ms: int) -> list[Stay]:
    """Raise the alarm for cars that stand where nobody booked."""
    limit = to_ms(now) - after_ms
    waiting = select(Stay).where(
        Stay.state == "open",
        col(Stay.booking).is_(None),
        Stay.kind != "owner",
        Stay.arrived_ms < limit,
    )
    stays = list(session.exec(waiting))
    for stay in stays:
        sentence = (
            f"A car stands in {stay.space} without a booking: see evidence of stay {stay.number}."
        )
        raise_alarm(session, f"unbooked:{stay.number}", "unbooked", stay.space, sentence, now)
    return stays


def apply_ready(
    session: Session, gateway: Gateway, now: datetime, limit: int = MAX_APPLIED
) -> None:
    """All that now follow each other without a gap, at most `limit` of them."""
    for _ in range(limit):
        row = _next(session, gateway)
        if row is None:
            return
        kept = gateway.kept_seq if row.epoch == gateway.epoch else 0
        gateway.kept_seq = max(kept, row.seq)
        gateway.epoch, gateway.seq = row.epoch, row.seq
        gateway.seen_ms = max(gateway.seen_ms, to_ms(now))
        if not gateway.online:
            heard_again(gateway)
        session.add(gateway)
        _apply(session, row, Event.model_validate_json(row.body), now)
        session.add(row)
        session.flush()


def _next(session: Session, gateway: Gateway) -> EventRow | None:
    """The following number; a new epoch (the gateway lost its store) starts again at one."""
    following = session.get(EventRow, (gateway.id, gateway.epoch, gateway.seq + 1))
    if following is not None:
        return following
    newer = select(EventRow).where(
        EventRow.gateway == gateway.id, EventRow.epoch > gateway.epoch, EventRow.seq == 1
    )
    return session.exec(newer.order_by(col(EventRow.epoch))).first()


def _too_far(gateway: Gateway, body: Event) -> bool:
    """A gateway sends a few at a time; one that makes numbers up must not fill our disk."""
    same = body.epoch == gateway.epoch
    return body.seq > (max(gateway.seq, gateway.kept_seq) if same else 0) + MAX_BEYOND


def _gap(session: Session, gateway: Gateway) -> tuple[int, int] | None:
    beyond = select(EventRow.seq).where(
        EventRow.gateway == gateway.id,
        EventRow.epoch == gateway.epoch,
        EventRow.seq > gateway.seq,
    )
    first = session.exec(beyond.order_by(col(EventRow.seq)).limit(1)).first()
    missing = first is not None and first > gateway.seq + 1
    return (gateway.seq + 1, first - 1) if first is not None and missing else None


def _apply(session: Session, row: EventRow, event: Event, now: datetime) -> None:
    if event.space is None or event.occupancy is None:
        row.effect = "noted"
        return
    space = session.get(Space, event.space)
    kept_out = stay_judging.out_of_place(session, space, event, now)
    if space is None or kept_out is not None:
        row.effect = kept_out or "foreign_space"
        return
    # Whether a space was free for whoever came is asked of it as it was before.
    row.effect = stay_changes.applied(
        session, space.id, stay_arrivals.seen(session, row, event), now
    )
    if space.gateway != event.gateway:
        stay_judging.of_before(session, space, event, row.effect, now)
    elif space.occupancy != event.occupancy:
        # What is only said again is not newer: it is so since it became so.
        space.occupancy, space.occupancy_ms = event.occupancy, to_ms(event.at)
        session.add(space)


def _row(session: Session, signed: SignedEvent, digest: str, signer: str) -> EventRow:
    """A plate that does not open the signed commitment is somebody's addition: left out."""
    body, plate = signed.body, signed.plate
    if plate and plate_commitment(plate.text, unhex(plate.salt)) != body.plate:
        plate = None
    return EventRow(
        gateway=body.gateway,
        epoch=body.epoch,
        seq=body.seq,
        space=body.space,
        body=body.model_dump_json(),
        signature=signed.signature,
        digest=digest,
        plate=plate_vault.sealed_event(session, body, plate),
        signer=signer,
    )


def _refused(session: Session, body: Event, code: str, now: datetime) -> Taken:
    sentence = f"An event in the name of gateway {body.gateway} was refused: {code}."
    # Strangers make up names without end: they share one alarm.
    about = "strangers" if code == "unknown_gateway" else body.gateway
    raise_alarm(session, f"{code}:{about}", code, None, sentence, now)
    return Taken(body.gateway, 0, 0, None, refused=code)
