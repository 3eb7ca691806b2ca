"""What a shop on Douyin (抖店) was settled, row by row of its account (资金流水, 动账明细): CSV or XLSX. Pure.

A row of an order says what its buyer paid and whoever added to that, what was given back, and what was kept for the
platform, the streamer and others; all of it comes to the amount that moved. Goods of one order are settled one by one.
"""

from collections.abc import Iterator

from loopline.bills.layouts.cells import At
from loopline.bills.layouts.headed import headed, keys_of, of_orders, signed
from loopline.bills.model import LineKind, ReadLine
from loopline.bills.refusals import BillWhy
from loopline.kernel.sheets.table import Row

_AT, _NUMBER, _DIRECTION, _AMOUNT, _SCENE = "动账时间", "动账流水号", "动账方向", "动账金额", "动账场景"
_ORDER, _PART, _RETURN, _GOODS, _NOTE = "订单号", "子订单号", "售后编号", "商品名称", "备注"
_PAID, _BACK = "订单实付应结", "订单退款"
_ADDED = (
    "运费实付", "实际平台补贴_运费", "实际平台补贴", "其他平台补贴", "以旧换新抵扣", "政府补贴平台垫资", "实际达人补贴",
    "实际抖音支付补贴", "实际抖音月付营销补贴", "银行补贴",
)  # fmt: skip
_KEPT = ("平台服务费", "佣金", "服务商佣金", "渠道分成", "招商服务费", "站外推广费", "其他分成")
_WANTED = (_AT, _NUMBER, _DIRECTION, _AMOUNT, _SCENE, _ORDER, _PAID, _BACK, *_KEPT[:2])
_SPELLINGS = {"动帐流水号": _NUMBER, "动帐时间": _AT}
_WITHDRAWN, _REFUNDED = "提现", "退款"


def read_douyin(rows: Iterator[Row], *, currency: str, pads: bool) -> list[ReadLine]:
    """Read every line. Raises Refused for one that cannot be read, or whose parts do not come to what moved."""
    found = headed(rows, _WANTED, pads=pads, spellings=_SPELLINGS)
    return of_orders((values[_ORDER], line) for row, values in found for line in _read(row, values, currency))


def _read(row: int, values: dict[str, str], currency: str) -> list[ReadLine]:
    def amount(column: str) -> int:
        return At(row, column).amount(values.get(column) or "0", currency)

    moved = signed(At(row, _DIRECTION), amount(_AMOUNT), values[_DIRECTION])
    paid, back = amount(_PAID) + sum(map(amount, _ADDED)), amount(_BACK)
    kept = sum(map(amount, _KEPT))
    if back > 0:
        raise At(row, _BACK).wrong(values[_BACK], BillWhy.WRONG_SIGN)
    if (paid or back or kept) and paid + back + kept != moved:
        raise At(row, _AMOUNT).wrong(values[_AMOUNT], BillWhy.NOT_ITS_PARTS)
    if paid or back:
        said = [(LineKind.PAYMENT, paid, -kept), (LineKind.REFUND, back, 0 if paid else -kept)]
    else:
        said = [(_kind(values, moved), moved, 0)]
    return [_line(row, values, one, minor, fee) for one, minor, fee in said if minor]


def _kind(values: dict[str, str], moved: int) -> LineKind:
    """What a row says that settles no order: a withdrawal, a refund after that, else what is kept or added."""
    if _WITHDRAWN in values[_SCENE]:
        return LineKind.PAYOUT
    is_refund = _REFUNDED in values[_SCENE] and values[_ORDER] and moved < 0
    return LineKind.REFUND if is_refund else LineKind.FEE


def _line(row: int, values: dict[str, str], kind: LineKind, amount_minor: int, fee_minor: int) -> ReadLine:
    def number(column: str) -> str:
        return At(row, column).number(values.get(column, ""))

    is_refund = kind is LineKind.REFUND
    words = (values[_SCENE], values.get(_GOODS, ""), values.get(_NOTE, ""))
    return ReadLine(
        row=row,
        day=At(row, _AT).day(values[_AT]),
        kind=kind,
        amount_minor=amount_minor,
        fee_minor=fee_minor,
        number=number(_NUMBER),
        keys=keys_of(
            number(_RETURN) if is_refund else "",
            number(_NUMBER),
            is_refund=is_refund,
            of=(number(_ORDER), number(_PART)),
        ),
        wording=At(row, _SCENE).text(" ".join(filter(None, words))),
    )
