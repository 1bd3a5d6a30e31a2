"""Pictures as telephones take them, and forms that carry them."""

import uuid
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from PIL import Image


def picture(width: int, height: int, quality: int = 85) -> bytes:
    """A JPEG with some noise, as a photo has; of 12 megapixels about 4 MB."""
    grain = Image.effect_noise((width, height), 24)
    sky = Image.linear_gradient("L").resize((width, height))
    output = BytesIO()
    Image.merge("RGB", (grain, sky, grain)).save(output, "JPEG", quality=quality)
    return output.getvalue()


def form_with(fields: Mapping[str, Any], name: str, file: bytes) -> tuple[bytes, str]:
    """A form with a file: its bytes, and their content type."""
    edge = uuid.uuid4().hex
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
        for field, value in fields.items()
    ]
    head = f'--{edge}\r\nContent-Disposition: form-data; name="{name}"; filename="IMG_0001.jpg"\r\n'
    parts += [
        head.encode(),
        b"Content-Type: image/jpeg\r\n\r\n",
        file,
        f"\r\n--{edge}--\r\n".encode(),
    ]
    return b"".join(parts), f"multipart/form-data; boundary={edge}"
