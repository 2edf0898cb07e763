"""Whoever has the memory card of a gateway, after a day of stays, has no plate and no key but its

own. Every file of the data folder is searched, as bytes.
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from edge_rig import DOMAIN, MAY_1, Rig, make_grant
from typer.testing import CliRunner

from contracts.wire.commands import signed
from contracts.wire.messages import Ack
from contracts.wire.signing import address_of
from contracts.wire.types import checksummed
from edge.adapters.erasing import FOLD_AFTER_WRITES
from edge.adapters.keys import load_key
from edge.adapters.outbox import BALLAST_FILE, SqliteOutbox
from edge.cli import app
from edge.core.commands import Pinned

CLOUD_KEY = bytes([7]) * 32
OPERATOR_TOKEN = "5ecre7" * 10
BOOKED = [f"沪A{number:05}" for number in range(11111, 11131)]
STRANGERS = [f"粤B{number:05}" for number in range(77001, 77011)]
TOMORROW = "京C90909"
HEX_32 = re.compile(rb"(?<![0-9a-fA-F])(?:0x)?([0-9a-fA-F]{64})(?![0-9a-fA-F])")
STAY_S = 600


@pytest.fixture
def data(tmp_path: Path) -> Path:
    options = ["--gateway", "gw-1", "--broker", "mqtts://broker.example.org", "--chain-id", "31337"]
    options += ["--ledger", checksummed(DOMAIN.ledger), "--commands", address_of(CLOUD_KEY)]
    made = CliRunner().invoke(app, ["init", *options, "--data", str(tmp_path / "gw")])
    assert made.exit_code == 0, made.output
    return tmp_path / "gw"


class Day:
    """Twenty booked cars and ten others, one after the other; the cloud acknowledges all."""

    def __init__(self, data: Path) -> None:
        outbox = SqliteOutbox(data, "gw-1", 1, keep_acked=10_000)
        pinned = Pinned((address_of(CLOUD_KEY),), DOMAIN)
        self.rig = Rig(outbox, camera=True, commands=pinned)
        self.at_s, self._told = 10.0, 0
        self.rig.empty(1)

    def tell(self, message: object) -> None:
        self._told += 1
        at_ms = 1_777_593_600_000 + self._told
        self.rig.command(signed(message, CLOUD_KEY, DOMAIN, at_ms))  # type: ignore[arg-type]

    def expect(self, plate: str, starts_s: float, name: str) -> None:
        starts = MAY_1 + timedelta(seconds=starts_s)
        ends = starts + timedelta(seconds=STAY_S)
        self.tell(
            make_grant(
                id=name, command=f"c-{name}", plates=(plate,), starts_at=starts, ends_at=ends
            )
        )

    def stay(self, plate: str) -> None:
        self.rig.plate(self.at_s, plate)
        self.rig.car(self.at_s + 1)
        self.rig.plate(self.at_s + 2, plate)
        self.rig.car(self.at_s + 30)
        self.rig.empty(self.at_s + STAY_S)
        self.at_s += STAY_S + 60
        self.rig.empty(self.at_s)

    def acknowledge(self) -> None:
        self.tell(Ack(gateway="gw-1", epoch=1, seq=self.rig.core.seq))

    def passes(self, writes: int = FOLD_AFTER_WRITES + 5) -> None:
        """Each a minute: what was seen is written down."""
        for _ in range(writes):
            self.at_s += 60
            self.rig.empty(self.at_s)

    def run(self) -> None:
        for number, plate in enumerate(BOOKED):
            self.expect(plate, self.at_s - 5, f"g-{number}")
            self.stay(plate)
            if number < len(STRANGERS):
                self.stay(STRANGERS[number])
            if number % 3 == 0:
                self.acknowledge()
        self.acknowledge()
        self.passes()


def found(data: Path, text: str) -> list[str]:
    """The files that hold it, in any of the ways in which a text is written down."""
    shapes = [text.encode(way) for way in ("utf-8", "utf-16-le", "gb18030")]
    shapes += [text[1:].encode(), text.encode("unicode_escape")]
    files = [path for path in data.rglob("*") if path.is_file()]
    return [path.name for path in files if any(shape in path.read_bytes() for shape in shapes)]


def test_after_a_day_of_stays_the_card_names_nobody_who_was_there(data: Path) -> None:
    day = Day(data)
    day.run()
    sent = [one.plate.text for one in day.rig.uplink.events() if one.plate]
    assert {*BOOKED, *STRANGERS} <= set(sent), "or what is not found proves nothing"
    assert {
        plate: found(data, plate) for plate in (*BOOKED, *STRANGERS) if found(data, plate)
    } == {}


def test_pulled_out_in_the_midst_of_a_stay_it_names_whom_it_must_know_and_nobody_else(
    data: Path,
) -> None:
    """Who is expected must be known without a network: until his time is over."""
    day = Day(data)
    day.run()
    day.expect(TOMORROW, day.at_s + 86_400, "g-tomorrow")
    day.stay(STRANGERS[0])
    assert found(data, TOMORROW), "the grant"
    assert found(data, STRANGERS[0]), "the cloud has not got it yet"
    day.acknowledge()
    day.at_s += 2 * 86_400
    day.passes()
    assert found(data, STRANGERS[0]) == [] and found(data, TOMORROW) == []


def test_it_holds_its_own_key_in_one_file_and_no_other_key_and_no_token(data: Path) -> None:
    day = Day(data)
    day.run()
    day.rig.outbox.close()
    own = load_key(data)
    places = [path for path in data.rglob("*") if path.is_file() and path.name != BALLAST_FILE]
    assert {"key.hex", "gateway.yaml", "outbox.db"} <= {path.name for path in places}
    assert [path.name for path in places if own.hex().encode() in path.read_bytes()] == ["key.hex"]
    assert found(data, OPERATOR_TOKEN) == [] and found(data, CLOUD_KEY.hex()) == []
    strangers = {address_of(CLOUD_KEY), address_of(own)}
    for path in places:
        keys = {bytes.fromhex(it.decode()) for it in HEX_32.findall(path.read_bytes())}
        if path.name == "key.hex":
            assert keys == {own}
        elif path.name == "outbox.db":
            # Digests, commitments and salts; none of them is a key of anybody we know.
            assert not strangers & {address_of(key) for key in keys if any(key)}
        else:
            assert keys == set(), path.name


def test_what_must_be_secret_is_its_users_alone(data: Path) -> None:
    Day(data).run()
    for name in ("key.hex", "gateway.yaml", "outbox.db"):
        assert (data / name).stat().st_mode & 0o077 == 0, name
