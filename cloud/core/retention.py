"""For how long what is kept: a table of rules, each with a period that the operator may set.

A plate is kept for as long as somebody may still dispute a stay; whatever is disputed, unpaid or
not filed for good is kept whatever the period says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

# Shorter than that nobody could dispute a bill that he has just seen.
LEAST_DISPUTE_DAYS = 14
MOST_DAYS = 3650
DELETE = ""
# A stay that an event is part of.
_STAY = """SELECT 1 FROM stay s LEFT JOIN booking k ON k.id = s.booking
  WHERE s.gateway = event.gateway AND s.epoch = event.epoch AND s.space = event.space
  AND event.seq >= COALESCE(s.opened_seq, s.first_seq)
  AND event.seq <= COALESCE(s.last_seq, event.seq)"""
_UNDECIDED = """(s.state IN ('open', 'disputed') OR EXISTS (SELECT 1 FROM dispute d
  WHERE d.state = 'open' AND (d.stay = s.number OR d.booking = s.booking)))"""
_OLD = "plate IS NOT NULL AND {at} < :before"
_OVER = "state IN ('settled', 'cancelled', 'no_show', 'completed') AND ends_ms < :before_ms"
_DISPUTED = """(SELECT d.booking FROM dispute d WHERE d.state = 'open' AND d.booking IS NOT NULL
  UNION SELECT s.booking FROM stay s WHERE s.booking IS NOT NULL
    AND (s.state IN ('open', 'disputed')
      OR EXISTS (SELECT 1 FROM dispute x WHERE x.state = 'open' AND x.stay = s.number))
  UNION SELECT t.booking FROM settlement t LEFT JOIN batch b ON b.seq = t.batch
    LEFT JOIN chaincall c ON c.id = b.call WHERE c.status IS NULL OR c.status <> 'final')"""


@dataclass(frozen=True, slots=True)
class Rule:
    """`key`: the table's primary key. `where`: SQL with `:before_ms`, or `:before` as text, for

    rows that are due. `made`: what is set in them; DELETE: they go.
    """

    name: str
    about: str
    table: str
    key: str
    where: str
    made: str
    days: int
    least_days: int = 1


RULES: tuple[Rule, ...] = (
    Rule(
        "stranger_plates",
        "Plates that cameras read of cars without a booking.",
        "event",
        "gateway, epoch, seq",
        f"{_OLD} AND NOT EXISTS ({_STAY} AND (s.booking IS NOT NULL OR {_UNDECIDED}))",
        "plate = NULL",
        30,
    ),
    Rule(
        "stay_plates",
        "Plates that cameras read in booked stays, with the salts of their commitments.",
        "event",
        "gateway, epoch, seq",
        f"""{_OLD} AND EXISTS ({_STAY} AND s.booking IS NOT NULL)
          AND NOT EXISTS ({_STAY} AND (s.booking IN {_DISPUTED} OR {_UNDECIDED}))""",
        "plate = NULL",
        90,
        LEAST_DISPUTE_DAYS,
    ),
    Rule(
        "booking_plates",
        "Plates of bookings that are over.",
        "booking",
        "id",
        f"plate <> '' AND {_OVER} AND id NOT IN {_DISPUTED}",
        "plate = '', asked = '[]'",
        90,
        LEAST_DISPUTE_DAYS,
    ),
    Rule(
        "commands",
        "What gateways were told of bookings that are over.",
        "command",
        "id",
        f"""kind IN ('grant', 'revoke') AND created_ms < :before_ms
          AND subject IN (SELECT id FROM booking WHERE {_OVER} AND id NOT IN {_DISPUTED})""",
        DELETE,
        30,
        LEAST_DISPUTE_DAYS,
    ),
    Rule(
        "guest_plates",
        "Plates of guests whose time is over.",
        "ownerplate",
        "space, plate",
        "ends_ms IS NOT NULL AND ends_ms < :before_ms",
        DELETE,
        30,
    ),
    Rule(
        "notices",
        "Messages that were sent, or given up.",
        "notice",
        "id",
        "state <> 'waiting' AND created_ms < :before_ms",
        DELETE,
        365,
        LEAST_DISPUTE_DAYS,
    ),
    Rule(
        "change_keys",
        "Keys under which bookings were changed.",
        "bookingkey",
        "key",
        "at_ms < :before_ms",
        DELETE,
        90,
        7,
    ),
    Rule(
        "answers",
        "Answers that would be given again.",
        "answered",
        "key",
        "at_ms < :before_ms",
        DELETE,
        7,
        7,
    ),
    Rule(
        "dispute_texts",
        "What was said in disputes that are decided.",
        "dispute",
        "id",
        "text <> '' AND state <> 'open' AND decided_ms < :before_ms",
        "text = ''",
        1095,
        90,
    ),
    Rule(
        "audit_names",
        "Personal values beside the audit log.",
        "auditpersonal",
        "seq",
        "seq IN (SELECT seq FROM auditentry WHERE at_ms < :before_ms)",
        DELETE,
        730,
        90,
    ),
)
NAMES = tuple(rule.name for rule in RULES)


def periods(text: str) -> Mapping[str, int]:
    """Of a setting such as `stay_plates=120,notices=400`: every rule's days.

    Raises ValueError: the sentence says what is wrong.
    """
    found = {rule.name: rule.days for rule in RULES}
    least = {rule.name: rule.least_days for rule in RULES}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, days = (piece.strip() for piece in part.partition("="))
        if name not in found:
            raise ValueError(f"{name} is none of {', '.join(NAMES)}")
        if not days.isdecimal() or not least[name] <= int(days) <= MOST_DAYS:
            raise ValueError(f"{name} is kept for {least[name]} to {MOST_DAYS} days")
        found[name] = int(days)
    return found


def before(now: datetime, days: int) -> datetime:
    """What is older than that is due."""
    return now - timedelta(days=days)


def at_of(dialect: str) -> str:
    """The time of an event, out of its signed body: the same text sorts as the time does."""
    return "(body::json ->> 'at')" if dialect == "postgresql" else "json_extract(body, '$.at')"


def in_order(names: Sequence[str]) -> list[Rule]:
    return [rule for rule in RULES if rule.name in names]
