"""The support file: whatever secret is planted anywhere, the zip does not hold it."""

import gzip
import json
import sqlite3
import string
import tempfile
import zipfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.wire.types import checksummed
from edge.adapters.bundle import Facts, make_bundle, outbox_counts, shown_source, write_bundle
from edge.adapters.checks import Check, Level, Machine
from edge.config import parse_config
from edge.core.readings import Channel, PlateRead, Reading
from edge.core.redact import Redactor
from edge.core.support import log_line, trace_lines
from edge.core.trace_lines import format_reading
from edge.errors import Mistake

ADDRESS = checksummed("ab" * 20)
SETTINGS = """\
# a comment with {comment}
gateway: gw-1
data: .
broker: "mqtt://us%65r:{password}@broker.example:1883"
ledger: {{chain_id: 1, address: "{address}"}}
sensors:
  us0: {{kind: hc-sr04, space: S1, trigger: 23, echo: 24}}
cameras:
  cam0: {{space: S1, source: "rtsp://admin:{camera}@10.0.0.9:554/{path}?user=x&pass={query}"}}
"""
HEADER = (
    '{"format":"berth-trace","version":1,"gateway":"gw-1","tz":"UTC","clock":{"mono_ns":0,"wall":'
    '"2026-05-01T00:00:00Z"},"channels":{"us0":{"kind":"ultrasonic","space":"S1"},"cam0":{"kind":'
    '"camera","space":"S1"}}}\n'
)
MACHINE = Machine("Raspberry Pi 5", True)


def outbox(folder: Path, plates: Sequence[str], payload: str) -> None:
    with closing(sqlite3.connect(folder / "outbox.db")) as db:
        db.executescript(
            "CREATE TABLE meta (key TEXT, value TEXT); CREATE TABLE events (payload BLOB);"
            "CREATE TABLE spaces (record TEXT); CREATE TABLE grants (message TEXT);"
            "CREATE TABLE revoked (id TEXT);"
        )
        db.executemany("INSERT INTO meta VALUES (?, ?)", [("seq", "7"), ("acked", "5")])
        db.execute("INSERT INTO events VALUES (?)", (payload.encode(),))
        grant = json.dumps({"plates": list(plates), "booking": payload}, ensure_ascii=False)
        db.execute("INSERT INTO grants VALUES (?)", (grant,))
        db.commit()


def kept(folder: Path, lines: Sequence[str]) -> None:
    (folder / "kept").mkdir()
    path = folder / "kept" / "20260501T000000Z-short_stay-S1.trace.jsonl.gz"
    path.write_bytes(gzip.compress((HEADER + "".join(lines)).encode()))


def texts(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


WORD = st.text(string.ascii_letters + string.digits + "!$,;._~-", min_size=8, max_size=20).filter(
    lambda text: len(set(text)) > 4
)
HEX = st.text("0123456789abcdef", min_size=64, max_size=64)
PLATE = st.builds(
    lambda province, rest: province + rest,
    st.sampled_from("京沪粤苏浙川鲁"),
    st.from_regex(r"[A-Z][A-HJ-NP-Z0-9]{5}", fullmatch=True),
)
FOREIGN_PLATE = st.from_regex(r"[A-Z]{2}[0-9]{2} [A-Z]{3}", fullmatch=True)
TOKEN = st.from_regex(
    r"eyJ[A-Za-z0-9]{12,20}\.[A-Za-z0-9]{12,20}\.[A-Za-z0-9]{12,20}", fullmatch=True
)


@settings(max_examples=30, deadline=None)
@given(
    words=st.lists(WORD, min_size=5, max_size=5, unique=True),
    key=HEX,
    plate=PLATE,
    foreign=FOREIGN_PLATE,
    token=TOKEN,
    where=st.integers(0, 3),
)
def test_whatever_is_planted_anywhere_the_zip_does_not_hold_it(
    words: list[str], key: str, plate: str, foreign: str, token: str, where: int
) -> None:
    password, camera, query, path, comment = words
    secrets = [*words, key, plate, foreign, token]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = SETTINGS.format(
            comment=comment,
            password=quote(password, safe=""),
            camera=quote(camera, safe=""),
            query=quote(query, safe=""),
            path=quote(path, safe=""),
            address=ADDRESS,
        )
        (folder / "key.hex").write_text(f"0x{key}\n")
        outbox(folder, [plate, foreign], payload=" ".join(secrets))
        kept(
            folder,
            [
                json.dumps({"t": 1, "ch": "us0", "v": 5831}) + "\n",
                json.dumps({"t": 2, "ch": "cam0", "v": {"text": foreign, "confidence": 0.9}})
                + "\n",
                json.dumps({"t": 3, "ch": "cam0", "v": {"image": f"frames/{plate}.jpg"}}) + "\n",
                json.dumps({"t": 4, "ch": "us0", "v": None, "why": secrets[where]}) + "\n",
                f"rubbish {' '.join(secrets)}\n",
            ],
        )
        said = [secrets[where], f"rtsp://admin:{camera}@10.0.0.9/x", f"token={token}", f"0x{key}"]
        facts = Facts(
            config=parse_config(text.encode(), "f", name),
            mistakes=[Mistake(3, 1, f"broker is {password}")],
            machine=MACHINE,
            checks=[
                Check("cam0", Level.FAILED, f"camera {camera} at {password}: {plate} {foreign}"),
                Check("key", Level.FAILED, f"it is {key}, Bearer {token}"),
            ],
            log=[
                *(f"{line}\n" for line in said),
                *(json.dumps({"event": "disconnected", "why": line, "n": 1}) for line in said),
                json.dumps({"event": "event", "space": "S1", secrets[where]: secrets[where]}),
                json.dumps({"event": "event", "space": foreign, "at": [plate]}),
            ],
        )
        out = folder / "support.zip"
        write_bundle(out, make_bundle(facts))
        found = texts(out)
    for secret in secrets:
        forms = {secret, quote(secret, safe=""), json.dumps(secret)[1:-1], secret.lower()}
        for part, content in found.items():
            low = content.lower()
            assert not any(form.lower() in low for form in forms), f"{secret} in {part}"
    assert set(found) >= {"gateway.yaml", "doctor.json", "outbox.json", "log.jsonl"}
    assert '"n": 1' in found["log.jsonl"]


def good(tmp_path: Path) -> Facts:
    text = SETTINGS.format(
        comment="c", password="secret-pw", camera="cam-pw", query="q-pw", path="p", address=ADDRESS
    )
    config = parse_config(text.encode(), "f", str(tmp_path))
    checks = [Check("us0", Level.FAILED, "The sensor repeats one value.", "Power it.")]
    return Facts(config, [], MACHINE, checks, made_at="2026-05-01T00:00:00Z")


def test_what_helps_is_there(tmp_path: Path) -> None:
    outbox(tmp_path, ["沪A12345"], "x")
    kept(tmp_path, ['{"t":1,"ch":"us0","v":5831}\n'])
    parts = make_bundle(good(tmp_path))
    shown = yaml.safe_load(parts["gateway.yaml"])
    assert shown["broker"] == "mqtt://***@broker.example:1883"
    assert shown["cameras"]["cam0"]["source"] == "rtsp://***@10.0.0.9/***"
    assert shown["sensors"]["us0"]["trigger"] == 23
    assert shown["ledger"]["address"] == ADDRESS
    counts = json.loads(parts["outbox.json"])
    assert (counts["events"], counts["grants"], counts["seq"], counts["acked"]) == (1, 1, 7, 5)
    assert json.loads(parts["doctor.json"])[0]["sentence"] == "The sensor repeats one value."
    assert json.loads(parts["about.json"])["packages"]["berth"]
    assert '"v":5831' in parts["kept/1.trace.jsonl"]


def test_a_secret_in_a_recorded_name_is_caught_by_the_last_pass(tmp_path: Path) -> None:
    kept(tmp_path, [])
    trace = next((tmp_path / "kept").iterdir())
    trace.write_bytes(gzip.compress(HEADER.replace('"us0"', '"secret-pw"').encode()))
    parts = make_bundle(good(tmp_path))
    assert '"***":{"kind":"ultrasonic"' in parts["kept/1.trace.jsonl"]


def test_the_support_file_is_its_makers_alone(tmp_path: Path) -> None:
    write_bundle(tmp_path / "s.zip", {"a": "b"})
    assert (tmp_path / "s.zip").stat().st_mode & 0o777 == 0o600


def test_a_support_file_takes_the_place_of_one_that_others_could_read(tmp_path: Path) -> None:
    out = tmp_path / "s.zip"
    out.write_bytes(b"old")
    out.chmod(0o644)
    write_bundle(out, {"a": "b"})
    assert (out.stat().st_mode & 0o777, texts(out)) == (0o600, {"a": "b"})


def test_a_support_file_that_breaks_off_leaves_the_old_one(tmp_path: Path) -> None:
    out = tmp_path / "s.zip"
    out.write_bytes(b"old")
    with pytest.raises(UnicodeEncodeError):
        write_bundle(out, {"a": "b", "c": "half a character: \ud800"})
    assert (out.read_bytes(), list(tmp_path.iterdir())) == (b"old", [out])


def test_broken_settings_leave_their_places_and_no_values(tmp_path: Path) -> None:
    facts = Facts(None, [Mistake(3, 9, "broker is 'secret'")], MACHINE, [])
    parts = make_bundle(facts)
    assert json.loads(parts["mistakes.json"]) == [[3, 9]]
    assert "secret" not in "".join(parts.values())


def test_a_broken_outbox_and_a_broken_trace_do_not_stop_the_support_file(tmp_path: Path) -> None:
    (tmp_path / "outbox.db").write_bytes(b"no database at all" * 100)
    kept(tmp_path, ['{"t":1,"ch":"us0","v":5831}\n'] * 1000)
    trace = next((tmp_path / "kept").iterdir())
    trace.write_bytes(trace.read_bytes()[:-20])
    (tmp_path / "kept" / "20250101T000000Z-x.trace.jsonl.gz").write_bytes(b"junk")
    parts = make_bundle(good(tmp_path))
    assert json.loads(parts["outbox.json"])["unreadable"] == "DatabaseError"
    assert parts["kept/1.trace.jsonl"].startswith('{"format":"berth-trace"')
    assert "kept/2.trace.jsonl" not in parts
    assert outbox_counts(tmp_path / "none") == {"there": False}


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("v4l2:/dev/video0", "v4l2:/dev/video0"),
        ("picamera2:0", "picamera2:0"),
        ("folder:/home/zhang/pictures", "folder:***"),
        ("rtsp://10.0.0.9/live?token=abc", "rtsp://***@10.0.0.9/***"),
    ],
)
def test_of_a_camera_only_its_place_is_shown(source: str, shown: str) -> None:
    assert shown_source(source) == shown


@pytest.mark.parametrize(
    ("line", "kept_line"),
    [
        ('{"event":"no_ack","level":"warning","sending_again_after":3}', True),
        ('{"event":"event","seq":4,"kind":"arrival","space":"S1","match":"none"}', True),
        ("Traceback (most recent call last):", False),
        ('["event"]', False),
        ('{"event":"Some Free Text"}', False),
        ("[" * 10_000, False),
    ],
)
def test_only_our_own_log_lines_stay(line: str, kept_line: bool) -> None:
    stays = log_line(line, {"S1"})
    assert (stays is not None) is kept_line
    if stays is not None:
        assert json.loads(stays) == json.loads(line)


def test_a_trace_keeps_its_values_and_loses_its_plates() -> None:
    channels = {"us0": Channel("us0", "ultrasonic", "S1"), "cam0": Channel("cam0", "camera", "S1")}
    readings = [
        Reading(1, "us0", 5831.5),
        Reading(2, "cam0", PlateRead("沪A12345", 0.9)),
        Reading(3, "us0", None, "no_echo"),
        Reading(4, "us0", None, "saw 沪A12345"),
        Reading(5, "other", 1.0),
    ]
    lines = list(trace_lines([format_reading(reading) for reading in readings], channels))
    assert lines[0] == format_reading(readings[0])
    assert json.loads(lines[1])["v"] == {"text": "*" * 7, "confidence": 0.9}
    assert [json.loads(line).get("why") for line in lines[2:]] == ["no_echo", "other"]


@given(st.text(min_size=4).filter(lambda secret: "*" not in secret), st.text(), st.text())
def test_a_known_secret_is_found_wherever_it_stands(secret: str, before: str, after: str) -> None:
    assert secret not in Redactor([secret]).text(before + secret + after).replace("***", "")


def test_an_address_is_public_and_a_key_is_not() -> None:
    said = Redactor().text(f"signs as {ADDRESS} with 0x{'1f' * 32}")
    assert said == f"signs as {ADDRESS} with ***"
