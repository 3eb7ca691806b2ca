"""What comes when, as people say it, and what waits for goods until which day."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from loopline import catalogue, org
from loopline.db import Conn
from loopline.kernel.ids import LineId, OrderId
from loopline.kernel.refusals import Refusal
from loopline.orders.parking import ParkedOn, parked_by_day
from loopline.orders.waiting import DayBasis, ParkedFor
from loopline.org import Permission
from loopline.processes.expect import RestockWish, state, withdraw
from loopline.stock.restocks import NOTE_LENGTH_MAX, Restock, restocks
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.catalogue import whole_brand
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.shapes import Batch, Outcomes, Page, Paging, decided, page_of, posted, told
from loopline.web.api.types import Code, Units

_TAG = "stock"
_NO_DAY = date.max


class RestockAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Goods come on a day: to a site, or (null) to the brand; so many units, or (null) enough for all who wait.

    It takes the place of what was said last of this SKU there. What is received there from now on is taken off it.
    """

    sku_code: Code
    expected_on: date
    site_code: Code | None = None
    units: Units | None = None
    note: Annotated[str, Meta(max_length=NOTE_LENGTH_MAX)] = ""


class RestockTold(msgspec.Struct, frozen=True, kw_only=True):
    """What was said of goods that come. `left_units`: still to come; null: enough for all who wait."""

    id: UUID
    sku_code: str
    site_code: str | None
    expected_on: date
    units: int | None
    left_units: int | None
    note: str
    stated_at: datetime
    stated_by: str


class RestockNamed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that was said of goods that come."""

    id: UUID


class ParkedLineTold(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a paid order that wait for goods: why, and the day these are expected; null: nobody knows of one."""

    order_id: OrderId
    number: str
    line_id: LineId
    sku_code: str
    units: int
    channel: str
    placed_at: datetime
    parked_for: ParkedFor
    expected_on: date | None
    basis: DayBasis | None


@posted("/stock/restocks", tag=_TAG, name="state_restocks", gives=Outcomes[RestockTold])
def state_restocks(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[RestockAsk]]
) -> Response[bytes]:
    """Say what comes when, for sites of your branch; who has the whole brand says it for the brand too."""
    scope = caller.scope(Permission.STOCK_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[RestockTold | Refusal]:
        wishes = [
            RestockWish(
                sku_code=one.sku_code,
                expected_on=one.expected_on,
                site_code=one.site_code,
                units=one.units,
                note=one.note.strip(),
            )
            for one in data.items
        ]
        outcomes = state(conn, wishes, scope=scope, actor=str(caller.actor), now=now)
        said = iter(_told(conn, [one for one in outcomes if isinstance(one, Restock)]))
        return [next(said) if isinstance(one, Restock) else one for one in outcomes]

    return decided(request, caller, data, decide)


@posted("/stock/restocks/withdraw", tag=_TAG, name="withdraw_restocks", gives=Outcomes[RestockNamed])
def withdraw_restocks(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[RestockNamed]]
) -> Response[bytes]:
    """Take back what was said of goods that come: what waited by it has no day any more, or another."""
    scope = caller.scope(Permission.STOCK_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[RestockNamed | Refusal]:
        outcomes = withdraw(
            conn, [one.id for one in data.items], scope=scope, actor=str(caller.actor), now=now
        )
        return [one if isinstance(one, Refusal) else RestockNamed(id=one) for one in outcomes]

    return decided(request, caller, data, decide)


@told("/stock/restocks", tag=_TAG, name="list_restocks")
def list_restocks(
    request: AnyRequest, caller: NamedDependency[Caller], asked: NamedDependency[Paging]
) -> Page[RestockTold]:
    """List what stands of goods that come, to sites of your branch and to the brand, in the order it was said."""
    scope = caller.scope(Permission.STOCK_READ)
    (after,) = asked.after(UUID) or (None,)

    def find(conn: Conn, _: datetime) -> Page[RestockTold]:
        standing = sorted(
            (
                one
                for one in restocks(conn)
                if (one.site_id is None or scope.covers_site(one.site_id)) and one.left != 0
            ),
            key=lambda one: one.id,
        )
        shown = [one for one in standing if after is None or one.id > after][: asked.at_most]
        return page_of(_told(conn, shown), asked, told=_itself, cursor=lambda one: encode_cursor(one.id))

    return read(request, find)


@told("/parked-lines", tag="orders", name="list_parked_lines")
def list_parked_lines(
    request: AnyRequest, caller: NamedDependency[Caller], asked: NamedDependency[Paging]
) -> Page[ParkedLineTold]:
    """List what waits for goods, by the day these are expected, those without a day last. For the whole brand."""
    whole_brand(caller, Permission.SOURCING_READ, subject="orders")
    after = asked.after(date, UUID, UUID)

    def find(conn: Conn, _: datetime) -> Page[ParkedLineTold]:
        place = (None if after[0] == _NO_DAY else after[0], after[1], after[2]) if after else None
        rows = parked_by_day(conn, after=place, limit=asked.at_most)
        skus = catalogue.skus_by_id(conn, {row.sku_id for row in rows})
        return page_of(
            rows,
            asked,
            told=lambda row: _line_told(
                row, skus[row.sku_id].code if row.sku_id in skus else str(row.sku_id)
            ),
            cursor=lambda row: encode_cursor(row.expected_on or _NO_DAY, row.order_id, row.line_id),
        )

    return read(request, find)


def _line_told(row: ParkedOn, sku_code: str) -> ParkedLineTold:
    return ParkedLineTold(
        order_id=row.order_id,
        number=row.number,
        line_id=row.line_id,
        sku_code=sku_code,
        units=row.units,
        channel=row.channel,
        placed_at=row.placed_at,
        parked_for=row.reason,
        expected_on=row.expected_on,
        basis=row.basis,
    )


def _itself(one: RestockTold) -> RestockTold:
    return one


def _told(conn: Conn, found: Sequence[Restock]) -> list[RestockTold]:
    skus = catalogue.skus_by_id(conn, {one.sku_id for one in found})
    sites = org.sites_by_id(conn, {one.site_id for one in found if one.site_id is not None})
    return [
        RestockTold(
            id=one.id,
            sku_code=skus[one.sku_id].code if one.sku_id in skus else str(one.sku_id),
            site_code=sites[one.site_id].code if one.site_id is not None and one.site_id in sites else None,
            expected_on=one.expected_on,
            units=one.units,
            left_units=one.left,
            note=one.note,
            stated_at=one.stated_at,
            stated_by=one.stated_by,
        )
        for one in found
    ]


RESTOCK_HANDLERS = [state_restocks, withdraw_restocks, list_restocks, list_parked_lines]
