"""The plan of a lot, from metres alone."""

from typing import Any

from cloud.entrypoints.http.pages_map import plan


def space(name: str, x_m: float, y_m: float) -> dict[str, Any]:
    return {"id": name, "x_m": x_m, "y_m": y_m, "state": "free"}


def test_an_empty_lot_has_no_plan() -> None:
    assert plan([]) is None


def test_one_row_opens_to_one_lane() -> None:
    made = plan([space(f"S{n}", n * 2.5, 0) for n in range(4)])
    assert made is not None
    assert len(made.lanes) == 1
    assert {drawn.turn for drawn in made.spaces} == {0}


def test_two_rows_face_each_other_over_their_lane() -> None:
    made = plan([space(f"{r}{n}", n * 2.5, r * 11.5) for r in (0, 1) for n in range(3)])
    assert made is not None
    assert [drawn.turn for drawn in made.spaces] == [0, 0, 0, 180, 180, 180]
    assert len(made.lanes) == 1


def test_back_to_back_rows_open_away_from_each_other() -> None:
    made = plan([space(f"{r}{n}", n * 2.5, r * 5.0) for r in (0, 1) for n in range(3)])
    assert made is not None
    assert [drawn.turn for drawn in made.spaces] == [180, 180, 180, 0, 0, 0]
    assert len(made.lanes) == 2


def test_a_lot_along_a_wall_lies_sideways() -> None:
    made = plan([space(f"S{n}", 0, n * 2.5) for n in range(8)])
    assert made is not None
    assert made.height > made.width
    assert {drawn.turn for drawn in made.spaces} == {-90}


def test_everything_drawn_lies_on_the_plan() -> None:
    made = plan([space(f"S{n}", (n * 37) % 90 / 3, (n * 53) % 70 / 2) for n in range(50)])
    assert made is not None
    assert all(0 < drawn.x < made.width and 0 < drawn.y < made.height for drawn in made.spaces)


def test_labels_leave_out_what_all_ids_share() -> None:
    made = plan([space("hq-n.A01", 0, 0), space("hq-n.A02", 2.5, 0)])
    assert made is not None
    assert [drawn.label for drawn in made.spaces] == ["A01", "A02"]
    alone = plan([space("hq-n.A01", 0, 0)])
    assert alone is not None
    assert alone.label("hq-n.A01") == "hq-n.A01"
