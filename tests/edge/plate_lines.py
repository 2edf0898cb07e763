"""Lines as a reader would say them, made of a text or of random steps."""

import numpy as np
from hypothesis import strategies as st

from edge.core.plate_decoding import Alphabet, Line
from edge.core.plate_regions import PLATE_CHARS
from edge.core.plate_votes import Glimpse

ALPHABET = Alphabet(("", *PLATE_CHARS))


def said(text: str, sure: float = 0.98, reader: str = "", **unsure: tuple[str, float]) -> Line:
    """`text` a character every second step; `at3=("B", 0.4)`: of the third place so much is B."""
    steps = np.zeros((2 * len(text) + 1, len(ALPHABET.chars)))
    steps[::2, 0] = sure
    for place, char in enumerate(text):
        steps[2 * place + 1, ALPHABET.chars.index(char)] = sure
    for name, (char, share) in unsure.items():
        row = steps[2 * int(name.removeprefix("at")) + 1]
        row *= 1 - share
        row[ALPHABET.chars.index(char)] += sure * share
    steps += (1 - steps.sum(axis=1, keepdims=True)) / steps.shape[1]
    return Line(np.log(steps).astype(np.float32), ALPHABET, reader)


def seen(*lines: Line, at: float = 0.0) -> Glimpse:
    return Glimpse(lines, ((at, 0.0), (at + 90, 0.0), (at + 90, 30.0), (at, 30.0)), 0.9)


@st.composite
def noisy_lines(draw, chars: str = PLATE_CHARS, steps: int = 12) -> Line:
    """Any reader's word of anything: a few steps of a few peaks over random noise."""
    alphabet = Alphabet(("", *chars))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    peaks = draw(st.floats(0.0, 8.0))
    logits = rng.normal(size=(draw(st.integers(1, steps)), len(alphabet.chars)))
    logits[np.arange(len(logits)), rng.integers(0, len(alphabet.chars), len(logits))] += peaks
    logits[:, 0] += draw(st.floats(0.0, 4.0))
    logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return Line(logits.astype(np.float32), alphabet)
