"""Invoices: what a seller earned of an order is invoiced to whoever wishes it, and taken back as it comes back.

Purpose: wishes of one order and seller, to one buyer; documents for them, blue ones and red ones (credit notes), each
asked of a platform under a number of ours, and issued by the tax authority under its own. What is invoiced follows what
was earned: the difference of the two is the next document, whatever made it.

Invariants:
- a wish has one open document at a time (a unique index), and so what comes next is reckoned on what stands;
- of an invoice never more is taken back than it says: in all (a constraint), and of each line;
- what became of a document is asked for, never guessed: it is sent again only under the same number, which makes out
  one, and the first final word stands;
- what was issued over other amounts than were asked for is never taken for issued;
- buyers are companies, or a person without a name: nothing here is personal data.

Lock order: wishes by id, then documents of theirs; documents that are claimed or hastened by id alone.
"""

from loopline.invoices.checks import CHECKS
from loopline.invoices.model import (
    PERSON,
    Buyer,
    BuyerKind,
    CodeKind,
    CreditReason,
    Document,
    DocumentId,
    DocumentKind,
    DocumentLine,
    DocumentState,
    EarnedLine,
    GoodsCode,
    NewWish,
    Stop,
    Wish,
    WishId,
)
from loopline.invoices.port import Heard, InvoicePlatform, InvoiceReport, Seller, ToIssue

__all__ = [
    "CHECKS",
    "PERSON",
    "Buyer",
    "BuyerKind",
    "CodeKind",
    "CreditReason",
    "Document",
    "DocumentId",
    "DocumentKind",
    "DocumentLine",
    "DocumentState",
    "EarnedLine",
    "GoodsCode",
    "Heard",
    "InvoicePlatform",
    "InvoiceReport",
    "NewWish",
    "Seller",
    "Stop",
    "ToIssue",
    "Wish",
    "WishId",
]
