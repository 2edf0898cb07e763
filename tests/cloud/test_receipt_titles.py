"""A settled stay's receipt carries the title of its space, as it stood when the stay was filed."""

from typing import Any

from sqlmodel import Session, select

from cloud.tables import ChainCall
from cloud.usecases import settlements, titles
from contracts.ledger import onchain
from contracts.ledger.receipt import Receipt, read, verify
from tests.cloud.rig import Rig, title_rows
from tests.cloud.test_stays import park


def receipt_of(rig: Rig, booking_id: str) -> Receipt:
    text = rig.db.read(lambda s: settlements.receipt_of(s, booking_id))
    assert text is not None
    found = read(text)
    assert isinstance(found, Receipt)
    return found


def title_root(rig: Rig, receipt: Receipt) -> bool:
    """The link as a node tells it that answers for the registry of this rig."""

    def ask(_method: str, _params: list[Any]) -> Any:
        return "0x" + bytes(rig.chain.read("registry", "root")).hex()

    return onchain._title_root(receipt, ask)[0]


def test_a_settled_stays_receipt_carries_its_title_and_the_chain_has_its_root(rig: Rig) -> None:
    rig.open_market()
    booking_id = park(rig)
    rig.settle()
    receipt = receipt_of(rig, booking_id)
    assert receipt.title is not None
    assert {link.name: link.ok for link in verify(receipt)}["titles"]
    assert title_root(rig, receipt)


def test_titles_published_after_the_stay_was_filed_are_not_its_own(rig: Rig) -> None:
    rig.open_market()
    booking_id = park(rig)
    rig.settle()
    block = receipt_of(rig, booking_id).chain.block_number
    rig.import_titles(title_rows({"S5": {"holder": "李娜"}}), "b")
    assert rig.db.read(lambda s: titles.proof_in(s, "S1", block)) is None
    rig.sweeps.drive()
    second = select(ChainCall).where(ChainCall.id == "titles:2")
    assert rig.db.read(lambda s: s.exec(second).one()).status in ("mined", "final")
    assert rig.db.read(lambda s: titles.proof_in(s, "S1", block)) is None
    assert rig.db.read(lambda s: titles.proof_in(s, "S1", block + 99)) is not None


def test_titles_whose_block_has_vanished_prove_nothing(rig: Rig) -> None:
    rig.open_market()
    assert rig.db.read(lambda s: titles.proof_in(s, "S1", 99)) is not None

    def vanish(session: Session) -> None:
        call = session.exec(select(ChainCall).where(ChainCall.id == "titles:1")).one()
        call.status = "signed"
        session.add(call)

    rig.db.write(vanish)
    assert rig.db.read(lambda s: titles.proof_in(s, "S1", 99)) is None


def test_a_space_without_a_title_has_none_in_its_receipt(rig: Rig) -> None:
    rig.open_market()
    assert rig.db.read(lambda s: titles.proof_in(s, "S99", 99)) is None
