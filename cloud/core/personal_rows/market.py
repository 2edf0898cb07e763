"""What is held of an owner: registrations, papers, offers, and the cars that may stand there."""

from typing import Any

Row = tuple[str, str, dict[str, Any]]
OWNED = "owner = :person"
NUMBER = "It names a number, which no longer has a name; bookings stand on it."

ROWS: tuple[Row, ...] = (
    (
        "markcall",
        "Which transaction carries the mark of a registration.",
        {
            "whose": "registration IN (SELECT id FROM registration WHERE owner = :person)",
            "personal": {"registration": "Whose registration."},
            "other": "call",
            "why": "The mark stands on the chain.",
        },
    ),
    (
        "registration",
        "Requests to share a space.",
        {
            "whose": OWNED,
            "personal": {
                "claim": "What the owner said: holder and consents.",
                "decided": "The facts that it was decided by, with the holder's name.",
                "reasons": "Why it was refused.",
                "doubts": "What a person had to look at.",
            },
            "other": "id space owner status decision decided_ms rules_version offered_ms",
            "erased": {"claim": "'{}'", "decided": "''"},
            "why": "That it was decided, and the digest, stand on the chain.",
        },
    ),
    (
        "review",
        "Questions that a person decided.",
        {
            "whose": OWNED,
            "personal": {"facts": "What was looked at.", "reason": "Why it was decided so."},
            "other": "number kind about space owner grounds state decided_by opened_ms decided_ms",
            "erased": {"facts": "'{}'", "reason": "''"},
            "why": NUMBER,
        },
    ),
    (
        "document",
        "Papers. The files lie encrypted beside the database; each can be had over the API.",
        {
            "whose": OWNED,
            "personal": {"kind": "What paper it is.", "reason": "What was said of it."},
            "other": "id owner space sha256 bytes media valid_until state decided_by submitted_ms "
            "decided_ms erased_ms",
            "erased": {"reason": "''"},
            "why": "The files are erased; that there was a paper, by its digest, stays.",
        },
    ),
    (
        "offer",
        "What an owner offers.",
        {
            "whose": OWNED,
            "personal": {"windows": "When.", "tariff": "At which price.", "space": "Where."},
            "other": "id owner terms max_height_cm max_width_cm max_length_cm max_weight_kg plug "
            "charging_only name_shown compensation version published_ms closed_ms status",
            "why": NUMBER,
        },
    ),
    (
        "ownerplate",
        "Plates of an owner's own cars and guests.",
        {
            "whose": "account = :person",
            "personal": {"plate": "The plate.", "space": "Where it may stand."},
            "other": "account starts_ms ends_ms added_ms",
            "erased": "delete",
        },
    ),
    (
        "takeback",
        "That an owner took a space back.",
        {
            "whose": OWNED,
            "personal": {"starts_ms": "From when.", "ends_ms": "Until when.", "space": "Where."},
            "other": "id owner token plan compensation_minor standby made_ms",
            "why": NUMBER,
        },
    ),
    (
        "spaceclosure",
        "When a space was closed.",
        {
            "whose": "by_account = :person",
            "personal": {"by_account": "Who closed it."},
            "other": "id space starts_ms ends_ms reason made_ms lifted_ms",
            "why": NUMBER,
        },
    ),
    (
        "standbyspace",
        "Spaces that are kept for those whose own was taken.",
        {
            "whose": "by_account = :person",
            "personal": {"by_account": "Who keeps it."},
            "other": "space lot made_ms",
            "why": NUMBER,
        },
    ),
    (
        "chaincall",
        "Transactions on the chain.",
        {
            "whose": "id = :who",
            "personal": {"args": "The account's number and address, as they stand on the chain."},
            "other": "number id contract function sender status nonce raw hash block_number "
            "block_hash reason",
            "why": "It stands on the chain, in public and for good.",
        },
    ),
    ("chainattempt", "Signed bytes of transactions.",
     {"other": "hash call nonce raw max_fee_wei tip_wei signed_ms"}),
    ("batch", "Settlements that were filed together.", {"other": "seq root call"}),
    ("transfersum", "Of a transfer that is being written.",
     {"other": "transfer currency sum_minor"}),
    ("norow", "Never has a row.", {"other": "transfer"}),
)  # fmt: skip
