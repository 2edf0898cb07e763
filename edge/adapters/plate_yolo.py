"""YOLO as the finder of plates: a model of the user's own.

An .onnx export (YOLOv8, 11 or 26; detection, or pose with the four corners as key points) runs by
onnxruntime alone. A .pt file runs by ultralytics, which is AGPL-3.0: nothing of ours imports it
unless a .pt is named. A .pt is a pickle, and opening it runs what is in it: only one's own.
"""

from __future__ import annotations

import os
from ast import literal_eval
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.adapters.plate_letterbox import Letter, apart, letter_of, quad_of_box
from edge.adapters.plate_models import Floats, Model, opencv
from edge.errors import PlateModelWrong, YoloMissing
from edge.plate_ports import FindsPlates, Found, Image

SIDE_PX, GREY = 640, 114 / 255
LEAST_SCORE, MOST_OVERLAP = 0.25, 0.5
MOST_BOXES = 64
# x, y and visibility of four corners, after four of the box and one of the score.
CORNERS, BOX = 4, 4
POSE_ROWS = (BOX + 1 + 3 * CORNERS, BOX + 1 + 2 * CORNERS)
# Exports that have told apart what overlaps: x, y, right, below, score, class.
TOLD_APART_COLUMNS = 6
PLATE_WORDS = ("plate", "licen", "placa", "kennzeichen", "车牌", "号牌")


class YoloOnnx:
    """FindsPlates by an .onnx export; one thread at a time."""

    def __init__(self, file: Path) -> None:
        """Raises VisionMissing or PlateModelWrong."""
        self._model = Model(file)
        shape = self._model.shape
        if shape[1] not in (3, "3") and isinstance(shape[1], int):
            raise PlateModelWrong(f"{file.name} does not take a picture in colour.")
        self._size = tuple(
            side if isinstance(side, int) else SIDE_PX for side in (shape[3], shape[2])
        )
        self._classes = _plate_classes(self._model.about, file.name)
        self._is_pose = self._model.about.get("task") == "pose"

    def find(self, image: Image) -> list[Found]:
        letter = letter_of(image, (self._size[0], self._size[1]), GREY, centred=True)
        rows = self._model.run(letter.blob)[0][0]
        return apart(_founds(self._told(rows), letter))

    def _told(self, rows: Floats) -> Floats:
        """One row a box: x, y, right, below, score, corners."""
        if rows.ndim != 2:
            raise PlateModelWrong("Its answer is none of a YOLO detection or pose model.")
        if rows.shape[0] > rows.shape[1]:
            return _sorted_out(rows, self._classes)
        return _boxes(rows.T, self._is_pose or rows.shape[0] in POSE_ROWS, self._classes)


class YoloPt:
    """FindsPlates by a .pt, through ultralytics."""

    def __init__(self, file: Path) -> None:
        """Raises VisionMissing or PlateModelWrong."""
        library = _ultralytics()
        try:
            self._model = library.YOLO(str(file))
        except (OSError, RuntimeError, ValueError, KeyError, EOFError, TypeError):
            raise PlateModelWrong(f"{file.name} cannot be loaded.") from None
        names = {"names": repr(dict(self._model.names))}
        self._classes = _plate_classes(names, file.name)

    def find(self, image: Image) -> list[Found]:
        told = self._model.predict(image, imgsz=SIDE_PX, conf=LEAST_SCORE, verbose=False)[0]
        boxes = told.boxes.data.cpu().numpy()
        kept = _of_classes(boxes[:, 5].astype(int), self._classes)
        rows = boxes[kept, :5]
        if told.keypoints is not None and told.keypoints.xy.shape[1] == CORNERS:
            corners = told.keypoints.xy.cpu().numpy()[kept].reshape(-1, 2 * CORNERS)
            rows = np.hstack([rows, corners])
        return apart(_founds(rows, Letter(np.zeros(0, np.float32), 1.0, 1.0)))


def open_yolo(file: Path) -> FindsPlates:
    """Raises VisionMissing or PlateModelWrong."""
    if not file.is_file():
        raise PlateModelWrong(f"There is no {file.name} at that place.")
    if file.suffix.lower() == ".onnx":
        return YoloOnnx(file)
    if file.suffix.lower() == ".pt":
        return YoloPt(file)
    raise PlateModelWrong(f"{file.name} is neither an .onnx nor a .pt.")


def _boxes(rows: Floats, is_pose: bool, classes: frozenset[int]) -> Floats:
    """From rows of centre, size, scores (one a class) and key points."""
    centre, half = rows[:, :2], rows[:, 2:4] / 2
    if is_pose:
        points = rows[:, BOX + 1 :].reshape(len(rows), CORNERS, -1)[:, :, :2]
        scores, corners = rows[:, BOX], points.reshape(len(rows), 2 * CORNERS)
    else:
        wanted = sorted(classes) or list(range(rows.shape[1] - BOX))
        scores = rows[:, BOX:][:, wanted].max(axis=1)
        corners = np.zeros((len(rows), 0), np.float32)
    told = np.hstack([centre - half, centre + half, scores[:, None], corners])
    return _apart_by_opencv(told[told[:, 4] >= LEAST_SCORE])


def _apart_by_opencv(told: Floats) -> Floats:
    best = told[np.argsort(-told[:, 4], kind="stable")[:MOST_BOXES]]
    boxes = np.hstack([best[:, :2], best[:, 2:4] - best[:, :2]])
    kept = opencv().dnn.NMSBoxes(boxes.tolist(), best[:, 4].tolist(), LEAST_SCORE, MOST_OVERLAP)
    apart_ones: Floats = best[np.array(kept, int).reshape(-1)]
    return apart_ones


def _sorted_out(rows: Floats, classes: frozenset[int]) -> Floats:
    """From rows of corners, score, class and key points, as YOLO26 exports them."""
    if rows.shape[1] < TOLD_APART_COLUMNS:
        raise PlateModelWrong("Its answer is none of a YOLO detection or pose model.")
    kept = _of_classes(rows[:, 5].astype(int), classes) & (rows[:, 4] >= LEAST_SCORE)
    points = rows[kept, TOLD_APART_COLUMNS:]
    if points.shape[1] not in (2 * CORNERS, 3 * CORNERS):
        return rows[kept, :5]
    corners = points.reshape(len(points), CORNERS, -1)[:, :, :2].reshape(len(points), -1)
    return np.hstack([rows[kept, :5], corners])


def _founds(rows: Floats, letter: Letter) -> Iterator[Found]:
    """A plate without corners that make an outline has its box."""
    for row in rows.astype(np.float64):
        quad = letter.quad(row[5:].reshape(CORNERS, 2)) if len(row) == 5 + 2 * CORNERS else None
        quad = quad or letter.quad(quad_of_box(*row[:4]))
        if quad is not None:
            yield Found(quad, min(float(row[4]), 1.0))


def _of_classes(told: npt.NDArray[Any], classes: frozenset[int]) -> npt.NDArray[np.bool_]:
    return np.isin(told, sorted(classes)) if classes else np.ones(len(told), bool)


def _plate_classes(about: dict[str, str], name: str) -> frozenset[int]:
    """Empty for any: the only class there is, or names that the export does not tell."""
    try:
        names = dict(literal_eval(about.get("names", "{}")))
    except (ValueError, SyntaxError, TypeError):
        names = {}
    if len(names) < 2:
        return frozenset()
    plates = {
        int(at)
        for at, told in names.items()
        if any(word in str(told).lower() for word in PLATE_WORDS)
    }
    if not plates:
        raise PlateModelWrong(f"None of the {len(names)} classes of {name} is a plate.")
    return frozenset(plates)


def _ultralytics() -> Any:
    os.environ["YOLO_AUTOINSTALL"] = "false"
    try:
        return import_module("ultralytics")
    except ImportError:
        raise YoloMissing("A .pt needs ultralytics; an .onnx export does not.") from None
