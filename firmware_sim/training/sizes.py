"""What nets, samples and the gateway's adapters agree on."""

from firmware_sim.drawing.glyphs import HAN, LATIN

STRIDE, CORNER_PX = 4, 16.0
"""The detector's cells are so many pixels wide; its corners are told in units of so many pixels."""
WIDE_PX, HIGH_PX = 160, 48
"""A crop as the reader sees it."""
CHARS = LATIN + HAN
"""The reader's class n + 1 is the character n; class 0 is the blank."""
