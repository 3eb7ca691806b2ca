"""What sites offer at hours: couriers, appointments, fitting at home, set for units; orders moved to another hour."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from loopline.db import Conn
from loopline.kernel.ids import OrderId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.org import Permission
from loopline.processes.slots import SlotMove, Standing, move_slots, set_slot_terms, standing_terms
from loopline.slots import COMMENT_MOST, NewTerms, SlotTerms, Way
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller, CallerKind
from loopline.web.api.shapes import Batch, Outcomes, Page, decided, posted, told
from loopline.web.api.types import Code, Moment

_TAG = "promises"

Minute = Annotated[int, Meta(ge=0, le=1_440)]


class FeeAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a courier or a fitter costs the customer up to a distance as the crow flies, included; tax included."""

    kilometres_most: Annotated[int, Meta(ge=1, le=100)]
    minor: Annotated[int, Meta(ge=0, le=10**8)]


class HoursSaid(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Slots of a way: on ISO `weekdays`, one after the other from `opens_minute` until `closes_minute` of the day.

    Each has so many `places`, and is offered until `lead_minutes` before it begins and, on its own day, until
    `same_day_until_minute`. How far somebody goes and `fees` are a courier's and a fitter's; what is further than the
    last fee costs as much. `region_codes` are a fitter's: only to addresses there, if there are any.
    """

    is_offered: bool = True
    weekdays: Annotated[list[int], Meta(max_length=7)] = msgspec.field(default_factory=lambda: [*range(1, 8)])
    opens_minute: Minute = 10 * 60
    closes_minute: Minute = 20 * 60
    slot_minutes: Minute = 120
    places: Annotated[int, Meta(ge=0, le=1_000)] = 4
    lead_minutes: Annotated[int, Meta(ge=0, le=86_400)] = 60
    same_day_until_minute: Minute | None = None
    horizon_days: Annotated[int, Meta(ge=0, le=60)] = 3
    kilometres_most: Annotated[int, Meta(ge=0, le=100)] = 5
    fees: Annotated[tuple[FeeAsk, ...], Meta(max_length=20)] = ()
    region_codes: Annotated[tuple[str, ...], Meta(max_length=50)] = ()


class HoursAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a unit offers for all sites below it that say nothing themselves; null: what holds above it holds again."""

    unit_code: Code
    way: Way
    hours: HoursSaid | None
    comment: Annotated[str, Meta(min_length=1, max_length=COMMENT_MOST)]


class HoursTold(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for a unit and the sites right below it; `decided_by`: the unit that set it. Null: nobody did."""

    unit_code: str
    way: Way
    hours: HoursSaid | None
    decided_by: str | None


class HourMoveAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another hour for an order, by the beginning of a slot that is free at its site."""

    order_id: UUID
    starts_at: Moment


class HourMoved(msgspec.Struct, frozen=True, kw_only=True):
    """The hour that an order has now."""

    order_id: OrderId
    way: Way
    starts_at: datetime
    ends_at: datetime


@told("/site-hours", tag=_TAG, name="list_site_hours")
def list_site_hours(request: AnyRequest, caller: NamedDependency[Caller]) -> Page[HoursTold]:
    """Tell what holds for the units of your branch, and which unit decided it."""
    scope = caller.scope(Permission.ORG_READ)
    return read(request, lambda conn, _: _told(standing_terms(conn, scope=scope)))


@posted("/site-hours", tag=_TAG, name="set_site_hours", gives=Outcomes[HoursAsk])
def set_site_hours(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[HoursAsk]]
) -> Response[bytes]:
    """Set what units of your branch offer at which hours. Orders that have an hour keep it."""
    scope = caller.scope(Permission.ORG_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[HoursAsk | Refusal]:
        wanted = [
            NewTerms(
                unit_code=one.unit_code,
                way=one.way,
                terms=None if one.hours is None else _terms(one.hours),
                comment=one.comment,
            )
            for one in data.items
        ]
        outcomes = set_slot_terms(conn, wanted, scope=scope, by=caller.actor, now=now)
        return [
            outcome if isinstance(outcome, Refusal) else one
            for one, outcome in zip(data.items, outcomes, strict=True)
        ]

    return decided(request, caller, data, decide)


@posted("/orders/hours", tag=_TAG, name="move_hours", gives=Outcomes[HourMoved])
def move_hours(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[HourMoveAsk]]
) -> Response[bytes]:
    """Move orders to another hour at their site: a customer before the hour begins, the site while it has the goods."""
    is_member = caller.kind is CallerKind.MEMBER
    scope = Scope() if is_member else caller.scope(Permission.TASKS_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[HourMoved | Refusal]:
        wanted = [
            SlotMove(
                order_id=OrderId(one.order_id),
                starts_at=one.starts_at,
                by_member=caller.member_id if is_member else None,
                actor=caller.actor,
            )
            for one in data.items
        ]
        return [
            one
            if isinstance(one, Refusal)
            else HourMoved(order_id=one.order_id, way=one.way, starts_at=one.starts_at, ends_at=one.ends_at)
            for one in move_slots(conn, wanted, scope=scope, now=now)
        ]

    return decided(request, caller, data, decide)


def _terms(said: HoursSaid) -> SlotTerms:
    return msgspec.convert(msgspec.to_builtins(said), SlotTerms)


def _said(terms: SlotTerms) -> HoursSaid:
    return msgspec.convert(msgspec.to_builtins(terms), HoursSaid)


def _told(found: Standing) -> Page[HoursTold]:
    return Page(
        items=[
            HoursTold(
                unit_code=unit.code,
                way=way,
                hours=None if in_force is None else _said(in_force.terms),
                decided_by=None if in_force is None else found.names[in_force.decided_by].code,
            )
            for unit in found.units
            for way in Way
            for in_force in [found.at(unit, way)]
        ],
        next_cursor=None,
    )


HOUR_HANDLERS = [list_site_hours, set_site_hours, move_hours]
