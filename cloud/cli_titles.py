"""berth-cloud titles: import the library of a city, and prove one title of it."""

import json
import sys
from pathlib import Path
from typing import NoReturn

import typer
from rich.progress import Progress

from cloud.cli_settings import Data, Json, config_of, existing, stop
from cloud.errors import BadTitles

titles = typer.Typer(no_args_is_help=True, help="The title library of a city.")
SHOWN_PROBLEMS = 20


@titles.command("import")
def import_titles(file: Path, data: Data = None, as_json: Json = False) -> None:
    """Import a CSV or GeoJSON file, all or nothing; the root is published by the running cloud."""
    from cloud.adapters.clock import clock_for, new_salt
    from cloud.adapters.db import Database
    from cloud.adapters.title_files import rows_of, sha256_of
    from cloud.usecases.titles import parse, store
    from contracts.wire.types import to_ms

    if not file.is_file():
        stop(f"There is no file {file}.", "Check the path.", 2)
    config = config_of(data=data)
    try:
        with Progress(disable=as_json or not sys.stderr.isatty()) as progress:
            task = progress.add_task("reading titles", total=None)
            placed = parse(rows_of(file), new_salt, lambda n: progress.update(task, completed=n))
    except BadTitles as error:
        _bad_titles(error, as_json)
    now_ms = to_ms(clock_for(config.clock).now())
    db = Database(config.database)
    made = db.write(lambda s: store(s, placed, sha256_of(file), now_ms))
    if as_json:
        print(json.dumps({"version": made.version, "count": made.count, "root": made.root}))
    else:
        print(f"Version {made.version}: {made.count} titles, root {made.root}")


@titles.command("prove")
def prove_title(space: str, data: Data = None) -> None:
    """Print the proof of one title: the nodes from it to the root, and whether that is published.

    `publication` is final once nothing takes its block back, mined before that.
    """
    from cloud.adapters.db import Database
    from cloud.core.reasons import Refusal
    from cloud.usecases.filing import status_of
    from cloud.usecases.titles import prove

    db = Database(existing(data).database)
    found = db.read(lambda s: prove(s, space))
    if isinstance(found, Refusal):
        stop(found.reasons[0].sentence_en, found.reasons[0].remedy_en, 1)
    status = db.read(lambda s: status_of(s, f"titles:{found.version}"))
    published = status in ("mined", "final")
    proof = {
        "space": found.space,
        "title_digest": found.digest,
        "siblings": found.siblings,
        "root": found.root,
        "version": found.version,
        "published": published,
        "publication": status,
    }
    print(json.dumps(proof, indent=1))
    if not published:
        said = f"Version {found.version} is not on the chain yet ({status}):"
        print(f"berth-cloud: {said} berth-cloud serve publishes it.", file=sys.stderr)


def _bad_titles(error: BadTitles, as_json: bool) -> NoReturn:
    if as_json:
        print(json.dumps({"refused": True, "problems": error.problems}, ensure_ascii=False))
    for problem in error.problems[:SHOWN_PROBLEMS]:
        print(problem, file=sys.stderr)
    if len(error.problems) > SHOWN_PROBLEMS:
        print(f"... and {len(error.problems) - SHOWN_PROBLEMS} more (--json)", file=sys.stderr)
    stop(str(error), error.remedy, 2)
