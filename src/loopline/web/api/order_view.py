"""An order as those see it who may: its customer, who sells it, and the sites that work on it, which see no money."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID

import msgspec

from loopline import orders, org
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import Task, TaskKind, TaskLine, TaskState
from loopline.kernel.ids import EntityId, LineId, MemberId, OrderId, PartyId, ReturnId, SiteId, TaskId
from loopline.kernel.refusals import Refused
from loopline.kernel.scope import Scope
from loopline.orders import (
    Delivery,
    DraftKind,
    Line,
    LineKind,
    LineState,
    LineUnits,
    Order,
    OrderStage,
    WaitsFor,
    line_state,
)
from loopline.orders.parking import parking_of
from loopline.orders.waiting import Dated, ParkedFor
from loopline.org import Permission
from loopline.org.lists import entity_codes, party_codes
from loopline.returns import queries as returns
from loopline.web.api.caller import Caller, CallerKind
from loopline.web.api.refusals import NoSuchThing
from loopline.web.collection import collection_code

T = TypeVar("T")


class LineTold(msgspec.Struct, frozen=True, kw_only=True):
    """A line and where its units stand. Amounts are for all its units, tax included; null where they are not shown.

    `parked_for`: why units wait for goods; `expected_on`: the day these are expected, null where nobody knows of one.
    """

    line_id: LineId
    kind: LineKind
    code: str
    units: int
    state: LineState
    parked: int
    parked_for: ParkedFor | None
    expected_on: date | None
    held: int
    allocated: int
    handed_over: int
    cancelled: int
    returned: int
    unit_minor: int | None
    amount_minor: int | None
    tax_minor: int | None


class ParcelLineTold(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a line in a parcel."""

    line_id: LineId
    code: str
    units: int


class ParcelTold(msgspec.Struct, frozen=True, kw_only=True):
    """The work on an order at one site. `collect_code` is the customer's alone, while the parcel waits."""

    task_id: TaskId
    site_code: str
    kind: TaskKind
    state: TaskState
    deadline: datetime
    collect_by: datetime | None
    ended_at: datetime | None
    collect_code: str | None
    lines: tuple[ParcelLineTold, ...]


class OrderTold(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it stands. Money, member and credits are null for a site that only works on it.

    `waits_for`: what units wait for that have their goods, and `looked_at_again` when somebody looks again; for staff
    and programs of whoever sold it alone, and null where nothing waits so. `ship_from`: codes of the sites that it must
    ship from, for the same; none: any, as far as the profile's rules let it.
    """

    id: OrderId
    number: str
    channel: str
    external_number: str
    kind: DraftKind
    stage: OrderStage
    placed_at: datetime
    changed_at: datetime
    delivery: Delivery
    site_code: str | None
    seller_code: str
    currency: str
    amount_minor: int | None
    tax_minor: int | None
    pay_until: datetime | None
    waits_for: WaitsFor | None
    looked_at_again: datetime | None
    ship_from: tuple[str, ...]
    member_id: MemberId | None
    guide_code: str | None
    dealer_code: str | None
    streamer_code: str | None
    lines: tuple[LineTold, ...]
    parcels: tuple[ParcelTold, ...]
    return_ids: tuple[ReturnId, ...]


class _Sight(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller sees of an order: money, work at which sites, who is owed, the code that collects."""

    money: bool
    credits: bool
    work: Scope
    collect_code: bool


class _Codes(msgspec.Struct, frozen=True, kw_only=True):
    """The codes of what an order and its parcels name by id."""

    sites: Mapping[SiteId, str]
    parties: Mapping[PartyId, str]
    sellers: Mapping[EntityId, str]
    goods: Mapping[LineId, str]


def find_order(conn: Conn, text: str) -> Order | None:
    """Find an order by its id or by the number people read. Raises Refused for a number that is mistyped."""
    try:
        order_id = OrderId(UUID(text))
    except ValueError:
        found = orders.order_by_number(conn, text)
        if found is None or isinstance(found, Order):
            return found
        raise Refused(found) from None
    return orders.order_by_id(conn, order_id)


def visible_order(conn: Conn, caller: Caller, text: str) -> tuple[Order, list[Task]]:
    """Return an order the caller may see, and its tasks. Raises Refused (404) where there is none, or not for them."""
    scope = None if caller.kind is CallerKind.MEMBER else caller.scope(Permission.ORDERS_READ)
    head = find_order(conn, text)
    tasks = fulfilment.tasks_of_orders(conn, [head.id]) if head is not None else []
    if head is None or not _is_visible(head, tasks, caller, scope):
        raise Refused(NoSuchThing(noun="order", value=text))
    return head, tasks


def _is_visible(head: Order, tasks: Sequence[Task], caller: Caller, scope: Scope | None) -> bool:
    if scope is None:
        return head.member_id == caller.member_id
    return scope.covers_site(head.site_id) or any(scope.covers_site(task.site_id) for task in tasks)


def told_order(conn: Conn, caller: Caller, text: str, *, secret: str) -> OrderTold:
    """Tell an order to a caller who may see it. `secret` is what collection codes are made with."""
    head, tasks = visible_order(conn, caller, text)
    sight = _sight_of(head, caller)
    lines = orders.lines_by_orders(conn, [head.id])
    shown = [task for task in tasks if sight.work.covers_site(task.site_id)]
    task_lines = fulfilment.lines_of_tasks(conn, [task.task_id for task in shown]) if shown else {}
    codes = _codes(conn, head, lines, shown)
    back = returns.returns_of_lines(conn, [line.line_id for line in lines])
    parking = parking_of(conn, [head.id]) if head.parked else {}
    waits = head.held > 0 and head.pay_until is None and head.source_waits_for is not None
    return OrderTold(
        id=head.id,
        number=head.number,
        channel=head.channel,
        external_number=head.external_number,
        kind=head.kind,
        stage=head.stage,
        placed_at=head.placed_at,
        changed_at=head.changed_at,
        delivery=head.delivery,
        site_code=codes.sites.get(head.site_id) if head.site_id else None,
        seller_code=codes.sellers[head.seller_entity_id],
        currency=head.currency,
        amount_minor=head.amount_minor if sight.money else None,
        tax_minor=head.tax_minor if sight.money else None,
        pay_until=head.pay_until,
        waits_for=head.source_waits_for if waits and sight.credits else None,
        looked_at_again=head.source_after if waits and sight.credits else None,
        ship_from=_ship_from(conn, head) if sight.credits else (),
        member_id=head.member_id if sight.money else None,
        guide_code=_owed(head.guide_id, codes, sight),
        dealer_code=_owed(head.dealer_id, codes, sight),
        streamer_code=_owed(head.streamer_id, codes, sight),
        lines=tuple(_line_told(line, sight, parking.get(line.line_id)) for line in lines),
        parcels=tuple(
            _parcel_told(
                task, task_lines.get(task.task_id, []), codes, secret=secret if sight.collect_code else None
            )
            for task in shown
        ),
        return_ids=tuple(dict.fromkeys(one.return_id for one in back)),
    )


def _sight_of(head: Order, caller: Caller) -> _Sight:
    """Say what a caller sees of an order that is visible to them.

    The code that collects a parcel is its customer's; a program that speaks for all customers of the brand may show it
    to them. Nobody at a store sees it: whoever hands over asks for it.
    """
    if caller.kind is CallerKind.MEMBER:
        return _Sight(money=True, credits=False, work=Scope(everything=True), collect_code=True)
    scope = caller.scope(Permission.ORDERS_READ)
    sells = scope.covers_site(head.site_id)
    members = caller.branches.get(Permission.MEMBERS_WRITE, Scope())
    return _Sight(
        money=sells,
        credits=sells,
        work=Scope(everything=True) if sells else scope,
        collect_code=caller.kind is CallerKind.KEY and members.everything,
    )


def _codes(conn: Conn, head: Order, lines: Sequence[Line], tasks: Sequence[Task]) -> _Codes:
    site_ids = _present([head.site_id, *(task.site_id for task in tasks)])
    return _Codes(
        sites={site_id: site.code for site_id, site in org.sites_by_id(conn, site_ids).items()},
        parties=party_codes(conn, _present([head.guide_id, head.dealer_id, head.streamer_id])),
        sellers=entity_codes(conn, [head.seller_entity_id]),
        goods={line.line_id: line.code for line in lines},
    )


def _ship_from(conn: Conn, head: Order) -> tuple[str, ...]:
    named = orders.named_sites(conn, [head.id]).get(head.id, ())
    return tuple(sorted(site.code for site in org.sites_by_id(conn, named).values())) if named else ()


def _present(values: Iterable[T | None]) -> list[T]:
    return list({value for value in values if value is not None})


def _owed(party_id: PartyId | None, codes: _Codes, sight: _Sight) -> str | None:
    return codes.parties.get(party_id) if party_id is not None and sight.credits else None


def _line_told(line: Line, sight: _Sight, parked: Dated | None) -> LineTold:
    units = LineUnits(
        kind=line.kind,
        units=line.units,
        parked=line.parked,
        held=line.held,
        allocated=line.allocated,
        handed_over=line.handed_over,
        cancelled=line.cancelled,
        returned=line.returned,
        lost=line.lost,
    )
    return LineTold(
        line_id=line.line_id,
        kind=line.kind,
        code=line.code,
        units=line.units,
        state=line_state(units),
        parked=line.parked,
        parked_for=parked.reason if parked and line.parked else None,
        expected_on=parked.expected_on if parked and line.parked else None,
        held=line.held,
        allocated=line.allocated,
        handed_over=line.handed_over,
        cancelled=line.cancelled,
        returned=line.returned,
        unit_minor=line.unit_minor if sight.money else None,
        amount_minor=line.amount_minor if sight.money else None,
        tax_minor=line.tax_minor if sight.money else None,
    )


def _parcel_told(task: Task, lines: Sequence[TaskLine], codes: _Codes, *, secret: str | None) -> ParcelTold:
    waits = task.kind is TaskKind.COLLECT and task.state is TaskState.PACKED
    return ParcelTold(
        task_id=task.task_id,
        site_code=codes.sites[task.site_id],
        kind=task.kind,
        state=task.state,
        deadline=task.deadline,
        collect_by=task.collect_by,
        ended_at=task.ended_at,
        collect_code=collection_code(task.task_id, secret=secret) if waits and secret is not None else None,
        lines=tuple(
            ParcelLineTold(line_id=line.line_id, code=codes.goods[line.line_id], units=line.left)
            for line in lines
            if line.left
        ),
    )
