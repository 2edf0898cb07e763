"""An owner's ways over HTTP: doubtful claims, offers that stand in the way, papers on the disk."""

from cloud.usecases import documents
from tests.http.rig import Front, sent

V1 = "/api/v1"
AFTERNOON = {"starts_at": "2026-05-01T02:00:00Z", "ends_at": "2026-05-01T04:00:00Z"}
OFFER = {"space": "S1", "windows": [AFTERNOON], "price": {"per_hour_minor": 600}}
YES = {"management_consent": True, "co_owner_consent": True}


def test_a_doubtful_claim_is_taken_and_waits_for_a_person(front: Front) -> None:
    asked = {"space": "S2", "holder": "王玮", **YES}
    made = front.post(f"{V1}/registrations", "owner", asked, idempotency_key="key-doubtful")
    assert (made.status_code, made.json()["status"]) == (202, "doubtful"), made.text
    again = front.post(f"{V1}/registrations", "owner", asked, idempotency_key="key-doubtful")
    assert (again.status_code, again.json()) == (202, made.json())
    (review,) = front.get(f"{V1}/reviews", "operator").json()
    assert (review["kind"], review["about"]) == ("registration", made.json()["id"])
    assert front.get(f"{V1}/reviews/{review['number']}", "operator").json() == review
    decided = {"accepted": True, "reason": "The identity card says so."}
    path = f"{V1}/reviews/{review['number']}/decision"
    assert front.post(path, "operator", decided).json()["state"] == "accepted"
    found = front.get(f"{V1}/registrations/{made.json()['id']}", "owner").json()
    assert found["status"] not in ("doubtful", "refused")
    assert front.get(f"{V1}/reviews", "operator").json() == []


def test_an_offer_that_stands_in_a_bookings_way_is_made_for_what_was_shown(front: Front) -> None:
    booking = front.booked()
    cost = front.post(f"{V1}/offers/preview", "owner", OFFER).json()
    assert cost["bookings"] == 1 and booking not in str(cost)
    refused = front.post(f"{V1}/offers", "owner", OFFER)
    assert (refused.status_code, refused.json()["code"]) == (409, "bookings_in_way")
    other = front.post(f"{V1}/offers", "owner", {**OFFER, "token": "another"})
    assert (other.status_code, other.json()["code"]) == (409, "changed_since")
    assert front.row(booking).state == "confirmed"
    asked = {**OFFER, "token": cost["token"]}
    made = [front.post(f"{V1}/offers", "owner", asked, idempotency_key="key-offer") for _ in "12"]
    assert [one.status_code for one in made] == [201, 201], made[0].text
    assert made[0].json() == made[1].json()
    assert front.row(booking).state == "cancelled"
    shown = front.get(f"{V1}/spaces/S1/offers", "owner").json()
    assert [row["status"] for row in shown] == ["open", "closed"]
    assert shown[0]["id"] == made[0].json()["id"]


def test_to_withdraw_an_offer_that_is_over_does_not_end_the_one_that_stands(front: Front) -> None:
    (old,) = front.get(f"{V1}/offers", "owner").json()
    new = front.post(f"{V1}/offers", "owner", OFFER).json()["id"]
    path = f"{V1}/offers/{old['id']}/withdrawal"
    assert front.get(path, "owner").json()["code"] == "offer_over"
    refused = front.post(path, "owner")
    assert (refused.status_code, refused.json()["code"]) == (409, "offer_over")
    assert front.get(f"{V1}/offers/{new}", "owner").json()["status"] == "open"


def test_the_file_of_a_refused_paper_is_not_written_at_all(front: Front) -> None:
    assert sent(front, kind="nothing_of_ours").json()["code"] == "document_kind"
    assert sent(front, space="S99").json()["code"] == "unknown_space"
    assert sent(front, valid_until="2020-01-01").json()["code"] == "document_expired"
    assert front.store.held == {}


def test_no_more_papers_lie_in_the_store_than_may_wait(front: Front) -> None:
    for number in range(documents.MAX_WAITING + 3):
        made = sent(front, data=b"%%PDF-1.7 %d %%%%EOF" % number)
    assert (made.status_code, made.json()["code"]) == (409, "document_limit")
    assert len(front.store.held) == documents.MAX_WAITING


def test_an_operator_who_reads_a_paper_is_on_record_and_its_owner_is_not(front: Front) -> None:
    path = f"{V1}/documents/{sent(front).json()['id']}/file"
    for who in ("owner", "operator"):
        assert front.get(path, who).status_code == 200
    log = front.get(f"{V1}/audit?limit=200", "operator").json()
    read = [row["who"] for row in log if row["what"] == "document.read"]
    assert read == [f"account:{front.numbers['operator']}"]


def test_a_space_that_an_operator_takes_back_for_its_owner_is_recorded_once(front: Front) -> None:
    path = f"{V1}/spaces/S1/taking-back"
    plan = front.post(f"{path}/plan", "operator", AFTERNOON).json()
    asked = {**AFTERNOON, "token": plan["token"]}
    made = [front.post(path, "operator", asked, idempotency_key="key-back") for _ in "12"]
    assert [one.status_code for one in made] == [201, 201], made[0].text
    log = [row["what"] for row in front.get(f"{V1}/audit?limit=200", "operator").json()]
    assert log.count("space.taken_back") == 1
