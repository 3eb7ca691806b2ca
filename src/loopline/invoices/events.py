"""What invoices tell the log. Subject: the order."""

from loopline.invoices.model import DocumentId, DocumentKind, Stop, WishId
from loopline.kernel.events import EventBody
from loopline.kernel.ids import EntityId, OrderId


class InvoiceWished(EventBody, frozen=True, kw_only=True):
    """Somebody wants what a seller of an order earned of it invoiced, or wants another buyer on it."""

    order_id: OrderId
    entity_id: EntityId
    wish_id: WishId


class InvoiceIssued(EventBody, frozen=True, kw_only=True):
    """The tax authority gave an invoice or a credit note its number."""

    order_id: OrderId
    wish_id: WishId
    document_id: DocumentId
    kind: DocumentKind
    fiscal_number: str
    net_minor: int
    tax_minor: int


class InvoiceStopped(EventBody, frozen=True, kw_only=True):
    """Nothing more is made out for an order until somebody mends what stands in the way."""

    order_id: OrderId
    wish_id: WishId
    why: Stop
