"""One suite of rules for both brokers: who is let in, who says and hears what, who is put out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.core.broker_rules import CLOUD, CONTROL
from contracts.wire.topics import all_down
from tests.broker.catalogue import ABSENT, BROKERS, installed, scene
from tests.broker.peer import CONNACK, PUBACK, PUBLISH, SUBACK, V3, V5, Hello, publish, subscribe
from tests.broker.scene import ENROLLED, HONEST, VICTIM, WRONG, Scene


@pytest.fixture(scope="module", params=list(BROKERS))
def lot(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    if request.param not in installed():
        pytest.skip(ABSENT)
    with scene(Path(tmp_path_factory.mktemp(request.param)), request.param) as made:
        yield made


def test_an_event_is_acknowledged_after_its_commit(lot: Scene) -> None:
    before = lot.effects().events
    assert lot.honest_event()
    assert lot.effects().events == before + 1


def test_a_command_reaches_the_gateway_it_is_for_and_no_other(lot: Scene) -> None:
    with lot.wrong(V3) as other:
        other.send(subscribe(all_down(WRONG), V3))
        assert other.until(SUBACK)
        lot.tell_victim()
        assert other.alive()
        assert [heard for heard in other.heard if heard.kind == PUBLISH] == []


def test_every_version_that_the_broker_speaks_is_let_in_and_others_are_told(lot: Scene) -> None:
    for version in (V3, V5):
        with lot.peer(lot.shown[WRONG], version) as peer:
            assert peer.hello(Hello(WRONG)) is (version in lot.broker.versions)


@pytest.mark.parametrize("client_id", [VICTIM, HONEST, CLOUD, CONTROL, "x"])
def test_a_client_id_is_a_name_that_nobody_can_take_from_another(
    lot: Scene, client_id: str
) -> None:
    client = lot.cloud.wire._client
    with lot.wrong(V3, client_id=client_id) as peer:
        assert peer.alive()
        assert lot.victim.alive()
        assert lot.honest.alive()
    assert lot.cloud.wire._client is client
    assert lot.cloud.wire.connected


def test_a_gateway_that_comes_again_takes_the_place_of_its_older_connection(lot: Scene) -> None:
    with lot.wrong(V3) as older, lot.wrong(V3) as newer:
        assert newer.alive()
        assert older.next() is None
        assert older.closed


def test_the_will_of_a_gateway_is_told_when_its_connection_breaks(lot: Scene) -> None:
    before = lot.effects().heard
    peer = lot.wrong(V3, will_topic=f"park/v1/gw/{WRONG}/up/status", will=b"{}")
    assert peer.alive()
    peer.end()
    for _ in range(20):
        assert lot.honest_event()
        if lot.cloud.wire.counts["malformed"]:
            break
    assert lot.effects().heard > before + 1


def test_who_is_revoked_is_thrown_out_at_once_and_who_is_enrolled_again_is_heard(
    lot: Scene,
) -> None:
    with lot.wrong(V3) as peer:
        assert peer.alive()
        lot.shut(WRONG)
        while peer.next() is not None:
            continue
        assert peer.closed
    with lot.wrong(V3) as again:
        again.send(subscribe(all_down(WRONG), V3))
        answer = again.until(SUBACK)
        assert answer is None or answer.body[-1] == 0x80
    lot.shut()
    with lot.wrong(V3) as back:
        back.send(subscribe(all_down(WRONG), V3))
        answer = back.until(SUBACK)
        assert answer is not None and answer.body[-1] == 1


def test_a_gateway_enrolled_while_the_broker_runs_is_heard_without_a_restart(lot: Scene) -> None:
    shown = lot.papers.of("gw-new")
    lot.broker.door.bring(frozenset((*ENROLLED, "gw-new")), frozenset())
    before = lot.cloud.wire.counts["malformed"]
    with lot.peer(shown) as peer:
        assert peer.hello(Hello("gw-new"))
        peer.send(subscribe(all_down("gw-new"), V3))
        answer = peer.until(SUBACK)
        assert answer is not None and answer.body[-1] == 1
        peer.send(publish("park/v1/gw/gw-new/up/event", b"{}", V3, number=2))
        assert peer.until(PUBACK)
    assert lot.honest_event()
    assert lot.cloud.wire.counts["malformed"] == before + 1
    lot.shut()


def test_a_refused_word_is_acknowledged_and_dropped_in_3_1_1(lot: Scene) -> None:
    """[MQTT-3.3.5-2]: what gateways rely on is the cloud's own acknowledgement."""
    with lot.wrong(V3) as peer:
        peer.send(publish(f"park/v1/gw/{VICTIM}/up/event", b"{}", V3, number=77))
        answer = peer.until(PUBACK)
        assert answer is not None and answer.body == b"\0\x4d"
        assert peer.alive()


def test_nothing_is_kept_for_later(lot: Scene) -> None:
    """Neither broker remembers a session's commands: both sides tell again what matters."""
    with lot.wrong(V3, clean=False) as peer:
        peer.send(subscribe(all_down(WRONG), V3))
        assert peer.until(SUBACK)
    with lot.peer(lot.shown[WRONG]) as again:
        again.send(Hello(WRONG).to_bytes(V3))
        answer = again.until(CONNACK)
        assert answer is not None and answer.body == b"\0\0"
