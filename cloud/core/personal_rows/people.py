"""What is held of a person: the account, how she comes in, what she was told, what she answers."""

from typing import Any

Row = tuple[str, str, dict[str, Any]]
HERS = "account = :person"
_BY = "who = :who OR about = :who"


def _gone(other: str, secret: str = "", /, **personal: str) -> dict[str, Any]:
    """Rows of an account's own that go with it."""
    return {
        "whose": HERS,
        "personal": personal,
        "other": other,
        "secret": secret,
        "erased": "delete",
    }


ROWS: tuple[Row, ...] = (
    (
        "auditpersonal",
        "Names and the like beside the audit log, which itself holds their salted digests.",
        {
            "whose": f"seq IN (SELECT seq FROM auditentry WHERE {_BY})",
            "personal": {"text": "Personal values of an entry."},
            "other": "seq",
            "secret": "salt",
            "erased": "delete",
        },
    ),
    (
        "auditentry",
        "What was done with the account or by it.",
        {
            "whose": f"({_BY})",
            "personal": {"what": "The deed.", "about": "With what.", "who": "By whom."},
            "other": "seq at_ms detail personal previous hash",
            "why": "A chain of hashes: nothing can be taken out, and it holds no names.",
        },
    ),
    (
        "answered",
        "Answers that are given again when a request is sent again, for seven days.",
        {
            "whose": "key LIKE :prefix",
            "personal": {"body": "The answer."},
            "other": "key asked status at_ms",
            "erased": "delete",
        },
    ),
    (
        "notice",
        "Messages to the account.",
        _gone(
            "id account code key state attempts due_ms created_ms sent_ms error",
            fields="What was told.",
        ),
    ),
    (
        "noticecontact",
        "How the account is told.",
        # Below zero: the address before the last change, which is told of it.
        {
            "whose": "account IN (:person, -1073741824 - :person)",
            "personal": {"address": "Where messages go."},
            "other": "account channel language",
            "secret": "secret",
            "erased": "delete",
        },
    ),
    (
        "contactchange",
        "When the account began to be told elsewhere.",
        _gone("account", changed_ms="When."),
    ),
    (
        "appeal",
        "Objections to what counts against trust.",
        _gone(
            "event account state decided_by opened_ms decided_ms",
            text="What was said.",
            reason="Why it was decided so.",
        ),
    ),
    (
        "trustevent",
        "What an account is answerable for.",
        _gone("number account at_ms", code="What it was.", about="Of which stay or booking."),
    ),
    (
        "codeasked",
        "Codes that were asked for under a name.",
        {
            "whose": "name IN (SELECT name FROM signinname WHERE account = :person)",
            "personal": {"name": "The name that was typed.", "asked_ms": "When."},
            "other": "id kind language",
            "secret": "hash",
            "erased": "delete",
        },
    ),
    (
        "mailedcode",
        "Codes that were sent out.",
        _gone("kind account contact made_ms ends_ms", "mark hash", name="To which name."),
    ),
    ("signinname", "Names that the account signs in with.", _gone("account", name="The name.")),
    (
        "passwordrow",
        "The password's hash.",
        _gone("account", "hash", changed_ms="When it was set."),
    ),
    (
        "passkey",
        "Passkeys.",
        _gone(
            "id account key signed made_ms used_ms",
            "credential",
            name="What the person called it.",
        ),
    ),
    (
        "passkeychallenge",
        "Questions to a passkey that wait for an answer.",
        _gone("id ends_ms", "challenge", account="Whose passkey was asked."),
    ),
    (
        "websession",
        "Browsers that are signed in.",
        _gone(
            "id account how made_ms idle_ms ends_ms",
            "mark",
            agent="Which browser.",
            seen_ms="When it was last seen.",
        ),
    ),
    (
        "accesskey",
        "Keys of programs.",
        _gone("id account scope made_ms", "mark", name="What the person called it."),
    ),
    (
        "knownbrowser",
        "Browsers that signed in before.",
        _gone("ends_ms", "mark", account="Whose browser it is."),
    ),
    (
        "invitation",
        "Invitations that the account made.",
        {
            "whose": "by_account = :person",
            "personal": {"by_account": "Who invited."},
            "other": "role made_ms ends_ms used_by",
            "secret": "mark",
            "why": "It names a number, which no longer has a name.",
        },
    ),
    (
        "signinfailure",
        "How often somebody failed to sign in, by a digest of name and place; it ends by itself.",
        {"other": "bucket failed last_ms"},
    ),
    (
        "personkey",
        "The key that a person's plates are sealed under.",
        {
            "whose": "person = :person",
            "personal": {"person": "Whose it is."},
            "secret": "wrapped",
            "erased": "delete",
        },
    ),
    (
        "erased",
        "Who was erased.",
        {
            "whose": "person = :person",
            "personal": {"person": "Whose number it was.", "at_ms": "When."},
            "other": "by",
            "why": "That it was done.",
        },
    ),
    (
        "account",
        "The account.",
        {
            "whose": "number = :person",
            "personal": {
                "name": "The name.",
                "role": "What it may do.",
                "address": "Its address on the chain.",
                "created_ms": "Since when it is there.",
            },
            "other": "number",
            "secret": "token_hash",
            "erased": {"name": "''", "token_hash": "'erased:' || number"},
            "why": "Number and address stand on the chain, in public and for good; "
            "here they are kept so that the books equal it.",
        },
    ),
)
