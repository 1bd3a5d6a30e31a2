"""Draws the icons of the installed app (static/img/app) from the site's mark, static/img/logo.svg.

    .venv/bin/python script/icons.py

Run it after the mark has changed, and commit what it makes.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageDraw

IMG = Path(__file__).resolve().parent.parent / "static/img"
FINER = 8  # drawn so many times as large, then made smaller: smooth edges
STEPS = 200  # points of each curve
MASKED = 0.82  # what a mask may cut off lies outside of this part: the letter stays in its middle
TRANSPARENT = (0, 0, 0, 0)

Point = tuple[float, float]


class Mark:
    """The mark as its SVG has it: a square with round corners, and a letter drawn in one stroke."""

    def __init__(self, svg: str) -> None:
        square, stroke = re.findall(r"<(?:rect|path) [^>]+>", svg)
        self.side = float(self._value(square, "width"))
        self.radius = float(self._value(square, "rx"))
        self.ground = self._value(square, "fill")
        self.ink = self._value(stroke, "stroke")
        self.width = float(self._value(stroke, "stroke-width"))
        self.points = list(self._points(self._value(stroke, "d")))

    @staticmethod
    def _value(tag: str, name: str) -> str:
        found = re.search(rf' {name}="([^"]+)"', tag)
        if not found:
            raise ValueError(f"the mark has no {name}")
        return found[1]

    @staticmethod
    def _points(path: str) -> Iterator[Point]:
        """Along ``M x y c …``: relative cubic curves, the only kind that the mark has."""
        move, _c, curves = path.partition("c")
        x, y = map(float, re.findall(r"-?[\d.]+", move))
        numbers = [float(each) for each in re.findall(r"-?[\d.]+", curves)]
        for begin in range(0, len(numbers), 6):
            ax, ay, bx, by, cx, cy = numbers[begin : begin + 6]
            for step in range(STEPS + 1):
                t = step / STEPS
                one, two, three = 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
                yield x + one * ax + two * bx + three * cx, y + one * ay + two * by + three * cy
            x, y = x + cx, y + cy


def draw(mark: Mark, size: int, *, whole: bool, scale: float = 1) -> Image.Image:
    """An icon; ``whole``: the ground fills it to the corners. ``scale``: of the letter."""
    edge = size * FINER
    unit = edge / mark.side
    image = Image.new("RGBA", (edge, edge), mark.ground if whole else TRANSPARENT)
    pen = ImageDraw.Draw(image)
    if not whole:
        pen.rounded_rectangle((0, 0, edge - 1, edge - 1), mark.radius * unit, fill=mark.ground)
    middle, half = mark.side / 2, mark.width / 2 * unit * scale
    for point in mark.points:
        x, y = (((each - middle) * scale + middle) * unit for each in point)
        pen.ellipse((x - half, y - half, x + half, y + half), fill=mark.ink)
    small = image.resize((size, size), Image.Resampling.LANCZOS)
    return small.convert("RGB") if whole else small


def main() -> None:
    mark = Mark((IMG / "logo.svg").read_text())
    icons = {
        "icon-192": draw(mark, 192, whole=False),
        "icon-512": draw(mark, 512, whole=False),
        "maskable-192": draw(mark, 192, whole=True, scale=MASKED),
        "maskable-512": draw(mark, 512, whole=True, scale=MASKED),
        "apple-touch-icon": draw(mark, 180, whole=True),
    }
    (IMG / "app").mkdir(exist_ok=True)
    for name, icon in icons.items():
        icon.save(IMG / "app" / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
