"""Uploaded pictures: counted, decoded, capped, turned upright, re-encoded, given a random name.

Nothing of the upload survives but its pixels: not its name, its declared type, its metadata, nor
whatever else was hidden in its bytes. What comes out is always a WebP that this site made.
"""

import json
import logging
import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, Any

import PIL
from django import forms
from django.conf import settings
from django.core.files.base import ContentFile, File
from django.db.models.fields.files import FieldFile
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import condition

from setahub.core.server import one_core
from setahub.core.web import ratelimit
from setahub.core.web.inputs import PictureInput
from setahub.core.web.refusals import RefusableForm

MAX_UPLOAD_BYTES = 5 * 1024 * 1024
# Of a whole request: a picture, all else that a form may have, and a little more.
MAX_REQUEST_BYTES = 8 * 1024 * 1024
MAX_PIXELS = 40_000_000

EXTENSION = ".webp"
ACCEPT = "image/jpeg,image/png,image/webp,image/gif"

# A process decodes one picture at a time. Whoever comes meanwhile holds one of its few page threads,
# so only some may wait, and not for long; the others are told to come back.
MOST_WAITING = 2
WAIT = 4.0  # seconds
DECODED_WITHIN = 15.0  # seconds, on a busy machine; the decoder has its own limit of work
RETRY_AFTER = 5  # seconds

# The HTTP status of what is not the picture's fault.
STATUS = {"busy": 503, "too_many": 429}

# And WebP's, which is in two parts.
_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")
_DECODER = str(Path(__file__).with_name("decoder.py"))
_PACKAGES = str(Path(PIL.__file__).parents[1])
# Bytes from anybody: what reads them is told none of our secrets.
_ENVIRONMENT = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}

logger = logging.getLogger(__name__)

_decoding = threading.Lock()
_waiting = threading.BoundedSemaphore(1 + MOST_WAITING)


class ImageError(ValueError):
    """The upload can't be used; its text says why in words for the user.

    ``code`` is one of ``too_large`` (bytes), ``unsupported``, ``broken``, ``too_many_pixels``,
    ``too_complex``; or, whatever the picture is, ``busy`` or ``too_many`` (of one person,
    for ``seconds``).
    """

    def __init__(self, message: str | Promise, code: str, seconds: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.seconds = seconds


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


def reencode(file: IO[bytes] | File, *, max_side: int) -> EncodedImage:
    """The picture in ``file`` as a WebP of at most ``max_side`` pixels a side."""
    return reencode_all(file, [max_side])[0]


def reencode_all(file: IO[bytes] | File, max_sides: Sequence[int]) -> list[EncodedImage]:
    """The picture in ``file`` in several sizes, the largest first.

    Takes JPEG, PNG, WebP and GIF, told by their bytes. Of an animation the first frame is kept.
    The EXIF orientation is applied, colours are brought to sRGB, transparency stays; a small
    picture is never enlarged. Reads ``file`` from its start and leaves it open.

    Raises ImageError when the file is too large, of another kind, broken, has too many pixels or
    takes too much work, and when too many others wait for theirs.
    """
    _check(file)
    with _turn():
        return _decoded(file, max_sides)


@contextmanager
def _turn() -> Iterator[None]:
    """Waits for the pictures before; ImageError when there are too many, or it takes too long."""
    if not _waiting.acquire(blocking=False):
        raise _busy()
    try:
        if not _decoding.acquire(timeout=WAIT):
            raise _busy()
        try:
            yield
        finally:
            _decoding.release()
    finally:
        _waiting.release()


def _busy() -> ImageError:
    return ImageError(
        _("Many pictures are coming in right now. Please try again in a moment."), "busy"
    )


def _decoded(file: IO[bytes] | File, max_sides: Sequence[int]) -> list[EncodedImage]:
    """What ``decoder.py`` makes of it, in a process of its own.

    Its bytes are nowhere where a refusal is raised: what a traceback sees stays until the collector
    comes, and megabytes should not.
    """
    command = [sys.executable, "-I", "-S", _DECODER, _PACKAGES, str(MAX_PIXELS)]
    file.seek(0)
    done = None
    try:
        with one_core.everywhere():
            done = subprocess.run(  # noqa: S603  (our own program)
                [*command, *map(str, max_sides)],
                input=file.read(),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_ENVIRONMENT,
                timeout=DECODED_WITHIN,
            )
    except (subprocess.TimeoutExpired, OSError) as error:
        logger.warning("no picture decoded: %s", type(error).__name__)
    if done is None:
        raise _busy()
    if done.returncode:  # mostly ended by the system: it had worked, or taken, too much
        logger.warning("a picture's decoder ended with %d", done.returncode)
        raise _refused("too_complex")
    head, _line, rest = done.stdout.partition(b"\n")
    answer = json.loads(head)
    if "refused" in answer:
        raise _refused(answer["refused"])
    output, made = BytesIO(rest), answer["made"]
    return [EncodedImage(output.read(length), *size) for length, *size in made]


def _refused(code: str) -> ImageError:
    words = {
        "broken": _("This picture can't be read: the file seems to be broken."),
        "too_many_pixels": _(
            "This picture has too many pixels: at most %(megapixels)d megapixels."
        ),
        "too_complex": _(
            "This picture takes too long to read. Save it again as a plain JPEG, and choose that."
        ),
    }
    return ImageError(words[code] % {"megapixels": MAX_PIXELS // 1_000_000}, code)


def _check(file: IO[bytes] | File) -> None:
    """ImageError unless ``file`` is small enough, and begins like a picture that we take.

    So Pillow sees nothing else.
    """
    if file.seek(0, os.SEEK_END) > MAX_UPLOAD_BYTES:  # what it declares is a claim
        raise ImageError(
            _("This picture is too large: at most %(megabytes)d MB.")
            % {"megabytes": MAX_UPLOAD_BYTES // (1024 * 1024)},
            "too_large",
        )
    file.seek(0)
    head = file.read(12)
    if not (head.startswith(_BEGINNINGS) or (head.startswith(b"RIFF") and head[8:] == b"WEBP")):
        raise ImageError(
            _("This kind of file can't be used: choose a JPEG, PNG, WebP or GIF."), "unsupported"
        )


def picture_response(request: HttpRequest, stored: FieldFile | File, *, cache: str) -> HttpResponse:
    """A picture that this site stored, as an answer; ``cache`` is its Cache-Control.

    304 to a browser that has it: under one name there is only ever one picture. Read as a whole,
    since it is small, and ASGI would gather a stream before sending it anyway. Raises OSError when
    the file is gone.
    """

    @condition(etag_func=lambda request: PurePosixPath(str(stored.name)).stem)
    def read(request: HttpRequest) -> HttpResponse:
        with stored.open() as file:
            response = HttpResponse(file.read(), content_type="image/webp")
        response.headers["Content-Disposition"] = "inline"
        return response

    response = read(request)
    response.headers["Cache-Control"] = cache
    return response


class ReencodedImageField(forms.FileField):
    """A form field for a picture; its cleaned value is an EncodedImage, ready for the model.

    ``max_side`` is in pixels. Like any FileField it gives None (or what was there) without an
    upload, and False when the widget's box to clear it was ticked. In an UploadForm what somebody
    sends is counted before it is decoded.
    """

    widget = PictureInput
    uploader: int | None = None

    def __init__(self, *, max_side: int, **kwargs: Any) -> None:
        self.max_side = max_side
        super().__init__(**kwargs)

    def to_python(self, data: Any) -> EncodedImage | None:
        upload = super().to_python(data)
        if upload is None:
            return None
        try:
            if self.uploader is not None:
                count("pictures", self.uploader, settings.PICTURES_IN_TEN_MINUTES, 600)
            return reencode(upload, max_side=self.max_side)
        except ImageError as error:
            raise ratelimit.refused_for(error.seconds, str(error), error.code) from error

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        attrs = super().widget_attrs(widget)
        if isinstance(widget, forms.FileInput):
            attrs.setdefault("accept", ACCEPT)
        return attrs


class UploadForm(RefusableForm):
    """A form with pictures, which are counted for ``uploader``, the id of whoever sends it."""

    def __init__(self, *args: Any, uploader: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, ReencodedImageField):
                field.uploader = uploader

    @property
    def status(self) -> int:
        """Pictures that are too many, or come at a busy time, have one of their own."""
        codes = [error.code for errors in self.errors.as_data().values() for error in errors]
        return next((STATUS[code] for code in codes if code in STATUS), super().status)


def count(what: str, user_id: int, most: int, seconds: int) -> None:
    """Counts one more picture of somebody; ImageError when it is one too many."""
    sent = ratelimit.Window(f"{what}:{user_id}", seconds)
    if ratelimit.is_on() and sent.add() > most:
        left = sent.left()
        minutes = -(-left // 60)
        words = ngettext(
            "You have sent many pictures. Please try again in %(minutes)d minute.",
            "You have sent many pictures. Please try again in %(minutes)d minutes.",
            minutes,
        )
        raise ImageError(words % {"minutes": minutes}, "too_many", left)
