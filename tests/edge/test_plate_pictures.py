"""Whatever file is given: a picture of 8 bits, blue first, or a sentence; never more memory."""

import io
import os
import tracemalloc
import zlib
from pathlib import Path
from struct import pack
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from edge.adapters.picture_headers import Header, header_of
from edge.adapters.picture_refusals import REFUSALS, Refused
from edge.adapters.pictures import KEPT_PIXELS, fault_of, picture_of, read_picture

WIDE, HIGH = 320, 200
UPRIGHT, QUARTER_TURN = 1, 6
ORIENTATION = 0x112


def drawn() -> Image.Image:
    """Green, with blue in its top left quarter."""
    image = Image.new("RGB", (WIDE, HIGH), (20, 160, 40))
    image.paste((10, 20, 250), (0, 0, WIDE // 2, HIGH // 2))
    return image


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def turned() -> dict[str, Any]:
    exif = Image.Exif()
    exif[ORIENTATION] = QUARTER_TURN
    return {"exif": exif}


def refusal(data: bytes) -> str:
    told = picture_of(data)
    return told.code if isinstance(told, Refused) else "none"


def wide_grey() -> Image.Image:
    levels = np.linspace(0, 65535, WIDE * HIGH).reshape(HIGH, WIDE).astype(np.uint16)
    return Image.fromarray(levels)


KINDS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")
MODES = [
    *[(kind, "RGB") for kind in KINDS],
    *[("JPEG", "CMYK"), ("JPEG", "L"), ("TIFF", "CMYK")],
    *[("PNG", "LA"), ("PNG", "RGBA"), ("PNG", "P"), ("PNG", "1"), ("WEBP", "RGBA")],
]


@pytest.mark.parametrize(("kind", "mode"), MODES)
def test_every_kind_and_mode_becomes_a_picture_of_8_bits_blue_first(kind: str, mode: str) -> None:
    image = picture_of(saved(drawn().convert(mode), kind))
    assert (image.shape, image.dtype) == ((HIGH, WIDE, 3), np.uint8)
    blue, green, red = (int(level) for level in image[20, 20])
    if mode in ("L", "LA", "1"):
        assert blue == green == red
    else:
        assert blue > 200 > 90 > red


def test_a_picture_of_16_bits_becomes_one_of_8() -> None:
    for kind in ("PNG", "TIFF"):
        image = picture_of(saved(wide_grey(), kind))
        assert (image.shape, image.dtype) == ((HIGH, WIDE, 3), np.uint8)
        assert (image[0, 0, 0], image[-1, -1, 0]) == (0, 255)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_that_its_exif_turns_is_turned(kind: str) -> None:
    image = picture_of(saved(drawn(), kind, **turned()))
    assert image.shape == (WIDE, HIGH, 3)
    # A quarter to the right: what was at the top left is at the top right.
    assert image[20, -20].argmax() == 0
    assert image[20, 20].argmax() == 1


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_picture_is_read(kind: str) -> None:
    later = [Image.new("RGB", (WIDE, HIGH), (level, 0, 0)) for level in (200, 220, 240)]
    image = picture_of(saved(drawn(), kind, save_all=True, append_images=later))
    assert image[20, 20].argmax() == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_that_is_cut_off_is_refused_wherever_it_was_cut(kind: str) -> None:
    rng = np.random.default_rng(1)
    noise = Image.fromarray(rng.integers(0, 255, (HIGH, WIDE, 3), np.uint8))
    whole = saved(noise, kind)
    assert refusal(whole) == "none"
    told = {refusal(whole[: len(whole) * part // 16]) for part in range(1, 15)}
    assert told <= {"picture_torn", "picture_none"}


def test_a_large_jpeg_that_is_cut_off_is_torn() -> None:
    rng = np.random.default_rng(1)
    noise = rng.integers(0, 255, (900, 1600, 3), np.uint8)
    data = saved(Image.fromarray(noise), "JPEG")
    for cut in (len(data) // 2, len(data) * 9 // 10, len(data) - 1000):
        assert refusal(data[:cut]) == "picture_torn"


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"RIFF\0\0\0\0WEBP"),
        *(b"II*\0\x08\0\0\0", b"MM\0*\xff\xff\xff\xff", b"%PDF-1.7", b"<svg/>", b"not a picture"),
        *(b"\xff\xd8\xff\xd9", b"\xff\xd8\xff" + b"\xff" * 5000, b"\xff\xd8\xff\xe1\0\0" * 2000),
        b"\0\0\0\x18ftypheic",
    ],
)
def test_what_is_no_picture_is_said_to_be_none(data: bytes) -> None:
    assert refusal(data) == "picture_none"


def png_that_claims(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))

    head = pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + pixels + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(60_000, 60_000), (2**31 - 1, 2**31 - 1), (10_000_000, 20)])
def test_a_small_file_that_unpacks_to_gigabytes_is_refused_before_it_does(
    size: tuple[int, int],
) -> None:
    tracemalloc.start()
    code = refusal(png_that_claims(*size))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert code == "picture_huge"
    assert most < 2**20


def test_a_jpeg_of_50_megapixels_is_decoded_at_a_half() -> None:
    flat = np.zeros((6000, 8000, 3), np.uint8)
    flat[:3000, :4000] = (200, 30, 30)
    good, data = cv2.imencode(".jpg", flat)
    assert good
    image = picture_of(data.tobytes())
    assert image.shape == (3000, 4000, 3)
    assert image.shape[0] * image.shape[1] <= KEPT_PIXELS
    assert image[20, 20].argmax() == 0
    progressive = [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]
    assert refusal(cv2.imencode(".jpg", flat, progressive)[1].tobytes()) == "picture_huge"


@pytest.mark.parametrize(("size", "code"), [((15, 40), "picture_tiny"), ((40, 1), "picture_tiny")])
def test_a_tiny_picture_is_refused(size: tuple[int, int], code: str) -> None:
    assert refusal(saved(drawn().resize(size), "PNG")) == code


@pytest.mark.parametrize(
    ("low", "high", "code"),
    [
        *((0, 0, "picture_black"), (3, 18, "picture_black"), (255, 255, "picture_blown_out")),
        *((240, 255, "picture_blown_out"), (120, 121, "picture_flat"), (2, 60, None)),
        *((90, 255, None), (0, 255, None)),
    ],
)
def test_a_frame_that_cannot_show_a_plate_is_told_from_a_dark_or_a_bright_one(
    low: int, high: int, code: str | None
) -> None:
    rng = np.random.default_rng(1)
    image = rng.integers(low, high + 1, (240, 320, 1)).astype(np.uint8).repeat(3, axis=2)
    told = fault_of(image)
    assert (told and told.code) == code


def test_a_plate_that_shines_in_a_black_night_is_no_black_picture() -> None:
    image = np.zeros((720, 1280, 3), np.uint8)
    image[400:440, 600:720] = 230
    assert fault_of(image) is None


@pytest.mark.parametrize(
    "image",
    [None, np.zeros((0, 0, 3), np.uint8), np.zeros((50, 50), np.uint8), np.zeros((50, 50, 3))],
)
def test_what_is_no_frame_is_torn(image: Any) -> None:
    assert fault_of(image) == Refused("picture_torn")


def test_a_place_without_a_file_is_refused_and_nothing_waits_for_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "heavy.jpg").touch()
    os.truncate(tmp_path / "heavy.jpg", 33 * 2**20)
    (tmp_path / "ok.png").write_bytes(saved(drawn(), "PNG"))
    told = {
        name: read_picture(tmp_path / name)
        for name in ("none.png", "pipe", "", "heavy.jpg", "a\0b", "ok.png/x")
    }
    codes = {name: one.code for name, one in told.items() if isinstance(one, Refused)}
    assert codes == {
        "none.png": "picture_missing",
        "pipe": "picture_unreadable",
        "": "picture_unreadable",
        "heavy.jpg": "picture_heavy",
        "a\0b": "picture_unreadable",
        "ok.png/x": "picture_unreadable",
    }
    assert read_picture(tmp_path / "ok.png").shape == (HIGH, WIDE, 3)


@pytest.mark.parametrize("kind", KINDS)
def test_the_header_tells_the_size_that_is_decoded(kind: str) -> None:
    header = header_of(saved(drawn(), kind))
    assert header is not None
    assert (header.width_px, header.height_px) == (WIDE, HIGH)


def test_only_a_plain_jpeg_can_be_decoded_in_part() -> None:
    assert header_of(saved(drawn(), "JPEG")) == Header("jpeg", WIDE, HIGH, by_rows=True)
    assert header_of(saved(drawn(), "JPEG", progressive=True)) == Header("jpeg", WIDE, HIGH)


WHOLE = [saved(drawn().resize((48, 32)), kind) for kind in KINDS]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(WHOLE), st.integers(0, 400), st.binary(min_size=1, max_size=12))
def test_a_picture_with_damaged_bytes_is_a_picture_or_a_refusal(
    whole: bytes, place: int, damage: bytes
) -> None:
    at = place % len(whole)
    told = picture_of(whole[:at] + damage + whole[at + len(damage) :])
    if isinstance(told, Refused):
        assert told.code in REFUSALS
    else:
        assert (told.ndim, told.dtype) == (3, np.uint8)


@given(st.binary(max_size=300))
def test_any_bytes_have_a_header_or_none(data: bytes) -> None:
    for begins in (b"", b"\xff\xd8\xff", b"II*\0", b"RIFF", b"BM", b"GIF8"):
        header = header_of(begins + data)
        assert header is None or header.pixels >= 0


def test_every_refusal_has_a_sentence_and_a_remedy_in_two_languages() -> None:
    for code, said in REFUSALS.items():
        assert code.startswith("picture_")
        assert all((said.en, said.zh, said.remedy_en, said.remedy_zh))
        assert said.en.endswith(".")
        assert said.zh.endswith("。")
