"""After the last hour: what must hold of the books, the chain and the events, whatever happened."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from cloud.core.money import PLATFORM
from firmware_sim.city import seeing

if TYPE_CHECKING:
    from firmware_sim.city.run import Scene

# Of the numbers of stays in a word of the ledger: cloud/core, contracts/ledger/records.py.
STAY_AT, STAY_BITS, AMOUNT_AT, AMOUNT_BITS = 144, 48, 48, 32
OVER = ("cancelled", "no_show")
CREDITS_FROM = 2**40
# A few gateways with a window each, and their answers: more is a queue that nobody bounds.
MOST_WAITING, MOST_UNDER_WAY = 2_000, 2_000


class Books:
    """The cloud's tables as another program reads them, and the chain's own log."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.records = scene, scene.records
        path = scene.db._engine.url.database
        self._db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        self._db.row_factory = sqlite3.Row

    def rows(self, asked: str, *values: Any) -> list[sqlite3.Row]:
        return self._db.execute(asked, values).fetchall()

    def close(self) -> None:
        self._db.close()

    def wrong(self, invariant: str, sentence: str) -> None:
        self.records.wrong(invariant, sentence)

    def filed(self) -> Counter[int]:
        """Stay number -> how often its word stands in the canonical chain."""
        chain = self.scene.chain
        found = chain.history("ledger", ("Batch",), 0, chain._height)
        words = [word for happened in found for word in happened.event.args["words"]]
        return Counter(word >> STAY_AT & (1 << STAY_BITS) - 1 for word in words)


def judge(scene: Scene) -> None:
    books = Books(scene)
    try:
        _events(books)
        _money(books)
        _settled(books)
        _papers(books)
        _bookings(books)
        _well_again(books)
        _told(books)
        _plates(books)
        seeing.judge(books)
    finally:
        books.close()


def _events(books: Books) -> None:
    """I5, I7: whatever a card has kept is in the cloud, once, as it was signed, and applied."""
    stored = {
        (row["gateway"], row["epoch"], row["seq"]): row
        for row in books.rows("SELECT gateway, epoch, seq, digest, effect FROM event")
    }
    for number, kept in books.records.kept.items():
        row = stored.get(number)
        if number in books.records.gone or number[0] in books.records.forgetful:
            continue
        if row is None:
            books.wrong("I5", f"event {number} ({kept.event.kind}) is not in the cloud")
        elif row["digest"] != kept.digest:
            books.wrong("I5", f"event {number} is another in the cloud")
        elif row["effect"] == "waiting":
            books.wrong("I5", f"event {number} was never applied")
    for number in stored.keys() - books.records.kept.keys():
        books.wrong("I10", f"event {number} is in the cloud and no gateway has kept it")


def _money(books: Books) -> None:
    """I3, I4."""
    for row in books.rows(
        "SELECT transfer, SUM(amount_minor) AS sum FROM entry GROUP BY transfer, currency"
        " HAVING SUM(amount_minor) != 0"
    ):
        books.wrong("I3", f"transfer {row['transfer']} sums to {row['sum']}")
    chain = books.scene.chain
    ours = books.rows("SELECT account, SUM(amount_minor) AS sum FROM entry GROUP BY account")
    totals = {row["account"]: row["sum"] for row in ours if row["account"] > 0}
    totals.setdefault(PLATFORM, sum(r["sum"] for r in ours if r["account"] == PLATFORM))
    numbers = sorted(totals)
    theirs = chain.balances(numbers, chain._height)
    for number, found in zip(numbers, theirs, strict=True):
        if totals[number] != found:
            books.wrong("I4", f"account {number}: {totals[number]} in the books, {found} on chain")
    held = books.rows(
        "SELECT account, SUM(amount_minor) AS sum FROM entry WHERE bucket = 'held'"
        " GROUP BY account HAVING SUM(amount_minor) != 0"
    )
    for row in held:
        books.wrong("I3", f"{row['sum']} of account {row['account']} are still held")


def _settled(books: Books) -> None:
    """I1, I12: each settlement once in the books, and once on the chain."""
    filed = books.filed()
    rows = books.rows(
        "SELECT s.stay, s.booking, s.batch, s.amount_minor, s.record, c.status FROM settlement s"
        " LEFT JOIN batch b ON b.seq = s.batch LEFT JOIN chaincall c ON c.id = b.call"
    )
    known = {row["stay"] for row in rows}
    for row in rows:
        if filed[row["stay"]] != 1:
            stands = f"stands {filed[row['stay']]} times on the chain"
            books.wrong("I1", f"settlement {row['stay']} {stands} (batch {row['batch']})")
        if row["status"] != "final":
            books.wrong("I1", f"the batch of settlement {row['stay']} is {row['status']}")
    for stay, times in filed.items():
        if stay not in known or times > 1:
            books.wrong("I1", f"stay {stay} is {times} times on the chain; known: {stay in known}")
    twice = Counter(row["booking"] for row in rows if row["stay"] < CREDITS_FROM)
    for booking, times in twice.items():
        if times > 1:
            books.wrong("I1", f"booking {booking} was settled {times} times")


def _papers(books: Books) -> None:
    """I12: calls and receipts name the block that the canonical chain has now."""
    chain = books.scene.chain
    asked = "SELECT id, hash, block_hash FROM chaincall WHERE status = 'final'"
    for row in books.rows(asked):
        found = chain._included.get(row["hash"])
        if found is None or found.block_hash != row["block_hash"] or not found.ok:
            books.wrong("I12", f"call {row['id']} is final in a block that is not the chain's")
    for row in books.rows("SELECT stay, text FROM receipt"):
        told = json.loads(row["text"])["chain"]
        found = chain._included.get(told["transaction"])
        if found is None or found.block_hash != told["block_hash"]:
            books.wrong("I12", f"the receipt of stay {row['stay']} names a block that has vanished")
    for row in books.rows(
        "SELECT s.stay FROM settlement s LEFT JOIN receipt r ON r.stay = s.stay"
        " WHERE s.stay < ? AND r.stay IS NULL",
        CREDITS_FROM,
    ):
        books.wrong("I1", f"settlement {row['stay']} has no receipt")


def _bookings(books: Books) -> None:
    """I2, and that none hangs in the air."""
    rows = books.rows("SELECT * FROM booking ORDER BY space, starts_ms")
    held = [row for row in rows if row["state"] not in OVER]
    for one, other in pairwise(held):
        if one["space"] == other["space"] and one["ends_ms"] > other["starts_ms"]:
            books.wrong("I2", f"{one['id']} and {other['id']} overlap on {one['space']}")
    for row in rows:
        if row["state"] in ("confirmed", "granted", "active"):
            books.wrong("I20", f"booking {row['id']} is {row['state']} long after its end")
    made = {one.booking: one for one in books.scene.people.made.values() if one.booking}
    for booking, wished in made.items():
        state = next((row["state"] for row in rows if row["id"] == booking), None)
        if state is None:
            books.wrong("I5", f"booking {booking} was agreed and is not in the database")
        if wished.cancelled_s is not None and state != "cancelled":
            books.wrong("I5", f"booking {booking} was cancelled and is {state}")


def _well_again(books: Books) -> None:
    """I20: everybody speaks to everybody, and nothing waits."""
    scene = books.scene
    for name, board in scene.boards.items():
        waiting = board.agent.unacknowledged if board.agent is not None else None
        if not board.up or not board.connected or waiting:
            how = f"up {board.up}, connected {board.connected}, {waiting} events wait"
            books.wrong("I20", f"{name}: {how}")
    for row in books.rows("SELECT id, status, reason FROM chaincall WHERE status != 'final'"):
        books.wrong("I20", f"call {row['id']} is {row['status']} {row['reason']}")
    for row in books.rows("SELECT id, kind, gateway FROM command WHERE status = 'pending'"):
        if row["gateway"] in scene.boards:
            books.wrong("I20", f"{row['kind']} {row['id']} for {row['gateway']} was never answered")
    for row in books.rows("SELECT id, online FROM gateway"):
        if row["id"] in scene.boards and not row["online"]:
            books.wrong("I20", f"{row['id']} is not online in the cloud")
    for failure in scene.hall.failures:
        books.wrong("I10", f"a sweep or the intake failed: {failure}")
    for late in scene.hall.stall.late:
        books.wrong("I20", late)


def _told(books: Books) -> None:
    """I4, I15: no alarm says that books and chain differ, and no queue has grown without end."""
    scene = books.scene
    for row in books.rows("SELECT id, code, sentence FROM alarm"):
        if row["code"] in ("books_differ", "settling_stopped", "node_lies", "chain_silent"):
            books.wrong("I4", f"alarm {row['id']}: {row['sentence']}")
    if scene.hall.most_waiting > MOST_WAITING:
        books.wrong("I15", f"{scene.hall.most_waiting} messages waited in the cloud's inbox")
    if scene.net.most_under_way > MOST_UNDER_WAY:
        books.wrong("I15", f"{scene.net.most_under_way} messages were under way at once")


def _plates(books: Books) -> None:
    """I11: no plate in clear in what others may read."""
    plates = {visit.plate for visit in books.scene.town.visits}
    plates |= {wish.plate for wish in books.scene.town.wishes}
    chain = books.scene.chain
    texts = [repr([found.events for found in chain._included.values()])]
    texts += [repr(row["args"]) for row in books.rows("SELECT args FROM chaincall")]
    texts += [row["sentence"] for row in books.rows("SELECT sentence FROM alarm")]
    texts += [row["body"] for row in books.rows("SELECT body FROM event")]
    whole = "\n".join(texts)
    for plate in plates:
        if plate in whole or json.dumps(plate)[1:-1] in whole:
            books.wrong("I11", "a plate stands in clear on the chain, in an alarm or an event")
            break


def closing(scene: Scene) -> None:
    """The end of a run is part of its trace."""
    books = Books(scene)
    try:
        for asked in (
            "SELECT number, space, booking, state, kind, arrived_ms, departed_ms FROM stay",
            "SELECT id, state FROM booking ORDER BY id",
            "SELECT stay, amount_minor, paid_minor, batch FROM settlement ORDER BY stay",
            "SELECT transfer, account, bucket, amount_minor FROM entry ORDER BY id",
            "SELECT id, status, block_number FROM chaincall ORDER BY number",
        ):
            for row in books.rows(asked):
                scene.records._add(repr(tuple(row)).encode())
    finally:
        books.close()


def counted(scene: Scene) -> dict[str, int]:
    books = Books(scene)
    try:
        stays = Counter(row["state"] for row in books.rows("SELECT state FROM stay"))
    finally:
        books.close()
    found = Counter(scene.records.counts)
    for one in (scene.net.counts, scene.chain.counts):
        found.update(one)
    found.update({f"stays_{state}": times for state, times in stays.items()})
    found["visits"] = len(scene.town.visits)
    found["events"] = len(scene.records.kept)
    found["bookings"] = sum(one.booking is not None for one in scene.people.made.values())
    found["steps"] = sum(scene.hall.counts[name] for name in ("begins", "publish"))
    return dict(sorted(found.items()))
