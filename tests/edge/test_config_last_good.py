"""Safe mode: a gateway on a wall goes on with the settings it last ran with."""

from pathlib import Path

import pytest

from contracts.wire.types import checksummed
from edge.config import read_config_or_last_good, remember_good
from edge.errors import ConfigMissing, ConfigWrong

GOOD = f"""\
gateway: gw-1
data: .
broker: mqtt://u:secret@localhost:1883
ledger: {{chain_id: 1, address: "{checksummed("ab" * 20)}"}}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.yaml"
    path.write_text(GOOD)
    return path


def test_a_broken_file_starts_the_last_good_one_and_every_mistake_is_told(path: Path) -> None:
    assert read_config_or_last_good(path)[1] == []
    assert remember_good(path)
    path.write_text(GOOD.replace("chain_id: 1", "chain_id: 0").replace("gw-1", "gw 1"))
    config, mistakes = read_config_or_last_good(path)
    assert (config.gateway, config.data_path) == ("gw-1", path.parent)
    assert [mistake.line for mistake in mistakes] == [1, 4]


def test_a_file_that_is_gone_starts_the_last_good_one(path: Path) -> None:
    remember_good(path)
    path.unlink()
    config, mistakes = read_config_or_last_good(path)
    assert config.gateway == "gw-1"
    assert "no configuration file" in mistakes[0].sentence


@pytest.mark.parametrize("good", [None, "gateway: [", ""])
def test_without_a_last_good_one_nothing_starts(path: Path, good: str | None) -> None:
    path.write_text("gateway: 5\n")
    if good is not None:
        path.with_name("gateway.yaml.good").write_text(good)
    with pytest.raises(ConfigWrong, match=r"gateway.yaml:1:1: data is missing"):
        read_config_or_last_good(path)
    path.unlink()
    with pytest.raises(ConfigMissing):
        read_config_or_last_good(path)


def test_the_copy_is_private_and_written_only_when_the_settings_changed(path: Path) -> None:
    assert remember_good(path)
    good = path.with_name("gateway.yaml.good")
    first = good.stat().st_mtime_ns, good.stat().st_ino
    assert good.stat().st_mode & 0o777 == 0o600
    assert remember_good(path)
    assert (good.stat().st_mtime_ns, good.stat().st_ino) == first
    path.write_text(GOOD + "tz: UTC\n")
    assert remember_good(path)
    assert good.read_text().endswith("tz: UTC\n")
    assert sorted(p.name for p in path.parent.iterdir()) == ["gateway.yaml", "gateway.yaml.good"]


def test_a_folder_that_cannot_be_written_does_not_stop_the_gateway(tmp_path: Path) -> None:
    assert remember_good(tmp_path / "none" / "gateway.yaml") is False
