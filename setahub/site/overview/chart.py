"""Small bar charts as SVG: drawn here, coloured by the stylesheet, told in words to whoever can't see."""

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

BAR, GAP, HEIGHT = 14, 4, 48  # units of the picture


def bars(values: Sequence[float | None], words: str) -> SafeString:
    """One bar for each value (None: no bar), the last one marked; ``words`` say what it shows."""
    most = max((value for value in values if value), default=0) or 1
    drawn = [
        (index * (BAR + GAP), HEIGHT - tall, tall, "now" if index == len(values) - 1 else "bar")
        for index, value in enumerate(values)
        if value is not None
        for tall in [max(round(value / most * HEIGHT, 1), 1)]
    ]
    rects = format_html_join(
        "",
        '<rect x="{}" y="{}" width="{}" height="{}" rx="2" class="{}"/>',
        ((x, y, BAR, tall, kind) for x, y, tall, kind in drawn),
    )
    width = len(values) * (BAR + GAP) - GAP
    return format_html(
        '<svg class="bars" viewBox="0 0 {} {}" role="img" aria-label="{}"'
        ' preserveAspectRatio="none">{}</svg>',
        width,
        HEIGHT,
        words,
        rects,
    )
