"""The page of one entry of the books: what it moved, what it was posted for, and the scan that began it."""

from datetime import datetime
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from loopline.db import Conn
from loopline.kernel.ids import EntryId
from loopline.kernel.refusals import Refused
from loopline.org import Permission
from loopline.processes.trace_entry import trace_entry
from loopline.web.api.answers import read
from loopline.web.api.refusals import NoSuchThing
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.entry_view import EntryView, MayOpen, entry_written
from loopline.web.pages import page
from loopline.web.paths import ENTRIES


@get(ENTRIES + "/{entry_id:uuid}", sync_to_thread=True)
def show_entry(request: WebRequest, visitor: NamedDependency[Visitor], entry_id: FromPath[UUID]) -> Template:
    """Show an entry in the books of one's companies, down to the scan that began it."""
    scope, language = visitor.scope_of(Permission.LEDGER_READ), language_of(request)
    may = MayOpen(
        orders=visitor.may(Permission.ORDERS_READ),
        payouts=visitor.may(Permission.PAYOUTS_READ),
        differences=visitor.may(Permission.BILLS_READ),
        closes=visitor.may(Permission.CLOSES_READ),
        shifts=visitor.may(Permission.TILLS_READ),
    )

    def work(conn: Conn, _: datetime) -> EntryView:
        story = trace_entry(conn, EntryId(entry_id), scope=scope)
        if story is None:
            raise Refused(NoSuchThing(noun="entry", value=str(entry_id)))
        return entry_written(story, may, language)

    return page(request, "hq/entry.html", visitor=visitor, view=read(request, work))


ENTRY_PAGES = [show_entry]
