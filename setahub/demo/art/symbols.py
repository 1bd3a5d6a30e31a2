"""The big symbol on a topic's cover, drawn with a round pen of our own.

No font of the system can be relied on, and the one inside Pillow has Latin letters only.
"""

from PIL import Image, ImageDraw

from setahub.demo.art.strokes import SCALE, Stroke, curve, drawn, ellipse, mirrored, trace

# Strokes stand in a box one unit high, y downwards.
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
    "+": (0.64, [[(0.0, 0.5), (0.64, 0.5)], [(0.32, 0.18), (0.32, 0.82)]]),
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
    " ": (0.22, []),
}  # fmt: skip
_GAP = 0.24  # between two symbols
_PEN = 0.115  # thickness


def symbol_mask(glyph: str, size: tuple[int, int], height: float) -> Image.Image:
    """``glyph`` in the middle of an L image, ``height`` pixels high, or less when it is wide.

    It may have the signs of _SYMBOLS.
    """
    widths = [_SYMBOLS[sign][0] for sign in glyph]
    total = sum(widths) + _GAP * (len(glyph) - 1)
    unit = min(height, size[0] * 0.5 / total) * SCALE
    pen = min(height, unit / SCALE * 1.15) * _PEN * SCALE
    left, top = size[0] * SCALE / 2 - total * unit / 2, size[1] * SCALE / 2 - unit / 2

    def draw(pencil: ImageDraw.ImageDraw) -> None:
        x = left
        for sign, width in zip(glyph, widths, strict=True):
            for stroke in _SYMBOLS[sign][1]:
                trace(pencil, [(x + px * unit, top + py * unit) for px, py in stroke], pen)
            x += (width + _GAP) * unit

    return drawn(size, draw)
