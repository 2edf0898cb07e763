"""What a reader is known to take for something else, and says as if it were sure.

PP-OCR calls one Q in six on a Chinese plate a 0, and is certain of it in every frame: however many
frames agree, they are one mistake. So what it says is spread before it counts, by P(said | meant),
measured on drawn plates (`python -m firmware_sim.training.confusions`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Mistakes: TypeAlias = tuple[tuple[str, str, float], ...]
"""(what is said, what was meant, how often that is said of it)."""

# By region and reader. Measured for China only: elsewhere letters have other shapes.
MISTAKES: Mapping[tuple[str, str], Mistakes] = MappingProxyType(
    {
        ("cn", "ppocr-v4"): (
            ("0", "Q", 0.158),
            ("1", "J", 0.035),
            ("N", "M", 0.027),
            ("N", "W", 0.027),
            ("0", "D", 0.025),
            ("8", "B", 0.02),
            ("D", "0", 0.011),
        ),
        ("cn", "ppocr-v6"): (
            ("0", "Q", 0.108),
            ("N", "W", 0.052),
            ("0", "D", 0.037),
            ("1", "J", 0.026),
        ),
    }
)


@lru_cache(maxsize=32)
def spread(chars: tuple[str, ...], mistakes: Mistakes) -> npt.NDArray[np.floating[Any]]:
    """(said, meant); 1 where they are one."""
    at = {char: n for n, char in enumerate(chars)}
    made = np.eye(len(chars), dtype=np.float32)
    for said, meant, share in mistakes:
        if said in at and meant in at:
            made[at[said], at[meant]] = share
    return made
