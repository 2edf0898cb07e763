"""Marks that wait go together; marks move or end with their titles; the stored tree."""

from datetime import timedelta
from functools import partial

import pytest
from sqlmodel import Session, select

from cloud.tables import ChainCall, Offer, Registration
from cloud.title_tables import TitleNodes
from cloud.usecases import marks, title_tree, titles
from cloud.usecases.titles import Row, TitleProof
from contracts.ledger.hashing import unhex
from contracts.ledger.merkle import proves
from contracts.ledger.records import space_key, title_leaf
from tests.cloud.rig import ROW, Rig, title_rows

FIVE = ("S1", "S2", "S3", "S4", "S5")


def status_of(rig: Rig, row: Registration) -> str:
    return rig.db.read(lambda s: s.get_one(Registration, row.id)).status


def shared(rig: Rig) -> list[str]:
    return [one for one in FIVE if rig.chain.read("registry", "is_shared", space_key(one))]


def calls(rig: Rig) -> list[str]:
    """The registry's functions in the order filed, but for gateways' keys."""
    of_registry = select(ChainCall).where(ChainCall.contract == "registry")
    rows = rig.db.read(lambda s: list(s.exec(of_registry.order_by("number"))))
    return [row.function for row in rows if row.function != "set_gateway"]


def proof(rig: Rig, space: str) -> TitleProof:
    found = rig.db.read(lambda s: titles.prove(s, space))
    assert isinstance(found, TitleProof)
    return found


def proven(rig: Rig, space: str) -> bool:
    found = proof(rig, space)
    leaf = title_leaf(space_key(space), unhex(found.digest))
    return proves(leaf, [unhex(node) for node in found.siblings], unhex(found.root))


def many(count: int, changes: dict[str, dict[str, str]] | None = None) -> list[Row]:
    return [
        (n + 1, ROW | {"space": f"S{n}", "number": str(n)} | (changes or {}).get(f"S{n}", {}))
        for n in range(1, count + 1)
    ]


def sharing(rig: Rig, *spaces: str) -> list[Registration]:
    rig.import_titles()
    rig.enrol(FIVE)
    rows = [rig.register(space) for space in spaces]
    rig.sweeps.drive()
    return rows


def test_marks_that_wait_behind_one_go_to_the_chain_together(rig: Rig) -> None:
    rows = sharing(rig, *FIVE)
    assert calls(rig) == ["publish", "share", "share_many"]
    assert shared(rig) == list(FIVE)
    assert {status_of(rig, row) for row in rows} == {"shared"}


def test_more_marks_than_one_call_takes_go_in_several(rig: Rig) -> None:
    rig.import_titles(many(70))
    rig.enrol(tuple(f"S{n}" for n in range(1, 71)))
    rows = [rig.register(f"S{n}") for n in range(1, 71)]
    rig.sweeps.drive()
    assert calls(rig) == ["publish", "share", "share_many", "share_many"]
    assert {status_of(rig, row) for row in rows} == {"shared"}


def test_a_mark_that_waits_is_proven_by_the_library_it_is_filed_under(rig: Rig) -> None:
    rig.import_titles()
    rig.enrol(FIVE)
    rows = [rig.register(space) for space in ("S1", "S2")]
    rig.import_titles(title_rows({"S5": {"holder": "张三"}}), name="b")
    rows.append(rig.register("S3"))
    rig.sweeps.drive()
    assert [status_of(rig, row) for row in rows] == ["shared"] * 3
    assert calls(rig) == ["publish", "share", "publish", "share_many"]


def test_a_mark_ends_before_it_was_filed_without_a_call(rig: Rig) -> None:
    rig.import_titles()
    rig.enrol(FIVE)
    rows = [rig.register(space) for space in ("S1", "S2")]
    rig.import_titles(title_rows({"S2": {"holder": "张三"}}), name="b")
    rig.sweeps.drive()
    assert [status_of(rig, row) for row in rows] == ["shared", "withdrawn"]
    assert calls(rig) == ["publish", "share", "publish"]


@pytest.mark.parametrize(
    ("change", "function"),
    [
        ({"holder": "张三"}, "transfer"),
        ({"encumbrance": "seized"}, "unshare"),
        ({"use": "fire_lane"}, "unshare"),
        ({"right": "civil_air"}, "unshare"),
        ({"valid_until": "2020-12-31"}, "expire"),
    ],
)
def test_a_title_that_no_longer_allows_sharing_ends_the_mark_and_the_offers(
    rig: Rig, change: dict[str, str], function: str
) -> None:
    rows = sharing(rig, "S1", "S2")
    rig.offer("S2")
    rig.import_titles(title_rows({"S2": change}), name="b")
    rig.sweeps.drive()
    assert [status_of(rig, row) for row in rows] == ["shared", "withdrawn"]
    assert shared(rig) == ["S1"]
    assert calls(rig)[-1] == function
    offers = rig.db.read(lambda s: list(s.exec(select(Offer))))
    assert [offer.status for offer in offers] == ["closed"]


def test_a_title_that_left_the_library_ends_the_mark(rig: Rig) -> None:
    rows = sharing(rig, "S2")
    rig.import_titles([row for row in title_rows() if row[1]["space"] != "S2"], name="b")
    rig.sweeps.drive()
    assert (status_of(rig, rows[0]), shared(rig)) == ("withdrawn", [])
    assert calls(rig)[-1] == "unshare"


def test_a_better_title_of_the_same_holder_takes_the_mark_over(rig: Rig) -> None:
    [row] = sharing(rig, "S2")
    rig.import_titles(title_rows({"S2": {"valid_until": "2060-12-31"}}), name="b")
    rig.sweeps.drive()
    now = rig.db.read(lambda s: s.get_one(Registration, row.id))
    assert (now.status, shared(rig)) == ("shared", ["S2"])
    assert now.decision != row.decision
    assert rig.chain.read("registry", "shared", space_key("S2")) == unhex(now.decision)
    assert calls(rig)[-1] == "transfer"


def test_a_term_that_ends_with_time_ends_the_mark_the_day_after(rig: Rig) -> None:
    last_day = rig.clock.at.date().isoformat()
    rig.import_titles(title_rows({"S1": {"valid_until": last_day}}))
    rig.enrol(FIVE)
    rows = [rig.register(space) for space in ("S1", "S2")]
    rig.sweeps.drive()
    rig.db.write(lambda s: marks.expire_ended(s, rig.clock.at))
    assert [status_of(rig, row) for row in rows] == ["shared", "shared"]
    rig.clock.at += timedelta(days=1)
    rig.db.write(lambda s: marks.expire_ended(s, rig.clock.at))
    rig.sweeps.drive()
    assert [status_of(rig, row) for row in rows] == ["withdrawn", "shared"]
    assert shared(rig) == ["S2"]
    assert calls(rig)[-1] == "expire"


@pytest.mark.parametrize("size", [300, 20], ids=["path by path", "in one go"])
def test_a_library_that_changes_keeps_the_tree_of_its_titles(rig: Rig, size: int) -> None:
    rig.import_titles(many(size))
    gone = [row for row in many(size) if row[1]["space"] != "S7"]
    rig.import_titles(gone, name="b")
    new = (999, ROW | {"space": "N1", "number": "900"})
    last = (1000, ROW | {"space": "N2", "number": "901"})
    made = rig.import_titles([*gone[1:], gone[0], new, last], name="c")
    tree = rig.db.read(title_tree.build)
    assert tree is not None and made.root == "0x" + tree.root.hex()
    assert rig.db.read(title_tree.load).levels == tree.levels  # type: ignore[union-attr]
    assert made.count == size + 1 == len(tree)
    assert all(proven(rig, space) for space in ("S1", "S6", "S8", f"S{size}", "N1", "N2"))
    assert proof(rig, "S1").version == 3


def test_a_stored_tree_that_is_missing_or_not_the_published_one_is_built_anew(rig: Rig) -> None:
    made = rig.import_titles()
    for spoil in (partial(spoil_root, nodes=b"\1" * 32), partial(spoil_root, nodes=None)):
        rig.db.write(spoil)
        assert proof(rig, "S4").root == made.root
        assert proven(rig, "S4")
    again = rig.import_titles(title_rows({"S2": {"holder": "张三"}}), name="b")
    tree = rig.db.read(title_tree.load)
    assert tree is not None and "0x" + tree.root.hex() == again.root


def spoil_root(session: Session, nodes: bytes | None) -> None:
    for page in session.exec(select(TitleNodes)):
        if nodes is None:
            session.delete(page)
        elif page.level == 3:
            page.nodes = nodes
            session.add(page)
