"""Uploads: what comes in, what is refused, and that only pixels survive."""

import io
import re
import struct
import zlib
from contextlib import ExitStack
from pathlib import Path

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.utils.datastructures import MultiValueDict
from PIL import Image, ImageCms, ImageDraw
from PIL.PngImagePlugin import PngInfo

from accounts.models.people import avatar_path
from setahub.core import decoder, images
from setahub.core.images import (
    MAX_UPLOAD_BYTES,
    EncodedImage,
    ImageError,
    ReencodedImageField,
    reencode,
)
from topics.models.topics import topic_path

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


# --- What comes in ------------------------------------------------------------------------------


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


# --- What is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<!doctype html><script>alert(1)</script>",
        b"%PDF-1.7",
        b"BM" + b"\x00" * 60,
        b"",
        b"\x00",
    ],
)
def test_other_kinds_are_refused_whatever_their_name(data: bytes) -> None:
    with pytest.raises(ImageError) as caught:
        reencode(SimpleUploadedFile("picture.png", data, "image/png"), max_side=100)

    assert caught.value.code == "unsupported"
    assert "JPEG, PNG, WebP or GIF" in str(caught.value)


def test_other_formats_that_pillow_knows_are_refused() -> None:
    for kind in ("BMP", "TIFF", "ICO", "PPM"):
        assert refusal(saved(four_corners(), kind).read()).code == "unsupported"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_a_truncated_file_is_refused(kind: str, share: float) -> None:
    noise = Image.effect_noise((200, 200), 60).convert("RGB")
    data = saved(noise, kind).read()

    error = refusal(data[: int(len(data) * share)])

    assert error.code == "broken"
    assert "broken" in str(error)


@pytest.mark.parametrize(
    "head", [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\x00\x00\x00\x00WEBP"]
)
def test_a_right_beginning_with_garbage_is_refused(head: bytes) -> None:
    assert refusal(head + b"<script>alert(1)</script>" * 20).code == "broken"


def test_a_header_that_claims_a_huge_picture_is_refused_before_decoding() -> None:
    data = png_header(50_000, 50_000) + png_chunk(b"IDAT", zlib.compress(b"\x00" * 64))

    error = refusal(data)

    assert error.code == "too_many_pixels"
    assert "40 megapixels" in str(error)


def test_a_bomb_of_49_megapixels_in_few_bytes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = saved(Image.new("L", (7000, 7000)), "PNG", compress_level=6).read()
    assert len(data) < 100_000
    loaded: list[object] = []
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", loaded.append)

    assert refusal(data).code == "too_many_pixels"
    assert loaded == []


def test_the_pixel_limit_is_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MAX_PIXELS", 120 * 80)

    assert reencode(saved(four_corners((120, 80)), "PNG"), max_side=120).width == 120
    assert refusal(saved(four_corners((120, 81)), "PNG").read()).code == "too_many_pixels"


def test_an_animated_webp_that_claims_a_huge_canvas_is_refused() -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in (RED, BLUE)]
    data = bytearray(saved(frames[0], "WEBP", save_all=True, append_images=frames[1:]).getvalue())
    assert data[12:16] == b"VP8X"
    data[24:30] = (16_382).to_bytes(3, "little") * 2  # the canvas, each side less one

    assert refusal(bytes(data)).code == "too_many_pixels"


def test_a_jpeg_of_endless_scans_is_refused() -> None:
    data = saved(four_corners(), "JPEG", progressive=True).read()
    last_scan = data[data.rindex(b"\xff\xda") : -2]

    assert corners(opened(reencode(io.BytesIO(data), max_side=120)))[0] == "red"
    assert refusal(data[:-2] + last_scan * 70 + data[-2:]).code == "broken"


def test_a_jpeg_whose_scans_cost_more_than_a_photo_is_refused_before_decoding() -> None:
    """239 KB of 64 scans over 40 megapixels took two seconds, and forty at once the site."""
    image = Image.new("L", (8000, 5000))
    data = saved(image, "JPEG", progressive=True, quality=1).read()
    last_scan = data[data.rindex(b"\xff\xda") : -2]
    costly = data[:-2] + last_scan * (64 - decoder._scans(data)) + data[-2:]
    assert decoder._scans(costly) == 64

    error = refusal(costly)

    assert error.code == "too_complex"
    assert "takes too long" in str(error)


def test_a_large_photo_with_as_many_scans_as_cameras_make_is_within_what_is_read() -> None:
    usual = decoder._scans(saved(four_corners(), "JPEG", progressive=True).read())

    assert usual == 10
    assert usual * images.MAX_PIXELS < decoder._MAX_SCANNED < 64 * images.MAX_PIXELS


def test_a_jpeg_of_endless_segments_is_refused_before_pillow_reads_them() -> None:
    data = saved(four_corners(), "JPEG").read()

    assert refusal(data[:2] + b"\xff\xe5\0\2" * 100_000 + data[2:]).code == "broken"


def test_a_picture_that_keeps_its_decoder_busy_is_given_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "decoder.py"
    program.write_text(
        "import os, resource, signal\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n"
        "os.kill(os.getpid(), signal.SIGXCPU)\n"
    )
    monkeypatch.setattr(images, "_DECODER", str(program))

    assert refusal(saved(four_corners(), "PNG").read()).code == "too_complex"


def test_a_decoder_that_never_answers_is_ended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "decoder.py"
    program.write_text("import signal; signal.pause()")
    monkeypatch.setattr(images, "_DECODER", str(program))
    monkeypatch.setattr(images, "DECODED_WITHIN", 0.2)

    assert refusal(saved(four_corners(), "PNG").read()).code == "busy"


def test_who_reads_the_bytes_of_others_knows_no_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "decoder.py"
    monkeypatch.setattr(images, "_DECODER", str(program))
    monkeypatch.setenv("SECRET_KEY", "a secret")
    said = tmp_path / "said"
    program.write_text(
        f"import os; open({str(said)!r}, 'w').write(repr(os.environ)); print('{{}}')"
    )

    with pytest.raises(KeyError):
        reencode(saved(four_corners(), "PNG"), max_side=100)

    assert "a secret" not in said.read_text()


def test_only_so_many_wait_for_the_decoder_and_not_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(images, "WAIT", 0.01)
    picture = saved(four_corners(), "PNG").read()
    with images._decoding:
        assert refusal(picture).code == "busy"  # waited in vain
    with ExitStack() as crowd:
        for _each in range(1 + images.MOST_WAITING):
            crowd.enter_context(images._waiting)
        monkeypatch.setattr(images, "WAIT", 3600)
        assert refusal(picture).code == "busy"  # did not wait
    assert reencode(io.BytesIO(picture), max_side=120).width == 120


def test_a_refusal_holds_no_bytes_of_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "WAIT", 0.01)
    picture = saved(four_corners(), "PNG")
    with images._decoding, pytest.raises(ImageError) as busy:
        reencode(picture, max_side=100)
    monkeypatch.setattr(images, "DECODED_WITHIN", 0)
    with pytest.raises(ImageError) as late:
        reencode(picture, max_side=100)
    monkeypatch.setattr(images, "_DECODER", "/nowhere")
    with pytest.raises(ImageError) as ended:
        reencode(picture, max_side=100)

    for refused in (busy, late, ended):
        assert refused.value.__context__ is None
        held = [each for at in refused.traceback for each in at.frame.f_locals.values()]
        assert [each for each in held if isinstance(each, bytes) and len(each) > 12] == []


def test_all_sizes_come_of_one_decoding() -> None:
    full, thumb = images.reencode_all(saved(four_corners(), "PNG"), [100, 30])

    assert (full.width, full.height, thumb.width, thumb.height) == (100, 67, 30, 20)
    assert corners(opened(thumb)) == ["red", "green", "blue", "yellow"]
    assert full.name != thumb.name


def test_what_looks_like_scans_in_metadata_is_not_counted() -> None:
    upload = saved(four_corners(), "JPEG", comment=b"\xff\xda" * 100)

    assert reencode(upload, max_side=120).width == 120


def test_the_limit_of_5_mb_is_exact() -> None:
    picture = saved(four_corners(), "PNG").read()
    padded = picture + b"\x00" * (MAX_UPLOAD_BYTES - len(picture))
    assert len(padded) == 5 * 1024 * 1024

    assert reencode(io.BytesIO(padded), max_side=120).width == 120
    error = refusal(padded + b"\x00")
    assert error.code == "too_large"
    assert "5 MB" in str(error)


def test_a_file_over_the_limit_is_not_read() -> None:
    class Huge(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise AssertionError("read")

    with pytest.raises(ImageError):
        reencode(Huge(bytes(MAX_UPLOAD_BYTES + 1)), max_side=100)


def test_a_declared_size_is_not_believed() -> None:
    upload = SimpleUploadedFile("a.png", b"\x89PNG\r\n\x1a\n" + b"\x00" * MAX_UPLOAD_BYTES)
    upload.size = 10

    with pytest.raises(ImageError) as caught:
        reencode(upload, max_side=100)

    assert caught.value.code == "too_large"


def test_a_result_can_be_encoded_again_for_a_thumbnail() -> None:
    full = reencode(saved(four_corners(), "PNG"), max_side=100)

    thumb = reencode(full, max_side=30)

    assert (thumb.width, thumb.height) == (30, 20)
    assert thumb.name != full.name


# --- The form field -----------------------------------------------------------------------------


class PictureForm(forms.Form):
    picture = ReencodedImageField(max_side=60, required=False)


class NeededForm(forms.Form):
    picture = ReencodedImageField(max_side=60)


def submitted(data: bytes) -> forms.Form:
    return PictureForm({}, files(picture=SimpleUploadedFile("me.png", data)))


def files(**uploads: UploadedFile) -> MultiValueDict[str, UploadedFile]:
    return MultiValueDict({name: [upload] for name, upload in uploads.items()})


def test_the_field_gives_a_picture_for_the_model() -> None:
    form = submitted(saved(four_corners(), "PNG").read())

    assert form.is_valid()
    picture = form.cleaned_data["picture"]
    assert isinstance(picture, EncodedImage)
    assert (picture.width, picture.height) == (60, 40)
    assert bool(picture)
    assert picture.size == len(picture.read())


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"<svg></svg>", "unsupported"),
        (b"\x89PNG\r\n\x1a\n", "broken"),
        (png_header(9000, 9000) + png_chunk(b"IDAT", b"\x00"), "too_many_pixels"),
        (b"", "empty"),
    ],
)
def test_the_field_says_what_is_wrong(data: bytes, code: str) -> None:
    form = submitted(data)

    assert [error.code for error in form.errors.as_data()["picture"]] == [code]
    assert str(form.errors["picture"][0]).endswith(".")


def test_a_missing_file_is_fine_unless_required() -> None:
    assert PictureForm({}, files()).is_valid()
    assert ReencodedImageField(max_side=60, required=False).clean(None, "kept.webp") == "kept.webp"
    assert NeededForm({}, files()).errors.as_data()["picture"][0].code == "required"


def test_the_box_to_clear_gives_false() -> None:
    form = PictureForm({"picture-clear": "on"}, files(), initial={"picture": None})

    assert form.is_valid()
    assert form.cleaned_data["picture"] is False


def test_the_widget_offers_only_pictures() -> None:
    html = PictureForm().as_p()

    assert 'accept="image/jpeg,image/png,image/webp,image/gif"' in html
