"""Which commands a gateway believes: those that its cloud signed, lately, and each only once.

Refused ones are counted by whoever asks; the honest cloud signs anew whatever is not answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from contracts.wire.commands import signer_of
from contracts.wire.messages import Down
from contracts.wire.signing import Domain

WINDOW_MS = 600_000
# The cloud tells two hundred commands a second at most; older ones than these are too old.
MAX_REMEMBERED = 4_096
Distrust: TypeAlias = Literal["unsigned", "wrong_key", "too_old", "too_new", "replayed"]


@dataclass(frozen=True, slots=True)
class Pinned:
    """Whose commands count: the cloud's key (two while it is changed), and where it counts."""

    addresses: tuple[str, ...]
    domain: Domain


class CommandGuard:
    """`heard_ms`: when the newest command was signed that was believed before the restart."""

    def __init__(self, pinned: Pinned, heard_ms: int = 0) -> None:
        self._pinned = pinned
        self._newest_ms = heard_ms
        # Signature -> when it was made; in the order of coming.
        self._seen: dict[str, int] = {}
        # What was forgotten for want of room; nothing up to here is believed again.
        self._floor_ms = 0

    def judge(self, message: Down, utc_ms: int | None) -> Distrust | None:
        """None: believe it. `utc_ms`: now, by a clock that is synced; None while it is not.

        Without a clock the newest command is the clock: what is older by more than the window is
        refused all the same.
        """
        if message.signature is None:
            return "unsigned"
        if utc_ms is not None and self._floor_ms > utc_ms + WINDOW_MS:
            # The cloud's clock was once years ahead, and nobody here knew better.
            self._floor_ms = 0
        if signer_of(message, self._pinned.domain) not in self._pinned.addresses:
            return "wrong_key"
        at_ms = message.signed_at_ms
        if utc_ms is not None and at_ms > utc_ms + WINDOW_MS:
            return "too_new"
        if at_ms < self._oldest_ms(utc_ms):
            return "too_old"
        if message.signature in self._seen:
            return "replayed"
        self._remember(message.signature, at_ms)
        return None

    def _oldest_ms(self, utc_ms: int | None) -> int:
        now_ms = self._newest_ms if utc_ms is None else utc_ms
        return max(now_ms - WINDOW_MS, self._floor_ms + 1 if self._floor_ms else 0)

    def _remember(self, signature: str, at_ms: int) -> None:
        self._newest_ms = max(self._newest_ms, at_ms)
        self._seen[signature] = at_ms
        if len(self._seen) > MAX_REMEMBERED:
            first = next(iter(self._seen))
            self._floor_ms = max(self._floor_ms, self._seen.pop(first))
