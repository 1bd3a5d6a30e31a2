"""Uploaded pictures: decoded, capped, turned upright, re-encoded, given a random name.

Nothing of the upload survives but its pixels: not its name, its declared type, its metadata, nor
whatever else was hidden in its bytes. What comes out is always a WebP that this site made.
"""

import re
import threading
import uuid
from io import BytesIO
from pathlib import PurePosixPath
from typing import IO, Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.db.models.fields.files import FieldFile
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.functional import Promise
from django.utils.http import quote_etag
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageChops, ImageCms

MAX_UPLOAD_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 40_000_000
AVATAR_MAX_SIDE = 288  # pixels: three for each of the largest that a page shows
TOPIC_MAX_SIDE = 1280  # pixels

EXTENSION = ".webp"
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
ACCEPT = "image/jpeg,image/png,image/webp,image/gif"

_QUALITY = 82
_METHOD = 4  # WebP effort, 0 to 6: beyond 4 the time doubles for a percent or two of size

# A progressive JPEG has about ten scans. Each costs a pass over all pixels but only some bytes, so
# that 5 MB of scans would keep a processor busy for twenty minutes.
_MAX_SCANS = 64
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

# The largest picture allowed takes some 300 MB while it is decoded; without a bound, a few uploads
# at once could end the process.
_decoders = threading.BoundedSemaphore(2)


class ImageError(ValueError):
    """The upload can't be used; its text says why in words for the user.

    ``code`` is one of ``too_large`` (bytes), ``unsupported``, ``broken``, ``too_many_pixels``.
    """

    def __init__(self, message: str | Promise, code: str) -> None:
        super().__init__(message)
        self.code = code


class EncodedImage(ContentFile):
    """A WebP made by this site, ready for a model's ``ImageField``.

    ``name`` is random and ends in ``extension``; ``width`` and ``height`` are in pixels.
    """

    extension = EXTENSION

    def __init__(self, content: bytes, width: int, height: int) -> None:
        super().__init__(content, name=random_name())
        self.width = width
        self.height = height


def random_name() -> str:
    """A file name that can't be guessed: 32 hexadecimal digits and the extension."""
    return uuid.uuid4().hex + EXTENSION


def avatar_path(instance: object, filename: str) -> str:
    """``upload_to`` of profile pictures; the uploaded name is ignored."""
    return f"avatars/{random_name()}"


def topic_path(instance: object, filename: str) -> str:
    """``upload_to`` of topic pictures; the uploaded name is ignored."""
    return f"topics/{random_name()}"


def reencode(file: IO[bytes] | File, *, max_side: int) -> EncodedImage:
    """The picture in ``file`` as a WebP of at most ``max_side`` pixels a side.

    Takes JPEG, PNG, WebP and GIF, told by their bytes. Of an animation the first frame is kept.
    The EXIF orientation is applied, colours are brought to sRGB, transparency stays; a small
    picture is never enlarged. Reads ``file`` from its start and leaves it open.

    Raises ImageError when the file is too large, of another kind, broken, or has too many pixels.
    """
    data = _read(file)
    if not _is_taken(data):
        raise ImageError(
            _("This is not a picture we take: choose a JPEG, PNG, WebP or GIF."), "unsupported"
        )
    with _decoders:
        image = _decode(data, max_side)
    image = _to_srgb(image)
    # The WebP writer would copy a colour profile it finds here.
    image.info.clear()
    output = BytesIO()
    image.save(output, "WEBP", quality=_QUALITY, method=_METHOD)
    return EncodedImage(output.getvalue(), image.width, image.height)


def _read(file: IO[bytes] | File) -> bytes:
    """All bytes of ``file``, never more than the limit; ImageError when it has more."""
    size = getattr(file, "size", None)
    if size is None or size <= MAX_UPLOAD_BYTES:
        file.seek(0)
        # A declared size is a claim: the bytes decide.
        data = file.read(MAX_UPLOAD_BYTES + 1)
        if len(data) <= MAX_UPLOAD_BYTES:
            return data
    raise ImageError(
        _("This picture is too large: at most %(megabytes)d MB.")
        % {"megabytes": MAX_UPLOAD_BYTES // (1024 * 1024)},
        "too_large",
    )


def _is_taken(data: bytes) -> bool:
    """Whether the bytes begin like one of FORMATS, so that Pillow sees nothing else."""
    return data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")) or (
        data.startswith(b"RIFF") and data[8:12] == b"WEBP"
    )


def _decode(data: bytes, max_side: int) -> Image.Image:
    """The upright picture within ``max_side``, of mode RGB, RGBA, L or CMYK, profile in ``info``.

    Raises ImageError when it is broken or has too many pixels.
    """
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            if image.format in ("JPEG", "MPO") and _scans(data) > _MAX_SCANS:
                raise ValueError("too many scans")
            width, height = image.size  # from the header: nothing is decoded yet
            if width * height > MAX_PIXELS:
                raise _too_many_pixels()
            target = _fit(width, height, max_side)
            # A large JPEG is decoded at a half, a quarter or an eighth, still above twice the need.
            image.draft(None, (target[0] * 2, target[1] * 2))
            image.load()
            turn = _UPRIGHT.get(_orientation(image))
            plain = _plain_mode(image, depth=data[24] if image.format == "PNG" else 8)
            if plain.size != target:
                plain = plain.resize(target, Image.Resampling.LANCZOS, reducing_gap=3.0)
            plain = plain.transpose(turn) if turn is not None else plain
            plain.info["icc_profile"] = image.info.get("icc_profile")
            return plain
    except ImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels() from None
    except Exception as error:
        # Bytes made to harm, or cut off, end in anything from OSError to SyntaxError.
        raise ImageError(
            _("This picture can't be read: the file seems to be broken."), "broken"
        ) from error


def _scans(jpeg: bytes) -> int:
    """How many times the decoder would go over the pixels of a JPEG."""
    scans, at = 0, 2
    while found := _JPEG_MARKER.search(jpeg, at):
        kind, end = jpeg[found.end() - 1], found.end()
        if kind == 0xD9:  # the end of the image
            break
        scans += kind == 0xDA
        at = end + int.from_bytes(jpeg[end : end + 2])
    return scans


def _too_many_pixels() -> ImageError:
    return ImageError(
        _("This picture has too many pixels: at most %(megapixels)d megapixels.")
        % {"megapixels": MAX_PIXELS // 1_000_000},
        "too_many_pixels",
    )


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
    if image.mode.startswith("I"):
        # 16 bits of grey: a plain conversion would clip everything above 255 to white.
        grey = image.convert("I").point(lambda grey: grey * (1 / 257)).convert("L")
        clear = image.info.get("transparency")
        if clear is None:
            return grey
        return Image.merge("LA", (grey, _all_but(image, clear))).convert("RGBA")
    if image.has_transparency_data:
        clear = image.info.get("transparency")
        if (
            image.mode == "L" and depth in (2, 4) and clear
        ):  # Pillow widens the pixels, and not this
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


def picture_response(request: HttpRequest, stored: FieldFile | File, *, cache: str) -> HttpResponse:
    """A picture that this site stored, as an answer; ``cache`` is its Cache-Control.

    304 to a browser that has it: under one name there is only ever one picture. Read as a whole,
    since it is small, and ASGI would gather a stream before sending it anyway. Raises OSError when
    the file is gone.
    """
    tag = quote_etag(PurePosixPath(str(stored.name)).stem)
    response = get_conditional_response(request, etag=tag)
    if response is None:
        with stored.open() as file:
            response = HttpResponse(file.read(), content_type="image/webp")
        response.headers["Content-Disposition"] = "inline"
    response.headers["Cache-Control"] = cache
    response.headers["ETag"] = tag
    return response


class ReencodedImageField(forms.FileField):
    """A form field for a picture; its cleaned value is an EncodedImage, ready for the model.

    ``max_side`` is in pixels. Like any FileField it gives None (or what was there) without an
    upload, and False when the widget's box to clear it was ticked.
    """

    def __init__(self, *, max_side: int, **kwargs: Any) -> None:
        self.max_side = max_side
        super().__init__(**kwargs)

    def to_python(self, data: Any) -> EncodedImage | None:
        upload = super().to_python(data)
        if upload is None:
            return None
        try:
            return reencode(upload, max_side=self.max_side)
        except ImageError as error:
            raise ValidationError(str(error), code=error.code) from error

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        attrs = super().widget_attrs(widget)
        if isinstance(widget, forms.FileInput):
            attrs.setdefault("accept", ACCEPT)
        return attrs
