import json
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from contracts.wire.types import checksummed
from edge.adapters.checks import Level, Machine
from edge.adapters.doctor import check_all
from edge.adapters.machine_checks import check_commands
from edge.adapters.mqtt import BrokerAddress
from edge.adapters.mqtt_probe import ask_broker
from edge.cli import app
from edge.commands.health import exit_code
from edge.config import read_config
from edge.errors import ConfigExists, OptionsWrong
from tests.edge.edge_settings import SETTINGS

INIT = ["init", "--gateway", "gw-1", "--broker", "mqtt://u:secret@127.0.0.1:1", "--chain-id", "1"]
LEDGER = ["--ledger", checksummed("ab" * 20)]
NOBODY = "0x" + "0" * 40
PINNED = f'commands: "{NOBODY}"\n'


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


def test_init_names_every_wrong_option_in_words_and_makes_nothing(tmp_path: Path) -> None:
    data = tmp_path / "file" / "new"
    (tmp_path / "file").write_text("")
    with pytest.raises(OptionsWrong) as wrong:
        call(
            *("init", "--gateway", "gw 1", "--broker", "mqtts//u:secret@x", "--chain-id", "one"),
            *("--ledger", "0x12", "--data", str(data)),
        )
    said = str(wrong.value).splitlines()
    assert wrong.value.exit_code == 2
    assert [line.split()[0] for line in said] == [
        *("--gateway", "--broker", "--chain-id", "--ledger", "--data")
    ]
    assert said[0].startswith("--gateway is 'gw 1', but must be 1 to 64 letters, digits, dots, ")
    assert said[1].startswith("--broker is 'mqtts//***@x', but must be written like mqtt://host")
    assert said[2].startswith("--chain-id is 'one', but must be a whole number from 1 to ")
    assert said[3].startswith("--ledger is '0x12', but must be 0x and 40 hex digits")
    assert "cannot be made" in said[4]
    assert "^" not in str(wrong.value)


def test_init_without_options_names_all_that_it_needs(tmp_path: Path) -> None:
    with pytest.raises(OptionsWrong) as wrong:
        call("init", *INIT[1:3], "--data", str(tmp_path / "new"))
    said = str(wrong.value).splitlines()
    assert [" ".join(line.split()[:3]) for line in said] == [
        *("--broker is missing;", "--chain-id is missing;", "--ledger is missing;")
    ]
    assert not (tmp_path / "new").exists()


def test_the_version_is_that_of_the_package() -> None:
    assert call("--version") == (0, f"berth-edge {version('berth')}\n")


def test_check_config_takes_its_file_either_way(tmp_path: Path) -> None:
    call(*INIT, *LEDGER, "--data", str(tmp_path))
    config = str(tmp_path / "gateway.yaml")
    bare, named = call("check-config", config), call("check-config", "--config", config)
    assert bare == named
    assert bare[0] == 0
    assert call("check-config", config, "--config", "other.yaml")[0] == 2


def test_check_config_warns_of_a_lamp_on_a_pin_that_moves_and_of_no_other(tmp_path: Path) -> None:
    config = tmp_path / "gateway.yaml"
    plain = SETTINGS.partition("sensors:")[0]
    config.write_text(plain + PINNED + "outputs: {S1: {green: 5, red: 17, buzzer: 14, lock: 25}}\n")
    code, said = call("check-config", str(config))
    warnings = [line for line in said.splitlines() if line.startswith("warning: ")]
    assert code == 0
    assert [line.split()[2] for line in warnings] == ["green:", "buzzer:"]
    assert all("take 12, 13, or 16 to 27" in line for line in warnings)


def test_a_gateway_that_anybody_may_command_is_told_so(tmp_path: Path) -> None:
    config = tmp_path / "gateway.yaml"
    plain = SETTINGS.partition("sensors:")[0]
    for text, level in ((plain, Level.WARNING), (plain + PINNED, Level.OK)):
        config.write_text(text)
        said = call("check-config", str(config))[1]
        assert ("commands is not set" in said) is (level is Level.WARNING)
        assert check_commands(read_config(config)).level is level


def test_init_pins_whose_commands_are_believed(tmp_path: Path) -> None:
    call(*INIT, *LEDGER, "--commands", NOBODY, "--data", str(tmp_path))
    assert read_config(tmp_path / "gateway.yaml").commands == [NOBODY]


def test_run_tells_every_mistake_and_starts_nothing(tmp_path: Path) -> None:
    call(*INIT, *LEDGER, "--data", str(tmp_path))
    config = tmp_path / "gateway.yaml"
    text = config.read_text().replace("chain_id: 1", "chain_id: -4").replace("mqtt://", "mqtts//")
    config.write_text(text + "heartbeat: 5\n")
    before = sorted(tmp_path.iterdir())
    for command in (("check-config",), ("run", "--readings", "-"), ("doctor",)):
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                "from edge.cli import main; main()",
                *command,
                "--config",
                str(config),
            ],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
        )
        assert done.returncode == 2
        said = done.stderr.splitlines()
        assert [line.split(" ")[1] for line in said] == ["broker", "ledger.chain_id", "heartbeat"]
        assert "secret" not in done.stdout + done.stderr
    assert sorted(tmp_path.iterdir()) == before


def test_doctor_names_the_broker_that_does_not_answer_and_the_fix(tmp_path: Path) -> None:
    call(*INIT, *LEDGER, "--data", str(tmp_path))
    code, said = call("doctor", "--config", str(tmp_path / "gateway.yaml"), "--json")
    found = {check["check"]: check for check in json.loads(said)}
    assert code == 1
    assert (found["key"]["ok"], found["data"]["ok"], found["broker"]["ok"]) == (True, True, False)
    assert found["broker"]["level"] == "failed"
    assert "127.0.0.1:1 does not answer" in found["broker"]["sentence"]
    assert found["broker"]["remedy"].startswith("Check `broker` in the settings")
    assert "secret" not in said


@pytest.mark.parametrize(
    ("board", "synced", "sensors", "clock"),
    [
        ("", False, "simulated: ", Level.WARNING),
        ("", True, "simulated: ", Level.OK),
        ("Raspberry Pi 4 Model B Rev 1.4", False, "Raspberry Pi 4 Model B Rev 1.4; ", Level.FAILED),
    ],
)
def test_the_machines_own_clock_fails_only_where_readings_may_take_their_time_from_it(
    tmp_path: Path, board: str, synced: bool, sensors: str, clock: Level
) -> None:
    call(*INIT, *LEDGER, "--data", str(tmp_path))
    config = read_config(tmp_path / "gateway.yaml")
    found = {check.name: check for check in check_all(config, Machine(board, synced))}
    assert found["sensors"].sentence.startswith(sensors)
    assert found["sensors"].level is Level.OK
    assert found["clock"].level is clock
    assert found["clock"].ok is (clock is not Level.FAILED)


def answering(server: socket.socket, answer: bytes, asked: list[bytes]) -> threading.Thread:
    """A broker that takes one client and answers its CONNECT."""

    def serve() -> None:
        link, _ = server.accept()
        with link:
            asked.append(link.recv(1000))
            link.sendall(answer)
            with suppress(OSError):  # The one who asked may have gone.
                link.shutdown(socket.SHUT_WR)
            link.recv(1000)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return thread


def test_doctor_with_nothing_but_warnings_exits_0(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        broker = ("--broker", f"mqtt://127.0.0.1:{port}")
        call(*INIT[:3], *broker, *INIT[5:], *LEDGER, "--data", str(tmp_path))
        answering(server, b"\x20\x02\x00\x00", [])
        checks = check_all(read_config(tmp_path / "gateway.yaml"), Machine("", False))
    assert [check.name for check in checks if check.level is not Level.OK] == [
        "commands",
        "clock",
    ]
    assert exit_code(checks) == 0


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"\x20\x02\x00\x00", None),
        (b"\x20\x02\x00\x04", "user or password is wrong"),
        (b"\x20\x02\x00\x09", "it refuses with code 9"),
        (b"HTTP/1.1 400", "what answers there is no MQTT broker"),
        (b"\x20", "what answers there is no MQTT broker"),
    ],
)
def test_a_broker_is_asked_to_let_us_in_and_its_refusal_is_told(
    answer: bytes, said: str | None
) -> None:
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        broker = BrokerAddress("127.0.0.1", server.getsockname()[1], "user", "secret")
        thread = answering(server, answer, asked)
        assert ask_broker(broker, "gw-1") == said
        thread.join(5)
    assert asked[0][0] == 0x10
    assert b"\x00\x04MQTT\x04\xc2" in asked[0]
    assert b"\x00\x0bgw-1-doctor\x00\x04user\x00\x06secret" in asked[0]
