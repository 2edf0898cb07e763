"""What a transaction offers for a unit of gas, and how a replacement outbids it."""

from dataclasses import dataclass

# A node takes a replacement only for a tenth more of both (geth); an eighth is on the safe side.
BUMP_DIVISOR = 8
# Above this a person decides: fees of this height pass, or something is wrong.
MAX_FEE_WEI = 500 * 10**9


@dataclass(frozen=True, slots=True)
class Fees:
    """Wei for a unit of gas: the most in all, and of it the most for the block's maker."""

    max_fee_wei: int
    tip_wei: int


def offer(market: Fees, above: Fees | None = None) -> Fees | None:
    """The market's, or what outbids `above`; None where the cap forbids it."""
    if above is not None:
        return outbid(above, market)
    return market if market.max_fee_wei <= MAX_FEE_WEI else None


def outbid(before: Fees, market: Fees) -> Fees | None:
    """Both fees an eighth above, or the market's if higher; None where the cap forbids it."""
    bid = Fees(
        max(_above(before.max_fee_wei), market.max_fee_wei),
        max(_above(before.tip_wei), market.tip_wei),
    )
    return bid if bid.max_fee_wei <= MAX_FEE_WEI else None


def outbids(bid: Fees, before: Fees) -> bool:
    """By the rule of the strictest node: a tenth more of both."""
    return (
        bid.max_fee_wei * 10 >= before.max_fee_wei * 11 and bid.tip_wei * 10 >= before.tip_wei * 11
    )


def _above(fee_wei: int) -> int:
    return fee_wei + -(-fee_wei // BUMP_DIVISOR)
