"""What the start page of a store shows of calls: work that other sites may take too, what it pays, why this store."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from loopline import catalogue, orders
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.fulfilment.calls import Call, OpenCallsAsk, open_calls_page
from loopline.kernel.ids import OrderId, SkuId
from loopline.orders import Order
from loopline.processes.worth import CallSiteKey, Worth, worth_of_calls
from loopline.web.cold_words import cold_word
from loopline.web.languages import Language
from loopline.web.store.desk import STORE, Desk
from loopline.web.store.words import goods_named
from loopline.web.waiting_words import waits_word

_SHOWN_MAX = 20
_METRES_EXACT = 1_000


class CalledHere(msgspec.Struct, frozen=True, kw_only=True):
    """The calls that a site may claim, the earliest deadline first, and all that is told of them."""

    calls: list[Call]
    worths: dict[CallSiteKey, Worth]
    heads: Mapping[OrderId, Order]
    skus: Mapping[SkuId, Sku]


class CallCard(msgspec.Struct, frozen=True, kw_only=True):
    """A call in the list. `until` is what the countdown counts down to."""

    key: str
    path: str
    number: str
    goods: str
    cold: str
    cold_class: str
    why: str
    pays: str
    pays_why: str
    until: datetime
    until_text: str


def read_called(conn: Conn, desk: Desk, *, now: datetime) -> CalledHere:
    """Read what a site may claim now; a phone gets no more of it than somebody can look over."""
    ask = OpenCallsAsk(now=now, site_ids=frozenset({desk.site.id}), at_most=_SHOWN_MAX)
    calls = open_calls_page(conn, ask)
    return CalledHere(
        calls=calls,
        worths=worth_of_calls(conn, calls, [desk.site.id]),
        heads={head.id: head for head in orders.orders_by_ids(conn, sorted({one.order_id for one in calls}))},
        skus=catalogue.skus_by_id(conn, {line.sku_id for call in calls for line in call.lines}),
    )


def call_cards(called: CalledHere, desk: Desk, language: Language, *, now: datetime) -> list[CallCard]:
    """Write calls down for the list."""
    return [_card(call, called, desk, language, now=now) for call in called.calls]


def _card(call: Call, called: CalledHere, desk: Desk, language: Language, *, now: datetime) -> CallCard:
    units: dict[SkuId, int] = {}
    for line in call.lines:
        units[line.sku_id] = units.get(line.sku_id, 0) + line.units
    worth = called.worths.get((call.call_id, desk.site.id))
    minutes = max(0, int((call.deadline - now).total_seconds()) // 60)
    return CallCard(
        key=str(call.call_id),
        path=f"{STORE}/calls/{call.call_id}",
        number=called.heads[call.order_id].number,
        goods=goods_named(units, called.skus, language),
        cold=cold_word(call.temperature_class, language),
        cold_class=call.temperature_class.value,
        why=_why(call, desk, language),
        pays=language.money(worth.store_minor, worth.currency) if worth and worth.store_minor else "",
        pays_why=waits_word(worth, language, desk.site.time_zone),
        until=call.deadline,
        until_text=language.say("{count} min", count=minutes),
    )


def _why(call: Call, desk: Desk, language: Language) -> str:
    """Say why this store is asked: it has all of it, how far it is, and whether anybody asked is nearer."""
    here = call.of_site(desk.site.id)
    count = len(call.sites)
    if here is None or here.metres is None:
        return language.say("You have all of it, as {count} asked do", count=count)
    away = (
        language.say("less than 1 km")
        if here.metres < _METRES_EXACT
        else language.say("{count} km", count=language.count(round(here.metres / _METRES_EXACT)))
    )
    is_nearest = all(one.metres is None or one.metres >= here.metres for one in call.sites)
    if is_nearest:
        return language.say(
            "You have all of it and are the nearest of {count} asked: {away}", count=count, away=away
        )
    return language.say(
        "You have all of it, {away} from the customer; {count} are asked", count=count, away=away
    )
