"""Plates are sealed: without the key a copy shows none, and no sealed text can be moved."""

import json
import os
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.adapters import plate_keys
from cloud.core.plate_vault import KEY_BYTES, MARK_CHARS, Vault, is_sealed, mark_of, person_of
from cloud.errors import BadKey, NoPlateKey, SealBroken

_NUMBERS = count()


def keys() -> bytes:
    return next(_NUMBERS).to_bytes(KEY_BYTES, "big")


def vault(name: int = 1) -> Vault:
    return Vault(name.to_bytes(32, "big"), keys)


plates = st.text("ABCDEFGHJ0123456789", min_size=1, max_size=9).map("沪{}".format)


@given(plates, st.integers(0, 2**31 - 1), st.text("ab:1", max_size=9))
def test_what_was_sealed_opens_in_its_place_and_is_found_by_its_mark(
    plate: str, person: int, about: str
) -> None:
    own = vault()
    wrapped = own.new_wrapped(person)
    token = own.seal(wrapped, person, (plate, plate), about)
    assert own.opened(wrapped, token, about) == plate
    assert is_sealed(token) and person_of(token) == person
    assert mark_of(token) == own.mark(plate) and len(own.mark(plate)) == MARK_CHARS
    assert plate not in token and not is_sealed(plate)


def test_in_another_place_or_for_another_person_or_changed_it_does_not_open() -> None:
    own = vault()
    hers, his = own.new_wrapped(7), own.new_wrapped(8)
    token = own.seal(hers, 7, ("沪A12345", "沪A12345"), "booking:b-1")
    other = own.seal(hers, 7, ("沪A12346", "沪A12346"), "booking:b-1")
    moved = mark_of(other) + token[MARK_CHARS:]
    for key, text, about in (
        (hers, token, "booking:b-2"),
        (his, token, "booking:b-1"),
        (hers, token.replace(".7.", ".8."), "booking:b-1"),
        (hers, moved, "booking:b-1"),
        (hers, token[:-6] + "AAAA==", "booking:b-1"),
        (hers, "v1.x", "booking:b-1"),
    ):
        with pytest.raises(SealBroken):
            own.opened(key, text, about)


def test_equal_plates_are_equal_by_their_mark_alone_and_only_here() -> None:
    own, other = vault(), vault(2)
    wrapped = own.new_wrapped(7)
    one, two = (own.seal(wrapped, 7, ("沪A12345", "沪A12345"), f"booking:{n}") for n in (1, 2))
    assert mark_of(one) == mark_of(two) and one != two
    assert own.mark("沪A·12345") == own.mark("沪a12345") != own.mark("沪A12346")
    assert other.mark("沪A12345") != own.mark("沪A12345")
    with pytest.raises(SealBroken):
        other.opened(wrapped, one, "booking:1")


def test_the_same_row_written_again_is_the_same_text_so_replays_stay_byte_equal() -> None:
    own = vault()
    wrapped = own.new_wrapped(7)
    sealed = [own.seal(wrapped, 7, ("沪A12345", "沪A12345"), "event:gw-1:1:5") for _ in range(2)]
    assert sealed[0] == sealed[1]


def test_the_key_file_is_made_once_for_its_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "plates.key"
    first = plate_keys.opened(path, may_make=True)
    assert path.stat().st_mode & 0o777 == 0o600
    assert plate_keys.opened(path, may_make=True).check == first.check
    assert [kept.name for kept in path.parent.iterdir()] == ["plates.key"]


def test_a_key_that_is_gone_open_to_others_or_no_key_stops_the_start(tmp_path: Path) -> None:
    path = tmp_path / "plates.key"
    with pytest.raises(NoPlateKey, match="missing"):
        plate_keys.opened(path, may_make=False)
    path.write_text("00" * 32)
    path.chmod(0o640)
    with pytest.raises(BadKey, match="chmod 600"):
        plate_keys.opened(path, may_make=False)
    path.chmod(0o600)
    for text in ("zz", "00" * 31, json.dumps({})):
        path.write_text(text)
        with pytest.raises(BadKey):
            plate_keys.opened(path, may_make=False)
    assert os.environ.get("BERTH_PLATE_KEY") is None
