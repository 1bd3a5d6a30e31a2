"""Drawn pictures: the right size and format, the same each time, and a symbol that is seen."""

import io

import pytest
from PIL import Image

from setahub.demo import art
from setahub.demo.art import avatar_art, topic_art
from setahub.demo.art.symbols import symbol_mask
from setahub.demo.topics import TOPICS

GREY = Image.new("RGB", (960, 480), "#888888")


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    assert image.format == "WEBP"
    return image.convert("RGB")


def test_a_cover_is_a_webp_twice_as_wide_as_high() -> None:
    assert opened(topic_art("λ", 1)).size == (960, 480)


def test_an_avatar_is_a_square_webp() -> None:
    assert opened(avatar_art("ta")).size == (512, 512)


def test_the_same_seed_draws_the_same_bytes() -> None:
    assert topic_art("{ }", 7) == topic_art("{ }", 7)
    assert avatar_art("mali") == avatar_art("mali")


def test_another_seed_or_symbol_draws_another_picture() -> None:
    assert topic_art("{ }", 1) != topic_art("{ }", 2)
    assert topic_art("{ }", 1) != topic_art("01", 1)
    assert avatar_art("a") != avatar_art("b")


def test_neighbours_get_every_palette_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = []

    def ground(size, palette, dice):
        chosen.append(palette)
        return GREY

    monkeypatch.setattr(art, "_ground", ground)
    monkeypatch.setattr(art, "_paint", lambda *args: None)

    for number in range(9):
        topic_art("λ", number)

    assert set(chosen) == set(art.PALETTES)


@pytest.mark.parametrize("glyph", [each.glyph for each in TOPICS])
def test_the_symbol_is_seen_in_a_band_of_half_the_height(glyph: str) -> None:
    mask = symbol_mask(glyph, (960, 480), 149)

    left, top, right, bottom = mask.getbbox() or (0, 0, 0, 0)
    assert 240 - 120 < top < bottom < 240 + 120
    assert 240 - 20 < left < right < 720 + 20
    assert (left + right) / 2 == pytest.approx(480, abs=6)
    assert (top + bottom) / 2 == pytest.approx(240, abs=60)
