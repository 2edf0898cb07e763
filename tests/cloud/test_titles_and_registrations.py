"""Steps 1 and 2: the title library, and which spaces may be shared."""

import json

import pytest

from cloud.core.reasons import Refusal
from cloud.errors import BadTitles
from cloud.tables import Registration, Title, TitleVersion
from cloud.usecases import titles
from cloud.usecases.titles import TitleProof
from contracts.ledger.hashing import unhex
from contracts.ledger.merkle import proves
from contracts.ledger.records import space_key, title_leaf
from tests.cloud.rig import Rig, title_rows


def status_of(rig: Rig, row: Registration) -> str:
    return rig.db.read(lambda s: s.get_one(Registration, row.id)).status


def codes(row: Registration) -> list[str]:
    return [reason["code"] for reason in json.loads(row.reasons)]


def test_a_title_file_is_published_and_every_title_proves_itself(rig: Rig) -> None:
    made = rig.import_titles()
    rig.sweeps.drive()
    assert made.count == 5
    assert rig.chain.read("registry", "root") == unhex(made.root)
    proof = rig.db.read(lambda s: titles.prove(s, "S4"))
    assert isinstance(proof, TitleProof)
    siblings = [unhex(node) for node in proof.siblings]
    assert proves(title_leaf(space_key("S4"), unhex(proof.digest)), siblings, unhex(made.root))


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("number", "one", "not a whole number"),
        ("holder", "", "holder"),
        ("valid_until", "next year", "not a date"),
        ("lat", "91", "outside"),
        ("lon", "east", "not a number"),
        ("space", "S1", "line 2 already"),
        ("number", "1", "line 2 already"),
        ("space", "S 3", "space"),
    ],
)
def test_a_broken_row_refuses_the_file_with_its_line_and_imports_nothing(
    rig: Rig, column: str, value: str, reason: str
) -> None:
    with pytest.raises(BadTitles) as refused:
        rig.import_titles(title_rows({"S3": {column: value}}))
    assert refused.value.problems[0].startswith("line 4: ")
    assert reason in refused.value.problems[0]
    assert rig.db.read(lambda s: s.get(TitleVersion, 1)) is None
    assert rig.db.read(lambda s: s.get(Title, "S1")) is None


def test_a_missing_column_is_named(rig: Rig) -> None:
    rows = title_rows()
    del rows[0][1]["right"]  # type: ignore[attr-defined]
    with pytest.raises(BadTitles) as refused:
        rig.import_titles(rows)
    assert refused.value.problems == ["line 2: column right is missing"]


def test_the_same_file_again_changes_nothing(rig: Rig) -> None:
    assert rig.import_titles() == rig.import_titles()


def test_a_compliant_space_is_marked_as_shared_on_the_chain_with_its_proof(rig: Rig) -> None:
    rig.import_titles()
    rig.enrol()
    row = rig.register("S1")
    assert row.status == "compliant"
    rig.sweeps.drive()
    assert status_of(rig, row) == "shared"
    assert rig.chain.read("registry", "is_shared", space_key("S1"))


def test_a_refusal_tells_every_reason_at_once_in_both_languages(rig: Rig) -> None:
    rig.import_titles(title_rows({"S4": {"use": "fire_lane", "encumbrance": "seized"}}))
    row = rig.register("S4", holder="李四", management_consent=False)
    assert row.status == "refused"
    assert codes(row) == [
        "holder_mismatch",
        "encumbered",
        "public_use",
        "no_management_consent",
        "no_equipment",
    ]
    assert all(reason["sentence_zh"] and reason["remedy_en"] for reason in json.loads(row.reasons))


def test_an_expired_right_is_refused(rig: Rig) -> None:
    rig.import_titles(title_rows({"S1": {"valid_until": "2020-12-31"}}))
    rig.enrol()
    assert codes(rig.register("S1")) == ["expired"]


def test_an_unknown_space_is_refused(rig: Rig) -> None:
    rig.import_titles()
    assert codes(rig.register("S99")) == ["unknown_space"]
    assert isinstance(rig.db.read(lambda s: titles.prove(s, "S99")), Refusal)
    assert isinstance(rig.enrol(("S99",)), Refusal)


def test_a_space_is_shared_only_once(rig: Rig) -> None:
    rig.import_titles()
    rig.enrol()
    rig.register("S1")
    assert codes(rig.register("S1")) == ["already_shared"]


def test_a_changed_title_loses_its_mark_and_an_unchanged_one_keeps_it(rig: Rig) -> None:
    rig.import_titles()
    rig.enrol()
    first, second = rig.register("S1"), rig.register("S2")
    rig.sweeps.drive()
    rig.import_titles(title_rows({"S2": {"holder": "张三"}}), name="b")
    rig.sweeps.drive()
    assert status_of(rig, first) == "shared"
    assert status_of(rig, second) == "withdrawn"
    assert rig.chain.read("registry", "is_shared", space_key("S1"))
    assert not rig.chain.read("registry", "is_shared", space_key("S2"))
