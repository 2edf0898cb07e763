"""What the feed and the maps answer with, for the API's description."""

from typing import Literal

from pydantic import BaseModel

from cloud.entrypoints.http.api_shapes import Moment
from cloud.entrypoints.http.api_shapes_lots import Occupancy


class Point(BaseModel):
    type: Literal["Point"]
    coordinates: tuple[float, float]


class SpaceProperties(BaseModel):
    number: int
    state: Occupancy
    since: Moment | None
    shared: bool


class SpaceFeature(BaseModel):
    type: Literal["Feature"]
    id: str
    geometry: Point
    properties: SpaceProperties


class SpaceCollection(BaseModel):
    type: Literal["FeatureCollection"]
    features: list[SpaceFeature]


class Said(BaseModel):
    """APDS: a text in one language."""

    language: str
    string: str


class Reference(BaseModel):
    id: str
    version: int
    className: str  # noqa: N815  (APDS writes its names so)


class PlaceShape(BaseModel):
    id: str
    version: int
    className: str  # noqa: N815
    placeName: list[Said]  # noqa: N815
    timeZone: str  # noqa: N815
    supplyQuantity: int  # noqa: N815
    location: Point | None


class OccupancyShape(BaseModel):
    place: Reference
    calculatedAt: Moment  # noqa: N815
    supplyQuantity: int  # noqa: N815
    available: int
    held: int
    occupied: int
    unknown: int
    unobserved: int
    occupancyPercentage: float | None  # noqa: N815


class RateLine(BaseModel):
    sequence: int
    rateLineType: Literal["incrementingRate", "flatRate"]  # noqa: N815
    value: str
    incrementPeriod: str | None  # noqa: N815
    durationStart: str  # noqa: N815
    durationEnd: str | None  # noqa: N815
    description: list[Said]


class RateLineCollection(BaseModel):
    collectionSequence: int  # noqa: N815
    applicableCurrency: str  # noqa: N815
    maximumValue: str | None  # noqa: N815
    rateLines: list[RateLine]  # noqa: N815


class RateShape(BaseModel):
    id: str
    version: int
    className: str  # noqa: N815
    rateTableName: list[Said]  # noqa: N815
    places: list[Reference]
    validAt: Moment  # noqa: N815
    rateLineCollections: list[RateLineCollection]  # noqa: N815
