"""One table says who may do what: every route is in it, and every route keeps to it."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from cloud.adapters.db import Database
from cloud.entrypoints.http.api_paths import operation_of
from cloud.entrypoints.http.callers import Keys, guarded
from cloud.entrypoints.http.roles import RULES, TABLE
from cloud.tables import Account
from tests.http.rig import WISH, Front


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
    router = APIRouter(route_class=guarded(Keys(front.rig.db, front.ticks.now_s, front.rig.clock)))
    with pytest.raises(KeyError):
        router.get("/api/v1/everything")(lambda: {})


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
    keys = Keys(db, front.ticks.now_s, front.rig.clock)

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
