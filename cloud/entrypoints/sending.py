"""The one ordered sender: carries queued calls into blocks, and sees whether they last.

Every step is stored before the next one, so it may be stopped anywhere and run again.
"""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

import structlog
from sqlmodel import Session

from cloud.adapters.clock import Clock
from cloud.adapters.db import Database
from cloud.core.calls import Step
from cloud.entrypoints import calling
from cloud.entrypoints.beside import Beside
from cloud.entrypoints.contact import Contact
from cloud.entrypoints.ledger_watch import LedgerWatch
from cloud.entrypoints.trouble import Trouble
from cloud.ports.chain import (
    Chain,
    ChainDishonest,
    ChainRefused,
    ChainUnreachable,
    Outcome,
    Sender,
    SignedTransaction,
)
from cloud.tables import ChainAttempt, ChainCall
from cloud.usecases import (
    fees,
    filing,
    gateways,
    reconciling,
    registrations,
    settlements,
    withdrawals,
)
from contracts.ledger.records import Deployed
from contracts.wire.types import to_ms

log = structlog.get_logger("sending")
MAX_CALLS = 20
MAX_FINAL = 200
# A transaction that is in no block after this long is outbid by another of the same nonce.
REPLACE_AFTER_S = 60
MAX_REPLACEMENTS = 12
Attempts: TypeAlias = Sequence[ChainAttempt]
Found: TypeAlias = tuple[ChainAttempt, Outcome]
# What is told of a call while it is in no block.
TOLD = ("blocked", "nonce", "stuck")
NODE_ALARM = "node:lies"


@dataclass(frozen=True, slots=True)
class Sending:
    db: Database
    chain: Chain
    clock: Clock
    deployed: Deployed
    contact: Contact
    addresses: Mapping[Sender, str] = field(default_factory=dict)
    beside: Beside | None = None

    @property
    def trouble(self) -> Trouble:
        return Trouble(self.db, self.clock, self.addresses)

    def drive(self) -> None:
        try:
            if not self.contact.answers:
                self.chain.finalized()
                self.contact.heard(self.db)
            if LedgerWatch(self.db, self.chain, self.clock, self.contact).is_ours():
                self._confirm_all()
                self._carry_all()
                self.trouble.clear(NODE_ALARM)
        except ChainDishonest as lie:
            sentence = f"The chain's node cannot be believed: {lie}. Nothing was changed by it."
            self.trouble.alarm(NODE_ALARM, "node_lies", sentence)
        except (ChainUnreachable, ChainRefused) as error:
            self.contact.failed(self.db, self.clock, error)

    def _confirm_all(self) -> None:
        """Where a block is another, and once it is final, the whole receipt is asked for again."""
        places = self.db.read(lambda s: filing.unfinal(s, MAX_FINAL))
        if not places:
            return
        final, stand = self.contact.standing.asked(self.chain, places)
        for number, (block_number, _) in places.items():
            if number not in stand or block_number <= final:
                self._confirm(self.db.read(lambda s, n=number: s.get_one(ChainCall, n)))  # type: ignore[misc]

    def _carry_all(self) -> None:
        blocked: set[str] = set()
        for _ in range(MAX_CALLS):
            turn, stopped = self.db.read(
                lambda s: (filing.turn(s, blocked), reconciling.kept_back(s))
            )
            if turn is None:
                break
            if turn.overtakes:
                blocked.add(turn.call.sender)
                continue
            call = self._carry(turn.call, turn.tried, stopped)
            if call is None or call.status in ("queued", "signed"):
                blocked.add(turn.call.sender)

    def _carry(
        self, call: ChainCall, tried: Attempts, stopped: tuple[str, ...]
    ) -> ChainCall | None:
        """As it is then: in a block, refused for good, or set aside with its sender's others.

        None while it waits in the node's pool. `stopped`: no call of these kinds is signed.
        """
        if call.status == "queued":
            found = self._found(call, tried)
            if found is not None and found[1].ok:
                return self._take(call, *found)
            if call.id.startswith(stopped):
                return call
            call = self._sign(call)
        if call.status == "signed":
            call = self._send(call, tried)
        if call.status != "sent":
            return call
        looked = self._look(call)
        if looked is None:
            self._outbid(call)
        return looked

    def _sign(self, call: ChainCall) -> ChainCall:
        try:
            tx = self.chain.sign(calling.wanted(call))
        except ChainRefused as refused:
            return self._refused(call, refused)
        return self._store(call, tx, "sign")

    def _send(self, call: ChainCall, tried: Attempts) -> ChainCall:
        """Sent, or what the node's refusal makes of it. Bytes are thrown away only if another

        program has taken their nonce, and even their hash is kept.
        """
        tx = SignedTransaction(call.raw or b"", call.hash or "", call.nonce or 0)
        try:
            with self.beside.waiting() if self.beside else nullcontext():
                self.chain.send(tx)
        except ChainRefused as refused:
            if self._found(call) is not None:
                return self._step(call, "send")
            if refused.code != "NONCE":
                self.trouble.blocked(call, refused)
                return call if refused.code == "FUNDS" else self._outbid(call)
            if call.id.startswith(fees.PAYOUTS):
                # It may be in a block that this node does not know: a second one would be paid too.
                return self.trouble.fail(call, str(refused))
            sentence = (
                f"Another program used nonce {call.nonce} of the {call.sender}'s key: "
                f"{call.id} is signed again."
            )
            self.trouble.alarm(f"nonce:{call.id}", "nonce_taken", sentence)
            log.warning("call_resigned", call=call.id, reason=str(refused))
            return self._step(call, "resign")
        found = self._found(call, [filing.newest_attempt(call), *tried])
        if found is not None and found[1].ok:
            # In a block at once: both steps are one.
            return self._take(call, *found, "send")
        return self._step(call, "send")

    def _outbid(self, call: ChainCall) -> ChainCall:
        """In no block yet: the same bytes again, or after a while others that offer more."""
        now_ms = to_ms(self.clock.now())
        tried = self.db.read(lambda s: filing.attempts(s, call))
        same = [attempt for attempt in tried if attempt.nonce == call.nonce]
        waited_s = (now_ms - same[0].signed_ms) / 1000 / self.clock.rate if same else 0
        if waited_s < REPLACE_AFTER_S:
            return self._step(call, "replace")
        try:
            if len(same) > MAX_REPLACEMENTS:
                raise ChainRefused("FEE_CAP", f"{MAX_REPLACEMENTS} higher offers were not taken")
            above = filing.offered(same[0])
            tx = self.chain.sign(calling.wanted(call), call.nonce or 0, above)
        except ChainRefused as refused:
            self.trouble.blocked(call, refused)
            return self._step(call, "replace")
        log.info("call_replaced", call=call.id, max_fee_wei=tx.fees.max_fee_wei)
        return self._store(call, tx, "replace")

    def _found(self, call: ChainCall, tried: Attempts | None = None) -> Found | None:
        """Under whichever hash; one that failed under an older nonce was told already."""
        failed = None
        if tried is None:
            tried = self.db.read(lambda s: filing.attempts(s, call))
        for attempt in tried:
            outcome = self.chain.outcome(attempt.hash)
            if outcome is not None and outcome.ok:
                return attempt, outcome
            if outcome is not None and attempt.nonce == call.nonce:
                failed = attempt, outcome
        return failed

    def _look(self, call: ChainCall) -> ChainCall | None:
        """None if it is in no block; else what became of it there."""
        found = self._found(call)
        if found is None:
            return None
        return self._take(call, *found) if found[1].ok else self._reverted(call, found[1])

    def _take(
        self, call: ChainCall, attempt: ChainAttempt, outcome: Outcome, *first: Step
    ) -> ChainCall:
        self._check_log(call, outcome)
        steps: tuple[Step, ...] = (*first, "mine")
        row = self.db.write(lambda s: self._mined(s, call, steps, attempt, outcome))
        log.info("call_mined", call=call.id, block=outcome.block_number, gas=outcome.gas_used)
        return row

    def _mined(
        self,
        session: Session,
        call: ChainCall,
        steps: tuple[Step, ...],
        attempt: ChainAttempt,
        outcome: Outcome,
    ) -> ChainCall:
        now = self.clock.now()
        row = filing.step(
            session,
            call,
            *steps,
            hash=attempt.hash,
            nonce=attempt.nonce,
            raw=attempt.raw,
            block_number=outcome.block_number,
            block_hash=outcome.block_hash,
        )
        self._effect(session, row, outcome, now)
        gateways.clear_alarm(session, *(f"{about}:{row.id}" for about in TOLD))
        return row

    def _check_log(self, call: ChainCall, outcome: Outcome) -> None:
        """A batch counts as filed only if the ledger's own log holds our words."""
        if call.id.startswith("batch:") and not settlements.logged(call, outcome.events):
            raise ChainDishonest(
                f"the log of {call.id} in {outcome.block_hash} is not what we sent"
            )

    def _confirm(self, call: ChainCall) -> None:
        """What a reorganisation moved is followed, what it took is pending again."""
        outcome = self.chain.outcome(call.hash or "")
        if outcome is None:
            log.warning("block_vanished", call=call.id)
            self.db.write(lambda s: self._returned(s, call, "vanish"))
        elif outcome.block_hash != call.block_hash:
            self._look(call)
        elif outcome.final:
            self._step(call, "finish")

    def _returned(self, session: Session, call: ChainCall, what: Step) -> ChainCall:
        if call.status == "mined" and call.id.startswith("batch:"):
            settlements.returned(session, call, self.clock.now())
        return filing.step(session, call, what, block_number=None, block_hash=None)

    def _effect(self, session: Session, call: ChainCall, outcome: Outcome, now: datetime) -> None:
        kind, _, subject = call.id.partition(":")
        if kind == "share":
            registrations.marked(session, subject)
        elif kind == "batch":
            settlements.filed(session, call, calling.missing(outcome), self.deployed, now)
        elif kind == "account":
            withdrawals.opened(session, int(subject), outcome.block_number)

    def _reverted(self, call: ChainCall, outcome: Outcome) -> ChainCall:
        reverted = ChainRefused("REVERTED", outcome.reason or "no reason was given")
        row = self.db.write(lambda s: self._returned(s, call, "revert"))
        return self._refused(row, reverted)

    def _refused(self, call: ChainCall, refused: ChainRefused) -> ChainCall:
        """Only what the contract will never take fails."""
        if any(code in str(refused) for code in calling.BY_STATE):
            self.contact.looked = False
        if not calling.passes_later(call, refused):
            return self.trouble.fail(call, str(refused), self._holder(call))
        self.trouble.blocked(call, refused)
        return self._step(call, "refuse", reason=str(refused))

    def _holder(self, call: ChainCall) -> str:
        """Whose the account is there that the contract would not open; empty of other calls."""
        kind, _, number = call.id.partition(":")
        return str(self.chain.read("ledger", "owner_of", int(number))) if kind == "account" else ""

    def _store(self, call: ChainCall, tx: SignedTransaction, what: Step) -> ChainCall:
        now_ms = to_ms(self.clock.now())
        return self.db.write(lambda s: filing.signed(s, call, tx, what, now_ms))

    def _step(self, call: ChainCall, what: Step, **fields: Any) -> ChainCall:
        return self.db.write(lambda s: filing.step(s, call, what, **fields))
