"""The last net over a support file: plates of any country, and nothing that helps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.redact import MASK, Redactor

PLATES = {
    "mainland": "沪A12345",
    "mainland, electric": "粤BD12345",
    "mainland, grouped": "京A·F0236",
    "Hong Kong cars on the mainland": "粤Z1234港",
    "armed police": "WJ京12345",
    "armed police, old": "WJ01-12345",
    "embassy": "使014578",
    "embassy, grouped": "224·578使",
    "consulate": "沪A0023领",
    "Britain": "AB12 CDE",
    "Germany": "B-AB 1234",
    "France": "AB-123-CD",
    "Belgium": "1-ABC-234",
    "Brazil": "ABC1D23",
    "Brazil, old": "ABC-1234",
    "California": "7ABC123",
    "Texas": "ABC 1234",
    "typed in small letters": "abc1234",
}
KEPT = (
    "berth 0.1.0, gpiozero 2.0.1.post3, kernel 6.12.34+rpt-rpi-2712, v1.2.3",
    "2026-05-01T08:30:00.123456Z and 2026-05-01 08:30 +00:00",
    '{"t":500000000,"ch":"us0","v":5831,"why":"no_echo","st":0}',
    "GPIO23 and gpio 24, pin 16, /dev/ttyAMA0, /dev/ttyUSB0, v4l2:/dev/video0, picamera2:0",
    "QMC5883L, 48.2 uT at 0x0D; HC-SR04, JSN-SR04T, AJ-SR04M, A02YYUW, DS18B20, 28-00000abcdef0",
    "27000 MB free, 512MB, 4500 mm, 10000 Hz, 12.5 C, 13000 us, 5 V",
    "0x1f9840a85d5aF5bf1D1762F925BDADdC4201F984",
    "broker 10.0.0.9:1883, aarch64, python3, Raspberry Pi 4 Model B Rev 1.5, Linux",
    "space S1 is free; temp0 and mag12 are well",
)


@pytest.mark.parametrize("plate", PLATES.values(), ids=PLATES)
def test_a_plate_of_any_country_does_not_get_through(plate: str) -> None:
    for text in (
        plate,
        f"camera saw {plate} at S1",
        f'{{"plate":"{plate}"}}',
        f"{plate}, {plate}.",
    ):
        said = Redactor().text(text)
        assert MASK in said
        assert plate not in said and plate.replace(" ", "") not in said


@pytest.mark.parametrize("text", KEPT)
def test_versions_addresses_pins_times_and_readings_stay(text: str) -> None:
    assert Redactor().text(text) == text


def test_a_name_of_the_site_is_no_plate_however_it_looks() -> None:
    said = "space AB-123 and its us-AB123; not AB-124"
    assert Redactor(names=["AB-123", "us-AB123"]).text(said) == said.replace("AB-124", MASK)


@given(
    st.text("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", min_size=5, max_size=10).filter(
        lambda text: not (text.isdigit() or text.isalpha() or text[:-2].isdigit())
    )
)
def test_capitals_and_digits_mixed_never_get_through(plate: str) -> None:
    said = Redactor().text(f"seen: {plate}")
    assert plate not in said
