"""Expect: what waits for goods has a reason and a day, from what is known to come; people say what comes when.

Known is what somebody stated (a SKU, a day, a site or the brand, units), and what is on its way between sites, where
ways like it have been gone often enough to say how long they take. Nothing else makes a day: without any there is none.
Days are given in the order in which goods will be (`processes.promise`), and told to customers when they change. Takes
the turn of giving goods, so that nobody is given any meanwhile.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from uuid import UUID

import msgspec

from loopline import catalogue, orders, org, stock
from loopline.db import Conn, log
from loopline.insight import board_setting
from loopline.kernel.events import SYSTEM_ACTOR, Event, event
from loopline.kernel.ids import OrderId, SiteId, SkuId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.kernel.times import business_day
from loopline.orders import Delivery, Order, ParkedLine
from loopline.orders.events import GoodsDated, GoodsOverdue
from loopline.orders.parking import end_parking, note_passed, parking_of, write_parking
from loopline.orders.preorders import end_preorders
from loopline.orders.waiting import Coming, Dated, DayBasis, ParkedFor, Waiting, changed, date_lines
from loopline.processes.must_ship_from import limits_of_lines
from loopline.processes.turn import take_turn
from loopline.stock.events import RestockStated, RestockWithdrawn
from loopline.stock.restocks import (
    NewRestock,
    Restock,
    end_restocks,
    on_the_way,
    restocks,
    restocks_by_id,
    state_restocks,
)

LINES_MAX = 20_000
TRIPS_LEAST = 3
"""So many whole trips between two leaves say how long the next one takes."""
DAYS_AHEAD_MOST = 730
_PASSED_AT_ONCE = 500


class RestockWish(msgspec.Struct, frozen=True, kw_only=True):
    """A word on what comes: a SKU, to a site or (None) to the brand, so many units or (None) enough, on a day."""

    sku_code: str
    expected_on: date
    site_code: str | None = None
    units: int | None = None
    note: str = ""


class RestockSkuUnknown(Refusal, frozen=True, kw_only=True):
    """There is no SKU {sku_code}."""

    sku_code: str
    field: str = "sku_code"


class RestockPlaceNotYours(Refusal, frozen=True, kw_only=True):
    """There is no site {site_code}, or it is not for you. Only who has the whole brand speaks for all sites."""

    site_code: str
    field: str = "site_code"


class RestockDayNotUsable(Refusal, frozen=True, kw_only=True):
    """Goods cannot be expected on {expected_on}: say a day from today on, within two years."""

    expected_on: date
    field: str = "expected_on"


class RestockSaidTwice(Refusal, frozen=True, kw_only=True):
    """{sku_code} is named twice for one place: which of them holds?"""

    sku_code: str


class RestockUnknown(Refusal, frozen=True, kw_only=True):
    """There is no word {restock_id} that stands, or it is not for you."""

    restock_id: UUID


def today_of(conn: Conn, now: datetime) -> date:
    """Return the day it is for the brand."""
    return business_day(now, board_setting(conn).zone)


# ------------------------------------------------------------------------------------------------------------ the round


def expect(conn: Conn, *, now: datetime) -> int:
    """Say anew why every line waits for goods and until when; returns for how many that changed, or is over.

    Looks at 20,000 lines, those that wait longest first. Days that are over are told once, and stay until somebody says
    another or the goods come.
    """
    take_turn(conn)
    _end_what_came(conn, now=now)
    end_parking(conn)
    altered = give_days(conn, None, now=now)
    end_preorders(conn, now=now)
    over = note_passed(conn, today=today_of(conn, now), now=now, limit=_PASSED_AT_ONCE)
    log.append(conn, _overdue(over, now))
    return altered + len(over)


def _end_what_came(conn: Conn, *, now: datetime) -> None:
    """End the words of which everything has come."""
    end_restocks(
        conn, [one.id for one in restocks(conn) if one.left == 0], how="came", by=SYSTEM_ACTOR, now=now
    )


def _overdue(over: Sequence[Dated], now: datetime) -> list[Event]:
    return [
        event(
            GoodsOverdue(
                order_id=order_id,
                lines=tuple(
                    GoodsOverdue.Line(line_id=one.line_id, expected_on=one.expected_on)
                    for one in lines
                    if one.expected_on is not None
                ),
            ),
            subject=order_id,
            at=now,
        )
        for order_id, lines in _by_order(over).items()
    ]


def give_days(conn: Conn, sku_ids: Sequence[SkuId] | None, *, now: datetime) -> int:
    """Give lines that wait for some SKUs (None: for any) their days; tells orders whose days changed.

    The caller has the turn of giving goods.
    """
    parked = orders.parked_lines(conn, sku_ids, limit=LINES_MAX)
    if not parked:
        return 0
    heads = {head.id: head for head in orders.orders_by_ids(conn, list({one.order_id for one in parked}))}
    wanted = list({line.sku_id for line in parked})
    dated = date_lines(_waiting(conn, parked, heads), _coming(conn, wanted))
    before = parking_of(conn, list(heads))
    altered = changed(before, dated)
    write_parking(conn, altered, now=now)
    days = {line_id: one.expected_on for line_id, one in before.items()}
    told = [one for one in altered if one.expected_on != days.get(one.line_id)]
    log.append(
        conn,
        [
            event(
                GoodsDated(
                    order_id=order_id,
                    lines=tuple(
                        GoodsDated.Line(
                            line_id=one.line_id, expected_on=one.expected_on, before=days.get(one.line_id)
                        )
                        for one in lines
                    ),
                ),
                subject=order_id,
                at=now,
            )
            for order_id, lines in _by_order(told).items()
        ],
    )
    return len(altered)


def _by_order(dated: Sequence[Dated]) -> dict[OrderId, list[Dated]]:
    ordered = sorted(dated, key=_order_of)
    return {order_id: list(lines) for order_id, lines in groupby(ordered, key=_order_of)}


def _order_of(one: Dated) -> OrderId:
    return one.order_id


def _waiting(conn: Conn, parked: Sequence[ParkedLine], heads: Mapping[OrderId, Order]) -> list[Waiting]:
    """What each line waits for, and where goods for it may come to."""
    limits = limits_of_lines(conn, parked, heads)
    networks = {code: terms.network_node_id for code, terms in orders.channels_by_code(conn).items()}
    under: dict[object, set[SiteId]] = {}
    for leaf in stock.leaves(conn):
        if leaf.site_id is not None:
            for node_id in leaf.path:
                under.setdefault(node_id, set()).add(leaf.site_id)
    everywhere = {code: frozenset(under.get(node_id, ())) for code, node_id in networks.items()}
    found: list[Waiting] = []
    for line in parked:
        head, limit = heads[line.order_id], limits.get(line.line_id)
        is_bound = head.delivery is not Delivery.DELIVER
        sites = everywhere.get(head.channel, frozenset()) if limit is None else limit
        if is_bound and head.site_id is not None:
            sites = frozenset({head.site_id})
        found.append(
            Waiting(
                order_id=line.order_id,
                line_id=line.line_id,
                sku_id=line.sku_id,
                units=line.parked,
                site_ids=sites,
                anywhere=not is_bound and limit is None,
                reason=_reason_of(line, is_limited=limit is not None),
                ships_on=line.ships_on,
            )
        )
    return found


def _reason_of(line: ParkedLine, *, is_limited: bool) -> ParkedFor:
    if line.ships_on is not None:
        return ParkedFor.PRE_ORDER
    return ParkedFor.MUST_SHIP_FROM if is_limited else ParkedFor.NO_GOODS


def _coming(conn: Conn, sku_ids: Collection[SkuId]) -> list[Coming]:
    """What is known to come of SKUs."""
    zone = board_setting(conn).zone
    stated = [
        Coming(
            sku_id=one.sku_id,
            day=one.expected_on,
            units=one.left,
            site_id=one.site_id,
            basis=DayBasis.STATED,
        )
        for one in restocks(conn, sku_ids)
        if one.left != 0
    ]
    under_way = [
        Coming(
            sku_id=one.sku_id,
            day=business_day(one.sent_at + timedelta(days=one.days), zone),
            units=one.units,
            site_id=one.site_id,
            basis=DayBasis.ON_THE_WAY,
        )
        for one in on_the_way(conn, sku_ids, trips_least=TRIPS_LEAST)
        if one.days is not None
    ]
    return [*stated, *under_way]


# ------------------------------------------------------------------------------------------------------ what people say


def state(
    conn: Conn, wishes: Sequence[RestockWish], *, scope: Scope, actor: str, now: datetime
) -> list[Restock | Refusal]:
    """Take the words of people on what comes, each in the place of the last on its SKU there; one outcome each.

    Whoever has a branch speaks for its sites; for the brand only who has all of it. Days follow at once.
    """
    take_turn(conn)
    skus = catalogue.skus_by_code(conn, {one.sku_code for one in wishes})
    sites = org.sites_by_code(conn, {one.site_code for one in wishes if one.site_code is not None})
    today = today_of(conn, now)
    outcomes: list[NewRestock | Refusal] = []
    seen: set[tuple[SkuId, SiteId | None]] = set()
    for one, restock_id in zip(wishes, uuid7s(now, len(wishes)), strict=True):
        judged = _judge(one, restock_id, skus, sites, scope=scope, today=today)
        if isinstance(judged, NewRestock):
            place = (judged.sku_id, judged.site_id)
            judged = RestockSaidTwice(sku_code=one.sku_code) if place in seen else judged
            seen.add(place)
        outcomes.append(judged)
    new = [one for one in outcomes if isinstance(one, NewRestock)]
    state_restocks(conn, new, by=actor, now=now)
    if new:
        give_days(conn, list({one.sku_id for one in new}), now=now)
    log.append(
        conn,
        [
            event(
                RestockStated(
                    restock_id=one.id,
                    sku_id=one.sku_id,
                    site_id=one.site_id,
                    units=one.units,
                    expected_on=one.expected_on,
                ),
                subject=one.id,
                at=now,
                actor=actor,
            )
            for one in new
        ],
    )
    standing = restocks_by_id(conn, [one.id for one in new])
    return [standing[one.id] if isinstance(one, NewRestock) else one for one in outcomes]


def _judge(  # noqa: PLR0913 - what it is judged by
    one: RestockWish,
    restock_id: UUID,
    skus: Mapping[str, catalogue.Sku],
    sites: Mapping[str, org.Site],
    *,
    scope: Scope,
    today: date,
) -> NewRestock | Refusal:
    sku = skus.get(one.sku_code)
    site = sites.get(one.site_code) if one.site_code is not None else None
    if (one.site_code is not None and site is None) or not scope.covers_site(site.id if site else None):
        return RestockPlaceNotYours(site_code=one.site_code or "")
    if sku is None:
        return RestockSkuUnknown(sku_code=one.sku_code)
    if not today <= one.expected_on <= today + timedelta(days=DAYS_AHEAD_MOST):
        return RestockDayNotUsable(expected_on=one.expected_on)
    return NewRestock(
        id=restock_id,
        sku_id=sku.id,
        site_id=site.id if site else None,
        units=one.units,
        expected_on=one.expected_on,
        note=one.note,
    )


def withdraw(
    conn: Conn, restock_ids: Sequence[UUID], *, scope: Scope, actor: str, now: datetime
) -> list[UUID | Refusal]:
    """Take words back that stand for sites in scope: what waited by them has no day any more, or another."""
    take_turn(conn)
    standing = restocks_by_id(conn, restock_ids)
    mine = {key: one for key, one in standing.items() if scope.covers_site(one.site_id)}
    end_restocks(conn, list(mine), how="withdrawn", by=actor, now=now)
    if mine:
        give_days(conn, list({one.sku_id for one in mine.values()}), now=now)
    log.append(
        conn,
        [
            event(
                RestockWithdrawn(restock_id=one.id, sku_id=one.sku_id, site_id=one.site_id),
                subject=one.id,
                at=now,
                actor=actor,
            )
            for one in mine.values()
        ],
    )
    return [one if one in mine else RestockUnknown(restock_id=one) for one in restock_ids]
