"""What is said of a file with bad rows, and of one that moves spaces only."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cloud.cli import app
from cloud.core.title_names import COLUMNS
from cloud.core.title_rows import check
from tests.cloud.rig import Rig
from tests.cloud.test_titles_import import bring, write
from tests.cloud.test_titles_rows import GOOD

CLI = CliRunner()
BAD = {"number": "x", "right": "gift", "lat": "99"}


def typed(*words: str) -> tuple[int, str]:
    found = CLI.invoke(app, list(words))
    return found.exit_code, found.output


def test_a_row_with_three_mistakes_is_told_all_three_at_once() -> None:
    cells = [(GOOD | BAD)[name] for name in COLUMNS]
    staged, problems = check([(7, cells), (8, list(GOOD.values()))], bytes(64), 1)
    assert [(one.line, one.field) for one in problems] == [(7, "number"), (7, "right"), (7, "lat")]
    assert [row.row for row in staged] == [2]


def test_an_import_in_steps_goes_on_behind_rows_with_several_mistakes(
    rig: Rig, tmp_path: Path
) -> None:
    path = write(tmp_path, 11, {2: BAD, 5: BAD, 9: {"use": "?"}})
    found = bring(rig, path)
    assert isinstance(found, list)
    assert [(one.line, one.field) for one in found] == [
        *((3, name) for name in ("lat", "number", "right")),
        *((6, name) for name in ("lat", "number", "right")),
        (10, "use"),
    ]


def test_the_refusal_counts_rows_and_mistakes(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    one = str(write(tmp_path, 3, {2: {"use": "?"}}))
    assert "1 row is bad." in typed("titles", "import", one, "--data", data)[1]
    more = str(write(tmp_path, 3, {1: {"use": "?"}, 2: BAD}))
    assert "2 rows are bad (4 mistakes)." in typed("titles", "import", more, "--data", data)[1]


def test_a_feature_is_not_called_a_line_and_its_shape_is_named(tmp_path: Path) -> None:
    area = {"type": "Polygon", "coordinates": [[[1, 2]]]}
    feature = {"type": "Feature", "properties": dict(GOOD), "geometry": area}
    path = tmp_path / "t.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")
    code, said = typed("titles", "import", str(path), "--data", str(tmp_path / "data"))
    assert code == 2
    assert "feature 1: its geometry is a Polygon and must be a Point" in said
    assert "line 1" not in said and "not a number" not in said
    assert (tmp_path / "t.geojson.problems.csv").read_text("utf-8-sig").startswith("feature,")


@pytest.mark.parametrize(("name", "said"), [("number", "in the whole city"), ("space", "already")])
def test_a_number_twice_says_how_far_it_must_be_the_only_one(
    tmp_path: Path, name: str, said: str
) -> None:
    path = str(write(tmp_path, 3, {2: {name: "S1" if name == "space" else "1"}}))
    code, told = typed("titles", "import", path, "--data", str(tmp_path / "data"))
    assert (code, said in told, "line 2" in told) == (2, True, True)


def test_spaces_that_only_moved_are_counted(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    typed("titles", "import", str(write(tmp_path, 3)), "--data", data)
    moved = str(write(tmp_path, 3, {2: {"lat": "31.25"}, 3: {"lon": "121.5"}}))
    code, said = typed("titles", "import", moved, "--data", data)
    assert (code, "2 moved on the map" in said) == (0, True), said


def test_the_log_is_printed_where_a_program_asks_for_its_standard_output(
    rig: Rig, tmp_path: Path
) -> None:
    rig.import_titles()
    code, said = typed("audit", "export", "-", "--data", str(rig.folder))
    assert (code, json.loads(said.splitlines()[0])["what"]) == (0, "titles.imported")
    assert not Path("-").exists()
