"""The bugs that `make mutants` plants in when a camera is looked through, whom that names, and what
is kept of whom nobody expects."""

from tests.tools.planted import Mutant

WHEN = "tests/edge/test_looking_when.py"
LOOKING = "tests/edge/test_looking.py"
PRIVACY = "tests/edge/test_plate_privacy.py"
EVIDENCE = "tests/edge/test_plate_evidence.py"
SETTINGS = "tests/edge/test_plate_settings.py"
LOOKS = (
    Mutant(
        "a camera is read all day while a car stands there",
        "edge/core/plate_watch.py",
        '    ("standing", "enough"): "over",\n',
        "",
        WHEN,
    ),
    Mutant(
        "cars that only pass are read without a bound",
        "edge/core/plate_watch.py",
        "            self._passing -= 1.0",
        "            self._passing -= 0.0",
        WHEN,
    ),
    Mutant(
        "a car on the lane uses up the frames of who parks",
        "edge/core/plate_watch.py",
        "self.frames < self._set.frames - FRAMES_AT_REST and",
        "self.frames < self._set.frames and",
        WHEN,
    ),
    Mutant(
        "who was read on the lane is taken for who parks",
        "edge/core/plate_watch.py",
        "least = max(FRAMES_TO_BE_SURE, self._before + 1)",
        "least = 0",
        WHEN,
    ),
    Mutant(
        "what was seen of the car that left is of the next one",
        "edge/core/plate_watch.py",
        '            return "arrival" if there.occupied else "departure"',
        '            return "arrival" if there.occupied else "calm"',
        WHEN,
    ),
    Mutant(
        "a frozen picture names the last car again",
        "edge/adapters/looking.py",
        'elif step == "look" and _lives(looked, watch.since_ns):',
        'elif step == "look":',
        LOOKING,
    ),
    Mutant(
        "a doubtful read is told as if it were sure",
        "edge/adapters/looking.py",
        "return PlateRead(text, sight.confidence, 0.0) if text else None",
        "return PlateRead(text, sight.confidence, 1.0) if text else None",
        LOOKING,
    ),
    Mutant(
        "two plates as large as each other, and the booked one is believed",
        "edge/core/plate_tracks.py",
        "    return doubted(sight, others)",
        "    return sight",
        LOOKING,
    ),
    Mutant(
        "a neighbour who stands there all day makes every arrival doubtful",
        "edge/core/plate_tracks.py",
        "    return rest if any(rest) else frames",
        "    return frames",
        LOOKING,
    ),
    Mutant(
        "an eye that breaks ends the reading of plates",
        "edge/adapters/look_worker.py",
        "            self._contained(lambda: self._look(job))",
        "            self._look(job)",
        LOOKING,
    ),
    Mutant(
        "an old frame keeps its place before the newest",
        "edge/adapters/look_worker.py",
        "            self._jobs[job.channel] = job\n",
        "            self._jobs.setdefault(f'{job.channel}{job.frame.mono_ns}', job)\n",
        LOOKING,
    ),
    Mutant(
        "what a thing that breaks says is written into the log",
        "edge/adapters/look_worker.py",
        'self._tell_once("plates_broke", type(error).__name__)',
        'self._tell_once("plates_broke", str(error))',
        LOOKING,
    ),
    Mutant(
        "only the grants of its own space are expected at a space",
        "edge/core/grants.py",
        "        near.sort(key=lambda grant: grant.space != space)",
        "        near = [grant for grant in near if grant.space == space]",
        LOOKING,
    ),
    Mutant(
        "whoever drove by is remembered for ever",
        "edge/core/gateway.py",
        "            space.reads.forget(self._now_ns)",
        "            space.reads.forget(0)",
        PRIVACY,
    ),
    Mutant(
        "a car that left is still known",
        "edge/core/arrival_reads.py",
        "        self._own, self._until_ns = None, -1",
        "        self._until_ns = -1",
        PRIVACY,
    ),
    Mutant(
        "a camera's first word outweighs its last",
        "edge/core/arrival_reads.py",
        "last = {camera: read for camera, read in within if",
        "last = {camera: read for camera, read in reversed(within) if",
        PRIVACY,
    ),
    Mutant(
        "a plate is shown to whoever looks on",
        "edge/core/plate_masks.py",
        "    return normalise(text) if known else masked_plate(text)",
        "    return normalise(text)",
        PRIVACY,
    ),
    Mutant(
        "a masked plate leaves in a support file",
        "edge/core/redact.py",
        '    (re.compile(r"\\w{0,2}•{2,}\\w{0,2}"), MASK),\n',
        "",
        PRIVACY,
    ),
    Mutant(
        "a support file names the residents",
        "edge/adapters/bundle.py",
        "        residents = len(config.plates.residents)",
        "        residents = config.plates.residents",
        PRIVACY,
    ),
    Mutant(
        "the frames of the booked car are kept",
        "edge/core/plate_evidence.py",
        '    "accepted": "never",',
        '    "accepted": "always",',
        EVIDENCE,
    ),
    Mutant(
        "evidence is never erased",
        "edge/core/plate_evidence.py",
        "        if one.at < oldest or place >= limits.stays",
        "        if False",
        EVIDENCE,
    ),
    Mutant(
        "old evidence waits for the next doubtful arrival to be erased",
        "edge/adapters/looking.py",
        "            self._worker.erase(moment.at)",
        "            pass",
        EVIDENCE,
    ),
    Mutant(
        "frames are held for ever though nothing came of it",
        "edge/adapters/looking.py",
        "            self._worker.drop_frames(camera.channel)\n\n    def _use",
        "            pass\n\n    def _use",
        EVIDENCE,
    ),
    Mutant(
        "a label of evidence can be changed",
        "edge/adapters/sealing.py",
        "        cipher.update(parts.head)",
        "        cipher.update(parts.head[:10])",
        EVIDENCE,
    ),
    Mutant(
        "a camera that shows one picture for ever is well",
        "edge/adapters/sensors.py",
        '        return "frozen" if self._still.frozen() else None',
        "        return None",
        SETTINGS,
    ),
    Mutant(
        "plates are read where the settings do not ask for it",
        "edge/lookers.py",
        "        if config.plates is not None and feed.frames:",
        "        if feed.frames:",
        SETTINGS,
    ),
)
