"""Where a space is, for those who may not know it exactly: the centre of its cell of a grid.

A fixed grid, not a random shift: whoever asks a thousand times learns no more than the first time.
"""

from math import cos, floor, radians

CELL_M = 150.0
METRES_PER_DEGREE = 111_320.0
CELL_DEGREES = CELL_M / METRES_PER_DEGREE
# No place is further than this from the centre that is shown for it (half a diagonal, rounded up).
BLUR_M = 107
# Near the poles a degree of longitude is no distance any more.
LEAST_COSINE = 0.01
Place = tuple[float, float]


def blurred(lat: float, lon: float) -> Place:
    row = floor(lat / CELL_DEGREES)
    middle = (row + 0.5) * CELL_DEGREES
    # By the row's edge nearer the equator, where it is widest: no cell is wider than CELL_M.
    edge = min(abs(row), abs(row + 1)) * CELL_DEGREES
    width = CELL_DEGREES / max(cos(radians(edge)), LEAST_COSINE)
    column = (floor(lon / width) + 0.5) * width
    return round(max(-90.0, min(90.0, middle)), 6), round(max(-180.0, min(180.0, column)), 6)
