"""Versions of the library, what differs between two, and titles that change between two files."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select
from typer.testing import CliRunner

from cloud.cli import app
from cloud.core.reasons import Refusal
from cloud.tables import ChainCall, Offer, Title
from cloud.usecases import title_changes, title_history, title_tree, titles
from cloud.usecases.title_changes import By
from cloud.usecases.title_history import Difference, FieldChange
from cloud.usecases.titles import Imported
from contracts.ledger.hashing import keccak
from contracts.ledger.records import TitleRecord
from tests.cloud.rig import Rig, title_rows
from tests.cloud.test_titles_marks import calls, many, proof, proven, shared, sharing, status_of

CLI = CliRunner()
BOTH = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
FIELDS = ("number", "lot", "holder", "right", "valid_until", "encumbrance", "use")


def by(rig: Rig, reason: str = "") -> By:
    return By(reason, rig.clock.at, keccak(rig.new_id("salt").encode()))


def transfer(rig: Rig, space: str, holder: str, reason: str = "") -> Imported:
    made = rig.db.write(lambda s: title_changes.transfer(s, space, holder, by(rig, reason)))
    assert isinstance(made, Imported), made
    return made


def revoke(rig: Rig, space: str) -> Imported:
    made = rig.db.write(lambda s: title_changes.revoke(s, space, by(rig, "court order")))
    assert isinstance(made, Imported), made
    return made


def differ(rig: Rig, a: int, b: int, show_holders: bool = False) -> list[Difference]:
    return rig.db.read(lambda s: list(title_history.differences(s, a, b, show_holders)))


def library(rig: Rig) -> dict[str, TitleRecord]:
    rows = rig.db.read(lambda s: list(s.exec(select(Title))))
    return {row.space: title_tree.record_of(row) for row in rows}


@BOTH
def test_versions_and_their_differences_tell_what_became_of_each_title(rig: Rig) -> None:
    rig.import_titles()
    changed = title_rows({"S2": {"holder": "张三"}, "S3": {"encumbrance": "seized"}})
    new = (9, dict(changed[0][1]) | {"space": "N1", "number": "77"})
    rig.import_titles([*changed[:4], new], name="b")
    transfer(rig, "S4", "李娜", "inherited")
    lines = rig.db.read(title_history.versions)
    assert [(line.version, line.kind, line.count) for line in lines] == [
        (3, "transfer", 5),
        (2, "import", 5),
        (1, "import", 5),
    ]
    assert [(line.added, line.removed, line.transferred, line.changed) for line in lines] == [
        (0, 0, 1, 0),
        (1, 1, 1, 1),
        (5, 0, 0, 0),
    ]
    assert (lines[0].reason, lines[0].publication) == ("inherited", "queued")
    assert differ(rig, 1, 3) == [
        Difference("N1", "added"),
        Difference("S2", "transferred", (FieldChange("holder", "王*", "张*"),)),
        Difference("S3", "changed", (FieldChange("encumbrance", "none", "seized"),)),
        Difference("S4", "transferred", (FieldChange("holder", "王*", "李*"),)),
        Difference("S5", "removed"),
    ]
    assert differ(rig, 2, 3, True)[0].fields == (FieldChange("holder", "王伟", "李娜"),)


@BOTH
def test_differences_backwards_are_those_forwards_turned_round(rig: Rig) -> None:
    rig.import_titles()
    revoke(rig, "S2")
    transfer(rig, "S3", "张三")
    there, back = differ(rig, 0, 3), differ(rig, 3, 0)
    assert [one.kind for one in there] == ["added"] * 4
    assert [one.kind for one in back] == ["removed"] * 4
    assert [one.kind for one in differ(rig, 3, 1)] == ["added", "transferred"]
    assert differ(rig, 2, 2) == []


def test_what_changed_and_changed_back_is_no_difference(rig: Rig) -> None:
    rig.import_titles()
    transfer(rig, "S3", "张三")
    transfer(rig, "S3", "王伟")
    assert differ(rig, 1, 3) == []
    assert [one.kind for one in differ(rig, 1, 2)] == ["transferred"]


LIBRARIES = st.lists(
    st.dictionaries(
        st.integers(1, 6), st.sampled_from(["王伟", "张三", "李四"]), min_size=1, max_size=6
    ),
    min_size=2,
    max_size=5,
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(LIBRARIES)
def test_the_differences_of_any_two_versions_are_those_of_their_libraries(
    rig: Rig, libraries: list[dict[int, str]]
) -> None:
    """One city through all examples: each goes on where the one before ended."""
    kept: dict[int, dict[str, TitleRecord]] = {}
    for holders in libraries:
        rows = many(6, {f"S{n}": {"holder": name} for n, name in holders.items()})
        rows = [row for row in rows if int(row[1]["number"]) in holders]
        made = rig.import_titles(rows, name=rig.new_id("file"))
        kept[made.version] = library(rig)
        assert sorted(kept[made.version]) == [f"S{n}" for n in sorted(holders)]
        tree = rig.db.read(title_tree.build)
        assert tree is not None and made.root == "0x" + tree.root.hex()
    for a, before in kept.items():
        for b, after in kept.items():
            assert {one.space: one.kind for one in differ(rig, a, b)} == kinds(before, after)


def kinds(before: dict[str, TitleRecord], after: dict[str, TitleRecord]) -> dict[str, str]:
    """The same by hand."""

    def found() -> Iterator[tuple[str, str]]:
        for space in before.keys() | after.keys():
            old, new = before.get(space), after.get(space)
            if old is None or new is None:
                yield space, "added" if old is None else "removed"
            elif old.holder != new.holder:
                yield space, "transferred"

    return dict(found())


@BOTH
def test_a_transferred_title_loses_its_mark_and_its_offers_and_proves_itself_anew(
    rig: Rig,
) -> None:
    rows = sharing(rig, "S1", "S2")
    rig.offer("S2")
    made = transfer(rig, "S2", "李四")
    rig.sweeps.drive()
    assert [status_of(rig, row) for row in rows] == ["shared", "withdrawn"]
    assert (shared(rig), calls(rig)[-1]) == (["S1"], "transfer")
    assert [offer.status for offer in rig.db.read(lambda s: list(s.exec(select(Offer))))] == [
        "closed"
    ]
    assert (proof(rig, "S2").version, proof(rig, "S2").root) == (2, made.root)
    assert all(proven(rig, f"S{n}") for n in range(1, 6))
    assert rig.chain.read("registry", "root").hex() == made.root[2:]
    assert library(rig)["S2"].holder == "李四"


@BOTH
def test_a_revoked_title_leaves_the_library_with_its_mark_and_the_others_stay(rig: Rig) -> None:
    rows = sharing(rig, "S1", "S2")
    made = revoke(rig, "S2")
    rig.sweeps.drive()
    assert [status_of(rig, row) for row in rows] == ["shared", "withdrawn"]
    assert (shared(rig), calls(rig)[-1], made.count) == (["S1"], "unshare", 4)
    assert isinstance(rig.db.read(lambda s: titles.prove(s, "S2")), Refusal)
    assert all(proven(rig, space) for space in ("S1", "S3", "S4", "S5"))
    revoke(rig, "S5")
    last = rig.db.read(title_tree.build)
    assert last is not None and proof(rig, "S1").root == "0x" + last.root.hex()
    again = rig.import_titles(name="b")
    assert (again.added, again.removed, again.changed) == (2, 0, 0)
    assert all(proven(rig, f"S{n}") for n in range(1, 6))


@pytest.mark.parametrize("size", [1, 2, 129, 300])
def test_one_changed_title_hashes_one_path_and_makes_the_whole_trees_root(
    rig: Rig, size: int
) -> None:
    rig.import_titles(many(size))
    for space in {f"S{n}" for n in (1, size, size // 2 + 1)}:
        made = transfer(rig, space, f"new holder of {space}")
        tree = rig.db.read(title_tree.build)
        assert tree is not None and made.root == "0x" + tree.root.hex()
        assert rig.db.read(title_tree.load).levels == tree.levels  # type: ignore[union-attr]
        assert proven(rig, space)


def test_a_change_that_is_none_or_cannot_be_is_refused(rig: Rig) -> None:
    rig.import_titles()

    def code(space: str, **fields: str) -> str:
        made = rig.db.write(lambda s: title_changes.change(s, space, fields, by(rig)))
        assert isinstance(made, Refusal)
        return made.reasons[0].code

    assert code("S9", holder="李四") == "unknown_space"
    assert code("S1", holder="王伟") == "same_title"
    assert code("S1", holder="") == "bad_title"
    assert code("S1", valid_until="never") == "bad_title"
    assert rig.db.read(title_history.versions)[0].version == 1
    rig.import_titles(many(1), name="one")
    refused = rig.db.write(lambda s: title_changes.revoke(s, "S1", by(rig)))
    assert isinstance(refused, Refusal) and refused.reasons[0].code == "last_title"


def test_no_name_of_a_holder_goes_to_the_chain_and_digests_are_salted(rig: Rig) -> None:
    rig.import_titles()
    transfer(rig, "S1", "独一无二")
    revoke(rig, "S2")
    rig.enrol()
    rig.register("S1", holder="独一无二")
    args = " ".join(rig.db.read(lambda s: list(s.exec(select(ChainCall.args)))))
    for name in ("王伟", "独一无二", json.dumps("王伟")[1:-1], json.dumps("独一无二")[1:-1]):
        assert name not in args and name.encode().hex() not in args
    one, other = library(rig)["S3"], library(rig)["S4"]
    assert one.salt != other.salt
    guess = one.model_copy(update={"salt": "0x" + "00" * 32})
    assert guess.digest() != one.digest()


def test_versions_differences_and_changes_from_the_command_line(rig: Rig) -> None:
    rig.import_titles()

    def said(*words: str, status: int = 0) -> str:
        found = CLI.invoke(app, ["titles", *words, "--data", str(rig.folder)])
        assert found.exit_code == status, found.output
        return found.output

    assert "Version 2: 5 titles" in said("transfer", "S1", "--to", "李四", "--reason", "sold")
    assert "Version 3: 4 titles" in said("revoke", "S2", "--reason", "court order")
    lines = said("versions").splitlines()
    assert [line.split()[0] for line in lines] == ["3", "2", "1"]
    assert "court order" in lines[0] and "+0 -1 ->0 ~0" in lines[0]
    assert said("diff", "1", "3").splitlines() == [
        "transferred  S1  holder: 王* -> 李*",
        "removed      S2",
    ]
    assert "王伟 -> 李四" in said("diff", "1", "3", "--show-holders")
    assert json.loads(said("diff", "2", "3", "--json"))["kind"] == "removed"
    assert "no such version" in said("diff", "1", "9", status=1)
    assert "says that already" in said("transfer", "S1", "--to", "李四", status=1)
