"""Photos that come in: what was sent is decoded, made small and written anew, so that nothing but the picture stays.

Where it was taken, by which phone, a profile, a thumbnail, bytes behind the end: all of that is gone. What is no
picture, is too large, or would unfold into more than it should is refused before it is decoded.
"""

import hashlib
import io
import struct
from threading import BoundedSemaphore

from litestar import Response
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from loopline.kernel.pictures import Picture
from loopline.kernel.refusals import Refusal

SENT_BYTES_MAX = 6_000_000
PIXELS_MAX = 24_000_000
SIDE_MAX = 1_600
SMALL_SIDE_MAX = 240
_QUALITY = 80
_DECODED = BoundedSemaphore(2)
"""So many are unfolded at once, each into some hundred megabytes at most, however many are sent together."""
_FORMATS = ("JPEG", "PNG", "WEBP")
_MEDIA_TYPE = "image/webp"
_UNREADABLE = (
    UnidentifiedImageError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    OverflowError,
    struct.error,
)


class PhotoUnreadable(Refusal, frozen=True, kw_only=True):
    """This is no photo that can be read: JPEG, PNG and WebP can."""


class PhotoTooLarge(Refusal, frozen=True, kw_only=True):
    """A photo has at most {megabytes} MB and {megapixels} million pixels."""

    megabytes: int
    megapixels: int


def remade(sent: bytes, *, with_small: bool = False) -> Picture | Refusal:
    """Make a picture anew: upright, its longer side 1,600 pixels at most, as WebP with nothing beside the picture.

    `with_small`: once more for lists, its longer side 240 pixels at most.
    """
    too_large = PhotoTooLarge(megabytes=SENT_BYTES_MAX // 1_000_000, megapixels=PIXELS_MAX // 1_000_000)
    if len(sent) > SENT_BYTES_MAX:
        return too_large
    try:
        ImageFile.LOAD_TRUNCATED_IMAGES = False  # WeasyPrint turns it on, for the whole process
        with Image.open(io.BytesIO(sent), formats=_FORMATS) as found:
            if found.width * found.height > PIXELS_MAX:
                return too_large
            with _DECODED:
                found.thumbnail((SIDE_MAX, SIDE_MAX), Image.Resampling.LANCZOS)
            upright = ImageOps.exif_transpose(found)
            picture = Image.new("RGB", upright.size, "white")
            picture.paste(upright.convert("RGBA"), mask=upright.convert("RGBA").getchannel("A"))
    except _UNREADABLE:
        return PhotoUnreadable()
    content, (width, height) = _written(picture), picture.size
    small = None
    if with_small:
        picture.thumbnail((SMALL_SIDE_MAX, SMALL_SIDE_MAX), Image.Resampling.LANCZOS)
        small = _written(picture)
    return Picture(
        content=content,
        media_type=_MEDIA_TYPE,
        width=width,
        height=height,
        sent_hash=hashlib.sha256(sent).digest(),
        small=small,
    )


def shown(content: bytes, media_type: str, *, kept: str = "no-store") -> Response[bytes]:
    """Answer with what a picture shows, for a page to show; `kept`: for how long a browser may keep it."""
    return Response(
        content,
        media_type=media_type,
        headers={"Cache-Control": kept, "Content-Disposition": "inline"},
    )


def _written(picture: Image.Image) -> bytes:
    content = io.BytesIO()
    picture.save(content, "WEBP", quality=_QUALITY)
    return content.getvalue()
