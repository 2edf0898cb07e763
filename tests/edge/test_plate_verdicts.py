from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plate_lines import noisy_lines, said, seen

from edge.core.plate_regions import BR, CN, EU, REGIONS, US, shape_of
from edge.core.plate_verdicts import LIMITS, assert_free, decide, limits_of
from edge.core.plate_votes import tally
from edge.core.plates import SURE_TO_ACCEPT, SURE_TO_DENY

OTHERS = ["沪A99999", "粤BD12345", "京N8K517"]


def judged(line, expected, region=CN):
    return decide(tally([seen(line)], region, expected))


@pytest.mark.parametrize(
    ("read", "expected", "verdict", "text"),
    [
        (said("沪A12345"), ["沪A12345", *OTHERS], "accepted", "沪A12345"),
        (said("沪A12345"), ["沪A·12345"], "accepted", "沪A12345"),
        (said("沪A12345"), ["沪A12346", *OTHERS], "other", "沪A12345"),
        (said("沪A12345"), OTHERS, "other", "沪A12345"),
        (said("沪A12345"), [], "other", "沪A12345"),
        (said("沪A12345", at6=("6", 0.5)), ["沪A12346", *OTHERS], "ambiguous", "沪A12346"),
        (said("沪A12345", at6=("6", 0.5)), ["沪A12345", "沪A12346"], "ambiguous", "沪A12345"),
        (said("沪A12345", at6=("6", 0.2)), ["沪A12345", *OTHERS], "accepted", "沪A12345"),
        (said("沪A12345", at6=("6", 0.2)), ["沪A12345", "沪A12346"], "ambiguous", "沪A12345"),
        (said("沪A12345", at6=("6", 0.2)), ["沪A12346"], "ambiguous", "沪A12346"),
        (said("沪A12345", sure=0.05), ["沪A12345"], "none", ""),
    ],
)
def test_a_vehicle_is_accepted_left_to_a_person_or_denied(read, expected, verdict, text) -> None:
    sight = judged(read, expected)
    assert (sight.verdict, sight.text) == (verdict, text)


@pytest.mark.parametrize(
    ("region", "text", "neighbour"),
    [(CN, "皖A5T949", "皖A5T349"), (BR, "ABC1D23", "ABC1D28"), (EU, "RK373AK", "RK375AK")],
)
def test_a_clear_read_of_a_one_character_neighbour_is_another_vehicle(
    region, text, neighbour
) -> None:
    sight = judged(said(text), [neighbour], region)
    assert (sight.verdict, sight.text) == ("other", text)
    assert sight.confidence >= SURE_TO_DENY


@pytest.mark.parametrize(
    ("line", "verdict"),
    [(said("沪A01234"), "accepted"), (said("沪A01234", at2=("8", 0.49)), "ambiguous")],
)
def test_a_letter_typed_for_a_digit_that_the_region_lacks_is_weighed_as_the_digit(
    line, verdict
) -> None:
    for spelt in ("沪AO1234", "沪A01234"):
        sight = judged(line, [spelt, "京B67890"])
        assert (sight.verdict, sight.text) == (verdict, spelt)


@pytest.mark.parametrize(
    ("read", "region", "expected", "verdict"),
    [
        ("MUAB123", EU, ["MÜAB123"], "ambiguous"),
        ("MUAB123", EU, ["MÜAB123", "RK375AK"], "ambiguous"),
        ("MAB123", EU, ["MÜAB123"], "ambiguous"),
        ("A12345", EU, ["沪A12345"], "ambiguous"),
        ("RK373AK", EU, ["MÜAB123"], "other"),
        ("MUAB123", EU, ["MÜAB123", "MUAB123"], "accepted"),
        ("沪B67890", CN, ["MÜAB123"], "other"),
    ],
)
def test_a_plate_that_no_reader_can_say_is_never_another_vehicle_for_its_driver(
    read, region, expected, verdict
) -> None:
    assert judged(said(read), expected, region).verdict == verdict


@pytest.mark.parametrize("expected", [[], ["京N8K517"]])
@pytest.mark.parametrize(("share", "asserted"), [(0.0, True), (0.4, False)])
def test_another_vehicle_is_told_with_how_sure_its_own_text_is(expected, share, asserted) -> None:
    sight = judged(said("沪A12345", at5=("8", share)), expected)
    assert (sight.verdict, sight.text, sight.asserted) == ("other", "沪A12345", asserted)
    assert (sight.free_sure >= LIMITS["cn"].assert_sure) is asserted


@pytest.mark.parametrize("region", REGIONS.values(), ids=REGIONS)
@settings(max_examples=15, deadline=None)
@given(st.data())
def test_an_impostor_more_among_the_expected_never_makes_another_plate_accepted(
    region, data
) -> None:
    counted = tally([seen(data.draw(noisy_lines()))], region, [])
    likely = [it.text for it in counted.free]
    line = said(data.draw(st.sampled_from(likely or ["AB"])), sure=data.draw(st.floats(0.2, 0.99)))
    few = data.draw(st.lists(st.sampled_from(likely or ["AB"]), max_size=3))
    more = [*few, data.draw(st.sampled_from(likely or ["AB"]))]
    with_impostor = judged(line, more, region)
    if with_impostor.verdict == "accepted" and with_impostor.text in few:
        assert judged(line, few, region) == with_impostor


@pytest.mark.parametrize("region", REGIONS.values(), ids=REGIONS)
@settings(max_examples=15, deadline=None)
@given(st.data())
def test_only_an_expected_plate_is_accepted_and_a_confidence_is_a_share(region, data) -> None:
    expected = data.draw(st.lists(st.sampled_from(["ABC1234", "沪A12345", "7CID930"])))
    sight = judged(data.draw(noisy_lines()), expected, region)
    assert 0 <= sight.confidence <= 1
    assert (sight.verdict == "none") is (sight.text == "")
    if sight.verdict == "accepted":
        assert sight.text in expected
        assert sight.confidence >= SURE_TO_ACCEPT


def test_the_worse_a_plate_is_read_the_further_it_must_lead() -> None:
    half = said("沪A12345", at6=("6", 0.2))
    faint = said("沪A12345", sure=0.5, at6=("6", 0.2))
    assert judged(half, ["沪A12345"]).verdict == "accepted"
    assert judged(faint, ["沪A12345"]).verdict == "ambiguous"


@pytest.mark.parametrize(
    ("line", "verdict"),
    [(said("沪A12345"), "accepted"), (said("沪A12345", at5=("8", 0.4)), "ambiguous")],
)
def test_without_a_list_only_a_sure_read_is_asserted(line, verdict) -> None:
    sight = assert_free(tally([seen(line)], CN, []))
    assert (sight.verdict, sight.text) == (verdict, "沪A12345")
    assert (sight.confidence >= LIMITS["cn"].assert_sure) is (verdict == "accepted")


def test_a_region_that_was_never_measured_has_the_strictest_limits() -> None:
    own = replace(BR, name="xx", shapes=(shape_of("AA0000"),))
    assert limits_of(own).accept == max(it.accept for it in LIMITS.values())
    assert limits_of(US) is LIMITS["us"]
