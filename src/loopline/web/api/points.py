"""Points: corrections of members' points, many at once, and what a member has."""

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
from loopline.kernel.ids import MemberId
from loopline.kernel.refusals import Refusal
from loopline.org import Permission
from loopline.pricing.points import (
    Account,
    PointsKind,
    accounts_of_members,
    entries_of_member,
    lots_of_members,
)
from loopline.pricing.points.rules import POINTS_MOST, ends_next
from loopline.processes.points.programme import Adjustment, adjust
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.shapes import Batch, Outcomes, decided, posted, told

_TAG = "points"
_ENTRIES_MOST = 100


class AdjustmentAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Points to give a member, or (negative) to take, and why. `id` is the sender's: the same again changes nothing."""

    id: UUID
    member_id: UUID
    points: Annotated[int, Meta(ge=-POINTS_MOST, le=POINTS_MOST)]
    reason: Annotated[str, Meta(min_length=1, max_length=200)]


class PointsTold(msgspec.Struct, frozen=True, kw_only=True):
    """What a member has: pending, to use (less than nothing where used points were taken back), held by orders."""

    member_id: UUID
    pending: int
    available: int
    held: int


class PointsMoved(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to points: how many more or fewer are pending, to use and held."""

    at: datetime
    kind: PointsKind
    pending: int
    available: int
    held: int
    order_id: UUID | None
    reason: str


class OwnPoints(msgspec.Struct, frozen=True, kw_only=True):
    """What a member has, what of it ends next (`end_points` at `end_at`), and the last that happened, latest first."""

    pending: int
    available: int
    held: int
    end_at: datetime | None
    end_points: int
    entries: list[PointsMoved]


@posted("/points/adjustments", tag=_TAG, name="adjust_points", gives=Outcomes[PointsTold])
def adjust_points(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[AdjustmentAsk]]
) -> Response[bytes]:
    """Give members points, or take some, by hand; what each has after all of it. For who has the whole brand."""
    scope = caller.scope(Permission.COUPONS_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[PointsTold | Refusal]:
        asked = [
            Adjustment(
                id=one.id,
                member_id=MemberId(one.member_id),
                points=one.points,
                reason=one.reason.replace("\x00", ""),
            )
            for one in data.items
        ]
        done = adjust(conn, asked, scope=scope, by=caller.actor, now=now)
        return [one if isinstance(one, Refusal) else _told(one) for one in done]

    return decided(request, caller, data, decide)


def _told(one: Account) -> PointsTold:
    return PointsTold(member_id=one.member_id, pending=one.pending, available=one.available, held=one.held)


@told("/me/points", tag=_TAG, name="show_own_points")
def show_own(request: AnyRequest, caller: NamedDependency[Caller]) -> OwnPoints:
    """Show a member's points, and the last hundred things that happened to them."""
    member_id = caller.member()

    def find(conn: Conn, _: datetime) -> OwnPoints:
        found = accounts_of_members(conn, [member_id])
        account = found[0] if found else Account(member_id=member_id)
        ends = ends_next(lots_of_members(conn, [member_id]), account.available) if found else None
        return OwnPoints(
            pending=account.pending,
            available=account.available,
            held=account.held,
            end_at=ends.at if ends else None,
            end_points=ends.points if ends else 0,
            entries=[
                PointsMoved(
                    at=one.at,
                    kind=one.kind,
                    pending=one.pending,
                    available=one.available,
                    held=one.held,
                    order_id=one.order_id,
                    reason=one.reason,
                )
                for one in entries_of_member(conn, member_id, before=None, at_most=_ENTRIES_MOST)
            ],
        )

    return read(request, find)


POINTS_HANDLERS = [adjust_points, show_own]
