"""The proof page in a real browser: 320 px wide, dark, printed, and told lies."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect, sync_playwright

from tests.contracts.making import charge, credit_of, pending, receipt
from tests.contracts.test_charge import PENDING as PENDING_CHARGE
from tests.contracts.test_pending import PENDING
from tests.pages.making import town

# Skips where there is no browser.
from tests.pages.test_browser import (
    ARGS,
    CHROMIUM,
    PATIENCE_MS,
    scrolls_sideways,
    serving,
    small_targets,
)
from tests.receipts.drawn import a_receipt, answers
from tests.receipts.judged import mutated_case
from tests.receipts.priced import rich_receipt

Opened = tuple[Browser, str]
BY_THE_FILE = "PASS for what the file itself shows; the chain was not asked."


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """One browser and one server for all: each test has a page of its own."""
    with town(Path(tmp_path_factory.mktemp("town"))) as made:
        made.lot()
        made.booking("settled")
        made.settlement()
        with serving(made) as port, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
            yield browser, f"http://127.0.0.1:{port}"
            browser.close()


@contextmanager
def proof(place: Opened, path: str, zone: str = "Europe/Berlin") -> Iterator[Page]:
    """The page in a narrow dark window, which may say nothing on its console."""
    problems: list[str] = []
    browser, server = place
    page = browser.new_page(
        viewport={"width": 320, "height": 640},
        locale="en-GB",
        color_scheme="dark",
        timezone_id=zone,
    )
    page.set_default_timeout(PATIENCE_MS)
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(server + path)
    yield page
    page.close()
    assert problems == []


def test_an_issued_receipt_is_verified_and_told_in_words(place: Opened) -> None:
    with proof(place, "/proof/b-1") as page:
        expect(page.locator("#verdict")).to_contain_text(BY_THE_FILE)
        expect(page.locator("#verdict")).to_contain_text(
            "10 links that it shows hold, if ledger 0x"
        )
        expect(page.locator("#verdict")).to_contain_text("whether the stay was settled again")
        expect(page.locator("#verdict")).to_contain_text("the registrar named the real gateway.")
        assert not page.is_visible('[data-link="titles"]')
        expect(page.locator("#untitled")).to_contain_text("Not shown: whether the space was")
        text = page.inner_text("#statement").replace("\u00a0", " ")
        assert not scrolls_sideways(page)
        assert small_targets(page) == []
        page.emulate_media(media="print")
        assert not page.is_visible("#given")
        assert page.is_visible("#statement")
    assert "2026-05-01 08:05:00 (00:05:00 UTC), give or take 1 s, clock in step" in text
    assert "2026-05-01 08:05:01 – 08:33:19 (00:05:01 – 00:33:19 UTC)" in text
    assert "Times in the lot's time zone, Asia/Shanghai, with UTC in brackets." in text
    assert "Parking: 1 hr 28 mins at CNY 6.00 an hour" in text
    assert "1 min 44 secs are not billed" in text


def test_a_price_by_a_timetable_explains_itself_line_by_line(place: Opened) -> None:
    with proof(place, "/proof", zone="Asia/Shanghai") as page:
        page.fill("#text", rich_receipt().model_dump_json())
        page.click("#given button")
        expect(page.locator("#verdict.pass")).to_be_visible()
        text = page.inner_text("#statement").replace("\u00a0", " ")
        assert not scrolls_sideways(page)
    assert "Agreed: the rates of the timetable in the file, in whole steps of 30 s" in text
    first = "2026-05-01 08:00:00 – 08:30:00 (00:00:00 – 00:30:00 UTC)"
    assert f"Parking in {first}: 23 mins 19 secs at CNY 6.20 an hour" in text
    assert "No more than CNY 5.20 for 2026-05-01 07:00:00 – 09:00:00" in text
    assert "Booking fee" in text
    assert "Tax, 6 %" in text
    assert "Rounded to whole CNY 0.10" in text


def test_a_pasted_lie_is_named_in_words_and_by_a_sign(place: Opened) -> None:
    plain = json.loads(a_receipt(3).receipt.model_dump_json())
    plain["total_minor"] += 1
    with proof(place, "/proof?lang=zh") as page:
        page.fill("#text", json.dumps(plain))
        page.click("#given button")
        wrong = page.locator("li.fail")
        expect(wrong).to_have_count(2)
        said = wrong.all_inner_texts()
        assert page.is_visible("#broken")
        assert not scrolls_sideways(page)
    assert all("✗ 未通过" in one for one in said)
    assert "计算正确" in said[0]


@pytest.mark.parametrize(("lang", "code"), [("en", "Nobody came"), ("zh", "未到场")])
def test_a_charge_is_shown_with_who_pays_whom_and_what_no_file_can_prove(
    place: Opened, lang: str, code: str
) -> None:
    made = charge()
    with proof(place, f"/proof?lang={lang}") as page:
        page.fill("#text", made.model_dump_json())
        page.click("#given button")
        expect(page.locator("#verdict.pass")).to_contain_text(
            "the operator's word." if lang == "en" else "以运营方所言为准"
        )
        said = page.inner_text("#due").replace("\u00a0", " ")
        assert page.locator("li.pass").count() == 5
        assert not page.is_visible("#statement") and not page.is_visible("#untitled")
        assert not scrolls_sideways(page)
        page.fill("#text", charge(amount_minor=501).model_dump_json())
        page.click("#given button")
        expect(page.locator("li.fail")).to_have_count(1)
        assert page.is_visible("#broken")
        page.fill("#text", json.dumps(PENDING_CHARGE))
        page.click("#given button")
        expect(page.locator("#verdict.wait")).to_contain_text(str(made.record.stay))
        assert not page.is_visible("#due")
    assert "5.00" in said and code in said and str(made.record.stay) in said


def test_the_browser_judges_files_as_node_and_python_do(place: Opened) -> None:
    kinds = "another_value", "byte_changed", "name_twice", "cut_or_wrapped"
    lies = [case for case in map(mutated_case, range(40)) if case.name.startswith(kinds)][:10]
    with proof(place, "/proof") as page:
        for case in lies:
            file = FilePayload(name="r.json", mimeType="application/json", buffer=case.data)
            page.evaluate("document.getElementById('verdict').className = ''")
            page.set_input_files("#file", files=[file])
            expect(page.locator("#verdict.fail")).to_be_visible()
    assert len(lies) == 10


def test_a_node_of_the_readers_tells_what_the_chain_knows(place: Opened) -> None:
    """The node is on another origin, and the page's own policy lets it be asked."""
    made = a_receipt(4).receipt
    told = answers(made)

    with proof(place, "/proof") as page:

        def answer(route: object) -> None:
            asked = route.request.post_data_json  # type: ignore[attr-defined]
            key = json.dumps([asked["method"], asked["params"]], separators=(",", ":"))
            body = {"jsonrpc": "2.0", "id": 1, "result": told.get(key)}
            if told.get(key) is None:
                body = {"jsonrpc": "2.0", "id": 1, "error": {"message": "missing trie node"}}
            allowed = {"access-control-allow-origin": "*", "access-control-allow-headers": "*"}
            route.fulfill(json=body, headers=allowed)  # type: ignore[attr-defined]

        page.route("https://node.example/**", answer)
        page.fill("#text", made.model_dump_json())
        page.fill("#node", "https://node.example/rpc")
        page.click("#given button")
        expect(page.locator("#verdict")).to_have_text(
            f"PASS: all {16 + 2 * (made.title is not None)} links that it shows hold, as the node "
            f"you named says, if ledger {made.chain.ledger} is your operator's. It shows this one "
            f"settlement of stay {made.record.stay}: whether the stay was settled again, the "
            "ledger's log tells. The gateway's key is the registrar's word: it proves the stay if "
            "the registrar named the real gateway."
        )
        assert page.is_visible("#untitled") == (made.title is None)
        then = f'"{hex(made.chain.block_number)}"]'
        told |= {asked: None for asked in told if then in asked}
        page.click("#given button")
        expect(page.locator("#verdict.wait")).to_contain_text(
            "Not learnt, as the node does not tell it"
        )
        page.unroute_all()


def test_a_silent_node_is_no_verdict_on_the_receipt(place: Opened) -> None:
    with proof(place, "/proof/b-1") as page:
        page.route("https://node.example/**", lambda route: route.fulfill(json={}))
        page.fill("#node", "https://node.example/rpc")
        page.click("#given button")
        expect(page.locator("#silent")).to_be_visible()
        expect(page.locator("#verdict")).to_contain_text(BY_THE_FILE)


def test_this_operators_own_node_is_named_as_such(place: Opened) -> None:
    made = a_receipt(4).receipt
    told = answers(made)

    def answer(route: object) -> None:
        asked = route.request.post_data_json  # type: ignore[attr-defined]
        key = json.dumps([asked["method"], asked["params"]], separators=(",", ":"))
        route.fulfill(json={"jsonrpc": "2.0", "id": 1, "result": told.get(key)})  # type: ignore[attr-defined]

    with proof(place, "/proof?lang=zh") as page:
        page.route("**/proof/node", answer)
        page.fill("#text", made.model_dump_json())
        page.fill("#node", "/proof/node")
        page.click("#given button")
        expect(page.locator("#verdict")).to_contain_text("依据本运营方自己的节点")
        expect(page.locator("#verdict")).to_contain_text(f"账本 {made.chain.ledger} 属于你的运营方")
        page.unroute_all()


@pytest.mark.parametrize(
    ("zone", "arrived", "note"),
    [
        ("America/New_York", "2026-04-30 20:05:00 (2026-05-01 00:05:00 UTC)", "this device's"),
        ("Asia/Tokyo", "2026-05-01 09:05:00 (00:05:00 UTC)", "Asia/Tokyo"),
        ("UTC", "2026-05-01 00:05:00 UTC, give", "Times in UTC."),
    ],
)
def test_a_receipt_of_an_unknown_lot_has_its_readers_time_and_utc(
    place: Opened, zone: str, arrived: str, note: str
) -> None:
    with proof(place, "/proof", zone) as page:
        page.fill("#text", receipt().model_dump_json())
        page.click("#given button")
        expect(page.locator("#verdict.pass")).to_be_visible()
        text = page.inner_text("#statement")
    assert arrived in text
    assert note in text


def test_a_pasted_receipt_leaves_the_zone_of_the_lot_whose_page_it_is(place: Opened) -> None:
    with proof(place, "/proof/b-1?lang=zh") as page:
        expect(page.locator("#statement")).to_contain_text("2026-05-01 08:05:00（UTC 00:05:00）")
        page.fill("#text", a_receipt(3).receipt.model_dump_json())
        page.click("#given button")
        expect(page.locator("#statement")).to_contain_text("本设备的时区（Europe/Berlin）")


def test_a_credit_is_told_in_words_above_the_receipt_that_it_corrects(place: Opened) -> None:
    made = credit_of(receipt())
    with proof(place, "/proof") as page:
        # Nothing is asked for: it works where there is no network.
        page.context.set_offline(True)
        page.fill("#text", made.model_dump_json())
        page.click("#given button")
        expect(page.locator("#verdict")).to_contain_text("All 12 links that it shows hold")
        expect(page.locator("#verdict")).to_contain_text("this one credit of stay 1, and no others")
        said = page.inner_text("#back").replace("\u00a0", " ")
        assert not scrolls_sideways(page)
        page.emulate_media(media="print")
        assert page.is_visible("#back")
        page.context.set_offline(False)
    assert "CNY 3.00 of the CNY 8.80 of stay 1" in said
    assert "The sensor was covered." in said
    assert "2 to 3" in said


def test_a_credit_with_another_reason_is_named(place: Opened) -> None:
    plain = json.loads(credit_of(receipt()).model_dump_json()) | {"reason": "Goodwill."}
    with proof(place, "/proof?lang=zh") as page:
        page.fill("#text", json.dumps(plain))
        page.click("#given button")
        expect(page.locator("#verdict.fail")).to_contain_text("退还的是这次结算")
        assert page.is_visible("#broken")


def test_a_pending_receipt_is_no_verdict_and_its_draft_is_checked(place: Opened) -> None:
    with proof(place, "/proof") as page:
        page.fill("#text", pending().model_dump_json())
        page.click("#given button")
        expect(page.locator("#verdict.wait")).to_have_text(
            "PENDING: stay 1 is not on the chain yet. All 10 links that this file can show "
            "already hold. Ask again later."
        )
        assert page.is_visible('[data-link="arithmetic"]')
        assert not page.is_visible("#place")
        changed = json.loads(pending().model_dump_json())
        changed["draft"]["total_minor"] += 1
        page.fill("#text", json.dumps(changed))
        page.click("#given button")
        expect(page.locator("#verdict.fail")).to_be_visible()


def test_an_empty_form_and_a_bare_pending_receipt_are_no_verdict(place: Opened) -> None:
    with proof(place, "/proof") as page:
        page.click("#given button")
        expect(page.locator("#empty")).to_have_text("Choose or paste a receipt.")
        assert not page.is_visible("#found")
        page.fill("#text", json.dumps(PENDING))
        page.click("#given button")
        expect(page.locator("#verdict.wait")).to_have_text(
            "PENDING: stay 7 is not on the chain yet. This file carries nothing that could be "
            "checked already. Ask again later."
        )
        assert not page.is_visible("#empty")
        assert not page.is_visible("#statement")
