"""Marketplaces: what each is lent and told, by when its orders leave, which of them are tests, and on which terms."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER
from msgspec.structs import replace

from loopline import catalogue, marketplaces, orders, org
from loopline.db import Conn
from loopline.kernel.ids import uuid7
from loopline.kernel.refusals import Refused
from loopline.kernel.scope import NotInYourBranch
from loopline.marketplaces import TermsBy
from loopline.org import Permission
from loopline.processes import lend
from loopline.web.api.answers import granted, read, run
from loopline.web.api.refusals import NoSuchThing
from loopline.web.edge import Visitor, WebRequest, edge_of, language_of
from loopline.web.hq.marketplace_form import (
    FoundTerms,
    person_of,
    read_goods,
    read_terms,
    read_write_off,
    terms_view,
)
from loopline.web.hq.marketplaces_view import Found, Listing, written
from loopline.web.pages import page

MARKETPLACES = "/hq/marketplaces"
LOOKED_BACK = timedelta(days=30)
LATELY = timedelta(hours=24)
LOOKED_AHEAD = timedelta(days=3)
_SHOWN = 60
_VERSIONS_SHOWN = 10


@get(MARKETPLACES, sync_to_thread=True)
def show_marketplaces(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show every marketplace, and the list that the address names, of one of them or of all."""
    _sees_the_brand(visitor)
    asked = request.query_params.get("list", "")
    listing = Listing(asked) if asked in set(Listing) else Listing.LENT
    channel = request.query_params.get("channel") or None
    found = read(request, lambda conn, now: find(conn, listing, channel, now=now))
    return page(
        request,
        "hq/marketplaces.html",
        visitor=visitor,
        view=written(found, language_of(request)),
        path=MARKETPLACES,
        may_write=visitor.may(Permission.STOCK_WRITE),
    )


def find(conn: Conn, listing: Listing, channel: str | None, *, now: datetime) -> Found:
    """Read the page: of the whole brand, which alone has marketplaces."""
    found = Found(
        now=now,
        listing=listing,
        channel=channel,
        marketplaces=marketplaces.marketplaces(conn),
        dealings=marketplaces.dealings(conn, since=now - LOOKED_BACK, lately=now - LATELY, now=now),
        channels=orders.channels_by_code(conn),
    )
    if not found.marketplaces:
        return found
    return _listed(conn, found)


def _listed(conn: Conn, found: Found) -> Found:
    """Add the list, with the names of what it speaks of."""
    channel, now = found.channel, found.now
    match found.listing:
        case Listing.LENT:
            loans = marketplaces.loans_page(conn, channel=channel, at_most=_SHOWN)
            return replace(
                found,
                loans=loans,
                goods_terms=marketplaces.goods_terms(conn),
                skus=catalogue.skus_by_id(conn, {one.sku_id for one in loans}),
            )
        case Listing.TOLD:
            told = marketplaces.told_page(conn, channel=channel, at_most=_SHOWN)
            skus = catalogue.skus_by_id(conn, {one.sku_id for one in told})
            return replace(found, told=told, skus=skus)
        case Listing.TESTS:
            return replace(found, tests=marketplaces.test_orders_page(conn, channel=channel, at_most=_SHOWN))
        case Listing.TO_SHIP:
            until = now + LOOKED_AHEAD
            shipments = marketplaces.shipments_at_risk(conn, until=until, channel=channel, at_most=_SHOWN)
        case Listing.MISSED:
            since = now - LOOKED_BACK
            shipments = marketplaces.missed_page(conn, since=since, channel=channel, at_most=_SHOWN)
    heads = orders.orders_by_ids(conn, [one.order_id for one in shipments])
    return replace(found, shipments=shipments, numbers={one.id: one.number for one in heads})


@get(MARKETPLACES + "/{channel:str}", sync_to_thread=True)
def show_terms(request: WebRequest, visitor: NamedDependency[Visitor], channel: FromPath[str]) -> Template:
    """Show the terms of one marketplace, to be changed; of a channel that has none, to be made one."""
    _sees_the_brand(visitor)
    found = read(request, lambda conn, _: _find_terms(conn, channel))
    return page(
        request,
        "hq/marketplace.html",
        visitor=visitor,
        view=terms_view(found, language_of(request)),
        path=f"{MARKETPLACES}/{found.channel.code}",
        form_id=uuid7(edge_of(request).clock()),
        may_write=visitor.may(Permission.STOCK_WRITE),
    )


def _find_terms(conn: Conn, code: str) -> FoundTerms:
    channel = orders.channels_by_code(conn).get(code)
    if channel is None:
        raise Refused(NoSuchThing(noun="channel", value=code))
    versions = marketplaces.versions(conn, channel=code, at_most=_VERSIONS_SHOWN)
    goods = [one for one in marketplaces.goods_terms(conn).values() if one.channel == code]
    setters = {found for one in (*versions, *goods) if (found := person_of(one.set_by)) is not None}
    return FoundTerms(
        channel=channel,
        in_force=marketplaces.marketplaces(conn).get(code),
        versions=versions,
        goods=goods,
        people={one.id: one.name for one in org.people_by_id(conn, setters).values()},
    )


@post(MARKETPLACES + "/{channel:str}/terms")
async def set_terms_from_page(
    request: Request[Any, Any, State], visitor: NamedDependency[Visitor], channel: FromPath[str]
) -> Redirect:
    """Set the terms as the form says, unless others were set meanwhile; and go back to the page."""
    scope = visitor.scope_of(Permission.STOCK_WRITE)
    _sees_the_brand(visitor)
    form = await request.form()
    said = read_terms(
        {name: str(form.get(name, "")) for name in form}, channel=channel, language=language_of(request)
    )
    by = TermsBy(actor=_actor(visitor), note=said.note, expected={channel: said.version or 0})
    await asyncio.to_thread(
        run,
        request,
        lambda conn, now: granted(lend.set_terms(conn, [said.terms], scope=scope, by=by, now=now)[0]),
    )
    return _to(channel)


@post(MARKETPLACES + "/{channel:str}/goods")
async def set_goods_from_page(
    request: Request[Any, Any, State], visitor: NamedDependency[Visitor], channel: FromPath[str]
) -> Redirect:
    """Set the terms of a category or a SKU, and go back to the page."""
    scope = visitor.scope_of(Permission.STOCK_WRITE)
    _sees_the_brand(visitor)
    form = await request.form()
    terms, note = read_goods(
        {name: str(form.get(name, "")) for name in form}, channel=channel, language=language_of(request)
    )
    by = TermsBy(actor=_actor(visitor), note=note)
    await asyncio.to_thread(
        run,
        request,
        lambda conn, now: granted(lend.set_goods_terms(conn, [terms], scope=scope, by=by, now=now)[0]),
    )
    return _to(channel)


@post(MARKETPLACES + "/{channel:str}/write-off")
async def write_off_from_page(
    request: Request[Any, Any, State], visitor: NamedDependency[Visitor], channel: FromPath[str]
) -> Redirect:
    """Take units off what a marketplace is lent, as the form says, and go back to the page."""
    scope = visitor.scope_of(Permission.STOCK_WRITE)
    _sees_the_brand(visitor)
    form = await request.form()
    asked = read_write_off(
        {name: str(form.get(name, "")) for name in form}, channel=channel, language=language_of(request)
    )
    await asyncio.to_thread(
        run,
        request,
        lambda conn, now: granted(
            lend.write_off_loans(conn, [asked], scope=scope, now=now, actor=_actor(visitor))[0]
        ),
    )
    return Redirect(f"{MARKETPLACES}?list=lent&channel={channel}", status_code=HTTP_303_SEE_OTHER)


def _sees_the_brand(visitor: Visitor) -> None:
    """What marketplaces sell is the stock of the whole brand, and how they do is a board of it. Raises Refused."""
    for permission in (Permission.BOARDS_READ, Permission.STOCK_READ):
        if not visitor.scope_of(permission).everything:
            raise Refused(NotInYourBranch(subject="marketplaces"))


def _actor(visitor: Visitor) -> str:
    return f"person:{visitor.person.person_id}"


def _to(channel: str) -> Redirect:
    return Redirect(f"{MARKETPLACES}/{channel}", status_code=HTTP_303_SEE_OTHER)


MARKETPLACE_PAGES = [
    show_marketplaces,
    show_terms,
    set_terms_from_page,
    set_goods_from_page,
    write_off_from_page,
]
