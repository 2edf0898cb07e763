"""A price that explains itself: each line of a bill as a sentence, in English or Chinese."""

from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from contracts.ledger.amounts import amount_of
from contracts.ledger.pricing import Line, Tariff

Language = Literal["en", "zh"]

# By the line's code; `.timed` where the line names its stretch, `.within` for a tax in the total.
SENTENCES: dict[str, tuple[str, str]] = {
    "parking": (
        "Parking: {time} at {rate} an hour: {amount}.",
        "停车：{time}，每小时 {rate}：{amount}。",
    ),
    "parking.timed": (
        "Parking: {time} at the price of {span}, {rate} an hour: {amount}.",
        "停车：{time}，按 {span} 的价格每小时 {rate}：{amount}。",
    ),
    "free": ("The first {time} are free: {amount}.", "前 {time} 免费：{amount}。"),
    "day_cap": (
        "No more than {day_cap} for {span}: {amount}.",
        "{span} 封顶 {day_cap}：{amount}。",
    ),
    "cap": ("No more than {cap} for the booked time: {amount}.", "预订时段封顶 {cap}：{amount}。"),
    "minimum": ("Up to the minimum of {minimum}: {amount}.", "补足最低收费 {minimum}：{amount}。"),
    "overstay": (
        "Overstay, past the grace: {time} at {rate} an hour: {amount}.",
        "超过宽限后的超时：{time}，每小时 {rate}：{amount}。",
    ),
    "overstay.timed": (
        "Overstay, past the grace: {time} at the price of {span}, {rate} an hour: {amount}.",
        "超过宽限后的超时：{time}，按 {span} 的价格每小时 {rate}：{amount}。",
    ),
    "booking_fee": ("Booking fee: {amount}.", "预订费：{amount}。"),
    "tax": ("Tax of {percent} %: {amount}.", "税，{percent} %：{amount}。"),
    "tax.within": (
        "Tax of {percent} % is within the total: {tax}.",
        "合计中已含 {percent} % 的税：{tax}。",
    ),
    "rounding": ("Rounded to whole {unit}: {amount}.", "取整到 {unit}：{amount}。"),
}
UNITS: dict[Language, tuple[str, str, str]] = {
    "en": (" h", " min", " s"),
    "zh": ("小时", "分", "秒"),
}


def told(
    lines: list[Line] | tuple[Line, ...], tariff: Tariff, tz: str, lang: Language
) -> list[str]:
    """A sentence a line, in their order; `tz`: the lot's, whose clock the stretches are told by."""
    zone = ZoneInfo(tz)
    return [_told(line, tariff, zone, lang) for line in lines]


def both(
    lines: list[Line] | tuple[Line, ...], tariff: Tariff, tz: str
) -> dict[Language, list[str]]:
    return {lang: told(lines, tariff, tz, lang) for lang in UNITS}


def _told(line: Line, tariff: Tariff, zone: ZoneInfo, lang: Language) -> str:
    def money(minor: int) -> str:
        return amount_of(minor, tariff.currency) if minor >= 0 else "-" + money(-minor)

    key: str = line.code
    if line.starts_at and key in ("parking", "overstay"):
        key += ".timed"
    elif key == "tax" and tariff.tax == "included":
        key += ".within"
    return SENTENCES[key][lang == "zh"].format(
        time=_time(line.billed_s, lang),
        rate=money(line.per_hour_minor),
        amount=money(line.amount_minor),
        span=_span(line.starts_at, line.ends_at, zone),
        day_cap=money(tariff.day_cap_minor or 0),
        cap=money(tariff.cap_minor or 0),
        minimum=money(tariff.minimum_minor),
        percent=f"{tariff.tax_bps / 100:g}",
        tax=money(line.included_minor),
        unit=money(tariff.round_to_minor),
    )


def _time(seconds: int, lang: Language) -> str:
    parts = (seconds // 3600, seconds // 60 % 60, seconds % 60)
    said = [f"{n}{unit}" for n, unit in zip(parts, UNITS[lang], strict=True) if n]
    return " ".join(said) or f"0{UNITS[lang][1]}"


def _span(starts_at: datetime | None, ends_at: datetime | None, zone: ZoneInfo) -> str:
    """On the lot's clock, with what it is ahead of UTC: a repeated hour is two."""
    if starts_at is None or ends_at is None:
        return ""
    begin, end = starts_at.astimezone(zone), ends_at.astimezone(zone)
    last = "%H:%M" if begin.date() == end.date() else "%Y-%m-%d %H:%M"
    ahead = f"{begin:%z}" if begin.utcoffset() == end.utcoffset() else f"{begin:%z} to {end:%z}"
    return f"{begin:%Y-%m-%d %H:%M} – {end.strftime(last)} (UTC{ahead})"
