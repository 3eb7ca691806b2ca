"""What moved on an account of Alipay (账务明细), as shops on Taobao and Tmall are paid: GBK, sums at the end. Pure.

Lines of comment begin with #, numbers are padded with tabs. What came stands in one column, what went in another. The
order of the marketplace is the 业务基础订单号; older files have it in the 商户订单号, behind T200P.
"""

import csv
import io
import re
from collections.abc import Sequence

from loopline.bills.layouts.cells import At
from loopline.bills.layouts.headed import headed, keys_of, of_orders
from loopline.bills.model import LineKind, ReadLine
from loopline.bills.refusals import BillRowWrong, BillSummaryDiffers, BillWhy
from loopline.kernel.refusals import Refused
from loopline.kernel.sheets.csv_file import decode
from loopline.kernel.sheets.table import Row

_NUMBER, _THEIR_NUMBER, _OUR_NUMBER, _AT = "账务流水号", "业务流水号", "商户订单号", "发生时间"
_CAME, _WENT, _KIND = "收入金额（+元）", "支出金额（-元）", "业务类型"
_ORDER, _ABOUT, _GOODS, _NOTE = "业务基础订单号", "业务描述", "商品名称", "备注"
_WANTED = (_NUMBER, _THEIR_NUMBER, _OUR_NUMBER, _AT, _CAME, _WENT, _KIND)
_SPELLINGS = {"收入金额(+元)": _CAME, "支出金额(-元)": _WENT, "收入金额": _CAME, "支出金额": _WENT}
_LIST_ENDS = "账务明细列表结束"
_OF_TAOBAO = re.compile(r"T\d+P(\d+)")
_SUMMARY = re.compile(r"#(收入|支出)合计[：:](\d+)笔[，,]共(-?[\d.,]+?)元")
_KINDS = (
    ("提现", LineKind.PAYOUT),
    ("退款", LineKind.REFUND),
    ("收费", LineKind.FEE),
    ("服务费", LineKind.FEE),
    ("佣金", LineKind.FEE),
    ("扣款", LineKind.FEE),
    ("付款", LineKind.PAYMENT),
    ("收款", LineKind.PAYMENT),
    ("在线支付", LineKind.PAYMENT),
)
"""What a word in the kind of a row, or in what it is about, says, the first that is there."""


def read_alipay_funds(content: bytes, *, currency: str) -> list[ReadLine]:
    """Read every line. Raises Refused for one that cannot be read, and where the sums at the end say otherwise."""
    texts = [(line, text.rstrip("\r")) for line, text in enumerate(decode(content).split("\n"), start=1)]
    comments = [(line, text) for line, text in texts if text.startswith("#")]
    if not any(_LIST_ENDS in text for _, text in comments):
        raise Refused(BillRowWrong(line=texts[-1][0], why=BillWhy.LIST_CUT))
    rows = (
        Row(line=line, cells=[*_cells(line, text)])
        for line, text in texts
        if text.strip() and not text.startswith("#")
    )
    found = [
        _read(row, values, currency)
        for row, values in headed(rows, _WANTED, pads=False, spellings=_SPELLINGS)
    ]
    _check(comments, [line for _, line in found], currency)
    return of_orders(found)


def _cells(line: int, text: str) -> list[str]:
    try:
        return [one.strip() for one in next(csv.reader(io.StringIO(text), strict=True))]
    except (csv.Error, StopIteration) as error:
        raise Refused(BillRowWrong(line=line, why=BillWhy.OPEN_QUOTES)) from error


def _read(row: int, values: dict[str, str], currency: str) -> tuple[str, ReadLine]:
    def amount(column: str) -> int:
        return At(row, column).amount(values[column].strip() or "0", currency)

    def number(column: str) -> str:
        return At(row, column).number(values.get(column, ""))

    came, went = amount(_CAME), -abs(amount(_WENT))
    if (came == 0) == (went == 0):
        raise Refused(BillRowWrong(line=row, why=BillWhy.IN_OR_OUT))
    if came < 0:
        raise At(row, _CAME).wrong(values[_CAME], BillWhy.WRONG_SIGN)
    kind = _kind(f"{values[_KIND]} {values.get(_ABOUT, '')}", came + went)
    of_taobao = _OF_TAOBAO.fullmatch(values[_OUR_NUMBER])
    order = number(_ORDER) or (of_taobao[1] if of_taobao else "")
    is_refund = kind is LineKind.REFUND
    line = ReadLine(
        row=row,
        day=At(row, _AT).day(values[_AT]),
        kind=kind,
        amount_minor=came + went,
        number=number(_NUMBER),
        keys=keys_of(
            number(_NUMBER), is_refund=is_refund, of=(order, number(_OUR_NUMBER), number(_THEIR_NUMBER))
        ),
        wording=At(row, _KIND).text(
            " ".join(
                filter(
                    None,
                    (values[_KIND], values.get(_ABOUT, ""), values.get(_GOODS, ""), values.get(_NOTE, "")),
                )
            )
        ),
    )
    return order, line


def _kind(said: str, amount_minor: int) -> LineKind:
    kind = next((kind for word, kind in _KINDS if word in said), LineKind.OTHER)
    goes_with = {LineKind.PAYMENT: amount_minor > 0, LineKind.REFUND: amount_minor < 0}
    return kind if goes_with.get(kind, True) else LineKind.OTHER


def _check(comments: Sequence[tuple[int, str]], read: Sequence[ReadLine], currency: str) -> None:
    """Hold the lines against the sums that are stated at the end."""
    for row, text in comments:
        found = _SUMMARY.match(text)
        if found is None:
            continue
        what = f"{found[1]}合计"
        sums = [one.amount_minor for one in read if (one.amount_minor > 0) == (found[1] == "收入")]
        if int(found[2]) != len(sums):
            raise Refused(BillSummaryDiffers(what=what, stated=found[2], found=str(len(sums))))
        if abs(At(row, what).amount(found[3], currency)) != abs(sum(sums)):
            raise Refused(BillSummaryDiffers(what=what, stated=found[3], found=str(sum(sums))))
