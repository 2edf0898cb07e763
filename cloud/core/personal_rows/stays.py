"""What is held of a person's stays, bookings and their money."""

from typing import Any

Row = tuple[str, str, dict[str, Any]]

MINE = "IN (SELECT id FROM booking WHERE driver = :person)"
_STAYS = f"SELECT number FROM stay WHERE booking {MINE}"
BOOKS = "The books, the chain and receipts stay valid; they name a number, which no longer has one."
# An event is hers by the stay that it is evidence of.
_EVENTS = f"""(gateway, epoch, seq) IN (SELECT e.gateway, e.epoch, e.seq FROM stay s
  JOIN event e ON e.gateway = s.gateway AND e.epoch = s.epoch AND e.space = s.space
  AND e.seq >= COALESCE(s.opened_seq, s.first_seq) AND e.seq <= COALESCE(s.last_seq, e.seq)
  WHERE s.booking {MINE})"""
# A stranger's plate is hers where its mark is that of a plate of hers, and the stay is nobody's.
_MARKS = """(SELECT substr(plate, 1, 19) FROM booking WHERE driver = :person AND plate <> ''
  UNION SELECT substr(plate, 1, 19) FROM ownerplate WHERE account = :person)"""
_UNBOOKED = f"""(substr(plate, 1, 19) IN {_MARKS} AND substr(plate, 20, 3) = '.0.'
  AND NOT EXISTS (SELECT 1 FROM stay s WHERE s.gateway = event.gateway AND s.epoch = event.epoch
    AND s.space = event.space AND s.booking IS NOT NULL
    AND event.seq >= COALESCE(s.opened_seq, s.first_seq)
    AND event.seq <= COALESCE(s.last_seq, event.seq)))"""

ROWS: tuple[Row, ...] = (
    (
        "event",
        "What gateways signed of cars in spaces.",
        {
            "whose": f"({_EVENTS} OR {_UNBOOKED})",
            "personal": {
                "plate": "How a camera read the plate, and the salt that opens its commitment.",
                "body": "When a car came or went, with the plate's salted commitment only.",
            },
            "other": "gateway epoch seq space signature digest signer effect",
            "erased": {"plate": "NULL"},
            "why": "The signed bodies are the evidence of receipts, and hold no plate.",
        },
    ),
    (
        "command",
        "What gateways were told: whom to let in, and no longer.",
        {
            "whose": f"subject {MINE}",
            "personal": {"payload": "The plates and the times of a booking."},
            "other": "id gateway kind subject status answer created_ms",
            "erased": "delete",
        },
    ),
    (
        "stay",
        "When a car stood where.",
        {
            "whose": f"booking {MINE}",
            "personal": {
                "arrived_ms": "When it came.",
                "departed_ms": "When it left.",
                "space": "Where it stood.",
                "booking": "By which booking.",
            },
            "other": "number gateway epoch first_seq last_seq state kind opened_seq",
            "why": BOOKS,
        },
    ),
    (
        "overstay",
        "That a gateway was asked whether a car really stands past its time.",
        {
            "whose": f"booking {MINE}",
            "personal": {"asked_ms": "When it was asked."},
            "other": "stay booking command",
            "why": BOOKS,
        },
    ),
    (
        "settlement",
        "What a stay cost, as filed on the chain.",
        {
            "whose": f"booking {MINE}",
            "personal": {
                "record": "Accounts, times and the price, as filed.",
                "lines": "How the price came about.",
                "amount_minor": "What was due.",
                "paid_minor": "What was paid.",
            },
            "other": "stay booking leaf word batch position credit_of",
            "why": BOOKS,
        },
    ),
    (
        "receipt",
        "Receipts, which anybody who is given one can verify.",
        {
            "whose": f"booking {MINE}",
            "personal": {"text": "The whole receipt. It holds commitments, and no plate."},
            "other": "stay booking",
            "why": BOOKS,
        },
    ),
    (
        "credit",
        "What went back to a driver.",
        {
            "whose": f"stay IN ({_STAYS})",
            "personal": {"amount_minor": "How much.", "reason": "Why."},
            "other": "number stay by at_ms request_key",
            "why": BOOKS,
        },
    ),
    (
        "charge",
        "What was due without a stay.",
        {
            "whose": "(payer = :person OR payee = :person)",
            "personal": {"amount_minor": "How much.", "reason": "Why."},
            "other": "number booking code currency payer payee by at_ms adds_to request_key",
            "why": BOOKS,
        },
    ),
    (
        "feedue",
        "Fees that were due by the terms.",
        {
            "whose": "(payer = :person OR payee = :person)",
            "personal": {"amount_minor": "How much.", "reason": "Why."},
            "other": "booking code currency payer payee at_ms",
            "why": BOOKS,
        },
    ),
    (
        "collected",
        "What the chain lacked of a settlement.",
        {
            "whose": f"stay IN ({_STAYS})",
            "personal": {"missing_minor": "How much."},
            "other": "id stay",
            "why": BOOKS,
        },
    ),
    (
        "entry",
        "Every movement of an account's money.",
        {
            "whose": "account = :person",
            "personal": {"amount_minor": "How much moved.", "transfer": "For what."},
            "other": "id account bucket currency at_ms",
            "why": BOOKS,
        },
    ),
    (
        "balance",
        "What an account has.",
        {
            "whose": "account = :person",
            "personal": {"sum_minor": "How much."},
            "other": "account bucket currency entry",
            "why": BOOKS,
        },
    ),
    (
        "dispute",
        "What somebody said against a record.",
        {
            "whose": "opened_by = :person",
            "personal": {
                "text": "What was said.",
                "reason": "Why it was decided so.",
                "about": "What it was about.",
                "verdict": "How it was decided.",
            },
            "other": "id booking stay opened_by role state opened_ms decided_by decided_ms "
            "amount_minor credit charge",
            "erased": {"text": "''", "reason": "''"},
            "why": BOOKS,
        },
    ),
    (
        "superseded",
        "What was agreed before a booking was changed.",
        {
            "whose": f"booking {MINE}",
            "personal": {"record": "Times, space and price of then."},
            "other": "grant booking space tariff held_minor until_ms",
            "why": BOOKS,
        },
    ),
    (
        "bookingkey",
        "Changes of a booking, each done once.",
        {
            "whose": f"booking {MINE}",
            "personal": {"wish": "What was wished; of a plate its mark only."},
            "other": "key booking at_ms",
            "erased": {"wish": "'[]'"},
            "why": "A change that is sent again must not be done again.",
        },
    ),
    (
        "booking",
        "Bookings, with the plate that was to come.",
        {
            "whose": "driver = :person",
            "personal": {
                "plate": "The plate.",
                "space": "Where.",
                "starts_ms": "From when.",
                "ends_ms": "Until when.",
                "history": "What became of it.",
                "record": "What was agreed, as filed.",
                "asked": "What was asked; of the plate its mark only.",
            },
            "other": "id request_key offer driver state grant tariff held_minor fee_bps version "
            "early_ms due_ms",
            "erased": {"plate": "''", "asked": "'[]'"},
            "why": BOOKS,
        },
    ),
)
