"""Reserve goods at another site for a customer, what lies reserved here and from here, and how that ends."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from loopline import catalogue, customers, orders, org, stock
from loopline.customers import Opening, Said
from loopline.db import Conn
from loopline.kernel.ids import OrderId, SkuId, uuid7
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import NotInYourBranch
from loopline.orders import LineKind, Order
from loopline.orders.reservations import Reservation, ReservationEnd
from loopline.org import PartyKind, Permission, Site
from loopline.processes import reserve as process
from loopline.processes.reserve import HOURS, UNITS_MAX, Reserve, Reserved, standing
from loopline.web.api.answers import read, run
from loopline.web.api.refusals import NoSuchThing
from loopline.web.edge import WebRequest, edge_of, language_of
from loopline.web.hq.order import masked_member
from loopline.web.languages import Language, marked
from loopline.web.notices import telling, told
from loopline.web.pages import page
from loopline.web.store.count.place import actor_of
from loopline.web.store.desk import DESK, STORE, Desk, own_parties
from loopline.web.store.moving.place import Form, goods_row, number, time_id
from loopline.web.store.till.members import recognised
from loopline.web.store.words import refusal_words

RESERVE = f"{STORE}/reserve"
RESERVED = f"{STORE}/reserved"
_CHANNEL = "web"  # where the member sees it, and may pay it by phone
_PURPOSE = marked("Goods reserved in a store")
_SAID_MAX = 64


class Lying(msgspec.Struct, frozen=True, kw_only=True):
    """Goods reserved, written down: for whom, what, where, until when, by whom."""

    path: str
    number: str
    member: str
    goods: str
    site: str
    is_here: bool
    until: str
    by: str


def _reserving(desk: Desk) -> None:
    """Raises Refused for whoever may place no orders where they stand."""
    if not desk.visitor.scope_of(Permission.ORDERS_WRITE).covers_site(desk.site.id):
        raise Refused(NotInYourBranch(subject=desk.site.code))


@get(RESERVE, dependencies=DESK, sync_to_thread=True)
def show_reserve(
    request: WebRequest, desk: NamedDependency[Desk], sku: FromQuery[str] = "", site: FromQuery[str] = ""
) -> Template:
    """Ask for whom goods of another site are reserved, how many and for how long."""
    _reserving(desk)
    language = language_of(request)

    def find(conn: Conn, _: datetime) -> tuple[dict[str, str], Site, int]:
        found = catalogue.skus_by_code(conn, [sku]).get(sku)
        there = org.sites_by_code(conn, [site]).get(site)
        if found is None or there is None:
            raise Refused(NoSuchThing(noun="goods", value=sku))
        return goods_row(found, language), there, _units_at(conn, found.id, there)

    goods, there, units = read(request, find)
    typed = told(request).also
    return page(
        request,
        "store/reserve.html",
        visitor=desk.visitor,
        desk=desk,
        goods=goods,
        there=there,
        units=units,
        choices=range(1, min(units, UNITS_MAX) + 1),
        hours=HOURS,
        reserve_id=str(uuid7(edge_of(request).clock())),
        typed={name: typed.get(name, "") for name in ("said", "units", "hours")},
        refusal=told(request).problem,
    )


def _units_at(conn: Conn, sku_id: SkuId, site: Site) -> int:
    found = stock.sellable_at_sites(conn, [sku_id], at_most=2_000)
    return max(0, sum(one.units for one in found if one.site_id == site.id))


@post(f"{RESERVE}/keep", dependencies=DESK, sync_to_thread=True)
def keep_reserved(request: WebRequest, desk: NamedDependency[Desk], data: Form) -> Redirect:
    """Reserve goods; the same page sent again reserves once."""
    _reserving(desk)
    ring, language = edge_of(request).ring, language_of(request)
    typed = str(data.get("said", ""))[:_SAID_MAX].replace("\x00", "")
    made = time_id(data, "reserve_id") or uuid7(edge_of(request).clock())

    def work(conn: Conn, now: datetime) -> Reserved | Refusal:
        said = Said(text=typed, at=now, country=desk.site.country)
        member_id = recognised(conn, said, person=str(desk.person_id), ring=ring)
        if isinstance(member_id, Refusal):
            return member_id
        own = [one for one in own_parties(conn, desk.visitor) if one.kind is PartyKind.GUIDE]
        asked = Reserve(
            id=made,
            channel=_CHANNEL,
            member_id=member_id,
            sku_code=str(data.get("sku", "")),
            units=number(data, "units"),
            site_code=str(data.get("site", "")),
            hours=number(data, "hours"),
            at_site=desk.site.id,
            by=desk.person_id,
            guide_code=own[0].code if own else None,
        )
        return process.reserve(conn, asked, now=now)

    outcome = run(request, work)  # what was counted stays, whatever came of it
    if isinstance(outcome, Refusal):
        back = f"{RESERVE}?{urlencode({name: str(data.get(name, '')) for name in ('sku', 'site')})}"
        return telling(
            request,
            back,
            problem=refusal_words(outcome, language),
            said=typed,
            units=str(data.get("units", "")),
            hours=str(data.get("hours", "")),
        )
    done = language.say(
        "Reserved until {until}: order {number}. Its member sees it, too.",
        until=language.until(outcome.until, desk.site.time_zone),
        number=outcome.number,
    )
    return telling(request, RESERVED, done=done)


@get(RESERVED, dependencies=DESK, sync_to_thread=True)
def show_reserved(request: WebRequest, desk: NamedDependency[Desk]) -> Template:
    """Show what lies reserved here, and what was reserved from here at other sites."""
    desk.visitor.scope_of(Permission.TASKS_READ)
    language = language_of(request)
    opening = Opening(actor=actor_of(desk.visitor), purpose=_PURPOSE)

    def work(conn: Conn, now: datetime) -> list[Lying]:
        found = standing(conn, desk.site.id, now=now)
        members = list(dict.fromkeys(one.member_id for one, _ in found))
        opened = customers.open_personal(conn, members, ring=edge_of(request).ring, opening=opening, now=now)
        names = {
            member_id: masked_member(one, member_id) for member_id, one in zip(members, opened, strict=True)
        }
        return _lying(conn, found, desk, language, names=names)

    rows = run(request, work)
    return page(
        request,
        "store/reserved.html",
        visitor=desk.visitor,
        desk=desk,
        here_rows=[one for one in rows if one.is_here],
        there_rows=[one for one in rows if not one.is_here],
        may_end=desk.visitor.may(Permission.ORDERS_WRITE),
        done=told(request).done,
        refusal=told(request).problem,
    )


def _lying(
    conn: Conn,
    found: list[tuple[Reservation, Order]],
    desk: Desk,
    language: Language,
    *,
    names: dict[Any, str],
) -> list[Lying]:
    lines = [
        line
        for line in orders.lines_by_orders(conn, [head.id for _, head in found])
        if line.kind is LineKind.GOODS
    ]
    skus = catalogue.skus_by_id(conn, {line.sku_id for line in lines if line.sku_id is not None})
    sites = org.sites_by_id(conn, {one.site_id for one, _ in found} | {one.made_at_site for one, _ in found})
    people = org.people_by_id(conn, {one.made_by for one, _ in found})
    goods: dict[OrderId, list[str]] = {}
    for line in lines:
        sku = skus.get(line.sku_id) if line.sku_id is not None else None
        row = goods_row(sku, language)
        words = " ".join(part for part in (row["name"], row["variety"]) if part)
        goods.setdefault(line.order_id, []).append(f"{words} ×{line.units}")
    rows: list[Lying] = []
    for one, head in found:
        is_here = one.site_id == desk.site.id
        other = sites.get(one.made_at_site if is_here else one.site_id)
        person = people.get(one.made_by)
        rows.append(
            Lying(
                path=f"{RESERVED}/{one.order_id}/end",
                number=head.number,
                member=names.get(one.member_id, ""),
                goods=" · ".join(goods.get(one.order_id, [])),
                site=language.called(other.name) if other else "",
                is_here=is_here,
                until=language.until(one.until, desk.site.time_zone),
                by=language.called(person.name) if person else "",
            )
        )
    return rows


@post(RESERVED + "/{order_id:uuid}/end", dependencies=DESK, sync_to_thread=True)
def end_reserved(
    request: WebRequest, desk: NamedDependency[Desk], order_id: FromPath[UUID], data: Form
) -> Redirect:
    """Say that reserved goods were sold at the till, or are not wanted: they are free again."""
    scope = desk.visitor.scope_of(Permission.ORDERS_WRITE)
    is_sold = data.get("as") == ReservationEnd.SOLD.value
    ended_as = ReservationEnd.SOLD if is_sold else ReservationEnd.NOT_WANTED
    outcome = run(
        request,
        lambda conn, now: process.end(
            conn, OrderId(order_id), ended_as=ended_as, scope=scope, by=desk.person_id, now=now
        ),
    )
    if isinstance(outcome, process.ReservationUnknown):
        raise Refused(outcome)
    if isinstance(outcome, Refusal):
        return telling(request, RESERVED, problem=refusal_words(outcome, language_of(request)))
    done = language_of(request).say("Order {number} holds nothing any more.", number=outcome.number)
    return telling(request, RESERVED, done=done)


RESERVE_PAGES = [show_reserve, keep_reserved, show_reserved, end_reserved]
