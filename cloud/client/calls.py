"""The API's operations as methods. Times are aware; money is whole minor units."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, cast

import httpx

from cloud.client.events import events
from cloud.client.problem import problem_of
from cloud.client.sending import TRIES, Sending, wait
from cloud.client.shapes import (
    AccountShape,
    Balance,
    BookingMade,
    BookingRow,
    BookingShape,
    CreditShape,
    LotRow,
    LotShape,
    OfferMade,
    RegistrationShape,
)
from cloud.client.shapes_feed import OccupancyShape, PlaceShape, RateShape, SpaceCollection
from cloud.client.shapes_market import Recommendations
from contracts.ledger.pricing import Window
from contracts.wire.types import format_instant

V1, FEED = "/api/v1", "/v1/parking"
PAGE = 100
TIMEOUT_S = 20.0
Pause = Callable[[float], None]


class Client:
    """`http`: where the API is, such as httpx.Client(base_url=...); `key`: the access key."""

    def __init__(
        self, http: httpx.Client | str, key: str = "", tries: int = TRIES, pause: Pause = wait
    ) -> None:
        if isinstance(http, str):
            http = httpx.Client(base_url=http, timeout=TIMEOUT_S)
        self.sending = Sending(http, key, tries, pause)

    # Anyone

    def lots(self) -> Iterator[LotRow]:
        return self.sending.rows(f"{V1}/lots", PAGE)

    def lot(self, lot: str) -> LotShape:
        return cast(LotShape, self.sending.get(f"{V1}/lots/{lot}"))

    def spaces(self, lot: str) -> SpaceCollection:
        return cast(SpaceCollection, self.sending.get(f"{V1}/lots/{lot}/spaces.geojson"))

    def watch_lot(self, lot: str) -> Iterator[LotShape]:
        """The lot whenever it changes, until the server ends the stream."""
        return self._watch(f"{V1}/lots/{lot}/stream")

    def booking(self, booking: str) -> BookingShape:
        return cast(BookingShape, self.sending.get(f"{V1}/bookings/{booking}"))

    def watch_booking(self, booking: str) -> Iterator[BookingShape]:
        return self._watch(f"{V1}/bookings/{booking}/stream")

    def receipt(self, booking: str) -> str:
        """The text that berth-verify reads; Problem 404 while there is none."""
        return self.sending.send("GET", f"{V1}/bookings/{booking}/receipt").text

    def credits_of(self, booking: str) -> list[CreditShape]:
        return cast(list[CreditShape], self.sending.get(f"{V1}/bookings/{booking}/credits"))

    def places(self) -> Iterator[PlaceShape]:
        return self.sending.rows(f"{FEED}/places", PAGE)

    def occupancies(self) -> Iterator[OccupancyShape]:
        return self.sending.rows(f"{FEED}/occupancies", PAGE)

    def rates(self) -> Iterator[RateShape]:
        return self.sending.rows(f"{FEED}/rates", PAGE)

    # Whoever is signed in

    def account(self) -> AccountShape:
        return cast(AccountShape, self.sending.get(f"{V1}/account"))

    def balance(self) -> Balance:
        return cast(Balance, self.sending.get(f"{V1}/balance"))

    # Drivers

    def ask(
        self,
        place: tuple[float, float],
        window: Window,
        height_cm: int | None = None,
        **more: Any,
    ) -> Recommendations:
        """`place`: degrees north and east. `more`: vehicle and entrance, as the operation has."""
        body = {"lat": place[0], "lon": place[1], "height_cm": height_cm, **_hours(window), **more}
        found = self.sending.send("POST", f"{V1}/requests", body)
        return cast(Recommendations, found.json())

    def book(
        self, space: str, window: Window, plate: str, quoted_minor: int, key: str
    ) -> BookingMade:
        """`key`: chosen by the caller and kept until there is an answer; the same again is one."""
        body = {"space": space, "plate": plate, "quoted_minor": quoted_minor, **_hours(window)}
        return cast(BookingMade, self.sending.post(f"{V1}/bookings", body, key))

    def bookings(self) -> Iterator[BookingRow]:
        return self.sending.rows(f"{V1}/bookings", PAGE)

    def cancel(self, booking: str, tag: str = "") -> BookingMade:
        """Twice is once. `tag`: only if the booking still is as it was read."""
        told = {"if_match": tag} if tag else {}
        found = self.sending.post(f"{V1}/bookings/{booking}/cancel", {}, **told)
        return cast(BookingMade, found)

    # Owners

    def register(self, space: str, holder: str, consents: bool, key: str) -> RegistrationShape:
        """`consents`: management and co-owners agree."""
        body = {"space": space, "holder": holder}
        agreed = {"management_consent": consents, "co_owner_consent": consents}
        made = self.sending.post(f"{V1}/registrations", body | agreed, key)
        return cast(RegistrationShape, made)

    def registrations(self) -> Iterator[RegistrationShape]:
        return self.sending.rows(f"{V1}/registrations", PAGE)

    def offer(
        self, space: str, windows: Sequence[Window], per_hour_minor: int, key: str, **more: Any
    ) -> OfferMade:
        """`more`: what else the operation takes, such as terms."""
        hours = [_hours(window) for window in windows]
        body = {"space": space, "windows": hours, "price": {"per_hour_minor": per_hour_minor}}
        return cast(OfferMade, self.sending.post(f"{V1}/offers", body | more, key))

    def export(self, name: str) -> Iterator[str]:
        """Lines of stays, settlements or postings, as CSV."""
        return self._lines(f"{V1}/exports/{name}.csv")

    def _watch(self, path: str) -> Iterator[Any]:
        for name, value in events(self._lines(path)):
            if name == "state":
                yield value

    def _lines(self, path: str) -> Iterator[str]:
        with self.sending.http.stream("GET", path, headers=self.sending.signed()) as answer:
            if not answer.is_success:
                answer.read()
                raise problem_of(answer)
            yield from answer.iter_lines()


def _hours(window: Window) -> dict[str, str]:
    return {"starts_at": _at(window.starts_at), "ends_at": _at(window.ends_at)}


def _at(at: datetime) -> str:
    return format_instant(at)
