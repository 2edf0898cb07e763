"""The whole product in its real processes: six steps, four kill -9, and bad input in between.

The tests share one installation and run in the order of the script's stays; each one books,
plays and settles a stay of its own.
"""

import json
import sqlite3
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest

from contracts.ledger.receipt import Receipt, read
from firmware_sim.client import ApiError, wait_for
from firmware_sim.stage import BIN
from tests.e2e.conftest import EVENTUALLY_S, STAYS, Site, Visit, gateway_folder

pytestmark = pytest.mark.e2e
SETTLED: list[int] = []


def verify(site: Site, receipt: Path, *, rpc: bool = True) -> subprocess.CompletedProcess[str]:
    ledger = site.made.client.get("/healthz")["deployed"]["ledger"]
    asked = ["--rpc", site.made.chain_url, "--ledger", ledger] if rpc else []
    command = [str(BIN / "berth-verify"), str(receipt), *asked]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def seconds(site: Site, at: datetime) -> float:
    return (at - site.made.plan.begins_at).total_seconds()


def settled(site: Site, visit: Visit, tmp_path: Path) -> Receipt:
    """The stay is settled, its receipt verifies on the chain, and its times are the truth's."""
    view = site.made.wait_booking(visit.booking, "settled", EVENTUALLY_S)
    path = tmp_path / "receipt.json"
    path.write_text(site.made.receipt(visit.booking), "utf-8")
    checked = verify(site, path)
    assert checked.returncode == 0, checked.stdout
    receipt = read(path.read_bytes())
    assert isinstance(receipt, Receipt)
    for event, truth_s in (
        (receipt.events[0].body, visit.arrive_s),
        (receipt.events[-1].body, visit.depart_s),
    ):
        assert abs(seconds(site, event.at) - truth_s) <= event.uncertainty_s
    assert view["settlement"]["amount_minor"] == receipt.total_minor
    SETTLED.append(receipt.record.stay)
    return receipt


def test_titles_of_a_city_are_on_the_chain_and_each_proves_itself(site: Site) -> None:
    assert site.titles["count"] == 2000
    proof = site.made.client.get("/api/v1/titles/S1234/proof")
    assert proof["root"] == site.titles["root"]
    calls = {
        call["id"]: call["status"] for call in site.made.operator.get("/api/v1/chain")["calls"]
    }
    assert calls["titles:1"] in ("mined", "final")


def test_a_registration_is_refused_with_every_reason(site: Site) -> None:
    codes = [reason["code"] for reason in site.refused["reasons"]]
    assert codes == ["holder_mismatch", "no_management_consent", "no_co_owner_consent"]


def test_a_request_is_answered_with_ranked_and_explained_spaces(site: Site) -> None:
    (best,) = site.recommended["recommendations"]
    assert best["space"] == "S1"
    assert set(best["parts"]) == {"walk", "entrance", "price", "fit", "certainty", "owner"}


def test_a_booked_stay_is_settled_and_its_receipt_verifies(site: Site, tmp_path: Path) -> None:
    site.made.wait_booking(site.visits[0].booking, "granted", EVENTUALLY_S)
    receipt = settled(site, site.visits[0], tmp_path)
    assert [event.body.kind for event in receipt.events] == ["arrival", "departure"]


@pytest.mark.parametrize(
    ("what", "field", "value", "link"),
    [
        ("chain", "transaction", "0x" + "00" * 32, "transaction"),
        ("chain", "block_number", 1, "transaction"),
        ("chain", "block_hash", "0x" + "00" * 32, "transaction"),
        ("chain", "batch", 77, "batch root"),
        ("chain", "registry", "0x" + "00" * 20, "registry"),
    ],
)
def test_what_only_the_chain_can_tell_is_named_when_it_was_changed(
    site: Site, tmp_path: Path, what: str, field: str, value: object, link: str
) -> None:
    plain = json.loads(site.made.receipt(site.visits[0].booking))
    plain[what][field] = value
    path = tmp_path / "changed.json"
    path.write_text(json.dumps(plain))
    checked = verify(site, path)
    assert checked.returncode == 1
    assert f"FAIL  {link}" in checked.stdout
    assert verify(site, path, rpc=False).returncode == 0


@pytest.mark.parametrize(("name", "number"), [("gateway", 1), ("cloud", 2), ("broker", 3)])
def test_a_stay_survives_kill_9_in_its_midst(
    site: Site, tmp_path: Path, name: str, number: int
) -> None:
    visit = site.visits[number]
    site.made.wait_booking(visit.booking, "active", EVENTUALLY_S)
    site.made.stage.kill(name)
    site.made.start(name)
    receipt = settled(site, visit, tmp_path)
    kinds = [event.body.kind for event in receipt.events]
    assert kinds == (
        ["arrival", "snapshot", "departure"]
        if name == "gateway"
        else [
            "arrival",
            "departure",
        ]
    )


def test_a_stay_is_settled_once_after_the_chain_was_killed_until_the_car_had_left(
    site: Site, tmp_path: Path
) -> None:
    visit = site.visits[4]
    site.made.wait_booking(visit.booking, "active", EVENTUALLY_S)
    site.made.stage.kill("chain")
    site.made.wait_booking(visit.booking, "completed", EVENTUALLY_S)
    site.made.start("chain")
    settled(site, visit, tmp_path)


def test_everything_killed_at_once_in_mid_stay_loses_nothing(site: Site, tmp_path: Path) -> None:
    visit = site.visits[5]
    site.made.wait_booking(visit.booking, "active", EVENTUALLY_S)
    for name in ("chain", "broker", "cloud", "gateway"):
        site.made.stage.kill(name)
    for name in ("gateway", "chain", "broker", "cloud"):
        site.made.start(name)
    settled(site, visit, tmp_path)


def rows(site: Site, query: str) -> list[Any]:
    path = site.made.folder / "cloud" / "cloud.sqlite"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        return database.execute(query).fetchall()


def chain_of(site: Site) -> Any:
    from cloud.adapters.chain import Web3Chain
    from cloud.adapters.dev_keys import dev_role_keys
    from cloud.ports.chain import Deployment

    deployed = site.made.client.get("/healthz")["deployed"]
    return Web3Chain(site.made.chain_url, Deployment(**deployed), dev_role_keys())


def ask_chain(site: Site, function: str, *args: int) -> int:
    return int(chain_of(site).read("ledger", function, *args))


def test_the_contract_on_the_chain_says_that_a_real_record_and_its_evidence_agree(
    site: Site,
) -> None:
    from contracts.ledger.disputes import ANSWERS, brought
    from contracts.ledger.receipt import Receipt

    [text] = rows(site, "select text from receipt order by stay limit 1")[0]
    receipt = Receipt.model_validate_json(text)
    chain = chain_of(site)
    assert ANSWERS[chain.read("evidence", "check", *brought(receipt))] == ANSWERS[0]
    dearer = receipt.record.model_copy(update={"amount_minor": receipt.record.amount_minor + 1})
    lie = receipt.model_copy(update={"record": dearer})
    answer = ANSWERS[chain.read("evidence", "check", *brought(lie))]
    assert answer == "No such record is in that batch."


def test_in_the_end_every_stay_was_settled_exactly_once_and_the_books_equal_the_chain(
    site: Site,
) -> None:
    assert len(SETTLED) == STAYS
    assert rows(site, "select count(*), count(distinct stay) from settlement") == [(STAYS, STAYS)]
    assert rows(site, "select count(*) from stay") == [(STAYS,)]
    assert all(ask_chain(site, "is_settled", stay) for stay in SETTLED)
    assert rows(site, "select sum(amount_minor) from entry") == [(0,)]
    for account in site.made.accounts.values():
        query = f"select sum(amount_minor) from entry where account = {account}"
        wait_for(
            "the same balance on the chain",
            lambda n=account, q=query: ask_chain(site, "balance_of", n) == rows(site, q)[0][0],
            20,
        )


def test_the_gateway_numbered_its_events_without_a_gap_through_every_kill(site: Site) -> None:
    numbers = [row[0] for row in rows(site, "select seq from event order by seq")]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_broken_title_row_refuses_the_file_and_leaves_the_library_alone(
    site: Site, tmp_path: Path
) -> None:
    lines = (site.made.folder / "titles.csv").read_text("utf-8").splitlines()
    lines[7] = lines[7].replace(",7,", ",seven,", 1)
    path = tmp_path / "broken.csv"
    path.write_text("\n".join(lines), "utf-8")
    command = [str(BIN / "berth-cloud"), "titles", "import", str(path)]
    command += ["--data", str(site.made.folder / "cloud")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "line 8: number 'seven' is not a whole number" in done.stderr
    assert rows(site, "select max(version), count(*) from title") == [(1, 2000)]


def test_malformed_messages_are_counted_and_never_stop_the_cloud(site: Site) -> None:
    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    client.username_pw_set("gw-1")
    client.connect("127.0.0.1", site.made.ports["broker"])
    client.loop_start()
    for payload in (b"", b"{}", b"\xff\xfe", b'{"body": 1}', b"[" * 5000):
        client.publish("park/v1/gw/gw-1/up/event", payload, qos=1).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()
    metrics = site.made.client.text
    wait_for("the count", lambda: 'result="malformed"} 5' in metrics("/metrics"), 20)
    assert site.made.client.get("/healthz")["ok"]


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/api/v1/registrations", {"space": "S99999", "holder": "x"}, 409, "unknown_space"),
        ("/api/v1/registrations", {"space": "S 1", "holder": "x"}, 422, None),
        ("/api/v1/offers", {"space": "S1"}, 422, None),
    ],
)
def test_a_request_that_cannot_be_is_refused_with_a_sentence(
    site: Site, path: str, body: dict[str, Any], status: int, code: str | None
) -> None:
    with pytest.raises(ApiError) as refused:
        site.made.person("owner").post(path, body)
    assert refused.value.status == status
    assert code is None or refused.value.body["reasons"][0]["code"] == code


def test_an_overlapping_booking_is_refused(site: Site) -> None:
    begins_s = (site.made.now() - site.made.plan.begins_at).total_seconds() + 600
    window = (begins_s, begins_s + 3600)
    site.made.book("S1", window, ("沪A12345", 600), "overlap-one")
    with pytest.raises(ApiError) as refused:
        site.made.book("S1", (begins_s + 60, begins_s + 3660), ("沪C99999", 600), "overlap-two")
    assert refused.value.body["reasons"][0]["code"] == "overlap"


@pytest.mark.parametrize("key", ["", "wrong"])
def test_a_wrong_access_key_is_refused(site: Site, key: str) -> None:
    with pytest.raises(ApiError) as refused:
        site.made.client.signed_in(key).get("/api/v1/balance")
    assert refused.value.status == 401
    assert refused.value.body["code"] == "unauthorised"


def test_no_plate_stands_in_clear_in_any_log_or_on_the_chain(site: Site) -> None:
    texts = [path.read_bytes() for path in site.made.folder.glob("*.log")]
    texts += [path.read_bytes() for path in (site.made.folder / "cloud" / "chain").glob("*")]
    assert texts
    assert not any(b"A12345" in text for text in texts)


def test_secrets_are_readable_by_their_user_alone(site: Site) -> None:
    secrets = [gateway_folder(site) / "key.hex", site.made.folder / "cloud" / "operator.key"]
    assert [oct(path.stat().st_mode & 0o777) for path in secrets] == ["0o600"] * 2
