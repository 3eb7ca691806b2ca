"""The trade bill of WeChat Pay: a Chinese header, values that begin with a backtick, a summary at the end. Pure.

Columns are found by name, since the bill of successful payments alone has fewer than the bill of all. Every value
begins with a backtick, so `` ,` `` and no bare comma parts two values: a product's name may hold commas.
"""

from collections.abc import Sequence

from loopline.bills.layouts.cells import At, count_of, too_few_cells
from loopline.bills.model import LineKind, ReadLine
from loopline.bills.refusals import BillColumnsMissing, BillRowWrong, BillSummaryDiffers, BillWhy
from loopline.kernel.refusals import Refused
from loopline.kernel.sheets.csv_file import decode

_AT, _STATE, _CURRENCY = "交易时间", "交易状态", "货币种类"
_THEIR_NUMBER, _OUR_NUMBER = "微信订单号", "商户订单号"
_THEIR_REFUND, _OUR_REFUND = "微信退款单号", "商户退款单号"
_TOTAL, _SETTLED, _FEE, _GOODS = "订单金额", "应结订单金额", "手续费", "商品名称"
_ASKED_BACK, _GIVEN_BACK = "申请退款金额", "退款金额"
_WANTED = (_AT, _THEIR_NUMBER, _OUR_NUMBER, _STATE, _CURRENCY, _SETTLED, _FEE)
_OF_REFUNDS = (_THEIR_REFUND, _OUR_REFUND, _GIVEN_BACK)
_SUMMARY_BEGINS = "总交易单数"
_PAID = frozenset({"SUCCESS"})
_GONE_BACK = frozenset({"REFUND", "REVOKED"})
_NONE = frozenset({"", "0"})


def read_wechat_pay(content: bytes, *, currency: str) -> list[ReadLine]:
    """Read every line. Raises Refused for one that cannot be read, and where the summary says otherwise."""
    rows = [(line, text.rstrip("\r")) for line, text in enumerate(decode(content).split("\n"), start=1)]
    rows = [(line, text) for line, text in rows if text.strip()]
    headings = [one.strip() for one in rows[0][1].split(",")] if rows else []
    missing = [one for one in _WANTED if one not in headings]
    if missing:
        raise Refused(BillColumnsMissing(columns=", ".join(missing)))
    end = next((place for place, (_, text) in enumerate(rows) if text.startswith(_SUMMARY_BEGINS)), None)
    if end is None or end + 1 >= len(rows):
        raise Refused(BillRowWrong(line=rows[-1][0], why=BillWhy.SUMMARY_CUT))
    read = [_read(line, _values(line, text, headings), currency) for line, text in rows[1:end]]
    _check(rows[end], rows[end + 1], read, currency)
    return read


def _values(line: int, text: str, headings: Sequence[str]) -> dict[str, str]:
    if not text.startswith("`"):
        raise Refused(BillRowWrong(line=line, why=BillWhy.NO_BACKTICK))
    values = [one.strip() for one in text[1:].split(",`")]
    if len(values) < len(headings):
        raise too_few_cells(line)
    if len(values) > len(headings):
        raise Refused(BillRowWrong(line=line, why=BillWhy.MANY_CELLS))
    return dict(zip(headings, values, strict=True))


def _read(line: int, values: dict[str, str], currency: str) -> ReadLine:
    def at(column: str) -> At:
        return At(line, column)

    if values[_CURRENCY] != currency:
        raise at(_CURRENCY).wrong(values[_CURRENCY], BillWhy.OTHER_CURRENCY)
    day = at(_AT).day(values[_AT])
    fee = at(_FEE).rounded(values[_FEE], currency)
    theirs = at(_THEIR_NUMBER).number(values[_THEIR_NUMBER])
    ours = at(_OUR_NUMBER).number(values[_OUR_NUMBER])
    wording = at(_GOODS).text(values.get(_GOODS, ""))
    if values[_STATE] in _PAID:
        column = _TOTAL if values.get(_TOTAL) else _SETTLED
        return ReadLine(
            row=line,
            day=day,
            kind=LineKind.PAYMENT,
            amount_minor=at(column).amount(values[column], currency),
            fee_minor=fee,
            number=theirs,
            keys=tuple(one for one in (theirs, ours) if one not in _NONE),
            wording=wording,
        )
    if values[_STATE] not in _GONE_BACK:
        raise at(_STATE).wrong(values[_STATE], BillWhy.STATE_UNKNOWN)
    missing = [one for one in _OF_REFUNDS if one not in values]
    if missing:
        raise Refused(BillColumnsMissing(columns=", ".join(missing)))
    column = _ASKED_BACK if values.get(_ASKED_BACK) else _GIVEN_BACK
    refund = at(_THEIR_REFUND).number(values[_THEIR_REFUND])
    our_refund = at(_OUR_REFUND).number(values[_OUR_REFUND])
    return ReadLine(
        row=line,
        day=day,
        kind=LineKind.REFUND,
        amount_minor=-at(column).amount(values[column], currency),
        fee_minor=fee,
        number=refund,
        keys=(
            *(one for one in (refund, our_refund) if one not in _NONE),
            *(f"refund:{one}" for one in (theirs, ours) if one not in _NONE),
        ),
        wording=wording,
    )


def _check(
    heading: tuple[int, str], values: tuple[int, str], read: Sequence[ReadLine], currency: str
) -> None:
    """Hold the lines against the summary: how many, what was paid, what went back, and fees within their rounding."""
    line = values[0]
    names = [one.strip() for one in heading[1].split(",")]
    said = _values(line, values[1], names)
    count = count_of(said[_SUMMARY_BEGINS], At(line, _SUMMARY_BEGINS))
    if count != len(read):
        raise _differs(_SUMMARY_BEGINS, said[_SUMMARY_BEGINS], str(len(read)))
    paid = sum(one.amount_minor for one in read if one.kind is LineKind.PAYMENT)
    back = -sum(one.amount_minor for one in read if one.kind is LineKind.REFUND)
    for column, found in (("订单总金额", paid), ("申请退款总金额", back)):
        if column in said and At(line, column).amount(said[column], currency) != found:
            raise _differs(column, said[column], str(found))
    fees = sum(one.fee_minor for one in read)
    if (
        2 * abs(At(line, "手续费总金额").rounded(said.get("手续费总金额", "0"), currency) - fees)
        > len(read) + 1
    ):
        raise _differs("手续费总金额", said["手续费总金额"], str(fees))


def _differs(what: str, stated: str, found: str) -> Refused:
    return Refused(BillSummaryDiffers(what=what, stated=stated, found=found))
