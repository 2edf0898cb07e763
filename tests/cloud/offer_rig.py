"""A lot with several shared and offered spaces, for what owners and operators do to bookings."""

from datetime import timedelta

from cloud.core.reasons import Refusal
from cloud.core.windows_model import Schedule
from cloud.tables import Booking, Offer
from cloud.usecases import bookings, offers
from cloud.usecases.offers import PLAIN, More
from contracts.ledger.pricing import Tariff, Terms, Window
from tests.cloud.rig import Rig
from tests.contracts.making import T0, at

HOUR_S = 3600


def codes(result: object) -> list[str]:
    assert isinstance(result, Refusal), result
    return [reason.code for reason in result.reasons]


def window(begins_h: float, ends_h: float) -> Window:
    """Hours after the rig's beginning."""
    return Window(starts_at=at(begins_h * HOUR_S), ends_at=at(ends_h * HOUR_S))


def shared(rig: Rig, *spaces: str) -> None:
    """Marked on the chain, watched and free; nothing is offered yet."""
    rig.import_titles()
    rig.enrol(spaces)
    for space in spaces:
        rig.register(space)
    rig.sweeps.drive()
    rig.top_up(1_000_000)
    rig.heartbeat()
    for space in spaces:
        rig.report("snapshot", "free", 0, space=space)


def composed(
    rig: Rig,
    space: str = "S1",
    hours: Schedule | list[Window] | None = None,
    more: More = PLAIN,
    terms: Terms | None = None,
) -> Offer:
    tariff = Tariff(id=f"t-{space}", version=1, currency="CNY", per_hour_minor=600)
    windows = [Window(starts_at=T0, ends_at=T0 + timedelta(days=60))] if hours is None else hours
    agreed = (tariff, terms or Terms())
    return offers.compose(rig.new_id("o"), rig.owner, space, windows, agreed, more)


def offered(rig: Rig, *spaces: str, more: More = PLAIN) -> None:
    """For sixty days, at 6.00 an hour."""
    shared(rig, *spaces)
    for space in spaces:
        row = composed(rig, space, more=more)
        result = rig.db.write(lambda s, row=row: offers.publish(s, row, rig.clock.at))  # type: ignore[misc]
        assert not isinstance(result, Refusal), result


def book(rig: Rig, space: str, begins_h: float, ends_h: float, key: str) -> Booking:
    asked = bookings.Asked(
        request_key=key,
        driver=rig.driver,
        space=space,
        window=window(begins_h, ends_h),
        plate="沪A12345",
        quoted_minor=round((ends_h - begins_h) * 600),
    )
    ids = bookings.Ids(rig.new_id("b"), rig.new_id("cmd"))
    made = rig.db.write(lambda s: bookings.confirm(s, asked, ids, rig.clock.at))
    assert isinstance(made, Booking), made
    return made


def arrive(rig: Rig, booking: Booking, seconds: float) -> None:
    """The booked car comes."""
    rig.clock.at = at(seconds)
    rig.heartbeat()
    more = {"match": "accepted", "grant": booking.grant, "space": booking.space}
    rig.report("arrival", "occupied", seconds, **more)


def state_of(rig: Rig, booking: Booking) -> str:
    return rig.db.read(lambda s: bookings.get(s, booking.id)).state
