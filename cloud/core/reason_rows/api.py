"""Refusals of the HTTP API itself. Code, sentence (en, zh), remedy (en, zh)."""

ROWS: tuple[tuple[str, str, str, str, str], ...] = ()
