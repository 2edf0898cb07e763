"""`make demo`: one stay, from a sensor trace to a receipt that anyone can verify."""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from firmware_sim.installation import LOT, Installation, Plan
from firmware_sim.stage import BIN

TRACE = Path(__file__).parents[1] / "tests" / "data" / "first-stay.trace.jsonl.gz"
TRACE_BEGINS_AT = datetime(2026, 5, 1, tzinfo=UTC)
RATE = 30.0
LEAD_S = 15.0
SET_UP_S = 7.0  # titles, accounts and marks take about four
WINDOW = (240.0, 2040.0)  # the booking, in seconds of the trace
OFFERED = (0.0, 14_400.0)
PLATE = "沪A12345"
STAY_PATIENCE_S = 180
MARK = ".berth-demo"

console = Console(highlight=False)


def run(folder: Path, once: bool, port: int) -> int:
    """0 only if the receipt verified. Everything started here is stopped here."""
    if port:
        _free(port)
    with _emptied(folder):
        return _run(folder, once, port)


def _run(folder: Path, once: bool, port: int) -> int:
    began_s = time.monotonic()
    stopped = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, _interrupt)
    site = Installation(folder, Plan(TRACE, TRACE_BEGINS_AT, RATE, LEAD_S, page_port=port))
    try:
        _open(site, began_s)
        ok = _one_stay(site)
        if not once:
            console.print(f"\nThe page stays at {site.client.base}/lots/{LOT}. Ctrl-C ends it all.")
            stopped.wait()
        return 0 if ok else 1
    except KeyboardInterrupt:
        console.print("\nStopping.")
        return 0 if not once else 1
    finally:
        site.stage.stop()


class DemoError(ValueError):
    """The demo cannot start like this."""


@contextmanager
def _emptied(folder: Path) -> Iterator[None]:
    """Ours alone until the block or the process ends, however it ends."""
    mark = folder / MARK
    if os.path.exists(mark):  # False, too, where one may not look: said below
        with _lock(mark, folder):
            _empty(folder)
    else:
        _empty(folder)
    with _lock(mark, folder):
        yield


@contextmanager
def _lock(mark: Path, folder: Path) -> Iterator[None]:
    with mark.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            said = f"a demo runs in {folder}; end it, or name another folder with --data."
            raise DemoError(said) from None
        yield


def _empty(folder: Path) -> None:
    """Only what an earlier demo made is ever removed."""
    try:
        if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
            raise DemoError(f"{folder} holds other things; name a new folder with --data.")
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        (folder / MARK).touch()
    except OSError as error:
        raise DemoError(f"{folder} cannot be used: {error.strerror}.") from None


def _free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise DemoError(f"Port {port} is taken; choose another with --port, or 0.") from None


def _open(site: Installation, began_s: float) -> None:
    _say("Starting the chain, the broker and the cloud")
    for name in ("chain", "broker", "cloud"):
        site.start(name)
    health = site.wait_live()
    took_s = time.monotonic() - began_s
    if site.lead_left_s() < SET_UP_S:
        _say(f"This machine took {took_s:.0f} s; the lot opens a little later")
        health = site.postpone(LEAD_S + 2 * took_s)
    page = f"{site.client.base}/lots/{LOT}"
    _say(f"Live page after {time.monotonic() - began_s:.1f} s: [bold]{site.client.base}/[/]")
    made = site.import_titles()
    _step(1, f"{made['count']} titles imported, root {made['root'][:18]}… goes to the chain")
    site.open_accounts()
    signer = site.enrol_gateway(health)
    site.start("gateway")
    _say(f"Gateway gw-1 signs as {signer}; watch it at [bold]{page}[/]")


def _one_stay(site: Installation) -> bool:
    _registrations(site)
    _step(3, "S1 offered at 6.00 CNY/h, S3 at 7.00, until noon")
    site.offer("S1", OFFERED, 600)
    site.offer("S3", OFFERED, 700)
    site.wait_spaces_known()
    quoted_minor = _recommendations(site)
    booking = site.book("S1", WINDOW, (PLATE, quoted_minor), "demo-booking")
    site.wait_booking(booking["id"], "granted", 30)
    _step(5, f"booked; the grant is at the gateway: {site.client.base}/bookings/{booking['id']}")
    _follow(site, booking["id"])
    return _verified(site, booking["id"])


def _registrations(site: Installation) -> None:
    refused = site.register("S2", holder="somebody else", consent=False)
    _step(2, "S2 is refused, with every reason and its remedy:")
    for reason in refused["reasons"]:
        console.print(f"   {reason['sentence_en']} {reason['remedy_en']}", soft_wrap=True)
        console.print(f"   {reason['sentence_zh']}{reason['remedy_zh']}", soft_wrap=True)
    rows = [site.register(space) for space in ("S1", "S3")]
    for row in rows:
        site.wait_shared(row["id"])
    _step(2, "S1 and S3 are compliant and marked as shared on the chain, with their proofs")


def _recommendations(site: Installation) -> int:
    found = site.request(WINDOW)
    table = Table("space", "score", "walk", "price", "fit", "certainty", "quote")
    for item in found["recommendations"]:
        parts = [f"{item['parts'][name]:.2f}" for name in ("walk", "price", "fit", "certainty")]
        price = f"{item['quoted_minor'] / 100:.2f} {item['currency']}"
        table.add_row(item["space"], f"{item['score']:.2f}", *parts, price)
    _step(4, "recommended:")
    console.print(table)
    for item in found["excluded"]:
        console.print(f"   not {item['space']}: {item['reason']['sentence_en']}")
    return int(next(i["quoted_minor"] for i in found["recommendations"] if i["space"] == "S1"))


def _follow(site: Installation, booking_id: str) -> None:
    for state, sentence in (
        ("active", "the car has arrived"),
        ("completed", "the car has left; nobody pressed stop"),
        ("settled", "settled on the chain"),
    ):
        view = site.wait_booking(booking_id, state, STAY_PATIENCE_S)
        at = next(step["at"] for step in view["steps"] if step["step"] == state)
        _step(6, f"{sentence} ({at})")
    _print_bill(view)


def _print_bill(view: Any) -> None:
    bill = view["settlement"]
    for line in bill["lines"]:
        console.print(f"   {line['code']:9} {line['billed_s']:6} s  {line['amount_minor']:6}")
    console.print(f"   total {bill['amount_minor'] / 100:.2f} {view['currency']}, batch", end=" ")
    console.print(f"{bill['batch']} in block {bill['block']}")


def _verified(site: Installation, booking_id: str) -> bool:
    ledger = site.client.get("/healthz")["deployed"]["ledger"]
    path = site.folder / "receipt.json"
    path.write_text(site.receipt(booking_id), "utf-8")
    _say(f"Receipt written to {path}; anyone can check it:")
    command = ["berth-verify", str(path), "--rpc", site.chain_url, "--ledger", ledger]
    console.print(f"   $ {' '.join(command)}", soft_wrap=True)
    command[0] = str(BIN / "berth-verify")
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE)
    console.print(done.stdout.decode(), end="", markup=False, soft_wrap=True)
    return done.returncode == 0


def _say(sentence: str) -> None:
    console.print(f"[cyan]::[/] {sentence}", soft_wrap=True)


def _step(number: int, sentence: str) -> None:
    console.print(f"[green]{number}.[/] {sentence}", soft_wrap=True)


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt
