"""The bugs that `make mutants` plants in how plates are decoded, counted and judged."""

from tests.tools.planted import Mutant

PLATES_CORE = (
    Mutant(
        "a character twice needs no blank between",
        "edge/core/plate_decoding.py",
        "(labels[:, 2:] != line.alphabet.blank) & (labels[:, 2:] != labels[:, :-2])",
        "labels[:, 2:] != line.alphabet.blank",
        "tests/edge/test_plate_decoding.py",
    ),
    Mutant(
        "a text that ends without a blank is not counted",
        "edge/core/plate_decoding.py",
        "np.where(sizes > 0, now[rows, 2 * sizes - 1], 0.0)",
        "0.0",
        "tests/edge/test_plate_decoding.py",
    ),
    Mutant(
        "a line read for one region counts in every other",
        "edge/core/plate_decoding.py",
        'and self.region in ("", region.name)',
        "",
        "tests/edge/test_plate_decoding.py",
    ),
    Mutant(
        "the search lets a label follow itself as a new character",
        "edge/core/plate_search.py",
        "again = self._classes == top[:, :-1, None]",
        "again = self._classes < 0",
        "tests/edge/test_plate_decoding.py",
    ),
    Mutant(
        "the search forgets what the shape forbids",
        "edge/core/plate_search.py",
        "np.where(allowed, 0.0, -np.inf)",
        "np.zeros(allowed.shape)",
        "tests/edge/test_plate_decoding.py",
    ),
    Mutant(
        "the order of frames decides which are counted",
        "edge/core/plate_votes.py",
        "key=lambda it: (-it.found, it.quad))[",
        "key=lambda it: 0)[",
        "tests/edge/test_plate_votes.py",
    ),
    Mutant(
        "of two expected plates that look alike one is accepted",
        "edge/core/plate_verdicts.py",
        "if lead >= needed and _lead(tally, best, tally.expected) >= limits.among:",
        "if lead >= needed:",
        "tests/edge/test_plate_verdicts.py",
    ),
    Mutant(
        "an expected plate is accepted against what was read",
        "edge/core/plate_verdicts.py",
        "_lead(tally, best, (*tally.free, *tally.expected)), _fit(tally, best)",
        "_lead(tally, best, tally.expected), _fit(tally, best)",
        "tests/edge/test_plate_verdicts.py",
    ),
    Mutant(
        "a faint plate is accepted like a clear one",
        "edge/core/plate_verdicts.py",
        "limits.accept_slope * max(0.0, limits.accept_fit - fit)",
        "0.0",
        "tests/edge/test_plate_verdicts.py",
    ),
    Mutant(
        "what leads by a little is already another vehicle",
        "edge/core/plate_verdicts.py",
        "if lead <= limits.deny - limits.deny_slope * max(0.0, limits.deny_fit - seen):",
        "if lead < 0:",
        "tests/edge/test_plate_verdicts.py",
    ),
    Mutant(
        "a doubtful read of a grant's plate is accepted",
        "edge/core/plates.py",
        "doubted = sure is not None and sure < SURE_TO_ACCEPT",
        "doubted = False",
        "tests/edge/test_plate_reads.py",
    ),
    Mutant(
        "a sure vote hears nobody who says otherwise",
        "edge/core/plates.py",
        "min(sure[won], 1.0 - max(against, default=0.0))",
        "sure[won]",
        "tests/edge/test_plate_reads.py",
    ),
)
