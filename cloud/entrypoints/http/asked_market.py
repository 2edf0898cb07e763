"""What programs may send about a space, a lot, a paper, a dispute, a title."""

from typing import Annotated, Literal

from pydantic import Field

from cloud.core.windows_model import LocalDate
from cloud.entrypoints.http.asked import AnyInstant, Asked, OpenWindow
from cloud.usecases.offer_calendars import MAX_DATES, Calendar

Token = Annotated[str, Field(min_length=1, max_length=200)]
Said = Annotated[str, Field(min_length=1, max_length=400)]
Dates = Annotated[tuple[LocalDate, ...], Field(max_length=MAX_DATES)]
BookingId = Annotated[str, Field(min_length=1, max_length=80)]
About = Literal[
    "space_taken",
    "not_my_car",
    "left_earlier",
    "came_later",
    "wrong_price",
    "broken_evidence",
    "overstay_unconfirmed",
    "damage",
    "other",
]
Assumed = Literal[
    "as_seen",
    "arrival_earliest",
    "arrival_latest",
    "departure_earliest",
    "departure_latest",
    "clock_not_trusted",
    "left_at",
    "came_at",
    "other_booking",
    "not_billed",
]


class AgreedWindow(OpenWindow):
    """`token`: of the plan that was shown."""

    token: Token


class NewClosure(OpenWindow):
    why: Literal["maintenance", "tow", "event", "other"]


class AgreedClosure(NewClosure):
    token: Token


class NewCalendar(Asked):
    country: Annotated[str, Field(max_length=8)] = ""
    subdivision: Annotated[str, Field(max_length=8)] = ""
    extra: Dates = ()
    workdays: Dates = ()

    def calendar(self) -> Calendar:
        return Calendar(self.country, self.subdivision, self.extra, self.workdays)


class NewZone(Asked):
    tz: Annotated[str, Field(min_length=1, max_length=64)]


class Standby(Asked):
    on: bool


class NewContact(Asked):
    channel: Literal["log", "email", "webhook", "apprise"]
    address: Annotated[str, Field(max_length=400)] = ""
    language: Literal["en", "zh"] = "zh"
    secret: Annotated[str, Field(max_length=200)] = ""
    password: Annotated[str, Field(max_length=400)] = ""


class NewDispute(Asked):
    stay: Annotated[int, Field(ge=1, lt=2**31)]
    about: About
    text: Annotated[str, Field(max_length=2000)] = ""


class DisputeDecision(Asked):
    verdict: Literal["rejected", "credit", "bill", "waived", "correction"]
    reason: Said
    amount_minor: Annotated[int, Field(ge=0, lt=2**32)] = 0
    assumption: Assumed | None = None
    at: AnyInstant | None = None


class NewReplay(Asked):
    assumption: Assumed
    at: AnyInstant | None = None
    booking: BookingId | None = None


class Assignment(Asked):
    booking: BookingId
    reason: Said


class AlarmSeen(Asked):
    """`alarm`: its id, as the lot's alarms have it."""

    alarm: Annotated[str, Field(min_length=1, max_length=200)]
    note: Said


class NewAppeal(Asked):
    text: Annotated[str, Field(min_length=1, max_length=2000)]


class AppealDecision(Asked):
    upheld: bool
    reason: Said


class NewHolder(Asked):
    holder: Annotated[str, Field(min_length=1, max_length=120)]
    reason: Annotated[str, Field(min_length=1, max_length=200)]


class Revocation(Asked):
    reason: Annotated[str, Field(min_length=1, max_length=200)]
