"""What an operator has to do over HTTP, to its end: alarms, evidence, papers, the log."""

from typing import Any

from cloud.usecases import gateways
from contracts.wire.messages import PlateProof
from contracts.wire.signing import plate_commitment
from tests.cloud.stay_rig import SALT
from tests.contracts.making import at
from tests.http.rig import Front, sent

V1 = "/api/v1"


def logged(front: Front, what: str) -> list[dict[str, Any]]:
    rows = front.get(f"{V1}/audit?limit=200", "operator").json()
    return [row for row in rows if row["what"] == what]


def alarmed(front: Front, name: str = "wrong_key:gw-1", code: str = "wrong_key") -> None:
    said = "An event in the name of gateway gw-1 was refused."
    front.rig.db.write(lambda s: gateways.raise_alarm(s, name, code, None, said, at(1)))


def test_an_operator_acknowledges_an_alarm_and_it_is_on_record(front: Front) -> None:
    alarmed(front)
    (told,) = front.get(f"{V1}/lots/lot-1/alarms", "operator").json()
    asked = {"alarm": told["id"], "note": "The installer had swapped the card."}
    made = front.post(f"{V1}/alarms/acknowledgement", "operator", asked)
    assert made.status_code == 200, made.text
    assert made.json()["acknowledged_at"] == "2026-05-01T00:00:00.000Z"
    assert front.get(f"{V1}/lots/lot-1/alarms", "operator").json() == []
    (entry,) = logged(front, "alarm.acknowledged")
    assert entry["about"] == "alarm:wrong_key:gw-1"
    assert entry["detail"]["note"] == asked["note"]
    assert front.post(f"{V1}/alarms/acknowledgement", "operator", asked).json() == made.json()
    assert len(logged(front, "alarm.acknowledged")) == 1


def test_an_alarm_that_is_not_there_is_not_found(front: Front) -> None:
    asked = {"alarm": "unbooked:77", "note": "Nothing."}
    answer = front.post(f"{V1}/alarms/acknowledgement", "operator", asked)
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown")


LATER = {"starts_at": "2026-05-01T02:00:00Z", "ends_at": "2026-05-01T03:00:00Z"}
OFFER = {"space": "S1", "windows": [LATER], "price": {"per_hour_minor": 500}}


def test_what_an_owner_offers_changes_and_withdraws_is_on_record(front: Front) -> None:
    (first,) = front.get(f"{V1}/offers", "owner").json()
    made = [front.post(f"{V1}/offers", "owner", OFFER, idempotency_key="key-offer") for _ in "12"]
    assert [one.status_code for one in made] == [201, 201], made[0].text
    offer = made[0].json()["id"]
    done = front.post(f"{V1}/offers/{offer}/withdrawal", "owner")
    assert done.status_code == 200, done.text
    again = front.post(f"{V1}/offers", "owner", OFFER)
    assert again.status_code == 201, again.text
    by = f"account:{front.numbers['owner']}"
    (changed,) = logged(front, "offer.changed")
    assert (changed["who"], changed["about"]) == (by, f"offer:{offer}")
    assert changed["detail"] == {"space": "S1", "version": 2, "replaces": first["id"]}
    (withdrawn,) = logged(front, "offer.withdrawn")
    assert (withdrawn["who"], withdrawn["about"]) == (by, f"offer:{offer}")
    (published,) = logged(front, "offer.published")
    assert published["detail"] == {"space": "S1", "version": 3}


def test_what_an_owner_takes_back_and_gives_again_is_on_record_once(front: Front) -> None:
    path = f"{V1}/spaces/S1/taking-back"
    token = front.post(f"{path}/plan", "owner", LATER).json()["token"]
    for _ in "12":
        asked = {**LATER, "token": token}
        made = front.post(path, "owner", asked, idempotency_key="key-back")
        assert made.status_code == 201, made.text
    back = made.json()["id"]
    for _ in "12":
        assert front.post(f"{V1}/taking-backs/{back}/end", "owner").status_code == 200
    by = f"account:{front.numbers['owner']}"
    (taken,) = logged(front, "space.taken_back")
    assert (taken["who"], taken["about"], taken["detail"]["decision"]) == (by, "S1", back)
    (given,) = logged(front, "space.given_again")
    assert (given["who"], given["about"]) == (by, back)


def test_a_title_that_is_changed_over_http_is_on_record_with_the_reason(front: Front) -> None:
    asked = {"holder": "李娜", "reason": "sold"}
    for _ in "12":
        front.post(f"{V1}/titles/S3/transfer", "operator", asked, idempotency_key="key-title")
    made = front.post(
        f"{V1}/titles/S4/revocation", "operator", {"reason": "merged"}, idempotency_key="key-gone"
    )
    assert made.status_code == 201, made.text
    by = f"account:{front.numbers['operator']}"
    for what, space, reason in (("transferred", "S3", "sold"), ("revoked", "S4", "merged")):
        (entry,) = logged(front, f"title.{what}")
        assert (entry["who"], entry["about"]) == (by, space)
        assert entry["detail"]["reason"] == reason


def arrived(front: Front, plate: str) -> None:
    """A car stands in S1; the gateway read its plate, and nothing fits."""
    commitment = plate_commitment(plate, bytes.fromhex(SALT[2:]))
    front.rig.clock.pass_s(40)
    signed = front.rig.next_event("arrival", "occupied", 30, plate=commitment, match="other")
    read = PlateProof(text=plate, salt=SALT)
    taken = front.rig.take(signed.model_copy(update={"plate": read}))
    assert taken.refused is None


def test_while_a_car_stands_there_its_evidence_is_what_was_seen_so_far(front: Front) -> None:
    front.booked()
    arrived(front, "粤C13579")
    front.rig.report("snapshot", "occupied", 35)
    found = front.get(f"{V1}/stays/1/evidence", "operator")
    assert found.status_code == 200, found.text
    told = found.json()
    assert [one["body"]["kind"] for one in told["events"]] == ["arrival", "snapshot"]
    assert told["stay"]["departed_at"] is None
    first = told["events"][0]["body"]["seq"]
    assert [(one["seq"], one["plate"], one["match"]) for one in told["plates"]] == [
        (first, "粤C***79", "other")
    ]
    assert [(one["plate"], one["starts_at"]) for one in told["expected"]] == [
        ("沪A***45", "2026-05-01T00:01:00.000Z")
    ]
    assert "粤C13579" not in found.text and "沪A12345" not in found.text


def test_the_evidence_of_a_stay_ends_where_the_stay_ended(front: Front) -> None:
    arrived(front, "粤C13579")
    front.rig.report("departure", "free", 60)
    front.rig.report("snapshot", "free", 70)
    told = front.get(f"{V1}/stays/1/evidence", "operator").json()
    assert [one["body"]["kind"] for one in told["events"]] == ["arrival", "departure"]
    assert len(told["plates"]) == 1


def test_an_operator_sees_the_papers_of_all_and_an_owner_their_own(front: Front) -> None:
    paper = sent(front).json()["id"]
    assert [row["id"] for row in front.get(f"{V1}/documents", "operator").json()] == [paper]
    assert [row["id"] for row in front.get(f"{V1}/documents", "owner").json()] == [paper]
    assert front.get(f"{V1}/documents", "other_owner").json() == []


def test_who_may_not_is_told_which_role_may_in_both_languages(front: Front) -> None:
    told = front.get(f"{V1}/audit", "owner").json()
    assert told["code"] == "forbidden"
    assert told["sentence"].endswith("It needs the role operator.")
    assert told["reasons"][0]["sentence_zh"].endswith("需要角色：运营方。")
    (driver,) = front.post(f"{V1}/bookings", "owner").json()["reasons"]
    assert driver["sentence_en"].endswith("It needs the role driver.")
    assert driver["sentence_zh"].endswith("需要角色：车主。")


def test_a_credit_of_a_stay_that_is_not_there_is_not_found(front: Front) -> None:
    body = {"amount_minor": 5, "reason": "The gate stood closed."}
    made = front.post(
        f"{V1}/settlements/77/credits", "operator", body, idempotency_key="key-credit"
    )
    assert (made.status_code, made.json()["code"]) == (404, "unknown"), made.text
