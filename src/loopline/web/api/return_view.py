"""A return as it stands: announced, opened, received, graded; told to its customer and to the sites it concerns."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from loopline import orders, org
from loopline.db import Conn, log
from loopline.kernel.events import read as read_event
from loopline.kernel.ids import LineId, MemberId, OrderId, ReturnId, ReturnLineId, SiteId
from loopline.kernel.refusals import Refusal, Refused
from loopline.orders import Order
from loopline.org import Permission, Site
from loopline.processes.take_back import SalesReturned, TakenBack
from loopline.returns import queries as returns
from loopline.returns.announcements import (
    Announced,
    Announcement,
    HowEnded,
    announced_by_id,
    announced_of_orders,
)
from loopline.returns.model import BlindState, Reason, ReturnRepeat
from loopline.returns.queries import Return, ReturnLine
from loopline.returns.ways import Way, WayBack, ways_of_returns
from loopline.web.api.caller import Caller, CallerKind
from loopline.web.api.refusals import NoSuchThing

_TAKEN_BACK = SalesReturned.type_name()


class ReturnState(StrEnum):
    """Where a return stands. Only an announced one has undone nothing yet."""

    ANNOUNCED = "announced"
    WITHDRAWN = "withdrawn"
    OPENED = "opened"
    RECEIVED = "received"
    GRADED = "graded"


class BackTold(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a line of an order that come back."""

    order_id: OrderId
    line_id: LineId
    units: int


class ReturnLineTold(msgspec.Struct, frozen=True, kw_only=True):
    """Units of one code in a return. `blind_units` belong to no sale we know of. No id while it is announced."""

    return_line_id: ReturnLineId | None
    code: str
    units: int
    reason: Reason
    received_units: int
    graded_units: int
    blind_units: int
    blind_state: BlindState
    matches: tuple[BackTold, ...]


class WayTold(msgspec.Struct, frozen=True, kw_only=True):
    """By which way announced goods come back. `code` leads whoever takes them in to what was announced.

    `site_code`: the site that waits for them; any other may take them in.
    """

    way: Way
    code: str
    site_code: str | None
    tracking_number: str | None
    sent_at: datetime | None


class ReturnTold(msgspec.Struct, frozen=True, kw_only=True):
    """A return as it stands. `refund_minor` is what went back for it, null while it is announced.

    `way` is that of an announced one whose member chose it.
    """

    id: ReturnId
    state: ReturnState
    channel: str
    external_number: str
    order_id: OrderId | None
    order_number: str | None
    member_id: MemberId | None
    site_code: str | None
    currency: str | None
    announced_at: datetime | None
    at: datetime | None
    refund_minor: int | None
    way: WayTold | None
    lines: tuple[ReturnLineTold, ...]


class ReturnDone(msgspec.Struct, frozen=True, kw_only=True):
    """A return that stands. `refund_minor` is what goes back for it; `waiting_units` wait for a person's decision.

    `way` is that of an announced one whose member chose it.
    """

    id: ReturnId
    state: ReturnState
    refund_minor: int | None
    waiting_units: int
    way: WayTold | None
    is_repeat: bool


class NamesNoGoods(Refusal, frozen=True, kw_only=True):
    """A line of a return names goods either by the line of the order or by the SKU's code."""

    field: str


class _Known(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known of some returns, read once."""

    heads: Mapping[ReturnId, Return]
    lines: Mapping[ReturnId, list[ReturnLine]]
    announced: Mapping[ReturnId, Announcement]
    orders: Mapping[OrderId, Order]
    sites: Mapping[SiteId, Site]
    refunds: Mapping[ReturnId, int]
    ways: Mapping[ReturnId, WayBack]


def told_returns(conn: Conn, return_ids: Sequence[ReturnId]) -> dict[ReturnId, ReturnTold]:
    """Tell returns and announced returns as they stand; unknown ones are left out."""
    known = _read(conn, return_ids)
    return {return_id: told for return_id in return_ids if (told := _told(return_id, known)) is not None}


def visible_return(conn: Conn, caller: Caller, return_id: ReturnId) -> ReturnTold:
    """Return one return. Raises Refused (404) where there is none, or it is not for the caller."""
    known = _read(conn, [return_id])
    told = _told(return_id, known)
    seen = _as_seen(told, known, caller) if told is not None else None
    if seen is None:
        raise Refused(NoSuchThing(noun="return", value=str(return_id)))
    return seen


def returns_of_order(conn: Conn, caller: Caller, head: Order) -> list[ReturnTold]:
    """Return what came or will come back of an order, as far as the caller may see it, the oldest first."""
    line_ids = [line.line_id for line in orders.lines_by_orders(conn, [head.id])]
    found = [one.return_id for one in returns.returns_of_lines(conn, line_ids)]
    return_ids = sorted({*found, *announced_of_orders(conn, [head.id])})
    known = _read(conn, return_ids)
    told = [one for return_id in return_ids if (one := _told(return_id, known)) is not None]
    return [seen for one in told if (seen := _as_seen(one, known, caller, is_searched=True)) is not None]


def _as_seen(
    told: ReturnTold, known: _Known, caller: Caller, *, is_searched: bool = False
) -> ReturnTold | None:
    """A customer sees the own; staff what came to their sites or was sold there.

    What is announced may yet come to any site: whoever has its id may read it, and whoever takes goods back may search
    for it by its order. Whose it is concerns neither.
    """
    if caller.kind is CallerKind.MEMBER:
        return told if told.member_id is not None and told.member_id == caller.member_id else None
    scope = caller.scope(Permission.RETURNS_READ)
    opened = known.heads.get(told.id)
    sold = known.orders.get(told.order_id) if told.order_id is not None else None
    if (opened is not None and scope.covers_site(opened.site_id)) or scope.covers_site(
        sold.site_id if sold else None
    ):
        return told
    may_come = told.state is ReturnState.ANNOUNCED and (
        not is_searched or caller.may(Permission.RETURNS_WRITE)
    )
    return msgspec.structs.replace(told, member_id=None) if may_come else None


def _read(conn: Conn, return_ids: Sequence[ReturnId]) -> _Known:
    heads = {head.id: head for head in returns.returns_by_id(conn, return_ids)}
    announced = {one.id: one for one in announced_by_id(conn, return_ids)}
    lines: dict[ReturnId, list[ReturnLine]] = {}
    for line in returns.lines_of_returns(conn, list(heads)):
        lines.setdefault(line.return_id, []).append(line)
    order_ids = {one.order_id for one in (*heads.values(), *announced.values()) if one.order_id is not None}
    ways = ways_of_returns(conn, list(announced))
    awaiting = {one.site_id for one in ways.values() if one.site_id is not None}
    return _Known(
        heads=heads,
        lines=lines,
        announced=announced,
        orders={head.id: head for head in orders.orders_by_ids(conn, list(order_ids))} if order_ids else {},
        sites=org.sites_by_id(conn, {head.site_id for head in heads.values()} | awaiting),
        refunds=_refunds(conn, list(heads)),
        ways=ways,
    )


def _refunds(conn: Conn, return_ids: Sequence[ReturnId]) -> dict[ReturnId, int]:
    """What went back for returns, as the log tells it: at once, and after each decision on what had no sale."""
    refunds: dict[ReturnId, int] = {}
    for told in log.read_subjects(conn, return_ids, types={_TAKEN_BACK}) if return_ids else []:
        body = read_event(told, SalesReturned)
        refunds.setdefault(body.return_id, 0)
        refunds[body.return_id] += sum(line.amount_minor for line in body.lines)
    return refunds


def _told(return_id: ReturnId, known: _Known) -> ReturnTold | None:
    head, announced = known.heads.get(return_id), known.announced.get(return_id)
    one = head or announced
    if one is None:
        return None
    called = announced or one  # its return goes by a number of ours
    sold = known.orders.get(one.order_id) if one.order_id is not None else None
    lines = known.lines.get(return_id, [])
    way = known.ways.get(return_id)
    return ReturnTold(
        id=return_id,
        state=_state(head, announced, lines),
        channel=called.channel,
        external_number=called.external_number,
        order_id=one.order_id,
        order_number=sold.number if sold else None,
        member_id=one.member_id,
        site_code=known.sites[head.site_id].code if head else None,
        currency=head.currency if head else sold.currency if sold else None,
        announced_at=announced.announced_at if announced else None,
        at=head.at if head else None,
        refund_minor=known.refunds.get(return_id),
        way=way_told(way, known.sites) if way is not None else None,
        lines=tuple(map(_line, lines)) if head else _announced_lines(announced),
    )


def way_told(one: WayBack, sites: Mapping[SiteId, Site]) -> WayTold:
    """Tell the way of announced goods as it stands."""
    return WayTold(
        way=one.way,
        code=one.code,
        site_code=sites[one.site_id].code if one.site_id is not None else None,
        tracking_number=one.tracking_number,
        sent_at=one.sent_at,
    )


def _state(head: Return | None, announced: Announcement | None, lines: Sequence[ReturnLine]) -> ReturnState:
    if head is None:
        assert announced is not None
        is_over = announced.how_ended is HowEnded.WITHDRAWN
        return ReturnState.WITHDRAWN if is_over else ReturnState.ANNOUNCED
    if all(line.graded_units == line.units for line in lines):
        return ReturnState.GRADED
    is_here = all(line.received_units == line.units for line in lines)
    return ReturnState.RECEIVED if is_here else ReturnState.OPENED


def _line(line: ReturnLine) -> ReturnLineTold:
    return ReturnLineTold(
        return_line_id=line.return_line_id,
        code=line.code,
        units=line.units,
        reason=line.reason,
        received_units=line.received_units,
        graded_units=line.graded_units,
        blind_units=line.units - sum(match.units for match in line.matches),
        blind_state=line.blind_state,
        matches=tuple(
            BackTold(order_id=match.order_id, line_id=match.line_id, units=match.units)
            for match in line.matches
        ),
    )


def _announced_lines(announced: Announcement | None) -> tuple[ReturnLineTold, ...]:
    assert announced is not None
    return tuple(
        ReturnLineTold(
            return_line_id=None,
            code=line.code,
            units=line.units,
            reason=line.reason,
            received_units=0,
            graded_units=0,
            blind_units=0,
            blind_state=BlindState.NONE,
            matches=(BackTold(order_id=announced.order_id, line_id=line.line_id, units=line.units),),
        )
        for line in announced.lines
    )


def done_returns(
    conn: Conn, outcomes: Sequence[TakenBack | ReturnRepeat | Announced | Refusal]
) -> list[ReturnDone | Refusal]:
    """Tell where each return stands now."""
    return_ids = list({one.return_id for one in outcomes if not isinstance(one, Refusal)})
    standing = told_returns(conn, return_ids) if return_ids else {}
    return [
        one
        if isinstance(one, Refusal)
        else _done_return(
            standing[one.return_id],
            is_repeat=isinstance(one, ReturnRepeat) or (isinstance(one, Announced) and one.is_repeat),
        )
        for one in outcomes
    ]


def _done_return(told: ReturnTold, *, is_repeat: bool) -> ReturnDone:
    waiting = sum(line.blind_units for line in told.lines if line.blind_state.value == "waiting")
    return ReturnDone(
        id=told.id,
        state=told.state,
        refund_minor=told.refund_minor,
        waiting_units=waiting,
        way=told.way,
        is_repeat=is_repeat,
    )
