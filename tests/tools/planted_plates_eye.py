"""Bugs planted where pictures become lines of text: files, detectors, crops, readers."""

from tests.tools.planted import Mutant

_DETECTOR = "tests/edge/test_plate_detector.py"
_PICTURES = "tests/edge/test_plate_pictures.py"
_READER, _EYE = "tests/edge/test_plate_reader.py", "tests/edge/test_plate_eye.py"
_COMMAND = "tests/edge/test_plate_command.py"

PLATES_EYE = (
    Mutant(
        "a frame without a plate is not turned",
        "edge/adapters/plate_detector.py",
        "TURNS_DEG = (-25.0, 25.0)",
        "TURNS_DEG = ()",
        "tests/edge/test_plate_turned.py",
    ),
    Mutant(
        "what was cut for one region counts in another",
        "edge/adapters/plate_eye.py",
        "lines += [replace(line, region=name) for name in names]",
        "lines += [line]",
        "tests/edge/test_plate_eye.py",
    ),
    Mutant(
        "corners are told in the small picture's pixels",
        "edge/adapters/plate_letterbox.py",
        ") / np.array([self.scale_x, self.scale_y])",
        ") / 1.0",
        _DETECTOR,
    ),
    Mutant(
        "one plate is found twice",
        "edge/adapters/plate_letterbox.py",
        "MOST_OVERLAP = 0.4",
        "MOST_OVERLAP = 2.0",
        _DETECTOR,
    ),
    Mutant(
        "corners may stand in any order",
        "edge/adapters/plate_letterbox.py",
        "return bool((turns > 0).all()) and",
        "return bool((turns != 0).all()) and",
        _DETECTOR,
    ),
    Mutant(
        "a car is taken for a plate",
        "edge/adapters/plate_yolo.py",
        "wanted = sorted(classes) or",
        "wanted =",
        _DETECTOR,
    ),
    Mutant(
        "size is not asked before unpacking",
        "edge/adapters/pictures.py",
        "    if header.pixels > (MOST_PIXELS if header.by_rows else MOST_WHOLE_PIXELS):",
        "    if False:",
        _PICTURES,
    ),
    Mutant(
        "a bright plate at night is a black picture",
        "edge/adapters/pictures.py",
        "SHARE_PERCENT = 0.1",
        "SHARE_PERCENT = 5.0",
        _PICTURES,
    ),
    Mutant(
        "the dot of a plate is a character",
        "edge/adapters/plate_reader.py",
        "if not any(map(str.isalnum, char))]",
        "if not char]",
        _READER,
    ),
    Mutant(
        "our reader is shown blue for red",
        "edge/adapters/plate_reader.py",
        "blob = cv2.dnn.blobFromImages(sized, 1 / 255, swapRB=True)",
        "blob = cv2.dnn.blobFromImages(sized, 1 / 255, swapRB=False)",
        _READER,
    ),
    Mutant(
        "two lines are read as one",
        "edge/adapters/plate_eye.py",
        "return max(lines, beside,",
        "return max(lines, lines,",
        _EYE,
    ),
    Mutant(
        "all plates in view are read",
        "edge/adapters/plate_eye.py",
        "self._finder.find(image)[:MOST_FOUND]",
        "self._finder.find(image)",
        _EYE,
    ),
    Mutant(
        "a view cuts the wrong way",
        "edge/adapters/plate_crops.py",
        "a - view.left * along - view.top * left",
        "a + view.left * along + view.top * left",
        _EYE,
    ),
    Mutant(
        "a bad picture ends as a good one",
        "edge/commands/plates.py",
        "    if any(refused):",
        "    if all(refused):",
        _COMMAND,
    ),
    Mutant(
        "what no plate can be is told",
        "edge/commands/plates.py",
        '    if sight.verdict == "none" or not sight.text:',
        "    if False:",
        _COMMAND,
    ),
)
