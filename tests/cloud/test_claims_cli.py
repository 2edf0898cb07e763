"""berth-cloud claim-code and its neighbours: what an operator types, and the page to print."""

import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
import segno
from typer.testing import CliRunner

from cloud.adapters.claim_cards import Card, command_of, in_terminal, page
from cloud.cli import app
from contracts.wire.claim_codes import ClaimCode, read_code, spelled
from tests.cloud.rig import Rig

CLI = CliRunner()
SERIAL = "10000000f00dcafe"
URL = "https://berth.example.org"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rig = Rig(tmp_path)
    rig.import_titles()
    rig.db.close()
    return tmp_path


def typed(folder: Path, *words: str) -> tuple[int, str]:
    settings = {"BERTH_DATA": str(folder), "BERTH_URL": URL}
    found = CLI.invoke(app, list(words), env=settings)
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found.exit_code, found.output


def make(folder: Path, *words: str) -> dict[str, str]:
    given = ("claim-code", "gw-9", "--serial", SERIAL, "--space", "S1", "--json")
    status, text = typed(folder, *given, *words)
    assert status == 0, text
    found: dict[str, str] = json.loads(text)
    return found


def test_a_code_is_made_for_one_device_and_told_once(folder: Path) -> None:
    made = make(folder)
    assert made["command"] == f"berth-edge enrol {URL} {made['code']}"
    assert read_code(made["code"]).address()
    _, listed = typed(folder, "claims", "--json")
    row = json.loads(listed)
    assert (row["id"], row["gateway"], row["serial"], row["state"]) == (
        made["id"],
        "gw-9",
        SERIAL,
        "open",
    )
    assert made["code"] not in listed
    make(folder)
    assert "voided" in typed(folder, "claims")[1]


def test_on_the_terminal_it_shows_a_qr_code_the_command_and_what_it_is_good_for(
    folder: Path,
) -> None:
    status, text = typed(folder, "claim-code", "gw-9", "--serial", SERIAL, "--space", "S1")
    assert status == 0
    assert "█" in text and f"berth-edge enrol {URL}" in text
    assert f"For gw-9, device {SERIAL}; good once, until " in text


def test_the_page_is_its_users_alone_and_its_qr_code_is_the_command(folder: Path) -> None:
    svg = folder / "page.svg"
    made = make(folder, "--svg", str(svg))
    assert stat.S_IMODE(svg.stat().st_mode) == 0o600
    text = svg.read_text("utf-8")
    ElementTree.fromstring(text)
    first, second = made["code"][:24], made["code"][25:]
    assert first in text and second in text and SERIAL in text and "24" not in text[:60]


def read_qr(text: str) -> str:
    rows = [
        [0 if it else 255 for it in row] for row in segno.make(text, error="m").matrix_iter(4, 4)
    ]
    found, _, _ = cv2.QRCodeDetector().detectAndDecode(np.array(rows, np.uint8))
    return str(found)


def test_a_scanner_reads_what_is_to_be_typed() -> None:
    code = spelled(ClaimCode(bytes(range(16)), "0123456789abcdef012"))
    command = command_of(URL, code)
    assert read_qr(command) == command
    card = Card("gw-9", SERIAL, code, command, datetime(2026, 5, 1, tzinfo=UTC))
    drawn = segno.make(command, error="m").svg_inline(border=4, omitsize=True)
    path = drawn.split(' d="')[1].split('"')[0]
    assert path in page(card) and in_terminal(card).count("\n") > 20


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("claim-code", "gw 9", "--serial", SERIAL, "--space", "S1"), 2, "gateway is 'gw 9'"),
        (("claim-code", "gw-9", "--serial", "x y", "--space", "S1"), 2, "serial is 'x y'"),
        (("claim-code", "berth-cloud", "--serial", SERIAL, "--space", "S1"), 1, "this name"),
        (("claim-code", "gw-9", "--serial", SERIAL), 1, "which spaces this gateway watches"),
        (("claim-code", "gw-9", "--serial", SERIAL, "--space", "S77"), 1, "title library"),
        (("revoke-gateway", "gw-9", "--why", "lost"), 2, "Gateway gw-9."),
    ],
)
def test_what_cannot_be_done_is_a_sentence_with_its_remedy(
    folder: Path, words: tuple[str, ...], status: int, told: str
) -> None:
    found, text = typed(folder, *words)
    assert found == status and told in " ".join(text.split()) and "Traceback" not in text


def test_a_folder_whose_authority_is_damaged_makes_no_code(folder: Path) -> None:
    make(folder)
    (folder / "ca" / "root.key").write_text("torn")
    (folder / "ca" / "root.key").chmod(0o600)
    status, text = typed(folder, "claim-code", "gw-9", "--serial", SERIAL, "--space", "S1")
    assert status == 1 and "Put a backup of the folder `ca`" in " ".join(text.split())
