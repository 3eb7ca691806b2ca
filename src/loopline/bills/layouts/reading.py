"""One file, read by its layout: whole, or not at all. Pure."""

import hashlib

from loopline.bills.layouts.alipay import read_alipay
from loopline.bills.layouts.alipay_funds import read_alipay_funds
from loopline.bills.layouts.douyin import read_douyin
from loopline.bills.layouts.jingdong import read_jingdong
from loopline.bills.layouts.mapped import read_mapped
from loopline.bills.layouts.wechat_pay import read_wechat_pay
from loopline.bills.model import Layout, ReadBill, ReadLine, Source
from loopline.bills.refusals import BillHasNoLines, BillLayoutUnknown
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.sheets.csv_file import read_csv
from loopline.kernel.sheets.table import (
    FileKindUnknown,
    FileTooBig,
    TooManyRows,
    counted,
)
from loopline.kernel.sheets.xlsx_file import read_xlsx

# A day of 200,000 payments is 39 MiB as WeChat Pay writes it.
BILL_BYTES_MAX = 96 * 1024 * 1024
LINES_MAX = 500_000
_SHEETS = frozenset({Layout.DOUYIN, Layout.JINGDONG, Layout.MAPPED})
"""Layouts whose files may be workbooks, too."""


def read_bill(content: bytes, *, file_name: str, source: Source) -> ReadBill | Refusal:
    """Read a file of a source. Its name says whether it is CSV or XLSX; a gateway's own layout is always CSV."""
    if len(content) > BILL_BYTES_MAX:
        return FileTooBig(mebibytes_max=BILL_BYTES_MAX // (1024 * 1024))
    try:
        lines = _lines(content, file_name, source)
    except Refused as refused:
        return refused.refusal
    if not lines:
        return BillHasNoLines()
    if len(lines) > LINES_MAX:
        return TooManyRows(rows_max=LINES_MAX)
    return ReadBill(
        file_name=file_name.rpartition("/")[2][:200] or "bill",
        content_hash=hashlib.sha256(content).digest(),
        size_bytes=len(content),
        lines=tuple(lines),
    )


def _lines(content: bytes, file_name: str, source: Source) -> list[ReadLine]:
    ending = file_name.lower().rpartition(".")[2]
    if ending not in {"csv", "xlsx"} or (ending == "xlsx" and source.layout not in _SHEETS):
        raise Refused(FileKindUnknown(file_name=file_name))
    if source.layout is Layout.WECHAT_PAY:
        return read_wechat_pay(content, currency=source.currency)
    if source.layout is Layout.ALIPAY:
        return read_alipay(content, currency=source.currency)
    if source.layout is Layout.ALIPAY_FUNDS:
        return read_alipay_funds(content, currency=source.currency)
    rows = counted(read_xlsx(content) if ending == "xlsx" else read_csv(content))
    if source.layout is Layout.DOUYIN:
        return read_douyin(rows, currency=source.currency, pads=ending == "xlsx")
    if source.layout is Layout.JINGDONG:
        return read_jingdong(rows, currency=source.currency, pads=ending == "xlsx")
    if source.mapping is None:
        raise Refused(BillLayoutUnknown(source_code=source.code))
    return read_mapped(rows, source.mapping, currency=source.currency, pads=ending == "xlsx")
