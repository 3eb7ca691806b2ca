"""What arrives of returns: received at a site, looked at, and sent where its grade says."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from loopline import catalogue, org
from loopline.db import Conn
from loopline.kernel.ids import LineId, ReturnId, ReturnLineId, SiteId, uuid7s
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.org import Permission, Site
from loopline.processes import regrade
from loopline.processes.announce import (
    AnnouncedReceipt,
    LineBack,
    receive_announced,
)
from loopline.processes.take_back import TakenBack
from loopline.returns import queries as returns
from loopline.returns.announcements import announced_by_id
from loopline.returns.model import (
    Disposition,
    Grade,
    Graded,
    Grading,
    Receipt,
    ReceivesTooMuch,
    ReturnLineUnknown,
    ReturnRepeat,
)
from loopline.returns.queries import ReturnLine
from loopline.web.api.answers import AnyRequest, granted
from loopline.web.api.caller import Caller
from loopline.web.api.refusals import IdNotOfItsTime, NoSuchThing
from loopline.web.api.return_view import NamesNoGoods, ReturnDone, done_returns
from loopline.web.api.shapes import BATCH_MAX, Batch, Outcomes, decided, merged, posted
from loopline.web.api.types import Code, Note, Units

_TAG = "returns"
_LINES_MAX = 200


class ArrivedAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Units that arrived: of a line of the order (announced returns), or of a line of the return."""

    units: Units
    line_id: UUID | None = None
    return_line_id: UUID | None = None


class ReceiveAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A return that is here, at a site; without lines all of it."""

    return_id: UUID
    site_code: Code
    lines: Annotated[tuple[ArrivedAsk, ...], Meta(max_length=_LINES_MAX)] = ()


class GradeAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Units that were looked at. `id` is yours, a UUID of version 7: the same grading again moves nothing."""

    return_line_id: UUID
    units: Units
    grade: Grade
    id: UUID | None = None
    note: Note = ""


class GradeBatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was looked at, at one site."""

    site_code: Code
    items: Annotated[list[GradeAsk], Meta(min_length=1, max_length=BATCH_MAX)]


class GradeDone(msgspec.Struct, frozen=True, kw_only=True):
    """Where graded units go."""

    grading_id: UUID
    return_line_id: ReturnLineId
    units: int
    grade: Grade
    disposition: Disposition
    is_repeat: bool


@posted("/returns/receive", tag=_TAG, name="receive_returns", gives=Outcomes[ReturnDone])
def receive_returns(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[ReceiveAsk]]
) -> Response[bytes]:
    """Say that goods are here. An announced return is taken back with it: the money goes back now."""
    scope = caller.scope(Permission.RETURNS_WRITE)

    def decide(conn: Conn, now: datetime) -> list[ReturnDone | Refusal]:
        return_ids = [ReturnId(one.return_id) for one in data.items]
        sites = org.sites_by_code(conn, {one.site_code for one in data.items})
        announced = {one.id for one in announced_by_id(conn, return_ids)}
        opened: dict[ReturnId, list[ReturnLine]] = {}
        for line in returns.lines_of_returns(conn, return_ids):
            opened.setdefault(line.return_id, []).append(line)
        judged = [
            _announced_receipt(one, sites, actor=caller.actor)
            if ReturnId(one.return_id) in announced
            else _arrived(one, sites, opened.get(ReturnId(one.return_id), []), scope=scope)
            for one in data.items
        ]
        coming = [one for one in judged if isinstance(one, AnnouncedReceipt)]
        taken = iter(receive_announced(conn, coming, scope=scope, now=now))
        _receive(conn, [one for one in judged if isinstance(one, _Arrived)], scope=scope, now=now)
        outcomes = [next(taken) if isinstance(one, AnnouncedReceipt) else one for one in judged]
        return done_returns(conn, [_repeat_of(one) if isinstance(one, _Arrived) else one for one in outcomes])

    return decided(request, caller, data, decide)


class _Arrived(msgspec.Struct, frozen=True, kw_only=True):
    """What arrived of a return that was opened before; nothing where all of it was here already."""

    return_id: ReturnId
    site_id: SiteId
    units: Mapping[ReturnLineId, int]


def _announced_receipt(
    one: ReceiveAsk, sites: Mapping[str, Site], *, actor: str
) -> AnnouncedReceipt | Refusal:
    if one.site_code not in sites:
        return NoSuchThing(noun="site", value=one.site_code)
    lines: list[LineBack] = []
    for position, line in enumerate(one.lines):
        if line.line_id is None or line.return_line_id is not None:
            return NamesNoGoods(field=f"lines[{position}].line_id")
        lines.append(LineBack(line_id=LineId(line.line_id), units=line.units))
    return AnnouncedReceipt(
        return_id=ReturnId(one.return_id),
        site_id=sites[one.site_code].id,
        lines=tuple(lines),
        actor=actor,
    )


def _arrived(
    one: ReceiveAsk, sites: Mapping[str, Site], lines: Sequence[ReturnLine], *, scope: Scope
) -> _Arrived | Refusal:
    """What of an opened return arrives now: the units named, or all that are not here yet."""
    site = sites.get(one.site_code)
    if site is None or not lines:
        missing = ("site", one.site_code) if site is None else ("return", str(one.return_id))
        return NoSuchThing(noun=missing[0], value=missing[1])
    if not scope.covers_site(site.id):
        return NotInYourBranch(subject=one.site_code)
    left = {line.return_line_id: line.units - line.received_units for line in lines}
    named: dict[ReturnLineId, int] = {}
    for position, line in enumerate(one.lines):
        if line.return_line_id is None or line.line_id is not None:
            return NamesNoGoods(field=f"lines[{position}].return_line_id")
        return_line_id = ReturnLineId(line.return_line_id)
        if return_line_id not in left:
            return ReturnLineUnknown(return_line_id=return_line_id)
        named[return_line_id] = named.get(return_line_id, 0) + line.units
        if named[return_line_id] > left[return_line_id]:
            return ReceivesTooMuch(
                return_line_id=return_line_id,
                units=named[return_line_id],
                units_left=left[return_line_id],
            )
    return _Arrived(
        return_id=ReturnId(one.return_id),
        site_id=site.id,
        units=named or {line_id: units for line_id, units in left.items() if units},
    )


def _receive(conn: Conn, arrived: Sequence[_Arrived], *, scope: Scope, now: datetime) -> None:
    """Count what arrived; what a rival counted a moment ago is refused, and everything with it."""
    lines = [(one, *counted) for one in arrived for counted in one.units.items()]
    receipts = [
        Receipt(id=receipt_id, return_line_id=line_id, units=units, site_id=one.site_id, at=now)
        for (one, line_id, units), receipt_id in zip(lines, uuid7s(now, len(lines)), strict=True)
    ]
    for outcome in regrade.receive(conn, receipts, scope=scope, now=now):
        granted(outcome)


def _repeat_of(one: _Arrived) -> TakenBack | ReturnRepeat:
    """A return that was opened before is no new one; where nothing arrived that was not here, it is a repeat."""
    if not one.units:
        return ReturnRepeat(return_id=one.return_id)
    return TakenBack(
        return_id=one.return_id, lines=(), refund_minor=0, reversed_minor=0, blind_minor=0, difference_minor=0
    )


@posted("/returns/grade", tag=_TAG, name="grade_returns", gives=Outcomes[GradeDone])
def grade_returns(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[GradeBatch]
) -> Response[bytes]:
    """Say in what state goods came back. Fit to sell, they go back on the shelf and to whoever waits for them."""
    scope = caller.scope(Permission.RETURNS_WRITE)

    def decide(conn: Conn, now: datetime) -> list[GradeDone | Refusal]:
        site = org.sites_by_code(conn, [data.site_code]).get(data.site_code)
        if site is None:
            raise Refused(NoSuchThing(noun="site", value=data.site_code))
        perishable = _perishable(conn, data.items)
        judged = [
            _grading(one, made, caller, is_perishable=ReturnLineId(one.return_line_id) in perishable, now=now)
            for one, made in zip(data.items, uuid7s(now, len(data.items)), strict=True)
        ]
        outcomes = merged(
            judged, lambda wanted: regrade.grade(conn, wanted, site_id=site.id, scope=scope, now=now)
        )
        return [one if isinstance(one, Refusal) else _graded(one) for one in outcomes]

    return decided(request, caller, data, decide)


def _perishable(conn: Conn, items: Sequence[GradeAsk]) -> set[ReturnLineId]:
    """Which lines have goods that expire: those are never sold again."""
    lines = returns.return_lines_by_id(conn, [ReturnLineId(one.return_line_id) for one in items])
    skus = catalogue.skus_by_id(conn, {line.sku_id for line in lines if line.sku_id is not None})
    return {
        line.return_line_id
        for line in lines
        if line.sku_id is not None
        and line.sku_id in skus
        and skus[line.sku_id].care.shelf_life_days is not None
    }


def _grading(
    one: GradeAsk, made: UUID, caller: Caller, *, is_perishable: bool, now: datetime
) -> Grading | Refusal:
    if one.id is not None and one.id.version != 7:
        return IdNotOfItsTime(id=one.id)
    return Grading(
        id=one.id or made,
        return_line_id=ReturnLineId(one.return_line_id),
        units=one.units,
        grade=one.grade,
        is_perishable=is_perishable,
        graded_by=caller.actor,
        at=now,
        note=one.note,
    )


def _graded(one: Graded) -> GradeDone:
    return GradeDone(
        grading_id=one.grading_id,
        return_line_id=one.return_line_id,
        units=one.units,
        grade=one.grade,
        disposition=one.disposition,
        is_repeat=one.is_repeat,
    )


ARRIVAL_HANDLERS = [receive_returns, grade_returns]
