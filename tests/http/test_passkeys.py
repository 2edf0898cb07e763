"""Passkeys over HTTP, with an authenticator in software: what it proves is really verified."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlmodel import select

from cloud.account_tables import Passkey
from tests.http.authenticator import PRESENT, Authenticator
from tests.http.people_rig import emptied
from tests.http.rig import Front, move

V1 = "/api/v1"
OTHER_KEY = ec.derive_private_key(8, ec.SECP256R1())


@pytest.fixture
def front(shared: Front) -> Front:
    return emptied(shared)


def kept(front: Front, device: Authenticator, who: str = "driver") -> Any:
    asked = front.post(f"{V1}/passkeys/options", who).json()
    answer = device.make(asked["options"])
    body = {"ticket": asked["ticket"], "credential": answer, "name": "my phone"}
    return front.post(f"{V1}/passkeys", who, body)


def signed_in(front: Front, device: Authenticator) -> Any:
    front.http.cookies.clear()
    asked = front.http.post(f"{V1}/sign-in/passkey/options").json()
    body = {"ticket": asked["ticket"], "credential": device.sign(asked["options"])}
    return front.http.post(f"{V1}/sign-in/passkey", json=body)


def test_a_passkey_that_was_made_here_signs_its_person_in(front: Front) -> None:
    device = Authenticator()
    assert kept(front, device).status_code == 201
    answer = signed_in(front, device)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"number": front.rig.driver, "name": "driver", "role": "driver"}
    assert front.http.get(f"{V1}/balance").status_code == 200
    (row,) = front.get(f"{V1}/passkeys", "driver").json()
    assert row["name"] == "my phone" and row["used_at"]
    assert [one["how"] for one in front.get(f"{V1}/sessions", "driver").json()] == ["passkey"]


@pytest.mark.parametrize("counts", [True, False])
def test_it_signs_in_again_and_again(front: Front, counts: bool) -> None:
    device = Authenticator(counts=counts)
    kept(front, device)
    assert [signed_in(front, device).status_code for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize(
    "wrong",
    [
        Authenticator(origin="http://evil.example"),
        Authenticator(host="evil.example"),
        Authenticator(flags=PRESENT),
        Authenticator(flags=0),
    ],
    ids=["another origin", "another host", "nobody was verified", "nobody was there"],
)
def test_a_passkey_that_does_not_prove_what_it_must_is_not_kept(
    front: Front, wrong: Authenticator
) -> None:
    answer = kept(front, wrong)
    assert (answer.status_code, answer.json()["code"]) == (409, "passkey_refused")
    assert front.get(f"{V1}/passkeys", "driver").json() == []


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "http://evil.example"},
        {"host": "evil.example"},
        {"flags": PRESENT},
        {"key": OTHER_KEY},
        {"credential": b"one that nobody has"},
        {"signed": -1},
    ],
    ids=["origin", "host", "not verified", "another key", "unknown", "a copy has counted"],
)
def test_a_signature_that_does_not_prove_what_it_must_signs_nobody_in(
    front: Front, change: dict[str, Any]
) -> None:
    device = Authenticator(signed=5)
    kept(front, device)
    assert signed_in(front, device).status_code == 200
    for name, value in change.items():
        setattr(device, name, value)
    answer = signed_in(front, device)
    assert (answer.status_code, answer.json()["code"]) == (409, "passkey_refused")
    assert "berth_session" not in answer.cookies


def test_an_answer_counts_once_and_only_to_what_was_asked(front: Front) -> None:
    device = Authenticator()
    kept(front, device)
    asked = front.http.post(f"{V1}/sign-in/passkey/options").json()
    body = {"ticket": asked["ticket"], "credential": device.sign(asked["options"])}
    other = front.http.post(f"{V1}/sign-in/passkey/options").json()
    crossed = {"ticket": other["ticket"], "credential": body["credential"]}
    assert front.http.post(f"{V1}/sign-in/passkey", json=crossed).status_code == 409
    assert front.http.post(f"{V1}/sign-in/passkey", json=body).status_code == 200
    assert front.http.post(f"{V1}/sign-in/passkey", json=body).status_code == 409


def test_an_answer_that_comes_late_counts_no_more(front: Front) -> None:
    device = Authenticator()
    kept(front, device)
    asked = front.http.post(f"{V1}/sign-in/passkey/options").json()
    move(front, 301)
    body = {"ticket": asked["ticket"], "credential": device.sign(asked["options"])}
    assert front.http.post(f"{V1}/sign-in/passkey", json=body).status_code == 409


def test_what_one_account_was_asked_makes_no_passkey_of_another(front: Front) -> None:
    device = Authenticator()
    asked = front.post(f"{V1}/passkeys/options", "driver").json()
    body = {"ticket": asked["ticket"], "credential": device.make(asked["options"])}
    assert front.post(f"{V1}/passkeys", "owner", body).json()["code"] == "passkey_refused"


def test_a_credential_is_of_one_account_alone(front: Front) -> None:
    device = Authenticator()
    assert kept(front, device, "driver").status_code == 201
    assert kept(front, device, "owner").json()["code"] == "passkey_refused"


def test_a_removed_passkey_signs_nobody_in(front: Front) -> None:
    device = Authenticator()
    name = kept(front, device).json()["id"]
    assert front.post(f"{V1}/passkeys/{name}/removal", "other_driver").status_code == 404
    assert front.post(f"{V1}/passkeys/{name}/removal", "driver").status_code == 200
    assert signed_in(front, device).json()["code"] == "passkey_refused"


@pytest.mark.parametrize(
    "credential",
    [
        {},
        {"id": 7},
        {"id": "*"},
        {"id": "Zm9v"},
        {"id": "Zm9v", "rawId": "Zm9v", "type": "public-key", "response": {}},
    ],
)
def test_what_is_no_answer_at_all_is_refused_as_any_other(
    front: Front, credential: dict[str, Any]
) -> None:
    kept(front, Authenticator(credential=b"foo"))
    for path, who in (("sign-in/passkey", ""), ("passkeys", "driver")):
        ask = f"{V1}/{path}/options"
        ticket = front.post(ask, who).json()["ticket"]
        answer = front.post(f"{V1}/{path}", who, {"ticket": ticket, "credential": credential})
        assert answer.status_code in (409, 422), answer.text


def test_of_a_passkey_the_public_key_is_stored(front: Front) -> None:
    device = Authenticator()
    kept(front, device)
    (row,) = front.rig.db.read(lambda s: s.exec(select(Passkey)).all())
    point = device.key.public_key().public_numbers()
    assert point.x.to_bytes(32) in row.key
