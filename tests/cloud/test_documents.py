"""Documents: sent, stored where only we read them, run out, erased; their states are a table."""

import hashlib
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.adapters.document_folder import FolderDocuments
from cloud.adapters.document_memory import MemoryDocuments
from cloud.compliance_tables import Document
from cloud.core.compliance_papers import MAX_BYTES, Paper, read
from cloud.core.compliance_states import DOCUMENT, REGISTRATION, REVIEW, IllegalStep, moved
from cloud.core.reasons import Refusal
from cloud.entrypoints.compliance_sweep import ComplianceSweep
from cloud.ports.documents import Documents, DocumentsBroken
from cloud.usecases import audit, documents, reviews
from cloud.usecases.documents import MAX_WAITING, Offered
from tests.cloud.rig import Rig

PDF = b"%PDF-1.7\nconsent\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0" + b"x" * 50 + b"\xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 50 + b"IEND\xaeB`\x82"
NAME = hashlib.sha256(PDF).hexdigest()


def send(
    rig: Rig, kind: str = "management_consent", data: bytes = PDF, until: str | None = None
) -> Document | Refusal:
    paper = read(data)
    assert isinstance(paper, Paper)
    offered = Offered(rig.owner, "S1", kind, until)
    number = rig.new_id("doc")
    return rig.db.write(lambda s: documents.submit(s, number, offered, paper, rig.clock.at))


def sent(
    rig: Rig, kind: str = "management_consent", data: bytes = PDF, until: str | None = None
) -> Document:
    made = send(rig, kind, data, until)
    assert isinstance(made, Document), made
    return made


def code(found: object) -> str:
    assert isinstance(found, Refusal)
    return found.reasons[0].code


def state(rig: Rig, row: Document) -> str:
    return rig.db.read(lambda s: documents.get(s, row.id)).state


@pytest.mark.parametrize(
    ("data", "media"),
    [(PDF, "application/pdf"), (JPEG, "image/jpeg"), (PNG, "image/png")],
)
def test_a_paper_is_known_by_its_own_bytes(data: bytes, media: str) -> None:
    assert read(data) == Paper(hashlib.sha256(data).hexdigest(), len(data), media)


@pytest.mark.parametrize(
    "data", [b"<html>", b"MZ" + PDF, PDF[:-10], JPEG[:-2], b"%PDF-", b"PK\x03\x04" + PDF]
)
def test_other_files_are_refused(data: bytes) -> None:
    assert code(read(data)) == "document_type"


def test_an_empty_and_a_huge_file_are_refused() -> None:
    assert code(read(b"")) == "document_size"
    assert code(read(b"%PDF-" + b"x" * MAX_BYTES + b"%%EOF")) == "document_size"
    assert isinstance(read(b"%PDF-" + b"x" * (MAX_BYTES - 10) + b"%%EOF"), Paper)


@given(st.binary(max_size=200))
def test_whatever_is_sent_is_read_or_refused(data: bytes) -> None:
    assert isinstance(read(data), Paper | Refusal)


Store = Callable[[Path], Documents]


def in_folder(folder: Path) -> Documents:
    return FolderDocuments(folder / "papers", folder / "papers.key")


def in_memory(_folder: Path) -> Documents:
    return MemoryDocuments()


@pytest.mark.parametrize("store_of", [in_folder, in_memory], ids=["folder", "memory"])
def test_a_store_gives_back_what_it_was_given_until_it_is_erased(
    store_of: Store, tmp_path: Path
) -> None:
    store = store_of(tmp_path)
    assert store.get(NAME) is None
    assert list(store.all()) == []
    store.put(NAME, PDF)
    store.put(NAME, PDF)
    assert store.get(NAME) == PDF
    assert list(store.all()) == [NAME]
    store.erase(NAME)
    store.erase(NAME)
    assert store.get(NAME) is None
    assert list(store.all()) == []


def test_the_folder_holds_nothing_that_can_be_read_without_the_key(tmp_path: Path) -> None:
    in_folder(tmp_path).put(NAME, PDF)
    file = tmp_path / "papers" / NAME
    assert b"consent" not in file.read_bytes()
    for path in (file, tmp_path / "papers.key"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "papers").stat().st_mode) == 0o700
    assert in_folder(tmp_path).get(NAME) == PDF
    assert sorted(path.name for path in tmp_path.iterdir()) == ["papers", "papers.key"]
    (tmp_path / "papers.key").write_text("00" * 32)
    with pytest.raises(DocumentsBroken):
        in_folder(tmp_path).get(NAME)


def test_changed_exchanged_and_cut_files_do_not_open(tmp_path: Path) -> None:
    store = in_folder(tmp_path)
    other = hashlib.sha256(JPEG).hexdigest()
    store.put(NAME, PDF)
    store.put(other, JPEG)
    file = tmp_path / "papers" / NAME
    whole = file.read_bytes()
    turned = whole[:-1] + bytes([whole[-1] ^ 1])
    for bad in (turned, (tmp_path / "papers" / other).read_bytes(), whole[:20], b""):
        file.write_bytes(bad)
        with pytest.raises(DocumentsBroken):
            store.get(NAME)


def test_a_name_that_is_no_digest_reaches_no_file(tmp_path: Path) -> None:
    for name in ("../papers.key", "x", NAME.upper(), ""):
        with pytest.raises(ValueError, match="no SHA-256"):
            in_folder(tmp_path).get(name)


@pytest.mark.parametrize("table", [DOCUMENT, REGISTRATION, REVIEW])
@given(data=st.data())
def test_a_step_outside_the_table_is_refused(
    table: dict[tuple[str, str], str], data: st.DataObject
) -> None:
    states = sorted({*table.values(), *(begin for begin, _ in table)})
    step = data.draw(
        st.tuples(st.sampled_from(states), st.sampled_from(sorted({m for _, m in table})))
    )
    if step in table:
        assert moved(table, *step) == table[step]
    else:
        with pytest.raises(IllegalStep):
            moved(table, *step)


def test_a_document_waits_at_the_desk_and_the_same_one_again_is_the_same(rig: Rig) -> None:
    rig.import_titles()
    row = sent(rig)
    assert (row.state, row.media, row.bytes) == ("submitted", "application/pdf", len(PDF))
    assert sent(rig).id == row.id
    (asked,) = rig.db.read(reviews.waiting)
    assert (asked["kind"], asked["about"], asked["owner_name"]) == ("document", row.id, "owner")
    assert asked["documents"][0]["sha256"] == NAME


def test_what_cannot_be_a_document_is_refused(rig: Rig) -> None:
    assert code(send(rig)) == "unknown_space"
    rig.import_titles()
    assert code(send(rig, kind="love_letter")) == "document_kind"
    for until in ("2026-04-30", "20270101", "soon", "2026-02-30"):
        assert code(send(rig, until=until)) == "document_expired"
    for number in range(MAX_WAITING):
        sent(rig, data=PDF + str(number).encode())
    assert code(send(rig, data=PDF + b"more")) == "document_limit"


def test_a_document_whose_last_day_is_over_no_longer_counts(rig: Rig) -> None:
    rig.import_titles()
    row = sent(rig, until=rig.clock.at.date().isoformat())
    sweep = ComplianceSweep(rig.db, rig.clock, MemoryDocuments(), {})
    sweep.check()
    assert state(rig, row) == "submitted"
    rig.clock.at += timedelta(days=1)
    sweep.check()
    assert state(rig, row) == "expired"
    assert rig.db.read(reviews.waiting) == []


def test_an_erased_documents_bytes_go_and_its_digest_stays(rig: Rig) -> None:
    rig.import_titles()
    store = MemoryDocuments({NAME: PDF, "f" * 64: b"never followed by a row"})
    row = sent(rig)
    sweep = ComplianceSweep(rig.db, rig.clock, store, {})
    sweep.tidy()
    sweep.tidy()
    assert store.held == {NAME: PDF}
    rig.db.write(lambda s: documents.erase(s, row.id, audit.account(rig.owner), rig.clock.at))
    sweep.tidy()
    assert store.held == {NAME: PDF}  # the first look only remembers it
    sweep.tidy()
    assert store.held == {}
    kept = rig.db.read(lambda s: documents.get(s, row.id))
    assert (kept.state, kept.sha256) == ("erased", NAME)
    again = rig.db.write(
        lambda s: documents.erase(s, row.id, audit.account(rig.owner), rig.clock.at)
    )
    assert code(again) == "document_erased"


def test_bytes_that_another_document_needs_stay(rig: Rig) -> None:
    rig.import_titles()
    first, _second = sent(rig), sent(rig, kind="co_owner_consent")
    rig.db.write(lambda s: documents.erase(s, first.id, audit.SYSTEM, rig.clock.at))
    assert rig.db.read(lambda s: documents.unwanted(s, [NAME])) == []
