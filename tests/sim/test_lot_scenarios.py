"""Scenario files: the examples hold, mistakes are told where they stand, and the commands."""

import gzip
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge.core.trace_lines import format_header, format_reading
from firmware_sim.cli import app
from firmware_sim.lot import make
from firmware_sim.lot.scenario import ScenarioWrong, parse_scenario, read_scenario
from firmware_sim.lot.sentences import EVENTS, EXPECTATIONS
from firmware_sim.lot.staging import stage
from firmware_sim.lot.writing import write_lot
from firmware_sim.trace import NS, TraceReader, read_truth, trace_sha256

EXAMPLES = sorted((Path(__file__).parents[2] / "docs" / "scenarios").glob("*.yaml"))
FIRST_STAY = Path(__file__).parents[1] / "data" / "first-stay.trace.jsonl.gz"
STAY = """\
spaces: [S1, S2]
lasts: 10 min
events:
  - 2:00 car arrives at S1 (plate 沪A12345)
  - 7:00 car leaves S1
"""


@pytest.fixture
def runner() -> CliRunner:
    return CliRunner()


def mistakes(text: str) -> list[tuple[int, int, str]]:
    with pytest.raises(ScenarioWrong) as told:
        stage(parse_scenario(text, "a.yaml"), "a.yaml")
    return [(one.line, one.column, one.sentence) for one in told.value.mistakes]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_of_the_documents_is_short_and_holds(runner: CliRunner, path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < 20
    done = runner.invoke(app, ["check", str(path), "--json"])
    found = json.loads(done.stdout)
    assert [one for one in found["expect"] if not one["passed"]] == []
    assert (done.exit_code, found["failed"]) == (0, 0)
    assert found["expect"]


def test_an_expectation_that_does_not_hold_exits_1_and_names_its_line(
    runner: CliRunner, tmp_path: Path
) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(STAY + "expect:\n  - no stay at S1\n  - no stay at S2\n", encoding="utf-8")
    done = runner.invoke(app, ["check", str(path)])
    assert done.exit_code == 1
    said = done.stdout.splitlines()
    assert said[0].startswith(f"FAIL {path}:7: no stay at S1 -> 1 stay")
    assert said[1].startswith("ok")
    assert said[2].startswith("1 of 2 expectations hold")


def test_every_expectation_can_fail(runner: CliRunner, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    wrong = (
        "S1 departure at 6:00 within 3 s",
        "S1 departure at 7:00 within 20 s reported after at most 0.1 s",
        "S2 arrival at 2:00 within 60 s",
        "S1 free at 4:00",
        "2 stays at S1",
        "S1 unknown at most 0.1 s",
    )
    path.write_text(STAY + "expect:\n" + "".join(f"  - {one}\n" for one in wrong), "utf-8")
    found = json.loads(runner.invoke(app, ["check", str(path), "--json"]).stdout)
    assert [one["sentence"] for one in found["expect"] if not one["passed"]] == list(wrong)


def test_all_mistakes_are_told_at_once_each_with_line_and_column() -> None:
    text = (
        "spaces: [S1]\nlasts: 10 min\nweather: rain\nsensors: ceiling\nevents:\n"
        "  - 1:00 car arrives at S9\n  - 2:00 car flies\n  - 50:00 tram for 5 s\n"
        'expect:\n  - "no stay at S3"\n  - {at: 1}\n'
    )
    assert [(line, column) for line, column, _ in mistakes(text)] == [
        (3, 1),
        (4, 10),
        (6, 25),
        (7, 10),
        (8, 5),
        (10, 17),
        (11, 5),
    ]


@pytest.mark.parametrize(
    ("events", "line", "part"),
    [
        (["1:00 car leaves S1"], 4, "S1 is empty then"),
        (["1:00 car arrives at S1", "2:00 car arrives at S1"], 5, "S1 is taken then"),
        (
            ["1:00 car arrives at S1", "3:00 car leaves S1", "3:05 car arrives at S1"],
            6,
            "needs 10 s",
        ),
    ],
)
def test_what_cannot_happen_is_refused_at_its_line(events: list[str], line: int, part: str) -> None:
    text = "spaces: [S1]\nlasts: 10 min\nevents:\n" + "".join(f"  - {one}\n" for one in events)
    ((at, _, said),) = mistakes(text)
    assert (at, part in said) == (line, True)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "a", "spaces: [S1", "spaces: S1\nlasts: 5 min", "spaces: [S1]\nlasts: soon", "\t"],
)
def test_what_is_no_scenario_is_refused_with_a_place(text: str) -> None:
    assert all(line >= 1 and column >= 1 for line, column, _ in mistakes(text))


def test_a_script_happens_at_its_times_whatever_the_seed() -> None:
    scenario = parse_scenario(STAY, "a.yaml")
    for seed in (1, 2):
        rows = stage(scenario, "a.yaml", seed).truth
        found = [(r.mono_ns // NS, r.kind, r.space, r.plate) for r in rows]
        assert found == [(120, "arrive", "S1", "沪A12345"), (420, "depart", "S1", "沪A12345")]
    one, other = (list(stage(scenario, "a.yaml", seed).readings()) for seed in (1, 2))
    assert one != other
    assert one == list(stage(scenario, "a.yaml", 1).readings())


def test_every_kind_of_event_can_be_said_and_leaves_its_row() -> None:
    events = (
        "1:00 lorry passes (30 km/h)",
        "1:30 motorbike stops before S2 for 20 s",
        "2:00 car turns in S1",
        "3:00 person walks past S1",
        "3:20 person stands at S2 for 40 s",
        "4:30 trolley at S1 for 1 min",
        "4:40 motorbike beside S2 for 1 min",
        "6:00 metal plate at S2 for 1 min (5 uT)",
        "7:00 tram for 20 s (2 uT)",
        "7:30 rain for 30 s (light)",
        "8:00 snow on S1 for 20 s",
        "8:30 ultrasonic of S2 noisy for 20 s",
        "9:00 gateway silent for 5 s",
    )
    text = "spaces: [S1, S2]\nlasts: 10 min\nevents:\n" + "".join(f"  - {e}\n" for e in events)
    lot = stage(parse_scenario(text, "a.yaml"), "a.yaml")
    tags = [tag for row in lot.truth for tag in row.tags]
    expected = "lorry motorbike stops turn walks stands trolley plate laid taken tram rain snow"
    assert set(expected.split()) | {"noisy:us", "gap"} == set(tags)
    times = [r.mono_ns / NS for r in lot.readings() if r.channel == "mag0"]
    assert max(b - a for a, b in zip(times, times[1:])) == pytest.approx(5, abs=0.3)


def test_around_a_script_a_level_goes_on_in_the_lane_but_nobody_else_parks() -> None:
    quiet = stage(parse_scenario(STAY, "a"), "a").truth
    lively = stage(parse_scenario(STAY + "around: hard\n", "a"), "a").truth
    assert len([r for r in lively if r.kind == "pass"]) > 3
    stays = [[r.mono_ns for r in rows if r.kind == "arrive"] for rows in (quiet, lively)]
    assert stays == [[120 * NS], [120 * NS]]


def test_a_scenario_file_becomes_a_trace_with_its_truth(runner: CliRunner, tmp_path: Path) -> None:
    path, out = tmp_path / "a.yaml", tmp_path / "lot"
    path.write_text(STAY, encoding="utf-8")
    done = runner.invoke(app, ["generate", "--scenario", str(path), "--out", str(out), "--plain"])
    assert (done.exit_code, "with 1 stays" in done.stdout) == (0, True)
    trace = Path(f"{out}.trace.jsonl")
    sha256, rows = read_truth(Path(f"{out}.truth.jsonl"))
    assert (sha256, len(rows)) == (trace_sha256(trace), 2)
    lot = stage(read_scenario(path), "a.yaml")
    lines = [format_header(lot.header), *map(format_reading, lot.readings())]
    assert trace.read_text(encoding="utf-8").splitlines() == lines


def test_a_packed_trace_is_the_same_bytes_twice_and_reads_back_whole(tmp_path: Path) -> None:
    lot, told = make("normal", 1, 1, 0.2), []
    names = (tmp_path / "a.jsonl.gz", tmp_path / "b.jsonl.gz")
    first, second = (write_lot(name, lot.header, lot.readings(), told.append) for name in names)
    assert first == second == trace_sha256(names[0])
    assert names[0].read_bytes() == names[1].read_bytes()
    assert told[-1] > 700 * NS
    with TraceReader(names[0]) as reader:
        assert list(reader) == list(lot.readings())
        assert reader.bad == 0


def test_first_stay_comes_out_as_it_is_committed(runner: CliRunner, tmp_path: Path) -> None:
    out = tmp_path / "again"
    runner.invoke(app, ["generate", "--scenario", "first-stay", "--out", str(out)])
    made = gzip.decompress(Path(f"{out}.trace.jsonl.gz").read_bytes())
    assert made == gzip.decompress(FIRST_STAY.read_bytes())


@pytest.mark.parametrize(
    ("args", "part"),
    [
        (["--level", "odd"], "easy, normal, hard, held-out"),
        (["--scenario", "odd"], "FILE.yaml, random or first-stay"),
        (["--scenario", "nowhere.yaml"], "nowhere.yaml"),
        (["--level", "hard", "--scenario", "first-stay"], "--level both say"),
        (["--spaces", "9", "--hours", "2", "--scenario", "a.yaml"], "--spaces, --hours both say"),
        (["--hours", "1", "--minutes", "5"], "keep one"),
    ],
)
def test_generate_refuses_in_one_sentence(
    runner: CliRunner, tmp_path: Path, args: list[str], part: str
) -> None:
    done = runner.invoke(app, ["generate", "--out", str(tmp_path / "x"), *args])
    assert (done.exit_code, part in done.stderr) == (2, True)
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("event", "column", "part"),
    [
        ("2:75 car passes", 5, "seconds, end at 59"),
        ("1:75:00 car passes", 5, "minutes after an hour"),
        ("2:00 car passes (0 km/h)", 22, "from 1 to 120 km/h"),
        ("2:00 car passes (900 km/h)", 22, "from 1 to 120 km/h"),
        ("2:00 tram for 5 s (9999 uT)", 24, "from 0.1 to 50 uT"),
        ("2:00 metal plate at S1 for 9 s (51 uT)", 37, "from 0.1 to 50 uT"),
        ("2:00 car arrives at S1 (weak, plate X)", 35, "4 to 10 letters and digits"),
        ("2:00 car arrives at S1 (plate <<<<<<<)", 29, "4 to 10 letters and digits"),
    ],
)
def test_a_number_or_plate_that_cannot_be_is_refused_where_it_stands(
    event: str, column: int, part: str
) -> None:
    text = f"spaces: [S1]\nlasts: 3 h\nevents:\n  - {event}\n"
    ((line, at, said),) = mistakes(text)
    assert (line, at, part in said) == (4, column, True)


def test_the_time_of_an_expectation_has_sixty_seconds_too() -> None:
    ((line, column, said),) = mistakes(STAY + "expect:\n  - S1 free at 3:61\n")
    assert (line, column, "3:61 is no time" in said) == (7, 16, True)


def test_a_scenario_that_expects_nothing_cannot_be_checked(
    runner: CliRunner, tmp_path: Path
) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(STAY, encoding="utf-8")
    done = runner.invoke(app, ["check", str(path)])
    assert (done.exit_code, "expects nothing" in done.stderr) == (2, True)


def test_a_mistake_begins_with_its_place_so_that_an_editor_jumps_there(
    runner: CliRunner, tmp_path: Path
) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(STAY + "colour: red\n", encoding="utf-8")
    done = runner.invoke(app, ["check", str(path)])
    assert (done.exit_code, done.stderr.startswith(f"{path}:6:1: ")) == (2, True)


def test_every_sentence_stands_in_the_documents() -> None:
    readme = (EXAMPLES[0].parent / "README.md").read_text(encoding="utf-8")
    missing = [form for form in (*EVENTS, *EXPECTATIONS) if f"`{form}`" not in readme]
    assert missing == []
