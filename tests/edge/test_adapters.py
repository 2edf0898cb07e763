import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contracts.wire.signing import address_of
from edge.adapters.clock import StreamClock, SystemClock
from edge.adapters.fake_clock import FakeClock
from edge.adapters.keys import KEY_FILE, load_key, make_key
from edge.adapters.lines import LineSource
from edge.adapters.mqtt import BrokerAddress, parse_broker
from edge.core.trace_lines import MAX_LINE_BYTES
from edge.errors import HeaderWrong, KeyExists, KeyMalformed, KeyMissing, KeyReadable
from edge.ports import BadReading, Clock, Ended, Item, Took

HEADER = (
    b'{"format":"berth-trace","version":1,"gateway":"gw-1","tz":"UTC","clock":'
    b'{"mono_ns":1000,"wall":"2026-05-01T00:00:00Z"},"channels":{"us0":{"kind":"ultrasonic","space":"S1"}}}\n'
)
LINE = b'{"t":2000,"ch":"us0","v":5800}\n'


def pumped(body: bytes) -> list[Item]:
    items: list[Item] = []

    def put(item: Item) -> bool:
        items.append(item)
        return True

    LineSource(io.BytesIO(HEADER + body)).pump(put)
    return items


def test_bad_lines_are_counted_and_the_good_ones_around_them_read() -> None:
    endless = b"x" * (3 * MAX_LINE_BYTES) + b"\n"
    items = pumped(LINE + b"rubbish\n" + endless + b"\xff\n" + LINE[:-1])
    assert [type(item) for item in items] == [Took, BadReading, BadReading, BadReading, Took, Ended]


@pytest.mark.parametrize("head", [b"", b"{}\n", b"\xff\n", LINE])
def test_a_stream_without_header_is_refused(head: bytes) -> None:
    with pytest.raises(HeaderWrong, match="Line 1 of a stream"):
        LineSource(io.BytesIO(head))


def test_a_full_inbox_holds_the_stream_back_and_loses_nothing() -> None:
    took: list[Item] = []
    calls = 0

    def put(item: Item) -> bool:
        nonlocal calls
        calls += 1
        if calls % 3:
            return False
        took.append(item)
        return True

    LineSource(io.BytesIO(HEADER + LINE * 10)).pump(put)
    assert len(took) == 11


def test_the_streams_clock_stands_still_between_lines() -> None:
    header = LineSource(io.BytesIO(HEADER)).header
    clock, other = StreamClock(header), StreamClock(header)
    clock.advance(3_000_001_000)
    clock.advance(5)
    assert clock.mono_ns() == 3_000_001_000
    assert clock.wall_at(clock.mono_ns()) == datetime(2026, 5, 1, 0, 0, 3, tzinfo=UTC)
    assert clock.boot_id != other.boot_id
    assert clock.wall_at(2**63 - 1).tzinfo is UTC


def stream_clock() -> Clock:
    return StreamClock(LineSource(io.BytesIO(HEADER)).header)


@pytest.mark.parametrize("make", [SystemClock, FakeClock, stream_clock])
def test_every_clock_maps_its_own_time_to_aware_utc_evenly(make: Callable[[], Clock]) -> None:
    clock = make()
    now = clock.mono_ns()
    apart = clock.wall_at(now + 60_000_000_000) - clock.wall_at(now)
    assert abs(apart - timedelta(seconds=60)) < timedelta(milliseconds=50)
    assert clock.wall_at(now).utcoffset() == timedelta(0)
    assert clock.state() in ("synced", "holdover", "unsynced")
    assert clock.boot_id


def test_a_new_key_is_private_and_never_overwritten(tmp_path: Path) -> None:
    key = make_key(tmp_path)
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600
    with pytest.raises(KeyExists):
        make_key(tmp_path)
    assert load_key(tmp_path) == key
    assert address_of(key).startswith("0x")


def test_a_key_that_others_can_read_is_refused_with_the_remedy(tmp_path: Path) -> None:
    make_key(tmp_path)
    (tmp_path / KEY_FILE).chmod(0o640)
    with pytest.raises(KeyReadable, match=r"mode 640.*chmod 600"):
        load_key(tmp_path)


@pytest.mark.parametrize("text", ["", "0x12", "zz" * 32, "00" * 32, "ff" * 32, "\u00e9"])
def test_a_malformed_key_is_refused_and_not_shown(tmp_path: Path, text: str) -> None:
    (tmp_path / KEY_FILE).write_text(text)
    (tmp_path / KEY_FILE).chmod(0o600)
    with pytest.raises(KeyMalformed) as wrong:
        load_key(tmp_path)
    assert len(text) < 4 or text not in str(wrong.value)


def test_a_missing_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyMissing, match="berth-edge init"):
        load_key(tmp_path)


def test_a_broker_is_read_from_its_url() -> None:
    assert parse_broker("mqtt://u:p@h:99") == BrokerAddress("h", 99, "u", "p")
    assert parse_broker("mqtt://h") == BrokerAddress("h", 1883)
