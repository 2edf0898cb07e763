"""A date is written in one way, wherever it stands in a sentence."""

from cloud.entrypoints.http.pages_speech import Speech

FIRST, NEXT = "2026-05-11T06:00:00.000Z", "2026-05-12T02:10:00.000Z"


def test_both_ends_of_a_window_over_midnight_are_written_alike() -> None:
    assert Speech("en", "Asia/Shanghai").span(FIRST, NEXT) == (
        "11 May 2026, 14:00 – 12 May 2026, 10:10"
    )
    assert Speech("zh", "Asia/Shanghai").moment(NEXT, FIRST) == "2026年5月12日 10:10"


def test_on_the_same_day_the_time_is_enough() -> None:
    assert Speech("en", "Asia/Shanghai").moment(FIRST, FIRST) == "14:00"
