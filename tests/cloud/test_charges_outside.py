"""Charges as people and programs meet them: command, API, pages, and a file on a real chain."""

import json
from pathlib import Path
from typing import Any

from cloud.adapters.chain import Web3Chain, asker
from cloud.adapters.deploying import deploy
from cloud.adapters.dev_keys import dev_role_keys
from cloud.adapters.devchain import DevChainServer
from cloud.charge_tables import CHARGE_NUMBERS
from cloud.tables import Alarm
from cloud.usecases import booking_no_shows, charge_receipts, filing
from contracts.ledger.charge import Charge, verify_charge
from contracts.ledger.onchain import verify_on_chain
from contracts.ledger.pending import PendingCharge
from contracts.ledger.pricing import Terms
from contracts.ledger.reading import read_strictly
from contracts.wire.signing import address_of
from tests.cloud.rig import Rig
from tests.cloud.stay_rig import Lot
from tests.cloud.test_charges import no_show
from tests.cloud.test_credits_outside import typed
from tests.cloud.test_stays import all_of, books_equal_chain
from tests.contracts.making import at
from tests.http.rig import Front


def test_the_command_lists_what_was_charged_and_where_it_stands(rig: Rig) -> None:
    assert typed(rig, "charges") == (0, "Nothing was charged without a stay yet.\n")
    booking = no_show(rig)
    assert "waits for a batch" in typed(rig, "charges")[1]
    rig.settle()
    code, said = typed(rig, "charges", "--json")
    (row,) = json.loads(said)["charges"]
    assert (code, row["stay"], row["paid_minor"], row["by"]) == (
        0,
        CHARGE_NUMBERS + 1,
        700,
        "terms",
    )
    said = typed(rig, "charges")[1]
    assert f"no_show: 700, account {rig.driver} to {rig.owner}" in said
    assert f"booking {booking.id}, batch 1" in said


def test_the_api_lists_a_bookings_charges_and_hands_out_each_file(tmp_path: Path) -> None:
    front = Front(tmp_path)
    booking = no_show(front.rig)
    path = f"/api/v1/bookings/{booking.id}/charges"
    waits = front.get(f"{path}/1")
    assert waits.status_code == 202
    assert isinstance(read_strictly(PendingCharge, waits.text), PendingCharge)
    front.rig.settle()
    (row,) = front.get(path).json()
    assert (row["code"], row["paid_minor"], row["chain"]) == ("no_show", 700, "mined")
    found = front.get(f"{path}/1")
    assert found.status_code == 200
    assert all(link.ok for link in verify_charge(Charge.model_validate_json(found.text)))
    assert front.get(f"{path}/2").status_code == 404
    assert front.get("/api/v1/bookings/b-none/charges").status_code == 404
    assert front.get(f"/api/v1/bookings/{booking.id}").json()["charges"] == [row]
    front.rig.db.close()


def test_the_api_lists_to_each_what_he_pays_or_gets_and_to_others_nothing(tmp_path: Path) -> None:
    front = Front(tmp_path)
    no_show(front.rig)
    told = {who: front.get("/api/v1/charges", who).json() for who in front.keys}
    assert [len(told[who]) for who in ("driver", "owner", "operator")] == [1, 1, 1]
    assert told["other_driver"] == told["other_owner"] == []
    assert front.get("/api/v1/charges").status_code == 401
    assert front.get("/api/v1/charges?before=1", "operator").json() == []
    front.rig.db.close()


def test_a_bookings_page_shows_its_charge_with_the_file_in_both_languages(tmp_path: Path) -> None:
    front = Front(tmp_path)
    booking = no_show(front.rig)
    before = front.get(f"/bookings/{booking.id}").text
    assert "Nobody came" in before and "/charges/1" not in before
    front.rig.settle()
    english = front.get(f"/bookings/{booking.id}").text
    chinese = front.get(f"/bookings/{booking.id}?lang=zh").text
    link = f'href="/api/v1/bookings/{booking.id}/charges/1"'
    assert link in english and link in chinese
    assert "7.00" in english and "未到场" in chinese
    front.rig.db.close()


def test_a_no_show_is_charged_on_a_real_chain_and_its_file_verifies_there(tmp_path: Path) -> None:
    """The ledger takes a word of no duration and no tag as any other."""
    server = DevChainServer(tmp_path / "chain")
    url, keys = server.start(), dev_role_keys()
    try:
        where = deploy(url, keys, 10_000, 0)
        rig = Rig(tmp_path, chain_type=lambda _now, addresses: Web3Chain(url, where, keys))  # type: ignore[arg-type]
        admin: Any = address_of(keys["admin"])
        rig.db.write(
            lambda s: filing.queue(s, "setup:own", ("token", "mint"), [admin, 10**15], "admin")
        )
        lot = Lot(rig, Terms(no_show_fee_minor=700))
        booking = lot.book("S1", 60, 3660)
        rig.clock.at = at(60 + 3600 + 61)
        rig.heartbeat()
        rig.db.write(lambda s: booking_no_shows.expire(s, "cmd", rig.clock.at))
        for _ in range(4):
            rig.settle()
            rig.sweeps.drive()
        text, waits = rig.db.read(lambda s: charge_receipts.text_or_pending(s, booking.id, 1))
        assert text is not None and not waits, text
        made = Charge.model_validate_json(text)
        links = [*verify_charge(made), *verify_on_chain(made, asker(url))]
        assert [link for link in links if not link.ok] == []
        assert {"due", "charge proof", "batch root", "payment"} <= {link.name for link in links}
        assert rig.chain.read("ledger", "is_settled", made.record.stay)
        rig.sweeps.audit()
        assert books_equal_chain(rig)
        assert {alarm.code for alarm in all_of(rig, Alarm)}.isdisjoint({"books_differ"})
        rig.db.close()
    finally:
        server.stop()
