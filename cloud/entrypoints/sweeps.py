"""What happens by itself: idempotent sweeps over database state, run by one scheduler."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog

from cloud.adapters.clock import Clock, new_id
from cloud.adapters.db import Database
from cloud.entrypoints.beside import Beside
from cloud.entrypoints.contact import Contact
from cloud.entrypoints.keeping import Keeping
from cloud.entrypoints.sending import Sending
from cloud.ports.chain import Chain, ChainRefused, ChainUnreachable, Sender
from cloud.usecases import (
    alarms,
    booking_no_shows,
    filing,
    gateways,
    marks,
    receipts,
    reconciling,
    settlements,
    stay_overstays,
    stays,
    tracing,
    trust,
    withdrawals,
)
from contracts.ledger.records import Deployed

log = structlog.get_logger("sweeps")
MAX_BATCHES = 50
# Batches whose receipts are written between two rounds of calls.
MAX_ISSUED = 5


@dataclass(frozen=True, slots=True)
class Sweeps:
    """Each method may be stopped anywhere and run again: it reads where things stand."""

    db: Database
    chain: Chain
    clock: Clock
    deployed: Deployed
    silent_after_ms: int
    alarm_after_ms: int
    # A batch that is not full waits until its oldest stay is so old.
    batch_age_ms: int = 0
    contact: Contact = field(default_factory=Contact)
    # Of our keys, to be told who needs coins.
    addresses: Mapping[Sender, str] = field(default_factory=dict)

    def settle(self) -> None:
        """One batch, then the calls to the chain; while it works on one, the next batch is made."""
        try:
            self.one_batch()
        finally:
            with Beside(self.one_batch) as beside:
                Sending(*self._where, self.addresses, beside).drive()

    def batch(self) -> None:
        for _ in range(MAX_BATCHES):
            if not self.one_batch():
                break

    def one_batch(self) -> bool:
        """None are made while the books differ: the stays wait, and are settled later."""
        if self.db.read(reconciling.kept_back):
            return False
        now, age_ms = self.clock.now(), self.batch_age_ms
        made = self.db.write(lambda s: settlements.batch(s, now, age_ms))
        if made is None:
            return False
        told = self.db.read(lambda s: tracing.of_batch(s, made.seq))
        log.info("batched", batch=made.seq, call=made.call, traces=told)
        return True

    def watch(self) -> None:
        now = self.clock.now()
        self.db.write(lambda s: gateways.silence(s, now, self.silent_after_ms))
        self.db.write(lambda s: stays.unbooked(s, now, self.alarm_after_ms))
        self.db.write(lambda s: booking_no_shows.expire(s, new_id("cmd"), now))
        self.db.write(lambda s: stay_overstays.ask(s, new_id("cmd"), now))
        self.db.write(lambda s: trust.gather(s, now))
        self.db.write(gateways.drop_stale)
        self.db.write(lambda s: alarms.over(s, now))
        self.db.write(lambda s: marks.expire_ended(s, now))
        self.db.write(marks.file_waiting)

    def drive(self) -> None:
        """Carry our calls to the chain, one after the other, and see whether they lasted."""
        Sending(*self._where, self.addresses).drive()
        self.issue()

    def issue(self) -> None:
        """The receipts of mined batches, after the calls: no batch waits for them."""
        for _ in range(MAX_ISSUED):
            if not self.db.write(lambda s: receipts.issue(s, self.deployed)):
                break

    def audit(self) -> None:
        """Our books against the contract's balances, both as of the newest final block."""
        try:
            block = self.chain.finalized()
            if not self._knows_others(block):
                return
            ours = self.db.read(lambda s: reconciling.books(s, block))
            if block < 0 or not ours.totals or self._unrecorded(block):
                return
            numbers = list(ours.totals)
            theirs = dict(zip(numbers, self.chain.balances(numbers, block), strict=True))
        except (ChainUnreachable, ChainRefused) as error:
            self.contact.failed(self.db, self.clock, error)
            return
        now = self.clock.now()
        self.db.write(lambda s: reconciling.compared(s, block, ours, theirs, now))

    def keep(self) -> None:
        """The platform's fee, and holds for those who asked to withdraw."""
        Keeping(self.db, self.chain, self.clock, self.contact).run()

    @property
    def _where(self) -> tuple[Database, Chain, Clock, Deployed, Contact]:
        return self.db, self.chain, self.clock, self.deployed, self.contact

    def _knows_others(self, block: int) -> bool:
        """What others moved on the chain up to that block is in our books, and nothing later."""
        span = self.db.read(lambda s: withdrawals.due(s, block))
        if span is not None:
            found = self.chain.history("ledger", withdrawals.NAMES, span.first, span.last)
            now = self.clock.now()
            self.db.write(lambda s: withdrawals.book(s, found, span, now))
        return self.db.read(withdrawals.read_to) in (None, block)

    def _unrecorded(self, block: int) -> bool:
        """A call of ours is in that block already and our books do not know it yet."""
        outcomes = (self.chain.outcome(known) for known in self.db.read(filing.in_flight))
        return any(found and found.ok and found.block_number <= block for found in outcomes)
