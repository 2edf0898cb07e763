"""A bill by a timetable: each line says its stretch and rate, in both languages."""

from fastapi.testclient import TestClient

from cloud.core.compensation import STANDARD
from cloud.entrypoints.http import pages_bill, pages_driver
from cloud.entrypoints.http.pages_speech import Speech
from contracts.ledger.pricing import Rate, Stretch, Tariff, Terms, Window
from tests.contracts import making
from tests.receipts.priced import a_stay, rich_receipt

RICH = rich_receipt()
ZONE = "Asia/Shanghai"
SPACE = "\u00a0"


AGREED = {
    "starts_at": "2026-05-01T00:00:00.000Z",
    "ends_at": "2026-05-01T02:00:00.000Z",
    "compensation": STANDARD.model_dump(mode="json"),
}


def shown(client: TestClient, lang: str) -> str:
    page = client.post(f"/receipt/check?lang={lang}", data={"text": RICH.model_dump_json()})
    return str(page.text).replace(SPACE, " ")


def test_each_line_of_the_bill_says_its_stretch_and_rate_in_both_languages(
    client: TestClient,
) -> None:
    english, chinese = shown(client, "en"), shown(client, "zh")
    assert "All 10 links that it shows hold." in english
    assert "at the price of 1 May 2026, 00:00 – 00:30: CNY 6.20 an hour" in english
    assert "按 2026年5月1日, 00:00 – 00:30 的价格：每小时 ¥6.20" in chinese
    for said in (english, chinese):
        assert said.count("<tr><td>") == len(RICH.lines)
    for english_word, chinese_word in (
        ("Day's cap reached", "已达当日封顶"),
        ("Booking fee", "预订费"),
        ("Tax", "税"),
        ("Rounding", "取整"),
    ):
        assert f"<td>{english_word.replace(chr(39), '&#39;')}" in english
        assert f"<td>{chinese_word}" in chinese


def test_the_rules_tell_all_that_a_tariff_asks_and_nothing_else() -> None:
    english, chinese = Speech("en", ZONE), Speech("zh", ZONE)
    tariff = RICH.tariff
    said = [line.replace(SPACE, " ") for line in pages_bill.rules(tariff, english)]
    assert said[0] == "The price goes by the clock of the lot, in steps of 30 s:"
    assert said[1] == "1 May 2026, 07:00 – 07:30: CNY 6.00 an hour."
    assert "after 1 h 6 min 40 s of parking: CNY 3.00 an hour." in said[2]
    assert said[-8:] == [
        "At any other time: CNY 4.50 an hour.",
        "The first 5 min are free.",
        "Never more than CNY 5.20 a day for the booked time.",
        "Never more than CNY 9.00 for the booked time.",
        "Never less than CNY 0.20, once any time beyond the free minutes is counted.",
        "Booking costs CNY 0.75, once.",
        "6% tax is added.",
        "The sum is rounded to CNY 0.10.",
    ]
    late = [line.replace(SPACE, " ") for line in pages_bill.late_rules(tariff, english)]
    assert late == [
        "After the grace: CNY 7.00 an hour.",
        "10 min past the grace and later: CNY 14.00 an hour.",
    ]
    assert len(pages_bill.rules(tariff, chinese)) == len(said)
    flat = Tariff(id="t", version=1, currency="CNY", per_hour_minor=600)
    assert len(pages_bill.rules(flat, english)) == 1


def test_a_timetable_too_long_to_tell_says_how_much_of_it_is_not_told() -> None:
    """Else all that is not told would seem to cost the base rate."""
    long = timed(pages_bill.MAX_TOLD + 3)
    for lang, more in (("en", "3 more stretches"), ("zh", "另有 3 个时段")):
        said = pages_bill.rules(long, Speech(lang, ZONE))
        assert len(said) == 1 + pages_bill.MAX_TOLD + 2
        assert more in said[-2]
    whole = pages_bill.rules(timed(pages_bill.MAX_TOLD), Speech("en", ZONE))
    assert len(whole) == 1 + pages_bill.MAX_TOLD + 1


def timed(count: int) -> Tariff:
    stretches = tuple(
        Stretch(
            starts_at=making.at(n * 3600),
            ends_at=making.at(n * 3600 + 3600),
            rates=(Rate(after_s=0, per_hour_minor=n),),
        )
        for n in range(count)
    )
    return making.TARIFF.model_copy(update={"timetable": stretches, "cap_minor": None})


def test_a_late_stop_longer_than_the_grace_is_what_is_not_billed() -> None:
    window = Window(starts_at=making.at(0), ends_at=making.at(3600))
    late = a_stay(making.TARIFF, window, [0, 10, 20, 4200], Terms(late_stop_s=1200))
    said = [line.replace(SPACE, " ") for line in pages_bill.of_receipt(late, Speech("en", ZONE))]
    assert "Not billed: up to 20 min of grace after the booked time." in said


def test_the_drivers_page_tells_the_late_stop_where_it_is_longer_than_the_grace() -> None:
    english = Speech("en", ZONE)
    view = {
        "tariff": making.TARIFF.model_dump(mode="json"),
        "terms": Terms(late_stop_s=1200).model_dump(),
        "grant": "held",
        "state": "active",
        **AGREED,
    }
    rules = [line.replace(SPACE, " ") for line in pages_driver.rules(view, english)]
    assert "20 min of grace after the end cost nothing." in rules
    said = pages_driver.warning(view, "2026-05-01T02:05:00.000Z", english)
    assert said is not None
    assert "Free until 10:20" in said


def test_what_not_coming_or_cancelling_late_costs_is_told_before_it_does() -> None:
    terms = Terms(no_show_fee_minor=500, cancel_until_s=7200, cancel_fee_minor=300)
    tariff = making.TARIFF.model_dump(mode="json")
    view = {"tariff": tariff, "terms": terms.model_dump(), **AGREED}
    english = [s.replace(SPACE, " ") for s in pages_driver.rules(view, Speech("en", ZONE))]
    chinese = [s.replace(SPACE, " ") for s in pages_driver.rules(view, Speech("zh", ZONE))]
    assert "Not coming costs CNY 5.00." in english
    assert "Cancelling less than 2 h before the start costs CNY 3.00." in english
    assert any("未到场" in s and "5.00" in s for s in chinese)
    assert any("取消" in s and "3.00" in s for s in chinese)
    plain = pages_driver.rules({**view, "terms": Terms().model_dump()}, Speech("en", ZONE))
    assert len(plain) == len(english) - 2


def test_what_was_paid_back_comes_off_the_total() -> None:
    credits = [{"amount_minor": 390, "paid_minor": None}, {"amount_minor": 100, "paid_minor": 60}]
    view = {"settlement": {"amount_minor": 880}, "credits": credits, "currency": "CNY"}
    told = pages_driver.net(view, Speech("en", ZONE))
    assert told is not None
    assert {name: text.replace(SPACE, " ") for name, text in told.items()} == {
        "back": "-CNY 4.50",
        "left": "CNY 4.30",
    }
    assert pages_driver.net({**view, "credits": []}, Speech("en", ZONE)) is None
    assert pages_driver.net({**view, "settlement": None}, Speech("en", ZONE)) is None


def test_a_line_of_overstay_is_not_told_as_if_all_of_its_stretch_were_billed(
    client: TestClient,
) -> None:
    """The stretch is the tariff's, of which the bill has some minutes only."""
    said = shown(client, "en")
    timed_lines = [line for line in RICH.lines if line.starts_at and line.billed_s]
    assert timed_lines
    assert said.count("at the price of 1 May 2026") == len(timed_lines)
