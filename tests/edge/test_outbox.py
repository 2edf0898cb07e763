"""One suite for the real outbox and the one in memory."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from edge_rig import MAY_1, Rig, make_grant

from contracts.wire.codec import decode, encode
from contracts.wire.messages import Event, Match, PlateProof, SignedEvent
from edge.adapters.fake_outbox import MemoryOutbox
from edge.adapters.outbox import BALLAST_FILE, EPOCH_FILE, FILE, SqliteOutbox
from edge.core.outputs import (
    DropGrant,
    DropRevoked,
    PutGrant,
    PutRevoked,
    PutSpace,
    SetAcked,
    SpaceRecord,
)
from edge.errors import OutboxBusy, OutboxForeign, OutboxUnwritable
from edge.ports import EventRow, Outbox

PLATE = "粤B98K76"
Reopen = Callable[[], Outbox]


@pytest.fixture(params=["sqlite", "memory"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Reopen:
    """Opens it; called again, the process before has died without a word."""
    held: list[Outbox] = []

    def open_it() -> Outbox:
        if request.param == "memory":
            held[:] = held or [MemoryOutbox(epoch=7, keep_acked=2)]
            return held[0]
        if held:
            held.pop().close()
        held.append(SqliteOutbox(tmp_path, "gw-1", epoch=7, keep_acked=2))
        return held[0]

    return open_it


def row(seq: int, space: str | None = "S1") -> EventRow:
    return EventRow(7, seq, space, "0x" + f"{seq:064x}", b"event %d" % seq)


def test_a_new_outbox_begins_with_the_given_epoch_and_nothing(reopen: Reopen) -> None:
    start = reopen().load()
    assert (start.epoch, start.seq, start.acked) == (7, 0, 0)
    assert (start.spaces, start.grants, start.revoked) == ({}, (), {})


def test_what_was_written_is_there_after_a_kill(reopen: Reopen) -> None:
    record = SpaceRecord(
        digest=row(2).digest,
        occupancy="occupied",
        known="occupied",
        seen_at=MAY_1,
        match="accepted",
        grant="g-1",
        detector={"baseline_ut": [1.5, 2.0, 3.0]},
    )
    writes = [row(1, None), row(2), PutSpace("S1", record), PutGrant(make_grant())]
    reopen().write([*writes, PutRevoked("g-9", MAY_1)])
    start = reopen().load()
    assert (start.epoch, start.seq, start.gateway_digest) == (7, 2, row(1).digest)
    assert start.spaces == {"S1": record}
    assert start.grants == (make_grant(),)
    assert start.revoked == {"g-9": MAY_1}
    assert reopen().events(7, 1, 9) == [row(1, None), row(2)]


def test_a_number_is_never_written_twice_and_then_nothing_of_that_turn_is(reopen: Reopen) -> None:
    outbox = reopen()
    outbox.write([row(1)])
    with pytest.raises(OutboxUnwritable):
        outbox.write([PutGrant(make_grant()), row(1)])
    assert outbox.load().grants == ()


def test_an_ack_covers_its_number_and_all_before_it(reopen: Reopen) -> None:
    outbox = reopen()
    outbox.write([row(seq) for seq in range(1, 7)])
    outbox.write([SetAcked(7, 3)])
    assert reopen().load().acked == 3
    assert [found.seq for found in reopen().events(7, 1, 9)] == [2, 3, 4, 5, 6]


def test_an_ack_that_is_older_of_another_epoch_or_too_high_does_no_harm(reopen: Reopen) -> None:
    outbox = reopen()
    outbox.write([row(seq) for seq in range(1, 4)])
    outbox.write([SetAcked(7, 2), SetAcked(7, 1), SetAcked(8, 3)])
    assert outbox.load().acked == 2
    outbox.write([SetAcked(7, 99)])
    assert outbox.load().acked == 3
    outbox.write([row(4)])
    assert outbox.load().seq == 4


def test_grants_and_revokes_are_replaced_and_dropped(reopen: Reopen) -> None:
    outbox = reopen()
    newer = make_grant(version=2, ends_at=MAY_1 + timedelta(hours=9))
    outbox.write([PutGrant(make_grant()), PutGrant(newer), PutRevoked("g-9", MAY_1)])
    assert outbox.load().grants == (newer,)
    outbox.write([DropGrant("g-1"), DropRevoked("g-9"), DropGrant("never")])
    assert (outbox.load().grants, outbox.load().revoked) == ((), {})


def test_numbers_go_on_even_when_every_event_is_gone(reopen: Reopen) -> None:
    outbox = reopen()
    outbox.write([row(seq) for seq in range(1, 4)])
    outbox.write([SetAcked(7, 3)])
    outbox.write([row(4), SetAcked(7, 4)])
    assert [found.seq for found in outbox.events(7, 1, 9)] == [3, 4]
    assert reopen().load().seq == 4


def test_sqlite_is_in_wal_mode_with_full_synchronisation(tmp_path: Path) -> None:
    outbox = SqliteOutbox(tmp_path, "gw-1", 1, 10)
    assert outbox._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert outbox._db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_a_corrupt_outbox_is_kept_aside_and_a_larger_epoch_begins(tmp_path: Path) -> None:
    SqliteOutbox(tmp_path, "gw-1", 500, 10).close()
    (tmp_path / FILE).write_bytes(os.urandom(8192))
    outbox = SqliteOutbox(tmp_path, "gw-1", 100, 10)
    assert outbox.load().epoch == 501
    assert outbox.set_aside is not None
    assert outbox.set_aside.exists()


def test_a_lost_outbox_begins_a_larger_epoch_though_the_clock_went_back(tmp_path: Path) -> None:
    SqliteOutbox(tmp_path, "gw-1", 500, 10).close()
    (tmp_path / FILE).unlink()
    assert SqliteOutbox(tmp_path, "gw-1", 3, 10).load().epoch == 501
    assert (tmp_path / EPOCH_FILE).read_text() == "501\n"


def test_another_gateways_outbox_and_a_running_one_are_refused(tmp_path: Path) -> None:
    outbox = SqliteOutbox(tmp_path, "gw-1", 1, 10)
    with pytest.raises(OutboxBusy):
        SqliteOutbox(tmp_path, "gw-1", 1, 10)
    outbox.close()
    with pytest.raises(OutboxForeign):
        SqliteOutbox(tmp_path, "gw-2", 1, 10)


def test_a_full_disk_takes_the_ballast_and_the_event_is_written(tmp_path: Path) -> None:
    outbox = SqliteOutbox(tmp_path, "gw-1", 1, 10)
    assert (tmp_path / BALLAST_FILE).exists()
    pages = outbox._db.execute("PRAGMA page_count").fetchone()[0]
    outbox._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(OutboxUnwritable):
        outbox.write([EventRow(1, 1, None, "0x", b"x" * 100_000)])
    assert not (tmp_path / BALLAST_FILE).exists()
    outbox._db.execute("PRAGMA max_page_count = 100000")
    outbox.write([EventRow(1, 1, None, "0x", b"x" * 100_000)])
    assert outbox.load().seq == 1


def test_a_whole_stay_over_a_kill_on_the_real_outbox(tmp_path: Path) -> None:
    first = SqliteOutbox(tmp_path, "gw-1", 1, 10)
    rig = Rig(first)
    rig.command(make_grant())
    rig.empty(1)
    rig.car(10)
    first.close()
    again = Rig(SqliteOutbox(tmp_path, "gw-1", 9, 10))
    again.car(100)
    again.empty(200)
    assert [(e.kind, e.grant) for e in again.events()[-2:]] == [
        ("snapshot", "g-1"),
        ("departure", "g-1"),
    ]
    assert again.core.epoch == 1


def told(seq: int, match: Match) -> EventRow:
    """With its plate beside it."""
    body = Event(
        gateway="gw-1",
        epoch=7,
        seq=seq,
        kind="arrival",
        space="S1",
        occupancy="occupied",
        at=MAY_1,
        uncertainty_s=0,
        reported_at=MAY_1,
        boot_id="b",
        boottime_ns=0,
        clock="synced",
        plate="0x" + "12" * 32,
        match=match,
    )
    proof = PlateProof(text=PLATE, salt="0x" + "34" * 32)
    payload = encode(SignedEvent(body=body, signature="0x" + "56" * 65, plate=proof))
    return EventRow(7, seq, "S1", "0x" + f"{seq:064x}", payload)


def test_a_plate_is_kept_until_the_cloud_has_it_and_no_longer(reopen: Reopen) -> None:
    outbox = reopen()
    matches: tuple[Match, ...] = ("accepted", "ambiguous", "other", "none", "other")
    rows = [told(seq, match) for seq, match in enumerate(matches, 1)]
    outbox.write(rows)
    outbox.write([SetAcked(7, 2)])
    assert outbox.events(7, 3, 9) == rows[2:]
    outbox.write([SetAcked(7, 4)])
    kept = {row.seq: decode(SignedEvent, row.payload) for row in reopen().events(7, 1, 9)}
    assert [seq for seq, one in kept.items() if one.plate is not None] == [5]
    sent = {row.seq: decode(SignedEvent, row.payload) for row in rows}
    assert kept[3] == sent[3].model_copy(update={"plate": None}), "its signature holds"


def test_what_is_forgotten_is_not_left_in_the_file(tmp_path: Path) -> None:
    outbox = SqliteOutbox(tmp_path, "gw-1", 7, keep_acked=99)
    outbox.write([told(seq, "other") for seq in range(1, 9)])
    outbox.write([SetAcked(7, 8)])
    outbox.close()
    assert len(SqliteOutbox(tmp_path, "gw-1", 7, keep_acked=99).events(7, 1, 9)) == 8
    assert PLATE.encode() not in (tmp_path / FILE).read_bytes()
