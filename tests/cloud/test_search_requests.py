"""A request is answered with what the database has, says why, and how much it left out."""

from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest
from sqlmodel import Session, select

from cloud.adapters.search_held import HeldIndex
from cloud.adapters.search_plain import PlainSearch
from cloud.core.limits import Vehicle
from cloud.core.matching import Wish, walk_m
from cloud.core.places import blurred
from cloud.core.reasons import Refusal
from cloud.core.search_score import WEIGHTS
from cloud.core.search_segment import Ask, Hit
from cloud.offer_tables import TakeBack
from cloud.ports.search import Refused, Search
from cloud.tables import Alarm, Booking, Offer, Space
from cloud.usecases import requests
from contracts.ledger.pricing import Window
from tests.cloud.rig import ROW, Rig
from tests.cloud.test_search_following import SPACES, city
from tests.contracts.making import at

HERE = (float(ROW["lat"]), float(ROW["lon"]))


def wish(begin_s: float = 60, end_s: float = 3660, **more: object) -> Wish:
    window = Window(starts_at=at(begin_s), ends_at=at(end_s))
    return replace(Wish(*HERE, window), **more)  # type: ignore[arg-type]


def told(rig: Rig, asked: Wish, index: Search | None = None) -> requests.Told:
    found = rig.db.read(lambda s: requests.recommend(s, index or HeldIndex(), asked, rig.clock.at))
    assert isinstance(found, requests.Told), found
    return found


def parts(rig: Rig, space: str, part: str, asked: Wish | None = None) -> tuple[float, str]:
    (one,) = [item for item in told(rig, asked or wish()).ranked if item.space == space]
    (why,) = [why for why in one.why if why.part == part]
    return why.value, why.sentence_en


@dataclass
class Stale:
    """An index that still offers what is gone, and refuses what is there again."""

    named: tuple[str, ...]
    asked: list[int] = field(default_factory=list)

    def nearest(self, session: Session, ask: Ask, now: datetime) -> list[Hit]:
        self.asked.append(ask.many)
        return [Hit(space, float(at)) for at, space in enumerate(self.named)][: ask.many]

    def refused(self, session: Session, ask: Ask, now: datetime) -> Refused:
        return Refused({"overlap": 7}, self.named[: ask.many])


def test_every_part_of_a_score_says_why_in_both_languages(rig: Rig) -> None:
    city(rig)
    found = told(rig, wish())
    assert len(found.ranked) == found.compared == 5
    for item in found.ranked:
        assert [why.part for why in item.why] == list(WEIGHTS)
        assert all(0 <= why.value <= 1 and why.sentence_en and why.sentence_zh for why in item.why)
        assert item.score == pytest.approx(sum(w.weight * w.value for w in item.why), abs=1e-4)
    assert sum(WEIGHTS.values()) == pytest.approx(1)


@pytest.mark.parametrize("index", [HeldIndex, PlainSearch])
def test_the_index_and_the_plain_search_lead_to_one_answer(rig: Rig, index: type) -> None:
    city(rig)
    rig.booked()
    found = told(rig, wish(), index())
    assert {item.space for item in found.ranked} == {"S2", "S3", "S4", "S5"}
    assert [(one.space, one.reason.code) for one in found.excluded] == [("S1", "overlap")]
    assert dict(found.counts) == {"overlap": 1}


def test_what_a_stale_index_offers_is_not_shown_unless_the_database_has_it(rig: Rig) -> None:
    city(rig)
    rig.booked()
    found = told(rig, wish(), Stale(("S1", "S2", "S0")))
    assert [item.space for item in found.ranked] == ["S2"]
    assert [one.space for one in found.excluded] == ["S1"]


def test_more_is_looked_at_while_the_database_leaves_too_few_and_not_without_end(
    rig: Rig,
) -> None:
    city(rig)
    stale = Stale(tuple(f"gone-{n}" for n in range(10_000)))
    assert told(rig, wish(), stale).ranked == ()
    assert stale.asked == [40, 80, 160, 320]


def test_excluded_ones_are_counted_and_only_the_nearest_are_named(rig: Rig) -> None:
    city(rig)
    for space in SPACES:
        rig.report("snapshot", "unknown", 10, space=space)
    found = told(rig, wish())
    assert dict(found.counts) == {"space_unknown": 5}
    assert found.ranked == ()
    assert {one.reason.code for one in found.excluded} == {"space_unknown"}
    later = told(rig, wish(86_400 / 2, 86_400 / 2 + 3600))
    assert dict(later.counts) == {"no_offer": 5}


def test_a_vehicle_that_no_space_takes_is_told_why_and_how_many(rig: Rig) -> None:
    city(rig)
    rig.db.write(lambda s: [setattr(row, "max_width_cm", 180) for row in s.exec(select(Offer))])
    found = told(rig, wish(vehicle=Vehicle(width_cm=210)))
    assert found.ranked == () and found.counts == {"too_wide": 5}
    assert [one.reason.code for one in found.excluded] == ["too_wide"] * 5


def test_the_way_told_before_a_booking_does_not_give_the_place_away(rig: Rig) -> None:
    """Wherever one asks from: it is the way to the middle of the cell that is shown."""
    city(rig)
    exact = rig.db.read(lambda s: s.get_one(Space, "S1"))
    shown = blurred(exact.lat, exact.lon)
    for step in range(-4, 5, 2):
        asked = wish(lat=exact.lat + step * 0.0003, lon=exact.lon)
        (item,) = [one for one in told(rig, asked).ranked if one.space == "S1"]
        assert item.walk_m == round(walk_m(asked, *shown))
        assert item.parts["walk"] == pytest.approx(1 - walk_m(asked, *shown) / 800, abs=1e-4)
    assert walk_m(wish(lat=exact.lat, lon=exact.lon), *shown) > 1


def test_the_nearer_entrance_decides_between_spaces_alike(rig: Rig) -> None:
    city(rig)
    north = (HERE[0] + 0.0085, HERE[1])
    value, sentence = parts(rig, "S5", "entrance", wish(entrance=north))
    other, _ = parts(rig, "S1", "entrance", wish(entrance=north))
    assert value > other
    assert "from the entrance you named" in sentence
    assert parts(rig, "S1", "entrance")[1].startswith("No entrance was named")


def test_without_history_sensor_and_owner_are_neutral_and_it_is_said(rig: Rig) -> None:
    city(rig)
    assert parts(rig, "S1", "owner") == (
        0.9,
        "No bookings here yet: the owner is counted as usual.",
    )
    value, sentence = parts(rig, "S1", "certainty")
    assert (value, "No history" in sentence) == (0.9, True)


def test_alarms_and_taken_back_bookings_lower_a_score_and_kept_ones_raise_it(rig: Rig) -> None:
    city(rig)

    def past(session: Session) -> None:
        for number, state in enumerate(["settled"] * 10):
            key = f"old-{number}"
            begin = rig.now_ms - 86_400_000 * (number + 2)
            session.add(
                Booking(
                    **{"id": key, "request_key": key, "space": "S1", "offer": "o", "driver": 1},
                    **{"plate": "A1", "state": state, "grant": key, "record": "{}"},
                    **{"starts_ms": begin, "ends_ms": begin + 1, "tariff": "{}", "held_minor": 0},
                )
            )
        session.add(
            TakeBack(
                **{"id": "t", "space": "S2", "owner": rig.owner, "starts_ms": 0, "ends_ms": 1},
                **{"token": "", "plan": "{}", "compensation_minor": 0, "made_ms": rig.now_ms},
            )
        )
        session.add(Alarm(id="a", code="sensor", space="S3", sentence="", at_ms=rig.now_ms))

    rig.db.write(past)
    assert parts(rig, "S1", "owner") == (
        0.95,
        "Bookings here that the owner kept: 10; took back: 0.",
    )
    assert parts(rig, "S2", "owner")[0] == pytest.approx(9 / 11, abs=1e-4)
    value, sentence = parts(rig, "S3", "certainty")
    assert value == pytest.approx(9 / 12, abs=1e-4)
    assert "Alarms since it was first offered, less than a day ago: 1." in sentence
    assert " 0 days" not in sentence


def test_an_impossible_time_is_refused(rig: Rig) -> None:
    city(rig)
    found = rig.db.read(lambda s: requests.recommend(s, HeldIndex(), wish(3660, 60), rig.clock.at))
    assert isinstance(found, Refusal)
    assert found.reasons[0].code == "bad_window"


def assigned(rig: Rig, wishes: list[Wish], index: Search | None = None) -> requests.Proposals:
    found = rig.db.read(lambda s: requests.assign(s, index or HeldIndex(), wishes, rig.clock.at))
    assert isinstance(found, requests.Proposals), found
    return found


def test_a_burst_gets_each_space_once_and_says_who_is_left_out(rig: Rig) -> None:
    city(rig)
    made = assigned(rig, [wish() for _ in range(6)])
    spaces = [one.space for one in made.by_wish]
    assert sorted(filter(None, spaces)) == list(SPACES)
    (out,) = [one for one in made.by_wish if one.space is None]
    assert out.reason is not None
    assert out.reason.code == "all_given"
    assert made.walk_m == sum(one.walk_m for one in made.by_wish)


def test_a_wish_with_nothing_near_says_so(rig: Rig) -> None:
    city(rig)
    made = assigned(rig, [wish(lat=0.0), wish()])
    nowhere, there = made.by_wish
    assert nowhere.reason is not None
    assert nowhere.reason.code == "no_offer"
    assert there.space is not None


def test_a_burst_is_solved_again_without_what_the_database_does_not_have(rig: Rig) -> None:
    city(rig)
    rig.booked()
    made = assigned(rig, [wish()], Stale(("S1", "gone", "S4")))
    assert [one.space for one in made.by_wish] == ["S4"]
    lost = assigned(rig, [wish()], Stale(tuple(f"gone-{n}" for n in range(9))))
    assert [one.space for one in lost.by_wish] == [None]


def test_too_many_wishes_and_impossible_ones_are_refused_whole(rig: Rig) -> None:
    city(rig)
    asked = [[wish()] * (requests.MAX_REQUESTS + 1), [wish(), wish(3660, 60)]]
    refused = [
        rig.db.read(lambda s, w=w: requests.assign(s, HeldIndex(), w, rig.clock.at)) for w in asked
    ]
    codes = [one.reasons[0].code for one in refused if isinstance(one, Refusal)]
    assert codes == ["too_many_wishes", "bad_window"]


def test_the_offer_of_today_counts_as_watched_since_it_began(rig: Rig) -> None:
    city(rig)

    def offered_long_ago(session: Session) -> None:
        row = session.exec(select(Offer).where(Offer.space == "S1")).one()
        row.published_ms = rig.now_ms - 40 * 86_400_000

    rig.db.write(offered_long_ago)
    value, sentence = parts(rig, "S1", "certainty")
    assert value == pytest.approx((30 + 9) / (30 + 10), abs=1e-4)
    assert "last 30 days: 0" in sentence
