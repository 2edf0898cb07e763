"""What the contract keeps for us beside balances, looked after now and then: its fee, its holds."""

from dataclasses import dataclass

from cloud.adapters.clock import Clock
from cloud.adapters.db import Database
from cloud.entrypoints.contact import Contact
from cloud.entrypoints.ledger_watch import LedgerWatch
from cloud.ports.chain import Call, Chain, ChainRefused, ChainUnreachable
from cloud.usecases import fees, holds
from contracts.wire.types import to_ms

SETTLING = 0  # the contract's status


@dataclass(frozen=True, slots=True)
class Keeping:
    """May be stopped anywhere and run again: it reads where things stand."""

    db: Database
    chain: Chain
    clock: Clock
    contact: Contact

    def run(self) -> None:
        try:
            LedgerWatch(self.db, self.chain, self.clock, self.contact).look()
            self._fee()
            self._holds()
        except (ChainUnreachable, ChainRefused) as error:
            self.contact.failed(self.db, self.clock, error)

    def _fee(self) -> None:
        before = self.db.read(fees.standing)
        fee_bps = int(self.chain.read("ledger", "fee_bps"))
        if before.wanted_bps is None and fee_bps == before.chain_bps:
            return
        proposed_bps = int(self.chain.read("ledger", "proposed_fee_bps"))
        ready_s = int(self.chain.read("ledger", "fee_ready_at"))
        now_ms = to_ms(self.clock.now())
        seen = fees.Seen(fee_bps, proposed_bps, self._answer(), ready_s, now_ms)
        self.db.write(lambda s: fees.step(s, seen))

    def _answer(self) -> str:
        """By the chain's own clock, which need not be ours: tried, and not sent."""
        try:
            call = Call("ledger", "accept_fee", (), "admin")
            self.chain.sign(call)
        except ChainRefused as refused:
            return refused.code
        return ""

    def _holds(self) -> None:
        accounts = self.db.read(holds.watched)
        if not accounts or self.chain.read("ledger", "status") != SETTLING:
            return
        for account in accounts:
            request = holds.Request(*self.chain.read("ledger", "withdrawal_of", account))
            now = self.clock.now()
            self.db.write(lambda s, a=account, r=request, n=now: holds.place(s, a, r, n))  # type: ignore[misc]
