"""A refusal that a person may see: a value with a code, a sentence and a remedy, twice."""

from dataclasses import asdict, dataclass

from cloud.core.reason_rows import (
    accounts,
    api,
    bookings,
    charges,
    compliance,
    first,
    identity,
    ledger,
    offers,
    privacy,
    search,
    stays,
    titles,
    wire,
)


@dataclass(frozen=True, slots=True)
class Reason:
    code: str
    sentence_en: str
    sentence_zh: str
    remedy_en: str
    remedy_zh: str

    def plain(self) -> dict[str, str]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Refusal:
    """At least one reason why a request was not done; nothing of it was done."""

    reasons: tuple[Reason, ...]

    def plain(self) -> dict[str, object]:
        return {"refused": True, "reasons": [reason.plain() for reason in self.reasons]}


def refuse(code: str) -> Refusal:
    return Refusal((REASONS[code],))


def refuse_told(code: str, **facts: str) -> Refusal:
    """One whose texts name what is the case, such as the new price."""
    texts = {name: text.format(**facts) for name, text in REASONS[code].plain().items()}
    return Refusal((Reason(**texts),))


def _table(*rows: tuple[str, str, str, str, str]) -> dict[str, Reason]:
    made = {row[0]: Reason(*row) for row in rows}
    if len(made) != len(rows):
        raise AssertionError("two reasons have one code")
    return made


AREAS = (
    accounts,
    api,
    bookings,
    charges,
    compliance,
    first,
    identity,
    ledger,
    offers,
    privacy,
    search,
    stays,
    titles,
    wire,
)
REASONS = _table(*(row for area in AREAS for row in area.ROWS))
