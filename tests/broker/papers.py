"""Certificates of all kinds, good and bad, from the real authority and from strangers."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cloud.adapters.authority import FileAuthority, MemoryAuthority, make_csr, make_key, new_serial
from cloud.ports.authority import Authority
from tests.broker.peer import context

DAY = timedelta(days=1)


@dataclass
class Papers:
    """`now` is real time: TLS judges by it."""

    folder: Path
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.authority = FileAuthority(self.folder / "ca", self.now)
        self.ca = self.folder / "ca" / "root.pem"
        self.revoked: list[tuple[int, datetime]] = []
        self._made = 0
        # On the list from the beginning, as brokers read it when they start.
        self.taken_back = self.of("gw-2", revoked=True)

    def of(self, name: str, revoked: bool = False) -> ssl.SSLContext:
        """As a gateway of this name shows itself."""
        serial = new_serial()
        if revoked:
            self.revoked.append((serial, self.now - DAY))
        return self._issued(self.authority, name, (self.now, self.now + DAY), serial)

    def expired(self, name: str) -> ssl.SSLContext:
        return self._issued(self.authority, name, (self.now - 3 * DAY, self.now - DAY))

    def to_come(self, name: str) -> ssl.SSLContext:
        return self._issued(self.authority, name, (self.now + DAY, self.now + 3 * DAY))

    def foreign(self, name: str) -> ssl.SSLContext:
        """From another authority, which bears the same name as ours."""
        return self._issued(MemoryAuthority(self.now), name, (self.now, self.now + DAY))

    def nobody(self) -> ssl.SSLContext:
        return context(self.ca)

    def server(self) -> ssl.SSLContext:
        """A broker's certificate, shown by a client."""
        key = make_key()
        csr = make_csr(key, "gw-1")
        until = self.now + DAY
        pem = self.authority.server(csr, ["gw-1"], self.now, until, new_serial())
        return self._shown(pem, key)

    def self_signed(self, name: str, ca: bool = False) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        pem = self._made_by_hand(name, key, key, name, ca)
        return self._shown(pem, _pem(key))

    def below_a_gateway(self, name: str) -> ssl.SSLContext:
        """Signed by a gateway's own key, as if that gateway were an authority."""
        key, other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        between = (self.now, self.now + DAY)
        csr = make_csr(_pem(key), "gw-1")
        parent = self.authority.issue(csr, "gw-1", *between, new_serial())
        pem = self._made_by_hand(name, other, key, "gw-1", False)
        return self._shown(pem + parent, _pem(other))

    def nameless(self, common_name: str | None) -> ssl.SSLContext:
        """From our authority's key, with a name that it would never give."""
        own = serialization.load_pem_private_key(
            (self.folder / "ca" / "root.key").read_bytes(), None
        )
        assert isinstance(own, ec.EllipticCurvePrivateKey)
        issuer = x509.load_pem_x509_certificate(self.ca.read_bytes()).subject
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._begun(common_name, key).issuer_name(issuer).sign(own, hashes.SHA256())
        return self._shown(made.public_bytes(serialization.Encoding.PEM), _pem(key))

    def _issued(
        self,
        authority: Authority,
        name: str,
        between: tuple[datetime, datetime],
        serial: int | None = None,
    ) -> ssl.SSLContext:
        key = make_key()
        pem = authority.issue(make_csr(key, name), name, *between, serial or new_serial())
        return self._shown(pem, key)

    def _made_by_hand(
        self,
        name: str,
        key: ec.EllipticCurvePrivateKey,
        by: ec.EllipticCurvePrivateKey,
        issuer: str,
        ca: bool,
    ) -> bytes:
        constraints = x509.BasicConstraints(ca=ca, path_length=None)
        made = self._begun(name, key).add_extension(constraints, critical=True)
        signed = made.issuer_name(_subject(issuer)).sign(by, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM)

    def _begun(self, name: str | None, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        return (
            x509.CertificateBuilder()
            .subject_name(_subject(name))
            .public_key(key.public_key())
            .serial_number(new_serial())
            .not_valid_before(self.now - DAY)
            .not_valid_after(self.now + DAY)
            .add_extension(usage, critical=True)
        )

    def _shown(self, pem: bytes, key: bytes) -> ssl.SSLContext:
        self._made += 1
        cert, secret = (self.folder / f"{self._made}.{end}" for end in ("pem", "key"))
        cert.write_bytes(pem)
        secret.write_bytes(key)
        return context(self.ca, cert, secret)


def _subject(name: str | None) -> x509.Name:
    return x509.Name([] if name is None else [x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
