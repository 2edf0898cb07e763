"""The client for drivers' apps, over the real API: typed answers, typed problems, bounded tries."""

import ast
import json
from collections.abc import Callable
from datetime import timedelta
from itertools import islice
from pathlib import Path

import httpx
import pytest

from cloud import client as package
from cloud.client import Client, Problem, Unreachable
from cloud.client.events import events
from cloud.client.sending import FIRST_WAIT_S, MAX_KEPT, MAX_WAIT_S, TRIES, Sending
from cloud.client.shapes_asked import OfferedLimits
from contracts.ledger.pricing import Window
from contracts.ledger.receipt import verify
from contracts.wire.types import parse_instant
from tests.cloud.test_stays import park
from tests.contracts.making import at
from tests.http.rewrite import ROOT, texts
from tests.http.rig import Front

WINDOW = Window(starts_at=at(60), ends_at=at(3660))
PLACE = (31.2304, 121.4737)
Answer = Callable[[httpx.Request], httpx.Response]


def person(front: Front, who: str = "") -> Client:
    return Client(front.http, front.keys.get(who, ""), pause=lambda _: None)


def test_a_driver_asks_books_follows_and_cancels(front: Front) -> None:
    driver = person(front, "driver")
    found = driver.ask(PLACE, WINDOW)["recommendations"][0]
    made = driver.book(found["space"], WINDOW, "沪A12345", found["quoted_minor"], "a key of my own")
    again = driver.book("S1", WINDOW, "沪A12345", found["quoted_minor"], "a key of my own")
    assert again["id"] == made["id"]
    assert [row["id"] for row in driver.bookings()] == [made["id"]]
    assert driver.balance()["held_minor"] == found["quoted_minor"]
    view = next(driver.watch_booking(made["id"]))
    assert view == driver.booking(made["id"])
    assert driver.cancel(made["id"])["state"] == "cancelled"
    assert driver.balance()["held_minor"] == 0


def test_an_owner_registers_and_offers(front: Front) -> None:
    owner = person(front, "owner")
    assert owner.account()["role"] == "owner"
    made = owner.register("S2", "王伟", consents=True, key="register-S2")
    front.rig.sweeps.drive()
    shared = {row["id"]: row["status"] for row in owner.registrations()}
    assert shared[made["id"]] == "shared"
    low: OfferedLimits = {"max_height_cm": 200}
    offered = owner.offer("S2", [WINDOW], 500, "offer-of-S2", limits=low)
    assert owner.offer("S2", [WINDOW], 500, "offer-of-S2", limits=low) == offered
    assert {rate["rateTableName"][0]["string"] for rate in owner.rates()} == {
        "Space S1",
        "Space S2",
    }


def test_the_receipt_that_the_client_reads_verifies(front: Front) -> None:
    from contracts.ledger.receipt import Receipt

    booking = park(front.rig)
    front.rig.settle()
    front.rig.sweeps.drive()
    front.rig.settle()
    receipt = Receipt.model_validate_json(person(front).receipt(booking))
    assert all(link.ok for link in verify(receipt))
    assert person(front).credits_of(booking) == []


def test_a_refusal_is_raised_with_its_reasons_in_two_languages(front: Front) -> None:
    with pytest.raises(Problem) as refused:
        person(front, "driver").book("S1", WINDOW, "沪A12345", 1, "a key of my own")
    problem = refused.value
    assert (problem.status, problem.code, problem.codes) == (
        409,
        "price_changed",
        ("price_changed",),
    )
    assert "no longer" in problem.say() and "价格" in problem.say("zh-CN")


def test_lots_spaces_and_the_feed_are_read_by_anyone(front: Front) -> None:
    anyone = person(front)
    assert [lot["id"] for lot in anyone.lots()] == ["lot-1"]
    assert len(anyone.lot("lot-1")["spaces"]) == 5
    assert next(anyone.watch_lot("lot-1"))["id"] == "lot-1"
    assert anyone.spaces("lot-1")["features"][0]["id"] == "S1"
    assert [place["supplyQuantity"] for place in anyone.places()] == [5]
    assert [row["unobserved"] for row in anyone.occupancies()] == [2]


def test_a_stream_or_an_export_that_is_not_there_is_a_problem_too(front: Front) -> None:
    with pytest.raises(Problem) as missing:
        next(person(front).watch_booking("b-none"))
    assert missing.value.status == 404
    with pytest.raises(Problem) as refused:
        list(person(front, "driver").export("stays"))
    assert refused.value.code == "forbidden"
    assert next(person(front, "operator").export("stays")).startswith("stay,")


def test_every_page_is_read_and_only_when_it_is_needed(front: Front) -> None:
    asked: list[str] = []
    rows = [{"id": f"lot-{n}"} for n in range(5)]

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url.query))
        begin = int(request.url.params.get("cursor", 0))
        more = f'</api/v1/lots?limit=2&cursor={begin + 2}>; rel="next"'
        headers = {"link": more} if begin + 2 < len(rows) else {}
        return httpx.Response(200, json=rows[begin : begin + 2], headers=headers)

    sending = Sending(httpx.Client(transport=httpx.MockTransport(answer), base_url="http://api"))
    found = sending.rows("/api/v1/lots", 2)
    assert [row["id"] for row in islice(found, 2)] == ["lot-0", "lot-1"]
    assert len(asked) == 1
    assert [row["id"] for row in found] == ["lot-2", "lot-3", "lot-4"]
    assert len(asked) == 3


class Flaky:
    """Answers as told, one after the other, and counts."""

    def __init__(self, *answers: int | Exception, **headers: str) -> None:
        self.answers, self.headers, self.asked = list(answers), headers, 0
        self.paused: list[float] = []

    def __call__(self, _request: httpx.Request) -> httpx.Response:
        self.asked += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        told = {name.replace("_", "-"): value for name, value in self.headers.items()}
        return httpx.Response(answer, json={"number": 1}, headers=told)

    def client(self) -> Client:
        http = httpx.Client(transport=httpx.MockTransport(self), base_url="http://api")
        return Client(http, "key", pause=self.paused.append)


LOST = httpx.ConnectError("no route")


def test_what_may_be_sent_again_is_so_often_and_no_more() -> None:
    flaky = Flaky(LOST, 503, 200)
    assert flaky.client().account()["number"] == 1
    assert (flaky.asked, flaky.paused) == (3, [FIRST_WAIT_S, 2 * FIRST_WAIT_S])
    hopeless = Flaky(*[LOST] * (TRIES + 1))
    with pytest.raises(Unreachable):
        hopeless.client().book("S1", WINDOW, "沪A12345", 600, "a key of my own")
    assert hopeless.asked == TRIES


def test_what_has_no_key_is_never_sent_twice() -> None:
    for flaky in (Flaky(LOST, 200), Flaky(503, 200)):
        with pytest.raises((Unreachable, Problem)):
            flaky.client().cancel("b-1")
        assert flaky.asked == 1


def test_a_refusal_is_not_tried_again() -> None:
    flaky = Flaky(409, 200)
    with pytest.raises(Problem) as refused:
        flaky.client().account()
    assert (flaky.asked, refused.value.code) == (1, "not_ours")


@pytest.mark.parametrize(("said", "waits_s"), [("3", 3.0), ("9999", MAX_WAIT_S), ("soon", 0.2)])
def test_the_server_says_how_long_to_wait_within_a_bound(said: str, waits_s: float) -> None:
    flaky = Flaky(429, 200, retry_after=said)
    flaky.client().account()
    assert flaky.paused == [waits_s]


def test_an_unchanged_answer_is_sent_once(front: Front) -> None:
    sizes: list[int] = []
    front.http.event_hooks["response"].append(lambda answer: sizes.append(answer.status_code))
    anyone = person(front)
    booking = front.booked()
    first = anyone.booking(booking)
    assert anyone.booking(booking) == first
    assert sizes[-2:] == [200, 304]
    person(front, "driver").cancel(booking)
    assert anyone.booking(booking)["state"] == "cancelled"


def test_so_many_answers_are_kept_and_no_more() -> None:
    flaky = Flaky(*[200] * (MAX_KEPT + 5), etag='"1"')
    client = flaky.client()
    for number in range(MAX_KEPT + 5):
        client.lot(f"lot-{number}")
    assert len(client.sending.kept) == MAX_KEPT


def test_events_are_read_whatever_stands_between_them() -> None:
    lines = [": berth", "retry: 1000", "", "event: state", 'data: {"a":', "data: 1}", ""]
    lines += ["event: beat", "data: 5", "", "data: 7", "", "event: cut off", "data: 1"]
    assert list(events(lines)) == [("state", {"a": 1}), ("beat", 5), ("message", 7)]


def test_the_client_stands_on_its_own_and_on_contracts() -> None:
    for path in Path(package.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [name.name for name in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                assert name.startswith("cloud.client") or not name.startswith(
                    ("cloud", "edge", "firmware_sim")
                ), f"{path.name}: {name}"


def test_description_and_types_are_what_the_routes_say() -> None:
    """`python -m tests.http.rewrite` writes them again."""
    for name, text in texts().items():
        assert (ROOT / name).read_text("utf-8") == text, name


def test_times_are_sent_in_utc(front: Front) -> None:
    made = person(front, "driver").book("S1", WINDOW, "沪A12345", 600, "a key of my own")
    view = person(front).booking(made["id"])
    assert parse_instant(view["starts_at"]) == WINDOW.starts_at
    assert WINDOW.ends_at - WINDOW.starts_at == timedelta(hours=1)
    assert json.dumps(view, ensure_ascii=False).count("沪A12345") == 0
