"""An older outbox was put back: the cloud has acknowledged more than it knows of."""

from copy import deepcopy
from pathlib import Path

import pytest
from edge_rig import Rig, make_grant

from contracts.wire.messages import Ack, Event
from edge.adapters.fake_outbox import MemoryOutbox
from edge.adapters.outbox import EPOCH_FILE, SqliteOutbox
from edge.core.gateway import MAX_EPOCH, MAX_NEW_EPOCHS
from edge.core.outputs import BeginEpoch
from edge.errors import OutboxUnwritable

WARNING = ("warning", "history_lost_new_epoch")


def ack(rig: Rig, epoch: int, seq: int) -> None:
    rig.command(Ack(gateway="gw-1", epoch=epoch, seq=seq))


def restored(epoch: int = 1) -> Rig:
    """Its outbox ends at number 3; the cloud has seen more."""
    outbox = MemoryOutbox(epoch=epoch)
    rig = Rig(outbox)
    rig.command(make_grant())
    rig.empty(1)
    rig.ack(2)
    backup = deepcopy(outbox)
    rig.car(10)
    rig.empty(100)
    again = Rig(backup)
    again.uplink.sent.clear()
    return again


def of(rig: Rig, epoch: int) -> list[Event]:
    return [signed.body for signed in rig.uplink.events() if signed.body.epoch == epoch]


@pytest.mark.parametrize(("epoch", "seq"), [(1, 4), (1, 900), (2, 1), (2, 900), (40, 3)])
def test_an_ack_above_what_we_know_begins_a_new_epoch(epoch: int, seq: int) -> None:
    rig = restored()
    ack(rig, epoch, seq)
    assert rig.core.epoch == epoch + 1
    told = of(rig, rig.core.epoch)
    assert [event.seq for event in told] == [1, 2, 3]
    assert [(event.kind, event.space) for event in told] == [
        ("boot", None),
        ("snapshot", "S1"),
        ("snapshot", "S2"),
    ]
    start = rig.outbox.load()
    assert (start.epoch, start.seq, start.acked) == (epoch + 1, 3, 0)
    assert rig.logged.count(WARNING) == 1


def test_the_new_epoch_goes_on_by_number_acknowledgement_and_restart() -> None:
    rig = restored()
    ack(rig, 1, 50)
    rig.empty(1)
    rig.ack(3)
    rig.car(2)
    assert rig.agent.unacknowledged == 2
    again = rig.restarted(60)
    again.car(5)
    again.ack(7)
    assert [event.seq for event in of(again, 2)] == [4, 5, 6, 7]
    assert again.agent.unacknowledged == 0


def test_what_the_cloud_has_numbers_for_is_not_sent_again() -> None:
    rig = restored()
    ack(rig, 1, 50)
    rig.uplink.sent.clear()
    rig.wait(100)
    assert {signed.body.epoch for signed in rig.uplink.events()} == {2}


def test_the_same_ack_again_changes_nothing_more() -> None:
    rig = restored()
    for _ in range(5):
        ack(rig, 1, 50)
    assert rig.core.epoch == 2
    assert rig.logged.count(WARNING) == 1


def test_an_ack_of_what_was_sent_begins_nothing() -> None:
    rig = restored()
    ack(rig, 1, 3)
    assert (rig.core.epoch, rig.agent.unacknowledged) == (1, 0)
    assert WARNING not in rig.logged


def test_nothing_of_the_new_epoch_is_sent_before_it_is_stored() -> None:
    rig = restored()
    rig.outbox.broken = True  # type: ignore[attr-defined]
    ack(rig, 1, 50)
    rig.empty(1)
    rig.wait(60)
    assert of(rig, 2) == []
    assert {status.epoch for status in rig.uplink.statuses()} == {1}
    assert WARNING not in rig.logged
    rig.outbox.broken = False  # type: ignore[attr-defined]
    rig.wait(2)
    assert [event.seq for event in of(rig, 2)] == [1, 2, 3, 4]
    assert rig.logged.count(WARNING) == 1


def test_an_arrival_that_waits_for_its_plate_is_told_in_the_new_epoch() -> None:
    rig = Rig(camera=True)
    rig.empty(1)
    rig.car(10)
    ack(rig, 1, 50)
    told = [(event.kind, event.space, event.occupancy) for event in of(rig, 2)]
    assert told[:3] == [
        ("boot", None, None),
        ("arrival", "S1", "occupied"),
        ("snapshot", "S1", "occupied"),
    ]


def test_the_next_epoch_is_the_one_a_new_outbox_would_begin_with(tmp_path: Path) -> None:
    SqliteOutbox(tmp_path, "gw-1", 5, 10).close()
    outbox = SqliteOutbox(tmp_path, "gw-1", 700, 10)
    rig = Rig(outbox)
    ack(rig, 5, 50)
    assert rig.core.epoch == 700
    ack(rig, 800, 1)
    assert (rig.core.epoch, outbox.load().epoch) == (801, 801)
    assert (tmp_path / EPOCH_FILE).read_text() == "801\n"
    rig.empty(1)
    assert [row.seq for row in outbox.events(801, 1, 9)] == [1, 2, 3, 4]
    outbox.close()
    assert SqliteOutbox(tmp_path, "gw-1", 9, 10).load().epoch == 801


def test_of_the_epochs_left_behind_only_the_last_is_kept(tmp_path: Path) -> None:
    for outbox in (MemoryOutbox(epoch=1), SqliteOutbox(tmp_path, "gw-1", 1, 10)):
        rig = Rig(outbox)
        ack(rig, 1, 50)
        ack(rig, 2, 50)
        held = [len(outbox.events(epoch, 1, 99)) for epoch in (1, 2, 3)]
        assert held == [0, 3, 3]
        outbox.close()


def test_an_epoch_that_cannot_be_kept_is_not_begun(tmp_path: Path) -> None:
    outbox = SqliteOutbox(tmp_path, "gw-1", 1, 10)
    (tmp_path / EPOCH_FILE).unlink()
    (tmp_path / EPOCH_FILE).mkdir()
    with pytest.raises(OutboxUnwritable):
        outbox.write([BeginEpoch(2, 1, 50)])
    assert outbox.load().epoch == 1


@pytest.mark.parametrize("epoch", [MAX_EPOCH + 1, 2**32, 2**53 - 1])
def test_a_forged_ack_cannot_use_the_epochs_up(epoch: int) -> None:
    rig = restored()
    ack(rig, epoch, 1)
    assert (rig.core.epoch, rig.core.odd_acks) == (1, 1)
    ack(rig, MAX_EPOCH, 1)
    ack(rig, MAX_EPOCH + 1, 99)
    assert rig.core.epoch == MAX_EPOCH + 1
    rig.empty(1)
    assert rig.said()[-1] == ("snapshot", "free")


def test_forged_acks_begin_no_more_than_a_few_epochs() -> None:
    rig = restored()
    for _ in range(100):
        rig.ack(1000)
    assert rig.core.epoch == 1 + MAX_NEW_EPOCHS
    rig.empty(1)
    assert rig.said()[-1] == ("snapshot", "free")
