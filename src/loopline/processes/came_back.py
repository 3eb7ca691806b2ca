"""Came back: an order that sites refused or let lapse is weighed by what it pays now, and by how sites answer to that.

What it pays on top is a cost of sending it from a site like any other; that whoever is paid more is likelier to take it
is in what is expected of the site for this order. Both by the rules by which the pay is fixed once it is offered.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from loopline.db import Conn
from loopline.insight.acceptance.model import Acceptance, OfferAhead
from loopline.insight.acceptance.queries import predict
from loopline.kernel.ids import LineId, NodeId, OrderId, PartyId, SiteId, SkuId
from loopline.processes.waiting_pay import rounds_of_orders
from loopline.sourcing.model import CERTAIN, Answering, OpenOrder, Wave
from loopline.sourcing.waiting_pay import PayForWaiting, Round, extra_for

_Ask = tuple[SiteId, int, int]  # a site, how often the work came back, what it pays on top


class _Weighed(msgspec.Struct, frozen=True, kw_only=True):
    """An order that came back: by site that has some of its goods, how often, and what it pays on top there."""

    rounds: int
    extra_minor: Mapping[SiteId, int]


def weigh_what_came_back(  # noqa: PLR0913 - each is read by somebody else, at the same moment
    conn: Conn,
    wave: Wave,
    *,
    rule: PayForWaiting,
    dealers: Mapping[SiteId, PartyId],
    accepts: Mapping[SiteId, Acceptance],
    now: datetime,
) -> Wave:
    """Return the wave with what its orders pay on top and how sites are expected to answer to that.

    One statement, and two or three more where something came back. `dealers`: whose sites are whose; `accepts`: what is
    expected of ordinary work, by site that is known. Locks nothing.
    """
    if not rule.is_paid and not accepts:
        return wave
    rounds = rounds_of_orders(conn, _lines(wave))
    if not rounds:
        return wave
    lying = _sites_with_goods(wave)
    weighed = {
        order.order_id: _pay_of(order, rounds[order.order_id], lying, rule=rule, dealers=dealers, now=now)
        for order in wave.orders
        if order.order_id in rounds
    }
    answers = _answers(conn, weighed, accepts, now=now)
    return msgspec.structs.replace(
        wave,
        orders=tuple(
            _with_terms(order, weighed[order.order_id], answers) if order.order_id in weighed else order
            for order in wave.orders
        ),
    )


def answering_of(expected: Acceptance) -> Answering:
    """Return what is expected of a site as sourcing reckons with it."""
    return Answering(
        accepts_basis_points=round(min(1.0, max(0.0, expected.probability)) * CERTAIN),
        minutes=max(0, round(expected.answer_minutes)),
    )


def _lines(wave: Wave) -> dict[OrderId, set[LineId]]:
    return {order.order_id: {need.line_id for need in order.needs} for order in wave.orders}


def _sites_with_goods(wave: Wave) -> dict[SkuId, set[SiteId]]:
    site_of: dict[NodeId, SiteId] = {
        leaf_id: site.site_id for site in wave.sites for leaf_id in site.leaf_ids
    }
    lying: dict[SkuId, set[SiteId]] = {}
    for one in wave.stock:
        if one.sellable > 0 and one.leaf_id in site_of:
            lying.setdefault(one.sku_id, set()).add(site_of[one.leaf_id])
    return lying


def _pay_of(  # noqa: PLR0913 - what `extra_for` asks for
    order: OpenOrder,
    rounds: list[Round],
    lying: Mapping[SkuId, set[SiteId]],
    *,
    rule: PayForWaiting,
    dealers: Mapping[SiteId, PartyId],
    now: datetime,
) -> _Weighed:
    site_ids = {site_id for need in order.needs for site_id in lying.get(need.sku_id, ())}
    extras = {
        site_id: extra_for(rule, rounds, site_id=site_id, dealers=dealers, now=now) if rule.is_paid else None
        for site_id in site_ids
    }
    return _Weighed(
        rounds=len(rounds),
        extra_minor={site_id: one.extra_minor if one else 0 for site_id, one in extras.items()},
    )


def _answers(
    conn: Conn,
    weighed: Mapping[OrderId, _Weighed],
    accepts: Mapping[SiteId, Acceptance],
    *,
    now: datetime,
) -> dict[_Ask, Answering]:
    """How sites answer to what came back so often for so much, where that is not how they answer anything."""
    asks: list[_Ask] = list(
        {
            (site_id, one.rounds, extra): None
            for one in weighed.values()
            for site_id, extra in one.extra_minor.items()
            if site_id in accepts
        }
    )
    if not asks:
        return {}
    ahead = [
        OfferAhead(site_id=site_id, at=now, rounds=rounds, extra_minor=extra)
        for site_id, rounds, extra in asks
    ]
    found = zip(asks, map(answering_of, predict(conn, ahead, now=now)), strict=True)
    return {ask: answer for ask, answer in found if answer != answering_of(accepts[ask[0]])}


def _with_terms(order: OpenOrder, one: _Weighed, answers: Mapping[_Ask, Answering]) -> OpenOrder:
    asked = {site_id: answers.get((site_id, one.rounds, extra)) for site_id, extra in one.extra_minor.items()}
    return msgspec.structs.replace(
        order,
        extra_minor={site_id: extra for site_id, extra in one.extra_minor.items() if extra},
        answering={site_id: answer for site_id, answer in asked.items() if answer is not None},
    )
