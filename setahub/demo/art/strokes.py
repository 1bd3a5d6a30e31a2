"""Lines and shapes, as lists of points, and how they are drawn."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

from PIL import Image, ImageDraw

Point = tuple[float, float]
Stroke = list[Point]

# Drawn four times as large and reduced, which makes edges smooth.
SCALE = 4


def curve(*points: Point, steps: int = 24) -> Stroke:
    """A cubic Bézier curve as points; 3 more control points continue it."""
    stroke: Stroke = []
    for first in range(0, len(points) - 1, 3):
        a, b, c, d = points[first : first + 4]
        for step in range(steps + 1):
            t = step / steps
            u = 1 - t
            weights = (u**3, 3 * u * u * t, 3 * u * t * t, t**3)
            stroke.append(
                (
                    sum(w * p[0] for w, p in zip(weights, (a, b, c, d), strict=True)),
                    sum(w * p[1] for w, p in zip(weights, (a, b, c, d), strict=True)),
                )
            )
    return stroke


def ellipse(x: float, y: float, rx: float, ry: float, start: float = 0, end: float = 360) -> Stroke:
    """An arc around (x, y) in degrees, clockwise from three o'clock."""
    steps = max(8, round(abs(end - start) / 6))
    angles = (math.radians(start + (end - start) * step / steps) for step in range(steps + 1))
    return [(x + rx * math.cos(angle), y + ry * math.sin(angle)) for angle in angles]


def mirrored(strokes: Sequence[Stroke], width: float) -> list[Stroke]:
    return [[(width - x, y) for x, y in stroke] for stroke in strokes]


def trace(pencil: ImageDraw.ImageDraw, points: Stroke, pen: float) -> None:
    """A line with round joints and ends."""
    radius = pen / 2
    for (x0, y0), (x1, y1) in pairwise(points):
        # Pillow's own wide lines are a little off their middle, which shows on curves.
        length = math.hypot(x1 - x0, y1 - y0) or 1.0
        dx, dy = (y1 - y0) / length * radius, (x0 - x1) / length * radius
        pencil.polygon(
            [(x0 + dx, y0 + dy), (x1 + dx, y1 + dy), (x1 - dx, y1 - dy), (x0 - dx, y0 - dy)],
            fill=255,
        )
    radius -= 0.5  # an ellipse includes its right and lower edge
    for x, y in points:
        pencil.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)


def drawn(size: tuple[int, int], draw: Callable[[ImageDraw.ImageDraw], None]) -> Image.Image:
    """An L image of ``size`` with smooth edges; ``draw`` works in coordinates SCALE times it."""
    large = Image.new("L", (size[0] * SCALE, size[1] * SCALE))
    draw(ImageDraw.Draw(large))
    return large.reduce(SCALE)
