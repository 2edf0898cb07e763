"""What a driver wishes for, what is offered, and how far they are apart."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import cos, radians, sqrt

from cloud.core.limits import ANY_VEHICLE, NO_LIMITS, Limits, Vehicle
from contracts.ledger.pricing import Tariff, Terms, Window

METRES_PER_DEGREE = 111_320.0
WALK_LIMIT_M = 800.0
Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Wish:
    """Where to (degrees), when, and with which vehicle.

    `entrance`: where the driver goes in, if that is not the place searched around.
    """

    lat: float
    lon: float
    window: Window
    height_cm: int | None = None
    vehicle: Vehicle = ANY_VEHICLE
    entrance: Place | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One offered space as the database knows it now.

    `shown`: the place told to those who have not booked; distances are counted to it.
    """

    space: str
    offer: str
    lat: float
    lon: float
    windows: tuple[Window, ...]
    tariff: Tariff
    terms: Terms
    occupancy: str
    gateway_online: bool
    booked: tuple[Window, ...]
    max_height_cm: int | None = None
    limits: Limits = NO_LIMITS
    shown: Place | None = None

    @property
    def place(self) -> Place:
        return self.shown or (self.lat, self.lon)


def square_m2(wish: Wish, lat: float, lon: float) -> float:
    """Operation by operation as in the index and in SQL: equal to the last bit."""
    north = (lat - wish.lat) * METRES_PER_DEGREE
    east = (lon - wish.lon) * METRES_PER_DEGREE * cos(radians(wish.lat))
    return north * north + east * east


def walk_m(wish: Wish, lat: float, lon: float) -> float:
    """Straight line on the local plane; good to a metre over a district."""
    return sqrt(square_m2(wish, lat, lon))


def entrance_m(wish: Wish, lat: float, lon: float) -> float:
    """From the entrance that the driver named; from the place searched around without one."""
    if wish.entrance is None:
        return walk_m(wish, lat, lon)
    return walk_m(Wish(*wish.entrance, wish.window), lat, lon)


def too_far(wish: Wish, candidate: Candidate) -> bool:
    return square_m2(wish, *candidate.place) > WALK_LIMIT_M * WALK_LIMIT_M


def overlaps(a: Window, b: Window) -> bool:
    return a.starts_at < b.ends_at and b.starts_at < a.ends_at


def covering(windows: Iterable[Window], asked: Window) -> Window | None:
    for window in windows:
        if window.starts_at <= asked.starts_at and asked.ends_at <= window.ends_at:
            return window
    return None
