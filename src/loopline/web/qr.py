"""Codes as pictures: what a camera opens, drawn so that it prints at any size."""

from functools import lru_cache
from io import BytesIO
from urllib.parse import quote

import segno

from loopline.web.edge import WebRequest, edge_of

_QUIET_MODULES = 4
SCAN_PATH = "/t/"
RECEIPT_PATH = "/r/"


def address_of(request: WebRequest, path: str) -> str:
    """Return a path of ours as people reach it from outside."""
    base = edge_of(request).settings.public_url or str(request.base_url)
    return base.rstrip("/") + path


def scan_path(code: str) -> str:
    """Return what a code opens when it is scanned."""
    return SCAN_PATH + quote(code, safe="")


def receipt_path(code: str) -> str:
    """Return what the code of a receipt opens."""
    return RECEIPT_PATH + quote(code, safe="")


@lru_cache(maxsize=2_000)
def qr_svg(text: str, *, is_covered: bool = False) -> bytes:
    """Draw a QR code (ISO/IEC 18004) as SVG, dark on nothing, with its quiet zone.

    Error correction M: it still reads with about an eighth of it worn away. One that is covered in the middle has H: it
    reads with about a quarter of it gone.
    """
    drawn = BytesIO()
    segno.make(text, error="h" if is_covered else "m", boost_error=not is_covered, micro=False).save(
        drawn, kind="svg", border=_QUIET_MODULES, xmldecl=False, svgclass=None, lineclass=None, omitsize=True
    )
    return drawn.getvalue()
