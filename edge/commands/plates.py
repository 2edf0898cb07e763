"""berth-edge plates: the plates that pictures show, one JSON line for each picture."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge.core.plate_regions import REGIONS
from edge.errors import VisionMissing

if TYPE_CHECKING:
    from edge.adapters.picture_refusals import Refused
    from edge.core.plate_verdicts import Sight
    from edge.core.plate_votes import Glimpse
    from edge.plate_ports import Eye

Expected = Annotated[
    list[str] | None, typer.Option(help="A plate that is expected here; may be given often.")
]
SURER = ("none", "other", "ambiguous", "accepted")


def plates(
    images: Annotated[
        list[Path], typer.Argument(help="Pictures: JPEG, PNG, WebP, BMP, GIF, TIFF.")
    ],
    region: Annotated[
        list[str] | None,
        typer.Option(
            help=f"Of {', '.join(REGIONS)}; cn if none is given. Each more makes reads less sure."
        ),
    ] = None,
    expected: Expected = None,
    detector: Annotated[
        Path | None, typer.Option(help="A YOLO model of your own, .onnx or .pt, to find plates.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As without it.")] = False,
) -> None:
    """Read the plates of pictures, each on a JSON line; exit code 2 if one could not be read."""
    regions = _known(region or ["cn"])
    eye = _opened(regions, detector)
    refused = [_tell(image, eye, regions, expected or ()) for image in images]
    if any(refused):
        raise typer.Exit(2)


def _known(regions: Sequence[str]) -> list[str]:
    for name in regions:
        if name not in REGIONS:
            raise typer.BadParameter(f"{name!r} is not one of {', '.join(REGIONS)}")
    return list(dict.fromkeys(regions))


def _opened(regions: Sequence[str], detector: Path | None) -> Eye:
    """The libraries are needed here and nowhere else of the command line."""
    try:
        import numpy  # noqa: F401 - berth[vision]
    except ImportError:
        raise VisionMissing("numpy is not installed.") from None
    from edge.adapters.plate_eye import open_eye, open_finder

    return open_eye(regions, open_finder(None if detector is None else str(detector)))


def _tell(image: Path, eye: Eye, regions: Sequence[str], expected: Sequence[str]) -> bool:
    """Whether the picture was refused."""
    from edge.adapters.picture_refusals import Refused
    from edge.adapters.pictures import read_picture

    started_s = perf_counter()
    picture = read_picture(image)
    line: dict[str, Any] = {"image": str(image), "reads": []}
    if isinstance(picture, Refused):
        line["error"] = as_error(picture)
    else:
        line["reads"] = reads_of(eye.look(picture), regions, expected)
    line["ms"] = round((perf_counter() - started_s) * 1000, 1)
    print(_printable(line), flush=True)
    return "error" in line


def reads_of(
    glimpses: Sequence[Glimpse], regions: Sequence[str], expected: Sequence[str]
) -> list[dict[str, Any]]:
    """What is said of each plate: with `expected`, whether it is one of those; else whether it is
    sure enough to be asserted."""
    from edge.plate_ports import box_of

    reads = []
    for glimpse in glimpses:
        sight = max((_sight(glimpse, name, expected) for name in regions), key=_sureness)
        if sight.verdict == "none" or not sight.text:
            continue
        read: dict[str, Any] = {"text": sight.text, "confidence": round(sight.confidence, 4)}
        read["box"] = [round(side) for side in box_of(glimpse.quad)]
        sure: dict[str, Any] = {"asserted": sight.verdict == "accepted"}
        reads.append(read | ({"verdict": sight.verdict} if expected else sure))
    return reads


def as_error(refused: Refused) -> dict[str, str]:
    said = refused.said
    return {"code": refused.code, "sentence": said.en, "remedy": said.remedy_en}


def _sight(glimpse: Glimpse, region: str, expected: Sequence[str]) -> Sight:
    from edge.core.plate_verdicts import assert_free, decide
    from edge.core.plate_votes import tally

    told = tally([glimpse], REGIONS[region], expected)
    return decide(told) if expected else assert_free(told)


def _sureness(sight: Sight) -> tuple[int, float]:
    return SURER.index(sight.verdict), sight.confidence


def _printable(line: dict[str, Any]) -> str:
    """In characters where the terminal has them."""
    said = json.dumps(line, ensure_ascii=False)
    try:
        said.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return json.dumps(line)
    return said
