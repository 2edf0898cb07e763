"""From closed stays to mined batches through the cloud's own use cases, against the bare chain.

Both run on the same chain in one run, a batch of ours and a bare one in turn: the dev chain in a
process of its own, then anvil. The bare chain is given a signed batch of the same size and asked
for its receipt. The cloud's own receipts are written after a batch is mined, by a sweep of their
own: they are timed apart and are no part of either rate. `python -m bench.settling` prints where
the time goes.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import structlog
from sqlmodel import Session, col, select

from bench.closed_stays import DRIVERS, FUNDS_MINOR, SIZE, closed_stays, people
from bench.gas import ADMIN, OWNER, REGISTRAR, Ours
from bench.peers import npm
from bench.peers.wire import Node, Recorder, address, encode
from bench.rows import Row, result
from cloud.adapters.artifacts import artifact
from cloud.adapters.chain import Web3Chain
from cloud.adapters.db import Database
from cloud.adapters.dev_keys import DEV_CHAIN_ID, dev_role_keys
from cloud.entrypoints.sending import Sending
from cloud.entrypoints.sweeps import Sweeps
from cloud.ports.chain import Deployment
from cloud.tables import Booking, ChainCall, Space, Stay
from cloud.usecases import settlements
from contracts.ledger.hashing import keccak
from contracts.ledger.records import Deployed

NOW = datetime(2026, 5, 2, tzinfo=UTC)
BATCHES = 5
TWIN_SETTLER = 5
MAX_SWEEPS = 200
START_S = 1_780_000_000
MEMORY_MB = 150.0
CHILD = """
import sys
from pathlib import Path
from cloud.adapters.devchain import DevChainServer
server = DevChainServer(Path(sys.argv[1]))
print(server.url, flush=True)
server.serve_forever()
"""


class Stopped:
    """A clock that stands: what is measured is work, not waiting."""

    rate = 1.0

    def now(self) -> datetime:
        return NOW


@dataclass
class Rate:
    """Seconds that batches of SIZE took, ours by its parts."""

    parts: dict[str, list[float]] = field(default_factory=dict)

    def take(self, part: str, work: Callable[[], object]) -> None:
        begun_s = time.perf_counter()
        work()
        self.parts.setdefault(part, []).append(time.perf_counter() - begun_s)

    def a_second(self, *parts: str) -> float:
        return SIZE / sum(statistics.median(self.parts[part]) for part in parts)


def rows() -> list[Row]:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    with tempfile.TemporaryDirectory() as folder, dev_chain(Path(folder) / "chain") as (url, pid):
        own = measure(url, Path(folder) / "own.sqlite")
        memory_mb = peak_mb(pid)
    ours, bare = own.a_second("settle", "batch", "mine"), own.a_second("bare")
    peer = ("the bare dev chain's batches; receipts apart", bare)
    found = [result("ledger.settlements_vs_bare_chain", ours, "settlements/s", peer, digits=1)]
    # Its whole process, interpreter and all: embedded, it adds less.
    limit = ("the limit", MEMORY_MB)
    found.append(result("ledger.devchain_memory", memory_mb, "MB", limit, digits=1))
    return [*found, _on_anvil()]


def peak_mb(pid: int) -> float:
    """Of resident memory. Source: proc_pid_status(5)."""
    for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("/proc does not tell VmHWM here")


def _on_anvil() -> Row:
    name = "ledger.settlements_on_anvil"
    try:
        with tempfile.TemporaryDirectory() as folder, npm.anvil(DEV_CHAIN_ID, START_S) as url:
            Node(url).fund_dev_accounts()
            rate = measure(url, Path(folder) / "anvil.sqlite")
    except npm.Absent as absent:
        missing = result(name, 0.0, "settlements/s", (f"not measured here ({absent})", None))
        return {**missing, "value": None}
    peer = ("bare anvil's batches; receipts apart", rate.a_second("bare"))
    return result(name, rate.a_second("settle", "batch", "mine"), "settlements/s", peer, digits=1)


@contextmanager
def dev_chain(folder: Path) -> Iterator[tuple[str, int]]:
    """(URL, process id)"""
    command = [sys.executable, "-c", CHILD, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            yield child.stdout.readline().strip(), child.pid
        finally:
            child.kill()


def measure(url: str, path: Path) -> Rate:
    chain = Recorder(Node(url))
    lot, twin = Ours(chain), Ours(chain, TWIN_SETTLER)
    for one in (lot, twin):
        one.deploy()
        _open_accounts(one)
    db, rate = Database(path), Rate()
    try:
        db.write(people)
        sweeps = _sweeps(db, url, lot)
        for number in range(BATCHES):
            db.write(lambda s, n=number: closed_stays(s, n))  # type: ignore[misc]
            rate.take("settle", lambda: db.write(_settle))
            rate.take("batch", sweeps.batch)
            rate.take("mine", lambda: _drive(sweeps, db))
            rate.take("receipts", sweeps.issue)
            _bare(twin, rate)
    finally:
        db.close()
    return rate


def _open_accounts(lot: Ours) -> None:
    abi, chain = artifact("ledger")["abi"], lot.chain
    for number in range(1, 2 * DRIVERS + 1):
        data = encode(abi, "open_account", number, address(OWNER))
        chain.send("", REGISTRAR, lot.ledger, data)
        if number <= DRIVERS:
            args = (number, FUNDS_MINOR, keccak(b"%d" % number))
            chain.send("", ADMIN, lot.ledger, encode(abi, "deposit", *args))


def _sweeps(db: Database, url: str, lot: Ours) -> Sweeps:
    deployment = Deployment(DEV_CHAIN_ID, lot.token, lot.registry, lot.ledger)
    web3 = Web3Chain(url, deployment, dev_role_keys())
    deployed = Deployed(
        chain_id=DEV_CHAIN_ID, token=lot.token, registry=lot.registry, ledger=lot.ledger
    )
    return Sweeps(db, web3, Stopped(), deployed, 60_000, 60_000)


def _settle(session: Session) -> None:
    """What the arrival of each departure event does, once it has closed the stay.

    There the booking is at hand already, and the space: here all are asked for at once.
    """
    stays = list(session.exec(select(Stay).where(Stay.state == "closed")))
    names, spaces = [stay.booking for stay in stays], [stay.space for stay in stays]
    held = list(session.exec(select(Space).where(col(Space.id).in_(spaces))))
    booked = {
        row.id: row for row in session.exec(select(Booking).where(col(Booking.id).in_(names)))
    }
    for stay in stays:
        booking = booked[stay.booking or ""]
        if not settlements.settle(session, stay, booking):
            raise SystemExit("a stay of the bench could not be settled")
        stay.state = "priced"
        session.add(stay)
    session.flush()
    held.clear()


def _drive(sweeps: Sweeps, db: Database) -> None:
    """Anvil mines a moment after it has answered: the next sweep finds the block."""
    waiting = select(ChainCall).where(col(ChainCall.status).not_in(("mined", "final")))
    for _ in range(MAX_SWEEPS):
        Sending(sweeps.db, sweeps.chain, sweeps.clock, sweeps.deployed, sweeps.contact).drive()
        if db.read(lambda s: s.exec(waiting).first()) is None:
            return
    raise SystemExit("a batch of the bench was not mined")


def _bare(twin: Ours, rate: Rate) -> None:
    """As many words between the same accounts, signed beforehand, sent to a ledger of its own:

    the cloud's batches must follow each other.
    """
    words = []
    for at in range(SIZE):
        payee = DRIVERS + 1 + (at * 7 + twin.seq) % DRIVERS
        words.append(_word(at + 1, payee, twin.seq * SIZE + at + 1, at))
    twin.seq += 1
    args = (twin.seq, keccak(b"root %d" % twin.seq), words)
    data = encode(artifact("ledger")["abi"], "settle_batch", *args)
    raw = twin.chain.sign(TWIN_SETTLER, twin.ledger, data)
    rate.take("bare", lambda: _mined(twin.chain.node, raw))


def _mined(node: Node, raw: str) -> None:
    if node.include(raw)["status"] != "0x1":
        raise SystemExit("a bare batch failed")


def _word(driver: int, payee: int, stay: int, space: int) -> int:
    word = driver
    parts = ((payee, 32), (stay, 48), (START_S, 40), (5_400, 24), (900, 32), (space, 32), (0, 16))
    for value, bits in parts:
        word = word << bits | value
    return word


def main() -> None:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    with tempfile.TemporaryDirectory() as folder, dev_chain(Path(folder) / "chain") as (url, pid):
        rate = measure(url, Path(folder) / "own.sqlite")
        print(f"the dev chain's process: {peak_mb(pid):.0f} MB at most")
    for part, took_s in rate.parts.items():
        print(f"{part:8} {statistics.median(took_s) * 1000:8.1f} ms a batch of {SIZE}")
    print(json.dumps(_on_anvil(), indent=1))


if __name__ == "__main__":
    main()
