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
from loopline.processes.answers import Bands
from loopline.processes.waiting_pay import rounds_of_orders
from loopline.sourcing.model import CERTAIN, Answering, OpenOrder, Wave
from loopline.sourcing.waiting_pay import PayForWaiting, Round, extra_for


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
    bands: Bands | None,
    now: datetime,
) -> Wave:
    """Return the wave with what its orders pay on top and how sites are expected to answer to that.

    One statement, and two or three more where something came back. `dealers`: whose sites are whose; `accepts`: what is
    expected of ordinary work, by site that is known; `bands`: how far and how dear the orders are, where that tells the
    offers of a site apart: of such a wave the order's own chance is taken as it came back. Locks nothing.
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
    asks = _asks(wave, weighed, accepts, bands, now=now)
    answers = _answers(conn, asks, now=now)
    ordinary = {} if bands is not None else {one: answering_of(found) for one, found in accepts.items()}
    return msgspec.structs.replace(
        wave,
        orders=tuple(
            _with_terms(
                order,
                weighed[order.order_id],
                {site_id: answers[ask] for site_id, ask in asks[order.order_id].items()},
                ordinary,
            )
            if order.order_id in weighed
            else order
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


def _asks(
    wave: Wave,
    weighed: Mapping[OrderId, _Weighed],
    accepts: Mapping[SiteId, Acceptance],
    bands: Bands | None,
    *,
    now: datetime,
) -> dict[OrderId, dict[SiteId, OfferAhead]]:
    """The offers that may be made of what came back: so often, for so much, as far and as dear as each is."""
    place_of = {site.site_id: place for place, site in enumerate(wave.sites)}
    asks: dict[OrderId, dict[SiteId, OfferAhead]] = {}
    for at, order in enumerate(wave.orders):
        one = weighed.get(order.order_id)
        if one is None:
            continue
        asked = asks[order.order_id] = {
            site_id: OfferAhead(site_id=site_id, at=now, rounds=one.rounds, extra_minor=extra)
            for site_id, extra in one.extra_minor.items()
            if site_id in accepts
        }
        if bands is not None and order.destination is not None:
            for site_id, offer in asked.items():
                asked[site_id] = bands.offer(offer, order=at, site=place_of[site_id])
    return asks


def _answers(
    conn: Conn, asks: Mapping[OrderId, Mapping[SiteId, OfferAhead]], *, now: datetime
) -> dict[OfferAhead, Answering]:
    """How sites answer to offers; of many alike one is asked."""
    ahead = list(dict.fromkeys(ask for of_order in asks.values() for ask in of_order.values()))
    if not ahead:
        return {}
    return dict(zip(ahead, map(answering_of, predict(conn, ahead, now=now)), strict=True))


def _with_terms(
    order: OpenOrder,
    one: _Weighed,
    answers: Mapping[SiteId, Answering],
    ordinary: Mapping[SiteId, Answering],
) -> OpenOrder:
    """The order with what it pays, and with the answers that are not how a site answers anything."""
    return msgspec.structs.replace(
        order,
        extra_minor={site_id: extra for site_id, extra in one.extra_minor.items() if extra},
        answering={site_id: answer for site_id, answer in answers.items() if answer != ordinary.get(site_id)},
    )
