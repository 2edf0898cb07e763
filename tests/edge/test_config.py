from pathlib import Path

import pytest

from contracts.wire.types import checksummed
from edge.config import TEMPLATE, Config, parse_config, read_config
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
        ("s: 5", "s: yes", "6:16: timing.heartbeat_s is True, but must be a number from 1 "),
        ("heartbeat_s", "heart_s", "6:3: timing.heart_s is not a setting; here there are heart"),
        ("data: data\n", "", "1:1: data is missing."),
        ("gw-1", "gw 1", "1:10: gateway is 'gw 1', but must look like "),
        (
            "mqtt://localhost:1883",
            "http://localhost",
            "3:9: broker must be written like mqtt://host:1883",
        ),
        ("mqtt://localhost:1883", "mqtt://u:secret@h:99999", "3:9: broker must be written like"),
        (f'"{ADDRESS}"', ADDRESS, "4:32: ledger.address is "),
        ("chain_id: 1", "chain_id: 0", "4:20: ledger.chain_id is 0, but must be a whole number "),
        ("timing:\n  heartbeat_s: 5", "timing: 5", "5:9: timing must be a section of `key: "),
        ("data: data", "data: a\ndata: b", "3:1: data is set twice; keep one of them."),
        ("data: data", "data: &x [*x]", "2:7: Aliases (& and *) are not used here."),
        ("data: data", "data: [1", "3:7: This does not read as YAML: "),
        ("data: data", "7: data", "2:1: A setting's name is a plain word."),
    ],
)
def test_a_mistake_is_one_sentence_with_file_line_and_column(old: str, new: str, said: str) -> None:
    with pytest.raises(ConfigWrong) as wrong:
        parse_config(GOOD.replace(old, new).encode(), "gateway.yaml")
    assert str(wrong.value).startswith(f"gateway.yaml:{said}")
    assert "secret" not in str(wrong.value)


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


def test_the_template_is_good_and_its_comments_name_every_setting_with_its_default() -> None:
    text = TEMPLATE.format(gateway="gw-1", broker="mqtt://h", chain_id=1, ledger=ADDRESS)
    plain = parse_config(text.encode(), "f")
    uncommented = text.replace("# timing:", "timing:").replace("# limits:", "limits:")
    assert parse_config(uncommented.replace("\n#   ", "\n  ").encode(), "f") == plain
    for section in (
        *Config.model_fields,
        *type(plain.timing).model_fields,
        *type(plain.limits).model_fields,
    ):
        assert f"{section}:" in text  # fmt: skip


def test_a_missing_file_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ConfigMissing, match="berth-edge init"):
        read_config(tmp_path / "none.yaml")
