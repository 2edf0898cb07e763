"""The canaries sing: a plate in clear in what a test prints or leaves is found, in any spelling."""

import json
import sqlite3

import pytest

from tests import canaries
from tests.canaries import found_in, left_in, said_in


@pytest.mark.parametrize("plate", canaries.PLATES)
def test_a_plate_is_found_as_text_as_json_and_as_hexadecimal_digits(plate: str) -> None:
    for data in (
        f"a log line with {plate} in it".encode(),
        json.dumps({"plate": plate}).encode(),
        f"0x{plate.encode().hex()}00".encode(),
    ):
        assert found_in(data) == [plate]


def test_what_only_looks_like_one_is_none() -> None:
    for text in ("沪A***45", "A12345", "苏A12345", "9a12345f", "沪A 12345"):
        assert found_in(text.encode()) == []


def test_a_database_a_log_and_the_chain_are_looked_through(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    # Of this test's own folder the hook of tests/conftest.py would say that they are there.
    tmp_path = tmp_path_factory.mktemp("canaries")
    db = sqlite3.connect(tmp_path / "cloud.sqlite")
    db.execute("CREATE TABLE t (plate TEXT)")
    db.execute("INSERT INTO t VALUES (?)", (canaries.PLATES[0],))
    db.commit()
    db.close()
    (tmp_path / "serve.log").write_text(canaries.PLATES[1])
    (tmp_path / "edge.sqlite").write_text(canaries.PLATES[1])
    chain = tmp_path / "data" / "chain"
    chain.mkdir(parents=True)
    (chain / "blocks").write_bytes(canaries.PLATES[2].encode().hex().encode())
    assert list(left_in(tmp_path)) == [
        f"cloud.sqlite shows {canaries.PLATES[0]}",
        f"blocks shows {canaries.PLATES[2]}",
        f"serve.log shows {canaries.PLATES[1]}",
    ]
    said = [("Captured stderr call", f"warning: {canaries.PLATES[3]}"), ("Captured log", "fine")]
    assert list(said_in(said)) == [f"captured stderr call shows {canaries.PLATES[3]}"]
