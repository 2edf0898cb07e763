"""Secrets come from files for our user alone, or from systemd's credentials."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cloud.adapters import plate_keys
from cloud.adapters.keys import role_keys
from cloud.adapters.secret_files import FOLDER, open_to_others
from cloud.cli import app
from cloud.config import Config
from cloud.errors import BadKey
from tests.cloud.rig import Rig

CLOUD = Path(__file__).parents[2] / "cloud"


def secret(folder: Path, mode: int) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "admin.hex"
    path.write_text("17" * 32)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("mode", "plain", "credential"),
    [
        (0o600, False, False),
        (0o400, False, False),
        (0o440, True, False),
        (0o640, True, False),
        (0o660, True, True),
        (0o644, True, True),
        (0o604, True, True),
    ],
)
def test_a_group_may_read_a_credential_and_nothing_else(
    tmp_path: Path, mode: int, plain: bool, credential: bool
) -> None:
    path = secret(tmp_path / "creds", mode)
    assert open_to_others(path, {}) is plain
    assert open_to_others(path, {FOLDER: str(tmp_path / "creds")}) is credential
    assert open_to_others(path, {FOLDER: str(tmp_path / "other")}) is plain


def test_a_key_that_others_can_read_stops_the_boot_with_its_remedy(tmp_path: Path) -> None:
    secret(tmp_path, 0o644)
    with pytest.raises(BadKey, match="chmod 600"):
        role_keys(tmp_path)


def test_a_setting_with_a_password_may_be_a_credential(tmp_path: Path) -> None:
    url = "smtp://berth:word@mail.example.org:587?from=berth@example.org"
    (tmp_path / "berth_smtp").write_text(url)
    assert Config(_secrets_dir=tmp_path).smtp == url  # type: ignore[call-arg]
    assert os.environ.get("BERTH_SMTP") is None


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A data folder, and the key of its plates, which is not in it."""
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "data").mkdir()
    rig = Rig(folder / "data")
    rig.open_market()
    rig.db.close()
    key = folder / "credentials" / "plates.key"
    key.parent.mkdir()
    (folder / "data" / "plates.key").rename(key)
    return folder / "data", key


@pytest.mark.parametrize(
    "words",
    [
        ("claims",),
        ("certificates",),
        ("claim-code", "gw-9", "--serial", "10000000f00dcafe", "--space", "S2"),
        ("account", "invite", "driver"),
        ("audit", "verify"),
        ("audit", "export"),
        ("broker-config", "made", "--plugin", "/bin/true"),
        ("fee", "show"),
        ("titles", "versions"),
        ("titles", "prove", "S1"),
        ("credits",),
        ("charges",),
        ("rules", "show"),
        ("retention", "run", "--dry-run"),
        ("backup", "made.tar", "--keys", "keys.tar"),
    ],
    ids=lambda words: "-".join(words[:2]),
)
def test_a_command_works_where_the_key_of_plates_lies_elsewhere(
    elsewhere: tuple[Path, Path], tmp_path: Path, words: tuple[str, ...]
) -> None:
    data, key = elsewhere
    # What it makes goes into a folder of its own.
    given = [str(tmp_path / it) if it.startswith(("made", "keys.")) else it for it in words]
    settings = {"BERTH_DATA": str(data), "BERTH_PLATE_KEY": str(key), "BERTH_URL": "https://b.test"}
    found = CliRunner().invoke(app, given, env=settings)
    assert (found.exit_code, found.exception) == (0, None), found.output
    assert not (data / "plates.key").exists()


def test_one_place_opens_the_database_for_all_commands() -> None:
    opening = [it.name for it in CLOUD.glob("cli*.py") if " Database(" in it.read_text("utf-8")]
    assert opening == ["cli_settings.py"]


def test_the_key_of_plates_may_be_a_credential_of_a_service(tmp_path: Path) -> None:
    """systemd shows the bit of a credential's group where it lets the service's user in."""
    path = tmp_path / "plates.key"
    path.write_text("17" * 32)
    path.chmod(0o440)
    assert plate_keys.opened(path, may_make=False, environment={FOLDER: str(tmp_path)}).check
    with pytest.raises(BadKey, match="chmod 600"):
        plate_keys.opened(path, may_make=False, environment={})
