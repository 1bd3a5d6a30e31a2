"""Drawn pictures: the right size and format, the same each time, nothing that can't be drawn."""

import io

import pytest
from PIL import Image, ImageChops

from setahub.demo import art
from setahub.demo.art import avatar_art, topic_art
from setahub.demo.art.symbols import symbol_mask


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    assert image.format == "WEBP"
    return image.convert("RGB")


def test_a_cover_is_a_webp_of_the_asked_size() -> None:
    assert opened(topic_art("λ", "functional")).size == (960, 480)
    assert opened(topic_art("λ", "functional", width=640, height=360)).size == (640, 360)


def test_an_avatar_is_a_square_webp() -> None:
    assert opened(avatar_art("ta")).size == (512, 512)


def test_the_same_seed_draws_the_same_bytes() -> None:
    assert topic_art("{ }", 7) == topic_art("{ }", 7)
    assert avatar_art("mali") == avatar_art("mali")


def test_another_seed_or_symbol_draws_another_picture() -> None:
    assert topic_art("{ }", "a") != topic_art("{ }", "b")
    assert topic_art("{ }", "a") != topic_art("01", "a")
    assert avatar_art("a") != avatar_art("b")


def test_whole_numbers_in_a_row_get_every_palette() -> None:
    chosen = [art._palette_of(number, art.random.Random(0)) for number in range(9)]

    assert set(chosen) == set(art.PALETTES)


@pytest.mark.parametrize(
    "glyph", ["{ }", "λ", "∑", "</>", "⑂", "01", "⛁", ">_", "∞", "π", "∫", "#", "[ ]", "AB", "SQL"]
)
def test_the_symbol_is_seen_in_a_band_of_half_the_height(glyph: str) -> None:
    mask = symbol_mask(glyph, (960, 480), 149)

    left, top, right, bottom = mask.getbbox() or (0, 0, 0, 0)
    assert 240 - 120 < top < bottom < 240 + 120
    assert 240 - 20 < left < right < 720 + 20
    assert (left + right) / 2 == pytest.approx(480, abs=6)
    assert (top + bottom) / 2 == pytest.approx(240, abs=60)


@pytest.mark.parametrize("glyph", ["ค", "\U000f0000", "", " ", "データ"])
def test_what_cannot_be_drawn_becomes_a_target(glyph: str) -> None:
    drawn = symbol_mask(glyph, (960, 480), 149)
    target = symbol_mask("◎", (960, 480), 149)

    assert ImageChops.difference(drawn, target).getbbox() is None


def test_a_long_symbol_fits() -> None:
    assert opened(topic_art("<>" * 20, "long")).size == (960, 480)
