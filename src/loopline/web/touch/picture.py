"""Pictures that people upload to be printed: read, checked, and written anew, so that nothing else is kept of them."""

import io
import re
import struct
from xml.etree import ElementTree as ET

from PIL import Image, ImageFile, UnidentifiedImageError

from loopline.kernel.refusals import Refused
from loopline.touchpoints.logo import Logo
from loopline.web.touch.refusals import PictureNotUsable

BYTES_MAX = 1 << 20
_KEPT_BYTES_MAX = 262_144
_PIXELS_MAX = 25_000_000
_SIDE = 512
_DEEP = 50
"""So deep shapes stand in each other at most."""
_SVG = "http://www.w3.org/2000/svg"
_SHAPES = frozenset(
    {
        "svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "defs",
        "linearGradient", "radialGradient", "stop", "clipPath", "title", "desc",
    }
)  # fmt: skip
_SAID = frozenset(
    {
        "viewBox", "width", "height", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "fx", "fy",
        "d", "points", "transform", "id", "class", "fill", "stroke", "opacity", "offset", "fill-rule",
        "fill-opacity", "stroke-width", "stroke-opacity", "stroke-linecap", "stroke-linejoin",
        "stroke-dasharray", "stop-color", "stop-opacity", "clip-path", "clip-rule", "gradientUnits",
        "gradientTransform", "spreadMethod", "preserveAspectRatio", "version",
    }
)  # fmt: skip
_LEADS = re.compile(r"url\(\s*(?!['\"]?#)|[a-z]+:", re.IGNORECASE)


def checked_picture(content: bytes, *, name: str) -> Logo:
    """Return a picture as it may be kept. Raises Refused for what is none, is too large, or is more than a picture."""
    if not content or len(content) > BYTES_MAX:
        raise Refused(PictureNotUsable(name=name))
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        kept, media_type = _shapes(content, name=name), "image/svg+xml"
    else:
        kept, media_type = _pixels(content, name=name), "image/png"
    if len(kept) > _KEPT_BYTES_MAX:
        raise Refused(PictureNotUsable(name=name))
    return Logo(media_type=media_type, content=kept)


def _pixels(content: bytes, *, name: str) -> bytes:
    """Write the pixels anew, at most 512 a side; what else a file may carry is left behind."""
    try:
        ImageFile.LOAD_TRUNCATED_IMAGES = False  # WeasyPrint turns it on, for the whole process
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as picture:
            if picture.width * picture.height > _PIXELS_MAX:
                raise Refused(PictureNotUsable(name=name))
            drawn = picture.convert("RGBA")
    except (
        UnidentifiedImageError,
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        OverflowError,
        struct.error,
        Image.DecompressionBombError,
    ) as problem:
        raise Refused(PictureNotUsable(name=name)) from problem
    drawn.thumbnail((_SIDE, _SIDE))
    kept = io.BytesIO()
    drawn.save(kept, format="PNG")
    return kept.getvalue()


def _shapes(content: bytes, *, name: str) -> bytes:
    """Write the shapes anew: no script, no style, no picture, nothing that leads elsewhere; entities are refused."""
    # In two bytes a letter a declaration would not be seen.
    if b"\0" in content or b"<!" in content.replace(b"<!--", b""):
        raise Refused(PictureNotUsable(name=name))
    try:
        root = ET.fromstring(content)  # noqa: S314 - without declarations nothing can be expanded or fetched
    except (ET.ParseError, ValueError, LookupError) as problem:
        raise Refused(PictureNotUsable(name=name)) from problem
    if root.tag != f"{{{_SVG}}}svg":
        raise Refused(PictureNotUsable(name=name))
    ET.register_namespace("", _SVG)
    return ET.tostring(_clean(root, name=name))


def _clean(one: ET.Element, *, name: str, deep: int = 0) -> ET.Element:
    """Return a shape with those of its parts and properties that draw. Raises Refused where they stand too deep."""
    if deep > _DEEP:
        raise Refused(PictureNotUsable(name=name))
    kept = ET.Element(
        one.tag, {key: said for key, said in one.attrib.items() if key in _SAID and not _LEADS.search(said)}
    )
    kept.text, kept.tail = one.text, one.tail
    kept.extend(
        [
            _clean(part, name=name, deep=deep + 1)
            for part in one
            if part.tag.removeprefix(f"{{{_SVG}}}") in _SHAPES and part.tag.startswith("{")
        ]
    )
    return kept
