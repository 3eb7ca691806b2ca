"""The list of orders: found by text, narrowed by links, the latest first, page by page."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.response import Stream, Template

from loopline import orders, org, search
from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.ids import OrderId, SiteId
from loopline.kernel.scope import Scope
from loopline.kernel.times import business_day, day_range
from loopline.org import Permission, Site
from loopline.search import OrderAsk, OrderFound, OrderPlace
from loopline.web.api.answers import read
from loopline.web.api.cursors import decode_cursor, encode_cursor
from loopline.web.edge import Edge, Visitor, WebRequest, edge_of, language_of
from loopline.web.hq.board_view import STAGE_TONES, STAGE_WORDS, channel_word
from loopline.web.hq.order_text import may_find_by_member, members_meant, text_asked
from loopline.web.hq.orders_asked import ORDERS, Asked
from loopline.web.languages import Language, marked
from loopline.web.pages import page
from loopline.web.sheets import (
    MOMENT,
    ROWS_A_PAGE,
    Cell,
    Column,
    Sheet,
    moment_of,
    moments_head,
    money_of,
    sheet_streamed,
)

_SHOWN = 40
_MONEY = "#,##0.00"
SHEET = f"{ORDERS}.xlsx"
_NAMES_SHOWN = 2
PERIODS: Mapping[str, tuple[str, int | None]] = {
    "": (marked("Any time"), None),
    "today": (marked("Today"), 1),
    "week": (marked("7 days"), 7),
    "month": (marked("30 days"), 30),
}


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A way to narrow the list."""

    word: str
    link: str
    value: str
    is_chosen: bool


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """An order in the list, written down."""

    number: str
    path: str
    placed: str
    stage: str
    tone: str
    channel: str
    place: str
    sends: str
    goods: str
    units: str
    amount: str
    paid: str
    paid_tone: str


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the list shows, read at one moment."""

    rows: Sequence[OrderFound]
    sites: Mapping[SiteId, Site]
    choosable: Sequence[Site]
    channels: Sequence[str]
    zone: str


@get(ORDERS, sync_to_thread=True)
def show_orders(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show the orders somebody may see, as far as the address narrows them."""
    asked = asked_of(request)
    scope = visitor.scope_of(Permission.ORDERS_READ)
    place = _place(request)
    look = _Look(edge=edge_of(request), visitor=visitor, place=place, limit=_SHOWN + 1)
    found = read(request, lambda conn, _: _find(conn, asked, look))
    language = language_of(request)
    shown = found.rows[:_SHOWN]
    return page(
        request,
        "hq/orders.html",
        visitor=visitor,
        asked=asked,
        rows=[row_of(one, found, scope, language) for one in shown],
        stages=_choices(asked, "stage", [("", language.say("All")), *_stages(language)]),
        periods=_choices(asked, "period", [(key, language.say(word)) for key, (word, _) in PERIODS.items()]),
        channels=_choices(
            asked,
            "channel",
            [
                ("", language.say("All channels")),
                *((code, channel_word(code, language)) for code in found.channels),
            ],
        ),
        sites=_choices(
            asked,
            "site",
            [
                ("", language.say("All sites")),
                *((one.code, language.called(one.name)) for one in found.choosable),
            ],
        ),
        is_later_page=place is not None,
        older=_older(asked, shown[-1]) if len(found.rows) > _SHOWN else "",
        sheet=asked.link(SHEET),
        may_act=visitor.may(Permission.ORDERS_WRITE),
        may_search_members=may_find_by_member(visitor.branches),
    )


@get(SHEET, sync_to_thread=True)
def tell_orders_sheet(request: WebRequest, visitor: NamedDependency[Visitor]) -> Stream:
    """Tell the orders that the address asks for as a sheet, the latest ROWS_MOST of them."""
    asked, scope, language = asked_of(request), visitor.scope_of(Permission.ORDERS_READ), language_of(request)
    look = _Look(edge=edge_of(request), visitor=visitor, limit=ROWS_A_PAGE)

    def make(conn: Conn, _: datetime) -> Sheet:
        return Sheet(
            title=language.say("Orders"),
            columns=_columns(board_setting(conn).zone, language),
            rows=(
                _cells(one, found, scope, language)
                for found in _pages(conn, asked, look)
                for one in found.rows
            ),
        )

    return sheet_streamed(request, "orders.xlsx", make)


def asked_of(request: WebRequest) -> Asked:
    """Return what the address asks for; what it says twice counts once."""
    said = {name: request.query_params.get(name, "") for name in Asked.__struct_fields__}
    return Asked(**{name: value.strip() for name, value in said.items()})


def _place(request: WebRequest) -> OrderPlace | None:
    after = decode_cursor(request.query_params.get("cursor"), (datetime, UUID))
    return OrderPlace(placed_at=after[0], order_id=OrderId(after[1])) if after else None


class _Look(msgspec.Struct, frozen=True, kw_only=True):
    """Who looks, from which place on, and at how many."""

    edge: Edge
    visitor: Visitor
    limit: int
    place: OrderPlace | None = None


def _find(conn: Conn, asked: Asked, look: _Look) -> Found:
    visitor, edge = look.visitor, look.edge
    scope = visitor.scope_of(Permission.ORDERS_READ)
    zone = board_setting(conn).zone
    choosable = (
        org.branch_sites(conn)
        if scope.everything
        else sorted(org.sites_by_id(conn, scope.sites).values(), key=lambda one: one.code)
    )
    chosen = next((one.id for one in choosable if one.code == asked.site), None)
    rows: list[OrderFound] = []
    if not asked.site or chosen is not None:
        ask = OrderAsk(
            text=text_asked(asked.text),
            members_meant=members_meant(conn, asked.text, ring=edge.ring, branches=visitor.branches),
            stages=(asked.stage,) if asked.stage else (),
            channels=(asked.channel,) if asked.channel else (),
            site_id=chosen,
            placed_from=_since(asked.period, now=edge.clock(), zone=zone),
        )
        rows = search.find_orders(conn, ask, scope=scope, after=look.place, limit=look.limit)
    named = {one.site_id for one in rows if one.site_id} | {
        site for one in rows for site in one.sending_sites
    }
    return Found(
        rows=rows,
        sites=org.sites_by_id(conn, named),
        choosable=choosable,
        channels=sorted(orders.channels_by_code(conn)),
        zone=zone,
    )


def _pages(conn: Conn, asked: Asked, look: _Look) -> Iterator[Found]:
    """Read the list page after page, to its end."""
    is_more = True
    while is_more:
        found = _find(conn, asked, look)
        yield found
        is_more = len(found.rows) == look.limit
        if is_more:
            last = found.rows[-1]
            place = OrderPlace(placed_at=last.placed_at, order_id=last.order_id)
            look = msgspec.structs.replace(look, place=place)


def _since(period: str, *, now: datetime, zone: str) -> datetime | None:
    """Return the beginning of a period: so many days, today's among them, each cut in the brand's zone."""
    _, days = PERIODS.get(period, PERIODS[""])
    if days is None:
        return None
    return day_range(business_day(now, zone) - timedelta(days=days - 1), zone).start


def _older(asked: Asked, last: OrderFound) -> str:
    cursor = encode_cursor(last.placed_at, last.order_id)
    address = asked.link()
    return f"{address}{'&' if '?' in address else '?'}{urlencode({'cursor': cursor})}"


def _stages(language: Language) -> list[tuple[str, str]]:
    return [(stage, language.say(word)) for stage, word in STAGE_WORDS.items()]


def _choices(asked: Asked, field: str, values: Sequence[tuple[str, str]]) -> list[Choice]:
    return [
        Choice(
            word=word,
            link=asked.link(**{field: value}),
            value=value,
            is_chosen=getattr(asked, field) == value,
        )
        for value, word in values
    ]


def row_of(one: OrderFound, found: Found, scope: Scope, language: Language) -> Row:
    """Write an order down; whoever only sends it sees neither its money, nor how much others send."""
    sells = scope.covers_site(one.site_id)
    paid, tone = _paid(one, language) if sells else ("", "")
    more = one.lines - _NAMES_SHOWN
    names = ("，" if language.code == "zh" else ", ").join(map(language.called, one.names[:_NAMES_SHOWN]))
    site = found.sites.get(one.site_id) if one.site_id else None
    senders = [
        found.sites[site_id].name
        for site_id in one.sending_sites
        if site_id in found.sites and (sells or scope.covers_site(site_id))
    ]
    return Row(
        number=one.number,
        path=f"{ORDERS}/{one.number}",
        placed=language.clock_of_day(one.placed_at, site.time_zone if site else found.zone),
        stage=language.say(STAGE_WORDS[one.stage]) if one.stage in STAGE_WORDS else one.stage,
        tone=STAGE_TONES.get(one.stage, "done"),
        channel=channel_word(one.channel, language),
        place=language.called(site.name) if site else "",
        sends=", ".join(language.called(name) for name in senders if site is None or name != site.name),
        goods=language.say("{names} and {count} more", names=names, count=language.count(more))
        if more > 0
        else names,
        units=language.count(one.units) if sells else "",
        amount=language.money(one.amount_minor, one.currency) if sells else "",
        paid=paid,
        paid_tone=tone,
    )


def _paid(one: OrderFound, language: Language) -> tuple[str, str]:
    if one.refunded_minor:
        amount = language.money(one.refunded_minor, one.currency)
        return language.say("{amount} given back", amount=amount), "move"
    if one.taken_minor >= one.amount_minor:
        return language.say("Paid"), "good"
    return language.say("Not paid yet"), "warn"


def _columns(zone: str, language: Language) -> list[Column]:
    say = language.say
    return [
        Column(head=say("Order"), width=14),
        Column(head=moments_head(say("Placed"), zone), width=28, shown=MOMENT),
        Column(head=say("Stage")),
        Column(head=say("Channel")),
        Column(head=say("Number at the channel"), width=24),
        Column(head=say("Site"), width=24),
        Column(head=say("Sent by"), width=30),
        Column(head=say("Goods"), width=50),
        Column(head=say("Pieces"), width=10),
        Column(head=say("Currency"), width=10),
        Column(head=say("Amount"), shown=_MONEY),
        Column(head=say("Paid"), shown=_MONEY),
        Column(head=say("Given back"), shown=_MONEY),
    ]


def _cells(one: OrderFound, found: Found, scope: Scope, language: Language) -> list[Cell]:
    """Write an order as the list shows it, its money in numbers."""
    row, sells = row_of(one, found, scope, language), scope.covers_site(one.site_id)
    money = (one.amount_minor, one.taken_minor, one.refunded_minor)
    return [
        row.number,
        moment_of(one.placed_at, found.zone),
        row.stage,
        row.channel,
        one.external_number if sells else "",
        row.place,
        row.sends,
        row.goods,
        one.units if sells else None,
        one.currency if sells else "",
        *(money_of(minor, one.currency) if sells else None for minor in money),
    ]


ORDER_LIST_PAGES = [show_orders, tell_orders_sheet]
