"""Claim codes: what an installer reads from paper, so that a new gateway and its cloud can trust
each other.

44 characters of Crockford's base 32 carry 220 bits: a secret of 128, the first 76 of the SHA-256
of the authority's root certificate, and a CRC of 16, which finds every wrong character and every
two neighbours that were swapped. The secret is a key's seed and is never sent: the gateway signs
with the key, the cloud keeps only the key's address, and whoever listens learns nothing that helps.
"""

from binascii import crc_hqx
from dataclasses import dataclass

from contracts.ledger.hashing import keccak
from contracts.wire.signing import address_of

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# Letters that are read for a digit; U is in no code (Crockford).
ALIKE = str.maketrans("OIL", "011")
SECRET_BYTES = 16
ROOT_DIGITS = 19  # hexadecimal, 76 bits
CHARACTERS, GROUP = 44, 4
CHECK_BITS = 16


class NoCode(ValueError):
    """What was typed is no claim code; the sentence says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class ClaimCode:
    """`root`: the first ROOT_DIGITS hexadecimal digits of the root certificate's SHA-256."""

    secret: bytes
    root: str

    def key(self) -> bytes:
        """The secp256k1 key that the secret stands for; below the curve's order but for 2^-128."""
        return keccak(b"Berth claim code 1\n" + self.secret)

    def address(self) -> str:
        return address_of(self.key())


def root_of(fingerprint: bytes) -> str:
    """The part of a root certificate's SHA-256 that codes carry."""
    return fingerprint.hex()[:ROOT_DIGITS]


def spelled(code: ClaimCode) -> str:
    """In eleven groups of four: the way it stands on paper."""
    digits = code.secret.hex() + code.root
    if len(digits) != 2 * SECRET_BYTES + ROOT_DIGITS:
        raise ValueError("a secret has 16 bytes, a root 19 digits")
    value = int(digits, 16) << CHECK_BITS | _check(digits)
    text = "".join(ALPHABET[value >> 5 * place & 31] for place in reversed(range(CHARACTERS)))
    return "-".join(text[at : at + GROUP] for at in range(0, CHARACTERS, GROUP))


def read_code(text: str) -> ClaimCode:
    """Spaces, dashes and small letters do not matter. Raises NoCode."""
    plain = "".join(text.split()).replace("-", "").upper().translate(ALIKE)
    wrong = sorted({char for char in plain if char not in ALPHABET})
    if wrong:
        raise NoCode(f"{wrong[0]!r} is in no claim code.")
    if len(plain) != CHARACTERS:
        raise NoCode(f"It has {len(plain)} characters; a claim code has {CHARACTERS}.")
    value = 0
    for char in plain:
        value = value << 5 | ALPHABET.index(char)
    digits = f"{value >> CHECK_BITS:0{2 * SECRET_BYTES + ROOT_DIGITS}x}"
    if value & ((1 << CHECK_BITS) - 1) != _check(digits):
        raise NoCode("A character of it is wrong, or two were swapped.")
    return ClaimCode(bytes.fromhex(digits[: 2 * SECRET_BYTES]), digits[2 * SECRET_BYTES :])


def _check(digits: str) -> int:
    """CRC-16 (CCITT). A digit is put in front, for whole bytes: what ends must not be moved."""
    return crc_hqx(bytes.fromhex("b" + digits), 0xFFFF)
