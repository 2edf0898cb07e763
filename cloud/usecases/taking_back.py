"""I need it back: what stands in the way, what it costs, and, once agreed, everything at once.

Who stands there stays until the booked time ends, and is asked to go earlier; the owner has a
standby space meanwhile. Coming bookings move to the next free space, or are cancelled and paid by
whoever causes it: the owner.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from cloud.core.booking import HOLDING
from cloud.core.compensation import said
from cloud.core.reasons import Refusal, refuse
from cloud.errors import Unknown
from cloud.offer_tables import OwnerPlate, StandbySpace, TakeBack
from cloud.tables import Booking, Space, Stay
from cloud.usecases import notices
from cloud.usecases.offer_closures import closed_then, lift, shut
from cloud.usecases.offer_conflicts import Agreed, in_the_way, meets
from cloud.usecases.offer_moves import Cause, Outcome, Shown, carry_out, outcomes, token_of
from cloud.usecases.offer_plates import invite, not_theirs, plates_of
from contracts.ledger.pricing import Window
from contracts.wire.types import format_instant, to_ms

MAX_BACK = timedelta(days=90)
START_TOLERANCE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The owner wants the space for this window; "now" is a window that begins now."""

    space: str
    owner: int
    window: Window


@dataclass(frozen=True, slots=True)
class Plan(Shown):
    """`standing`: booked | overstay | unbooked | none, the car that is there as it begins;
    `causer`: whose cost the way out is; `standby`: where the owner can park meanwhile."""

    standing: str
    free_at: datetime | None
    causer: str
    standby: str | None

    @property
    def compensation_minor(self) -> int:
        """To drivers."""
        return sum(it.due_minor for it in self.outcomes)

    def plain(self) -> dict[str, object]:
        return {
            "token": self.token,
            "standing": self.standing,
            "free_at": format_instant(self.free_at) if self.free_at else None,
            "causer": self.causer,
            "standby": self.standby,
            "compensation_minor": self.compensation_minor,
            "cost_minor": self.cost_minor,
            "bookings": [it.plain() for it in self.outcomes],
        }


def plan(session: Session, wanted: Wanted, now: datetime) -> Plan | Refusal:
    """What would be done. Changes nothing."""
    refusal = not_theirs(session, wanted.space, wanted.owner) or _bad_window(wanted.window, now)
    if refusal is not None:
        return refusal
    if closed_then(session, wanted.space, wanted.window):
        return refuse("closed_already")
    window = wanted.window
    items = in_the_way(session, wanted.space, lambda it: not meets(it, window, now), now)
    found = outcomes(session, wanted.space, items, now)
    standing, free_at, causer = _standing(session, wanted, found, now)
    taken = {it.space for it in found if it.space}
    lent = _standby(session, wanted, taken) if standing != "none" else None
    about: dict[str, object] = {
        "change": "taking_back",
        "space": wanted.space,
        "owner": wanted.owner,
        "window": window.model_dump(mode="json"),
        "standing": standing,
        "standby": lent,
    }
    return Plan(token_of(about, found), found, standing, free_at, causer, lent)


def confirm(session: Session, wanted: Wanted, agreed: Agreed, now: datetime) -> TakeBack | Refusal:
    """As it was shown, all of it, or nothing. `agreed.decision` sent twice is done once."""
    before = session.get(TakeBack, agreed.decision)
    if before is not None:
        return before if _same(before, wanted) else refuse("key_reused")
    shown = plan(session, wanted, now)
    if isinstance(shown, Refusal):
        return shown
    if shown.token != agreed.token:
        return refuse("changed_since")
    row = _kept(session, wanted, shown, agreed, now)
    shut(session, wanted.space, wanted.window, ("owner", wanted.owner), agreed.decision, now)
    cause = Cause("owner", "owner_took_back", wanted.owner)
    carry_out(session, shown.outcomes, cause, agreed, now)
    _ask_to_leave(session, wanted, shown, agreed, now)
    if shown.standby is not None:
        _lend(session, wanted, shown.standby, agreed, now)
    fields = {
        "space": wanted.space,
        "from_at": format_instant(wanted.window.starts_at),
        "amount": _said(shown),
        "standby": shown.standby or "-",
    }
    notices.tell(session, wanted.owner, "space_taken_back", fields, now, key=agreed.decision)
    return row


def give_again(session: Session, take_back: str, owner: int, now: datetime) -> TakeBack | Refusal:
    """The owner needs it no longer: what is offered can be booked again at once."""
    row = session.get(TakeBack, take_back)
    if row is None:
        raise Unknown(f"Taking back {take_back}.")
    if row.owner != owner:
        return refuse("not_owner")
    lift(session, row.id, now)
    if row.standby is not None:
        lift(session, _lent_id(row.id), now)
        _uninvite(session, row)
    return row


def _said(shown: Plan) -> str:
    """By currency: spaces of one owner may have been offered in several."""
    sums: dict[str, int] = {}
    for outcome in shown.outcomes:
        currency = outcome.item.currency
        sums[currency] = sums.get(currency, 0) + outcome.cost_minor
    return ", ".join(said(minor, currency) for currency, minor in sums.items() if minor) or "0"


def _bad_window(window: Window, now: datetime) -> Refusal | None:
    fits = window.starts_at < window.ends_at <= window.starts_at + MAX_BACK
    ahead = window.starts_at >= now - START_TOLERANCE and window.ends_at > now
    return None if fits and ahead else refuse("take_back_window")


def _standing(
    session: Session, wanted: Wanted, found: tuple[Outcome, ...], now: datetime
) -> tuple[str, datetime | None, str]:
    """(who stands there, until when it may, whose cost that is)"""
    there = next((it.item for it in found if it.item.standing), None)
    if there is not None:
        over = there.window.ends_at <= now
        return ("overstay", None, "driver") if over else ("booked", there.window.ends_at, "owner")
    stay = select(Stay.number).where(
        Stay.space == wanted.space, Stay.state == "open", col(Stay.booking).is_(None)
    )
    if wanted.window.starts_at <= now and session.exec(stay).first() is not None:
        return "unbooked", None, "driver"
    return "none", None, "owner"


def _standby(session: Session, wanted: Wanted, taken: set[str]) -> str | None:
    """A standby space of the same lot that nobody has then; by name, so that it is always one."""
    lot = session.get_one(Space, wanted.space).lot
    kept = select(StandbySpace.space).where(
        StandbySpace.lot == lot, StandbySpace.space != wanted.space
    )
    for space in session.exec(kept.order_by(StandbySpace.space)).all():
        if space not in taken and not _used_then(session, space, wanted.window):
            return space
    return None


def _used_then(session: Session, space: str, window: Window) -> bool:
    booked = select(Booking.id).where(
        Booking.space == space,
        col(Booking.state).in_(HOLDING),
        col(Booking.starts_ms) < to_ms(window.ends_at),
        col(Booking.ends_ms) > to_ms(window.starts_at),
    )
    stay = select(Stay.number).where(Stay.space == space, Stay.state == "open")
    taken = session.exec(booked).first() is not None or session.exec(stay).first() is not None
    return taken or closed_then(session, space, window)


def _lend(session: Session, wanted: Wanted, space: str, agreed: Agreed, now: datetime) -> None:
    """Nobody else gets it, and the owner's cars count as the owner's there, for that time."""
    shut(session, space, wanted.window, ("standby", wanted.owner), _lent_id(agreed.decision), now)
    for plate in plates_of(session, wanted.space):
        invite(session, space, wanted.owner, plate, wanted.window, now)


def _uninvite(session: Session, row: TakeBack) -> None:
    guests = select(OwnerPlate).where(
        OwnerPlate.space == row.standby,
        OwnerPlate.account == row.owner,
        OwnerPlate.starts_ms == row.starts_ms,
        OwnerPlate.ends_ms == row.ends_ms,
    )
    for guest in session.exec(guests).all():
        session.delete(guest)
    session.flush()


def _ask_to_leave(
    session: Session, wanted: Wanted, shown: Plan, agreed: Agreed, now: datetime
) -> None:
    for outcome in shown.outcomes:
        if outcome.what == "stays":
            item = outcome.item
            fields = {
                "space": wanted.space,
                "from_at": format_instant(wanted.window.starts_at),
                "booking": item.booking,
                "remedy_code": "please_leave",
            }
            key = f"{agreed.decision}:{item.booking}"
            notices.tell(session, item.driver, "owner_needs_space", fields, now, key=key)


def _kept(session: Session, wanted: Wanted, shown: Plan, agreed: Agreed, now: datetime) -> TakeBack:
    row = TakeBack(
        id=agreed.decision,
        space=wanted.space,
        owner=wanted.owner,
        starts_ms=to_ms(wanted.window.starts_at),
        ends_ms=to_ms(wanted.window.ends_at),
        token=agreed.token,
        plan=json.dumps(shown.plain(), sort_keys=True),
        compensation_minor=shown.compensation_minor,
        standby=shown.standby,
        made_ms=to_ms(now),
    )
    session.add(row)
    session.flush()
    return row


def _same(row: TakeBack, wanted: Wanted) -> bool:
    asked = (to_ms(wanted.window.starts_at), to_ms(wanted.window.ends_at), wanted.owner)
    return row.space == wanted.space and (row.starts_ms, row.ends_ms, row.owner) == asked


def _lent_id(decision: str) -> str:
    return f"{decision}-standby"
