"""What reading plates needs beside our code: libraries and models, each told of where it is absent.

One session computes on one thread: the gateway has other work, and a lot's computer is small.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.adapters.camera_devices import CameraLost
from edge.adapters.camera_devices import _cv2 as camera_cv2
from edge.errors import PlateModelWrong, VisionMissing

Floats = npt.NDArray[np.float32]

MODELS = Path(__file__).parents[1] / "models"
DETECTOR, READER = MODELS / "plate_detector.onnx", MODELS / "plate_reader.onnx"
# A user's own file: ours have less than 5 MB, the largest reader 21.
MOST_MODEL_BYTES = 300 * 2**20
SILENT = 4
FLOAT_TYPES = {"tensor(float)"}


def opencv() -> Any:
    """cv2, silent and on one thread."""
    try:
        cv2 = camera_cv2()
    except CameraLost:
        raise VisionMissing("OpenCV is not installed.") from None
    cv2.setNumThreads(1)
    return cv2


def packaged(package: str, *path: str) -> Path:
    """A file of an installed package, which is not imported; raises VisionMissing."""
    spec = find_spec(package)
    folders = spec.submodule_search_locations if spec else None
    file = Path(folders[0], *path) if folders else None
    if file is None or not file.is_file():
        raise VisionMissing(f"{package} is not installed, or without its models.")
    return file


class Model:
    """An ONNX model with one picture as its input. Loads in well under a second."""

    def __init__(self, file: Path) -> None:
        runtime = _onnxruntime()
        self._wrong = _errors(runtime)
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.log_severity_level = SILENT
        self._session = _session(runtime, file, options)
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or len(inputs[0].shape) != 4 or inputs[0].type not in FLOAT_TYPES:
            raise PlateModelWrong(f"{file.name} does not take one picture of float32.")
        self._input = inputs[0].name
        self.shape: tuple[int | str | None, ...] = tuple(inputs[0].shape)
        self.about: dict[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)
        self.outputs = tuple(output.name for output in self._session.get_outputs())

    def run(self, blob: Floats, *outputs: str) -> list[Floats]:
        """Those named, or all."""
        try:
            told: list[Floats] = self._session.run(list(outputs) or None, {self._input: blob})
        except self._wrong:
            raise PlateModelWrong("It does not take a picture of the size it tells.") from None
        return told


def _session(runtime: Any, file: Path, options: Any) -> Any:
    if not file.is_file():
        raise VisionMissing(f"{file.name} is not there.")
    if file.stat().st_size > MOST_MODEL_BYTES:
        raise PlateModelWrong(f"{file.name} is larger than {MOST_MODEL_BYTES >> 20} MB.")
    try:
        return runtime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except _errors(runtime):
        raise PlateModelWrong(f"{file.name} cannot be loaded.") from None


def _errors(runtime: Any) -> tuple[type[Exception], ...]:
    """onnxruntime raises classes of its own, one for each of what may be wrong."""
    its: Any = runtime.capi.onnxruntime_pybind11_state
    return (
        *(its.InvalidProtobuf, its.InvalidGraph, its.InvalidArgument, its.Fail),
        *(its.NoSuchFile, its.NotImplemented, its.RuntimeException),
    )


def _onnxruntime() -> Any:
    try:
        return import_module("onnxruntime")
    except ImportError:
        raise VisionMissing("onnxruntime is not installed.") from None
