"""A promise that comes back with an order: opened, and held against what is ordered."""

from datetime import datetime

from loopline.kernel.cities import city_by_code
from loopline.kernel.geography import Coordinates
from loopline.kernel.refusals import Refusal
from loopline.orders import Delivery, DraftKind, LineKind
from loopline.processes.take_in import OrderMessage
from loopline.promises import BROUGHT, GivenPromise
from loopline.web.promising.tokens import PromiseNotOurs, hash_of_asked, spelt_goods, unseal


def given_promise(token: str, message: OrderMessage, secret: str, *, now: datetime) -> GivenPromise | Refusal:
    """Open a promise for an ask of just the goods and the place it was told for."""
    said = unseal(token, secret, now=now)
    if isinstance(said, Refusal):
        return said
    is_brought = said.kind in BROUGHT
    place = _destination(message) if is_brought else message.site_code
    goods = spelt_goods(message.channel, [(line.sku_code, line.units) for line in message.lines])
    is_for_this = (
        message.kind is DraftKind.ASK
        and message.delivery is (Delivery.DELIVER if is_brought else Delivery.COLLECT)
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
    )


def _destination(message: OrderMessage) -> Coordinates | None:
    if message.destination is not None or message.region_code is None:
        return message.destination
    city = city_by_code(message.region_code)
    return city.coordinates if city is not None else None
