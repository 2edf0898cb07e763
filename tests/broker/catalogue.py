"""All attacks, and the scenes that they are tried in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.broker import (
    attacks_events,
    attacks_identity,
    attacks_load,
    attacks_packets,
    attacks_topics,
    attacks_v5,
)
from tests.broker.attacks import Attack
from tests.broker.brokers import MOSQUITTO, Embedded, Mosquitto
from tests.broker.papers import Papers
from tests.broker.scene import ENROLLED, Scene

FAMILIES: dict[str, list[Attack]] = {
    "identity": attacks_identity.CATALOGUE.attacks,
    "topics": attacks_topics.CATALOGUE.attacks,
    "packets": attacks_packets.CATALOGUE.attacks,
    "MQTT 5": attacks_v5.CATALOGUE.attacks,
    "events": attacks_events.CATALOGUE.attacks,
    "load": attacks_load.CATALOGUE.attacks,
}
ALL = [one for family in FAMILIES.values() for one in family]
BROKERS = {"mosquitto": Mosquitto, "embedded": Embedded}
ABSENT = "mosquitto is not installed here (apt install mosquitto)"


def installed() -> list[str]:
    return [name for name in BROKERS if name != "mosquitto" or MOSQUITTO is not None]


@contextmanager
def scene(folder: Path, broker: str) -> Iterator[Scene]:
    papers = Papers(folder / "papers")
    running = BROKERS[broker](folder / "broker", papers, ENROLLED)
    (folder / "cloud").mkdir()
    made = Scene(folder / "cloud", running, papers)
    try:
        yield made
    finally:
        made.end()
