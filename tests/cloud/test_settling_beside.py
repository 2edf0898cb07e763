"""While the chain works on one call, the next batch is made."""

from pathlib import Path
from threading import Event

import pytest

from cloud.adapters.fake_chain import FakeChain
from cloud.entrypoints.beside import Beside
from cloud.entrypoints.sending import Sending
from cloud.ports.chain import ChainUnreachable, SignedTransaction
from cloud.tables import ChainCall
from cloud.usecases import settlements
from tests.cloud.rig import Rig
from tests.cloud.test_settling_withdrawals import Owned, ready
from tests.cloud.test_stays import all_of, park, receipt_of

PATIENCE_S = 30.0


class Slow(FakeChain):
    """Takes a transaction once something else was done."""

    done: Event | None = None
    in_time = True

    def send(self, tx: SignedTransaction) -> None:
        if self.done is not None:
            self.in_time = self.in_time and self.done.wait(PATIENCE_S)
        super().send(tx)


class Gone(FakeChain):
    away = False

    def send(self, tx: SignedTransaction) -> None:
        if self.away:
            raise ChainUnreachable("it took too long")
        super().send(tx)


def carried(rig: Rig, beside: Beside) -> None:
    sweeps = rig.sweeps
    where = (sweeps.db, sweeps.chain, sweeps.clock, sweeps.deployed, sweeps.contact)
    Sending(*where, sweeps.addresses, beside).drive()


def test_work_goes_on_while_the_chain_holds_a_call(tmp_path: Path) -> None:
    rig = ready(Owned(tmp_path, chain_type=Slow))
    park(rig)
    rig.sweeps.batch()
    assert isinstance(rig.chain, Slow)
    rig.chain.done = done = Event()
    with Beside(done.set) as beside:
        carried(rig, beside)
    assert rig.chain.in_time
    assert {call.status for call in all_of(rig, ChainCall)} <= {"mined", "final"}


def test_what_failed_beside_a_call_is_told_and_the_call_stands(tmp_path: Path) -> None:
    rig = ready(Owned(tmp_path))
    park(rig)
    rig.sweeps.batch()

    def broken() -> None:
        raise ArithmeticError("of the work")

    with pytest.raises(ArithmeticError), Beside(broken) as beside:
        carried(rig, beside)
    assert {call.status for call in all_of(rig, ChainCall)} <= {"mined", "final"}


def test_a_batch_made_while_the_chain_is_away_waits_and_is_paid_once(tmp_path: Path) -> None:
    rig = ready(Owned(tmp_path, chain_type=Gone))
    assert isinstance(rig.chain, Gone)
    booking_id = park(rig)
    rig.chain.away = True
    for _ in range(2):
        rig.settle()
    assert rig.db.read(lambda s: settlements.receipt_of(s, booking_id)) is None
    rig.chain.away = False
    rig.settle()
    assert receipt_of(rig, booking_id).record.amount_minor > 0
    assert len([call for call in all_of(rig, ChainCall) if call.id.startswith("batch:")]) == 1
