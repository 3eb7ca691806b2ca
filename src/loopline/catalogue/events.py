"""What the catalogue says happened. Ids only; processes append these to the log, last."""

from loopline.kernel.events import EventBody
from loopline.kernel.ids import ProductId, SkuId


class ProductWritten(EventBody, frozen=True, kw_only=True):
    """A product was added or changed, or SKUs of it were: `sku_ids` names those. Subject: the product.

    A SKU that moves to another product is told of both.
    """

    product_id: ProductId
    is_new: bool
    sku_ids: tuple[SkuId, ...] = ()
