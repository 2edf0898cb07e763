"""What is changed after it was agreed, over the API."""

from tests.http.rig import WISH, Front

V1 = "/api/v1"
LATER = {"starts_at": WISH["starts_at"], "ends_at": "2026-05-01T01:31:00Z"}


def test_a_driver_sees_the_price_of_a_longer_booking_and_extends_it_once(front: Front) -> None:
    path = f"{V1}/bookings/{front.booked()}"
    quoted = front.post(f"{path}/quote", "driver", LATER).json()
    assert quoted["quoted_minor"] == 900 == sum(line["amount_minor"] for line in quoted["lines"])
    wrong = {"ends_at": LATER["ends_at"], "quoted_minor": 899}
    assert (
        front.post(f"{path}/extend", "driver", wrong, idempotency_key="key-wrong").status_code
        == 409
    )
    asked = {"ends_at": LATER["ends_at"], "quoted_minor": 900}
    for _ in range(2):
        made = front.post(f"{path}/extend", "driver", asked, idempotency_key="key-extend")
        assert made.status_code == 200, made.text
    assert front.get(path).json()["ends_at"] == "2026-05-01T01:31:00.000Z"
    assert front.get(f"{V1}/balance", "driver").json()["held_minor"] == 900


def test_a_driver_changes_the_window_and_the_plate_before_arriving(front: Front) -> None:
    path = f"{V1}/bookings/{front.booked()}"
    window = {"starts_at": "2026-05-01T02:00:00Z", "ends_at": "2026-05-01T03:00:00Z"}
    asked = {**window, "quoted_minor": 600}
    made = front.post(f"{path}/window", "driver", asked, idempotency_key="key-window")
    assert made.status_code == 200, made.text
    assert front.get(path).json()["starts_at"] == "2026-05-01T02:00:00.000Z"
    made = front.post(
        f"{path}/plate", "driver", {"plate": "沪B 67890"}, idempotency_key="key-plate"
    )
    assert made.status_code == 200, made.text
    assert front.get(path).json()["plate"] == "沪B***90"


def test_a_withdrawal_tells_its_cost_and_is_done_when_it_is_agreed_to(front: Front) -> None:
    booking = front.booked()
    offer = front.get(f"{V1}/offers", "owner").json()[0]["id"]
    path = f"{V1}/offers/{offer}/withdrawal"
    cost = front.get(path, "owner").json()
    assert cost["bookings"] == 1
    refused = front.post(path, "owner", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "bookings_in_way")
    assert front.row(booking).state == "confirmed"
    assert front.post(path, "owner", {"token": cost["token"]}).status_code == 200
    assert front.row(booking).state == "cancelled"
    assert front.get(f"{V1}/offers/{offer}", "owner").json()["status"] != "open"


def test_the_desk_is_the_operators_and_an_unknown_case_is_named(front: Front) -> None:
    assert front.get(f"{V1}/reviews", "operator").json() == []
    asked = {"accepted": True, "reason": "The contract names the holder."}
    assert front.post(f"{V1}/reviews/7/decision", "operator", asked).status_code == 404
    assert front.post(f"{V1}/reviews/7/decision", "owner", asked).status_code == 403


def test_a_driver_whose_space_is_taken_gets_the_money_back_in_one_call(front: Front) -> None:
    booking = front.booked()
    path = f"{V1}/bookings/{booking}/space-taken"
    free = front.post(path, "driver", {"wants": "refund"}, idempotency_key="key-taken-1")
    assert (free.status_code, free.json()["code"]) == (409, "space_not_taken")
    front.rig.clock.pass_s(30)
    front.rig.report("arrival", "occupied", 20)
    answers = [
        front.post(path, "driver", {"wants": "refund"}, idempotency_key="key-taken-2")
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
    assert answers[0].json()["dispute"] == answers[1].json()["dispute"]
    assert front.get(f"{V1}/balance", "driver").json()["held_minor"] == 0
