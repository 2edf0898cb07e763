"""Disputes, their evidence, trust and appeals over HTTP, to the end that each should have."""

from typing import Any

from sqlmodel import Session

from cloud.usecases import trust
from tests.cloud.test_stays import park
from tests.http.rig import Front

V1 = "/api/v1"
SAID = "Looked at it."


def parked(front: Front) -> str:
    """A stay of 29 minutes that was settled; its number is 1."""
    booking = park(front.rig)
    front.rig.settle()
    front.rig.sweeps.drive()
    return booking


def disputed(front: Front, who: str = "driver") -> Any:
    asked = {"stay": 1, "about": "left_earlier", "text": "I left at 08:20."}
    return front.post(f"{V1}/disputes", who, asked, idempotency_key="key-dispute")


def logged(front: Front) -> list[tuple[str, str]]:
    rows = front.get(f"{V1}/audit?limit=200", "operator").json()
    return [(row["who"], row["what"]) for row in rows]


def test_a_dispute_is_opened_once_decided_by_a_person_and_paid_back(front: Front) -> None:
    booking = parked(front)
    made = [disputed(front) for _ in range(2)]
    assert [one.status_code for one in made] == [201, 201], made[0].text
    case = made[0].json()
    assert made[1].json() == case and booking not in made[0].text
    assert [row["id"] for row in front.get(f"{V1}/disputes", "driver").json()] == [case["id"]]
    assert front.get(f"{V1}/disputes", "other_driver").json() == []
    path = f"{V1}/disputes/{case['id']}"
    decision = {"verdict": "credit", "amount_minor": 100, "reason": SAID}
    done = front.post(f"{path}/decision", "operator", decision)
    assert done.status_code == 200, done.text
    assert (done.json()["verdict"], done.json()["amount_minor"]) == ("credit", 100)
    again = front.post(f"{path}/decision", "operator", decision)
    assert (again.status_code, again.json()["code"]) == (409, "dispute_over")
    assert front.get(path, "owner").json() == done.json()
    front.rig.settle()
    assert front.get(f"{V1}/balance", "driver").json()["available_minor"] == 10_000 - 290 + 100
    assert logged(front)[-1] == (f"account:{front.numbers['operator']}", "dispute.decided")


def test_who_opened_a_dispute_takes_it_back_and_the_other_side_cannot(front: Front) -> None:
    parked(front)
    path = f"{V1}/disputes/{disputed(front).json()['id']}/withdrawal"
    refused = front.post(path, "owner")
    assert (refused.status_code, refused.json()["code"]) == (409, "dispute_over")
    assert front.get(path.removesuffix("/withdrawal"), "driver").json()["state"] == "open"
    assert front.post(path, "driver").json()["state"] == "withdrawn"
    assert front.post(path, "driver").json()["code"] == "dispute_over"


def test_evidence_is_whole_names_no_plate_and_who_read_it_is_on_record(front: Front) -> None:
    parked(front)
    found = front.get(f"{V1}/stays/1/evidence", "operator")
    assert [one["body"]["kind"] for one in found.json()["events"]] == ["arrival", "departure"]
    assert found.json()["settlement"]["amount_minor"] == 290
    assert "沪A12345" not in found.text
    assert logged(front)[-1] == (f"account:{front.numbers['operator']}", "evidence.read")


def test_a_replay_tells_the_difference_and_changes_nothing(front: Front) -> None:
    parked(front)
    before = front.get(f"{V1}/balance", "driver").json()
    asked = {"assumption": "left_at", "at": "2026-05-01T00:16:40Z"}
    told = front.post(f"{V1}/stays/1/replay", "operator", asked).json()
    assert told["settled_minor"] == 290
    assert told["difference_minor"] == told["total_minor"] - 290 < 0
    assert told["sentence_en"] and told["sentence_zh"]
    assert front.get(f"{V1}/balance", "driver").json() == before


def noted(front: Front, who: str = "driver", code: str = "no_show") -> str:
    def story(session: Session) -> str:
        account, now = front.numbers[who], front.rig.clock.at
        return str(trust.note(session, account, code, "booking:b-1", now).number)

    return front.rig.db.write(story)


def test_an_appeal_that_is_upheld_gives_the_trust_back(front: Front) -> None:
    event = noted(front)
    told = front.get(f"{V1}/trust", "driver").json()
    assert (told["score"], told["of"]) == (90.0, 100.0)
    assert [(row["code"], row["appeal"]) for row in told["reasons"]] == [("no_show", None)]
    path = f"{V1}/trust/{event}/appeal"
    made = front.post(path, "driver", {"text": "The gate did not open."})
    assert (made.status_code, made.json()["state"]) == (201, "open"), made.text
    assert front.post(path, "driver", {"text": "Again."}).json()["code"] == "appeal_over"
    (waiting,) = front.get(f"{V1}/appeals", "operator").json()
    assert waiting == made.json()
    asked = {"upheld": True, "reason": SAID}
    done = front.post(f"{V1}/appeals/{event}/decision", "operator", asked)
    assert (done.status_code, done.json()["state"]) == (200, "upheld"), done.text
    assert front.get(f"{V1}/trust", "driver").json()["score"] == 100.0
    seen = front.get(f"{V1}/accounts/{front.rig.driver}/trust", "operator").json()
    assert (seen["score"], seen["reasons"]) == (100.0, [])
    assert logged(front)[-1][1] == "appeal.upheld"
    assert "trust_changed" in [row["code"] for row in front.get(f"{V1}/notices", "driver").json()]


def test_an_owner_is_told_of_a_booking_and_not_its_id(front: Front) -> None:
    noted(front, "owner", "took_back")
    found = front.get(f"{V1}/trust", "owner")
    assert [row["about"] for row in found.json()["reasons"]] == ["booking"]


def test_what_an_operator_does_to_a_drivers_booking_is_on_record(front: Front) -> None:
    path, by = f"{V1}/bookings/{front.booked()}", f"account:{front.numbers['operator']}"
    later = {"ends_at": "2026-05-01T01:31:00Z", "quoted_minor": 900}
    window = {"starts_at": "2026-05-01T02:00:00Z", "ends_at": "2026-05-01T03:00:00Z"}
    deeds = {
        "extend": ("booking.extended", later),
        "window": ("booking.changed", {**window, "quoted_minor": 600}),
        "plate": ("booking.plate", {"plate": "沪B67890"}),
        "cancel": ("booking.cancelled", {}),
    }
    for name, (_, body) in deeds.items():
        for _ in "12":
            made = front.post(f"{path}/{name}", "operator", body, idempotency_key=f"key-{name}")
            assert made.status_code == 200, made.text
    log = [row for row in logged(front) if row[1].startswith("booking.")]
    assert log == [(by, what) for what, _ in deeds.values()]
    text = front.get(f"{V1}/audit?limit=200", "operator").text
    assert "沪B67890" not in text


def test_what_a_driver_does_to_their_own_booking_is_none_of_the_operators(front: Front) -> None:
    front.post(f"{V1}/bookings/{front.booked()}/cancel", "driver")
    assert not [what for _, what in logged(front) if what.startswith("booking.")]


def test_who_a_taken_space_is_sorted_out_for_is_on_record(front: Front) -> None:
    path = f"{V1}/bookings/{front.booked()}/space-taken"
    front.rig.clock.pass_s(30)
    front.rig.report("arrival", "occupied", 20)
    made = front.post(path, "operator", {"wants": "refund"}, idempotency_key="key-taken")
    assert made.status_code == 200, made.text
    assert logged(front)[-1][1] == "booking.space_taken"


def test_a_dispute_that_an_operator_opens_and_takes_back_is_on_record_once(front: Front) -> None:
    parked(front)
    made = [disputed(front, "operator") for _ in range(2)]
    assert [one.status_code for one in made] == [201, 201], made[0].text
    back = front.post(f"{V1}/disputes/{made[0].json()['id']}/withdrawal", "operator")
    assert back.status_code == 200, back.text
    log = [what for _, what in logged(front) if what.startswith("dispute.")]
    assert log == ["dispute.opened", "dispute.withdrawn"]


def test_anothers_stay_is_answered_as_one_that_is_not_there(front: Front) -> None:
    parked(front)
    theirs = disputed(front, "other_driver")
    asked = {"stay": 9, "about": "other"}
    nothing = front.post(f"{V1}/disputes", "other_driver", asked, idempotency_key="key-dispute")
    assert theirs.status_code == nothing.status_code == 404
    assert theirs.text.replace("Stay 1.", "Stay 9.") == nothing.text


def test_two_operators_who_think_of_the_same_key_both_top_up(front: Front) -> None:
    before = front.get(f"{V1}/balance", "driver").json()["available_minor"]
    made = {"name": "Second", "role": "operator"}
    front.keys["second"] = front.post(f"{V1}/accounts", "operator", made).json()["key"]
    path, asked = f"{V1}/accounts/{front.rig.driver}/top-up", {"amount_minor": 500}
    for who in ("operator", "second", "second"):
        done = front.post(path, who, asked, idempotency_key="2026-05-01")
        assert done.status_code == 200, done.text
    assert front.get(f"{V1}/balance", "driver").json()["available_minor"] == before + 1000
