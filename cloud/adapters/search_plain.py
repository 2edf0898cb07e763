"""Search without an index: all offers of the database, each looked at. Right, and slow."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from cloud.core.matching import objection
from cloud.core.places import blurred
from cloud.core.search_segment import EMPTY, Ask, Hit
from cloud.core.search_wish import Candidate, Wish, square_m2
from cloud.ports.search import Refused
from cloud.usecases import offers
from contracts.ledger.pricing import Window
from contracts.wire.types import from_ms


class PlainSearch:
    def nearest(self, session: Session, ask: Ask, now: datetime) -> list[Hit]:
        fit = ((square, c.space) for square, c, code in _judged(session, ask) if code is None)
        return [Hit(space, square) for square, space in sorted(fit)[: ask.many]]

    def refused(self, session: Session, ask: Ask, now: datetime) -> Refused:
        judged = [(square, c.space, code) for square, c, code in _judged(session, ask) if code]
        counts = Counter(code for _, _, code in judged)
        return Refused(counts, tuple(space for _, space, _ in sorted(judged)[: ask.many]))


def _judged(session: Session, ask: Ask) -> Iterator[tuple[float, Candidate, str | None]]:
    window = Window(starts_at=from_ms(ask.starts_ms), ends_at=from_ms(ask.ends_ms))
    wish = Wish(ask.lat, ask.lon, window, ask.height_cm or None)
    for candidate in offers.candidates(session, window):
        shown = replace(candidate, shown=blurred(candidate.lat, candidate.lon))
        code = objection(wish, shown, bool(ask.needs & EMPTY))
        if code != "too_far":
            yield square_m2(wish, *shown.place), shown, code
