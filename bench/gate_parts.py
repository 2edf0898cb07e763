"""What a part of the long gate is, and those that are commands of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from bench.contract_gate import GATE
from bench.rows import Row, result

Told: TypeAlias = Callable[[float], None]
"""How much of the part is done, from 0 to 1."""
MAX_SHOWN = 20
NOTHING = ("nothing", None)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`wrong`: what the part found, a sentence each. `left_out`: what it could not do here."""

    rows: list[Row] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """`run`: a share of the full work, 1.0 being all of it."""

    name: str
    what: str
    run: Callable[[float, Told], Verdict]


def row(name: str, value: float, unit: str, wanted: float | None = None) -> Row:
    """`wanted`: of the full work."""
    return result(name, value, unit, ("wanted", wanted) if wanted else NOTHING, 0)


def judged(part: str, verdict: Verdict, share: float) -> Verdict:
    """Each row with the share that was done; what is less than wanted of it is wrong, and what was
    left out is not done."""
    left = [f"left out: {verdict.left_out}"] if verdict.left_out else []
    wrong = [*verdict.wrong, *short(verdict.rows, share), *left]
    done = row(f"gate.{part}.done", 0.0 if left else 100 * share, "% of the part", 100.0)
    found = row(f"gate.{part}.found", len(wrong), "things")
    rows = [it | {"share": share} for it in (*verdict.rows, done, found)]
    return Verdict(rows, wrong, verdict.left_out)


def short(rows: Sequence[Row], share: float) -> list[str]:
    return [
        f"{it['name']}: {it['value']:,.0f} {it['unit']}, {share * it['peer_value']:,.0f} are wanted"
        for it in rows
        if it["peer"] == "wanted" and it["value"] < share * it["peer_value"]
    ]


def command(module: str, *given: str, rows: Sequence[str] = ()) -> Verdict:
    """A module that judges by itself; `rows` are those that it writes to bench/gate.json."""
    done = subprocess.run(
        [sys.executable, "-m", module, *given], capture_output=True, text=True, check=False
    )
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    wrong = [f"{module} ended with {done.returncode}", *said[-MAX_SHOWN:]]
    found = [it for it in json.loads(GATE.read_text("utf-8")) if it["name"] in rows]
    return Verdict(found, wrong if done.returncode else [])


CONTRACT_CALLS = 2_000_000
API_CASES = 200


def contract(share: float, _told: Told) -> Verdict:
    names = [f"gate.contract.{name}" for name in ("calls", "changes", "wrong", "calls_per_s")]
    calls = str(int(CONTRACT_CALLS * share))
    return command("bench.contract_gate", "--calls", calls, rows=names)


def proofs(_share: float, _told: Told) -> Verdict:
    return command("tests.ledger_checks.proofs")


def receipts(_share: float, _told: Told) -> Verdict:
    return command("tests.receipts.corpus")


def api(share: float, _told: Told) -> Verdict:
    names = ["gate.api.cases", "gate.api.server_errors"]
    return command("tests.http.fuzz", str(max(1, int(API_CASES * share))), rows=names)


def attacks(_share: float, _told: Told) -> Verdict:
    from bench import mqtt_attacks

    rows = mqtt_attacks.rows()
    tried, refused = (it["value"] for it in rows)
    return Verdict(rows, [] if tried == refused else [f"{tried - refused:.0f} were not refused"])
