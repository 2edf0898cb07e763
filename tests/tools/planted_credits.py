"""The bugs that `make mutants` plants in credits: decided once, bounded, filed, shown to few."""

from tests.tools.planted import Mutant

CREDITS = (
    Mutant(
        "credits of a stay may exceed what was paid",
        "cloud/usecases/credits.py",
        "return paid_minor(session, settled) - back",
        "return paid_minor(session, settled)",
        "tests/cloud/test_credits.py",
    ),
    Mutant(
        "what the chain could not collect stays in the books",
        "cloud/usecases/collected.py",
        "        if theirs == ours:",
        "        if True:",
        "tests/cloud/test_settling_third.py",
    ),
    Mutant(
        "another wish under a credit's key is taken for it",
        "cloud/usecases/credits.py",
        "if same == told else",
        "if same else",
        "tests/cloud/test_credits.py",
    ),
    Mutant(
        "what a credit could not pay back is lost",
        "cloud/usecases/credits.py",
        "row.amount_minor if row.paid_minor is None else paid_minor(session, row)",
        "row.amount_minor",
        "tests/cloud/test_credits.py",
    ),
    Mutant(
        "a stay in no block is credited",
        "cloud/usecases/credits.py",
        'return row if session.exec(filed).first() is not None else refuse("not_settled")',
        "return row",
        "tests/cloud/test_credits.py",
    ),
    Mutant(
        "a credit's reason is not filed",
        "cloud/usecases/credits.py",
        "counter_record(corrected, stay, row.amount_minor, row.reason)",
        'counter_record(corrected, stay, row.amount_minor, "-")',
        "tests/cloud/test_credits.py",
    ),
    Mutant(
        "strangers see credits",
        "cloud/usecases/credits.py",
        "or_(Booking.driver == account, Offer.owner == account)",
        "Booking.driver > 0",
        "tests/cloud/test_credits.py",
    ),
    Mutant(
        "a vanished credit keeps its file",
        "cloud/usecases/credit_receipts.py",
        ".where(ReceiptRow.stay == row.stay, col(ChainCall.status).in_(FILED))",
        ".where(ReceiptRow.stay == row.stay)",
        "tests/cloud/test_credits_again.py",
    ),
    Mutant(
        "a credit's vanished batch takes its stay back",
        "cloud/usecases/settlements.py",
        "col(Settlement.batch) == _BATCH, col(Settlement.stay) < CREDIT_NUMBERS",
        "col(Settlement.batch) == _BATCH",
        "tests/cloud/test_credits_again.py",
    ),
    Mutant(
        "anyone may credit",
        "cloud/entrypoints/http/roles.py",
        "POST settlements/{stay}/credits                             operator",
        "POST settlements/{stay}/credits                             signed-in",
        "tests/cloud/test_credits_outside.py",
    ),
)
