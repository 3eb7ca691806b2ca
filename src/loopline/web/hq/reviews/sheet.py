"""What is seen in the list, as a sheet: the same reviews in the same order, no formula among them."""

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import xlsxwriter  # pyright: ignore[reportMissingTypeStubs]
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

ROWS_MOST = 10_000
_NOTHING = Asked()
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
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
    marked("Text"),
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
        return sheet_of(found, names_of(conn, found, zone=scene.zone), language)

    return Response(
        read(request, find),
        media_type=_XLSX,
        headers={"Content-Disposition": 'attachment; filename="reviews.xlsx"', "Cache-Control": "no-store"},
    )


def sheet_of(found: Sequence[FoundReview], named: Named, language: Language) -> bytes:
    """Write reviews as XLSX: texts are texts, whatever they begin with."""
    kept = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book: Any
    with xlsxwriter.Workbook(kept, options) as book:
        sheet = book.add_worksheet(language.say("Reviews"))
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, [language.say(one) for one in _COLUMNS], book.add_format({"bold": True}))
        sheet.set_column(9, 9, 60, book.add_format({"text_wrap": True}))
        for number, one in enumerate(found, start=1):
            for place, value in enumerate(_cells(one, named, language)):
                if isinstance(value, int):
                    sheet.write_number(number, place, value)
                else:
                    sheet.write_string(number, place, value)
    return kept.getvalue()


def _cells(one: FoundReview, named: Named, language: Language) -> list[str | int]:
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
