"""Returns: announced by customers, taken back by stores and warehouses, received, graded."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, TypeVar
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from loopline import catalogue, orders, org
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.kernel.ids import LineId, MemberId, OrderId, ReturnId, SkuId, uuid7s
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import Scope
from loopline.orders import Line, Order
from loopline.org import Entity, Permission, Site
from loopline.org.queries import entities_by_id
from loopline.processes.announce import (
    NUMBERS_OF_ANNOUNCED,
    LineBack,
    ReturnAsked,
    Withdrawal,
    announce,
    receive_taken_back,
    withdraw,
)
from loopline.processes.cancel import UnknownOrderLine
from loopline.processes.outcomes import all_as_read
from loopline.processes.take_back import TakenBack, take_back
from loopline.processes.take_in import MEMBER_CHANNELS, NotForMembers
from loopline.processes.ways_back import WayChosen, choose_ways
from loopline.returns.announcements import Announced
from loopline.returns.model import (
    NewReturn,
    NewReturnLine,
    Reason,
    ReturnKind,
)
from loopline.returns.ways import Way, WayNotOffered, ways_offered
from loopline.touchpoints import TouchpointKind
from loopline.touchpoints.queries import touchpoints_by_codes
from loopline.web.api.answers import AnyRequest, commanded, granted, read
from loopline.web.api.caller import Caller, CallerKind
from loopline.web.api.order_view import find_order
from loopline.web.api.refusals import (
    AskIsOfNow,
    CurrencyNotOfOrder,
    ForKeysAlone,
    NoSuchThing,
    NumberIsOurs,
    OfMembersAlone,
    PaysOutTooMuch,
    TooFarFromNow,
)
from loopline.web.api.return_view import (
    NamesNoGoods,
    ReturnDone,
    ReturnTold,
    done_returns,
    returns_of_order,
    visible_return,
)
from loopline.web.api.shapes import Batch, Outcomes, Page, decided, merged, posted, told
from loopline.web.api.types import Code, Currency, Moment, Units

_TAG = "returns"
_LINES_MAX = 200
_DAYS_AWAY_MAX = 60
_PAID_OUT_MAX = 10**13
_MEMBERS_LEAVE = ("receipt_code", "member_id", "site_code", "currency", "at")
T = TypeVar("T")

Number = Annotated[
    str, Meta(min_length=1, max_length=200, description="Your own number: names the return for good.")
]
OrderName = Annotated[
    str, Meta(min_length=1, max_length=64, description="The order's id, or the number people read.")
]
StatedPrice = Annotated[int, Meta(ge=0, le=10**10, description="What was paid for one unit, in minor units.")]


class NeedsOrder(Refusal, frozen=True, kw_only=True):
    """Say which order the goods are of."""

    field: str = "order"


class NeedsSiteOfReturn(Refusal, frozen=True, kw_only=True):
    """Say at which site the goods came back."""

    field: str = "site_code"


class ReturnLineAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Units that come back: of a line of the order named, or of a SKU."""

    units: Units
    line_id: UUID | None = None
    sku_code: Code | None = None
    reason: Reason = Reason.OTHER
    stated_unit_minor: StatedPrice | None = None


class ReturnAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A return. A member announces one, of lines of an own order: it undoes nothing before the goods are here. By which
    `way` they come, of those that are offered, may be left open.

    Anybody else takes one back at a site: of an order, of the order on a receipt, of whatever a member bought, or of
    nobody knows what. An `ask` is paid back as far as a sale is found, and the rest waits for a person; a `fact` was
    paid out already. `is_received` says that the goods are here, as at a counter. Facts and stated prices are for the
    keys of tills and channels; only a fact says when it was, at most sixty days away from now.

    Without `channel` it is `web` for members, and `till` for anybody else.
    """

    lines: Annotated[tuple[ReturnLineAsk, ...], Meta(min_length=1, max_length=_LINES_MAX)]
    channel: Code | None = None
    external_number: Number | None = None
    kind: ReturnKind = ReturnKind.ASK
    order: OrderName | None = None
    receipt_code: Code | None = None
    member_id: UUID | None = None
    site_code: Code | None = None
    currency: Currency | None = None
    at: Moment | None = None
    is_received: bool = True
    way: Way | None = None


# ---------------------------------------------------------------------------------------------- announced, taken back


@posted("/returns", tag=_TAG, name="add_returns", gives=Outcomes[ReturnDone])
def add_returns(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[ReturnAsk]]
) -> Response[bytes]:
    """Announce returns (members), or take goods back at a site. The same number again is the same return."""
    is_member = caller.kind is CallerKind.MEMBER
    scope = Scope() if is_member else caller.scope(Permission.RETURNS_WRITE)

    def decide(conn: Conn, now: datetime) -> list[ReturnDone | Refusal]:
        register = _read_register(conn, data.items)
        if is_member:
            announced = _announce(conn, caller, data.items, register, now=now)
            return done_returns(conn, announced)
        judged = [
            _beyond(one, caller, now=now) or _new_return(one, made, register, by=caller.actor, now=now)
            for one, made in zip(data.items, uuid7s(now, len(data.items)), strict=True)
        ]
        taken = merged(judged, lambda wanted: take_back(conn, wanted, scope=scope, now=now))
        here = [
            (one, ask.site_id)
            for one, ask, said in zip(taken, judged, data.items, strict=True)
            if isinstance(one, TakenBack) and isinstance(ask, NewReturn) and said.is_received
        ]
        receive_taken_back(conn, here, now=now)
        return done_returns(conn, taken)

    return decided(request, caller, data, decide)


class _Register(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch names, read once: orders by what they are called, their lines, sites, companies, SKUs."""

    orders: Mapping[str, Order]
    of_receipts: Mapping[str, Order]
    lines: Mapping[LineId, Line]
    sites: Mapping[str, Site]
    sellers: Mapping[UUID, Entity]
    skus: Mapping[str, Sku]


def _read_register(conn: Conn, items: Sequence[ReturnAsk]) -> _Register:
    by_name = _orders_named(conn, _stated(one.order for one in items))
    codes = _stated(one.receipt_code for one in items)
    receipts = touchpoints_by_codes(conn, codes) if codes else {}
    of_code = {
        code: one.order_id
        for code, one in receipts.items()
        if one.kind is TouchpointKind.RECEIPT and one.order_id is not None
    }
    heads = {head.id: head for head in orders.orders_by_ids(conn, list(of_code.values()))} if of_code else {}
    of_receipts = {code: heads[order_id] for code, order_id in of_code.items() if order_id in heads}
    order_ids = list({head.id for head in (*by_name.values(), *of_receipts.values())})
    sites = org.sites_by_code(conn, _stated(one.site_code for one in items))
    skus = _stated(line.sku_code for one in items for line in one.lines)
    return _Register(
        orders=by_name,
        of_receipts=of_receipts,
        lines={line.line_id: line for line in orders.lines_by_orders(conn, order_ids)},
        sites=sites,
        sellers=dict(entities_by_id(conn, {site.entity_id for site in sites.values()}).items()),
        skus=catalogue.skus_by_code(conn, skus) if skus else {},
    )


def _orders_named(conn: Conn, names: set[str]) -> dict[str, Order]:
    ids: dict[str, OrderId] = {}
    for name in names:
        try:
            ids[name] = OrderId(UUID(name))
        except ValueError:
            continue
    by_id = {head.id: head for head in orders.orders_by_ids(conn, list(ids.values()))} if ids else {}
    named = {name: by_id[order_id] for name, order_id in ids.items() if order_id in by_id}
    return named | orders.orders_by_numbers(conn, names - ids.keys())


def _announce(
    conn: Conn, caller: Caller, items: Sequence[ReturnAsk], register: _Register, *, now: datetime
) -> list[Announced | Refusal]:
    names_ways = any(one.way is not None for one in items)
    refused = {one.way for one in ways_offered(conn) if not one.is_offered} if names_ways else set[Way]()
    judged: list[ReturnAsked | Refusal] = [
        WayNotOffered(way=one.way)
        if one.way is not None and one.way in refused
        else _asked(one, made, register, caller)
        for one, made in zip(items, uuid7s(now, len(items)), strict=True)
    ]
    outcomes = merged(judged, lambda wanted: announce(conn, wanted, scope=Scope(), now=now))
    chosen = [
        WayChosen(return_id=outcome.return_id, order_id=asked.order_id, way=said.way)
        for said, asked, outcome in zip(items, judged, outcomes, strict=True)
        if said.way is not None and isinstance(asked, ReturnAsked) and isinstance(outcome, Announced)
    ]
    all_as_read(choose_ways(conn, chosen) if chosen else [])
    return outcomes


def _asked(one: ReturnAsk, made: UUID, register: _Register, caller: Caller) -> ReturnAsked | Refusal:
    """A member names an own order, and lines of it; everything else is for whoever takes the goods back."""
    field = _field_beyond_members(one)
    if field is not None:
        return NotForMembers(field=field)
    if one.order is None:
        return NeedsOrder()
    head = register.orders.get(one.order)
    if head is None or head.member_id != caller.member_id:
        return NoSuchThing(noun="order", value=one.order)
    lines: list[LineBack] = []
    for position, line in enumerate(one.lines):
        line_id = LineId(line.line_id) if line.line_id else _line_of_sku(line, head, register)
        if line_id is None or (line.line_id is not None and line.sku_code is not None):
            return NamesNoGoods(field=f"lines[{position}]")
        lines.append(LineBack(line_id=line_id, units=line.units, reason=line.reason))
    return ReturnAsked(
        channel=one.channel or "web",
        external_number=one.external_number or str(made),
        order_id=head.id,
        lines=tuple(lines),
        by_member=caller.member_id,
        actor=caller.actor,
    )


def _field_beyond_members(one: ReturnAsk) -> str | None:
    beyond = {field: getattr(one, field) is not None for field in _MEMBERS_LEAVE}
    beyond["kind"] = one.kind is not ReturnKind.ASK
    beyond["channel"] = one.channel is not None and one.channel not in MEMBER_CHANNELS
    for position, line in enumerate(one.lines):
        beyond[f"lines[{position}].stated_unit_minor"] = line.stated_unit_minor is not None
    return next((field for field, is_beyond in beyond.items() if is_beyond), None)


def _line_of_sku(line: ReturnLineAsk, head: Order, register: _Register) -> LineId | None:
    """The first line of the order with the SKU of which anything can come back, or else the first."""
    sku = register.skus.get(line.sku_code) if line.sku_code else None
    if sku is None:
        return None
    found = [one for one in register.lines.values() if one.order_id == head.id and one.sku_id == sku.id]
    left = [one for one in found if one.handed_over - one.returned >= line.units]
    return next((one.line_id for one in (*left, *found)), None)


def _beyond(one: ReturnAsk, caller: Caller, *, now: datetime) -> Refusal | None:
    """Return what the caller may not say, or what cannot be: the window of an ask is measured now, by our own clock."""
    is_fact = one.kind is ReturnKind.FACT
    if one.way is not None:
        return OfMembersAlone(field="way")
    if caller.kind is not CallerKind.KEY:
        stated = [
            f"lines[{position}].stated_unit_minor"
            for position, line in enumerate(one.lines)
            if line.stated_unit_minor is not None
        ]
        fields = [*(["kind"] if is_fact else []), *(["at"] if one.at is not None else []), *stated]
        if fields:
            return ForKeysAlone(field=fields[0])
    if one.at is not None and not is_fact:
        return AskIsOfNow(field="at")
    if one.at is not None and abs(one.at - now) > timedelta(days=_DAYS_AWAY_MAX):
        return TooFarFromNow(field="at", days=_DAYS_AWAY_MAX)
    if one.external_number is not None and one.external_number.startswith(NUMBERS_OF_ANNOUNCED):
        return NumberIsOurs(field="external_number")
    paid_minor = sum(line.units * (line.stated_unit_minor or 0) for line in one.lines)
    return PaysOutTooMuch(field="lines", amount_minor=paid_minor) if paid_minor > _PAID_OUT_MAX else None


def _new_return(
    one: ReturnAsk, made: UUID, register: _Register, *, by: str, now: datetime
) -> NewReturn | Refusal:
    if one.site_code is None:
        return NeedsSiteOfReturn()
    site = register.sites.get(one.site_code)
    if site is None:
        return NoSuchThing(noun="site", value=one.site_code)
    head = _order_of(one, register)
    if isinstance(head, Refusal):
        return head
    if head is not None and one.currency not in {None, head.currency}:
        return CurrencyNotOfOrder(field="currency", currency=head.currency)
    lines: list[NewReturnLine] = []
    for position, line in enumerate(one.lines):
        made_line = _new_line(line, head, register, position=position)
        if isinstance(made_line, Refusal):
            return made_line
        lines.append(made_line)
    return NewReturn(
        channel=one.channel or "till",
        external_number=one.external_number or str(made),
        kind=one.kind,
        at=one.at or now,
        site_id=site.id,
        currency=one.currency or (head.currency if head else register.sellers[site.entity_id].currency),
        lines=tuple(lines),
        order_id=head.id if head else None,
        member_id=MemberId(one.member_id) if one.member_id else head.member_id if head else None,
        taken_in_by=by,
    )


def _order_of(one: ReturnAsk, register: _Register) -> Order | Refusal | None:
    if one.order is not None:
        return register.orders.get(one.order) or NoSuchThing(noun="order", value=one.order)
    if one.receipt_code is not None:
        found = register.of_receipts.get(one.receipt_code)
        return found or NoSuchThing(noun="receipt", value=one.receipt_code)
    return None


def _new_line(
    line: ReturnLineAsk, head: Order | None, register: _Register, *, position: int
) -> NewReturnLine | Refusal:
    if (line.line_id is None) == (line.sku_code is None):
        return NamesNoGoods(field=f"lines[{position}]")
    if line.sku_code is not None:
        sku = register.skus.get(line.sku_code)
        return NoSuchThing(noun="SKU", value=line.sku_code) if sku is None else _back(line, sku.code, sku.id)
    assert line.line_id is not None
    sold = register.lines.get(LineId(line.line_id))
    if sold is None or head is None or sold.order_id != head.id:
        return UnknownOrderLine(line_id=LineId(line.line_id))
    return _back(line, sold.code, sold.sku_id)


def _back(line: ReturnLineAsk, code: str, sku_id: SkuId | None) -> NewReturnLine:
    return NewReturnLine(
        code=code,
        units=line.units,
        sku_id=sku_id,
        stated_unit_minor=line.stated_unit_minor,
        reason=line.reason,
        line_id=LineId(line.line_id) if line.line_id else None,
    )


@posted("/returns/{return_id:uuid}/withdraw", tag=_TAG, name="withdraw_return", gives=ReturnDone)
def withdraw_return(
    request: AnyRequest, caller: NamedDependency[Caller], return_id: FromPath[UUID]
) -> Response[bytes]:
    """Let announced goods stay with their customer after all."""
    is_member = caller.kind is CallerKind.MEMBER
    scope = Scope() if is_member else caller.scope(Permission.RETURNS_WRITE)
    asked = Withdrawal(
        return_id=ReturnId(return_id),
        by_member=caller.member_id if is_member else None,
        actor=caller.actor,
    )

    def work(conn: Conn, now: datetime) -> ReturnDone:
        (outcome,) = withdraw(conn, [asked], scope=scope, now=now)
        granted(outcome)
        return granted(done_returns(conn, [outcome])[0])

    return commanded(request, caller, None, work)


# ------------------------------------------------------------------------------------------------------------- reading


@told("/returns/{return_id:uuid}", tag=_TAG, name="get_return")
def get_return(request: AnyRequest, caller: NamedDependency[Caller], return_id: FromPath[UUID]) -> ReturnTold:
    """Read a return: your own, or one of your sites. One that is announced may come to any, and does not say whose."""
    return read(request, lambda conn, _: visible_return(conn, caller, ReturnId(return_id)))


@told("/returns", tag=_TAG, name="list_returns")
def list_returns(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    order: Annotated[str, QueryParameter(description="The order's id, or its number.", max_length=64)],
) -> Page[ReturnTold]:
    """List what came back of an order, and what was announced to, the oldest first.

    Of an order sold elsewhere, whoever takes goods back sees what may still come, without its member.
    """
    if caller.kind is not CallerKind.MEMBER:
        caller.scope(Permission.RETURNS_READ)

    def find(conn: Conn, _: datetime) -> Page[ReturnTold]:
        head = find_order(conn, order)
        is_theirs = head is not None and (
            caller.kind is not CallerKind.MEMBER or head.member_id == caller.member_id
        )
        if head is None or not is_theirs:
            raise Refused(NoSuchThing(noun="order", value=order))
        return Page(items=returns_of_order(conn, caller, head), next_cursor=None)

    return read(request, find)


def _stated(values: Iterable[T | None]) -> set[T]:
    return {value for value in values if value is not None}


RETURN_HANDLERS = [
    add_returns,
    withdraw_return,
    get_return,
    list_returns,
]
