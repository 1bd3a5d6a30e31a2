"""QR codes as SVG within the page: one path, coloured by the stylesheet. Our policy refuses images
that come as ``data:`` and styles that stand in attributes."""

from django.utils.html import format_html
from django.utils.safestring import SafeString
from qrcode import QRCode
from qrcode.constants import ERROR_CORRECT_M


def svg(text: str) -> SafeString:
    """The code of ``text``, hidden from screen readers: what stands beside it says what it is."""
    code: QRCode = QRCode(error_correction=ERROR_CORRECT_M, border=4)
    code.add_data(text)
    rows = code.get_matrix()
    squares = "".join(
        f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark
    )
    return format_html(
        '<svg viewBox="0 0 {0} {0}" aria-hidden="true" focusable="false"><path d="{1}"/></svg>',
        len(rows),
        squares,
    )
