"""What an import of titles shows while it runs, and how it ends."""

import getpass
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from cloud.cli_settings import database_of, stop
from cloud.config import Config
from cloud.errors import BadTitles

if TYPE_CHECKING:
    from cloud.adapters.title_files import TitleFile
    from cloud.core.title_rows import Problem
    from cloud.entrypoints.title_import import Watch
    from cloud.usecases.title_staging import Begun
    from cloud.usecases.titles import Imported

MaxProblems = Annotated[
    int, typer.Option(min=1, max=100_000, help="Stop reading at so many bad rows.")
]
SHOWN_PROBLEMS = 20
UNCHANGED = "This file is the newest version already; nothing was imported."


@dataclass(slots=True)
class Importing:
    file: Path
    report: Path | None
    as_json: bool

    def run(self, config: Config, max_problems: int, again: bool) -> None:
        from cloud.adapters.clock import clock_for, new_id
        from cloud.adapters.title_files import BadFile, opened, salts
        from cloud.core.reasons import Refusal
        from cloud.entrypoints import title_import
        from cloud.usecases import audit
        from contracts.wire.types import to_ms

        try:
            file = opened(self.file)
        except BadFile as error:
            self._bad(error.problems)
        now_ms = to_ms(clock_for(config.clock).now())
        who = audit.cli(getpass.getuser())
        ask = title_import.Ask(new_id("import"), now_ms, salts, again, max_problems, who=who)
        with self._bar() as bar:
            shown = Shown(bar, file, self.as_json)
            made = title_import.run(database_of(config), file, ask, shown.watch())
        if isinstance(made, list):
            self._bad(made)
        if isinstance(made, Refusal):
            stop(made.reasons[0].sentence_en, made.reasons[0].remedy_en, 1)
        self._made(made, shown)

    def _bar(self) -> Progress:
        return Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%  {task.fields[rows]:,} rows"),
            TextColumn("{task.fields[per_s]:,} rows/s"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=self.as_json or not sys.stderr.isatty(),
        )

    def _made(self, made: "Imported", shown: "Shown") -> None:
        begun = shown.began
        resumed, dropped = (begun.rows, begun.dropped) if begun else (0, 0)
        same = begun is not None and begun.same is not None
        if self.as_json:
            more = {"encoding": shown.file.shown_encoding, "resumed_rows": resumed}
            more |= {"dropped_rows": dropped, "unchanged": same}
            print(json.dumps(asdict(made) | more))
            return
        print(f"Version {made.version}: {made.count} titles, root {made.root}")
        if same:
            print(UNCHANGED)
            return
        changes = f"{made.added} added, {made.removed} removed, {made.transferred} transferred"
        others = f"{made.changed} changed otherwise, {made.moved} moved on the map"
        print(f"{changes}, {others}; read as {shown.file.shown_encoding}")

    def _bad(self, problems: "Sequence[Problem]") -> NoReturn:
        from cloud.adapters import title_report
        from cloud.adapters.title_files import unit_of

        unit = unit_of(self.file)
        report = self.report or title_report.beside(self.file)
        try:
            title_report.write(report, problems, unit)
            where = f"All are in {report}."
        except OSError as error:
            where = f"The report {report} cannot be written ({error.strerror})."
        rows = len({problem.line for problem in problems})
        bad = BadTitles([problem.said(unit) for problem in problems], rows)
        if self.as_json:
            told = {"refused": True, "problems": bad.problems, "report": str(report)}
            print(json.dumps(told, ensure_ascii=False))
        for sentence in bad.problems[:SHOWN_PROBLEMS]:
            print(sentence, file=sys.stderr)
        if len(problems) > SHOWN_PROBLEMS:
            print(f"... and {len(problems) - SHOWN_PROBLEMS} more", file=sys.stderr)
        stop(f"{bad} {where}", bad.remedy, 2)


class Shown:
    """Turns what the import tells into a bar, and sentences on stderr."""

    def __init__(self, bar: Progress, file: "TitleFile", as_json: bool) -> None:
        self.bar, self.file, self.as_json = bar, file, as_json
        self.began: Begun | None = None
        self._task: TaskID = bar.add_task(
            "reading titles", total=file.size_bytes or 1, rows=0, per_s=0
        )

    def watch(self) -> "Watch":
        from cloud.entrypoints.title_import import Watch

        return Watch(self._begun, self._rows, self._stage)

    def _begun(self, begun: "Begun") -> None:
        self.began = begun
        if self.as_json:
            return
        if begun.rows:
            print(f"Going on after {begun.rows} rows that were read before.", file=sys.stderr)
        if begun.dropped:
            said = f"Dropped {begun.dropped} rows of another file whose import was not finished."
            print(said, file=sys.stderr)

    def _rows(self, rows: int) -> None:
        elapsed_s = self.bar.tasks[self._task].elapsed or 0
        before = self.began.rows if self.began else 0
        per_s = int((rows - before) / elapsed_s) if elapsed_s else 0
        self.bar.update(self._task, completed=self.file.read_bytes, rows=rows, per_s=per_s)

    def _stage(self, stage: str) -> None:
        self.bar.update(self._task, description=stage)
