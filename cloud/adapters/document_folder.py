"""Documents in a folder, encrypted: a copy of it shows nothing without the key's file."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from Crypto.Cipher import AES

from cloud.adapters.clock import new_salt
from cloud.ports.documents import DocumentsBroken

NAME = re.compile(r"[0-9a-f]{64}")
NONCE_BYTES, TAG_BYTES = 12, 16
PARTIAL = ".partial"


class FolderDocuments:
    """A file to a document, for its user alone (0600): nonce, tag, AES-256-GCM over the bytes.

    The name is authenticated too: two files that were exchanged do not open.
    """

    def __init__(self, folder: Path, key_file: Path) -> None:
        self._folder = folder
        self._key_file = key_file

    def put(self, sha256: str, data: bytes) -> None:
        path = self._path(sha256)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        nonce = new_salt()[:NONCE_BYTES]
        cipher = AES.new(self._key(), AES.MODE_GCM, nonce=nonce)
        cipher.update(sha256.encode())
        sealed, tag = cipher.encrypt_and_digest(data)
        partial = path.with_suffix(PARTIAL)
        _write(partial, nonce + tag + sealed)
        partial.replace(path)
        _sync(self._folder)

    def get(self, sha256: str) -> bytes | None:
        try:
            raw = self._path(sha256).read_bytes()
        except FileNotFoundError:
            return None
        nonce, tag = raw[:NONCE_BYTES], raw[NONCE_BYTES : NONCE_BYTES + TAG_BYTES]
        try:
            cipher = AES.new(self._key(), AES.MODE_GCM, nonce=nonce)
            cipher.update(sha256.encode())
            return cipher.decrypt_and_verify(raw[NONCE_BYTES + TAG_BYTES :], tag)
        except ValueError:
            raise DocumentsBroken(f"{sha256} does not open with {self._key_file}.") from None

    def erase(self, sha256: str) -> None:
        self._path(sha256).unlink(missing_ok=True)
        if self._folder.is_dir():
            _sync(self._folder)

    def all(self) -> Iterator[str]:
        names = os.listdir(self._folder) if self._folder.is_dir() else []
        yield from sorted(name for name in names if NAME.fullmatch(name))

    def _path(self, sha256: str) -> Path:
        if not NAME.fullmatch(sha256):
            raise ValueError(f"{sha256!r} is no SHA-256")
        return self._folder / sha256

    def _key(self) -> bytes:
        """Made once, on the disk before the first document that needs it."""
        if not self._key_file.exists():
            made = self._key_file.with_name(f"{self._key_file.name}.{new_salt().hex()[:8]}")
            _write(made, new_salt().hex().encode())
            with suppress(FileExistsError):  # another thread's came first, and stays
                os.link(made, self._key_file)
            made.unlink()
        try:
            key = bytes.fromhex(self._key_file.read_text("ascii").strip())
        except ValueError:
            raise DocumentsBroken(f"{self._key_file} holds no key.") from None
        if len(key) != 32:
            raise DocumentsBroken(f"{self._key_file} holds no key.")
        return key


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
