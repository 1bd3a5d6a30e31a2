"""Pictures as people upload them."""

from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

GPS = 0x8825


def photo(width: int = 1200, height: int = 800, *, turned: bool = False) -> SimpleUploadedFile:
    """A JPEG with a camera's name and a place in its metadata; ``turned``: lying on its side."""
    exif = Image.Exif()
    exif[0x010F] = "A camera"
    exif.get_ifd(GPS)[1] = "N"
    if turned:
        exif[0x0112] = 6
    output = BytesIO()
    Image.new("RGB", (width, height), (200, 90, 30)).save(output, "JPEG", exif=exif)
    return SimpleUploadedFile("IMG_0001.jpg", output.getvalue(), "image/jpeg")
