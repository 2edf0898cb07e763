"""One stay's story, asked for by any of its names, from event to block; and in the logs."""

import json
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from cloud.cli import app
from cloud.errors import Unknown
from cloud.usecases import tracing
from tests.cloud.rig import Rig

TRACE = "gw-1:1:2"


@pytest.fixture
def parked(tmp_path: Path) -> tuple[Rig, str]:
    rig = Rig(tmp_path)
    rig.open_market()
    booking = rig.booked()
    rig.report("arrival", "occupied", 100, match="accepted", grant=booking.grant)
    rig.report("snapshot", "occupied", 600, match="accepted", grant=booking.grant)
    rig.report("departure", "free", 1900, match="accepted", grant=booking.grant)
    return rig, booking.id


def test_a_stay_is_told_from_event_to_receipt_by_any_of_its_names(
    parked: tuple[Rig, str],
) -> None:
    rig, booking = parked
    rig.settle()
    whole = rig.db.read(lambda s: tracing.story(s, "1"))
    said = [it.what for it in whole]
    assert said == [*["event"] * 3, "stay", "booking", "settlement", "batch", "call", "receipt"]
    assert whole[0].name == TRACE
    assert "290 due, paid 290" in whole[5].says
    assert "block" in whole[7].says
    for name in (booking, TRACE, "gw-1:1:3", "gw-1:1:4"):
        assert rig.db.read(lambda s, n=name: tracing.story(s, n)) == whole


def test_a_stay_that_goes_on_and_a_booking_without_one_are_told_so_far(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.open_market()
    booking = rig.booked()
    (only,) = rig.db.read(lambda s: tracing.story(s, booking.id))
    assert (only.what, only.name) == ("booking", booking.id)
    rig.report("arrival", "occupied", 100, match="accepted", grant=booking.grant)
    told = rig.db.read(lambda s: tracing.story(s, TRACE))
    assert [it.what for it in told] == ["event", "stay", "booking"]


@pytest.mark.parametrize("asked", ["99", "b-none", "gw-1:1:99", "gw-9:1:1", "::", ""])
def test_what_is_not_on_record_is_said_to_be_unknown(parked: tuple[Rig, str], asked: str) -> None:
    with pytest.raises(Unknown):
        parked[0].db.read(lambda s: tracing.story(s, asked))


def test_the_batch_is_logged_with_the_traces_of_its_stays(parked: tuple[Rig, str]) -> None:
    with structlog.testing.capture_logs() as lines:
        parked[0].sweeps.batch()
    (line,) = [it for it in lines if it["event"] == "batched"]
    assert (line["batch"], line["traces"]) == (1, [TRACE])


def test_both_ends_of_a_stay_have_one_trace(parked: tuple[Rig, str]) -> None:
    told = parked[0].db.read(lambda s: tracing.of_events(s, "gw-1", 1, range(1, 5)))
    assert told == [(2, TRACE), (4, TRACE)]


def test_the_command_tells_it_without_a_plate(parked: tuple[Rig, str]) -> None:
    rig, booking = parked
    rig.settle()
    asked = ["trace", booking, "--data", str(rig.folder)]
    shown = CliRunner().invoke(app, asked)
    assert shown.exit_code == 0, shown.output
    assert TRACE in shown.output and "A12345" not in shown.output
    told = json.loads(CliRunner().invoke(app, [*asked, "--json"]).output)
    assert told[0]["name"] == TRACE
