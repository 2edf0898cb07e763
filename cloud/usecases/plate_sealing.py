"""Plates of before there were seals, sealed in bounded steps; stopped anywhere, it goes on there.

Until a row's turn comes it is read as it is: nothing waits for the last step.
"""

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import true, tuple_
from sqlmodel import Session, col, select

from cloud.booking_tables import BookingKey
from cloud.core import plate_vault as vaults
from cloud.offer_tables import OwnerPlate
from cloud.tables import Booking, Command, EventRow, Setting
from cloud.usecases import plate_vault
from contracts.wire.messages import Event, Grant, PlateProof

# Which part is under way, and the last row that was done.
SETTING = "plates.sealing"
STEP = 200
# Where a plate stands in the JSON of what was asked.
IN_BOOKING, IN_CHANGE = 4, 3


def seal_some(session: Session, limit: int = STEP) -> bool:
    """Whether there may be more to do."""
    setting = session.get(Setting, SETTING) or Setting(key=SETTING, value='[0, ""]')
    part, after = json.loads(setting.value)
    if part >= len(_PARTS):
        return False
    model, keys, needed, change = _PARTS[part]
    columns = [getattr(model, name) for name in keys]
    rows = select(model).where(needed).order_by(*columns).limit(limit)
    if after:
        rows = rows.where(tuple_(*columns) > tuple_(*after))
    found = list(session.exec(rows))
    done = [[getattr(row, name) for name in keys] for row in found]
    for row in found:
        change(session, row)
        session.add(row)
    more = len(found) == limit
    setting.value = json.dumps([part, done[-1]] if more else [part + 1, ""])
    session.add(setting)
    session.flush()
    return True


def _booking(session: Session, row: Booking) -> None:
    if not row.plate or vaults.is_sealed(row.plate):
        return
    row.asked = _marked(session, row.asked, IN_BOOKING)
    plate_vault.put(session, row, row.plate)


def _change(session: Session, row: BookingKey) -> None:
    if json.loads(row.wish)[:1] == ["plate"]:
        row.wish = _marked(session, row.wish, IN_CHANGE)


def _owners(session: Session, row: OwnerPlate) -> None:
    if not vaults.is_sealed(row.plate):
        place = plate_vault.in_space(row.space)
        row.plate = plate_vault.seal(session, row.account, row.plate, place)


def _event(session: Session, row: EventRow) -> None:
    if row.plate and not vaults.is_sealed(row.plate):
        proof = PlateProof.model_validate_json(row.plate)
        body = Event.model_validate_json(row.body)
        row.plate = plate_vault.sealed_event(session, body, proof)


def _command(session: Session, row: Command) -> None:
    if row.kind != "grant" or any(map(vaults.is_sealed, json.loads(row.payload)["plates"])):
        return
    booking = session.get(Booking, row.subject)
    person = booking.driver if booking else plate_vault.STRANGERS
    grant = Grant.model_validate_json(row.payload)
    row.payload = plate_vault.sealed_grant(session, grant, person)


def _marked(session: Session, told: str, place: int) -> str:
    """The JSON of a wish, with the plate's mark in place of the plate."""
    wish: list[Any] = json.loads(told)
    if len(wish) > place and not vaults.is_sealed(str(wish[place])):
        wish[place] = plate_vault.mark(session, wish[place])
    return json.dumps(wish)


_Part = tuple[Any, tuple[str, ...], Any, Callable[[Session, Any], None]]
_PARTS: tuple[_Part, ...] = (
    (Booking, ("id",), Booking.plate != "", _booking),
    (BookingKey, ("key",), true(), _change),
    # One that is sealed may stand further on by then, and is left as it is.
    (OwnerPlate, ("space", "plate"), true(), _owners),
    (EventRow, ("gateway", "epoch", "seq"), col(EventRow.plate).is_not(None), _event),
    (Command, ("id",), Command.kind == "grant", _command),
)
