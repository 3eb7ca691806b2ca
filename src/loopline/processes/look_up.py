"""Look up: everything the rooms know of one order, read in one snapshot. Who may see which part of it is decided above.

Reads are of one order, each a set; nothing here opens personal data.
"""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import msgspec

from loopline import catalogue, orders, org, payments, pricing, touchpoints
from loopline.catalogue import Sku
from loopline.db import Conn, log
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.calls import Call, calls_of_orders
from loopline.fulfilment.model import Task, TaskLine
from loopline.fulfilment.waiting import WaitingPay, waiting_pay_of
from loopline.insight.rights import JudgedLine, marks_of_order
from loopline.kernel.events import Event
from loopline.kernel.ids import (
    EntityId,
    LineId,
    OrderId,
    OrgUnitId,
    PartyId,
    PersonId,
    ReturnId,
    RuleSetId,
    SiteId,
    SkuId,
    TaskId,
    WaveId,
)
from loopline.orders import Line, Order
from loopline.orders.parking import parking_of
from loopline.orders.price_changes import NewPriceChange, price_changes_of_order
from loopline.orders.tills import TILL
from loopline.orders.waiting import Dated
from loopline.org import Entity, Party, Site, Unit
from loopline.org.queries import entities_by_id
from loopline.payments import OrderMoney, Payment, PaymentException, StandingIntent
from loopline.payments.model import KeptRefund
from loopline.pricing import Derivation, PriceList
from loopline.pricing.coupons import DiscountName, names_of_discounts
from loopline.returns import queries as returns
from loopline.returns.announcements import Announcement, announced_by_id, announced_of_orders
from loopline.returns.queries import Return, ReturnLine, ReturnOfLine
from loopline.returns.ways import WayBack, ways_of_returns
from loopline.sharing import queries as sharing
from loopline.sharing.model import RuleSet
from loopline.sharing.queries import OwnPurchase, ShareOfLine
from loopline.sourcing import queries as sourcing
from loopline.sourcing.model import Explanation, SitePrice
from loopline.touchpoints import Attribution

PERSON_ACTOR = "person:"
# What the log tells of returns stands under the return or its line, not under the order.
RETURN_TYPES = frozenset(
    {
        "return_announced",
        "return_withdrawn",
        "return_opened",
        "return_received",
        "return_graded",
        "return_photo_kept",
        "return_sent",
        "blind_return_decided",
        "money_refunded",
    }
)


class OrderStory(msgspec.Struct, frozen=True, kw_only=True):
    """An order with its lines, and whatever happened to it, in the order in which it happened.

    `zone` is the one its times are told in: the selling site's, else its channel's. `judged` are its lines that
    ended, by the six rights; `waits`: what tasks pay on top, because their work waited; `price_changes`: lines that a
    till sold for less. `ship_from`: the sites it must ship from, where it names any; `parking`: why lines wait for
    goods, and until which day.
    """

    order: Order
    zone: str
    lines: tuple[Line, ...]
    derivation: Derivation | None
    price_lists: Mapping[UUID, PriceList]
    promotions: Mapping[UUID, DiscountName]
    money: tuple[OrderMoney, ...]
    payments: tuple[Payment, ...]
    refunds: tuple[KeptRefund, ...]
    intents: tuple[StandingIntent, ...]
    exceptions: tuple[PaymentException, ...]
    explanations: tuple[Explanation, ...]
    site_prices: Mapping[tuple[WaveId, SiteId], SitePrice]
    tasks: tuple[Task, ...]
    task_lines: Mapping[TaskId, Sequence[TaskLine]]
    announced: tuple[Announcement, ...]
    returns: tuple[Return, ...]
    return_lines: Mapping[ReturnId, Sequence[ReturnLine]]
    returned: tuple[ReturnOfLine, ...]
    shares: tuple[ShareOfLine, ...]
    own_purchases: tuple[OwnPurchase, ...]
    rule_sets: Mapping[RuleSetId, RuleSet]
    attribution: Attribution | None
    events: tuple[Event, ...]
    skus: Mapping[SkuId, Sku]
    sites: Mapping[SiteId, Site]
    deciding_units: Mapping[OrgUnitId, Unit]
    parties: Mapping[PartyId, Party]
    entities: Mapping[EntityId, Entity]
    people: Mapping[PersonId, str]
    judged: tuple[JudgedLine, ...] = ()
    waits: Mapping[UUID, WaitingPay] = {}
    price_changes: Mapping[LineId, NewPriceChange] = {}
    ship_from: frozenset[SiteId] = frozenset()
    parking: Mapping[LineId, Dated] = {}
    ways_back: Mapping[ReturnId, WayBack] = {}

    @property
    def line_by_id(self) -> dict[LineId, Line]:
        """The lines, by id."""
        return {line.line_id: line for line in self.lines}


class _Work(msgspec.Struct, frozen=True, kw_only=True):
    tasks: tuple[Task, ...]
    calls: tuple[Call, ...]
    task_lines: Mapping[TaskId, Sequence[TaskLine]]
    announced: tuple[Announcement, ...]
    returned: tuple[ReturnOfLine, ...]
    returns: tuple[Return, ...]
    return_lines: Mapping[ReturnId, Sequence[ReturnLine]]
    shares: tuple[ShareOfLine, ...]
    explanations: tuple[Explanation, ...]
    attribution: Attribution | None
    events: tuple[Event, ...]


def order_story(conn: Conn, order_id: OrderId) -> OrderStory | None:
    """Return everything the rooms know of an order; None where there is none. Read it in one snapshot."""
    order = orders.order_by_id(conn, order_id)
    if order is None:
        return None
    lines = tuple(orders.lines_by_orders(conn, [order_id]))
    work = _work(conn, order, lines)
    derivation = _derivation(conn, order_id)
    sku_ids = {line.sku_id for line in lines if line.sku_id is not None}
    price_ids = [one.price_id for one in derivation.lines if one.price_id] if derivation else []
    ship_from = orders.named_sites(conn, [order_id]).get(order_id, frozenset())
    sites = org.sites_by_id(conn, _sites_named(order, work) | ship_from)
    changes = price_changes_of_order(conn, order_id) if order.channel == TILL else []
    own_purchases = tuple(sharing.own_purchases(conn, [line.line_id for line in lines]))
    earning = {one.party_id for one in (*work.shares, *own_purchases)}
    parties = earning | _credited(order, work.attribution)
    return OrderStory(
        order=order,
        zone=_zone(conn, order, sites),
        lines=lines,
        derivation=derivation,
        price_lists=pricing.lists_of_prices(conn, price_ids, sku_ids=sku_ids),
        promotions=_promotions(conn, derivation),
        money=tuple(payments.money_of_orders(conn, [order_id])),
        payments=tuple(payments.payments_of_orders(conn, [order_id])),
        refunds=tuple(payments.refunds_of_orders(conn, [order_id])),
        intents=tuple(payments.intents_of_orders(conn, [order_id])),
        exceptions=tuple(payments.open_exceptions_of_orders(conn, [order_id])),
        explanations=work.explanations,
        site_prices=sourcing.site_prices(conn, work.explanations, list(sku_ids)),
        tasks=work.tasks,
        task_lines=work.task_lines,
        announced=work.announced,
        ways_back=ways_of_returns(conn, [one.id for one in work.announced]),
        returns=work.returns,
        return_lines=work.return_lines,
        returned=work.returned,
        shares=work.shares,
        own_purchases=own_purchases,
        rule_sets={
            one.id: one
            for one in sharing.rule_sets_by_id(conn, sorted({share.rule_set_id for share in work.shares}))
        },
        attribution=work.attribution,
        events=work.events,
        skus=catalogue.skus_by_id(conn, sku_ids),
        sites=sites,
        deciding_units=org.units_by_id(conn, _units_named(work)),
        parties=org.parties_by_id(conn, parties),
        entities=entities_by_id(conn, {order.seller_entity_id, *(line.seller_entity_id for line in lines)}),
        people={one.id: one.name for one in org.people_by_id(conn, _people_named(work, changes)).values()},
        judged=tuple(marks_of_order(conn, order_id)),
        waits={one.work_id: one for one in waiting_pay_of(conn, [task.task_id for task in work.tasks])},
        price_changes={one.line_id: one for one in changes},
        ship_from=ship_from,
        parking=parking_of(conn, [order_id]) if order.parked else {},
    )


def _work(conn: Conn, order: Order, lines: Sequence[Line]) -> _Work:
    line_ids = [line.line_id for line in lines]
    tasks = tuple(fulfilment.tasks_of_orders(conn, [order.id]))
    announced = tuple(announced_by_id(conn, announced_of_orders(conn, [order.id])))
    returned = tuple(returns.returns_of_lines(conn, line_ids))
    return_ids = sorted({one.return_id for one in returned})
    return_lines: dict[ReturnId, list[ReturnLine]] = {return_id: [] for return_id in return_ids}
    for line in returns.lines_of_returns(conn, return_ids):
        return_lines[line.return_id].append(line)
    return _Work(
        tasks=tasks,
        task_lines=fulfilment.lines_of_tasks(conn, [task.task_id for task in tasks]),
        calls=tuple(calls_of_orders(conn, [order.id])),
        announced=announced,
        returned=returned,
        returns=tuple(returns.returns_by_id(conn, return_ids)),
        return_lines=return_lines,
        shares=tuple(sharing.shares_of_lines(conn, line_ids)),
        explanations=tuple(sourcing.explanations(conn, [order.id])),
        attribution=touchpoints.attributions_of_orders(conn, [order.id]).get(order.id),
        events=_events(conn, order, {one.id for one in announced}, returned),
    )


def _events(
    conn: Conn, order: Order, announced: set[ReturnId], returned: Sequence[ReturnOfLine]
) -> tuple[Event, ...]:
    told = log.read_subject(conn, order.id)
    subjects: set[UUID] = {
        *announced,
        *(one.return_id for one in returned),
        *(one.return_line_id for one in returned),
    }
    if subjects:
        told += log.read_subjects(conn, sorted(subjects), types=RETURN_TYPES)
    return tuple(sorted(told, key=lambda one: one.position))


def _derivation(conn: Conn, order_id: OrderId) -> Derivation | None:
    stored = orders.quotes_by_orders(conn, [order_id]).get(order_id)
    return None if stored is None else msgspec.convert(stored, Derivation)


def _promotions(conn: Conn, derivation: Derivation | None) -> Mapping[UUID, DiscountName]:
    lines = derivation.lines if derivation else ()
    taking = {discount.promotion_id for line in lines for discount in line.discounts}
    return names_of_discounts(conn, taking)


def _zone(conn: Conn, order: Order, sites: Mapping[SiteId, Site]) -> str:
    site = sites.get(order.site_id) if order.site_id is not None else None
    if site is not None:
        return site.time_zone
    terms = orders.channels_by_code(conn).get(order.channel)
    return terms.time_zone if terms else "UTC"


def _credited(order: Order, attribution: Attribution | None) -> set[PartyId]:
    stated = {one for one in (order.guide_id, order.dealer_id, order.streamer_id) if one is not None}
    return stated | ({credit.party_id for credit in attribution.credits} if attribution else set())


def _sites_named(order: Order, work: _Work) -> set[SiteId]:
    named: set[SiteId] = {task.site_id for task in work.tasks} | {one.site_id for one in work.returns}
    if order.site_id is not None:
        named.add(order.site_id)
    named |= {site.site_id for call in work.calls for site in call.sites}
    for explanation in work.explanations:
        named |= {parcel.site_id for parcel in explanation.chosen}
        named |= {site.site_id for site in explanation.eliminated}
    return named


def _units_named(work: _Work) -> set[OrgUnitId]:
    """The regions and dealers that had set something for a site that was chosen."""
    return {
        one.unit_id
        for explanation in work.explanations
        for parcel in explanation.chosen
        for one in parcel.overrides
    }


def _people_named(work: _Work, changes: Sequence[NewPriceChange]) -> set[PersonId]:
    accepted = {task.accepted_by for task in work.tasks if task.accepted_by is not None}
    accepted |= {one.approved_by or one.changed_by for one in changes} | {one.changed_by for one in changes}
    return accepted | set(_actors(told.actor for told in work.events))


def _actors(actors: Iterable[str]) -> Iterable[PersonId]:
    """The people among actors; whoever wrote one that is no id is left out."""
    for actor in actors:
        if actor.startswith(PERSON_ACTOR):
            try:
                yield PersonId(UUID(actor.removeprefix(PERSON_ACTOR)))
            except ValueError:
                continue
