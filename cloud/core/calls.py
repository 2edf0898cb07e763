"""The life of a transaction of ours as a table. A move that is not in it changes nothing.

queued -> signed -> sent -> mined -> final. What a reorganisation takes back is signed again: its
bytes exist and go out again as they are. A queued call that was sent before may still be found.
"""

from collections.abc import Mapping
from typing import Literal

Status = Literal["queued", "signed", "sent", "mined", "final", "failed"]
Step = Literal[
    "sign", "send", "replace", "mine", "vanish", "finish", "resign", "revert", "refuse", "fail"
]

# (status, step) -> status
STEPS: Mapping[tuple[Status, Step], Status] = {
    ("queued", "sign"): "signed",
    ("queued", "refuse"): "queued",
    ("queued", "fail"): "failed",
    ("queued", "mine"): "mined",
    ("signed", "send"): "sent",
    ("signed", "mine"): "mined",
    ("signed", "resign"): "queued",
    ("signed", "replace"): "signed",
    ("signed", "revert"): "queued",
    ("signed", "fail"): "failed",
    ("sent", "send"): "sent",
    ("sent", "replace"): "signed",
    ("sent", "mine"): "mined",
    ("sent", "resign"): "queued",
    ("sent", "revert"): "queued",
    ("sent", "fail"): "failed",
    ("mined", "mine"): "mined",
    ("mined", "vanish"): "signed",
    ("mined", "finish"): "final",
    ("mined", "revert"): "queued",
    ("mined", "fail"): "failed",
}
# Still on their way to a block, in the order they were decided.
WAITING: tuple[Status, ...] = ("queued", "signed", "sent")
FILED: tuple[Status, ...] = ("mined", "final")


class IllegalStep(ValueError):
    """This call cannot do that in its present state."""

    code = "illegal_step"


def stepped(status: Status, step: Step) -> Status:
    try:
        return STEPS[status, step]
    except KeyError:
        raise IllegalStep(f"{IllegalStep.__doc__} ({status}, {step})") from None
