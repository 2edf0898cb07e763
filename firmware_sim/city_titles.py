"""A seeded city's title library: thousands of spaces, most private, some that may not be shared."""

import csv
import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

LAT, LON = 31.2304, 121.4737  # People's Square, Shanghai
LOT_STEP_DEG = 0.003
BAY_WIDTH_DEG = 2.6 / 95_300  # metres at this latitude, east
BAY_LENGTH_DEG = 5.4 / 111_320
AISLE_DEG = 6.0 / 111_320
ROW = 6
FAMILY = "王李张刘陈杨黄赵吴周"
GIVEN = ("伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "洋", "艳")
HEADER = (
    "space", "number", "lot", "holder", "right", "valid_until", "encumbrance", "use", "lat", "lon",
)  # fmt: skip


class TitleRow(NamedTuple):
    space: str
    number: int
    lot: str
    holder: str
    right: str
    valid_until: str
    encumbrance: str
    use: str
    lat: float
    lon: float


def city(seed: int, spaces: int) -> Iterator[TitleRow]:
    """Lot `lot-1` holds S1 to S12, which the traces of this repository speak of."""
    rng = random.Random(seed)
    for index in range(spaces):
        lot, place = divmod(index, 2 * ROW)
        yield _title(rng, index + 1, lot, place)


def write_csv(path: Path, rows: Iterator[TitleRow]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(rows)


def _title(rng: random.Random, number: int, lot: int, place: int) -> TitleRow:
    row, column = divmod(place, ROW)
    private = number <= 3 or rng.random() < 0.85
    return TitleRow(
        space=f"S{number}",
        number=number,
        lot=f"lot-{lot + 1}",
        holder=rng.choice(FAMILY) + rng.choice(GIVEN),
        right="ownership" if number <= 3 else rng.choice(("ownership", "long_lease", "civil_air")),
        valid_until=f"{2040 + rng.randrange(30)}-12-31",
        encumbrance="none" if number <= 3 or rng.random() < 0.95 else "seized",
        use="private" if private else rng.choice(("public", "fire_lane", "accessible")),
        lat=round(LAT + lot // 20 * LOT_STEP_DEG - row * (BAY_LENGTH_DEG + AISLE_DEG), 7),
        lon=round(LON + lot % 20 * LOT_STEP_DEG + column * BAY_WIDTH_DEG, 7),
    )
