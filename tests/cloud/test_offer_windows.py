"""An owner's hours as UTC windows, against a reference that looks at every minute's clock."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from cloud.core.windows import MAX_AROUND, REACH, until, windows, windows_of_text, without
from cloud.core.windows_model import DAYS, Schedule, schedule_of
from contracts.ledger.pricing import Window

MINUTE = timedelta(minutes=1)
NO_HOLIDAYS: frozenset[date] = frozenset()
# Clock changes: at night, of half an hour, a minute after midnight, of a whole day, and none.
PLACES = [
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("America/St_Johns", date(2010, 11, 7)),
    ("America/St_Johns", date(2026, 3, 8)),
    ("Africa/Cairo", date(2024, 4, 26)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Asia/Shanghai", date(2026, 5, 1)),
]


def window(begins: str, ends: str) -> Window:
    return Window(starts_at=datetime.fromisoformat(begins), ends_at=datetime.fromisoformat(ends))


def utc_day(day: date, days: int = 1) -> Window:
    begins = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return Window(starts_at=begins, ends_at=begins + timedelta(days=days))


def daily(from_min: int, to_min: int, **more: object) -> Schedule:
    row = {"days": list(DAYS), "from_min": from_min, "to_min": to_min, **more}
    return Schedule.model_validate({"weekly": [row]})


def told(schedule: Schedule, tz: str, day: date, days: int = 1) -> list[tuple[str, str]]:
    """UTC days and times of the windows that begin on these local days."""
    around = utc_day(day - timedelta(days=1), days + 2)
    last = day + timedelta(days=days - 1)
    return [
        (f"{it.starts_at:%d %H:%M}", f"{it.ends_at:%d %H:%M}")
        for it in windows(schedule, tz, NO_HOLIDAYS, around)
        if day <= it.starts_at.astimezone(ZoneInfo(tz)).date() <= last
    ]


# The reference: what the clock on the wall shows at every minute of some days.


@lru_cache(maxsize=256)
def walls(tz: str, first: datetime, last: datetime) -> list[tuple[datetime, datetime]]:
    count = (last - first) // MINUTE
    at = (first + number * MINUTE for number in range(count))
    return [(when, when.astimezone(ZoneInfo(tz)).replace(tzinfo=None)) for when in at]


def minutes_offered(
    schedule: Schedule, tz: str, holidays: frozenset[date], around: Window
) -> set[datetime]:
    first = around.starts_at - timedelta(days=4)
    clock = walls(tz, first, around.ends_at + timedelta(days=4))
    offered: set[datetime] = set()
    for number in range((around.ends_at - around.starts_at).days + 6):
        day = first.date() + timedelta(days=number + 1)
        for from_min, to_min in hours_of(schedule, day, holidays):
            midnight = datetime.combine(day, datetime.min.time())
            begin = midnight + from_min * MINUTE
            end = midnight + to_min * MINUTE + timedelta(days=to_min <= from_min)
            begun = next(when for when, wall in clock if wall >= begin)
            ended = next(when for when, wall in reversed(clock) if wall < end)
            offered |= {when for when, _wall in clock if begun <= when <= ended}
    for once in schedule.one_off:
        offered |= {when for when, _wall in clock if once.starts_at <= when < once.ends_at}
    return {when for when in offered if around.starts_at <= when < around.ends_at}


def hours_of(schedule: Schedule, day: date, holidays: frozenset[date]) -> list[tuple[int, int]]:
    if schedule.valid_from and day < schedule.valid_from:
        return []
    if schedule.valid_until and day > schedule.valid_until:
        return []
    for exception in schedule.exceptions:
        if exception.first <= day <= exception.last:
            return [(it.from_min, it.to_min) for it in exception.hours]
    names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    found = []
    for rule in schedule.weekly:
        wanted = {"as_usual": True, "closed": day not in holidays, "only": day in holidays}
        if names[day.weekday()] in rule.days and wanted[rule.holidays]:
            found.append((rule.from_min, rule.to_min))
    return found


# Minutes that matter: on the hour, around the changes, and any.
from_mins = st.sampled_from([0, 1, 60, 90, 119, 120, 150, 180, 1380, 1439]) | st.integers(0, 1439)
to_mins = st.sampled_from([0, 1, 60, 90, 120, 150, 180, 181, 1440]) | st.integers(0, 1440)
hours = st.fixed_dictionaries({"from_min": from_mins, "to_min": to_mins})
weekly = st.builds(
    lambda hour, days, holidays: {**hour, "days": sorted(days), "holidays": holidays},
    hours,
    st.sets(st.sampled_from(DAYS), min_size=3),
    st.sampled_from(["as_usual", "closed", "only"]),
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Schedule, str, frozenset[date], Window]:
    tz, day = draw(st.sampled_from(PLACES))
    near = st.integers(-3, 3).map(lambda days: day + timedelta(days=days))
    exceptions = [
        {"first": str(on), "last": str(on), "hours": draw(st.lists(hours, max_size=2))}
        for on in draw(st.sets(near, max_size=2))
    ]
    plain = {
        "weekly": draw(st.lists(weekly, min_size=1, max_size=3)),
        "exceptions": exceptions,
        "one_off": [utc_day(draw(near)).model_dump(mode="json")] if draw(st.booleans()) else [],
        "valid_from": str(draw(near)) if draw(st.booleans()) else None,
        "valid_until": str(draw(near)) if draw(st.booleans()) else None,
    }
    around = utc_day(day + timedelta(days=draw(st.integers(-1, 0))), draw(st.integers(1, 2)))
    return Schedule.model_validate(plain), tz, frozenset(draw(st.sets(near, max_size=2))), around


@settings(max_examples=60, deadline=None)
@given(cases())
def test_windows_hold_exactly_the_minutes_that_the_clock_on_the_wall_says(
    case: tuple[Schedule, str, frozenset[date], Window],
) -> None:
    schedule, tz, holidays, around = case
    found = windows(schedule, tz, holidays, around)
    held = {
        when
        for when, _wall in walls(tz, around.starts_at, around.ends_at)
        if any(it.starts_at <= when < it.ends_at for it in found)
    }
    assert held == minutes_offered(schedule, tz, holidays, around)
    for before, after in zip(found, found[1:]):
        assert before.ends_at < after.starts_at
    for it in found:
        assert around.starts_at - REACH <= it.starts_at < around.ends_at
        assert around.starts_at < it.ends_at <= around.ends_at + REACH


@settings(max_examples=60, deadline=None)
@given(cases(), st.integers(0, 47), st.integers(1, 24))
def test_a_window_is_told_alike_however_much_was_asked_for_at_once(
    case: tuple[Schedule, str, frozenset[date], Window], begins_h: int, lasts_h: int
) -> None:
    schedule, tz, holidays, around = case
    begins = around.starts_at + timedelta(hours=begins_h)
    asked = Window(starts_at=begins, ends_at=begins + timedelta(hours=lasts_h))
    month = utc_day(around.starts_at.date() - timedelta(days=10), 20)
    first, last = asked.starts_at - REACH, asked.ends_at + REACH
    clipped = tuple(
        Window(starts_at=max(it.starts_at, first), ends_at=min(it.ends_at, last))
        for it in windows(schedule, tz, holidays, month)
        if it.starts_at < asked.ends_at and asked.starts_at < it.ends_at
    )
    assert windows(schedule, tz, holidays, asked) == clipped
    assert windows_of_text(schedule.model_dump_json(), tz, holidays, asked) == clipped


def test_dst_and_time_zones_in_spring_hours_keep_the_wall_and_lose_the_hour_that_is_not() -> None:
    berlin = ("Europe/Berlin", date(2026, 3, 29))
    assert told(daily(60, 240), *berlin) == [("29 00:00", "29 02:00")]  # 01:00-04:00: two hours
    assert told(daily(150, 240), *berlin) == [("29 01:00", "29 02:00")]  # 02:30 does not exist
    assert told(daily(60, 150), *berlin) == [("29 00:00", "29 01:00")]
    assert told(daily(130, 170), *berlin) == []  # all of it is skipped
    # Half an hour, in the southern spring: 02:15 is not there.
    howe = ("Australia/Lord_Howe", date(2026, 10, 4))
    assert told(daily(60, 135), *howe) == [("03 14:30", "03 15:30")]


def test_dst_and_time_zones_in_autumn_a_start_takes_the_first_and_an_end_the_second() -> None:
    berlin = ("Europe/Berlin", date(2026, 10, 25))
    # 01:30 to 03:30 by the wall is three hours; the wall's own difference would say two.
    (found,) = windows(daily(90, 210), berlin[0], NO_HOLIDAYS, utc_day(berlin[1]))
    assert found.ends_at - found.starts_at == timedelta(hours=3)
    assert told(daily(150, 210), *berlin) == [("25 00:30", "25 02:30")]
    assert told(daily(90, 150), *berlin) == [("24 23:30", "25 01:30")]
    # The clock goes back from 03:00 to 02:00: hours until 02:00 end before it, not an hour late.
    assert told(daily(90, 120), *berlin) == [("24 23:30", "25 00:00")]
    howe = ("Australia/Lord_Howe", date(2026, 4, 5))
    assert told(daily(60, 105), *howe) == [("04 14:00", "04 15:15")]  # 01:45, the second time


def test_dst_and_time_zones_a_change_a_minute_after_midnight_moves_no_other_hours() -> None:
    found = told(daily(0, 1), "America/St_Johns", date(2010, 11, 6), 3)
    assert found == [("06 02:30", "06 02:31"), ("07 02:30", "07 03:31"), ("08 03:30", "08 03:31")]
    # A whole date is left out: it has no hours, and the next one has them all.
    apia = told(daily(480, 540), "Pacific/Apia", date(2011, 12, 29), 3)
    assert apia == [("29 18:00", "29 19:00"), ("30 18:00", "30 19:00")]


def test_a_zone_without_clock_changes_has_the_same_hours_every_day() -> None:
    found = told(daily(1320, 360), "Asia/Shanghai", date(2026, 5, 1), 2)
    assert found == [("01 14:00", "01 22:00"), ("02 14:00", "02 22:00")]


def test_hours_over_midnight_that_touch_are_one_window_a_booking_can_lie_across() -> None:
    whole = daily(0, 1440)
    (found,) = windows(whole, "Europe/Berlin", NO_HOLIDAYS, utc_day(date(2026, 6, 1)))
    assert found == window("2026-05-31T00:00:00+00:00", "2026-06-03T00:00:00+00:00")
    assert daily(0, 0) != whole  # another spelling of the same hours
    same = windows(daily(0, 0), "Europe/Berlin", NO_HOLIDAYS, utc_day(date(2026, 6, 1)))
    assert same == (found,)


def test_a_nights_hours_belong_to_the_evening_whose_exception_or_holiday_it_is() -> None:
    night = {"days": list(DAYS), "from_min": 1320, "to_min": 360}
    closed = {"first": "2026-12-24", "last": "2026-12-24", "hours": []}
    schedule = Schedule.model_validate({"weekly": [night], "exceptions": [closed]})
    found = told(schedule, "Asia/Shanghai", date(2026, 12, 23), 3)
    assert found == [("23 14:00", "23 22:00"), ("25 14:00", "25 22:00")]
    eve = frozenset({date(2026, 12, 24)})
    kept = daily(1320, 360, holidays="closed")
    free = windows(kept, "Asia/Shanghai", eve, utc_day(date(2026, 12, 23), 3))
    assert [f"{it.starts_at:%d}" for it in free] == ["23", "25"]
    only = windows(
        daily(1320, 360, holidays="only"), "Asia/Shanghai", eve, utc_day(date(2026, 12, 23), 3)
    )
    assert [f"{it.starts_at:%d}" for it in only] == ["24"]


def test_a_bare_list_of_windows_as_it_was_written_first_still_reads() -> None:
    text = '[{"starts_at":"2026-05-01T00:00:00.000Z","ends_at":"2026-05-01T04:00:00.000Z"}]'
    asked = utc_day(date(2026, 5, 1))
    assert windows_of_text(text, "Asia/Shanghai", NO_HOLIDAYS, asked) == (
        window("2026-05-01T00:00:00+00:00", "2026-05-01T04:00:00+00:00"),
    )
    later = utc_day(date(2026, 5, 2))
    assert windows_of_text(text, "Asia/Shanghai", NO_HOLIDAYS, later) == ()


def test_one_schedule_has_one_text_and_reads_back_as_itself() -> None:
    schedule = Schedule.model_validate(
        {
            "weekly": [{"days": ["fri", "mon", "fri"], "from_min": 480, "to_min": 1080}],
            "rules": [
                {
                    "rrule": "FREQ=MONTHLY;BYDAY=1SA",
                    "since": "2026-01-01",
                    "from_min": 0,
                    "to_min": 60,
                }
            ],
            "one_off": [
                {"starts_at": "2026-05-01T00:00:00.000Z", "ends_at": "2026-05-01T04:00:00.000Z"}
            ],
        }
    )
    text = schedule.model_dump_json()
    assert schedule_of(text) == schedule and schedule_of(text).model_dump_json() == text
    assert schedule.weekly[0].days == ("mon", "fri")


@pytest.mark.parametrize(
    "wrong",
    [
        {"weekly": [{"days": [], "from_min": 0, "to_min": 60}]},
        {"weekly": [{"days": ["mon"], "from_min": 1440, "to_min": 60}]},
        {"weekly": [{"days": ["mon"], "from_min": "0", "to_min": 60}]},
        {"weekly": [{"days": ["mon"], "from_min": True, "to_min": 60}]},
        {"weekly": [{"days": ["monday"], "from_min": 0, "to_min": 60}]},
        {"exceptions": [{"first": "2026-05-02", "last": "2026-05-01"}]},
        {
            "exceptions": [
                {"first": "2026-05-01", "last": "2026-05-03"},
                {"first": "2026-05-03", "last": "2026-05-04"},
            ]
        },
        {"valid_from": "01.05.2026"},
        {"valid_from": "0001-01-01"},
        {"rules": [{"rrule": "FREQ=HOURLY", "since": "2026-05-01", "from_min": 0, "to_min": 60}]},
        {"surprise": 1},
        {"one_off": [utc_day(date(2026, 5, 1)).model_dump(mode="json")] * 400},
        {
            "one_off": [
                {"starts_at": "2026-05-01T04:00:00.000Z", "ends_at": "2026-05-01T04:00:00.000Z"}
            ]
        },
    ],
    ids=lambda wrong: str(wrong)[:60],
)
def test_a_schedule_that_cannot_be_meant_is_refused_whole(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Schedule.model_validate(wrong)


def test_more_than_a_year_at_once_is_refused() -> None:
    begins = datetime(2026, 5, 1, tzinfo=UTC)
    asked = Window(starts_at=begins, ends_at=begins + MAX_AROUND + MINUTE)
    with pytest.raises(ValueError, match="400 days"):
        windows(daily(0, 60), "Asia/Shanghai", NO_HOLIDAYS, asked)


spans = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=4)


def of(pairs: list[tuple[int, int]]) -> list[Window]:
    begins = datetime(2026, 5, 1, tzinfo=UTC)
    return [
        Window(starts_at=begins + first * MINUTE, ends_at=begins + (first + lasts) * MINUTE)
        for first, lasts in pairs
    ]


def minutes(found: tuple[Window, ...] | list[Window]) -> set[int]:
    begins = datetime(2026, 5, 1, tzinfo=UTC)
    return {
        number
        for it in found
        for number in range((it.starts_at - begins) // MINUTE, (it.ends_at - begins) // MINUTE)
    }


@given(spans, spans, st.integers(0, 90))
def test_what_is_cut_out_is_gone_and_all_else_stays(
    offered: list[tuple[int, int]], taken: list[tuple[int, int]], ends: int
) -> None:
    left = without(of(offered), of(taken))
    assert minutes(left) == minutes(of(offered)) - minutes(of(taken))
    ends_at = datetime(2026, 5, 1, tzinfo=UTC) + ends * MINUTE
    assert minutes(until(of(offered), ends_at)) == minutes(of(offered)) & set(range(ends))
