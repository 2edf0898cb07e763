"""Told by searches and bookings alike.

Written from the description by `python -m tests.http.rewrite`, not by hand.
"""

from typing import TypedDict

__all__ = [
    "CompensationShape",
    "NoticeOwed",
    "PlaceShown",
    "ToldShape",
]


class NoticeOwed(TypedDict):
    from_s: int
    percent: int


class PlaceShown(TypedDict):
    lat: float
    lon: float
    exact: bool
    radius_m: int
    lot: str | None
    lot_name: str | None


class ToldShape(TypedDict):
    en: list[str]
    zh: list[str]


class CompensationShape(TypedDict):
    version: int
    notices: list[NoticeOwed]
    standing_percent: int
    minimum_minor: int
