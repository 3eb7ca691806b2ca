"""Codes as they are printed: pages of the size that is chosen, cut along marks; and as files for who prints them."""

import csv
import io
from base64 import b64encode
from collections.abc import Mapping, Sequence

import msgspec
from markupsafe import Markup

from loopline.touchpoints.logo import Logo
from loopline.web.labels.fonts import is_latin, want_chinese
from loopline.web.languages import Language, marked
from loopline.web.pages import environment
from loopline.web.paper import set_pages
from loopline.web.qr import qr_svg
from loopline.web.touch.sheet import Card

LINE_MAX = 60
_A4 = (210, 297)


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """How large a piece is, in millimetres, and its code with its quiet zone; on which page, alone or as many as fit.

    `is_wide`: the code stands beside the words, and not above them.
    """

    word: str
    width: int
    height: int
    drawing: int
    page: tuple[int, int]
    points: float
    is_wide: bool = False

    @property
    def columns(self) -> int:
        """How many stand side by side."""
        return max(1, (self.page[0] - 2 * _EDGE) // self.width)

    @property
    def rows(self) -> int:
        """How many stand one below the other."""
        return max(1, (self.page[1] - 2 * _EDGE) // self.height)

    @property
    def left(self) -> float:
        """Where the first column begins: all of them stand in the middle of the page."""
        return (self.page[0] - self.columns * self.width) / 2

    @property
    def top(self) -> float:
        """Where the first row begins."""
        return (self.page[1] - self.rows * self.height) / 2


_EDGE = 6
"""What printers leave blank, in millimetres; marks stand in it."""
SIZES: Mapping[str, Size] = {
    "shelf": Size(
        word=marked("Shelf label, 60 × 40 mm"),
        width=60,
        height=40,
        drawing=32,
        page=_A4,
        points=8,
        is_wide=True,
    ),
    "sticker": Size(word=marked("Sticker, 50 × 50 mm"), width=50, height=50, drawing=32, page=_A4, points=7),
    "badge": Size(
        word=marked("Badge, 85 × 54 mm"), width=85, height=54, drawing=44, page=_A4, points=11, is_wide=True
    ),
    "receipt": Size(
        word=marked("Receipt roll, 80 mm"), width=80, height=100, drawing=56, page=(80, 100), points=10
    ),
    "a4": Size(word=marked("Poster, A4"), width=210, height=297, drawing=150, page=_A4, points=28),
    "a3": Size(word=marked("Poster, A3"), width=297, height=420, drawing=210, page=(297, 420), points=40),
}


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A code to be printed: what it opens, and what stands beside it."""

    address: str
    card: Card


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """How codes are to be printed: in which size, with which lines on each, with which logo over its middle."""

    size: Size
    lines: tuple[str, ...] = ()
    logo: Logo | None = None


class _Placed(msgspec.Struct, frozen=True, kw_only=True):
    x: float
    y: float
    card: Card
    drawing: Markup


class _Mark(msgspec.Struct, frozen=True, kw_only=True):
    x: float
    y: float
    width: float
    height: float


def codes_pdf(pieces: Sequence[Piece], wish: Wish, language: Language) -> bytes:
    """Set codes as pages. Raises Refused where the machine cannot: no library, or no font for what is written."""
    written = (text for one in pieces for text in (one.card.name, one.card.hint, *wish.lines))
    if language.code == "zh" or not all(is_latin(one) for one in written):
        want_chinese()
    html = (
        environment()
        .get_template("touch/print.html")
        .render(
            language=language,
            say=language.say,
            size=wish.size,
            lines=wish.lines,
            logo=_embedded(wish.logo) if wish.logo else "",
            pages=_pages(pieces, wish),
            marks=_marks(wish.size),
        )
    )
    return set_pages(html)


def _embedded(logo: Logo) -> str:
    return f"data:{logo.media_type};base64,{b64encode(logo.content).decode()}"


def _pages(pieces: Sequence[Piece], wish: Wish) -> list[list[_Placed]]:
    size = wish.size
    a_page = size.columns * size.rows
    return [
        [
            _Placed(
                x=size.left + place % size.columns * size.width,
                y=size.top + place // size.columns * size.height,
                card=one.card,
                drawing=Markup(qr_svg(one.address, is_covered=wish.logo is not None).decode()),  # noqa: S704 - drawn by us, of modules alone
            )
            for place, one in enumerate(pieces[start : start + a_page])
        ]
        for start in range(0, len(pieces), a_page)
    ]


def _marks(size: Size) -> list[_Mark]:
    """Where to cut: short lines at the edges of the page, on from every side of a piece; none for one alone."""
    if size.columns * size.rows == 1:
        return []
    long = 4.0
    right, bottom = size.left + size.columns * size.width, size.top + size.rows * size.height
    xs = [size.left + column * size.width for column in range(size.columns + 1)]
    ys = [size.top + row * size.height for row in range(size.rows + 1)]
    upright = [_Mark(x=x, y=y, width=0.2, height=long) for x in xs for y in (size.top - long - 1, bottom + 1)]
    across = [_Mark(x=x, y=y, width=long, height=0.2) for y in ys for x in (size.left - long - 1, right + 1)]
    return upright + across


def codes_csv(pieces: Sequence[Piece]) -> bytes:
    """Write codes as CSV, as spreadsheets open it; what would run there is text."""
    kept = io.StringIO()
    writer = csv.writer(kept)
    writer.writerow(["code", "spelt", "kind", "name", "hint", "address"])
    writer.writerows(
        [
            _plain(said)
            for said in (
                one.card.code,
                one.card.spelt,
                one.card.kind.value,
                one.card.name,
                one.card.hint,
                one.address,
            )
        ]
        for one in pieces
    )
    return ("\ufeff" + kept.getvalue()).encode()


def _plain(text: str) -> str:
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
