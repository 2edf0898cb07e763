"""Times that no gateway whose clock is right can name."""

from contracts.wire.messages import Event
from contracts.wire.types import to_ms

# A clock that calls itself synced is off by less, even one that took the local time for UTC.
AHEAD_MS = 24 * 3_600_000
# A gateway that was cut off for longer is looked at by a person.
OLDEST_MS = 400 * 86_400_000


def absurd(event: Event, now_ms: int) -> bool:
    """Of a clock that says itself that it was never set nothing is billed: judged elsewhere."""
    if event.clock == "unsynced":
        return False
    at_ms = to_ms(event.at)
    return at_ms > now_ms + AHEAD_MS or at_ms < now_ms - OLDEST_MS
