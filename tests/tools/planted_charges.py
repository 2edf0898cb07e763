"""The bugs that `make mutants` plants in charges: due by the terms, moved once, filed, told."""

from tests.tools.planted import Mutant

_LEDGER, _CLOUD = "contracts/ledger/charge.py", "cloud/usecases/charges.py"
_SCRIPT = "cloud/entrypoints/http/static/verify/charge.mjs"
_TESTED, _MOVED = "tests/contracts/test_charge.py", "tests/cloud/test_charges.py"
_RULES = "tests/cloud/test_charges_rules.py"
_AGREE = "tests/receipts/test_agreement.py"

CHARGES = (
    Mutant(
        "a charge's amount need not be what was agreed",
        _LEDGER,
        "    if record.amount_minor != due_minor(booking, record.code, record.at):",
        "    if record.amount_minor > due_minor(booking, record.code, record.at):",
        _TESTED,
    ),
    Mutant(
        "cancelling costs at the agreed time already",
        _LEDGER,
        "late = to_ms(at) > starts_ms",
        "late = to_ms(at) >= starts_ms",
        _TESTED,
    ),
    Mutant(
        "who does not come is charged before the time is over",
        _LEDGER,
        "to_ms(record.at) < starts_ms + waits_ms",
        "to_ms(record.at) < starts_ms",
        _TESTED,
    ),
    Mutant(
        "a charge's terms need not be those of the grant",
        _LEDGER,
        "if booking.grant != booking.grant_of_terms():",
        "if False:",
        _AGREE,
    ),
    Mutant(
        "a person's charge needs no reason",
        _LEDGER,
        "        if not charge.reason:",
        "        if False:",
        _TESTED,
    ),
    Mutant(
        "a charge's reason may be told otherwise",
        _LEDGER,
        "    if record.reason != reason_digest(charge.reason):",
        "    if False:",
        _TESTED,
    ),
    Mutant(
        "anybody may pay a compensation",
        _LEDGER,
        "        return sides == (owner, driver)",
        "        return sides[1] == driver",
        _TESTED,
    ),
    Mutant(
        "a charge's leaf forgets what it adds to",
        _LEDGER,
        "            self.adds_to or 0,",
        "            0,",
        _AGREE,
    ),
    Mutant(
        "the browser takes a charge that its terms do not give",
        _SCRIPT,
        "return amount === (now >",
        "return amount >= (now >",
        _AGREE,
    ),
    Mutant(
        "the browser takes any grant for a charge",
        _SCRIPT,
        '|| found !== "0x" + booking.grant ||',
        "||",
        _AGREE,
    ),
    Mutant(
        "the browser reads numbers that the other verifier does not",
        "cloud/entrypoints/http/static/verify/json.mjs",
        "const MAX_DIGITS = 4300;",
        "const MAX_DIGITS = 5300;",
        _AGREE,
    ),
    Mutant(
        "a fee is charged whenever it is asked for",
        _CLOUD,
        "    if before is not None:",
        "    if before is not None and session is None:",
        _MOVED,
    ),
    Mutant(
        "one is charged to pay oneself",
        _CLOUD,
        "payer > 0 and payee > 0 and payer != payee and",
        "payer > 0 and payee > 0 and",
        _RULES,
    ),
    Mutant(
        "the platform's debts go to the chain",
        _CLOUD,
        "payer > 0 and payee > 0 and",
        "payee > 0 and",
        _RULES,
    ),
    Mutant(
        "a charge waits in a closed ledger for ever",
        _CLOUD,
        "if not movable(due) or ledger_state.closed(session):",
        "if not movable(due):",
        _RULES,
    ),
    Mutant(
        "strangers see charges",
        _CLOUD,
        "or_(col(ChargeRow.payer) == account, col(ChargeRow.payee) == account)",
        "col(ChargeRow.payer) > 0",
        _MOVED,
    ),
    Mutant(
        "who caused a move gets the key to another's booking",
        _CLOUD,
        '            one | {"booking": None} if',
        "            one if",
        _MOVED,
    ),
    Mutant(
        "a charge ends the hold of its booking",
        "cloud/usecases/settlements.py",
        "    if row.stay >= CHARGE_NUMBERS:\n        return",
        "    if row.stay < 0:\n        return",
        _MOVED,
    ),
    Mutant(
        "a charge settles its booking",
        "cloud/usecases/settlements.py",
        "_BOOKED = select(Settlement.booking).where(\n"
        "    col(Settlement.batch) == _BATCH, col(Settlement.stay) < CREDIT_NUMBERS",
        "_BOOKED = select(Settlement.booking).where(\n    col(Settlement.batch) == _BATCH",
        _RULES,
    ),
    Mutant(
        "a charge is taken from an account that is in no block",
        "cloud/usecases/settlements.py",
        "    .where(~filing.unopened(col(ChargeRow.payer)),",
        "    .where(",
        _MOVED,
    ),
    Mutant(
        "what a withdrawal must leave for charges is forgotten",
        "cloud/usecases/holds.py",
        "    due = pays | owes | charges.paid_by(account)",
        "    due = pays | owes",
        _RULES,
    ),
    Mutant(
        "charges in no block look like money that is missing there",
        "cloud/usecases/reconciling.py",
        'else_="charge:" + number',
        'else_="credit:" + number',
        _RULES,
    ),
    Mutant(
        "a charge has no file",
        "cloud/usecases/receipts.py",
        "    yield from charge_receipts.texts(session, rows, tree, call, deployed)\n",
        "",
        _MOVED,
    ),
    Mutant(
        "a charge's file shows the terms of today",
        "cloud/usecases/charge_receipts.py",
        "        if record.digest() == digest:",
        "        if record.id:",
        _RULES,
    ),
    Mutant(
        "a charge is credited as if it were a stay",
        "cloud/usecases/credits.py",
        "    if CHARGE_NUMBERS <= stay < MAX_STAY and",
        "    if False and",
        _RULES,
    ),
    Mutant(
        "what a correction added is owed again",
        "cloud/usecases/dispute_evidence.py",
        "    kept_minor = charges.corrected_minor(session, number)",
        "    kept_minor = 0",
        "tests/cloud/test_disputes.py",
    ),
    Mutant(
        "an operator names any sum as a correction",
        "cloud/usecases/disputes.py",
        "    if found.difference_minor > 0 and found.difference_minor == decision.amount_minor:\n"
        "        return found.difference_minor",
        "    if decision.amount_minor > 0:\n        return decision.amount_minor",
        "tests/cloud/test_disputes.py",
    ),
    Mutant(
        "what was charged may be rewritten",
        "cloud/table_rules.py",
        '"chainattempt", "credit", "charge", "collected"',
        '"chainattempt", "credit", "collected"',
        _MOVED,
    ),
)
