"""A share of the attacks on every change; all of them: python -m bench.mqtt_attacks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from zlib import crc32

import pytest

from tests.broker.attacks import Attack, run, told
from tests.broker.catalogue import ABSENT, ALL, BROKERS, FAMILIES, installed, scene
from tests.broker.peer import V3, V5, publish
from tests.broker.scene import Scene

SHARE = 9


@pytest.fixture(scope="module", params=list(BROKERS))
def attacked(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    if request.param not in installed():
        pytest.skip(ABSENT)
    with scene(Path(tmp_path_factory.mktemp(request.param)), request.param) as made:
        yield made


def share(attacks: list[Attack], scene: Scene) -> Iterator[Attack]:
    """Every ninth, others at each broker, each over one of the versions."""
    for one in attacks:
        drawn = crc32(f"{scene.broker.name}{one.name}".encode())
        spoken = [version for version in one.versions if version in scene.broker.versions]
        if spoken and drawn % SHARE == 0:
            yield replace(one, versions=(spoken[drawn // SHARE % len(spoken)],))


@pytest.mark.parametrize("family", list(FAMILIES))
def test_a_share_of_the_attacks_is_refused_and_the_honest_gateway_is_heard_after_each(
    attacked: Scene, family: str
) -> None:
    tried = run(attacked, share(FAMILIES[family], attacked))
    assert [one for one in tried if not one.refused] == [], told(tried)


def test_the_catalogue_has_the_attacks_that_were_promised() -> None:
    names = [one.name for one in ALL]
    assert len(names) == len(set(names)), "each has a name of its own"
    assert len(ALL) >= 200
    assert sum(V3 in one.versions for one in ALL) >= 60
    assert sum(V5 in one.versions for one in ALL) >= 60
    assert not [one.name for one in ALL if set(one.versions) - {V3, V5}]


def test_an_attack_that_gets_through_is_told(attacked: Scene) -> None:
    """The judge itself: what an enrolled gateway may do is no refusal."""

    def reports(scene: Scene, version: int) -> str:
        scene.honest_event()
        with scene.wrong(V3) as peer:
            peer.send(publish("park/v1/gw/gw-2/up/status", b"{}", V3))
            peer.alive()
        return ""

    passed = Attack("a report on its own topic", reports, (V3,)).run(attacked, V3)
    assert passed.why == "1 messages reached the cloud"
    assert "THROUGH" in told([passed])
