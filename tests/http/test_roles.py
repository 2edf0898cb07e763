"""One table says who may do what: every route is in it, and every route keeps to it."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from sqlmodel import Session

from cloud.adapters.db import Database
from cloud.entrypoints.http.api_paths import operation_of
from cloud.entrypoints.http.roles import ROLES, RULES, TABLE, Keys, guarded
from cloud.offer_tables import SpaceClosure, TakeBack
from cloud.stay_tables import Dispute, TrustEvent
from cloud.tables import Account
from cloud.usecases import owning
from tests.http.rig import STRANGERS, WISH, Front, sent

OWNED = [(where, rule) for where, rule in RULES.items() if rule.own]
EVENT = 777_777
NEVER = "b-00000000000000000000"


def paths(front: Front) -> dict[str, str]:
    """A value for each name in a path, of things that are there."""
    booking = front.booked()
    offer = front.get("/api/v1/offers", "owner").json()[0]["id"]
    registration = front.get("/api/v1/registrations", "owner").json()[0]["id"]
    front.rig.db.write(lambda s: _more(s, front, booking))
    return {
        "booking_id": booking,
        "offer_id": offer,
        "registration_id": registration,
        "lot": "lot-1",
        "space": "S1",
        "space_id": "S1",
        "stay": "1",
        "number": str(front.rig.driver),
        "document_id": sent(front).json()["id"],
        "dispute": "case-1",
        "dispute_id": "case-1",
        "taking_back_id": "back-1",
        "closure": "back-1",
        "event_id": str(EVENT),
        "earlier": "1",
        "later": "1",
    }


def _more(session: Session, front: Front, booking: str) -> None:
    """A dispute of the driver's, a taking back and a trust event of the owner's."""
    owner, now_ms = front.rig.owner, front.rig.now_ms
    case = Dispute(
        id="case-1",
        booking=booking,
        opened_by=front.rig.driver,
        role="driver",
        about="other",
        opened_ms=now_ms,
    )
    times = {"starts_ms": now_ms, "ends_ms": now_ms + 1, "made_ms": now_ms}
    back = TakeBack(
        id="back-1", space="S3", owner=owner, token="t", plan="{}", compensation_minor=0, **times
    )
    shut = SpaceClosure(id="back-1", space="S3", reason="owner", by_account=owner, **times)
    session.add_all([case, back, shut])
    session.flush()
    about = f"booking:{booking}"
    session.add(
        TrustEvent(number=EVENT, account=owner, code="took_back", about=about, at_ms=now_ms)
    )


def routes(app: FastAPI) -> Iterator[APIRoute]:
    waiting: list[Any] = list(app.routes)
    while waiting:
        route = waiting.pop()
        if isinstance(route, APIRoute):
            yield route
        inner = getattr(route, "original_router", None)
        waiting += inner.routes if isinstance(inner, APIRouter) else []


def test_every_operation_of_the_description_is_in_the_table_and_every_row_is_served(
    front: Front,
) -> None:
    served = {
        (method.upper(), path)
        for path, item in front.app.openapi()["paths"].items()
        for method in item
    }
    assert served == set(RULES)


def test_no_row_of_the_table_hides_another() -> None:
    assert len(TABLE.split("\n")) - TABLE.count("\n\n") - 2 == len(RULES)


def test_every_route_that_programs_may_ask_has_its_rule(front: Front) -> None:
    found = {operation_of(route) for route in routes(front.app) if route.include_in_schema}
    assert len(found) > 30
    assert found == set(RULES)


def test_a_route_without_a_rule_cannot_be_made(front: Front) -> None:
    router = APIRouter(route_class=guarded(Keys(front.rig.db, front.ticks.now_s)))
    with pytest.raises(KeyError):
        router.get("/api/v1/everything")(lambda: {})


@pytest.mark.parametrize("where", RULES, ids=lambda w: f"{w[0]} {w[1]}")
def test_every_route_lets_in_whom_the_table_names_and_nobody_else(
    front: Front, where: tuple[str, str]
) -> None:
    shared = front
    method, path = where
    rule = RULES[where]
    asked = path.format(**paths(shared))
    for who in ("", *ROLES):
        answer = shared.http.request(method, asked, headers=shared.headers(who))
        if not rule.roles:
            assert answer.status_code not in (401, 403), (who, answer.text)
        elif not who:
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthorised")
        elif who in rule.roles:
            assert answer.status_code not in (401, 403), (who, answer.text)
        else:
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), who


@pytest.mark.parametrize("where", [w for w, _ in OWNED], ids=lambda w: f"{w[0]} {w[1]}")
def test_what_belongs_to_another_is_answered_as_what_is_not_there(
    front: Front, where: tuple[str, str]
) -> None:
    shared = front
    method, path = where
    rule, values = RULES[where], paths(shared)
    name = f"{rule.own}_id"
    never = "999999" if rule.own == "event" else NEVER
    stranger = next(s for s in STRANGERS if s.removeprefix("other_") in rule.roles)
    headers = shared.headers(stranger)
    theirs = shared.http.request(method, path.format(**values), headers=headers)
    nothing = shared.http.request(method, path.format(**values | {name: never}), headers=headers)
    assert theirs.status_code == nothing.status_code == 404
    assert theirs.text.replace(values[name], never) == nothing.text
    allowed = shared.http.request(
        method, path.format(**values), headers=shared.headers(stranger.removeprefix("other_"))
    )
    # Its owner is let through, to be told what else the request lacks.
    assert allowed.status_code in (200, 409, 422), allowed.text


def test_a_stranger_who_cancels_changes_nothing(front: Front) -> None:
    booking = front.booked()
    assert front.post(f"/api/v1/bookings/{booking}/cancel", "other_driver").status_code == 404
    assert front.row(booking).state == "confirmed"


@pytest.mark.parametrize("path", ["registrations", "offers", "bookings", "credits"])
def test_a_list_holds_the_callers_own_and_the_operators_all(shared: Front, path: str) -> None:
    shared.booked()
    role = "driver" if path in ("bookings", "credits") else "owner"
    mine = shared.get(f"/api/v1/{path}", role).json()
    others = shared.get(f"/api/v1/{path}", f"other_{role}").json()
    assert others == []
    assert all(row in shared.get(f"/api/v1/{path}", "operator").json() for row in mine)
    assert bool(mine) == (path != "credits")


def test_every_object_rule_finds_its_owner_and_nothing_else(front: Front) -> None:
    values = paths(front)
    numbers = {"booking": front.rig.driver, "offer": front.rig.owner}
    for name in ("registration", "space", "document", "taking_back", "event"):
        numbers[name] = front.rig.owner
    both = {front.rig.driver, front.rig.owner}
    for name, (_, find) in owning.OWNERS.items():
        key = values[f"{name}_id"]
        assert front.rig.db.read(lambda s, f=find, k=key: f(s, k)) == (
            both if name == "dispute" else {numbers[name]}
        )
        assert front.rig.db.read(lambda s, f=find: f(s, NEVER)) is None


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic key of driver", "key of driver"])
def test_a_key_that_is_not_shown_as_one_is_none(shared: Front, header: str) -> None:
    answer = shared.http.get("/api/v1/balance", headers={"authorization": header})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_who_may_not_is_told_before_the_body_is_read(shared: Front) -> None:
    headers = shared.headers("owner") | {"content-type": "application/json"}
    answer = shared.http.post("/api/v1/bookings", content=b"{", headers=headers)
    assert answer.status_code == 403


class Counted(Database):
    reads = 0

    def read(self, story: Any) -> Any:
        self.reads += 1
        return super().read(story)


def test_a_known_key_is_looked_up_again_only_after_a_while(front: Front) -> None:
    db = Counted(front.rig.folder / "cloud.sqlite")
    keys = Keys(db, front.ticks.now_s)

    async def looked_up() -> int:
        found: Account = await keys.account("Bearer key of driver")
        assert found.number == front.rig.driver
        return db.reads

    assert [asyncio.run(looked_up()) for _ in range(3)] == [1, 1, 1]
    front.ticks.at_s += 11
    assert asyncio.run(looked_up()) == 2


def test_a_driver_cannot_book_in_anothers_name(front: Front) -> None:
    booking = front.booked()
    again = front.post("/api/v1/bookings", "other_driver", WISH, idempotency_key="first-key")
    assert again.json()["code"] == "overlap"
    assert front.row(booking).driver == front.rig.driver
