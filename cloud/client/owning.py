"""An owner's calls: register a space, send papers, offer hours, take a space back."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, TypedDict, Unpack, cast
from urllib.parse import urlencode

from cloud.client.asking import PAGE, V1, SignedIn, hours_of
from cloud.client.shapes import Cost, OfferMade, OfferShape, RegistrationShape
from cloud.client.shapes_asked import Compensation, OfferedLimits, Price, Schedule
from cloud.client.shapes_market import (
    DocumentShape,
    PlatesShape,
    TakingBackMade,
    TakingBackPlan,
)
from cloud.client.shapes_price import Terms
from contracts.ledger.pricing import Window

Hours = Schedule | Sequence[Window]


class More(TypedDict, total=False):
    """What else an offer may say."""

    terms: Terms
    limits: OfferedLimits
    compensation: Compensation
    name_shown: bool
    token: str


class Owning(SignedIn):
    def register(self, space: str, holder: str, consents: bool, key: str) -> RegistrationShape:
        """`consents`: management and co-owners agree."""
        body = {"space": space, "holder": holder}
        agreed = {"management_consent": consents, "co_owner_consent": consents}
        made = self.sending.post(f"{V1}/registrations", body | agreed, key)
        return cast(RegistrationShape, made)

    def registrations(self) -> Iterator[RegistrationShape]:
        return self.sending.rows(f"{V1}/registrations", PAGE)

    def send_document(
        self, space: str, kind: str, file: bytes, valid_until: date | None = None
    ) -> DocumentShape:
        """`kind`: one of `document_kinds`; PDF, JPEG or PNG. The same file again is the same."""
        asked = {"space": space, "kind": kind}
        if valid_until is not None:
            asked["valid_until"] = valid_until.isoformat()
        headers = {"content-type": "application/octet-stream"}
        path = f"{V1}/documents?{urlencode(asked)}"
        return cast(
            DocumentShape, self.sending.send("POST", path, headers=headers, data=file).json()
        )

    def documents(self) -> list[DocumentShape]:
        return cast(list[DocumentShape], self.sending.get(f"{V1}/documents"))

    def preview_offer(
        self, space: str, hours: Hours, price: Price | int, **more: Unpack[More]
    ) -> Cost:
        """Which bookings the offer would be in the way of; its `token` agrees to the cost."""
        body = _offer(space, hours, price, more)
        return cast(Cost, self.sending.send("POST", f"{V1}/offers/preview", body).json())

    def offer(
        self, space: str, hours: Hours, price: Price | int, key: str, **more: Unpack[More]
    ) -> OfferMade:
        """`hours`: single windows, or a schedule; `price`: of an hour in minor units, or a plan."""
        body = _offer(space, hours, price, more)
        return cast(OfferMade, self.sending.post(f"{V1}/offers", body, key))

    def offers(self) -> Iterator[OfferShape]:
        return self.sending.rows(f"{V1}/offers", PAGE)

    def withdrawal_cost(self, offer: str) -> Cost:
        return cast(Cost, self.sending.get(f"{V1}/offers/{offer}/withdrawal"))

    def withdraw_offer(self, offer: str, token: str | None = None) -> OfferMade:
        """`token`: of the cost, where bookings are in the way."""
        path = f"{V1}/offers/{offer}/withdrawal"
        return cast(OfferMade, self.sending.post(path, {"token": token}))

    def plates(self, space: str) -> PlatesShape:
        return cast(PlatesShape, self.sending.get(f"{V1}/spaces/{space}/plates"))

    def add_plate(self, space: str, plate: str) -> PlatesShape:
        """Of the owner's own car."""
        return cast(PlatesShape, self.sending.post(f"{V1}/spaces/{space}/plates", {"plate": plate}))

    def remove_plate(self, space: str, plate: str) -> PlatesShape:
        path = f"{V1}/spaces/{space}/plates/removal"
        return cast(PlatesShape, self.sending.post(path, {"plate": plate}))

    def plan_taking_back(self, space: str, window: Window) -> TakingBackPlan:
        """What becomes of the bookings, and what it costs; changes nothing."""
        path = f"{V1}/spaces/{space}/taking-back/plan"
        return cast(TakingBackPlan, self.sending.send("POST", path, hours_of(window)).json())

    def take_back(self, space: str, window: Window, token: str, key: str) -> TakingBackMade:
        """As the plan of this token showed it."""
        body = {**hours_of(window), "token": token}
        path = f"{V1}/spaces/{space}/taking-back"
        return cast(TakingBackMade, self.sending.post(path, body, key))

    def export(self, name: str) -> Iterator[str]:
        """Lines of stays, settlements or postings, as CSV."""
        return self._lines(f"{V1}/exports/{name}.csv")


def _offer(space: str, hours: Hours, price: Price | int, more: More) -> dict[str, Any]:
    asked: Any = {"per_hour_minor": price} if isinstance(price, int) else price
    body: dict[str, Any] = {"space": space, "price": asked, **more}
    if isinstance(hours, dict):
        return body | {"schedule": hours}
    return body | {"windows": [hours_of(window) for window in hours]}
