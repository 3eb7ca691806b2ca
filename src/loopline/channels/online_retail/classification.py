"""Which class a line is of: pure, total over what the layout allows, a reason for everything else."""

from loopline.channels.online_retail.model import CodeKind, InvoiceKind, LineClass

VOUCHER_PREFIX = "GIFT_0001"
GOODS_DIGITS = 5
GOODS_PREFIX = "DCGS"
GOODS_CODES = frozenset({"PADS"})

_ASKED = {
    CodeKind.GOODS: LineClass.ASK_GOODS,
    CodeKind.CHARGE: LineClass.ASK_CHARGE,
    CodeKind.VOUCHER: LineClass.ASK_VOUCHER,
}
_HAPPENED = {
    CodeKind.GOODS: LineClass.FACT_GOODS,
    CodeKind.CHARGE: LineClass.FACT_CHARGE,
    CodeKind.VOUCHER: LineClass.FACT_VOUCHER,
}
_RETURNED = {
    CodeKind.GOODS: LineClass.RETURN_GOODS,
    CodeKind.CHARGE: LineClass.RETURN_CHARGE,
    CodeKind.VOUCHER: LineClass.RETURN_VOUCHER,
}


def kind_of_code(code: str) -> CodeKind:
    """Tell what an upper-cased stock code stands for.

    Goods are numbered with five digits and perhaps a letter for the colour; two odd families are goods too.
    Whatever is neither goods nor voucher (postage, fees, discounts, samples, bad debt) is a charge.
    """
    if code[:GOODS_DIGITS].isdigit() and len(code) >= GOODS_DIGITS:
        return CodeKind.GOODS
    if code.startswith(GOODS_PREFIX) or code in GOODS_CODES:
        return CodeKind.GOODS
    if code.startswith(VOUCHER_PREFIX):
        return CodeKind.VOUCHER
    return CodeKind.CHARGE


class Misfit(Exception):  # noqa: N818 - no error of ours: the reader makes a refusal of it
    """A line whose fields contradict each other: the field to look at, and why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


def classify(
    kind: InvoiceKind, code_kind: CodeKind, *, has_member: bool, units: int, price_thousandths: int
) -> LineClass:
    """Return the one class of a line; raises Misfit for a line the layout does not know."""
    if units == 0:
        raise Misfit("Quantity", "a line moves at least one unit")
    if kind is InvoiceKind.LEDGER:
        return LineClass.LEDGER_ADJUSTMENT
    if price_thousandths < 0:
        raise Misfit("UnitPrice", "only an adjustment (an invoice starting with A) has a negative price")
    if kind is InvoiceKind.RETURN:
        if units > 0:
            raise Misfit("Quantity", "a return (an invoice starting with C) has negative quantities only")
        return _RETURNED[code_kind]
    if units > 0:
        return _ASKED[code_kind] if has_member else _HAPPENED[code_kind]
    if price_thousandths or code_kind is not CodeKind.GOODS:
        raise Misfit("Quantity", "on an ordinary invoice only goods at price 0 are taken out of stock")
    return LineClass.STOCK_ADJUSTMENT
