"""Who finds the nearest spaces that can be had. What it says is checked again in the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlmodel import Session

from cloud.core.search_segment import Ask, Hit


@dataclass(frozen=True, slots=True)
class Refused:
    """Offered spaces within the radius that cannot be had: how many by code, and the nearest."""

    counts: Mapping[str, int]
    nearest: tuple[str, ...]


class Search(Protocol):
    def nearest(self, session: Session, ask: Ask, now: datetime) -> list[Hit]:
        """Nearest first by the place that is shown; equal distances by id."""
        ...

    def refused(self, session: Session, ask: Ask, now: datetime) -> Refused:
        """At most `ask.many` are named."""
        ...
