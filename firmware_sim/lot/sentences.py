"""The sentences of a scenario: what happens and what is expected, as a tester would say it.

A form is a sentence with gaps: SPACE, TIME (2:00 or 1:02:00 since the start), SPAN (90 s, 5 min,
1 h), COUNT. Notes may follow an event in brackets, with commas between them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, TypeAlias

TIME = r"(?:\d+:)?\d+:\d\d(?:\.\d+)?"
SPAN = r"\d+(?:\.\d+)? ?(?:s|min|h)"
UNITS_S = {"s": 1.0, "min": 60.0, "h": 3600.0}
GAPS = {
    "SPACE": r"(?P<space>\S+)",
    "TIME": rf"(?P<at>{TIME})",
    "SPAN": rf"(?P<lasts>{SPAN})",
    "LATEST": rf"(?P<latest>{SPAN})",
    "COUNT": r"(?P<count>\d+|no)",
}
Verb: TypeAlias = Literal[
    "arrives", "leaves", "passes", "stops", "turns", "walks", "stands", "trolley", "motorbike",
    "plate", "tram", "rain", "snow", "fault", "gateway",
]  # fmt: skip
EVENTS: dict[str, Verb] = {
    "car arrives at SPACE": "arrives",
    "car leaves SPACE": "leaves",
    "car|lorry|motorbike passes": "passes",
    "car|lorry|motorbike stops before SPACE for SPAN": "stops",
    "car turns in SPACE": "turns",
    "person walks past SPACE": "walks",
    "person stands at SPACE for SPAN": "stands",
    "trolley at SPACE for SPAN": "trolley",
    "motorbike beside SPACE for SPAN": "motorbike",
    "metal plate at SPACE for SPAN": "plate",
    "tram for SPAN": "tram",
    "rain for SPAN": "rain",
    "snow on SPACE for SPAN": "snow",
    "ultrasonic|magnetometer of SPACE silent|stuck|noisy for SPAN": "fault",
    "gateway silent for SPAN": "gateway",
}
NOTES: dict[Verb, tuple[str, ...]] = {
    "arrives": (r"plate \S+", "weak", "pauses", "creeps", "re-parks"),
    "leaves": ("pauses",),
    "passes": (r"\d+ km/h",),
    "plate": (r"\d+(?:\.\d+)? uT",),
    "tram": (r"\d+(?:\.\d+)? uT",),
    "rain": ("light", "heavy"),
}
EXPECTATIONS = {
    "SPACE arrival|departure at TIME within SPAN": "moment",
    "SPACE arrival|departure at TIME within SPAN reported after at most LATEST": "moment",
    "SPACE free|occupied|unknown at TIME": "standing",
    "COUNT stay|stays at SPACE": "stays",
    "SPACE unknown at most SPAN": "unknown",
    "every stay and no other": "all",
}


# What a street, a tram line and a man with a metal plate can do; by the unit of the note.
BOUNDS: dict[str, tuple[float, float]] = {"km/h": (1, 120), "uT": (0.1, 50)}
PLATE_LETTERS = range(4, 11)
BETWEEN_LETTERS = str.maketrans("", "", "-·.")


@dataclass(frozen=True, slots=True)
class Said:
    """One understood sentence. `words`: what was chosen in its gaps of a|b, in order."""

    verb: str
    words: tuple[str, ...] = ()
    space: str | None = None
    at_s: float = 0.0
    lasts_s: float = 0.0
    latest_s: float | None = None
    count: int = 0
    notes: tuple[str, ...] = ()


class Unclear(ValueError):
    """A sentence that is none; `column` counts from its first character."""

    def __init__(self, column: int, sentence: str) -> None:
        super().__init__(sentence)
        self.column = column


def event(text: str, spaces: Sequence[str]) -> Said:
    """`2:00 car arrives at S1 (weak)`. Unclear."""
    begins = re.match(rf"({TIME})\s+", text)
    if begins is None:
        raise Unclear(0, "An event begins with its time since the start, as in `2:00 car passes`.")
    _refuse_clock(begins[1], 0)
    rest = text[begins.end() :]
    body, _, bracket = rest.partition("(")
    said = _understood(body.rstrip(), EVENTS, spaces, begins.end())
    notes = _notes(said.verb, bracket, begins.end() + len(body) + 1) if bracket else ()
    return Said(said.verb, said.words, said.space, seconds(begins[1]), said.lasts_s, notes=notes)


def expectation(text: str, spaces: Sequence[str]) -> Said:
    """`S1 arrival at 2:00 within 3 s`. Unclear."""
    return _understood(text, EXPECTATIONS, spaces, 0)


def seconds(time: str) -> float:
    total = 0.0
    for part in time.split(":"):
        total = total * 60 + float(part)
    return total


def span_s(text: str) -> float | None:
    """`30 min` -> 1800; None where it is no span of time."""
    if re.fullmatch(SPAN, text) is None:
        return None
    number = re.match(r"[\d.]+", text)
    assert number is not None
    return float(number[0]) * UNITS_S[text[number.end() :].strip()]


def note_number(notes: Sequence[str], unit: str) -> float | None:
    return next((float(note.split()[0]) for note in notes if note.endswith(unit)), None)


def _understood(
    text: str, forms: dict[str, str] | dict[str, Verb], spaces: Sequence[str], column: int
) -> Said:
    for form, verb in forms.items():
        match = _pattern(form).fullmatch(text)
        if match is None:
            continue
        found = match.groupdict()
        space = found.get("space")
        if space is not None and space not in spaces:
            where = column + match.start("space")
            raise Unclear(where, f"{space} is no space here; there are {', '.join(spaces)}.")
        if found.get("at"):
            _refuse_clock(found["at"], column + match.start("at"))
        named = set(match.re.groupindex.values())
        words = tuple(word for n, word in enumerate(match.groups(), 1) if n not in named)
        return Said(
            verb,
            words,
            space,
            at_s=seconds(found.get("at") or "0:00"),
            lasts_s=span_s(found.get("lasts") or "") or 0.0,
            latest_s=span_s(found.get("latest") or ""),
            count=int(found["count"]) if (found.get("count") or "no") != "no" else 0,
        )
    raise Unclear(column, f"`{text}` is not understood; {_nearest(text, list(forms))}.")


def _pattern(form: str) -> re.Pattern[str]:
    parts = [GAPS.get(word) or (f"({word})" if "|" in word else word) for word in form.split()]
    return re.compile(r"\s+".join(parts))


def _nearest(text: str, forms: list[str]) -> str:
    """The forms most like it; all of them where none is."""
    like = get_close_matches(text, forms, n=2, cutoff=0.4) or forms
    return "write " + " or ".join(f"`{form}`" for form in like)


def _notes(verb: str, bracket: str, column: int) -> tuple[str, ...]:
    inside, closed, after = bracket.partition(")")
    if not closed or after.strip():
        raise Unclear(column, "The notes end with one closing bracket, and so does the sentence.")
    allowed, found = NOTES.get(verb, ()), []  # type: ignore[call-overload]
    for part in inside.split(","):
        note = part.strip()
        where = column + len(part) - len(part.lstrip())
        if not any(re.fullmatch(form, note) for form in allowed):
            ways = ", ".join(_plain(form) for form in allowed) or "none"
            raise Unclear(where, f"`{note}` is no note of this event; notes here: {ways}.")
        _refuse_note(note, where)
        found.append(note)
        column += len(part) + 1
    return tuple(found)


def _refuse_clock(time: str, column: int) -> None:
    """Only the first part of a TIME may be 60 or more: 90:00 is an hour and a half."""
    if any(float(part) >= 60 for part in time.split(":")[1:]):
        raise Unclear(column, f"{time} is no time: minutes after an hour, and seconds, end at 59.")


def _refuse_note(note: str, column: int) -> None:
    if note.startswith("plate "):
        letters = note.removeprefix("plate ").translate(BETWEEN_LETTERS)
        if not letters.isalnum() or len(letters) not in PLATE_LETTERS:
            least, most = PLATE_LETTERS[0], PLATE_LETTERS[-1]
            said = f"A plate has {least} to {most} letters and digits, as in plate 沪A12345."
            raise Unclear(column, said)
        return
    number, _, unit = note.partition(" ")
    if unit in BOUNDS and not BOUNDS[unit][0] <= float(number) <= BOUNDS[unit][1]:
        low, high = BOUNDS[unit]
        raise Unclear(column, f"{note} is out of range: from {low:g} to {high:g} {unit}.")


def _plain(form: str) -> str:
    return form.replace(r"\S+", "沪A12345").replace(r"\d+(?:\.\d+)?", "2").replace(r"\d+", "20")
