"""The sheets of codes: choose a store, its guides and products, make what is missing, print, hang up."""

import asyncio
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline.db import Conn
from loopline.kernel.refusals import Refused
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.org import Permission, Site
from loopline.processes.outcomes import all_granted
from loopline.processes.touch import add_touchpoints, retire_touchpoints
from loopline.touchpoints import TouchpointKind
from loopline.touchpoints.logo import logo_of_brand
from loopline.web.api.answers import read, run
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.pages import page
from loopline.web.touch.printing import SIZES
from loopline.web.touch.sheet import (
    ALL_MOST,
    BULK_KINDS,
    BULK_MAX,
    KIND_WORDS,
    TABLES_MAX,
    Named,
    Place,
    WantedCodes,
    cards_of,
    codes_at,
    missing,
    numbered,
    place_at,
    places_of,
    products_of,
)

CODES = "/hq/codes"
_WHOLE_BRAND = "*"


@get(CODES, sync_to_thread=True)
def show_codes(
    request: WebRequest,
    visitor: NamedDependency[Visitor],
    site: FromQuery[str] = "",
    kind: FromQuery[str] = "",
) -> Template:
    """Show the sheet of a place: every code in use there, drawn to be printed."""
    scope = visitor.scope_of(Permission.TOUCHPOINTS_READ)
    language = language_of(request)

    def find(conn: Conn, _: Any) -> dict[str, Any]:
        sites = places_of(conn, scope)
        place = place_asked(conn, sites, site, scope=scope)
        codes = codes_at(conn, place, scope)
        kinds = list(dict.fromkeys(one.kind for one in codes))
        shown = [one for one in codes if not kind or one.kind.value == kind]
        products = products_of(conn)
        known = Named(
            products={one.code: one for one in products},
            parties={one.code: one for one in place.guides},
            sites={one.code: one for one in sites},
        )
        return {
            "sites": sites,
            "place": place,
            "chosen": place.site.code if place.site else _WHOLE_BRAND,
            "kinds": kinds,
            "kind": kind,
            "kind_words": KIND_WORDS,
            "cards": cards_of(conn, shown, request=request, language=language, known=known),
            "products": products,
            "has_logo": logo_of_brand(conn) is not None,
            "has_store_code": any(one.kind is TouchpointKind.STORE for one in codes),
            "coded_guides": {one.party_code for one in codes if one.kind is TouchpointKind.GUIDE},
            "coded_products": {
                one.product_code
                for one in codes
                if one.kind in {TouchpointKind.SHELF, TouchpointKind.PRODUCT}
            },
        }

    found = read(request, find)
    return page(
        request,
        "touch/codes.html",
        visitor=visitor,
        may_write=visitor.may(Permission.TOUCHPOINTS_WRITE),
        is_hq=scope.everything,
        tables_max=TABLES_MAX,
        bulk_max=BULK_MAX,
        bulk_kinds=[(one.value, language.say(KIND_WORDS[one])) for one in BULK_KINDS],
        sizes=[(key, language.say(one.word)) for key, one in SIZES.items()],
        **found,
    )


def place_asked(conn: Conn, sites: Sequence[Site], wanted: str, *, scope: Scope) -> Place:
    """The place asked for, or the first one; the whole brand's codes are for who sees the whole brand."""
    if wanted == _WHOLE_BRAND and scope.everything:
        return place_at(conn, None)
    chosen = next((one for one in sites if one.code == wanted), None)
    if chosen is None and wanted:
        raise Refused(NotInYourBranch(subject=wanted))
    return place_at(conn, chosen or (sites[0] if sites else None))


@post(f"{CODES}/make")
async def make_codes(request: Request[Any, Any, State], visitor: NamedDependency[Visitor]) -> Redirect:
    """Make the codes that are wanted and missing, and go back to the sheet."""
    scope = visitor.scope_of(Permission.TOUCHPOINTS_WRITE)
    form = await request.form()
    wanted = str(form.get("site", ""))
    asked = WantedCodes(
        store="store" in form,
        guides=tuple(str(one) for one in form.getall("guide", [])),
        products=tuple(str(one) for one in form.getall("product", [])),
        tables=_count(str(form.get("tables", ""))),
    )

    def work(conn: Conn, now: Any) -> Place:
        place = place_asked(conn, places_of(conn, scope), wanted, scope=scope)
        standing = codes_at(conn, place, scope, most=ALL_MOST)
        all_granted(
            add_touchpoints(conn, missing(asked, place=place, standing=standing), scope=scope, now=now)
        )
        return place

    place = await asyncio.to_thread(run, request, work)
    return _back(place.site.code if place.site else _WHOLE_BRAND)


@post(f"{CODES}/bulk")
async def make_many_codes(request: Request[Any, Any, State], visitor: NamedDependency[Visitor]) -> Redirect:
    """Make codes by the thousand, numbered, and go back to the sheet of the place."""
    scope = visitor.scope_of(Permission.TOUCHPOINTS_WRITE)
    form = await request.form()
    stated = {name: str(form.get(name, "")) for name in ("site", "kind", "count", "label", "product")}

    def work(conn: Conn, now: Any) -> Place:
        place = place_asked(conn, places_of(conn, scope), stated["site"], scope=scope)
        all_granted(add_touchpoints(conn, numbered(stated, place=place), scope=scope, now=now))
        return place

    place = await asyncio.to_thread(run, request, work)
    return _back(place.site.code if place.site else _WHOLE_BRAND)


def _count(stated: str) -> int:
    return min(int(stated), TABLES_MAX) if stated.isascii() and stated.isdigit() and len(stated) < 5 else 0


@post(f"{CODES}/retire")
async def retire_code(request: Request[Any, Any, State], visitor: NamedDependency[Visitor]) -> Redirect:
    """Take a code out of use: it is lost, or hangs in the wrong place."""
    scope = visitor.scope_of(Permission.TOUCHPOINTS_WRITE)
    form = await request.form()
    code = str(form.get("code", ""))
    await asyncio.to_thread(
        run,
        request,
        lambda conn, now: all_granted(retire_touchpoints(conn, [code], scope=scope, now=now)),
    )
    return _back(str(form.get("site", "")))


def _back(site_code: str) -> Redirect:
    return Redirect(f"{CODES}?{urlencode({'site': site_code})}", status_code=HTTP_303_SEE_OTHER)


CODE_PAGES = [show_codes, make_codes, make_many_codes, retire_code]
