"""From closed stays to mined batches through the cloud's own use cases, against the bare chain.

Both run on the same chain in one run, some batches of ours and as many bare ones in turn: the dev
chain in a process of its own, then anvil. Ours are put together and carried to the chain by the
cloud's own sweep, which makes the next batch while the chain works on one. The bare chain is given
signed batches of the same size and asked for the receipt of each. A stay is priced in the
transaction that closes it, and its receipt is written after its batch is mined, by a sweep of its
own: both are timed apart and are no part of either rate.
`python -m bench.settling` prints where the time goes.
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
from cloud.entrypoints.sweeps import MAX_ISSUED, Sweeps
from cloud.ports.chain import Deployment
from cloud.tables import Booking, ChainCall, Settlement, Space, Stay
from cloud.usecases import billing
from contracts.ledger.hashing import keccak
from contracts.ledger.records import Deployed

NOW = datetime(2026, 5, 2, tzinfo=UTC)
ROUNDS, RECEIPT_ROUNDS, BATCHES = 9, 2, 20
TWIN_SETTLER = 5
MAX_SWEEPS = 2_000
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
    """Seconds that a round of BATCHES batches took, ours by its parts."""

    parts: dict[str, list[float]] = field(default_factory=dict)

    def take(self, part: str, work: Callable[[], object]) -> None:
        begun_s = time.perf_counter()
        work()
        self.parts.setdefault(part, []).append(time.perf_counter() - begun_s)

    def a_second(self, part: str) -> float:
        return BATCHES * SIZE / statistics.median(self.parts[part])


def rows() -> list[Row]:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    with tempfile.TemporaryDirectory() as folder, dev_chain(Path(folder) / "chain") as (url, pid):
        own = measure(url, Path(folder) / "own.sqlite")
        memory_mb = peak_mb(pid)
    ours, bare = own.a_second("ours"), own.a_second("bare")
    peer = ("the bare dev chain's batches", bare)
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
    peer = ("bare anvil's batches", rate.a_second("bare"))
    return result(name, rate.a_second("ours"), "settlements/s", peer, digits=1)


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
        for number in range(ROUNDS):
            for at in range(number * BATCHES, (number + 1) * BATCHES):
                db.write(lambda s, n=at: closed_stays(s, n))  # type: ignore[misc]
            rate.take("priced", lambda: db.write(_priced))
            rate.take("ours", lambda: _settled(sweeps))
            if number < RECEIPT_ROUNDS:
                rate.take("receipts", lambda: _receipts(sweeps))
            raws = [_bare(twin) for _ in range(BATCHES)]
            rate.take("bare", lambda: _mined(twin.chain.node, raws))  # noqa: B023 (runs at once)
    finally:
        db.close()
    return rate


def _settled(sweeps: Sweeps) -> None:
    """Everything that is priced, until its batches are mined.

    Anvil mines a moment after it has answered: the next sweep finds the block.
    """
    waiting = select(ChainCall.number).where(col(ChainCall.status).not_in(("mined", "final")))
    unplaced = select(Settlement.stay).where(col(Settlement.batch).is_(None))
    for _ in range(MAX_SWEEPS):
        sweeps.settle()
        if not any(
            sweeps.db.read(lambda s, w=what: s.exec(w).first()) for what in (waiting, unplaced)
        ):  # type: ignore[misc]
            return
    raise SystemExit("a batch of the bench was not mined")


def _receipts(sweeps: Sweeps) -> None:
    for _ in range(0, BATCHES, MAX_ISSUED):
        sweeps.issue()


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


def _priced(session: Session) -> None:
    """What the arrival of each departure event does in the transaction that closes the stay.

    There the booking is at hand already, and the space: here all are asked for at once.
    """
    unpriced = col(Stay.number).not_in(select(Settlement.stay))
    stays = list(session.exec(select(Stay).where(Stay.state == "closed", unpriced)))
    names, spaces = [stay.booking for stay in stays], [stay.space for stay in stays]
    held = list(session.exec(select(Space).where(col(Space.id).in_(spaces))))
    booked = {
        row.id: row for row in session.exec(select(Booking).where(col(Booking.id).in_(names)))
    }
    for stay in stays:
        booking = booked[stay.booking or ""]
        if not billing.settle(session, stay, booking):
            raise SystemExit("a stay of the bench could not be priced")
    session.flush()
    held.clear()


def _bare(twin: Ours) -> str:
    """As many words between the same accounts, signed beforehand, for a ledger of its own:

    the cloud's batches must follow each other.
    """
    words = []
    for at in range(SIZE):
        payee = DRIVERS + 1 + (at * 7 + twin.seq) % DRIVERS
        words.append(_word(at + 1, payee, twin.seq * SIZE + at + 1, at))
    twin.seq += 1
    args = (twin.seq, keccak(b"root %d" % twin.seq), words)
    data = encode(artifact("ledger")["abi"], "settle_batch", *args)
    return twin.chain.sign(TWIN_SETTLER, twin.ledger, data)


def _mined(node: Node, raws: list[str]) -> None:
    for raw in raws:
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
        print(f"{part:8} {statistics.median(took_s) / BATCHES * 1000:8.1f} ms a batch of {SIZE}")
    print(json.dumps(_on_anvil(), indent=1))


if __name__ == "__main__":
    main()
