"""berth-cloud audit: whether the log of what was done is whole, and a copy of it."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer
from rich.progress import Progress

from cloud.cli_settings import Data, Json, database_of, existing, stop
from cloud.core.auditing import START, Broken, Head

if TYPE_CHECKING:
    from sqlmodel import Session

audit = typer.Typer(no_args_is_help=True, help="The audit log: a chain of hashes.")
Known = Annotated[
    str, typer.Option("--head", help="SEQ:HASH of an entry that was written down earlier.")
]
Out = Annotated[Path | None, typer.Argument(help="A file; without one, or with -, it is printed.")]
STEP = 100


@audit.command()
def verify(head: Known = "", data: Data = None, as_json: Json = False) -> None:
    """Walk the whole log and name the first entry that is not as it was written (exit 1).

    That its newest entries were cut off shows only against a head that was kept elsewhere.
    """
    from cloud.usecases import audit as usecase

    known = _head(head)
    db = database_of(existing(data))
    total = db.read(usecase.count)
    with Progress(disable=as_json or not sys.stderr.isatty()) as progress:
        task = progress.add_task("walking the log", total=total)

        def walk(session: "Session") -> Head | Broken:
            last: Head | Broken = START
            for last in usecase.verify(session, known):
                if last.seq % STEP == 0 or last.seq == total:
                    progress.update(task, completed=last.seq)
            return last

        found = db.read(walk)
    _told(found, as_json)


@audit.command()
def export(file: Out = None, data: Data = None) -> None:
    """Write every entry as a line of JSON, oldest first."""
    from cloud.usecases import audit as usecase

    db = database_of(existing(data))

    def write(session: "Session", to: TextIO) -> int:
        for one in usecase.exported(session):
            print(json.dumps(one, ensure_ascii=False), file=to)
        return usecase.count(session)

    if file is None or str(file) == "-":
        db.read(lambda s: write(s, sys.stdout))
        return
    try:
        # It may hold personal data: for its user alone.
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as to:
            count = db.read(lambda s: write(s, to))
    except OSError as error:
        stop(f"Cannot write {file} ({error.strerror}).", "Choose another file.", 2)
    print(f"{count} entries in {file}")


def _head(text: str) -> Head | None:
    if not text:
        return None
    seq, _, digest = text.partition(":")
    if not seq.isdecimal() or len(digest) != 66:
        stop(f"--head {text} is not SEQ:0xHASH.", "Take it from an earlier audit verify.", 2)
    return Head(int(seq), digest)


def _told(last: Head | Broken, as_json: bool) -> None:
    if isinstance(last, Broken):
        found = {"whole": False, "seq": last.seq, "why": last.why}
        sentence = f"Entry {last.seq} is the first that is broken: {last.why}."
    else:
        found = {"whole": True, "seq": last.seq, "hash": last.hash}
        sentence = f"The log is whole: {last.seq} entries, head {last.seq}:{last.hash}"
    print(json.dumps(found) if as_json else sentence)
    raise typer.Exit(int(isinstance(last, Broken)))
