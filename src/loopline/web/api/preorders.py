"""What is sold before there is any: opened, changed, closed and listed by who has the whole brand."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from loopline import catalogue
from loopline.db import Conn
from loopline.kernel.ids import SkuId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders.preorders import Standing
from loopline.org import Permission
from loopline.processes.place.ahead import standings_of
from loopline.processes.preorder import PreorderWish, close, state
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.catalogue import whole_brand
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.shapes import Batch, Outcomes, Page, Paging, decided, page_of, posted, told
from loopline.web.api.types import Code, Moment, Units

_TAG = "stock"
ALLOWANCE_MOST = 10_000_000


class PreorderAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A SKU may be sold before there is any: `allowance` units in all since this was first said of it.

    What comes in is taken off the allowance. From `opens_at` (null: now, or as it was) until `closes_at` (null: until
    it is closed); so many units in one order, and to one member (null: any number). It ships on `ships_on`, a day that
    may be changed: whoever waits is told. Said again of the same SKU, it changes what stands.
    """

    sku_code: Code
    allowance: Annotated[int, Meta(ge=0, le=ALLOWANCE_MOST)]
    ships_on: date
    opens_at: Moment | None = None
    closes_at: Moment | None = None
    per_order: Units | None = None
    per_member: Units | None = None


class PreorderTold(msgspec.Struct, frozen=True, kw_only=True):
    """A pre-order, and what was sold by it.

    `sold_units`: placed and not called off before goods came; of these `waiting_units` have no goods yet. `came_units`:
    received since it was first said. `left_units`: what may still be sold ahead. `above_units`: sold above the
    allowance, which was lowered since. `is_open`: whether it is sold now.
    """

    id: UUID
    sku_code: str
    allowance: int
    ships_on: date
    opens_at: datetime
    closes_at: datetime | None
    per_order: int | None
    per_member: int | None
    is_open: bool
    sold_units: int
    waiting_units: int
    came_units: int
    left_units: int
    above_units: int
    changed_at: datetime
    changed_by: str
    closed_at: datetime | None


class PreorderNamed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The pre-order of a SKU."""

    sku_code: Code


@posted("/preorders", tag=_TAG, name="state_preorders", gives=Outcomes[PreorderTold])
def state_preorders(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[PreorderAsk]]
) -> Response[bytes]:
    """Say what is sold before there is any, or change it. For the whole brand."""
    whole_brand(caller, Permission.STOCK_WRITE, subject="preorders")

    def decide(conn: Conn, now: datetime) -> Sequence[PreorderTold | Refusal]:
        wishes = [
            PreorderWish(
                sku_code=one.sku_code,
                allowance=one.allowance,
                ships_on=one.ships_on,
                opens_at=one.opens_at,
                closes_at=one.closes_at,
                per_order=one.per_order,
                per_member=one.per_member,
            )
            for one in data.items
        ]
        return _told(conn, state(conn, wishes, scope=WHOLE_BRAND, actor=str(caller.actor), now=now), now=now)

    return decided(request, caller, data, decide)


@posted("/preorders/close", tag=_TAG, name="close_preorders", gives=Outcomes[PreorderTold])
def close_preorders(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[PreorderNamed]]
) -> Response[bytes]:
    """Sell nothing more of SKUs before there is any; who bought still gets it. For the whole brand."""
    whole_brand(caller, Permission.STOCK_WRITE, subject="preorders")

    def decide(conn: Conn, now: datetime) -> Sequence[PreorderTold | Refusal]:
        codes = [one.sku_code for one in data.items]
        return _told(conn, close(conn, codes, scope=WHOLE_BRAND, actor=str(caller.actor), now=now), now=now)

    return decided(request, caller, data, decide)


@told("/preorders", tag=_TAG, name="list_preorders")
def list_preorders(
    request: AnyRequest, caller: NamedDependency[Caller], asked: NamedDependency[Paging]
) -> Page[PreorderTold]:
    """List the pre-orders that stand, closed ones by which somebody waits too. For the whole brand."""
    whole_brand(caller, Permission.STOCK_READ, subject="preorders")
    (after,) = asked.after(UUID) or (None,)

    def find(conn: Conn, now: datetime) -> Page[PreorderTold]:
        standing = sorted(standings_of(conn).values(), key=_id_of)
        rows = [one for one in standing if after is None or _id_of(one) > after][: asked.at_most]
        codes = {key: sku.code for key, sku in catalogue.skus_by_id(conn, _sku_ids(rows)).items()}
        return page_of(
            rows,
            asked,
            told=lambda one: _one_told(
                one, codes.get(one.preorder.sku_id, str(one.preorder.sku_id)), now=now
            ),
            cursor=lambda one: encode_cursor(_id_of(one)),
        )

    return read(request, find)


def _id_of(one: Standing) -> UUID:
    return one.preorder.id


def _sku_ids(found: Sequence[Standing]) -> set[SkuId]:
    return {one.preorder.sku_id for one in found}


def _told(
    conn: Conn, outcomes: Sequence[Standing | Refusal], *, now: datetime
) -> list[PreorderTold | Refusal]:
    skus = catalogue.skus_by_id(conn, _sku_ids([one for one in outcomes if isinstance(one, Standing)]))
    return [
        one if isinstance(one, Refusal) else _one_told(one, skus[one.preorder.sku_id].code, now=now)
        for one in outcomes
    ]


def _one_told(one: Standing, sku_code: str, *, now: datetime) -> PreorderTold:
    said = one.preorder
    return PreorderTold(
        id=said.id,
        sku_code=sku_code,
        allowance=said.allowance,
        ships_on=said.ships_on,
        opens_at=said.opens_at,
        closes_at=said.closes_at,
        per_order=said.per_order,
        per_member=said.per_member,
        is_open=said.is_open(now),
        sold_units=one.sold,
        waiting_units=one.waiting,
        came_units=one.came,
        left_units=one.left if said.is_open(now) else 0,
        above_units=one.above,
        changed_at=said.changed_at,
        changed_by=said.changed_by,
        closed_at=said.closed_at,
    )


PREORDER_HANDLERS = [state_preorders, close_preorders, list_preorders]
