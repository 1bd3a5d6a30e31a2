"""Pictures to upload, and what is read of those that come out."""

import io
import struct
import zlib

import pytest
from PIL import Image, ImageDraw

from setahub.core.images import (
    EncodedImage,
    ImageError,
    reencode,
)

RED, GREEN, BLUE, YELLOW = (220, 30, 30), (30, 180, 60), (40, 70, 220), (240, 210, 40)


def four_corners(size: tuple[int, int] = (120, 80), mode: str = "RGB") -> Image.Image:
    """Red top left, green top right, blue bottom left, yellow bottom right."""
    width, height = size
    image = Image.new("RGB", size)
    draw = ImageDraw.Draw(image)
    for x, y, colour in ((0, 0, RED), (1, 0, GREEN), (0, 1, BLUE), (1, 1, YELLOW)):
        left, top = x * width // 2, y * height // 2
        draw.rectangle((left, top, left + width // 2, top + height // 2), fill=colour)
    return image.convert(mode)


def saved(image: Image.Image, kind: str, **options: object) -> io.BytesIO:
    output = io.BytesIO()
    image.save(output, kind, **options)
    output.seek(0)
    return output


def opened(encoded: EncodedImage) -> Image.Image:
    encoded.seek(0)
    image = Image.open(io.BytesIO(encoded.read()))
    assert image.format == "WEBP"
    assert image.size == (encoded.width, encoded.height)
    image.load()
    return image


def pixel(image: Image.Image, *point: int) -> tuple[int, ...]:
    value = image.getpixel((point[0], point[1]))
    assert isinstance(value, tuple)
    return value


def corners(image: Image.Image) -> list[str]:
    """The names of the corner colours: top left, top right, bottom left, bottom right."""
    names = {"red": RED, "green": GREEN, "blue": BLUE, "yellow": YELLOW}
    width, height = image.size
    points = [(x, y) for y in (height // 4, height * 3 // 4) for x in (width // 4, width * 3 // 4)]
    found = []
    for point in points:
        found_colour = pixel(image.convert("RGB"), *point)
        distance = {
            name: sum(abs(a - b) for a, b in zip(found_colour, colour, strict=True))
            for name, colour in names.items()
        }
        nearest = min(distance, key=lambda name: distance[name])
        assert distance[nearest] < 60
        found.append(nearest)
    return found


def png_chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def png_header(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header)


def refusal(data: bytes) -> ImageError:
    with pytest.raises(ImageError) as caught:
        reencode(io.BytesIO(data), max_side=100)
    return caught.value
