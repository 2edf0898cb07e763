"""Anyone may hand in anything: the answer is a page that names the broken link."""

import json

import pytest
from fastapi.testclient import TestClient

from cloud.entrypoints.http.words import WORDS
from tests.contracts.making import receipt

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
    assert "PASS: all 9 links hold." in text
    assert text.count('<li class="pass">') == 9


def test_a_pasted_receipt_passes_too(client: TestClient) -> None:
    encoded = client.post("/receipt/check", data={"text": GOOD})
    parts = client.post(
        "/receipt/check", files={"file": ("", b"", "application/octet-stream")}, data={"text": GOOD}
    )
    assert "PASS: all 9 links hold." in encoded.text
    assert "PASS: all 9 links hold." in parts.text


def test_a_changed_amount_names_its_links(client: TestClient) -> None:
    changed = json.loads(GOOD)
    changed["total_minor"] -= 1
    text = as_file(client, json.dumps(changed).encode())
    assert "FAIL: arithmetic, record does not hold." in text
    assert text.count('<li class="fail">') == 2


@pytest.mark.parametrize(
    "garbage",
    [b"", b"garbage", b"\xff\xfe\x00", b"[]", b"{}", b"[" * 5000, b"<script>alert(1)</script>"],
)
def test_garbage_fails_at_the_format(client: TestClient, garbage: bytes) -> None:
    text = as_file(client, garbage)
    assert "FAIL: format does not hold." in text
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
        assert "FAIL: format" in answer.text
