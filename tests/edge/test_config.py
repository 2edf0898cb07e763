from dataclasses import replace
from pathlib import Path

import pytest

from contracts.wire.types import checksummed
from edge.config import (
    Answers,
    Config,
    FoundSensor,
    PageSpec,
    parse_config,
    read_config,
    write_settings,
)
from edge.errors import ConfigMissing, ConfigWrong

ADDRESS = checksummed("ab" * 20)
GOOD = f"""\
gateway: gw-1
data: data
broker: mqtt://localhost:1883
ledger: {{chain_id: 1, address: "{ADDRESS}"}}
timing:
  heartbeat_s: 5
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("s: 5", "s: 0", "6:16: timing.heartbeat_s is 0, but must be a number from 1 to 3600."),
        ("s: 5", "s: yes", "6:16: timing.heartbeat_s is yes, but must be a number from 1 to "),
        ("s: 5", "s: -.inf", "6:16: timing.heartbeat_s is -.inf, but must be a number from 1 to"),
        ("s: 5", "s:", "6:15: timing.heartbeat_s is empty, but must be a number from 1 to 3600."),
        ("heartbeat_s", "heart_s", "6:3: timing.heart_s is not a setting; did you mean timing.h"),
        ("heartbeat_s", "zzz", "6:3: timing.zzz is not a setting; here there are heartbeat_s, "),
        ("timing:", "Timing:", "5:1: Timing is not a setting; did you mean timing?"),
        ("data: data\n", "", "1:1: data is missing; it must be a folder's path."),
        ("data: data", "data: [a, b]", "2:7: data is a list, but must be a folder's path."),
        ("data: data", "data: 5", "2:7: data is 5, but must be a folder's path, in quotes."),
        ("gw-1", "gw 1", "1:10: gateway is 'gw 1', but must be 1 to 64 letters, digits, dots, "),
        ("data: data", "data: d\nspaces: [S1, S 2]", "3:14: spaces[1] is 'S 2', but must be 1 to "),
        ("gw-1", '"gw\\nmqtt://u:secret@h"', "1:10: gateway is 'gw\\nmqtt://***@h', but must be"),
        ("data: data", "data: d\nspaces: S1", "3:9: spaces is 'S1', but must be a list of at mos"),
        (
            "mqtt://localhost:1883",
            "http://localhost",
            "3:9: broker is 'http://localhost', but must be written like mqtt://host:1883",
        ),
        (
            "mqtt://localhost:1883",
            "mqtt://u:secret@h:99999",
            "3:9: broker is 'mqtt://***@h:99999', but must be written like",
        ),
        ("mqtt://localhost:1883", "u:secret@h", "3:9: broker is '***@h', but must be written li"),
        ("mqtt://localhost:1883", "mqtt://u:secret", "3:9: broker is 'mqtt://u:***', but must be"),
        ("mqtt://localhost:1883", "[u:secret@h]", "3:9: broker is a list, but must be written "),
        ("broker: mqtt://localhost", "brokr: mqtt://u:secret@h", "1:1: broker is missing; it mu"),
        (
            f'"{ADDRESS}"',
            ADDRESS,
            f"4:32: ledger.address is {ADDRESS}, but must be 0x and 40 hex digits, with the capi",
        ),
        ("chain_id: 1", "chain_id: 0", "4:20: ledger.chain_id is 0, but must be a whole number "),
        (
            "timing:\n  heartbeat_s: 5",
            "timing: 5",
            "5:9: timing is 5, but must be a section of `key: ",
        ),
        ("data: data", "data: a\ndata: b", "3:1: data is set twice; keep one of them."),
        ("data: data", "data: 2026-05-01", "2:7: This is no plain value; put it in quotes."),
        ("data: data", "data: !!timestamp x", "2:7: This is no plain value; put it in quotes."),
        ("data: data", "data: !!set {a}", "2:7: This is no plain value; put it in quotes."),
        ("data: data", "data: d\n!!str [a]: 5", "3:1: A setting's name is a plain word."),
        ("data: data", 'data: d\n"\\nmqtt://u:secret@h": 5', "3:1: '\\nmqtt://***@h' is not a s"),
        ("data: data", "data: d\n<<: 5", "3:1: A setting's name is a plain word."),
        ("data: data", "data: &x [*x]", "2:7: Aliases (& and *) are not used here."),
        ("data: data", "data: [1", "3:7: This does not read as YAML: "),
        ("data: data", "data: d\n7: data", "3:1: A setting's name is a plain word."),
    ],
)
def test_a_mistake_is_one_sentence_with_file_line_and_column(old: str, new: str, said: str) -> None:
    with pytest.raises(ConfigWrong) as wrong:
        parse_config(GOOD.replace(old, new).encode(), "gateway.yaml")
    assert str(wrong.value).startswith(f"gateway.yaml:{said}")
    assert "secret" not in str(wrong.value)


def said_of(text: str) -> list[str]:
    with pytest.raises(ConfigWrong) as wrong:
        parse_config(text.encode(), "f")
    return str(wrong.value).splitlines()


def test_every_mistake_is_told_one_a_line_sorted_by_line() -> None:
    text = f"heartbeat: 10\n{GOOD}".replace("mqtt://localhost:1883", "mqtts//x")
    assert said_of(text.replace("chain_id: 1", "chain_id: -4")) == [
        "f:1:1: heartbeat is not a setting; did you mean timing.heartbeat_s?",
        "f:4:9: broker is 'mqtts//x', but must be written like mqtt://host:1883 or "
        "mqtt://user:password@host:1883, or mqtts://host:8883.",
        "f:5:20: ledger.chain_id is -4, but must be a whole number from 1 to 9007199254740991.",
    ]


def test_what_yaml_itself_cannot_tell_stands_beside_the_other_mistakes() -> None:
    said = said_of(GOOD.replace("s: 5", "s: 0") + "data: b\n7: x\nspaces: &x [*x]\n")
    assert [line.split(": ")[0] for line in said] == ["f:6:16", "f:7:1", "f:8:1", "f:9:9"]


def test_a_flood_of_mistakes_is_cut_and_counted() -> None:
    said = said_of(GOOD + "spaces: [" + "'a b', " * 100 + "]\n")
    assert len(said) == 21
    assert said[-1] == "f: and 80 more."


@pytest.mark.parametrize(
    "raw", [b"", b"[1]", b"\x00", b"\xff\xfe", b"x: !!python/object:os.system 1"]
)
def test_what_is_no_settings_file_is_refused(raw: bytes) -> None:
    with pytest.raises(ConfigWrong, match=r"^f:1:\d+: "):
        parse_config(raw, "f")


def test_defaults_hold_and_a_relative_data_folder_starts_at_the_file(tmp_path: Path) -> None:
    path = tmp_path / "gateway.yaml"
    path.write_text(GOOD)
    config = read_config(path)
    assert config.data_path == tmp_path / "data"
    assert (config.timing.heartbeat_s, config.timing.plate_wait_s) == (5, 5)
    assert config.window.events == 20


MADE = Answers("gw-1", "mqtt://h", "1", ADDRESS, "Asia/Shanghai")


def uncommented(text: str) -> str:
    """With every example in force: `#   key: value` lines, and the section above them."""
    sections = ("sensors", "cameras", "plates", "outputs", "calibration", "page", "timing")
    for section in (*sections, "limits"):
        text = text.replace(f"# {section}:", f"{section}:")
    lines = text.replace("\n#   ", "\n  ").splitlines()
    return "\n".join(line for line in lines if "several of one kind" not in line)


def test_the_template_is_good_and_its_comments_name_every_setting_with_its_default() -> None:
    text = write_settings(MADE)
    plain, full = parse_config(text.encode(), "f"), parse_config(uncommented(text).encode(), "f")
    assert (full.timing, full.limits, full.page) == (plain.timing, plain.limits, PageSpec())
    assert set(full.sensors) == {"us0", "us1", "us2", "mag0", "temp0"}
    assert full.outputs["S1"].barrier == 26
    assert full.calibration["S1"].empty_ut == (12.0, -3.1, 40.2)
    for model in (Config, *(type(part) for part in (plain.timing, plain.limits))):
        for setting in model.model_fields:
            assert f"{setting}:" in text


def test_what_was_found_on_the_bus_is_in_force_once_it_has_a_space_and_else_a_comment() -> None:
    given = FoundSensor("mag0", "qmc5883l", "S7", 1, 0x0D)
    waiting = FoundSensor("mag1", "qmc5883p", "", 1, 0x2C)
    both = parse_config(write_settings(replace(MADE, found=(given, waiting))).encode(), "f")
    assert {name: spec.space for name, spec in both.sensors.items()} == {"mag0": "S7"}
    assert both.sensors["mag0"].address == 0x0D
    assert parse_config(write_settings(replace(MADE, found=(waiting,))).encode(), "f").sensors == {}


def test_a_missing_file_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ConfigMissing, match="berth-edge init"):
        read_config(tmp_path / "none.yaml")
