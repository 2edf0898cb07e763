"""Two verifiers, written apart, agree on every link of every receipt, genuine or not.

A share of the corpus; all of it: `python -m tests.receipts.corpus`.
"""

import itertools
import json
import string
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from contracts.ledger.amounts import DECIMALS, amount_of
from contracts.ledger.receipt import Receipt
from tests.contracts.making import booking, pending, receipt, stay_events, titled
from tests.contracts.test_charge import PENDING as PENDING_CHARGE
from tests.contracts.test_pending import PENDING, PENDING_CREDIT
from tests.receipts import charges as lies_about_charges
from tests.receipts.corpus import Tally, cases, charge_cases, credit_cases
from tests.receipts.credits import LIES
from tests.receipts.drawn import a_receipt, answers
from tests.receipts.judged import (
    JUDGE,
    NODE,
    REFUSED,
    SCRIPT,
    Case,
    by_python,
    by_script,
    mutated_credit_case,
    mutated_pending_case,
    verdicts,
)
from tests.receipts.mutations import MUTATIONS

pytestmark = pytest.mark.skipif(NODE is None, reason="no node here (apt-get install nodejs)")
VALID, MUTATED = 60, 300
CREDITS, MUTATED_CREDITS = 20, 140
CHARGES, MUTATED_CHARGES = 20, 200


def tallied(shown: Iterable[Case]) -> Tally:
    found = Tally()
    for verdict in verdicts(shown):
        found.add(verdict)
    return found


@pytest.fixture(scope="module")
def tally() -> Tally:
    return tallied(cases(VALID, MUTATED))


@pytest.fixture(scope="module")
def credits() -> Tally:
    return tallied(credit_cases(CREDITS, MUTATED_CREDITS))


@pytest.fixture(scope="module")
def charges() -> Tally:
    return tallied(charge_cases(CHARGES, MUTATED_CHARGES))


def test_both_verifiers_give_the_same_right_verdict_on_every_charge(charges: Tally) -> None:
    assert (charges.valid, charges.mutated) == (CHARGES, MUTATED_CHARGES)
    assert charges.charges == CHARGES + MUTATED_CHARGES
    assert charges.wrong == []


def test_the_share_of_charges_has_every_lie_and_breaks_their_own_links(charges: Tally) -> None:
    assert {lie.__name__ for lie in lies_about_charges.LIES} < set(charges.kinds)
    own = {"agreed", "due", "charge", "charge proof"}
    assert own | {"batch root", "transaction", "payment", "chain id"} <= set(charges.links)


def test_both_verifiers_give_the_same_right_verdict_on_every_receipt(tally: Tally) -> None:
    assert (tally.valid, tally.mutated) == (VALID, MUTATED)
    assert tally.wrong == []


def test_the_share_in_the_suite_has_every_mutation_and_breaks_every_link(tally: Tally) -> None:
    assert {mutation.__name__ for mutation in MUTATIONS} < set(tally.kinds)
    offline = {"format", "signatures", "sequence", "booking", "tariff", "times", "arithmetic"}
    on_chain = {"chain id", "registry", "gateway key", "batch root", "transaction"}
    assert offline | on_chain | {"record", "proof"} <= set(tally.links)


def test_both_verifiers_give_the_same_right_verdict_on_every_credit(credits: Tally) -> None:
    assert (credits.valid, credits.mutated) == (CREDITS, MUTATED_CREDITS)
    assert credits.credits == CREDITS + MUTATED_CREDITS
    assert credits.wrong == []


def test_the_share_of_credits_has_every_lie_and_breaks_their_own_links(credits: Tally) -> None:
    assert {lie.__name__ for lie in LIES} < set(credits.kinds)
    own = {"credit", "credit proof", "credit batch root", "credit transaction", "credit payment"}
    assert own < set(credits.links)


def test_both_verifiers_say_the_same_of_what_waits_for_its_batch() -> None:
    """Changed or not: no lie about a draft is said to hold."""
    bare = [json.dumps(plain).encode() for plain in (PENDING, PENDING_CREDIT, PENDING_CHARGE)]
    genuine = [*bare, pending().model_dump_json().encode()]
    shown = [Case("pending", data, {}) for data in genuine]
    assert list(by_script(shown)) == [by_python(case) for case in shown] == [("(pending)",)] * 4
    tally = tallied(mutated_pending_case(seed) for seed in range(60))
    assert tally.wrong == []


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ('"version":2', '"version":2.0'),
        ('"version":2', '"version":"2"'),
        ('"version":2', '"version":2,"version":2'),
        ('"version":2', '"version":1,"version":2'),
        ('"version":2', '"version":2,"v\\u0065rsion":2'),
        ('"version":2', '"version":02'),
        ('"uncertainty_s":', '"uncertainty_s":1' + "0" * 400 + ',"x":'),
        ('"uncertainty_s":', '"uncertainty_s":NaN,"x":'),
        ('"starts_at":"2026', '"starts_at":"２０２６'),
        ('{"format"', '\ufeff{"format"'),
        ('"siblings":', '"siblings":' + "[" * 300 + "]" * 300 + ',"x":'),
        ('"currency":"', '"currency":"\\ud800'),
    ],
)
def test_what_readers_of_json_read_differently_is_no_receipt(was: str, now: str) -> None:
    text = a_receipt(1).receipt.model_dump_json()
    assert was in text
    case = Case("odd", text.replace(was, now, 1).encode(), {})
    assert list(by_script([case])) == [("format",)]
    assert by_python(case) == ("format",)


def test_a_number_of_more_digits_than_either_takes_is_no_file_to_both() -> None:
    text = a_receipt(1).receipt.model_dump_json()
    at = text.index('"version":', text.index('"tariff":{')) + len('"version":')
    end = text.index(",", at)
    shown = [
        Case(str(count), (text[:at] + "1" * count + text[end:]).encode(), {})
        for count in (4300, 4301)
    ]
    assert list(by_script(shown)) == [by_python(case) for case in shown]
    assert by_python(shown[1]) == ("format",) != by_python(shown[0])


def test_the_script_gives_up_on_nothing_that_is_thrown_at_it() -> None:
    junk = (
        b"",
        b"\xff",
        b"[" * 100_000,
        b"{}",
        b"0",
        b'"',
        b"1e999",
        b"null" * 9,
        b"\0" * 2_000_000,
    )
    found = list(by_script(Case(f"junk {len(data)}", data, {}) for data in junk))
    assert found == [("format",)] * len(junk)


def test_a_quote_that_the_tariff_does_not_give_breaks_the_tariff_in_both() -> None:
    """All else is made to fit it: grant, signatures, record and batch."""
    dear = quoted(receipt().booking.quoted_minor + 1)
    case = Case("quote", dear.model_dump_json().encode(), answers(dear))
    assert list(by_script([case])) == [by_python(case)] == [("tariff",)]


def quoted(minor: int) -> Receipt:
    agreed = booking(quoted_minor=minor)
    return receipt(stay_events(grant=agreed.grant), agreed=agreed)


def test_a_node_without_old_states_tells_both_the_rest() -> None:
    made = titled(receipt())
    then = f'"{hex(made.chain.block_number)}"]'
    told = {asked: REFUSED if then in asked else said for asked, said in answers(made).items()}
    case = Case("old", made.model_dump_json().encode(), told)
    unlearnt = ("(unlearnt gateway key)", "(unlearnt title root)")
    assert list(by_script([case])) == [by_python(case)] == [unlearnt]
    nobody = Case("none", case.data, dict.fromkeys(told, REFUSED))
    assert list(by_script([nobody])) == [by_python(nobody)] == [("(silent)",)]


def test_both_verifiers_write_an_amount_with_as_many_decimals() -> None:
    """Of every currency that a tariff can name, in all 17,576 spellings."""
    letters = string.ascii_uppercase
    codes = ["".join(code) for code in itertools.product(letters, repeat=3)]
    ask = f"import {{ decimalsOf }} from {json.dumps((SCRIPT / 'bill.mjs').as_uri())};"
    say = f"console.log(JSON.stringify({json.dumps(codes)}.map(decimalsOf)));"
    command = [str(NODE), "--input-type=module"]
    ran = subprocess.run(command, input=ask + say, text=True, capture_output=True, timeout=60)
    assert json.loads(ran.stdout) == [DECIMALS.get(code, 2) for code in codes]
    shown = [amount_of(1234, code) for code in ("JPY", "CNY", "KWD", "CLF")]
    assert shown == ["1234 JPY", "12.34 CNY", "1.234 KWD", "0.1234 CLF"]


ROUNDED_UP = ("worth / HOUR_S - before / HOUR_S", "(worth + 3599n) / HOUR_S - before / HOUR_S")
# Seeds whose lie is an amount that was not settled.
TOO_MUCH = (319, 416)
# Charges before their time, and of another sum than the terms give.
UNBOUND = (
    'return DECIDED.includes(record.code) ? reason !== "" : byTheTerms(record, booking);',
    "return true;",
)
UNLIMITED = ("record.amount_minor > 0n && record.amount_minor <= before.amount_minor", "true")


@pytest.mark.parametrize(
    ("rule", "shown"),
    [
        (ROUNDED_UP, cases(20, 0)),
        (UNLIMITED, map(mutated_credit_case, TOO_MUCH)),
        (UNBOUND, charge_cases(0, 60)),
    ],
)
def test_a_script_that_forgets_one_rule_is_caught(
    tmp_path: Path, rule: tuple[str, str], shown: Iterable[Case]
) -> None:
    """The comparison itself: a price rounded up, or too much paid back, must not go unseen."""
    for path in SCRIPT.glob("*.mjs"):
        (tmp_path / path.name).write_text(path.read_text("utf-8").replace(*rule), "utf-8")
    told = list(shown)
    lines = "".join(case.line() for case in told)
    command = [str(NODE), str(JUDGE), str(tmp_path)]
    ran = subprocess.run(command, input=lines, text=True, capture_output=True, timeout=60)
    said = [tuple(json.loads(line)) for line in ran.stdout.splitlines()]
    assert len(said) == len(told)
    assert said != [by_python(case) for case in told]
