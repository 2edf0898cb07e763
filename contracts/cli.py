"""berth-verify: check a receipt. Exit codes: 0 every link holds, 1 one does not, 2 bad input.

The only file of contracts/ that opens a file or a URL.
"""

import json
import re
import sys
import urllib.request
from dataclasses import asdict
from http.client import HTTPException
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from contracts.ledger.onchain import pinned, verify_on_chain
from contracts.ledger.receipt import Link, Receipt, read, verify

RPC_TIMEOUT_S = 10
MAX_BYTES = 1 << 20
# What a stranger's node may bring about by its answer, or by none.
UNUSABLE = (OSError, HTTPException, ValueError, LookupError, TypeError, AttributeError)


def check(
    receipt: Annotated[Path, typer.Argument(help="The receipt file, or - for standard input.")],
    rpc: Annotated[str, typer.Option(help="A node of the chain: its JSON-RPC address.")] = "",
    ledger: Annotated[str, typer.Option(help="The ledger you trust, known another way.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Check every link of a receipt, from the sensor's signature to the ledger."""
    _refuse_what_cannot_be_asked(rpc, ledger)
    found = read(_bytes(receipt))
    links, silent = [found] if isinstance(found, Link) else verify(found), ""
    if not isinstance(found, Link):
        links += [pinned(found, ledger)] if ledger else []
        told = _on_chain(found, rpc) if rpc else []
        links, silent = (links, told) if isinstance(told, str) else (links + told, "")
    if as_json:
        _print_json(links, silent)
    else:
        _print(links)
        _conclude(links, found, (rpc, ledger), silent)
    broken = not all(link.ok for link in links)
    if silent:
        print(f"berth-verify: {silent}", file=sys.stderr)
    raise typer.Exit(1 if broken else 2 if silent else 0)


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


def _refuse(sentence: str) -> None:
    print(f"berth-verify: {sentence}", file=sys.stderr)
    raise typer.Exit(2)


def _print(links: list[Link]) -> None:
    for link in links:
        print(f"{'PASS' if link.ok else 'FAIL'}  {link.name:<12} {link.sentence}")


def _print_json(links: list[Link], silent: str) -> None:
    """`ok` is null where every link holds that could be checked, and the chain could not."""
    ok = all(link.ok for link in links)
    said = {"ok": None if ok and silent else ok, "links": [asdict(link) for link in links]}
    print(json.dumps(said | ({"node": silent} if silent else {}), indent=1))


def _conclude(
    links: list[Link], found: Receipt | Link, asked: tuple[str, str], silent: str
) -> None:
    """In one line, with what is still taken on trust."""
    rpc, ledger = asked
    broken = [link.name for link in links if not link.ok]
    if broken or isinstance(found, Link):
        print(f"FAIL: broken at {', '.join(broken)}.")
    elif silent:
        print("Every link of the file itself holds; of the chain nothing was learnt.")
    elif not rpc:
        print("PASS: every link holds. Ask the chain as well: --rpc URL --ledger ADDRESS.")
    elif not ledger:
        print(
            f"PASS: every link holds, and the chain agrees, if ledger {found.chain.ledger} is your "
            "operator's: compare it with what you were given (--ledger ADDRESS)."
        )
    else:
        print("PASS: every link holds, and the chain agrees.")


def _on_chain(receipt: Receipt, rpc: str) -> list[Link] | str:
    """The links, or why nothing was learnt from this node: that is no verdict on the receipt."""

    def ask(method: str, params: list[Any]) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        request = urllib.request.Request(
            rpc, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=RPC_TIMEOUT_S) as answer:
            found = json.loads(answer.read(MAX_BYTES))
        if "error" in found:
            raise OSError(found["error"].get("message", "the node refused"))
        return found["result"]

    try:
        return verify_on_chain(receipt, ask)
    except UNUSABLE as error:
        block = receipt.chain.block_number
        return (
            f"no usable answer from {rpc}: {error}. Check --rpc; the node must hold block {block}."
        )


def _bytes(path: Path) -> bytes:
    try:
        data = sys.stdin.buffer.read(MAX_BYTES) if str(path) == "-" else path.read_bytes()
    except OSError as error:
        print(f"berth-verify: cannot read {path}: {error.strerror}.", file=sys.stderr)
        raise typer.Exit(2) from None
    if len(data) > MAX_BYTES:
        print(f"berth-verify: {path} is too large for a receipt.", file=sys.stderr)
        raise typer.Exit(2)
    return data


def main() -> None:
    typer.run(check)
