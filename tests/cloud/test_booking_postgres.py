"""Where PostgreSQL's EXCLUDE decides: another program books while a story is under way."""

import threading
from collections.abc import Callable

import psycopg
import pytest

from cloud.tables import Booking
from firmware_sim.client import wait_for
from tests.cloud.booking_rig import book, booked, change, code, held, hours, market, now
from tests.cloud.postgres import Server
from tests.cloud.rig import Rig

SOON_S = 20.0
HOUR_MS = 3_600_000
TWIN = f"""INSERT INTO booking SELECT (jsonb_populate_record(b, jsonb_build_object(
  'id', 'b-x', 'request_key', 'x', 'grant', 'g-x',
  'starts_ms', starts_ms + {4 * HOUR_MS}, 'ends_ms', ends_ms + {4 * HOUR_MS}))).* FROM booking b"""
WAITS = "SELECT count(*) FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted"
Wish = Callable[[Rig, Booking], object]


def anew(rig: Rig, _booking: Booking) -> object:
    return book(rig, hours(5, 6), 600, "k2")


def later(rig: Rig, booking: Booking) -> object:
    return change(rig, booking, hours(5, 6), 600)


@pytest.mark.parametrize("wish", [anew, later])
def test_what_another_program_books_meanwhile_is_an_overlap_and_no_failure(
    server_rig: Rig, server: Server, wish: Wish
) -> None:
    rig, told = server_rig, list[object]()
    market(rig)
    booking = booked(rig, hours(1, 2), 600)
    before = now(rig, booking).model_dump()
    with (
        psycopg.connect(server.url("cloud", "admin"), autocommit=True) as admin,
        psycopg.connect(server.url("cloud")) as other,
    ):
        other.execute(TWIN)
        ours = threading.Thread(target=lambda: told.append(wish(rig, booking)))
        ours.start()
        wait_for("EXCLUDE", lambda: admin.execute(WAITS).fetchone() == (1,), SOON_S)
        other.commit()
        ours.join(SOON_S)
    assert code(told[0]) == "overlap"
    assert (now(rig, booking).model_dump(), held(rig)) == (before, 600)
