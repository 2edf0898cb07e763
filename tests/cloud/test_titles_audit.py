"""Whatever changes the library of titles stands in the audit log, by whom and why, at once."""

import getpass
import json
from pathlib import Path

import pytest
from sqlmodel import Session
from typer.testing import CliRunner

from cloud.audit_tables import AuditEntry
from cloud.cli import app
from cloud.tables import TitleVersion
from cloud.usecases import audit, title_changes
from tests.cloud.rig import Rig
from tests.cloud.test_titles_history import by
from tests.cloud.test_titles_import import write

CLI = CliRunner()
ME = f"cli:{getpass.getuser()}"


def run(rig: Rig, *words: str) -> str:
    found = CLI.invoke(app, ["titles", *words, "--data", str(rig.folder)])
    assert found.exit_code == 0, found.output
    return found.output


def logged(rig: Rig) -> list[AuditEntry]:
    return [row for row in rig.db.read(audit.entries) if row.what.startswith("title")]


def test_a_file_that_is_imported_by_command_is_on_record_once(rig: Rig, tmp_path: Path) -> None:
    path = str(write(tmp_path, 3))
    for _ in "12":
        run(rig, "import", path)
    (entry,) = logged(rig)
    assert (entry.who, entry.what, entry.about) == (ME, "titles.imported", "titles:1")
    told = json.loads(entry.detail)
    assert (told["count"], told["added"], told["removed"]) == (3, 3, 0)
    version = rig.db.read(lambda s: s.get_one(TitleVersion, 1))
    assert (told["sha256"], told["root"]) == (version.file_sha256, version.root)


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("transfer", "S1", "--to", "李娜"), "title.transferred"),
        (("revoke", "S1"), "title.revoked"),
    ],
)
def test_one_title_that_is_changed_by_command_is_on_record_with_the_reason(
    rig: Rig, words: tuple[str, ...], what: str
) -> None:
    rig.import_titles()
    run(rig, *words, "--reason", "court order 12")
    entry = logged(rig)[-1]
    assert (entry.who, entry.what, entry.about) == (ME, what, "S1")
    assert json.loads(entry.detail) == {"version": 2, "reason": "court order 12"}
    assert "李" not in entry.detail


def test_a_change_that_is_undone_leaves_no_entry(rig: Rig) -> None:
    rig.import_titles()
    before = len(logged(rig))

    def story(session: Session) -> None:
        title_changes.revoke(session, "S1", by(rig, "sold"))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        rig.db.write(story)
    assert len(logged(rig)) == before
