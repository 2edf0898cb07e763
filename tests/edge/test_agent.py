import queue

import pytest
from edge_rig import NS, Cloud, Rig, assert_chained

from contracts.wire.codec import decode
from contracts.wire.messages import Ack, Event, SignedEvent
from edge.adapters.fake_outbox import MemoryOutbox
from edge.agent import BATCH_ITEMS, GATHER_S
from edge.core.readings import Reading
from edge.ports import Connected, Disconnected, Ended, Item, Took


def all_events(rig: Rig) -> list[Event]:
    rows = rig.outbox.events(rig.core.epoch, 1, 10_000)
    return [decode(SignedEvent, row.payload).body for row in rows]


def test_a_stay_is_told_as_boot_snapshot_arrival_and_departure() -> None:
    rig = Rig()
    rig.empty(1)
    rig.car(10)
    rig.empty(100)
    assert rig.said(None) == [("boot", None)]
    assert rig.said() == [("snapshot", "free"), ("arrival", "occupied"), ("departure", "free")]
    arrival = rig.events()[1]
    assert arrival.boottime_ns == 10 * NS
    assert arrival.boot_id == "boot-1"


def test_numbers_have_no_gap_and_each_space_is_a_chain() -> None:
    rig = Rig()
    for at_s, space in ((1, "S1"), (2, "S2")):
        rig.empty(at_s, space)
    for at_s in range(10, 100, 10):
        rig.car(at_s, "S1")
        rig.empty(at_s + 5, "S2" if at_s % 20 else "S1")
        rig.car(at_s + 6, "S2")
        rig.ack(rig.core.seq)
    events = all_events(rig)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert_chained(events)


def test_restart_goes_on_with_number_and_chain() -> None:
    rig = Rig()
    rig.empty(1)
    rig.car(10)
    again = rig.restarted(60)
    again.car(1)
    again.empty(30)
    events = all_events(again)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert len({event.epoch for event in events}) == 1
    assert_chained(events)


def test_nothing_is_sent_before_it_is_written() -> None:
    outbox = MemoryOutbox()
    rig = Rig(outbox)
    outbox.broken = True
    rig.empty(1)
    rig.car(10)
    assert rig.said() == []
    outbox.broken = False
    rig.wait(1.1)
    assert rig.said() == [("snapshot", "free"), ("arrival", "occupied")]
    assert [event.seq for event in all_events(rig)] == [1, 2, 3]


def test_without_ack_events_are_sent_again_and_less_and_less_often() -> None:
    rig = Rig()
    rig.empty(1)
    sent_at = []
    for _ in range(200):
        before = len(rig.uplink.events())
        rig.wait(1)
        if len(rig.uplink.events()) > before:
            sent_at.append(int(rig.real_s))
    pauses = [b - a for a, b in zip(sent_at, sent_at[1:])]
    assert sent_at[0] <= 3
    assert pauses[0] <= 5
    assert max(pauses) <= 31
    assert pauses == sorted(pauses)


def test_ack_ends_the_sending_again_up_to_and_including_its_number() -> None:
    rig = Rig()
    rig.empty(1)
    rig.car(2)
    rig.ack(2)
    rig.uplink.sent.clear()
    rig.wait(3)
    assert [signed.body.seq for signed in rig.uplink.events()] == [3]
    rig.ack(3)
    rig.uplink.sent.clear()
    rig.wait(100)
    assert rig.uplink.events() == []


def test_window_bounds_what_is_under_way_and_acks_move_it() -> None:
    rig = Rig()
    for second in range(1, 61):
        rig.car(second, value=second % 2)
    assert len(rig.uplink.events()) == 20
    rig.ack(15)
    assert {signed.body.seq for signed in rig.uplink.events()} == set(range(1, 36))


def test_reconnect_sends_all_that_is_unacknowledged_and_subscribes_again() -> None:
    rig = Rig()
    rig.empty(1)
    rig.ack(1)
    rig.give(Disconnected("broker gone"))
    rig.car(2)
    rig.uplink.sent.clear()
    rig.give(Connected())
    assert [signed.body.seq for signed in rig.uplink.events()] == [2, 3]
    assert rig.uplink.subscribed == ["park/v1/gw/gw-1/down/#"] * 2


def test_a_full_uplink_is_tried_again() -> None:
    rig = Rig()
    rig.uplink.full = True
    rig.empty(1)
    assert rig.said() == []
    rig.uplink.full = False
    rig.wait(0.1)
    assert rig.said() == [("snapshot", "free")]


def test_acks_of_an_earlier_epoch_are_ignored() -> None:
    rig = Rig()
    rig.empty(1)
    rig.command(Ack(gateway="gw-1", epoch=0, seq=2))
    rig.command(Ack(gateway="gw-1", epoch=0, seq=99))
    assert rig.agent.unacknowledged == 2
    assert rig.core.odd_acks == 2


def test_an_older_ack_takes_nothing_back() -> None:
    rig = Rig()
    rig.empty(1)
    rig.ack(2)
    rig.ack(1)
    assert rig.agent.unacknowledged == 0


def test_events_asked_for_by_number_are_sent_again_byte_for_byte() -> None:
    rig = Rig()
    rig.empty(1)
    rig.car(2)
    rig.ack(3)
    before = {signed.body.seq: signed for signed in rig.uplink.events()}
    rig.uplink.sent.clear()
    rig.ask("events", 2, 3)
    assert rig.uplink.events() == [before[2], before[3]]
    assert rig.uplink.replies()[-1].accepted


def test_events_no_longer_held_are_refused_with_a_sentence() -> None:
    rig = Rig(MemoryOutbox(keep_acked=0))
    rig.empty(1)
    rig.ack(2)
    rig.car(2)
    rig.ask("events", 1, 2)
    reply = rig.uplink.replies()[-1]
    assert (reply.accepted, reply.code) == (False, "events_gone")
    assert reply.sentence == "Events 1 to 2 of epoch 1 are not held."


def test_snapshot_is_given_on_request_for_every_space() -> None:
    rig = Rig()
    rig.empty(1)
    rig.car(5)
    rig.car(50)
    rig.ask("snapshot")
    assert rig.said()[-1] == ("snapshot", "occupied")
    assert rig.events()[-1].at == rig.clock.wall_at(50 * NS)
    assert rig.said("S2") == [("snapshot", "unknown")]
    assert rig.uplink.replies()[-1].to == "c-a"


def test_status_comes_at_connect_at_each_heartbeat_and_as_will() -> None:
    rig = Rig()
    assert [status.online for status in rig.uplink.statuses()] == [True]
    rig.wait(30)
    assert [status.online for status in rig.uplink.statuses()] == [True, True]
    assert rig.uplink.will is not None
    assert rig.uplink.will.online is False  # type: ignore[union-attr]


def test_the_end_of_the_stream_waits_for_the_acknowledgement() -> None:
    rig = Rig()
    rig.empty(1)
    rig.end()
    assert not rig.agent.finished()
    rig.ack(2)
    assert rig.agent.finished()


def test_the_end_of_the_stream_waits_no_longer_than_it_may() -> None:
    rig = Rig()
    rig.empty(1)
    rig.end()
    rig.wait(29)
    assert not rig.agent.finished()
    rig.wait(2)
    assert rig.agent.finished()


def test_a_cloud_that_loses_half_of_everything_gets_each_event_once() -> None:
    rig, cloud, heard = Rig(), Cloud(), 0
    for second in range(1, 200):
        rig.car(second, value=second % 2)
        rig.wait(1)
        sent = rig.uplink.events()
        lucky = [s.body for n, s in enumerate(sent[heard:], heard) if (n * 7919) % 13 < 6]
        heard = len(sent)
        seq = cloud.acked(lucky)
        if second % 3:
            rig.ack(seq)
    for _ in range(60):
        rig.wait(31)
        rig.ack(cloud.acked([signed.body for signed in rig.uplink.events()]))
    assert sorted(cloud.seen) == list(range(1, rig.core.seq + 1))
    assert rig.agent.unacknowledged == 0


@pytest.mark.parametrize("count", [1, BATCH_ITEMS - 1, BATCH_ITEMS, BATCH_ITEMS + 3])
def test_every_item_of_the_inbox_is_taken_however_many_there_are(count: int) -> None:
    rig = Rig()
    inbox: queue.Queue[Item] = queue.Queue()
    for number in range(count):
        inbox.put(Took(Reading(number * NS, "us-S1", number % 2)))
    inbox.put(Ended())
    rig.agent.run(inbox, inbox.empty)
    told = [event for event in all_events(rig) if event.space == "S1"]
    assert len(told) == count


def test_what_comes_right_after_an_item_is_taken_in_the_same_turn() -> None:
    inbox: queue.Queue[Item] = queue.Queue()
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        inbox.put(Took(Reading(2 * NS, "us-S1", 1)))

    rig = Rig(pause=pause)
    inbox.put(Took(Reading(NS, "us-S1", 0)))
    rig.agent.run(inbox, lambda: bool(pauses))
    assert pauses == [GATHER_S]
    assert [kind for kind, _ in rig.said()] == ["snapshot", "arrival"]


def test_a_full_inbox_is_emptied_without_a_pause() -> None:
    inbox: queue.Queue[Item] = queue.Queue()
    for number in range(3 * BATCH_ITEMS):
        inbox.put(Took(Reading(number * NS, "us-S2", 0)))
    left: list[int] = []
    rig = Rig(pause=lambda seconds: left.append(inbox.qsize()))
    rig.agent.run(inbox, inbox.empty)
    assert all(items < BATCH_ITEMS for items in left)
