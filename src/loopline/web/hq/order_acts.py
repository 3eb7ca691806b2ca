"""What is done to chosen orders: called off, once somebody has seen what that means, or sourced with the next wave."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import msgspec
from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.response import Template
from litestar.status_codes import HTTP_200_OK

from loopline import orders
from loopline.db import Conn
from loopline.kernel.ids import OrderId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.orders import Order
from loopline.org import Permission
from loopline.processes.cancel import Cancellation, Cancelled, cancel
from loopline.processes.look_again import look_again
from loopline.processes.must_ship_from import ShipFromSet, ShipFromWish, ship_from
from loopline.web.api.answers import read, run
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.board_view import STAGE_TONES, STAGE_WORDS
from loopline.web.hq.orders_asked import ORDERS
from loopline.web.languages import Language
from loopline.web.pages import page

CANCEL = f"{ORDERS}/cancel"
LOOK = f"{ORDERS}/cancel/look"
CANCEL_NOW = f"{ORDERS}/cancel/now"
SOURCE = f"{ORDERS}/source"
SHIP_ANYWHERE = f"{ORDERS}/ship-anywhere"
CHOSEN_MOST = 40
_NUMBER_MOST = 40
_FormRequest: TypeAlias = Request[Any, Any, State]
_Act: TypeAlias = Callable[[Conn, Sequence[OrderId], Scope, datetime], Sequence[msgspec.Struct]]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A chosen order: where it stands, or what became of it."""

    number: str
    path: str
    stage: str
    tone: str
    amount: str
    open_units: str
    said: str = ""
    is_done: bool = True


@get(CANCEL, sync_to_thread=True)
def ask_to_cancel(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show what calling orders off would mean, before it is done."""
    return _asked(request, visitor, _numbers(request.query_params.getall("order", [])))


@post(LOOK, status_code=HTTP_200_OK)
async def ask_to_cancel_chosen(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show the same of orders that were chosen in the list. Changes nothing."""
    form = await request.form()
    numbers = _numbers([str(one) for one in form.getall("order", [])])
    return await asyncio.to_thread(_asked, request, visitor, numbers)


def _asked(request: WebRequest, visitor: Visitor, numbers: Sequence[str]) -> Template:
    scope, language = visitor.scope_of(Permission.ORDERS_WRITE), language_of(request)
    heads = read(request, lambda conn, _: _heads(conn, numbers, scope))
    rows = [_row(head, language) for head in heads]
    return page(request, "hq/orders_cancel.html", visitor=visitor, rows=rows, path=CANCEL_NOW, here=ORDERS)


@post(CANCEL_NOW, status_code=HTTP_200_OK)
async def cancel_orders(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Call off all that is left of the chosen orders, each by itself; what was paid for it goes back."""
    scope = visitor.scope_of(Permission.ORDERS_WRITE)
    actor = f"person:{visitor.person.person_id}"

    def act(
        conn: Conn, order_ids: Sequence[OrderId], within: Scope, now: datetime
    ) -> Sequence[msgspec.Struct]:
        asked = [Cancellation(order_id=one, actor=actor) for one in order_ids]
        return cancel(conn, asked, scope=within, now=now)

    return await _done(request, visitor, scope, act)


@post(SOURCE, status_code=HTTP_200_OK)
async def source_orders(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Let the chosen orders that wait for a site be decided with the next wave, each by itself."""
    scope = visitor.scope_of(Permission.ORDERS_WRITE)

    def act(
        conn: Conn, order_ids: Sequence[OrderId], within: Scope, now: datetime
    ) -> Sequence[msgspec.Struct]:
        return look_again(conn, order_ids, scope=within, now=now)

    return await _done(request, visitor, scope, act)


@post(SHIP_ANYWHERE, status_code=HTTP_200_OK)
async def ship_orders_anywhere(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Let the chosen orders ship from any site again that named the sites they must ship from, each by itself."""
    scope = visitor.scope_of(Permission.ORDERS_WRITE)
    actor = f"person:{visitor.person.person_id}"

    def act(
        conn: Conn, order_ids: Sequence[OrderId], within: Scope, now: datetime
    ) -> Sequence[msgspec.Struct]:
        wishes = [ShipFromWish(order_id=one, named=(), actor=actor) for one in order_ids]
        return ship_from(conn, wishes, scope=within, now=now)

    return await _done(request, visitor, scope, act)


async def _done(request: _FormRequest, visitor: Visitor, scope: Scope, act: _Act) -> Template:
    form = await request.form()
    numbers = _numbers([str(one) for one in form.getall("order", [])])
    language = language_of(request)

    def work(conn: Conn, now: datetime) -> list[Row]:
        heads = _heads(conn, numbers, scope)
        outcomes = act(conn, [head.id for head in heads], scope, now)
        after = {head.id: head for head in orders.orders_by_ids(conn, [head.id for head in heads])}
        return [
            _row(
                after[head.id],
                language,
                said=_said(outcome, language),
                is_done=not isinstance(outcome, Refusal),
            )
            for head, outcome in zip(heads, outcomes, strict=True)
        ]

    rows = await asyncio.to_thread(run, request, work)
    return page(request, "hq/orders_done.html", visitor=visitor, rows=rows, here=ORDERS)


def _numbers(said: Sequence[str]) -> list[str]:
    """The numbers that were chosen, each once, at most CHOSEN_MOST."""
    return list(dict.fromkeys(one[:_NUMBER_MOST].replace("\x00", "") for one in said))[:CHOSEN_MOST]


def _heads(conn: Conn, numbers: Sequence[str], scope: Scope) -> list[Order]:
    """The orders of these numbers that sites in scope sell, as they were chosen; what is none is left out."""
    found = orders.orders_by_numbers(conn, numbers)
    heads = [found[one] for one in numbers if one in found]
    return [head for head in heads if scope.covers_site(head.site_id)]


def _row(head: Order, language: Language, *, said: str = "", is_done: bool = True) -> Row:
    return Row(
        number=head.number,
        path=f"{ORDERS}/{head.number}",
        stage=language.say(STAGE_WORDS[head.stage.value])
        if head.stage.value in STAGE_WORDS
        else head.stage.value,
        tone=STAGE_TONES.get(head.stage.value, "done"),
        amount=language.money(head.amount_minor, head.currency),
        open_units=language.count(head.parked + head.held + head.allocated),
        said=said,
        is_done=is_done,
    )


def _said(outcome: msgspec.Struct, language: Language) -> str:
    if isinstance(outcome, Refusal):
        return language.refusal(outcome)
    if isinstance(outcome, Cancelled):
        if outcome.refund_minor:
            amount = language.money(outcome.refund_minor, outcome.currency)
            return language.say("Called off; {amount} goes back.", amount=amount)
        return language.say("Called off.")
    if isinstance(outcome, ShipFromSet):
        return language.say("Any site may send it.")
    return language.say("Decided with the next wave.")


ORDER_ACT_PAGES = [
    ask_to_cancel,
    ask_to_cancel_chosen,
    cancel_orders,
    source_orders,
    ship_orders_anywhere,
]
