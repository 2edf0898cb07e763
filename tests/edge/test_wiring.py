"""Which wire goes where: from the settings, the same data for table, drawing and hardware.md."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from edge.cli import app
from edge.config import parts_of, read_config
from edge.core.cautions import cautions_of
from edge.core.header import GROUND, PIN_OF_BCM, PLACES, nearest_ground, supply_pins
from edge.core.wiring import DIVIDER, Part, places_of, wires_of
from edge.core.wiring_svg import draw
from edge.errors import DrawingUnwritable

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "docs" / "examples").glob("*.yaml"))
US = Part("us0", "hc-sr04", "S1", (("trigger", 23), ("echo", 24)))
UART = Part("us1", "aj-sr04m", "S2", port="/dev/serial0", asks=True)
LOW_UART = Part("us2", "a02yyuw", "S3", port="/dev/ttyUSB0")
MAG = Part("mag0", "auto", "S1", bus=1)


def mux(name: str, channel: int, address: int = 0x75) -> Part:
    return Part(name, "auto", "S1", bus=1, mux=address, mux_channel=channel)


def output(key: str, bcm: int) -> Part:
    return Part("S1", key, "S1", ((key, bcm),))


def codes(*parts: Part) -> list[str]:
    return [told.code for told in cautions_of(parts)]


def test_the_header_is_that_of_every_pi_since_2014() -> None:
    assert len(PLACES) == 40
    assert sorted(PIN_OF_BCM) == list(range(28))
    assert supply_pins("5 V") == (2, 4)
    assert supply_pins("3.3 V") == (1, 17)
    assert supply_pins(GROUND) == (6, 9, 14, 20, 25, 30, 34, 39)
    known = {2: 3, 3: 5, 4: 7, 14: 8, 15: 10, 17: 11, 18: 12, 27: 13, 23: 16, 24: 18, 21: 40}
    assert {bcm: PIN_OF_BCM[bcm] for bcm in known} == known


def test_the_ground_named_is_the_nearest_one() -> None:
    assert [nearest_ground(pin) for pin in (1, 3, 8, 16, 40)] == [6, 6, 6, 14, 39]


def test_an_ultrasonic_on_pins_has_four_wires_and_a_divider_on_its_echo() -> None:
    rows = [(wire.wire, wire.to, wire.pins, wire.note) for wire in wires_of([US])]
    assert rows == [
        ("VCC", "5 V", (2, 4), ""),
        ("GND", "ground", (14,), ""),
        ("TRIG", "GPIO23", (16,), "3.3 V is enough to trigger it"),
        ("ECHO", "GPIO24", (18,), DIVIDER),
    ]


def test_a_serial_sensor_goes_to_the_header_only_if_its_port_is_there() -> None:
    rows = [(wire.wire, wire.bcm, wire.note) for wire in wires_of([UART])]
    assert rows[2:] == [("TX", 15, DIVIDER), ("RX", 14, "the gateway asks on this wire")]
    (adapter,) = wires_of([LOW_UART])
    assert adapter.to == "the serial adapter at /dev/ttyUSB0"
    assert places_of([adapter]) == {}


def test_a_multiplexer_is_wired_once_with_its_straps_and_chips_go_to_its_channels() -> None:
    wires = wires_of([mux("mag0", 3), mux("mag1", 4)])
    straps = [wire.note for wire in wires if wire.wire == "A0-A2"]
    assert straps == ["TCA9548A; A0 and A2 to 3.3 V"]
    assert [w.to for w in wires if w.wire == "SDA"] == [
        "GPIO2",
        "SD3 of the multiplexer at 0x75",
        "SD4 of the multiplexer at 0x75",
    ]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([US], ["divider"]),
        ([UART], ["divider", "console"]),
        ([LOW_UART], []),
        ([MAG], ["i2c"]),
        ([Part("t", "ds18b20")], ["one-wire"]),
        ([output("green", 17)], []),
        ([output("green", 5)], ["boot"]),
        ([output("lock", 22)], ["load"]),
        ([output("barrier", 8)], ["load", "boot", "spi"]),
        ([output("red", 10)], ["spi"]),
        ([output("red", 14)], ["uart"]),
        ([output("red", 2)], ["pull-up"]),
        ([output("red", 0)], ["id-eeprom"]),
        ([Part("t", "ds18b20"), output("red", 4)], ["one-wire", "boot", "one-wire-pin"]),
        ([Part("us0", "hc-sr04", "S1", (("trigger", 5), ("echo", 6)))], ["divider"]),
    ],
)
def test_what_can_go_wrong_is_told_before_anything_is_soldered(
    parts: Sequence[Part], expected: list[str]
) -> None:
    assert codes(*parts) == expected


def test_the_divider_caution_names_every_wire_that_needs_one_and_no_other() -> None:
    said = cautions_of([US, UART, LOW_UART, MAG])[0].sentence
    assert "us0 ECHO, us1 TX must" in said


PARTS = st.lists(
    st.one_of(
        st.builds(
            lambda name, trigger, echo: Part(
                name, "jsn-sr04t", "S1", (("trigger", trigger), ("echo", echo))
            ),
            st.text(min_size=1, max_size=8),
            st.integers(0, 27),
            st.integers(0, 27),
        ),
        st.builds(mux, st.text(max_size=8), st.integers(0, 7), st.integers(0x70, 0x77)),
        st.builds(output, st.sampled_from(["green", "lock"]), st.integers(0, 27)),
        st.sampled_from([UART, LOW_UART, MAG, Part("t", "ds18b20")]),
        st.builds(lambda bus: Part("m", "qmc5883p", "S1", bus=bus), st.integers(0, 31)),
    ),
    max_size=12,
)


@given(PARTS, st.text())
def test_whatever_is_wired_is_drawn_as_good_xml_with_each_used_pin_named(
    parts: list[Part], title: str
) -> None:
    printable = "".join(char for char in title if char.isprintable())
    named = [part for part in parts if part.name.isprintable()]
    wires = wires_of(named)
    root = ET.fromstring(draw(printable, wires))
    said = [text.text or "" for text in root.iter("{http://www.w3.org/2000/svg}text")]
    for pin, wire in places_of(wires).items():
        assert any(f"{wire.part} {wire.wire}" in words and str(pin) in words for words in said)
    assert draw(printable, wires) == draw(printable, wires)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_pictures_in_the_guide_are_drawn_from_its_examples(example: Path) -> None:
    """Drawn again by: berth-edge wiring --config docs/examples/X.yaml --svg docs/pictures/X.svg"""
    config = read_config(example)
    picture = ROOT / "docs" / "pictures" / f"{example.stem}.svg"
    parts = parts_of(config)
    notes = [caution.sentence for caution in cautions_of(parts)]
    assert picture.read_text("utf-8") == draw(f"Gateway {config.gateway}", wires_of(parts), notes)


def test_what_to_mind_stands_under_the_drawing_and_every_supply_pin_in_use_is_named() -> None:
    notes = [caution.sentence for caution in cautions_of([US, MAG])]
    root = ET.fromstring(draw("Gateway g", wires_of([US, MAG]), notes))
    said = [text.text or "" for text in root.iter("{http://www.w3.org/2000/svg}text")]
    whole = " ".join(" ".join(said).split())
    assert all(" ".join(note.split()) in whole for note in notes)
    assert "never in the supply wire" in whole
    for words in ("2 · 5 V · us0", "mag0 · 3.3 V · 1", "14 · ground · us0", "6 · ground · mag0"):
        assert words in said
    assert "ground · 9" in said
    lowest = max(float(text.get("y", 0)) for text in root.iter("{http://www.w3.org/2000/svg}text"))
    assert lowest < float(root.get("viewBox", "").split()[3])


def test_a_drawing_for_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    svg = tmp_path / "none" / "w.svg"
    done = CliRunner().invoke(app, ["wiring", "--config", str(EXAMPLES[-1]), "--svg", str(svg)])
    assert isinstance(done.exception, DrawingUnwritable)
    assert done.exception.exit_code == 2
    assert str(svg) in str(done.exception) and "--svg" in str(done.exception)


def test_the_command_prints_table_header_legend_and_cautions_without_a_terminal() -> None:
    done = CliRunner().invoke(app, ["wiring", "--config", str(EXAMPLES[-1])])
    assert done.exit_code == 0
    assert "\x1b" not in done.stdout
    for words in ("ECHO", "GPIO24", "(E)", "(T)", "! 5 V would destroy", "pin 1 at the upper left"):
        assert words in done.stdout


def test_programs_read_the_same_as_json(tmp_path: Path) -> None:
    svg = tmp_path / "w.svg"
    args = ["wiring", "--config", str(EXAMPLES[-1]), "--json", "--svg", str(svg)]
    said = json.loads(CliRunner().invoke(app, args).stdout)
    echo = next(wire for wire in said["wires"] if wire["wire"] == "ECHO")
    assert (echo["part"], echo["bcm"], echo["pins"]) == ("us0", 24, [18])
    assert {told["code"] for told in said["cautions"]} >= {"divider", "i2c"}
    assert svg.read_text("utf-8").startswith("<svg")
