"""The support file: what helps from afar, and nothing that is secret or tells who parked.

Each part is made from what may leave; at last all of it goes through the Redactor once more.
"""

from __future__ import annotations

import gzip
import json
import platform
import sqlite3
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path
from typing import BinaryIO
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import yaml

from edge.adapters.checks import Check, Machine
from edge.adapters.keys import KEY_FILE
from edge.adapters.mqtt import parse_broker
from edge.adapters.outbox import FILE
from edge.config import Config
from edge.config.plates import OURS
from edge.config.whole_file import replace_whole
from edge.core.redact import MASK, Plain, Redactor
from edge.core.support import log_line, trace_lines
from edge.core.trace_lines import MAX_LINE_BYTES, BadLine, format_header, parse_header
from edge.errors import Mistake

KEPT, TRACE_END = "kept", ".trace.jsonl.gz"
MAX_LOG_LINES, MAX_TRACES, MAX_TRACE_LINES = 2_000, 3, 200_000
PACKAGES = ("berth", "gpiozero", "lgpio", "smbus2", "pyserial", "opencv-python-headless")
SQLITE_S = 2.0
README = """\
Support file of one Berth gateway. Left out: plates, keys, tokens, passwords, the texts of events
and grants, log lines of other programs, and comments of the settings.
"""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the file is made from. `config` None: it could not be read; `mistakes` say where."""

    config: Config | None
    mistakes: Sequence[Mistake]
    machine: Machine
    checks: Sequence[Check]
    log: Iterable[str] = ()
    made_at: str = ""


def make_bundle(facts: Facts) -> dict[str, str]:
    """Name of the part -> its text."""
    config = facts.config
    secrets = list(_secrets(config)) if config else []
    # In an address a password may be written with percent signs.
    forms = (f for s in secrets for f in (s, unquote(s), quote(unquote(s), safe="")))
    redactor = Redactor(forms, _names(config) if config else ())
    parts = {
        "README.txt": README,
        "about.json": _dump(redactor, _about(facts)),
        "doctor.json": _dump(redactor, [_row(check) for check in facts.checks]),
        "mistakes.json": _dump(redactor, [[m.line, m.column] for m in facts.mistakes]),
    }
    if config is not None:
        parts["gateway.yaml"] = yaml.safe_dump(
            redactor.value(shown_settings(config)), allow_unicode=True, sort_keys=False
        )
        parts["outbox.json"] = _dump(redactor, outbox_counts(config.data_path))
        parts["log.jsonl"] = "".join(f"{line}\n" for line in _log(facts.log, config))
        parts.update(_traces(config.data_path))
    return {name: redactor.text(text) for name, text in parts.items()}


def write_bundle(path: Path, parts: dict[str, str]) -> None:
    """Whole or not at all, mode 0600, whatever was there before. Raises OSError."""

    def fill(file: BinaryIO) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in parts.items():
                archive.writestr(name, text)

    replace_whole(path, fill)


def shown_settings(config: Config) -> dict[str, Plain]:
    """The settings as they were understood; of the broker and of cameras only where they are."""
    settings: dict[str, Plain] = config.model_dump(mode="json", exclude_none=True)
    broker = parse_broker(config.broker)
    signs_in = f"{MASK}@" if broker.user is not None else ""
    scheme = urlsplit(config.broker).scheme
    settings["broker"] = f"{scheme}://{signs_in}{broker.host}:{broker.port}"
    settings["cameras"] = {
        name: {"space": camera.space, "source": shown_source(camera.source)}
        for name, camera in config.cameras.items()
    }
    if config.plates is not None:
        plates = config.plates.model_dump(mode="json", exclude_none=True)
        detector = OURS if config.plates.detector == OURS else MASK
        residents = len(config.plates.residents)
        settings["plates"] = {**plates, "residents": residents, "detector": detector}
    return settings


def shown_source(source: str) -> str:
    """Paths and queries of a network camera often hold a key; a folder's may name a person."""
    kind = source.partition(":")[0]
    if kind.startswith("rtsp"):
        return f"{kind}://{MASK}@{urlsplit(source).hostname}/{MASK}"
    return source if kind in ("v4l2", "picamera2") else f"{kind}:{MASK}"


def outbox_counts(data: Path) -> dict[str, Plain]:
    """Counts only. The database is opened to read, so a gateway that runs is not disturbed."""
    path = data / FILE
    if not path.exists():
        return {"there": False}
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", SQLITE_S, uri=True)) as db:
            counts: dict[str, Plain] = {
                table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                for table in ("events", "spaces", "grants", "revoked")
            }
            meta = dict(db.execute("SELECT key, value FROM meta"))
        numbers = {key: int(meta[key]) for key in ("epoch", "seq", "acked") if key in meta}
        return {**counts, **numbers, "bytes": path.stat().st_size}
    except (sqlite3.Error, OSError, ValueError) as error:
        return {"there": True, "unreadable": type(error).__name__}


def _secrets(config: Config) -> Iterator[str]:
    """Names of users are no secrets, and are common words."""
    yield parse_broker(config.broker).password or ""
    for camera in config.cameras.values():
        if camera.source.startswith("rtsp"):
            parts = urlsplit(camera.source)
            yield parts.password or ""
            yield from (value for _, value in parse_qsl(parts.query))
    try:
        key = (config.data_path / KEY_FILE).read_text(errors="replace").strip()
    except OSError:
        key = ""
    yield from (key, key.removeprefix("0x"))
    yield from granted_plates(config.data_path / FILE)
    yield from config.plates.residents if config.plates is not None else ()


def granted_plates(outbox: Path) -> Iterator[str]:
    """Plates that grants name, to be found wherever else they stand."""
    try:
        with closing(sqlite3.connect(f"{outbox.as_uri()}?mode=ro", SQLITE_S, uri=True)) as db:
            messages = [text for (text,) in db.execute("SELECT message FROM grants")]
        for message in messages:
            yield from (str(plate) for plate in json.loads(message).get("plates", ()))
    except (sqlite3.Error, OSError, ValueError):
        return


def _about(facts: Facts) -> dict[str, Plain]:
    machine = facts.machine
    return {
        "made_at": facts.made_at,
        "board": machine.board or "no Raspberry Pi",
        "system": platform.system(),
        "kernel": platform.release(),
        "processor": platform.machine(),
        "python": machine.python,
        "packages": {name: _version(name) for name in PACKAGES},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _row(check: Check) -> Plain:
    return {"check": check.name, "level": check.level.value, "sentence": check.sentence}


def _log(lines: Iterable[str], config: Config) -> list[str]:
    names = _names(config)
    kept = (log_line(line, names) for line in lines)
    return [line for line in kept if line is not None][-MAX_LOG_LINES:]


def _names(config: Config) -> set[str]:
    names = {config.gateway, *config.sensors, *config.cameras, *(config.spaces or ())}
    names |= {str(spec.space) for spec in config.sensors.values()}
    return names | {spec.space for spec in config.cameras.values()}


def _traces(data: Path) -> Iterator[tuple[str, str]]:
    """The newest kept ones, named by their number: the names given by the recorder tell places."""
    found = sorted((data / KEPT).glob(f"*{TRACE_END}"), reverse=True)
    for number, path in enumerate(found[:MAX_TRACES], start=1):
        lines = _trace(path)
        if lines:
            yield f"{KEPT}/{number}.trace.jsonl", "".join(f"{line}\n" for line in lines)


def _trace(path: Path) -> list[str]:
    """Header and readings up to where the file is damaged; empty if the header is."""
    lines: list[str] = []
    try:
        with gzip.open(path, "rb") as file:
            header = parse_header(file.readline(MAX_LINE_BYTES + 1))
            lines.append(format_header(header))
            raw = iter(lambda: file.readline(MAX_LINE_BYTES + 1), b"")
            for line in trace_lines(islice(raw, MAX_TRACE_LINES), header.channels):
                lines.append(line)
    except (OSError, EOFError, zlib.error, BadLine):
        return lines
    return lines


def _dump(redactor: Redactor, value: Plain) -> str:
    return json.dumps(redactor.value(value), ensure_ascii=False, indent=1) + "\n"
