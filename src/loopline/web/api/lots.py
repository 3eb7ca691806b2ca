"""Lots: what lies in which batch where, recalls and their lifting, who got what, and how long goods keep."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta

from loopline import catalogue, orders, org, stock
from loopline.db import Conn
from loopline.kernel.ids import LotId, NodeId, SkuId
from loopline.kernel.refusals import Refusal, Refused
from loopline.org import Permission
from loopline.processes import recall
from loopline.stock import lots
from loopline.stock.lots import LotAtLeaf, LotChoice, LotGone
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.catalogue import whole_brand
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.lot_codes import LotCode
from loopline.web.api.refusals import NoSuchThing
from loopline.web.api.shapes import (
    Batch,
    Outcomes,
    Page,
    Paging,
    SkuCodes,
    decided,
    merged,
    page_of,
    posted,
    told,
)
from loopline.web.api.stock import OfSites
from loopline.web.api.transfers import site_codes_of
from loopline.web.api.types import Code

_TAG = "stock"
Reason = Annotated[str, Meta(min_length=1, max_length=500, description="Why, as people will read it.")]
OfSku = Annotated[Code, QueryParameter(name="sku_code", description="The SKU.")]
OfLot = Annotated[LotCode, QueryParameter(name="lot_code", description="The batch, or the serial number.")]
Choose = Callable[[Conn, list[LotChoice], datetime], Sequence[recall.Recalled | Refusal]]


class LotsNamed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lots of a SKU: those of a batch, or all that were made between two days, both included."""

    sku_code: Code
    lot_code: LotCode | None = None
    made_from: date | None = None
    made_until: date | None = None


class RecallAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lots to be locked at every site at once, and why."""

    lots: LotsNamed
    reason: Reason


class LiftAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lots whose recall is lifted."""

    lots: LotsNamed


class UnitsLocked(msgspec.Struct, frozen=True, kw_only=True):
    """Units at a site that became unsellable or, negative, may be sold again."""

    site_code: str
    units: int


class RecallDone(msgspec.Struct, frozen=True, kw_only=True):
    """What a recall or its lifting came to. `taken_back_units` were in work under way, and are sourced again."""

    sku_code: str
    lot_codes: list[str]
    sites: list[UnitsLocked]
    taken_back_units: int


class LotLine(msgspec.Struct, frozen=True, kw_only=True):
    """What lies in a lot at a site; `planned` units of it are to be taken for orders. Without a code: in no lot."""

    site_code: str
    sku_code: str
    lot_code: str
    batch_code: str
    expires_on: date | None
    sold_until: date | None
    units: int
    planned: int
    unsellable: int
    is_recalled: bool
    is_expired: bool


class LotReceiver(msgspec.Struct, frozen=True, kw_only=True):
    """An order that got units of a lot, and from which site."""

    order_id: UUID
    order_number: str
    site_code: str
    units: int
    at: datetime


class ShelfLifeAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many days before it expires a SKU is no longer sold."""

    sku_code: Code
    days_before_expiry: Annotated[int, Meta(ge=0, le=3650)]


class ShelfLifeKept(msgspec.Struct, frozen=True, kw_only=True):
    """What holds now."""

    sku_code: str
    days_before_expiry: int


@posted("/stock/recalls", tag=_TAG, name="recall_lots", gives=Outcomes[RecallDone])
def recall_lots(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[RecallAsk]]
) -> Response[bytes]:
    """Lock lots at every site at once. Work with them is taken back; who got some already, is told by the list."""
    whole_brand(caller, Permission.STOCK_WRITE, subject=_TAG)

    def decide(conn: Conn, now: datetime) -> Sequence[RecallDone | Refusal]:
        # One by one, as each has a reason of its own: at most a thousand, and rarely more than one.
        return [
            outcome
            for one in data.items
            for outcome in _done(
                conn,
                [one.lots],
                now=now,
                choose=lambda conn, choices, now, reason=one.reason: recall.recall(
                    conn, choices, reason=reason, now=now, actor=caller.actor
                ),
            )
        ]

    return decided(request, caller, data, decide)


@posted("/stock/recalls/lifts", tag=_TAG, name="lift_recalls", gives=Outcomes[RecallDone])
def lift_recalls(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[LiftAsk]]
) -> Response[bytes]:
    """Free recalled lots again; what has expired meanwhile stays locked."""
    whole_brand(caller, Permission.STOCK_WRITE, subject=_TAG)

    def decide(conn: Conn, now: datetime) -> Sequence[RecallDone | Refusal]:
        return _done(
            conn,
            [one.lots for one in data.items],
            now=now,
            choose=lambda conn, choices, now: recall.lift(conn, choices, now=now, actor=caller.actor),
        )

    return decided(request, caller, data, decide)


def _done(
    conn: Conn, named: Sequence[LotsNamed], *, now: datetime, choose: Choose
) -> list[RecallDone | Refusal]:
    skus = catalogue.skus_by_code(conn, {one.sku_code for one in named})
    judged = [
        LotChoice(
            sku_id=skus[one.sku_code].id,
            batch=one.lot_code,
            made_from=one.made_from,
            made_until=one.made_until,
        )
        if one.sku_code in skus
        else NoSuchThing(noun="SKU", value=one.sku_code)
        for one in named
    ]
    outcomes = merged([_said(one) for one in judged], lambda choices: choose(conn, choices, now))
    leaves = [units.leaf_id for one in outcomes if not isinstance(one, Refusal) for units in one.locked]
    sites = site_codes_of(conn, leaves)
    codes = {sku.id: sku.code for sku in skus.values()}
    return [
        one
        if isinstance(one, Refusal)
        else RecallDone(
            sku_code=codes[one.lots[0].sku_id],
            lot_codes=[lot.code for lot in one.lots],
            sites=[UnitsLocked(site_code=sites[of.leaf_id], units=of.units) for of in one.locked],
            taken_back_units=one.taken_back_units,
        )
        for one in outcomes
    ]


def _said(one: LotChoice | Refusal) -> LotChoice | Refusal:
    """Refuse a choice that means every lot there is."""
    if isinstance(one, LotChoice) and one.batch is None and one.made_from is None and one.made_until is None:
        return recall.NoSuchLots(field="lot_code")
    return one


@told("/stock/lots", tag=_TAG, name="list_lots")
def list_lots(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    site_codes: OfSites,
    sku_codes: SkuCodes = None,
) -> Page[LotLine]:
    """List what lies in which lot at sites of one's branch; goods that are not kept in lots are left out."""
    scope = caller.scope(Permission.STOCK_READ)
    after = asked.after(UUID, UUID, UUID)

    def find(conn: Conn, _: datetime) -> Page[LotLine]:
        sites = [one for one in org.sites_by_code(conn, site_codes).values() if scope.covers_site(one.id)]
        leaves = [leaf.id for leaf in stock.leaves_of_sites(conn, [site.id for site in sites])]
        wanted = catalogue.skus_by_code(conn, sku_codes) if sku_codes is not None else None
        rows = lots.lots_at_leaves(
            conn,
            leaves,
            sku_ids=None if wanted is None else [sku.id for sku in wanted.values()],
            after=(NodeId(after[0]), SkuId(after[1]), LotId(after[2])) if after else None,
            at_most=asked.at_most,
        )
        return page_of(
            list(zip(rows, _lines(conn, rows), strict=True)),
            asked,
            told=lambda pair: pair[1],
            cursor=lambda pair: encode_cursor(pair[0].leaf_id, pair[0].sku_id, pair[0].lot_id),
        )

    return read(request, find)


def _lines(conn: Conn, rows: Sequence[LotAtLeaf]) -> list[LotLine]:
    sites = site_codes_of(conn, [row.leaf_id for row in rows])
    skus = catalogue.skus_by_id(conn, {row.sku_id for row in rows})
    return [
        LotLine(
            site_code=sites.get(row.leaf_id, ""),
            sku_code=skus[row.sku_id].code if row.sku_id in skus else str(row.sku_id),
            lot_code=row.code,
            batch_code=row.batch,
            expires_on=row.expires_on,
            sold_until=row.sell_until,
            units=row.units,
            planned=row.planned,
            unsellable=row.unsellable,
            is_recalled=row.is_recalled,
            is_expired=row.is_expired,
        )
        for row in rows
    ]


@told("/stock/lots/receivers", tag=_TAG, name="list_lot_receivers")
def list_lot_receivers(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    sku_code: OfSku,
    lot_code: OfLot,
) -> Page[LotReceiver]:
    """List the orders that got units of a batch or serial number, the first to leave first. It is the whole brand's."""
    whole_brand(caller, Permission.STOCK_READ, subject=_TAG)
    after = asked.after(datetime, UUID)

    def find(conn: Conn, _: datetime) -> Page[LotReceiver]:
        sku = catalogue.skus_by_code(conn, [sku_code]).get(sku_code)
        chosen = lots.chosen_lots(conn, LotChoice(sku_id=sku.id, batch=lot_code)) if sku else []
        if sku is not None and not chosen:
            chosen = list(lots.lots_by_code(conn, [(sku.id, lot_code)]).values())
        if not chosen:
            raise Refused(NoSuchThing(noun="lot", value=lot_code))
        rows = lots.who_got(
            conn,
            [lot.id for lot in chosen],
            after=(after[0], after[1]) if after else None,
            at_most=asked.at_most,
        )
        return page_of(
            list(zip(rows, _receivers(conn, rows), strict=True)),
            asked,
            told=lambda pair: pair[1],
            cursor=lambda pair: encode_cursor(pair[0].at, pair[0].movement_id),
        )

    return read(request, find)


def _receivers(conn: Conn, rows: Sequence[LotGone]) -> list[LotReceiver]:
    heads = {head.id: head for head in orders.orders_by_ids(conn, list({row.order_id for row in rows}))}
    sites = site_codes_of(conn, [row.leaf_id for row in rows])
    return [
        LotReceiver(
            order_id=row.order_id,
            order_number=heads[row.order_id].number if row.order_id in heads else "",
            site_code=sites.get(row.leaf_id, ""),
            units=row.units,
            at=row.at,
        )
        for row in rows
    ]


@posted("/stock/shelf-lives", tag=_TAG, name="set_shelf_lives", gives=Outcomes[ShelfLifeKept])
def set_shelf_lives(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[ShelfLifeAsk]]
) -> Response[bytes]:
    """Say how many days before they expire goods are no longer sold; what lies there already follows."""
    whole_brand(caller, Permission.STOCK_WRITE, subject=_TAG)

    def decide(conn: Conn, _: datetime) -> Sequence[ShelfLifeKept | Refusal]:
        skus = catalogue.skus_by_code(conn, {one.sku_code for one in data.items})
        known = [one for one in data.items if one.sku_code in skus]
        lots.set_shelf_lives(conn, {skus[one.sku_code].id: one.days_before_expiry for one in known})
        return [
            ShelfLifeKept(sku_code=skus[one.sku_code].code, days_before_expiry=one.days_before_expiry)
            if one.sku_code in skus
            else NoSuchThing(noun="SKU", value=one.sku_code)
            for one in data.items
        ]

    return decided(request, caller, data, decide)


LOT_HANDLERS = [recall_lots, lift_recalls, list_lots, list_lot_receivers, set_shelf_lives]
