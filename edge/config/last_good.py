"""The settings that the gateway last ran with, for when the file of today cannot be used."""

from __future__ import annotations

from pathlib import Path

from edge.config.reading import read_config
from edge.config.settings import Config
from edge.config.whole_file import write_whole
from edge.errors import ConfigMissing, ConfigWrong, EdgeError, Mistake

GOOD = ".good"


def read_config_or_last_good(path: Path) -> tuple[Config, list[Mistake]]:
    """Safe mode: with mistakes the settings are the last good ones, and the caller says so loudly.

    Raises what `read_config` raises if there are no last good ones either.
    """
    try:
        return read_config(path), []
    except (ConfigWrong, ConfigMissing) as wrong:
        try:
            good = read_config(good_path(path))
        except EdgeError:
            raise wrong from None
        return good, _mistakes(wrong)


def _mistakes(wrong: ConfigWrong | ConfigMissing) -> list[Mistake]:
    return wrong.mistakes if isinstance(wrong, ConfigWrong) else [Mistake(1, 1, str(wrong))]


def remember_good(path: Path) -> bool:
    """Call it once the gateway runs on `path`. False if the folder cannot be written: it goes on.

    The same settings are not written again: it spares the card.
    """
    good = good_path(path)
    try:
        raw = path.read_bytes()
        if good.exists() and good.read_bytes() == raw:
            return True
        write_whole(good, [raw])
    except OSError:
        return False
    return True


def good_path(path: Path) -> Path:
    return path.with_name(path.name + GOOD)
