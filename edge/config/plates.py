"""How plates are read: rules and models are data, and nothing is read without this section."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from coincurve import PublicKey
from pydantic import AfterValidator, Field

from contracts.wire.types import Frozen
from edge.core.plate_regions import KINDS, MAX_PLACES, PROVINCES

RegionName: TypeAlias = Literal["cn", "eu", "br", "us"]
ReaderName: TypeAlias = Literal["own", "ppocr-v4", "ppocr-v6"]
OURS = "ours"
MAX_SHAPES, MAX_RESIDENTS = 20, 500
Pattern: TypeAlias = Annotated[str, Field(pattern=rf"^[A0*{PROVINCES}{KINDS}]{{2,{MAX_PLACES}}}$")]
PlateText: TypeAlias = Annotated[str, Field(pattern=r"^[\w ·•.-]{2,16}$")]


def _is_point(text: str) -> str:
    """A typing error in the digits would be told only when the first frames are to be kept."""
    try:
        PublicKey(bytes.fromhex(text.removeprefix("0x")))
    except ValueError:
        raise ValueError("this is no public key") from None
    return text


PublicText: TypeAlias = Annotated[
    str, Field(pattern=r"^0x0[23][0-9a-f]{64}$"), AfterValidator(_is_point)
]


class PlatesSpec(Frozen):
    """`shapes`: beside those of the region; A is a letter, 0 a digit, * either, all else itself.

    `residents`: plates at home here, which no grant names. `evidence_key`: the operator's public
    key; without it no frame is ever kept.
    """

    regions: Annotated[list[RegionName], Field(min_length=1, max_length=4)]
    shapes: dict[RegionName, Annotated[list[Pattern], Field(max_length=MAX_SHAPES)]] = Field(
        default_factory=dict
    )
    readers: dict[RegionName, Annotated[list[ReaderName], Field(min_length=1, max_length=3)]] = (
        Field(default_factory=dict)
    )
    detector: Annotated[str, Field(pattern=rf"^({OURS}|\S.*\.(onnx|pt))$")] = OURS
    frames: Annotated[int, Field(ge=5, le=8)] = 6
    pace_s: Annotated[float, Field(ge=0.2, le=5)] = 1.0
    residents: Annotated[list[PlateText], Field(max_length=MAX_RESIDENTS)] = Field(
        default_factory=list
    )
    keep_unexpected_min: Annotated[int, Field(ge=1, le=60)] = 10
    evidence_key: PublicText | None = None
    evidence_days: Annotated[int, Field(ge=1, le=90)] = 7
    evidence_stays: Annotated[int, Field(ge=1, le=200)] = 20
