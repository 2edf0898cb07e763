"""A person is forgotten: her key and names go; books, chain, audit and receipts stay valid."""

import json
from typing import Any

import pytest
import typer
from sqlalchemy import text
from sqlmodel import SQLModel, select
from typer.testing import CliRunner

from cloud.audit_tables import NoticeContact
from cloud.core.auditing import Broken
from cloud.core.plate_vault import person_of
from cloud.errors import Unknown
from cloud.privacy_tables import Erased, PersonKey
from cloud.stay_tables import Dispute
from cloud.tables import Account
from cloud.usecases import accounts, audit, dispute_evidence, erasing, notices, persons, plate_vault
from contracts import cli
from contracts.ledger.receipt import Receipt, read, verify
from tests.cloud.privacy_rig import Settled, codes
from tests.cloud.rig import Rig
from tests.cloud.stay_rig import PLATES, Lot


@pytest.fixture
def settled(rig: Rig) -> Settled:
    return Settled(rig)


def books(rig: Rig) -> list[Any]:
    words = "SELECT id, transfer, account, bucket, amount_minor FROM entry ORDER BY id"
    return rig.db.read(lambda s: list(s.connection().execute(text(words))))


def verified(paper: str, tmp_path: Any) -> Any:
    """By the command that anybody has."""
    file, app = tmp_path / "receipt.json", typer.Typer()
    file.write_text(paper)
    app.command()(cli.check)
    return CliRunner().invoke(app, [str(file)])


def test_who_is_erased_has_no_key_and_no_name_and_every_receipt_holds_as_before(
    settled: Settled, tmp_path: Any
) -> None:
    rig = settled.rig
    before = [settled.receipt(it) for it in (settled.hers, settled.his)]
    kept, head = books(rig), rig.db.read(audit.head)
    done = settled.erase()
    assert isinstance(done, erasing.Forgotten), done
    assert (done.sealed, len(done.receipts), done.rows["booking"]) == (1, 1, 1)
    after = [settled.receipt(it) for it in (settled.hers, settled.his)]
    assert after == before and books(rig) == kept
    for paper in after:
        found = read(paper)
        assert isinstance(found, Receipt) and all(link.ok for link in verify(found))
        shown = verified(paper, tmp_path)
        assert shown.exit_code == 0 and "PASS" in shown.stdout
        assert "where the plate and its salt were erased, nobody can open it" in shown.stdout
    walked = list(rig.db.read(lambda s: list(audit.verify(s, head))))
    assert not [one for one in walked if isinstance(one, Broken)]
    account = rig.db.read(lambda s: accounts.get(s, rig.driver))
    assert account.name == "" and rig.db.read(lambda s: s.get(PersonKey, rig.driver)) is None


def test_her_plate_opens_nowhere_any_more_and_his_does(settled: Settled) -> None:
    rig = settled.rig
    settled.erase()
    assert (rig.plate_of(settled.hers), rig.plate_of(settled.his)) == ("", PLATES[1])
    (his,) = settled.plates_read()
    assert person_of(his) == settled.lot.other
    hers, other = (
        rig.db.read(lambda s, n=number: dispute_evidence.bundle(s, n))  # type: ignore[misc]
        for number in (1, 2)
    )
    assert hers["plates"] == [] and [one["plate"] for one in other["plates"]] == ["京B***90"]
    assert hers["erased_at"] and not other["erased_at"]


def test_a_token_that_somebody_kept_opens_no_more_without_her_key(settled: Settled) -> None:
    """Of a backup without its keys, or of a page of the file that was not written anew."""
    rig = settled.rig
    token = settled.lot.booking(settled.hers).plate
    about = plate_vault.in_booking(settled.hers.id)
    assert rig.db.read(lambda s: plate_vault.opened(s, token, about)) == PLATES[0]
    settled.erase()
    assert rig.db.read(lambda s: plate_vault.opened(s, token, about)) == ""


def test_nothing_that_names_her_is_left_in_any_table(settled: Settled) -> None:
    rig = settled.rig
    mark = rig.db.read(lambda s: plate_vault.mark(s, PLATES[0]))
    way = notices.Way("email", "wang@example.org", "en")
    rig.db.write(lambda s: notices.set_contact(s, rig.driver, way))
    rig.db.write(lambda s: _renamed(s, rig.driver))
    assert _found(rig, mark) and _found(rig, "wang@example.org") and _found(rig, "Wang Xiu Ying")
    settled.erase()
    for trace in (mark, "wang@example.org", "Wang Xiu Ying", *PLATES[:1]):
        assert _found(rig, trace) == []
    assert rig.db.read(lambda s: s.get(NoticeContact, rig.driver)) is None


def test_a_car_of_hers_that_came_unbooked_is_forgotten_by_its_plate(settled: Settled) -> None:
    settled.lot.come(9000, PLATES[0], "S3", match="other")
    settled.lot.go(9500, "S3")
    assert len(settled.plates_read()) == 3
    settled.erase()
    assert len(settled.plates_read()) == 1


def test_what_is_still_open_is_refused_with_every_reason(settled: Settled) -> None:
    rig, lot = settled.rig, settled.lot
    rig.db.write(lambda s: accounts.top_up(s, rig.driver, 5_000, "again", rig.now_ms))
    ahead = lot.book("S3", 12_000, 15_600)
    dispute = Dispute(
        id="d1", booking=settled.hers.id, opened_by=rig.driver, role="driver", about="other",
        opened_ms=rig.now_ms,
    )  # fmt: skip
    rig.db.write(lambda s: s.add(dispute))
    assert codes(settled.erase()) == {"erasure_bookings", "erasure_money", "erasure_disputes"}
    assert rig.plate_of(ahead) == PLATES[0]
    assert rig.db.read(lambda s: s.get(Erased, rig.driver)) is None


def test_while_her_car_stands_there_or_its_bill_is_not_final_she_is_kept(rig: Rig) -> None:
    lot = Lot(rig)
    rig.chain.finality_depth = 9
    booking = lot.book("S1", 60, 3660)
    lot.come_as(booking, 100)
    assert {"erasure_bookings", "erasure_stays"} <= codes(_erase(rig))
    lot.go(1900)
    rig.settle()
    assert "erasure_unfiled" in codes(_erase(rig))


def test_a_debt_keeps_her_until_it_is_paid(settled: Settled) -> None:
    rig = settled.rig
    owed = accounts.money.deposit(rig.driver, -100)
    rig.db.write(lambda s: accounts.post(s, "owed", owed, rig.now_ms))
    assert codes(settled.erase()) == {"erasure_debt"}


def test_an_owner_who_shares_a_space_withdraws_it_first(settled: Settled) -> None:
    found = codes(settled.erase(settled.rig.owner))
    assert {"erasure_spaces", "erasure_money"} <= found


def test_twice_is_refused_and_a_stranger_is_unknown(settled: Settled) -> None:
    settled.erase()
    assert codes(settled.erase()) == {"erased_already"}
    with pytest.raises(Unknown):
        settled.erase(999)


def test_what_a_late_event_says_of_an_erased_person_is_not_kept(settled: Settled) -> None:
    rig = settled.rig
    settled.erase()
    settled.lot.come(9000, PLATES[0], "S1", match="accepted", grant=settled.hers.grant)
    assert len(settled.plates_read()) == 1
    assert rig.db.read(lambda s: s.get(PersonKey, rig.driver)) is None


def test_a_person_gets_all_that_is_held_of_her_and_nothing_of_others(settled: Settled) -> None:
    rig = settled.rig
    told = rig.db.read(lambda s: persons.export(s, rig.driver, rig.clock.at))
    tables = {one["table"]: one for one in told["tables"]}
    assert tables["booking"]["rows"][0]["plate"] == PLATES[0]
    assert [row["plate"]["text"] for row in tables["event"]["rows"] if row["plate"]] == [PLATES[0]]
    assert PLATES[0] in tables["command"]["rows"][0]["payload"]
    assert "token_hash" not in tables["account"]["rows"][0]
    whole = json.dumps(told, ensure_ascii=False)
    assert PLATES[1] not in whole and settled.his.id not in whole
    assert all(one["what"] and one["columns"] for one in told["tables"])


def test_after_erasure_her_export_says_when_and_shows_what_had_to_stay(settled: Settled) -> None:
    rig = settled.rig
    settled.erase()
    told = rig.db.read(lambda s: persons.export(s, rig.driver, rig.clock.at))
    tables = {one["table"]: one for one in told["tables"]}
    assert told["erased_at"] and {"account", "entry", "receipt", "erased"} <= set(tables)
    assert all(one["why_kept"] for one in told["tables"])
    assert PLATES[0] not in json.dumps(told, ensure_ascii=False)


def _erase(rig: Rig) -> Any:
    return rig.db.write(lambda s: erasing.erase(s, rig.driver, "cli:test", rig.clock.at))


def _renamed(session: Any, number: int) -> None:
    session.exec(select(Account).where(Account.number == number)).one().name = "Wang Xiu Ying"


def _found(rig: Rig, trace: str) -> list[str]:
    """Tables in whose text it stands."""

    def looked(session: Any) -> list[str]:
        found = []
        for table in SQLModel.metadata.sorted_tables:
            for row in session.connection().execute(table.select()):
                if trace in repr(tuple(row)):
                    found.append(table.name)
                    break
        return found

    return rig.db.read(looked)
