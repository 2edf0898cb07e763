"""How long a browser stays signed in: by role, as NIST SP 800-63B has it (section 7.2).

Who only parks or shares: 30 days in all, 7 days without a visit. Who works for the operator, and
sees what is others': 12 hours in all, one hour without a visit.
"""

from dataclasses import dataclass

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
TOKEN_BYTES = 32
# Noted once in so long that a session was used: not every page costs a write.
SEEN_EVERY_MS = 60_000
MAX_OF_ACCOUNT = 20
MAX_AGENT = 120
OWN_THINGS = ("owner", "driver")


@dataclass(frozen=True, slots=True)
class Spans:
    idle_ms: int
    whole_ms: int


def spans(role: str, rate: float = 1.0) -> Spans:
    """`rate`: how many times as fast as ours the installation's clock goes (demonstrations)."""
    known = Spans(7 * DAY_MS, 30 * DAY_MS) if role in OWN_THINGS else Spans(HOUR_MS, 12 * HOUR_MS)
    return Spans(int(known.idle_ms * rate), int(known.whole_ms * rate))


def live(seen_ms: int, idle_ms: int, ends_ms: int, now_ms: int) -> bool:
    return now_ms < ends_ms and now_ms < seen_ms + idle_ms


def browser(agent: str) -> str:
    """What a person recognises of a User-Agent: the browser and the system it runs on."""
    names = ("Edg", "OPR", "Firefox", "Chrome", "Safari", "MicroMessenger")
    found = next((name for name in ("MicroMessenger", *names) if f"{name}/" in agent), "")
    systems = ("Android", "iPhone", "iPad", "Windows", "Mac OS X", "Linux")
    system = next((name for name in systems if name in agent), "")
    said = {"Edg": "Edge", "OPR": "Opera", "MicroMessenger": "WeChat"}.get(found, found)
    plain = " · ".join(part for part in (said, system) if part)
    return plain or "".join(char for char in agent if char.isprintable())[:MAX_AGENT]
