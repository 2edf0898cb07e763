"""What a third reader of the sender found: broken-off re-checks, fees paid twice, a new key."""

from pathlib import Path

from cloud.adapters.fake_chain import FakeChain, _signed
from cloud.ports.chain import Call, ChainRefused, ChainUnreachable, Outcome, SignedTransaction
from cloud.tables import ChainCall, Settlement
from cloud.usecases import credits, enrolling, fees, reconciling
from contracts.ledger.hashing import keccak
from contracts.ledger.receipt import verify
from contracts.wire.signing import address_of
from tests.cloud.fee_rig import SAFE, collected, early, final_after, raised, settled
from tests.cloud.rig import Rig
from tests.cloud.test_settling_withdrawals import DELAY_S, Owned, ready
from tests.cloud.test_stays import all_of, park, receipt_of
from tests.contracts.making import at

PLACE = ("lot-1", ["S1", "S2", "S3"])


def call_named(rig: Rig, end: str) -> ChainCall:
    return next(call for call in all_of(rig, ChainCall) if call.id.endswith(end))


class Flaky(FakeChain):
    """Gives no answer once, about one transaction."""

    silent_about = ""

    def outcome(self, tx_hash: str) -> Outcome | None:
        if tx_hash == self.silent_about:
            self.silent_about = ""
            raise ChainUnreachable("it took too long")
        return super().outcome(tx_hash)


def test_a_re_check_that_broke_off_half_way_is_made_up_for_before_the_block_is_final(
    tmp_path: Path,
) -> None:
    rig = ready(Owned(tmp_path, chain_type=Flaky))
    final_after(rig, 10)
    park(rig)
    rig.sweeps.batch()
    rig.sweeps.drive()
    rig.top_up(777, "later")
    rig.sweeps.drive()
    kept, gone = call_named(rig, "batch:1"), call_named(rig, ":later")
    assert isinstance(rig.chain, Flaky)
    rig.chain.rollback(2)
    rig.do(("token", "mint"), rig.chain.read("ledger", "registrar"), 1)
    rig.chain.mine(SignedTransaction(kept.raw or b"", kept.hash or "", kept.nonce or 0))
    rig.chain.silent_about = gone.hash or ""
    rig.sweeps.drive()
    assert rig.chain.silent_about == ""
    for _ in range(2):
        rig.sweeps.drive()
    now = call_named(rig, ":later")
    found = rig.chain.outcome(now.hash or "")
    assert found is not None and found.block_hash == now.block_hash


def test_what_stood_at_the_last_look_is_asked_for_again(tmp_path: Path) -> None:
    rig = ready(Owned(tmp_path))
    final_after(rig, 10)
    booking_id = park(rig)
    rig.settle()
    for _ in range(2):
        rig.sweeps.drive()
    rig.chain.rollback(1)
    rig.do(("token", "mint"), rig.chain.read("ledger", "registrar"), 1)
    rig.sweeps.drive()
    batch = call_named(rig, "batch:1")
    found = rig.chain.outcome(batch.hash or "")
    assert found is not None and found.block_hash == batch.block_hash
    assert receipt_of(rig, booking_id).chain.block_hash == found.block_hash


class Behind(FakeChain):
    """Two nodes behind one address: the one that takes transactions knows of a block already."""

    behind, hidden = False, ""

    def outcome(self, tx_hash: str) -> Outcome | None:
        return None if self.behind and tx_hash == self.hidden else super().outcome(tx_hash)

    def send(self, tx: SignedTransaction) -> None:
        if self.behind and tx.hash in self._included:
            raise ChainRefused("NONCE", "nonce too low")
        super().send(tx)
        if self.behind and not self.hidden:
            self.hidden = tx.hash


def test_a_payout_whose_block_one_node_does_not_know_is_paid_once(tmp_path: Path) -> None:
    rig = ready(Owned(tmp_path, chain_type=Behind, clock=early()))
    assert isinstance(rig.chain, Behind)
    raised(rig, 1000)
    rig.clock.at = at(0)
    rig.heartbeat()
    rig.report("snapshot", "free", 0)
    park(rig)
    settled(rig)
    before = rig.chain.read("ledger", "fees")
    rig.db.write(lambda s: fees.withdraw_fees(s, SAFE, 10, rig.now_ms))
    rig.chain.behind = True
    for _ in range(4):
        rig.sweeps.drive()
    rig.chain.behind = False
    for _ in range(3):
        rig.sweeps.drive()
    rig.sweeps.audit()
    assert rig.chain.read("ledger", "fees") == before - 10 == collected(rig)
    assert not rig.db.read(reconciling.kept_back)


class Choosy(FakeChain):
    """Blocks take nothing of the admin's."""

    picky = False

    def send(self, tx: SignedTransaction) -> None:
        self.mining = not (self.picky and _signed(tx)[0].sender == "admin")
        super().send(tx)


def test_a_call_that_no_block_takes_stops_no_other_senders(tmp_path: Path) -> None:
    rig = ready(Owned(tmp_path, chain_type=Choosy))
    assert isinstance(rig.chain, Choosy)
    rig.chain.picky = True
    rig.db.write(lambda s: fees.announce(s, 100, rig.clock.at))
    booking_id = park(rig)
    rig.settle()
    assert all(link.ok for link in verify(receipt_of(rig, booking_id)))


def test_a_new_key_waits_until_the_stays_of_the_old_one_are_filed(rig: Rig) -> None:
    rig.open_market()
    rig.chain.unreachable = True
    booking_id = park(rig)
    new = address_of(keccak(b"the new board"))
    rig.db.write(lambda s: enrolling.enrol(s, "gw-1", new, PLACE, rig.clock.at, True))
    rig.chain.unreachable = False
    rig.sweeps.drive()
    batch, key = call_named(rig, "batch:1"), call_named(rig, "rekey:gw-1:2")
    assert {batch.status, key.status} == {"mined"}
    assert (batch.block_number or 0) < (key.block_number or 0)
    assert all(link.ok for link in verify(receipt_of(rig, booking_id)))


def test_a_new_key_does_not_pass_a_batch_that_is_refused_for_now(rig: Rig) -> None:
    rig.open_market()
    park(rig)
    rig.sweeps.batch()
    new = address_of(keccak(b"the new board"))
    rig.db.write(lambda s: enrolling.enrol(s, "gw-1", new, PLACE, rig.clock.at, True))
    rig.chain.send(rig.chain.sign(Call("ledger", "pause", (), "admin")))
    rig.sweeps.drive()
    assert call_named(rig, "rekey:gw-1:2").status == "queued"
    rig.chain.send(rig.chain.sign(Call("ledger", "unpause", (), "admin")))
    for _ in range(2):
        rig.sweeps.drive()
    assert call_named(rig, "rekey:gw-1:2").status == "final"


def test_a_credit_that_the_chain_could_not_collect_is_told_so_and_can_be_credited_again(
    tmp_path: Path,
) -> None:
    """The owner withdraws in a block that is not final yet, and an operator credits meanwhile."""
    rig = ready(Owned(tmp_path))
    park(rig)
    rig.settle()
    rig.sweeps.audit()
    [settlement] = all_of(rig, Settlement)
    rig.do(("ledger", "request_withdraw"), rig.owner, settlement.paid_minor)
    rig.clock.pass_s(DELAY_S)
    final_after(rig, 5)
    rig.do(("ledger", "withdraw"), rig.owner)
    asked = credits.Asked("k", settlement.stay, 100, "The lens was covered.", "t")
    rig.db.write(lambda s: credits.credit(s, asked, rig.clock.at))
    rig.settle()
    [seen] = rig.db.read(credits.listed)
    assert (seen["amount_minor"], seen["paid_minor"]) == (100, 0)
    assert rig.db.read(lambda s: credits.left_minor(s, settlement)) == settlement.paid_minor
    assert "books_differ" in rig.alarms()
    for number in range(8):
        rig.top_up(1, f"x{number}")
        rig.sweeps.drive()
        rig.sweeps.audit()
    rig.sweeps.audit()
    assert not rig.db.read(reconciling.kept_back) and not rig.standing().differing
