"""Fees, stays, credits, charges, holds, pauses and reorganisations: nothing is ever refused."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from cloud.adapters.fake_chain import FakeChain
from cloud.core.money import PLATFORM
from cloud.tables import Booking, ChainCall, Settlement
from cloud.usecases import accounts, charges, credits, fees
from contracts.wire.types import to_ms
from tests.cloud.fee_rig import early, raised
from tests.cloud.test_settling_withdrawals import Owned, ready
from tests.cloud.test_stays import all_of
from tests.contracts.making import at

DAY_S = 86_400
# How many blocks a reorganisation may take.
DEPTH = 3
STEPS = 60
SEEDS = range(2)


@dataclass
class Walker(Owned):
    """A season's offer, and a chain whose newest blocks may go."""

    rng: Random = field(default_factory=Random)
    open: Booking | None = None
    begins_s: int = 0
    final: int = 0
    told: list[str] = field(default_factory=list)

    def offer(self, space: str = "S1", hours: float = 24 * 300) -> object:
        return super().offer(space, hours)

    def second(self) -> int:
        return (to_ms(self.clock.at) - to_ms(at(0))) // 1_000

    def announce(self) -> None:
        bps = self.rng.choice((0, 100, 250, 1_000))
        self.db.write(lambda s: fees.announce(s, bps, self.clock.at))

    def confirm(self) -> None:
        if self.open is None:
            self.begins_s = self.second() + self.rng.choice((60, 9 * DAY_S))
            key = f"k{len(self.told)}"
            found = self.book(self.begins_s, self.begins_s + 3_600, 600, key)
            self.open = found if isinstance(found, Booking) else None

    def stay(self) -> None:
        booking, self.open = self.open, None
        if booking is None:
            return
        self.clock.pass_s(self.begins_s + 1_900 - self.second())
        for kind, sees, seconds in (("arrival", "occupied", 40), ("departure", "free", 1_840)):
            seen_s = self.begins_s + seconds
            self.report(kind, sees, seen_s, match="accepted", grant=booking.grant)

    def wait(self) -> None:
        before_s = self.begins_s - self.second() if self.open else 30 * DAY_S
        self.clock.pass_s(min(self.rng.choice((600, DAY_S, 8 * DAY_S)), before_s))

    def give_back(self) -> None:
        settled = [row for row in all_of(self, Settlement) if row.batch and not row.credit_of]
        if settled:
            stay, amount = self.rng.choice(settled).stay, self.rng.choice((1, 99, 290))
            asked = credits.Asked(f"c{len(self.told)}", stay, amount, "A test.", "test")
            self.db.write(lambda s: credits.credit(s, asked, self.clock.at))

    def charge(self) -> None:
        """Due without a stay, one way or the other, and now and then more than there is."""
        booked = all_of(self, Booking)
        if booked:
            sides = self.rng.sample((self.driver, self.owner), 2)
            due = charges.Due(
                f"d{len(self.told)}",
                "correction",
                (sides[0], sides[1]),
                self.rng.choice((1, 290, 50_000)),
                "CNY",
            )
            self.db.write(lambda s: charges.charge(s, booked[-1], due, self.clock.at))

    def pay_in_more(self) -> None:
        self.top_up(self.rng.choice((1, 700)), f"t{len(self.told)}")

    def ask(self) -> None:
        number = self.rng.choice((self.driver, self.owner))
        has = self.chain.read("ledger", "balance_of", number)
        if has:
            self.do(("ledger", "request_withdraw"), number, self.rng.randint(1, has))

    def pay_out(self) -> None:
        most = self.db.read(fees.collected_minor)
        payee = self.deployed.token
        if most > 0:
            self.db.write(lambda s: fees.withdraw_fees(s, payee, most, self.now_ms))

    def pause(self) -> None:
        self.do(("ledger", self.rng.choice(("pause", "unpause"))))

    def reorganise(self) -> None:
        self.final = max(self.final, self.chain.finalized())
        newest = self.chain.finalized() + DEPTH
        self.chain.rollback(self.rng.randint(0, min(DEPTH, newest - self.final)))

    def step(self) -> None:
        steps: tuple[Callable[[], object], ...] = (
            *(self.announce, self.wait, self.give_back, self.charge, self.pay_in_more, self.ask),
            *(self.pay_out, self.pause, self.reorganise),
            *(self.confirm, self.stay, self.sweeps.batch, self.sweeps.audit) * 2,
            *(self.sweeps.keep, self.sweeps.drive) * 3,
        )
        chosen = self.rng.choice(steps)
        self.told.append(chosen.__name__)
        chosen()

    def come_to_rest(self) -> None:
        self.stay()
        self.do(("ledger", "unpause"))
        self.chain.finality_depth = 0
        for _ in range(8):
            for one in (self.sweeps.batch, self.sweeps.keep, self.sweeps.drive, self.sweeps.audit):
                one()
            self.clock.pass_s(2 * DAY_S)
        self.sweeps.keep()


@pytest.mark.parametrize("seed", SEEDS)
def test_no_batch_is_ever_refused_for_its_fee_and_all_books_agree_at_rest(
    tmp_path: Path, seed: int
) -> None:
    walker = Walker(tmp_path, FakeChain, early(), rng=Random(seed))
    ready(raised(walker))
    walker.final, walker.chain.finality_depth = walker.chain.finalized(), DEPTH
    for _ in range(STEPS):
        walker.step()
        _refused_for_good(walker, seed)
    walker.come_to_rest()
    _refused_for_good(walker, seed)
    standing = walker.db.read(fees.standing)
    assert standing.wanted_bps is None, (seed, walker.told)
    assert standing.bps == walker.chain.read("ledger", "fee_bps"), (seed, walker.told)
    ours = walker.db.read(lambda s: accounts.balance(s, PLATFORM))
    assert ours == walker.chain.read("ledger", "fees"), (seed, walker.told)
    assert walker.equal(), (seed, walker.told)


def _refused_for_good(walker: Walker, seed: int) -> None:
    calls = all_of(walker, ChainCall)
    failed = [(call.id, call.reason) for call in calls if call.status == "failed"]
    for_its_fee = [call.id for call in calls if "FEE" in call.reason]
    assert (failed, for_its_fee) == ([], []), (seed, walker.told)
