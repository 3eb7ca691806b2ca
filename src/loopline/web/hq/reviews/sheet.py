"""What is seen in the list, as a sheet: the same reviews in the same order, no formula among them."""

from collections.abc import Sequence
from datetime import datetime

from litestar import Response, get
from litestar.di import NamedDependency

from loopline import reviews
from loopline.db import Conn
from loopline.org import Permission
from loopline.reviews import FoundReview
from loopline.web.api.answers import read
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.reviews.asked import REVIEWS, Asked, asked_of, scene_of, search_of
from loopline.web.hq.reviews.rows import Named, names_of, row_of
from loopline.web.languages import Language, marked
from loopline.web.sheets import Cell, Column, sheet_of, sheet_told

ROWS_MOST = 10_000
_NOTHING = Asked()
_TEXT = marked("Text")
_COLUMNS = (
    marked("Written"),
    marked("Stars"),
    marked("Mood"),
    marked("About"),
    marked("Goods"),
    marked("Site"),
    marked("Sent by"),
    marked("Packed by"),
    marked("Order"),
    _TEXT,
    marked("Themes"),
    marked("Answer"),
    marked("Hidden because"),
)


@get(f"{REVIEWS}.xlsx", sync_to_thread=True)
def tell_sheet(request: WebRequest, visitor: NamedDependency[Visitor]) -> Response[bytes]:
    """Tell the reviews that the address asks for as a sheet, at most ROWS_MOST of them."""
    scope = visitor.scope_of(Permission.REVIEWS_READ)
    asked = asked_of(request)
    language = language_of(request)

    def find(conn: Conn, now: datetime) -> bytes:
        scene = scene_of(conn, asked, scope=scope)
        search = search_of(conn, asked, scene, now=now)
        found = [] if scene.is_nowhere else reviews.find_reviews(conn, search, scope=scope, limit=ROWS_MOST)
        return _written(found, names_of(conn, found, zone=scene.zone), language)

    return sheet_told(read(request, find), "reviews.xlsx")


def _written(found: Sequence[FoundReview], named: Named, language: Language) -> bytes:
    columns = [
        Column(head=language.say(one), width=60 if one == _TEXT else 18, wraps=one == _TEXT)
        for one in _COLUMNS
    ]
    return sheet_of(language.say("Reviews"), columns, [_cells(one, named, language) for one in found])


def _cells(one: FoundReview, named: Named, language: Language) -> list[Cell]:
    row = row_of(one, named, _NOTHING, language)
    return [
        row.written,
        one.stars,
        row.mood,
        row.about,
        row.goods,
        row.site,
        row.sender,
        row.packer,
        row.order,
        one.text,
        ", ".join(chip.word for chip in row.themes),
        row.reply,
        row.hidden_reason,
    ]


SHEET_PAGES = [tell_sheet]
