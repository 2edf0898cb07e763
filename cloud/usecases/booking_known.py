"""All that confirming a booking needs to know, in one question: the offer and its place, what is

booked and closed around it, the driver's money, and the fee of the day.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from sqlmodel import Session

from cloud.core.matching import Candidate
from cloud.core.windows import MAX_AROUND, REACH
from cloud.usecases import booking_rows, offers
from cloud.usecases.many import Asking
from contracts.ledger.pricing import Window
from contracts.wire.types import to_ms

# Bookings that hold a space never overlap, so of all before an instant the last one ends last, and
# of all after it only the next one can be touched.
_HELD = """FROM booking b WHERE b.space = o.space
  AND b.state IN ('confirmed', 'granted', 'active')"""
# The columns stand as in Offered, Placed, Days and Around.
_KNOWN = Asking(
    f"""SELECT o.id, o.owner, o.windows, o.tariff, o.terms, o.max_height_cm, o.max_width_cm,
  o.max_length_cm, o.max_weight_kg, o.plug, o.charging_only,
  s.id, s.lat, s.lon, s.occupancy,
  c.country, c.subdivision, c.extra, c.workdays,
  g.id, g.online, l.tz, t.record,
  (SELECT b.ends_ms {_HELD} AND b.starts_ms < :ends ORDER BY b.starts_ms DESC LIMIT 1),
  (SELECT CASE WHEN b.state <> 'active' AND b.early_ms < :ends THEN b.id END {_HELD}
    AND b.starts_ms >= :ends ORDER BY b.starts_ms LIMIT 1),
  (SELECT MAX(x.id) FROM spaceclosure x WHERE x.space = o.space AND x.lifted_ms IS NULL
    AND x.starts_ms < :reach_ends AND x.ends_ms > :reach_starts),
  (SELECT SUM(m.sum_minor) FROM balance m WHERE m.account = :driver AND m.bucket = 'available'),
  (SELECT f.value FROM setting f WHERE f.key = 'fee')
FROM offer o
JOIN space s ON s.id = o.space
JOIN gateway g ON g.id = s.gateway
JOIN lot l ON l.id = s.lot
JOIN registration r ON r.space = o.space AND r.owner = o.owner
LEFT JOIN lotcalendar c ON c.lot = s.lot
LEFT JOIN title t ON t.space = s.id
WHERE o.space = :space AND o.status = 'open' AND r.status = 'shared'
  AND NOT EXISTS (SELECT 1 FROM standbyspace y WHERE y.space = o.space)"""
)


class Offered(NamedTuple):
    id: str
    owner: int
    windows: str
    tariff: str
    terms: str
    max_height_cm: int | None
    max_width_cm: int | None
    max_length_cm: int | None
    max_weight_kg: int | None
    plug: str
    charging_only: bool


class Placed(NamedTuple):
    id: str
    lat: float
    lon: float
    occupancy: str


class Days(NamedTuple):
    country: str
    subdivision: str
    extra: str
    workdays: str


class Around(NamedTuple):
    """`before_ms`: when the last that begins before this one's end is over; `after`: the next

    one, if its car may come before this one's end; `closed`: whether any closed time is near.
    """

    gateway: str
    online: bool
    tz: str
    title: str | None
    before_ms: int | None
    after: str | None
    closed: str | None
    available_minor: int | None
    fee: str | None


@dataclass(frozen=True, slots=True)
class Known:
    candidate: Candidate
    owner: int
    around: Around

    @property
    def fee_bps(self) -> int:
        return booking_rows.fee_bps(self.around.fee)

    def early_s(self, starts_ms: int) -> int:
        """How long before the start the space is free for it (booking_grants.early_s)."""
        agreed_s, before_ms = self.candidate.terms.early_start_s, self.around.before_ms
        free_s = agreed_s if before_ms is None else (starts_ms - before_ms) // 1000
        return max(0, min(agreed_s, free_s))


def known(session: Session, space: str, driver: int, window: Window) -> Known | None:
    """None where nothing is offered to the public."""
    if window.ends_at - window.starts_at > MAX_AROUND:
        return None
    row = _KNOWN.first(session, _asked(space, driver, window))
    if row is None:
        return None
    offer, place = Offered(*row[:11]), Placed(*row[11:15])
    days = Days(*row[15:19]) if row[15] is not None else None
    around = Around(*row[19:])
    # What is in its way is told by the database; the asked window itself stands for all of it.
    taken = around.before_ms is not None and around.before_ms > to_ms(window.starts_at)
    booked = {space: [window]} if taken else {}
    closed = offers.closed_windows(session, space, window) if around.closed is not None else {}
    candidate = offers.candidate_of(
        (offer, place, bool(around.online), around.tz, days, around.title),
        (booked, closed),
        window,
    )
    return None if candidate is None else Known(candidate, offer.owner, around)


_MS = timedelta(milliseconds=1)
_REACH_MS = REACH // _MS


def _asked(space: str, driver: int, window: Window) -> dict[str, Any]:
    starts, ends = to_ms(window.starts_at), to_ms(window.ends_at)
    return {
        "space": space,
        "driver": driver,
        "ends": ends,
        "reach_starts": starts - _REACH_MS,
        "reach_ends": ends + _REACH_MS,
    }
