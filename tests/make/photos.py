"""Photos as phones make them: with a place, a make and a turn in them; and what only says it is one."""

import io
import struct
import zlib

from PIL import Image

LATITUDE = (31.0, 14.0, 9.6)


def photo(
    width: int = 400, height: int = 300, *, colour: str = "teal", form: str = "JPEG", turned: bool = False
) -> bytes:
    """A photo with the place it was taken at; `turned`: its sides are to be swapped for whoever looks at it."""
    picture = Image.new("RGB", (width, height), colour)
    exif = Image.Exif()
    exif[0x010F] = "Phonemaker"
    if turned:
        exif[0x0112] = 6
    exif.get_ifd(0x8825)[2] = LATITUDE
    exif.get_ifd(0x8825)[1] = "N"
    written = io.BytesIO()
    picture.save(written, form, exif=exif)
    return written.getvalue()


def bomb(width: int = 30_000, height: int = 30_000) -> bytes:
    """A small PNG that says it is nine hundred million pixels large, and would unfold into them."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
