"""The sections of what hangs on the gateway: each mistake at its place, all of them at once."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from contracts.wire.types import checksummed
from edge.config import Config, parse_config
from edge.errors import ConfigWrong

HEAD = f"""\
gateway: gw-1
data: data
broker: mqtt://localhost:1883
ledger: {{chain_id: 1, address: "{checksummed("ab" * 20)}"}}
"""
US = "{kind: hc-sr04, space: S1, trigger: 23, echo: 24}"
GOOD = f"""\
{HEAD}sensors:
  us0: {US}
  us1: {{kind: a02yyuw, space: S2, port: /dev/ttyAMA0}}
  mag0: {{kind: auto, space: S1, bus: 1, mux: 0x70, mux_channel: 0}}
  mag1: {{kind: qmc5883l, space: S2, bus: 1, address: 0x0D, mux: 0x70, mux_channel: 1}}
  temp0: {{kind: ds18b20, device: 28-00000abcdef0}}
cameras:
  cam0: {{space: S1, source: "rtsp://u:pw@10.0.0.9:554/h264?channel=1"}}
outputs:
  S1: {{green: 17, red: 27}}
calibration:
  S1: {{empty_m: 2.31, empty_ut: [12.0, -3, 40.2], car_ut: 14.2, margin: 4.7}}
page: {{host: 0.0.0.0, port: 8080}}
tz: Asia/Shanghai
"""


def parsed(text: str) -> Config:
    return parse_config(text.encode(), "f")


def said_of(text: str) -> list[str]:
    with pytest.raises(ConfigWrong) as wrong:
        parsed(text)
    return str(wrong.value).splitlines()


def test_every_section_reads_as_written() -> None:
    config = parsed(GOOD)
    assert config.sensors["mag1"].address == 0x0D
    assert config.sensors["us0"].echo == 24
    assert config.calibration["S1"].empty_ut == (12.0, -3.0, 40.2)
    assert (config.page and config.page.host) == "0.0.0.0"
    assert config.tz == "Asia/Shanghai"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("echo: 24", "echo: 28", "6:54: sensors.us0.echo is 28, but must be a BCM pin number fr"),
        ("echo: 24", "echo: yes", "6:54: sensors.us0.echo is yes, but must be a BCM pin number"),
        (", echo: 24", "", "6:8: sensors.us0 (hc-sr04) needs echo."),
        (", trigger: 23, echo: 24", "", "6:8: sensors.us0 (hc-sr04) needs trigger and echo."),
        (
            "echo: 24",
            "echo: 24, port: /dev/x",
            "6:58: sensors.us0.port is not for hc-sr04, which takes kind, space, trigger, echo.",
        ),
        ("echo: 24", "eco: 24", "6:8: sensors.us0 (hc-sr04) needs echo."),
        ("kind: hc-sr04", "kind: hcsr04", "6:15: sensors.us0.kind is 'hcsr04', but must be one of"),
        (f"us0: {US}", "us0: 5", "6:8: sensors.us0 is 5, but must be a section of `key: value` l"),
        ("us0:", "us 0:", "6:3: us 0 is no name; it must be 1 to 64 letters, digits, dots, "),
        (
            "echo: 24",
            "echo: 23",
            "6:54: sensors.us0.echo is 23, but BCM 23 is sensors.us0.trigger already; each pin has",
        ),
        ("green: 17", "green: 24", "14:15: outputs.S1.green is 24, but BCM 24 is sensors.us0.echo"),
        ("red: 27", "red: 3", "14:24: outputs.S1.red is 3, but BCM 3 is the I2C bus of sensors.ma"),
        ("red: 27", "red: 14", "14:24: outputs.S1.red is 14, but BCM 14 is the serial port of sen"),
        ("mux: 0x70,", "mux: 70,", "8:46: sensors.mag0.mux is 70, but must be an address from 0x"),
        ("mux_channel: 0", "mux_channel: 8", "8:65: sensors.mag0.mux_channel is 8, but must be a"),
        ("address: 0x0D", "address: 0x80", "9:54: sensors.mag1.address is 0x80, but must be an I"),
        (", mux_channel: 0", "", "8:41: sensors.mag0 needs both mux and mux_channel."),
        (
            "mux_channel: 0",
            "mux_channel: 1",
            "9:3: sensors.mag1 (0x0D on bus 1) cannot be told from sensors.mag0; give each another",
        ),
        (", mux: 0x70, mux_channel: 0", "", "9:3: sensors.mag1 (0x0D on bus 1) cannot be told f"),
        ("28-00000abcdef0", "28-xyz", "10:34: sensors.temp0.device is '28-xyz', but must be a DS1"),
        ("device:", "space: S1, device:", "10:26: sensors.temp0.space is not for ds18b20, which "),
        ("port: /dev/ttyAMA0", "port: ttyAMA0", "7:41: sensors.us1.port is 'ttyAMA0', but must be"),
        ('"rtsp://u:pw@', '"rstp://u:pw@', "12:29: cameras.cam0.source is 'rstp://***@10.0.0.9:55"),
        ("S1, source", "S9, source", "12:17: cameras.cam0.space names space 'S9', but sensors wat"),
        (
            "red: 27",
            "lock: 4",
            "14:25: outputs.S1.lock is 4, but BCM 4 is pulled up until the gate",
        ),
        (
            "red: 27",
            "barrier: 8",
            "14:28: outputs.S1.barrier is 8, but BCM 8 is pulled up until the",
        ),
        ("S1: {green", "S3: {green", "14:3: outputs.S3 names space 'S3', but sensors watch S1, S2"),
        (
            "green:",
            "gren:",
            "14:8: outputs.S1.gren is not a setting; did you mean outputs.S1.green",
        ),
        ("-3, 40.2]", "-3]", "16:33: calibration.S1.empty_ut[2] is missing; it must be three num"),
        ("12.0, -3", "x, -3", "16:34: calibration.S1.empty_ut[0] is 'x', but must be three numbe"),
        ("port: 8080", "port: 80", "17:29: page.port is 80, but must be a whole number from 1024"),
        ("Asia/Shanghai", "Asia/Shangai", "18:5: tz is 'Asia/Shangai', but must be a time zone"),
    ],
)
def test_a_mistake_is_told_at_its_place_with_value_and_range(old: str, new: str, said: str) -> None:
    assert old in GOOD
    assert any(line.startswith(f"f:{said}") for line in said_of(GOOD.replace(old, new))), said_of(
        GOOD.replace(old, new)
    )
    assert "pw" not in " ".join(said_of(GOOD.replace(old, new)))


def test_mistakes_in_values_and_clashes_between_them_are_told_together() -> None:
    text = (
        GOOD.replace("echo: 24", "echo: 99")
        .replace("red: 27", "red: 23")
        .replace("port: 8080", "port: 1")
        .replace("port: /dev/ttyAMA0", "asks: true")
    )
    assert [line.split(" ")[1] for line in said_of(text)] == [
        "sensors.us0.echo",
        "sensors.us1",
        "sensors.us1.asks",
        "outputs.S1.red",
        "page.port",
    ]


def test_one_serial_port_or_one_thermometer_cannot_be_two_sensors() -> None:
    text = f"""{HEAD}sensors:
  a: {{kind: a02yyuw, space: S1, port: /dev/ttyS0}}
  b: {{kind: aj-sr04m, space: S2, port: /dev/ttyS0, asks: true}}
  c: {{kind: ds18b20, device: 28-00000abcdef0}}
  d: {{kind: ds18b20, device: 28-00000abcdef0}}
"""
    assert said_of(text) == [
        "f:7:40: sensors.b.port is /dev/ttyS0, but sensors.a is there already.",
        "f:9:30: sensors.d.device is 28-00000abcdef0, but sensors.c is there already.",
    ]


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        ("kind: qmc5883l", "kind: hmc5883l", False),
        ("kind: qmc5883l", "kind: qmc5883l, address: 0x1E", False),
        ("kind: qmc5883l", "kind: qmc5883l", True),
        ("kind: auto", "kind: hmc5883l", True),
        ("kind: qmc5883l", "kind: qmc5883l, mux: 0x70, mux_channel: 0", True),
        (
            "kind: qmc5883l, mux: 0x71, mux_channel: 0",
            "kind: qmc5883l, mux: 0x70, mux_channel: 0",
            False,
        ),
    ],
)
def test_two_chips_that_would_answer_at_once_are_refused(
    first: str, second: str, clash: bool
) -> None:
    lines = f"  a: {{space: S1, bus: 1, {first}}}\n  b: {{space: S2, bus: 1, {second}}}\n"
    text = f"{HEAD}sensors:\n{lines}"
    if clash:
        assert "cannot be told from sensors.a" in said_of(text)[0]
    else:
        assert len(parsed(text).sensors) == 2


def test_too_many_ultrasonics_on_pins_are_refused_with_the_rate_that_would_result() -> None:
    def lot(count: int) -> str:
        lines = [
            f"  us{n}: {{kind: hc-sr04, space: S{n}, trigger: {2 * n + 4}, echo: {2 * n + 5}}}\n"
            for n in range(count)
        ]
        return f"{HEAD}sensors:\n{''.join(lines)}"

    assert len(parsed(lot(9)).sensors) == 9
    assert said_of(lot(10)) == [
        "f:5:1: sensors has 10 ultrasonics on pins, which ping one after the other: each would be "
        "heard 0.97 times a second, but must be at least 1; use serial ones (a02yyuw) for some."
    ]


@pytest.mark.parametrize(
    ("pin", "told"),
    [(0, "pulled up"), (8, "pulled up"), (14, "the serial console"), (15, "the serial console")],
)
@pytest.mark.parametrize("load", ["lock", "barrier"])
def test_no_lock_hangs_on_a_pin_that_moves_before_the_gateway_runs(
    load: str, pin: int, told: str
) -> None:
    (said,) = said_of(f"{HEAD}outputs: {{S1: {{{load}: {pin}}}}}\n")
    assert told in said and "take 12, 13, or 16 to 27" in said


@pytest.mark.parametrize("pin", [9, 12, 13, *range(16, 28)])
def test_a_lock_may_hang_on_every_other_pin_and_a_lamp_on_any(pin: int) -> None:
    lamp = 27 - pin
    config = parsed(f"{HEAD}outputs: {{S1: {{lock: {pin}, green: {lamp}}}}}\n")
    assert config.outputs["S1"].lock == pin


def test_without_sensors_any_space_may_have_outputs_as_readings_come_on_a_stream() -> None:
    assert parsed(f"{HEAD}outputs: {{S9: {{green: 17}}}}\n").outputs["S9"].green == 17


SCALARS = st.none() | st.booleans() | st.integers(-5, 200) | st.text(max_size=8) | st.floats()
KEYS = st.sampled_from(
    ["kind", "space", "trigger", "echo", "port", "asks", "bus", "address", "mux", "mux_channel"]
)
KINDS = st.sampled_from(["hc-sr04", "a02yyuw", "auto", "qmc5883l", "ds18b20", "nonsense"])
SENSORS = st.dictionaries(KEYS, SCALARS).flatmap(
    lambda keys: KINDS.map(lambda kind: {**keys, "kind": kind})
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


@given(
    st.dictionaries(st.sampled_from(["us0", "mag0", "b d"]), SENSORS | ANYTHING, max_size=3),
    ANYTHING,
)
def test_whatever_stands_there_is_read_or_refused_with_a_place(
    sensors: dict[str, Any], outputs: Any
) -> None:
    text = HEAD + yaml.safe_dump({"sensors": sensors, "outputs": outputs}, allow_unicode=True)
    try:
        config = parsed(text)
    except ConfigWrong as wrong:
        assert wrong.mistakes
        assert all(m.line >= 1 and m.column >= 1 and m.sentence for m in wrong.mistakes)
    else:
        assert set(config.sensors) == set(sensors)
