"""Visits of fitters at customers' homes: taken on, set out on, and how they went. Many at once, one outcome each."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from loopline import slots
from loopline.db import Conn
from loopline.kernel.ids import LineId, OrderId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.org import Permission
from loopline.processes.cancel import UnitsToCancel
from loopline.processes.visits import (
    OF_A_PART,
    VisitDone,
    VisitMissed,
    VisitNamedTwice,
    VisitStep,
    finish_visits,
    miss_visits,
    set_out,
    take_visits,
)
from loopline.slots import Way
from loopline.slots.visits import (
    SIGNED_MOST,
    NoVisitToMake,
    Outcome,
    Proof,
    Visit,
    WhyNotDone,
    visits_of_orders,
)
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.shapes import Batch, Outcomes, Page, SiteCodes, decided, merged, posted, told
from loopline.web.api.tasks import sites_asked
from loopline.web.api.types import Units
from loopline.web.edge import edge_of
from loopline.web.visits import SHOWN_MOST, refused_code

_TAG = "tasks"
_LINES_MAX = 100


class VisitAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The visit to an order's customer. `who_comes`, when it is taken on: what the customer is told of who that is."""

    order_id: UUID
    who_comes: Annotated[str, Meta(max_length=SHOWN_MOST)] = ""


class VisitDoneAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What proves that goods were fitted: the `visit_code` that the customer says, or (without one) a name signed by.

    A name needs a photo of the goods, taken since the fitter set out.
    """

    order_id: UUID
    visit_code: Annotated[str, Meta(pattern=r"^[0-9]{6}$(?!\n)")] | None = None
    signed_by: Annotated[str, Meta(max_length=SIGNED_MOST)] = ""


class PartAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Units of a line of the order."""

    line_id: UUID
    units: Units


class VisitMissedAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why goods were not fitted. `lines`, where only some were not: they do not fit, are not wanted, or are damaged."""

    order_id: UUID
    reason: WhyNotDone
    lines: Annotated[tuple[PartAsk, ...], Meta(max_length=_LINES_MAX)] = ()


class VisitTold(msgspec.Struct, frozen=True, kw_only=True):
    """A visit as it stands; `number` counts those to one order."""

    order_id: OrderId
    number: int
    set_out_at: datetime | None
    ended_at: datetime | None
    outcome: Outcome | None
    reason: WhyNotDone | None
    proof: Proof | None


class VisitPlanned(msgspec.Struct, frozen=True, kw_only=True):
    """An hour at a customer's home, and the last visit there; null: nobody took one on yet."""

    order_id: OrderId
    starts_at: datetime
    ends_at: datetime
    who_comes: str | None
    last: VisitTold | None


Step = Callable[[Conn, Scope, datetime], Sequence[Visit | Refusal]]


@told("/visits", tag=_TAG, name="list_visits")
def list_visits(
    request: AnyRequest, caller: NamedDependency[Caller], site_codes: SiteCodes = None
) -> Page[VisitPlanned]:
    """Tell whom fitters of your sites visit, from yesterday on for two weeks, by the hour; no addresses."""
    scope = caller.scope(Permission.TASKS_READ)

    def work(conn: Conn, now: datetime) -> Page[VisitPlanned]:
        site_ids = sites_asked(conn, site_codes, scope)
        booked = slots.bookings_at(
            conn, Way.AT_HOME, site_ids, since=now - timedelta(days=1), until=now + timedelta(days=14)
        )
        found = visits_of_orders(conn, [one.order_id for one in booked])
        return Page(
            items=[
                VisitPlanned(
                    order_id=one.order_id,
                    starts_at=one.starts_at,
                    ends_at=one.ends_at,
                    who_comes=one.carrier,
                    last=_told(found[one.order_id][-1]) if one.order_id in found else None,
                )
                for one in booked
            ],
            next_cursor=None,
        )

    return read(request, work)


@posted("/visits/take", tag=_TAG, name="take_visits", gives=Outcomes[VisitTold])
def take_on(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[VisitAsk]]
) -> Response[bytes]:
    """Take visits on: customers see who comes."""
    commands = [
        VisitStep(order_id=OrderId(one.order_id), by=caller.actor, shown=one.who_comes.strip())
        for one in data.items
    ]
    return _stepped(
        request, caller, data, lambda conn, scope, now: take_visits(conn, commands, scope=scope, now=now)
    )


@posted("/visits/set-out", tag=_TAG, name="set_out", gives=Outcomes[VisitTold])
def say_set_out(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[VisitAsk]]
) -> Response[bytes]:
    """Say that fitters are on the way, with everything packed."""
    commands = [VisitStep(order_id=OrderId(one.order_id), by=caller.actor) for one in data.items]
    return _stepped(
        request, caller, data, lambda conn, scope, now: set_out(conn, commands, scope=scope, now=now)
    )


@posted("/visits/done", tag=_TAG, name="finish_visits", gives=Outcomes[VisitTold])
def finish(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[VisitDoneAsk]]
) -> Response[bytes]:
    """Say that goods were fitted: they are the customer's from then on."""
    secret = edge_of(request).settings.secret

    def step(conn: Conn, scope: Scope, now: datetime) -> Sequence[Visit | Refusal]:
        booked = slots.bookings_of_orders(conn, {OrderId(one.order_id) for one in data.items})
        mine = {order_id for order_id, one in booked.items() if scope.covers_site(one.site_id)}
        judged = _judged(data.items, mine, by=caller.actor, secret=secret)
        return merged(judged, lambda free: finish_visits(conn, free, scope=scope, now=now))

    return _stepped(request, caller, data, step)


def _judged(
    asks: Sequence[VisitDoneAsk], mine: Collection[OrderId], *, by: str, secret: str
) -> list[VisitDone | Refusal]:
    """Look at the codes of visits of one's branch; whether another branch's code is right is not told."""
    judged: list[VisitDone | Refusal] = []
    named: set[UUID] = set()
    for one in asks:
        if one.order_id in named:  # one call is one guess at a code
            judged.append(VisitNamedTwice(order_id=OrderId(one.order_id)))
            continue
        named.add(one.order_id)
        command = VisitDone(
            order_id=OrderId(one.order_id),
            by=by,
            proof=Proof.SIGNATURE if one.visit_code is None else Proof.CODE,
            signed_by=one.signed_by,
        )
        if command.order_id not in mine:
            judged.append(NoVisitToMake(order_id=command.order_id))
            continue
        judged.append(refused_code(command, one.visit_code or "", secret=secret) or command)
    return judged


@posted("/visits/not-done", tag=_TAG, name="miss_visits", gives=Outcomes[VisitTold])
def miss(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[VisitMissedAsk]]
) -> Response[bytes]:
    """Say that goods were not fitted: they wait for another hour, are called off, or taken out as damaged."""
    commands = [
        VisitMissed(
            order_id=OrderId(one.order_id),
            by=caller.actor,
            reason=one.reason,
            lines=tuple(UnitsToCancel(line_id=LineId(part.line_id), units=part.units) for part in one.lines)
            if one.reason in OF_A_PART
            else (),
        )
        for one in data.items
    ]
    return _stepped(
        request, caller, data, lambda conn, scope, now: miss_visits(conn, commands, scope=scope, now=now)
    )


def _stepped(request: AnyRequest, caller: Caller, data: Batch[Any], step: Step) -> Response[bytes]:
    scope = caller.scope(Permission.TASKS_WRITE)

    def decide(conn: Conn, now: datetime) -> list[VisitTold | Refusal]:
        return [one if isinstance(one, Refusal) else _told(one) for one in step(conn, scope, now)]

    return decided(request, caller, data, decide)


def _told(one: Visit) -> VisitTold:
    return VisitTold(
        order_id=one.order_id,
        number=one.number,
        set_out_at=one.set_out_at,
        ended_at=one.ended_at,
        outcome=one.outcome,
        reason=one.reason,
        proof=one.proof,
    )


VISIT_HANDLERS = [list_visits, take_on, say_set_out, finish, miss]
