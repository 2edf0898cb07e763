"""The audit log: whatever is done to it afterwards shows."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session
from typer.testing import CliRunner

from cloud.audit_tables import AuditEntry, AuditPersonal
from cloud.cli_audit import audit as commands
from cloud.core import auditing
from cloud.core.auditing import Broken, Entry, Head, walk
from cloud.core.compliance_rules import shipped
from cloud.errors import Unknown
from cloud.usecases import audit, rules
from cloud.usecases.audit import Personal
from tests.cloud.rig import Rig
from tests.contracts.making import at

WORDS = st.text(max_size=12)
DEEDS = st.lists(st.tuples(WORDS, WORDS, st.integers(0, 2**53 - 1)), min_size=1, max_size=12)
FIELDS = ("seq", "at_ms", "who", "what", "about", "detail", "personal", "previous", "hash")


def chain(deeds: list[tuple[str, str, int]]) -> list[Entry]:
    made: list[Entry] = []
    head = auditing.START
    for who, what, at_ms in deeds:
        detail = auditing.canonical_text({"what": what})
        bare = Entry(head.seq + 1, at_ms, who, what, "x", detail, "", head.hash, "")
        made.append(replace(bare, hash=auditing.hash_of(bare)))
        head = Head(made[-1].seq, made[-1].hash)
    return made


def broken(entries: list[Entry], known: Head | None = None) -> Broken | None:
    found = list(walk(entries, known))
    return found[-1] if found and isinstance(found[-1], Broken) else None


@given(DEEDS)
def test_a_log_as_it_was_written_is_whole(deeds: list[tuple[str, str, int]]) -> None:
    entries = chain(deeds)
    head = Head(entries[-1].seq, entries[-1].hash)
    assert broken(entries) is None
    assert broken(entries, head) is None
    assert list(walk(entries))[-1] == head


@given(DEEDS, st.data())
def test_a_changed_entry_is_named(deeds: list[tuple[str, str, int]], data: st.DataObject) -> None:
    entries = chain(deeds)
    index = data.draw(st.integers(0, len(entries) - 1))
    name = data.draw(st.sampled_from(FIELDS))
    old = getattr(entries[index], name)
    other = data.draw((st.integers() if isinstance(old, int) else WORDS).filter(lambda v: v != old))
    entries[index] = replace(entries[index], **{name: other})
    found = broken(entries)
    assert found is not None
    assert found.seq in (index + 1, other)


@given(DEEDS, st.data())
def test_an_entry_rewritten_with_its_hash_shows_against_a_known_head(
    deeds: list[tuple[str, str, int]], data: st.DataObject
) -> None:
    entries = chain(deeds)
    head = Head(entries[-1].seq, entries[-1].hash)
    index = data.draw(st.integers(0, len(entries) - 1))
    changed = [*deeds]
    changed[index] = (deeds[index][0] + "!", *deeds[index][1:])
    assert broken(chain(changed), head) is not None


@given(DEEDS.filter(lambda deeds: len(deeds) > 1), st.data())
def test_an_entry_rewritten_with_its_own_hash_alone_shows_at_the_next_one(
    deeds: list[tuple[str, str, int]], data: st.DataObject
) -> None:
    entries = chain(deeds)
    index = data.draw(st.integers(0, len(entries) - 2))
    other = replace(entries[index], who=entries[index].who + "!")
    entries[index] = replace(other, hash=auditing.hash_of(other))
    found = broken(entries)
    assert found is not None
    assert found.seq == index + 2


@given(DEEDS, st.data())
def test_a_deleted_entry_is_missed(deeds: list[tuple[str, str, int]], data: st.DataObject) -> None:
    entries = chain(deeds)
    head = Head(entries[-1].seq, entries[-1].hash)
    index = data.draw(st.integers(0, len(entries) - 1))
    left = entries[:index] + entries[index + 1 :]
    found = broken(left, head)
    assert found is not None
    assert f"{index + 1}" in found.why or found.seq == index + 1


@given(DEEDS.filter(lambda deeds: len(deeds) > 1), st.data())
def test_two_entries_that_changed_places_show(
    deeds: list[tuple[str, str, int]], data: st.DataObject
) -> None:
    entries = chain(deeds)
    first = data.draw(st.integers(0, len(entries) - 2))
    second = data.draw(st.integers(first + 1, len(entries) - 1))
    entries[first], entries[second] = entries[second], entries[first]
    assert broken(entries) is not None
    # And with their numbers put right as well.
    renumbered = [replace(entry, seq=seq) for seq, entry in enumerate(entries, 1)]
    assert broken(renumbered) is not None


@given(DEEDS, st.integers(1, 12))
def test_a_log_cut_off_shows_against_a_known_head(
    deeds: list[tuple[str, str, int]], cut: int
) -> None:
    entries = chain(deeds)
    head = Head(entries[-1].seq, entries[-1].hash)
    found = broken(entries[: -min(cut, len(entries))], head)
    assert found is not None
    assert "cut off" in found.why


def filled(rig: Rig) -> Head:
    for number in range(1, 6):
        rig.db.write(
            lambda s, n=number: audit.record(s, "cli:root", "test", f"x:{n}", {"n": n}, at(n))
        )  # type: ignore[misc]
    return rig.db.read(audit.head)


def found(rig: Rig, known: Head | None = None) -> Head | Broken:
    return rig.db.read(lambda s: list(audit.verify(s, known))[-1])


def forge(rig: Rig, statement: str) -> None:
    """As someone with the database's file can: past its rules, where it has them."""

    def story(session: Session) -> None:
        for name in ("update", "delete", "insert"):
            session.execute(text(f"DROP TRIGGER IF EXISTS auditentry_append_only_{name}"))
        session.execute(text("DROP TRIGGER IF EXISTS auditpersonal_append_only_update"))
        session.execute(text(statement))

    rig.db.write(story)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_what_is_recorded_stands_in_the_chain_in_its_order(rig: Rig) -> None:
    head = filled(rig)
    rows = rig.db.read(audit.entries)
    assert [row.about for row in rows] == [f"x:{n}" for n in range(1, 6)]
    assert found(rig, head) == head == Head(5, rows[-1].hash)


@pytest.mark.parametrize(
    ("statement", "seq"),
    [
        ("UPDATE auditentry SET who = 'cli:eve' WHERE seq = 3", 3),
        ("UPDATE auditentry SET detail = '{}' WHERE seq = 1", 1),
        ("DELETE FROM auditentry WHERE seq = 2", 3),
        ("DELETE FROM auditentry WHERE seq = 5", 5),
        ("UPDATE auditentry SET seq = -2 WHERE seq = 4", -2),
        (
            "INSERT INTO auditentry SELECT 6, at_ms, who, what, about, detail, personal, previous,"
            " hash FROM auditentry WHERE seq = 5",
            6,
        ),
    ],
)
def test_a_forged_database_is_found_at_its_first_broken_entry(
    rig: Rig, statement: str, seq: int
) -> None:
    head = filled(rig)
    forge(rig, statement)
    wrong = found(rig, head)
    assert isinstance(wrong, Broken)
    assert wrong.seq == seq


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE auditentry SET who = 'cli:eve'",
        "DELETE FROM auditentry",
        "UPDATE auditpersonal SET text = '{}'",
        "UPDATE ruleset SET text = ''",
        "DELETE FROM ruleset",
    ],
)
def test_the_database_itself_refuses_to_change_the_log(rig: Rig, statement: str) -> None:
    with_name(rig)
    law = shipped(2)[0]
    rig.db.write(lambda s: rules.adopt(s, law, "r", audit.SYSTEM, at(0)))
    with pytest.raises(IntegrityError, match="append-only"):
        rig.db.write(lambda s: s.execute(text(statement)))


def test_a_deed_that_was_not_committed_is_not_in_the_log(rig: Rig) -> None:
    def fails(session: Session) -> None:
        audit.record(session, audit.SYSTEM, "test", "x", {}, at(0))
        raise Unknown("No such thing.")

    with pytest.raises(Unknown):
        rig.db.write(fails)
    assert rig.db.read(audit.count) == 0


def with_name(rig: Rig) -> int:
    personal = Personal({"holder": "王伟"}, b"s" * 32)
    row = rig.db.write(
        lambda s: audit.record(s, audit.account(1), "test", "x", {"n": 1}, at(0), personal)
    )
    return row.seq


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_personal_data_can_be_erased_and_the_chain_stays_whole(rig: Rig) -> None:
    seq = with_name(rig)
    assert "王伟" in json.dumps(rig.db.read(lambda s: list(audit.exported(s))), ensure_ascii=False)
    rig.db.write(lambda s: audit.erase_personal(s, seq, audit.cli("root"), at(9)))
    told = rig.db.read(lambda s: list(audit.exported(s)))
    assert "王伟" not in json.dumps(told, ensure_ascii=False)
    assert [row["what"] for row in told] == ["test", "audit.erased"]
    assert found(rig) == rig.db.read(audit.head)
    with pytest.raises(Unknown):
        rig.db.write(lambda s: audit.erase_personal(s, seq, audit.cli("root"), at(9)))


def test_changed_personal_data_are_found(rig: Rig) -> None:
    seq = with_name(rig)
    forge(rig, """UPDATE auditpersonal SET text = '{"holder":"李四"}'""")
    wrong = found(rig)
    assert isinstance(wrong, Broken)
    assert wrong.seq == seq


def test_the_name_is_in_no_column_that_stays(rig: Rig) -> None:
    seq = with_name(rig)
    row = rig.db.read(lambda s: s.get_one(AuditEntry, seq))
    assert "王伟" not in json.dumps(row.model_dump(), ensure_ascii=False)
    held = rig.db.read(lambda s: s.get_one(AuditPersonal, seq))
    assert row.personal == auditing.personal_digest(held.salt, held.text)


def test_the_command_verifies_exports_and_names_the_first_broken_entry(
    rig: Rig, tmp_path: Path
) -> None:
    head = filled(rig)
    where = ["--data", str(tmp_path)]
    cli = CliRunner()
    good = cli.invoke(commands, ["verify", "--json", "--head", f"{head.seq}:{head.hash}", *where])
    assert (good.exit_code, json.loads(good.stdout)["seq"]) == (0, 5)
    assert cli.invoke(commands, ["export", str(tmp_path / "log"), *where]).exit_code == 0
    lines = (tmp_path / "log").read_text("utf-8").splitlines()
    exported = [Entry(**{name: json.loads(line)[name] for name in FIELDS}) for line in lines]
    assert list(walk(exported))[-1] == head
    forge(rig, "UPDATE auditentry SET about = 'x:9' WHERE seq = 4")
    bad = cli.invoke(commands, ["verify", *where])
    assert bad.exit_code == 1
    assert "Entry 4 is the first that is broken" in bad.stdout
    assert cli.invoke(commands, ["verify", "--head", "x", *where]).exit_code == 2


def test_a_log_longer_than_what_is_read_at_once_is_walked_to_its_end(rig: Rig) -> None:
    count = audit.CHUNK + 3

    def story(session: Session) -> None:
        for number in range(count):
            audit.record(session, audit.SYSTEM, "test", f"x:{number}", {}, at(0))

    rig.db.write(story)
    assert found(rig) == rig.db.read(audit.head)
    forge(rig, f"UPDATE auditentry SET about = 'y' WHERE seq = {count - 1}")
    wrong = found(rig)
    assert isinstance(wrong, Broken)
    assert wrong.seq == count - 1
