"""A gateway without the extra `vision` watches its spaces, and says that it reads no plates."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
RUN = """
import sys
sys.path.insert(0, sys.argv[1])

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("numpy", "cv2", "onnxruntime"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
import structlog
from edge_settings import SETTINGS
import edge.cli
from edge.adapters.fake_camera import FakeCamera
from edge.config import parse_config
from edge.lookers import Lookers

class Feed:
    frames = {"cam0": FakeCamera(lambda: 0)}

more = 'cameras: {cam0: {space: S1, source: "folder:/x"}}\\nplates: {regions: [cn]}\\n'
config = parse_config((SETTINGS + more).encode(), "f")
said = []
note = lambda *it: said.append(it) or ""
log = structlog.wrap_logger(structlog.ReturnLogger(), processors=[note])
print(list(Lookers(config, Feed(), log, False)._open_plates(None, {}, bool)), said[0][2]["event"])
"""


def test_without_its_libraries_plates_are_not_read_and_that_is_said() -> None:
    command = [sys.executable, "-c", RUN, str(HERE)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == "[] vision_missing"
