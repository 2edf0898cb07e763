"""An owner shrinks or withdraws what is offered: refused while bookings are in the way, or those
are cancelled with the compensation that was shown and agreed."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from cloud.core.reasons import Refusal, refuse
from cloud.errors import Unknown
from cloud.tables import Offer
from cloud.usecases import offers
from cloud.usecases.offer_conflicts import Agreed, InTheWay, in_the_way, unagreed
from cloud.usecases.offer_moves import Cause, Outcome, carry_out, token_of
from cloud.usecases.offer_plates import not_theirs
from cloud.usecases.offer_windows import place_of


@dataclass(frozen=True, slots=True)
class Change:
    """What it would cost. `kept`: cars that stand there now; they stay until their booking ends."""

    token: str
    in_the_way: tuple[InTheWay, ...]
    kept: tuple[InTheWay, ...]

    @property
    def compensation_minor(self) -> int:
        return sum(item.compensation_minor for item in self.in_the_way)

    def plain(self) -> dict[str, object]:
        return {
            "token": self.token,
            "compensation_minor": self.compensation_minor,
            "in_the_way": [item.plain() for item in self.in_the_way],
            "kept": [item.plain() for item in self.kept],
        }


def preview(session: Session, offer: Offer, now: datetime) -> Change | Refusal:
    """Of publishing this in place of what is offered. Changes nothing."""
    return offers.unfit(session, offer, now) or _change(session, offer.space, offer, now)


def standing(session: Session, offer_id: str) -> tuple[str, int] | Refusal:
    """(space, owner) of an offer that is open: to end an old one must not end the one after it."""
    row = session.get(Offer, offer_id)
    if row is None:
        raise Unknown(f"Offer {offer_id}.")
    return (row.space, row.owner) if row.status == "open" else refuse("offer_over")


def preview_withdrawal(session: Session, space: str, owner: int, now: datetime) -> Change | Refusal:
    refusal = not_theirs(session, space, owner)
    if refusal is None and offers.open_offer(session, space) is None:
        refusal = refuse("nothing_offered")
    return refusal or _change(session, space, None, now)


def publish(
    session: Session, offer: Offer, now: datetime, agreed: Agreed | None = None
) -> Offer | Refusal:
    """As offers.publish; what lies outside is cancelled if that is what was `agreed`."""
    change = preview(session, offer, now)
    if isinstance(change, Refusal):
        return change
    refusal = _cancelled(session, (offer.space, offer.owner), change, agreed, now)
    return refusal or offers.replace_open(session, offer, now)


def withdraw(
    session: Session, space: str, owner: int, now: datetime, agreed: Agreed | None = None
) -> Offer | Refusal:
    """The space is offered no more; who stands there stays until the booking ends."""
    change = preview_withdrawal(session, space, owner, now)
    if isinstance(change, Refusal):
        return change
    refusal = _cancelled(session, (space, owner), change, agreed, now)
    closed = refusal or offers.close_open(session, space, now)
    if closed is None:
        raise AssertionError("the preview has found it open")
    return closed


def _change(session: Session, space: str, offer: Offer | None, now: datetime) -> Change:
    items = in_the_way(
        session, space, lambda it: offer is not None and offers.covers(session, offer, it), now
    )
    going = tuple(item for item in items if not item.standing)
    kept = tuple(item for item in items if item.standing)
    hours = offer.windows if offer is not None else None
    about: dict[str, object] = {"change": "offer", "space": space, "hours": hours}
    return Change(token_of(about, [Outcome(item) for item in going]), going, kept)


def _cancelled(
    session: Session, whose: tuple[str, int], change: Change, agreed: Agreed | None, now: datetime
) -> Refusal | None:
    """`whose`: the space and its owner."""
    if not change.in_the_way and agreed is None:
        return None
    refusal = unagreed(change.in_the_way, change.token, agreed, place_of(session, whose[0])[0])
    if refusal is not None or agreed is None:
        return refusal
    found = [Outcome(item) for item in change.in_the_way]
    carry_out(session, found, Cause("owner", "owner_changed_hours", whose[1]), agreed, now)
    return None
