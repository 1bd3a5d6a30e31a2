"""Pictures drawn for the demo: covers for topics and faces for people.

Everything follows from the seed, so the same seed gives the same bytes. Shapes are drawn four times
as large and reduced, which makes their edges smooth; colours stay in middle tones, so that a cover
looks right on a light page as on a dark one.
"""

import random
from dataclasses import dataclass
from functools import cache
from io import BytesIO

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from setahub.demo.art.strokes import SCALE, Point, drawn, ellipse, trace
from setahub.demo.art.symbols import symbol_mask

Colour = tuple[int, int, int]  # red, green, blue, 0 to 255

_WHITE: Colour = (255, 255, 255)
COVER = (960, 480)  # pixels of a topic's cover
_BLUSH: Colour = (232, 116, 104)


@dataclass(frozen=True)
class Palette:
    """One mood: a light and a strong tone, a neighbour in hue, and a deep tone for shadows."""

    light: Colour
    strong: Colour
    neighbour: Colour
    deep: Colour


def _palette(*tones: str) -> Palette:
    light, strong, neighbour, deep = (
        (int(tone[0:2], 16), int(tone[2:4], 16), int(tone[4:6], 16)) for tone in tones
    )
    return Palette(light, strong, neighbour, deep)


PALETTES = (
    _palette("f2ab7c", "d8632f", "e58b5a", "7a2f10"),  # orange
    _palette("ecc27a", "cc8a35", "e3a455", "6e430f"),  # amber
    _palette("eba497", "c65f56", "dd8a6d", "6f2622"),  # coral
    _palette("c5a2cd", "7f548f", "b27aa6", "43244f"),  # plum
    _palette("aab0e0", "5a63ae", "8384c8", "2a2f66"),  # indigo
    _palette("97c0e2", "4079ae", "69a0c9", "173f63"),  # blue
    _palette("8fcac4", "35837f", "5fa8a4", "103f3f"),  # teal
    _palette("a3cfa6", "488a62", "72ac86", "1b4630"),  # green
    _palette("c6ca8c", "828c44", "a5ac66", "40471a"),  # moss
)


def _paint(
    picture: Image.Image, colour: Colour, mask: Image.Image, opacity: float, at: Point = (0, 0)
) -> None:
    """Lay ``colour`` through ``mask`` onto the picture, its upper left corner ``at`` pixels."""
    picture.paste(
        colour,
        (round(at[0]), round(at[1]), round(at[0]) + mask.width, round(at[1]) + mask.height),
        mask.point([round(value * opacity) for value in range(256)]),
    )


def _mixed(a: Colour, b: Colour, share: float) -> Colour:
    """``a`` with this share of ``b``."""
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue


def _ground(size: tuple[int, int], palette: Palette, dice: random.Random) -> Image.Image:
    """A soft gradient from the light corner to the strong one, with a breath of the neighbour."""
    small = Image.new("RGB", (5, 4))
    flip = dice.random() < 0.5
    for x in range(5):
        for y in range(4):
            across = (4 - x if flip else x) / 4
            share = 0.62 * across + 0.38 * y / 3 + dice.uniform(-0.1, 0.1)
            colour = _mixed(palette.light, palette.strong, min(1.0, max(0.0, share)))
            small.putpixel((x, y), _mixed(colour, palette.neighbour, dice.uniform(0.0, 0.5)))
    # The outermost points lie outside the frame, where the interpolation would be flat.
    return small.resize(size, Image.Resampling.BICUBIC, box=(0.5, 0.5, 4.5, 3.5))


@cache
def _fade(angle: int) -> Image.Image:
    """A square that goes from nothing to full in this direction (degrees)."""
    turned = Image.linear_gradient("L").resize((400, 400)).rotate(angle, Image.Resampling.BILINEAR)
    return turned.crop((60, 60, 340, 340))


def _glass(
    picture: Image.Image, colour: Colour, centre: Point, radius: float, opacity: float, angle: int
) -> None:
    """A translucent disc that fades towards one side."""
    side = round(radius * 2)
    disc = drawn((side, side), lambda pencil: pencil.ellipse(_frame(side), fill=255))
    mask = ImageChops.multiply(disc, _fade(angle).resize((side, side), Image.Resampling.BILINEAR))
    _paint(picture, colour, mask, opacity, (centre[0] - radius, centre[1] - radius))


def _ring(picture: Image.Image, centre: Point, radius: float, width: float, opacity: float) -> None:
    side, pen = round(radius * 2), round(width * SCALE)
    ring = drawn((side, side), lambda pencil: pencil.ellipse(_frame(side), outline=255, width=pen))
    _paint(picture, _WHITE, ring, opacity, (centre[0] - radius, centre[1] - radius))


def _frame(side: int) -> tuple[int, int, int, int]:
    return 0, 0, side * SCALE - 1, side * SCALE - 1


def _dots(
    picture: Image.Image, top: Point, columns: int, rows: int, step: float, opacity: float
) -> None:
    """A grid of small dots, ``top`` the middle of its upper edge."""
    size = (round(columns * step), round(rows * step))

    def draw(pencil: ImageDraw.ImageDraw) -> None:
        radius = step * 0.09 * SCALE
        for column in range(columns):
            for row in range(rows):
                x, y = (column + 0.5) * step * SCALE, (row + 0.5) * step * SCALE
                pencil.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)

    _paint(picture, _WHITE, drawn(size, draw), opacity, (top[0] - size[0] / 2, top[1]))


def _webp(picture: Image.Image) -> bytes:
    output = BytesIO()
    picture.save(output, "WEBP", quality=92, method=3)
    return output.getvalue()


def topic_art(glyph: str, number: int) -> bytes:
    """A cover for a topic: a gradient, glassy discs, and ``glyph`` in the middle. WebP bytes.

    The glyph stays visible when the cover is cropped to a band of half its height.
    """
    dice = random.Random(f"topic {number}")
    palette = PALETTES[number * 4 % len(PALETTES)]  # neighbours in contrast
    picture = _ground(COVER, palette, dice)
    side = dice.choice((-1, 1))
    among = dice.uniform
    unit = COVER[1] / 2

    def at(across: tuple[float, float], down: tuple[float, float]) -> Point:
        """A point by its distance from the middle (of the width, towards ``side``) and the top."""
        return COVER[0] * (0.5 + side * among(*across)), COVER[1] * among(*down)

    for colour, across, down, size, opacity, angles in (
        (_WHITE, (0.34, 0.46), (0.0, 0.3), (1.1, 1.4), 0.34, (0, 90, 45)),
        (palette.deep, (-0.32, -0.46), (0.7, 1.05), (0.8, 1.3), 0.3, (180, 225, 135)),
        (palette.light, (0.05, 0.26), (0.9, 1.15), (0.6, 0.9), 0.45, (0, 30, 330)),
        (_WHITE, (-0.14, -0.36), (0.0, 0.16), (0.3, 0.5), 0.26, (200,)),
    ):
        _glass(picture, colour, at(across, down), unit * among(*size), opacity, dice.choice(angles))
    centre, radius = at((0.28, 0.42), (0.55, 0.85)), unit * among(0.4, 0.6)
    for ring in range(dice.choice((1, 2, 3))):
        _ring(picture, centre, radius * (1 - 0.3 * ring), unit * 0.011, 0.5 - 0.12 * ring)
    columns, rows = dice.choice(((6, 4), (4, 6), (9, 2)))
    _dots(picture, at((-0.28, -0.4), (0.1, 0.5)), columns, rows, unit * 0.13, 0.5)

    symbol = symbol_mask(glyph, COVER, unit * 0.62)
    # A blur is slow, and looks the same made at an eighth of the size.
    small = symbol.reduce(8).filter(ImageFilter.GaussianBlur(unit * 0.09 / 8))
    shadow = small.resize(COVER, Image.Resampling.BICUBIC)
    _paint(picture, palette.deep, ImageChops.offset(shadow, 0, round(unit * 0.045)), 0.5)
    _paint(picture, _WHITE, symbol, 0.96)
    return _webp(picture)


def avatar_art(seed: str) -> bytes:
    """A friendly round face in soft colours, 512 by 512 pixels. WebP bytes."""
    dice = random.Random(f"avatar {seed}")
    size = (512, 512)
    place = dice.randrange(len(PALETTES))
    palette = PALETTES[place]
    # Three places on is a hue that goes well with it: they stand in the order of the rainbow.
    other = PALETTES[(place + dice.choice((3, 4, -3))) % len(PALETTES)]
    picture = _ground(size, palette, dice)
    lean = dice.uniform(-1, 1)
    _glass(picture, _WHITE, (256 - lean * 200, 90), 230, 0.3, 45)

    head = (256 + lean * 34, 318 + dice.uniform(-8, 26))
    radius = dice.uniform(196, 216)
    corner = dice.choice((1.0, 0.92, 0.8))
    skin = _mixed(other.light, _WHITE, 0.42)
    ears, glasses = dice.random() < 0.35, dice.random() < 0.35

    def face(pencil: ImageDraw.ImageDraw) -> None:
        left, top = (head[0] - radius) * SCALE, (head[1] - radius) * SCALE
        right, bottom = left + 2 * radius * SCALE, top + 4 * radius * SCALE
        pencil.rounded_rectangle(
            (left, top, right, bottom), radius=corner * radius * SCALE, fill=255
        )
        if ears:
            for x in (-0.68, 0.68):
                trace(
                    pencil,
                    [((head[0] + x * radius) * SCALE, (head[1] - radius * 0.8) * SCALE)] * 2,
                    radius * 0.56 * SCALE,
                )

    mask = drawn(size, face)
    shadow = mask.reduce(8).filter(ImageFilter.GaussianBlur(4)).resize(size)
    _paint(picture, palette.deep, shadow, 0.38)
    _paint(picture, skin, mask, 1.0)
    shade = ImageChops.multiply(mask, _fade(0).resize(size))
    _paint(picture, other.strong, shade, 0.42)

    look = (head[0] + lean * 30, head[1] - radius * dice.uniform(0.16, 0.24))
    apart = dice.uniform(58, 74)
    eye = dice.uniform(13, 16)
    wide = dice.uniform(34, 48)
    tall = eye * dice.choice((1.0, 1.25, 1.45))

    def features(pencil: ImageDraw.ImageDraw) -> None:
        for x in (look[0] - apart, look[0] + apart):
            pencil.ellipse(
                tuple(v * SCALE for v in (x - eye, look[1] - tall, x + eye, look[1] + tall)),
                fill=255,
            )
            if glasses:
                lens = ellipse(x, look[1], apart * 0.74, apart * 0.74)
                trace(pencil, [(px * SCALE, py * SCALE) for px, py in lens], 9 * SCALE)
        if glasses:
            bridge = ellipse(look[0], look[1], apart * 0.27, apart * 0.2, 190, 350)
            trace(pencil, [(px * SCALE, py * SCALE) for px, py in bridge], 9 * SCALE)
        smile = ellipse(look[0], look[1] + (58 if glasses else 46), wide, wide * 0.62, 20, 160)
        trace(pencil, [(x * SCALE, y * SCALE) for x, y in smile], 11 * SCALE)

    def cheeks(pencil: ImageDraw.ImageDraw) -> None:
        for x in (look[0] - apart * 1.45, look[0] + apart * 1.45):
            pencil.ellipse(
                tuple(v * SCALE for v in (x - 24, look[1] + 32, x + 24, look[1] + 66)), fill=255
            )

    if not glasses:
        _paint(picture, _BLUSH, drawn(size, cheeks), 0.34)
    _paint(picture, _mixed(other.deep, (20, 16, 14), 0.35), drawn(size, features), 0.94)
    return _webp(picture)
