"""Two verifiers, written apart, agree on every link of every receipt, genuine or not.

A share of the corpus; all of it: `python -m tests.receipts.corpus`.
"""

import subprocess
from pathlib import Path

import pytest

from tests.receipts.corpus import Tally, cases
from tests.receipts.drawn import a_receipt
from tests.receipts.judged import JUDGE, NODE, SCRIPT, Case, by_python, by_script, verdicts
from tests.receipts.mutations import MUTATIONS

pytestmark = pytest.mark.skipif(NODE is None, reason="no node here (apt-get install nodejs)")
VALID, MUTATED = 60, 300


@pytest.fixture(scope="module")
def tally() -> Tally:
    found = Tally()
    for verdict in verdicts(cases(VALID, MUTATED)):
        found.add(verdict)
    return found


def test_both_verifiers_give_the_same_right_verdict_on_every_receipt(tally: Tally) -> None:
    assert (tally.valid, tally.mutated) == (VALID, MUTATED)
    assert tally.wrong == []


def test_the_share_in_the_suite_has_every_mutation_and_breaks_every_link(tally: Tally) -> None:
    assert {mutation.__name__ for mutation in MUTATIONS} < set(tally.kinds)
    offline = {"format", "signatures", "sequence", "booking", "tariff", "times", "arithmetic"}
    on_chain = {"chain id", "registry", "gateway key", "batch root", "transaction"}
    assert offline | on_chain | {"record", "proof"} <= set(tally.links)


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


def test_a_script_that_forgets_one_rule_is_caught(tmp_path: Path) -> None:
    """The comparison itself: rounding the price up in the owner's favour must not go unseen."""
    for path in SCRIPT.glob("*.mjs"):
        text = path.read_text("utf-8")
        lie = text.replace("(billed_s * rate) / HOUR_S", "(billed_s * rate + 3599n) / HOUR_S")
        (tmp_path / path.name).write_text(lie, "utf-8")
    lines = "".join(case.line() for case in cases(20, 0))
    command = [str(NODE), str(JUDGE), str(tmp_path)]
    ran = subprocess.run(command, input=lines, text=True, capture_output=True, timeout=60)
    assert '["arithmetic"]' in ran.stdout
