"""What the gateway asks of its cloud over HTTP: to be enrolled, renewed, or known by another key.

Whoever listens learns no secret, and whoever answers must hold the authority's key: the claim code
names the authority, and later its certificate is here. So it need not be https to be safe.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import ValidationError

from contracts.wire.claim_codes import ClaimCode, root_of
from contracts.wire.enrolment import (
    Identity,
    Redeem,
    Redemption,
    Rekey,
    Rekeying,
    Renew,
    Renewal,
    SignedIdentity,
    answer_bytes,
    asked_digest,
)
from contracts.wire.signing import address_of, sign
from edge.adapters.enrol_errors import AnswerForged, CloudRefused, CloudSilent, UrlWrong
from edge.adapters.identity import UNREADABLE, csr_of

PATH = "/api/v1/enrolments"
WAIT_S = 20.0
MAX_ANSWER_BYTES = 65_536
Asked = Redemption | Renewal | Rekeying
Ask = Callable[[str, bytes], tuple[int, bytes]]
"""(URL, JSON) -> HTTP status, body. Raises CloudSilent."""


@dataclass(frozen=True, slots=True)
class Device:
    """`serial` and `signing_key` (32 bytes) stay what they are; `gateway`: of the settings."""

    serial: str
    signing_key: bytes
    gateway: str | None = None


def checked_url(url: str) -> str:
    """Without its last stroke. Raises UrlWrong."""
    parts = urlsplit(url.strip())
    good = parts.scheme in ("http", "https") and parts.hostname and not parts.query
    if not good or "@" in parts.netloc:
        raise UrlWrong
    return url.strip().rstrip("/")


def redeem(
    url: str, code: ClaimCode, device: Device, key: ec.EllipticCurvePrivateKey, ask: Ask
) -> Identity:
    """Raises CloudSilent, CloudRefused, AnswerForged; `key` is the one the certificate is for."""
    body = Redeem(
        root=code.root,
        serial=device.serial,
        gateway=device.gateway,
        csr=csr_of(key),
        signer=address_of(device.signing_key),
    )
    digest = asked_digest(body)
    asked = Redemption(
        body=body, by_code=sign(digest, code.key()), by_signer=sign(digest, device.signing_key)
    )
    found = _asked(url + PATH, asked, code.root, ask)
    _ours(found, key, body.signer)
    return found


def renew(
    url: str,
    device: Device,
    authority: bytes,
    key: ec.EllipticCurvePrivateKey,
    now: datetime,
    ask: Ask,
) -> Identity:
    """`authority`: PEM of the root that this gateway knows. Raises as `redeem` does."""
    name = device.gateway or ""
    body = Renew(root=_root(authority), gateway=name, csr=csr_of(key, name), signed_at=now)
    asked = Renewal(body=body, by_signer=sign(asked_digest(body), device.signing_key))
    found = _asked(f"{url}{PATH}/renewals", asked, body.root, ask)
    _ours(found, key, address_of(device.signing_key))
    return found


def rekey(
    url: str, device: Device, after: bytes, authority: bytes, now: datetime, ask: Ask
) -> Identity:
    """`after`: the signing key that comes. Raises as `redeem` does."""
    body = Rekey(
        root=_root(authority),
        gateway=device.gateway or "",
        before=address_of(device.signing_key),
        signer=address_of(after),
        signed_at=now,
    )
    digest = asked_digest(body)
    asked = Rekeying(
        body=body, by_before=sign(digest, device.signing_key), by_signer=sign(digest, after)
    )
    found = _asked(f"{url}{PATH}/keys", asked, body.root, ask)
    if found.signer != body.signer:
        raise AnswerForged
    return found


def over_http(url: str, data: bytes) -> tuple[int, bytes]:
    """One request, no redirect: whoever moved must be named anew."""
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    request = urllib.request.Request(url, data, headers, method="POST")
    try:
        with _OPENER.open(request, timeout=WAIT_S) as answer:
            return answer.status, answer.read(MAX_ANSWER_BYTES)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read(MAX_ANSWER_BYTES)
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise CloudSilent(f"{urlsplit(url).netloc}: {reason}.") from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_given: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)


def _asked(url: str, asked: Asked, root: str, ask: Ask) -> Identity:
    status, raw = ask(url, asked.model_dump_json().encode())
    if status != 200:
        raise _refusal(status, raw)
    try:
        found = SignedIdentity.model_validate_json(raw)
    except ValidationError:
        raise AnswerForged("It does not read.") from None
    if found.body.request != "0x" + asked_digest(asked.body).hex():
        raise AnswerForged("It answers another request.")
    _signed(found, root)
    return found.body


def _signed(found: SignedIdentity, root: str) -> None:
    """By the authority of this fingerprint, over all that it says."""
    try:
        authority = x509.load_pem_x509_certificate(found.body.authority.encode())
        public = authority.public_key()
    except UNREADABLE:
        raise AnswerForged("Its authority does not read.") from None
    if root_of(authority.fingerprint(hashes.SHA256())) != root:
        raise AnswerForged("It names another authority.")
    if not isinstance(public, ec.EllipticCurvePublicKey):
        raise AnswerForged("Its authority has a key of another kind.")
    try:
        signature = bytes.fromhex(found.signature)
        public.verify(signature, answer_bytes(found.body), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise AnswerForged("Its signature is wrong.") from None


def _ours(found: Identity, key: ec.EllipticCurvePrivateKey, signer: str) -> None:
    """The certificate is of our key, in our name; the authority vouches for it by its own key."""
    try:
        made = x509.load_pem_x509_certificate(found.certificate.encode())
        authority = x509.load_pem_x509_certificate(found.authority.encode())
        made.verify_directly_issued_by(authority)
        names = [n.value for n in made.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)]
    except (*UNREADABLE, InvalidSignature):
        raise AnswerForged("Its certificate does not read.") from None
    if made.public_key() != key.public_key() or names != [found.gateway]:
        raise AnswerForged("Its certificate is another device's.")
    if found.signer != signer:
        raise AnswerForged("It names another signing key.")


def _root(authority: bytes) -> str:
    try:
        found = x509.load_pem_x509_certificate(authority)
    except UNREADABLE:
        raise AnswerForged("The authority's certificate that is here does not read.") from None
    return root_of(found.fingerprint(hashes.SHA256()))


def _refusal(status: int, raw: bytes) -> CloudRefused | CloudSilent:
    """The cloud's own sentence and remedy (RFC 9457), bounded and printable."""
    try:
        told = json.loads(raw)
        code, said = str(told["code"]), f"{told['sentence']} {told['remedy']}"
    except (ValueError, KeyError, TypeError):
        return CloudSilent(f"It answered with HTTP {status}.")
    plain = "".join(char for char in said if char.isprintable())
    return CloudRefused(code[:80], plain[:600])
