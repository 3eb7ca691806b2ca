"""Printing codes: as PDF in a chosen size with the brand's logo, as files for a printing house; and the logo itself."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import State, UploadFile
from litestar.di import NamedDependency
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline.db import Conn
from loopline.kernel.refusals import Refused
from loopline.kernel.scope import NotInYourBranch
from loopline.org import Permission
from loopline.touchpoints.logo import Logo, logo_of_brand, set_logo
from loopline.web.api.answers import read, run
from loopline.web.api.refusals import NoSuchThing
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.qr import address_of, scan_path
from loopline.web.touch.codes import CODES, place_asked
from loopline.web.touch.picture import BYTES_MAX, checked_picture
from loopline.web.touch.printing import LINE_MAX, SIZES, Piece, Wish, codes_csv, codes_pdf
from loopline.web.touch.refusals import TooManyToPrint
from loopline.web.touch.sheet import ALL_MOST, cards_of, codes_at, places_of

PDF = f"{CODES}/print.pdf"
CSV = f"{CODES}/codes.csv"
LOGO = f"{CODES}/logo"
_USUAL_SIZE = "shelf"
PRINTED_MOST = 1_000


@get(PDF, sync_to_thread=True)
def print_codes(request: WebRequest, visitor: NamedDependency[Visitor]) -> Response[bytes]:
    """Set the codes of a place as pages of the size that the address names."""
    said = request.query_params
    wanted = said.get("size", _USUAL_SIZE)
    size = SIZES.get(wanted)
    if size is None:
        raise Refused(NoSuchThing(noun="size", value=wanted))
    pieces, logo = _pieces(request, visitor)
    if len(pieces) > PRINTED_MOST:
        raise Refused(TooManyToPrint(most=PRINTED_MOST))
    lines = tuple(filter(None, (_line(said.get(name, "")) for name in ("zh", "en"))))
    wish = Wish(size=size, lines=lines, logo=logo if "logo" in said else None)
    return file_of(codes_pdf(pieces, wish, language_of(request)), "application/pdf", "codes.pdf")


@get(CSV, sync_to_thread=True)
def list_codes(request: WebRequest, visitor: NamedDependency[Visitor]) -> Response[bytes]:
    """List the codes of a place with what each opens."""
    return file_of(codes_csv(_pieces(request, visitor)[0]), "text/csv; charset=utf-8", "codes.csv")


def _pieces(request: WebRequest, visitor: Visitor) -> tuple[Sequence[Piece], Logo | None]:
    site, kind = (request.query_params.get(name, "") for name in ("site", "kind"))
    return pieces_at(request, visitor, site=site, kind=kind)


def pieces_at(
    request: WebRequest, visitor: Visitor, *, site: str, kind: str
) -> tuple[Sequence[Piece], Logo | None]:
    """Return the codes in use at a place, of a kind, in its sheet's order, and the logo. Raises Refused for none."""
    scope, language = visitor.scope_of(Permission.TOUCHPOINTS_READ), language_of(request)

    def find(conn: Conn, _: datetime) -> tuple[Sequence[Piece], Logo | None]:
        place = place_asked(conn, places_of(conn, scope), site, scope=scope)
        codes = [
            one for one in codes_at(conn, place, scope, most=ALL_MOST) if not kind or one.kind.value == kind
        ]
        cards = cards_of(conn, codes, request=request, language=language, is_drawn=False)
        pieces = [Piece(address=address_of(request, scan_path(card.code)), card=card) for card in cards]
        return pieces, logo_of_brand(conn)

    pieces, logo = read(request, find)
    if not pieces:
        raise Refused(NoSuchThing(noun="code", value=kind or site))
    return pieces, logo


def _line(typed: str) -> str:
    return " ".join(typed.replace("\x00", "").split())[:LINE_MAX]


def file_of(content: bytes, media_type: str, name: str) -> Response[bytes]:
    """Give a file under a name, kept nowhere on the way."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=media_type, headers=headers)


@post(LOGO)
async def change_logo(request: Request[Any, Any, State], visitor: NamedDependency[Visitor]) -> Redirect:
    """Keep the picture that is sent as the brand's logo, or, without one, have none from now on."""
    scope = visitor.scope_of(Permission.TOUCHPOINTS_WRITE)
    if not scope.everything:
        raise Refused(NotInYourBranch(subject="logo"))
    form = await request.form()
    file = form.get("file")
    name = file.filename if isinstance(file, UploadFile) else ""
    content = await file.read(BYTES_MAX + 1) if isinstance(file, UploadFile) else b""
    by = f"person:{visitor.person.person_id}"
    logo = None if "drop" in form else await asyncio.to_thread(checked_picture, content, name=name)
    await asyncio.to_thread(run, request, lambda conn, now: set_logo(conn, logo, by=by, now=now))
    return Redirect(f"{CODES}?site=*", status_code=HTTP_303_SEE_OTHER)


PRINT_PAGES = [print_codes, list_codes, change_logo]
