"""docs/reliability.md, from the rows of bench/gate.json and what the last gate found."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.contract_gate import GATE
from bench.gate_mutants import PLANTED
from bench.gate_parts import Verdict
from bench.rows import Row

PAGE = Path(__file__).parents[1] / "docs" / "reliability.md"
HEAD = """# Never lose a stay: how it is proven

Written by `make gate` (`make gate ARGS="--share 0.1"` does a tenth, `--only powercut` one part);
do not edit. `make test` does a share of each part on the same code. Rows: bench/gate.json.
Only a part that stands at 100% with nothing found has passed.

"""
METHOD = """
## What each part does
- **Simulation** (`berth-sim city`): edge, agent, outbox, the cloud's intake (its signature checkers
  in the same process), use cases on SQLite and the chain on one virtual clock, with faults, some of
  them between the storing of an event and its applying; then all heals, and the oracle compares
  with the truth. No stored event may stand still for 40 s while nothing keeps the cloud from it.
- **Power cuts** (firmware_sim/powercut): a preloaded library records every write, resize, flush,
  rename, link and removal of a working gateway and of a working cloud. After every step of such a
  trace images are made of what a cut could leave, and the real adapters open them. An outbox must
  equal the state that was written last, or the one that was being written; a cloud must have all
  that it acknowledged, booked, was paid, or sent to the chain, read every plate it sealed, and
  make stays of all events that it had stored.
- **Real processes** (firmware_sim/chaos): gateways, broker, cloud and chain as they ship, each
  connection through a proxy of ours; kill -9, SIGSTOP, the faults of toxiproxy, steps of the wall
  clock up to ten years, a full disk. In the end the truth of the lot, the gateways' outboxes, the
  database and the ledger are compared; nothing may have been restarted but what was killed.
- **Random steps and calls**: Hypothesis machines of bookings and ledger, and the ledger's contract
  beside a model in Python. **API**: schemathesis, as every role. **MQTT**: scripted attacks.

## What is only a model
- A power cut is modelled, not made. Flushes of a file make its content and size last, flushes of
  the folder its names; all else is there or not by itself, in any order, torn at 512 or 4,096
  bytes, zeros or stale bytes in what was never flushed. Bytes that were flushed never change: a
  card that damages neighbours of what it writes is worse than this model.
- A disk that lies (5 % of its flushes are answered and not done) is a class of its own. History
  goes back there; what is asked is that the gateway starts, uses no number twice and tells all
  anew from a signed boot on. The clock must be right then, as the file of the last epoch can be
  lost too. The image counts above do not contain this class.
- Of the cloud's images one in ten is opened by the adapter itself, the others by SQLite alone with
  the same settings.
- The full disk is a limit that the preloaded library keeps (ENOSPC); the wall clock is stepped for
  one process, not for the machine. Both need a C compiler, and are left out where there is none.
- Readings come from a simulated lot; the chain is the development chain.
"""


def write(
    parts: Sequence[tuple[str, str]], verdicts: Mapping[str, Verdict], share: float, took_min: float
) -> None:
    """`parts`: name of each, and what it is; those of `verdicts` have just run."""
    rows = {row["name"]: row for row in json.loads(GATE.read_text("utf-8"))}
    page = HEAD + _parts(parts, rows) + _figures(rows) + _last(verdicts, share, took_min)
    PAGE.write_text(page + METHOD + _planted(), "utf-8")


def _parts(parts: Sequence[tuple[str, str]], rows: Mapping[str, Row]) -> str:
    lines = [
        "| part | what | of the full work | found | commit | date |",
        "|---|---|---|---|---|---|",
    ]
    for name, what in parts:
        done, found = rows.get(f"gate.{name}.done"), rows.get(f"gate.{name}.found")
        if done is None or found is None:
            lines.append(f"| {name} | {what} | **has not run** | | | |")
        else:
            said = f"{done['value']:.0f}%" if done["value"] else "**left out**"
            ran = f"{found['value']:.0f} | {done['commit']} | {done['date']}"
            lines.append(f"| {name} | {what} | {said} | {ran} |")
    return "\n".join(lines) + "\n"


def _figures(rows: Mapping[str, Row]) -> str:
    head = "\n| figure | reached | wanted in full | share done | commit | date |\n"
    shown = [row for row in rows.values() if not row["name"].endswith((".done", ".found"))]
    return head + "|---|---|---|---|---|---|\n" + "".join(_line(row) + "\n" for row in shown)


def _line(row: Row) -> str:
    wanted = f"{row['peer_value']:,.0f}" if row["peer"] == "wanted" else ""
    share = f"{row['share']:.0%}" if "share" in row else "by its own command"
    value = f"{row['value']:,.0f} {row['unit']}"
    ran = f"{row['commit']} | {row['date']}"
    return f"| {row['name']} | {value} | {wanted} | {share} | {ran} |"


def _last(verdicts: Mapping[str, Verdict], share: float, took_min: float) -> str:
    found = sum(len(it.wrong) for it in verdicts.values())
    said = f"\nThe last run did {share:.0%} of {', '.join(verdicts)} in {took_min:.0f} minutes"
    left = [f"{name}: {it.left_out}" for name, it in verdicts.items() if it.left_out]
    return f"{said} and found {found}.\n" + "".join(f"Left out: {it}.\n" for it in left)


def _planted() -> str:
    if not PLANTED.exists():
        return ""
    rows = json.loads(PLANTED.read_text("utf-8"))
    lines = [f"| {it['bug']} | `{it['file']}` | {it['caught_by'] or 'nothing'} |" for it in rows]
    killed = sum(bool(it["caught_by"]) for it in rows)
    head = (
        f"\n## Planted bugs\n{killed} of {len(rows)} were caught; all of them: docs/mutants.md.\n"
    )
    return head + "\n| bug | in | caught by |\n|---|---|---|\n" + "\n".join(lines) + "\n"
