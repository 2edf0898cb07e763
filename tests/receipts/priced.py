"""Tariffs of every kind drawn from a seed: a flat price, a timetable, tiers, caps, fees, tax."""

from datetime import timedelta
from random import Random
from typing import Any

from contracts.ledger.pricing import Rate, Stretch, Tariff, Terms, Tier, Window, quote, total
from contracts.ledger.receipt import Receipt
from contracts.ledger.records import tariff_digest
from contracts.wire.messages import Event
from tests.contracts import making

NAME_TAIL = "abcXYZ019._-"
RATES_MINOR = (0, 1, 7, 599, 600, 1250, 100_000)
FULL_HOUR_MS = 3_600_000
PLAIN = Terms()


def a_name(rng: Random, head: str) -> str:
    return head + "".join(rng.choice(NAME_TAIL) for _ in range(rng.randint(0, 12)))


def a_tariff(rng: Random, window: Window) -> Tariff:
    return Tariff(
        id=a_name(rng, "t"),
        version=rng.choice((1, 7, 2**40)),
        currency=rng.choice(("CNY", "EUR")),
        per_hour_minor=rng.choice((0, 1, 599, 600, 1250, 100_000)),
        step_s=rng.choice((1, 60, 61, 900, 3600)),
        free_s=rng.choice((0, 0, 900, 1800, 2**52)),
        cap_minor=rng.choice((None, None, 0, 500, 3000)),
        overstay_percent=rng.choice((100, 150, 155, 500)),
        **(_more(rng, window) if rng.random() < 0.7 else {}),
    )


def _more(rng: Random, window: Window) -> dict[str, Any]:
    return {
        "timetable": a_timetable(rng, window) if rng.random() < 0.8 else (),
        "day_cap_minor": rng.choice((None, None, 0, 800, 5000)),
        "minimum_minor": rng.choice((0, 0, 1, 700)),
        "booking_fee_minor": rng.choice((0, 0, 100)),
        "overstay_tiers": _steps(rng, Tier, "from_s") if rng.random() < 0.4 else (),
        "round_to_minor": rng.choice((1, 1, 5, 10, 7)),
        "rounding": rng.choice(("down", "nearest", "up")),
        "tax_bps": rng.choice((0, 0, 600, 1900, 10_000)),
        "tax": rng.choice(("included", "added")),
    }


def a_timetable(rng: Random, window: Window) -> tuple[Stretch, ...]:
    """Stretches of some hours from before the window on, with gaps in between and of ms edges."""
    at = window.starts_at - timedelta(milliseconds=rng.randrange(4 * FULL_HOUR_MS))
    day, made = rng.choice((0, 0, 5)), []
    for _ in range(rng.choice((1, 2, 5, 12))):
        at += timedelta(milliseconds=rng.choice((0, 0, 0, 1, 999, FULL_HOUR_MS)))
        ends_at = at + timedelta(milliseconds=rng.choice((1, 500, 60_000, 12 * FULL_HOUR_MS)))
        rates = _steps(rng, Rate, "after_s")
        made.append(Stretch(starts_at=at, ends_at=ends_at, rates=rates, day=day))
        at, day = ends_at, day + rng.choice((0, 0, 1))
    return tuple(made)


def _steps(rng: Random, model: Any, bound: str) -> tuple[Any, ...]:
    begins, made = 0, []
    for _ in range(rng.choice((1, 1, 2, 4))):
        made.append(model(**{bound: begins, "per_hour_minor": rng.choice(RATES_MINOR)}))
        begins += rng.choice((1, 59, 600, 3600, 40_000))
    return tuple(made)


def a_stay(
    tariff: Tariff,
    window: Window,
    seconds: list[float],
    terms: Terms = PLAIN,
    **recorded: object,
) -> Receipt:
    """There, not certainly, there again, gone: at these four times after `making.T0`."""
    agreed = making.booking(
        tariff=tariff_digest(tariff),
        window=window,
        terms=terms,
        quoted_minor=total(quote(tariff, terms, window)),
    )
    states = ("occupied", "unknown", "occupied", "free")
    events: list[Event] = [
        making.event(n + 1, "snapshot", state, at)
        for n, (state, at) in enumerate(zip(states, seconds, strict=True))
    ]
    events[0] = events[0].model_copy(update={"match": "accepted", "grant": agreed.grant})
    return making.receipt(making.chained(events), agreed=agreed, priced=tariff, **recorded)  # type: ignore[arg-type]


def rich_receipt() -> Receipt:
    """Of a tariff that has a value of its own in every field, and lines of nearly every kind."""
    stretches = tuple(
        Stretch(
            starts_at=making.at(n * 1800 - 3600),
            ends_at=making.at(n * 1800 - 1800),
            rates=(
                Rate(after_s=0, per_hour_minor=600 + 10 * n),
                Rate(after_s=4000, per_hour_minor=300),
            ),
            day=n // 4,
        )
        for n in range(8)
    )
    tariff = Tariff(
        id="t-rich",
        version=3,
        currency="CNY",
        per_hour_minor=450,
        step_s=30,
        free_s=300,
        cap_minor=900,
        overstay_percent=170,
        timetable=stretches,
        day_cap_minor=520,
        minimum_minor=20,
        booking_fee_minor=75,
        overstay_tiers=(Tier(from_s=0, per_hour_minor=700), Tier(from_s=600, per_hour_minor=1400)),
        round_to_minor=10,
        rounding="nearest",
        tax_bps=600,
        tax="added",
    )
    window = Window(starts_at=making.at(0), ends_at=making.at(7200))
    return a_stay(tariff, window, [100, 2500, 2600, 10_000])
