"""Frames for a dispute: of which stays, for how long, and for whose eyes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from looking_rig import OWN, PLATES, STRANGER, Gate

from edge.adapters.evidence import (
    About,
    EvidenceFolder,
    about_of,
    frames_of,
)
from edge.adapters.sealing import MAX_LABEL, NotSealed, label_of, public_of, seal, unseal
from edge.core.plate_evidence import EvidenceLimits, Held, disputable, too_many, too_old

KEY, OTHER, EPHEMERAL = bytes(range(1, 33)), bytes(range(2, 34)), bytes(range(3, 35))
PUBLIC = public_of(KEY)
FAR = datetime(2031, 1, 2, tzinfo=UTC)
NOW = datetime(2026, 5, 8, 12, 0, 0, tzinfo=UTC)
WITH_KEY = PLATES.replace("}", f', evidence_key: "{PUBLIC}"}}')


def about(days_ago: float = 0, space: str = "S1", seq: int = 7) -> About:
    return About("gw-1", space, 3, seq, NOW - timedelta(days=days_ago))


# The seal.


@given(st.binary(max_size=300), st.binary(max_size=40))
def test_what_is_sealed_opens_with_the_operators_key_and_with_no_other(
    data: bytes, label: bytes
) -> None:
    sealed = seal(data, label, PUBLIC, EPHEMERAL)
    assert unseal(sealed, KEY) == data and label_of(sealed) == label
    with pytest.raises(NotSealed):
        unseal(sealed, OTHER)


def test_whichever_bit_is_changed_it_does_not_open() -> None:
    sealed = seal(b"frame" * 5, b'{"space":"S1"}', PUBLIC, EPHEMERAL)
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(NotSealed):
            unseal(bytes(changed), KEY)


@given(st.binary(max_size=200))
def test_any_bytes_are_only_ever_refused(data: bytes) -> None:
    for raw in (data, b"BERTHEV1" + data):
        with pytest.raises(NotSealed):
            unseal(raw, KEY)


def test_two_seals_of_the_same_frame_have_nothing_in_common() -> None:
    one, two = (seal(b"x" * 64, b"", PUBLIC, key) for key in (EPHEMERAL, OTHER))
    assert one[8:41] != two[8:41] and one[-64:] != two[-64:]


def test_a_label_is_bounded() -> None:
    with pytest.raises(ValueError, match="label"):
        seal(b"", b"x" * (MAX_LABEL + 1), PUBLIC, EPHEMERAL)


# Which, how many, how long.


def test_only_what_may_come_to_a_dispute_is_kept() -> None:
    kept = {
        (match, expected): disputable(match, expected)
        for match in ("accepted", "ambiguous", "other", "none")
        for expected in (True, False)
    }
    assert [pair for pair, keep in kept.items() if keep] == [
        ("ambiguous", True),
        ("ambiguous", False),
        ("other", True),
        ("none", True),
    ]


@given(st.lists(st.integers(-2000, 2000), max_size=40), st.integers(1, 9), st.integers(1, 9))
def test_what_stays_is_young_and_few_and_the_newest(
    hours_ago: list[int], days: int, stays: int
) -> None:
    held = [Held(f"{n}", NOW - timedelta(hours=ago)) for n, ago in enumerate(hours_ago)]
    old = set(too_old(held, NOW, EvidenceLimits(days, stays)))
    young = [one for one in held if one.name not in old]
    assert all(one.at >= NOW - timedelta(days=days) for one in young)
    gone = set(too_many(young, NOW, stays))
    left = [one for one in young if one.name not in gone]
    assert len(left) == min(stays, len(young))
    dated = [one for one in left if one.at <= NOW]
    if len(dated) < len(left):
        assert all(one in left for one in young if one.at <= NOW), "the future goes first"
    elif left:
        oldest = min(one.at for one in dated)
        assert all(one.at <= oldest or one.at > NOW or one in left for one in young)


def test_too_many_are_erased_when_a_new_one_comes_and_old_ones_by_a_set_clock(
    tmp_path: Path,
) -> None:
    folder = EvidenceFolder(tmp_path, EvidenceLimits(days=7, stays=2))
    for seq, days_ago in enumerate((9, 3, 2, 1)):
        folder.keep(about(days_ago, seq=seq), [b"jpeg"], PUBLIC)
    assert [held.name[-9:] for held in folder.held()] == ["-2.sealed", "-3.sealed"]
    assert sorted(folder.erase(NOW + timedelta(days=30))) == [
        "20260506T120000Z-s1-3-2.sealed",
        "20260507T120000Z-s1-3-3.sealed",
    ]
    assert folder.held() == []


def test_a_clock_that_is_ahead_costs_nobody_evidence(tmp_path: Path) -> None:
    folder = EvidenceFolder(tmp_path, EvidenceLimits(days=7, stays=3))
    folder.keep(about(1, seq=1), [b"jpeg"], PUBLIC)
    kept = folder.keep(about(-3000, seq=2), [b"jpeg"], PUBLIC)
    assert kept.erased == () and len(folder.held()) == 2


def test_files_of_the_future_make_room_for_what_comes(tmp_path: Path) -> None:
    folder = EvidenceFolder(tmp_path, EvidenceLimits(days=7, stays=3))
    for seq in range(3):
        folder.keep(about(-3000 - seq, seq=seq), [b"jpeg"], PUBLIC)
    kept = folder.keep(about(seq=50), [b"jpeg"], PUBLIC)
    assert folder.sealed(kept.name) is not None
    assert len(kept.erased) == 1 and len(folder.held()) == 3
    assert folder.erase(NOW) == [] and all(held.at <= NOW for held in folder.held())
    assert len(folder.erase(NOW + timedelta(days=8))) == 3, "eight days after they got a date"


def test_the_newest_is_kept_even_if_there_is_room_for_one_alone(tmp_path: Path) -> None:
    folder = EvidenceFolder(tmp_path, EvidenceLimits(days=7, stays=1))
    for seq in (9, 10):
        kept = folder.keep(about(seq=seq), [b"jpeg"], PUBLIC)
        assert [held.name for held in folder.held()] == [kept.name]


def test_what_an_unset_clock_dated_long_ago_is_kept_for_its_days_once_it_is_set(
    tmp_path: Path,
) -> None:
    folder = EvidenceFolder(tmp_path, EvidenceLimits(days=7))
    folder.keep(replace(about(9000), undated=True), [b"jpeg"], PUBLIC)
    assert folder.erase(NOW) == []
    (held,) = folder.held()
    assert held.name == "20260508T120000Z-s1-3-7.sealed" and not held.undated
    assert folder.erase(NOW + timedelta(days=6)) == []
    assert folder.erase(NOW + timedelta(days=8)) == [held.name]


def test_a_kept_file_is_private_names_its_stay_and_opens_to_its_frames(tmp_path: Path) -> None:
    folder = EvidenceFolder(tmp_path, EvidenceLimits())
    name = folder.keep(about(), [b"one", b"two"], PUBLIC).name
    path = tmp_path / "evidence" / name
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    sealed = folder.sealed(name)
    assert sealed is not None and b"one" not in sealed
    assert frames_of(sealed, KEY) == [b"one", b"two"]
    assert (about_of(sealed)["space"], about_of(sealed)["seq"]) == ("S1", 7)
    assert folder.sealed("../key.hex") is None and folder.sealed("none") is None


# At the gate.


def kept(data: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted((data / "evidence").glob("*.sealed"))]


def test_a_doubtful_arrivals_newest_frames_are_kept_for_the_operator_alone(tmp_path: Path) -> None:
    gate = Gate(tmp_path, WITH_KEY)
    gate.grant(plates=(OWN,))
    gate.run(60).comes(STRANGER)
    (sealed,) = kept(tmp_path)
    frames = frames_of(sealed, KEY)
    assert len(frames) == 2 and all(frame.startswith(b"\xff\xd8") for frame in frames)
    first = next(event for event in gate.events() if event.kind == "arrival")
    assert (about_of(sealed)["epoch"], about_of(sealed)["seq"]) == (first.epoch, first.seq)
    assert STRANGER not in str(about_of(sealed))
    assert gate.logs("evidence_kept") and gate.worker._frames == {}


def test_the_booked_cars_frames_are_dropped(tmp_path: Path) -> None:
    gate = Gate(tmp_path, WITH_KEY)
    gate.grant(plates=(OWN,))
    gate.run(60).comes(OWN)
    assert kept(tmp_path) == [] and gate.worker._frames == {}


def test_a_stranger_where_nobody_is_expected_is_nobodys_dispute(tmp_path: Path) -> None:
    gate = Gate(tmp_path, WITH_KEY).run(60)
    gate.comes(STRANGER)
    assert kept(tmp_path) == []


def test_without_the_operators_key_no_frame_is_kept_at_all(tmp_path: Path) -> None:
    gate = Gate(tmp_path, PLATES)
    gate.grant(plates=(OWN,))
    gate.run(60).comes(STRANGER)
    assert kept(tmp_path) == [] and gate.worker._frames == {}


def test_frames_of_a_car_that_only_passed_are_dropped_after_a_minute(tmp_path: Path) -> None:
    gate = Gate(tmp_path, WITH_KEY)
    gate.run(60)
    gate.shows(STRANGER)
    gate.car = True
    gate.run(3)
    assert gate.worker._frames != {}
    gate.car = False
    gate.run(70)
    assert gate.worker._frames == {} and kept(tmp_path) == []


def test_a_gateway_erases_what_is_too_old_by_itself(tmp_path: Path) -> None:
    folder = EvidenceFolder(tmp_path, EvidenceLimits(days=1000))
    for days_ago in (9, 30):
        folder.keep(about(days_ago), [b"jpeg"], PUBLIC)
    gate = Gate(tmp_path, WITH_KEY).run(2)
    assert len(kept(tmp_path)) == 1, "it is May 1st there: one is of April 29th, one of April 8th"
    assert gate.logs("evidence_erased")


def test_at_an_unset_clock_years_ahead_nothing_is_erased_for_its_age(tmp_path: Path) -> None:
    EvidenceFolder(tmp_path, EvidenceLimits()).keep(about(8), [b"jpeg"], PUBLIC)
    gate = Gate(tmp_path, WITH_KEY)
    gate.clock._state = "unsynced"
    gate.clock._wall = datetime(2031, 1, 1, tzinfo=UTC)
    gate.grant(plates=(OWN,), starts_at=datetime(2030, 12, 31, tzinfo=UTC), ends_at=FAR)
    gate.run(60).comes(STRANGER)
    assert gate.logs("evidence_kept") and not gate.logs("evidence_erased")
    assert len(kept(tmp_path)) == 2


def test_what_goes_for_a_new_one_is_told(tmp_path: Path) -> None:
    folder = EvidenceFolder(tmp_path, EvidenceLimits())
    name = folder.keep(about(8, seq=1), [b"jpeg"], PUBLIC).name
    gate = Gate(tmp_path, WITH_KEY.replace("}", ", evidence_stays: 1}"))
    gate.grant(plates=(OWN,))
    gate.run(60).comes(STRANGER)
    assert [entry["detail"] for entry in gate.logs("evidence_erased")] == [name]
    assert len(kept(tmp_path)) == 1


def test_a_full_disk_costs_the_evidence_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "evidence").write_text("in the way")
    gate = Gate(tmp_path, WITH_KEY)
    gate.grant(plates=(OWN,))
    gate.run(60).comes(STRANGER)
    assert gate.arrival()[0] == "other"
    assert gate.logs("evidence_not_kept") or gate.logs("plates_broke")
