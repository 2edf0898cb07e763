"""Frames for a dispute: of which stays, for how long, and for whose eyes."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from looking_rig import OWN, PLATES, STRANGER, Gate
from typer.testing import CliRunner

from edge.adapters.evidence import (
    About,
    EvidenceFolder,
    about_of,
    frames_of,
    load_operator_key,
    make_operator_key,
)
from edge.adapters.sealing import MAX_LABEL, NotSealed, is_public, label_of, public_of, seal, unseal
from edge.commands.evidence import app
from edge.core.plate_evidence import EvidenceLimits, Held, disputable, to_erase

KEY, OTHER, EPHEMERAL = bytes(range(1, 33)), bytes(range(2, 34)), bytes(range(3, 35))
PUBLIC = public_of(KEY)
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


def test_a_label_is_bounded_and_a_public_key_is_a_point() -> None:
    with pytest.raises(ValueError, match="label"):
        seal(b"", b"x" * (MAX_LABEL + 1), PUBLIC, EPHEMERAL)
    assert is_public(PUBLIC)
    assert not is_public("0x02" + "11" * 32) and not is_public("0x04") and not is_public("key")


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
    gone = set(to_erase(held, NOW, EvidenceLimits(days, stays)))
    left = [one for one in held if one.name not in gone]
    assert len(left) <= stays
    assert all(one.at >= NOW - timedelta(days=days) for one in left)
    if left and len(left) == stays:
        oldest = min(one.at for one in left)
        assert all(one.at <= oldest or one in left for one in held)


def test_old_files_and_too_many_are_erased_when_a_new_one_comes(tmp_path: Path) -> None:
    folder = EvidenceFolder(tmp_path, EvidenceLimits(days=7, stays=2))
    for seq, days_ago in enumerate((9, 3, 2, 1)):
        folder.keep(about(days_ago, seq=seq), [b"jpeg"], PUBLIC)
    assert [held.name[-9:] for held in folder.held()] == ["-2.sealed", "-3.sealed"]
    assert sorted(folder.erase(NOW + timedelta(days=30))) == [
        "20260506T120000Z-s1-3-2.sealed",
        "20260507T120000Z-s1-3-3.sealed",
    ]
    assert folder.held() == []


def test_a_kept_file_is_private_names_its_stay_and_opens_to_its_frames(tmp_path: Path) -> None:
    folder = EvidenceFolder(tmp_path, EvidenceLimits())
    name = folder.keep(about(), [b"one", b"two"], PUBLIC)
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


def test_a_full_disk_costs_the_evidence_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "evidence").write_text("in the way")
    gate = Gate(tmp_path, WITH_KEY)
    gate.grant(plates=(OWN,))
    gate.run(60).comes(STRANGER)
    assert gate.arrival()[0] == "other"
    assert gate.logs("evidence_not_kept") or gate.logs("plates_broke")


# The command.


def settings(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.yaml"
    path.write_text(
        "gateway: gw-1\ndata: .\nbroker: mqtt://127.0.0.1:1883\n"
        f'ledger: {{chain_id: 1, address: "0x{"0" * 40}"}}\n{WITH_KEY}'
    )
    return path


def test_list_take_and_open_on_the_operators_computer(tmp_path: Path) -> None:
    config, key, out = str(settings(tmp_path)), tmp_path / "operator.key", tmp_path / "one.sealed"
    run = CliRunner().invoke
    made = run(app, ["key", "--out", str(key)])
    public = made.stdout.split('"')[1]
    assert made.exit_code == 0 and public == public_of(load_operator_key(key))
    assert key.stat().st_mode & 0o777 == 0o600
    assert run(app, ["key", "--out", str(key)]).exit_code == 2
    name = EvidenceFolder(tmp_path, EvidenceLimits()).keep(about(), [b"a frame"], public)
    listed = run(app, ["list", "--config", config]).stdout
    assert name in listed and "space S1, event 3/7" in listed
    row = json.loads(run(app, ["list", "--json", "--config", config]).stdout)
    assert (row["name"], row["frames"]) == (name, 1)
    taken = run(app, ["take", name, "--out", str(out), "--config", config])
    assert taken.exit_code == 0 and b"a frame" not in out.read_bytes()
    opened = run(app, ["open", str(out), "--key", str(key), "--out", str(tmp_path / "seen")])
    assert json.loads(opened.stdout)["gateway"] == "gw-1"
    assert (tmp_path / "seen" / "0.jpg").read_bytes() == b"a frame"


def test_what_is_not_there_or_not_a_file_of_ours_is_refused_with_a_sentence(tmp_path: Path) -> None:
    config, key = str(settings(tmp_path)), tmp_path / "operator.key"
    make_operator_key(key)
    junk = tmp_path / "junk"
    junk.write_bytes(b"BERTHEV1 and no more")
    run = CliRunner().invoke
    asked = [
        ["take", "none", "--out", str(tmp_path / "x"), "--config", config],
        ["open", str(junk), "--key", str(key), "--out", str(tmp_path / "y")],
        ["open", str(tmp_path / "none"), "--key", str(key), "--out", str(tmp_path / "y")],
        ["open", str(junk), "--key", str(junk), "--out", str(tmp_path / "y")],
    ]
    for arguments in asked:
        result = run(app, arguments)
        assert result.exit_code == 2 and "Traceback" not in result.output
