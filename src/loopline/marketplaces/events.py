"""What marketplaces tell: terms that were set, answers that came, and orders that were not shipped in time."""

from datetime import datetime
from uuid import UUID

from loopline.kernel.changes import Part
from loopline.kernel.events import EventBody
from loopline.kernel.ids import OrderId, SkuId


class MarketplaceTermsSet(EventBody, frozen=True, kw_only=True):
    """A marketplace has other terms; `parts` are what differs from those before. Subject: the marketplace."""

    marketplace_id: UUID
    channel: str
    version: int
    parts: tuple[Part, ...] = ()


class MarketplaceGoodsTermsSet(EventBody, frozen=True, kw_only=True):
    """Some goods have other terms at a marketplace; `sku_ids` are those concerned. Subject: the marketplace."""

    marketplace_id: UUID
    channel: str
    subject: str
    subject_code: str
    version: int
    sku_ids: tuple[SkuId, ...]


class LoansMoved(EventBody, frozen=True, kw_only=True):
    """Marketplaces answered, units were written off, or stock moved unheard: these goods are to be looked at again."""

    sku_ids: tuple[SkuId, ...]


class ShipByNear(EventBody, frozen=True, kw_only=True):
    """A marketplace's order is to be shipped soon, and is not yet. Subject: the order."""

    order_id: OrderId
    channel: str
    ship_by: datetime


class ShipByMissed(EventBody, frozen=True, kw_only=True):
    """A marketplace's order was not shipped in time. Subject: the order."""

    order_id: OrderId
    channel: str
    ship_by: datetime
