"""Bugs that `make mutants` plants in the contracts; the checks compile a changed source anew."""

from tests.tools.planted import Mutant

LEDGER = "contracts/ledger/ParkingLedger.vy"
CALLS = "tests/ledger_checks/test_random_calls.py"
EVIDENCE = "contracts/ledger/EvidenceCheck.vy"
CHECK = "tests/contracts/test_evidence_check.py"
PAIRS = "tests/contracts/test_evidence_pairs.py"


def _mutant(bug: str, old: str, new: str, tests: str = CALLS) -> Mutant:
    return Mutant(bug, LEDGER, old, new, tests)


def _evidence(bug: str, old: str, new: str, tests: str = PAIRS) -> Mutant:
    return Mutant(bug, EVIDENCE, old, new, tests)


CONTRACTS = (
    _mutant(
        "a stay can be settled twice",
        'assert bits & bit == 0, "REPLAY"',
        'assert bits & bit != bit + 1, "REPLAY"',
    ),
    _mutant(
        "a page of stays is forgotten at its edge",
        "                self.filed[page] = bits\n            page = stay >> 8",
        "                pass\n            page = stay >> 8",
    ),
    _mutant(
        "the last page of stays is not written",
        "        self.filed[page] = bits\n    if fees",
        "        pass\n    if fees",
    ),
    _mutant(
        "a driver pays without having it",
        "paid: uint256 = min(balance, due)",
        "paid: uint256 = due",
    ),
    _mutant(
        "the payee gets the fee as well",
        "gets: uint256 = unsafe_add(unsafe_sub(paid, fee), back)",
        "gets: uint256 = unsafe_add(paid, back)",
    ),
    _mutant(
        "the fee of a stay paid in part is that of the whole",
        "if paid < due and fee != 0:",
        "if False:",
    ),
    _mutant(
        "the platform gives back what it does not have",
        "back = min(fee, fees)",
        "back = fee",
    ),
    _mutant(
        "a batch may leave out a number",
        'assert seq == self.seq + 1, "SEQ"',
        'assert seq > self.seq, "SEQ"',
    ),
    _mutant(
        "the head forgets the batches before it",
        "keccak256(concat(self.head, detail_root, packed))",
        "keccak256(concat(detail_root, detail_root, packed))",
    ),
    _mutant(
        "anyone settles",
        'words: DynArray[uint256, MAX_WORDS]):\n    self._only(keccak256("settler"), "SETTLER")\n',
        "words: DynArray[uint256, MAX_WORDS]):\n",
    ),
    _mutant(
        "a withdrawal takes more than the balance",
        'assert amount <= self._lane(account_id) & MOST, "BALANCE"',
        'assert amount <= MOST, "BALANCE"',
    ),
    _mutant(
        "a withdrawal does not wait",
        "assert block.timestamp >= asked.ready_at, ",
        "assert block.timestamp >= asked.ready_at - WITHDRAW_DELAY_S, ",
    ),
    _mutant(
        "a request to withdraw never ends",
        "assert block.timestamp < asked.ready_at + REQUEST_LASTS_S, ",
        "assert block.timestamp > 0, ",
    ),
    _mutant(
        "a hold outlasts a pause",
        "block.timestamp < held.until and self.status == SETTLING",
        "block.timestamp < held.until",
        "tests/ledger_checks/test_withdrawals.py",
    ),
    _mutant(
        "a withdrawal can be sent twice",
        "        self.withdrawal_of[account_id] = empty(Withdrawal)\n",
        "        pass\n",
    ),
    _mutant(
        "a withdrawal takes what a booking holds",
        "amount: uint256 = min(asked.amount, balance - min(balance, held))",
        "amount: uint256 = min(asked.amount, balance)",
        "tests/ledger_checks/test_withdrawals.py",
    ),
    _mutant(
        "a withdrawal goes to whoever sends it",
        "assert extcall TOKEN.transfer(owner, amount * UNIT)",
        "assert extcall TOKEN.transfer(self, amount * UNIT)",
    ),
    _mutant(
        "a deposit is counted again when it is repeated",
        "    self.reference_used[msg.sender][reference] = True\n",
        "",
    ),
    _mutant(
        "a deposit runs over into the next account",
        'assert amount_minor <= MOST - (lane & MOST), "LIMIT"',
        'assert amount_minor <= MOST, "LIMIT"',
    ),
    _mutant(
        "a balance is written over its neighbours'",
        "self.lanes[number >> 3] & ~(LANE << at)",
        "self.lanes[number >> 3] & (LANE << at)",
    ),
    _mutant(
        "what a payee has earned is claimed twice",
        "    self.claimed_of[account_id] = earned\n",
        "",
    ),
    _mutant(
        "a higher fee comes without delay",
        "        ready_at += FEE_DELAY_S\n",
        "        ready_at += 0\n",
    ),
    _mutant(
        "a short balance blocks its batch",
        "        paid: uint256 = min(balance, due)\n",
        "        assert due <= balance\n        paid: uint256 = min(balance, due)\n",
        "tests/ledger_checks/test_parkingppx.py",
    ),
    Mutant(
        "a single share reads two words of storage",
        "contracts/ledger/PropertyRegistry.vy",
        "    if keccak256(concat(node, convert(msg.sender, bytes32))) != self.sealed:",
        "    if node != self.root or msg.sender != self.registrar:",
        "tests/ledger_checks/test_registry_code.py",
    ),
)
# Apart from those above, which Foundry's invariants meet as well.
DISPUTES = (
    Mutant(
        "a new admin of the registry is bound by the one before",
        "contracts/ledger/PropertyRegistry.vy",
        "        self.proposed[REGISTRAR] = empty(address)\n",
        "",
        "tests/ledger_checks/test_registry_code.py",
    ),
    Mutant(
        "a new admin of the fake registry is bound by the one before",
        "cloud/adapters/fake_contracts.py",
        "            self.proposed.pop(REGISTRAR, None)\n",
        "",
        "tests/chain/test_registry.py",
    ),
    _evidence(
        "another vehicle during the stay is no finding",
        "if body.matched == OTHER or body.matched == AMBIGUOUS:",
        "if False:",
        CHECK,
    ),
    _evidence(
        "an event of the stay may be kept back",
        "if i != 0 and signed.body.previous != digest:",
        "if False:",
        CHECK,
    ),
    _evidence(
        "a key that the registry does not name agrees",
        "if key == empty(bytes32) or key != events[0].body.gateway:",
        "if False:",
        CHECK,
    ),
    _evidence(
        "a credit may differ from what it corrects",
        "if keccak256(abi_encode(turned)) != keccak256(abi_encode(other)):",
        "if False:",
    ),
    _evidence(
        "a credit may keep the parties as they were",
        "turned.owner_account = record.driver_account",
        "turned.owner_account = other.owner_account",
    ),
    _evidence(
        "a credit may pay back more than was settled",
        "record.amount_minor != 0 and record.amount_minor <= other.amount_minor",
        "record.amount_minor != 0",
    ),
    _evidence(
        "a credit may come before what it corrects",
        "if code == AGREES and seq < other_seq:",
        "if False:",
    ),
    _evidence(
        "a credit of no settlement is no finding",
        "if record.credit_of < STAY_END and staticcall LEDGER.is_settled(record.credit_of):",
        "if True:",
    ),
    _evidence(
        "a credit of a number beyond all stays cannot be told",
        "record.credit_of < STAY_END and ",
        "",
    ),
    _evidence(
        "a settlement is found false by a credit of number zero",
        "if record.credit_of == 0 or record.credit_of != other.stay:",
        "if record.credit_of != other.stay:",
    ),
    _evidence(
        "one arrival may be settled twice",
        "record.arrival == other.arrival or record.departure == other.departure",
        "record.departure == other.departure",
    ),
    _evidence(
        "one departure may be settled twice",
        "record.arrival == other.arrival or record.departure == other.departure",
        "record.arrival == other.arrival",
    ),
    _evidence(
        "two records may have one number",
        "return UNRELATED if same else SETTLED_TWICE",
        "return UNRELATED",
    ),
    _evidence(
        "a record that is not filed is found false",
        "if not self._filed(seq, proof, record) or not self._filed(other_seq, other_proof, other):",
        "if not self._filed(seq, proof, record):",
    ),
)
