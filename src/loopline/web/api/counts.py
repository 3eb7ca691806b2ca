"""Counts that take a while: begun at a site, entered look by look while the shop sells, posted or dropped at last."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter

from loopline import catalogue, org, stock
from loopline.db import Conn
from loopline.kernel.ids import CountId, NodeId, SkuId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch
from loopline.org import Permission
from loopline.processes import count
from loopline.stock import CountEnd, CountFacts, CountLine, CountOpened, CountSession, Look, Looked, NewCount
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.refusals import IdNotOfItsTime, NoSuchThing
from loopline.web.api.shapes import Batch, Outcomes, Page, Paging, decided, merged, page_of, posted, told
from loopline.web.api.stock import CountedUnits, OfSites
from loopline.web.api.transfers import site_codes_of
from loopline.web.api.types import Code

_TAG = "stock"
OnlyOpen = Annotated[bool, QueryParameter(name="only_open", description="Leave out counts that have ended.")]
OfCount = Annotated[UUID, QueryParameter(name="count_id", description="The count.")]


class CountBeginning(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A count to begin at a site, of one owner's goods; `owner_code` null: of the site's seller.

    `id` is a UUIDv7 that names the count: the same one again is that count.
    """

    site_code: Code
    owner_code: Code | None = None
    id: UUID | None = None


class CountBegun(msgspec.Struct, frozen=True, kw_only=True):
    """A count that is open."""

    id: UUID
    site_code: str


class LookAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many units somebody sees, unsellable ones among them; a later look at a SKU replaces the earlier one."""

    count_id: UUID
    sku_code: Code
    units: CountedUnits


class LookKept(msgspec.Struct, frozen=True, kw_only=True):
    """What was entered, and what the books said at that moment."""

    count_id: UUID
    sku_code: str
    units: int
    expected: int


class CountEnding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The end of a count: what differed is posted, or the count is dropped and nothing moves."""

    count_id: UUID
    drops: bool = False


class CountLineTold(msgspec.Struct, frozen=True, kw_only=True):
    """The last look at a SKU: what was seen, what the books said then, and the difference that is posted."""

    sku_code: str
    units: int
    expected: int
    difference: int
    counted_at: datetime


class CountClosed(msgspec.Struct, frozen=True, kw_only=True):
    """A count that ended, with all that was looked at."""

    count_id: UUID
    is_posted: bool
    lines: list[CountLineTold]


class CountTold(msgspec.Struct, frozen=True, kw_only=True):
    """A count as it stands."""

    id: UUID
    site_code: str
    opened_at: datetime
    opened_by: str
    ended_at: datetime | None
    how_ended: str | None


@posted("/stock/count-sessions", tag=_TAG, name="open_counts", gives=Outcomes[CountBegun])
def open_counts(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[CountBeginning]]
) -> Response[bytes]:
    """Begin counts; several people may count one site at once, each with a count of their own."""
    scope = caller.scope(Permission.STOCK_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[CountBegun | Refusal]:
        sites = org.sites_by_code(conn, {one.site_code for one in data.items})
        leaves = stock.leaves_of_sites(conn, [site.id for site in sites.values()])
        owners = org.entities_by_code(conn, {one.owner_code for one in data.items if one.owner_code})
        leaf_ids = {(leaf.site_id, leaf.owner_id): leaf.id for leaf in leaves}
        judged: list[NewCount | Refusal] = []
        for one, made in zip(data.items, uuid7s(now, len(data.items)), strict=True):
            site = sites.get(one.site_code)
            if site is None or not scope.covers_site(site.id):
                unknown = NoSuchThing(noun="site", value=one.site_code)
                judged.append(unknown if scope.everything else NotInYourBranch(subject=one.site_code))
                continue
            owner = owners.get(one.owner_code) if one.owner_code else None
            owner_id = owner.id if owner else site.entity_id if one.owner_code is None else None
            leaf_id = leaf_ids.get((site.id, owner_id))
            if one.id is not None and one.id.version != 7:
                judged.append(IdNotOfItsTime(id=one.id))
            elif leaf_id is None:
                judged.append(NoSuchThing(noun="leaf", value=one.site_code))
            else:
                judged.append(NewCount(id=CountId(one.id or made), leaf_id=leaf_id))

        def write(new: list[NewCount]) -> list[CountBegun | Refusal]:
            opened = count.open_counts(conn, new, scope=scope, now=now, actor=caller.actor)
            codes = site_codes_of(conn, [one.leaf_id for one in new])
            return [
                CountBegun(id=one.count_id, site_code=codes[one.leaf_id])
                if isinstance(one, CountOpened)
                else one
                for one in opened
            ]

        return merged(judged, write)

    return decided(request, caller, data, decide)


@posted("/stock/count-sessions/looks", tag=_TAG, name="enter_counts", gives=Outcomes[LookKept])
def enter_counts(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[LookAsk]]
) -> Response[bytes]:
    """Enter what is seen, beside what the books say at this moment; nothing moves before the count is posted."""
    scope = caller.scope(Permission.STOCK_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[LookKept | Refusal]:
        skus = catalogue.skus_by_code(conn, {one.sku_code for one in data.items})
        codes = {sku.id: sku.code for sku in skus.values()}
        judged = [
            Look(count_id=CountId(one.count_id), sku_id=skus[one.sku_code].id, units=one.units)
            if one.sku_code in skus
            else NoSuchThing(noun="SKU", value=one.sku_code)
            for one in data.items
        ]

        def write(looks: list[Look]) -> list[LookKept | Refusal]:
            return [
                LookKept(
                    count_id=one.count_id,
                    sku_code=codes[one.sku_id],
                    units=one.units,
                    expected=one.expected,
                )
                if isinstance(one, Looked)
                else one
                for one in count.enter(conn, looks, scope=scope, now=now, actor=caller.actor)
            ]

        return merged(judged, write)

    return decided(request, caller, data, decide)


@posted("/stock/count-sessions/ends", tag=_TAG, name="end_counts", gives=Outcomes[CountClosed])
def end_counts(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[CountEnding]]
) -> Response[bytes]:
    """End counts: post what differed at the moment of each look, or drop it. What was sold since stays sold."""
    scope = caller.scope(Permission.STOCK_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[CountClosed | Refusal]:
        ends = [CountEnd(count_id=CountId(one.count_id), drops=one.drops) for one in data.items]
        outcomes = count.end(conn, ends, scope=scope, now=now, actor=caller.actor)
        lines = [line for one in outcomes if isinstance(one, CountFacts) for line in one.lines]
        told_lines = dict(zip([line.id for line in lines], _lines_told(conn, lines), strict=True))
        return [
            one
            if isinstance(one, Refusal)
            else CountClosed(
                count_id=one.count_id,
                is_posted=not one.drops,
                lines=[told_lines[line.id] for line in one.lines],
            )
            for one in outcomes
        ]

    return decided(request, caller, data, decide)


@told("/stock/count-sessions", tag=_TAG, name="list_counts")
def list_counts(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    site_codes: OfSites,
    *,
    only_open: OnlyOpen = True,
) -> Page[CountTold]:
    """List the counts of sites of one's branch, the latest first."""
    scope = caller.scope(Permission.STOCK_READ)
    after = asked.after(UUID)

    def find(conn: Conn, _: datetime) -> Page[CountTold]:
        sites = [one for one in org.sites_by_code(conn, site_codes).values() if scope.covers_site(one.id)]
        leaves = [leaf.id for leaf in stock.leaves_of_sites(conn, [site.id for site in sites])]
        rows = stock.counts_page(
            conn,
            leaves,
            only_open=only_open,
            before=CountId(after[0]) if after else None,
            at_most=asked.at_most,
        )
        codes = site_codes_of(conn, [row.leaf_id for row in rows])
        return page_of(
            rows,
            asked,
            told=lambda row: _count_told(row, codes[row.leaf_id]),
            cursor=lambda row: encode_cursor(row.count_id),
        )

    return read(request, find)


def _count_told(row: CountSession, site_code: str) -> CountTold:
    return CountTold(
        id=row.count_id,
        site_code=site_code,
        opened_at=row.opened_at,
        opened_by=row.opened_by,
        ended_at=row.ended_at,
        how_ended=row.how_ended,
    )


@told("/stock/count-sessions/looks", tag=_TAG, name="list_count_lines")
def list_count_lines(
    request: AnyRequest, caller: NamedDependency[Caller], asked: NamedDependency[Paging], count_id: OfCount
) -> Page[CountLineTold]:
    """List what was looked at in a count of one's branch, by SKU; nothing where there is no such count."""
    scope = caller.scope(Permission.STOCK_READ)
    after = asked.after(UUID)

    def find(conn: Conn, _: datetime) -> Page[CountLineTold]:
        places: dict[CountId, NodeId] = stock.count_places(conn, [CountId(count_id)])
        sites = {leaf.site_id for leaf in stock.nodes_by_ids(conn, list(places.values()))}
        is_ours = bool(sites) and all(scope.covers_site(site_id) for site_id in sites)
        lines = stock.count_lines(conn, [CountId(count_id)]) if is_ours else []
        rest = [line for line in lines if after is None or line.sku_id > SkuId(after[0])][: asked.at_most]
        return page_of(
            list(zip(rest, _lines_told(conn, rest), strict=True)),
            asked,
            told=lambda pair: pair[1],
            cursor=lambda pair: encode_cursor(pair[0].sku_id),
        )

    return read(request, find)


def _lines_told(conn: Conn, lines: Sequence[CountLine]) -> list[CountLineTold]:
    skus = catalogue.skus_by_id(conn, {line.sku_id for line in lines})
    return [
        CountLineTold(
            sku_code=skus[line.sku_id].code if line.sku_id in skus else str(line.sku_id),
            units=line.units,
            expected=line.expected,
            difference=line.units - line.expected,
            counted_at=line.counted_at,
        )
        for line in lines
    ]


COUNT_HANDLERS = [open_counts, enter_counts, end_counts, list_counts, list_count_lines]
