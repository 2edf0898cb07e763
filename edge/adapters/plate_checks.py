"""Whether this machine can read plates as its settings ask for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

from edge.adapters.checks import Check, Level
from edge.config import PlatesSpec
from edge.errors import ReaderMissing, VisionMissing

LIBRARIES = ("numpy", "cv2", "onnxruntime")
Files: TypeAlias = Mapping[str, Callable[[], Path]]
"""Of each reader its file; asked for it, VisionMissing where its package is not installed."""
TOO_NEW = "ppocr-v4 is only to be had up to Python 3.12."


def missing_readers(plates: PlatesSpec, files: Files | None = None) -> list[str]:
    """Those that the settings want and this installation lacks: the others read without them, and
    know fewer cars. Needs numpy."""
    from edge.adapters.plate_eye import HABITS
    from edge.adapters.plate_reader import FILE_OF

    asked: dict[str, None] = {}
    for region in plates.regions:
        asked |= dict.fromkeys(plates.readers.get(region) or HABITS[region].readers)
    return [name for name in asked if not _is_there((files or FILE_OF)[name])]


def check_plates(
    plates: PlatesSpec,
    files: Files | None = None,
    has: Callable[[str], bool] = lambda library: find_spec(library) is not None,
) -> Check:
    lacking = [library for library in LIBRARIES if not has(library)]
    if lacking:
        said = f"no plate can be read: {', '.join(lacking)} not installed"
        return Check("plates", Level.FAILED, said, VisionMissing.remedy)
    missing = missing_readers(plates, files)
    if not missing:
        return Check("plates", Level.OK, "every reader that the settings want is there")
    said = f"{', '.join(missing)} not installed: fewer booked cars are known by themselves"
    return Check("plates", Level.WARNING, said, _remedy(missing))


def _remedy(missing: list[str]) -> str:
    remedies = [ReaderMissing.remedy] if "own" in missing else []
    if any(name != "own" for name in missing):
        remedies.append(VisionMissing.remedy)
    return " ".join([*remedies, TOO_NEW] if "ppocr-v4" in missing else remedies)


def _is_there(file: Callable[[], Path]) -> bool:
    try:
        return file().is_file()
    except VisionMissing:
        return False
