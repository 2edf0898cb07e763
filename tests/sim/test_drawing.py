"""Drawn plates and scenes: what they show is what they say, and the same of the same seed."""

from random import Random

import cv2
import numpy as np
import pytest

from edge.core.plate_regions import REGIONS
from firmware_sim.drawing import plates, weather
from firmware_sim.drawing.glyphs import HAN, LATIN, fonts, glyph
from firmware_sim.drawing.scenes import Scene, scene, street
from firmware_sim.drawing.texts import KINDS, text_of
from firmware_sim.drawing.warping import cut, lay, lean_of, quad_at


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_drawn_by_chance_is_one_that_its_region_has(kind: str) -> None:
    rng, region = Random(1), REGIONS[plates.STYLES[kind].region]
    for _ in range(200):
        text = text_of(kind, rng)
        assert region.fits(text) is not None, text


@pytest.mark.parametrize("kind", KINDS)
def test_another_text_makes_another_picture_and_the_same_text_the_same(kind: str) -> None:
    one, other = text_of(kind, Random(1)), text_of(kind, Random(2))
    assert one != other
    first, again = plates.draw(kind, one, Random(3)), plates.draw(kind, one, Random(3))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, plates.draw(kind, other, Random(3)))


def test_every_font_has_every_character_of_its_script() -> None:
    for script, chars in (("latin", LATIN), ("han", HAN)):
        assert fonts(script)
        for font in fonts(script):
            shapes = {glyph(font, char).tobytes() for char in chars}
            assert len(shapes) >= len(chars) - 2, font
            assert all(glyph(font, char).max() > 200 for char in chars)


@pytest.mark.parametrize("seed", range(8))
def test_what_is_laid_into_a_scene_is_cut_out_again(seed: int) -> None:
    rng = Random(seed)
    flat, _ = plates.drawn("cn_blue", rng)
    quad = quad_at((320, 240), 300, 440 / 140, lean_of(rng))
    picture = street(rng, (640, 480))
    lay(picture, flat, quad)
    back = cut(picture, quad, (flat.shape[1], flat.shape[0]))
    inner = np.s_[8:-8, 8:-8]
    alike = np.corrcoef(flat[inner].ravel(), back[inner].ravel())[0, 1]
    assert alike > 0.9


def test_a_plate_seen_from_the_front_is_a_rectangle() -> None:
    quad = quad_at((100, 50), 80, 4.0, (0.0, 0.0, 0.0))
    assert np.allclose(quad, [[60, 40], [140, 40], [140, 60], [60, 60]])


def test_a_seed_makes_one_scene() -> None:
    one, again, other = (scene(Random(n), (320, 240)) for n in (5, 5, 6))
    assert np.array_equal(one.image, again.image)
    assert [it.text for it in one.plates] == [it.text for it in again.plates]
    assert not np.array_equal(one.image, other.image)


def test_plates_of_a_scene_are_in_it_and_apart_from_each_other() -> None:
    for made in _scenes(60):
        high, wide = made.image.shape[:2]
        middles = [it.quad.mean(axis=0) for it in made.plates]
        assert all(0 < x < wide and 0 < y < high for x, y in middles)
        for n, one in enumerate(made.plates):
            for other in made.plates[n + 1 :]:
                reach = (np.ptp(one.quad, axis=0) + np.ptp(other.quad, axis=0)) / 2
                assert (np.abs(one.quad.mean(axis=0) - other.quad.mean(axis=0)) > reach).any()


def test_scenes_show_every_region_cars_without_plates_and_more_than_one_plate() -> None:
    found = list(_scenes(120))
    regions = {plates.STYLES[it.kind].region for made in found for it in made.plates}
    assert regions == set(REGIONS)
    assert {0, 1, 2} <= {len(made.plates) for made in found}


def test_a_plate_that_night_has_swallowed_is_told_illegible() -> None:
    kept = [it for made in _scenes(200) for it in made.plates]
    dark = [it for it in kept if not it.legible]
    assert 0 < len(dark) < len(kept) / 5


def test_weather_keeps_the_size_and_the_kind_of_a_picture() -> None:
    picture = street(Random(1), (160, 120))
    for seed in range(40):
        spoiled = weather.spoiled(picture, Random(seed), 2.0)
        assert spoiled.shape == picture.shape and spoiled.dtype == np.uint8
    assert np.array_equal(weather.spoiled(picture, Random(1), 0.0), picture)


def _scenes(many: int) -> list[Scene]:
    cv2.setNumThreads(1)
    return [scene(Random(n), (320, 240)) for n in range(many)]
