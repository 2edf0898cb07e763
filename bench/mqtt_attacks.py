"""Scripted attacks on both brokers and the real consumer: `python -m bench.mqtt_attacks`.

Each is tried over every MQTT version that the broker speaks, and is refused only if nothing of it
got through, nobody else was disturbed, and the honest gateway's next event was committed and
acknowledged (tests/broker/attacks.py). Exit status 1 if one was not refused.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bench.rows import Row, result
from tests.broker.attacks import Tried, run, told
from tests.broker.catalogue import ABSENT, ALL, BROKERS, installed, scene

LEAST = 60


def tried() -> list[Tried]:
    """On every broker that is installed; what is absent is said."""
    found: list[Tried] = []
    for name in BROKERS:
        if name not in installed():
            print(f"{name}: left out: {ABSENT}")
            continue
        with tempfile.TemporaryDirectory() as folder, scene(Path(folder), name) as made:
            found += run(made, ALL)
    return found


def rows() -> list[Row]:
    found = tried()
    print(f"{len({one.name for one in found})} attacks")
    print(told(found))
    refused = sum(one.refused for one in found)
    every = float(len(found))
    return [
        result("gate.mqtt_attacks.tried", every, "attacks", ("the least", float(LEAST)), 0),
        result("gate.mqtt_attacks.refused", float(refused), "attacks", ("tried", every), 0),
    ]


if __name__ == "__main__":
    made = rows()
    sys.exit(0 if made[0]["value"] == made[1]["value"] else 1)
