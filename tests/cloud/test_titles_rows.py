"""A row is checked by hand, for speed: it must be held to just what the model holds it to."""

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cloud.core.compliance import ENCUMBRANCES, RIGHT_TYPES, USES
from cloud.core.title_names import ALSO_COLUMNS, ALSO_VALUES, COLUMNS, column_of, masked
from cloud.core.title_rows import Cells, Problem, Staged, check
from contracts.ledger.records import TitleRecord

SALT = bytes(range(32))
GOOD = {
    "space": "S1",
    "number": "7",
    "lot": "lot-1",
    "holder": "王伟",
    "right": "ownership",
    "valid_until": "2050-12-31",
    "encumbrance": "none",
    "use": "private",
    "lat": "31.23",
    "lon": "121.47",
}
NAMES = st.one_of(
    st.sampled_from(
        ["S1", "", "a" * 64, "a" * 65, "-a", "S1\n", "Ｓ1", "S.1_b-2", "S 1", '"', "é"]
    ),
    st.text(max_size=5),
)
NUMBERS = st.one_of(
    st.integers(-2, 2**32 + 2).map(str),
    st.sampled_from(["", "1.0", "٣", "²", "007", "1_0", "9" * 5000, "1e3"]),
)
HOLDERS = st.one_of(
    st.text(max_size=130),
    st.sampled_from(["王" * 120, "王" * 121, '"\\\x00\x1f\x7f\u2028', "𠮷", "\ud800", "a\nb", " "]),
)
DATES = st.one_of(
    st.dates().map(date.isoformat), st.sampled_from(["", "2050-02-30", "20501231", "soon"])
)


def cells(**changes: str) -> list[str | None]:
    return [(GOOD | changes)[name] for name in COLUMNS]


def one(row: Cells) -> Staged | Problem:
    staged, problems = check([(2, row)], SALT, 1)
    return staged[0] if staged else problems[0]


ODD = {"space": NAMES, "number": NUMBERS, "lot": NAMES, "holder": HOLDERS, "valid_until": DATES}
# One odd cell at a time, and all of them: a row with five is hardly ever good.
CHANGES = st.one_of(
    *(st.fixed_dictionaries({name: values}) for name, values in ODD.items()),
    st.fixed_dictionaries(ODD),
)


@given(CHANGES)
@example({"holder": '"\\\x00\x1f'})
@example({"holder": "\ud800"})
def test_a_row_is_good_just_where_the_record_is_and_has_its_text_and_its_leaf(
    changes: dict[str, str],
) -> None:
    found, row = one(cells(**changes)), GOOD | changes
    number, until = row["number"], row["valid_until"]
    try:
        record = TitleRecord(
            space=row["space"].strip(),
            number=int(number)
            if number.isascii() and number.isdecimal() and len(number) < 99
            else 0,
            lot=row["lot"].strip(),
            holder=row["holder"].strip(),
            right="ownership",
            valid_until=date.fromisoformat(until).isoformat() if until else None,
            salt="0x" + SALT.hex(),
        )
    except ValueError:
        assert isinstance(found, Problem)
        return
    assert isinstance(found, Staged), found
    assert found.record == record.model_dump_json()
    assert found.leaf == record.leaf()
    assert (found.space, found.number, found.lot) == (record.space, record.number, record.lot)


@given(
    st.sampled_from(RIGHT_TYPES),
    st.sampled_from(ENCUMBRANCES),
    st.sampled_from(USES),
    st.booleans(),
)
def test_every_word_a_title_may_say_stands_in_its_record(
    right: str, encumbrance: str, use: str, endless: bool
) -> None:
    until = "" if endless else "2050-12-31"
    found = one(cells(right=right, encumbrance=encumbrance, use=use, valid_until=until))
    assert isinstance(found, Staged)
    record = TitleRecord.model_validate_json(found.record)
    assert (record.right, record.encumbrance, record.use) == (right, encumbrance, use)
    assert record.valid_until == (until or None)
    assert found.leaf == record.leaf()


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"lat": "90.0001"}, "lat", "outside -90..90"),
        ({"lat": "121.47", "lon": "31.23"}, "lat", "outside"),
        ({"lon": "-180.1"}, "lon", "outside -180..180"),
        ({"lat": "nan"}, "lat", "outside"),
        ({"lon": ""}, "lon", "not a number"),
        ({"right": "rent"}, "right", "none of ownership"),
        ({"use": ""}, "use", "none of private"),
        ({"number": "4294967296"}, "number", "not in 1.."),
        ({"valid_until": "2050年2月30日"}, "valid_until", "not a date"),
    ],
)
def test_a_bad_cell_is_told_with_its_column_and_reason(
    changes: dict[str, str], field: str, reason: str
) -> None:
    found = one(cells(**changes))
    assert isinstance(found, Problem)
    assert (found.line, found.field) == (2, field)
    assert reason in found.reason


def test_a_row_of_too_few_or_too_many_cells_says_so() -> None:
    few, many = one(cells()[:-1]), one([*cells(), "more"])
    assert isinstance(few, Problem) and few.reason == "column lon is missing"
    assert isinstance(many, Problem) and "more cells than columns" in many.reason


def test_an_offices_own_words_mean_ours() -> None:
    for name, others in ALSO_COLUMNS.items():
        assert {column_of(other) for other in (name, name.upper(), *others)} == {name}
    assert column_of("备注") is None
    for name, words in ALSO_VALUES.items():
        for said, ours in words.items():
            found = one(cells(**{name: said}))
            assert isinstance(found, Staged) and f'"{name}":"{ours}"' in found.record
    dated = one(cells(valid_until="2050年2月3日"))
    assert isinstance(dated, Staged) and '"2050-02-03"' in dated.record


@given(st.text(min_size=2, max_size=130))
def test_a_masked_name_shows_its_first_sign_only(name: str) -> None:
    assert masked(name)[0] == name[0] and set(masked(name)[1:]) == {"*"}


def test_a_bad_holder_is_never_told_by_name() -> None:
    name = "欧阳娜娜" * 31
    assert name[:4] not in str(one(cells(holder=name)))
