"""Where the spaces of a lot are, as GeoJSON (RFC 7946: longitude first)."""

from typing import Any

from sqlmodel import Session, select

from cloud.core.places import blurred
from cloud.tables import Space

View = dict[str, Any]
TOLD = ("number", "state", "since", "shared")


def of_lot(session: Session, lot: View) -> View:
    """`lot`: its view. The layout is exact; the whole of it is moved by a fixed step, up to 107 m.

    A space's own place is told to whoever booked it, and a moved plan does not give it away.
    """
    rows = session.exec(select(Space.id, Space.lat, Space.lon).where(Space.lot == lot["id"])).all()
    where = {space: (lat, lon) for space, lat, lon in rows}
    north, east = _step(list(where.values()))
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": space["id"],
                "geometry": {
                    "type": "Point",
                    "coordinates": [
                        round(where[space["id"]][1] + east, 7),
                        round(where[space["id"]][0] + north, 7),
                    ],
                },
                "properties": {name: space[name] for name in TOLD},
            }
            for space in lot["spaces"]
        ],
    }


def _step(places: list[tuple[float, float]]) -> tuple[float, float]:
    """Degrees from the lot's middle to the one that is shown for it."""
    if not places:
        return 0.0, 0.0
    lat, lon = (sum(place[i] for place in places) / len(places) for i in (0, 1))
    shown = blurred(lat, lon)
    return shown[0] - lat, shown[1] - lon
