"""Nobody gets an account, or keeps one, by asking first or by what was stolen for a moment."""

from typing import Any

import pytest
from sqlmodel import select

from cloud.account_tables import AccessKey, CodeAsked, PasskeyChallenge
from cloud.audit_tables import Notice
from cloud.entrypoints.http.proving import FRESH_MS
from cloud.usecases import contacts, mailed_codes, notices
from cloud.usecases.passkeys import MAX_WAITING_OF_ACCOUNT
from tests.http.authenticator import Authenticator
from tests.http.people_rig import emptied
from tests.http.rig import Front, move
from tests.http.test_passkeys import kept, signed_in
from tests.http.test_sign_in import NAME, OTHERS, V1, WORDS, invited, mailed, sign_in, with_contact
from tests.http.test_sign_in_pages import form_of, send

OURS = {"sec-fetch-site": "same-origin"}
STALE_S = FRESH_MS // 1000
EVIL = {"channel": "email", "address": "evil@evil.example", "language": "en"}
VICTIM = "victim@example.org"


@pytest.fixture
def front(shared: Front) -> Front:
    return emptied(shared)


def asks(front: Front, password: str) -> None:
    body = {"name": VICTIM, "password": password, "language": "en"}
    assert front.http.post(f"{V1}/sign-up", json=body).status_code == 202


def ours(front: Front, path: str, body: dict[str, Any]) -> Any:
    """By the browser that is signed in."""
    return front.http.post(f"{V1}/{path}", json=body, headers=OURS)


def outbox(front: Front) -> list[tuple[str, str]]:
    due = front.rig.db.read(lambda s: notices.due(s, front.rig.clock.now(), 50))
    return [(message.code, message.address) for message in due]


def key_of(front: Front, **more: Any) -> dict[str, str]:
    key = ours(front, "keys", {"name": "billing", **more}).json()["key"]
    return {"authorization": f"Bearer {key}"}


def test_who_asks_first_for_anothers_address_does_not_choose_its_password(front: Front) -> None:
    asks(front, OTHERS)
    (code,) = mailed(front)
    move(front, 30)
    asks(front, WORDS)
    assert mailed(front) == []
    body = {"code": code, "password": WORDS}
    assert front.http.post(f"{V1}/sign-up/confirmation", json=body).status_code == 201
    assert sign_in(front, OTHERS, VICTIM).json()["code"] == "wrong_sign_in"
    assert sign_in(front, WORDS, VICTIM).status_code == 200


def test_no_password_of_who_asks_for_a_code_is_kept(front: Front) -> None:
    asks(front, OTHERS)
    assert front.rig.db.read(lambda s: [row.hash for row in s.exec(select(CodeAsked))]) == [""]


def test_a_bad_password_leaves_the_code_good(front: Front) -> None:
    asks(front, "")
    (code,) = mailed(front)
    body = {"code": code, "password": "short"}
    refused = front.http.post(f"{V1}/sign-up/confirmation", json=body)
    assert refused.json()["code"] == "password_short"
    body["password"] = WORDS
    assert front.http.post(f"{V1}/sign-up/confirmation", json=body).status_code == 201


def test_a_strangers_sign_up_does_not_keep_the_owners_code_back(front: Front) -> None:
    invited(front)
    with_contact(front)
    front.http.post(f"{V1}/sign-up", json={"name": NAME})
    assert mailed(front) == []
    front.http.post(f"{V1}/sign-up", json={"name": NAME})
    front.http.post(f"{V1}/password-reset", json={"name": NAME})
    assert len(mailed(front)) == 1
    again = select(Notice).where(Notice.code == "sign_up_again")
    assert len(front.rig.db.read(lambda s: s.exec(again).all())) == 1


def test_a_programs_key_makes_no_way_into_an_account_that_has_a_password(front: Front) -> None:
    invited(front)
    leaked = key_of(front)
    front.http.cookies.clear()
    device = Authenticator()
    asked = front.http.post(f"{V1}/passkeys/options", headers=leaked).json()
    passkey = {"ticket": asked["ticket"], "credential": device.make(asked["options"])}
    for path, body in (("notices/contact", EVIL), ("keys", {"name": "x"}), ("passkeys", passkey)):
        for more in ({}, {"password": WORDS}):
            answer = front.http.post(f"{V1}/{path}", json=body | more, headers=leaked)
            assert (answer.status_code, answer.json()["code"]) == (409, "key_not_enough"), path


def test_a_session_of_long_ago_needs_the_present_password(front: Front) -> None:
    invited(front)
    sign_in(front)
    move(front, STALE_S - 1)
    assert ours(front, "keys", {"name": "early"}).status_code == 201
    move(front, STALE_S)
    asked = ours(front, "passkeys/options", {}).json()
    passkey = {"ticket": asked["ticket"], "credential": Authenticator().make(asked["options"])}
    wishes = (("notices/contact", EVIL, 200), ("keys", {"name": "x"}, 201))
    for path, body, status in (*wishes, ("passkeys", passkey, 201)):
        assert ours(front, path, body).json()["code"] == "prove_yourself"
        wrong = ours(front, path, body | {"password": OTHERS})
        assert wrong.json()["code"] == "wrong_password"
        assert ours(front, path, body | {"password": WORDS}).status_code == status


def test_a_thief_of_a_session_cannot_try_passwords_without_end(front: Front) -> None:
    invited(front)
    sign_in(front)
    move(front, STALE_S)
    tries = [ours(front, "keys", {"name": "x", "password": f"guess {at}"}) for at in range(9)]
    assert [answer.json()["code"] for answer in tries][-1] == "sign_in_wait"


def test_a_passkeys_session_of_an_account_without_a_password_is_fresh_or_refused(
    front: Front,
) -> None:
    device = Authenticator()
    assert kept(front, device).status_code == 201
    signed_in(front, device)
    assert ours(front, "keys", {"name": "x"}).status_code == 201
    move(front, STALE_S)
    assert ours(front, "keys", {"name": "x"}).json()["code"] == "prove_yourself"
    signed_in(front, device)
    assert ours(front, "keys", {"name": "x"}).status_code == 201


def test_a_password_that_proves_is_not_kept_with_the_answer(front: Front) -> None:
    invited(front)
    body = {"name": "x", "password": WORDS}
    headers = OURS | {"idempotency-key": "key-one-two"}
    first = front.http.post(f"{V1}/keys", json=body, headers=headers)
    again = front.http.post(f"{V1}/keys", json=body | {"password": OTHERS}, headers=headers)
    assert again.json() == first.json() | {"key": None}


def test_the_address_before_is_told_of_another_one(front: Front) -> None:
    invited(front)
    with_contact(front)
    sign_in(front)
    assert ours(front, "notices/contact", EVIL).status_code == 200
    told = {address for code, address in outbox(front) if code == "contact_changed"}
    assert told == {NAME, EVIL["address"]}
    ours(front, "notices/contact", EVIL | {"address": "evil2@evil.example"})
    told = {address for code, address in outbox(front) if code == "contact_changed"}
    assert told == {NAME, "evil2@evil.example"}


def test_another_language_is_no_other_address(front: Front) -> None:
    invited(front)
    with_contact(front)
    sign_in(front)
    way = {"channel": "email", "address": NAME, "language": "zh"}
    assert ours(front, "notices/contact", way).status_code == 200
    assert outbox(front) == []
    front.http.post(f"{V1}/password-reset", json={"name": NAME})
    mailed(front)
    codes = front.rig.db.read(lambda s: s.exec(select(Notice.code)).all())
    assert codes == ["code_reset"]


def test_no_code_goes_to_an_address_of_less_than_a_day(front: Front) -> None:
    invited(front)
    with_contact(front)
    sign_in(front)
    ours(front, "notices/contact", EVIL)
    front.http.post(f"{V1}/password-reset", json={"name": NAME})
    assert mailed(front) == []
    codes = front.rig.db.read(lambda s: [r["code"] for r in notices.of_account(s, number(front))])
    assert codes == ["reset_held", "contact_changed"]
    move(front, contacts.HELD_MS // 1000)
    front.http.post(f"{V1}/password-reset", json={"name": NAME})
    assert len(mailed(front)) == 1


def test_an_operators_code_lets_the_owner_in_at_once(front: Front) -> None:
    invited(front)
    sign_in(front)
    ours(front, "notices/contact", EVIL)
    who, now_ms = number(front), front.rig.now_ms
    front.rig.db.write(lambda s: mailed_codes.reset_code(s, who, NAME, "by-hand", now_ms))
    body = {"code": "by-hand", "password": OTHERS}
    assert front.http.post(f"{V1}/password-reset/confirmation", json=body).status_code == 200


@pytest.mark.parametrize("by_form", [False, True])
def test_a_new_password_by_code_ends_keys_and_passkeys_at_once(front: Front, by_form: bool) -> None:
    invited(front)
    with_contact(front)
    sign_in(front)
    leaked, device = key_of(front), Authenticator()
    asked = ours(front, "passkeys/options", {}).json()
    body = {"ticket": asked["ticket"], "credential": device.make(asked["options"])}
    assert ours(front, "passkeys", body).status_code == 201
    front.http.cookies.clear()
    assert front.http.get(f"{V1}/account", headers=leaked).status_code == 200
    front.http.post(f"{V1}/password-reset", json={"name": NAME})
    body = {"code": mailed(front)[0], "password": OTHERS}
    if by_form:
        page = send(front, "/password-reset", "/password-reset", name=NAME)
        form = form_of(page.text, "/password-reset/code") | body
        front.http.post("/password-reset/code", data=form, headers=OURS)
    else:
        front.http.post(f"{V1}/password-reset/confirmation", json=body)
    front.http.cookies.clear()
    assert front.http.get(f"{V1}/account", headers=leaked).status_code == 401
    assert signed_in(front, device).json()["code"] == "passkey_refused"
    assert front.rig.db.read(lambda s: s.exec(select(AccessKey)).all()) == []


def test_the_page_asks_for_the_password_once_the_sign_in_is_old(front: Front) -> None:
    invited(front)
    sign_in(front)
    assert 'id="key-password"' not in front.http.get("/account").text
    move(front, STALE_S)
    text = front.http.get("/account").text
    for field in ("key-password", "passkey-password"):
        assert f'<label for="{field}">' in text and f'id="{field}"' in text
    refused = send(front, "/account", "/account/keys", name="maps")
    assert refused.status_code == 409 and "needs the present password" in refused.text
    made = send(front, "/account", "/account/keys", name="maps", password=WORDS)
    assert made.status_code == 200 and 'class="key"' in made.text


def test_one_account_waits_for_a_few_passkeys_and_its_newest_counts(front: Front) -> None:
    device = Authenticator()
    for _ in range(MAX_WAITING_OF_ACCOUNT + 5):
        front.post(f"{V1}/passkeys/options", "driver")
        move(front, 1)
    front.post(f"{V1}/passkeys/options", "owner")
    assert kept(front, device).status_code == 201
    rows = front.rig.db.read(lambda s: [row.account for row in s.exec(select(PasskeyChallenge))])
    assert rows.count(front.rig.driver) == MAX_WAITING_OF_ACCOUNT - 1
    assert rows.count(front.rig.owner) == 1


def number(front: Front) -> int:
    return next(
        int(row["number"])
        for row in front.get(f"{V1}/accounts", "admin").json()
        if row["sign_in_name"] == NAME
    )
