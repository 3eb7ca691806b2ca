"""Feeds: dealers' own systems say how many units there are. Registered here, heard here, answered for here."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter, RawBody
from msgspec import Meta

from loopline import catalogue, feeds, org, stock
from loopline.db import Conn
from loopline.feeds import Answer, Feed, FeedKind, NewFeed, NewSnapshot, StatedUnits, SuspicionAnswer
from loopline.feeds.rules import age_in_intervals
from loopline.kernel.ids import FeedId, SkuId, SuspicionId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.org import Permission
from loopline.processes import hear
from loopline.web.api.answers import PROBLEMS, AnyRequest, commanded, granted, read
from loopline.web.api.caller import Caller
from loopline.web.api.reading import BadInput
from loopline.web.api.refusals import NoSuchThing
from loopline.web.api.shapes import Batch, Outcomes, decided, merged, posted, told
from loopline.web.api.types import Code, Moment
from loopline.web.languages import marked

_TAG = "feeds"
_STATED_MAX = 5_000
SUSPICIONS_MAX = 200


class Coverage(StrEnum):
    """What a file speaks of: all that lies there, or only what it names."""

    WHOLE = "whole"
    PART = "part"


StatedCount = Annotated[
    int, Meta(ge=0, le=1_000_000, description="Pieces there are; none is a statement too.")
]
Number = Annotated[
    str, Meta(min_length=1, max_length=100, description="Your number of the snapshot, used once.")
]
OfFeed = Annotated[Code, QueryParameter(name="feed_code", description="The feed that speaks.")]
OfNumber = Annotated[Number, QueryParameter(name="number")]
AsAt = Annotated[Moment, QueryParameter(name="as_at", description="The moment the counts are of.")]
Covers = Annotated[
    Coverage,
    QueryParameter(name="covers", description="Whether nothing is there of what is not named."),
]
_BAD_ROW = marked("a row is a SKU code and a whole number of pieces, from 0 to 1,000,000")
_TOO_MANY_ROWS = marked("at most 5,000 rows at a time")


class FeedAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A system that will state the units of one owner at one site. `owner_code` null: the site's seller.

    `kind`: it counts all that lies there, or only what it could still sell. A snapshot is expected each
    `interval_minutes`; after `stale_after` of them without one, nothing it stated is promised.
    """

    code: Code
    site_code: Code
    kind: FeedKind
    interval_minutes: Annotated[int, Meta(ge=1, le=10_080)]
    owner_code: Code | None = None
    stale_after: Annotated[int, Meta(ge=2, le=100)] = 4


class FeedTold(msgspec.Struct, frozen=True, kw_only=True):
    """A feed as it stands. `trust_percent` is its record, `doubt_percent` the share of its goods kept back now."""

    code: str
    site_code: str
    kind: FeedKind
    interval_minutes: int
    stale_after: int
    heard_as_at: datetime | None
    intervals_old: int
    trust_percent: int
    doubt_percent: int
    is_stale: bool


class Feeds(msgspec.Struct, frozen=True, kw_only=True):
    """The feeds of somebody's branch."""

    items: list[FeedTold]


class StatedAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many units of a SKU there are."""

    sku_code: Code
    units: StatedCount


class SnapshotAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a dealer's system states, as at a moment. `whole`: there is nothing of what is not named.

    The same number again is that snapshot; with other content it is refused. SKUs we do not know are passed over.
    """

    feed_code: Code
    number: Number
    as_at: Moment
    items: Annotated[list[StatedAsk], Meta(max_length=_STATED_MAX)]
    whole: bool = False


class SnapshotTold(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a snapshot: statements applied, unchanged, outdated by newer ones, or left to a person."""

    id: UUID
    as_at: datetime
    is_repeat: bool
    named: int
    applied: int
    unchanged: int
    outdated: int
    doubted: int
    unknown_sku_codes: list[str]


class SuspicionTold(msgspec.Struct, frozen=True, kw_only=True):
    """A statement that does not look right and waits for a person."""

    id: UUID
    feed_code: str
    sku_code: str
    as_at: datetime
    units: int
    our_units: int
    why: feeds.Why


class Suspicions(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for a person in somebody's branch, the oldest first, at most two hundred."""

    items: list[SuspicionTold]


class AnswerAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What you say of a suspicion: accept it, and our books follow; or reject it, and it counts against its feed."""

    id: UUID
    answer: Answer


class AnswerKept(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that stands, and by how many units the books changed."""

    id: UUID
    answer: Answer
    change: int


@posted("/stock/feeds", tag=_TAG, name="add_feeds", gives=Outcomes[FeedTold])
def add_feeds(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[FeedAsk]]
) -> Response[bytes]:
    """Register systems that will state units of a site of one's branch."""
    scope = caller.scope(Permission.STOCK_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[FeedTold | Refusal]:
        judged = _new_feeds(conn, data.items, scope=scope, now=now)

        def write(new: list[NewFeed]) -> list[FeedTold | Refusal]:
            made = feeds.add_feeds(conn, new, now=now)
            told_of = iter(feeds_told(conn, [one for one in made if isinstance(one, Feed)], now=now))
            return [one if isinstance(one, Refusal) else next(told_of) for one in made]

        return merged(judged, write)

    return decided(request, caller, data, decide)


def _new_feeds(
    conn: Conn, items: Sequence[FeedAsk], *, scope: Scope, now: datetime
) -> list[NewFeed | Refusal]:
    sites = org.sites_by_code(conn, {one.site_code for one in items})
    owners = org.entities_by_code(conn, {one.owner_code for one in items if one.owner_code is not None})
    leaves = {
        (leaf.site_id, leaf.owner_id): leaf.id
        for leaf in stock.leaves_of_sites(conn, [site.id for site in sites.values()])
    }
    judged: list[NewFeed | Refusal] = []
    for one, made in zip(items, uuid7s(now, len(items)), strict=True):
        site = sites.get(one.site_code)
        if site is None or not scope.covers_site(site.id):
            outside = not scope.everything
            judged.append(
                NotInYourBranch(subject=one.site_code)
                if outside
                else NoSuchThing(noun="site", value=one.site_code)
            )
            continue
        owner = owners.get(one.owner_code) if one.owner_code is not None else None
        owner_id = site.entity_id if one.owner_code is None else owner.id if owner else None
        leaf_id = leaves.get((site.id, owner_id))
        if leaf_id is None:
            judged.append(NoSuchThing(noun="leaf", value=f"{one.site_code} {one.owner_code or ''}".strip()))
            continue
        judged.append(
            NewFeed(
                id=FeedId(made),
                code=one.code,
                leaf_id=leaf_id,
                site_id=site.id,
                kind=one.kind,
                interval_minutes=one.interval_minutes,
                stale_after=one.stale_after,
            )
        )
    return judged


def feeds_told(conn: Conn, found: Sequence[Feed], *, now: datetime) -> list[FeedTold]:
    """Write feeds down, in the order given."""
    sites = org.sites_by_id(conn, {one.site_id for one in found})
    trust = feeds.trust_of(conn, [one.id for one in found], now=now)
    return [
        FeedTold(
            code=one.code,
            site_code=sites[one.site_id].code if one.site_id in sites else "",
            kind=one.kind,
            interval_minutes=one.interval_minutes,
            stale_after=one.stale_after,
            heard_as_at=one.heard_as_at,
            intervals_old=age_in_intervals(one, now=now),
            trust_percent=trust[one.id],
            doubt_percent=one.doubt_percent,
            is_stale=one.doubt_percent == 100,
        )
        for one in found
    ]


@told("/stock/feeds", tag=_TAG, name="list_feeds")
def list_feeds(request: AnyRequest, caller: NamedDependency[Caller]) -> Feeds:
    """List the feeds of one's branch with their age, their record and what is kept back on their account."""
    scope = caller.scope(Permission.STOCK_READ)

    def find(conn: Conn, now: datetime) -> Feeds:
        found = feeds.feeds_at(conn, None if scope.everything else list(scope.sites))
        return Feeds(items=feeds_told(conn, found, now=now))

    return read(request, find)


@posted("/stock/snapshots", tag=_TAG, name="take_snapshot", gives=SnapshotTold)
def take_snapshot(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[SnapshotAsk]
) -> Response[SnapshotTold]:
    """Take in what a dealer's system states: its units less ours as at that moment become movements."""
    return _taken(request, caller, data, body=data)


@post(
    "/stock/snapshots/csv",
    tags=[_TAG],
    operation_id="take_snapshot_file",
    status_code=200,
    sync_to_thread=True,
    responses=dict(PROBLEMS),
)
def take_snapshot_file(  # noqa: PLR0913, PLR0917 - what a file cannot say of itself is in the query
    request: AnyRequest,
    caller: NamedDependency[Caller],
    body: RawBody,
    feed_code: OfFeed,
    number: OfNumber,
    as_at: AsAt,
    covers: Covers,
) -> Response[SnapshotTold]:
    """Take in a snapshot as CSV: a SKU code and its units on each line, a first line of names where there is one."""
    ask = SnapshotAsk(
        feed_code=feed_code,
        number=number,
        as_at=as_at,
        whole=covers is Coverage.WHOLE,
        items=_rows_of(body),
    )
    return _taken(request, caller, ask, body=ask)


def _rows_of(body: bytes) -> list[StatedAsk]:
    """Read rows of SKU code and units. Raises BadInput naming the first line that is none."""
    try:
        rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(field="", template=_BAD_ROW) from error
    if rows and len(rows[0]) > 1 and rows[0][1].strip().lower() in {"units", "数量"}:
        rows[0] = []
    if len(rows) > _STATED_MAX + 1:
        raise BadInput(field="", template=_TOO_MANY_ROWS)
    found: list[StatedAsk] = []
    for line, row in enumerate(rows, start=1):
        if not any(cell.strip() for cell in row):
            continue
        try:
            stated = {"sku_code": row[0].strip(), "units": int(row[1].strip())}
            found.append(msgspec.convert(stated, StatedAsk))
        except (IndexError, ValueError) as error:
            raise BadInput(field=f"line {line}", template=_BAD_ROW) from error
    return found


def _taken(
    request: AnyRequest, caller: Caller, ask: SnapshotAsk, *, body: msgspec.Struct
) -> Response[SnapshotTold]:
    scope = caller.scope(Permission.FEEDS_WRITE)

    def work(conn: Conn, now: datetime) -> SnapshotTold:
        skus = catalogue.skus_by_code(conn, {one.sku_code for one in ask.items})
        snapshot = NewSnapshot(
            feed_code=ask.feed_code,
            number=ask.number,
            as_at=ask.as_at,
            whole=ask.whole,
            units=tuple(
                StatedUnits(sku_id=SkuId(skus[one.sku_code].id), units=one.units)
                for one in ask.items
                if one.sku_code in skus
            ),
        )
        taken = granted(hear.take_snapshot(conn, snapshot, scope=scope, now=now, actor=caller.actor))
        return SnapshotTold(
            id=taken.snapshot_id,
            as_at=taken.as_at,
            is_repeat=taken.is_repeat,
            named=taken.named,
            applied=taken.applied,
            unchanged=taken.unchanged,
            outdated=taken.outdated,
            doubted=taken.doubted,
            unknown_sku_codes=sorted({one.sku_code for one in ask.items} - set(skus)),
        )

    return commanded(request, caller, body, work)


@told("/stock/suspicions", tag=_TAG, name="list_suspicions")
def list_suspicions(request: AnyRequest, caller: NamedDependency[Caller]) -> Suspicions:
    """List statements that wait for a person, of one's branch."""
    scope = caller.scope(Permission.STOCK_READ)

    def find(conn: Conn, _: datetime) -> Suspicions:
        known = {one.id: one for one in feeds.feeds_at(conn, None if scope.everything else list(scope.sites))}
        found = feeds.open_suspicions(conn, list(known), at_most=SUSPICIONS_MAX)
        skus = catalogue.skus_by_id(conn, {one.sku_id for one in found})
        return Suspicions(
            items=[
                SuspicionTold(
                    id=one.id,
                    feed_code=known[one.feed_id].code,
                    sku_code=skus[one.sku_id].code if one.sku_id in skus else str(one.sku_id),
                    as_at=one.as_at,
                    units=one.units,
                    our_units=one.ours,
                    why=one.why,
                )
                for one in found
            ]
        )

    return read(request, find)


@posted("/stock/suspicions/answers", tag=_TAG, name="answer_suspicion", gives=AnswerKept)
def answer_suspicion(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[AnswerAsk]
) -> Response[AnswerKept]:
    """Say whether a statement is right. Once: what was answered stands."""
    scope = caller.scope(Permission.STOCK_WRITE)

    def work(conn: Conn, now: datetime) -> AnswerKept:
        asked = SuspicionAnswer(suspicion_id=SuspicionId(data.id), answer=data.answer)
        kept = granted(hear.answer_suspicion(conn, asked, scope=scope, now=now, actor=caller.actor))
        return AnswerKept(id=kept.suspicion_id, answer=kept.answer, change=kept.change)

    return commanded(request, caller, data, work)


FEED_HANDLERS = [
    add_feeds,
    list_feeds,
    take_snapshot,
    take_snapshot_file,
    list_suspicions,
    answer_suspicion,
]
