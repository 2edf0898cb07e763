"""Where only the time of the last sight changed, one short row for all spaces is enough."""

from datetime import timedelta

from edge_rig import MAY_1
from hypothesis import given
from hypothesis import strategies as st

from contracts.wire.types import ZERO_DIGEST
from edge.adapters.sightings import LEVELS_EVERY, NOTHING_SEEN, UNSEEN, Sightings
from edge.core.outputs import PutSpace, SpaceRecord

DIGESTS = (ZERO_DIGEST, "0x" + "ab" * 32)


def record(minutes: float | None, digest: str = ZERO_DIGEST, level: int = 0) -> SpaceRecord:
    seen_at = None if minutes is None else MAY_1 + timedelta(minutes=minutes)
    return SpaceRecord(digest=digest, occupancy="free", seen_at=seen_at, detector={"n": level})


def test_a_space_seen_again_writes_no_row_of_its_own() -> None:
    first, rows = Sightings().after([PutSpace("S1", record(0))])
    assert set(rows) == {"S1"}
    again, rows = first.after([PutSpace("S1", record(1, level=5))])
    assert rows == {}
    assert again.whole()["S1"].seen_at == MAY_1 + timedelta(minutes=1)


def test_what_was_learned_is_written_every_half_hour_and_after_the_clock_was_set() -> None:
    sightings, _ = Sightings().after([PutSpace("S1", record(0))])
    for minutes in (30, -30):
        assert set(sightings.after([PutSpace("S1", record(minutes, level=9))])[1]) == {"S1"}
    assert timedelta(minutes=30) == LEVELS_EVERY


def test_an_earlier_sight_in_a_new_row_is_not_covered_by_a_later_one_of_before() -> None:
    """An arrival is estimated back to before the space was last seen free."""
    sightings, _ = Sightings().after([PutSpace("S1", record(0))])
    sightings, _ = sightings.after([PutSpace("S1", record(5))])
    sightings, rows = sightings.after([PutSpace("S1", record(4, DIGESTS[1]))])
    assert sightings.whole() == rows


PUTS = st.lists(
    st.builds(
        lambda space, minutes, digest, level: PutSpace(space, record(minutes, digest, level)),
        st.sampled_from(["S1", "S2", "a.b-c_D"]),
        st.none() | st.integers(-3_000, 3_000),
        st.sampled_from(DIGESTS),
        st.integers(0, 3),
    ),
    max_size=5,
)


@given(st.lists(PUTS, max_size=8))
def test_after_any_writes_a_restart_finds_the_last_record_but_for_fresh_levels(
    turns: list[list[PutSpace]],
) -> None:
    table: dict[str, str] = {}
    text = NOTHING_SEEN
    last: dict[str, SpaceRecord] = {}
    for puts in turns:
        sightings, rows = Sightings.read(table.items(), text).after(puts)
        table |= {space: row.model_dump_json() for space, row in rows.items()}
        text = sightings.text()
        last |= {put.space: put.record for put in puts}
    found = Sightings.read(table.items(), text).whole()
    assert found.keys() == last.keys()
    for space, expected in last.items():
        assert found[space].seen_at == expected.seen_at
        unseen = {"detector": UNSEEN["detector"]}
        assert found[space].model_copy(update=unseen) == expected.model_copy(update=unseen)
