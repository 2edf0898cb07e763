"""berth-cloud titles: the library of a city, its versions, its changes, and proofs of titles."""

import getpass
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from cloud.cli_settings import Data, Json, config_of, database_of, existing, stop
from cloud.cli_titles_import import Importing, MaxProblems

if TYPE_CHECKING:
    from sqlmodel import Session

    from cloud.core.reasons import Refusal
    from cloud.usecases.title_changes import By
    from cloud.usecases.titles import Imported

titles = typer.Typer(no_args_is_help=True, help="The title library of a city.")
Space = Annotated[str, typer.Argument(help="The space whose title it is.")]
Reason = Annotated[str, typer.Option(help="Why, for the list of versions; never a name.")]


@titles.command("import")
def import_titles(
    file: Path,
    data: Data = None,
    as_json: Json = False,
    max_problems: MaxProblems = 1000,
    report: Annotated[Path | None, typer.Option(help="Where the bad rows are listed.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Go back to an earlier file.")] = False,
) -> None:
    """Import a CSV or GeoJSON file, all or nothing; the root is published by the running cloud.

    Run again after it was stopped, it goes on where it was. Bad rows: exit 2, nothing is imported.
    """
    if not file.is_file():
        stop(f"There is no file {file}.", "Check the path.", 2)
    Importing(file, report, as_json).run(config_of(data=data), max_problems, again)


@titles.command("prove")
def prove_title(space: str, data: Data = None) -> None:
    """Print the proof of one title: the nodes from it to the root, and whether that is published.

    `publication` is final once nothing takes its block back, mined before that.
    """
    from cloud.core.reasons import Refusal
    from cloud.usecases.filing import status_of
    from cloud.usecases.titles import prove

    db = database_of(existing(data))
    found = db.read(lambda s: prove(s, space))
    if isinstance(found, Refusal):
        refused(found)
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


@titles.command()
def versions(data: Data = None, as_json: Json = False) -> None:
    """List the library's versions, the newest first, and what each of them changed."""
    from cloud.usecases import title_history
    from contracts.wire.types import format_instant, from_ms

    db = database_of(existing(data))
    for line in db.read(title_history.versions):
        at = format_instant(from_ms(line.imported_ms))
        if as_json:
            print(json.dumps(asdict(line) | {"imported_at": at}, ensure_ascii=False))
            continue
        counts = f"+{line.added} -{line.removed} ->{line.transferred} ~{line.changed}"
        words = (f"{line.version:>4}  {at}  {line.kind:10}", f"{line.count:>9} titles", counts)
        print("  ".join((*words, line.publication or "", line.reason)).rstrip())


@titles.command()
def diff(
    a: Annotated[int, typer.Argument(help="A version; 0 is the empty library.")],
    b: Annotated[int, typer.Argument(help="Another one.")],
    show_holders: Annotated[bool, typer.Option(help="Print the holders' whole names.")] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Print what differs between two versions, a title a line; holders' names are masked."""
    from cloud.usecases import title_history

    db = database_of(existing(data))
    if unknown := db.read(lambda s: title_history.known(s, a, b)):
        refused(unknown)

    def told(session: "Session") -> None:
        for found in title_history.differences(session, a, b, show_holders):
            if as_json:
                print(json.dumps(asdict(found), ensure_ascii=False))
                continue
            fields = (f"{f.name}: {f.before or '-'} -> {f.after or '-'}" for f in found.fields)
            print(f"{found.kind:11}  {found.space}  {'; '.join(fields)}".rstrip())

    db.read(told)


@titles.command()
def transfer(
    space: Space,
    to: Annotated[str, typer.Option(prompt="New holder", help="The new holder's name.")],
    reason: Reason = "",
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Write another holder into one title: a new version. Its mark and its offers end."""
    from cloud.usecases import title_changes

    _changed(data, as_json, reason, lambda s, by: title_changes.transfer(s, space, to, by))


@titles.command()
def revoke(space: Space, reason: Reason = "", data: Data = None, as_json: Json = False) -> None:
    """Take one title out of the library: a new version. Its mark and its offers end."""
    from cloud.usecases import title_changes

    _changed(data, as_json, reason, lambda s, by: title_changes.revoke(s, space, by))


def refused(refusal: "Refusal") -> NoReturn:
    stop(refusal.reasons[0].sentence_en, refusal.reasons[0].remedy_en, 1)


def _changed(
    data: Path | None,
    as_json: bool,
    reason: str,
    story: "Callable[[Session, By], Imported | Refusal]",
) -> None:
    from cloud.adapters.clock import clock_for, new_salt
    from cloud.core.reasons import Refusal
    from cloud.usecases import audit
    from cloud.usecases.title_changes import By

    config = existing(data)
    who = audit.cli(getpass.getuser())
    by = By(reason, clock_for(config.clock).now(), new_salt(), who)
    made = database_of(config).write(lambda s: story(s, by))
    if isinstance(made, Refusal):
        refused(made)
    if as_json:
        print(json.dumps(asdict(made)))
    else:
        print(f"Version {made.version}: {made.count} titles, root {made.root}")
