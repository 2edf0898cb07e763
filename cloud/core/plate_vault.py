"""Plates as they are stored: sealed under a key of the person's own, and found by a keyed mark.

Without the installation's key a copy of the database shows no plate; without a person's key not
even the installation can read hers again. AES-SIV (RFC 5297) needs no nonce: the same plate in the
same row is the same text, and in any other row another.
"""

import hmac
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from cloud.core.plates import normalise
from cloud.errors import SealBroken

# Text that begins so is sealed; no plate has a small letter in it.
SEALED = "v1."
MASTER_BYTES, KEY_BYTES, MARK_BYTES = 32, 64, 12
# Of a token: what is equal where the plates are. An index of the database stands on it.
MARK_CHARS = len(SEALED) + 4 * MARK_BYTES // 3
# By this name a database's engine carries its vault.
OPTION = "plate_vault"
# Persons whose opened keys are kept at hand.
MAX_KEYS = 10_000


class Vault:
    """Of one installation. `new_key` gives KEY_BYTES random bytes, for a person who has no key."""

    def __init__(self, master: bytes, new_key: Callable[[], bytes]) -> None:
        if len(master) != MASTER_BYTES:
            raise ValueError(f"a master key has {MASTER_BYTES} bytes, not {len(master)}")
        self._wrapping = AESSIV(hmac.digest(master, b"berth person keys", "sha512"))
        self._marking = hmac.digest(master, b"berth plate marks", "sha256")
        # Tells that a key is this installation's, and nothing else of it.
        self.check = hmac.digest(master, b"berth key check", "sha256").hex()[:24]
        self._new_key = new_key
        self._opened: dict[str, AESSIV] = {}

    def mark(self, plate: str) -> str:
        """Equal for two spellings of one plate; tells nothing to whoever lacks the key."""
        found = hmac.digest(self._marking, normalise(plate).encode(), "sha256")[:MARK_BYTES]
        return SEALED + urlsafe_b64encode(found).decode()

    def new_wrapped(self, person: int) -> str:
        """A new key for a person, as it may be stored."""
        key = self._new_key()
        if len(key) != KEY_BYTES:
            raise ValueError(f"a person's key has {KEY_BYTES} bytes, not {len(key)}")
        return b64encode(self._wrapping.encrypt(key, [_whose(person)])).decode()

    def seal(self, wrapped: str, person: int, plate: tuple[str, str], about: str) -> str:
        """`plate`: by what it is found again, and the text itself; `about`: its one place."""
        mark, text = self.mark(plate[0]), plate[1]
        sealed = self._key(wrapped, person).encrypt(text.encode(), [about.encode(), mark.encode()])
        return f"{mark}.{person}.{b64encode(sealed).decode()}"

    def opened(self, wrapped: str, token: str, about: str) -> str:
        """Raises SealBroken: the key or the place is another's, or the text was changed."""
        person = person_of(token)
        try:
            sealed = b64decode(token.rpartition(".")[2], validate=True)
            beside = [about.encode(), mark_of(token).encode()]
            return self._key(wrapped, person).decrypt(sealed, beside).decode()
        except (InvalidTag, ValueError):
            raise SealBroken(f"The plate of {about} does not open.") from None

    def _key(self, wrapped: str, person: int) -> AESSIV:
        """Of what was wrapped nothing changes: an opened key stays right, whoever asks."""
        name = f"{person}.{wrapped}"
        found = self._opened.get(name)
        if found is None:
            try:
                found = AESSIV(self._wrapping.decrypt(b64decode(wrapped), [_whose(person)]))
            except (InvalidTag, ValueError):
                raise SealBroken(f"The key of person {person} does not open.") from None
            if len(self._opened) >= MAX_KEYS:
                self._opened.clear()
            self._opened[name] = found
        return found

    def forget(self) -> None:
        """No opened key stays in memory: somebody was erased."""
        self._opened.clear()


def is_sealed(text: str) -> bool:
    return text.startswith(SEALED)


def mark_of(token: str) -> str:
    return token[:MARK_CHARS]


def person_of(token: str) -> int:
    """Raises SealBroken."""
    parts = token.split(".")
    if len(parts) != 4 or not parts[2].lstrip("-").isdecimal():
        raise SealBroken("This is no sealed plate.")
    return int(parts[2])


def _whose(person: int) -> bytes:
    return f"person:{person}".encode()
