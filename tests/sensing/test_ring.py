import gzip
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.wire.messages import Event
from edge.core.fusion import Change
from edge.core.readings import IMAGE, NO_ECHO, PlateRead, Reading
from edge.core.ring import MAX_PLACES, NS, PACK_READINGS, OddityFinder, Pack, Ring, Seen, masked
from edge.core.trace_lines import format_reading, parse_reading

MAY_1 = datetime(2026, 5, 1, tzinfo=UTC)


def echo(at_s: float, value: float | None = 5000.0, why: str | None = None) -> Reading:
    return Reading(int(at_s * NS), "us0", value, why)


def lines(packs: Sequence[Pack]) -> list[Reading]:
    """As a reader of one gzip file sees the packs behind each other."""
    text = gzip.decompress(b"".join(pack.data for pack in packs))
    return [parse_reading(line) for line in text.splitlines()]


def change(kind: str, at_s: float, space: str = "S1", why: str = "echo") -> Change:
    return Change(space, kind, int(at_s * NS), 1.0, int(at_s * NS), "0x", why)  # type: ignore[arg-type]


def event(kind: str, at_s: float, match: str = "none", space: str | None = "S1") -> Event:
    at = MAY_1 + timedelta(seconds=at_s)
    fields = {"gateway": "gw-1", "epoch": 1, "seq": 1, "kind": kind, "space": space, "at": at}
    fields |= {"uncertainty_s": 1.0, "reported_at": at, "boot_id": "b", "boottime_ns": 0}
    return Event(**fields, clock="synced", match=match)  # type: ignore[arg-type]


@given(st.lists(st.floats(0, 5), max_size=700), st.integers(1, 1000))
def test_the_ring_gives_back_the_newest_readings_in_order_and_no_more_than_its_count(
    gaps_s: list[float], most: int
) -> None:
    ring, fed, now_s = Ring(3600 * NS, most), [], 0.0
    for number, gap_s in enumerate(gaps_s):
        now_s += gap_s
        fed.append(echo(now_s, float(number + 1)))
        ring.add(fed[-1])
    held = lines(ring.packs())
    assert held == fed[len(fed) - len(held) :]
    assert ring.readings == len(held)
    assert len(held) <= most + PACK_READINGS
    if len(held) < len(fed):
        assert len(held) > most - PACK_READINGS or fed[-len(held) - 1].mono_ns < now_s - 3600 * NS


def test_what_is_older_than_the_rings_minutes_is_forgotten() -> None:
    ring = Ring(60 * NS)
    for tenth in range(6000):
        ring.add(echo(tenth / 10))
    held = lines(ring.packs())
    assert held[-1] == echo(599.9)
    assert 536 < held[0].mono_ns / NS <= 540


def test_bytes_are_bounded_too_and_the_count_of_them_is_right() -> None:
    ring = Ring(3600 * NS, max_bytes=2000)
    for tenth in range(20_000):
        ring.add(echo(tenth / 10))
    packs = ring.packs()
    assert ring.bytes == sum(len(pack.data) for pack in packs) <= 2000
    assert lines(packs)[-1] == echo(1999.9)


def test_a_clock_that_jumps_back_loses_nothing_and_the_count_still_bounds() -> None:
    ring = Ring(60 * NS, max_readings=1000)
    for at_s in [*range(1000, 1050), *range(50)]:
        ring.add(echo(at_s))
    assert len(lines(ring.packs())) == 100
    for tenth in range(20_000):
        ring.add(echo(tenth / 1000))
    assert ring.readings <= 1000 + PACK_READINGS


def test_plates_and_names_of_pictures_are_masked_before_they_are_held() -> None:
    ring = Ring(60 * NS)
    ring.add(Reading(1, "cam0", PlateRead("沪A12345", 0.9)))
    ring.add(Reading(2, "cam0", None, f"{IMAGE}frames/沪A12345.jpg"))
    plate, picture = lines(ring.packs())
    assert plate.value == PlateRead("*******", 0.9)
    assert picture.why == IMAGE + "*" * 18


@given(st.text(min_size=1))
def test_a_masked_plate_is_as_long_as_the_plate_and_all_stars(text: str) -> None:
    value = masked(Reading(1, "cam0", PlateRead(text, 0.5))).value
    assert isinstance(value, PlateRead)
    assert value.text == "*" * len(text)


def test_what_has_no_plate_is_left_as_it_is() -> None:
    for reading in (echo(1), echo(1, None, NO_ECHO), Reading(1, "mag0", (1, 2, 3), None, 2)):
        assert format_reading(masked(reading)) == format_reading(reading)


@pytest.mark.parametrize(
    ("seen", "codes"),
    [
        ([echo(1), echo(2, None, NO_ECHO), Reading(3, "cam0", None, IMAGE + "a.jpg")], []),
        ([echo(1, None, "timeout"), echo(2, None, "timeout"), echo(3, None, "bus")], ["fault"]),
        ([echo(1, None, "timeout"), echo(2), echo(3, None, "timeout")], ["fault", "fault"]),
        ([change("arrival", 0), change("departure", 119)], ["short-stay"]),
        ([change("arrival", 0), change("departure", 120)], []),
        ([change("arrival", 0), change("departure", 90, "S2")], []),
        ([event("arrival", 0), event("departure", 119)], ["short-stay"]),
        ([event("arrival", 0), event("snapshot", 9), event("departure", 99)], []),
        ([change("arrival", 0), change("arrival", 300)], ["contradiction"]),
        ([change("departure", 0), change("departure", 300)], ["contradiction"]),
        ([change("departure", 0), change("arrival", 3), change("departure", 900)], []),
        ([change("unknown", 0, why="free to unknown: no sensor speaks")], ["unknown"]),
        ([change("unknown", 0, why="free to x: the sensors disagree")], ["disagree"]),
        ([event("fault", 0)], ["unknown"]),
        ([event("fault", 0, space=None), event("boot", 0, space=None)], []),
        ([event("arrival", 0, "other"), event("departure", 30)], ["match", "short-stay"]),
        ([event("arrival", 0, "ambiguous")], ["match"]),
        ([event("arrival", 0, "accepted")], []),
        (
            [
                change("arrival", 0),
                change("unknown", 9),
                change("known", 10),
                change("departure", 60),
            ],
            ["unknown", "short-stay"],
        ),
    ],
)
def test_what_is_odd_is_named_and_what_is_plain_is_not(seen: list[Seen], codes: list[str]) -> None:
    finder = OddityFinder()
    found = [finder.odd(one) for one in seen]
    assert [oddity.code for oddity in found if oddity] == codes


def test_each_space_has_its_own_history() -> None:
    finder = OddityFinder()
    first = change("arrival", 0)
    assert [finder.odd(first), finder.odd(replace(first, space="S2"))] == [None, None]


def test_made_up_channels_do_not_fill_the_memory() -> None:
    finder = OddityFinder()
    found = [finder.odd(Reading(n, f"x{n}", None, "bus")) for n in range(MAX_PLACES + 50)]
    assert sum(oddity is not None for oddity in found) == MAX_PLACES
