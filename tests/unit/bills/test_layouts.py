"""Files of outside parties are read to the cent, or refused with line, column and reason."""

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from loopline.bills import (
    BillCellWrong,
    BillColumnsMissing,
    BillHasNoLines,
    BillLayoutUnknown,
    BillRowWrong,
    BillSummaryDiffers,
    Layout,
    LineKind,
    Mapping,
    ReadBill,
    ReadLine,
    read_bill,
)
from loopline.bills.refusals import BillWhy
from loopline.kernel.refusals import Refusal
from loopline.kernel.sheets.table import FileKindUnknown, FileTooBig, FileUnreadable
from tests.make.bills import (
    BANK,
    MARKET,
    WECHAT_COLUMNS,
    Paid,
    alipay_bill,
    source,
    wechat_bill,
    workbook,
)

GOLDEN = Path(__file__).parent / "golden"
WECHAT = source()
ALIPAY = source(layout=Layout.ALIPAY)


def mapped(mapping: Mapping | None) -> Any:
    return source(layout=Layout.MAPPED, mapping=mapping)


def lines(read: ReadBill | Refusal) -> tuple[ReadLine, ...]:
    assert isinstance(read, ReadBill), read
    return read.lines


def golden(name: str, of: Any) -> tuple[ReadLine, ...]:
    return lines(read_bill((GOLDEN / name).read_bytes(), file_name=name, source=of))


def test_a_trade_bill_of_wechat_pay():
    paid, second = "4200000000202603020000000001", "4200000000202603020000000002"
    back = "5030000000202603020000000009"
    day = date(2026, 3, 2)
    assert golden("wechat_pay.csv", WECHAT) == (
        ReadLine(
            row=2,
            day=day,
            kind=LineKind.PAYMENT,
            amount_minor=15_820,
            fee_minor=95,
            number=paid,
            keys=(paid, "7K3Q-1"),
            wording="Coat, wool",
        ),
        ReadLine(
            row=3,
            day=day,
            kind=LineKind.PAYMENT,
            amount_minor=2_260,
            fee_minor=14,
            number=second,
            keys=(second, "7K3Q-2"),
            wording="Scarf, wool, red",
        ),
        ReadLine(
            row=4,
            day=day,
            kind=LineKind.REFUND,
            amount_minor=-2_260,
            fee_minor=-14,
            number=back,
            keys=(back, "R7K3Q-1", f"refund:{paid}", "refund:7K3Q-1"),
            wording="Coat, wool",
        ),
    )


def test_a_bill_of_alipay_in_gbk_with_its_comments():
    paid = "2026030222001400000000000001"
    first, second = golden("alipay.csv", ALIPAY)
    assert (first.row, first.amount_minor, first.fee_minor, first.keys) == (6, 15_820, 95, (paid, "7K3Q-1"))
    assert (second.kind, second.amount_minor, second.fee_minor) == (LineKind.REFUND, -2_260, -14)
    assert second.keys == ("RB-1", f"refund:{paid}", "refund:7K3Q-1")


def settled(read: tuple[ReadLine, ...]) -> list[tuple[str, int, int]]:
    return [(one.kind.value, one.amount_minor, one.fee_minor) for one in read]


def test_an_account_of_a_shop_on_douyin():
    """Two pieces of one order, one partly given back before it was settled, a refund after, insurance, a withdrawal."""
    read = golden("douyin.csv", source(layout=Layout.DOUYIN))
    assert settled(read) == [
        ("payment", 16_000, 700),
        ("payment", 9_800, 200),
        ("refund", -3_800, 0),
        ("refund", -5_000, 0),
        ("fee", -40, 0),
        ("payout", -10_000, 0),
    ]
    order, scarf = "6930162745589500001", "6930162745589500002"
    assert read[0].number == "AS2026030208000001_IN"
    assert read[0].keys == (order, "AS2026030208000001_IN", scarf, "AS2026030208000002_IN")
    assert read[3].keys == (
        "7000000000000000032", "AS2026030208000004_OUT", f"refund:{order}", f"refund:{scarf}",
    )  # fmt: skip
    assert (read[0].row, read[0].day, read[0].wording) == (
        2, date(2026, 3, 2), "货款结算入账 羊毛大衣, 驼色 订单结算",
    )  # fmt: skip


def test_a_bill_of_jds_wallet():
    """Goods, delivery and two fees of one document; goods that came back with their commission; an advert."""
    read = golden("jingdong.csv", source(layout=Layout.JINGDONG))
    assert settled(read) == [("payment", 16_420, 918), ("refund", -2_260, -113), ("fee", -3_000, 0)]
    assert [one.number for one in read] == ["290000000001", "500000000021", "600000000003"]
    assert (read[0].keys, read[1].keys) == (
        ("290000000001",),
        ("500000000021", "refund:290000000002"),
    )
    assert read[0].wording == "订单 货款 代收配送费 佣金 交易服务费 羊毛大衣"


def test_an_account_of_alipay_that_taobao_pays_into():
    read = golden("alipay_funds.csv", source(layout=Layout.ALIPAY_FUNDS))
    assert settled(read) == [
        ("payment", 15_820, 0),
        ("fee", -791, 0),
        ("refund", -2_260, 0),
        ("payout", -10_000, 0),
    ]
    assert read[0].keys[0] == "5116032541422009305"
    assert "refund:5116032541422009306" in read[2].keys


@pytest.mark.parametrize(
    ("layout", "name", "before", "after", "refusal"),
    [
        (
            Layout.DOUYIN, "douyin.csv", "入账,104.50,", "入账,104.51,",
            BillCellWrong(line=2, column="动账金额", value="104.51", why=BillWhy.NOT_ITS_PARTS),
        ),
        (
            Layout.DOUYIN, "douyin.csv", "出账,0.40,", "冻结,0.40,",
            BillCellWrong(line=6, column="动账方向", value="冻结", why=BillWhy.DIRECTION_UNKNOWN),
        ),
        (Layout.DOUYIN, "douyin.csv", "动账场景", "场景", BillColumnsMissing(columns="动账场景")),
        (
            Layout.JINGDONG, "jingdong.csv", "1.27,人民币", "1.27,美元",
            BillCellWrong(line=5, column="币种", value="美元", why=BillWhy.OTHER_CURRENCY),
        ),
        (
            Layout.JINGDONG, "jingdong.csv", "158.20", "-158.20",
            BillCellWrong(line=2, column="收支方向", value="收入", why=BillWhy.WRONG_SIGN),
        ),
        (
            Layout.ALIPAY_FUNDS, "alipay_funds.csv", "支出合计：3笔", "支出合计：4笔",
            BillSummaryDiffers(what="支出合计", stated="4", found="3"),
        ),
        (
            Layout.ALIPAY_FUNDS, "alipay_funds.csv", "共158.20元", "共158.21元",
            BillSummaryDiffers(what="收入合计", stated="158.21", found="15820"),
        ),
        (Layout.ALIPAY_FUNDS, "alipay_funds.csv", "列表结束", "列表", BillRowWrong(line=14, why=BillWhy.LIST_CUT)),
    ],
)  # fmt: skip
def test_what_a_marketplace_cannot_have_written_is_refused(
    layout: Layout, name: str, before: str, after: str, refusal: Refusal
):
    content = (GOLDEN / name).read_bytes()
    coding = "utf-8" if layout is Layout.DOUYIN else "gb18030"
    text = content.decode(coding)
    assert before in text
    changed = text.replace(before, after, 1).encode(coding)
    assert read_bill(changed, file_name=name, source=source(layout=layout)) == refusal


def test_a_workbook_of_douyin_is_read_as_its_csv():
    rows = [line.split(",") for line in DOUYIN_ROWS]
    read = lines(read_bill(workbook(rows), file_name="d.xlsx", source=source(layout=Layout.DOUYIN)))
    assert settled(read) == [("payment", 5_000, 150)]


DOUYIN_ROWS = (
    "动账时间,动账流水号,动账方向,动账金额,动账场景,子订单号,订单号,订单实付应结,订单退款,平台服务费,佣金",
    "2026-03-02 08:00:00,AS1,入账,48.50,货款结算入账,6930162745589500002,6930162745589500001,50.00,0,-1.50,0",
)


def test_a_banks_file_by_the_columns_that_finance_named():
    read = golden("bank.csv", mapped(BANK))
    assert [(one.row, one.day.day, one.amount_minor, one.number) for one in read] == [
        (4, 3, 123_450, "B0001"),
        (5, 3, -1_800, "B0002"),
        (6, 4, 8_800, "B0003"),
    ]
    assert read[0].wording == "财付通支付科技有限公司 结算款"


def test_a_marketplaces_file_with_its_words_and_days_that_begin_with_the_day():
    read = golden("marketplace.csv", mapped(MARKET))
    assert [(one.day, one.kind, one.amount_minor, one.fee_minor) for one in read] == [
        (date(2026, 3, 2), LineKind.PAYMENT, 15_820, 791),
        (date(2026, 3, 3), LineKind.REFUND, -2_260, -113),
        (date(2026, 3, 3), LineKind.FEE, -3_000, 0),
    ]
    assert read[1].keys == ("T-100", "refund:T-100")


def test_the_same_columns_in_a_workbook():
    rows = [
        ["Line", "Order", "Type", "Settled on", "Amount", "Commission"],
        ["M-1", "T-1", "Sale", date(2026, 3, 2), 12.5, 1],
    ]
    (line,) = lines(read_bill(workbook(rows), file_name="m.XLSX", source=mapped(MARKET)))
    assert (line.day, line.amount_minor, line.fee_minor, line.keys) == (
        date(2026, 3, 2),
        1_250,
        100,
        ("T-1",),
    )


def edited(content: bytes, old: str, new: str) -> bytes:
    encoding = "utf-8" if content.startswith(b"\xef\xbb\xbf") else "gbk"
    text = content.decode(encoding)
    assert old in text
    return text.replace(old, new).encode(encoding)


PAID = wechat_bill([Paid("4200001", 15_820, ours="A-1"), Paid("4200002", 999, ours="A-2")])
ALI = alipay_bill([Paid("2026001", 15_820, ours="A-1"), Paid("2026001", 999, ours="A-1", refund="RB-1")])


@pytest.mark.parametrize(
    ("content", "of", "refused"),
    [
        (b"", WECHAT, BillColumnsMissing),
        (b"a,b\n1,2\n", WECHAT, BillColumnsMissing),
        (wechat_bill([]), WECHAT, BillHasNoLines),
        (PAID.split("总交易单数".encode())[0], WECHAT, BillRowWrong),
        (edited(PAID, "`2,`168.19", "`3,`168.19"), WECHAT, BillSummaryDiffers),
        (edited(PAID, "`168.19,`0.00,`0.00,`1.01", "`168.20,`0.00,`0.00,`1.01"), WECHAT, ReadBill),
        (edited(PAID, "000,`168.19", "000,`168.20"), WECHAT, BillSummaryDiffers),
        (edited(PAID, "`A-2", "A-2"), WECHAT, BillRowWrong),
        (edited(ALI, "业务明细列表结束", "业务明细列表"), ALIPAY, BillRowWrong),
        (edited(ALI, "退款合计：1笔", "退款合计：2笔"), ALIPAY, BillSummaryDiffers),
        (edited(ALI, "实收共158.20", "实收共158.21"), ALIPAY, BillSummaryDiffers),
        (b"\x00\x01", ALIPAY, FileUnreadable),
    ],
)
def test_a_file_that_is_cut_off_or_contradicts_itself_is_refused_whole(
    content: bytes, of: Any, refused: type
):
    assert isinstance(read_bill(content, file_name="bill.csv", source=of), refused)


@pytest.mark.parametrize(
    ("old", "new", "column", "why"),
    [
        ("`CNY", "`USD", "货币种类", BillWhy.OTHER_CURRENCY),
        ("`SUCCESS", "`CLOSED", "交易状态", BillWhy.STATE_UNKNOWN),
        ("`2026-03-02 12:00:05", "`2026-02-30 12:00:05", "交易时间", BillWhy.NO_SUCH_DAY),
        ("`2026-03-02 12:00:05", "`yesterday", "交易时间", BillWhy.NO_DAY),
        ("`0.60%,`158.20", "`0.60%,`158.205", "订单金额", BillWhy.TOO_FINE),
        ("`0.60%,`158.20", "`0.60%,`1e3", "订单金额", BillWhy.NO_AMOUNT),
        ("`4200001", "`4.2E+27", "微信订单号", BillWhy.NUMBER_CUT),
    ],
)
def test_a_cell_that_cannot_be_read_is_named_with_its_line_and_column(
    old: str, new: str, column: str, why: BillWhy
):
    refused = read_bill(edited(PAID, old, new), file_name="bill.csv", source=WECHAT)
    assert isinstance(refused, BillCellWrong)
    assert (refused.line, refused.column, refused.why) == (2, column, why)


def test_formulas_and_unknown_words_are_refused_wherever_they_stand():
    head = ["Line", "Order", "Type", "Settled on", "Amount", "Commission"]
    good = ["M-1", "T-1", "Sale", "02/03/2026", "12.50", "0"]
    cases = [
        ([*good[:4], "=1+1", "0"], "Amount", BillWhy.FORMULA),
        ([*good[:2], "Gift", *good[3:]], "Type", BillWhy.WORD_UNKNOWN),
        ([*good[:3], "2026-13-01", *good[4:]], "Settled on", BillWhy.NO_SUCH_DAY),
    ]
    for row, column, why in cases:
        for content, name in (
            (workbook([head, row]), "m.xlsx"),
            ("\n".join([",".join(head), ",".join(row)]).encode(), "m.csv"),
        ):
            refused = read_bill(content, file_name=name, source=mapped(MARKET))
            assert isinstance(refused, BillCellWrong), refused
            assert (refused.line, refused.column, refused.why) == (2, column, why)


def test_what_is_too_big_or_of_no_known_kind_is_not_read(monkeypatch: pytest.MonkeyPatch):
    assert read_bill(PAID, file_name="bill.pdf", source=WECHAT) == FileKindUnknown(file_name="bill.pdf")
    assert read_bill(PAID, file_name="bill.xlsx", source=WECHAT) == FileKindUnknown(file_name="bill.xlsx")
    assert read_bill(PAID, file_name="b.csv", source=mapped(None)) == BillLayoutUnknown(source_code="WX")
    monkeypatch.setattr("loopline.bills.layouts.reading.BILL_BYTES_MAX", 100)
    assert isinstance(read_bill(PAID, file_name="bill.csv", source=WECHAT), FileTooBig)


def test_a_row_that_is_cut_off_is_refused_in_a_csv():
    content = b"Line,Order,Type,Settled on,Amount,Commission\nM-1,T-1,Sale,02/03/2026\n"
    refused = read_bill(content, file_name="m.csv", source=mapped(MARKET))
    assert refused == BillRowWrong(line=2, why=BillWhy.FEW_CELLS)


def test_the_bill_of_successful_payments_alone_has_fewer_columns():
    fewer = [one for one in WECHAT_COLUMNS.split(",") if "退款" not in one]
    row = PAID.decode("utf-8-sig").split("\r\n")[1][1:].split(",`")
    values: dict[str, str] = {
        str(name): value for name, value in zip(WECHAT_COLUMNS.split(","), row, strict=True)
    }
    text = "\n".join(
        [
            ",".join(fewer),
            ",".join(f"`{values[one]}" for one in fewer),
            "总交易单数,手续费总金额,订单总金额",
            "`1,`0.95,`158.20",
        ]
    )
    (line,) = lines(read_bill(text.encode(), file_name="b.csv", source=WECHAT))
    assert (line.amount_minor, line.fee_minor) == (15_820, 95)


def test_what_a_bill_is_does_not_hang_on_its_name():
    first = read_bill(PAID, file_name="a.csv", source=WECHAT)
    second = read_bill(PAID, file_name="folder/b.csv", source=WECHAT)
    assert isinstance(first, ReadBill)
    assert isinstance(second, ReadBill)
    assert second == msgspec.structs.replace(first, file_name="b.csv")
