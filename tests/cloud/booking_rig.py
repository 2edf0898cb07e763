"""A market with terms of one's own, and what a driver, an owner and a gateway do to a booking."""

import json
from datetime import timedelta

from sqlmodel import select

from cloud.booking_tables import FeeDue
from cloud.core.reasons import Refusal
from cloud.tables import Booking, Command
from cloud.usecases import accounts, bookings, changing, gateways, offers
from contracts.ledger.pricing import Tariff, Terms, Window
from tests.cloud.rig import Rig
from tests.contracts.making import at

PLATE = "沪A12345"


def code(result: object) -> str:
    assert isinstance(result, Refusal), result
    return result.reasons[0].code


def market(rig: Rig, spaces: tuple[str, ...] = ("S1",), hours: float = 48, **terms: int) -> None:
    """Each space shared, offered at 6.00 an hour and free; S2 at 12.00, S3 at 3.00."""
    rig.import_titles()
    rig.enrol()
    for space in spaces:
        rig.register(space)
    rig.sweeps.drive()
    for space in spaces:
        price(rig, space, {"S1": 600, "S2": 1200, "S3": 300}[space], hours, **terms)
    rig.top_up(100_000)
    rig.heartbeat()
    for space in spaces:
        rig.report("snapshot", "free", 0, space=space)


def price(rig: Rig, space: str, per_hour: int, hours: float = 48, **terms: int) -> object:
    window = Window(starts_at=at(0), ends_at=at(hours * 3600))
    tariff = Tariff(id=f"t-{per_hour}", version=1, currency="CNY", per_hour_minor=per_hour)
    agreed = (tariff, Terms(**terms))
    row = offers.compose(rig.new_id("o"), rig.owner, space, [window], agreed)
    return rig.db.write(lambda s: offers.publish(s, row, rig.clock.at))


def hours(begin: float, end: float) -> Window:
    return Window(starts_at=at(begin * 3600), ends_at=at(end * 3600))


def book(
    rig: Rig, window: Window, quoted: int, key: str = "k1", space: str = "S1"
) -> Booking | Refusal:
    asked = bookings.Asked(key, rig.driver, space, window, PLATE, quoted)
    ids = bookings.Ids(rig.new_id("b"), rig.new_id("cmd"))
    return rig.db.write(lambda s: bookings.confirm(s, asked, ids, rig.clock.at))


def booked(rig: Rig, window: Window, quoted: int, key: str = "k1", space: str = "S1") -> Booking:
    made = book(rig, window, quoted, key, space)
    assert isinstance(made, Booking), made
    return made


def by(rig: Rig, quoted: int | None, key: str = "") -> changing.By:
    return changing.By(key or rig.new_id("key"), rig.driver, rig.new_id("cmd"), quoted)


def extend(
    rig: Rig, booking: Booking, end: float, quoted: int | None, key: str = ""
) -> Booking | Refusal:
    who = by(rig, quoted, key)
    return rig.db.write(lambda s: changing.extend(s, booking.id, at(end * 3600), who, rig.clock.at))


def change(
    rig: Rig, booking: Booking, window: Window, quoted: int | None, key: str = ""
) -> Booking | Refusal:
    who = by(rig, quoted, key)
    return rig.db.write(lambda s: changing.change_window(s, booking.id, window, who, rig.clock.at))


def change_plate(rig: Rig, booking: Booking, plate: str, key: str = "") -> Booking | Refusal:
    who = by(rig, None, key)
    return rig.db.write(lambda s: changing.change_plate(s, booking.id, plate, who, rig.clock.at))


def move_space(
    rig: Rig, booking: Booking, space: str, quoted: int | None, key: str = ""
) -> Booking | Refusal:
    who = by(rig, quoted, key)
    return rig.db.write(lambda s: changing.move_space(s, booking.id, space, who, rig.clock.at))


def cancel(rig: Rig, booking: Booking) -> Booking | Refusal:
    return rig.db.write(lambda s: bookings.cancel(s, booking.id, rig.new_id("cmd"), rig.clock.at))


def now(rig: Rig, booking: Booking) -> Booking:
    return rig.db.read(lambda s: bookings.get(s, booking.id))


def held(rig: Rig) -> int:
    return rig.db.read(lambda s: accounts.balance(s, rig.driver, "held"))


def due(rig: Rig) -> list[tuple[str, int, int, int]]:
    """(code, minor units, payer, payee)"""
    rows = rig.db.read(lambda s: list(s.exec(select(FeeDue).order_by(FeeDue.code))))
    return [(row.code, row.amount_minor, row.payer, row.payee) for row in rows]


def pass_hours(rig: Rig, count: float) -> None:
    rig.clock.at += timedelta(hours=count)
    rig.heartbeat()


def sent(rig: Rig) -> list[Command]:
    return rig.db.read(gateways.pending)


def history(booking: Booking) -> list[str]:
    return [item.get("move", item["state"]) for item in json.loads(booking.history)]
