"""The authority, in files and in memory: one suite for both, and peers of its over real TLS."""

import ssl
import threading
from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud.adapters.authority import (
    FileAuthority,
    MemoryAuthority,
    RootAuthority,
    make_csr,
    make_key,
    new_serial,
)
from cloud.adapters.clock import SystemClock
from cloud.errors import AuthorityBroken
from cloud.ports.authority import CsrRefused

NOW = SystemClock().now().replace(microsecond=0)
LATER = NOW + timedelta(days=90)
MAKERS: tuple[Callable[[Path], RootAuthority], ...] = (
    lambda folder: FileAuthority(folder / "ca", NOW),
    lambda _folder: MemoryAuthority(NOW),
)


@pytest.fixture(params=MAKERS, ids=["file", "memory"])
def authority(request: pytest.FixtureRequest, tmp_path: Path) -> RootAuthority:
    made: RootAuthority = request.param(tmp_path)
    return made


def identity(
    authority: RootAuthority, folder: Path, name: str, names: tuple[str, ...] = ()
) -> tuple[Path, Path]:
    """(certificate, key) files of a client, or of a server with these names."""
    key = make_key()
    if names:
        made = authority.server(make_csr(key, names[0]), names, NOW, LATER, new_serial())
    else:
        made = authority.issue(make_csr(key, name), name, NOW, LATER, new_serial())
    files = folder / f"{name}.crt", folder / f"{name}.key"
    for path, data in zip(files, (made, key)):
        path.write_bytes(data)
    return files


def handshake(server: ssl.SSLContext, client: ssl.SSLContext, host: str) -> str:
    """Both ends in memory: the name that the server read, or the error that one of them told."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    there = server.wrap_bio(to_server, to_client, server_side=True)
    here = client.wrap_bio(to_client, to_server, server_hostname=host)
    done = {here: False, there: False}
    for _ in range(10):
        for end in (here, there):
            try:
                if not done[end]:
                    end.do_handshake()
                    done[end] = True
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError as error:
                return str(error.reason or error)
    subject = dict(part[0] for part in (there.getpeercert() or {}).get("subject", ()))
    return subject.get("commonName", "")


def contexts(
    authority: RootAuthority, folder: Path, server: tuple[Path, Path], client: tuple[Path, Path]
) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    root, crl = folder / "root.crt", folder / "crl.pem"
    root.write_bytes(authority.root_pem())
    there = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(root))
    here = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(root))
    for context in (there, here):
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.verify_flags |= ssl.VERIFY_X509_STRICT
    there.verify_mode = ssl.CERT_REQUIRED
    if crl.exists():
        there.load_verify_locations(str(crl))
        there.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    there.load_cert_chain(*map(str, server))
    here.load_cert_chain(*map(str, client))
    return there, here


def test_a_gateway_and_the_broker_meet_over_tls_and_its_name_is_read(
    authority: RootAuthority, tmp_path: Path
) -> None:
    server = identity(authority, tmp_path, "broker", ("broker.example", "127.0.0.1"))
    ends = contexts(authority, tmp_path, server, identity(authority, tmp_path, "gw-1"))
    assert handshake(*ends, "broker.example") == "gw-1"
    assert handshake(*ends, "127.0.0.1") == "gw-1"
    assert "CERTIFICATE_VERIFY_FAILED" in handshake(*ends, "other.example")


def test_a_gateways_certificate_is_good_for_no_server_and_the_brokers_for_no_client(
    authority: RootAuthority, tmp_path: Path
) -> None:
    server = identity(authority, tmp_path, "broker", ("broker.example",))
    gateway = identity(authority, tmp_path, "gw-1")
    assert "VERIFY_FAILED" in handshake(
        *contexts(authority, tmp_path, gateway, gateway), "broker.example"
    )
    ends = contexts(authority, tmp_path, server, server)
    assert "VERIFY_FAILED" in handshake(*ends, "broker.example")


def test_a_revoked_certificate_is_refused_and_the_others_are_let_in(
    authority: RootAuthority, tmp_path: Path
) -> None:
    server = identity(authority, tmp_path, "broker", ("broker.example",))
    thief, other = (identity(authority, tmp_path, name) for name in ("gw-1", "gw-2"))
    serial = x509.load_pem_x509_certificate(thief[0].read_bytes()).serial_number
    (tmp_path / "crl.pem").write_bytes(authority.crl([(serial, NOW)], NOW))
    assert "VERIFY_FAILED" in handshake(
        *contexts(authority, tmp_path, server, thief), "broker.example"
    )
    ends = contexts(authority, tmp_path, server, other)
    assert handshake(*ends, "broker.example") == "gw-2"


def test_a_certificate_of_another_authority_is_refused(
    authority: RootAuthority, tmp_path: Path
) -> None:
    server = identity(authority, tmp_path, "broker", ("broker.example",))
    stranger = identity(MemoryAuthority(NOW), tmp_path, "gw-1")
    ends = contexts(authority, tmp_path, server, stranger)
    assert "VERIFY_FAILED" in handshake(*ends, "broker.example")


def csr(key: object, name: str = "gw-1", extra: x509.ExtensionType | None = None) -> bytes:
    named = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = x509.CertificateSigningRequestBuilder().subject_name(named)
    if extra is not None:
        made = made.add_extension(extra, critical=True)
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    signed = made.sign(key, digest)  # type: ignore[arg-type]
    return signed.public_bytes(serialization.Encoding.PEM)


def forged() -> bytes:
    """One key's request with another's signature: its bytes are exchanged at their places."""
    ours, others = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    loaded = [x509.load_pem_x509_csr(csr(key)) for key in (ours, others)]
    plain, der = (
        (
            key.public_key().public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            for key in (ours, others)
        ),
        loaded[0].public_bytes(serialization.Encoding.DER),
    )
    first, second = plain
    swapped = der.replace(first, second)
    assert swapped != der
    loaded_again = x509.load_der_x509_csr(swapped)
    return loaded_again.public_bytes(serialization.Encoding.PEM)


REFUSED = {
    "RSA": (lambda: csr(rsa.generate_private_key(65537, 2048)), "not EC P-256"),
    "P-384": (lambda: csr(ec.generate_private_key(ec.SECP384R1())), "not EC P-256"),
    "Ed25519": (lambda: csr(ed25519.Ed25519PrivateKey.generate()), "not EC P-256"),
    "another name": (lambda: make_csr(make_key(), "gw-2"), "another name"),
    "the cloud's name": (lambda: make_csr(make_key(), "berth-cloud"), "another name"),
    "not signed by its key": (forged, "not signed by the key"),
    "no PEM": (lambda: b"hello", "cannot be read"),
    "too long": (lambda: b"x" * 5000, "longer than 4096 bytes"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_request_that_proves_nothing_is_refused(what: str) -> None:
    make, why = REFUSED[what]
    with pytest.raises(CsrRefused, match=why):
        MemoryAuthority(NOW).issue(make(), "gw-1", NOW, LATER, 7)


def test_what_a_request_asks_beside_its_key_is_not_given() -> None:
    """It asks to be an authority; it becomes the end of the chain."""
    key = ec.generate_private_key(ec.SECP256R1())
    wish = csr(key, extra=x509.BasicConstraints(ca=True, path_length=3))
    made = MemoryAuthority(NOW).issue(wish, "gw-1", NOW, LATER, 7)
    found = x509.load_pem_x509_certificate(made)
    assert not found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert not found.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign


@settings(max_examples=60)
@given(st.integers(0, 600), st.integers(1, 255))
def test_a_request_with_a_changed_byte_is_refused_or_says_the_same(at: int, flip: int) -> None:
    authority, good = MemoryAuthority(NOW), GOOD
    bad = bytearray(good)
    bad[at % len(bad)] ^= flip
    try:
        made = authority.issue(bytes(bad), "gw-1", NOW, LATER, 7)
    except CsrRefused:
        return
    key = x509.load_pem_x509_certificate(made).public_key()
    assert key == x509.load_pem_x509_csr(good).public_key()


GOOD = make_csr(make_key(), "gw-1")


def test_a_request_of_a_version_that_is_none_is_refused() -> None:
    # SEQUENCE, its length, SEQUENCE, its length, INTEGER 1: the version is the next byte.
    text = GOOD.decode()
    der = bytearray(x509.load_pem_x509_csr(GOOD).public_bytes(serialization.Encoding.DER))
    at = der.index(b"\x02\x01\x00") + 2
    der[at] = 10
    lines = b64encode(bytes(der)).decode()
    head, tail = text.splitlines()[0], text.splitlines()[-1]
    with pytest.raises(CsrRefused, match="cannot be read"):
        MemoryAuthority(NOW).issue(f"{head}\n{lines}\n{tail}\n".encode(), "gw-1", NOW, LATER, 7)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(1, 2**127), max_size=30, unique=True), st.integers(0, 5000))
def test_a_crl_lists_what_it_was_given_and_is_signed(serials: list[int], days: int) -> None:
    authority, moment = MemoryAuthority(NOW), NOW + timedelta(days=days)
    crl = x509.load_pem_x509_crl(authority.crl([(it, moment) for it in serials], moment))
    root = x509.load_pem_x509_certificate(authority.root_pem())
    assert crl.is_signature_valid(root.public_key())  # type: ignore[arg-type]
    assert {row.serial_number for row in crl} == set(serials)
    assert (crl.next_update_utc - moment).days == 30  # type: ignore[operator]


def test_the_root_is_made_once_even_by_eight_at_once_and_is_its_users_alone(
    tmp_path: Path,
) -> None:
    found: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: found.append(FileAuthority(tmp_path, NOW).root_pem()))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(found) == 8 and len(set(found)) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"root.key", "root.pem"}
    assert (tmp_path / "root.key").stat().st_mode & 0o777 == 0o600


def test_files_that_cannot_be_used_are_told_and_never_overwritten(tmp_path: Path) -> None:
    first = FileAuthority(tmp_path, NOW).root_pem()
    key, pem = tmp_path / "root.key", tmp_path / "root.pem"
    held = key.read_bytes()
    key.chmod(0o640)
    with pytest.raises(AuthorityBroken, match="read by others"):
        FileAuthority(tmp_path, NOW)
    key.chmod(0o600)
    for content, why in ((b"", "no key"), (make_key(), "another key")):
        key.write_bytes(content)
        with pytest.raises(AuthorityBroken, match=why):
            FileAuthority(tmp_path, NOW)
    key.unlink()
    with pytest.raises(AuthorityBroken, match="without its key"):
        FileAuthority(tmp_path, NOW)
    assert not key.exists()
    key.write_bytes(held)
    key.chmod(0o600)
    assert FileAuthority(tmp_path, NOW).root_pem() == first == pem.read_bytes()


def test_a_cut_between_key_and_certificate_is_mended_at_the_next_start(tmp_path: Path) -> None:
    FileAuthority(tmp_path, NOW)
    key = (tmp_path / "root.key").read_bytes()
    (tmp_path / "root.pem").unlink()
    FileAuthority(tmp_path, NOW)
    assert (tmp_path / "root.key").read_bytes() == key
