"""The states of what compliance keeps, as tables: (state, move) -> state; all else is refused."""

from collections.abc import Mapping

Moves = Mapping[tuple[str, str], str]

REGISTRATION: Moves = {
    ("", "comply"): "compliant",
    ("", "refuse"): "refused",
    ("", "doubt"): "doubtful",
    ("doubtful", "comply"): "compliant",
    ("doubtful", "refuse"): "refused",
    ("doubtful", "withdraw"): "withdrawn",
    ("compliant", "mark"): "shared",
    ("compliant", "withdraw"): "withdrawn",
    ("shared", "withdraw"): "withdrawn",
}
# What was decided stays when the bytes go: only a paper that nobody looked at ends with them.
DOCUMENT: Moves = {
    ("submitted", "accept"): "accepted",
    ("submitted", "reject"): "rejected",
    ("submitted", "expire"): "expired",
    ("submitted", "erase"): "erased",
    ("accepted", "expire"): "expired",
}
REVIEW: Moves = {
    ("open", "accept"): "accepted",
    ("open", "reject"): "rejected",
    # The facts have changed before a person decided.
    ("open", "overtake"): "overtaken",
}
NOTICE: Moves = {
    ("waiting", "sent"): "sent",
    ("waiting", "failed"): "waiting",
    ("waiting", "given_up"): "given_up",
}


class IllegalStep(ValueError):
    """This move does not lead out of this state; nothing was changed."""


def moved(table: Moves, state: str, move: str) -> str:
    try:
        return table[state, move]
    except KeyError:
        raise IllegalStep(f"{move} in state {state}") from None
