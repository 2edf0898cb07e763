"""House rules that no linter knows: `python -m tests.tools.tidy`; exit 1 names each place."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("contracts", "edge", "cloud", "firmware_sim")
MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 45
# Words that the glossary spells otherwise (docs/glossary.md), as whole parts of a name.
OTHER_WORDS = {"bay", "spot", "slot", "reservation", "deed", "deeds", "bays", "spots", "slots"}
HOSTS = re.compile(r"pypi\.org|pythonhosted|npmjs|deb\.debian|/work/|/root/")
# A private key is 64 hexadecimal digits, and so is a digest: each file that holds one is named.
KEY = re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{64}(?![0-9a-fA-F])")
NO_KEYS: dict[str, str] = {
    "cloud/entrypoints/http/static/verify/curve.mjs": "numbers of the curve",
    "contracts/ledger/EvidenceCheck.vy": "half the curve's order",
    "contracts/ledger/artifacts/": "what the compiler made, and its digests",
    "contracts/wire/signing.py": "half the curve's order",
    "contracts/wire/examples/": "digests of an example",
    "contracts/wire/schema/": "digests of an example",
    "docs/openapi.json": "digests of examples",
    "requirements/": "digests of packages",
    "tests/": "made for the tests alone",
}
UNDONE = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError")
# The broad catches: the consumer's and the agent's outer loops, a library that raises bare, and a
# driver or camera of another's making, whose surprise must cost its own sensor alone.
BROAD = {
    "cloud/entrypoints/applying.py": 1,
    "cloud/entrypoints/intake.py": 1,
    "cloud/entrypoints/mqtt.py": 2,
    "edge/adapters/camera.py": 2,
    "edge/adapters/contained.py": 1,
    "edge/adapters/look_worker.py": 1,
    "edge/commands/running.py": 1,
    "contracts/wire/signing.py": 1,
    # The outer loops of what the simulation runs in place of processes.
    "firmware_sim/city/board.py": 1,
    "firmware_sim/city/frail.py": 1,
    "firmware_sim/city/hall.py": 1,
}


def tracked() -> list[str]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split("\n") if name and (ROOT / name).is_file()]


def problems() -> Iterator[str]:
    for name in tracked():
        path = ROOT / name
        if path.suffix in (".gz", ".png", ".ico", ".onnx"):
            continue
        text = path.read_text("utf-8")
        if name != "tests/tools/tidy.py":
            yield from _hosts(name, text)
        yield from _keys(name, text)
        if path.suffix == ".py" and name.split("/")[0] in PRODUCT:
            yield from _python(name, text)


def _hosts(name: str, text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        if HOSTS.search(line):
            yield f"{name}:{number}: names a host or a path of one machine"


def _keys(name: str, text: str) -> Iterator[str]:
    if any(name.startswith(known) for known in NO_KEYS):
        return
    for number, line in enumerate(text.splitlines(), 1):
        if KEY.search(line):
            yield f"{name}:{number}: may be a private key; if it is none, name the file in NO_KEYS"


def _python(name: str, text: str) -> Iterator[str]:
    lines = text.splitlines()
    if len(lines) > MAX_FILE_LINES:
        yield f"{name}: {len(lines)} lines; at most {MAX_FILE_LINES}"
    for number, line in enumerate(lines, 1):
        if UNDONE.search(line):
            yield f"{name}:{number}: left undone"
    broad = 0
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _function(name, node)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.arg):
            yield from _word(
                name, node.lineno, node.arg if isinstance(node, ast.arg) else node.name
            )
        broad += isinstance(node, ast.ExceptHandler) and _is_broad(node)
    if broad > BROAD.get(name, 0):
        yield f"{name}: {broad} broad catches; {BROAD.get(name, 0)} are agreed"


def _function(name: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    """A function that holds others is judged by its own lines, each of them by its own."""
    within: set[int] = set()
    for child in ast.walk(node):
        if child is not node and isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            within.update(range(child.lineno, (child.end_lineno or child.lineno) + 1))
    size = (node.end_lineno or node.lineno) - node.lineno + 1 - len(within)
    if size > MAX_FUNCTION_LINES:
        yield f"{name}:{node.lineno}: {node.name} has {size} lines; at most {MAX_FUNCTION_LINES}"


def _word(name: str, line: int, identifier: str) -> Iterator[str]:
    parts = set(re.sub(r"(?<!^)(?=[A-Z])", "_", identifier).lower().split("_"))
    for word in sorted(parts & OTHER_WORDS):
        yield f"{name}:{line}: {identifier!r}: the glossary has another word for {word!r}"


def _is_broad(node: ast.ExceptHandler) -> bool:
    last = node.body[-1]
    if isinstance(last, ast.Raise) and last.exc is None:
        return False  # tidies up and lets it go on
    return node.type is None or getattr(node.type, "id", "") in ("Exception", "BaseException")


if __name__ == "__main__":
    found = list(problems())
    print("\n".join(found) or "tidy: nothing to say")
    sys.exit(1 if found else 0)
