"""Bugs in prices, and in what binds them, that the tests must catch; see planted.py."""

from tests.tools.planted import Mutant

PRICING = "contracts/ledger/pricing.py"
RECORDS = "contracts/ledger/records.py"
SCRIPT = "cloud/entrypoints/http/static/verify"
LAWS = "tests/cloud/test_tariff_price.py"
PLANS = "tests/cloud/test_tariffs.py"
BOUND = "tests/receipts/test_prices.py"
LIMITS = "tests/cloud/test_tariff_limits.py"

TARIFFS = (
    Mutant(
        "a second has the rate of where the one before it ends",
        "contracts/ledger/stretches.py",
        "return -(-ms // 1000)",
        "return ms // 1000",
        f"{LAWS}::test_a_second_that_an_edge_cuts_has_the_rate_it_begins_in",
    ),
    Mutant(
        "the free seconds are the last ones",
        PRICING,
        "charged = range(free_s, free_s + charged_s)",
        "charged = range(charged_s)",
        PLANS,
    ),
    Mutant(
        "each line of a timetable is rounded by itself",
        PRICING,
        "amount_minor=worth // HOUR_S - before // HOUR_S,",
        "amount_minor=(worth - before) // HOUR_S,",
        PLANS,
    ),
    Mutant(
        "half a step is rounded up",
        PRICING,
        '"nearest": (unit - 1) // 2',
        '"nearest": unit // 2',
        PLANS,
    ),
    Mutant(
        "the minimum is asked though nothing is proved",
        PRICING,
        "if charged_s and short > 0 else lines",
        "if short > 0 else lines",
        PLANS,
    ),
    Mutant(
        "overstay begins the duration anew",
        PRICING,
        "for share in shares(tariff.timetable, plain, late, charged, inside_s)",
        "for share in shares(tariff.timetable, plain, late, charged)",
        PLANS,
    ),
    Mutant(
        "a change of the clocks is not seen",
        "cloud/core/tariffs_days.py",
        "if _offset(zone, at) != _offset(zone, ahead):",
        "if _offset(zone, at) is None:",
        f"{LAWS}::test_an_hour_that_a_clock_change_repeats_is_paid_twice_and_one_left_out_not",
    ),
    Mutant(
        "the small hours are of their own day",
        "cloud/core/tariffs.py",
        "eve = day - timedelta(days=1)",
        "eve = day",
        PLANS,
    ),
    Mutant(
        "the last element that holds gives the rate",
        "cloud/core/tariffs.py",
        "for after_s, minor in held if after_s <= bound)",
        "for after_s, minor in reversed(held) if after_s <= bound)",
        PLANS,
    ),
    Mutant(
        "a worked weekend is a day off",
        "cloud/core/tariffs.py",
        "in WORKDAYS or day in plan.workdays)",
        "in WORKDAYS)",
        PLANS,
    ),
    Mutant(
        "the terms of cancelling are not bound",
        RECORDS,
        "            terms_digest(self.terms),",
        "            terms_digest(Terms()),",
        BOUND,
    ),
    Mutant(
        "the timetable is not bound",
        RECORDS,
        "table_digest(timetable_rows(tariff)),",
        "table_digest([]),",
        BOUND,
    ),
    Mutant(
        "the browser counts a second where the one before it ends",
        f"{SCRIPT}/bill.mjs",
        "BigInt(Math.ceil((before + at",
        "BigInt(Math.floor((before + at",
        "tests/receipts/test_agreement.py::test_both_verifiers_give_the_same_right_verdict_on_every_receipt",
    ),
    Mutant(
        "the browser reads a timetable whose days run back",
        f"{SCRIPT}/format.mjs",
        "last.ends_at <= next.starts_at && last.day <= next.day",
        "last.ends_at <= next.starts_at",
        BOUND,
    ),
    Mutant(
        "who leaves within the late stop pays overstay",
        "contracts/ledger/tariffs.py",
        "return max(self.grace_s, self.late_stop_s)",
        "return self.grace_s",
        LIMITS,
    ),
    Mutant(
        "the browser knows no late stop",
        f"{SCRIPT}/bill.mjs",
        "Number(most(terms.grace_s, terms.late_stop_s))",
        "Number(terms.grace_s)",
        "tests/receipts/test_agreement.py::test_both_verifiers_give_the_same_right_verdict_on_every_receipt",
    ),
    Mutant(
        "the contract takes other terms than were agreed on",
        "contracts/ledger/EvidenceCheck.vy",
        "if keccak256(concat(TERMS_TYPE, abi_encode(tables.terms))) != booking.terms:",
        "if booking.terms == empty(bytes32):",
        "tests/contracts/test_evidence_prices.py",
    ),
    Mutant(
        "the contract knows no late stop",
        "contracts/ledger/EvidenceCheck.vy",
        "max(booking.grace_s, tables.terms.late_stop_s) * 1000",
        "booking.grace_s * 1000",
        "tests/contracts/test_evidence_prices.py",
    ),
    Mutant(
        "a window is offered whose price no bill holds",
        "cloud/core/tariffs.py",
        "if due_minor >= MONEY_END:",
        "if due_minor > 2 * MONEY_END:",
        LIMITS,
    ),
    Mutant(
        "what is not told of a timetable seems to cost the base rate",
        "cloud/entrypoints/http/pages_bill.py",
        "    if more > 0:",
        "    if more > MAX_TOLD:",
        "tests/pages/test_tariff_bill.py",
    ),
    Mutant(
        "the contract forgets the caps of the days",
        "contracts/ledger/EvidenceCheck.vy",
        "over += of_day - day_cap_minor * HOUR_S",
        "over += 0",
        "tests/contracts/test_evidence_prices.py",
    ),
    Mutant(
        "the contract takes another timetable than was agreed on",
        "contracts/ledger/EvidenceCheck.vy",
        "if keccak256(abi_encode(tables.rows)) != tariff.timetable:",
        "if len(tables.rows) == 0 and tariff.timetable == empty(bytes32):",
        "tests/contracts/test_evidence_prices.py",
    ),
)
