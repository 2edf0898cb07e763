"""The bugs that `make mutants` plants in the two verifiers: credits, what waits, and the page."""

from tests.tools.planted import Mutant

SCRIPTS = "cloud/entrypoints/http/static/verify"

VERIFYING = (
    Mutant(
        "a credit may pay back more than was settled",
        "contracts/ledger/credit.py",
        "if not 0 < record.amount_minor <= before.amount_minor:",
        "if not 0 < record.amount_minor:",
        "tests/contracts/test_credit.py",
    ),
    Mutant(
        "a credit's reason may be told otherwise",
        "contracts/ledger/credit.py",
        "if record.lines != reason_digest(credit.reason):",
        "if False:",
        "tests/contracts/test_credit.py",
    ),
    Mutant(
        "a credit may stand before what it corrects",
        "contracts/ledger/credit.py",
        "if here.batch < there.batch or here.block_number < there.block_number:",
        "if False:",
        "tests/contracts/test_credit.py",
    ),
    Mutant(
        "the chain is asked for a credit's receipt alone",
        "contracts/ledger/onchain.py",
        "for link in _place(paper, ask)] if isinstance(paper, Credit) else []",
        "for link in _place(receipt, ask)] if isinstance(paper, Credit) else []",
        "tests/contracts/test_onchain.py",
    ),
    Mutant(
        "a number that a node spells otherwise is guessed",
        "contracts/ledger/onchain.py",
        "if not isinstance(found, str) or not QUANTITY.fullmatch(found):",
        "if not isinstance(found, str):",
        "tests/receipts/test_cli_on_chain.py",
    ),
    Mutant(
        "a pending receipt's leaf is not its draft's",
        "contracts/ledger/pending.py",
        'if pending.leaf != "0x" + record.leaf().hex():',
        "if False:",
        "tests/contracts/test_pending.py",
    ),
    Mutant(
        "a pending receipt passes",
        "contracts/cli.py",
        "return None if self.silent or isinstance(self.paper, WAITING) else True",
        "return None if self.silent else True",
        "tests/contracts/test_cli.py",
    ),
    Mutant(
        "a stranger's file writes to the terminal",
        "contracts/cli.py",
        "c if c.isprintable() else",
        "c if True else",
        "tests/contracts/test_cli.py",
    ),
    Mutant(
        "the browser's verifier lets a credit pay to anybody",
        f"{SCRIPTS}/credit.mjs",
        "return turned && within",
        "return within",
        "tests/receipts/test_agreement.py",
    ),
    Mutant(
        "the browser's verifier takes a draft that will not be filed",
        f"{SCRIPTS}/receipt.mjs",
        "booking === agreed.id && leaf === recordLeaf(record);",
        "booking === agreed.id;",
        "tests/receipts/test_agreement.py",
    ),
    Mutant(
        "a pasted receipt has the page's lot's time",
        f"{SCRIPTS}/proof.mjs",
        'text === GIVEN ? $("found").dataset.zone : ""',
        '$("found").dataset.zone',
        "tests/receipts/test_proof_browser.py",
    ),
    Mutant(
        "UTC's day is left out though it differs",
        f"{SCRIPTS}/times.mjs",
        "isOneDay(at, local[0])",
        "isOneDay(at, at)",
        "tests/receipts/test_proof_browser.py",
    ),
)
