"""What the API answers when it does not do something."""

from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True, slots=True)
class Reason:
    code: str
    sentence_en: str
    sentence_zh: str
    remedy_en: str
    remedy_zh: str


class Problem(Exception):
    """The API said no (RFC 9457). `codes` are for programs, the reasons for people."""

    def __init__(self, status: int, code: str, reasons: tuple[Reason, ...], detail: str) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status, self.code, self.reasons, self.detail = status, code, reasons, detail

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(reason.code for reason in self.reasons)

    def say(self, language: str = "en") -> str:
        """Every reason with its remedy, a line each."""
        zh = language.startswith("zh")
        return "\n".join(
            f"{r.sentence_zh}{r.remedy_zh}" if zh else f"{r.sentence_en} {r.remedy_en}"
            for r in self.reasons
        )


def problem_of(answer: httpx.Response) -> Problem:
    """Also of one that did not come from the API, such as a proxy's page."""
    found: Any = {}
    if answer.headers.get("content-type", "").startswith("application/problem+json"):
        found = answer.json()
    reasons = tuple(
        Reason(*(str(row[name]) for name in Reason.__slots__)) for row in found.get("reasons", ())
    )
    code = str(found.get("code", "not_ours"))
    detail = str(found.get("detail", "The answer did not come from the API."))
    return Problem(answer.status_code, code, reasons, detail)
