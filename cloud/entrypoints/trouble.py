"""What a person must be told of our calls: refused for now, stuck, failed; and when it is over."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog
from sqlmodel import Session

from cloud.adapters.clock import Clock
from cloud.adapters.db import Database
from cloud.ports.chain import ChainRefused, Sender
from cloud.tables import ChainCall
from cloud.usecases import accounts, fees, filing, gateways, ledger_state
from contracts.wire.types import to_ms

log = structlog.get_logger("sending")


@dataclass(frozen=True, slots=True)
class Trouble:
    db: Database
    clock: Clock
    # Of our keys, where they are known.
    addresses: Mapping[Sender, str] = field(default_factory=dict)

    def blocked(self, call: ChainCall, refused: ChainRefused) -> None:
        if refused.code == "FEE_CAP":
            sentence = f"{call.id} is in no block and its fee is at the cap: {refused}."
            self.alarm(f"stuck:{call.id}", "call_stuck", sentence)
            return
        if "PAUSED" in str(refused) and self.db.read(ledger_state.closed):
            return  # for good, and told once
        sentence = f"The chain refuses {call.id} for now: {refused}.{self._mended(call, refused)}"
        self.alarm(f"blocked:{call.id}", "call_blocked", sentence)

    def _mended(self, call: ChainCall, refused: ChainRefused) -> str:
        if refused.code != "FUNDS":
            return ""
        where = {str(role): address for role, address in self.addresses.items()}.get(call.sender)
        at = where or "address (berth-cloud keys)"
        return f" Send coins of this chain to the {call.sender}'s {at}."

    def fail(self, call: ChainCall, reason: str, holder: str = "") -> ChainCall:
        """The contract will never take it: the call ends, and what it had promised with it.

        `holder`: of an account's opening, who has its number there.
        """
        now = self.clock.now()
        log.error("call_failed", call=call.id, reason=reason)

        def failed(session: Session) -> ChainCall:
            code, sentence = _failed(call, reason, holder)
            gateways.raise_alarm(session, f"call:{call.id}", code, None, sentence, now)
            if holder:
                accounts.refused(session, int(call.id.partition(":")[2]), to_ms(now))
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


def _failed(call: ChainCall, reason: str, holder: str) -> tuple[str, str]:
    """Code and sentence."""
    if not holder:
        told = f"The chain refused {call.id}: {reason}. Look at the call and its arguments."
        return "call_failed", told
    number = call.id.partition(":")[2]
    return "account_not_open", (
        f"Account {number} is not open on the ledger ({reason}): its number belongs to {holder} "
        "there. Its stays wait and it takes no deposits; others go on. If that address is its "
        f"person's: berth-cloud reopen-account {number} --address {holder}. If not, give the "
        "person another account, and settle what waits of this one outside the ledger."
    )
