"""What anyone may read of a lot holds nobody's booking, account or plate; alarms are operators'."""

import re

import pytest
from sqlmodel import select

from cloud.entrypoints.http.roles import RULES
from cloud.tables import Alarm
from cloud.usecases import gateways, telemetry
from contracts.wire.messages import ChannelHealth, Telemetry
from tests.contracts.making import at
from tests.http.rig import Front

V1 = "/api/v1"
# Members of a reply that would be about a person.
MEMBERS = re.compile(r'"(?:booking|account|driver|owner|plate)[a-z_]*":')
NAMES = {"lot": "lot-1", "space": "S1"}
# Beside the API: what people and their browsers are shown of a lot.
PAGES = ("/", "/lots/lot-1", "/lots/lot-1?lang=zh", "/lots/lot-1/stream", "/docs/problems")
OPEN = [
    path.format(**NAMES)
    for (method, path), rule in RULES.items()
    if method == "GET" and not rule.roles and not set(re.findall(r"{(\w+)}", path)) - set(NAMES)
]


def troubled(front: Front) -> str:
    """A booking whose space another car has taken, and a sensor that has failed."""
    booking = front.booked()
    front.rig.clock.pass_s(120)
    front.rig.report("arrival", "occupied", 120)
    channel = ChannelHealth(name="us1", space="S1", fault="timeout", since=at(100))
    message = Telemetry(gateway="gw-1", at=at(120), clock="synced", channels=(channel,))
    front.rig.db.write(lambda s: telemetry.take(s, message, front.rig.clock.now()))
    sentence = f"The balance of account {front.rig.driver} moved; booking {booking}, 沪A54321."
    front.rig.db.write(
        lambda s: gateways.raise_alarm(s, "x", "books_differ", None, sentence, at(121))
    )
    return booking


def test_the_open_replies_about_a_lot_are_all_walked() -> None:
    assert {f"{V1}/lots/lot-1", f"{V1}/lots/lot-1/stream", "/v1/parking/occupancies"} <= set(OPEN)
    assert len(OPEN) >= 9


@pytest.mark.parametrize("path", [*OPEN, *PAGES])
def test_no_open_reply_holds_a_booking_an_account_or_a_plate(front: Front, path: str) -> None:
    booking = troubled(front)
    told = front.rig.db.read(lambda s: [row.sentence for row in s.exec(select(Alarm))])
    assert any(booking in sentence for sentence in told)
    answer = front.get(path)
    assert answer.status_code == 200, answer.text
    row = front.row(booking)
    secret = {booking, row.grant, row.request_key, "沪A54321", "沪A12345", "王伟", *told}
    assert [text for text in secret if text in answer.text] == []
    assert MEMBERS.search(answer.text) is None


def test_the_public_is_told_in_plain_words_that_a_sensor_has_failed(front: Front) -> None:
    troubled(front)
    found = front.get(f"{V1}/lots/lot-1").json()["out_of_order"]
    assert [one["space"] for one in found] == ["S1"]
    assert "A sensor at S1 is out of order" in front.get("/lots/lot-1").text
    assert "车位 S1 的传感器有故障" in front.get("/lots/lot-1?lang=zh").text


@pytest.mark.parametrize("who", ["", "owner", "driver"])
def test_alarms_are_not_for_those_who_are_no_operators(front: Front, who: str) -> None:
    troubled(front)
    answer = front.get(f"{V1}/lots/lot-1/alarms", who)
    assert answer.status_code == (403 if who else 401)


def test_an_operator_reads_every_alarm_with_what_to_do_in_both_languages(front: Front) -> None:
    booking = troubled(front)
    found = front.get(f"{V1}/lots/lot-1/alarms", "operator").json()
    assert {"books_differ", "sensor_timeout", "wrong_vehicle"} <= {one["code"] for one in found}
    assert any(booking in one["sentence"] for one in found)
    assert all(one["remedy_en"] and re.search(r"[\u4e00-\u9fff]", one["title_zh"]) for one in found)
    assert front.get(f"{V1}/lots/nowhere/alarms", "operator").status_code == 404
