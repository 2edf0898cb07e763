"""Refusals of stays, disputes, trust and appeals. Code, sentence (en, zh), remedy (en, zh)."""

ROWS: tuple[tuple[str, str, str, str, str], ...] = ()
