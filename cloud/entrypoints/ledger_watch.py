"""Whether the node's chain and contract are ours, still open, and no further than our books."""

from dataclasses import dataclass

import structlog

from cloud.adapters.clock import Clock
from cloud.adapters.db import Database
from cloud.entrypoints.contact import Contact
from cloud.entrypoints.trouble import Trouble
from cloud.ports.chain import Chain, ChainRefused
from cloud.usecases import filing, gateways, ledger_state
from cloud.usecases.ledger_state import Seen

log = structlog.get_logger("ledger")
CHAIN_ALARM = "node:chain"


@dataclass(frozen=True, slots=True)
class LedgerWatch:
    db: Database
    chain: Chain
    clock: Clock
    contact: Contact

    def is_ours(self) -> bool:
        """Asked before anything is signed: a call to an address without code would pass as done,

        and what older books decide has been decided otherwise.
        """
        waiting, told = self.db.read(
            lambda s: (filing.next_call(s), gateways.has_alarm(s, CHAIN_ALARM))
        )
        if waiting is None:
            return True
        trouble = Trouble(self.db, self.clock)
        try:
            self.chain.check()
        except ChainRefused as wrong:
            sentence = f"Nothing is sent: {wrong}. The calls wait until the node is the right one."
            code = "wrong_role" if wrong.code == "ROLE" else "wrong_chain"
            trouble.alarm(CHAIN_ALARM, code, sentence)
            return False
        if told:
            trouble.clear(CHAIN_ALARM)
        if not self.contact.looked:
            self.look()
            self.contact.looked = True
        return not self.db.read(ledger_state.behind)

    def look(self) -> None:
        """The chain first: what we sign meanwhile is in our books before it is there."""
        seen = self._seen()
        if not self.db.read(lambda s: ledger_state.news(s, seen)):
            return
        now = self.clock.now()
        log.warning("ledger_state", status=seen.status, seq=seen.seq)
        self.db.write(lambda s: ledger_state.tell(s, seen, now))

    def _seen(self) -> Seen:
        status, seq = (int(self.chain.read("ledger", name)) for name in ("status", "seq"))
        root = "0x" + bytes(self.chain.read("ledger", "batch_root", seq)).hex()
        if status != ledger_state.CLOSED_STATUS:
            return Seen(status, seq, root)
        return Seen(status, seq, root, str(self.chain.read("ledger", "successor")))
