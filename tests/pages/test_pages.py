"""Every page, in both languages, from rows in a real database."""

import re
from html import unescape

import pytest
from fastapi.testclient import TestClient

from cloud.entrypoints.http.words import STATES, WORDS
from tests.pages.making import HOSTILE, NOW_S, Town, later

LANGS = (("en", "en", 0), ("zh", "zh-CN", 1))
PAGES = ("/", "/receipt/check", "/lots/lot-1", "/bookings/b-1", "/bookings/b-1/receipt", "/lots/no")


def furnished(place: Town, state: str = "granted") -> None:
    place.lot()
    place.booking(state)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("lang", "tag", "index"), LANGS)
def test_pages_speak_the_language(
    place: Town, client: TestClient, path: str, lang: str, tag: str, index: int
) -> None:
    furnished(place, "settled")
    place.stay(departed=True)
    place.settlement()
    answer = client.get(path, headers={"accept-language": f"{tag},fr;q=0.5"})
    assert f'<html lang="{tag}">' in answer.text
    assert WORDS["brand.tag"][index] in answer.text
    assert WORDS["brand.tag"][1 - index] not in answer.text
    assert f"?lang={'zh' if lang == 'en' else 'en'}" in answer.text


def test_the_link_beats_the_cookie_and_the_cookie_the_browser(
    place: Town, client: TestClient
) -> None:
    chinese = '<html lang="zh-CN">'
    assert chinese in client.get("/?lang=zh", headers={"accept-language": "en"}).text
    assert chinese in client.get("/", headers={"accept-language": "en"}).text
    assert chinese not in client.get("/?lang=en").text
    assert chinese not in client.get("/?lang=../x", headers={"accept-language": "zh;q=x"}).text


def test_every_state_has_its_sign_and_its_word(place: Town, client: TestClient) -> None:
    furnished(place)
    for lang, _, index in LANGS:
        text = client.get(f"/lots/lot-1?lang={lang}").text
        for state in STATES:
            sign, word = WORDS[f"sign.{state}"][index], WORDS[f"state.{state}"][index]
            assert f'<text class="g" y="6">{sign}</text>' in text
            assert f'<b class="chip {state}" aria-hidden="true">{sign}</b> {word}' in text
            assert f'<g class="s {state}"' in text


def test_the_clock_is_the_lots_and_the_zone_has_a_name(place: Town, client: TestClient) -> None:
    place.lot()
    text = client.get("/lots/lot-1?lang=en").text
    assert "08:50:00" in text
    assert "China Standard Time" in text
    assert "Asia/Shanghai" in text


def test_a_hostile_name_is_only_text(place: Town, client: TestClient) -> None:
    place.lot(name=HOSTILE)
    for path in ("/", "/lots/lot-1"):
        text = client.get(path).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert(&#39;Lot&#39;)&lt;/script&gt; &amp; {key}" in text
    asked = client.get("/lots/%3Cscript%3Ealert(1)%22onload=x")
    assert asked.status_code == 404
    assert "<script>alert" not in asked.text
    assert '"onload' not in asked.text


def test_without_a_script_the_page_still_informs(place: Town, client: TestClient) -> None:
    place.lot()
    text = client.get("/lots/lot-1").text
    assert '<noscript><meta http-equiv="refresh" content="15"></noscript>' in text
    assert 'href="/lots/lot-1?lang=zh"' in text


@pytest.mark.parametrize("path", ["/lots/none", "/bookings/none", "/bookings/none/receipt"])
def test_what_is_not_there_says_what_to_do(client: TestClient, path: str) -> None:
    answer = client.get(path)
    kind = path.split("/")[1].rstrip("s")
    assert answer.status_code == 404
    assert WORDS[f"missing.{kind}.do"][0] in answer.text
    if not path.endswith("receipt"):
        assert client.get(path + "/stream").status_code == 404


@pytest.mark.parametrize("path", PAGES)
def test_headers_are_strict(place: Town, client: TestClient, path: str) -> None:
    furnished(place)
    answer = client.get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script>", answer.text)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", answer.text)


def test_static_files_keep_until_they_change(client: TestClient) -> None:
    address = re.search(r'href="(/static/berth.css[^"]*)"', client.get("/").text)
    assert address
    answer = client.get(address[1])
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    assert client.get("/static/berth.js").headers["cache-control"] == "no-cache"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_silent_gateway_is_named_with_what_to_do(place: Town, client: TestClient) -> None:
    place.lot()
    later(place.clock, 30)
    text = client.get("/lots/lot-1").text
    assert WORDS["gateway.silent"][0] in text
    assert WORDS["gateway.do"][0] in text


def test_of_alarms_the_public_reads_only_that_a_sensor_is_out_of_order(
    place: Town, client: TestClient
) -> None:
    place.lot()
    place.alarm("unbooked", "lot-1.A01")
    place.alarm("sensor_timeout", "lot-1.A03")
    for lang, _, index in LANGS:
        text = client.get(f"/lots/lot-1?lang={lang}").text
        assert WORDS["sensors.out.at"][index].format(space="lot-1.A03") in text
        assert WORDS["alarm.unbooked"][index] not in text
        assert "Look." not in text


def test_the_pass_says_where_when_and_what_it_costs(place: Town, client: TestClient) -> None:
    furnished(place, "active")
    place.stay()
    text = client.get("/bookings/b-1").text
    assert '<p class="number">B03</p>' in text
    assert WORDS["pass.stop"][0] in text
    assert "沪A12345" not in text
    assert "沪A***45" in text
    assert "45 min" in text
    for rule in (
        "CNY\u00a06.00 an hour, counted in steps of 1 min.",
        "The first 15 min are free.",
        "Never more than CNY\u00a030.00 for the booked time.",
        "10 min of grace after the end cost nothing.",
        "After the grace: 150% of the price, CNY\u00a09.00 an hour.",
        "You may come up to 30 min early.",
        "No car 1 h after the start: the space is released and the hold goes back.",
    ):
        assert f"<li>{rule}</li>" in text
    assert text.count('<li class="done">') == 3
    assert text.count('aria-current="step"') == 1


@pytest.mark.parametrize("state", ["cancelled", "no_show"])
def test_an_ended_booking_waits_for_nothing(place: Town, client: TestClient, state: str) -> None:
    furnished(place, state)
    text = client.get("/bookings/b-1").text
    assert WORDS[f"booking.{state}"][0] in text
    assert 'aria-current="step"' not in text
    assert WORDS["pass.stop"][0] not in text
    steps = re.findall(r'<li class="(done[^"]*)"><span>([^<]*)</span><span[^>]*>([^<]*)', text)
    assert steps == [
        ("done", "Booked", steps[0][2]),
        ("done ended", WORDS[f"step.{state}"][0], "07:59"),
    ]
    for word in ("step.granted", "ahead.granted", "ahead.active", "ahead.settled"):
        assert WORDS[word][0] not in text


def test_what_is_still_to_come_does_not_read_as_done(place: Town, client: TestClient) -> None:
    furnished(place, "active")
    place.stay()
    for lang, _, index in LANGS:
        text = client.get(f"/bookings/b-1?lang={lang}").text
        assert f"<span>{WORDS['step.active'][index]}</span>" in text
        assert f"<span>{WORDS['ahead.completed'][index]}</span>" in text
        assert f"<span>{WORDS['step.completed'][index]}</span>" not in text


def test_a_bill_says_why_its_minutes_are_fewer(place: Town, client: TestClient) -> None:
    furnished(place, "settled")
    place.stay(departed=True)
    place.settlement()
    certain = "Of 1 h 30 min, 1 h 28 min 16 s are beyond doubt: only these are billed"
    booking, receipt = (client.get(path).text for path in PAGES[3:5])
    assert certain in booking
    assert certain in receipt
    assert "in whole steps of 1 min." in receipt
    assert "Not billed: ±1 s on arrival and ±1 s on leaving." in receipt
    assert "Not billed: 1 min 42 s in which the sensors" in receipt
    assert "of grace" not in receipt
    assert "其中 1 小时 28 分钟 16 秒 确凿无疑" in client.get("/bookings/b-1/receipt?lang=zh").text


def test_numbers_of_events_are_short_and_money_and_zones_have_names(
    place: Town, client: TestClient
) -> None:
    furnished(place, "settled")
    place.stay(departed=True)
    place.settlement()
    receipt = client.get("/bookings/b-1/receipt").text
    assert '<span title="epoch 1">event 9</span> · <strong>Departure</strong>' in receipt
    assert "2026-05-01 08:05:00 UTC+08:00" in receipt
    assert WORDS["receipt.utc"][0] not in receipt
    assert "¥8.80" in client.get("/bookings/b-1/receipt?lang=zh").text
    assert '<span title="epoch 1">up to event 9</span>' in client.get("/lots/lot-1?lang=en").text


@pytest.mark.parametrize("path", ["/nope", "/lots", "/static/none.css", "//elsewhere.test/x"])
def test_a_person_who_is_lost_gets_a_page_and_a_program_an_answer(
    client: TestClient, path: str
) -> None:
    lost = client.get("http://testserver" + path, headers={"accept": "text/html,*/*;q=0.8"})
    assert lost.status_code == 404
    assert WORDS["missing.page.do"][0] in lost.text
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", lost.text)
    assert client.get("http://testserver" + path).json() == {"detail": "Not Found"}


def test_the_interface_never_answers_with_a_page(client: TestClient) -> None:
    answer = client.get("/api/v1/nope", headers={"accept": "text/html"})
    assert answer.json() == {"detail": "Not Found"}


def test_a_driver_is_warned_before_it_costs(place: Town, client: TestClient) -> None:
    furnished(place, "active")
    later(place.clock, 7300 - NOW_S)
    assert (
        "Your time ended at 10:00. Free until 10:10, then 150%" in client.get("/bookings/b-1").text
    )
    place.booking("confirmed", "b-2", "lot-1.A03", command="refused")
    assert WORDS["grant.refused"][0] in client.get("/bookings/b-2").text


def test_a_settled_booking_shows_its_bill_and_receipt(place: Town, client: TestClient) -> None:
    furnished(place, "settled")
    place.stay(departed=True)
    made = place.settlement(paid=False)
    text = client.get("/bookings/b-1").text
    assert f"CNY\u00a0{made.total_minor / 100:.2f}" in text
    assert "Batch 1 is final in block 9" in text
    assert WORDS["bill.unpaid"][0] in text
    assert 'href="/bookings/b-1/receipt"' in text
    assert 'href="/api/v1/bookings/b-1/receipt"' in text


def test_without_a_receipt_the_page_says_when_there_is_one(place: Town, client: TestClient) -> None:
    furnished(place)
    answer = client.get("/bookings/b-1/receipt")
    assert answer.status_code == 404
    assert WORDS["receipt.none.do"][0] in unescape(answer.text)


def test_the_drivers_page_is_small(place: Town, client: TestClient) -> None:
    furnished(place)
    page = client.get("/bookings/b-1")
    files = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)
    script = next(len(client.get(name).content) for name in files if ".js" in name)
    whole = len(page.content) + sum(len(client.get(name).content) for name in set(files))
    assert whole < 40_000
    assert script < 4_000
