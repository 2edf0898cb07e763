"""The bugs that `make mutants` plants: in what is agreed, the cloud and the agent."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    """`old` stands exactly once in `file`; `tests` must fail once it reads `new`."""

    bug: str
    file: str
    old: str
    new: str
    tests: str


AGREED = (
    Mutant(
        "a receipt's events need not name their predecessor",
        "contracts/ledger/receipt.py",
        "if after.previous != digests[index]:",
        "if False:",
        "tests/contracts/test_receipt.py",
    ),
    Mutant(
        "any signature passes",
        "contracts/ledger/receipt.py",
        "if signer != receipt.gateway.signer:",
        "if signer is None:",
        "tests/contracts/test_receipt.py",
    ),
    Mutant(
        "the lines of a receipt are not computed again",
        "contracts/ledger/receipt.py",
        "if tuple(lines) != receipt.lines:",
        "if False:",
        "tests/contracts/test_receipt.py",
    ),
    Mutant(
        "a malleable signature passes",
        "contracts/wire/signing.py",
        'int.from_bytes(raw[32:64], "big") > HALF_ORDER',
        "False",
        "tests/contracts/test_receipt.py",
    ),
    Mutant(
        "a leaf is hashed without its tag",
        "contracts/ledger/merkle.py",
        'return keccak(b"\\x00" + payload)',
        "return keccak(payload)",
        "tests/chain/test_chain_conformance.py",
    ),
    Mutant(
        "doubt is decided against the driver",
        "contracts/ledger/stay.py",
        "begin = begun.at + timedelta(seconds=begun.uncertainty_s)",
        "begin = begun.at - timedelta(seconds=begun.uncertainty_s)",
        "tests/contracts/test_ledger.py",
    ),
    Mutant(
        "unknown time is billed",
        "contracts/ledger/stay.py",
        'elif event.occupancy != "occupied" and begun is not None:',
        'elif event.occupancy == "free" and begun is not None:',
        "tests/contracts/test_ledger.py",
    ),
    Mutant(
        "a bill is rounded up",
        "contracts/ledger/pricing.py",
        "return seconds // tariff.step_s * tariff.step_s",
        "return -(-seconds // tariff.step_s) * tariff.step_s",
        "tests/contracts/test_ledger.py",
    ),
    Mutant(
        "a gateway reports on anybody's space",
        "cloud/usecases/stay_judging.py",
        'if misplaced == "foreign_space":',
        "if False:",
        "tests/cloud/test_stays.py",
    ),
    Mutant(
        "events are applied over a gap",
        "cloud/usecases/stays.py",
        "EventRow.gateway == gateway.id, EventRow.epoch > gateway.epoch, EventRow.seq == 1",
        "EventRow.gateway == gateway.id, EventRow.seq > gateway.seq",
        "tests/cloud/test_stays.py",
    ),
    Mutant(
        "a near plate is taken for the booked one",
        "edge/core/plates.py",
        'return _of("ambiguous", _nearest(close, at), said)',
        'return _of("accepted", _nearest(close, at), said)',
        "tests/edge/test_grants_and_plates.py",
    ),
    Mutant(
        "a posting is made again when it is repeated",
        "cloud/usecases/accounts.py",
        "    if _posted(session, transfer):\n        return\n",
        "",
        "tests/cloud/test_stays.py",
    ),
    Mutant(
        "the database lets bookings overlap",
        "cloud/table_rules.py",
        "AND b.starts_ms < NEW.ends_ms ORDER BY",
        "AND b.starts_ms < NEW.starts_ms ORDER BY",
        "tests/cloud/test_market.py",
    ),
    Mutant(
        "a silent gateway's spaces stay free",
        "cloud/usecases/gateways.py",
        'if space.occupancy != "unknown":',
        "if False:",
        "tests/cloud/test_stays.py",
    ),
    Mutant(
        "a receipt keeps a block that has vanished",
        "cloud/usecases/receipts.py",
        "            before[stay].text = text\n",
        "",
        "tests/cloud/test_stays.py",
    ),
    Mutant(
        "the gateway publishes what is not on its disk",
        "edge/agent.py",
        "        for reply in self._delivery.commit(self._real_s()):\n"
        "            self._say(reply)\n"
        "        if self._connected:\n"
        "            self._delivery.send(self._real_s())\n",
        "        if self._connected:\n"
        "            self._delivery.send(self._real_s())\n"
        "        for reply in self._delivery.commit(self._real_s()):\n"
        "            self._say(reply)\n",
        "tests/edge/test_agent.py",
    ),
    Mutant(
        "the outbox does not wait for the disk",
        "edge/adapters/outbox.py",
        "synchronous=FULL",
        "synchronous=NORMAL",
        "tests/edge/test_outbox.py",
    ),
    Mutant(
        "the gateway forgets an event once it was sent",
        "edge/core/window.py",
        "self.acked",
        "self.last",
        "tests/edge/test_agent.py",
    ),
    Mutant(
        "the dev chain answers before it has written",
        "cloud/adapters/devchain/store.py",
        "            with self._connection:\n",
        "            if True:\n",
        "tests/chain/test_devchain_restart.py",
    ),
    Mutant(
        "a receipt's terms need not be those of its grant",
        "contracts/ledger/receipt.py",
        "if booking.grant != booking.grant_of_terms():",
        "if False:",
        "tests/contracts/test_receipt.py",
    ),
    Mutant(
        "an unmatched arrival counts for the booking",
        "contracts/ledger/receipt.py",
        'if arrival.grant != booking.grant or arrival.match != "accepted":',
        "if arrival.grant != booking.grant:",
        "tests/contracts/test_receipt.py",
    ),
    Mutant(
        "booking and record may name different parties",
        "contracts/ledger/receipt.py",
        "if parties != (record.driver_account, record.owner_account, record.space):",
        "if False:",
        "tests/contracts/test_receipt.py",
    ),
    Mutant(
        "events may be of another space",
        "contracts/ledger/receipt.py",
        "if {body.space for body in bodies} != {receipt.booking.space}:",
        "if False:",
        "tests/contracts/test_receipt.py",
    ),
    Mutant(
        "the record's times are not checked",
        "contracts/ledger/receipt.py",
        "if (receipt.record.starts_at, receipt.record.ends_at) != (",
        "if not (",
        "tests/contracts/test_receipt.py",
    ),
    Mutant(
        "another vehicle in mid-stay passes",
        "contracts/ledger/receipt.py",
        'if any(body.match in ("other", "ambiguous") for body in bodies) or any(',
        "if any(",
        "tests/contracts/test_receipt.py",
    ),
    Mutant(
        "any contract's log counts as the ledger's",
        "contracts/ledger/onchain.py",
        'return data_of(log["address"]) == ledger.lower() and found == topics',
        "return found == topics",
        "tests/contracts/test_onchain.py",
    ),
    Mutant(
        "an empty root counts",
        "contracts/ledger/onchain.py",
        "if found != paper.proof.root or found == ZERO_DIGEST:",
        "if found != paper.proof.root:",
        "tests/contracts/test_onchain.py",
    ),
    Mutant(
        "a failed transaction counts",
        "contracts/ledger/onchain.py",
        'if mined is None or quantity(mined["status"]) != 1:',
        "if mined is None:",
        "tests/contracts/test_onchain.py",
    ),
    Mutant(
        "any registry will do",
        "contracts/ledger/onchain.py",
        "if unhex(found)[-20:] != unhex(receipt.chain.registry):",
        "if False:",
        "tests/contracts/test_onchain.py",
    ),
    Mutant(
        "a key is asked as of today",
        "contracts/ledger/onchain.py",
        "hex(receipt.chain.block_number))",
        '"latest")',
        "tests/contracts/test_onchain.py",
    ),
    Mutant(
        "a grant opens every space",
        "cloud/usecases/stay_arrivals.py",
        "    if booking.space != came.space:\n        return None\n    if booking.state in AHEAD:",
        "    if booking.state in AHEAD:",
        "tests/cloud/test_robust.py",
    ),
    Mutant(
        "a batch in another block is not followed",
        "cloud/entrypoints/sending.py",
        "elif outcome.block_hash != call.block_hash:",
        "elif False:",
        "tests/cloud/test_robust.py",
    ),
    Mutant(
        "a refused batch is given up",
        "cloud/entrypoints/calling.py",
        'return call.id.startswith("batch:") or refused',
        "return refused",
        "tests/cloud/test_robust.py",
    ),
    Mutant(
        "a later epoch begins anywhere",
        "cloud/usecases/stays.py",
        "EventRow.epoch > gateway.epoch, EventRow.seq == 1",
        "EventRow.epoch > gateway.epoch",
        "tests/cloud/test_robust.py",
    ),
    Mutant(
        "the cloud does not wait for the disk",
        "cloud/adapters/db.py",
        '"synchronous=FULL"',
        '"synchronous=NORMAL"',
        "tests/cloud/test_robust.py",
    ),
    Mutant(
        "an unset clock is billed",
        "contracts/ledger/stay.py",
        'begun is None and event.clock != "unsynced":',
        "begun is None:",
        "tests/contracts/test_ledger.py",
    ),
    Mutant(
        "a stranger's plate is kept as evidence",
        "cloud/usecases/stays.py",
        "if plate and plate_commitment(plate.text, unhex(plate.salt)) != body.plate:",
        "if False:",
        "tests/cloud/test_robust.py",
    ),
    Mutant(
        "a batch that was included and reverted is given up",
        "cloud/entrypoints/sending.py",
        "self._refused(row, reverted)",
        "self._fail(row, str(reverted))",
        "tests/cloud/test_robust.py",
    ),
    Mutant(
        "the books are compared with sums of two moments",
        "cloud/usecases/reconciling.py",
        "if _mark(session) != ours.mark:",
        "if False:",
        "tests/cloud/test_robust.py",
    ),
)
