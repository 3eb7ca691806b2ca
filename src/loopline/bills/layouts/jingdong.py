"""What a shop on JD (京东) was settled: the bill of its wallet (钱包结算明细), a row for each fee of a document. Pure.

An order's goods, what its buyer paid for bringing them, commission and other fees stand in rows of their own; they are
laid together by order, document and day. Numbers are written as text that looks like a formula, ="123".
"""

from collections.abc import Iterator
from datetime import date

from loopline.bills.layouts.cells import At
from loopline.bills.layouts.headed import headed, keys_of, signed
from loopline.bills.model import LineKind, ReadLine
from loopline.bills.refusals import BillWhy
from loopline.kernel.sheets.table import Row

_ORDER, _DOCUMENT, _KIND, _SETTLED_AT = "订单编号", "单据编号", "单据类型", "费用结算时间"
_ITEM, _AMOUNT, _CURRENCY, _DIRECTION = "费用项", "金额", "币种", "收支方向"
_OURS, _GOODS = "商户订单号", "商品名称"
_WANTED = (_ORDER, _DOCUMENT, _KIND, _SETTLED_AT, _ITEM, _AMOUNT, _CURRENCY, _DIRECTION)
_OF_THE_BUYER = frozenset({"货款", "代收配送费"})
_YUAN = frozenset({"CNY", "人民币"})
_Name = tuple[str, str, date]


def read_jingdong(rows: Iterator[Row], *, currency: str, pads: bool) -> list[ReadLine]:
    """Read every line. Raises Refused for one that cannot be read."""
    groups: dict[_Name, list[tuple[int, dict[str, str], int]]] = {}
    for row, values in headed(rows, _WANTED, pads=pads):
        if values[_CURRENCY] != currency and not (currency == "CNY" and values[_CURRENCY] in _YUAN):
            raise At(row, _CURRENCY).wrong(values[_CURRENCY], BillWhy.OTHER_CURRENCY)
        amount = At(row, _AMOUNT).amount(values[_AMOUNT], currency)
        name = (
            At(row, _ORDER).number(values[_ORDER]),
            At(row, _DOCUMENT).number(values[_DOCUMENT]),
            At(row, _SETTLED_AT).day(values[_SETTLED_AT]),
        )
        moved = signed(At(row, _DIRECTION), amount, values[_DIRECTION])
        groups.setdefault(name, []).append((row, values, moved))
    return [_line(name, some) for name, some in groups.items()]


def _line(name: _Name, some: list[tuple[int, dict[str, str], int]]) -> ReadLine:
    order, document, day = name
    row, first, _ = some[0]
    paid = sum(moved for _, values, moved in some if values[_ITEM] in _OF_THE_BUYER)
    other = sum(moved for _, values, moved in some if values[_ITEM] not in _OF_THE_BUYER)
    is_refund = paid < 0
    kind = LineKind.REFUND if is_refund else LineKind.PAYMENT if paid else LineKind.FEE
    items = dict.fromkeys(values[_ITEM] for _, values, _ in some)
    words = (first[_KIND], *items, first.get(_GOODS, ""))
    ours = At(row, _OURS).number(first.get(_OURS, ""))
    return ReadLine(
        row=row,
        day=day,
        kind=kind,
        amount_minor=paid or other,
        fee_minor=-other if paid else 0,
        number=document,
        keys=keys_of(document, is_refund=is_refund, of=(order, ours)),
        wording=At(row, _ITEM).text(" ".join(filter(None, words))),
    )
