"""A stay told again, from its beginning, once it turns out to be of another grant than it was told.

A receipt begins with an event that names its booking's grant. A car that the gateway knew only
later (it was moved, booked where it stood, or a person compared its plate) is therefore told once
more, by the same times, when the cloud asks or before it is told as gone (docs/decisions/0015).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from contracts.wire.messages import Grant
from contracts.wire.types import MAX_SECONDS, to_ms
from edge.core import plates
from edge.core.drafts import NOBODY, Draft
from edge.core.grants import GrantBook
from edge.core.outputs import Told
from edge.core.plates import Verdict
from edge.core.readings import PlateRead

# A stay that was doubted more often is told again from its latest parts only: less is billed.
MAX_TOLD = 16
Standing: TypeAlias = Literal["doubtful", "stands", "replaced", "void"]
Rule: TypeAlias = Literal["keep", "by_booking", "by_plate"]
# What an asked space does about whose its car is, by how what it said of it stands now.
RULES: Mapping[Standing, Rule] = {
    "doubtful": "by_plate",
    "stands": "keep",
    "replaced": "by_booking",
    "void": "by_plate",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Of one space, up to `until`, and told at `now_ns`; `read`: the plate that was voted for as
    the car came, and nothing that was read beside it later."""

    space: str
    until: datetime
    now_ns: int
    read: PlateRead | None


def after(told: Sequence[Told], draft: Draft, dated: bool) -> tuple[Told, ...]:
    """What was told of the stay, after this; nothing once the space is free."""
    occupancy = draft.occupancy
    if occupancy in ("free", None) or (not told and occupancy != "occupied"):
        return ()
    if told and told[-1].occupancy == occupancy:
        return tuple(told)
    unsure_s = min(round(draft.uncertainty_s, 3), float(MAX_SECONDS))
    part = Told(occupancy=occupancy, at=draft.at, uncertainty_s=unsure_s, dated=dated)
    return (*told, part)[-MAX_TOLD:]


def again(
    told: Sequence[Told], before: Verdict, book: GrantBook, asked: Asked
) -> tuple[Verdict, list[Draft]] | None:
    """Whose the car is after all, always accepted, and its stay under that grant. None: what was
    said stands. The second time there is nothing left to say."""
    told = _since_dated(told)
    since = told[0].at if told else asked.until
    grants = book.expected(asked.space, since, asked.until)
    verdict = anew(before, asked.read, book.held(before.grant), grants, since)
    if verdict is None:
        return None
    opens_at = next(_opens_at(grant) for grant in grants if grant.id == verdict.grant)
    drafts: list[Draft] = []
    for part in parts(told, opens_at):
        named = verdict if part.occupancy == "occupied" else NOBODY
        # The plate goes out once, with the first of them.
        named = replace(named, text=None) if drafts else named
        times = (part.at, part.uncertainty_s, asked.now_ns)
        drafts.append(Draft("snapshot", part.occupancy, *times, verdict=named))
    return (replace(verdict, text=None) if drafts else verdict), drafts


def anew(
    before: Verdict,
    read: PlateRead | None,
    own: Grant | None,
    grants: Sequence[Grant],
    at: datetime,
) -> Verdict | None:
    """An accepted verdict in the place of `before`; None: that stands.

    `own`: the grant that `before` names, if it is held; `grants`: those expected since the car
    came; `at`: when that was. A grant that stands is never left for another booking's.
    """
    newer = [grant for grant in grants if _follows(grant, before, own)]
    rule = RULES[_standing(before, own, newer)]
    if rule == "keep":
        return None
    if rule == "by_booking":
        return _replaced(max(newer, key=_issued), read, at)
    found = plates.match(read, grants, at)
    return found if found.match == "accepted" else None


def parts(told: Sequence[Told], opens_at: datetime) -> list[Told]:
    """Those to be told once more: occupied first, and nothing from before the grant counted."""
    found = [part for part in told if part.at >= opens_at]
    earlier = [part for part in told if part.at < opens_at]
    if earlier and earlier[-1].occupancy == "occupied":
        found.insert(0, _cut(earlier[-1], opens_at))
    first = next((i for i, part in enumerate(found) if part.occupancy == "occupied"), len(found))
    return found[first:]


def _since_dated(told: Sequence[Told]) -> Sequence[Told]:
    """What an unset clock told has no time of day: nothing up to there is told again."""
    undated = max((i for i, part in enumerate(told) if not part.dated), default=-1)
    return told[undated + 1 :]


def _standing(before: Verdict, own: Grant | None, newer: Sequence[Grant]) -> Standing:
    if before.match != "accepted":
        return "doubtful"
    if newer:
        return "replaced"
    return "void" if own is None else "stands"


def _follows(grant: Grant, before: Verdict, own: Grant | None) -> bool:
    """Whether it is a later agreement of the same booking."""
    booking = own.booking if own else before.booking
    if grant.booking != booking or grant.id == before.grant:
        return False
    return own is None or grant.issued_at > own.issued_at


def _replaced(grant: Grant, read: PlateRead | None, at: datetime) -> Verdict | None:
    """The same car under what was agreed anew, unless its plate is surely none of it."""
    found = plates.match(read, [grant], at)
    if read is not None and found.match == "other":
        return None
    text = read.text if read is not None and found.match == "accepted" else None
    return Verdict("accepted", grant.id, text, grant.booking)


def _issued(grant: Grant) -> tuple[datetime, str]:
    return grant.issued_at, grant.id


def _opens_at(grant: Grant) -> datetime:
    return grant.starts_at - timedelta(seconds=grant.early_s)


def _cut(part: Told, at: datetime) -> Told:
    """It stood there before `at`: certainly from then on, or from when it was certain."""
    sure_ms = to_ms(part.at) + round(part.uncertainty_s * 1000)
    rest_s = max(0, sure_ms - to_ms(at)) / 1000
    return part.model_copy(update={"at": at, "uncertainty_s": rest_s})
