"""Plates: one spelling, a vote over several reads, and the match with what is expected."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.wire.messages import Grant, Match
from edge.core.readings import PlateRead

MIN_CHARS, MAX_CHARS = 2, 16
# Reads so long before an arrival was told are of the vehicle that arrived.
READ_BEFORE_NS, SETTLE_NS = 30_000_000_000, 1_000_000_000
# A measured reader's word: a grant's plate is accepted, or a near one denied, from here on. At most
# DOUBTED, what it read may not be asserted by itself; up to SURELY_WRONG it may be anybody's.
SURE_TO_ACCEPT, SURE_TO_DENY, DOUBTED, SURELY_WRONG = 0.8, 0.8, 0.75, 0.2
# No misread explains so many characters replaced, added or left out.
ANOTHERS_EDITS = 3
DOTS = "·•・‧∙⋅.-_"
# Mainland plates use neither I nor O, so a camera that reports one has seen the digit.
FOLD = str.maketrans("OI", "01")
DROP = str.maketrans("", "", DOTS)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`text` is the plate in clear: it leaves the core only as a PlateProof. `booking`: whose the
    grant is."""

    match: Match = "none"
    grant: str | None = None
    text: str | None = None
    booking: str | None = None


def normalise(text: str) -> str:
    """Upper case, full-width folded to ASCII, without spaces and dots."""
    plain = unicodedata.normalize("NFKC", text).upper().translate(DROP)
    return "".join(char for char in plain if char.isalnum())


def fold(text: str) -> str:
    return normalise(text).translate(FOLD)


def vote(reads: Iterable[PlateRead]) -> str | None:
    """The text with most confidence in sum; equal sums go to the smaller text, whatever order."""
    won = voted(reads)
    return None if won is None else won.text


def voted(reads: Iterable[PlateRead]) -> PlateRead | None:
    """As `vote`, with what the measured readers know of it together: as sure as the surest who said
    it, and no surer than what they said otherwise leaves."""
    sums: dict[str, float] = {}
    sure: dict[str, float] = {}
    for read in reads:
        text = normalise(read.text)
        if MIN_CHARS <= len(text) <= MAX_CHARS:
            sums[text] = sums.get(text, 0.0) + read.confidence
            if read.sure is not None:
                sure[text] = max(sure.get(text, 0.0), read.sure)
    if not sums:
        return None
    won = min(sums, key=lambda text: (-sums[text], text))
    return PlateRead(won, min(sums[won], 1.0), _together(won, sure))


def _together(won: str, sure: Mapping[str, float]) -> float | None:
    against = max((its for text, its in sure.items() if text != won), default=0.0)
    # What no measured reader said, and none surely denies, is a plain camera's word.
    if won not in sure and 1.0 - against >= SURE_TO_ACCEPT:
        return None
    return min(sure.get(won, 1.0), 1.0 - against)


def match(read: PlateRead | str | None, grants: Sequence[Grant], at: datetime) -> Verdict:
    """`grants`: those expected at this space around `at`. A measured reader has named an expected
    plate as the lot spells it, so its word holds letter by letter."""
    if read is None:
        alone = grants[0] if len(grants) == 1 else None
        return _of("ambiguous", alone, None) if alone else Verdict()
    said, sure = (read.text, read.sure) if isinstance(read, PlateRead) else (read, None)
    same = _same(said, sure, grants)
    if same:
        doubted = sure is not None and sure < SURE_TO_ACCEPT
        return _of("ambiguous" if doubted else "accepted", _nearest(same, at), said)
    close = _close(fold(said), sure, grants)
    if close:
        return _of("ambiguous", _nearest(close, at), said)
    return Verdict("other", None, said)


def _same(said: str, sure: float | None, grants: Sequence[Grant]) -> list[Grant]:
    spelt = fold if sure is None else normalise
    return [grant for grant in grants if spelt(said) in map(spelt, grant.plates)]


def _close(text: str, sure: float | None, grants: Sequence[Grant]) -> list[Grant]:
    """Those for whose vehicle a person may have to take it."""
    if sure is not None and sure <= SURELY_WRONG:
        return _alike(text, grants)
    near = one_edit_apart if sure is None else _may_be if sure < SURE_TO_DENY else str.__eq__
    return [grant for grant in grants if any(near(text, fold(it)) for it in grant.plates)]


def _may_be(text: str, plate: str) -> bool:
    return edits(text, plate) < ANOTHERS_EDITS


def _alike(text: str, grants: Sequence[Grant]) -> list[Grant]:
    """Those whose plates are the fewest edits away: what a person may take a doubtful read for."""
    far = [min((edits(text, fold(it)) for it in g.plates), default=MAX_CHARS) for g in grants]
    return [grant for grant, away in zip(grants, far) if away == min(far)]


def again(
    read: PlateRead | str | None, before: Verdict, grants: Sequence[Grant], at: datetime
) -> Verdict:
    """The vehicle as it was named before, unless the plate read now is not that of its grant.

    `grants` hold that grant too, even if it is over: a driver who overstays is still the same.
    """
    named = [grant for grant in grants if grant.id == before.grant]
    if read is None:
        return before
    said, sure = (read.text, read.sure) if isinstance(read, PlateRead) else (read, None)
    # One who overstays is expected no more: a faint read of his own plate makes him nobody else.
    if _same(said, sure, named) and (sure is None or sure > SURELY_WRONG):
        return before
    return match(read, grants, at)


def one_edit_apart(a: str, b: str) -> bool:
    """One character replaced, added or left out."""
    if len(a) > len(b):
        a, b = b, a
    if len(b) - len(a) > 1:
        return False
    same = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), len(a))
    rest_of_a = a[same + 1 :] if len(a) == len(b) else a[same:]
    return a != b and rest_of_a == b[same + 1 :]


def edits(a: str, b: str) -> int:
    """Characters replaced, added or left out between the two (Levenshtein 1965)."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]


def _of(said: Match, grant: Grant, read: str | None) -> Verdict:
    return Verdict(said, grant.id, read, grant.booking)


def _nearest(grants: Sequence[Grant], at: datetime) -> Grant:
    """Back-to-back bookings of one vehicle: the one whose window holds `at`, else the first."""
    return min(grants, key=lambda g: (not g.starts_at <= at < g.ends_at, g.starts_at, g.id))


def surely_differ(one: str, other: str) -> bool:
    """Two reads that no misread explains: they differ in three places, or in length by two."""
    a, b = fold(one), fold(other)
    if abs(len(a) - len(b)) >= 2:
        return True
    return sum(x != y for x, y in zip(a, b)) >= 3


def other_vehicle(reads: Sequence[tuple[int, str]], told_ns: int, moved_ns: int) -> bool:
    """Whether `reads` (when, text) after something moved name another vehicle than those before,
    of the stay that was told at `told_ns`."""
    from_ns = told_ns - READ_BEFORE_NS
    before = [text for at_ns, text in reads if from_ns <= at_ns < moved_ns]
    after = [text for at_ns, text in reads if at_ns > moved_ns + SETTLE_NS]
    return bool(before and after) and surely_differ(before[-1], after[-1])
