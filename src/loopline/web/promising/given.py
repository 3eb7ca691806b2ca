"""A promise that comes back with an order: opened, and held against what is ordered."""

from collections.abc import Mapping
from datetime import datetime

from loopline.kernel.cities import city_by_code
from loopline.kernel.geography import Coordinates
from loopline.kernel.refusals import Refusal
from loopline.orders import Delivery, DraftKind, LineKind
from loopline.processes.take_in import OrderMessage
from loopline.promises import BROUGHT, FROM_A_STORE, GivenPromise, PromiseKind
from loopline.web.promising.tokens import (
    PromiseNotOurs,
    at_site,
    from_named,
    hash_of_asked,
    spelt_goods,
    unseal,
)

_DELIVERIES: Mapping[PromiseKind, Delivery] = {
    PromiseKind.DELIVER: Delivery.DELIVER,
    PromiseKind.COLLECT: Delivery.COLLECT,
    PromiseKind.COURIER: Delivery.COURIER,
    PromiseKind.APPOINTMENT: Delivery.COLLECT,
    PromiseKind.FITTING: Delivery.FITTING,
}
"""How what is promised in a way is ordered."""


def given_promise(token: str, message: OrderMessage, secret: str, *, now: datetime) -> GivenPromise | Refusal:
    """Open a promise for an ask of just the goods and the place it was told for."""
    said = unseal(token, secret, now=now)
    if isinstance(said, Refusal):
        return said
    goods = spelt_goods(message.channel, [(line.sku_code, line.units) for line in message.lines])
    goods = from_named(goods, message.ship_from)
    place: Coordinates | str | None = message.site_code
    if said.kind in BROUGHT:
        place = _destination(message)
    if said.kind in FROM_A_STORE:
        goods = at_site(goods, message.site_code or "")
    is_for_this = (
        message.kind is DraftKind.ASK
        and message.delivery is _DELIVERIES[said.kind]
        and all(line.kind is LineKind.GOODS for line in message.lines)
        and hash_of_asked(goods, place) == said.asked
    )
    if not is_for_this:
        return PromiseNotOurs()
    return GivenPromise(
        kind=said.kind,
        site_id=said.site_id,
        due_at=said.due_at,
        starts_at=said.starts_at,
        ready_minutes=said.ready_minutes,
        lane_minutes=said.lane_minutes,
        band=said.band,
        terms_version=said.terms_version,
        pace_version=said.pace_version,
        said_at=said.said_at,
        ends_at=said.ends_at,
        fee_minor=said.fee_minor,
    )


def _destination(message: OrderMessage) -> Coordinates | None:
    if message.destination is not None or message.region_code is None:
        return message.destination
    city = city_by_code(message.region_code)
    return city.coordinates if city is not None else None
