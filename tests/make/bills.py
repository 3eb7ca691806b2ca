"""Bills of outside parties, made up: files as WeChat Pay, Alipay, banks and marketplaces lay them out."""

import io
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import xlsxwriter  # pyright: ignore[reportMissingTypeStubs]

from loopline.bills import (
    DayFormat,
    KindWord,
    Layout,
    LineKind,
    Mapping,
    NewSource,
    Source,
    SourceId,
    SourceKind,
)
from loopline.kernel.ids import EntityId

DAY = date(2026, 3, 2)
COMPANY = EntityId(UUID(int=21 << 64))
WECHAT_COLUMNS = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,"
    "手续费,费率,订单金额,申请退款金额,费率备注"
)
WECHAT_SUMMARY = (
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
)
ALIPAY_COLUMNS = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,"
    "订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,"
    "券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)


class Paid:
    """A payment, or with `refund` a refund of it, as a gateway's bill states it. Amounts in minor units."""

    def __init__(
        self,
        number: str,
        amount: int,
        *,
        ours: str = "",
        refund: str = "",
        fee: int | None = None,
        day: date = DAY,
        goods: str = "Coat, wool",
    ) -> None:
        self.number, self.amount, self.ours, self.refund = number, amount, ours, refund
        self.fee = round(amount * 0.006) if fee is None else fee
        self.day, self.goods = day, goods


def yuan(minor: int) -> str:
    return f"{'-' if minor < 0 else ''}{abs(minor) // 100}.{abs(minor) % 100:02d}"


def wechat_row(one: Paid) -> str:
    is_refund = bool(one.refund)
    values = [
        f"{one.day.isoformat()} 12:00:05", "wx0000", "1900000000", "0", "", one.number, one.ours, "o-buyer", "JSAPI",
        "REFUND" if is_refund else "SUCCESS", "OTHERS", "CNY", "0.00" if is_refund else yuan(one.amount), "0.00",
        one.refund if is_refund else "0", f"R{one.ours}" if is_refund else "0",
        yuan(one.amount) if is_refund else "0.00", "0.00", "ORIGINAL" if is_refund else "",
        "SUCCESS" if is_refund else "", one.goods, "", f"{'-' if is_refund else ''}{yuan(one.fee)}000", "0.60%",
        "0.00" if is_refund else yuan(one.amount), yuan(one.amount) if is_refund else "0.00", "",
    ]  # fmt: skip
    return ",".join(f"`{value}" for value in values)


def wechat_bill(paid: Sequence[Paid]) -> bytes:
    """A trade bill of WeChat Pay: a mark at its beginning, its header, its rows, its summary."""
    came = sum(one.amount for one in paid if not one.refund)
    back = sum(one.amount for one in paid if one.refund)
    fees = sum(-one.fee if one.refund else one.fee for one in paid)
    sums = (str(len(paid)), yuan(came), yuan(back), "0.00", f"{yuan(fees)}000", yuan(came), yuan(back))
    rows = [WECHAT_COLUMNS, *map(wechat_row, paid), WECHAT_SUMMARY, ",".join(f"`{value}" for value in sums)]
    return ("\ufeff" + "\r\n".join(rows) + "\r\n").encode()


def alipay_bill(paid: Sequence[Paid]) -> bytes:
    """A bill of Alipay: GBK, comments before and behind, numbers padded with tabs."""
    rows = [
        ",".join([
            f"{one.number}\t", f"{one.ours}\t", "退款" if one.refund else "交易", one.goods.replace(",", " "),
            f"{one.day.isoformat()} 12:00:00", f"{one.day.isoformat()} 12:00:30", "", "", "", "", "buy***@example.com",
            yuan(-one.amount if one.refund else one.amount), yuan(-one.amount if one.refund else one.amount), "0.00",
            "0.00", "0.00", "0.00", "0.00", "", "0.00", "0.00", f"{one.refund}\t" if one.refund else "",
            yuan(one.fee if one.refund else -one.fee), "0.00", "",
        ])
        for one in paid
    ]  # fmt: skip
    came, back = [one for one in paid if not one.refund], [one for one in paid if one.refund]
    lines = [
        "#支付宝业务明细查询",
        "#账号：[20880000000000000001]",
        "#起始日期：[2026年03月02日 00:00:00]   终止日期：[2026年03月03日 00:00:00]",
        "#-----------------------------------------业务明细列表----------------------------------------",
        ALIPAY_COLUMNS,
        *rows,
        "#-----------------------------------------业务明细列表结束------------------------------------",
        f"#交易合计：{len(came)}笔，商家实收共{yuan(sum(one.amount for one in came))}元，商家优惠共0.00元",
        f"#退款合计：{len(back)}笔，商家实收退款共{yuan(-sum(one.amount for one in back))}元，商家优惠退款共0.00元",
        "#导出时间：[2026年03月03日 09:00:00]",
    ]
    return ("\r\n".join(lines) + "\r\n").encode("gbk")


BANK = Mapping(
    day="交易日期",
    money_in="收入金额",
    money_out="支出金额",
    number="流水号",
    keys=("流水号",),
    wording=("对方户名", "摘要"),
    ends_with="合计",
)
MARKET = Mapping(
    day="Settled on",
    amount="Amount",
    fee="Commission",
    number="Line",
    keys=("Order",),
    kind="Type",
    kind_words=(
        KindWord(word="Sale", kind=LineKind.PAYMENT),
        KindWord(word="Refund", kind=LineKind.REFUND),
        KindWord(word="Advert", kind=LineKind.FEE),
    ),
    day_format=DayFormat.DAY_FIRST,
)


def new_source(code: str = "WX", **fields: Any) -> NewSource:
    stated: dict[str, Any] = {
        "code": code,
        "name": "微信支付 WeChat Pay",
        "kind": SourceKind.GATEWAY,
        "layout": Layout.WECHAT_PAY,
        "entity_id": COMPANY,
        "currency": "CNY",
        "zone": "Asia/Shanghai",
        "account": "gateway",
        "methods": ("wechat",),
        "payer": "财付通支付科技有限公司",
    }
    return NewSource(**(stated | fields))


def source(**fields: Any) -> Source:
    new = new_source(**fields)
    return Source(
        id=SourceId(UUID(int=31 << 64)), **{name: getattr(new, name) for name in new.__struct_fields__}
    )


def workbook(rows: Sequence[Sequence[Any]]) -> bytes:
    """A workbook of one sheet; text that begins with = is a formula."""
    target = io.BytesIO()
    book: Any
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet: Any = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for line, row in enumerate(rows):
            for place, value in enumerate(row):
                if isinstance(value, date):
                    sheet.write_datetime(line, place, value, day)
                else:
                    sheet.write(line, place, value)
    return target.getvalue()


def days_before(count: int) -> date:
    return DAY - timedelta(days=count)
