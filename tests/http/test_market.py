"""The market over HTTP, as its users go through it."""

from cloud.entrypoints.http.docs_words_market import LATER, PRICE, SCHEDULE
from tests.http.rig import PAPER, Front, sent

V1 = "/api/v1"
HERE = {"lat": 31.2304, "lon": 121.4737}
TUESDAY = {"starts_at": "2026-05-05T02:00:00Z", "ends_at": "2026-05-05T03:00:00Z"}
WINDOW = {"starts_at": "2026-05-01T00:01:00Z", "ends_at": "2026-05-01T01:01:00Z"}


def test_a_search_says_why_and_shows_a_place_of_a_cell_only(front: Front) -> None:
    asked = {**HERE, **WINDOW, "vehicle": {"height_cm": 150}, "entrance": HERE}
    found = front.post(f"{V1}/requests", "driver", asked).json()
    (best,) = found["recommendations"]
    assert best["place"]["exact"] is False and best["place"]["lot"] is None
    assert {one["part"] for one in best["why"]} == set(best["parts"])
    assert all(one["sentence_en"] and one["sentence_zh"] for one in best["why"])
    assert found["compared"] == 1


def test_a_vehicle_that_is_too_wide_is_not_sent_there(front: Front) -> None:
    offer = {"space": "S1", "schedule": SCHEDULE, "price": PRICE, "limits": {"max_width_cm": 180}}
    made = front.post(f"{V1}/offers", "owner", offer, idempotency_key="key-offer")
    assert made.status_code == 201, made.text
    shown = front.get(f"{V1}/offers/{made.json()['id']}", "owner").json()
    assert shown["limits"]["max_width_cm"] == 180 and shown["schedule"]["weekly"]
    asked = {**HERE, **TUESDAY, "vehicle": {"width_cm": 190}}
    found = front.post(f"{V1}/requests", "driver", asked).json()
    assert found["recommendations"] == []
    narrow = {**asked, "vehicle": {"width_cm": 170}}
    assert len(front.post(f"{V1}/requests", "driver", narrow).json()["recommendations"]) == 1


def test_a_paper_is_sent_looked_at_and_erased_for_good(front: Front) -> None:
    made = sent(front)
    assert made.status_code == 201, made.text
    path = f"{V1}/documents/{made.json()['id']}"
    assert front.get(f"{path}/file", "operator").content == PAPER
    (review,) = front.get(f"{V1}/reviews", "operator").json()
    assert review["about"] == made.json()["id"]
    decided = {"accepted": True, "reason": "It is signed by all."}
    number = review["number"]
    done = front.post(f"{V1}/reviews/{number}/decision", "operator", decided)
    assert done.json()["state"] == "accepted"
    assert front.post(f"{path}/erasure", "owner").json()["erased"] is True
    assert front.get(f"{path}/file", "owner").status_code == 404
    assert front.store.held == {}


def test_a_file_that_is_none_of_ours_or_too_large_is_refused(front: Front) -> None:
    assert sent(front, data=b"MZ is a program").json()["code"] == "document_type"
    assert sent(front, data=b"%PDF-" + b"0" * 5_000_001).status_code == 413
    assert front.store.held == {}


def test_a_space_is_taken_back_for_what_was_shown(front: Front) -> None:
    booking = front.booked()
    path = f"{V1}/spaces/S1/taking-back"
    plan = front.post(f"{path}/plan", "owner", WINDOW).json()
    assert len(plan["bookings"]) == 1 and "booking" not in plan["bookings"][0]
    wrong = front.post(path, "owner", {**WINDOW, "token": "other"}, idempotency_key="key-back-0")
    assert wrong.json()["code"] == "changed_since"
    asked = {**WINDOW, "token": plan["token"]}
    made = [front.post(path, "owner", asked, idempotency_key="key-back-1") for _ in range(2)]
    assert [one.status_code for one in made] == [201, 201], made[0].text
    assert made[0].json() == made[1].json()
    assert front.row(booking).state == "cancelled"


def test_a_closure_an_account_and_a_top_up_stand_in_the_log_once(front: Front) -> None:
    path = f"{V1}/spaces/S3/closures"
    asked = {**LATER, "why": "maintenance"}
    token = front.post(f"{path}/plan", "operator", asked).json()["token"]
    for _ in range(2):
        body = {**asked, "token": token}
        made = front.post(path, "operator", body, idempotency_key="key-closure")
        assert made.status_code == 201, made.text
        to = f"{V1}/accounts/{front.rig.driver}/top-up"
        front.post(to, "operator", {"amount_minor": 5}, idempotency_key="key-top-up")
    assert len(front.get(path, "operator").json()) == 1
    log = front.get(f"{V1}/audit?limit=200", "operator").json()
    what = [row["what"] for row in log]
    assert (what.count("space.closed"), what.count("account.topped_up")) == (1, 1)
    assert all(a["seq"] + 1 == b["seq"] for a, b in zip(log, log[1:]))


def test_a_transfer_is_a_new_version_whose_difference_masks_the_names(front: Front) -> None:
    asked = {"holder": "李娜", "reason": "sold"}
    made = front.post(f"{V1}/titles/S3/transfer", "operator", asked, idempotency_key="key-title")
    assert made.status_code == 201, made.text
    versions = front.get(f"{V1}/titles/versions", "operator").json()
    assert [row["kind"] for row in versions] == ["transfer", "import"]
    found = front.get(f"{V1}/titles/versions/1/differences/2", "operator")
    assert [(row["space"], row["kind"]) for row in found.json()] == [("S3", "transferred")]
    assert "李娜" not in found.text


def test_how_to_be_told_is_kept_and_the_secret_is_told_to_nobody(front: Front) -> None:
    way = {"channel": "webhook", "address": "https://example.org/x", "secret": "s" * 20}
    made = front.post(f"{V1}/notices/contact", "driver", way)
    assert made.status_code == 200 and "s" * 20 not in made.text
    assert front.get(f"{V1}/notices/contact", "driver").json()["channel"] == "webhook"
    other = {"channel": "apprise", "address": "json://localhost"}
    assert front.post(f"{V1}/notices/contact", "driver", other).json()["code"] == "bad_contact"
