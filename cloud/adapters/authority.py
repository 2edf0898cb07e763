"""The CA: an EC P-256 root in the data folder, which signs clients, servers and the CRL itself."""

import ipaddress
import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cloud.adapters.clock import new_salt
from cloud.ports.authority import AuthorityBroken, CsrRefused
from contracts.wire.types import to_ms

ROOT_DAYS = 20 * 365
# Longer than a holiday: a broker refuses everybody once its list is out of date.
CRL_DAYS = 30
# What reading another's request or certificate may raise; a wrong version is no ValueError.
UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion)
MAX_CSR_BYTES = 4096
MAX_NAMES = 20
ROOT_KEY, ROOT_PEM = "root.key", "root.pem"
NAME = "Berth authority"
# A peer whose clock is a little behind ours must not take a new certificate for one to come.
BACKDATED = timedelta(minutes=5)
CURVE = ec.SECP256R1


class RootAuthority:
    """The authority of one key; `cloud/ports/authority.py` says what it promises."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, root: x509.Certificate) -> None:
        self._key, self._root = key, root

    def root_pem(self) -> bytes:
        return self._root.public_bytes(serialization.Encoding.PEM)

    def fingerprint(self) -> bytes:
        return self._root.fingerprint(hashes.SHA256())

    def key_of(self, csr_pem: bytes, name: str) -> str:
        der = _asked_key(csr_pem, name).public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return sha256(der).hexdigest()

    def issue(
        self, csr_pem: bytes, name: str, starts_at: datetime, ends_at: datetime, serial: int
    ) -> bytes:
        key = _asked_key(csr_pem, name)
        usage = ExtendedKeyUsageOID.CLIENT_AUTH
        made = _plain(_subject(name), key, (starts_at, ends_at), serial)
        return self._signed(made.add_extension(x509.ExtendedKeyUsage([usage]), critical=True))

    def server(
        self,
        csr_pem: bytes,
        names: Sequence[str],
        starts_at: datetime,
        ends_at: datetime,
        serial: int,
    ) -> bytes:
        if not 0 < len(names) <= MAX_NAMES:
            raise CsrRefused(f"a server has 1 to {MAX_NAMES} names")
        key = _asked_key(csr_pem, names[0])
        usage = ExtendedKeyUsageOID.SERVER_AUTH
        made = _plain(_subject(names[0]), key, (starts_at, ends_at), serial)
        made = made.add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
        alternatives = x509.SubjectAlternativeName([_host(name) for name in names])
        return self._signed(made.add_extension(alternatives, critical=False))

    def crl(self, revoked: Sequence[tuple[int, datetime]], now: datetime) -> bytes:
        made = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._root.subject)
            .last_update(now - BACKDATED)
            .next_update(now + timedelta(days=CRL_DAYS))
            .add_extension(x509.CRLNumber(to_ms(now)), critical=False)
            .add_extension(self._authority_key(), critical=False)
        )
        for serial, at in revoked:
            row = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at)
            made = made.add_revoked_certificate(row.build())
        return made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message, ec.ECDSA(hashes.SHA256()))

    def _signed(self, made: x509.CertificateBuilder) -> bytes:
        made = made.issuer_name(self._root.subject)
        made = made.add_extension(self._authority_key(), critical=False)
        signed = made.sign(self._key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM)

    def _authority_key(self) -> x509.AuthorityKeyIdentifier:
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())


class FileAuthority(RootAuthority):
    """The root of a folder, made there at first use: `root.key` (0600) and `root.pem`.

    Raises AuthorityBroken, OSError. `now` is the first moment of a root that is made.
    """

    def __init__(self, folder: Path, now: datetime) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key_file, pem_file = folder / ROOT_KEY, folder / ROOT_PEM
        if not key_file.exists():
            if pem_file.exists():
                raise AuthorityBroken(f"{pem_file} is there without its key {key_file}.")
            _first_of_all(key_file, make_key())
        key = _key_of(key_file)
        if not pem_file.exists():
            _first_of_all(pem_file, _root_of(key, now).public_bytes(serialization.Encoding.PEM))
        super().__init__(key, _certificate_of(pem_file, key))


class MemoryAuthority(RootAuthority):
    """Gone with the process: for tests and demonstrations."""

    def __init__(self, now: datetime) -> None:
        key = ec.generate_private_key(CURVE())
        super().__init__(key, _root_of(key, now))


def make_key() -> bytes:
    """PEM (PKCS 8, not encrypted) of a new EC P-256 key; the caller keeps it in a file 0600."""
    return ec.generate_private_key(CURVE()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def make_csr(key_pem: bytes, name: str) -> bytes:
    """PEM of a request under this common name."""
    key = _private(key_pem)
    made = x509.CertificateSigningRequestBuilder().subject_name(_subject(name))
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def new_serial() -> int:
    """127 random bits, never 0."""
    return int.from_bytes(new_salt()[:16]) >> 1 | 1


def _asked_key(csr_pem: bytes, name: str) -> ec.EllipticCurvePublicKey:
    """`name`: the only one that it may ask for; it may also ask for none."""
    if len(csr_pem) > MAX_CSR_BYTES:
        raise CsrRefused(f"longer than {MAX_CSR_BYTES} bytes")
    try:
        csr = x509.load_pem_x509_csr(csr_pem)
        key, signed = csr.public_key(), csr.is_signature_valid
        names = [
            str(found.value) for found in csr.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        ]
    except UNREADABLE as error:
        raise CsrRefused(f"it cannot be read: {error}") from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, CURVE):
        raise CsrRefused("its key is not EC P-256")
    if not signed:
        raise CsrRefused("it is not signed by the key that it names")
    if names not in ([], [name]):
        raise CsrRefused(f"it asks for another name than {name}")
    return key


def _plain(
    subject: x509.Name,
    key: ec.EllipticCurvePublicKey,
    between: tuple[datetime, datetime],
    serial: int,
) -> x509.CertificateBuilder:
    """What clients and servers have in common: an end of the chain that signs for itself only."""
    starts_at, ends_at = between
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key)
        .serial_number(serial)
        .not_valid_before(starts_at - BACKDATED)
        .not_valid_after(ends_at)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(leaf=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _root_of(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    public = key.public_key()
    identifier = x509.SubjectKeyIdentifier.from_public_key(public)
    return (
        x509.CertificateBuilder()
        .subject_name(_subject(NAME))
        .issuer_name(_subject(NAME))
        .public_key(public)
        .serial_number(new_serial())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + timedelta(days=ROOT_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(leaf=False), critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )


def _usage(leaf: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not leaf,
        crl_sign=not leaf,
        encipher_only=False,
        decipher_only=False,
    )


def _subject(name: str) -> x509.Name:
    try:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    except ValueError:
        raise CsrRefused(f"{name!r} cannot be a certificate's name") from None


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        return x509.DNSName(name)
    except ValueError:
        raise CsrRefused(f"{name!r} is neither a host name nor an address") from None


def _private(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("the key is not EC P-256")
    return key


def _key_of(path: Path) -> ec.EllipticCurvePrivateKey:
    if path.stat().st_mode & 0o077:
        raise AuthorityBroken(f"{path} can be read by others; run: chmod 600 {path}.")
    try:
        return _private(path.read_bytes())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise AuthorityBroken(f"{path} holds no key of ours.") from None


def _certificate_of(path: Path, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    try:
        root = x509.load_pem_x509_certificate(path.read_bytes())
    except UNREADABLE:
        raise AuthorityBroken(f"{path} holds no certificate.") from None
    if root.public_key() != key.public_key():
        raise AuthorityBroken(f"{path} belongs to another key than {path.with_name(ROOT_KEY)}.")
    return root


def _first_of_all(path: Path, data: bytes) -> None:
    """Whole or not at all, and never over one that came first: two may start at once."""
    beside = path.with_name(f"{path.name}.{new_salt().hex()[:8]}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        os.link(beside, path)
    beside.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
