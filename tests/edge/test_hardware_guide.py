"""hardware.md says what the code says. All of its generated parts are written again by one command:
python -m tests.tools.hardware_guide
"""

import re

import pytest
from typer.main import get_command

from edge.cli import app
from edge.config import read_config
from edge.config.rules import PING_S, SLOWEST_HZ
from tests.tools.hardware_guide import EXAMPLES, GUIDE, ROOT, filled, parts, pictures

TEXT = GUIDE.read_text("utf-8")


def test_the_generated_parts_are_there_and_up_to_date() -> None:
    assert filled(TEXT) == TEXT
    for name, made in parts().items():
        assert f"<!-- {name} -->\n{made}\n" in TEXT


def test_the_pictures_are_drawn_from_the_examples() -> None:
    drawn = dict(pictures())
    assert len(drawn) >= 2
    for path, picture in drawn.items():
        assert path.read_text("utf-8") == picture
        assert f"docs/pictures/{path.name}" in TEXT


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_examples_are_good_settings(example: object) -> None:
    assert read_config(example).sensors  # type: ignore[arg-type]


def test_every_file_that_is_named_is_there() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", TEXT)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_command_that_is_named_exists() -> None:
    named = set(re.findall(r"berth-edge ([a-z][a-z-]+)", TEXT)) - {"from", "again"}
    known = set(getattr(get_command(app), "commands", {}))
    assert named - known == set()


def test_the_number_of_ultrasonics_on_pins_is_what_the_settings_allow() -> None:
    assert int(1 / SLOWEST_HZ / PING_S["hc-sr04"]) == 9
    assert "At most nine HC-SR04" in TEXT
