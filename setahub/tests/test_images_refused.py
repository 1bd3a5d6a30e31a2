"""What is no picture for us, takes too much or comes too fast, and how a form says so."""

import io
import zlib
from contextlib import ExitStack
from pathlib import Path

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.utils.datastructures import MultiValueDict
from PIL import Image

from setahub.core import decoder, images
from setahub.core.images import (
    MAX_UPLOAD_BYTES,
    EncodedImage,
    ImageError,
    ReencodedImageField,
    reencode,
)
from setahub.tests.pictures import (
    BLUE,
    RED,
    corners,
    four_corners,
    opened,
    png_chunk,
    png_header,
    refusal,
    saved,
)


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


def test_the_widget_offers_only_pictures() -> None:
    html = PictureForm().as_p()

    assert 'accept="image/jpeg,image/png,image/webp,image/gif"' in html
