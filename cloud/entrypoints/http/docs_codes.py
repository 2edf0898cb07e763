"""Which refusals an operation may answer with, and the catalogue of all codes."""

from collections.abc import Iterator

from cloud import errors
from cloud.core.reasons import REASONS, Reason
from cloud.entrypoints.http.api_paths import V1
from cloud.entrypoints.http.docs_fields_accounts import CODES_ACCOUNTS, PROOF
from cloud.entrypoints.http.docs_identity import REFUSALS_IDENTITY
from cloud.entrypoints.http.docs_privacy import REFUSALS_PRIVACY
from cloud.entrypoints.http.problems import RAISED, STATUS_OF, reason_of_error

# By status: what any operation may answer with, whatever it is about.
CODES: dict[int, tuple[str, ...]] = {
    400: ("bad_body", "unwritable"),
    401: ("unauthorised",),
    403: ("forbidden", "forged"),
    404: ("unknown",),
    412: ("changed_meanwhile",),
    413: ("too_large",),
    422: ("bad_request", "not_json_text", "bad_cursor"),
    429: ("too_many",),
    500: ("our_mistake",),
    503: (
        *("database_busy", "database_in_use", "no_database", "too_many_streams"),
        "sign_in_busy",
    ),
}
KEY = ("key_reused",)
# What may be in the way of a booking at that space and time.
PLACE = (
    *("no_offer", "overlap", "space_unknown", "space_occupied", "space_closed"),
    *("gateway_offline", "too_high", "too_wide", "too_long", "too_heavy", "no_plug"),
    *("charging_only", "too_short", "too_early", "not_shared"),
)
CHANGE = (
    *(
        "not_changeable",
        "change_late",
        "same_wish",
        "too_late",
        "bad_window",
        "too_far_ahead",
        "bad_plate",
    ),
    *("price_changed", "balance", "too_long", "not_longer"),
)
TAKEN = (
    *("too_late", "not_your_time", "not_your_stay", "your_car_there"),
    *("space_not_taken", "no_other_space"),
)
WITHDRAWAL = ("nothing_offered", "offer_over", "not_owner", "bookings_in_way", "changed_since")
REGISTRATION = ("unknown_space", "already_shared", "holder_mismatch", "no_management_consent")
OFFER = (
    *("not_shared", "not_owner", "past_window", "title_ends"),
    *("bookings_in_way", "changed_since"),
)
BACK = ("not_shared", "not_owner", "take_back_window", "bad_window", "closed_already")
CLOSURE = ("bad_window", "closed_already", "stands_there")
PLATES = ("bad_plate", "not_shared", "not_owner", "too_many_plates")
TITLE = (*KEY, "unknown_space")
_MARKET: dict[tuple[str, str], tuple[str, ...]] = {
    ("POST", f"{V1}/assignments"): ("bad_window", "too_far_ahead", "too_many_wishes"),
    ("POST", f"{V1}/registrations/{{registration_id}}/withdrawal"): ("not_standing",),
    ("POST", f"{V1}/spaces/{{space_id}}/plates"): PLATES,
    ("POST", f"{V1}/spaces/{{space_id}}/plates/removal"): PLATES,
    ("POST", f"{V1}/spaces/{{space_id}}/taking-back/plan"): BACK,
    ("POST", f"{V1}/spaces/{{space_id}}/taking-back"): (*KEY, "changed_since", *BACK),
    ("POST", f"{V1}/taking-backs/{{taking_back_id}}/end"): ("not_owner",),
    ("POST", f"{V1}/lots/{{lot}}/calendar"): ("bad_calendar",),
    ("POST", f"{V1}/lots/{{lot}}/zone"): ("bad_zone",),
    ("POST", f"{V1}/spaces/{{space}}/closures/plan"): CLOSURE,
    ("POST", f"{V1}/spaces/{{space}}/closures"): (
        *(*KEY, "changed_since", "bookings_in_way"),
        *CLOSURE,
    ),
    ("POST", f"{V1}/documents"): (
        *("document_size", "document_type", "document_kind", "document_expired"),
        *("document_limit", "unknown_space"),
    ),
    ("POST", f"{V1}/documents/{{document_id}}/erasure"): ("document_erased",),
    ("POST", f"{V1}/notices/contact"): ("bad_contact", *PROOF),
    ("POST", f"{V1}/disputes"): (*KEY, "dispute_about", "dispute_there"),
    ("POST", f"{V1}/disputes/{{dispute_id}}/withdrawal"): ("dispute_over",),
    ("POST", f"{V1}/disputes/{{dispute}}/decision"): (
        *(*KEY, "dispute_over", "decision_reason", "settled_already", "not_over_yet"),
        *("not_proven", "unknown_stay", "not_settled", "credit_of_credit"),
        *("credit_nothing", "credit_too_much", "credit_reason", "charge_number"),
        *("correction_assumption", "correction_amount", "bad_assumption", "ledger_closed"),
    ),
    ("POST", f"{V1}/stays/{{number}}/assignment"): (
        *("decision_reason", "not_open_stay", "other_space_booked"),
    ),
    ("POST", f"{V1}/stays/{{number}}/replay"): ("bad_assumption", "not_over_yet", "not_proven"),
    ("POST", f"{V1}/trust/{{event_id}}/appeal"): ("not_your_stay", "appeal_over", "appeal_text"),
    ("POST", f"{V1}/appeals/{{number}}/decision"): ("appeal_over", "decision_reason"),
    ("GET", f"{V1}/titles/versions/{{earlier}}/differences/{{later}}"): ("unknown_version",),
    ("POST", f"{V1}/titles/{{space}}/transfer"): (*TITLE, "bad_title", "same_title"),
    ("POST", f"{V1}/titles/{{space}}/revocation"): (*TITLE, "last_title"),
}
_REFUSALS: dict[tuple[str, str], tuple[str, ...]] = {
    ("POST", f"{V1}/accounts/{{number}}/top-up"): (*KEY, "top_up_refused"),
    ("POST", f"{V1}/gateways"): (
        *(*KEY, "unknown_space", "unknown_lot", "other_key", "revoked_key", "key_of_another"),
        *("reserved_name", "claim_needed"),
    ),
    ("POST", f"{V1}/settlements/{{stay}}/credits"): (
        *KEY,
        *("not_settled", "credit_of_credit", "charge_number"),
        *("credit_nothing", "credit_too_much", "credit_reason"),
    ),
    ("POST", f"{V1}/registrations"): (*KEY, *REGISTRATION),
    ("POST", f"{V1}/offers"): (*KEY, *OFFER),
    ("POST", f"{V1}/offers/preview"): OFFER,
    ("POST", f"{V1}/requests"): ("bad_window", "too_far_ahead"),
    ("POST", f"{V1}/bookings"): (
        *KEY,
        *("bad_plate", "bad_window", "too_far_ahead", "price_changed", "balance"),
        *PLACE,
    ),
    ("POST", f"{V1}/bookings/{{booking_id}}/cancel"): ("too_late", "not_changeable"),
    **{
        ("POST", f"{V1}/bookings/{{booking_id}}/{what}"): (*KEY, *CHANGE, *PLACE)
        for what in ("quote", "extend", "window", "plate")
    },
    ("POST", f"{V1}/bookings/{{booking_id}}/space-taken"): TAKEN,
    ("GET", f"{V1}/offers/{{offer_id}}/withdrawal"): WITHDRAWAL,
    ("POST", f"{V1}/offers/{{offer_id}}/withdrawal"): WITHDRAWAL,
    ("POST", f"{V1}/reviews/{{number}}/decision"): ("review_over", "review_reason"),
    ("GET", f"{V1}/titles/{{space}}/proof"): ("unknown_space",),
    **_MARKET,
    **REFUSALS_IDENTITY,
    **REFUSALS_PRIVACY,
    **CODES_ACCOUNTS,
}


REFUSALS = {
    where: tuple(code for code in codes if code in REASONS) for where, codes in _REFUSALS.items()
}


def reason_shown(code: str) -> Reason:
    """As the catalogue has it: with its places for values, such as {where}, as they are."""
    if code in REASONS:
        return REASONS[code]
    return next(reason for status, reason in _errors() if reason.code == code)


class _Samples(dict[str, object]):
    """For a value that has no sample: that something stands there."""

    def __missing__(self, name: str) -> str:
        return "…"


SAMPLES = _Samples(
    where="plate",
    why="it must have 2 characters or more",
    why_zh="至少要有 2 个字符",
    method="PUT",
    quota=1200,
    window_s=60,
    left_minor=290,
    starts="2026-05-01T00:01:00.000Z",
    ends="2026-05-01T01:01:00.000Z",
    compensation="3.00 CNY",
    difference_minor=120,
)


def reason_said(code: str) -> Reason:
    """As somebody might be told it."""
    plain = reason_shown(code).plain()
    return Reason(**{name: text.format_map(SAMPLES) for name, text in plain.items()})


def catalogue() -> list[tuple[int, Reason]]:
    """(status, reason) of every code that the API can answer with, by status and code."""
    by_code = {code: status for status, codes in CODES.items() for code in codes}
    by_code |= {code: status for status, code in RAISED.items()}
    found = [
        (by_code.get(code, 409), reason)
        for code, reason in REASONS.items()
        if not code.startswith("error_")
    ]
    return sorted([*found, *_errors()], key=lambda row: (row[0], row[1].code))


def catalogue_said() -> list[tuple[int, Reason]]:
    """As somebody might be told them."""
    return [(status, reason_said(reason.code)) for status, reason in catalogue()]


def _errors() -> Iterator[tuple[int, Reason]]:
    """Those that a request can meet; the others stop the program's start."""
    kinds: tuple[type[errors.CloudError], ...] = (*STATUS_OF, errors.Unwritable)
    for kind in kinds:
        sentence = (kind.__doc__ or "").strip()
        yield STATUS_OF.get(kind, 400), reason_of_error(kind, sentence, kind.remedy)
