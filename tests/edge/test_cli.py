import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from contracts.wire.types import checksummed
from edge.cli import app
from edge.errors import ConfigExists, ConfigWrong

INIT = ["init", "--gateway", "gw-1", "--broker", "mqtt://u:secret@127.0.0.1:1", "--chain-id", "1"]
LEDGER = ["--ledger", checksummed("ab" * 20)]


def call(*args: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, args)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout


def test_init_makes_key_and_settings_and_says_the_address(tmp_path: Path) -> None:
    _, said = call(*INIT, *LEDGER, "--data", str(tmp_path), "--json")
    made = json.loads(said)
    config = tmp_path / "gateway.yaml"
    assert made["config"] == str(config)
    assert config.stat().st_mode & 0o777 == 0o600
    assert call("address", "--config", str(config)) == (0, made["address"] + "\n")
    assert call("check-config", str(config))[0] == 0
    with pytest.raises(ConfigExists):
        call(*INIT, *LEDGER, "--data", str(tmp_path))
    config.unlink()
    assert json.loads(call(*INIT, *LEDGER, "--data", str(tmp_path), "--json")[1]) == made


def test_init_with_a_bad_ledger_makes_nothing(tmp_path: Path) -> None:
    data = tmp_path / "new"
    with pytest.raises(ConfigWrong, match=r"ledger\.address"):
        call(*INIT, "--ledger", "0x12", "--data", str(data))
    assert not data.exists()


def test_doctor_names_the_broker_that_does_not_answer_and_the_fix(tmp_path: Path) -> None:
    call(*INIT, *LEDGER, "--data", str(tmp_path))
    code, said = call("doctor", "--config", str(tmp_path / "gateway.yaml"), "--json")
    found = {check["check"]: check for check in json.loads(said)}
    assert code == 1
    assert (found["key"]["ok"], found["data"]["ok"], found["broker"]["ok"]) == (True, True, False)
    assert "127.0.0.1:1 does not answer" in found["broker"]["sentence"]
    assert "secret" not in said
