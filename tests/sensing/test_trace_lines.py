import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge.core.readings import IMAGE, Channel, PlateRead, Reading
from edge.core.trace_lines import (
    BadLine,
    TraceHeader,
    format_header,
    format_reading,
    parse_header,
    parse_reading,
)

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
counts = st.integers(-(2**31) + 1, 2**31 - 1)
floats = st.floats(allow_nan=False, allow_infinity=False)
values = (
    floats
    | st.tuples(counts, counts, counts)
    | st.builds(PlateRead, texts, st.floats(0, 1, allow_nan=False))
)
whys = texts | texts.map(lambda path: IMAGE + path)
times = st.integers(0, 2**63 - 1)
readings = st.builds(
    Reading, times, texts, values, st.none() | texts, st.integers(0, 255)
) | st.builds(Reading, times, texts, st.none(), whys)
channels = st.builds(
    Channel,
    texts,
    st.sampled_from(["ultrasonic", "camera", "temperature"]),
    st.none() | texts,
    st.none() | texts,
) | st.builds(
    Channel, texts, st.just("magnetic"), texts, texts, st.floats(0.1, 1e6, allow_nan=False)
)
headers = st.builds(
    TraceHeader,
    texts,
    texts,
    times,
    st.datetimes(timezones=st.just(UTC)),
    st.lists(channels, max_size=4).map(lambda all_: {ch.name: ch for ch in all_}),
)


@given(readings)
def test_a_reading_survives_its_line(reading: Reading) -> None:
    line = format_reading(reading)
    assert parse_reading(line) == reading == parse_reading(line.encode() + b"\n")
    assert format_reading(parse_reading(line)) == line


@given(headers)
def test_a_header_survives_its_line(header: TraceHeader) -> None:
    assert parse_header(format_header(header)) == header


@given(st.binary() | st.text() | st.recursive(st.none() | st.text(), st.lists).map(json.dumps))
@example(b"[" * 5000)
@example('{"t":1,"ch":"a","v":1e999}')
@example('{"t":1,"ch":"a","v":' + "9" * 400 + "}")
@example('{"t":1,"ch":"a","v":' + "9" * 5000 + "}")
@example('{"t":1,"ch":"\\ud800","v":1}')
@example(b"x" * 70_000)
@example('{"format":"berth-trace","version":1,"clock":{"wall":"0001-01-01T00:00:00+14:00"}}')
def test_any_line_gives_a_value_or_only_bad_line(line: bytes | str) -> None:
    for parse in (parse_reading, parse_header):
        try:
            parse(line)
        except BadLine as error:
            assert error.reason


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "t": st.integers() | texts,
            "ch": texts | st.none(),
            "v": st.lists(st.integers() | st.floats()) | st.dictionaries(texts, texts) | floats,
            "why": texts | st.integers(),
            "st": st.integers() | st.booleans(),
        },
    )
)
def test_any_object_gives_a_reading_or_only_bad_line(fields: dict[str, object]) -> None:
    try:
        reading = parse_reading(json.dumps(fields))
    except BadLine:
        return
    assert parse_reading(format_reading(reading)) == reading


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"t":1,"ch":"us0","v":null}', "why"),
        ('{"t":-1,"ch":"us0","v":3}', "t is not"),
        ('{"t":true,"ch":"us0","v":3}', "t is not"),
        ('{"t":1,"ch":"us0","v":true}', "v is not a number"),
        ('{"t":1,"ch":"mag0","v":[1,2]}', "three whole counts"),
        ('{"t":1,"ch":"mag0","v":[1,2,true]}', "three whole counts"),
        ('{"t":1,"ch":"cam0","v":{"text":"A","confidence":2}}', "confidence"),
        ("[]", "not an object"),
    ],
)
def test_a_bad_line_says_what_is_wrong(line: str, reason: str) -> None:
    with pytest.raises(BadLine, match=reason):
        parse_reading(line)


def test_the_lines_are_those_of_the_design() -> None:
    assert format_reading(Reading(5, "us0", 5800.0)) == '{"t":5,"ch":"us0","v":5800}'
    lost = '{"t":5,"ch":"us0","v":null,"why":"no_echo"}'
    assert format_reading(Reading(5, "us0", None, "no_echo")) == lost
    assert format_reading(Reading(5, "m", (1, -2, 3))) == '{"t":5,"ch":"m","v":[1,-2,3],"st":0}'
    image = '{"t":5,"ch":"cam0","v":{"image":"frames/000123.jpg"}}'
    assert format_reading(parse_reading(image)) == image


def test_a_magnetic_channel_without_a_scale_is_a_bad_header() -> None:
    wall = datetime(2026, 5, 1, tzinfo=UTC) + timedelta(seconds=0.5)
    header = TraceHeader("gw-1", "UTC", 0, wall, {"m": Channel("m", "magnetic", "S1")})
    with pytest.raises(BadLine, match="lsb_per_gauss"):
        parse_header(format_header(header))
