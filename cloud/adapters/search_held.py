"""The index of this process: read at once, kept up before each question, one question at a time."""

import ctypes
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from sqlmodel import Session

from cloud.adapters.search_plain import PlainSearch
from cloud.core.search_index import SearchIndex
from cloud.core.search_segment import Ask, Hit, Segment
from cloud.ports.search import Refused
from cloud.usecases import searching

T = TypeVar("T")


class HeldIndex:
    """Empty until the first question, or until `renew`.

    Times that the index does not know are asked of the database itself.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: searching.Held | None = None
        self._plain = PlainSearch()

    def nearest(self, session: Session, ask: Ask, now: datetime) -> list[Hit]:
        found = self._ask(session, ask, now, lambda index: index.nearest(ask))
        return self._plain.nearest(session, ask, now) if found is None else found

    def refused(self, session: Session, ask: Ask, now: datetime) -> Refused:
        found = self._ask(session, ask, now, lambda index: index.refused(ask))
        if found is None:
            return self._plain.refused(session, ask, now)
        return Refused(found[0], tuple(found[1]))

    @property
    def segment(self) -> Segment | None:
        """What was built last; for those who measure."""
        return self._held.index.main if self._held else None

    def renew(self, session: Session, now: datetime) -> bool:
        """Build it anew if its time has come; the old one answers until then."""
        held = self._held
        if held is not None and not searching.due(held, now):
            return False
        made = _built(session, now)
        with self._lock:
            self._held = made
        return True

    def _ask(
        self, session: Session, ask: Ask, now: datetime, question: Callable[[SearchIndex], T]
    ) -> T | None:
        with self._lock:
            known = self._held and searching.refreshed(session, self._held)
            self._held = known or _built(session, now)
            return question(self._held.index) if self._held.index.covers(ask) else None


def _built(session: Session, now: datetime) -> searching.Held:
    made = searching.built(session, now)
    if sys.platform == "linux":
        # Of what the building needed for a while, glibc would keep almost as much as the index.
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
    return made
