"""Peers from npm, fetched at run time into a folder that git ignores: `python -m bench.peers.npm`.

Nothing of theirs is committed. Where npm, node or the network is absent, `Absent` says why.
"""

import json
import shutil
import subprocess
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FOLDER = HERE.parents[1] / ".tools" / "peers"
PACKAGES = (
    "@foundry-rs/anvil@1.7.1",
    "@openzeppelin/contracts@5.4.0",
    "@ethereum-attestation-service/eas-contracts@1.9.0",
    "solc@0.8.30",
)
INSTALL_S, COMPILE_S, END_S = 300, 120, 10
START_LINES = 200
ANVIL = "*/@foundry-rs/anvil-*/bin/anvil*"
EAS = "@ethereum-attestation-service/eas-contracts/artifacts/contracts/{0}.sol/{0}.json"
LISTENING = "Listening on "


class Absent(RuntimeError):
    """A peer cannot be had on this machine; the text says why."""


def modules(packages: tuple[str, ...] = PACKAGES, folder: Path = FOLDER) -> Path:
    """node_modules with all of `packages`; installed once. Raises Absent."""
    found = folder / "node_modules"
    stamp = folder / "installed.json"
    if stamp.exists() and json.loads(stamp.read_text("utf-8")) == list(packages):
        return found
    if shutil.which("npm") is None or shutil.which("node") is None:
        raise Absent("npm or node is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    flags = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder)]
    _run(["npm", "install", *flags, *packages], INSTALL_S)
    stamp.write_text(json.dumps(packages), "utf-8")
    return found


def anvil_path() -> Path:
    """Foundry's anvil, from the path or as installed here; never installs. Raises Absent."""
    if (found := shutil.which("anvil")) is not None:
        return Path(found)
    for path in FOLDER.glob(ANVIL):
        return path
    raise Absent("anvil is not installed (python -m bench.peers.npm)")


def solidity() -> dict[str, Any]:
    """Peers.sol compiled: {contract: {abi, bytecode}}. Raises Absent."""
    command = ["node", str(HERE / "compile.cjs"), str(modules()), str(HERE / "Peers.sol")]
    found: dict[str, Any] = json.loads(_run(command, COMPILE_S))
    return found


def attestations(name: str) -> dict[str, Any]:
    """{abi, bytecode} of a contract as EAS ships it. Raises Absent."""
    shipped: dict[str, Any] = json.loads((modules() / EAS.format(name)).read_text("utf-8"))
    return shipped


def structs() -> dict[str, Any]:
    """Structs.vy compiled as our own contracts are: {abi, bytecode}. Raises Absent."""
    try:
        from vyper.compiler import compile_code
        from vyper.compiler.settings import OptimizationLevel, Settings
    except ImportError as error:
        raise Absent("vyper is not installed") from error
    compiled: dict[str, Any] = compile_code(
        (HERE / "Structs.vy").read_text("utf-8"),
        output_formats=("abi", "bytecode"),
        settings=Settings(optimize=OptimizationLevel.GAS, evm_version="prague"),
    )
    return compiled


@contextmanager
def anvil(chain_id: int, start_s: int) -> Iterator[str]:
    """The URL of a fresh anvil with our dev chain's rules: Prague, a block for each transaction."""
    command = [str(anvil_path()), "--port", "0", "--chain-id", str(chain_id)]
    command += ["--hardfork", "prague", "--gas-limit", "30000000", "--accounts", "1"]
    command += ["--timestamp", str(start_s), "--prune-history", "--host", "127.0.0.1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        try:
            url = _listening(child)
            # It tells of every request: with nobody reading, the pipe fills and it stands still.
            assert child.stdout is not None
            threading.Thread(target=deque, args=(child.stdout, 0), daemon=True).start()
            yield url
        finally:
            child.terminate()
            child.wait(END_S)


def _listening(child: "subprocess.Popen[str]") -> str:
    assert child.stdout is not None
    for _, line in zip(range(START_LINES), child.stdout):
        if line.startswith(LISTENING):
            return "http://" + line.removeprefix(LISTENING).strip()
    raise Absent("anvil did not start")


def _run(command: list[str], limit_s: int) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit_s, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Absent(f"{command[0]} could not run: {type(error).__name__}") from error
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        raise Absent(f"{command[0]} failed: {lines[-1][:120]}")
    return done.stdout


if __name__ == "__main__":
    print(modules(), anvil_path())
