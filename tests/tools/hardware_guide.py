"""Writes what is generated in hardware.md, and its pictures:
`python -m tests.tools.hardware_guide`.

A part stands between `<!-- NAME -->` and `<!-- end -->`; everything else is written by hand.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from edge.config import parts_of, read_config
from edge.core.cautions import cautions_of
from edge.core.faults import ADVICE
from edge.core.wiring import wires_of
from edge.core.wiring_svg import draw

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "hardware.md"
EXAMPLES = ROOT / "docs" / "examples"
PICTURES = ROOT / "docs" / "pictures"
PART = re.compile(r"<!-- ([a-z-]+) -->\n.*?<!-- end -->", re.DOTALL)


def parts() -> dict[str, str]:
    return {
        "wiring-one-space": "\n".join(_wiring("one-space")),
        "faults": "\n".join(_faults()),
        "faults-zh": "\n".join(_faults_zh()),
    }


def filled(text: str) -> str:
    """The guide with every generated part as it should be; a part of another name is left."""
    made = parts()

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        return f"<!-- {name} -->\n{made[name]}\n<!-- end -->" if name in made else match[0]

    return PART.sub(fill, text)


def pictures() -> Iterator[tuple[Path, str]]:
    for example in sorted(EXAMPLES.glob("*.yaml")):
        config = read_config(example)
        found = parts_of(config)
        notes = [caution.sentence for caution in cautions_of(found)]
        drawn = draw(f"Gateway {config.gateway}", wires_of(found), notes)
        yield PICTURES / f"{example.stem}.svg", drawn


def _wiring(example: str) -> Iterator[str]:
    found = parts_of(read_config(EXAMPLES / f"{example}.yaml"))
    yield "| part | wire | goes to | pin of the header | note |"
    yield "|---|---|---|---|---|"
    for wire in wires_of(found):
        pins = " or ".join(map(str, wire.pins))
        yield f"| {wire.part} | {wire.wire} | {wire.to} | {pins} | {wire.note} |"
    yield ""
    yield from (f"- {caution.sentence}" for caution in cautions_of(found))


def _faults() -> Iterator[str]:
    yield "| told as | what it is | what to do |"
    yield "|---|---|---|"
    yield from (f"| `{code}` | {told.en} | {told.remedy_en} |" for code, told in ADVICE.items())


def _faults_zh() -> Iterator[str]:
    yield "| 代码 | 现象 | 处理 |"
    yield "|---|---|---|"
    yield from (f"| `{code}` | {told.zh} | {told.remedy_zh} |" for code, told in ADVICE.items())


if __name__ == "__main__":
    GUIDE.write_text(filled(GUIDE.read_text("utf-8")), encoding="utf-8")
    for path, drawn in pictures():
        path.write_text(drawn, encoding="utf-8")
