from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.core.tempo import Tempo
from firmware_sim.pace import Pace

NS = 1_000_000_000
walls = st.integers(0, 10**15).map(
    lambda us: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
)
tempos = st.builds(Tempo, st.floats(0, 4e9), walls, st.floats(0.001, 10_000))


class HandClock:
    def __init__(self, now_s: float) -> None:
        self.now_s = now_s

    def now(self) -> float:
        return self.now_s

    def sleep(self, for_s: float) -> None:
        assert for_s > 0
        self.now_s += for_s


@given(tempos)
def test_a_tempo_survives_its_text(tempo: Tempo) -> None:
    assert Tempo.parse(str(tempo)) == tempo


@given(tempos, st.floats(0, 1e6))
def test_real_and_wall_are_each_others_inverse(tempo: Tempo, later_s: float) -> None:
    wall = tempo.origin_wall + timedelta(seconds=later_s)
    back = tempo.wall(tempo.real(wall))
    assert abs((back - wall).total_seconds()) <= 1e-5 + 1e-6 * tempo.rate


def test_the_text_of_a_tempo_is_that_of_the_design() -> None:
    tempo = Tempo.parse("2026-05-01T00:00:00Z@1790000000.0*60")
    assert tempo.wall(1790000001.0) == datetime(2026, 5, 1, 0, 1, tzinfo=UTC)
    assert str(tempo) == "2026-05-01T00:00:00Z@1790000000.0*60"


@pytest.mark.parametrize(
    "text",
    ["", "now", "2026-05-01T00:00:00@1.0*60", "2026-05-01T00:00:00Z@1.0*0", "x@y*z"],
)
def test_what_is_no_tempo_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="tempo"):
        Tempo.parse(text)


@given(st.lists(st.integers(0, 60 * NS)).map(sorted), st.floats(0, 70))
def test_every_item_comes_once_in_order_never_early_and_little_late(
    due_ns: list[int], starts_s: float
) -> None:
    clock = HandClock(starts_s)
    pace = Pace(lambda mono_ns: mono_ns / NS, clock.now, clock.sleep)
    seen: list[int] = []
    for batch in pace.batches(((ns, ns) for ns in due_ns), skip_past=True):
        assert all(ns / NS <= clock.now_s for ns in batch)
        assert clock.now_s - batch[0] / NS <= 0.021
        seen += batch
    assert seen == [ns for ns in due_ns if ns / NS >= starts_s]


def test_a_late_start_without_skipping_gives_the_past_at_once() -> None:
    clock = HandClock(100.0)
    pace = Pace(lambda mono_ns: mono_ns / NS, clock.now, clock.sleep)
    assert list(pace.batches([(1, "a"), (2, "b")], skip_past=False)) == [["a", "b"]]
