"""What may not be had by asking: the cloud's name, another's place, an old request's answer twice.

And a change of keys with events that are stored and not yet applied: they are applied first.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlmodel import select

from cloud.adapters.authority import make_csr, make_key
from cloud.core.checking import sealed
from cloud.ports.authority import CsrRefused
from cloud.tables import EventRow, Gateway, Stay
from cloud.usecases import certificates, stay_intake
from cloud.usecases.certificates import Fresh
from contracts.wire.signing import address_of
from edge.adapters.enrol_errors import CloudSilent
from edge.adapters.enrolling import Device, renew
from tests.contracts.making import KEY, OTHER_KEY
from tests.http.identity_rig import SERIAL, URL, Box, Site
from tests.http.test_enrolment_later import DAY_S, event, key_of, refused, states

KEYS = f"{URL}/api/v1/enrolments/keys"
OURS = ("berth-cloud", "berth-control", "Berth-Cloud", "BERTH-control")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "cloud")


@pytest.fixture
def box(site: Site, tmp_path: Path) -> Box:
    made = Box(site, tmp_path / "box")
    made.enrol(site.code())
    return made


def bare(site: Site, name: str, key: bytes, **more: Any) -> Any:
    """As an installer enrols a gateway without a claim code."""
    asked = {"id": name, "signer": address_of(key), "lot": "lot-1", "spaces": ["S1"], **more}
    return site.post("/gateways", asked, who="installer")


def renewed(site: Site, name: str, key: bytes) -> object:
    """As a device that holds this signing key asks, without any claim code."""
    tls, root = ec.generate_private_key(ec.SECP256R1()), site.authority.root_pem()
    return renew(URL, Device(SERIAL, key, name), root, tls, site.wall.at, site.ask)


@pytest.mark.parametrize("name", OURS)
def test_an_installer_enrols_no_gateway_by_the_clouds_own_name(site: Site, name: str) -> None:
    """Else it would be the cloud at the broker: hear every gateway, command every one."""
    answer = bare(site, name, KEY)
    assert (answer.status_code, answer.json()["code"]) == (409, "reserved_name")
    assert site.gateway(name) is None


@pytest.mark.parametrize("name", OURS)
def test_a_gateway_of_the_clouds_name_from_before_gets_no_certificate(
    site: Site, name: str
) -> None:
    row = Gateway(id=name, signer=address_of(KEY), lot="lot-1")
    site.rig.db.write(lambda s: s.add(row))
    assert refused(lambda: renewed(site, name, KEY)) == "reserved_name"
    fresh, csr = Fresh(7, site.when()), make_csr(make_key(), name).decode()
    with pytest.raises(CsrRefused, match="name"):
        site.rig.db.write(
            lambda s: certificates.give(s, site.authority, s.get_one(Gateway, name), csr, fresh)
        )
    assert site.certificates(name) == []


def test_a_certified_gateways_key_is_replaced_by_a_claim_code_only(site: Site, box: Box) -> None:
    """Else its old device stays at the broker in its name, and another's events count as its."""
    answer = bare(site, "gw-9", OTHER_KEY, replace_key=True)
    assert (answer.status_code, answer.json()["code"]) == (409, "claim_needed")
    row = site.gateway()
    assert row is not None and row.signer == address_of(key_of(box))
    site.pass_s(100 * DAY_S)
    assert bare(site, "gw-9", OTHER_KEY, replace_key=True).json()["code"] == "claim_needed"
    assert bare(site, "gw-9", key_of(box)).status_code == 201


def test_a_revoked_gateway_is_given_another_key_without_a_code(site: Site, box: Box) -> None:
    site.post("/gateways/gw-9/revocation", {"why": "stolen"})
    assert bare(site, "gw-9", OTHER_KEY, replace_key=True).status_code == 201
    assert states(site) == ["revoked"]


def kept(site: Site) -> list[tuple[str, bytes]]:
    """All that is asked from now on, as who listens has it."""
    heard: list[tuple[str, bytes]] = []
    ask = site.ask

    def listening(url: str, data: bytes) -> tuple[int, bytes]:
        heard.append((url, data))
        return ask(url, data)

    site.ask = listening  # type: ignore[method-assign]
    return heard


def again(site: Site, asked: tuple[str, bytes]) -> tuple[int, str]:
    answer = site.http.post(
        urlsplit(asked[0]).path, content=asked[1], headers={"content-type": "application/json"}
    )
    return answer.status_code, str(answer.json().get("code", ""))


def test_a_renewal_that_is_sent_again_later_is_refused_and_the_gateway_is_renewed_still(
    site: Site, box: Box
) -> None:
    heard = kept(site)
    box.renew(force=True)
    site.pass_s(70 * DAY_S)
    before = len(site.certificates())
    for _ in range(12):
        assert again(site, heard[0]) == (409, "signed_late")
    assert len(site.certificates()) == before
    box.renew()
    assert states(site).count("valid") == 1


def test_a_key_that_was_replaced_is_not_certified_again_by_its_own_request(
    site: Site, box: Box
) -> None:
    heard = kept(site)
    box.renew(force=True)
    site.pass_s(3600)
    box.renew(force=True)
    held = site.certificates()[0].serial
    assert again(site, heard[0]) == (409, "key_superseded")
    assert site.certificates()[0].serial == held
    assert again(site, heard[1])[0] == 200 and site.certificates()[0].serial == held


@pytest.mark.parametrize(("hours", "told"), [(23, 200), (25, 409), (-23, 200), (-25, 409)])
def test_a_request_counts_for_a_day_by_either_clock(
    site: Site, box: Box, hours: int, told: int
) -> None:
    heard = kept(site)
    box.renew(force=True)
    site.wall.at += timedelta(hours=hours)
    assert again(site, heard[0])[0] == told


def test_a_change_of_keys_that_is_sent_again_later_is_refused(site: Site, box: Box) -> None:
    heard = kept(site)
    box.rotate()
    site.pass_s(2 * DAY_S)
    assert heard[0][0] == KEYS and again(site, heard[0]) == (409, "signed_late")


def test_a_device_from_an_old_backup_makes_another_key_after_the_refusal(
    site: Site, box: Box
) -> None:
    """Its prepared key was replaced since: to ask with it for ever would end its certificate."""
    site.lose = 1
    with pytest.raises(CloudSilent):
        box.renew(force=True)
    old = {path.name: path.read_bytes() for path in (box.data / "tls").iterdir()}
    box.renew(force=True)
    box.renew(force=True)
    for path in (box.data / "tls").iterdir():
        path.unlink()
    for name, data in old.items():
        (box.data / "tls" / name).write_bytes(data)
    assert refused(lambda: box.renew(force=True)) == "key_superseded"
    box.renew(force=True)
    assert box.tls.certificate().serial_number == int(site.certificates()[0].serial, 16)


def stored(site: Site, box: Box, *said: tuple[str, str, float]) -> None:
    """Acknowledged, and not yet applied."""
    site.pass_s(600)
    site.rig.take(event(site, box, "snapshot", "free", 10))
    group = [sealed(event(site, box, *one), site.rig.domain) for one in said]
    told, rest = site.rig.db.write(lambda s: stay_intake.store(s, group, site.rig.clock.at))
    assert told and not rest


# Nobody booked it: it is filed, and nobody pays.
FILED = ["unpaid"]
ARRIVAL, DEPARTURE = ("arrival", "occupied", 60.0), ("departure", "free", 400.0)


def stays(site: Site) -> list[str]:
    return site.rig.db.read(lambda s: [row.state for row in s.exec(select(Stay))])


def waiting(site: Site) -> int:
    def count(session: Any) -> int:
        rows = session.exec(select(EventRow).where(EventRow.effect == "waiting")).all()
        return len(rows) + stay_intake.waiting(session)

    return site.rig.db.read(count)


def test_no_key_is_changed_under_a_car_whose_arrival_is_stored_and_not_applied(
    site: Site, box: Box
) -> None:
    """Else its departure, by the new key, ends a stay that began by the old: no receipt."""
    stored(site, box, ARRIVAL)
    before = key_of(box)
    assert refused(box.rotate) == "rekey_stays_open"
    assert key_of(box) == before
    site.rig.take(event(site, box, *DEPARTURE))
    box.rotate()
    assert key_of(box) != before and stays(site) == FILED


def test_what_is_stored_is_applied_before_the_key_is_changed(site: Site, box: Box) -> None:
    stored(site, box, ARRIVAL, DEPARTURE)
    box.rotate()
    assert stays(site) == FILED and waiting(site) == 0


def test_what_is_stored_is_applied_and_filed_before_the_key_is_revoked(
    site: Site, box: Box
) -> None:
    stored(site, box, ARRIVAL, DEPARTURE)
    site.post("/gateways/gw-9/revocation", {"why": "stolen"})
    assert stays(site) == FILED and waiting(site) == 0


def test_what_is_stored_is_applied_before_another_device_takes_the_place(
    site: Site, box: Box, tmp_path: Path
) -> None:
    stored(site, box, ARRIVAL, DEPARTURE)
    new = Box(site, tmp_path / "new")
    new.enrol(site.code(spaces=[], replace_key=True))
    assert stays(site) == FILED and waiting(site) == 0
