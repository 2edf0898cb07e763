"""Secrets come from files for our user alone, or from systemd's credentials."""

import os
from pathlib import Path

import pytest

from cloud.adapters.keys import role_keys
from cloud.adapters.secret_files import FOLDER, open_to_others
from cloud.config import Config
from cloud.errors import BadKey


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
