"""How a page speaks: its language, the money and the times of its lot."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import format_date, format_datetime, format_time, get_timezone_name
from babel.numbers import format_currency, get_currency_precision

from cloud.entrypoints.http.words import LANGUAGES, WORDS
from contracts.wire.types import parse_instant

# British English for the 24-hour clock that lots and receipts use.
LOCALES = {"en": Locale("en", "GB"), "zh": Locale("zh", "CN", script="Hans")}
TAGS = {"en": "en", "zh": "zh-CN"}
HOUR_S = 3600
CODE_FIRST = "¤¤\u00a0#,##0.00"


@dataclass(frozen=True, slots=True)
class Speech:
    lang: str
    zone: str = "UTC"

    @property
    def tag(self) -> str:
        return TAGS[self.lang]

    @property
    def other(self) -> str:
        return "zh" if self.lang == "en" else "en"

    def t(self, key: str, /, **values: object) -> str:
        return WORDS[key][LANGUAGES.index(self.lang)].format(**values)

    def known(self, prefix: str, name: str, rest: str = "") -> str:
        """A word for a name that others made up; an unknown one has a word too."""
        key = f"{prefix}.{name}{rest}"
        return self.t(key if key in WORDS else f"{prefix}.other{rest}")

    def money(self, minor: int, currency: str) -> str:
        """¥3.00 in Chinese; CNY 3.00 in English, whose readers may know another ¥ or $."""
        amount = Decimal(minor).scaleb(-get_currency_precision(currency))
        pattern = CODE_FIRST if self.lang == "en" else None
        return str(format_currency(amount, currency, pattern, locale=self._locale))

    def time(self, instant: str | None, seconds: bool = False) -> str:
        """The lot's wall clock, of an instant as the wire writes it."""
        if instant is None:
            return ""
        style = "medium" if seconds else "short"
        return str(format_time(self._local(instant), style, locale=self._locale))

    def moment(self, instant: str | None, near: str | None = None) -> str:
        """Date and time; only the time if `near` is on the same day of the lot."""
        if instant is None:
            return ""
        at = self._local(instant)
        if near is not None and at.date() == self._local(near).date():
            return self.time(instant)
        if near is None:
            return str(format_datetime(at, "medium", locale=self._locale))
        # A medium date beside a time without seconds: babel has no style for the two together.
        joined = str(self._locale.datetime_formats["medium"])
        return joined.format(self.time(instant), format_date(at, "medium", locale=self._locale))

    def instant(self, at: datetime) -> str:
        """Exact, with the zone: receipts travel further than their lot."""
        local = at.astimezone(self._zone)
        style = "yyyy-MM-dd HH:mm:ss 'UTC'" + ("xxx" if local.utcoffset() else "")
        return str(format_datetime(local, style, locale=self._locale))

    def span(self, starts_at: str, ends_at: str) -> str:
        begin, end = self._local(starts_at), self._local(ends_at)
        day = format_date(begin, "medium", locale=self._locale)
        return f"{day}, {self.time(starts_at)} – {self.moment(ends_at, starts_at)}" + (
            "" if begin.utcoffset() == end.utcoffset() else f" ({end:%z})"
        )

    def duration(self, seconds: int) -> str:
        hours, minutes = seconds // HOUR_S, seconds % HOUR_S // 60
        if 0 < seconds < HOUR_S and seconds % 60 and seconds < 120:
            return self.t("seconds", s=seconds)
        if not hours:
            return self.t("minutes", m=minutes)
        key = "hours.minutes" if minutes else "hours"
        return self.t(key, h=hours, m=minutes)

    def exact(self, seconds: int) -> str:
        """To the second, where that matters."""
        minutes, rest = seconds // 60 * 60, seconds % 60
        said = [self.duration(minutes)] if minutes else []
        if rest or not minutes:
            said.append(self.t("seconds", s=rest))
        return " ".join(said)

    def zone_name(self, instant: str) -> str:
        zone = self._zone
        if not isinstance(zone, ZoneInfo):
            return "UTC"
        return str(get_timezone_name(self._local(instant), locale=self._locale))

    @property
    def _locale(self) -> Locale:
        return LOCALES[self.lang]

    @property
    def _zone(self) -> tzinfo:
        try:
            return ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError):
            return UTC

    def _local(self, instant: str) -> datetime:
        return parse_instant(instant).astimezone(self._zone)


def chosen(asked: str | None, kept: str | None, header: str) -> str:
    """The link's language, else the cookie's, else the best that the browser accepts."""
    for wish in (asked, kept):
        if wish in LANGUAGES:
            return str(wish)
    ranked = sorted(_accepted(header), key=lambda item: -item[1])
    return next((lang for lang, weight in ranked if lang in LANGUAGES and weight > 0), "en")


def _accepted(header: str) -> list[tuple[str, float]]:
    found = []
    for part in header[:200].split(","):
        tag, _, weight = part.partition(";q=")
        try:
            found.append((tag.strip().lower()[:2], float(weight or 1)))
        except ValueError:
            continue
    return found
