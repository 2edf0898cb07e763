"""What comes after enrolment: renewal, another signing key, revocation, answers that are lies."""

import json
import ssl
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cloud.adapters.authority import MemoryAuthority, make_csr, make_key
from cloud.adapters.clock import SystemClock
from contracts.wire.claim_codes import read_code
from contracts.wire.enrolment import Identity, SignedIdentity, answer_bytes
from contracts.wire.messages import SignedEvent
from contracts.wire.signing import address_of, event_digest, sign
from edge.adapters.checks import Level
from edge.adapters.enrol_errors import (
    AnswerForged,
    CloudRefused,
    CloudSilent,
    EnrolmentOpen,
    NotEnrolled,
)
from edge.adapters.enrolling import Device, redeem, renew
from edge.adapters.identity import ends_at
from edge.adapters.identity_checks import check_certificate, wants_certificate
from edge.adapters.keys import load_key
from edge.adapters.tls import client_context
from edge.errors import EdgeError
from tests.cloud.test_certificates_authority import handshake
from tests.http.identity_rig import OTHER_SERIAL, SERIAL, URL, Box, Site

DAY_S = 86_400


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "cloud")


@pytest.fixture
def box(site: Site, tmp_path: Path) -> Box:
    made = Box(site, tmp_path / "box")
    made.enrol(site.code())
    return made


def states(site: Site) -> list[str]:
    """Oldest first."""
    return [row["state"] for row in reversed(site.get("/certificates").json())]


def key_of(box: Box) -> bytes:
    return load_key(box.data)


def refused(act: Any) -> str:
    with pytest.raises(CloudRefused) as wrong:
        act()
    return wrong.value.refusal


def test_a_certificate_is_renewed_30_days_before_its_end_and_not_before(
    site: Site, box: Box
) -> None:
    first, heard = box.bytes_of("cert.pem"), len(site.heard)
    site.pass_s(59 * DAY_S)
    box.renew()
    assert box.bytes_of("cert.pem") == first and len(site.heard) == heard
    site.pass_s(DAY_S)
    key = box.bytes_of("key.pem")
    box.renew()
    assert box.bytes_of("cert.pem") != first and box.bytes_of("key.pem") != key
    assert (ends_at(box.tls.certificate()) - site.wall.at).days == 90
    assert states(site) == ["superseded", "valid"]


def test_a_certificate_that_is_over_is_renewed_by_the_signing_key(site: Site, box: Box) -> None:
    site.pass_s(400 * DAY_S)
    assert states(site) == ["ended"]
    box.renew()
    assert states(site) == ["ended", "valid"]


def test_a_renewal_whose_answer_is_lost_is_asked_again_with_the_same_key(
    site: Site, box: Box
) -> None:
    site.pass_s(61 * DAY_S)
    site.lose = 1
    with pytest.raises(CloudSilent):
        box.renew()
    assert len(site.certificates()) == 2
    box.renew()
    assert len(site.certificates()) == 2
    assert box.tls.certificate().serial_number == int(site.certificates()[0].serial, 16)


def test_who_has_the_certificate_but_not_the_signing_key_renews_nothing(
    site: Site, box: Box
) -> None:
    thief = Device(SERIAL, b"\x07" * 32, "gw-9")
    key = ec.generate_private_key(ec.SECP256R1())
    assert refused(
        lambda: renew(URL, thief, box.bytes_of("ca.pem"), key, site.wall.at, site.ask)
    ) == ("signer_not_proven")
    nobody = Device(SERIAL, b"\x07" * 32, "gw-77")
    assert refused(
        lambda: renew(URL, nobody, box.bytes_of("ca.pem"), key, site.wall.at, site.ask)
    ) == ("signer_not_proven")


def test_ten_certificates_a_day_are_enough_for_one_gateway(site: Site, box: Box) -> None:
    for _ in range(9):
        box.renew(force=True)
    assert refused(lambda: box.renew(force=True)) == "renewed_often"
    site.pass_s(DAY_S + 1)
    box.renew(force=True)
    assert states(site).count("valid") == 1


def test_a_gateway_that_was_never_enrolled_is_told_what_to_do(site: Site, tmp_path: Path) -> None:
    other = Box(site, tmp_path / "other")
    other.enrol(site.code("gw-8", spaces=["S3"]))
    (other.data / "tls" / "cert.pem").unlink()
    with pytest.raises(NotEnrolled, match="berth-edge enrol URL CODE"):
        other.renew()


def test_an_enrolment_that_was_begun_is_finished_before_a_renewal(site: Site, box: Box) -> None:
    code = site.code(spaces=[], replace_key=True)
    site.lose = 1
    with pytest.raises(CloudSilent):
        box.enrol(code)
    with pytest.raises(EnrolmentOpen, match="with the same code"):
        box.renew(force=True)
    box.enrol(code)
    box.renew(force=True)
    assert states(site).count("valid") == 1


def test_a_new_signing_key_takes_the_place_of_the_old_and_a_lost_answer_does_no_harm(
    site: Site, box: Box
) -> None:
    before = key_of(box)
    site.lose = 1
    with pytest.raises(CloudSilent):
        box.rotate()
    assert key_of(box) == before
    box.rotate()
    after = key_of(box)
    row = site.gateway()
    assert after != before and row is not None and row.signer == address_of(after)
    assert not (box.data / "key.hex.next").exists()
    box.renew(force=True)
    assert states(site) == ["superseded", "valid"]


def test_the_key_that_went_can_neither_renew_nor_come_back(site: Site, box: Box) -> None:
    old = box.device()
    box.rotate()
    key = ec.generate_private_key(ec.SECP256R1())
    assert refused(
        lambda: renew(URL, old, box.bytes_of("ca.pem"), key, site.wall.at, site.ask)
    ) == ("signer_not_proven")


def event(site: Site, box: Box, kind: str, occupancy: str, seconds: float) -> SignedEvent:
    """Of S1, by this gateway, signed with its key."""
    made = site.rig.next_event(kind, occupancy, seconds)
    body = made.body.model_copy(update={"gateway": "gw-9"})
    return SignedEvent(body=body, signature=sign(event_digest(body, site.rig.domain), key_of(box)))


def test_no_key_is_changed_while_a_car_stands_there(site: Site, box: Box) -> None:
    site.pass_s(600)
    for kind, occupancy, seconds in (("snapshot", "free", 10), ("arrival", "occupied", 60)):
        site.rig.take(event(site, box, kind, occupancy, seconds))
    before = key_of(box)
    assert refused(box.rotate) == "rekey_stays_open"
    site.rig.take(event(site, box, "departure", "free", 300))
    box.rotate()
    assert key_of(box) != before


def test_a_car_at_another_gateway_does_not_keep_a_key(site: Site, box: Box) -> None:
    site.rig.enrol(("S3",))
    site.rig.heartbeat()
    site.rig.report("snapshot", "free", 0, space="S3")
    site.rig.report("arrival", "occupied", 60, space="S3")
    before = key_of(box)
    box.rotate()
    assert key_of(box) != before


def test_a_revocation_counts_from_the_next_event_on(site: Site, box: Box) -> None:
    site.pass_s(600)
    taken = site.rig.take(event(site, box, "snapshot", "free", 10))
    site.post("/gateways/gw-9/revocation", {"why": "stolen"})
    later = site.rig.take(event(site, box, "arrival", "occupied", 60))
    assert (taken.refused, later.refused) == (None, "revoked_key")


def test_a_revoked_gateway_renews_nothing_and_its_code_answers_no_more(
    site: Site, tmp_path: Path
) -> None:
    box, code = Box(site, tmp_path / "box"), site.code()
    box.enrol(code)
    serial = site.get("/certificates").json()[0]["serial"]
    answer = site.post(f"/certificates/{serial}/revocation", {"why": "stolen"})
    assert answer.json() == {"gateway": "gw-9", "revoked": True}
    assert refused(lambda: box.renew(force=True)) == "certificate_revoked"
    assert refused(lambda: box.enrol(code)) == "claim_spent"
    assert site.post(f"/certificates/{serial}/revocation", {"why": "x"}).json()["code"] == (
        "certificate_over"
    )
    crl = x509.load_pem_x509_crl(site.get("/authority/crl.pem").content)
    assert [row.serial_number for row in crl] == [int(serial, 16)]
    made = x509.load_pem_x509_certificate(site.get("/authority/root.pem").content)
    assert crl.is_signature_valid(made.public_key())  # type: ignore[arg-type]


def test_a_revoked_gateway_comes_back_with_a_new_code_and_new_keys_only(
    site: Site, box: Box, tmp_path: Path
) -> None:
    assert site.post("/gateways/gw-9/revocation", {"why": "stolen"}).status_code == 200
    code = site.code(spaces=[], replace_key=True)
    with pytest.raises(CloudRefused):
        box.enrol(code)
    new = Box(site, tmp_path / "new", OTHER_SERIAL)
    new.enrol(site.code(serial=OTHER_SERIAL, spaces=[], replace_key=True))
    row = site.gateway()
    assert row is not None and row.signer == address_of(load_key(new.data))
    assert states(site) == ["revoked", "valid"]


def test_to_revoke_what_is_not_there_is_not_found(site: Site) -> None:
    assert site.post("/gateways/gw-77/revocation", {"why": "x"}).status_code == 404
    assert site.post("/certificates/5e/revocation", {"why": "x"}).status_code == 404


def changed(node: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = dict(node) if isinstance(node, dict) else list(node)
    copy[path[0]] = changed(copy[path[0]], path[1:], value)
    return copy


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, str]:
    """One code, asked with one key again and again: it is answered alike."""
    site = Site(tmp_path_factory.mktemp("cloud"))
    return site, site.code()


TLS_KEY = ec.generate_private_key(ec.SECP256R1())
DEVICE = Device(SERIAL, b"\x05" * 32)


LEAVES = (
    *(("body", name) for name in sorted(Identity.model_fields) if name != "spaces"),
    ("body", "spaces", 0),
    ("signature",),
)
OTHER = st.one_of(st.text(max_size=20), st.integers(0, 9), st.none(), st.just("flip"))


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(LEAVES), OTHER, st.integers(0, 10_000))
def test_an_answer_that_was_changed_anywhere_is_not_used(
    honest: tuple[Site, str], path: tuple[Any, ...], other: Any, at: int
) -> None:
    site, code = honest
    claim = read_code(code)

    def between(url: str, asked: bytes) -> tuple[int, bytes]:
        status, raw = site.ask(url, asked)
        told = json.loads(raw)
        node = told
        for name in path:
            node = node[name]
        value = other
        if other == "flip" and isinstance(node, str):
            place = at % len(node)
            value = node[:place] + ("1" if node[place] != "1" else "2") + node[place + 1 :]
        assume(value != node)
        return status, json.dumps(changed(told, path, value)).encode()

    with pytest.raises(AnswerForged):
        redeem(URL, claim, DEVICE, TLS_KEY, between)


def test_the_honest_answer_is_used(honest: tuple[Site, str]) -> None:
    site, code = honest
    found = redeem(URL, read_code(code), DEVICE, TLS_KEY, site.ask)
    assert found.gateway == "gw-9"


def test_an_answer_by_another_authority_is_not_used(honest: tuple[Site, str]) -> None:
    """Whole and consistent, but of a stranger who stands between."""
    site, code = honest
    stranger = MemoryAuthority(site.wall.at)

    def between(url: str, asked: bytes) -> tuple[int, bytes]:
        status, raw = site.ask(url, asked)
        body = SignedIdentity.model_validate_json(raw).body
        own = body.model_copy(update={"authority": stranger.root_pem().decode()})
        signature = stranger.sign(answer_bytes(own)).hex()
        return status, SignedIdentity(body=own, signature=signature).model_dump_json().encode()

    with pytest.raises(AnswerForged, match="another authority"):
        redeem(URL, read_code(code), DEVICE, TLS_KEY, between)


def test_an_earlier_answer_is_no_answer_to_a_later_request(honest: tuple[Site, str]) -> None:
    site, code = honest
    kept: list[tuple[int, bytes]] = []

    def keeps(url: str, asked: bytes) -> tuple[int, bytes]:
        kept.append(site.ask(url, asked))
        return kept[-1]

    redeem(URL, read_code(code), DEVICE, TLS_KEY, keeps)
    with pytest.raises(AnswerForged, match="another request"):
        redeem(URL, read_code(code), DEVICE, TLS_KEY, lambda _url, _asked: kept[0])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(100, 599), st.binary(max_size=200))
def test_whatever_comes_back_gives_an_answer_or_an_error_of_ours(
    honest: tuple[Site, str], status: int, raw: bytes
) -> None:
    with pytest.raises(EdgeError):
        redeem(URL, read_code(honest[1]), DEVICE, TLS_KEY, lambda _url, _asked: (status, raw))


def test_the_doctor_says_how_long_the_certificate_is_good(site: Site, box: Box) -> None:
    config = box.settings()
    assert wants_certificate(config)
    looks = ((74, Level.OK), (76, Level.WARNING), (91, Level.FAILED))
    for days, level in looks:
        found = check_certificate(config, site.wall.at + timedelta(days=days))
        assert found.level is level and ("berth-edge renew" in found.remedy) == (
            level is not Level.OK
        )
    (box.data / "tls" / "cert.pem").unlink()
    assert check_certificate(config).level is Level.FAILED


def test_what_was_enrolled_is_shown_to_the_broker_over_tls(
    site: Site, box: Box, tmp_path: Path
) -> None:
    """The edge's own TLS reads the files, and a server of the same authority reads its name."""
    key, wall = make_key(), SystemClock().now()
    made = site.authority.server(
        make_csr(key, "broker.example"), ["broker.example"], wall, wall + timedelta(days=9), 77
    )
    for name, data in (("s.crt", made), ("s.key", key), ("root.crt", site.authority.root_pem())):
        (tmp_path / name).write_bytes(data)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(tmp_path / "root.crt"))
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_cert_chain(tmp_path / "s.crt", tmp_path / "s.key")
    site.wall.at = wall
    box.renew(force=True)
    assert handshake(server, client_context(box.data / "tls"), "broker.example") == "gw-9"
