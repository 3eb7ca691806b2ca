"""What is seen in the list, as a sheet: the same reviews in the same order, no formula among them."""

from collections.abc import Iterator
from datetime import datetime

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Stream

from loopline import reviews
from loopline.db import Conn
from loopline.kernel.scope import Scope
from loopline.org import Permission
from loopline.reviews import FoundReview, ReviewPlace, ReviewSearch
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.reviews.asked import REVIEWS, Asked, asked_of, scene_of, search_of
from loopline.web.hq.reviews.rows import Named, names_of, row_of
from loopline.web.languages import Language
from loopline.web.sheets import (
    MOMENT,
    ROWS_A_PAGE,
    Cell,
    Column,
    Sheet,
    moment_of,
    moments_head,
    sheet_streamed,
)

_NOTHING = Asked()


@get(f"{REVIEWS}.xlsx", sync_to_thread=True)
def tell_sheet(request: WebRequest, visitor: NamedDependency[Visitor]) -> Stream:
    """Tell the reviews that the address asks for as a sheet, the first ROWS_MOST of them."""
    scope, asked, language = (
        visitor.scope_of(Permission.REVIEWS_READ),
        asked_of(request),
        language_of(request),
    )

    def make(conn: Conn, now: datetime) -> Sheet:
        scene = scene_of(conn, asked, scope=scope)
        search = search_of(conn, asked, scene, now=now)
        pages = iter(()) if scene.is_nowhere else _pages(conn, search, scope, zone=scene.zone)
        return Sheet(
            title=language.say("Reviews"),
            columns=_columns(scene.zone, language),
            rows=(_cells(one, named, language) for found, named in pages for one in found),
        )

    return sheet_streamed(request, "reviews.xlsx", make)


def _pages(
    conn: Conn, search: ReviewSearch, scope: Scope, *, zone: str
) -> Iterator[tuple[list[FoundReview], Named]]:
    """Read the list page after page, to its end."""
    after: ReviewPlace | None = None
    is_more = True
    while is_more:
        found = reviews.find_reviews(conn, search, scope=scope, after=after, limit=ROWS_A_PAGE)
        yield found, names_of(conn, found, zone=zone)
        is_more = len(found) == ROWS_A_PAGE
        if is_more:
            after = ReviewPlace(review_id=found[-1].id, is_bad=found[-1].is_bad)


def _columns(zone: str, language: Language) -> list[Column]:
    say = language.say
    return [
        Column(head=moments_head(say("Written"), zone), width=28, shown=MOMENT),
        Column(head=say("Stars"), width=8),
        Column(head=say("Mood")),
        Column(head=say("About")),
        Column(head=say("Goods")),
        Column(head=say("Site")),
        Column(head=say("Sent by")),
        Column(head=say("Packed by")),
        Column(head=say("Order")),
        Column(head=say("Text"), width=60, wraps=True),
        Column(head=say("Themes")),
        Column(head=say("Answer")),
        Column(head=say("Hidden because")),
    ]


def _cells(one: FoundReview, named: Named, language: Language) -> list[Cell]:
    row = row_of(one, named, _NOTHING, language)
    return [
        moment_of(one.written_at, named.zone),
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
