"""Tow, maintenance: the operator closes a space; its bookings are moved, or cancelled and paid."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlmodel import Session, col, select

from cloud.core.money import PLATFORM
from cloud.core.reasons import Refusal, refuse
from cloud.errors import Unknown
from cloud.offer_tables import SpaceClosure, StandbySpace
from cloud.tables import Space
from cloud.usecases.offer_conflicts import Agreed, InTheWay, in_the_way, meets, unagreed
from cloud.usecases.offer_moves import Cause, Shown, carry_out, outcomes, token_of
from cloud.usecases.offer_windows import place_of
from contracts.ledger.pricing import Window
from contracts.wire.types import to_ms

MAX_CLOSED = timedelta(days=366)
Reason = Literal["maintenance", "tow", "event", "other"]


@dataclass(frozen=True, slots=True)
class Closing:
    space: str
    window: Window
    reason: Reason


@dataclass(frozen=True, slots=True)
class ClosurePlan(Shown):
    """The cost is the platform's."""

    @property
    def in_the_way(self) -> tuple[InTheWay, ...]:
        return tuple(it.item for it in self.outcomes if it.what != "stays")

    def plain(self) -> dict[str, object]:
        return {
            "token": self.token,
            "cost_minor": self.cost_minor,
            "bookings": [it.plain() | {"booking": it.item.booking} for it in self.outcomes],
        }


def preview(session: Session, closing: Closing, now: datetime) -> ClosurePlan | Refusal:
    """Changes nothing. A car that stands there is in the way of all but a tow."""
    if session.get(Space, closing.space) is None:
        raise Unknown(f"Space {closing.space}.")
    window = closing.window
    if not window.starts_at < window.ends_at <= window.starts_at + MAX_CLOSED:
        return refuse("bad_window")
    if window.ends_at <= now:
        return refuse("bad_window")
    if closed_then(session, closing.space, window):
        return refuse("closed_already")
    items = in_the_way(session, closing.space, lambda it: not meets(it, window, now), now)
    if closing.reason != "tow" and any(item.standing for item in items):
        return refuse("stands_there")
    about: dict[str, object] = {
        "change": closing.reason,
        "space": closing.space,
        "window": window.model_dump(mode="json"),
    }
    found = outcomes(session, closing.space, items, now)
    return ClosurePlan(token_of(about, found), found)


def close(
    session: Session, closing: Closing, operator: int, agreed: Agreed, now: datetime
) -> SpaceClosure | Refusal:
    """From now on nobody can book it then. `agreed.decision` is the closure's id: sent twice, it
    is closed once."""
    before = session.get(SpaceClosure, agreed.decision)
    if before is not None:
        return before if _same(before, closing) else refuse("key_reused")
    plan = preview(session, closing, now)
    if isinstance(plan, Refusal):
        return plan
    tz = place_of(session, closing.space)[0]
    refusal = unagreed(plan.in_the_way, plan.token, agreed, tz)
    if refusal is not None:
        return refusal
    row = shut(
        session, closing.space, closing.window, (closing.reason, operator), agreed.decision, now
    )
    cause = Cause("operator", "operator_closed_space", PLATFORM)
    carry_out(session, plan.outcomes, cause, agreed, now)
    return row


def lift(session: Session, closure_id: str, now: datetime) -> SpaceClosure:
    """It can be booked again; what was moved stays where it is."""
    row = session.get(SpaceClosure, closure_id)
    if row is None:
        raise Unknown(f"Closure {closure_id}.")
    if row.lifted_ms is None:
        row.lifted_ms = to_ms(now)
        session.add(row)
        session.flush()
    return row


def shut(
    session: Session,
    space: str,
    window: Window,
    why: tuple[str, int],
    closure_id: str,
    now: datetime,
) -> SpaceClosure:
    """`why`: the reason's code, and whose decision it is."""
    row = SpaceClosure(
        id=closure_id,
        space=space,
        starts_ms=to_ms(window.starts_at),
        ends_ms=to_ms(window.ends_at),
        reason=why[0],
        by_account=why[1],
        made_ms=to_ms(now),
    )
    session.add(row)
    session.flush()
    return row


def closed_then(session: Session, space: str, window: Window) -> bool:
    standing = select(SpaceClosure.id).where(
        SpaceClosure.space == space,
        col(SpaceClosure.lifted_ms).is_(None),
        col(SpaceClosure.starts_ms) < to_ms(window.ends_at),
        col(SpaceClosure.ends_ms) > to_ms(window.starts_at),
    )
    return session.exec(standing).first() is not None


def closures(session: Session, space: str, now: datetime) -> list[SpaceClosure]:
    """Those that are not over and not lifted; in order."""
    found = select(SpaceClosure).where(
        SpaceClosure.space == space,
        col(SpaceClosure.lifted_ms).is_(None),
        col(SpaceClosure.ends_ms) > to_ms(now),
    )
    return list(session.exec(found.order_by(col(SpaceClosure.starts_ms))))


def standby(
    session: Session, space: str, operator: int, on: bool, now: datetime
) -> StandbySpace | None:
    """Keep an offered space for those whose own is taken from them, or give it back to all."""
    row, place = session.get(StandbySpace, space), session.get(Space, space)
    if place is None:
        raise Unknown(f"Space {space}.")
    if on and row is None:
        row = StandbySpace(space=space, lot=place.lot, by_account=operator, made_ms=to_ms(now))
        session.add(row)
    elif not on and row is not None:
        session.delete(row)
        row = None
    session.flush()
    return row


def _same(row: SpaceClosure, closing: Closing) -> bool:
    asked = (to_ms(closing.window.starts_at), to_ms(closing.window.ends_at), closing.reason)
    return row.space == closing.space and (row.starts_ms, row.ends_ms, row.reason) == asked
