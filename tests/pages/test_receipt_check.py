"""Anyone may hand in anything: the answer is a page that names the broken link."""

import json

import pytest
from fastapi.testclient import TestClient

from cloud.entrypoints.http.words import WORDS
from cloud.entrypoints.http.words_receipt import LINKS_ZH
from tests.contracts.making import charge, credit_of, pending, receipt
from tests.contracts.test_charge import PENDING as PENDING_CHARGE

GOOD = receipt().model_dump_json()


def as_file(client: TestClient, content: bytes) -> str:
    answer = client.post(
        "/receipt/check",
        files={"file": ("receipt.json", content, "application/json")},
        data={"text": ""},
    )
    assert answer.status_code == 200
    return str(answer.text)


def test_a_good_file_passes_every_link(client: TestClient) -> None:
    text = as_file(client, GOOD.encode())
    assert "the chain was not asked. All 10 links that it shows hold." in text
    assert text.count('<li class="pass">') == 10


def test_a_pasted_receipt_passes_too(client: TestClient) -> None:
    encoded = client.post("/receipt/check", data={"text": GOOD})
    parts = client.post(
        "/receipt/check", files={"file": ("", b"", "application/octet-stream")}, data={"text": GOOD}
    )
    assert "the chain was not asked. All 10 links that it shows hold." in encoded.text
    assert "the chain was not asked. All 10 links that it shows hold." in parts.text


def test_a_credit_passes_with_its_own_links(client: TestClient) -> None:
    made = credit_of(receipt())
    assert "the chain was not asked. All 12 links that it shows hold." in as_file(
        client, made.model_dump_json().encode()
    )
    lied = made.model_copy(update={"reason": "Goodwill."}).model_dump_json().encode()
    assert "FAIL: broken at credit." in as_file(client, lied)


def test_a_charge_passes_with_its_own_links_and_a_lie_is_named(client: TestClient) -> None:
    made = charge()
    text = as_file(client, made.model_dump_json().encode())
    assert "the chain was not asked. All 5 links that it shows hold." in text
    lied = charge(amount_minor=501).model_dump_json().encode()
    assert "FAIL: broken at due." in as_file(client, lied)
    waits = as_file(client, json.dumps(PENDING_CHARGE).encode())
    assert f"PENDING: the charge with number {made.record.stay} is not on the chain" in waits


def test_a_pending_receipt_is_neither_passed_nor_broken(client: TestClient) -> None:
    made = pending()
    for waiting, said in (
        (made, "All 10 links that this file can show already hold."),
        (made.model_copy(update={"draft": None}), "carries nothing that could be checked already"),
    ):
        text = as_file(client, waiting.model_dump_json().encode())
        assert "PENDING: stay 1 is not on the chain yet." in text
        assert said in text
        assert "PASS for" not in text
        assert "FAIL" not in text


def test_a_changed_amount_names_its_links(client: TestClient) -> None:
    changed = json.loads(GOOD)
    changed["total_minor"] -= 1
    text = as_file(client, json.dumps(changed).encode())
    assert "FAIL: broken at arithmetic, record." in text
    assert text.count('<li class="fail">') == 2


@pytest.mark.parametrize(
    "garbage",
    [b"", b"garbage", b"\xff\xfe\x00", b"[]", b"{}", b"[" * 5000, b"<script>alert(1)</script>"],
)
def test_garbage_fails_at_the_format(client: TestClient, garbage: bytes) -> None:
    text = as_file(client, garbage)
    assert "FAIL: broken at format." in text
    assert '<li class="fail">' in text
    assert "<script>alert" not in text


def test_times_that_cannot_be_reckoned_with_fail_at_the_format(client: TestClient) -> None:
    for instant in ("0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"):
        strange = json.loads(GOOD)
        for event in strange["events"]:
            event["body"]["at"] = instant
        strange["booking"]["window"]["ends_at"] = instant
        assert "FAIL: " in as_file(client, json.dumps(strange).encode())


def test_more_than_the_limit_is_refused(client: TestClient) -> None:
    large = b" " * (256 * 1024 + 1) + b"x"
    for answer in (
        client.post("/receipt/check", content=large * 2),
        client.post("/receipt/check", files={"file": ("a.json", b"x" * len(large))}),
        client.post("/receipt/check", data={"text": "x" * len(large)}),
    ):
        assert answer.status_code == 413
        assert WORDS["check.large"][0] in answer.text


def test_a_broken_form_is_an_empty_one(client: TestClient) -> None:
    for kind in ("multipart/form-data", "multipart/form-data; boundary=a", "text/plain; x=é"):
        answer = client.post(
            "/receipt/check", content=b"--b\r\n", headers={b"content-type": kind.encode("latin-1")}
        )
        assert answer.status_code == 200
        assert "FAIL: broken at format" in answer.text


def test_a_reader_of_chinese_is_told_in_chinese(client: TestClient) -> None:
    changed = json.loads(GOOD)
    changed["total_minor"] -= 1
    client.get("/?lang=zh")
    text = as_file(client, json.dumps(changed).encode())
    assert "未通过：“计算正确”、“结算记录一致”不成立。" in text
    assert f"<p>{LINKS_ZH['arithmetic'][1]}</p>" in text
    assert f"<p>{LINKS_ZH['proof'][0]}</p>" in text
    assert '<p class="soft break detail" lang="en">The lines sum to' in text
    empty = as_file(client, b"")
    assert f'<p class="soft break">{WORDS["check.empty"][1]}</p>' in empty


def test_a_receipt_from_elsewhere_is_in_utc_by_name(client: TestClient) -> None:
    text = as_file(client, GOOD.encode())
    assert "2026-05-01 00:05:00 UTC<" in text
    assert WORDS["receipt.utc"][0] in text
    assert "are beyond doubt" in text


def test_a_receipt_that_fails_explains_no_minutes(client: TestClient) -> None:
    changed = json.loads(GOOD)
    changed["record"]["billed_s"] += 600
    assert "are beyond doubt" not in as_file(client, json.dumps(changed).encode())
