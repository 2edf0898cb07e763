"""What a person must be told of our calls: refused for now, stuck, failed; and when it is over."""

from dataclasses import dataclass

import structlog
from sqlmodel import Session

from cloud.adapters.clock import Clock
from cloud.adapters.db import Database
from cloud.ports.chain import ChainRefused
from cloud.tables import ChainCall
from cloud.usecases import accounts, fees, filing, gateways
from contracts.wire.types import to_ms

log = structlog.get_logger("sending")


@dataclass(frozen=True, slots=True)
class Trouble:
    db: Database
    clock: Clock

    def blocked(self, call: ChainCall, refused: ChainRefused) -> None:
        if refused.code == "FEE_CAP":
            sentence = f"{call.id} is in no block and its fee is at the cap: {refused}."
            self.alarm(f"stuck:{call.id}", "call_stuck", sentence)
            return
        sentence = f"The chain refuses {call.id} for now: {refused}."
        self.alarm(f"blocked:{call.id}", "call_blocked", sentence)

    def fail(self, call: ChainCall, reason: str) -> ChainCall:
        """The contract will never take it: the call ends, and what it had promised with it."""
        now = self.clock.now()
        log.error("call_failed", call=call.id, reason=reason)

        def failed(session: Session) -> ChainCall:
            sentence = f"The chain refused {call.id}: {reason}. Look at the call and its arguments."
            gateways.raise_alarm(session, f"call:{call.id}", "call_failed", None, sentence, now)
            if call.id.startswith("deposit:"):
                accounts.undo_deposit(session, call.id, to_ms(now))
            if call.id.startswith(fees.PAYOUTS):
                fees.undo_withdrawal(session, call, to_ms(now))
            return filing.step(session, call, "fail", reason=reason)

        return self.db.write(failed)

    def alarm(self, alarm: str, code: str, sentence: str) -> None:
        """Told and logged when it begins: what goes on is asked for three times a second."""
        if self.db.read(lambda s: gateways.has_alarm(s, alarm)):
            return
        now = self.clock.now()
        log.warning(code, alarm=alarm, sentence=sentence)
        self.db.write(lambda s: gateways.raise_alarm(s, alarm, code, None, sentence, now))

    def clear(self, alarm: str) -> None:
        if self.db.read(lambda s: gateways.has_alarm(s, alarm)):
            self.db.write(lambda s: gateways.clear_alarm(s, alarm))
