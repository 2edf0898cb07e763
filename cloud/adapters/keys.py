"""The cloud's own secrets in its data folder: readable by its user alone."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from eth_keyfile.keyfile import decode_keyfile_json

from cloud.adapters.dev_keys import dev_role_keys
from cloud.adapters.secret_files import open_to_others
from cloud.errors import BadKey
from cloud.ports.chain import Sender
from contracts.wire.signing import address_of

COMMANDS, KEY_BYTES = "commands", 32
ROLES: tuple[Sender, ...] = ("admin", "registrar", "settler")
ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141  # secp256k1's
MISSING = "Put ROLE.json (keystore V3, with the file 'password') or ROLE.hex there."
PASSWORD = "Write the password of the keystores into the file 'password' beside them (chmod 600)."
DIGITS = "It holds the 32 bytes of the key as 64 hexadecimal digits."
ANEW = "Export the key again as keystore V3, with kdf scrypt or pbkdf2."
EXPOSED = "If others use this machine, make a new key."
OWN = "Give it to the user that runs berth-cloud (chown)."


def role_keys(folder: Path | None) -> dict[Sender, bytes]:
    """Of the folder: ROLE.json (keystore V3, opened by the file `password`) or ROLE.hex.

    Without a folder the published dev keys, for a dev chain only. Raises BadKey.
    """
    if folder is None:
        return dev_role_keys()
    if not folder.is_dir():
        remedy = (
            "Make the folder with admin, registrar and settler as .hex or .json, or correct it."
        )
        raise BadKey(f"BERTH_KEYS={folder} is no folder.", remedy)
    return {role: _key(folder, role) for role in ROLES}


def command_key(data: Path, keys: Path | None) -> bytes:
    """What signs the words to the gateways: of BERTH_KEYS if it is there, else of the data folder,

    made at its first start. Whoever loses it pins a new one on every gateway. Raises BadKey.
    """
    if keys is not None and any((keys / f"{COMMANDS}.{end}").exists() for end in ("json", "hex")):
        return _key(keys, COMMANDS)
    path = data / f"{COMMANDS}.hex"
    if not path.exists():
        write_secret(path, os.urandom(KEY_BYTES).hex())
    return _key(data, COMMANDS)


def addresses(keys: Mapping[Sender, bytes]) -> dict[Sender, str]:
    return {role: address_of(key) for role, key in keys.items()}


def write_secret(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text + "\n")


def _key(folder: Path, role: str) -> bytes:
    store, path = folder / f"{role}.json", folder / f"{role}.hex"
    if store.exists():
        return _checked(store, _opened(store, _secret(folder / "password", PASSWORD).encode()))
    try:
        key = bytes.fromhex(_secret(path, MISSING).removeprefix("0x"))
    except ValueError:
        raise BadKey(f"{path} is not hexadecimal.", DIGITS) from None
    return _checked(path, key)


def _checked(path: Path, key: bytes) -> bytes:
    if len(key) != 32:
        raise BadKey(f"{path} holds {len(key)} bytes, a key has 32.", DIGITS)
    if not 0 < int.from_bytes(key) < ORDER:
        raise BadKey(f"{path} holds a number that is no key.", "Make a new key.")
    return key


def _opened(store: Path, password: bytes) -> bytes:
    """What is wrong with the file or its password is said without any of its content."""
    text = _secret(store, MISSING)
    try:
        stored = json.loads(text)
        if stored["version"] != 3:
            raise TypeError
    except (ValueError, KeyError, TypeError):
        raise BadKey(f"{store} is no keystore of version 3.", ANEW) from None
    try:
        return bytes(decode_keyfile_json(stored, password))
    except ValueError:
        raise BadKey(f"{store} cannot be opened with its password.", PASSWORD) from None
    except (KeyError, TypeError, AttributeError, RuntimeError):
        raise BadKey(f"{store} lacks a part of a keystore of version 3.", ANEW) from None


def _secret(path: Path, where_missing: str) -> str:
    try:
        if path.is_dir():
            raise BadKey(f"{path} is a directory.", "A file of that name holds the secret.")
        if open_to_others(path):
            raise BadKey(f"{path} can be read by others; run: chmod 600 {path}.", EXPOSED)
        return path.read_text("utf-8").strip()
    except FileNotFoundError:
        raise BadKey(f"{path} is missing.", where_missing) from None
    except UnicodeDecodeError:
        raise BadKey(f"{path} is no text.", DIGITS) from None
    except OSError as error:
        raise BadKey(f"{path} cannot be read ({error.strerror}).", OWN) from None
