"""What each of the two verifiers says of a receipt: the names of the links that do not hold."""

import base64
import json
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import cloud.entrypoints.http as http
from contracts.cli import ANSWERED
from contracts.ledger.files import read, verify_paper
from contracts.ledger.links import Link
from contracts.ledger.onchain import Refused, told_by
from contracts.ledger.pending import Pending, PendingCharge, PendingCredit
from tests.receipts.charges import a_charge, a_charge_lie, charge_answers, charge_node_lies
from tests.receipts.credits import a_credit, a_lie, credit_answers, credit_node_lies
from tests.receipts.drawn import a_receipt, answers, question, spelled
from tests.receipts.lies import node_answers
from tests.receipts.mutations import a_mutation
from tests.receipts.waiting import a_lie_about_a_draft

SCRIPT = Path(str(http.__file__)).parent / "static" / "verify"
JUDGE = Path(__file__).parent / "judge.mjs"
NODE_LIES_EVERY = 12
NODE = shutil.which("node")
REFUSED = {"refused": True}
NOTHING = {"eth_call": "0x" + "00" * 32, "eth_getTransactionReceipt": None}


@dataclass(frozen=True, slots=True)
class Case:
    """`node`: an honest node's answers, of which the receipt that was changed is the truth."""

    name: str
    data: bytes
    node: dict[str, Any]

    def line(self) -> str:
        text = base64.b64encode(self.data).decode()
        return json.dumps({"text": text, "answers": self.node}) + "\n"


@dataclass(frozen=True, slots=True)
class Verdict:
    case: Case
    python: tuple[str, ...]
    script: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """How papers of one kind are drawn, changed, and told by a node that is honest or lies."""

    name: str
    draw: Callable[[int], Any]
    change: Callable[[int, Any], tuple[str, bytes]]
    honest: Callable[[Any], dict[str, Any]]
    lying: Callable[[Random, Any], dict[str, Any]]
    lies: str

    def valid(self, seed: int) -> Case:
        paper = self._paper(self.draw(seed))
        data = spelled(Random(seed), paper)
        return Case(f"valid{self._said} {seed}", data, self.honest(paper))

    def mutated(self, seed: int, drawn: int) -> Case:
        """`drawn`: of which seed the true one is."""
        made = self.draw(drawn)
        paper = self._paper(made)
        if seed % NODE_LIES_EVERY == 0:
            told = self.lying(Random(seed), made)
            return Case(f"{self.lies} {seed}", paper.model_dump_json().encode(), told)
        name, data = self.change(seed, made)
        return Case(f"{name}{self._said} {seed}", data, self.honest(paper))

    @property
    def _said(self) -> str:
        return "" if self.name == "receipt" else f" {self.name}"

    def _paper(self, made: Any) -> Any:
        return getattr(made, self.name)


RECEIPT = Kind("receipt", a_receipt, a_mutation, answers, node_answers, "node_answers")
CREDIT = Kind("credit", a_credit, a_lie, credit_answers, credit_node_lies, "credit_node_lies")
CHARGE = Kind(
    "charge", a_charge, a_charge_lie, charge_answers, charge_node_lies, "charge_node_lies"
)


def valid_case(seed: int) -> Case:
    return RECEIPT.valid(seed)


def mutated_case(seed: int) -> Case:
    return RECEIPT.mutated(seed, seed % 1000)


def credit_case(seed: int) -> Case:
    return CREDIT.valid(seed)


def mutated_credit_case(seed: int) -> Case:
    return CREDIT.mutated(seed, seed % 200)


def charge_case(seed: int) -> Case:
    return CHARGE.valid(seed)


def mutated_charge_case(seed: int) -> Case:
    return CHARGE.mutated(seed, seed % 200)


def mutated_pending_case(seed: int) -> Case:
    name, data = a_lie_about_a_draft(seed)
    return Case(f"{name} pending {seed}", data, {})


def by_python(case: Case) -> tuple[str, ...]:
    found = read(case.data)
    if isinstance(found, Link):
        return (found.name,)

    def ask(method: str, params: list[Any]) -> Any:
        told = case.node.get(question(method, params))
        if told == REFUSED:
            raise Refused("missing trie node")
        return NOTHING.get(method) if told is None else told

    if isinstance(found, Pending | PendingCredit | PendingCharge):
        return (*(link.name for link in verify_paper(found) if not link.ok), "(pending)")
    try:
        told = told_by(found, ask)
    except (Refused, *ANSWERED):
        return ("(silent)",)
    broken = tuple(link.name for link in (*verify_paper(found), *told.links) if not link.ok)
    return (*broken, *(f"(unlearnt {name})" for name in told.unlearnt))


def by_script(cases: Iterable[Case]) -> Iterator[tuple[str, ...]]:
    """One process of Node for all; a verdict for each case, in their order."""
    assert NODE is not None
    command = [NODE, str(JUDGE), str(SCRIPT)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, encoding="utf-8", **pipes) as node:  # type: ignore[call-overload]
        for case in cases:
            node.stdin.write(case.line())
            node.stdin.flush()
            answer = node.stdout.readline()
            if not answer:
                raise AssertionError(f"the script gave up at {case.name}")
            yield tuple(json.loads(answer))


def verdicts(cases: Iterable[Case]) -> Iterator[Verdict]:
    waiting: list[Case] = []

    def passing() -> Iterator[Case]:
        for case in cases:
            waiting.append(case)
            yield case

    for script in by_script(passing()):
        case = waiting.pop(0)
        yield Verdict(case, by_python(case), script)
