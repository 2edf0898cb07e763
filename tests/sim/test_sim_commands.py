import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from firmware_sim.cli import app
from firmware_sim.trace import read_truth, write_truth

DATA = Path(__file__).resolve().parents[1] / "data"
TRACE, TRUTH = str(DATA / "first-stay.trace.jsonl.gz"), str(DATA / "first-stay.truth.jsonl")
PAST = "2026-05-01T00:00:00Z@0.0*1"


@pytest.fixture
def runner() -> CliRunner:
    return CliRunner()


def test_replay_writes_the_same_events_twice_and_scores_them(
    runner: CliRunner, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        done = runner.invoke(
            app,
            ["replay", TRACE, "--truth", TRUTH, "--events", str(tmp_path / name), "--json"],
        )
        assert done.exit_code == 0
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    events = [json.loads(line) for line in (tmp_path / "a").read_text().splitlines()]
    assert [list(e) for e in events] == [
        ["kind", "space", "at_ns", "uncertainty_s", "reported_ns"]
    ] * len(events)
    assert json.loads(done.stdout)["score"]["f1"] == 1.0


def test_replay_against_the_truth_of_another_trace_is_bad_input(
    runner: CliRunner, tmp_path: Path
) -> None:
    other = tmp_path / "t.jsonl"
    other.write_text('{"format":"berth-truth","version":1,"trace_sha256":"00"}\n')
    done = runner.invoke(app, ["replay", TRACE, "--truth", str(other)])
    assert (done.exit_code, "another trace" in done.output) == (2, True)


def test_generate_then_info_agree(runner: CliRunner, tmp_path: Path) -> None:
    out = str(tmp_path / "lot")
    args = ["generate", "--out", out, "--seed", "4", "--spaces", "2", "--minutes", "5"]
    assert runner.invoke(app, args).exit_code == 0
    done = runner.invoke(app, ["info", out + ".trace.jsonl.gz", "--json"])
    found = json.loads(done.stdout)
    assert (done.exit_code, found["bad_lines"], found["readings"]["us0"]) == (0, 0, 600)


def test_info_of_a_damaged_trace_exits_1_and_says_which_line(
    runner: CliRunner, tmp_path: Path
) -> None:
    path = tmp_path / "a.trace.jsonl"
    runner.invoke(app, ["generate", "--out", str(tmp_path / "lot"), "--minutes", "1"])
    runner.invoke(app, ["import", "csm_hmc5883l", str(_csm(tmp_path)), str(path)])
    path.write_bytes(path.read_bytes() + b"half a li")
    done = runner.invoke(app, ["info", str(path), "--json"])
    assert (done.exit_code, json.loads(done.stdout)["reasons"]) == (1, ["line 4: not JSON"])


def _csm(folder: Path) -> Path:
    path = folder / "csm.txt"
    path.write_text("1 2 3\n4 5 6\n")
    return path


@pytest.mark.parametrize(
    "args",
    [
        ["info", "nowhere.jsonl"],
        ["replay", __file__],
        ["import", "xyz", __file__, "out"],
        ["import", "obs_raw", __file__, "out"],
        ["import", "csm_hmc5883l", TRUTH, "out"],
        ["feed", TRACE, "--tempo", "soon"],
        ["generate", "--out", "x", "--scenario", "odd"],
    ],
)
def test_bad_input_exits_2_with_one_sentence(runner: CliRunner, args: list[str]) -> None:
    done = runner.invoke(app, args)
    assert done.exit_code == 2
    assert re.match(r"berth-sim: |[^ ]+:\d+: ", done.stderr)
    assert len(done.stderr.splitlines()) == 1


def feed(tempo: str) -> "subprocess.Popen[bytes]":
    code = "from firmware_sim.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", code, "feed", TRACE, "--tempo", tempo],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_feed_started_after_the_end_writes_the_header_alone_and_says_so() -> None:
    out, err = feed(PAST).communicate(timeout=60)
    assert len(out.splitlines()) == 1
    assert re.search(rb"all [1-9]\d* lines .* begins at 2026-05-01T00:00:00Z", err)


def test_feed_of_another_day_says_what_to_change() -> None:
    """A lot's clock that stands a day after the trace: nothing of it is due any more."""
    out, err = feed(f"2026-05-02T00:00:00Z@{time.time()!r}*60").communicate(timeout=60)
    assert len(out.splitlines()) == 1
    assert b"lot's clock" in err and b"--tempo" in err


def test_feed_goes_quietly_when_its_reader_goes() -> None:
    process = feed(f"2026-05-01T00:00:00Z@{time.time()!r}*300")
    assert process.stdout is not None and process.stderr is not None
    assert b"berth-trace" in process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(timeout=60) == 0


def test_replay_tells_people_tables_and_sentences_and_programs_the_numbers(
    runner: CliRunner,
) -> None:
    said = runner.invoke(app, ["replay", TRACE, "--truth", TRUTH]).stdout
    assert "{" not in said and "_" not in said
    assert re.search(r"S1 +free +1 +1 +7\b", said)
    assert "failures: none" in said


def test_a_failure_is_told_as_a_sentence_with_its_second(runner: CliRunner, tmp_path: Path) -> None:
    sha256, rows = read_truth(Path(TRUTH))
    truth = tmp_path / "t.jsonl"
    write_truth(truth, sha256, [row for row in rows if row.space != "S2"])
    done = runner.invoke(app, ["replay", TRACE, "--truth", str(truth)])
    assert done.exit_code == 1
    assert "failures: 2\n" in done.stdout
    assert re.search(r"\n  0:(09:59|10:00)\.\d S2: false arrival", done.stdout)


def test_info_is_a_sentence_and_a_table_with_a_row_a_channel(runner: CliRunner) -> None:
    said = runner.invoke(app, ["info", TRACE]).stdout
    assert "50446 readings in 0:40:00 from 2026-05-01 08:00:00 (Asia/Shanghai)" in said
    assert "{" not in said and "_" not in said
    assert re.search(r"us0 +S1 +hc-sr04 +4800 +2 ", said)


@pytest.mark.parametrize(("file", "part"), [("", "is empty"), ("truth", "not a trace")])
def test_what_is_no_trace_is_called_what_it_is(
    runner: CliRunner, tmp_path: Path, file: str, part: str
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(Path(TRUTH).read_text() if file else "")
    done = runner.invoke(app, ["info", str(path)])
    assert (done.exit_code, part in done.stderr) == (2, True)
