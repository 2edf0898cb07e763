"""A claim code is read as it was written, and every slip of a hand is found before anybody asks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.wire.claim_codes import (
    ALPHABET,
    CHARACTERS,
    ROOT_DIGITS,
    ClaimCode,
    NoCode,
    read_code,
    root_of,
    spelled,
)
from contracts.wire.signing import recover, sign

CODES = st.builds(
    ClaimCode,
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=32, max_size=32).map(root_of),
)


@given(CODES)
def test_a_code_is_read_as_it_was_written(code: ClaimCode) -> None:
    text = spelled(code)
    assert len(text.replace("-", "")) == CHARACTERS and len(code.root) == ROOT_DIGITS
    assert read_code(text) == code


@given(CODES, st.randoms(use_true_random=False))
def test_dashes_spaces_small_letters_and_alike_letters_do_not_matter(
    code: ClaimCode, draw: object
) -> None:
    text = spelled(code)
    alike = text.replace("0", "o").replace("1", "l")
    for typed in (text.lower(), alike, alike.upper(), f"  {text.replace('-', ' ')}\n"):
        assert read_code(typed) == code


@given(CODES)
def test_every_wrong_character_and_every_swap_of_neighbours_is_found(code: ClaimCode) -> None:
    plain = spelled(code).replace("-", "")
    for at, was in enumerate(plain):
        for other in ALPHABET.replace(was, "")[:: 1 + at % 3]:
            with pytest.raises(NoCode):
                read_code(plain[:at] + other + plain[at + 1 :])
        if plain[at : at + 2] not in (was, was * 2):
            with pytest.raises(NoCode):
                read_code(plain[:at] + plain[at + 1] + was + plain[at + 2 :])


@given(st.text(max_size=60))
def test_any_text_is_a_code_or_is_told_why_not(text: str) -> None:
    try:
        assert spelled(read_code(text)).replace("-", "")
    except NoCode as wrong:
        assert str(wrong).endswith(".")


@given(CODES, CODES)
def test_two_codes_have_two_addresses_and_their_keys_sign_for_them(
    code: ClaimCode, other: ClaimCode
) -> None:
    digest = b"\x11" * 32
    assert recover(digest, sign(digest, code.key())) == code.address()
    assert (code.address() == other.address()) == (code.secret == other.secret)


def test_a_secret_of_another_length_is_not_written() -> None:
    for code in (ClaimCode(b"\0" * 15, "0" * 19), ClaimCode(b"\0" * 16, "0" * 18)):
        with pytest.raises(ValueError):
            spelled(code)
