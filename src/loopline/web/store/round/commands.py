"""What the phone of a picker asks and says of a round: begun, taken over, boxed, missing, put back, handed over."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, RawBody
from msgspec import Meta

from loopline import catalogue
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import HandOverTask, TaskKind, TaskState
from loopline.fulfilment.photos import tasks_lacking_photos
from loopline.fulfilment.rounds import (
    BoxedUnits,
    Missing,
    MissingReason,
    Picker,
    RoundIsAnothers,
    RoundUnknown,
    UnitsMissing,
    round_by_id,
    tasks_of_round,
)
from loopline.kernel.ids import AllocationId, RoundId, TaskId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import Scope
from loopline.processes import fulfil
from loopline.processes import rounds as process
from loopline.processes.addresses import held_back
from loopline.web.api.answers import answered, granted, read, run
from loopline.web.api.reading import decode
from loopline.web.api.refusals import IdNotOfItsTime
from loopline.web.api.types import Code
from loopline.web.edge import WebRequest, edge_of, language_of
from loopline.web.pages import form_token
from loopline.web.riders import taken_by_riders
from loopline.web.store.desk import Desk
from loopline.web.store.round.place import PICKING
from loopline.web.store.round.told import TASKS_MAX, read_book

_NOTES_MAX = 500
_UNITS_MAX = 1_000_000


class RoundToken(msgspec.Struct, frozen=True, kw_only=True):
    """What commands of a round carry in `x-csrftoken`, and the server's clock."""

    token: str
    now: datetime


class BeginAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Begin a round of at most so many tasks; `round_id` is a UUIDv7 that the phone made."""

    round_id: UUID
    at_most: Annotated[int, Meta(ge=1, le=TASKS_MAX)]


class RoundAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A round."""

    round_id: UUID


class BoxedSent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many units of an allocation lie in its box, seen at a moment."""

    key: UUID
    units: Annotated[int, Meta(ge=0, le=_UNITS_MAX)]
    at: Annotated[datetime, Meta(tz=True)]


class MissingSent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Units of a SKU that cannot be brought; `id` is the phone's."""

    id: UUID
    sku: Code
    units: Annotated[int, Meta(ge=1, le=_UNITS_MAX)]
    reason: MissingReason


class NotesSent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a phone says of a round."""

    round_id: UUID
    boxed: Annotated[list[BoxedSent], Meta(max_length=_NOTES_MAX)] = []
    missing: Annotated[list[MissingSent], Meta(max_length=_NOTES_MAX)] = []


@get("/store/round/token", dependencies=PICKING, sync_to_thread=True)
def tell_round_token(request: WebRequest, picking: NamedDependency[Desk]) -> Response[bytes]:
    """Tell what commands carry: a page that was opened without a network has none, or an old one."""
    assert picking.visitor
    return answered(RoundToken(token=form_token(request), now=edge_of(request).clock()))


@get("/store/round/book", dependencies=PICKING, sync_to_thread=True)
def tell_round(
    request: WebRequest, picking: NamedDependency[Desk], wanted: FromQuery[UUID | None] = None
) -> Response[bytes]:
    """Tell a picker's phone all it shows; `wanted` names a round, else it is the own one."""
    language = language_of(request)
    return answered(
        read(request, lambda conn, now: read_book(conn, picking, language, now=now, wanted=wanted))
    )


def _done(
    request: WebRequest,
    desk: Desk,
    work: Callable[[Conn, Scope, datetime], UUID | None],
    *,
    short: list[UnitsMissing] | None = None,
) -> Response[bytes]:
    """Do a command at the desk's site, and tell the round that it leads to as it stands then."""
    scope = Scope(sites=frozenset({desk.site.id}))
    language = language_of(request)

    def whole(conn: Conn, now: datetime) -> msgspec.Struct:
        wanted = work(conn, scope, now)
        book = read_book(conn, desk, language, now=now, wanted=wanted)
        heads = {one.path.rpartition("/")[2]: one for one in book.round.boxes} if book.round else {}
        boxes = sorted({heads[str(one.task_id)].box for one in short or () if str(one.task_id) in heads})
        return msgspec.structs.replace(book, short=[str(box) for box in boxes])

    return answered(run(request, whole))


@post("/store/round/begin", dependencies=PICKING, status_code=200, sync_to_thread=True)
def begin_round(request: WebRequest, picking: NamedDependency[Desk], body: RawBody) -> Response[bytes]:
    """Begin a round with the most urgent tasks; who has one under way goes on with it."""
    asked: BeginAsk = decode(body, BeginAsk)
    if asked.round_id.version != 7:
        raise Refused(IdNotOfItsTime(id=asked.round_id))

    def work(conn: Conn, scope: Scope, now: datetime) -> UUID:
        wanted = process.WantedRound(
            round_id=RoundId(asked.round_id),
            site_id=picking.site.id,
            picker_id=picking.person_id,
            at_most=asked.at_most,
        )
        return granted(process.begin(conn, wanted, scope=scope, now=now)).round_id

    return _done(request, picking, work)


@post("/store/round/take-over", dependencies=PICKING, status_code=200, sync_to_thread=True)
def take_over_round(request: WebRequest, picking: NamedDependency[Desk], body: RawBody) -> Response[bytes]:
    """Go on with another's round."""
    asked: RoundAsk = decode(body, RoundAsk)

    def work(conn: Conn, scope: Scope, now: datetime) -> UUID:
        taken = process.take_over(
            conn, RoundId(asked.round_id), picker=Picker(person_id=picking.person_id, scope=scope), now=now
        )
        return granted(taken).round_id

    return _done(request, picking, work)


@post("/store/round/notes", dependencies=PICKING, status_code=200, sync_to_thread=True)
def note_round(request: WebRequest, picking: NamedDependency[Desk], body: RawBody) -> Response[bytes]:
    """Keep what lies in the boxes, and let the least urgent orders go short of what is missing."""
    asked: NotesSent = decode(body, NotesSent)
    short: list[UnitsMissing] = []

    def work(conn: Conn, scope: Scope, now: datetime) -> UUID:
        skus = catalogue.skus_by_code(conn, {one.sku for one in asked.missing}) if asked.missing else {}
        said = process.Said(
            round_id=RoundId(asked.round_id),
            boxed=tuple(
                BoxedUnits(allocation_id=AllocationId(one.key), units=one.units, at=one.at)
                for one in asked.boxed
            ),
            missing=tuple(
                Missing(id=one.id, sku_id=skus[one.sku].id, units=one.units, reason=one.reason)
                for one in asked.missing
                if one.sku in skus
            ),
        )
        short[:] = granted(
            process.note(conn, said, picker=Picker(person_id=picking.person_id, scope=scope), now=now)
        )
        return asked.round_id

    return _done(request, picking, work, short=short)


@post("/store/round/put-back", dependencies=PICKING, status_code=200, sync_to_thread=True)
def put_back_round(request: WebRequest, picking: NamedDependency[Desk], body: RawBody) -> Response[bytes]:
    """Give up what is not yet checked of a round."""
    asked: RoundAsk = decode(body, RoundAsk)

    def work(conn: Conn, scope: Scope, now: datetime) -> UUID | None:
        granted(
            process.put_back(
                conn,
                RoundId(asked.round_id),
                picker=Picker(person_id=picking.person_id, scope=scope),
                now=now,
            )
        )
        return None

    return _done(request, picking, work)


@post("/store/round/hand-over", dependencies=PICKING, status_code=200, sync_to_thread=True)
def hand_over_round(request: WebRequest, picking: NamedDependency[Desk], body: RawBody) -> Response[bytes]:
    """Give all packed parcels of a round to the carrier, each by the number on its label.

    What lacks a photo that it needs, or has an address in doubt, stays and holds up no other.
    """
    asked: RoundAsk = decode(body, RoundAsk)

    def work(conn: Conn, scope: Scope, now: datetime) -> UUID | None:
        in_round = tasks_in(conn, RoundId(asked.round_id), picking)
        lacking = tasks_lacking_photos(conn, in_round)
        ready = [
            HandOverTask(task_id=task.task_id)
            for task in fulfilment.tasks_by_id(conn, in_round)
            if task.state is TaskState.PACKED
            and task.kind is TaskKind.DELIVER
            and task.task_id not in lacking
        ]
        # What riders take goes by the code that each of them says, parcel by parcel.
        others = taken_by_riders(conn, [one.task_id for one in ready], scope=scope)
        others |= held_back(conn, [one.task_id for one in ready], scope=scope, asks=True).keys()
        ready = [one for one in ready if one.task_id not in others]
        for outcome in fulfil.hand_over(conn, ready, scope=scope, now=now):
            if isinstance(outcome, Refusal):
                raise Refused(outcome)
        return None

    return _done(request, picking, work)


def tasks_in(conn: Conn, round_id: RoundId, desk: Desk) -> list[TaskId]:
    """Return the tasks of somebody's own round at a site. Raises Refused for another's, as for none elsewhere."""
    found = round_by_id(conn, round_id)
    if found is None or found.site_id != desk.site.id:
        raise Refused(RoundUnknown(round_id=round_id))
    if found.picker_id != desk.person_id:
        raise Refused(RoundIsAnothers(round_id=round_id, picker_id=found.picker_id))
    return [one.task_id for one in tasks_of_round(conn, round_id)]


ROUND_COMMANDS = [
    tell_round_token,
    tell_round,
    begin_round,
    take_over_round,
    note_round,
    put_back_round,
    hand_over_round,
]
