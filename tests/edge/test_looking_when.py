"""When a camera is looked through: the table, the pace, and the bounds."""

from hypothesis import given
from hypothesis import strategies as st

from edge.core.plate_watch import (
    FRAMES_AT_REST,
    LOOKING,
    MOST_PASSING,
    TABLE,
    PlateWatch,
    Stillness,
    There,
    WatchSettings,
)

NS = 1_000_000_000
TURN_S = 0.25
CALM, STIRS = There(False, False), There(True, False)
STANDS = There(False, True)
SETTINGS = WatchSettings()


class Told:
    """A watch that is asked four times a second, and takes each frame that it wants."""

    surveys = 0

    def __init__(self, settings: WatchSettings = SETTINGS) -> None:
        self.watch = PlateWatch(settings)
        self.now_s = 100.0
        self.took_s: list[float] = []
        self.ends = 0

    def wait(self, lasts_s: float, there: There) -> "Told":
        for _ in range(round(lasts_s / TURN_S)):
            self.now_s += TURN_S
            now_ns = int(self.now_s * NS)
            step = self.watch.tick(now_ns, there)
            if step == "look":
                self.watch.took(now_ns)
                self.took_s.append(self.now_s)
            self.ends += step == "end"
            if step == "survey":
                self.watch.surveyed()
                self.surveys += 1
        return self


def test_nothing_is_looked_at_while_nothing_stirs() -> None:
    told = Told().wait(3600, CALM)
    assert told.took_s == [] and told.ends == 0


def test_a_car_that_parks_is_looked_at_before_and_after_it_came_to_rest_and_told_once() -> None:
    told = Told().wait(5, CALM).wait(7, STIRS).wait(60, STANDS)
    assert len(told.took_s) == SETTINGS.frames and told.ends == 1
    before = [at_s for at_s in told.took_s if at_s <= 112]
    assert len(before) == SETTINGS.frames - FRAMES_AT_REST
    gaps = [b - a for a, b in zip(told.took_s, told.took_s[1:])]
    assert min(gaps) >= SETTINGS.pace_s


def test_it_is_told_before_the_arrival_has_waited_for_its_plate() -> None:
    told = Told().wait(7, STIRS).wait(SETTINGS.standing_s + TURN_S, STANDS)
    assert told.ends == 1


def test_a_parked_car_is_not_looked_at_all_day() -> None:
    told = Told().wait(7, STIRS).wait(8 * 3600, STANDS)
    assert len(told.took_s) == SETTINGS.frames


def test_what_moves_before_a_parked_car_is_looked_at_again() -> None:
    told = Told().wait(7, STIRS).wait(60, STANDS)
    told.wait(5, There(True, True)).wait(60, STANDS)
    assert SETTINGS.frames < len(told.took_s) <= 2 * SETTINGS.frames


def test_a_sure_verdict_of_enough_frames_ends_the_look() -> None:
    told = Told().wait(2, STIRS).wait(2.5, STANDS)
    frames = len(told.took_s)
    assert 3 <= frames < SETTINGS.frames and told.ends == 0
    told.watch.saw(told.watch.look, frames, 2, certain=True)
    told.wait(10, STANDS)
    assert len(told.took_s) == frames and told.ends == 1


def test_a_sure_verdict_of_a_car_on_the_lane_is_not_that_of_who_parks() -> None:
    told = Told().wait(4, STIRS)
    told.watch.saw(told.watch.look, 3, 0, certain=True)
    told.wait(1, STIRS)
    assert told.ends == 0 and told.watch.phase == "coming"
    told.wait(10, STANDS)
    assert len(told.took_s) == SETTINGS.frames and told.ends == 1


def test_a_look_ends_early_only_with_two_frames_of_the_car_at_rest() -> None:
    told = Told().wait(4, STIRS).wait(1 + TURN_S, STANDS)
    assert (len(told.took_s), told.watch.frames, told.watch.at_rest) == (5, 5, 2)
    for frames, at_rest in ((3, 0), (4, 1)):
        told.watch.saw(told.watch.look, frames, at_rest, certain=True)
        told.wait(TURN_S, STANDS)
        assert told.ends == 0
    told.watch.saw(told.watch.look, 5, 2, certain=True)
    told.wait(TURN_S, STANDS)
    assert told.ends == 1


def test_what_comes_back_late_of_another_look_counts_for_nothing() -> None:
    told = Told().wait(2, STIRS).wait(5, CALM).wait(2, STIRS).wait(1, STANDS)
    told.watch.saw(told.watch.look - 1, 8, 3, certain=True)
    told.wait(0.5, STANDS)
    assert told.ends == 0


def test_cars_that_only_pass_get_few_frames_an_hour() -> None:
    told = Told()
    for _ in range(240):
        told.wait(8, STIRS).wait(7, CALM)
    assert len(told.took_s) <= MOST_PASSING + 3600 / 10 + 1


def test_a_field_that_never_rests_is_looked_at_for_a_bounded_time_only() -> None:
    told = Told().wait(3600, STIRS)
    assert len(told.took_s) <= SETTINGS.frames and told.ends == 1


def test_a_car_that_stands_there_after_a_start_is_looked_at() -> None:
    told = Told().wait(3, There(True, None)).wait(10, STANDS)
    assert len(told.took_s) >= 5


@given(
    st.lists(
        st.tuples(st.booleans(), st.sampled_from([None, True, False]), st.floats(0.25, 40)),
        max_size=30,
    )
)
def test_whatever_the_sensors_say_a_look_has_no_more_frames_than_are_set(
    parts: list[tuple[bool, bool | None, float]],
) -> None:
    told = Told()
    looks: dict[int, int] = {}
    for stirs, occupied, lasts_s in parts:
        for _ in range(round(lasts_s / TURN_S)):
            before = len(told.took_s)
            told.wait(TURN_S, There(stirs, occupied))
            look = told.watch.look
            looks[look] = looks.get(look, 0) + len(told.took_s) - before
    assert max(looks.values(), default=0) <= SETTINGS.frames
    assert told.ends <= 2 * told.watch.look


def test_what_was_seen_of_a_leaving_car_is_not_of_the_next_one() -> None:
    told = Told().wait(7, STIRS).wait(60, STANDS).wait(3, There(True, True))
    leaving = told.watch.look
    told.wait(0.5, There(True, False))
    assert told.watch.look > leaving and told.watch.frames <= 1


def test_the_empty_space_is_surveyed_once_after_a_start_and_after_each_departure() -> None:
    empty = There(False, False)
    told = Told().wait(600, There(False, None))
    assert told.surveys == 0
    told.wait(600, empty)
    assert told.surveys == 1
    told.wait(7, STIRS).wait(600, STANDS).wait(8, empty)
    assert told.surveys == 1
    told.wait(600, empty)
    assert told.surveys == 2


def test_every_phase_can_be_reached_and_left() -> None:
    assert {phase for phase, _ in TABLE} == set(TABLE.values()) >= set(LOOKING)


def test_a_picture_has_changed_once_another_follows_and_is_frozen_after_ten_minutes() -> None:
    still = Stillness()
    assert not still.changed(-1) and not still.frozen()
    for second in range(700):
        still.saw(7, second * NS)
        assert not still.changed(-1), "nobody knows how old the first picture is"
        assert still.frozen() == (second >= 600)
    still.saw(8, 700 * NS)
    assert still.changed(699 * NS) and not still.changed(700 * NS) and not still.frozen()
