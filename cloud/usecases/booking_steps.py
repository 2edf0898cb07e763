"""The way of a booking as people are told it: what happened, in order, and what is ahead."""

import json
from typing import Any

from sqlmodel import Session, col, select

from cloud.booking_tables import Superseded
from cloud.tables import Booking
from contracts.wire.types import parse_instant, to_ms

View = dict[str, Any]
# The booking's way, in order; the states that prove each step.
STEPS = (
    ("confirmed", ("confirmed", "granted", "active", "completed", "settled")),
    ("granted", ("granted", "active", "completed", "settled")),
    ("active", ("active", "completed", "settled")),
    ("completed", ("completed", "settled")),
    ("settled", ("settled",)),
)
RANK = {name: rank for rank, (name, _) in enumerate(STEPS)}
ENDED = ("cancelled", "no_show")
# Moves that agree on something anew, and what people are told of them.
AGREED = {"extend": "extended", "change": "changed", "reassign": "moved"}


def steps(session: Session, row: Booking) -> list[View]:
    """One that ended before arrival shows only what happened, and its end."""
    told = _told(json.loads(row.history))
    _add_origins(session, row, told)
    if row.state not in ENDED:
        seen = {one["step"] for one in told}
        for name, states in STEPS:
            if name not in seen:
                _insert(told, _step(name, None, row.state in states))
    return told


def _told(history: list[View]) -> list[View]:
    """The booking once, each agreement since, and the newest time of whatever may come again."""
    told: list[View] = []
    for item in history:
        agreed = AGREED.get(item.get("move", ""))
        if item.get("move") == "walk_in":
            continue
        if agreed is None:
            told = [one for one in told if one["step"] != item["state"]]
        elif item["state"] == "confirmed":
            # Its gateway has to acknowledge it anew.
            told = [one for one in told if one["step"] != "granted"]
        told.append(_step(agreed or item["state"], item["at"], True))
    return told


def _add_origins(session: Session, row: Booking, told: list[View]) -> None:
    """A change to another space is told as a move, whoever made it."""
    if not any(one["step"] in AGREED.values() for one in told):
        return
    asked = select(Superseded).where(Superseded.booking == row.id)
    before = list(session.exec(asked.order_by(col(Superseded.until_ms))))
    after = [*(old.space for old in before[1:]), row.space]
    moved = {old.until_ms: old.space for old, then in zip(before, after) if old.space != then}
    for one in told:
        origin = moved.get(to_ms(parse_instant(one["at"])))
        if origin and one["step"] in AGREED.values():
            one["step"], one["moved_from"] = "moved", origin


def _insert(told: list[View], step: View) -> None:
    """Before the first that comes later on the way."""
    rank = RANK[step["step"]]
    later = (at for at, one in enumerate(told) if RANK.get(one["step"], -1) > rank)
    told.insert(next(later, len(told)), step)


def _step(name: str, at: str | None, done: bool) -> View:
    return {"step": name, "done": done, "at": at, "moved_from": None}
