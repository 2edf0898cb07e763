"""What the feed and the maps answer with.

Written from the description by `python -m tests.http.rewrite`, not by hand.
"""

from typing import Any, Literal, TypedDict

__all__ = [
    "OccupancyShape",
    "PlaceShape",
    "Point",
    "RateLine",
    "RateLineCollection",
    "RateShape",
    "Reference",
    "Said",
    "SpaceCollection",
    "SpaceFeature",
    "SpaceProperties",
    "TitleProofShape",
]


class Point(TypedDict):
    type: Literal["Point"]
    coordinates: list[Any]


class Reference(TypedDict):
    id: str
    version: int
    className: str


class Said(TypedDict):
    language: str
    string: str


class SpaceProperties(TypedDict):
    number: int
    state: Literal["free", "occupied", "unknown", "unwatched", "held", "closed", "owner"]
    since: str | None
    shared: bool


class TitleProofShape(TypedDict):
    space: str
    digest: str
    siblings: list[str]
    root: str
    version: int


class OccupancyShape(TypedDict):
    place: Reference
    calculatedAt: str
    supplyQuantity: int
    available: int
    held: int
    occupied: int
    unknown: int
    unobserved: int
    occupancyPercentage: float | None


class PlaceShape(TypedDict):
    id: str
    version: int
    className: str
    placeName: list[Said]
    timeZone: str
    supplyQuantity: int
    location: Point | None


class RateLine(TypedDict):
    sequence: int
    rateLineType: Literal["incrementingRate", "flatRate"]
    value: str
    incrementPeriod: str | None
    durationStart: str
    durationEnd: str | None
    description: list[Said]


class SpaceFeature(TypedDict):
    type: Literal["Feature"]
    id: str
    geometry: Point
    properties: SpaceProperties


class RateLineCollection(TypedDict):
    collectionSequence: int
    applicableCurrency: str
    maximumValue: str | None
    rateLines: list[RateLine]


class SpaceCollection(TypedDict):
    type: Literal["FeatureCollection"]
    features: list[SpaceFeature]


class RateShape(TypedDict):
    id: str
    version: int
    className: str
    rateTableName: list[Said]
    places: list[Reference]
    validAt: str
    rateLineCollections: list[RateLineCollection]
