"""Credits as people and programs meet them: command, API, pages, and a file for berth-verify."""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from cloud.adapters.chain import Web3Chain, asker
from cloud.adapters.deploying import deploy
from cloud.adapters.dev_keys import dev_role_keys
from cloud.adapters.devchain import DevChainServer
from cloud.adapters.document_folder import FolderDocuments
from cloud.adapters.search_held import HeldIndex
from cloud.app import Cloud, http_app
from cloud.cli import app
from cloud.config import Config
from cloud.credit_tables import CREDIT_NUMBERS, CreditRow
from cloud.entrypoints.http import api_gateways
from cloud.entrypoints.mqtt import Wire
from cloud.tables import Alarm
from cloud.usecases import accounts, credit_receipts, filing
from contracts.ledger.credit import Credit, verify_credit
from contracts.ledger.onchain import verify_on_chain
from contracts.ledger.pending import PendingCredit
from contracts.wire.signing import Domain, address_of
from tests.cloud.rig import ADMIN, Rig
from tests.cloud.test_stays import all_of, books_equal_chain, park

WHY = "The lens was <covered>."


def typed(rig: Rig, *words: str) -> tuple[int, str]:
    found = CliRunner().invoke(app, [*words, "--data", str(rig.folder)])
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    assert "Traceback" not in found.output
    return found.exit_code, found.output


@pytest.fixture
def booking(rig: Rig) -> str:
    rig.open_market()
    made = park(rig)
    rig.settle()
    rig.sweeps.drive()
    return made


@pytest.fixture
def http(rig: Rig, booking: str) -> TestClient:
    """The whole cloud's address, beside a chain and a broker that it does not need here."""
    rig.db.write(
        lambda s: accounts.open_account(s, "op", "operator", "key of operator", ADMIN, rig.now_ms)
    )
    nowhere = "127.0.0.1:1"
    domain = Domain(rig.deployed.chain_id, rig.deployed.ledger)
    wire = Wire(f"mqtt://{nowhere}", rig.db, rig.clock, domain)
    parts = (rig.db, rig.clock, rig.deployed, rig.sweeps, wire, ADMIN, f"http://{nowhere}")
    folder = rig.folder / "documents"
    kept = (FolderDocuments(folder, folder / "key"), HeldIndex())
    identity = api_gateways.in_memory()
    return TestClient(http_app(Cloud(Config(data=rig.folder), *parts, *kept, identity), None))


def sent(
    http: TestClient, stay: object = 1, minor: object = 100, reason: object = WHY, **more: str
) -> Any:
    headers = {"authorization": "Bearer key of operator", "idempotency-key": "first-one"} | more
    body = {"amount_minor": minor, "reason": reason}
    return http.post(f"/api/v1/settlements/{stay}/credits", json=body, headers=headers)


# The command


def test_an_operator_credits_a_stay_beside_the_running_cloud_and_its_next_batch_files_it(
    rig: Rig, booking: str
) -> None:
    status, said = typed(rig, "credit", "1", "100", "--reason", WHY)
    assert status == 0 and "Credit 1: 100 minor units of stay 1" in said
    rig.settle()
    status, said = typed(rig, "credits", "--json")
    (row,) = json.loads(said)["credits"]
    assert (row["stay"], row["paid_minor"], row["batch"]) == (CREDIT_NUMBERS + 1, 100, 2)
    assert row["by"].startswith("cli:") and row["reason"] == WHY
    status, said = typed(rig, "credits")
    assert status == 0 and WHY in said and "batch 2" in said


def test_the_same_command_typed_twice_is_one_credit_and_a_key_makes_another(
    rig: Rig, booking: str
) -> None:
    words = ("credit", "1", "100", "--reason", WHY)
    typed(rig, *words)
    status, said = typed(rig, *words)
    assert status == 0 and "nothing more goes back" in said
    status, said = typed(rig, *words, "--key", "once more", "--json")
    assert json.loads(said) == {"credit": 2, "stay": 1, "amount_minor": 100, "known": False}
    status, said = typed(rig, "credit", "1", "50", "--reason", WHY)
    assert status == 0 and "Credit 3" in said
    assert len(all_of(rig, CreditRow)) == 3


MISTYPED = (
    (("1", "291"), 1, "290 minor units can still go back"),
    (("1", "0"), 2, "at least one minor unit"),
    (("1", "-5"), 2, "at least one minor unit"),
    (("7", "5"), 2, "no stay of this number"),
    (("1", "5", "--reason", " "), 2, "The reason is missing"),
)


def test_a_refused_credit_says_why_and_what_to_do(rig: Rig, booking: str) -> None:
    for words, code, told in MISTYPED:
        status, said = typed(rig, "credit", "--reason", WHY, *words)
        assert status == code and told in " ".join(said.split())
    status, said = typed(rig, "credit", "--reason", WHY, *words, "--json")
    assert status == 2 and json.loads(said.splitlines()[0])["refused"] is True


def test_a_folder_without_a_cloud_is_named_and_none_is_made(tmp_path: Path) -> None:
    asked = ["credit", "1", "5", "--reason", WHY, "--data", str(tmp_path / "none")]
    found = CliRunner().invoke(app, asked)
    assert found.exit_code == 2 and "There is no cloud" in found.output
    assert not (tmp_path / "none").exists()


# The API


def test_an_operators_call_makes_one_credit_however_often_it_is_sent(
    rig: Rig, http: TestClient
) -> None:
    first, again = sent(http), sent(http)
    assert (first.status_code, first.json()["credit"]) == (201, 1)
    assert again.json() == first.json()
    (row,) = all_of(rig, CreditRow)
    assert row.by.startswith("account:") and row.request_key.endswith(":first-one")


BAD: tuple[tuple[dict[str, Any], int, str], ...] = (
    ({"minor": 291}, 409, "credit_too_much"),
    ({"minor": -1}, 409, "credit_nothing"),
    ({"minor": 1.5}, 422, "bad_request"),
    ({"minor": 2**80}, 422, "bad_request"),
    ({"reason": ""}, 409, "credit_reason"),
    ({"reason": None}, 422, "bad_request"),
    ({"stay": 9}, 404, "unknown"),
    ({"stay": CREDIT_NUMBERS + 9}, 404, "unknown"),
    ({"stay": 0}, 422, "bad_request"),
    ({"stay": 2**60}, 422, "bad_request"),
)


def test_the_api_refuses_with_reasons_and_credits_nothing(rig: Rig, http: TestClient) -> None:
    for changes, status, code in BAD:
        found = sent(http, **changes)
        (reason,) = found.json()["reasons"]
        assert (changes, found.status_code, reason["code"]) == (changes, status, code)
        assert all(reason.values())
    assert all_of(rig, CreditRow) == []


def test_only_an_operator_credits_and_both_parties_see_it(rig: Rig, http: TestClient) -> None:
    parties = [{"authorization": f"Bearer key of {role}"} for role in ("driver", "owner")]
    assert [sent(http, **key).status_code for key in parties] == [403, 403]
    assert http.get("/api/v1/credits").status_code == 401
    assert all_of(rig, CreditRow) == []
    sent(http)
    for key in parties:
        (seen,) = http.get("/api/v1/credits", headers=key).json()
        assert seen["reason"] == WHY and "by" not in seen
    operator = {"authorization": "Bearer key of operator"}
    (trail,) = http.get("/api/v1/credits", headers=operator).json()
    assert trail["by"].startswith("account:")
    assert http.get("/api/v1/credits?before=1", headers=operator).json() == []


def test_a_credit_is_pending_until_its_batch_is_mined_and_then_a_file_that_verifies(
    rig: Rig, http: TestClient, booking: str
) -> None:
    sent(http)
    where = f"/api/v1/bookings/{booking}/credits"
    pending = http.get(f"{where}/1")
    assert pending.status_code == 202
    told = PendingCredit.model_validate_json(pending.text)
    assert (told.credit_of, told.amount_minor, told.reason) == (1, 100, WHY)
    rig.settle()
    issued = http.get(f"{where}/1")
    assert issued.status_code == 200
    assert all(link.ok for link in verify_credit(Credit.model_validate_json(issued.text)))
    (row,) = http.get(where).json()
    assert row["chain"] in ("mined", "final") and row["paid_minor"] == 100
    assert http.get(f"{where}/2").status_code == 404
    assert http.get("/api/v1/bookings/b-x/credits/1").status_code == 404


# The pages


SAID = {"en": ("Paid back", "CNY\u00a01.00"), "zh": ("退款", "¥1.00")}


def test_a_credit_stands_on_the_bookings_page_and_on_its_receipt_in_both_languages(
    rig: Rig, http: TestClient, booking: str
) -> None:
    pages = [
        (f"/bookings/{booking}{rest}?lang={lang}", *SAID[lang])
        for rest in ("", "/receipt")
        for lang in SAID
    ]
    assert not any(title in http.get(page).text for page, title, _ in pages)
    sent(http)
    rig.settle()
    for page, title, amount in pages:
        text = http.get(page).text
        assert title in text and amount in text
        assert "The lens was &lt;covered&gt;." in text
        assert f"/api/v1/bookings/{booking}/credits/1" in text
        assert str(CREDIT_NUMBERS + 1) in text


# The chain


def test_a_credit_on_a_real_chain_verifies_and_the_books_equal_it(tmp_path: Path) -> None:
    server = DevChainServer(tmp_path / "chain")
    url, keys = server.start(), dev_role_keys()
    try:
        where = deploy(url, keys, 10_000, 0)
        rig = Rig(tmp_path, chain_type=lambda _now, addresses: Web3Chain(url, where, keys))  # type: ignore[arg-type]
        admin: Any = address_of(keys["admin"])
        rig.db.write(
            lambda s: filing.queue(s, "setup:own", ("token", "mint"), [admin, 10**15], "admin")
        )
        booking_id = filed_on(rig)
        code, said = typed(rig, "credit", "1", "100", "--reason", WHY, "--json")
        assert code == 0, said
        for _ in range(3):
            rig.settle()
        text, pending = rig.db.read(lambda s: credit_receipts.text_or_pending(s, booking_id, 1))
        assert text is not None and not pending
        made = Credit.model_validate_json(text)
        links = [*verify_credit(made), *verify_on_chain(made, asker(url))]
        assert [link for link in links if not link.ok] == []
        assert {"credit", "credit proof", "credit batch root"} <= {link.name for link in links}
        assert rig.chain.read("ledger", "is_settled", made.record.stay)
        rig.sweeps.audit()
        assert books_equal_chain(rig)
        assert {alarm.code for alarm in all_of(rig, Alarm)}.isdisjoint({"books_differ"})
        rig.db.close()
    finally:
        server.stop()


def filed_on(rig: Rig) -> str:
    rig.open_market()
    for _ in range(2):
        rig.sweeps.drive()
    booking_id = park(rig)
    for _ in range(3):
        rig.settle()
    return booking_id
