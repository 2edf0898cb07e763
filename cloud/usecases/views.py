"""What pages, streams and programs are shown: plain values, read in one transaction."""

import json
from dataclasses import asdict, dataclass
from math import cos, radians
from typing import Any

from sqlmodel import Session, col, select

from cloud.core import tariffs_told
from cloud.core.calls import WAITING
from cloud.core.compensation import compensation_of
from cloud.core.matching import METRES_PER_DEGREE
from cloud.credit_tables import CREDIT_NUMBERS
from cloud.errors import Unknown
from cloud.tables import (
    Booking,
    ChainCall,
    Command,
    Gateway,
    Lot,
    Offer,
    Registration,
    Settlement,
    Space,
    Stay,
)
from cloud.usecases import (
    alarms_shown,
    booking_steps,
    bookings,
    charges,
    credits,
    plate_vault,
    settlements,
)
from cloud.usecases.booking_steps import ENDED as ENDED
from cloud.usecases.booking_steps import STEPS as STEPS
from cloud.usecases.offer_places import place_shown
from contracts.ledger.pricing import Tariff, quote
from contracts.ledger.records import BookingRecord
from contracts.wire.types import format_instant, from_ms

View = dict[str, Any]
MAX_CALLS = 200


@dataclass(frozen=True, slots=True)
class Marks:
    """Gateways that are online, spaces marked as shared, spaces that a booking holds now."""

    online: set[str]
    shared: set[str]
    held: set[str]


def lots(session: Session) -> list[View]:
    """Lots that have a gateway: the others hold titles only."""
    watched = select(Gateway.lot).distinct()
    rows = session.exec(select(Lot).where(col(Lot.id).in_(watched)).order_by(Lot.id))
    return [{"id": lot.id, "name": lot.name, "tz": lot.tz} for lot in rows]


def lot(session: Session, lot_id: str, now_ms: int) -> View:
    row = session.get(Lot, lot_id)
    if row is None:
        raise Unknown(f"Lot {lot_id}.")
    here = select(Space).where(Space.lot == lot_id).order_by(col(Space.number))
    spaces = list(session.exec(here))
    gateways = list(session.exec(select(Gateway).where(Gateway.lot == lot_id).order_by(Gateway.id)))
    online = {gateway.id for gateway in gateways if gateway.online}
    origin = _origin(spaces)
    shared = set(session.exec(select(Registration.space).where(Registration.status == "shared")))
    marks = Marks(online, shared, bookings.held_spaces(session, now_ms))
    return {
        "id": row.id,
        "name": row.name,
        "tz": row.tz,
        "now": _time(now_ms),
        "spaces": [_space(space, origin, marks) for space in spaces],
        "gateways": [_gateway(gateway) for gateway in gateways],
        "out_of_order": alarms_shown.out_of_order(session, row.id),
    }


def booking(session: Session, booking_id: str) -> View:
    """The progress of one booking; whoever has its id may see it. Never the whole plate."""
    row = bookings.get(session, booking_id)
    record = bookings.record_of(row)
    tariff = Tariff.model_validate_json(row.tariff)
    space = session.get(Space, row.space)
    offer = session.get(Offer, row.offer)
    granted = select(Command).where(Command.subject == row.id, Command.kind == "grant")
    command = session.exec(granted).first()
    return {
        "id": row.id,
        "lot": space.lot if space else "",
        "space": row.space,
        "plate": _masked(plate_vault.of_booking(session, row)),
        "state": row.state,
        "starts_at": _time(row.starts_ms),
        "ends_at": _time(row.ends_ms),
        "currency": tariff.currency,
        "quoted_minor": row.held_minor,
        "place": _place(session, row, space),
        "tariff": tariff.model_dump(mode="json"),
        "terms": record.terms.model_dump(mode="json"),
        "compensation": compensation_of(offer.compensation if offer else "").model_dump(
            mode="json"
        ),
        "told": _told(session, space, record, tariff),
        "grant": command.status if command else "none",
        "steps": booking_steps.steps(session, row),
        "stay": _stay(session, row),
        "settlement": _settlement(session, row),
        "credits": credits.of_booking(session, row.id),
        "charges": charges.of_booking(session, row.id),
    }


def _place(session: Session, row: Booking, space: Space | None) -> View | None:
    """Exact from the confirmation on, to whoever has the booking's id; not of one that is off."""
    if space is None or row.state in ENDED:
        return None
    place = place_shown(None, space, True, session.get(Lot, space.lot))
    # RFC 5870; maps on phones read the part behind the question mark to set a pin.
    where = f"{place.lat:.6f},{place.lon:.6f}"
    return asdict(place) | {"geo": f"geo:{where}?q={where}"}


def _told(session: Session, space: Space | None, record: BookingRecord, tariff: Tariff) -> View:
    """The agreed price, line by line, in both languages and in the lot's time."""
    place = session.get(Lot, space.lot) if space else None
    lines = quote(tariff, record.terms, record.window)
    told = tariffs_told.both(lines, tariff, place.tz if place else "UTC")
    return {str(lang): sentences for lang, sentences in told.items()}


def registration(row: Registration) -> View:
    return {
        "id": row.id,
        "space": row.space,
        "status": row.status,
        "reasons": json.loads(row.reasons),
        "doubts": json.loads(row.doubts),
        "decision": row.decision,
    }


def chain(session: Session) -> View:
    """How far our calls are, newest last: those that wait, and the newest of those that do not."""
    names = {"id": "id", "status": "status", "transaction": "hash", "block": "block_number"}
    told = {name: getattr(ChainCall, column) for name, column in names.items()}
    newest = select(ChainCall.number, *told.values(), ChainCall.reason).order_by(  # type: ignore[call-overload]
        col(ChainCall.number).desc()
    )
    waits = col(ChainCall.status).in_(WAITING)
    halves = [session.exec(newest.where(half).limit(MAX_CALLS)) for half in (waits, ~waits)]
    rows = sorted((row for half in halves for row in half), key=lambda row: row[0])
    return {"calls": [dict(zip((*names, "reason"), row[1:], strict=True)) for row in rows]}


def stays(session: Session, lot_id: str) -> list[View]:
    rows = session.exec(
        select(Stay)
        .join(Space, col(Space.id) == col(Stay.space))
        .where(Space.lot == lot_id)
        .order_by(col(Stay.number))
    )
    return [
        {
            "stay": stay.number,
            "space": stay.space,
            "state": stay.state,
            "booking": stay.booking,
            "arrived_at": _time(stay.arrived_ms),
            "departed_at": _time(stay.departed_ms),
        }
        for stay in rows
    ]


def _space(space: Space, origin: tuple[float, float], marks: Marks) -> View:
    """`state` is what a person may rely on: a silent gateway's spaces are unknown, never free."""
    watched = space.gateway is not None
    state = "unwatched"
    if watched:
        state = space.occupancy if space.gateway in marks.online else "unknown"
    if state == "free" and space.id in marks.held:
        state = "held"
    north = (space.lat - origin[0]) * METRES_PER_DEGREE
    east = (space.lon - origin[1]) * METRES_PER_DEGREE * cos(radians(origin[0]))
    return {
        "id": space.id,
        "number": space.number,
        "x_m": round(east, 2),
        "y_m": round(-north, 2),
        "state": state,
        "since": _time(space.occupancy_ms) if watched and space.occupancy_ms else None,
        "shared": space.id in marks.shared,
    }


def _origin(spaces: list[Space]) -> tuple[float, float]:
    """The north-west corner, so that all metres are positive to the east and south."""
    if not spaces:
        return 0.0, 0.0
    return max(space.lat for space in spaces), min(space.lon for space in spaces)


def _gateway(gateway: Gateway) -> View:
    return {
        "id": gateway.id,
        "online": gateway.online,
        "seen_at": _time(gateway.seen_ms) if gateway.seen_ms else None,
        "epoch": gateway.epoch,
        "seq": gateway.seq,
    }


def _stay(session: Session, row: Booking) -> View | None:
    stay = session.exec(select(Stay).where(Stay.booking == row.id)).first()
    if stay is None:
        return None
    return {
        "number": stay.number,
        "state": stay.state,
        "arrived_at": _time(stay.arrived_ms),
        "departed_at": _time(stay.departed_ms),
    }


def _settlement(session: Session, row: Booking) -> View | None:
    own = select(Settlement).where(col(Settlement.stay) < CREDIT_NUMBERS)
    found = session.exec(own.where(Settlement.booking == row.id)).first()
    if found is None:
        return None
    call = session.exec(select(ChainCall).where(ChainCall.id == f"batch:{found.batch}")).first()
    return {
        "stay": found.stay,
        "lines": json.loads(found.lines),
        "certain_s": json.loads(found.record)["billed_s"],
        "amount_minor": found.amount_minor,
        "paid": found.paid_minor == found.amount_minor,
        "batch": found.batch,
        "chain": call.status if call else "waiting",
        "block": call.block_number if call else None,
        "receipt": settlements.receipt_of(session, row.id) is not None,
    }


def _masked(plate: str) -> str:
    return plate[:2] + "*" * max(len(plate) - 4, 1) + plate[-2:]


def _time(ms: int | None) -> str | None:
    return format_instant(from_ms(ms)) if ms is not None else None
