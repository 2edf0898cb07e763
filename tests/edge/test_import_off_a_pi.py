"""Every module of the gateway is imported on a machine that has none of a Pi's libraries."""

import subprocess
import sys

IMPORT_ALL = """
import importlib, pkgutil, sys

ABSENT = {"gpiozero", "smbus2", "serial", "lgpio", "RPi", "picamera2", "libcamera"}
SEEING = {"cv2", "numpy", "onnxruntime", "rapidocr", "rapidocr_onnxruntime", "ultralytics"}
# Where plates are read: imported only if the settings ask for it.
READERS = [
    "core.plate_confusions", "core.plate_decoding", "core.plate_search", "core.plate_tracks",
    "core.plate_verdicts", "core.plate_votes", "adapters.fake_plates", "adapters.pictures",
    "adapters.look_worker", "adapters.looking", "adapters.open_looking", "adapters.plate_crops",
    "adapters.plate_detector", "adapters.plate_eye", "adapters.plate_letterbox",
    "adapters.plate_models", "adapters.plate_reader", "adapters.plate_yolo",
]

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ABSENT | SEEING:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
import edge

names = [module.name for module in pkgutil.walk_packages(edge.__path__, "edge.")]
for name in names:
    if name.endswith("__main__"):
        continue
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as absent:
        if absent.name not in SEEING or name.removeprefix("edge.") not in READERS:
            raise
print(len(names))
"""


def test_every_module_is_imported_without_a_pi() -> None:
    command = [sys.executable, "-c", IMPORT_ALL]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) > 30
