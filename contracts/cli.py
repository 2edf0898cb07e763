"""berth-verify: check a receipt, a credit or a charge. Exit codes: `check`, which is its --help.

The only file of contracts/ that opens a file or a URL.
"""

import json
import re
import sys
import urllib.request
from dataclasses import asdict, dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Annotated, Any, NoReturn
from urllib.error import HTTPError
from urllib.parse import urlsplit

import typer

from contracts.ledger.charge import Charge
from contracts.ledger.credit import Credit
from contracts.ledger.files import Paper, read, sealed_plates, unshown, verify_paper
from contracts.ledger.links import Link
from contracts.ledger.onchain import Filed, Refused, Told, pinned, told_by
from contracts.ledger.pending import Pending
from contracts.ledger.reading import MAX_BYTES
from contracts.ledger.receipt import Receipt
from contracts.ledger.verdicts import WAITING, alone, trusted, waiting

RPC_TIMEOUT_S = 10
# What a stranger's node may bring about by its answer, or by none.
ANSWERED = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
UNUSABLE = (OSError, HTTPException, *ANSWERED)


SEALED = (
    "{} of the events hold a plate's salted commitment. It is signed, and not opened by this file; "
    "where the plate and its salt were erased, nobody can open it any more."
)
FILE_HELP = "The receipt, credit, charge or pending one; - for standard input."


@dataclass(frozen=True, slots=True)
class Found:
    """`of_file` are the links that the file shows, `told` what a node did, None if none was asked.

    `silent`: why the node told nothing, or not all; empty if it told all, or was not asked.
    """

    paper: Paper | None
    of_file: tuple[Link, ...]
    ledger: str = ""
    told: Told | None = None
    silent: str = ""

    @property
    def links(self) -> tuple[Link, ...]:
        return (*self.of_file, *(self.told.links if self.told else ()))

    @property
    def broken(self) -> list[str]:
        return [link.name for link in self.links if not link.ok]

    @property
    def ok(self) -> bool | None:
        """None where all holds that could be checked, and something could not."""
        if self.broken:
            return False
        return None if self.silent or isinstance(self.paper, WAITING) else True

    @property
    def chain(self) -> str:
        """What the chain says, in a word for programs."""
        if self.told is None:
            return "silent" if self.silent else "not asked"
        if not all(link.ok for link in self.told.links):
            return "differs"
        return "agrees in part" if self.told.unlearnt else "agrees"

    @property
    def exit_code(self) -> int:
        return 1 if self.broken else 2 if self.silent else 0 if self.ok else 1

    def verdict(self) -> str:
        if self.paper is None or self.broken:
            return f"FAIL: broken at {', '.join(self.broken)}."
        if isinstance(self.paper, WAITING):
            return waiting(self.paper, len(self.links))
        if self.told is None and self.silent:
            return "Every link of the file itself holds; of the chain nothing was learnt."
        if self.told and self.told.unlearnt:
            names = ", ".join(self.told.unlearnt)
            return f"Every link that was learnt holds; not learnt of the chain: {names}."
        return f"PASS{self._held(self.paper)}{alone(self.paper)}"

    def _held(self, paper: Filed) -> str:
        """With what is still taken on trust."""
        if self.told is None:
            return (
                " for what the file itself shows; the chain was not asked. "
                "Ask it: --rpc URL --ledger ADDRESS."
            )
        every = "every link that it shows" if unshown(paper) else "every link"
        if self.ledger:
            return f": {every} holds, and the chain agrees.{trusted(paper)}"
        return (
            f": {every} holds, and the chain agrees, if ledger {paper.chain.ledger} is your "
            f"operator's: compare it with what you were given (--ledger ADDRESS).{trusted(paper)}"
        )


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=FILE_HELP)],
    rpc: Annotated[str, typer.Option(help="A node of the chain: its JSON-RPC address.")] = "",
    ledger: Annotated[str, typer.Option(help="The ledger you trust, known another way.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Check every link of a receipt, a credit or a charge, up to the ledger.

    The last line is the verdict:

    PASS, exit 0: every link that the file shows holds. Without --rpc the chain
    was not asked, and the verdict says so: anyone can make such a file.

    FAIL, exit 1: the links that it names do not hold.

    PENDING, exit 1: the stay is not on the chain yet. What the file carries
    already was checked, and nothing is wrong. Ask again later.

    Exit 2: nothing could be read, or the node that was asked is silent, or
    does not tell all: what the registry said when the stay was filed, only a
    node that keeps the state of old blocks tells (an archive node).

    No check can prove two things. The gateway's key is the registrar's word:
    it proves the stay if the registrar named the real gateway. And a receipt
    shows one settlement: whether the stay was settled again, the ledger's log
    tells.

    With --json, "ok" is true, false, or null: then nothing is broken, and not
    all could be checked (PENDING, or a silent node). "chain" is "not asked",
    "agrees", "agrees in part", "differs" or "silent".
    """
    _refuse_what_cannot_be_asked(rpc, ledger)
    found = _judged(_bytes(file), rpc, ledger)
    _print_json(found) if as_json else _print(found)
    if found.silent:
        print(f"berth-verify: {_plain(found.silent)}", file=sys.stderr)
    raise typer.Exit(found.exit_code)


def _judged(data: bytes, rpc: str, ledger: str) -> Found:
    paper = read(data)
    if isinstance(paper, Link):
        return Found(None, (paper,), ledger)
    named = _ledger_of(paper)
    links = (*verify_paper(paper), *([pinned(named, ledger)] if ledger and named else []))
    # What is in no batch yet, a node cannot tell of.
    if not rpc or isinstance(paper, WAITING):
        return Found(paper, links, ledger)
    told = _on_chain(paper, rpc)
    if isinstance(told, str):
        return Found(paper, links, ledger, silent=told)
    return Found(paper, links, ledger, told, _kept_back(told, paper, rpc))


def _kept_back(told: Told, paper: Filed, rpc: str) -> str:
    if not told.unlearnt:
        return ""
    return (
        f"{rpc} does not tell of: {', '.join(told.unlearnt)} ({told.why}). Ask a node that keeps "
        f"the state of block {paper.chain.block_number} (an archive node)."
    )


def _ledger_of(paper: Paper) -> str:
    if isinstance(paper, Receipt | Credit | Charge):
        return paper.chain.ledger
    return paper.draft.ledger if isinstance(paper, Pending) and paper.draft else ""


def _refuse_what_cannot_be_asked(rpc: str, ledger: str) -> None:
    if rpc and not _is_url(rpc):
        _refuse(f"--rpc {rpc} is no address of a node. Give one like http://127.0.0.1:8545.")
    if ledger and not re.fullmatch(r"0x[0-9a-fA-F]{40}", ledger):
        _refuse(f"--ledger {ledger} is no contract's address. Give 0x and 40 hexadecimal digits.")


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _refuse(sentence: str) -> NoReturn:
    print(f"berth-verify: {sentence}", file=sys.stderr)
    raise typer.Exit(2)


def _plain(text: str) -> str:
    """What a stranger wrote may not move the cursor, hide or turn round the verdict beside it."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def _print(found: Found) -> None:
    if isinstance(found.paper, Credit):
        print(f"Credit of stay {found.paper.corrects.record.stay}: {_plain(found.paper.reason)}")
    if isinstance(found.paper, Charge):
        said = f"{found.paper.record.code}): {found.paper.reason}".rstrip(": ")
        print(f"Charge of booking {found.paper.booking.id} ({_plain(said)}")
    missing = unshown(found.paper) if found.paper else {}
    width = max((len(name) for name in (*missing, *(x.name for x in found.links))), default=0)
    for name, sentence in missing.items():
        print(f"----  {name:<{width}}  {sentence}")
    for link in found.links:
        print(f"{'PASS' if link.ok else 'FAIL'}  {link.name:<{width}}  {_plain(link.sentence)}")
    plates = sealed_plates(found.paper) if found.paper else 0
    if plates:
        print(f"note  {'plates':<{width}}  {SEALED.format(plates)}")
    print(found.verdict())


def _print_json(found: Found) -> None:
    links = [asdict(link) for link in found.links]
    said: dict[str, Any] = {
        "ok": found.ok,
        "chain": found.chain,
        "verdict": found.verdict(),
        "links": links,
    }
    said["not shown"] = list(unshown(found.paper)) if found.paper else []
    print(json.dumps(said | ({"node": found.silent} if found.silent else {}), indent=1))


def _on_chain(paper: Filed, rpc: str) -> Told | str:
    """What it told, or why nothing was learnt: that is no verdict on the receipt."""

    def ask(method: str, params: list[Any]) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        request = urllib.request.Request(
            rpc, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        try:
            # The address is the user's own: file:// shows her what she can read anyway.
            with urllib.request.urlopen(request, timeout=RPC_TIMEOUT_S) as answer:  # nosec B310
                found = json.loads(answer.read(MAX_BYTES))
        except HTTPError as error:
            raise Refused(str(error)) from error
        if found.get("error"):
            raise Refused(found["error"].get("message", "the node refused"))
        return found["result"]

    try:
        return told_by(paper, ask)
    except UNUSABLE as error:
        block = paper.chain.block_number
        return (
            f"no usable answer from {rpc}: {error}. Check --rpc; the node must hold block {block}."
        )


def _bytes(path: Path) -> bytes:
    """One byte more than is allowed tells that it is too large."""
    try:
        if str(path) == "-":
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with path.open("rb") as opened:
                data = opened.read(MAX_BYTES + 1)
    except OSError as error:
        _refuse(f"cannot read {path}: {error.strerror}.")
    if len(data) > MAX_BYTES:
        _refuse(f"{path} is too large for a receipt.")
    return data


def main() -> None:
    # A terminal of few letters shows the others by their numbers.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    typer.run(check)
