"""What happens by itself: idempotent sweeps over database state, run by one scheduler."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlmodel import Session

from cloud.adapters.clock import Clock, new_id
from cloud.adapters.db import Database
from cloud.ports.chain import Call, Chain, ChainRefused, ChainUnreachable, SignedTransaction
from cloud.tables import ChainCall
from cloud.usecases import accounts, bookings, filing, gateways, registrations, settlements, stays
from contracts.ledger.records import Deployed
from contracts.wire.types import to_ms

log = structlog.get_logger("sweeps")
MAX_CALLS = 20
# Refusals of the node, not of a contract: the same call may pass later.
NODE_CODES = ("NONCE", "FUNDS", "FEE", "REFUSED")
MAX_FINAL = 200


@dataclass(frozen=True, slots=True)
class Sweeps:
    """Each method may be stopped anywhere and run again: it reads where things stand."""

    db: Database
    chain: Chain
    clock: Clock
    deployed: Deployed
    silent_after_ms: int
    alarm_after_ms: int

    def batch(self) -> None:
        now = self.clock.now()
        self.db.write(lambda s: settlements.batch(s, now))

    def watch(self) -> None:
        now = self.clock.now()
        self.db.write(lambda s: gateways.silence(s, now, self.silent_after_ms))
        self.db.write(lambda s: stays.unbooked(s, now, self.alarm_after_ms))
        self.db.write(lambda s: bookings.expire(s, new_id("cmd"), now))
        self.db.write(gateways.drop_stale)

    def audit(self) -> None:
        """Our books against the contract's balances, while nothing is under way."""
        now = self.clock.now()
        if self.db.read(filing.next_call) is not None:
            return
        try:
            for number, ours in self.db.read(accounts.totals).items():
                theirs = self.chain.read("ledger", "balance_of", number)
                self._compare(number, (ours, theirs), now)
        except ChainUnreachable as error:
            log.warning("chain_unreachable", error=str(error))

    def drive(self) -> None:
        """Carry our calls to the chain, one after the other, and see whether they lasted."""
        blocked: set[str] = set()
        try:
            for _ in range(MAX_CALLS):
                call = self._next(blocked)
                if call is None or not self._carry(call, blocked):
                    break
            for call in self.db.read(lambda s: filing.unfinal_calls(s, MAX_FINAL)):
                self._confirm(call)
        except ChainUnreachable as error:
            log.warning("chain_unreachable", error=str(error))

    def _compare(self, number: int, sums: tuple[int, int], now: datetime) -> None:
        self.db.write(lambda s: _compared(s, number, sums, now))

    def _next(self, blocked: set[str]) -> ChainCall | None:
        return self.db.read(lambda s: filing.next_call(s, blocked))

    def _carry(self, call: ChainCall, blocked: set[str]) -> bool:
        """True once the call is in a block, refused for good, or set aside with its sender's."""
        if call.status == "queued":
            call = self._sign(call)
        if call.status == "queued":
            blocked.add(call.sender)
            return True
        if call.status == "failed":
            return True
        if call.status == "signed":
            return self._send(call)
        return self._look(call)

    def _sign(self, call: ChainCall) -> ChainCall:
        sender: Any = call.sender
        wanted = Call(call.contract, call.function, filing.arguments(call), sender)  # type: ignore[arg-type]
        try:
            signed = self.chain.sign(wanted, self.chain.next_nonce(sender))
        except ChainRefused as refused:
            return self._refused(call, refused)
        # Stored before it is sent: after a crash the same bytes go out again, never a second call.
        return self._update(
            call, status="signed", raw=signed.raw, hash=signed.hash, nonce=signed.nonce
        )

    def _send(self, call: ChainCall) -> bool:
        try:
            self.chain.send(SignedTransaction(call.raw or b"", call.hash or "", call.nonce or 0))
        except ChainRefused as refused:
            if self.chain.outcome(call.hash or "") is None:
                log.warning("call_resigned", call=call.id, reason=str(refused))
                self._update(call, status="queued")
                return False
        return self._look(self._update(call, status="sent"))

    def _look(self, call: ChainCall) -> bool:
        outcome = self.chain.outcome(call.hash or "")
        if outcome is None:
            self._update(call, status="signed")
            return False
        if not outcome.ok:
            reverted = ChainRefused("REVERTED", outcome.reason or "no reason was given")
            return self._refused(call, reverted).status == "failed"
        now = self.clock.now()
        found = {"block_number": outcome.block_number, "block_hash": outcome.block_hash}

        missing = {
            int(event.args["stay"]): int(event.args["missing"])
            for event in outcome.events
            if event.name == "Unpaid"
        }

        def mined(session: Session) -> None:
            row = _changed(session, call, status="mined", **found)
            self._effect(session, row, now)
            gateways.clear_alarm(session, f"blocked:{row.id}")
            if row.id.startswith("batch:"):
                settlements.compare(session, row, missing, now)

        self.db.write(mined)
        log.info("call_mined", call=call.id, block=outcome.block_number, gas=outcome.gas_used)
        return True

    def _confirm(self, call: ChainCall) -> None:
        outcome = self.chain.outcome(call.hash or "")
        if outcome is None:
            log.warning("block_vanished", call=call.id)
            self._update(call, status="signed", block_number=None, block_hash=None)
        elif outcome.block_hash != call.block_hash:
            self._look(call)
        elif outcome.final:
            self._update(call, status="final")

    def _effect(self, session: Session, call: ChainCall, now: datetime) -> None:
        kind, _, subject = call.id.partition(":")
        if kind == "share":
            registrations.marked(session, subject)
        elif kind == "batch":
            settlements.filed(session, call, self.deployed, now)

    def _refused(self, call: ChainCall, refused: ChainRefused) -> ChainCall:
        """A batch is never given up: the next ones build on it. Neither is what a node refuses

        for reasons of its own. Only what the contract will never take fails.
        """
        if not call.id.startswith("batch:") and refused.code not in NODE_CODES:
            return self._fail(call, str(refused))
        now, sentence = self.clock.now(), f"The chain refuses {call.id} for now: {refused}."

        def blocked(session: Session) -> ChainCall:
            alarm = f"blocked:{call.id}"
            gateways.raise_alarm(session, alarm, "call_blocked", None, sentence, now)
            return _changed(session, call, status="queued")

        return self.db.write(blocked)

    def _fail(self, call: ChainCall, reason: str) -> ChainCall:
        now = self.clock.now()
        log.error("call_failed", call=call.id, reason=reason)

        def failed(session: Session) -> ChainCall:
            sentence = f"The chain refused {call.id}: {reason}. Look at the call and its arguments."
            gateways.raise_alarm(session, f"call:{call.id}", "call_failed", None, sentence, now)
            if call.id.startswith("deposit:"):
                accounts.undo_deposit(session, call.id, to_ms(now))
            return _changed(session, call, status="failed", reason=reason)

        return self.db.write(failed)

    def _update(self, call: ChainCall, **fields: Any) -> ChainCall:
        return self.db.write(lambda session: _changed(session, call, **fields))


def _changed(session: Session, call: ChainCall, **fields: Any) -> ChainCall:
    row = session.get_one(ChainCall, call.number)
    for name, value in fields.items():
        setattr(row, name, value)
    session.add(row)
    session.flush()
    return row


def _compared(session: Session, number: int, sums: tuple[int, int], now: datetime) -> None:
    """Only sums of one moment: if ours moved since, or a call is under way, wait for next time."""
    ours, theirs = sums
    alarm = f"balance:{number}"
    if ours != accounts.total_of(session, number) or filing.next_call(session) is not None:
        return
    if ours == theirs:
        gateways.clear_alarm(session, alarm)
        return
    sentence = f"Account {number} holds {theirs} on the chain and {ours} in our books."
    gateways.raise_alarm(session, alarm, "books_differ", None, sentence, now)
