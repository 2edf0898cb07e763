"""The bugs that `make mutants` plants in what simulated cameras see, and who is charged by it."""

from tests.tools.planted import Mutant

FRAMES = "tests/sim/test_frames.py"
ARRIVALS = "tests/sim/test_plate_arrivals.py"

SIMULATED_FRAMES = (
    Mutant(
        "a plate is mirrored",
        "firmware_sim/frames/vehicles.py",
        "left = way * (right + worn.aside_m)",
        "left = -way * (right + worn.aside_m)",
        FRAMES,
    ),
    Mutant(
        "a frame's noise depends on what was looked at before",
        "firmware_sim/frames/lots.py",
        'rng = Random(f"{self._seed} {at_ns}")',
        'rng = Random(f"{self._seed} {len(self._lit)}")',
        FRAMES,
    ),
    Mutant(
        "the truth knows nothing of what stands before a plate",
        "firmware_sim/frames/painting.py",
        "seen = float(((owners == number) & (mask > 0)).sum())",
        "seen = float((mask > 0).sum())",
        FRAMES,
    ),
    Mutant(
        "the neighbour's space is taken for the camera's own",
        "firmware_sim/frames/lots.py",
        "self._lot.spaces[visit.number] if watched",
        "self._space if watched",
        FRAMES,
    ),
    Mutant(
        "a frozen camera goes on",
        "firmware_sim/frames/source.py",
        "held = self._frozen and",
        "held = not self._frozen and",
        FRAMES,
    ),
    Mutant(
        "a trace with pictures still tells the plates",
        "firmware_sim/frames/pictures.py",
        "if not isinstance(reading.value, PlateRead):",
        "if reading is not None:",
        FRAMES,
    ),
    Mutant(
        "pictures of another trace are written over",
        "firmware_sim/frames/pictures.py",
        "if any(folder.iterdir()):",
        "if False:",
        FRAMES,
    ),
    Mutant(
        "a trace names any file of the machine",
        "firmware_sim/frames/reading.py",
        'if path.is_absolute() or ".." in path.parts:',
        "if False:",
        FRAMES,
    ),
    Mutant(
        "a stranger's plate is written out",
        "firmware_sim/frames/reading.py",
        "text = shown_plate(sight.text, expected) if expected and sight.text else sight.text",
        "text = sight.text",
        FRAMES,
    ),
    Mutant(
        "an impostor may be expected itself",
        "bench/plate_lot.py",
        "if fold(it) not in known and region.fits(it) is not None",
        "if region.fits(it) is not None",
        ARRIVALS,
    ),
    Mutant(
        "another expected car's charge is no wrong charge",
        "bench/plate_arrivals.py",
        'return self.verdict == "accepted" and fold(self.said) != fold(self.plate)',
        'return self.kind == "stranger" and self.verdict == "accepted"',
        ARRIVALS,
    ),
    Mutant(
        "looks of another detector are taken for this one's",
        "bench/plate_looks.py",
        "    for path in sorted((*models,",
        "    for path in sorted((*models[1:],",
        ARRIVALS,
    ),
)
