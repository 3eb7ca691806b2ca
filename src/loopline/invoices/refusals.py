"""What invoices says no to."""

from loopline.invoices.model import WishId
from loopline.kernel.refusals import Refusal


class BuyerNotUsable(Refusal, frozen=True, kw_only=True):
    """The name of the company is missing or too long, or its tax number is mistyped: check both."""

    field: str


class InvoicedInYuanOnly(Refusal, frozen=True, kw_only=True):
    """This order is in {currency}: e-invoices are made out in CNY."""

    currency: str


class GoodsCodeNotUsable(Refusal, frozen=True, kw_only=True):
    """{goods_code} is no code of goods: it has 19 digits."""

    goods_code: str


class WishUnknown(Refusal, frozen=True, kw_only=True):
    """No invoice was asked for under this id, or it is not for your branch."""

    wish_id: WishId


class WishNotStopped(Refusal, frozen=True, kw_only=True):
    """Nothing stands in the way of this invoice: there is nothing to try again."""

    wish_id: WishId


class InvoiceNoticeUnreadable(Refusal, frozen=True, kw_only=True):
    """This notification names no invoice."""
