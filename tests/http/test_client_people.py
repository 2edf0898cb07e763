"""Whole ways of drivers and owners through the client, over the real API."""

import re
from datetime import date, timedelta
from itertools import islice

import pytest

from cloud.client import Client, Problem, Window
from cloud.client.shapes_asked import Price, Schedule
from tests.cloud.test_stays import park
from tests.contracts.making import at
from tests.http.rewrite import ROOT
from tests.http.rig import PAPER, Front

WINDOW = Window(starts_at=at(60), ends_at=at(3660))
PLACE = (31.2304, 121.4737)
WEEK: Schedule = {
    "weekly": [
        {"days": ["mon", "tue", "wed", "thu", "fri"], "from_min": 480, "to_min": 1140},
        {"days": ["sat", "sun"], "from_min": 0, "to_min": 1440, "holidays": "closed"},
    ],
    "exceptions": [{"first": "2026-12-24", "last": "2026-12-26"}],
}
PRICE: Price = {
    "per_hour_minor": 600,
    "elements": [{"per_hour_minor": 200, "from_min": 1320, "to_min": 360}],
}


def person(front: Front, who: str = "") -> Client:
    return Client(front.http, front.keys.get(who, ""), pause=lambda _: None)


def booked(driver: Client) -> str:
    return driver.book("S1", WINDOW, "沪A12345", 600, "a key of my own")["id"]


def test_a_driver_extends_moves_and_changes_the_plate_at_the_quote_that_was_told(
    front: Front,
) -> None:
    driver = person(front, "driver")
    booking = booked(driver)
    longer = Window(starts_at=WINDOW.starts_at, ends_at=WINDOW.ends_at + timedelta(minutes=30))
    quote = driver.quote_change(booking, longer)
    assert quote["quoted_minor"] == 900 == sum(line["amount_minor"] for line in quote["lines"])
    for _ in "12":
        assert driver.extend(booking, longer.ends_at, 900, "key-longer")["id"] == booking
    assert driver.balance()["held_minor"] == 900
    later = Window(starts_at=at(7200), ends_at=at(10_800))
    price = driver.quote_change(booking, later)["quoted_minor"]
    driver.change_window(booking, later, price, "key-later")
    driver.change_plate(booking, "沪B67890", "key-plate")
    view = driver.booking(booking)
    assert (view["quoted_minor"], view["plate"]) == (600, "沪B***90")
    with pytest.raises(Problem) as refused:
        driver.extend(booking, at(14_400), 1, "key-cheap")
    assert refused.value.code == "price_changed"


def test_a_driver_whose_space_is_taken_is_helped_in_one_call(front: Front) -> None:
    driver = person(front, "driver")
    booking = booked(driver)
    front.rig.clock.pass_s(30)
    front.rig.report("arrival", "occupied", 20)
    helped = [driver.space_taken(booking, "refund", "key-taken") for _ in "12"]
    assert helped[0]["dispute"] == helped[1]["dispute"] and helped[0]["seen"] == "occupied"
    assert driver.balance()["held_minor"] == 0
    assert driver.disputes()[0]["id"] == helped[0]["dispute"]
    assert driver.notices() and driver.contact()["language"] in ("en", "zh")


def test_a_driver_disputes_a_stay_and_reads_receipt_and_credits(front: Front) -> None:
    booking, driver = park(front.rig), person(front, "driver")
    front.rig.settle()
    front.rig.sweeps.drive()
    stay = driver.booking(booking)["stay"]
    assert stay is not None
    about = "left_earlier"
    case = driver.open_dispute({"stay": stay["number"], "about": about, "text": "x"}, "key-case")
    assert driver.dispute(case["id"]) == case and case["state"] == "open"
    decision = {"verdict": "credit", "amount_minor": 100, "reason": "Looked at it."}
    front.post(f"/api/v1/disputes/{case['id']}/decision", "operator", decision)
    front.rig.settle()
    assert driver.receipt(booking).startswith("{")
    (credit,) = driver.credits_of(booking)
    assert credit["amount_minor"] == 100
    assert [row["number"] for row in islice(driver.credits(), 5)] == [credit["number"]]
    assert driver.credit_file(booking, credit["number"]).startswith("{")
    assert driver.charges_of(booking) == [] == list(driver.charges())
    assert driver.trust()["of"] == 100.0


def test_a_dispute_is_taken_back_and_contact_is_set(front: Front) -> None:
    park(front.rig)
    front.rig.settle()
    driver = person(front, "driver")
    case = driver.open_dispute({"stay": 1, "about": "wrong_price"}, "key-case")
    assert driver.withdraw_dispute(case["id"])["state"] == "withdrawn"
    made = driver.set_contact({"channel": "email", "address": "a@example.org", "language": "en"})
    assert driver.contact() == made


def test_an_owner_offers_by_the_week_with_holidays_exceptions_and_rates(front: Front) -> None:
    owner = person(front, "owner")
    cost = owner.preview_offer("S1", WEEK, PRICE)
    assert cost["bookings"] == 0
    made = owner.offer("S1", WEEK, PRICE, "key-week", terms={"grace_s": 900}, name_shown=True)
    shown = next(row for row in owner.offers() if row["id"] == made["id"])
    assert shown["schedule"]["weekly"][1]["holidays"] == "closed"
    assert shown["schedule"]["exceptions"][0]["first"] == "2026-12-24"
    assert shown["tariff"]["elements"][0]["per_hour_minor"] == 200
    assert shown["terms"]["grace_s"] == 900
    assert owner.withdrawal_cost(made["id"])["bookings"] == 0
    assert owner.withdraw_offer(made["id"])["id"] == made["id"]


def test_an_owner_sends_a_paper_of_a_kind_that_is_listed(front: Front) -> None:
    owner = person(front, "owner")
    kinds = [row["kind"] for row in owner.document_kinds()]
    made = owner.send_document("S1", kinds[0], PAPER, date(2030, 1, 31))
    assert (made["kind"], made["valid_until"]) == (kinds[0], "2030-01-31")
    assert [row["id"] for row in owner.documents()] == [made["id"]]
    assert front.get(f"/api/v1/documents/{made['id']}/file", "owner").content == PAPER


def test_an_owner_takes_a_space_back_as_it_was_shown_and_names_cars(front: Front) -> None:
    booking, owner = front.booked(), person(front, "owner")
    plan = owner.plan_taking_back("S1", WINDOW)
    assert len(plan["bookings"]) == 1
    made = owner.take_back("S1", WINDOW, plan["token"], "key-back")
    assert made["space"] == "S1" and front.row(booking).state == "cancelled"
    assert owner.add_plate("S1", "沪C24680")["plates"] == ["沪C24680"]
    assert owner.plates("S1") == owner.add_plate("S1", "沪C24680")
    assert owner.remove_plate("S1", "沪C24680")["plates"] == []


def test_the_example_of_the_readme_runs(front: Front, capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    server = 'Client("http://127.0.0.1:8000", key="9f...")'
    assert server in block
    exec(block.replace(server, "here"), {"here": person(front, "driver")})
    assert capsys.readouterr().out.split()[1] == "900"
