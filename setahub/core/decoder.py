"""Decoding and re-encoding of one uploaded picture, in a process of its own: Pillow, and no Django.

Bytes made to harm can keep a decoder busy for minutes, or make it ask for a gigabyte, in as many
ways as there are formats. So each picture is read by a process that ends with it, and by the system
when it has worked or taken too much; what it took is given back, and pages and sockets of the
process that asked go on meanwhile. ``images`` starts it: ``decoder.py PACKAGES PIXELS SIDE…`` with
the upload as its input answers with a line of JSON and then the pictures' bytes.
"""

import json
import os
import re
import resource
import sys
from collections.abc import Sequence
from contextlib import suppress
from io import BytesIO
from typing import Any

if __name__ == "__main__":
    sys.path.append(sys.argv[1])  # started by its path, and without all else that is installed

from PIL import (
    GifImagePlugin,
    Image,
    ImageChops,
    ImageCms,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)

# Naming the plugins keeps Pillow from loading all that it has.
FORMATS = (
    JpegImagePlugin.JpegImageFile.format,
    PngImagePlugin.PngImageFile.format,
    WebPImagePlugin.WebPImageFile.format,
    GifImagePlugin.GifImageFile.format,
)

SECONDS = 5  # of work; the largest photo that is taken needs two
MEMORY = 1280 * 1024 * 1024  # bytes; a WebP of 40 megapixels needs the half

_QUALITY = 82
_METHOD = 4  # WebP effort, 0 to 6: beyond 4 the time doubles for a percent or two of size

# A progressive JPEG has about ten scans, and each costs a pass over all pixels, but only some bytes.
_MAX_SCANS = 64
_MAX_SCANNED = 600_000_000  # pixels times scans: fifteen over the largest picture
_MAX_SEGMENTS = 2000
# A marker, other than stuffing, padding and restarts. Source: ITU-T T.81, B.1.1.
_JPEG_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]", re.DOTALL)

_ORIENTATION_TAG = 0x0112
# What brings each EXIF orientation upright. Source: EXIF 2.32, tag 274.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

WebP = tuple[bytes, int, int]  # and its width and height in pixels


class Refused(Exception):
    """The picture can't be taken: ``broken``, ``too_many_pixels`` or ``too_complex``."""


def render(data: bytes, max_pixels: int, sides: Sequence[int]) -> list[WebP]:
    """The picture as upright WebPs in sRGB, each within one of ``sides`` (pixels), largest first."""
    rendered = []
    image = _to_srgb(_decode(data, max_pixels, sides[0]))
    for side in sides:
        target = _fit(*image.size, side)
        if target != image.size:
            image = image.resize(target, Image.Resampling.LANCZOS, reducing_gap=3.0)
        # The WebP writer would copy a colour profile it finds here.
        image.info.clear()
        output = BytesIO()
        image.save(output, "WEBP", quality=_QUALITY, method=_METHOD)
        rendered.append((output.getvalue(), image.width, image.height))
    return rendered


def _decode(data: bytes, max_pixels: int, max_side: int) -> Image.Image:
    """The upright picture within ``max_side``, of mode RGB, RGBA, L or CMYK, profile in ``info``."""
    try:
        scans = _scans(data) if data.startswith(b"\xff\xd8") else 1
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            width, height = image.size  # from the header: nothing is decoded yet
            if width * height > max_pixels:
                raise Refused("too_many_pixels")
            if width * height * scans > _MAX_SCANNED:
                raise Refused("too_complex")
            target = _fit(width, height, max_side)
            # A large JPEG is decoded at a half, a quarter or an eighth, never below the need.
            image.draft(None, target)
            image.load()
            turn = _UPRIGHT.get(_orientation(image))
            plain = _plain_mode(image, depth=data[24] if image.format == "PNG" else 8)
            if plain.size != target:
                plain = plain.resize(target, Image.Resampling.LANCZOS, reducing_gap=3.0)
            plain = plain.transpose(turn) if turn is not None else plain
            plain.info["icc_profile"] = image.info.get("icc_profile")
            return plain
    except (Refused, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refused("too_many_pixels") from None
    except Exception as error:
        # Bytes made to harm, or cut off, end in anything from OSError to SyntaxError.
        raise Refused("broken") from error


def _scans(jpeg: bytes) -> int:
    """How many times the decoder would go over the pixels of a JPEG."""
    scans = segments = 0
    at = 2
    while found := _JPEG_MARKER.search(jpeg, at):
        kind, end = jpeg[found.end() - 1], found.end()
        if kind == 0xD9:  # the end of the image
            break
        scans += kind == 0xDA
        segments += 1
        if scans > _MAX_SCANS or segments > _MAX_SEGMENTS:
            raise Refused("broken")
        at = end + int.from_bytes(jpeg[end : end + 2])
    return scans


def _fit(width: int, height: int, max_side: int) -> tuple[int, int]:
    """The size in pixels after shrinking to ``max_side`` at the same proportions, at least 1."""
    scale = min(1.0, max_side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 (upright) when there is none that can be read."""
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:
        # Cameras and editors write broken EXIF; the pixels are fine all the same.
        return 1


def _plain_mode(image: Image.Image, *, depth: int = 8) -> Image.Image:
    """The picture in a mode that can be resized smoothly: RGB, RGBA, L or CMYK.

    ``depth``: bits of a sample in the file, which is what a transparent colour is given in.
    """
    clear: Any = image.info.get("transparency")
    if image.mode.startswith("I"):
        # 16 bits of grey: a plain conversion would clip everything above 255 to white.
        grey = image.convert("I").point(lambda grey: grey * (1 / 257)).convert("L")
        if clear is None:
            return grey
        return Image.merge("LA", (grey, _all_but(image, clear))).convert("RGBA")
    if image.has_transparency_data:
        # Pillow widens the pixels, and not this.
        if image.mode == "L" and depth in (2, 4) and clear:
            image.info["transparency"] = clear * (255 // (2**depth - 1))
        elif image.mode == "RGB" and depth == 16 and clear:
            image.info["transparency"] = tuple(sample >> 8 for sample in clear)
        return image if image.mode == "RGBA" else image.convert("RGBA")
    return image if image.mode in ("RGB", "L", "CMYK") else image.convert("RGB")


def _all_but(image: Image.Image, clear: int) -> Image.Image:
    """An opacity for 16 bits of grey: nothing where the grey is ``clear``, else everything."""
    # Its bytes, low and high, as two bands: Pillow compares nothing wider than a byte.
    low, high = Image.frombytes("LA", image.size, image.tobytes("raw", "I;16")).split()
    return ImageChops.lighter(
        low.point([255 * (byte != clear & 0xFF) for byte in range(256)]),
        high.point([255 * (byte != clear >> 8) for byte in range(256)]),
    )


def _to_srgb(image: Image.Image) -> Image.Image:
    """The picture as RGB or RGBA in sRGB; a profile that can't be applied is dropped."""
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    profile = image.info.get("icc_profile")
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            converted = ImageCms.profileToProfile(
                image, source, ImageCms.createProfile("sRGB"), outputMode=mode
            )
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            converted = None
        if converted is not None:
            return converted
    return image if image.mode == mode else image.convert(mode)


def main(_packages: str, pixels: str, *sides: str) -> None:
    """Answer for the picture on standard input."""
    os.nice(10)  # pages and sockets go first
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    with suppress(OSError, ValueError):  # which not every system has
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    answer: dict[str, Any] = {}
    rendered: list[WebP] = []
    try:
        rendered = render(sys.stdin.buffer.read(), int(pixels), [int(side) for side in sides])
        answer["made"] = [(len(data), width, height) for data, width, height in rendered]
    except Refused as refused:
        answer["refused"] = str(refused)
    except MemoryError:
        answer["refused"] = "too_complex"
    output = sys.stdout.buffer
    output.write(json.dumps(answer).encode() + b"\n" + b"".join(data for data, *_ in rendered))


if __name__ == "__main__":
    main(*sys.argv[1:])
