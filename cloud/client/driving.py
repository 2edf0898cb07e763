"""A driver's calls. `key`: chosen by the caller and kept until there is an answer.

The same call with the same key again is done once.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal, cast

from cloud.client.asking import PAGE, V1, SignedIn, at_of, hours_of
from cloud.client.shapes import BookingMade, BookingRow, Helped, Quote
from cloud.client.shapes_asked import AskedVehicle, WayIn
from cloud.client.shapes_market import Recommendations
from contracts.ledger.pricing import Window


class Driving(SignedIn):
    def ask(
        self,
        place: tuple[float, float],
        window: Window,
        vehicle: AskedVehicle | None = None,
        entrance: WayIn | None = None,
    ) -> Recommendations:
        """`place`: degrees north and east. `entrance`: where the driver walks to, if not there."""
        body: dict[str, Any] = {"lat": place[0], "lon": place[1], **hours_of(window)}
        body |= {"vehicle": vehicle or {}, "entrance": entrance}
        found = self.sending.send("POST", f"{V1}/requests", body)
        return cast(Recommendations, found.json())

    def book(
        self, space: str, window: Window, plate: str, quoted_minor: int, key: str
    ) -> BookingMade:
        """`quoted_minor`: as `ask` told it."""
        body = {"space": space, "plate": plate, "quoted_minor": quoted_minor, **hours_of(window)}
        return cast(BookingMade, self.sending.post(f"{V1}/bookings", body, key))

    def bookings(self) -> Iterator[BookingRow]:
        return self.sending.rows(f"{V1}/bookings", PAGE)

    def quote_change(self, booking: str, window: Window) -> Quote:
        """What the whole booking would cost with this window; changes nothing."""
        path = f"{V1}/bookings/{booking}/quote"
        return cast(Quote, self.sending.send("POST", path, hours_of(window)).json())

    def extend(self, booking: str, ends_at: datetime, quoted_minor: int, key: str) -> BookingMade:
        """A later end, at the quote of `quote_change`."""
        body = {"ends_at": at_of(ends_at), "quoted_minor": quoted_minor}
        return self._changed(booking, "extend", body, key)

    def change_window(
        self, booking: str, window: Window, quoted_minor: int, key: str
    ) -> BookingMade:
        """Before the arrival, at the quote of `quote_change`."""
        body = {**hours_of(window), "quoted_minor": quoted_minor}
        return self._changed(booking, "window", body, key)

    def change_plate(self, booking: str, plate: str, key: str) -> BookingMade:
        """Before the arrival."""
        return self._changed(booking, "plate", {"plate": plate}, key)

    def cancel(self, booking: str, tag: str = "") -> BookingMade:
        """Twice is once. `tag`: only if the booking still is as it was read."""
        told = {"if_match": tag} if tag else {}
        found = self.sending.post(f"{V1}/bookings/{booking}/cancel", {}, **told)
        return cast(BookingMade, found)

    def space_taken(self, booking: str, wants: Literal["space", "refund"], key: str) -> Helped:
        """Someone is in the booked space: the next best one at no extra cost, or the money back."""
        path = f"{V1}/bookings/{booking}/space-taken"
        return cast(Helped, self.sending.post(path, {"wants": wants}, key))

    def _changed(self, booking: str, what: str, body: dict[str, Any], key: str) -> BookingMade:
        return cast(BookingMade, self.sending.post(f"{V1}/bookings/{booking}/{what}", body, key))
