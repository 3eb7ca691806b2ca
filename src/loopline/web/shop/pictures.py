"""Pictures of goods that nobody photographed yet: a quiet tile in the colour of the goods, with what they are."""

from collections.abc import Mapping

from litestar import Response, get
from litestar.params import FromQuery

_YEAR_SECONDS = 365 * 24 * 3600

# Ground, its shade below, and the line and body of the drawing.
_TONES: Mapping[str, tuple[str, str, str, str]] = {
    "black": ("#e9eaec", "#d3d5d9", "#2b2d31", "#3f4248"),
    "white": ("#f4f2ee", "#e4e0d8", "#a39c8e", "#ffffff"),
    "cream": ("#f7f1e6", "#e9dcc5", "#a58b62", "#efe3cd"),
    "grey": ("#eff0f1", "#dadcdf", "#6d7278", "#b3b8bd"),
    "blue": ("#e8eff7", "#cfddee", "#2f5587", "#6f97c8"),
    "green": ("#eaf2ec", "#d0e2d5", "#356a4b", "#7fae91"),
    "red": ("#f8ecea", "#eed3cf", "#94352f", "#c9665e"),
    "brown": ("#f4ede6", "#e3d2c2", "#6d4a30", "#a98262"),
    "pink": ("#faeef1", "#f1d6dd", "#a85a70", "#e3a7b7"),
    "violet": ("#f1edf7", "#ddd3eb", "#5d4789", "#9c88c6"),
    "yellow": ("#faf5e1", "#eee3b5", "#93782a", "#e0c766"),
    "orange": ("#faf0e6", "#f0d8c0", "#a15a25", "#dd9a63"),
    "": ("#edf3f2", "#d5e3e1", "#2f6f72", "#8fbcbc"),
}

# Bodies drawn in a field of 100 by 100, and lines upon them.
_SHIRT = "M37 22 L24 29 L15 47 L25 53 L30 45 L30 80 L70 80 L70 45 L75 53 L85 47 L76 29 L63 22 Q50 32 37 22 Z"
_DRAWINGS: Mapping[str, tuple[str, str]] = {
    "shirts": (_SHIRT, "M42 25 L50 35 L58 25 M50 35 L50 80 M55 46 L63 46"),
    "tops": (_SHIRT, "M37 22 Q50 36 63 22 M30 74 L70 74"),
    "dresses": (
        "M40 16 L38 30 L42 44 L28 82 Q50 90 72 82 L58 44 L62 30 L60 16 Q50 27 40 16 Z",
        "M42 44 Q50 48 58 44 M46 52 L40 80 M54 52 L60 80",
    ),
    "trousers": ("M36 16 L64 16 L69 84 L54 84 L50 40 L46 84 L31 84 Z", "M36 23 L64 23 M50 23 L50 40"),
    "skirts": ("M39 22 L61 22 L74 78 Q50 86 26 78 Z", "M38 28 L62 28 M46 34 L41 79 M54 34 L59 79"),
    "knitwear": (
        "M36 20 L22 28 L13 62 L24 65 L30 46 L30 80 L70 80 L70 46 L76 65 L87 62 L78 28 L64 20 Q50 28 36 20 Z",
        "M40 21 Q50 32 60 21 M30 73 L70 73 M42 38 L46 44 L42 50 L46 56 L42 62 M54 38 L58 44 L54 50 L58 56 L54 62",
    ),
    "coats": (
        "M38 14 L25 22 L17 58 L27 60 L31 42 L28 86 L72 86 L69 42 L73 60 L83 58 L75 22 L62 14 L50 24 Z",
        "M38 14 L46 42 L50 46 L54 42 L62 14 M50 46 L50 86 M35 60 L43 60 M57 60 L65 60",
    ),
    "accessories": (
        "M50 22 L80 50 L50 78 L20 50 Z",
        "M50 30 L72 50 L50 70 L28 50 Z M50 22 L50 30 M50 70 L50 78",
    ),
    "bags": (
        "M24 44 L76 44 L82 82 L18 82 Z",
        "M37 44 Q37 22 50 22 Q63 22 63 44 M24 56 L76 56 M46 53 L54 53 L54 60 L46 60 Z",
    ),
}
_OTHER = ("M26 36 L50 24 L74 36 L74 68 L50 80 L26 68 Z", "M26 36 L50 48 L74 36 M50 48 L50 80")


@get("/shop/picture.svg")
async def show_picture(kind: FromQuery[str] = "", colour: FromQuery[str] = "") -> Response[str]:
    """Draw the goods of a kind in a colour. The same address is the same picture for good."""
    return Response(
        drawing(kind, colour),
        media_type="image/svg+xml",
        headers={"Cache-Control": f"public, max-age={_YEAR_SECONDS}, immutable"},
    )


def drawing(kind: str, colour: str) -> str:
    """Return the picture; an unknown kind is a parcel, an unknown colour the shop's own."""
    ground, shade, line, body = _TONES.get(colour, _TONES[""])
    outline, lines = _DRAWINGS.get(kind, _OTHER)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" role="img">'
        f'<defs><linearGradient id="g" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="{ground}"/>'
        f'<stop offset="1" stop-color="{shade}"/></linearGradient></defs>'
        '<rect width="100" height="100" fill="url(#g)"/>'
        f'<ellipse cx="50" cy="89" rx="27" ry="2.6" fill="{line}" opacity="0.12"/>'
        f'<g stroke="{line}" stroke-width="0.9" stroke-linejoin="round" stroke-linecap="round">'
        f'<path d="{outline}" fill="{body}"/><path d="{lines}" fill="none" opacity="0.6"/></g></svg>'
    )


def picture_path(category: str | None, colour: str) -> str:
    """Return the address of a picture. A category is drawn by whichever of its words we know (`外套 Coats`: a coat)."""
    words = (category or "").lower().split()
    known = next((word for word in words if word in _DRAWINGS), "")
    return f"/shop/picture.svg?kind={known}&colour={colour if colour in _TONES else ''}"
