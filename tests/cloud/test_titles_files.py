"""Files as offices write them: their encodings, separators, column names, and their slips."""

import csv
import io
import json
from pathlib import Path

import pytest

from cloud.adapters import title_geojson, title_report
from cloud.adapters.title_files import BadFile, TitleFile, opened
from cloud.core.title_rows import Lined, Problem
from tests.cloud.test_titles_rows import GOOD

CHINESE = "车位编号,序号,停车场,产权人姓名,权利类型,有效期至,权利限制,用途,纬度,经度"


def table(rows: list[dict[str, str]], separator: str = ",", ends: str = "\r\n") -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(GOOD), delimiter=separator, lineterminator=ends)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def written(folder: Path, text: str, encoding: str = "utf-8", name: str = "t.csv") -> TitleFile:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return opened(path)


def rows(file: TitleFile) -> list[Lined]:
    return [(line, list(cells)) for line, cells in file.rows()]


def problems(folder: Path, text: str, name: str = "t.csv") -> list[Problem]:
    with pytest.raises(BadFile) as refused:
        rows(written(folder, text, name=name))
    return list(refused.value.problems)


@pytest.mark.parametrize("separator", [",", "\t", ";"], ids=["comma", "tab", "semicolon"])
@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8 with BOM"),
        ("gb18030", "GB18030"),
        ("utf-16", "UTF-16"),
    ],
)
def test_a_file_of_any_office_is_read_and_its_encoding_told(
    tmp_path: Path, encoding: str, shown: str, separator: str
) -> None:
    row = GOOD | {"holder": "龘𠮷"}
    file = written(tmp_path, table([row], separator), encoding)
    assert file.shown_encoding == shown
    assert rows(file) == [(2, list(row.values()))]
    assert file.read_bytes == file.size_bytes


def test_a_line_is_the_one_a_row_begins_on_whatever_its_cells_hold(tmp_path: Path) -> None:
    joint = GOOD | {"holder": "张三\n李四"}
    text = table([joint, GOOD]) + "\r\n" + table([GOOD]).splitlines()[1]
    found = rows(written(tmp_path, text))
    assert [line for line, _cells in found] == [2, 4, 6]
    assert found[0][1][3] == "张三\n李四"


def test_columns_come_in_any_order_and_under_the_offices_names(tmp_path: Path) -> None:
    head, *_ = table([GOOD]).splitlines()
    cells = list(GOOD.values())
    mixed = [f"备注,{','.join(reversed(CHINESE.split(',')))}", ",".join(["x", *reversed(cells)])]
    for text in (
        "\n".join([CHINESE, ",".join(cells)]),
        "\n".join(mixed),
        f"{head}\n{','.join(cells)}",
    ):
        assert rows(written(tmp_path, text)) == [(2, cells)]


def test_columns_that_are_missing_or_twice_are_named_before_any_row(tmp_path: Path) -> None:
    text = table([GOOD]).replace("right,", "rights,").replace("lot,", "use,")
    said = [problem.reason for problem in problems(tmp_path, text)]
    assert said[0].startswith("column lot is missing (or 停车场")
    assert said[1].startswith("column right is missing (or 权利类型")
    assert said[2] == "2 columns mean use; leave one"


def test_short_and_long_rows_say_which_cell_is_too_few_or_too_many(tmp_path: Path) -> None:
    cells = ",".join(GOOD.values())
    lines = [",".join(GOOD), cells.rpartition(",")[0], f"{cells},", f"{cells},x"]
    short, blank, long = rows(written(tmp_path, "\n".join(lines)))
    assert short[1][-1] is None
    assert (list(blank[1]), len(long[1])) == (list(GOOD.values()), 11)


def test_a_quote_that_is_never_closed_ends_the_reading_with_a_reason(tmp_path: Path) -> None:
    text = table([GOOD, GOOD | {"holder": "QUOTE"}, GOOD]).replace("QUOTE", '"王伟')
    [found] = problems(tmp_path, text)
    assert "cannot be read" in found.reason and found.line == 2


def test_bytes_of_no_encoding_and_workbooks_are_refused_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(table([GOOD, GOOD], ends="\n").encode() + b"\x80\xff\xff\n")
    with pytest.raises(BadFile) as refused:
        opened(path)
    assert str(refused.value).endswith("neither UTF-8 (from line 4) nor GB18030 (from line 4)")
    path.write_bytes(b"PK\x03\x04rest")
    with pytest.raises(BadFile, match="workbook"):
        opened(path)


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path, table([GOOD]))
    file.path.write_text(table([GOOD | {"holder": "李四"}]))
    with pytest.raises(BadFile, match="changed while it was read"):
        rows(file)


def feature(**changes: object) -> dict[str, object]:
    properties = {name: value for name, value in GOOD.items() if name not in ("lat", "lon")}
    point = {"type": "Point", "coordinates": [121.47, 31.23]}
    return {"type": "Feature", "geometry": point, "properties": properties} | changes


def collection(features: list[object], **more: object) -> str:
    whole = {"type": "FeatureCollection", **more, "features": features, "bbox": [0, 1]}
    return json.dumps(whole, ensure_ascii=False)


@pytest.mark.parametrize("indent", [None, 2])
def test_features_are_read_one_by_one_with_their_numbers(
    tmp_path: Path, indent: int | None
) -> None:
    text = json.dumps(json.loads(collection([feature()] * 3)), indent=indent)
    found = rows(written(tmp_path, text, name="t.geojson"))
    assert found == [(number, list(GOOD.values())) for number in (1, 2, 3)]


def test_a_feature_may_be_cut_anywhere_between_two_reads() -> None:
    text = collection([feature(), feature(id=12345)], count=1234567890)

    class Dripping(io.StringIO):
        """Three signs at a time, whatever is asked for."""

        def read(self, _size: int | None = -1, /) -> str:
            return super().read(3)

    found = [cells for _number, cells in title_geojson.features(Dripping(text))]
    assert found == [list(GOOD.values())] * 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (collection([feature()])[:-1], "the end of the file"),
        (collection([feature(), feature()])[:-300], "is not JSON"),
        ("[1, 2]", "stands where"),
        ('{"type": "FeatureCollection"}', "is not one feature collection"),
        (collection([feature()]) + "x", "is not one feature collection"),
        (collection([], crs={"properties": {"name": "EPSG:3857"}}), "not WGS 84"),
        (collection([feature()]).replace("[121", "x[121"), "is not JSON"),
        ('{"features": ' + "[" * 100_000, "cannot be read"),
    ],
)
def test_a_broken_or_truncated_collection_is_refused(
    tmp_path: Path, text: str, reason: str
) -> None:
    [found] = problems(tmp_path, text, "t.geojson")
    assert reason in found.reason


def test_a_feature_that_is_no_point_or_no_title_is_a_bad_row_and_no_more(tmp_path: Path) -> None:
    area = feature(geometry={"type": "Polygon", "coordinates": [[[1, 2]]]})
    odd = feature(properties={"space": ["S1"], "number": None})
    found = rows(written(tmp_path, collection([area, odd, 7, feature()]), name="t.geojson"))
    assert found[0][1][-2:] == ["Polygon, not a Point"] * 2
    assert found[1][1][:3] == [None, "", None]
    assert found[2][1] == []
    assert found[3][1] == list(GOOD.values())


def test_a_report_opens_in_a_spreadsheet_and_computes_nothing(tmp_path: Path) -> None:
    path = title_report.beside(tmp_path / "t.csv")
    title_report.write(path, [Problem(3, "lot", "is no name", "=1+1"), Problem(9, "", "odd")])
    assert path.name == "t.csv.problems.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        said = list(csv.reader(file))
    assert said == [
        ["line", "field", "reason", "value"],
        ["3", "lot", "is no name", "'=1+1"],
        ["9", "", "odd", ""],
    ]
