"""A claim code makes a gateway of one device, once: the real HTTP app and the real edge command."""

import json
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from sqlmodel import select

from cloud.identity_tables import ClaimRow
from cloud.tables import ChainCall, Space
from contracts.wire.claim_codes import read_code
from contracts.wire.enrolment import Redeem, Redemption, asked_digest
from contracts.wire.signing import address_of, sign
from edge.adapters.enrol_errors import CloudRefused, CloudSilent, CodeWrong, UrlWrong
from edge.adapters.identity import csr_of
from edge.adapters.keys import load_key
from edge.commands.enrol import enrol_at
from tests.http.identity_rig import BROKER, COMMANDS, OTHER_SERIAL, SERIAL, Box, Site

DAY_S = 86_400


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "cloud")


@pytest.fixture
def box(site: Site, tmp_path: Path) -> Box:
    return Box(site, tmp_path / "box")


def refused(box: Box, code: str) -> CloudRefused:
    with pytest.raises(CloudRefused) as wrong:
        box.enrol(code)
    return wrong.value


def test_a_code_makes_a_gateway_whose_keys_never_left_the_device(
    site: Site, box: Box, capsys: pytest.CaptureFixture[str]
) -> None:
    box.enrol(site.code())
    row = site.gateway()
    key = load_key(box.data)
    assert row is not None and row.signer == address_of(key) and row.lot == "lot-1"
    for name in ("key.pem", "cert.pem", "ca.pem"):
        assert stat.S_IMODE((box.data / "tls" / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((box.data / "tls").stat().st_mode) == 0o700
    private = box.bytes_of("key.pem")
    assert b"PRIVATE KEY" in private
    assert private not in bytes(site.heard) and key.hex().encode() not in bytes(site.heard)
    made = x509.load_pem_x509_certificate(box.bytes_of("cert.pem"))
    made.verify_directly_issued_by(x509.load_pem_x509_certificate(site.authority.root_pem()))
    assert made.subject.rfc4514_string() == "CN=gw-9"
    assert (made.not_valid_after_utc - site.wall.at).days == 90
    said = json.loads(capsys.readouterr().out)
    assert (said["gateway"], said["spaces"]) == ("gw-9", ["S1", "S2"])


def test_the_settings_are_written_as_the_cloud_said_them(site: Site, box: Box) -> None:
    box.enrol(site.code())
    settings = box.settings()
    assert (settings.gateway, settings.broker) == ("gw-9", BROKER)
    assert settings.domain == site.rig.domain
    assert settings.spaces == ["S1", "S2"]
    assert COMMANDS in str(settings.commands)
    assert stat.S_IMODE((box.data / "gateway.yaml").stat().st_mode) == 0o600


def test_the_key_goes_to_the_chain_and_the_spaces_to_the_gateway(site: Site, box: Box) -> None:
    box.enrol(site.code())

    calls = site.rig.db.read(lambda s: s.exec(select(ChainCall.id)).all())
    mine = select(Space.id).where(Space.gateway == "gw-9")
    spaces = site.rig.db.read(lambda s: s.exec(mine).all())
    assert "gateway:gw-9:1" in calls and spaces == ["S1", "S2"]


def test_the_answer_is_lost_and_the_same_code_works_again_from_the_same_key(
    site: Site, box: Box
) -> None:
    code, site.lose = site.code(), 1
    with pytest.raises(CloudSilent):
        box.enrol(code)
    assert not (box.data / "gateway.yaml").exists()
    key = box.bytes_of("next-key.pem")
    box.enrol(code)
    box.enrol(code)
    assert box.bytes_of("key.pem") == key
    assert len(site.certificates()) == 1


def test_a_spent_code_is_of_no_use_to_another_device(site: Site, box: Box, tmp_path: Path) -> None:
    code = site.code()
    box.enrol(code)
    thief = Box(site, tmp_path / "thief")
    wrong = refused(thief, code)
    assert wrong.refusal == "claim_spent" and "tell the operator" in str(wrong)
    assert len(site.certificates()) == 1
    assert not (thief.data / "gateway.yaml").exists() and not (thief.data / "tls/cert.pem").exists()


@pytest.mark.parametrize("seconds", [DAY_S, DAY_S * 400])
def test_a_code_is_refused_from_24_hours_on(site: Site, box: Box, seconds: float) -> None:
    code = site.code()
    site.pass_s(seconds)
    wrong = refused(box, code)
    assert wrong.refusal == "claim_expired" and "Ask the operator for a new one." in str(wrong)
    assert site.gateway() is None


def test_a_code_is_good_until_the_last_millisecond(site: Site, box: Box) -> None:
    code = site.code()
    site.pass_s(DAY_S - 0.001)
    box.enrol(code)
    assert site.gateway() is not None


def test_a_code_for_another_serial_is_refused_and_five_tries_spoil_it(
    site: Site, box: Box, tmp_path: Path
) -> None:
    code, thief = site.code(), Box(site, tmp_path / "thief", OTHER_SERIAL)
    found = [refused(thief, code).refusal for _ in range(6)]
    assert found == ["claim_other_serial"] * 4 + ["claim_spoiled"] * 2
    assert refused(box, code).refusal == "claim_spoiled"
    assert site.gateway() is None


def test_four_tries_with_another_serial_leave_it_to_the_right_device(
    site: Site, box: Box, tmp_path: Path
) -> None:
    code, thief = site.code(), Box(site, tmp_path / "thief", OTHER_SERIAL)
    for _ in range(4):
        refused(thief, code)
    box.enrol(code)
    assert site.claims()[0].misses == 4


def test_a_voided_code_is_refused_and_so_is_one_that_a_newer_took_the_place_of(
    site: Site, box: Box
) -> None:
    first = site.claim()
    second = site.claim()
    assert refused(box, first["code"]["text"]).refusal == "claim_voided"
    assert site.post(f"/claims/{second['id']}/voiding").json()["state"] == "voided"
    assert refused(box, second["code"]["text"]).refusal == "claim_voided"
    again = site.post(f"/claims/{second['id']}/voiding")
    assert again.json()["code"] == "claim_not_open"


def test_a_code_that_is_typed_wrong_is_told_at_once_and_nobody_is_asked(
    site: Site, box: Box
) -> None:
    code = site.code()
    wrong = code.replace(code[3], "0" if code[3] != "0" else "1", 1)
    with pytest.raises(CodeWrong, match=r"A character of it is wrong.*Type it again"):
        box.enrol(wrong)
    with pytest.raises(CodeWrong, match="It has 4 characters"):
        box.enrol("KR78")
    assert not site.heard and not box.data.exists()


def test_a_code_of_another_cloud_and_one_that_is_invented_are_refused(
    site: Site, box: Box, tmp_path: Path
) -> None:
    other = Site(tmp_path / "other")
    assert refused(box, other.code()).refusal == "other_authority"
    code = site.code()
    row = site.claims()[0]
    site.rig.db.write(lambda s: s.delete(s.get_one(ClaimRow, row.id)))
    assert refused(box, code).refusal == "claim_unknown"


def test_an_address_that_is_none_is_told_before_anything_is_made(site: Site, box: Box) -> None:
    for url in ("cloud.example", "ftp://cloud.example", "https://u:p@cloud.example"):
        with pytest.raises(UrlWrong):
            enrol_at((url, site.code()), box.data, SERIAL, site.ask, True)
    assert not box.data.exists()


def test_a_folder_of_another_gateway_is_refused(site: Site, box: Box) -> None:
    box.enrol(site.code())
    assert refused(box, site.code("gw-8", spaces=["S3"])).refusal == "claim_other_gateway"
    assert box.settings().gateway == "gw-9" and site.gateway("gw-8") is None


def test_another_device_takes_the_place_of_one_only_where_the_code_says_so(
    site: Site, box: Box, tmp_path: Path
) -> None:
    box.enrol(site.code())
    old = box.tls.certificate().serial_number
    asked = {"gateway": "gw-9", "serial": OTHER_SERIAL}
    assert site.post("/claims", asked).json()["code"] == "claim_key_there"
    new = Box(site, tmp_path / "new", OTHER_SERIAL)
    new.enrol(site.code(serial=OTHER_SERIAL, spaces=[], replace_key=True))
    row = site.gateway()
    assert row is not None and row.signer == address_of(load_key(new.data))
    assert [it.state for it in site.certificates()].count("valid") == 1
    crl = x509.load_pem_x509_crl(site.get("/authority/crl.pem").content)
    assert [row.serial_number for row in crl] == [old]
    with pytest.raises(CloudRefused):
        box.renew(force=True)


def test_no_code_is_made_for_the_clouds_own_names_or_for_spaces_that_are_not_there(
    site: Site,
) -> None:
    def why(**asked: object) -> str:
        return str(site.post("/claims", {"serial": SERIAL, **asked}).json()["code"])

    assert why(gateway="berth-cloud", spaces=["S1"]) == "reserved_name"
    assert why(gateway="Berth-control", spaces=["S1"]) == "reserved_name"
    assert why(gateway="gw-9", spaces=["S99"]) == "unknown_space"
    assert why(gateway="gw-9", spaces=["S1"], lot="lot-2") == "unknown_lot"
    assert why(gateway="gw-9") == "claim_place"
    assert why(gateway="gw 9") == "bad_request"
    assert site.claims() == []


def test_the_code_is_kept_as_a_hash_only_and_never_crosses_the_network(
    site: Site, box: Box
) -> None:
    code = site.code()
    secret, plain = read_code(code).secret, code.replace("-", "").encode()
    key = read_code(code).key()
    box.enrol(code)
    files = b"".join(path.read_bytes() for path in site.rig.folder.iterdir() if path.is_file())
    for hay in (files, bytes(site.heard)):
        for needle in (
            code.encode(),
            plain,
            secret,
            secret.hex().encode(),
            key,
            key.hex().encode(),
        ):
            assert needle not in hay
    assert code not in site.get("/claims").text


def test_thirty_failures_of_one_address_close_the_door_for_ten_minutes(
    site: Site, box: Box, tmp_path: Path
) -> None:
    code = site.code()
    stranger = Box(site, tmp_path / "stranger")
    invented = Site(tmp_path / "other").code()
    for _ in range(30):
        assert refused(stranger, invented).refusal == "other_authority"
    assert refused(stranger, invented).refusal == "too_many"
    assert refused(box, code).refusal == "too_many"
    site.pass_s(601)
    box.enrol(code)


def test_an_installer_makes_codes_and_an_owner_does_not(site: Site) -> None:
    site.account("other")
    asked = {"gateway": "gw-9", "serial": SERIAL, "spaces": ["S1"]}
    assert site.post("/claims", asked, "installer").status_code == 201
    assert site.post("/claims", asked, "owner").status_code == 403
    assert site.post("/gateways/gw-9/revocation", {"why": "x"}, "installer").status_code == 403
    assert site.http.post("/api/v1/claims", json=asked).status_code == 401


def test_a_request_for_another_name_is_refused_and_nothing_of_it_is_done(
    site: Site, box: Box
) -> None:
    """The key must not count when the certificate is refused."""
    claim = read_code(site.code())
    key = ec.generate_private_key(ec.SECP256R1())
    signer = address_of(b"\x05" * 32)
    body = Redeem(root=claim.root, serial=SERIAL, csr=csr_of(key, "gw-8"), signer=signer)
    digest = asked_digest(body)
    asked = Redemption(
        body=body, by_code=sign(digest, claim.key()), by_signer=sign(digest, b"\x05" * 32)
    )
    status, raw = site.ask("http://cloud/api/v1/enrolments", asked.model_dump_json().encode())
    assert (status, json.loads(raw)["code"]) == (409, "bad_csr")
    assert site.gateway() is None and site.claims()[0].state == "open"
