import pytest

from edge.core.plate_regions import BR, CN, EU, REGIONS, US, BadShape, shape_of, with_shapes


@pytest.mark.parametrize(
    ("region", "text", "fits"),
    [
        (CN, "沪A12345", True),
        (CN, "皖A3997学", True),
        (CN, "粤BD12345", True),
        (CN, "粤B12345F", True),
        (CN, "粤BZ12345", False),
        (CN, "沪A1234I", False),
        (CN, "AA12345", False),
        (BR, "ABC1234", True),
        (BR, "ABC1D23", True),
        (BR, "ABC123D", False),
        (EU, "RK099AN", True),
        (EU, "AB12", True),
        (EU, "A", False),
        (US, "7CID930", True),
        (US, "沪A12345", False),
    ],
)
def test_a_region_knows_how_its_plates_are_written(region, text, fits) -> None:
    assert (region.fits(text) is not None) is fits


@pytest.mark.parametrize(
    ("region", "one", "other", "alike"),
    [
        (EU, "RKO99AN", "RK099AN", True),
        (US, "CK0A1F", "CKOAIF", True),
        (US, "8B1234", "881234", False),
        (BR, "OAB1234", "0AB1234", False),
        (BR, "ABC1O23", "ABC1023", False),
        (CN, "沪AO1234", "沪A01234", True),
        (CN, "沪A1234I", "沪A12341", True),
        (with_shapes(CN, ["AA*000"]), "沪AO1234", "沪A01234", False),
    ],
)
def test_characters_fold_only_where_a_region_does_not_tell_them_apart(
    region, one, other, alike
) -> None:
    assert (region.fold(one) == region.fold(other)) is alike


def test_a_text_is_spelt_as_each_shape_of_its_length_would_have_it() -> None:
    assert "RK099AN" in EU.spellings("RKO99AN")
    assert CN.spellings("沪A12345") == {"沪A12345"}
    assert CN.spellings("沪AI2345") == set()


def test_common_shapes_are_likelier_than_free_ones() -> None:
    assert US.prior("7CID930") > US.prior("CEMENT0") > US.prior("NEILDMND")
    assert US.prior("沪A12345") == US.prior("NEILDMND")


@pytest.mark.parametrize("region", REGIONS.values(), ids=REGIONS)
def test_what_is_searched_allows_all_that_the_shapes_allow(region) -> None:
    for shape in region.shapes:
        assert any(shape.within(wide) for wide in region.widest)


def test_two_lines_are_known_where_lorries_or_motorcycles_have_them() -> None:
    assert {name for name, region in REGIONS.items() if region.two_line} == {"cn", "br"}


def test_a_lot_adds_shapes_to_a_region_by_its_settings() -> None:
    more = with_shapes(CN, ["京A-0000".replace("-", ""), "AA*000"])
    assert CN.fits("京A1234") is None
    assert more.fits("京A1234") is not None
    assert more.fits("XYZ123") is not None


@pytest.mark.parametrize("pattern", ["A", "A" * 11, "AB00", "A-00", "", "A 0"])
def test_a_shape_that_says_nothing_is_refused_with_a_sentence(pattern: str) -> None:
    with pytest.raises(BadShape, match="A shape is 2 to 10 places"):
        shape_of(pattern)
