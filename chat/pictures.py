"""Pictures of messages: from an upload to what is stored."""

from dataclasses import dataclass
from hashlib import sha256

from django.core.files.uploadedfile import UploadedFile

from chat.errors import ChatError
from setahub.core import images
from setahub.core.images import EncodedImage, ImageError
from setahub.policy.current import policy

FULL_SIDE = 2048  # pixels
THUMB_SIDE = 480

CODES = {"busy": "unavailable", "too_many": "rate_limited"}


@dataclass(frozen=True)
class Picture:
    """An uploaded picture, re-encoded: in full, as a thumbnail, and the upload's own digest."""

    full: EncodedImage
    thumb: EncodedImage
    digest: str


def digest_of(upload: UploadedFile) -> str:
    """What tells whether the same picture is sent again."""
    digest = sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    return digest.hexdigest()


def read(upload: UploadedFile, sender_id: int) -> Picture:
    """The picture in an upload, counted for its sender before it is decoded. Raises ChatError."""
    try:
        images.count("message-pictures", sender_id, policy.message_images_per_minute, 60)
        full, thumb = images.reencode_all(upload, [FULL_SIDE, THUMB_SIDE])
    except ImageError as error:
        raise ChatError(CODES.get(error.code, "invalid"), str(error), field="image") from error
    return Picture(full, thumb, digest_of(upload))
