"""What becomes of bookings whose space is taken away: moved where one is free, else cancelled.

First as a plan that a person is shown, then, if nothing has changed, as it was shown.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from math import cos, hypot, radians
from typing import Literal

from sqlmodel import Session, col, select

from cloud.core.compensation import said
from cloud.core.limits import Limits
from cloud.core.matching import METRES_PER_DEGREE, SOON
from cloud.core.reasons import Refusal
from cloud.offer_tables import StandbySpace
from cloud.tables import Booking, Offer, Space
from cloud.usecases import bookings, changing, notices, offers
from cloud.usecases.offer_conflicts import Agreed, InTheWay
from contracts.ledger.hashing import digest
from contracts.ledger.pricing import quote, total

MAX_TRIED = 20  # the nearest spaces of the lot, for each booking


@dataclass(frozen=True, slots=True)
class Cause:
    """Whose decision it is, why, and the account that owes for it."""

    who: Literal["owner", "operator"]
    why: Literal["owner_took_back", "owner_changed_hours", "operator_closed_space"]
    account: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """`space`: where the booking is moved to, at no extra cost to its driver: whoever causes it
    owes the `extra_minor` by which that space is dearer. None: it is cancelled, and what is due is
    paid. Who stands there already stays: neither moved nor cancelled."""

    item: InTheWay
    space: str | None = None
    extra_minor: int = 0

    @property
    def what(self) -> Literal["stays", "moved", "cancelled"]:
        if self.item.standing:
            return "stays"
        return "moved" if self.space else "cancelled"

    @property
    def due_minor(self) -> int:
        """To the driver."""
        return self.item.compensation_minor if self.what == "cancelled" else 0

    @property
    def cost_minor(self) -> int:
        """Of whoever causes it."""
        return self.due_minor + self.extra_minor

    def plain(self) -> dict[str, object]:
        due = {"compensation_minor": self.due_minor, "extra_minor": self.extra_minor}
        return self.item.plain() | due | {"outcome": self.what}


@dataclass(frozen=True, slots=True)
class Shown:
    """What becomes of whom. `token`: of all of it, to agree to."""

    token: str
    outcomes: tuple[Outcome, ...]

    @property
    def cost_minor(self) -> int:
        """Of whoever causes it: to drivers, and for dearer spaces."""
        return sum(it.cost_minor for it in self.outcomes)


def outcomes(
    session: Session, space: str, items: Iterable[InTheWay], now: datetime
) -> tuple[Outcome, ...]:
    """The nearest space of the lot that is as roomy; those kept for standby go first.

    Bookings of one space never overlap: two of them may well go to the same other one.
    """
    return tuple(_elsewhere(session, space, item, now) or Outcome(item) for item in items)


def token_of(about: dict[str, object], found: Iterable[Outcome]) -> str:
    """Of all that a person agrees to: another booking, place or amount makes another token."""
    rows = [asdict(it) | {"cost_minor": it.cost_minor} for it in found]
    return digest({"about": about, "outcomes": rows})


def carry_out(
    session: Session,
    found: Iterable[Outcome],
    cause: Cause,
    agreed: Agreed,
    now: datetime,
) -> None:
    """As planned in this very transaction. Each driver is told what, and why."""
    for number, outcome in enumerate(found):
        if outcome.what != "stays":
            row = _done(session, outcome, cause, agreed.command(number), now)
            _tell(session, outcome, row, cause.why, agreed.command(number), now)


def _done(session: Session, outcome: Outcome, cause: Cause, command: str, now: datetime) -> Booking:
    row = bookings.get(session, outcome.item.booking)
    if outcome.space is not None:
        by = changing.By(command, cause.account, command, causer=cause.account)
        done = changing.move_space(session, row.id, outcome.space, by, now)
    else:
        done = bookings.cancel_by(session, row, cause.who, cause.why, command, now)
    if isinstance(done, Refusal):
        raise AssertionError("what was planned in this transaction can be done in it")
    return done


def _tell(
    session: Session, outcome: Outcome, row: Booking, why: str, key: str, now: datetime
) -> None:
    code = "booking_moved" if outcome.space else "booking_cancelled"
    fields = {"booking": row.id, "space": row.space, "reason_code": why}
    notices.tell(session, row.driver, code, fields, now, key=f"{key}:{code}")
    if outcome.due_minor:
        amount = said(outcome.due_minor, outcome.item.currency)
        owed = {"booking": row.id, "amount": amount, "reason_code": why}
        notices.tell(session, row.driver, "compensation_due", owed, now, key=f"{key}:due")


def _elsewhere(session: Session, space: str, item: InTheWay, now: datetime) -> Outcome | None:
    if item.standing:
        return None
    row = session.get_one(Booking, item.booking)
    booked_under = session.get(Offer, row.offer)
    needs = offers.limits_of(booked_under) if booked_under else Limits()
    terms = bookings.record_of(row).terms
    soon = item.window.starts_at - now < SOON
    for other in _near(session, session.get_one(Space, space)):
        for free in offers.candidates(session, item.window, other, standby=True):
            kept = replace(free, terms=terms)
            if bookings.unfit(kept, item.window, soon) is None and _as_roomy(free.limits, needs):
                there_minor = total(quote(free.tariff, terms, item.window))
                return Outcome(item, other, max(there_minor - item.quoted_minor, 0))
    return None


def _near(session: Session, space: Space) -> list[str]:
    """Spaces of the same lot that are offered: standby ones first, then by distance."""
    found = (
        select(Space, StandbySpace.space)
        .join(Offer, (col(Offer.space) == col(Space.id)) & (col(Offer.status) == "open"))
        .outerjoin(StandbySpace, col(StandbySpace.space) == col(Space.id))
        .where(Space.lot == space.lot, Space.id != space.id)
    )
    rows = sorted(
        session.exec(found), key=lambda row: (row[1] is None, _metres(space, row[0]), row[0].id)
    )
    return [row[0].id for row in rows[:MAX_TRIED]]


def _metres(one: Space, other: Space) -> float:
    east = (other.lon - one.lon) * cos(radians(one.lat))
    return hypot(other.lat - one.lat, east) * METRES_PER_DEGREE


def _as_roomy(limits: Limits, needs: Limits) -> bool:
    """Nothing is known of the vehicle but that it fitted: no limit may be tighter than there."""
    pairs = (
        (limits.max_height_cm, needs.max_height_cm),
        (limits.max_width_cm, needs.max_width_cm),
        (limits.max_length_cm, needs.max_length_cm),
        (limits.max_weight_kg, needs.max_weight_kg),
    )
    roomy = all(here is None or (there is not None and here >= there) for here, there in pairs)
    charges = needs.charging_only
    return roomy and (not charges or limits.plug == needs.plug) and limits.charging_only <= charges
