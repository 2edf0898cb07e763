"""What an operator gets wrong is told in a sentence with its remedy, and never as a traceback."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_account import Account
from typer.testing import CliRunner

from cloud.adapters.db import Database
from cloud.adapters.devchain import DevChainServer
from cloud.adapters.folder_lock import held
from cloud.adapters.keys import ROLES, role_keys, write_secret
from cloud.app import compose
from cloud.cli import app
from cloud.config import Config
from cloud.errors import BadKey, DatabaseBroken, FolderInUse, OtherDatabase
from tests.cloud.rig import Rig

CLI = CliRunner()
SECRET = "11" * 32


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


def told(*words: str, **settings: str) -> tuple[int, str]:
    found = CLI.invoke(app, list(words), env=settings)
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    text = found.output
    assert "Traceback" not in text and "object at" not in text and "Errno" not in text
    return found.exit_code, " ".join(text.split())


def test_a_dev_chain_on_a_taken_port_says_which_option_to_change(
    tmp_path: Path, taken: int
) -> None:
    status, text = told("devchain", "--port", str(taken), "--data", str(tmp_path))
    assert status == 2
    assert f"127.0.0.1:{taken}" in text and "--port" in text


def test_a_dev_chains_server_on_a_taken_port_raises_what_the_system_says(
    tmp_path: Path, taken: int
) -> None:
    with pytest.raises(OSError, match="in use"):
        DevChainServer(tmp_path, port=taken)


def test_a_dev_chain_on_an_unknown_host_says_which_option_to_change(tmp_path: Path) -> None:
    where = ("--host", "256.256.256.256", "--beyond-loopback", "--port", "0")
    status, text = told("devchain", *where, "--data", str(tmp_path))
    assert status == 2
    assert "256.256.256.256" in text and "--host" in text


def test_a_dev_chain_beyond_loopback_is_refused_and_the_flag_is_named(tmp_path: Path) -> None:
    status, text = told("devchain", "--host", "0.0.0.0", "--data", str(tmp_path))
    assert status == 2
    assert "--beyond-loopback" in text
    assert not (tmp_path / "chain").exists()


def test_a_dev_chain_on_a_folder_in_use_says_so(tmp_path: Path) -> None:
    other = DevChainServer(tmp_path / "chain")
    try:
        status, text = told("devchain", "--port", "0", "--data", str(tmp_path))
    finally:
        other.stop()
    assert status == 2
    assert "--data" in text


def test_every_option_of_the_dev_chain_is_explained() -> None:
    _, text = told("devchain", "--help", COLUMNS="200")
    assert "Address to listen on" in text and "Let other machines in" in text


def test_a_second_cloud_on_a_data_folder_is_refused(tmp_path: Path) -> None:
    with held(tmp_path):
        with pytest.raises(FolderInUse), held(tmp_path):
            pass
        status, text = told("serve", "--port", str(free_port()), "--data", str(tmp_path))
    assert status == 2
    assert "Another cloud runs" in text and "--data" in text
    with held(tmp_path):
        pass


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_proving_a_title_in_a_folder_without_a_cloud_makes_none(tmp_path: Path) -> None:
    status, text = told("titles", "prove", "S1", "--data", str(tmp_path / "no"))
    assert status == 2
    assert "There is no cloud" in text and not (tmp_path / "no").exists()


def test_the_proof_of_a_title_says_whether_its_root_is_on_the_chain(rig: Rig) -> None:
    rig.open_market()
    for _ in range(2):
        rig.sweeps.drive()
    found = CLI.invoke(app, ["titles", "prove", "S1", "--data", str(rig.folder)])
    proof = json.loads(found.stdout)
    assert (found.exit_code, proof["published"], proof["publication"]) == (0, True, "final")


def test_the_proof_of_a_title_whose_root_still_waits_says_so(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.chain.unreachable = True
    rig.import_titles()
    status, text = told("titles", "prove", "S1", "--data", str(rig.folder))
    assert status == 0
    assert '"published": false' in text and "not on the chain yet (queued)" in text


def test_contracts_are_not_deployed_on_the_embedded_chain(tmp_path: Path) -> None:
    status, text = told("deploy-contracts", "--data", str(tmp_path), BERTH_CHAIN="embedded")
    assert status == 2
    assert "BERTH_CHAIN" in text


def test_a_chain_that_nobody_answers_at_is_one_sentence(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    status, text = told("deploy-contracts", "--data", str(tmp_path), BERTH_CHAIN=url)
    assert status == 1
    assert "does not answer (no connection). Start the node, or correct BERTH_CHAIN." in text
    assert "HTTPConnection" not in text


def test_published_keys_off_the_dev_chain_are_told_of_berth_keys(tmp_path: Path) -> None:
    other = DevChainServer(tmp_path / "chain", chain_id=5)
    url = other.start()
    try:
        status, text = told("deploy-contracts", "--data", str(tmp_path), BERTH_CHAIN=url)
    finally:
        other.stop()
    assert status == 2
    assert "BERTH_KEYS" in text


def own_keys(folder: Path) -> dict[str, str]:
    """Role -> address."""
    keys = {role: f"{number:02x}" * 32 for number, role in enumerate(ROLES, 17)}
    for role, key in keys.items():
        write_secret(folder / f"{role}.hex", key)
    return {role: str(Account.from_key(key).address) for role, key in keys.items()}


def test_the_keys_are_shown_by_their_addresses_and_never_themselves(tmp_path: Path) -> None:
    own = own_keys(tmp_path)
    status, text = told("keys", BERTH_KEYS=str(tmp_path))
    assert status == 0 and "11" * 32 not in text
    assert all(f"{role} {address}" in text for role, address in own.items())
    status, text = told("keys", "--json", BERTH_KEYS=str(tmp_path))
    shown = json.loads(text)
    assert {row["role"]: row["address"] for row in shown["keys"]} == own
    assert shown["published"] is False and "11" * 32 not in text


def test_the_published_keys_are_shown_as_such(tmp_path: Path) -> None:
    status, text = told("keys")
    assert status == 0 and "published dev keys" in text


def test_a_key_that_cannot_be_used_is_bad_input(tmp_path: Path) -> None:
    status, text = told("keys", BERTH_KEYS=str(tmp_path))
    assert status == 2 and "admin.hex is missing" in text


def test_an_admin_without_coins_is_named_by_the_address_to_fund(tmp_path: Path) -> None:
    own = own_keys(tmp_path / "keys")
    chain = DevChainServer(tmp_path / "chain")
    where = {"BERTH_CHAIN": chain.start(), "BERTH_KEYS": str(tmp_path / "keys")}
    try:
        status, text = told("deploy-contracts", "--data", str(tmp_path), **where)
    finally:
        chain.stop()
    assert status == 1
    assert f"Send coins of this chain to the admin's {own['admin']}" in text


def keystore() -> str:
    return json.dumps(Account.encrypt(SECRET, "right", kdf="pbkdf2", iterations=2))


@pytest.mark.parametrize(
    ("files", "sentence", "remedy"),
    [
        ({"admin.hex": None}, "is missing", "ROLE.hex"),
        ({"admin.hex": "zz"}, "not hexadecimal", "64 hexadecimal"),
        ({"admin.hex": "ab"}, "holds 1 bytes", "64 hexadecimal"),
        ({"admin.hex": "00" * 32}, "is no key", "new key"),
        ({"admin.json": keystore()}, "password is missing", "chmod 600"),
        ({"admin.json": keystore(), "password": "wrong"}, "cannot be opened", "password"),
        ({"admin.json": '{"version": 1}', "password": "x"}, "no keystore", "Export"),
        ({"admin.json": '{"version": 3, "crypto": 1}', "password": "x"}, "lacks", "Export"),
    ],
)
def test_each_way_a_key_is_unusable_has_its_own_remedy(
    tmp_path: Path, files: dict[str, str | None], sentence: str, remedy: str
) -> None:
    roles: dict[str, str | None] = {f"{name}.hex": SECRET for name in ("registrar", "settler")}
    for name, content in (roles | files).items():
        if content is not None:
            (tmp_path / name).write_text(content)
            (tmp_path / name).chmod(0o600)
    with pytest.raises(BadKey, match=sentence) as told_of:
        role_keys(tmp_path)
    assert remedy in told_of.value.remedy


def test_a_key_that_is_a_directory_or_open_to_others_has_its_own_remedy(tmp_path: Path) -> None:
    (tmp_path / "admin.hex").mkdir()
    with pytest.raises(BadKey, match="is a directory"):
        role_keys(tmp_path)
    (tmp_path / "admin.hex").rmdir()
    (tmp_path / "admin.hex").write_text(SECRET)
    (tmp_path / "admin.hex").chmod(0o644)
    with pytest.raises(BadKey, match="chmod 600") as told_of:
        role_keys(tmp_path)
    assert "new key" in told_of.value.remedy
    with pytest.raises(BadKey, match="BERTH_KEYS"):
        role_keys(tmp_path / "none")


def test_a_folder_of_a_cloud_with_another_database_keeps_its_operators_key(tmp_path: Path) -> None:
    """BERTH_DB forgotten, or set for the first time, in a folder that is in use."""
    (tmp_path / "operator.key").write_text("the key of another cloud\n")
    with pytest.raises(OtherDatabase, match="this database is new"):
        compose(Config(data=tmp_path), "http://127.0.0.1:1", "mqtt://127.0.0.1:1")
    assert (tmp_path / "operator.key").read_text() == "the key of another cloud\n"


def test_a_file_that_is_no_database_is_told_in_a_sentence(tmp_path: Path) -> None:
    place = tmp_path / "cloud.sqlite"
    place.write_bytes(b"garbage" * 1000)
    with pytest.raises(DatabaseBroken, match="not a database"):
        Database(place)
    assert place.read_bytes() == b"garbage" * 1000
