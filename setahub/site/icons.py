"""The icons of the Lucide package as inline SVG."""

from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from xml.etree import ElementTree
from zipfile import ZipFile

from django.utils.safestring import SafeString, mark_safe

_SVG = "{http://www.w3.org/2000/svg}"
# Opened once, and in memory: forked processes would share their place in a file.
_ARCHIVE = ZipFile(BytesIO(files("lucide").joinpath("lucide.zip").read_bytes()))


@lru_cache(maxsize=512)
def drawn(name: str, size: int) -> SafeString:
    """One icon, ``size`` pixels wide and high, hidden from screen readers. KeyError for an unknown name.

    What the package's own tag draws, which reads the list of all 1,700 for each of them.
    """
    svg = ElementTree.fromstring(_ARCHIVE.read(f"{name}.svg"))  # noqa: S314  (the package's own)
    for node in svg.iter():
        node.tag = node.tag.removeprefix(_SVG)  # inline it needs none
    shown = {"width": str(size), "height": str(size), "class": "icon"}
    svg.attrib |= shown | {"aria-hidden": "true", "focusable": "false"}
    return mark_safe(ElementTree.tostring(svg, encoding="unicode"))  # noqa: S308
