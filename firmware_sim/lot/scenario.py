"""A tester's scenario file: YAML of a few lines, each event and expectation a sentence.

Every mistake is found before one is told, with its line and column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from edge.errors import Mistake
from firmware_sim.lot.levels import LEVELS
from firmware_sim.lot.sentences import Said, Unclear, event, expectation, span_s

MAX_BYTES, MAX_SPACES, MAX_DAYS = 65_536, 500, 366
PLACES = ("overhead", "wall", "post")
KEYS = ("spaces", "lasts", "seed", "sensors", "around", "events", "expect")


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence with the place where it stands."""

    said: Said
    text: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """`sensors`: where they hang (overhead, wall, post). `around`: the level whose lane, people,
    trams and weather go on beside the script; None: nothing does."""

    spaces: tuple[str, ...]
    lasts_s: float
    seed: int = 1
    sensors: str = "overhead"
    around: str | None = None
    events: tuple[Line, ...] = ()
    expect: tuple[Line, ...] = ()


class ScenarioWrong(ValueError):
    """Each mistake as file:line:column: sentence."""

    def __init__(self, name: str, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = sorted(mistakes)
        super().__init__(
            "\n".join(f"{name}:{one.line}:{one.column}: {one.sentence}" for one in self.mistakes)
        )


def read_scenario(path: Path) -> Scenario:
    """ScenarioWrong, OSError."""
    with path.open("rb") as file:
        raw = file.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise ScenarioWrong(str(path), [Mistake(1, 1, f"Longer than {MAX_BYTES} bytes.")])
    return parse_scenario(raw, str(path))


def parse_scenario(raw: bytes | str, name: str) -> Scenario:
    try:
        root = yaml.compose(raw, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        why = getattr(error, "problem", None) or "it is not a text"
        raise ScenarioWrong(name, [Mistake(line, column, f"Not YAML: {why}.")]) from None
    if not isinstance(root, yaml.MappingNode):
        raise ScenarioWrong(name, [Mistake(1, 1, "A scenario begins with `spaces: [S1]`.")])
    reader = _Reader(root)
    scenario = reader.scenario()
    if reader.mistakes or scenario is None:
        raise ScenarioWrong(name, reader.mistakes)
    return scenario


class _Reader:
    """Reads what it can and notes what it cannot."""

    def __init__(self, root: yaml.MappingNode) -> None:
        self.mistakes: list[Mistake] = []
        self._nodes: dict[str, yaml.Node] = {}
        for key, value in root.value:
            if key.value not in KEYS:
                self._wrong(key, f"{key.value} is no setting; there are {', '.join(KEYS)}.")
            elif key.value in self._nodes:
                self._wrong(key, f"{key.value} is set twice; keep one of them.")
            else:
                self._nodes[key.value] = value

    def scenario(self) -> Scenario | None:
        spaces = tuple(self._spaces())
        lasts_s = self._scalar("lasts", "30 min or 2 h", span_s)
        seed = self._scalar("seed", "a whole number", lambda t: int(t) if t.isdigit() else None)
        sensors = self._scalar("sensors", " or ".join(PLACES), _one_of(PLACES))
        around = self._scalar("around", " or ".join(LEVELS), _one_of(tuple(LEVELS)))
        events = tuple(self._lines("events", event, spaces))
        expect = tuple(self._lines("expect", expectation, spaces))
        for name in ("spaces", "lasts"):
            if name not in self._nodes:
                self.mistakes.append(Mistake(1, 1, f"`{name}:` is missing."))
        if not lasts_s or not 60 <= lasts_s <= MAX_DAYS * 86_400:
            if lasts_s is not None:
                self._wrong(self._nodes["lasts"], f"From 1 min to {MAX_DAYS * 24} h.")
            return None
        for line in (*events, *expect):
            if line.said.at_s >= lasts_s:
                self.mistakes.append(Mistake(line.line, line.column, "This is after the end."))
        return Scenario(spaces, lasts_s, seed or 1, sensors or "overhead", around, events, expect)

    def _spaces(self) -> Iterator[str]:
        node = self._nodes.get("spaces")
        if node is None:
            return
        names = [item.value for item in _items(node) if isinstance(item, yaml.ScalarNode)]
        if not names or len(set(names)) != len(_items(node)) or len(names) > MAX_SPACES:
            self._wrong(node, f"A list of 1 to {MAX_SPACES} different names, as in [S1, S2].")
        yield from names

    def _scalar(self, name: str, wanted: str, read: Callable[[str], Any]) -> Any:
        node = self._nodes.get(name)
        if node is None:
            return None
        value = read(node.value) if isinstance(node, yaml.ScalarNode) else None
        if value is None:
            self._wrong(node, f"{name} is {wanted}.")
        return value

    def _lines(
        self, name: str, read: Callable[[str, Sequence[str]], Said], spaces: Sequence[str]
    ) -> Iterator[Line]:
        node = self._nodes.get(name)
        if node is None:
            return
        if not isinstance(node, yaml.SequenceNode):
            self._wrong(node, f"{name} is a list of sentences, each after a `- `.")
            return
        for item in node.value:
            line, column = item.start_mark.line + 1, item.start_mark.column + 1
            if not isinstance(item, yaml.ScalarNode):
                self._wrong(item, "A sentence; put it in quotes if it holds a colon and a space.")
                continue
            try:
                yield Line(read(item.value, spaces), item.value, line, column)
            except Unclear as unclear:
                quoted = item.style in ("'", '"')
                self.mistakes.append(Mistake(line, column + quoted + unclear.column, str(unclear)))

    def _wrong(self, node: yaml.Node, said: str) -> None:
        mark = node.start_mark
        self.mistakes.append(Mistake(mark.line + 1, mark.column + 1, said))


def _one_of(words: Sequence[str]) -> Callable[[str], str | None]:
    return lambda text: text if text in words else None


def _items(node: yaml.Node) -> list[yaml.Node]:
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []
