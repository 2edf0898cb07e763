"""What is told of a space's place: exact to who booked it, a cell of 150 m to everybody else."""

from dataclasses import dataclass

from cloud.core.places import BLUR_M, blurred
from cloud.offer_tables import Offer
from cloud.tables import Lot, Space


@dataclass(frozen=True, slots=True)
class Shown:
    """The space is within `radius_m` of the place (degrees); 0 where it is exact."""

    lat: float
    lon: float
    exact: bool
    radius_m: int
    lot: str | None
    lot_name: str | None


def place_shown(offer: Offer | None, space: Space, booked: bool, lot: Lot | None = None) -> Shown:
    """`booked`: for the driver of a booking there, from its confirmation on.

    The lot is named to others only where the owner's offer consents to it.
    """
    if booked:
        return Shown(space.lat, space.lon, True, 0, space.lot, lot.name if lot else None)
    lat, lon = blurred(space.lat, space.lon)
    if offer is None or not offer.name_shown:
        return Shown(lat, lon, False, BLUR_M, None, None)
    return Shown(lat, lon, False, BLUR_M, space.lot, lot.name if lot else None)
