"""A cloud with a fee in force, and what its operator sees of it."""

from cloud.core.money import PLATFORM
from cloud.tables import ChainCall
from cloud.usecases import accounts, fees
from contracts.wire.types import checksummed
from tests.cloud.rig import HandClock
from tests.cloud.test_settling_withdrawals import Owned
from tests.cloud.test_stays import all_of
from tests.contracts.making import at

DAY_S = 86_400
SAFE = checksummed("0x" + "5a" * 20)
UNIT = 10_000


def early() -> HandClock:
    """The market's stays begin at second 0: eight days are enough for a fee before them."""
    return HandClock(at(-8 * DAY_S))


def kept(rig: Owned, *, times: int = 2) -> None:
    """What the cloud does by itself: a call of its own is final one turn later."""
    for _ in range(times):
        for step in (rig.sweeps.keep, rig.sweeps.drive, rig.sweeps.drive):
            step()
    rig.sweeps.keep()


def announced(rig: Owned, bps: int) -> None:
    rig.db.write(lambda s: fees.announce(s, bps, rig.clock.at))
    kept(rig, times=1)


def raised(rig: Owned, bps: int = 250) -> Owned:
    announced(rig, bps)
    rig.clock.pass_s(7 * DAY_S)
    kept(rig, times=1)
    assert in_force(rig) == allowed(rig) == bps
    return rig


def in_force(rig: Owned) -> int:
    return rig.db.read(fees.in_force)


def allowed(rig: Owned) -> int:
    return int(rig.chain.read("ledger", "fee_bps"))


def collected(rig: Owned) -> int:
    return rig.db.read(lambda s: accounts.balance(s, PLATFORM))


def calls(rig: Owned, prefix: str = "fee:") -> list[str]:
    return [call.function for call in all_of(rig, ChainCall) if call.id.startswith(prefix)]


def settled(rig: Owned) -> None:
    for step in (rig.sweeps.batch, rig.sweeps.drive, rig.sweeps.drive, rig.sweeps.audit):
        step()


def proved(rig: Owned) -> bool:
    """Accounts and fees, in the books and on the chain, as of now."""
    rig.sweeps.audit()
    same = rig.chain.read("ledger", "fees") == collected(rig)
    return same and rig.equal() and not {"books_differ", "call_failed"} & rig.alarms()


def final_after(rig: Owned, depth: int) -> None:
    """So many blocks are not final from now on; what was final is so still."""
    rig.chain.finality_depth = depth
    for number in range(depth):
        rig.top_up(1, f"moves the chain {number}")
    rig.sweeps.drive()


def compared_now(rig: Owned) -> bool:
    same = rig.standing().block == rig.chain.finalized() and not rig.standing().differing
    return same and "books_differ" not in rig.alarms()
