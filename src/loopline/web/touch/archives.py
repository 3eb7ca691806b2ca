"""Archives of codes for a printing house: asked for, watched while they are drawn, fetched by whoever asked."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline.kernel.ids import uuid7
from loopline.kernel.refusals import Refused
from loopline.org import Permission
from loopline.touchpoints import archives
from loopline.touchpoints.archives import ArchiveAsk, CodeToDraw
from loopline.web.api.answers import read, run
from loopline.web.api.refusals import NoSuchThing
from loopline.web.edge import Visitor, WebRequest, edge_of
from loopline.web.pages import page
from loopline.web.touch.codes import CODES
from loopline.web.touch.print_pages import file_of, pieces_at
from loopline.web.touch.printing import codes_csv

ARCHIVES = f"{CODES}/archives"


class ArchiveForm(msgspec.Struct, frozen=True, kw_only=True):
    """Whose codes an archive is to hold, and of which kind; empty: all kinds."""

    site: str = ""
    kind: str = ""


@post(ARCHIVES, sync_to_thread=True)
def ask_for_archive(
    request: WebRequest,
    visitor: NamedDependency[Visitor],
    data: Annotated[ArchiveForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Redirect:
    """Ask for the codes of a place, a picture each, and go where it is told how far they are."""
    pieces, _ = pieces_at(request, visitor, site=data.site, kind=data.kind)
    ask = ArchiveAsk(
        id=uuid7(edge_of(request).clock()),
        asked_by=_asked_by(visitor),
        place=data.site,
        codes=tuple(CodeToDraw(code=one.card.code, address=one.address) for one in pieces),
        listing=codes_csv(pieces),
    )
    run(request, lambda conn, now: archives.ask_archive(conn, ask, now=now))
    return Redirect(f"{ARCHIVES}/{ask.id}", status_code=HTTP_303_SEE_OTHER)


@get(f"{ARCHIVES}/{{archive_id:uuid}}", sync_to_thread=True)
def show_archive(
    request: WebRequest, visitor: NamedDependency[Visitor], archive_id: FromPath[UUID]
) -> Template:
    """Show how far an archive is, and lead to it once it is whole."""
    found = read(request, lambda conn, _: archives.archive_of(conn, archive_id, asked_by=_asked_by(visitor)))
    if found is None:
        raise Refused(NoSuchThing(noun="archive", value=str(archive_id)))
    return page(
        request,
        "touch/archive.html",
        visitor=visitor,
        archive=found,
        path=f"{ARCHIVES}/{found.id}",
    )


@get(f"{ARCHIVES}/{{archive_id:uuid}}/codes.zip", sync_to_thread=True)
def fetch_archive(
    request: WebRequest, visitor: NamedDependency[Visitor], archive_id: FromPath[UUID]
) -> Response[bytes]:
    """Give an archive that is whole to whoever asked for it."""
    content = read(
        request, lambda conn, _: archives.content_of(conn, archive_id, asked_by=_asked_by(visitor))
    )
    if content is None:
        raise Refused(NoSuchThing(noun="archive", value=str(archive_id)))
    return file_of(content, "application/zip", "codes.zip")


def _asked_by(visitor: Visitor) -> str:
    """Return as whom somebody asks who may see codes at all. Raises Refused for who may not."""
    visitor.scope_of(Permission.TOUCHPOINTS_READ)
    return f"person:{visitor.person.person_id}"


ARCHIVE_PAGES = [ask_for_archive, show_archive, fetch_archive]
