"""The gateway's own page: what a phone, Prometheus and a monitor get."""

import http.client
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.adapters.page import CONNECTION_S, MAX_CONNECTIONS, PageServer
from edge.core.health import ChannelState
from edge.core.live import SpaceView, Told
from edge.core.promises import Promise
from edge.errors import PageUnusable
from edge.page.drawing import trail
from edge.page.metrics import metrics
from edge.page.render import page
from edge.page.snapshot import Snapshot
from edge.page.words import WORDS, language
from edge.ports import Machine

AT = datetime(2026, 5, 1, 8, 30, tzinfo=UTC)
NS = 1_000_000_000


def view(**changes: object) -> SpaceView:
    told = Told("arrival", AT, "occupied")
    base = SpaceView("S1", "occupied", told, True, 0.84, 62.1, 14.2, (2.3, None, 0.84), (0.1, 14.2))
    return replace(base, **changes)  # type: ignore[arg-type]


def state(name: str = "us0", fault: str | None = None, space: str | None = "S1") -> ChannelState:
    return ChannelState(name, space, fault, None if fault is None else NS, 2 * NS, 120)


def snapshot(**changes: object) -> Snapshot:
    base = Snapshot(
        gateway="gw-1",
        version="0.1.0",
        at=AT,
        clock="synced",
        connected=True,
        waiting=2,
        mono_ns=60 * NS,
        real_s=100.0,
        machine=Machine(27_000, 48.5, 9.5),
        spaces=(view(),),
        channels=(state(), state("mag0", "bus")),
        passes={"S1": 7},
        promises={"S1": (Promise("It cannot tell a motorbike.", "无法识别摩托车。"),)},
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def test_the_page_shows_state_by_letter_word_and_colour_and_every_fault_with_its_remedy() -> None:
    said = page(snapshot(), "en", stale=False)
    assert 'class="space occupied"' in said
    assert '<b class="mark" aria-hidden="true">O</b>S1 <span>occupied</span>' in said
    assert "0.84 m" in said and "62.1 µT · change 14.2 µT" in said
    assert "The magnetometer does not answer on its bus." in said
    assert "Check its four wires" in said
    assert "Vehicles that went by" in said and "a motorbike" in said
    assert "9.5 MB a day" in said


def test_the_page_is_all_chinese_when_asked() -> None:
    said = page(snapshot(), "zh", stale=True)
    assert '<html lang="zh">' in said
    assert "占" in said and "磁力计在总线上没有响应。" in said and "无法识别摩托车。" in said
    for en, zh in WORDS.values():
        assert zh == en or len(en) < 12 or en not in said


def test_before_the_first_reading_nothing_is_called_well() -> None:
    waiting = replace(state(), good_ns=None)
    said = page(snapshot(channels=(waiting, state("us1"))), "en", stale=False)
    assert "All sensors measure." not in said
    assert said.count("waiting for a first reading") == 2


def test_the_page_renews_itself_by_its_script_or_where_there_is_none_by_itself() -> None:
    said = page(snapshot(), "en", stale=False)
    assert '<script src="refresh.js" defer></script>' in said
    assert said.count('http-equiv="refresh"') == 1
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in said


@pytest.mark.parametrize(
    ("passed_s", "en", "zh"),
    [
        (0, "0 s", "0 秒"),
        (119, "119 s", "119 秒"),
        (120, "2 min", "2 分钟"),
        (7200, "2 h", "2 小时"),
    ],
)
def test_broker_and_cloud_are_two_things(passed_s: int, en: str, zh: str) -> None:
    taken = snapshot(acked_s=100.0 - passed_s)
    said = page(taken, "en", stale=False)
    assert "<span>Broker</span> <span>connected</span>" in said
    assert f"<span>Cloud</span> <span>last acknowledged {en} ago</span>" in said
    assert f"上次确认于 {zh}前" in page(taken, "zh", stale=False)


def test_a_cloud_that_says_nothing_and_a_clock_that_is_not_set_are_told_with_the_remedy() -> None:
    said = page(snapshot(clock="unsynced"), "en", stale=False)
    assert "has acknowledged nothing since the start" in said
    assert "not synchronised" in said and "timedatectl" in said
    assert "timedatectl" not in page(snapshot(), "en", stale=False)


def test_all_well_is_said_and_an_unfinished_start_too() -> None:
    assert "All sensors measure." in page(snapshot(channels=(state(),)), "en", stale=False)
    assert "is starting" in page(None, "en", stale=False)


def test_an_old_snapshot_and_safe_mode_are_told_loudly() -> None:
    said = page(snapshot(safe_mode=True), "en", stale=True)
    assert said.count('role="alert"') == 2
    assert "check-config" in said


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_name_can_break_out_of_the_page_or_the_metrics(name: str, space: str) -> None:
    evil = f"<script>{name}"
    shown = snapshot(
        gateway=evil, spaces=(view(space=evil),), channels=(state(evil, "martians", space),)
    )
    assert page(shown, "en", stale=False).count("<script") == 1
    for line in metrics(shown).split("\n")[:-1]:
        assert line.startswith(("# ", "berth_"))


def test_metrics_tell_safe_mode_faults_by_name_and_how_long_nothing_was_acknowledged() -> None:
    lines = metrics(snapshot(acked_s=88.0, safe_mode=True)).splitlines()
    assert "berth_ack_age_seconds 12" in lines
    assert "berth_safe_mode 1" in lines
    assert 'berth_sensor_fault{channel="mag0",fault="bus"} 1' in lines
    assert not [it for it in metrics(snapshot()).splitlines() if "ack_age" in it]


def test_metrics_are_as_prometheus_reads_them() -> None:
    lines = metrics(snapshot()).splitlines()
    assert 'berth_space_occupancy{space="S1",occupancy="occupied"} 1' in lines
    assert 'berth_sensor_well{channel="mag0",space="S1"} 0' in lines
    assert 'berth_space_passes_total{space="S1"} 7' in lines
    assert "berth_events_waiting 2" in lines
    names = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(names) == len(set(names))


def test_a_trail_has_gaps_where_nothing_was_measured() -> None:
    assert trail([1.0, 2.0, None, 3.0, 9.0], 4.0, "x").count("<polyline") == 2
    assert trail([None], 4.0, "x").count("<polyline") == 0
    assert trail([None, 1.0], 4.0, "x").count("<polyline") == 1


@pytest.mark.parametrize(
    ("query", "accept", "expected"),
    [("", "zh-CN,zh;q=0.9", "zh"), ("", "de", "en"), ("en", "zh", "en"), ("zh", "", "zh")],
)
def test_the_language_is_the_one_asked_for(query: str, accept: str, expected: str) -> None:
    assert language(query, accept) == expected


class Served:
    def __init__(self) -> None:
        self.snapshot: Snapshot | None = snapshot()
        self.real_s = 101.0
        self.server = PageServer("127.0.0.1", 0, lambda: self.snapshot, lambda: self.real_s)

    def get(self, path: str, method: str = "GET") -> tuple[int, str, http.client.HTTPResponse]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        try:
            connection.request(method, path)
            response = connection.getresponse()
            return response.status, response.read().decode(), response
        finally:
            connection.close()


@pytest.fixture
def served() -> Iterator[Served]:
    found = Served()
    yield found
    found.server.close()


def test_page_style_metrics_and_health_are_served_and_nothing_else(served: Served) -> None:
    for path, piece in (
        ("/", "<!doctype html>"),
        ("/?lang=zh", "网关"),
        ("/style.css", "prefers-color-scheme"),
        ("/refresh.js", "details[open]"),
        ("/metrics", "berth_events_waiting 2"),
        ("/healthz", '{"ok": true}'),
    ):
        status, said, response = served.get(path)
        assert (status, piece in said) == (200, True)
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert served.get("/../gateway.key")[0] == 404
    assert served.get("/", method="POST")[0] == 501
    assert served.get("//[")[0] in (400, 404)


def test_health_is_bad_before_the_first_turn_and_when_the_loop_stands(served: Served) -> None:
    served.real_s = 116.0
    assert served.get("/healthz")[0] == 503
    served.snapshot = None
    assert served.get("/healthz")[0] == 503
    assert served.get("/")[0] == 200


def test_of_many_silent_connections_the_oldest_make_room_and_the_page_is_served(
    served: Served,
) -> None:
    held = []
    for _ in range(MAX_CONNECTIONS + 4):
        held.append(socket.create_connection(("127.0.0.1", served.server.port), timeout=10))
    assert [line.recv(1) for line in held[:4]] == [b""] * 4
    assert served.get("/healthz")[0] == 200
    for line in held:
        line.close()


def test_who_sends_a_byte_at_a_time_is_cut_off_when_the_time_of_a_connection_is_over(
    served: Served,
) -> None:
    slow = socket.create_connection(("127.0.0.1", served.server.port), timeout=10)
    slow.sendall(b"GET / HTTP/1.0\r\nX-Slow: ")
    assert served.get("/healthz")[0] == 200  # by now the slow one is known, too
    slow.sendall(b"a")
    served.real_s += CONNECTION_S
    assert slow.recv(1) == b""
    slow.close()


def test_a_port_that_is_taken_is_told_with_a_remedy(served: Served) -> None:
    with pytest.raises(PageUnusable, match="Set another"):
        PageServer("127.0.0.1", served.server.port, lambda: None)
