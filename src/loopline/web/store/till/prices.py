"""Prices that a till asks for: asked, waited for, withdrawn. Who decides does so on a page of their own."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, RawBody
from msgspec import Meta

from loopline import org
from loopline.channels.till.message import Code
from loopline.db import Conn
from loopline.orders.price_changes import (
    AskState,
    PriceAsk,
    PriceReason,
    price_asks_by_id,
    withdraw_price_ask,
)
from loopline.processes.price_change import PriceWanted, ask_price
from loopline.web.api.answers import answered, granted, read, run
from loopline.web.api.reading import decode
from loopline.web.edge import WebRequest, language_of
from loopline.web.languages import Language
from loopline.web.store.desk import Desk
from loopline.web.store.till.counter import COUNTER, sending_scope

_ASKED_MOST = 50


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A price that a till asks for; `id` is made by the till, once."""

    id: UUID
    till_id: UUID
    sku_code: Code
    units: Annotated[int, Meta(ge=1, le=1_000_000)]
    unit_minor: Annotated[int, Meta(ge=0, le=10**10)]
    reason: PriceReason
    priced_at: Annotated[datetime, Meta(tz=True)] | None = None


class Stands(msgspec.Struct, frozen=True, kw_only=True):
    """Where a price that was asked for stands; who decided, why it was declined, and until when it is good."""

    id: UUID
    state: AskState
    decided_by: str
    note: str
    good_until: datetime


class AllStand(msgspec.Struct, frozen=True, kw_only=True):
    """Where prices that were asked for stand at a moment of the server's; one that is not there is left out."""

    now: datetime
    asks: list[Stands]


@post("/store/till/price-asks", status_code=200, dependencies=COUNTER, sync_to_thread=True)
def ask_for_price(request: WebRequest, counter: NamedDependency[Desk], body: RawBody) -> Response[bytes]:
    """Ask for a price beyond what one may give alone; sent twice, it is asked for once."""
    asked: Asked = decode(body, Asked)
    scope, language = sending_scope(counter.visitor), language_of(request)
    wanted = PriceWanted(
        id=asked.id,
        till_id=asked.till_id,
        site=counter.site,
        sku_code=asked.sku_code,
        units=asked.units,
        unit_minor=asked.unit_minor,
        reason=asked.reason,
        asked_by=counter.person_id,
        priced_at=asked.priced_at,
    )

    def work(conn: Conn, now: datetime) -> AllStand:
        return _stand(conn, [granted(ask_price(conn, wanted, scope=scope, now=now))], language, now=now)

    return answered(run(request, work))


@get("/store/till/price-asks-now", dependencies=COUNTER, sync_to_thread=True)
def tell_asks(
    request: WebRequest, counter: NamedDependency[Desk], ids: FromQuery[str] = ""
) -> Response[bytes]:
    """Tell where prices that were asked for stand; `ids` has commas between them."""
    scope, language = sending_scope(counter.visitor), language_of(request)
    wanted = [one for text in ids.split(",")[:_ASKED_MOST] if (one := _id_in(text)) is not None]

    def work(conn: Conn, now: datetime) -> AllStand:
        return _stand(conn, price_asks_by_id(conn, wanted, scope=scope), language, now=now)

    return answered(read(request, work))


@post(
    "/store/till/price-asks/{ask_id:uuid}/withdraw",
    status_code=200,
    dependencies=COUNTER,
    sync_to_thread=True,
)
def withdraw_ask(
    request: WebRequest, counter: NamedDependency[Desk], ask_id: FromPath[UUID]
) -> Response[bytes]:
    """Wait for a price no more; what was decided meanwhile stays."""
    scope, language = sending_scope(counter.visitor), language_of(request)

    def work(conn: Conn, now: datetime) -> AllStand:
        return _stand(
            conn, [granted(withdraw_price_ask(conn, ask_id, scope=scope, now=now))], language, now=now
        )

    return answered(run(request, work))


def _stand(conn: Conn, asks: list[PriceAsk], language: Language, *, now: datetime) -> AllStand:
    deciding = {one.decided_by for one in asks if one.decided_by is not None}
    people = org.people_by_id(conn, deciding).values() if deciding else ()
    names = {person.id: language.called(person.name) for person in people}
    return AllStand(
        now=now,
        asks=[
            Stands(
                id=one.id,
                state=one.state(now),
                decided_by=names.get(one.decided_by, "") if one.decided_by is not None else "",
                note=one.note or "",
                good_until=one.good_until,
            )
            for one in asks
        ],
    )


def _id_in(text: str) -> UUID | None:
    try:
        return UUID(text.strip())
    except ValueError:
        return None


PRICE_COMMANDS = [ask_for_price, tell_asks, withdraw_ask]
