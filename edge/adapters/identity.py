"""The gateway's TLS identity in `<data>/tls`: key.pem, cert.pem, ca.pem, each 0600.

A new key is made beside the old one and takes its place with its certificate: two renames, and a
power cut between them is mended at the next look. What is asked for under one `mark` (a claim
code's address, or a renewal of one certificate) is asked for with one key, however often the power
goes: the mark is the first line of the key's file, which readers of PEM pass over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from contracts.wire.enrolment import SERIAL, Identity
from edge.adapters.enrol_errors import IdentityUnwritable, NotEnrolled, SerialMissing
from edge.config.whole_file import flush_folder, write_whole

FOLDER = "tls"
# What reading a certificate may raise; a wrong version is no ValueError.
UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion)
KEY, CERTIFICATE, AUTHORITY = "key.pem", "cert.pem", "ca.pem"
NEXT = "next-"
# Which cloud was asked.
CLOUD = "cloud"
MARKED, RENEWAL = "asked for ", "renewal of "
MAX_PEM_BYTES = 16_384
PI_SERIALS = (
    Path("/sys/firmware/devicetree/base/serial-number"),
    Path("/proc/device-tree/serial-number"),
)
MACHINE_ID = Path("/etc/machine-id")


class TlsFolder:
    """Of one data folder. Any call may raise IdentityUnwritable."""

    def __init__(self, data: Path) -> None:
        self.path = data / FOLDER

    def settle(self) -> None:
        """Finish a change that a power cut left half done; harmless at any time."""
        made, key = self._at(NEXT + CERTIFICATE), self._at(NEXT + KEY)
        if not made.exists():
            return
        with _writing(self.path):
            if key.exists() and _belong(made, key):
                key.replace(self._at(KEY))
            if _belong(made, self._at(KEY)):
                made.replace(self._at(CERTIFICATE))
            else:
                made.unlink()
            flush_folder(self.path)

    def prepare(self, mark: str) -> ec.EllipticCurvePrivateKey:
        """The key to ask with: on the disk before anybody hears of it."""
        self.settle()
        for name in (NEXT + KEY, KEY):
            found = _key(self._at(name)) if self._mark(name) == mark else None
            if found is not None:
                return found
        made = ec.generate_private_key(ec.SECP256R1())
        with _writing(self.path):
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            flush_folder(self.path.parent)
            write_whole(self._at(NEXT + KEY), [f"{MARKED}{mark}\n".encode(), _pem(made)])
            flush_folder(self.path)
        return made

    def keep(self, identity: Identity, cloud: str) -> None:
        """The certificate of the key that was prepared; it counts when this returns."""
        with _writing(self.path):
            write_whole(self._at(CLOUD), [cloud.encode()])
            write_whole(self._at(AUTHORITY), [identity.authority.encode()])
            write_whole(self._at(NEXT + CERTIFICATE), [identity.certificate.encode()])
            flush_folder(self.path)
        self.settle()

    def forget(self) -> None:
        """What was asked for is refused: the next time is another one, with another key."""
        with _writing(self.path):
            self._at(NEXT + KEY).unlink(missing_ok=True)

    def asking(self) -> bool:
        """Whether a claim code may have been spent whose answer is not here."""
        self.settle()
        mark = self._mark(NEXT + KEY)
        return mark is not None and not mark.startswith(RENEWAL)

    def renewal(self) -> str:
        """The mark under which the certificate that counts now is renewed. Raises NotEnrolled."""
        return f"{RENEWAL}{self.certificate().serial_number:x}"

    def authority(self) -> bytes:
        """PEM. Raises NotEnrolled, as `certificate` and `cloud` do."""
        return self._read(AUTHORITY)

    def certificate(self) -> x509.Certificate:
        self.settle()
        try:
            return x509.load_pem_x509_certificate(self._read(CERTIFICATE))
        except UNREADABLE:
            raise NotEnrolled(f"{self._at(CERTIFICATE)} holds none.") from None

    def cloud(self) -> str:
        return self._read(CLOUD).decode("utf-8", "replace").strip()

    def _mark(self, name: str) -> str | None:
        first = (_text(self._at(name)) or "").partition("\n")[0]
        return first.removeprefix(MARKED) if first.startswith(MARKED) else None

    def _at(self, name: str) -> Path:
        return self.path / name

    def _read(self, name: str) -> bytes:
        try:
            with self._at(name).open("rb") as file:
                return file.read(MAX_PEM_BYTES)
        except OSError as error:
            raise NotEnrolled(f"{self._at(name)}: {error.strerror}.") from None


def csr_of(key: ec.EllipticCurvePrivateKey, name: str = "") -> str:
    """A request in PEM; without a name, the claim code says whose it is."""
    named = [x509.NameAttribute(x509.NameOID.COMMON_NAME, name)] if name else []
    made = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(named))
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def ends_at(certificate: x509.Certificate) -> datetime:
    return certificate.not_valid_after_utc


def device_serial(places: tuple[Path, ...] = PI_SERIALS, machine_id: Path = MACHINE_ID) -> str:
    """A Pi's own serial, else the first 16 digits of the system's id. Raises SerialMissing.

    Nothing attests it: it keeps a lost code from being used on just any device.
    """
    for place in (*places, machine_id):
        found = (_text(place) or "").strip("\0 \n")
        found = found[:16] if place == machine_id else found
        if re.fullmatch(SERIAL, found):
            return found
    raise SerialMissing


def _belong(certificate: Path, key: Path) -> bool:
    """Whether the certificate is of this key; what does not read belongs to nothing."""
    found = _key(key)
    try:
        named = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    except (OSError, *UNREADABLE):
        return False
    return found is not None and found.public_key() == named


def _key(path: Path) -> ec.EllipticCurvePrivateKey | None:
    try:
        found = serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return found if isinstance(found, ec.EllipticCurvePrivateKey) else None


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _text(path: Path) -> str | None:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return None


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise IdentityUnwritable(f"{folder}: {error.strerror}.") from None
