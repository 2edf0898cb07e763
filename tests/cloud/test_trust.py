"""Trust: what counts, how it fades, and appeals that people decide."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.core.reasons import Refusal
from cloud.core.trust import DAY_MS, FULL, KINDS, Happened, points, score
from cloud.stay_tables import Appeal
from cloud.usecases import booking_no_shows, trust
from contracts.ledger.pricing import Terms
from tests.cloud.rig import Rig
from tests.cloud.stay_rig import Lot, code

CODES = st.sampled_from(sorted(KINDS))
EVENTS = st.lists(st.tuples(CODES, st.integers(0, 400)), max_size=30)


def happened(found: list[tuple[str, int]]) -> list[Happened]:
    return [Happened(n, what, day * DAY_MS) for n, (what, day) in enumerate(found)]


@given(EVENTS, st.integers(400, 2000))
def test_a_score_lies_between_nothing_and_full_and_its_reasons_explain_it(
    found: list[tuple[str, int]], day: int
) -> None:
    told = score(happened(found), day * DAY_MS)
    assert 0 <= told.value <= FULL
    missing = sum(reason.points for reason in told.reasons)
    assert told.value == pytest.approx(max(0.0, FULL - missing), abs=0.06)


@given(EVENTS, st.integers(400, 2000), st.integers(1, 500))
def test_time_alone_never_makes_it_worse(
    found: list[tuple[str, int]], day: int, later: int
) -> None:
    now, then = (score(happened(found), at * DAY_MS).value for at in (day, day + later))
    assert then >= now


@pytest.mark.parametrize("what", sorted(KINDS))
def test_half_of_it_is_left_after_its_half_life(what: str) -> None:
    kind = KINDS[what]
    assert points(what, kind.half_life_days * DAY_MS) == pytest.approx(kind.points / 2)


def test_a_doubtful_plate_is_no_kind_of_fault(rig: Rig) -> None:
    lot = Lot(rig)
    booking = lot.book("S1", 60, 3660)
    lot.come(100, "沪A1234S", match="ambiguous", grant=booking.grant)
    lot.go(500)
    assert not [what for what in KINDS if "plate" in what]
    assert rig.db.read(lambda s: trust.score(s, rig.driver, rig.clock.at)).value == FULL


def missed(rig: Rig) -> Lot:
    lot = Lot(rig, Terms(no_show_timeout_s=1800))
    lot.book("S1", 60, 7260)
    lot.until(60 + 1861)
    rig.db.write(lambda s: booking_no_shows.expire(s, "cmd-late", rig.clock.at))
    assert rig.db.write(lambda s: trust.gather(s, rig.clock.at)) == 1
    assert rig.db.write(lambda s: trust.gather(s, rig.clock.at)) == 0
    return lot


def test_who_did_not_come_is_told_why_and_it_fades(rig: Rig) -> None:
    missed(rig)
    view = rig.db.read(lambda s: trust.view(s, rig.driver, rig.clock.at))
    assert (view["score"], view["reasons"][0]["code"]) == (90.0, "no_show")
    later = rig.clock.at + timedelta(days=90)
    assert rig.db.read(lambda s: trust.score(s, rig.driver, later)).value == 95.0


@pytest.mark.parametrize(("upheld", "value"), [(True, 100.0), (False, 90.0)])
def test_an_appeal_is_decided_by_a_person_and_the_event_stays_on_record(
    rig: Rig, upheld: bool, value: float
) -> None:
    missed(rig)
    now = rig.clock.at
    assert code(rig.db.write(lambda s: trust.appeal(s, 1, rig.owner, "x", now))) == "not_your_stay"
    assert code(rig.db.write(lambda s: trust.appeal(s, 1, rig.driver, " ", now))) == "appeal_text"
    rig.db.write(lambda s: trust.appeal(s, 1, rig.driver, "The gate was shut.", now))
    assert code(rig.db.write(lambda s: trust.appeal(s, 1, rig.driver, "y", now))) == "appeal_over"
    assert len(rig.db.read(trust.waiting)) == 1
    decided = trust.Decided(upheld, "account:9", "The gate log says so.")
    done = rig.db.write(lambda s: trust.decide(s, 1, decided, now))
    assert isinstance(done, Appeal)
    assert rig.db.read(lambda s: trust.score(s, rig.driver, now)).value == value
    again = rig.db.write(lambda s: trust.decide(s, 1, decided, now))
    assert isinstance(again, Refusal)
    assert rig.db.write(lambda s: trust.gather(s, now)) == 0, "it is still on record"


def test_little_trust_is_told_to_the_operator_and_nothing_else_happens(rig: Rig) -> None:
    lot = Lot(rig)
    for n in range(6):
        rig.db.write(
            lambda s, n=n: trust.note(s, rig.driver, "no_show", f"booking:x{n}", rig.clock.at)  # type: ignore[misc]
        )
    assert "low_trust" in lot.alarms()
    assert lot.book("S1", 60, 3660).state == "confirmed"
