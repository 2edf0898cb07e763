"""A file that one holder of a key can open, and the gateway that made it cannot.

ECIES: an ephemeral secp256k1 key, ECDH with the operator's public key (coincurve: sha256 of the
shared point), HKDF-SHA256 (RFC 5869), AES-256-GCM (pycryptodome). Both libraries are in every
installation: the wire's signatures and hashes need them.

Layout: MAGIC, ephemeral public key (33 bytes), length of the label (4, big endian), label, tag
(16), and all that is encrypted. Anyone can read the label, and nobody can change it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from coincurve import PrivateKey, PublicKey
from Crypto.Cipher import AES
from Crypto.Hash import SHA256
from Crypto.Protocol.KDF import HKDF

MAGIC = b"BERTHEV1"
KEY_BYTES, PUBLIC_BYTES, TAG_BYTES, LENGTH_BYTES = 32, 33, 16, 4
NONCE_BYTES = 12
INFO = b"berth evidence 1"
MAX_LABEL = 4096
HEAD = len(MAGIC) + PUBLIC_BYTES + LENGTH_BYTES


class NotSealed(ValueError):
    """This is no sealed file, another key opens it, or it was changed."""

    def __init__(self) -> None:
        super().__init__((self.__doc__ or "").strip())


@dataclass(frozen=True, slots=True)
class _Parts:
    ephemeral: bytes
    head: bytes
    label: bytes
    tag: bytes
    hidden: bytes


def public_of(key: bytes) -> str:
    """0x and 66 hex digits. Raises ValueError for 32 bytes that are no key."""
    return "0x" + PrivateKey(key).public_key.format().hex()


def seal(data: bytes, label: bytes, public: str, ephemeral: bytes) -> bytes:
    """`ephemeral`: 32 fresh random bytes, used for nothing else, and forgotten after this."""
    if len(label) > MAX_LABEL:
        raise ValueError("the label is too long")
    to = PublicKey(bytes.fromhex(public.removeprefix("0x")))
    own = PrivateKey(ephemeral)
    sent = own.public_key.format()
    head = MAGIC + sent + len(label).to_bytes(LENGTH_BYTES, "big") + label
    cipher = _cipher(own.ecdh(to.format()), sent + to.format())
    cipher.update(head)
    hidden, tag = cipher.encrypt_and_digest(data)
    return b"".join((head, tag, hidden))


def label_of(sealed: bytes) -> bytes:
    """Not proven before it is opened. Raises NotSealed."""
    return _parts(sealed).label


def unseal(sealed: bytes, key: bytes) -> bytes:
    """Raises NotSealed."""
    parts = _parts(sealed)
    try:
        own = PrivateKey(key)
        shared = own.ecdh(PublicKey(parts.ephemeral).format())
        cipher = _cipher(shared, parts.ephemeral + own.public_key.format())
        cipher.update(parts.head)
        return bytes(cipher.decrypt_and_verify(parts.hidden, parts.tag))
    except ValueError:
        raise NotSealed from None


def _cipher(shared: bytes, publics: bytes) -> Any:
    """Key and nonce are of this file alone, as its ephemeral key is."""
    made = bytes(HKDF(shared, KEY_BYTES + NONCE_BYTES, publics, SHA256, context=INFO))  # type: ignore[arg-type]
    return AES.new(made[:KEY_BYTES], AES.MODE_GCM, nonce=made[KEY_BYTES:])


def _parts(sealed: bytes) -> _Parts:
    long = int.from_bytes(sealed[HEAD - LENGTH_BYTES : HEAD], "big")
    end = HEAD + long
    if not sealed.startswith(MAGIC) or long > MAX_LABEL or len(sealed) < end + TAG_BYTES:
        raise NotSealed
    ephemeral = sealed[len(MAGIC) : len(MAGIC) + PUBLIC_BYTES]
    tag = sealed[end : end + TAG_BYTES]
    return _Parts(ephemeral, sealed[:end], sealed[HEAD:end], tag, sealed[end + TAG_BYTES :])
