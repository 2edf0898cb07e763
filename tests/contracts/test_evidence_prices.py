"""The contract prices any tariff as the verifiers do: timetables, tiers, caps, fees, tax."""

from random import Random

import pytest

from contracts.ledger.disputes import MAX_ROWS, brought
from contracts.ledger.pricing import Rate, Stretch, Terms, Window
from contracts.ledger.receipt import Receipt, verify
from contracts.ledger.records import timetable_rows
from tests.contracts import making
from tests.contracts.evidence_rig import GAS, Rig
from tests.receipts.priced import a_stay, a_tariff, rich_receipt

RIG = Rig()
DRAWN = 150
LATE_S = (0, 3000, 20_000)


def drawn(seed: int) -> Receipt:
    """A stay with a doubt in the middle, early or on time, some far beyond the grace."""
    rng = Random(seed)
    window = Window(starts_at=making.at(2000), ends_at=making.at(2000 + rng.randint(1, 9000)))
    tariff = a_tariff(rng, window)
    arrives = rng.randint(1_000_000, 5_000_000) / 1000
    gaps = [rng.randint(1, 4_000_000) / 1000 for _ in range(2)]
    leaves = arrives + sum(gaps) + rng.choice(LATE_S) + rng.randint(1, 4_000_000) / 1000
    times = [arrives, arrives + gaps[0], arrives + sum(gaps), leaves]
    return a_stay(tariff, window, times, Terms(late_stop_s=rng.choice((0, 0, 599, 2500))))


def test_the_contract_finds_the_amount_of_every_kind_of_tariff_right() -> None:
    codes = set()
    for seed in range(DRAWN):
        receipt = drawn(seed)
        RIG.put(receipt)
        assert RIG.check(receipt) == 0, seed
        assert all(link.ok for link in verify(receipt)), seed
        codes |= {line.code for line in receipt.lines}
    told = {"parking", "free", "day_cap", "cap", "minimum", "overstay", "booking_fee"}
    assert codes == told | {"tax", "rounding"}


@pytest.mark.parametrize("seed", range(8))
def test_one_cent_more_than_a_timetable_gives_is_found(seed: int) -> None:
    right = drawn(seed)
    bodies = [making.T0, *[event.body.at for event in right.events]]
    seconds = [(at - bodies[0]).total_seconds() for at in bodies[1:]]
    amount_minor = right.total_minor + 1
    agreed = right.booking
    wrong = a_stay(right.tariff, agreed.window, seconds, agreed.terms, amount_minor=amount_minor)
    RIG.put(wrong)
    assert RIG.check(wrong) == 25
    assert {link.name for link in verify(wrong) if not link.ok} == {"record"}


def long_stay(rows: int) -> Receipt:
    stretches = tuple(
        Stretch(
            starts_at=making.at(n * 100),
            ends_at=making.at(n * 100 + 100),
            rates=(Rate(after_s=0, per_hour_minor=600 + n),),
            day=n // 30,
        )
        for n in range(rows)
    )
    tariff = making.TARIFF.model_copy(update={"timetable": stretches, "day_cap_minor": 400})
    window = Window(starts_at=making.at(0), ends_at=making.at(7200))
    return a_stay(tariff, window, [0, 2000, 2100, 7000])


def test_a_timetable_of_64_rows_is_answered_and_a_longer_one_is_refused() -> None:
    most = long_stay(MAX_ROWS)
    RIG.put(most)
    assert RIG.check(most) == 0
    assert RIG.gas_used() < GAS / 10
    more = long_stay(MAX_ROWS + 1)
    RIG.put(more)
    assert len(timetable_rows(more.tariff)) == MAX_ROWS + 1
    with pytest.raises(RuntimeError):
        RIG.check(more)


def test_another_timetable_or_tier_than_the_record_names_is_told() -> None:
    genuine = drawn(1)
    RIG.put(genuine)
    *first, (tiers, rows, terms), events = brought(genuine)
    assert rows
    cheaper = [(*row[:4], row[4] + 1) for row in rows]
    assert RIG.ask("check", (*first, (tiers, cheaper, terms), events)) == 5
    assert RIG.ask("check", (*first, ([(0, 1), *tiers[1:]], rows, terms), events)) == 5


def test_a_tariff_with_all_there_is_agrees() -> None:
    rich = rich_receipt()
    RIG.put(rich)
    assert RIG.check(rich) == 0


def test_other_terms_than_the_booking_names_are_told() -> None:
    """A later stop, brought by whoever wants to owe less."""
    genuine = drawn(1)
    RIG.put(genuine)
    *first, (tiers, rows, terms), events = brought(genuine)
    later = (terms[0], terms[1] + 1, *terms[2:])
    assert RIG.ask("check", (*first, (tiers, rows, later), events)) == 4
