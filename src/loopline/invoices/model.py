"""What invoices speak of: wishes for one, documents that are asked of a platform, and their lines. Amounts are minor
units of one currency; a credit note's are negative.
"""

from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

import msgspec

from loopline.kernel.ids import EntityId, LineId, OrderId

WishId = NewType("WishId", UUID)
DocumentId = NewType("DocumentId", UUID)


class BuyerKind(StrEnum):
    """Who an invoice is made out to."""

    PERSON = "person"
    COMPANY = "company"


class Buyer(msgspec.Struct, frozen=True, kw_only=True):
    """The title (抬头) of an invoice. A company is named with its tax number.

    Persons are not named: their invoices are made out to `PERSON_TITLE`, so that nothing here is personal data.
    """

    kind: BuyerKind
    title: str
    tax_number: str = ""


PERSON_TITLE = "个人"
PERSON = Buyer(kind=BuyerKind.PERSON, title=PERSON_TITLE)


class DocumentKind(StrEnum):
    """A blue one invoices (蓝字), a red one takes back some or all of a blue one (红字)."""

    BLUE = "blue"
    RED = "red"


class CreditReason(StrEnum):
    """Why a red document is made out."""

    RETURNED = "returned"
    """Goods came back (销货退回)."""
    MISTAKE = "mistake"
    """It was made out to another buyer than is wanted now (开票有误)."""


class DocumentState(StrEnum):
    """Where a document stands: asked for, issued by the tax authority, or refused for good."""

    OPEN = "open"
    ISSUED = "issued"
    FAILED = "failed"


class Stop(StrEnum):
    """Why nothing more is made out for a wish until somebody mends it."""

    SELLER_HAS_NO_TAX_NUMBER = "seller_has_no_tax_number"
    GOODS_CODE_MISSING = "goods_code_missing"
    PLATFORM_REFUSED = "platform_refused"


class CodeKind(StrEnum):
    """What a code of the tax authority stands for."""

    GOODS = "goods"
    CHARGE = "charge"


class GoodsCode(msgspec.Struct, frozen=True, kw_only=True):
    """The tax authority's code of goods (税收分类编码) for a category; the empty category is all others."""

    kind: CodeKind
    category: str
    goods_code: str


class NewWish(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody wants what a seller of an order earned of it invoiced to a buyer."""

    order_id: OrderId
    entity_id: EntityId
    currency: str
    buyer: Buyer


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """A wish as it is kept. `look_at` is when it is looked at next, None while there is nothing to do."""

    id: WishId
    order_id: OrderId
    entity_id: EntityId
    currency: str
    buyer: Buyer
    look_at: datetime | None
    stopped: Stop | None
    note: str | None
    wished_at: datetime
    wished_by: str


class DocumentLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a document, for one line of the order. A red line has the position of the blue one it takes back.

    `net_minor` is without tax; of a red line units and amounts are negative. Units may be none where money alone moved.
    """

    position: int
    line_id: LineId
    code: str
    name: str
    goods_code: str
    tax_rate_basis_points: int
    units: int
    net_minor: int
    tax_minor: int

    @property
    def gross_minor(self) -> int:
        """With tax."""
        return self.net_minor + self.tax_minor


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A document: under `number`, which is ours and made once, a platform is asked for it.

    `fiscal_number` is the tax authority's, of 20 digits. `of_id` and `reason` say what a red one takes back, and why.
    """

    id: DocumentId
    wish_id: WishId
    kind: DocumentKind
    number: str
    of_id: DocumentId | None
    reason: CreditReason | None
    buyer: Buyer
    net_minor: int
    tax_minor: int
    state: DocumentState
    tries: int
    written_at: datetime
    sent_at: datetime | None = None
    ended_at: datetime | None = None
    fiscal_number: str | None = None
    file_url: str | None = None
    note: str | None = None
    lines: tuple[DocumentLine, ...] = ()

    @property
    def gross_minor(self) -> int:
        """With tax."""
        return self.net_minor + self.tax_minor


class EarnedLine(msgspec.Struct, frozen=True, kw_only=True):
    """What a line of an order has earned by now, less what came back of it, and what an invoice says of it."""

    line_id: LineId
    code: str
    name: str
    goods_code: str
    tax_rate_basis_points: int
    units: int
    net_minor: int
    tax_minor: int


class NewDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document before it is kept."""

    wish_id: WishId
    kind: DocumentKind
    buyer: Buyer
    lines: tuple[DocumentLine, ...]
    of_id: DocumentId | None = None
    reason: CreditReason | None = None
