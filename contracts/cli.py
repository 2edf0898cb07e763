"""berth-verify: check a receipt. Exit codes: 0 every link holds, 1 one does not, 2 bad input.

The only file of contracts/ that opens a file or a URL.
"""

import json
import sys
import urllib.error
import urllib.request
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from contracts.ledger.onchain import pinned, verify_on_chain
from contracts.ledger.receipt import Link, Receipt, read, verify

RPC_TIMEOUT_S = 10
MAX_BYTES = 1 << 20


def check(
    receipt: Annotated[Path, typer.Argument(help="The receipt file, or - for standard input.")],
    rpc: Annotated[str, typer.Option(help="A node of the chain: its JSON-RPC address.")] = "",
    ledger: Annotated[str, typer.Option(help="The ledger you trust, known another way.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Check every link of a receipt, from the sensor's signature to the ledger."""
    found = read(_bytes(receipt))
    links = [found] if isinstance(found, Link) else verify(found)
    if not isinstance(found, Link):
        links += [pinned(found, ledger)] if ledger else []
        links += _on_chain(found, rpc) if rpc else []
    ok = all(link.ok for link in links)
    if as_json:
        print(json.dumps({"ok": ok, "links": [asdict(link) for link in links]}, indent=1))
    else:
        _print(links)
        _conclude(links, found, (rpc, ledger))
    raise typer.Exit(0 if ok else 1)


def _print(links: list[Link]) -> None:
    for link in links:
        print(f"{'PASS' if link.ok else 'FAIL'}  {link.name:<12} {link.sentence}")


def _conclude(links: list[Link], found: Receipt | Link, asked: tuple[str, str]) -> None:
    """In one line, with what is still taken on trust."""
    rpc, ledger = asked
    broken = [link.name for link in links if not link.ok]
    if broken or isinstance(found, Link):
        print(f"FAIL: broken at {', '.join(broken)}.")
    elif not rpc:
        print("PASS: every link holds. Ask the chain as well: --rpc URL --ledger ADDRESS.")
    elif not ledger:
        print(
            f"PASS: every link holds, and the chain agrees, if ledger {found.chain.ledger} is your "
            "operator's: compare it with what you were given (--ledger ADDRESS)."
        )
    else:
        print("PASS: every link holds, and the chain agrees.")


def _on_chain(receipt: Receipt, rpc: str) -> list[Link]:
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
    except (OSError, ValueError, KeyError, TypeError) as error:
        # Not a verdict on the receipt: nothing was learnt from this node.
        print(f"berth-verify: no usable answer from {rpc}: {error}", file=sys.stderr)
        raise typer.Exit(2) from None


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
