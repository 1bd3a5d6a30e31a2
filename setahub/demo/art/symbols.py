"""The big symbol on a topic's cover: strokes of our own, or letters of Pillow's embedded font."""

from functools import cache

from PIL import Image, ImageDraw, ImageFont

from setahub.demo.art.strokes import SCALE, Stroke, curve, drawn, ellipse, mirrored, trace

# Drawn with a round pen of our own, in a box one unit high with y downwards: no font of the system
# can be relied on, and the one inside Pillow has Latin letters only.


_BRACE = [
    curve(
        (0.36, 0.0), (0.1, 0.0), (0.19, 0.2), (0.19, 0.3),
        (0.19, 0.42), (0.14, 0.5), (0.0, 0.5),
        (0.14, 0.5), (0.19, 0.58), (0.19, 0.7),
        (0.19, 0.8), (0.1, 1.0), (0.36, 1.0),
    )
]  # fmt: skip
_ANGLE = [[(0.4, 0.14), (0.0, 0.5), (0.4, 0.86)]]

# width of the box, strokes
_SYMBOLS: dict[str, tuple[float, list[Stroke]]] = {
    "{": (0.36, _BRACE),
    "}": (0.36, mirrored(_BRACE, 0.36)),
    "<": (0.4, _ANGLE),
    ">": (0.4, mirrored(_ANGLE, 0.4)),
    "/": (0.36, [[(0.36, 0.0), (0.0, 1.0)]]),
    "[": (0.24, [[(0.24, 0.0), (0.0, 0.0), (0.0, 1.0), (0.24, 1.0)]]),
    "]": (0.24, [[(0.0, 0.0), (0.24, 0.0), (0.24, 1.0), (0.0, 1.0)]]),
    "(": (0.22, [curve((0.22, 0.0), (-0.07, 0.27), (-0.07, 0.73), (0.22, 1.0))]),
    ")": (0.22, [curve((0.0, 0.0), (0.29, 0.27), (0.29, 0.73), (0.0, 1.0))]),
    "_": (0.44, [[(0.0, 0.86), (0.44, 0.86)]]),
    "=": (0.6, [[(0.0, 0.36), (0.6, 0.36)], [(0.0, 0.64), (0.6, 0.64)]]),
    "+": (0.64, [[(0.0, 0.5), (0.64, 0.5)], [(0.32, 0.18), (0.32, 0.82)]]),
    "→": (0.8, [[(0.0, 0.5), (0.8, 0.5)], [(0.52, 0.22), (0.8, 0.5), (0.52, 0.78)]]),
    "0": (0.56, [ellipse(0.28, 0.5, 0.28, 0.5)]),
    "1": (0.26, [[(0.0, 0.2), (0.26, 0.0), (0.26, 1.0)]]),
    "?": (
        0.56,
        [
            curve((0.0, 0.27), (0.0, -0.09), (0.56, -0.09), (0.56, 0.27),
                   (0.56, 0.48), (0.28, 0.48), (0.28, 0.7)),
            [(0.28, 0.99), (0.28, 1.0)],
        ],
    ),
    "#": (
        0.78,
        [
            [(0.32, 0.04), (0.2, 0.96)],
            [(0.6, 0.04), (0.48, 0.96)],
            [(0.06, 0.34), (0.78, 0.34)],
            [(0.0, 0.66), (0.72, 0.66)],
        ],
    ),
    "λ": (
        0.7,
        [
            curve((0.06, 0.0), (0.26, -0.02), (0.28, 0.12), (0.34, 0.3),
                   (0.44, 0.6), (0.46, 1.02), (0.7, 1.0)),
            [(0.36, 0.38), (0.0, 1.0)],
        ],
    ),
    "∑": (0.7, [[(0.7, 0.2), (0.7, 0.0), (0.0, 0.0), (0.4, 0.5), (0.0, 1.0), (0.7, 1.0),
                 (0.7, 0.8)]]),
    "π": (
        0.8,
        [
            curve((0.0, 0.2), (0.06, 0.06), (0.14, 0.06), (0.8, 0.06)),
            curve((0.28, 0.1), (0.26, 0.5), (0.24, 0.8), (0.1, 0.98)),
            curve((0.56, 0.1), (0.54, 0.5), (0.48, 1.06), (0.76, 0.94)),
        ],
    ),
    "∫": (0.5, [curve((0.5, 0.08), (0.4, -0.06), (0.28, 0.0), (0.26, 0.3),
                       (0.25, 0.5), (0.25, 0.5), (0.24, 0.7),
                       (0.22, 1.0), (0.1, 1.06), (0.0, 0.92))]),
    "∞": (1.16, [curve((0.58, 0.5), (0.34, 0.12), (0.0, 0.16), (0.0, 0.5),
                        (0.0, 0.84), (0.34, 0.88), (0.58, 0.5),
                        (0.82, 0.12), (1.16, 0.16), (1.16, 0.5),
                        (1.16, 0.84), (0.82, 0.88), (0.58, 0.5))]),
    "⑂": (
        0.7,
        [
            ellipse(0.12, 0.12, 0.12, 0.12),
            ellipse(0.58, 0.12, 0.12, 0.12),
            ellipse(0.35, 0.88, 0.12, 0.12),
            curve((0.12, 0.24), (0.12, 0.52), (0.35, 0.4), (0.35, 0.62)),
            curve((0.58, 0.24), (0.58, 0.52), (0.35, 0.4), (0.35, 0.62)),
            [(0.35, 0.6), (0.35, 0.76)],
        ],
    ),
    "⛁": (
        0.84,
        [
            ellipse(0.42, 0.16, 0.42, 0.16),
            [(0.0, 0.16), (0.0, 0.84)],
            [(0.84, 0.16), (0.84, 0.84)],
            ellipse(0.42, 0.5, 0.42, 0.16, 0, 180),
            ellipse(0.42, 0.84, 0.42, 0.16, 0, 180),
        ],
    ),
    "⋔": (
        0.96,
        [
            ellipse(0.48, 0.13, 0.13, 0.13),
            ellipse(0.13, 0.87, 0.13, 0.13),
            ellipse(0.83, 0.87, 0.13, 0.13),
            [(0.42, 0.25), (0.19, 0.75)],
            [(0.54, 0.25), (0.77, 0.75)],
        ],
    ),
    "◎": (1.0, [ellipse(0.5, 0.5, 0.5, 0.5), ellipse(0.5, 0.5, 0.2, 0.2)]),
    " ": (0.22, []),
}  # fmt: skip
_ALIKE = {"Σ": "∑", "Ʃ": "∑", "𝜆": "λ", "\u00a0": " "}
_UNKNOWN = "◎"
_GAP = 0.24  # between two symbols
_PEN = 0.115  # thickness


def symbol_mask(glyph: str, size: tuple[int, int], height: float) -> Image.Image:
    """``glyph`` in the middle of an L image, ``height`` pixels high, or less when it is wide."""
    text = "".join(_ALIKE.get(sign, sign) for sign in glyph.strip()) or _UNKNOWN
    if not all(sign in _SYMBOLS for sign in text):
        if _font_has(text):
            return _text_mask(text, size, height)
        text = _UNKNOWN
    widths = [_SYMBOLS[sign][0] for sign in text]
    total = sum(widths) + _GAP * (len(text) - 1)
    unit = min(height, size[0] * 0.5 / total) * SCALE
    pen = min(height, unit / SCALE * 1.15) * _PEN * SCALE
    left, top = size[0] * SCALE / 2 - total * unit / 2, size[1] * SCALE / 2 - unit / 2

    def draw(pencil: ImageDraw.ImageDraw) -> None:
        x = left
        for sign, width in zip(text, widths, strict=True):
            for stroke in _SYMBOLS[sign][1]:
                trace(pencil, [(x + px * unit, top + py * unit) for px, py in stroke], pen)
            x += (width + _GAP) * unit

    return drawn(size, draw)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=size)


def _font_has(text: str) -> bool:
    """Whether Pillow's own font has every sign of ``text``, told by the box it draws otherwise."""
    font = _font(40)
    missing = bytes(font.getmask("\U000f0000"))
    return len(text) <= 6 and all(
        sign == " " or bytes(font.getmask(sign)) not in (missing, b"") for sign in text
    )


def _text_mask(text: str, size: tuple[int, int], height: float) -> Image.Image:
    font_size = round(height * 1.3 * SCALE)
    left, top, right, bottom = _font(font_size).getbbox(text)
    font_size = round(font_size * min(1.0, size[0] * 0.5 * SCALE / max(1, right - left)))
    font = _font(font_size)
    left, top, right, bottom = font.getbbox(text)
    x = (size[0] * SCALE - (right - left)) / 2 - left
    y = (size[1] * SCALE - (bottom - top)) / 2 - top

    def draw(pencil: ImageDraw.ImageDraw) -> None:
        pencil.text((x, y), text, fill=255, font=font, stroke_width=max(1, font_size // 60))

    return drawn(size, draw)
