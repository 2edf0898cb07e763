"""Finders of one kind of plate, made by hand: a red rectangle of 128 by 32 pixels, upright.

They are real networks of the interfaces of ours and of YOLO's exports: they look at the picture,
but know where its corners are by the size of the plate alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.edge.tiny_onnx import model, node

WIDE_PX, HIGH_PX = 128, 32
SIDE_PX = 640
OURS_CELL_PX, YOLO_CELL_PX = 4, 8
# Red of a pixel without the others': 1 for the plate alone.
REDNESS = np.array([1.0, -1.0, -1.0]).reshape(1, 3, 1, 1)


def ours(file: Path) -> Path:
    """Heat is the mean redness around each cell, corners are those of the plate's size."""
    cells = (HIGH_PX // OURS_CELL_PX + 1, WIDE_PX // OURS_CELL_PX + 1)
    around = [cells[0] // 2, cells[1] // 2]
    corners = np.array([-WIDE_PX, -HIGH_PX, WIDE_PX, -HIGH_PX, WIDE_PX, HIGH_PX, -WIDE_PX, HIGH_PX])
    nodes = [
        node("AveragePool", "image", "small", kernel_shape=[4, 4], strides=[4, 4]),
        node("Conv", "small redness", "red"),
        node("Relu", "red", "only_red"),
        node(
            "AveragePool",
            "only_red",
            "heat",
            kernel_shape=list(cells),
            pads=around * 2,
            count_include_pad=1,
        ),
        node("Conv", "small nothing offsets", "corners"),
    ]
    constants = {
        "redness": REDNESS,
        "nothing": np.zeros((8, 3, 1, 1)),
        "offsets": corners / 2 / 16,
    }
    sides = ["height", "width"]
    outputs = {"heat": [1, 1, "rows", "columns"], "corners": [1, 8, "rows", "columns"]}
    file.write_bytes(model(nodes, {"image": [1, 3, *sides]}, outputs, constants))
    return file


def yolo(file: Path, task: str = "detect", names: str = "{0: 'plate'}") -> Path:
    """`task`: detect, pose, or apart (an export that tells the best 300 and their classes)."""
    cells = SIDE_PX // YOLO_CELL_PX
    boxes, corners = _grid(cells)
    constants = {"redness": REDNESS, "flat": np.array([1, 1, cells * cells]), "boxes": boxes}
    constants |= {"four": np.full((1, 1, 1, 1), 4.0), "less_two": np.array([-2.2])}
    around = [HIGH_PX // YOLO_CELL_PX // 2 - 1, WIDE_PX // YOLO_CELL_PX // 2 - 1]
    nodes = [
        node("AveragePool", "images", "small", kernel_shape=[8, 8], strides=[8, 8]),
        node("Conv", "small redness", "red"),
        node("Relu", "red", "only_red"),
        node(
            "AveragePool",
            "only_red",
            "mean",
            kernel_shape=[2 * side + 1 for side in around],
            pads=around * 2,
            count_include_pad=1,
        ),
        node("Conv", "mean four less_two", "sharp"),
        node("Relu", "sharp", "sharper"),
        node("Reshape", "sharper flat", "score"),
    ]
    shape = [1, 5, cells * cells]
    if task == "apart":
        nodes += _told_apart()
        half = np.vstack([boxes[0, :2] - boxes[0, 2:] / 2, boxes[0, :2] + boxes[0, 2:] / 2])
        constants |= {"ends": half.T, "many": np.array([300]), "line": np.array([300])}
        constants |= {"column": np.array([300, 1]), "one": np.array([1, 300, 6])}
        constants["zero"] = np.zeros((300, 1))
        shape = [1, 300, 6]
    elif task == "pose":
        constants["corners"] = corners
        shape[1] += 12
        nodes.append(node("Concat", "boxes score corners", "output0", axis=1))
    else:
        nodes.append(node("Concat", "boxes score", "output0", axis=1))
    about = {"names": names, "task": "pose" if task == "pose" else "detect"}
    inputs = {"images": [1, 3, SIDE_PX, SIDE_PX]}
    file.write_bytes(model(nodes, inputs, {"output0": shape}, constants, about))
    return file


def _told_apart() -> list[bytes]:
    return [
        node("TopK", "score many", "top at"),
        node("Reshape", "at line", "row"),
        node("Gather", "ends row", "best"),
        node("Reshape", "top column", "scores"),
        node("Concat", "best scores zero", "rows", axis=1),
        node("Reshape", "rows one", "output0"),
    ]


def _grid(cells: int) -> tuple[Any, Any]:
    """(1, 4, n) boxes as centre and size; (1, 12, n) corners as x, y and visibility."""
    rows, columns = np.divmod(np.arange(cells * cells), cells)
    x, y = (columns + 0.5) * YOLO_CELL_PX, (rows + 0.5) * YOLO_CELL_PX
    wide, high = np.full_like(x, WIDE_PX), np.full_like(x, HIGH_PX)
    boxes = np.stack([x, y, wide, high])
    left, right, above, below = x - wide / 2, x + wide / 2, y - high / 2, y + high / 2
    seen = np.ones_like(x)
    points = [left, above, seen, right, above, seen, right, below, seen, left, below, seen]
    return boxes[None], np.stack(points)[None]
