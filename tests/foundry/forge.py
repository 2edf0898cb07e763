"""forge and a compiler for it, fetched from npm at run time into a folder that git ignores.

forge would download solc itself; offline it takes solcjs through a wrapper of a few lines.
"""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.peers.npm import FOLDER, Absent, modules

HERE = Path(__file__).parent
TOOLS = FOLDER / "forge"
PACKAGES = ("@foundry-rs/forge@1.7.1", "@foundry-rs/cast@1.7.1", "solc@0.8.30")
BINARY = "@foundry-rs/forge-*/bin/forge*"
SETTINGS = """\
[profile.default]
src = "solidity"
test = "solidity"
libs = []
offline = true
solc = "{solc}"
evm_version = "prague"
optimizer = true
bytecode_hash = "none"
fs_permissions = [{{ access = "read", path = "{artifacts}" }}]

[fuzz]
seed = "{seed}"

[invariant]
runs = {runs}
depth = {depth}
fail_on_revert = true
shrink_run_limit = 500
failure_persist_dir = "failures"
"""


@dataclass(frozen=True, slots=True)
class Effort:
    """`runs` stories of `depth` calls for each invariant; `tools`: where forge is, or is put."""

    runs: int
    depth: int
    seed: int
    limit_s: int
    tools: Path = TOOLS


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` is empty where the invariant held."""

    name: str
    calls: int
    reason: str


def judged(artifacts: Path, effort: Effort) -> list[Verdict]:
    """Every invariant on the bytecode in `artifacts`. Raises Absent, TimeoutExpired."""
    installed = modules(PACKAGES, effort.tools)
    found = next(iter(installed.glob(BINARY)), None)
    if found is None:
        raise Absent("forge has no build for this machine")
    project = _project(installed, artifacts, effort)
    environment = {
        # No settings and no cache of this machine's user, and no way to ask anybody anything.
        **{name: value for name, value in os.environ.items() if not name.startswith("FOUNDRY_")},
        "HOME": str(project),
        "BERTH_ARTIFACTS": str(artifacts),
    }
    command = [str(found), "test", "--root", str(project), "--json", "--offline"]
    try:
        done = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            timeout=effort.limit_s,
            check=False,
        )
    except OSError as error:
        raise Absent(f"forge does not run here: {type(error).__name__}") from error
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        raise RuntimeError(f"forge did not compile or run: {(done.stdout + done.stderr)[-2_000:]}")
    return list(_read(json.loads(lines[-1])))


def _project(installed: Path, artifacts: Path, effort: Effort) -> Path:
    project = effort.tools / "project"
    # What an earlier run has found is not told again as this run's.
    for name in ("solidity", "failures"):
        shutil.rmtree(project / name, ignore_errors=True)
    shutil.copytree(HERE / "solidity", project / "solidity")
    solc = effort.tools / "solc"
    solc.write_text(f'#!/bin/sh\nexec node "{HERE / "solc.cjs"}" "{installed}" "$@"\n', "utf-8")
    solc.chmod(0o755)
    settings = SETTINGS.format(
        solc=solc, artifacts=artifacts, seed=hex(effort.seed), runs=effort.runs, depth=effort.depth
    )
    (project / "foundry.toml").write_text(settings, "utf-8")
    return project


def _read(found: dict[str, Any]) -> list[Verdict]:
    verdicts = []
    for suite in found.values():
        for name, one in suite["test_results"].items():
            calls = one["kind"].get("Invariant", {}).get("calls", 0)
            held = one["status"] == "Success"
            reason = "" if held else str(one["reason"] or "failed")
            verdicts.append(Verdict(name.split("(")[0], calls, reason))
    return verdicts
