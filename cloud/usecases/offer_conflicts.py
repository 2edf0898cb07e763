"""Which bookings stand in the way of what an owner or the operator wants, and what they cost."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from cloud.core.booking import HOLDING
from cloud.core.compensation import said
from cloud.core.matching import overlaps
from cloud.core.reasons import REASONS, Reason, Refusal, refuse
from cloud.tables import Booking
from cloud.usecases import offer_compensation
from contracts.ledger.hashing import digest
from contracts.ledger.pricing import Tariff, Window
from contracts.wire.types import format_instant, from_ms, to_ms

MAX_TOLD = 50


@dataclass(frozen=True, slots=True)
class Agreed:
    """What a person was shown (its token) and agreed to. `decision`: an id; commands are made of
    it, so that the same decision sent twice sends the same commands."""

    token: str
    decision: str

    def command(self, number: int) -> str:
        return f"{self.decision}-{number}"


@dataclass(frozen=True, slots=True)
class InTheWay:
    """`standing`: its car is there already."""

    booking: str
    driver: int
    starts_ms: int
    ends_ms: int
    quoted_minor: int
    compensation_minor: int
    currency: str
    standing: bool

    @property
    def window(self) -> Window:
        return window_of(self.starts_ms, self.ends_ms)

    def plain(self) -> dict[str, object]:
        """For the owner: nobody's name, and no id that opens a booking's page."""
        return {
            "starts_at": format_instant(from_ms(self.starts_ms)),
            "ends_at": format_instant(from_ms(self.ends_ms)),
            "quoted_minor": self.quoted_minor,
            "compensation_minor": self.compensation_minor,
            "currency": self.currency,
            "standing": self.standing,
        }


def meets(booked: Window, wanted: Window, now: datetime) -> bool:
    """A car that overstays is in the way of what begins now, though its own time is over."""
    return overlaps(booked, wanted) or (booked.ends_at <= now and wanted.starts_at <= now)


def window_of(starts_ms: int, ends_ms: int) -> Window:
    return Window(starts_at=from_ms(starts_ms), ends_at=from_ms(ends_ms))


def in_the_way(
    session: Session, space: str, free: Callable[[Window], bool], now: datetime
) -> tuple[InTheWay, ...]:
    """Bookings of the space, not over, whose window is not `free` of what is wanted; in order."""
    found = (
        select(Booking)
        .where(Booking.space == space, col(Booking.state).in_(HOLDING))
        .where(col(Booking.ends_ms) > to_ms(now))
        .order_by(col(Booking.starts_ms))
    )
    # A car that overstays holds the space, too, whatever time its booking ended.
    late = select(Booking).where(
        Booking.space == space, Booking.state == "active", col(Booking.ends_ms) <= to_ms(now)
    )
    rows = [*session.exec(late), *session.exec(found)]
    return tuple(
        _told(session, row, now) for row in rows if not free(window_of(row.starts_ms, row.ends_ms))
    )


def token_of(about: dict[str, object], items: Iterable[InTheWay]) -> str:
    """Of all that a person agrees to: another booking or another amount makes another token."""
    return digest({"about": about, "in_the_way": [asdict(item) for item in items]})


def refused(items: Iterable[InTheWay], tz: str) -> Refusal | None:
    """A reason for each, with its time on the lot's wall and what it would cost."""
    reasons = tuple(_reason(item, tz) for item in list(items)[:MAX_TOLD])
    return Refusal(reasons) if reasons else None


def unagreed(
    items: tuple[InTheWay, ...], token: str, agreed: Agreed | None, tz: str
) -> Refusal | None:
    """Why this may not be done now: nothing was agreed, or what was agreed is not so any more."""
    if agreed is None:
        return refused(items, tz)
    return refuse("changed_since") if agreed.token != token else None


def _reason(item: InTheWay, tz: str) -> Reason:
    reason = REASONS["bookings_in_way"]
    starts, ends = (_local(ms, tz) for ms in (item.starts_ms, item.ends_ms))
    cost = said(item.compensation_minor, item.currency)
    facts = {"starts": starts, "ends": ends, "compensation": cost}
    told = {name: getattr(reason, name).format(**facts) for name in ("sentence_en", "sentence_zh")}
    return replace(reason, **told)


def _local(ms: int, tz: str) -> str:
    return from_ms(ms).astimezone(ZoneInfo(tz)).strftime("%Y-%m-%d %H:%M")


def _told(session: Session, row: Booking, now: datetime) -> InTheWay:
    return InTheWay(
        booking=row.id,
        driver=row.driver,
        starts_ms=row.starts_ms,
        ends_ms=row.ends_ms,
        quoted_minor=row.held_minor,
        compensation_minor=offer_compensation.due(session, row, now),
        currency=Tariff.model_validate_json(row.tariff).currency,
        standing=row.state == "active",
    )
