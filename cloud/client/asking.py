"""What anyone may read, and what whoever is signed in may.

Times are aware; money is whole minor units.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, cast

import httpx

from cloud.client.events import events
from cloud.client.problem import problem_of
from cloud.client.sending import TRIES, Sending, wait
from cloud.client.shapes import (
    AccountShape,
    Balance,
    BookingShape,
    KindShape,
    LotRow,
    LotShape,
)
from cloud.client.shapes_asked import NewContact, NewDispute
from cloud.client.shapes_cases import AppealShape, DisputeShape, TrustShape
from cloud.client.shapes_feed import OccupancyShape, PlaceShape, RateShape, SpaceCollection
from cloud.client.shapes_market import ContactShape, NoticeShape
from cloud.client.shapes_paid import ChargeShape, CreditShape
from contracts.ledger.pricing import Window
from contracts.wire.types import format_instant

V1, FEED = "/api/v1", "/v1/parking"
PAGE = 100
TIMEOUT_S = 20.0
Pause = Callable[[float], None]


class Anyone:
    """`http`: where the API is, such as http://127.0.0.1:8000; `key`: the access key, or none."""

    def __init__(
        self, http: httpx.Client | str, key: str = "", tries: int = TRIES, pause: Pause = wait
    ) -> None:
        if isinstance(http, str):
            http = httpx.Client(base_url=http, timeout=TIMEOUT_S)
        self.sending = Sending(http, key, tries, pause)

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

    def charges_of(self, booking: str) -> list[ChargeShape]:
        return cast(list[ChargeShape], self.sending.get(f"{V1}/bookings/{booking}/charges"))

    def credits_of(self, booking: str) -> list[CreditShape]:
        return cast(list[CreditShape], self.sending.get(f"{V1}/bookings/{booking}/credits"))

    def credit_file(self, booking: str, number: int) -> str:
        """The text that berth-verify reads."""
        return self.sending.send("GET", f"{V1}/bookings/{booking}/credits/{number}").text

    def document_kinds(self) -> list[KindShape]:
        """Which papers an owner may be asked for."""
        return cast(list[KindShape], self.sending.get(f"{V1}/document-kinds"))

    def places(self) -> Iterator[PlaceShape]:
        return self.sending.rows(f"{FEED}/places", PAGE)

    def occupancies(self) -> Iterator[OccupancyShape]:
        return self.sending.rows(f"{FEED}/occupancies", PAGE)

    def rates(self) -> Iterator[RateShape]:
        return self.sending.rows(f"{FEED}/rates", PAGE)

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


class SignedIn(Anyone):
    """One's own account: money, notices, disputes, trust."""

    def account(self) -> AccountShape:
        return cast(AccountShape, self.sending.get(f"{V1}/account"))

    def balance(self) -> Balance:
        return cast(Balance, self.sending.get(f"{V1}/balance"))

    def credits(self) -> Iterator[CreditShape]:
        """What was paid back to or by the account, newest first."""
        return self.sending.rows(f"{V1}/credits", PAGE)

    def charges(self) -> Iterator[ChargeShape]:
        """What was due without a stay, newest first."""
        return self.sending.rows(f"{V1}/charges", PAGE)

    def notices(self) -> list[NoticeShape]:
        return cast(list[NoticeShape], self.sending.get(f"{V1}/notices"))

    def contact(self) -> ContactShape:
        return cast(ContactShape, self.sending.get(f"{V1}/notices/contact"))

    def set_contact(self, contact: NewContact) -> ContactShape:
        return cast(ContactShape, self.sending.post(f"{V1}/notices/contact", contact))

    def open_dispute(self, dispute: NewDispute, key: str) -> DisputeShape:
        """`stay` is the number that the booking tells; `key` as for a booking."""
        return cast(DisputeShape, self.sending.post(f"{V1}/disputes", dispute, key))

    def disputes(self) -> list[DisputeShape]:
        return cast(list[DisputeShape], self.sending.get(f"{V1}/disputes"))

    def dispute(self, dispute: str) -> DisputeShape:
        return cast(DisputeShape, self.sending.get(f"{V1}/disputes/{dispute}"))

    def withdraw_dispute(self, dispute: str) -> DisputeShape:
        return cast(DisputeShape, self.sending.post(f"{V1}/disputes/{dispute}/withdrawal", {}))

    def trust(self) -> TrustShape:
        return cast(TrustShape, self.sending.get(f"{V1}/trust"))

    def appeal(self, event: int, text: str) -> AppealShape:
        """`event`: number of a reason of one's trust."""
        return cast(AppealShape, self.sending.post(f"{V1}/trust/{event}/appeal", {"text": text}))


def hours_of(window: Window) -> dict[str, str]:
    return {"starts_at": at_of(window.starts_at), "ends_at": at_of(window.ends_at)}


def at_of(at: datetime) -> str:
    return format_instant(at)
