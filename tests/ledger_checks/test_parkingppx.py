"""The six failures of ParkingPPX, the best public parking contract: none of them is ours."""

from datetime import UTC, datetime, timedelta

import pytest

pytest.importorskip("pyrevm", reason="pyrevm has no wheel for this machine")

from contracts.ledger.pricing import Tariff, Terms, Window, price, total
from tests.ledger_checks.evm import (
    DRIVER,
    OWNER,
    REGISTRAR,
    SETTLER,
    START_S,
    UNIT,
    WITHDRAW_DELAY_S,
    Chain,
    Refused,
    word,
)

UNPAID = "Unpaid(uint256,uint32,uint256)"
HER, HIS = 1, 8  # the driver's account and the owner's
CAME = datetime.fromtimestamp(START_S, UTC)
TARIFF = Tariff(id="t", version=1, currency="CNY", per_hour_minor=600)


@pytest.fixture
def chain() -> Chain:
    chain = Chain()
    chain.rich((DRIVER,))
    for account, owner in ((HER, DRIVER), (HIS, OWNER)):
        chain.call(REGISTRAR, "open_account", account, owner)
    chain.call(DRIVER, "deposit", HER, 1_000, 1)
    return chain


def settle(chain: Chain, *words: int) -> dict[int, int]:
    """What the contract says is missing, by stay."""
    chain.call(SETTLER, "settle_batch", chain.ask("seq") + 1, 1, words)
    told = chain.logs(UNPAID)
    return {int(log.topics[1], 16): int.from_bytes(log.data[1][32:], "big") for log in told}


def bill(tariff: Tariff, minutes: int) -> int:
    window = Window(starts_at=CAME, ends_at=CAME + timedelta(hours=3))
    return total(price(tariff, Terms(), window, [(CAME, CAME + timedelta(minutes=minutes))]))


def balances(chain: Chain) -> tuple[int, int]:
    return chain.ask("balance_of", HER), chain.ask("balance_of", HIS)


def test_1_a_gateway_offline_for_two_hours_bills_the_30_minutes_of_its_events(
    chain: Chain,
) -> None:
    due = bill(TARIFF, 30)
    chain.at(START_S + 150 * 60)
    settle(chain, word(HER, HIS, 1, due, start_s=START_S, duration_s=1_800))
    assert due == 300
    assert balances(chain) == (700, 300)


def test_2_a_price_raised_five_times_in_mid_stay_changes_nothing_of_that_stay(
    chain: Chain,
) -> None:
    booked = TARIFF
    raised = TARIFF.model_copy(update={"version": 2, "per_hour_minor": 3_000})
    settle(chain, word(HER, HIS, 1, bill(booked, 60)))
    assert balances(chain) == (400, 600)
    assert bill(raised, 60) == 5 * bill(booked, 60)


def test_3_a_stay_dearer_than_the_deposit_is_paid_in_part_and_the_rest_is_on_record(
    chain: Chain,
) -> None:
    missing = settle(chain, word(HER, HIS, 1, bill(TARIFF, 120)))
    assert missing == {1: 200}
    assert balances(chain) == (0, 1_000)
    assert chain.ask("is_settled", 1) == 1


def test_4_an_arrival_six_minutes_after_the_agreed_time_is_filed(chain: Chain) -> None:
    settle(chain, word(HER, HIS, 1, 100, start_s=START_S + 360))
    assert chain.ask("is_settled", 1) == 1
    assert balances(chain) == (900, 100)


def test_5_an_owner_who_can_take_no_money_blocks_neither_the_space_nor_anybody_else(
    chain: Chain,
) -> None:
    """The owner is the token itself: it takes no part in anything and answers no call."""
    stubborn = 9
    chain.call(REGISTRAR, "open_account", stubborn, int(chain.token, 16))
    settle(chain, word(HER, stubborn, 1, 100), word(HER, HIS, 2, 50))
    with pytest.raises(Refused, match="NO_REQUEST"):
        chain.call(OWNER, "withdraw", stubborn)
    settle(chain, word(HER, stubborn, 3, 100))
    chain.call(OWNER, "request_withdraw", HIS, 50)
    chain.at(chain.now + WITHDRAW_DELAY_S)
    chain.call(OWNER, "withdraw", HIS)
    assert balances(chain) == (750, 0)
    assert chain.held() == UNIT * (750 + 200)


def test_6_a_car_in_a_space_nobody_booked_is_filed_unpaid(chain: Chain) -> None:
    nobody = 0
    missing = settle(chain, word(nobody, HIS, 1, 100), word(HER, HIS, 2, 50))
    assert missing == {1: 100}
    assert chain.ask("is_settled", 1) == 1
    assert balances(chain) == (950, 50)
