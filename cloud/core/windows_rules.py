"""RFC 5545 rules of whole days: `FREQ=MONTHLY;BYDAY=1SA`. The hours stand beside the rule."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import takewhile

from dateutil.rrule import rrulestr

MAX_RULE_DAYS = 3660  # a rule says nothing later than ten years after it began
MAX_RULE_CHARS = 200
MAX_INTERVAL = 1000
MAX_DATE_SETS = 1024
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
PARTS = {"FREQ", "INTERVAL", "UNTIL", "COUNT", "BYDAY", "BYMONTH", "BYMONTHDAY"} | {
    *("BYYEARDAY", "BYWEEKNO", "BYSETPOS", "WKST"),
}
PART = re.compile(r"([A-Z]+)=([A-Z0-9,+-]+)", re.ASCII)
# The calendar repeats itself, weekdays too. In its last repetition before the year 9999 the search
# for the next day of a rule that never happens ends soon.
CYCLE_YEARS = 400
LAST_YEAR = 9999 - 11  # a rule's ten years must end before the calendar does
MIDNIGHT = datetime.min.time()


@lru_cache(maxsize=MAX_DATE_SETS)
def rule_dates(text: str, since: date) -> frozenset[date]:
    """Every date of the rule from `since` on. Raises ValueError with a sentence."""
    parts = _parts(text)
    until = _until(parts.pop("UNTIL", None))
    cycles = (LAST_YEAR - since.year) // CYCLE_YEARS
    last = min(until, since + timedelta(days=MAX_RULE_DAYS))
    return frozenset(takewhile(lambda day: day <= last, _dates(parts, since, cycles)))


def _dates(parts: dict[str, str], since: date, cycles: int) -> Iterator[date]:
    years = cycles * CYCLE_YEARS
    start = datetime.combine(since.replace(year=since.year + years), MIDNIGHT)
    try:
        rule = rrulestr(";".join(f"{key}={value}" for key, value in parts.items()), dtstart=start)
        for at in rule:
            yield at.date().replace(year=at.year - years)
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ValueError(f"not a rule of RFC 5545: {error}") from None


def _parts(text: str) -> dict[str, str]:
    if len(text) > MAX_RULE_CHARS:
        raise ValueError(f"a rule has at most {MAX_RULE_CHARS} characters")
    found = [PART.fullmatch(part) for part in text.split(";")]
    named = [(match[1], match[2]) for match in found if match]
    parts = dict(named)
    if len(parts) != len(found) or not parts.keys() <= PARTS:
        raise ValueError(f"a rule is NAME=VALUE;..., each once, of {', '.join(sorted(PARTS))}")
    if parts.get("FREQ") not in FREQUENCIES:
        raise ValueError(f"FREQ is one of {', '.join(FREQUENCIES)}")
    if {"COUNT", "UNTIL"} <= parts.keys():
        raise ValueError("a rule ends by COUNT or by UNTIL, not by both")
    for name, most in (("INTERVAL", MAX_INTERVAL), ("COUNT", MAX_RULE_DAYS)):
        value = parts.get(name, "1")
        if not value.isdecimal() or not 1 <= int(value) <= most:
            raise ValueError(f"{name} is 1 to {most}")
    return parts


def _until(text: str | None) -> date:
    """A local date, whole: `UNTIL=20261231`."""
    if text is None:
        return date.max
    if not re.fullmatch(r"\d{8}", text, re.ASCII):
        raise ValueError("UNTIL is a date like 20261231")
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))
