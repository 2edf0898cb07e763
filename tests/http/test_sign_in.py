"""Signing up, in and out; codes by e-mail; failures slow a stranger down and not the victim."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from cloud.account_tables import (
    CodeAsked,
    Invitation,
    MailedCode,
    PasswordRow,
    SignInFailure,
    WebSession,
)
from cloud.adapters.passwords import Passwords
from cloud.audit_tables import Notice
from cloud.core import throttling
from cloud.usecases import mailed_codes, notices
from cloud.usecases import sign_in as using
from tests.http.people_rig import emptied
from tests.http.rig import Front, move

V1 = "/api/v1"
NAME, WORDS, OTHERS = "li@example.org", "three plain words", "three other words"


@pytest.fixture
def front(shared: Front) -> Front:
    return emptied(shared)


def invited(front: Front, role: str = "owner", name: str = NAME) -> Any:
    code = front.post(f"{V1}/invitations", "operator", {"role": role}).json()["code"]
    body = {"name": name, "password": WORDS, "invitation": code}
    return front.http.post(f"{V1}/sign-up", json=body)


def sign_in(front: Front, password: str = WORDS, name: str = NAME, **cookies: str) -> Any:
    front.http.cookies.clear()
    header = {"cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())} if cookies else {}
    body = {"name": name, "password": password}
    answer = front.http.post(f"{V1}/sign-in", json=body, headers=header)
    return answer


def mailed(front: Front) -> list[str]:
    """The codes that the sweep sends now, as their people read them."""
    db, now = front.rig.db, front.rig.clock.now()
    for at, number in enumerate(db.read(lambda s: mailed_codes.asked(s, 20))):
        db.write(lambda s, n=number, c=f"code-{at}-{number}": mailed_codes.send(s, n, c, now))
    due = db.read(lambda s: notices.due(s, now, 50))
    for message in due:
        db.write(lambda s, m=message: notices.sent(s, m.id, now))
    return [word for m in due for word in m.body.split() if word.startswith("code-")]


def test_an_invitation_opens_one_account_of_its_role_and_signs_it_in(front: Front) -> None:
    made = invited(front)
    assert made.status_code == 201, made.text
    assert made.json()["role"] == "owner"
    assert front.http.get(f"{V1}/account").json() == made.json()
    code = front.rig.db.read(lambda s: s.exec(select(Invitation)).all())
    assert [row.used_by for row in code] == [made.json()["number"]]
    again = front.post(f"{V1}/invitations", "operator", {"role": "owner"}).json()["code"]
    body = {"name": NAME.upper(), "password": WORDS, "invitation": again}
    assert front.http.post(f"{V1}/sign-up", json=body).json()["code"] == "name_taken"


def test_an_invitation_that_was_used_or_is_over_opens_nothing(front: Front) -> None:
    code = front.post(f"{V1}/invitations", "operator", {"role": "driver"}).json()["code"]
    body = {"password": WORDS, "invitation": code}
    assert front.http.post(f"{V1}/sign-up", json=body | {"name": "one"}).status_code == 201
    answer = front.http.post(f"{V1}/sign-up", json=body | {"name": "two"})
    assert answer.json()["code"] == "invitation_wrong"
    late = front.post(f"{V1}/invitations", "operator", {"role": "driver"}).json()["code"]
    move(front, 7 * 86_400)
    body = {"name": "three", "password": WORDS, "invitation": late}
    assert front.http.post(f"{V1}/sign-up", json=body).json()["code"] == "invitation_wrong"


@pytest.mark.parametrize("role", ["admin", "auditor"])
def test_an_operator_gives_no_role_above_its_own(front: Front, role: str) -> None:
    for path, body in (("invitations", {}), ("accounts", {"name": "x"})):
        answer = front.post(f"{V1}/{path}", "operator", body | {"role": role})
        assert (answer.status_code, answer.json()["code"]) == (409, "role_not_yours")


def test_a_session_is_new_at_every_sign_in_and_the_one_before_ends(front: Front) -> None:
    invited(front)
    first = sign_in(front).cookies["berth_session"]
    second = sign_in(front, berth_session=first).cookies["berth_session"]
    assert first != second
    for token, status in ((first, 401), (second, 200)):
        front.http.cookies.clear()
        headers = {"cookie": f"berth_session={token}"}
        assert front.http.get(f"{V1}/account", headers=headers).status_code == status


def test_the_database_holds_no_token_no_password_and_no_code(front: Front) -> None:
    invited(front)
    token = sign_in(front).cookies["berth_session"]
    front.http.post(f"{V1}/password-reset", json={"name": NAME})
    with_contact(front)
    codes = mailed(front)
    raw = b"".join(path.read_bytes() for path in front.rig.folder.glob("cloud.sqlite*"))
    assert len(token) == 64 and token.encode() not in raw
    assert WORDS.encode() not in raw
    told = front.rig.db.read(lambda s: [row.fields for row in s.exec(select(Notice)).all()])
    assert not any(code in text for code in codes for text in told)


def sign_in_rows(session: Any, front: Front) -> None:
    """A failure from an address of its own, as of many machines that work together."""
    number = len(session.exec(select(SignInFailure)).all())
    tried = using.Try(NAME, f"address {number}".encode())
    using.attempt(session, tried, front.rig.now_ms)


def with_contact(front: Front) -> None:
    number = sign_in(front).json()["number"]
    way = notices.Way("email", NAME, "en")
    front.rig.db.write(lambda s: notices.set_contact(s, number, way))


@pytest.mark.parametrize(("role", "idle_h", "whole_h"), [("owner", 168, 720), ("auditor", 1, 12)])
def test_a_session_ends_without_a_visit_and_in_any_case(
    front: Front, role: str, idle_h: int, whole_h: int
) -> None:
    invited(front)
    number = sign_in(front).json()["number"]
    as_role(front, number, role)
    sign_in(front)
    move(front, idle_h * 3600 - 60)
    assert front.http.get(f"{V1}/account").status_code == 200
    move(front, idle_h * 3600 + 1)
    assert front.http.get(f"{V1}/account").status_code == 401
    sign_in(front)
    for _ in range(-(-2 * whole_h // idle_h) - 1):
        move(front, idle_h * 1800)
        assert front.http.get(f"{V1}/account").status_code == 200
    move(front, idle_h * 1800)
    assert front.http.get(f"{V1}/account").status_code == 401


def as_role(front: Front, number: int, role: str) -> None:
    path = f"{V1}/accounts/{number}/role"
    assert front.post(path, "admin", {"role": role}).status_code == 200


def test_a_new_role_ends_the_sessions_and_counts_at_once_for_the_key(front: Front) -> None:
    invited(front)
    number = sign_in(front).json()["number"]
    key = front.http.post(
        f"{V1}/keys", json={"name": "mine"}, headers={"sec-fetch-site": "same-origin"}
    ).json()["key"]
    headers = {"authorization": f"Bearer {key}"}
    assert front.http.get(f"{V1}/offers", headers=headers).status_code == 200
    as_role(front, number, "driver")
    assert front.http.get(f"{V1}/account").status_code == 401
    assert front.http.get(f"{V1}/offers", headers=headers).status_code == 403


def test_signing_out_ends_this_session_and_no_other(front: Front) -> None:
    invited(front)
    phone = sign_in(front).cookies["berth_session"]
    sign_in(front)
    ours = {"sec-fetch-site": "same-origin"}
    assert front.http.post(f"{V1}/sign-out", headers=ours).status_code == 200
    assert front.http.get(f"{V1}/account").status_code == 401
    headers = {"cookie": f"berth_session={phone}"}
    assert front.http.get(f"{V1}/account", headers=headers).status_code == 200


def test_ones_own_sessions_are_listed_and_ended_one_by_one(front: Front) -> None:
    invited(front)
    sign_in(front)
    move(front, 120)
    sign_in(front)
    ours = {"sec-fetch-site": "same-origin"}
    rows = front.http.get(f"{V1}/sessions").json()
    assert [row["present"] for row in rows] == [True, False, False]
    old = rows[1]["id"]
    assert front.post(f"{V1}/sessions/{old}/end", "operator").status_code == 404
    assert front.http.post(f"{V1}/sessions/{old}/end", headers=ours).status_code == 200
    assert old not in str(front.http.get(f"{V1}/sessions").json())


def test_a_new_password_ends_every_session_but_the_one_that_chose_it(front: Front) -> None:
    invited(front)
    phone = sign_in(front).cookies["berth_session"]
    sign_in(front)
    ours = {"sec-fetch-site": "same-origin"}
    body = {"present": "wrong words", "password": OTHERS}
    answer = front.http.post(f"{V1}/account/password", json=body, headers=ours)
    assert answer.json()["code"] == "wrong_password"
    body["present"] = WORDS
    answer = front.http.post(f"{V1}/account/password", json=body, headers=ours)
    assert answer.status_code == 200
    assert front.http.get(f"{V1}/account").status_code == 200
    assert len(front.http.get(f"{V1}/sessions").json()) == 1
    front.http.cookies.clear()
    headers = {"cookie": f"berth_session={phone}"}
    assert front.http.get(f"{V1}/account", headers=headers).status_code == 401
    assert sign_in(front).json()["code"] == "wrong_sign_in"
    assert sign_in(front, OTHERS).status_code == 200


def test_an_account_that_has_only_a_key_takes_a_name_and_its_first_password(front: Front) -> None:
    body = {"password": WORDS, "name": "Wang.Wei"}
    assert front.post(f"{V1}/account/password", "driver", body).status_code == 200
    assert sign_in(front, name="ＷＡＮＧ.wei").json()["number"] == front.rig.driver
    again = front.post(f"{V1}/account/password", "driver", body | {"present": ""})
    assert again.json()["code"] == "wrong_password"


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "password_short"),
        ("x" * 129, "password_long"),
        ("Password1", "password_common"),
        ("zzzzzzzzzzzz", "password_common"),
        (NAME, "password_common"),
    ],
)
def test_a_bad_password_is_refused_wherever_it_is_chosen(
    front: Front, password: str, code: str
) -> None:
    body = {"name": NAME, "password": password}
    invitation = front.post(f"{V1}/invitations", "operator", {"role": "owner"}).json()["code"]
    asked = body | {"invitation": invitation}
    assert front.http.post(f"{V1}/sign-up", json=asked).json()["code"] == code
    assert front.post(f"{V1}/account/password", "driver", body).json()["code"] == code


def test_any_characters_make_a_password_and_two_keyboards_type_the_same(front: Front) -> None:
    front.post(f"{V1}/account/password", "driver", {"password": "泊位 ﬁve\t🚗 x", "name": "wang"})
    assert sign_in(front, "泊位 five\t🚗 x", "wang").status_code == 200


def test_an_older_hash_is_made_again_at_the_next_sign_in(front: Front) -> None:
    number = invited(front).json()["number"]
    old = Passwords(memory_kib=32, passes=1).hash(WORDS)

    def older(session: Any) -> None:
        row = session.get_one(PasswordRow, number)
        row.hash = old
        session.add(row)

    front.rig.db.write(older)
    assert sign_in(front).status_code == 200
    found = front.rig.db.read(lambda s: s.get_one(PasswordRow, number).hash)
    assert found != old and "m=64" in found
    assert sign_in(front).status_code == 200


def test_an_unknown_name_and_a_wrong_password_are_answered_with_the_same_bytes(
    front: Front,
) -> None:
    invited(front)
    wrong, nobody = sign_in(front, OTHERS), sign_in(front, OTHERS, "nobody@example.org")
    assert (wrong.status_code, wrong.content) == (nobody.status_code, nobody.content)
    kept = ("content-length", "content-type")
    assert [wrong.headers[name] for name in kept] == [nobody.headers[name] for name in kept]


@pytest.mark.parametrize("path", ["password-reset", "sign-up"])
def test_who_asks_for_a_code_learns_nothing_from_answer_or_work(front: Front, path: str) -> None:
    invited(front)
    answers, rows = [], []
    for name in (NAME, "nobody@example.org"):
        body = {"name": name} | ({"password": WORDS} if path == "sign-up" else {})
        answers.append(front.http.post(f"{V1}/{path}", json=body))
        rows.append(front.rig.db.read(lambda s: len(s.exec(select(CodeAsked)).all())))
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].content == answers[1].content
    assert rows == [1, 2]


def test_a_code_by_mail_chooses_a_new_password_once(front: Front) -> None:
    invited(front)
    with_contact(front)
    front.http.post(f"{V1}/password-reset", json={"name": NAME})
    (code,) = mailed(front)
    body = {"code": code, "password": OTHERS}
    assert front.http.post(f"{V1}/password-reset/confirmation", json=body).status_code == 200
    assert front.rig.db.read(lambda s: s.exec(select(WebSession)).all()) == []
    again = front.http.post(f"{V1}/password-reset/confirmation", json=body)
    assert again.json()["code"] == "code_wrong"
    assert sign_in(front, OTHERS).status_code == 200


def test_a_code_is_over_after_half_an_hour(front: Front) -> None:
    invited(front)
    with_contact(front)
    front.http.post(f"{V1}/password-reset", json={"name": NAME})
    (code,) = mailed(front)
    move(front, 1800)
    body = {"code": code, "password": OTHERS}
    answer = front.http.post(f"{V1}/password-reset/confirmation", json=body)
    assert answer.json()["code"] == "code_wrong"


def test_nobody_is_mailed_twice_in_a_minute_and_a_log_gets_no_code(front: Front) -> None:
    invited(front)
    front.http.post(f"{V1}/password-reset", json={"name": NAME})
    assert mailed(front) == []
    with_contact(front)
    for _ in range(5):
        front.http.post(f"{V1}/password-reset", json={"name": NAME})
    assert len(mailed(front)) == 1
    move(front, 61)
    front.http.post(f"{V1}/password-reset", json={"name": NAME})
    assert len(mailed(front)) == 1


def test_a_code_is_in_no_list_of_what_the_account_was_told(front: Front) -> None:
    invited(front)
    with_contact(front)
    front.http.post(f"{V1}/password-reset", json={"name": NAME})
    mailed(front)
    assert "code-" not in front.http.get(f"{V1}/notices").text


def test_a_stranger_becomes_a_driver_by_the_code_that_the_address_gets(front: Front) -> None:
    body = {"name": "New@Example.org", "language": "en"}
    before = front.get(f"{V1}/accounts", "operator").json()
    assert front.http.post(f"{V1}/sign-up", json=body).status_code == 202
    (code,) = mailed(front)
    assert front.get(f"{V1}/accounts", "operator").json() == before
    typed = {"code": code, "password": WORDS}
    made = front.http.post(f"{V1}/sign-up/confirmation", json=typed)
    assert (made.status_code, made.json()["role"]) == (201, "driver")
    assert front.http.get(f"{V1}/notices/contact").json() == {
        "channel": "email",
        "address": "new@example.org",
        "language": "en",
    }
    again = front.http.post(f"{V1}/sign-up/confirmation", json=typed)
    assert again.json()["code"] == "code_wrong"
    assert sign_in(front, name="new@example.org").status_code == 200


def test_an_address_that_has_an_account_is_told_so_and_opens_no_second(front: Front) -> None:
    invited(front)
    front.http.post(f"{V1}/sign-up", json={"name": NAME, "password": OTHERS})
    assert mailed(front) == []
    codes = front.rig.db.read(lambda s: s.exec(select(Notice.code)).all())
    assert "sign_up_again" in codes
    assert sign_in(front, OTHERS).json()["code"] == "wrong_sign_in"
    row = front.rig.db.read(lambda s: s.exec(select(MailedCode)).one())
    typed = {"code": row.mark, "password": WORDS}
    answer = front.http.post(f"{V1}/sign-up/confirmation", json=typed)
    assert answer.json()["code"] == "code_wrong"


def test_failures_make_a_stranger_wait_longer_and_never_for_good(front: Front) -> None:
    invited(front)
    codes = [sign_in(front, OTHERS).json()["code"] for _ in range(throttling.PLACE_FREE + 1)]
    assert codes == ["wrong_sign_in"] * throttling.PLACE_FREE + ["sign_in_wait"]
    assert sign_in(front).json()["code"] == "sign_in_wait"
    move(front, 1)
    assert sign_in(front).status_code == 200
    assert sign_in(front, OTHERS).json()["code"] == "wrong_sign_in"


def test_a_victim_gets_in_from_where_it_was_before_whatever_strangers_try(front: Front) -> None:
    known = invited(front).cookies["berth_known"]
    for _ in range(throttling.NAME_FREE):
        front.rig.db.write(lambda s: sign_in_rows(s, front))
    assert sign_in(front).json()["code"] == "sign_in_wait"
    assert sign_in(front, berth_known=known).status_code == 200


def test_a_mark_of_another_person_opens_no_shorter_way(front: Front) -> None:
    invited(front)
    other = invited(front, name="other@example.org").cookies["berth_known"]
    for _ in range(throttling.PLACE_FREE):
        sign_in(front, OTHERS)
    assert sign_in(front, berth_known=other).json()["code"] == "sign_in_wait"


def test_a_key_that_was_made_is_told_once_and_lets_in_until_it_is_revoked(front: Front) -> None:
    body = {"name": "bookkeeping", "scope": "all"}
    made = front.post(f"{V1}/keys", "driver", body, idempotency_key="key-one-two")
    again = front.post(f"{V1}/keys", "driver", body, idempotency_key="key-one-two")
    assert again.json() == made.json() | {"key": None}
    headers = {"authorization": f"Bearer {made.json()['key']}"}
    assert front.http.get(f"{V1}/balance", headers=headers).status_code == 200
    names = [row["name"] for row in front.get(f"{V1}/keys", "driver").json()]
    assert names == ["first", "bookkeeping"]
    path = f"{V1}/keys/{made.json()['id']}/revocation"
    assert front.post(path, "other_driver").status_code == 404
    assert front.post(path, "driver").status_code == 200
    assert front.http.get(f"{V1}/balance", headers=headers).status_code == 401


def test_the_first_key_can_be_revoked_and_only_by_its_person(front: Front) -> None:
    path = f"{V1}/keys/first-{front.rig.driver}/revocation"
    assert front.post(path, "operator").status_code == 404
    assert front.post(path, "driver").status_code == 200
    assert front.get(f"{V1}/balance", "driver").status_code == 401


def test_the_cookies_are_out_of_reach_of_scripts_and_of_other_sites(front: Front) -> None:
    answer = invited(front)
    for line in answer.headers.get_list("set-cookie"):
        assert "HttpOnly" in line and "SameSite=lax" in line and "Secure" not in line
    front.http.cookies.clear()
    body = {"name": NAME, "password": WORDS}
    safe = front.http.post(f"https://testserver{V1}/sign-in", json=body)
    lines = safe.headers.get_list("set-cookie")
    assert len(lines) == 2 and all("Secure" in line for line in lines)


def test_a_strangers_page_signs_nobody_in_as_somebody_else(front: Front) -> None:
    invited(front)
    body = {"name": NAME, "password": WORDS}
    headers = {"origin": "https://evil.example"}
    answer = front.http.post(f"{V1}/sign-in", json=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "forged")


def test_a_clock_that_was_set_back_makes_nobody_wait_longer() -> None:
    wait = throttling.wait_ms(8, throttling.PLACE_FREE)
    back = timedelta(days=3650) // timedelta(milliseconds=1)
    assert throttling.left_ms(8, back, 0, throttling.PLACE_FREE) == wait == 8000
