"""How long a sign-in waits after failures: ever longer, and never for good.

Two counts. `place`: of a name from one address, or from a browser that its person has signed in
with before: after a few failures each next one waits twice as long. `name`: of a name from
everywhere else: after NAME_FREE failures in a row strangers wait as well. Its person is not held
up by it: a browser that is known, a passkey and a code by e-mail go by without asking this count.
"""

PLACE_FREE, NAME_FREE = 5, 100
FIRST_WAIT_MS, MAX_WAIT_MS = 1000, 15 * 60_000
# Failures older than this are forgotten: of a place after a day, of a name after an hour.
PLACE_KEPT_MS, NAME_KEPT_MS = 86_400_000, 3_600_000
_DOUBLINGS = 20


def wait_ms(failed: int, free: int) -> int:
    """After so many failures in a row, counted from the last."""
    if failed < free:
        return 0
    return int(min(FIRST_WAIT_MS * 2 ** min(failed - free, _DOUBLINGS), MAX_WAIT_MS))


def left_ms(failed: int, last_ms: int, now_ms: int, free: int) -> int:
    """What is left of it; a clock that was set back makes nobody wait longer than the whole."""
    wait = wait_ms(failed, free)
    return min(max(last_ms + wait - now_ms, 0), wait)
