"""The proof page, as the server hands it out: script, words, and what the browser may ask."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from cloud.entrypoints.http.words import WORDS
from tests.pages.making import Town, town


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Town]:
    with town(tmp_path) as made:
        made.lot()
        made.booking("settled")
        yield made


def test_the_page_hands_out_script_and_words_in_both_languages(place: Town) -> None:
    with TestClient(place.app) as client:
        english, chinese = client.get("/proof").text, client.get("/proof?lang=zh").text
        script = client.get("/static/verify/proof.mjs")
    assert WORDS["proof.title"][0] in english
    assert WORDS["proof.title"][1] in chinese
    assert english.count("data-link=") == chinese.count("data-link=") == 28
    assert "javascript" in script.headers["content-type"]


def test_the_lots_zone_stands_in_the_page_of_its_receipt_and_in_no_other(place: Town) -> None:
    place.settlement()
    with TestClient(place.app) as client:
        assert 'data-zone="Asia/Shanghai"' in client.get("/proof/b-1").text
        assert 'data-zone=""' in client.get("/proof").text


def test_only_this_page_may_ask_a_node_that_its_reader_names(place: Town) -> None:
    with TestClient(place.app) as client:
        policy = client.get("/proof").headers["content-security-policy"]
        elsewhere = client.get("/").headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "connect-src 'self' https:" in policy
    assert "connect-src" not in elsewhere


def test_a_booking_without_a_receipt_says_so(place: Town) -> None:
    with TestClient(place.app) as client:
        waiting, unknown = client.get("/proof/b-1"), client.get("/proof/none")
    assert waiting.status_code == unknown.status_code == 404
    assert WORDS["receipt.none"][0] in waiting.text


def test_an_issued_receipt_stands_in_the_page_without_a_plate(place: Town) -> None:
    made = place.settlement()
    with TestClient(place.app) as client:
        text = client.get("/proof/b-1").text
    assert made.chain.transaction in text
    assert "沪A12345" not in text


def test_a_reader_without_a_node_asks_ours_the_three_questions_of_a_receipt(tmp_path: Path) -> None:
    heard: list[tuple[str, list[Any]]] = []

    def ask(method: str, params: list[Any]) -> Any:
        heard.append((method, params))
        return "0x7a69"

    call = {"to": "0x" + "1c" * 20, "data": "0x12345678" + "00" * 32}
    with town(tmp_path, ask=ask) as place, TestClient(place.app) as client:
        assert 'value="/proof/node"' in client.get("/proof").text
        said = client.post("/proof/node", json=asked("eth_chainId", []))
        assert said.json() == {"jsonrpc": "2.0", "id": 1, "result": "0x7a69"}
        assert client.post("/proof/node", json=asked("eth_call", [call, "latest"])).is_success
        for refused in (
            asked("eth_sendRawTransaction", ["0x00"]),
            asked("eth_call", [call | {"gas": "0xffffffff"}, "latest"]),
            asked("eth_call", [call | {"data": "0x" + "00" * 37}, "latest"]),
            asked("debug_traceTransaction", []),
        ):
            assert client.post("/proof/node", json=refused).status_code == 422
    assert heard == [("eth_chainId", []), ("eth_call", [call, "latest"])]


def test_a_node_of_ours_that_is_silent_is_no_answer(tmp_path: Path) -> None:
    def ask(method: str, params: list[Any]) -> Any:
        raise OSError("refused")

    with town(tmp_path, ask=ask) as place, TestClient(place.app) as client:
        said = client.post("/proof/node", json=asked("eth_chainId", []))
    assert said.status_code == 502
    assert "result" not in said.json()


def asked(method: str, params: list[Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
