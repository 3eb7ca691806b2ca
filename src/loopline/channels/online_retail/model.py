"""What an invoice file says: invoices and their lines, each line of exactly one class."""

from datetime import datetime
from enum import StrEnum

import msgspec

THOUSANDTHS_PER_MINOR = 10


class InvoiceKind(StrEnum):
    """What the first character of an invoice number says."""

    SALE = "sale"
    RETURN = "return"
    LEDGER = "ledger"


class CodeKind(StrEnum):
    """What a stock code stands for."""

    GOODS = "goods"
    CHARGE = "charge"
    VOUCHER = "voucher"


class LineClass(StrEnum):
    """What Loopline does with a line. Every line of a file is of exactly one class."""

    ASK_GOODS = "ask_goods"
    ASK_CHARGE = "ask_charge"
    ASK_VOUCHER = "ask_voucher"
    FACT_GOODS = "fact_goods"
    FACT_CHARGE = "fact_charge"
    FACT_VOUCHER = "fact_voucher"
    STOCK_ADJUSTMENT = "stock_adjustment"
    LEDGER_ADJUSTMENT = "ledger_adjustment"
    RETURN_GOODS = "return_goods"
    RETURN_CHARGE = "return_charge"
    RETURN_VOUCHER = "return_voucher"


class Line(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One line as the file states it. `number` counts from 1 at the header.

    `units` is negative in a return and where goods are taken out of stock.
    `price_thousandths` is the price of one unit in thousandths of a pound, the finest the file knows.
    """

    number: int
    line_class: LineClass
    code_kind: CodeKind
    code: str
    description: str
    units: int
    price_thousandths: int

    @property
    def unit_minor(self) -> int:
        """The price of one unit in pence, rounded half away from zero."""
        magnitude = (abs(self.price_thousandths) + THOUSANDTHS_PER_MINOR // 2) // THOUSANDTHS_PER_MINOR
        return magnitude if self.price_thousandths >= 0 else -magnitude

    @property
    def amount_thousandths(self) -> int:
        """Units times price, exactly, in thousandths of a pound."""
        return self.units * self.price_thousandths

    @property
    def amount_minor(self) -> int:
        """Units times the rounded price, in pence: what the books say."""
        return self.units * self.unit_minor


class Invoice(msgspec.Struct, frozen=True, kw_only=True):
    """One invoice: all lines of its number, in the file's order. `at` is its first time stamp, in UTC.

    `country` is an ISO 3166-1 code, or one of the codes of `countries.py` for what is no country.
    """

    number: str
    kind: InvoiceKind
    at: datetime
    member_code: str | None
    country: str
    lines: tuple[Line, ...]

    @property
    def is_ask(self) -> bool:
        """Whether a member orders: an ask. An ordinary invoice without a customer is a till sale: a fact."""
        return self.kind is InvoiceKind.SALE and self.member_code is not None
