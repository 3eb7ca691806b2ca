"""The bill of Alipay (业务明细): GBK, lines of comment that begin with #, values padded with tabs. Pure.

What the merchant received (商家实收) and what Alipay gave on top of the customer's money make up the order's amount;
the fee stands beside it as a negative amount.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence

from loopline.bills.layouts.cells import At, too_few_cells
from loopline.bills.model import LineKind, ReadLine
from loopline.bills.refusals import BillColumnsMissing, BillRowWrong, BillSummaryDiffers, BillWhy
from loopline.kernel.refusals import Refused
from loopline.kernel.sheets.csv_file import decode

_THEIR_NUMBER, _OUR_NUMBER, _KIND, _GOODS = "支付宝交易号", "商户订单号", "业务类型", "商品名称"
_DONE_AT, _TOTAL, _RECEIVED = "完成时间", "订单金额（元）", "商家实收（元）"
_REFUND, _FEE = "退款批次号/请求号", "服务费（元）"
_WANTED = (_THEIR_NUMBER, _OUR_NUMBER, _KIND, _DONE_AT, _TOTAL, _RECEIVED, _REFUND, _FEE)
_LIST_ENDS = "业务明细列表结束"
_SUMMARY = re.compile(r"#(交易合计|退款合计)[：:](\d+)笔[，,]商家实收(?:退款)?共(-?[\d.,]+?)元")
_PAID, _GONE_BACK = "交易", "退款"


def read_alipay(content: bytes, *, currency: str) -> list[ReadLine]:
    """Read every line. Raises Refused for one that cannot be read, and where the summary says otherwise."""
    rows = [(line, text.rstrip("\r")) for line, text in enumerate(decode(content).split("\n"), start=1)]
    listed = [(line, text) for line, text in rows if text.strip() and not text.startswith("#")]
    if not any(_LIST_ENDS in text for _, text in rows if text.startswith("#")):
        last = rows[-1][0] if rows else 1
        raise Refused(BillRowWrong(line=last, why=BillWhy.LIST_CUT))
    headings = [one.strip() for one in listed[0][1].split(",")] if listed else []
    missing = [one for one in _WANTED if one not in headings]
    if missing:
        raise Refused(BillColumnsMissing(columns=", ".join(missing)))
    received: dict[str, list[int]] = {_PAID: [], _GONE_BACK: []}
    read: list[ReadLine] = []
    for line, values in _values(listed[1:], headings):
        one = _read(line, values, currency)
        read.append(one)
        received[values[_KIND]].append(At(line, _RECEIVED).amount(values[_RECEIVED], currency))
    _check(rows, received, currency)
    return read


def _values(
    listed: Sequence[tuple[int, str]], headings: Sequence[str]
) -> Iterator[tuple[int, dict[str, str]]]:
    for line, text in listed:
        try:
            cells = next(csv.reader(io.StringIO(text), strict=True))
        except (csv.Error, StopIteration) as error:
            raise Refused(BillRowWrong(line=line, why=BillWhy.OPEN_QUOTES)) from error
        if len(cells) < len(headings):
            raise too_few_cells(line)
        if len(cells) > len(headings):
            raise Refused(BillRowWrong(line=line, why=BillWhy.MANY_CELLS))
        yield line, dict(zip(headings, (one.strip() for one in cells), strict=True))


def _read(line: int, values: dict[str, str], currency: str) -> ReadLine:
    def at(column: str) -> At:
        return At(line, column)

    theirs = at(_THEIR_NUMBER).number(values[_THEIR_NUMBER])
    ours = at(_OUR_NUMBER).number(values[_OUR_NUMBER])
    refund = at(_REFUND).number(values[_REFUND])
    amount = at(_TOTAL).amount(values[_TOTAL], currency)
    if values[_KIND] not in {_PAID, _GONE_BACK}:
        raise at(_KIND).wrong(values[_KIND], BillWhy.KIND_UNKNOWN)
    is_paid = values[_KIND] == _PAID
    if amount < 0 if is_paid else amount > 0:
        raise at(_TOTAL).wrong(values[_TOTAL], BillWhy.WRONG_SIGN)
    keys = (theirs, ours) if is_paid else (refund, f"refund:{theirs}", f"refund:{ours}")
    return ReadLine(
        row=line,
        day=at(_DONE_AT).day(values[_DONE_AT]),
        kind=LineKind.PAYMENT if is_paid else LineKind.REFUND,
        amount_minor=amount,
        fee_minor=-at(_FEE).amount(values[_FEE] or "0", currency),
        number=theirs if is_paid else refund or theirs,
        keys=tuple(one for one in keys if one.removeprefix("refund:")),
        wording=at(_GOODS).text(values.get(_GOODS, "")),
    )


def _check(rows: Sequence[tuple[int, str]], received: dict[str, list[int]], currency: str) -> None:
    """Hold the lines against the sums that are stated at the end, where they are."""
    for line, text in rows:
        found = _SUMMARY.match(text)
        if found is None:
            continue
        of_kind = received[_PAID if found[1] == "交易合计" else _GONE_BACK]
        if int(found[2]) != len(of_kind):
            raise Refused(BillSummaryDiffers(what=found[1], stated=found[2], found=str(len(of_kind))))
        stated = At(line, found[1]).amount(found[3], currency)
        if stated != sum(of_kind):
            raise Refused(BillSummaryDiffers(what=found[1], stated=found[3], found=str(sum(of_kind))))
