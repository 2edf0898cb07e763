"""Power cuts: the model of the disk by itself, then the real databases on what it leaves.

The long run is `make gate`: here is a small share of it, on the same code.
"""

from pathlib import Path
from random import Random

import pytest

from contracts.wire.messages import SignedEvent
from firmware_sim import shim
from firmware_sim.powercut import edge
from firmware_sim.powercut.disk import Disk
from firmware_sim.powercut.images import Outcome, judge_all, told
from firmware_sim.powercut.trace import (
    Create,
    Grown,
    Linked,
    Mark,
    Removed,
    Renamed,
    Resized,
    Step,
    Synced,
    Written,
)
from tests.sim import powercut_cloud
from tests.sim.powercut_cloud_work import FILE

IMAGES, LYING_IMAGES, CLOUD_IMAGES = 600, 300, 80
MINUTES, ROUNDS = 10.0, 4
needs_compiler = pytest.mark.skipif(shim.compiler() is None, reason=shim.NO_COMPILER)


def disk_after(*steps: Step, seed: int = 1) -> Disk:
    disk = Disk(Random(seed))
    for step in steps:
        disk.do(step)
    return disk


MADE = (Create("a"), Synced(""))


def test_what_was_flushed_is_there_whatever_the_cut() -> None:
    disk = disk_after(*MADE, Written("a", 0, b"x" * 600), Synced("a"), Written("a", 0, b"y" * 600))
    assert disk.image("nothing") == {"a": b"x" * 600}
    assert disk.image("everything") == {"a": b"y" * 600}


def test_a_name_that_was_not_flushed_may_be_missing_though_its_content_was() -> None:
    disk = disk_after(Create("a"), Written("a", 0, b"x"), Synced("a"))
    assert disk.image("nothing") == {}
    assert disk.image("everything") == {"a": b"x"}


def test_a_rename_is_there_as_a_whole_or_not_at_all() -> None:
    steps = (*MADE, Written("a", 0, b"new"), Synced("a"), Create("b"), Synced(""))
    images = [disk_after(*steps, Renamed("a", "b"), seed=n).image("prefix") for n in range(20)]
    assert {tuple(sorted(image.items())) for image in images} == {
        (("a", b"new"), ("b", b"")),
        (("b", b"new"),),
    }


def test_a_link_is_one_file_by_two_names_until_one_is_removed() -> None:
    disk = disk_after(*MADE, Written("a", 0, b"x"), Synced("a"), Linked("a", "b"), Removed("a"))
    assert disk.image("everything") == {"b": b"x"}


def test_a_later_write_may_be_there_without_the_one_before_it() -> None:
    steps = (*MADE, Resized("a", 2), Synced("a"), Written("a", 0, b"1"), Written("a", 1, b"2"))
    images = {disk_after(*steps, seed=n).image("subset")["a"] for n in range(200)}
    assert images == {b"\0\0", b"1\0", b"\0" + b"2", b"12"}


@pytest.mark.parametrize("sector", [512, 4096])
def test_a_torn_write_is_whole_in_each_of_its_sectors(sector: int) -> None:
    steps = (*MADE, Written("a", 0, b"x" * 8192), Synced("a"), Written("a", 0, b"y" * 8192))
    torn = [disk_after(*steps, seed=n).image("torn")["a"] for n in range(40)]
    parts = [{image[at : at + sector] for at in range(0, 8192, sector)} for image in torn]
    whole = {b"x" * sector, b"y" * sector}
    assert any(found == whole for found in parts)
    assert all(
        image.count(b"x" * 512) * 512 + image.count(b"y" * 512) * 512 == 8192 for image in torn
    )


def test_what_a_file_grew_by_is_zeros_until_it_is_written() -> None:
    disk = disk_after(*MADE, Grown("a", 3), Synced("a"), Written("a", 5, b"x"))
    assert disk.image("nothing") == {"a": b"\0\0\0"}
    assert disk.image("everything") == {"a": b"\0\0\0\0\0x"}


@pytest.fixture(scope="module")
def work() -> list[Step]:
    return edge.recorded(1, MINUTES)


def whole(outcome: Outcome, least: int) -> None:
    assert outcome.wrong == []
    assert outcome.images >= least


@needs_compiler
def test_no_power_cut_loses_what_the_outbox_said_was_written(work: list[Step]) -> None:
    whole(edge.judged(work, IMAGES, 1), IMAGES // 2)


@needs_compiler
def test_a_disk_that_lies_loses_and_the_next_epoch_tells_it_anew(work: list[Step]) -> None:
    """The judge sees a loss where there is one; what it asks for then is the mending."""
    outcome = edge.judged(work, LYING_IMAGES, 1, lies=0.3)
    whole(outcome, LYING_IMAGES // 2)
    assert outcome.mended > 0


@needs_compiler
def test_the_judge_of_the_outbox_sees_what_no_flush_made_last(work: list[Step]) -> None:
    """As with synchronous=OFF: names last, contents do not."""
    steps = [step for step in work if not (isinstance(step, Synced) and step.name)]
    outcome = judge_all(steps, edge.OutboxJudge(told(steps)), Random(1), 100, ways=("nothing",))
    assert outcome.kinds.total() > outcome.images // 2, outcome.kinds


@needs_compiler
def test_the_judge_of_the_outbox_sees_what_is_said_before_it_is_written(work: list[Step]) -> None:
    steps = early(work)
    outcome = judge_all(steps, edge.OutboxJudge(told(steps)), Random(1), 100)
    assert outcome.kinds["lost"] > 0


def early(steps: list[Step]) -> list[Step]:
    """Every mark before the writes that it speaks of."""
    found: list[Step] = []
    since: list[Step] = []
    for step in steps:
        if isinstance(step, Mark):
            found.append(step)
        else:
            since.append(step)
            continue
        found += since
        since = []
    return [*found, *since]


@pytest.fixture(scope="module")
def cloud_work() -> list[Step]:
    return powercut_cloud.recorded(1, ROUNDS)


@needs_compiler
def test_no_power_cut_loses_what_the_cloud_acknowledged_booked_paid_or_sent(
    cloud_work: list[Step],
) -> None:
    whole(powercut_cloud.judged(cloud_work, CLOUD_IMAGES, 1), CLOUD_IMAGES // 2)


@needs_compiler
def test_the_judge_of_the_cloud_sees_an_answer_before_the_flush_or_the_commit(
    cloud_work: list[Step],
) -> None:
    """As with synchronous=NORMAL, and as by a group writer that answers too soon."""
    log = f"{FILE}-wal"
    unflushed = [it for it in cloud_work if not (isinstance(it, Synced) and it.name == log)]
    for steps in (unflushed, early(cloud_work)):
        outcome = powercut_cloud.judged(steps, CLOUD_IMAGES // 2, 1)
        assert outcome.kinds["lost"] > 0, outcome


def test_a_gateway_that_went_back_is_sent_into_a_new_epoch_however_far_it_has_got(
    tmp_path: Path,
) -> None:
    """To hear how far the cloud is was once an acknowledgement of what the cloud had refused."""
    from tests.cloud.rig import Rig

    rig = Rig(tmp_path)
    rig.open_market()
    rig.report("arrival", "occupied", 100)
    rig._seq -= 1
    again: SignedEvent = rig.next_event("departure", "free", 200)
    taken = rig.take(again)
    assert taken.refused == "number_reused"
    assert (taken.epoch, taken.seq) == (again.body.epoch + 1, 0)
