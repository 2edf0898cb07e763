"""What each of PP-OCR's readers takes for what, on drawn plates of China.

`python -m firmware_sim.training.confusions` prints the rows of edge/core/plate_confusions.py.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import replace
from random import Random

from edge.adapters.plate_reader import OPENED_BY
from edge.core.plate_decoding import best
from edge.core.plate_regions import REGIONS
from edge.plate_ports import ReadsPlates
from firmware_sim.drawing.texts import CN_LETTERS, DIGITS
from firmware_sim.training.reader_samples import Crop, drawn_crop

KINDS = ("cn_blue", "cn_blue", "cn_blue", "cn_green", "cn_yellow")
CHARS = DIGITS + CN_LETTERS
READERS = ("ppocr-v4", "ppocr-v6")
# A plate that is read worse shows nothing of single characters; a pair seen less often is chance.
MOST_WRONG, LEAST_SEEN = 2, 8
SEED = 777


def mistakes(reader: ReadsPlates, crops: list[Crop]) -> list[tuple[str, str, float]]:
    """(said, meant, share of those meant), what is mistaken most often first."""
    region = replace(REGIONS["cn"], weights=((reader.name, 1.0),))
    pairs: Counter[tuple[str, str]] = Counter()
    for image, text in crops:
        read = best(reader.read([image]), region, 1)
        if read and len(read[0].text) == len(text):
            both = list(zip(read[0].text, text))
            if sum(one != other for one, other in both) <= MOST_WRONG:
                pairs.update(both)
    meant: Counter[str] = Counter()
    for (_, char), many in pairs.items():
        meant[char] += many
    kept = [
        (said, char, round(many / meant[char], 3))
        for (said, char), many in pairs.items()
        if said != char and many >= LEAST_SEEN and said in CHARS and char in CHARS
    ]
    return sorted(kept, key=lambda it: (-it[2], it[:2]))


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--count", type=int, default=8000)
    count = asked.parse_args().count
    rng = Random(SEED)
    crops = [drawn_crop(rng, rng.choice(KINDS)) for _ in range(count)]
    for name in READERS:
        print(name, mistakes(OPENED_BY[name](), crops))


if __name__ == "__main__":
    main()
