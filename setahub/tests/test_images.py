"""What becomes of an uploaded picture."""

import io
import re
import struct
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from accounts.models.people import avatar_path
from setahub.core.images import (
    reencode,
)
from setahub.tests.pictures import (
    BLUE,
    GREEN,
    RED,
    corners,
    four_corners,
    opened,
    pixel,
    saved,
)
from topics.models.topics import topic_path


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_every_format_taken_becomes_a_webp_of_the_same_picture(kind: str) -> None:
    encoded = reencode(saved(four_corners(), kind), max_side=1024)

    image = opened(encoded)
    assert image.size == (120, 80)
    assert corners(image) == ["red", "green", "blue", "yellow"]


def test_the_name_is_random_and_ends_in_webp() -> None:
    upload = SimpleUploadedFile("../evil.html", saved(four_corners(), "PNG").read(), "text/html")

    first, second = (reencode(upload, max_side=50).name for _ in range(2))

    assert re.fullmatch(r"[0-9a-f]{32}\.webp", first or "")
    assert first != second


def test_upload_paths_ignore_the_uploaded_name() -> None:
    assert re.fullmatch(r"avatars/[0-9a-f]{32}\.webp", avatar_path(None, "../../me.php"))
    assert re.fullmatch(r"topics/[0-9a-f]{32}\.webp", topic_path(None, "topic.svg"))


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((2000, 1000), (300, 150)),
        ((1000, 3000), (100, 300)),
        ((300, 300), (300, 300)),
        ((20, 10), (20, 10)),
        ((5000, 1), (300, 1)),
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_picture_fits_within_the_side_and_is_never_enlarged(
    kind: str, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    encoded = reencode(saved(four_corners(size), kind), max_side=300)

    assert (encoded.width, encoded.height) == expected


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        (1, ["red", "green", "blue", "yellow"]),
        (2, ["green", "red", "yellow", "blue"]),
        (3, ["yellow", "blue", "green", "red"]),
        (4, ["blue", "yellow", "red", "green"]),
        (5, ["red", "blue", "green", "yellow"]),
        (6, ["blue", "red", "yellow", "green"]),
        (7, ["yellow", "green", "blue", "red"]),
        (8, ["green", "yellow", "red", "blue"]),
    ],
)
def test_the_orientation_is_applied(orientation: int, expected: list[str]) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation

    encoded = reencode(saved(four_corners((240, 160)), "JPEG", exif=exif), max_side=120)

    assert corners(opened(encoded)) == expected
    upright = orientation < 5
    assert (encoded.width, encoded.height) == ((120, 80) if upright else (80, 120))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_broken_exif_does_not_refuse_a_picture() -> None:
    upload = saved(four_corners(), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xffgarbage")

    assert corners(opened(reencode(upload, max_side=120))) == ["red", "green", "blue", "yellow"]


def test_metadata_is_gone() -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825).update({1: "N", 2: (13.0, 43.0, 47.0), 3: "E", 4: (100.0, 46.0, 33.0)})
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    upload = saved(four_corners(), "JPEG", exif=exif, icc_profile=profile, comment=b"SecretComment")
    assert b"SecretCamera" in upload.getvalue()
    assert b"SecretComment" in upload.getvalue()
    assert 0x8825 in Image.open(upload).getexif()

    encoded = reencode(upload, max_side=120)

    data = encoded.read()
    assert b"Secret" not in data
    image = opened(encoded)
    assert dict(image.getexif()) == {}
    assert {"exif", "icc_profile", "xmp"} & image.info.keys() == set()
    assert [chunk for chunk in (b"EXIF", b"ICCP", b"XMP ") if chunk in data] == []


def test_png_text_is_gone() -> None:
    text = PngInfo()
    text.add_text("Author", "SecretAuthor")
    text.add_itxt("XML:com.adobe.xmp", "<x>SecretXmp</x>")

    data = reencode(saved(four_corners(), "PNG", pnginfo=text), max_side=120).read()

    assert b"Secret" not in data


def test_trailing_data_of_a_polyglot_is_dropped() -> None:
    payload = b"PK\x03\x04<script>alert(1)</script>"
    upload = io.BytesIO(saved(four_corners(), "GIF").getvalue() + payload)

    encoded = reencode(upload, max_side=120)

    assert b"script" not in encoded.read()
    assert corners(opened(encoded)) == ["red", "green", "blue", "yellow"]


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("CMYK", "JPEG"), ("L", "JPEG"), ("1", "PNG"), ("L", "PNG"), ("P", "PNG"), ("P", "GIF")],
)
def test_opaque_modes_become_rgb(mode: str, kind: str) -> None:
    image = opened(reencode(saved(four_corners(mode=mode), kind), max_side=60))

    assert image.mode == "RGB"
    if mode in ("CMYK", "P"):
        assert corners(image) == ["red", "green", "blue", "yellow"]


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_stays(mode: str) -> None:
    source = four_corners((100, 100)).convert(mode)
    source.paste((0, 0) if mode == "LA" else (0, 0, 0, 0), (0, 0, 50, 50))

    image = opened(reencode(saved(source, "PNG"), max_side=80))

    assert image.mode == "RGBA"
    assert pixel(image, 20, 20)[3] == 0
    assert pixel(image, 60, 60)[3] == 255


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_palette_with_transparency_keeps_it(kind: str) -> None:
    source = Image.new("P", (100, 100), 0)
    source.putpalette([0, 0, 0, *RED, *GREEN])
    source.paste(1, (50, 0, 100, 100))

    image = opened(reencode(saved(source, kind, transparency=0), max_side=80))

    assert image.mode == "RGBA"
    assert pixel(image, 10, 40)[3] == 0
    red, green, blue, alpha = pixel(image, 70, 40)
    assert alpha == 255
    assert abs(red - RED[0]) < 20 > abs(green - RED[1])
    assert abs(blue - RED[2]) < 20


def test_sixteen_bits_of_grey_are_scaled_not_clipped() -> None:
    row = b"".join(struct.pack("<H", grey) * 30 for grey in (0, 0x8000, 0xFFFF))
    source = Image.frombytes("I;16", (90, 30), row * 30)
    upload = saved(source, "PNG")
    assert Image.open(upload).mode == "I;16"

    image = opened(reencode(upload, max_side=100))

    greys = [pixel(image, x, 15)[0] for x in (15, 45, 75)]
    assert greys == pytest.approx([0, 128, 255], abs=3)


def raw_png(depth: int, colour: int, row: bytes, clear: bytes, palette: bytes = b"") -> io.BytesIO:
    """A PNG of 64 equal rows of 64 pixels, with a colour that is transparent."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 64, depth, colour, 0, 0, 0))
    palette = chunk(b"PLTE", palette) if palette else b""
    pixels = chunk(b"IDAT", zlib.compress((b"\0" + row) * 64))
    return io.BytesIO(
        b"\x89PNG\r\n\x1a\n" + head + palette + chunk(b"tRNS", clear) + pixels + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("depth", "colour", "left", "right", "clear", "palette"),
    [
        (1, 0, b"\xff" * 4, b"\x00" * 4, b"\0\1", b""),
        (2, 0, b"\xaa" * 8, b"\x55" * 8, b"\0\2", b""),
        (4, 0, b"\x55" * 16, b"\x66" * 16, b"\0\5", b""),
        (8, 0, b"\x40" * 32, b"\x60" * 32, b"\0\x40", b""),
        (16, 0, b"\x12\x34" * 32, b"\x22\x34" * 32, b"\x12\x34", b""),
        (16, 0, b"\x12\x34" * 32, b"\x12\x35" * 32, b"\x12\x34", b""),
        (8, 2, b"\1\2\3" * 32, b"\1\2\4" * 32, b"\0\1\0\2\0\3", b""),
        (16, 2, b"\1\2\3\4\5\6" * 32, b"\1\2\3\4\6\6" * 32, b"\1\2\3\4\5\6", b""),
        (1, 3, b"\x00" * 4, b"\xff" * 4, b"\0", b"\1\2\3\4\5\6"),
        (8, 3, b"\0" * 32, b"\1" * 32, b"\0", b"\1\2\3\4\5\6"),
    ],
    ids=["g1", "g2", "g4", "g8", "g16", "g16-nearly", "rgb8", "rgb16", "p1", "p8"],
)
def test_a_colour_that_a_png_calls_transparent_is_so_at_any_depth(
    depth: int, colour: int, left: bytes, right: bytes, clear: bytes, palette: bytes
) -> None:
    image = opened(reencode(raw_png(depth, colour, left + right, clear, palette), max_side=64))

    assert image.mode == "RGBA"
    assert (pixel(image, 10, 32)[3], pixel(image, 54, 32)[3]) == (0, 255)


def test_sixteen_bits_of_grey_keep_their_greys_beside_what_is_transparent() -> None:
    row = b"\0\0" * 22 + b"\x80\0" * 21 + b"\xff\xff" * 21

    image = opened(reencode(raw_png(16, 0, row, b"\0\0"), max_side=64))

    assert [pixel(image, x, 32)[3] for x in (8, 32, 56)] == [0, 255, 255]
    assert [pixel(image, x, 32)[0] for x in (32, 56)] == pytest.approx([128, 255], abs=3)


def test_an_animation_keeps_its_first_frame_only() -> None:
    first, second = four_corners(), Image.new("RGB", (120, 80), BLUE)
    for kind in ("GIF", "WEBP", "PNG"):
        upload = saved(first, kind, save_all=True, append_images=[second], duration=100)
        assert getattr(Image.open(upload), "n_frames", 1) == 2

        image = opened(reencode(upload, max_side=120))

        assert getattr(image, "n_frames", 1) == 1
        assert corners(image) == ["red", "green", "blue", "yellow"]


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_colour_profile_is_applied(mode: str) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # sRGB with its red and green primaries exchanged: a red pixel means green.
    swapped = profile.replace(b"rXYZ", b"tmp ").replace(b"gXYZ", b"rXYZ").replace(b"tmp ", b"gXYZ")
    source = four_corners().convert(mode)
    source.putpixel((0, 0), (0, 0, 0, 0)[: len(mode)])

    image = opened(reencode(saved(source, "PNG", icc_profile=swapped), max_side=120))

    assert image.mode == mode
    red, green, blue = pixel(image.convert("RGB"), 30, 20)
    assert (red, green, blue) == pytest.approx((30, 220, 30), abs=20)


def test_a_profile_that_cannot_be_applied_is_dropped() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()

    for profile in (lab, b"not a profile"):
        upload = saved(four_corners(), "PNG", icc_profile=profile)
        assert corners(opened(reencode(upload, max_side=120))) == ["red", "green", "blue", "yellow"]
