"""Notices in words: texts are data (texts/notices.yaml), a code each, in English and Chinese."""

import string
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

from cloud.core.reasons import REASONS
from cloud.errors import CloudError

LANGUAGES = ("en", "zh")
# A field of this ending is a refusal's code, told as its sentence: reason_code fills {reason}.
CODE = "_code"
# Of a pair reason_en, reason_zh the one of the account's language fills {reason}.
ENDINGS = (CODE, "_en", "_zh")
MAX_FIELD = 2000
# They carry what is as good as a password: never listed, and forgotten once they are sent.
SECRET = ("code_reset", "code_sign_up")


class UnknownNotice(CloudError):
    """No text stands for this notice, or its fields are not those of its text."""

    code = "unknown_notice"
    remedy = "Add it to cloud/core/texts/notices.yaml, in both languages."


@dataclass(frozen=True, slots=True)
class Text:
    subject: str
    body: str

    def fields(self) -> set[str]:
        parts = (*string.Formatter().parse(self.subject), *string.Formatter().parse(self.body))
        return {name for _, name, _, _ in parts if name}


@cache
def texts() -> Mapping[str, Mapping[str, Text]]:
    """By code and language."""
    raw = files("cloud.core").joinpath("texts/notices.yaml").read_text("utf-8")
    return {
        code: {language: Text(**told[language]) for language in LANGUAGES}
        for code, told in yaml.safe_load(raw).items()
    }


def check(code: str, fields: Mapping[str, str]) -> None:
    """Where it is told, not days later where it is sent. Raises UnknownNotice."""
    known = texts().get(code)
    if known is None:
        raise UnknownNotice(f"{code}.")
    given = {_field(name) for name in fields}
    wanted = known["en"].fields()
    if given != wanted:
        raise UnknownNotice(f"{code} has the fields {sorted(wanted)}, not {sorted(given)}.")


def rendered(code: str, fields: Mapping[str, str], language: str) -> Text:
    """As it is sent. A code that we no longer know stays as it is."""
    text = texts()[code][language]
    values = dict(
        _told(name, value, language)
        for name, value in fields.items()
        if not name.endswith(tuple({"_en", "_zh"} - {f"_{language}"}))
    )
    return Text(text.subject.format_map(values), text.body.format_map(values))


def _field(name: str) -> str:
    return next((name.removesuffix(end) for end in ENDINGS if name.endswith(end)), name)


def _told(name: str, value: str, language: str) -> tuple[str, str]:
    reason = REASONS.get(value) if name.endswith(CODE) else None
    words = reason.plain()[f"sentence_{language}"] if reason else value
    return _field(name), words[:MAX_FIELD]
