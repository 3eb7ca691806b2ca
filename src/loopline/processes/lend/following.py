"""What lending learns from the log: sales, callings off, stock that moved, and what became of orders to be shipped."""

from collections.abc import Mapping, Sequence

import msgspec

from loopline import marketplaces, stock
from loopline.db import Conn
from loopline.db.followers import Follower
from loopline.fulfilment.events import ParcelHandedOver
from loopline.kernel.events import Event
from loopline.kernel.ids import OrderId, SkuId
from loopline.marketplaces import Cause, LoanChange, Marketplace
from loopline.marketplaces.events import LoansMoved, MarketplaceGoodsTermsSet, MarketplaceTermsSet
from loopline.orders import LineKind, LinesCancelled, LinesReinstated, OrderPlaced
from loopline.processes.lend.planning import AT_ONCE, Market, market_of, plan
from loopline.processes.lend.shipping import follow_shipments
from loopline.processes.pay import PaymentTaken
from loopline.stock import events as stock_events

_PLACED = OrderPlaced.type_name()
_CANCELLED = LinesCancelled.type_name()
_REINSTATED = LinesReinstated.type_name()
_ALL_GOODS = MarketplaceTermsSet.type_name()
_CAUSES: Mapping[str, Cause] = {
    _PLACED: Cause.SOLD,
    _CANCELLED: Cause.PUT_BACK,
    _REINSTATED: Cause.REINSTATED,
}
_MOVED_BY = frozenset(
    {
        _PLACED,
        _CANCELLED,
        _REINSTATED,
        _ALL_GOODS,
        MarketplaceGoodsTermsSet.type_name(),
        LoansMoved.type_name(),
        *(
            body.type_name()
            for body in (
                stock_events.StockCorrected,
                stock_events.SafetyChanged,
                stock_events.GoodsSent,
                stock_events.GoodsArrived,
                stock_events.LotRecalled,
                stock_events.LotFreed,
                stock_events.GoodsExpired,
                stock_events.HoldExpired,
                stock_events.PromiseBroken,
                stock_events.QuotaOpened,
                stock_events.QuotaChanged,
                stock_events.QuotaEnded,
            )
        ),
    }
)
_SHIPPED_BY = frozenset(
    {
        _PLACED,
        _CANCELLED,
        _REINSTATED,
        PaymentTaken.type_name(),
        ParcelHandedOver.type_name(),
    }
)


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    sku_id: SkuId | None = None
    kind: LineKind = LineKind.GOODS
    units: int = 0


class _Mention(msgspec.Struct, frozen=True, kw_only=True):
    """What an event says of goods; the rest of it is not decoded."""

    channel: str = ""
    order_id: OrderId | None = None
    sku_id: SkuId | None = None
    sku_ids: tuple[SkuId, ...] = ()
    lines: tuple[_Line, ...] = ()

    @property
    def goods(self) -> list[SkuId]:
        lines = [line.sku_id for line in self.lines if line.sku_id is not None]
        return [*self.sku_ids, *([self.sku_id] if self.sku_id else []), *lines]


_mention = msgspec.json.Decoder(_Mention).decode


def lend(conn: Conn, events: Sequence[Event]) -> None:
    """Move loans by what happened, and look at what moved. Where there is no marketplace, nothing is decoded."""
    if not events:
        return
    market = market_of(conn)
    if not market.sellers:
        return
    now = max(told.at for told in events)
    known = market.by_channel
    changes: list[LoanChange] = []
    goods: set[SkuId] = set()
    for told in events:
        mention = _mention(told.data)
        goods.update(mention.goods)
        if told.type in _CAUSES and mention.channel in known:
            changes += _changes(told, mention, known[mention.channel])
    marketplaces.move_loans(conn, changes, now=now)
    marketplaces.mark_goods(conn, sorted(goods))
    if any(told.type == _ALL_GOODS for told in events):
        _mark_everything(conn, market)
    plan(conn, market, after=events[-1].position, now=now)


def _changes(told: Event, mention: _Mention, marketplace: Marketplace) -> list[LoanChange]:
    """A sale lowers the loan. A calling off, and its undoing, only move it where the marketplace puts goods back."""
    if told.type != _PLACED and not marketplace.puts_back:
        return []
    assert mention.order_id is not None
    sign = 1 if told.type == _CANCELLED else -1
    return [
        LoanChange(
            channel=mention.channel,
            sku_id=line.sku_id,
            units=sign * line.units,
            cause=_CAUSES[told.type],
            cause_id=mention.order_id,
        )
        for line in mention.lines
        if line.sku_id is not None and line.kind is LineKind.GOODS
    ]


def _mark_everything(conn: Conn, market: Market) -> None:
    """The terms of all goods changed. A page of SKUs at a time."""
    after: SkuId | None = None
    while page := stock.skus_at_nodes(conn, market.path_nodes, after=after, at_most=10 * AT_ONCE):
        after = page[-1]
        marketplaces.mark_goods(conn, page)


FOLLOWERS: tuple[Follower, ...] = (
    Follower(name="loans", types=_MOVED_BY, apply=lend),
    Follower(name="shipments", types=_SHIPPED_BY, apply=follow_shipments),
)
