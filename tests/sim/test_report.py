"""The page and the JUnit file of a replay, with names that mean harm."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from edge.core.fusion import Change, DetectorSettings
from edge.core.occupancy import TABLE
from edge.core.readings import NO_ECHO, Channel, Reading
from edge.core.trace_lines import TraceHeader
from firmware_sim.cli import app
from firmware_sim.lot import make
from firmware_sim.replay import Replay
from firmware_sim.report.bands import told_bands, true_bands
from firmware_sim.report.clock import LotClock, offset
from firmware_sim.report.envelope import MAX_COLUMNS, Envelope
from firmware_sim.report.failures import failures
from firmware_sim.report.junit import junit
from firmware_sim.report.page import MAX_CLOSE_UPS, Told, cuts_of, html
from firmware_sim.report.signals import WholeTrace, close_up
from firmware_sim.report.words import STANDING, TAGS, cause_zh
from firmware_sim.scoring.matching import tags_of
from firmware_sim.trace import NS, TraceReader, Truth, write_trace, write_truth

DATA = Path(__file__).resolve().parents[1] / "data"
TRACE, TRUTH = str(DATA / "first-stay.trace.jsonl.gz"), str(DATA / "first-stay.truth.jsonl")
HOSTILE = '"><script>alert(1)</script>&\x07{{7*7}}'
VOID = {"meta", "input", "path", "rect", "link", "br"}


class Page(HTMLParser):
    """What the tests ask of a page; a tag closed out of turn is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        self.tags.append(tag)
        self.ids += [names["id"]] if names.get("id") else []
        self.links += [value for key in ("href", "src") if (value := names.get(key))]
        assert not any(name.startswith("on") for name in names)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


def header(*spaces: str, tz: str = "Asia/Shanghai") -> TraceHeader:
    channels = {}
    for space in spaces:
        channels[f"us {space}"] = Channel(f"us {space}", "ultrasonic", space)
        channels[f"mag {space}"] = Channel(f"mag {space}", "magnetic", space, "qmc5883l", 3000.0)
    return TraceHeader("gw", tz, 0, datetime(2026, 5, 1, tzinfo=UTC), channels)


def readings(head: TraceHeader, lasts_s: int) -> list[Reading]:
    made = []
    for at_s in range(lasts_s):
        for name, channel in head.channels.items():
            if channel.kind == "magnetic":
                made.append(Reading(at_s * NS, name, (300, 400 + at_s % 7, 500)))
            elif at_s % 3:
                made.append(Reading(at_s * NS, name, 9000.0 + at_s % 5))
            else:
                made.append(Reading(at_s * NS, name, None, NO_ECHO))
    return made


def change(kind: str, at_s: float, space: str, why: str = "the script") -> Change:
    at_ns = int(at_s * NS)
    return Change(space, kind, at_ns, 1.0, at_ns + 3 * NS, "0x", why)  # type: ignore[arg-type]


def told(
    head: TraceHeader, changes: Sequence[Change], truth: Sequence[Truth] | None, lasts_s: int = 600
) -> Told:
    spaces = {channel.space for channel in head.channels.values() if channel.space}
    watch = {space: (0, lasts_s * NS) for space in spaces}
    return Told("t.jsonl", head, changes, truth, watch, {}, 1, 0, ())


def page(one: Told, lasts_s: int = 600) -> str:
    made = readings(one.header, lasts_s)
    whole = WholeTrace(one.header.channels)
    assert list(whole.pass_on(made)) == made
    return html(one, whole.of, close_up(one.header.channels, made, cuts_of(one)))


def wrong(space: str) -> tuple[list[Change], list[Truth]]:
    """A missed departure, a false arrival, and one whose truth lies outside what it admits."""
    changes = [change("known", 5, space), change("arrival", 104, space)]
    changes += [change("arrival", 500, space, HOSTILE)]
    rows = [Truth(100 * NS, "arrive", space, tags=(HOSTILE,)), Truth(300 * NS, "depart", space)]
    return changes, [*rows, Truth(50 * NS, "pass", None)]


def test_every_failure_has_its_anchor_its_close_up_and_a_link_from_the_signals() -> None:
    text = page(told(header("S1"), *wrong("S1")))
    found = Page(text)
    assert found.open == []
    assert {"f1", "f2", "f3"} <= set(found.ids)
    assert len(found.ids) == len(set(found.ids))
    assert {link.removeprefix("#") for link in found.links} <= set(found.ids)
    # Each is linked from the table and from the chart of the whole, and is drawn for itself.
    assert min(found.links.count(f"#f{n}") for n in (1, 2, 3)) >= 2
    assert found.tags.count("svg") == 4
    assert "Not drawn" not in text


def test_names_that_mean_harm_stay_text() -> None:
    text = page(told(header(HOSTILE), *wrong(HOSTILE)))
    assert "script" not in Page(text).tags
    assert "&lt;script&gt;" in text
    assert "{{7*7}}" in text


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    text = page(told(header("S1"), *wrong("S1")))
    assert all(link.startswith("#") for link in Page(text).links)
    assert re.search(r"url\(|@import|https?://|javascript:", text) is None


def test_each_text_is_there_in_both_languages() -> None:
    text = page(told(header("S1"), *wrong("S1")))
    assert text.count('<span lang="en">') == text.count('<span lang="zh">') > 30
    assert "<text" not in text  # what stands in a drawing would shrink with it


def test_failures_are_what_fails_and_a_truth_outside_the_uncertainty_has_its_own_list() -> None:
    text = page(told(header("S1"), *wrong("S1")))
    assert 'Failures</span><span lang="zh">差错</span> (2)' in text
    assert (
        'Outside the stated uncertainty</span><span lang="zh">超出所述不确定度</span> (1)' in text
    )
    only_outside = page(told(header("S1"), [change("arrival", 104, "S1")], wrong("S1")[1][:1]))
    assert "None: every arrival" in only_outside
    assert 'id="f1"' in only_outside


def test_failures_are_listed_by_time_over_all_spaces_on_both_clocks() -> None:
    changes = [change("arrival", 300, "S1"), change("arrival", 100, "S2")]
    text = page(told(header("S1", "S2"), changes, []))
    table = text[text.index('<table class="list">') :]
    assert table.index("0:01:40.0") < table.index("0:05:00.0")
    assert "2026-05-01 08:01:40.0" in table


def test_the_second_of_a_failure_stands_on_its_own_drawing() -> None:
    text = page(told(header("S1"), *wrong("S1")))
    cards = text.split("<article")[-3:]
    assert [re.findall(r'class="second \w+"[^>]*>([\d:.]+)<', card) for card in cards] == [
        ["0:05:00.0"],
        ["0:08:20.0"],
        ["0:01:40.0"],
    ]


def test_every_tag_of_the_simulated_lot_and_every_cause_is_said_in_chinese() -> None:
    lots = [make("hard", seed, 6, 24).truth for seed in (1, 2)]
    named = {tag for rows in lots for row in rows for tag in tags_of(row)}
    assert len(named) > 25
    assert named - TAGS.keys() == set()
    assert all(any(ord(letter) > 0x2E7F for letter in zh) for _, zh in TAGS.values())
    with TraceReader(Path(TRACE)) as reader:
        whys = {one.why for one in Replay(reader.header.channels, DetectorSettings()).run(reader)}
    assert len(whys) > 2
    assert [why for why in whys if cause_zh(why) is None] == []
    assert {standing for standing, _ in TABLE} <= STANDING.keys()
    assert cause_zh("free to occupied: the moon") is None
    assert cause_zh("occupied to free: echo, another car") == "占用 → 空闲：回波，换了一辆车"


def test_without_a_truth_nothing_is_judged_and_all_is_drawn() -> None:
    found = Page(page(told(header("S1", "S2"), [change("arrival", 104, "S1")], None)))
    assert (found.tags.count("svg"), found.links) == (2, [])


def test_too_many_failures_are_listed_without_a_close_up_and_the_page_says_so() -> None:
    changes = [change("arrival", n, "S1") for n in range(MAX_CLOSE_UPS + 5)]
    text = page(told(header("S1"), changes, []))
    assert text.count("Not drawn") == 5
    assert {link.removeprefix("#") for link in Page(text).links} <= set(Page(text).ids)


def test_a_day_of_24_spaces_stays_a_few_megabytes() -> None:
    envelope = Envelope(0, NS)
    for at_s in range(86_400):
        envelope.add(at_s * NS, at_s % 97 / 10)
    columns = list(envelope.columns())
    assert MAX_COLUMNS / 2 < len(columns) <= MAX_COLUMNS
    # Two such signals a space at fewer than 20 characters a column.
    assert 24 * 2 * 20 * MAX_COLUMNS < 2_000_000


@given(st.lists(st.tuples(st.integers(0, 10**6), st.floats(0, 9)), min_size=1))
def test_an_envelope_keeps_the_least_and_the_most_of_all(samples: list[tuple[int, float]]) -> None:
    envelope = Envelope(0, 10)
    for at, value in samples:
        envelope.add(at, value)
    columns = list(envelope.columns())
    values = [value for _, value in samples]
    assert min(low for _, low, _ in columns) == min(values)
    assert max(high for _, _, high in columns) == max(values) == envelope.most()
    assert [at for at, _, _ in columns] == sorted({at for at, _, _ in columns})


def test_the_bands_say_who_stood_there_from_the_first_reading_to_the_last() -> None:
    rows = [Truth(100 * NS, "depart", "S1"), Truth(200 * NS, "arrive", "S1")]
    bands = [(b.occupancy, b.from_ns // NS, b.until_ns // NS) for b in true_bands(rows, (0, 9**12))]
    assert bands[:2] == [("occupied", 0, 100), ("free", 100, 200)]
    changes = [change("known", 10, "S1"), change("departure", 100, "S1")]
    changes += [change("unknown", 150, "S1"), change("known", 170, "S1")]
    bands = [
        (b.occupancy, b.from_ns // NS, b.until_ns // NS)
        for b in told_bands(changes, "free", (0, 300 * NS))
    ]
    assert bands == [
        ("unknown", 0, 10),
        ("occupied", 10, 100),
        ("free", 100, 150),
        ("unknown", 150, 170),
        ("free", 170, 300),
    ]


def test_junit_has_a_case_a_space_and_fails_the_one_that_was_wrong() -> None:
    changes, rows = wrong(HOSTILE)
    told_wrong = failures(changes, rows)
    root = ElementTree.fromstring(junit("t", {"S2": (0, NS), HOSTILE: (0, NS)}, told_wrong, 3))
    cases = {case.get("name", ""): case for case in root.iter("testcase")}
    [suite] = root.iter("testsuite")
    assert (len(cases), suite.get("tests"), suite.get("failures")) == (2, "2", "1")
    assert cases["S2"].find("failure") is None
    assert (suite.get("time"), cases["S2"].get("time")) == ("3.000", "1.500")
    [lasts] = cases["S2"].iter("property")
    assert (lasts.get("name"), lasts.get("value")) == ("trace_s", "1.000")
    failure = cases[HOSTILE.replace("\x07", "\ufffd")].find("failure")
    assert failure is not None
    assert failure.get("message") == "1 missed, 1 false"
    assert "0:05:00.0" in (failure.text or "") and "0:08:20.0" in (failure.text or "")


@given(st.text(), st.text())
def test_junit_is_well_formed_whatever_the_names(trace: str, space: str) -> None:
    ElementTree.fromstring(junit(trace, {space: (0, NS)}, failures(*wrong(space)), 0.1))


@pytest.mark.parametrize("tz", ["Asia/Shanghai", "Nowhere/Land", "../../etc/passwd", "Asia", ""])
def test_the_clock_is_the_lots_and_an_unknown_zone_is_utc(tz: str) -> None:
    clock = LotClock(header("S1", tz=tz))
    hour = 8 if tz == "Asia/Shanghai" else 0
    assert clock.text(90 * NS) == f"2026-05-01 {hour:02d}:01:30.0"
    assert clock.ticks(0, 3600 * NS, 10)[1] == (600 * NS * 3 // 2, f"{hour:02d}:15")
    assert clock.text(2**63 - 1).startswith("2318")
    assert offset(3_723_460_000_000) == "1:02:03.4"


@given(st.integers(0, 2**63 - 1), st.integers(1, 2**62))
def test_there_are_never_more_ticks_than_asked_for(from_ns: int, lasts_ns: int) -> None:
    assert len(LotClock(header("S1")).ticks(from_ns, from_ns + lasts_ns, 10)) <= 11


def test_replay_writes_page_and_junit_and_the_same_bytes_twice(tmp_path: Path) -> None:
    said = []
    for name in ("a", "b"):
        out, xml = tmp_path / f"{name}.html", tmp_path / f"{name}.xml"
        args = ["replay", TRACE, "--truth", TRUTH, "--html", str(out), "--junit", str(xml)]
        done = CliRunner().invoke(app, [*args, "--json"])
        assert done.exit_code == 0
        # How long the run took is the one thing that differs.
        cases = re.sub(rb' time="[\d.]+"', b"", xml.read_bytes())
        said.append((out.read_bytes(), cases, done.stdout))
    assert said[0] == said[1]
    assert Page(said[0][0].decode()).open == []
    assert json.loads(said[0][2])["passes"].keys() == {"S1", "S2", "S3"}


def test_a_wrong_space_fails_its_case_and_the_command_alike(tmp_path: Path) -> None:
    head = header("S1")
    trace, truth = tmp_path / "a.trace.jsonl", tmp_path / "a.truth.jsonl"
    sha256 = write_trace(trace, head, readings(head, 120))
    write_truth(truth, sha256, [Truth(60 * NS, "arrive", "S1")])
    xml = tmp_path / "a.xml"
    done = CliRunner().invoke(
        app, ["replay", str(trace), "--truth", str(truth), "--junit", str(xml)]
    )
    assert done.exit_code == 1
    assert "1 missed" in xml.read_text()


def test_junit_without_a_truth_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["replay", TRACE, "--junit", str(tmp_path / "x")])
    assert (done.exit_code, "--truth" in done.stderr) == (2, True)
