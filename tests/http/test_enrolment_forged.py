"""Requests that a gateway of ours would never send: each signature is needed, and each field."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.wire.claim_codes import ClaimCode, read_code, root_of
from contracts.wire.enrolment import (
    Redeem,
    Redemption,
    Rekey,
    Rekeying,
    Renew,
    Renewal,
    asked_digest,
)
from contracts.wire.signing import address_of, sign
from edge.adapters.identity import csr_of
from edge.adapters.keys import load_key
from tests.http.identity_rig import SERIAL, Box, Site

DEVICE, THIEF, LATER = b"\x05" * 32, b"\x06" * 32, b"\x07" * 32
CSR, CSR_2 = (csr_of(ec.generate_private_key(ec.SECP256R1())) for _ in range(2))
ALL = "/api/v1/enrolments"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(tmp_path_factory.mktemp("cloud"))


def answered(site: Site, path: str, body: Any) -> tuple[int, str]:
    """(status, code); the address's failures are forgotten first."""
    site.pass_s(601)
    data = body if isinstance(body, bytes) else body.model_dump_json().encode()
    status, raw = site.ask(f"http://cloud{path}", data)
    return status, str(json.loads(raw).get("code", ""))


def redemption(claim: ClaimCode, by_code: bytes, by_signer: bytes, **more: Any) -> Redemption:
    body = Redeem(
        **{"root": claim.root, "serial": SERIAL, "csr": CSR, "signer": address_of(DEVICE)} | more
    )
    digest = asked_digest(body)
    return Redemption(body=body, by_code=sign(digest, by_code), by_signer=sign(digest, by_signer))


def test_a_code_without_the_signing_key_enrols_nobodys_key(site: Site) -> None:
    """Else whoever saw an address could make its owner's gateway his."""
    claim = read_code(site.code("gw-a"))
    found = answered(site, ALL, redemption(claim, claim.key(), THIEF))
    assert found == (409, "signer_not_proven")
    assert answered(site, ALL, redemption(claim, THIEF, DEVICE)) == (409, "claim_unknown")
    assert site.gateway("gw-a") is None


def test_the_code_and_the_request_of_a_device_are_of_no_use_with_another_signing_key(
    site: Site,
) -> None:
    """Who saw both on their way has not the key that signed."""
    claim = read_code(site.code("gw-c"))
    assert answered(site, ALL, redemption(claim, claim.key(), DEVICE))[0] == 200
    again = redemption(claim, claim.key(), THIEF, signer=address_of(THIEF))
    assert answered(site, ALL, again) == (409, "claim_spent")
    row = site.gateway("gw-c")
    assert row is not None and row.signer == address_of(DEVICE)


def test_a_tls_key_that_was_taken_back_is_never_certified_again(site: Site) -> None:
    """Its device was replaced; the signing key that it had was not revoked, and may come back."""
    old, new = csr_of(ec.generate_private_key(ec.SECP256R1())), b"\x08" * 32
    for csr, key in ((old, new), (CSR_2, b"\x09" * 32), (old, new)):
        claim = read_code(site.code("gw-d", replace_key=site.gateway("gw-d") is not None))
        asked = redemption(claim, claim.key(), key, csr=csr, signer=address_of(key))
        found = answered(site, ALL, asked)
    assert found == (409, "certificate_revoked")


def test_a_signature_of_another_request_is_none_of_this_one(site: Site) -> None:
    claim = read_code(site.code("gw-b"))
    good = redemption(claim, claim.key(), DEVICE)
    other = redemption(claim, claim.key(), DEVICE, gateway="gw-b")
    moved = good.model_copy(update={"body": other.body})
    assert answered(site, ALL, moved) == (409, "claim_unknown")
    assert site.gateway("gw-b") is None


def test_both_keys_agree_to_a_change_of_signing_key_or_it_is_none(
    site: Site, tmp_path: Path
) -> None:
    box = Box(site, tmp_path / "box")
    box.enrol(site.code("gw-9"))
    held = load_key(box.data)
    root = root_of(site.authority.fingerprint())

    def asked(before: bytes, after: bytes, by_before: bytes, by_signer: bytes) -> tuple[int, str]:
        names = {"before": address_of(before), "signer": address_of(after)}
        body = Rekey(root=root, gateway="gw-9", signed_at=site.wall.at, **names)
        digest = asked_digest(body)
        signed = Rekeying(
            body=body, by_before=sign(digest, by_before), by_signer=sign(digest, by_signer)
        )
        return answered(site, f"{ALL}/keys", signed)

    refused = (409, "signer_not_proven")
    assert asked(held, THIEF, THIEF, THIEF) == refused
    assert asked(held, LATER, held, THIEF) == refused
    assert asked(held, LATER, LATER, LATER) == refused
    assert asked(THIEF, LATER, THIEF, LATER) == refused
    row = site.gateway("gw-9")
    assert row is not None and row.signer == address_of(held)
    assert asked(held, LATER, held, LATER)[0] == 200


def test_a_request_for_another_clouds_authority_is_refused(site: Site) -> None:
    body = Renew(root="0" * 19, gateway="gw-9", csr=CSR, signed_at=site.wall.at)
    asked = Renewal(body=body, by_signer=sign(asked_digest(body), DEVICE))
    assert answered(site, f"{ALL}/renewals", asked) == (409, "other_authority")


GOOD = Redemption.model_validate(
    {
        "body": {"root": "0" * 19, "serial": SERIAL, "csr": CSR, "signer": address_of(DEVICE)},
        "by_code": "0x" + "5e" * 64 + "1b",
        "by_signer": "0x" + "5e" * 64 + "1b",
    }
).model_dump(mode="json")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(("", "/renewals", "/keys")), st.sampled_from(("", *GOOD)), JSON)
def test_whatever_is_sent_is_refused_and_never_our_mistake(
    site: Site, path: str, name: str, value: Any
) -> None:
    body = {**GOOD, name: value} if name else value
    status, _ = answered(site, ALL + path, json.dumps(body).encode())
    assert status in (400, 409, 422)
