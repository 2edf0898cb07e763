"""An import in many steps: killed and gone on with, refused as a whole, and told."""

import csv
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlmodel import Session, SQLModel, func, select
from typer.testing import CliRunner

from cloud.adapters.title_files import opened
from cloud.cli import app
from cloud.core.reasons import Refusal
from cloud.core.title_rows import Problem
from cloud.entrypoints import title_import
from cloud.entrypoints.title_import import Ask, Watch
from cloud.tables import Space, Title, TitleVersion
from cloud.title_tables import StagedPlace, StagedTitle, TitleImport, TitleProblem
from cloud.usecases import filing, title_changes, title_staging, title_tree, titles
from cloud.usecases.title_changes import By
from cloud.usecases.title_staging import Begun
from cloud.usecases.titles import Imported
from tests.cloud.rig import ROW, Rig
from tests.cloud.test_titles_marks import proven

BIN = Path(sys.executable).parent
CLI = CliRunner()
BOTH = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
STAGE = (StagedTitle, StagedPlace, TitleProblem, TitleImport)
STEP, PATIENCE_S = 4, 60
Made = Imported | Refusal | list[Problem]


class Killed(BaseException):
    """No handler of ours catches it: as if the process were gone."""


@dataclass
class Seen:
    """What an import told while it ran; `dies_at`: killed when so many rows are staged."""

    dies_at: int = 0
    dies_in: str = ""
    begun: list[Begun] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)

    def watch(self) -> Watch:
        return Watch(self.begun.append, self._rows, self._stage)

    def _rows(self, rows: int) -> None:
        self.rows.append(rows)
        if rows == self.dies_at:
            raise Killed

    def _stage(self, stage: str) -> None:
        if stage == self.dies_in:
            raise Killed


def write(folder: Path, count: int, changes: dict[int, dict[str, str]] | None = None) -> Path:
    path = folder / "titles.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["space", "number", *ROW])
        writer.writeheader()
        for n in range(1, count + 1):
            row = {"space": f"S{n}", "number": str(n)} | ROW | (changes or {}).get(n, {})
            writer.writerow(row)
    return path


def salts(count: int) -> bytes:
    return os.urandom(32 * count)


def bring(rig: Rig, path: Path, seen: Seen | None = None, run: str = "r1", **more: int) -> Made:
    ask = Ask(run, rig.now_ms, salts, step_rows=STEP, **more)  # type: ignore[arg-type]
    return title_import.run(rig.db, opened(path), ask, (seen or Seen()).watch())


def killed(rig: Rig, path: Path, seen: Seen) -> None:
    with pytest.raises(Killed):
        bring(rig, path, seen)


def counted(rig: Rig, *tables: type[SQLModel]) -> list[int]:
    counts = [select(func.count()).select_from(table) for table in tables]
    return [rig.db.read(lambda s, one=one: s.exec(one).one()) for one in counts]  # type: ignore[misc]


@BOTH
def test_a_killed_import_goes_on_after_the_last_step_and_makes_the_same_library(
    rig: Rig, tmp_path: Path
) -> None:
    path, first, second = write(tmp_path, 11), Seen(dies_at=8), Seen()
    killed(rig, path, first)
    assert counted(rig, StagedTitle, Title, Space, TitleVersion) == [8, 0, 0, 0]
    made = bring(rig, path, second, "r2")
    assert isinstance(made, Imported) and (made.version, made.count, made.added) == (1, 11, 11)
    assert [one.rows for one in second.begun] == [8]
    assert second.rows == [11]
    tree = rig.db.read(title_tree.build)
    assert tree is not None and made.root == "0x" + tree.root.hex()
    assert all(proven(rig, f"S{n}") for n in range(1, 12))
    assert counted(rig, *STAGE) == [0, 0, 0, 0]


@BOTH
@pytest.mark.parametrize("stage", ["checking", "growing the tree", "writing the library"])
def test_an_import_killed_before_its_last_write_has_changed_nothing(
    rig: Rig, tmp_path: Path, stage: str
) -> None:
    path = write(tmp_path, 5)
    killed(rig, path, Seen(dies_in=stage))
    assert counted(rig, Title, Space, TitleVersion) == [0, 0, 0]
    assert rig.db.read(lambda s: filing.count_named(s, "titles:")) == 0
    made = bring(rig, path)
    assert isinstance(made, Imported) and made.count == 5


def test_an_import_killed_after_its_last_write_is_done_and_leaves_no_stage(
    rig: Rig, tmp_path: Path
) -> None:
    path = write(tmp_path, 5)
    killed(rig, path, Seen(dies_in="clearing up"))
    seen = Seen()
    made = bring(rig, path, seen)
    assert isinstance(made, Imported) and made.version == 1
    assert [one.same for one in seen.begun] == [1]
    assert counted(rig, *STAGE) == [0, 0, 0, 0]


def test_another_file_drops_what_a_killed_import_has_staged(rig: Rig, tmp_path: Path) -> None:
    killed(rig, write(tmp_path, 11), Seen(dies_at=8))
    seen = Seen()
    made = bring(rig, write(tmp_path, 5), seen)
    assert isinstance(made, Imported) and made.count == 5
    assert seen.begun == [Begun(rows=0, dropped=8)]
    assert counted(rig, Title, Space) == [5, 5]


def test_an_import_that_another_one_has_taken_over_stages_nothing_more(
    rig: Rig, tmp_path: Path
) -> None:
    path = write(tmp_path, 11)
    sha = opened(path).sha256
    killed(rig, path, Seen(dies_at=4))
    rig.db.write(lambda s: title_staging.begin(s, sha, "r2"))
    refused = rig.db.write(lambda s: title_staging.stage(s, "r1", 4, ([], [])))
    assert isinstance(refused, Refusal) and refused.reasons[0].code == "titles_taken_over"
    rig.db.write(lambda s: title_staging.end(s, "r1"))
    assert counted(rig, StagedTitle) == [4]


@BOTH
def test_bad_rows_refuse_the_whole_file_and_are_all_told_even_those_before_a_kill(
    rig: Rig, tmp_path: Path
) -> None:
    bad = {2: {"lat": "91"}, 7: {"space": "S3"}, 9: {"number": "4"}, 10: {"number": "x"}}
    path = write(tmp_path, 11, bad)
    killed(rig, path, Seen(dies_at=4))
    found = bring(rig, path, run="r2")
    assert isinstance(found, list)
    assert [(one.line, one.field) for one in found] == [
        (3, "lat"),
        (8, "space"),
        (10, "number"),
        (11, "number"),
    ]
    assert "line 4 already" in found[1].reason and "line 5 already" in found[2].reason
    assert counted(rig, Title, Space, TitleVersion, *STAGE) == [0] * 7


def test_reading_stops_at_so_many_bad_rows(rig: Rig, tmp_path: Path) -> None:
    path, seen = write(tmp_path, 40, {n: {"use": "none"} for n in range(1, 41)}), Seen()
    found = bring(rig, path, seen, max_problems=5)
    assert isinstance(found, list) and len(found) == 5
    assert seen.rows == [4, 8]


def test_a_file_that_breaks_off_tells_its_bad_rows_too(rig: Rig, tmp_path: Path) -> None:
    path = write(tmp_path, 6, {2: {"lat": "91"}})
    path.write_text(path.read_text("utf-8") + '"open', "utf-8")
    found = bring(rig, path)
    assert isinstance(found, list) and [one.field for one in found] == ["lat", ""]
    assert "cannot be read" in found[1].reason
    path.write_text("".join(path.read_text("utf-8").splitlines(True)[:1]), "utf-8")
    assert bring(rig, path) == [titles.EMPTY]


@BOTH
def test_a_space_keeps_its_number_for_good_and_none_other_gets_it(rig: Rig, tmp_path: Path) -> None:
    bring(rig, write(tmp_path, 4))
    other = {1: {"number": "9"}, 2: {"space": "N2"}}
    found = bring(rig, write(tmp_path, 4, other))
    assert isinstance(found, list)
    assert [str(one) for one in found] == [
        "line 2: number '9' the space has the number 1 for good",
        "line 3: number '2' is the number of space S2 for good",
    ]
    assert counted(rig, TitleVersion) == [1]


@BOTH
def test_a_new_file_moves_spaces_and_keeps_those_without_a_title(rig: Rig, tmp_path: Path) -> None:
    bring(rig, write(tmp_path, 4))
    made = bring(rig, write(tmp_path, 3, {2: {"lot": "lot-9", "lat": "31.5"}}))
    assert made == Imported(2, 3, made.root, 0, 1, 0, 1, 1)  # type: ignore[union-attr]
    two = rig.db.read(lambda s: s.get_one(Space, "S2"))
    assert (two.lot, two.lat, two.number) == ("lot-9", 31.5, 2)
    assert counted(rig, Title, Space) == [3, 4]


def test_a_file_from_before_a_change_is_imported_only_when_asked_for_again(
    rig: Rig, tmp_path: Path
) -> None:
    path = write(tmp_path, 4)
    bring(rig, path)
    by = By("sold", rig.clock.at, salts(1))
    rig.db.write(lambda s: title_changes.transfer(s, "S2", "李四", by))
    refused = bring(rig, path)
    assert isinstance(refused, Refusal) and refused.reasons[0].code == "titles_would_undo"
    made = bring(rig, path, again=True)
    assert isinstance(made, Imported) and (made.version, made.transferred) == (3, 1)


def test_a_title_changed_while_an_import_was_planned_is_planned_again(
    rig: Rig, tmp_path: Path
) -> None:
    bring(rig, write(tmp_path, 4))
    path = write(tmp_path, 4, {1: {"holder": "李四"}})

    def meddle(stage: str) -> None:
        if stage == "writing the library":
            by = By("seized", rig.clock.at, salts(1))
            rig.db.write(lambda s: title_changes.change(s, "S2", {"encumbrance": "seized"}, by))

    ask = Ask("r1", rig.now_ms, salts)
    made = title_import.run(rig.db, opened(path), ask, Watch(stage=meddle))
    assert made == Imported(3, 4, made.root, 0, 0, 1, 1)  # type: ignore[union-attr]
    assert all(proven(rig, f"S{n}") for n in range(1, 5))


def imported(path: Path, data: Path, *more: str) -> "subprocess.Popen[str]":
    command = [str(BIN / "berth-cloud"), "titles", "import", str(path), "--data", str(data), *more]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)


def test_a_real_import_ended_by_the_system_goes_on_and_says_so(rig: Rig, tmp_path: Path) -> None:
    path = write(tmp_path, 25_000)
    process = imported(path, rig.folder)
    until_s = time.monotonic() + PATIENCE_S
    while counted(rig, StagedTitle)[0] == 0:
        assert process.poll() is None and time.monotonic() < until_s, process.communicate()

    def end(_session: Session) -> list[int]:
        """Whoever holds the write lock stops it where it is: it cannot have ended meanwhile."""
        process.kill()
        process.wait()
        return counted(rig, StagedTitle)

    staged = rig.db.write(end)
    assert 0 < staged[0] < 25_000 and counted(rig, Title) == [0]
    process.communicate()
    out, err = imported(path, rig.folder).communicate(timeout=PATIENCE_S)
    assert f"Going on after {staged[0]} rows" in err
    assert "25000 titles" in out and "read as UTF-8" in out
    assert counted(rig, Title, Space, StagedTitle) == [25_000, 25_000, 0]


def test_a_refused_file_gets_a_report_beside_it_and_status_2(tmp_path: Path) -> None:
    path = write(tmp_path, 30, {n: {"holder": "王" * 121} for n in range(1, 31)})
    command = ["titles", "import", str(path), "--data", str(tmp_path / "new")]
    found = CLI.invoke(app, [*command, "--json"])
    assert found.exit_code == 2
    told = json.loads(found.stdout)
    assert len(told["problems"]) == 30
    with Path(told["report"]).open(encoding="utf-8-sig", newline="") as file:
        said = list(csv.DictReader(file))
    assert (len(said), said[0]["line"], said[0]["field"]) == (30, "2", "holder")
    assert "王王" not in str(said)
    plain = CLI.invoke(app, command)
    assert "... and 10 more" in plain.output and "titles.csv.problems.csv" in plain.output
