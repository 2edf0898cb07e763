"""Passkeys (WebAuthn level 2) by py_webauthn: what a browser is asked, and what it answered.

Discoverable credentials with the user verified: a sign-in names nobody, so it tells nobody who has
an account. Attestation is not asked for: whose make the authenticator is makes no difference here.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

VERIFIED = UserVerificationRequirement.REQUIRED
SITE_NAME = "Berth"


class Refused(Exception):
    """The browser's answer does not prove what it must."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where the pages live: `host` binds a passkey, `origin` is https://host or that of a test."""

    host: str
    origin: str


@dataclass(frozen=True, slots=True)
class User:
    """`held`: the ids of its passkeys, which are not made again on the same authenticator."""

    number: int
    name: str
    held: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """`credential`: the authenticator's id of it, in base64url."""

    credential: str
    key: bytes
    signed: int


def ask_to_make(site: Site, user: User, challenge: bytes) -> str:
    """Options of navigator.credentials.create, as JSON."""
    held = [PublicKeyCredentialDescriptor(id=base64url_to_bytes(one)) for one in user.held]
    return webauthn.options_to_json(
        webauthn.generate_registration_options(
            rp_id=site.host,
            rp_name=SITE_NAME,
            user_name=user.name,
            user_id=f"account-{user.number}".encode(),
            challenge=challenge,
            exclude_credentials=held,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=VERIFIED
            ),
        )
    )


def ask_to_sign_in(site: Site, challenge: bytes) -> str:
    """Options of navigator.credentials.get, as JSON."""
    return webauthn.options_to_json(
        webauthn.generate_authentication_options(
            rp_id=site.host, challenge=challenge, user_verification=VERIFIED
        )
    )


def made(site: Site, challenge: bytes, answer: str) -> Made:
    """Raises Refused."""
    try:
        found = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except _WRONG as error:
        raise Refused(type(error).__name__) from None
    name = bytes_to_base64url(found.credential_id)
    return Made(name, found.credential_public_key, found.sign_count)


def id_of(answer: str) -> str:
    """Which passkey an answer says it is by. Raises Refused."""
    try:
        named = json.loads(answer)["id"]
        # One spelling each: the id is looked up by it.
        return bytes_to_base64url(base64url_to_bytes(named))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Refused("no id") from None


def signed(site: Site, challenge: bytes, answer: str, known: Made) -> int:
    """The authenticator's count of signatures. Raises Refused, also where a copy has counted."""
    try:
        found = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=known.key,
            credential_current_sign_count=known.signed,
            require_user_verification=True,
        )
    except _WRONG as error:
        raise Refused(type(error).__name__) from None
    return found.new_sign_count


# What it raises beside its own, where an answer is no answer at all: of cbor2, of cryptography.
_WRONG = (WebAuthnException, ValueError, KeyError, TypeError, AttributeError, IndexError)
