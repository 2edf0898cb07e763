"""What the cloud says goes into the settings file, and nothing else in it changes."""

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.wire.types import checksummed
from edge.adapters.settings_values import with_values, write_values
from edge.config import Answers, parse_config, write_settings
from edge.errors import SettingsUnwritable
from tests.edge.edge_settings import SETTINGS

LEDGER = checksummed("0x" + "ab" * 20)
COMMANDS = checksummed("0x" + "cd" * 20)
TEXT = write_settings(Answers("gw-1", "mqtt://u:secret@a:1", "1", checksummed("0x" + "12" * 20)))
VALUES: dict[str, str | int] = {
    "broker": "mqtts://b:8883",
    "ledger.chain_id": 31337,
    "ledger.address": LEDGER,
    "commands": COMMANDS,
}


@pytest.mark.parametrize("text", [TEXT, SETTINGS, SETTINGS + "\n# the end"])
def test_the_values_are_put_in_and_every_other_line_stays(text: str) -> None:
    changed = with_values(text, VALUES)
    read = parse_config(changed.encode(), "gateway.yaml")
    assert (read.broker, read.ledger.chain_id, read.ledger.address) == (
        "mqtts://b:8883",
        31337,
        LEDGER,
    )
    assert COMMANDS in str(read.commands)
    kept = [line for line in text.splitlines() if not line.lstrip().startswith(tuple("bcal"))]
    assert [line for line in kept if line not in changed.splitlines()] == []
    assert with_values(changed, VALUES) == changed


@given(
    st.integers(1, 2**53 - 1), st.from_regex(r"mqtts?://[a-z]{1,9}:[1-9][0-9]{1,3}", fullmatch=True)
)
def test_what_is_put_in_is_read_back(chain_id: int, broker: str) -> None:
    changed = with_values(TEXT, {"ledger.chain_id": chain_id, "broker": broker})
    read = parse_config(changed.encode(), "gateway.yaml")
    assert (read.ledger.chain_id, read.broker) == (chain_id, broker)
    assert len(changed.splitlines()) == len(TEXT.splitlines())


def test_the_file_keeps_its_mode_and_is_left_alone_where_nothing_changes(tmp_path: Path) -> None:
    path = tmp_path / "gateway.yaml"
    path.write_text(TEXT)
    path.chmod(0o640)
    assert write_values(path, VALUES)
    assert not write_values(path, VALUES)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_value_that_would_not_read_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "gateway.yaml"
    path.write_text(TEXT)
    with pytest.raises(SettingsUnwritable, match="cannot be read"):
        write_values(path, {"broker": "http://b"})
    assert path.read_text() == TEXT
