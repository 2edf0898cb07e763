"""A ledger that was closed, and books that are older than the chain: told as what they are."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from cloud.adapters.db import Database
from cloud.config import Config
from cloud.core.reasons import Refusal
from cloud.entrypoints.sweeps import Sweeps
from cloud.tables import Alarm, Batch, ChainCall, Settlement
from cloud.usecases import credits
from contracts.wire.types import checksummed
from tests.cloud.rig import Rig
from tests.cloud.test_settling_withdrawals import Owned, ready
from tests.cloud.test_stays import all_of, park
from tests.contracts.making import at

NEXT = checksummed("0x" + "77" * 20)
MANY = 4


def alarm(rig: Rig, code: str) -> Alarm | None:
    return next((alarm for alarm in all_of(rig, Alarm) if alarm.code == code), None)


def status_of(rig: Rig, name: str) -> str:
    return next(call.status for call in all_of(rig, ChainCall) if call.id == name)


def settled(folder: Path) -> Owned:
    rig = ready(Owned(folder))
    park(rig)
    for _ in range(2):
        rig.settle()
    return rig


def closed(rig: Owned) -> Owned:
    rig.do(("ledger", "close"), NEXT)
    rig.sweeps.keep()
    return rig


def another_stay(rig: Owned) -> None:
    booking = rig.book(7200, 10_800, 600, key="k2")
    assert not isinstance(booking, Refusal)
    rig.report("arrival", "occupied", 7300, match="accepted", grant=booking.grant)
    rig.report("departure", "free", 9100, match="accepted", grant=booking.grant)


def newest(rig: Rig) -> int:
    return int(rig.chain.read("ledger", "seq"))


def test_a_closed_ledger_is_told_as_closed_with_its_successor_and_the_remedy(
    tmp_path: Path,
) -> None:
    told = alarm(closed(settled(tmp_path)), "ledger_closed")
    assert told is not None
    assert "closed for good" in told.sentence and NEXT in told.sentence
    assert "new deployment" in told.sentence


def test_a_pause_is_not_told_as_the_end(tmp_path: Path) -> None:
    rig = settled(tmp_path)
    rig.do(("ledger", "pause"))
    another_stay(rig)
    for _ in range(2):
        rig.settle()
    rig.sweeps.keep()
    assert alarm(rig, "ledger_closed") is None and alarm(rig, "call_blocked") is not None


def test_a_batch_that_meets_the_close_is_told_once_and_sent_no_more(tmp_path: Path) -> None:
    """The cloud had not seen the close yet: its batch was signed, and reverted."""
    rig = settled(tmp_path)
    rig.do(("ledger", "close"), NEXT)
    another_stay(rig)
    for _ in range(3):
        rig.settle()
    nonce = rig.chain.next_nonce("settler")
    for _ in range(3):
        rig.settle()
    assert rig.chain.next_nonce("settler") == nonce
    assert status_of(rig, "batch:2") == "queued"
    assert alarm(rig, "ledger_closed") is not None and alarm(rig, "call_blocked") is None


def test_no_batch_is_made_for_a_closed_ledger(tmp_path: Path) -> None:
    rig = closed(settled(tmp_path))
    another_stay(rig)
    rig.settle()
    assert [batch.seq for batch in all_of(rig, Batch)] == [1]


def test_after_the_close_a_credit_and_a_top_up_are_refused_with_the_reason(tmp_path: Path) -> None:
    rig = closed(settled(tmp_path))
    asked = credits.Asked("one", 1, 100, "The lens was covered.", "cli:op")
    refused = (rig.db.write(lambda s: credits.credit(s, asked, rig.clock.at)), rig.top_up(5, "new"))
    for one in refused:
        assert isinstance(one, Refusal) and one.reasons[0].code == "ledger_closed"
    assert rig.top_up(reference="first") == 10_000 - 290


def older(rig: Owned, backup: Path) -> Owned:
    """The cloud stopped, an older copy of its data put back, and started again."""
    rig.db.close()
    shutil.copy(backup, rig.folder / "cloud.sqlite")
    for rest in rig.folder.glob("cloud.sqlite-*"):
        rest.unlink()
    rig.db = Database(rig.folder / "cloud.sqlite")
    rig.sweeps = Sweeps(rig.db, rig.chain, rig.clock, rig.deployed, 20_000, 600_000)
    return rig


def backed_up(rig: Owned) -> Path:
    """As the file stands between two runs."""
    rig.db.close()
    copy = rig.folder / "backup.sqlite"
    shutil.copy(rig.folder / "cloud.sqlite", copy)
    rig.db = Database(rig.folder / "cloud.sqlite")
    rig.sweeps = Sweeps(rig.db, rig.chain, rig.clock, rig.deployed, 20_000, 600_000)
    return copy


def test_books_that_are_older_than_the_chain_are_told_so_and_nothing_is_sent(
    tmp_path: Path,
) -> None:
    rig = ready(Owned(tmp_path))
    park(rig)
    backup = backed_up(rig)
    for _ in range(2):
        rig.settle()
    older(rig, backup)
    before = [rig.chain.next_nonce(one) for one in ("admin", "registrar", "settler")]
    rig.account("operator")
    rig.top_up(700, "after the backup")
    for _ in range(3):
        rig.settle()
    told = alarm(rig, "books_behind")
    assert told is not None and "newest batch is 1 " in told.sentence
    assert "newest data back" in told.sentence
    assert [rig.chain.next_nonce(one) for one in ("admin", "registrar", "settler")] == before


def test_a_backup_that_holds_the_batch_unsent_is_behind_as_well(tmp_path: Path) -> None:
    rig = ready(Owned(tmp_path))
    park(rig)
    rig.sweeps.batch()
    backup = backed_up(rig)
    for _ in range(2):
        rig.settle()
    older(rig, backup).sweeps.drive()
    assert alarm(rig, "books_behind") is not None
    assert status_of(rig, "batch:1") == "queued"


def test_a_backup_that_holds_the_batch_signed_goes_on_by_itself(tmp_path: Path) -> None:
    rig = ready(Owned(tmp_path))
    park(rig)
    rig.sweeps.batch()
    rig.chain.mining = False
    rig.sweeps.drive()
    backup = backed_up(rig)
    [call] = [one for one in all_of(rig, ChainCall) if one.id == "batch:1"]
    rig.chain.mining = True
    rig.sweeps.drive()
    rig.sweeps.drive()
    assert newest(rig) in (0, 1) and call.status in ("signed", "sent")
    older(rig, backup)
    for _ in range(3):
        rig.sweeps.drive()
    assert alarm(rig, "books_behind") is None


def test_another_program_that_settles_with_our_key_is_told_as_well(tmp_path: Path) -> None:
    """While the cloud runs: its own batch is refused, and it looks again."""
    rig = settled(tmp_path)
    rig.do(("ledger", "settle_batch"), 2, b"\1" * 32, (), sender="settler")
    another_stay(rig)
    for _ in range(3):
        rig.settle()
    assert alarm(rig, "books_behind") is not None
    assert newest(rig) == 2


def test_the_newest_data_put_back_go_on(tmp_path: Path) -> None:
    rig = ready(Owned(tmp_path))
    park(rig)
    old = backed_up(rig)
    for _ in range(2):
        rig.settle()
    new = backed_up(rig).rename(tmp_path / "newest.sqlite")
    shutil.copy(new, old)
    older(rig, old)
    another_stay(rig)
    for _ in range(2):
        rig.settle()
    rig.sweeps.keep()
    assert alarm(rig, "books_behind") is None and newest(rig) == 2


def test_batches_wait_on_a_chain_where_gas_costs_and_on_a_dev_chain_do_not() -> None:
    assert Config().batch_age_ms(dev_chain=True, rate=1.0) == 0
    assert Config().batch_age_ms(dev_chain=False, rate=1.0) == 60_000
    assert Config(batch_age_s=5).batch_age_ms(dev_chain=True, rate=60.0) == 300_000


def test_a_batch_waits_until_its_oldest_stay_is_old_enough(tmp_path: Path) -> None:
    rig = ready(Owned(tmp_path))
    rig.sweeps = Sweeps(
        rig.db, rig.chain, rig.clock, rig.deployed, 20_000, 600_000, batch_age_ms=60_000
    )
    park(rig, 100, 1900)
    rig.clock.at = at(1900 + 59)
    rig.sweeps.batch()
    assert all_of(rig, Batch) == []
    rig.clock.pass_s(2)
    rig.sweeps.batch()
    assert [batch.seq for batch in all_of(rig, Batch)] == [1]


def test_batches_made_by_several_threads_at_once_hold_each_stay_once(tmp_path: Path) -> None:
    """The scheduler has one thread for them; nothing depends on that."""
    rig = ready(Owned(tmp_path))
    park(rig)
    another_stay(rig)
    together = Barrier(MANY)

    def make() -> None:
        together.wait(10)
        rig.sweeps.batch()

    with ThreadPoolExecutor(MANY) as threads:
        for made in [threads.submit(make) for _ in range(MANY)]:
            made.result(30)
    rig.sweeps.drive()
    rig.sweeps.drive()
    rig.sweeps.audit()
    assert sorted(row.position or 0 for row in all_of(rig, Settlement)) == [0, 1]
    assert [batch.seq for batch in all_of(rig, Batch)] == [newest(rig)] == [1]
    assert rig.equal()
