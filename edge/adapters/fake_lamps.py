"""Lamps without pins: remembers what each space shows."""

from __future__ import annotations

from collections.abc import Iterable

from edge.core.signals import DARK, LOOKS, Look, Shown


class FakeLamps:
    """`changes` is what a bystander would have seen, in order."""

    def __init__(self, spaces: Iterable[str]) -> None:
        self.looks: dict[str, Look] = dict.fromkeys(spaces, DARK)
        self.changes: list[tuple[str, Shown]] = []
        self._shown: dict[str, Shown] = {}

    def show(self, space: str, shown: Shown) -> None:
        if space not in self.looks or self._shown.get(space) == shown:
            return
        self._shown[space] = shown
        self.looks[space] = LOOKS[shown]
        self.changes.append((space, shown))

    def close(self) -> None:
        self.looks = dict.fromkeys(self.looks, DARK)
        self._shown = {}
