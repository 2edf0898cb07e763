"""What a withdrawal must leave, and for how long a request and a hold last."""

import pytest

pytest.importorskip("pyrevm", reason="pyrevm has no wheel for this machine")

from tests.ledger_checks.evm import (
    ADMIN,
    DRIVER,
    REGISTRAR,
    SETTLER,
    UNIT,
    WITHDRAW_DELAY_S,
    Chain,
    Refused,
)

HER = 1
DAY_S = 86_400


@pytest.fixture
def chain() -> Chain:
    """Of her 1,000 a booking holds 900 for three days, and she has asked for all."""
    chain = Chain()
    chain.rich((DRIVER,))
    chain.call(REGISTRAR, "open_account", HER, DRIVER)
    chain.call(DRIVER, "deposit", HER, 1_000, 1)
    chain.call(SETTLER, "hold", HER, 900, chain.now + 3 * DAY_S)
    chain.call(DRIVER, "request_withdraw", HER, 1_000)
    chain.at(chain.now + WITHDRAW_DELAY_S)
    return chain


def left(chain: Chain) -> int:
    return chain.held() // UNIT


def test_what_a_booking_holds_stays_and_the_rest_of_the_request_is_kept(chain: Chain) -> None:
    chain.call(DRIVER, "withdraw", HER)
    assert left(chain) == 900
    with pytest.raises(Refused, match="HELD"):
        chain.call(DRIVER, "withdraw", HER)
    chain.at(chain.now + 3 * DAY_S)
    chain.call(DRIVER, "withdraw", HER)
    assert left(chain) == 0


def test_a_pause_ends_every_hold(chain: Chain) -> None:
    chain.call(ADMIN, "pause")
    chain.call(DRIVER, "withdraw", HER)
    assert left(chain) == 0


def test_a_request_that_was_not_used_for_a_week_is_over(chain: Chain) -> None:
    chain.at(chain.now + 7 * DAY_S)
    with pytest.raises(Refused, match="EXPIRED"):
        chain.call(DRIVER, "withdraw", HER)
