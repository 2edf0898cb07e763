"""Readers: one line of text in a crop becomes probabilities of characters, step by step.

PP-OCR's weights lie in the packages rapidocr and rapidocr-onnxruntime (Apache-2.0), which are not
imported: their models are opened as they are. Ours was made for plates alone.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.adapters.plate_models import READER, Floats, Model, opencv, packaged
from edge.core.plate_decoding import Alphabet, Line, narrowed
from edge.core.plate_regions import PLATE_CHARS
from edge.errors import PlateModelWrong, ReaderMissing
from edge.plate_ports import Image, ReadsPlates

HEIGHT_PX = 48
# A step is 8 pixels: the characters of a plate that is twice as wide as high need more steps than
# its own shape gives. Whatever crop comes, its cost is bounded.
LEAST_WIDTH_PX, MOST_WIDTH_PX, MULTIPLE_PX = 160, 320, 8
OWN_SIZE = (160, 48)
LEAST_PROB = 1e-12


class PpOcrReader:
    """ReadsPlates by PP-OCR's recogniser: 5 ms a crop."""

    def __init__(self, name: str, file: Path) -> None:
        """Raises VisionMissing or PlateModelWrong."""
        self._name, self._model = name, Model(file)
        told = self._model.about.get("character", "").splitlines()
        if not told:
            raise PlateModelWrong(f"{file.name} does not tell its characters.")
        chars = ("", *told, " ")
        self._kept, self._blanks = _of_plates(chars), _blank_to_plates(chars)
        self._alphabet = Alphabet(("", *(chars[at] for at in self._kept)))

    @property
    def name(self) -> str:
        return self._name

    def read(self, crops: Sequence[Image]) -> list[Line]:
        if not crops:
            return []
        (probs,) = self._model.run(_ppocr_blob(crops))[:1]
        blank = probs[:, :, self._blanks].sum(axis=2, keepdims=True)
        kept = np.concatenate([blank, probs[:, :, self._kept]], axis=2)
        log_probs = np.log(np.maximum(kept, LEAST_PROB))
        return [narrowed(Line(one, self._alphabet, self._name)) for one in log_probs]


class OwnReader:
    """ReadsPlates by our own small network: edge/models/plate_reader.md."""

    name = "own"

    def __init__(self, file: Path = READER) -> None:
        """Raises VisionMissing or PlateModelWrong."""
        if not file.is_file():
            raise ReaderMissing(f"{file.name} is not there.")
        self._model = Model(file)
        told = self._model.about.get("alphabet", "")
        if not told:
            raise PlateModelWrong(f"{file.name} does not tell its alphabet.")
        self._alphabet = Alphabet(("", *told))

    def read(self, crops: Sequence[Image]) -> list[Line]:
        if not crops:
            return []
        cv2 = opencv()
        sized = [cv2.resize(crop, OWN_SIZE, interpolation=_how(cv2, crop)) for crop in crops]
        blob = cv2.dnn.blobFromImages(sized, 1 / 255, swapRB=True)
        (log_probs,) = self._model.run(blob, "log_probs")
        return [narrowed(Line(one, self._alphabet, self.name)) for one in log_probs]


# Raise VisionMissing.
FILE_OF: Mapping[str, Callable[[], Path]] = MappingProxyType(
    {
        "ppocr-v4": lambda: packaged(
            "rapidocr_onnxruntime", "models", "ch_PP-OCRv4_rec_infer.onnx"
        ),
        "ppocr-v6": lambda: packaged("rapidocr", "models", "PP-OCRv6_rec_small.onnx"),
        "own": lambda: READER,
    }
)
OPENED_BY: Mapping[str, Callable[[], ReadsPlates]] = MappingProxyType(
    {
        "ppocr-v4": lambda: PpOcrReader("ppocr-v4", FILE_OF["ppocr-v4"]()),
        "ppocr-v6": lambda: PpOcrReader("ppocr-v6", FILE_OF["ppocr-v6"]()),
        "own": OwnReader,
    }
)


def _of_plates(chars: Sequence[str]) -> npt.NDArray[np.intp]:
    """Of many thousand classes those that a plate can show, in either case and width."""
    kept = [at for at, char in enumerate(chars) if char and _plain(char) in PLATE_CHARS]
    return np.array(kept, np.intp)


def _blank_to_plates(chars: Sequence[str]) -> npt.NDArray[np.intp]:
    """Blank, and what is between characters or is a screw or a sticker: dots, dashes, spaces."""
    kept = [at for at, char in enumerate(chars) if not any(map(str.isalnum, char))]
    return np.array(kept, np.intp)


def _plain(char: str) -> str:
    return unicodedata.normalize("NFKC", char).upper()


def _ppocr_blob(crops: Sequence[Image]) -> Floats:
    """(crops, 3, 48, width), blue first, -1..1; zeros to the right of the narrower ones."""
    cv2 = opencv()
    widths = [_width_px(crop) for crop in crops]
    blob = np.zeros((len(crops), 3, HEIGHT_PX, max(widths)), np.float32)
    for row, crop, width in zip(blob, crops, widths):
        sized = cv2.resize(crop, (width, HEIGHT_PX), interpolation=_how(cv2, crop))
        row[:, :, :width] = sized.transpose(2, 0, 1) / np.float32(127.5) - np.float32(1)
    return blob


def _width_px(crop: Image) -> int:
    high, wide = crop.shape[:2]
    at_height: int = round(wide * HEIGHT_PX / high / MULTIPLE_PX) * MULTIPLE_PX
    return min(max(at_height, LEAST_WIDTH_PX), MOST_WIDTH_PX)


def _how(cv2: Any, crop: Image) -> int:
    return int(cv2.INTER_AREA if crop.shape[0] > HEIGHT_PX else cv2.INTER_CUBIC)
