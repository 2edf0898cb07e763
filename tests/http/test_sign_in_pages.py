"""The pages of signing in, as a person without JavaScript uses them."""

import re
from html import unescape
from typing import Any

import pytest
from sqlmodel import select

from cloud.account_tables import AccessKey, WebSession
from cloud.entrypoints.http import csrf
from tests.http.people_rig import emptied
from tests.http.rig import Front
from tests.http.test_sign_in import NAME, OTHERS, WORDS, invited, mailed

OURS = {"origin": "http://testserver"}


@pytest.fixture
def front(shared: Front) -> Front:
    return emptied(shared)


def form_of(text: str, action: str) -> dict[str, str]:
    """The hidden fields of a page's form."""
    (found,) = re.findall(rf'<form[^>]*action="{re.escape(action)}">(.*?)</form>', text, re.DOTALL)
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', found)
    return {name: unescape(value) for name, value in fields}


def send(front: Front, page: str, action: str, **typed: str) -> Any:
    """Opens the page, fills the form in and sends it, as a browser does."""
    text = front.http.get(page).text
    body = form_of(text, action) | typed
    return front.http.post(action, data=body, headers=OURS, follow_redirects=False)


def entered(front: Front) -> None:
    invited(front)
    front.http.cookies.clear()
    answer = send(front, "/sign-in", "/sign-in", name=NAME, password=WORDS)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account"), answer.text


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_person_signs_in_sees_the_account_and_signs_out(front: Front, lang: str) -> None:
    entered(front)
    text = front.http.get(f"/account?lang={lang}").text
    assert {"en": "Where you are signed in", "zh": "登录设备"}[lang] in text
    assert NAME in text
    answer = send(front, "/account", "/sign-out")
    assert answer.headers["location"] == "/sign-in?done=out"
    away = front.http.get("/account", follow_redirects=False)
    assert (away.status_code, away.headers["location"]) == (303, "/sign-in")
    assert front.rig.db.read(lambda s: len(s.exec(select(WebSession)).all())) == 1


def test_a_wrong_password_is_said_above_the_form_and_the_name_is_kept(front: Front) -> None:
    invited(front)
    front.http.cookies.clear()
    answer = send(front, "/sign-in", "/sign-in", name=NAME, password=OTHERS)
    assert answer.status_code == 409
    assert "Name and password do not go together." in answer.text
    assert f'value="{NAME}"' in answer.text and OTHERS not in answer.text


def test_a_form_without_its_token_or_with_anothers_is_refused(front: Front) -> None:
    invited(front)
    front.http.cookies.clear()
    text = front.http.get("/sign-in").text
    body = form_of(text, "/sign-in") | {"name": NAME, "password": WORDS}
    for wrong in ({}, {csrf.FIELD: ""}, {csrf.FIELD: csrf.form_token("another browser")}):
        bad = {name: value for name, value in body.items() if name != csrf.FIELD} | wrong
        answer = front.http.post("/sign-in", data=bad, headers=OURS)
        assert answer.status_code == 409 and "berth_session" not in answer.cookies
        assert "did not come from one of our pages" in answer.text
    strange = {"origin": "https://evil.example"}
    assert front.http.post("/sign-in", data=body, headers=strange).status_code == 409
    answer = front.http.post("/sign-in", data=body, headers=OURS, follow_redirects=False)
    assert answer.status_code == 303


@pytest.mark.parametrize("body", [b"\xff\xfe", b"a=1&" * 30, b"x=" + b"y" * 9000])
def test_what_is_no_form_of_ours_is_refused(front: Front, body: bytes) -> None:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert front.http.post("/sign-in", content=body, headers=OURS | kind).status_code == 409


def test_an_invited_person_signs_up_by_the_form(front: Front) -> None:
    code = front.post("/api/v1/invitations", "operator", {"role": "owner"}).json()["code"]
    page = f"/sign-up?invitation={code}"
    assert f'value="{code}"' in front.http.get(page).text
    typed = {"name": "anna", "password": WORDS, "invitation": code}
    answer = send(front, page, "/sign-up", **typed)
    assert answer.headers["location"] == "/account"
    assert "anna" in front.http.get("/account").text


def test_a_stranger_signs_up_with_the_code_that_was_mailed(front: Front) -> None:
    typed = {"name": "form@example.org", "password": WORDS, "invitation": ""}
    asked = send(front, "/sign-up", "/sign-up", **typed)
    assert asked.status_code == 200
    (code,) = mailed(front)
    body = form_of(asked.text, "/sign-up/code") | {"code": f" {code} ", "password": WORDS}
    answer = front.http.post("/sign-up/code", data=body, headers=OURS, follow_redirects=False)
    assert answer.headers["location"] == "/account"


def test_a_new_password_is_chosen_by_the_code_that_was_mailed(front: Front) -> None:
    typed = {"name": "forgot@example.org", "password": WORDS, "invitation": ""}
    asked = send(front, "/sign-up", "/sign-up", **typed)
    body = form_of(asked.text, "/sign-up/code") | {"code": mailed(front)[0], "password": WORDS}
    front.http.post("/sign-up/code", data=body, headers=OURS)
    front.http.cookies.clear()
    front.rig.clock.pass_s(61)
    page = send(front, "/password-reset", "/password-reset", name="forgot@example.org")
    body = form_of(page.text, "/password-reset/code")
    body |= {"code": mailed(front)[0], "password": OTHERS}
    answer = front.http.post(
        "/password-reset/code", data=body, headers=OURS, follow_redirects=False
    )
    assert answer.headers["location"] == "/sign-in?done=reset"
    answer = send(front, "/sign-in", "/sign-in", name="forgot@example.org", password=OTHERS)
    assert answer.status_code == 303


def test_the_account_page_changes_the_password_and_makes_and_revokes_a_key(front: Front) -> None:
    entered(front)
    typed = {"present": WORDS, "password": OTHERS}
    answer = send(front, "/account", "/account/password", **typed)
    assert answer.headers["location"] == "/account?done=password"
    made = send(front, "/account", "/account/keys", name="maps", scope="read")
    (key,) = re.findall(r'<code class="key">([0-9a-f]{64})</code>', made.text)
    headers = {"authorization": f"Bearer {key}"}
    assert front.http.get("/api/v1/balance", headers=headers).status_code == 200
    row = front.rig.db.read(lambda s: s.exec(select(AccessKey)).one())
    assert row.scope == "read"
    text = front.http.get("/account").text
    assert key not in text
    token = form_of(text, "/sign-out")
    body = token | {"id": row.id}
    front.http.post("/account/keys/end", data=body, headers=OURS)
    assert front.http.get("/api/v1/balance", headers=headers).status_code == 401


def test_another_persons_session_is_not_ended_by_a_form(front: Front) -> None:
    invited(front, name="victim")
    front.http.cookies.clear()
    victim = front.rig.db.read(lambda s: s.exec(select(WebSession)).one().id)
    entered(front)
    token = form_of(front.http.get("/account").text, "/sign-out")
    front.http.post("/account/sessions/end", data=token | {"id": victim}, headers=OURS)
    left = front.rig.db.read(lambda s: [row.id for row in s.exec(select(WebSession)).all()])
    assert victim in left


@pytest.mark.parametrize("page", ["/sign-in", "/sign-up", "/password-reset", "/account"])
def test_the_pages_have_no_script_and_no_style_inside(front: Front, page: str) -> None:
    entered(front)
    answer = front.http.get(page)
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert not re.search(r"<style|\sstyle=|<script(?![^>]*\bsrc=)|\son\w+=", answer.text)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", answer.text)
    for name in re.findall(
        r'<input(?![^>]*type="(?:hidden|checkbox)")[^>]*\bid="([^"]+)"', answer.text
    ):
        assert f'<label for="{name}">' in answer.text


def test_what_a_person_is_called_cannot_run(front: Front) -> None:
    entered(front)
    made = send(front, "/account", "/account/keys", name="<script>alert(1)</script>")
    assert "<script>alert" not in made.text and "&lt;script&gt;" in made.text


def test_whom_an_operator_gave_a_code_finds_a_field_for_it(front: Front) -> None:
    assert 'href="/password-reset?code"' in front.http.get("/password-reset").text
    page = front.http.get("/password-reset?code").text
    assert set(form_of(page, "/password-reset/code")) and 'name="code"' in page
    assert 'role="status"' not in page
