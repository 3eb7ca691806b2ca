"""The sandbox's book: blue invoices, red forms and their invoices, tokens, and what is to be told.

It checks what the tax authority does: a line's tax fits its rate within six fen, an order number is taken once, of a
line of a blue invoice no more is taken back than is left of it.
"""

from datetime import datetime
from decimal import Decimal
from urllib.parse import urlencode
from zlib import crc32

import msgspec

from loopline.channels.sandbox_book import SandboxBook, Thing
from loopline.channels.sandbox_nuonuo.settings import SandboxNuonuoSettings

_TAX_MAY_DIFFER = Decimal("0.06")
_PRICE_MAY_DIFFER = Decimal("0.01")
_NUMBER_MOST, _CODE_LENGTH = 20, 19
_DAY_SECONDS = 86_400


class NuonuoDenied(msgspec.Struct, frozen=True, kw_only=True):
    """Why the platform will not: a code, said with HTTP 200 as the real one does."""

    code: str
    describe: str


NOT_FOUND = NuonuoDenied(code="E9500", describe="未查询到该发票信息")
REPEATED = NuonuoDenied(code="E9106", describe="订单编号不能重复")


def _denied(describe: str) -> NuonuoDenied:
    return NuonuoDenied(code="E9101", describe=describe)


class NuonuoBook(SandboxBook):
    """Everything the platform knows."""

    def __init__(self, settings: SandboxNuonuoSettings) -> None:
        super().__init__(settings.file)
        self._settings = settings

    def issued(self) -> list[Thing]:
        """Return every invoice that the tax authority issued, blue and red."""
        with self._lock:
            return [one for one in self._all("invoice") if one["status"] == "2"]

    def give_token(self, app_key: str, *, token: str, now: datetime) -> Thing:
        """Give out a token that is good for a day; an earlier one is good no more."""
        with self._writing():
            self._keep("token", app_key, {"token": token, "until": now.timestamp() + _DAY_SECONDS})
        return {"access_token": token, "expires_in": str(_DAY_SECONDS)}

    def is_token(self, app_key: str, token: str, *, now: datetime) -> bool:
        """Whether a token is good."""
        with self._lock:
            known = self._find("token", app_key)
        return known is not None and known["token"] == token and now.timestamp() < known["until"]

    def issue(self, order: Thing, tax_number: str, *, now: datetime) -> NuonuoDenied | Thing:
        """Take an order in; its invoice is issued a while later."""
        number, details = order["orderNo"], order["invoiceDetail"]
        with self._writing():
            if self._find("invoice", number) is not None:
                return REPEATED
            wrong = _wrong_in(order, tax_number)
            if wrong is not None:
                return wrong
            self._keep(
                "invoice",
                number,
                {
                    "orderNo": number,
                    "serialNo": f"{crc32(number.encode()):020d}",
                    "seller": tax_number,
                    "buyer": order["buyerTaxNum"],
                    "buyerName": order["buyerName"],
                    "status": "20",
                    "kind": "blue",
                    "lines": [_line_of(one) for one in details],
                    "exTaxAmount": str(sum(Decimal(one["taxExcludedAmount"]) for one in details)),
                    "taxAmount": str(sum(Decimal(one["tax"]) for one in details)),
                    "finish_at": now.timestamp() + self._settings.manners.finish_seconds,
                    "tell": order.get("callBackUrl") or "",
                },
            )
        return {"invoiceSerialNum": f"{crc32(number.encode()):020d}"}

    def credit(self, form: Thing, tax_number: str, *, now: datetime) -> NuonuoDenied | Thing:
        """Take a red form in: of which lines of a blue invoice how much; its invoice follows once it is agreed to."""
        number = form["billId"]
        with self._writing():
            if self._find("form", number) is not None:
                return REPEATED
            blue = next(
                (
                    one
                    for one in self._all("invoice")
                    if one.get("allElectronicInvoiceNumber") == form["blueElecInvoiceNumber"]
                    and one["kind"] == "blue"
                ),
                None,
            )
            if blue is None or blue["seller"] != tax_number:
                return _denied("未找到对应蓝票")
            wrong = _takes_back(blue, form["detail"])
            if wrong is not None:
                return wrong
            self._keep("invoice", blue["orderNo"], blue)
            buyer, settings = form.get("buyerTaxNo") or "", self._settings
            waits = buyer in settings.confirms or buyer in settings.denies
            self._keep(
                "form",
                number,
                {
                    "billId": number,
                    "billNo": f"{crc32(number.encode()):018d}",
                    "billStatus": "02" if waits else "01",
                    "buyer": buyer,
                    "orderNo": form["orderNo"],
                    "blue": blue["orderNo"],
                    "detail": form["detail"],
                    "redReason": form["redReason"],
                    "finish_at": now.timestamp() + settings.manners.finish_seconds,
                    "tell": form.get("callbackUrl") or "",
                },
            )
        return {"billId": number}

    def told_of(self, numbers: list[str], *, now: datetime) -> NuonuoDenied | list[Thing]:
        """Say how invoices stand."""
        self.settle(now=now)
        with self._lock:
            found = [one for number in numbers if (one := self._find("invoice", number)) is not None]
        if not found:
            return NOT_FOUND
        hidden = {"finish_at", "tell", "lines", "seller", "kind", "buyer"}
        return [{name: value for name, value in one.items() if name not in hidden} for one in found]

    def told_of_form(self, number: str, *, now: datetime) -> Thing:
        """Say how a red form stands."""
        self.settle(now=now)
        with self._lock:
            form = self._find("form", number)
        shown = ("billId", "billNo", "billStatus", "redReason", "billMessage", "redInvoiceNumber")
        listed = [{name: form[name] for name in shown if name in form}] if form else []
        return {"total": len(listed), "list": listed}

    def settle(self, *, now: datetime) -> None:
        """Finish what is due: issue invoices, agree to forms, and say so."""
        with self._writing():
            for form in self._all("form"):
                if form["finish_at"] is not None and form["finish_at"] <= now.timestamp():
                    self._agree(form, now)
            for invoice in self._all("invoice"):
                if invoice["finish_at"] is not None and invoice["finish_at"] <= now.timestamp():
                    self._finish(invoice, now)

    def _agree(self, form: Thing, now: datetime) -> None:
        form["finish_at"] = None
        if form["buyer"] in self._settings.denies:
            form |= {"billStatus": "05", "billMessage": "购方否认"}
            blue = self._find("invoice", form["blue"])
            assert blue is not None
            for one in form["detail"]:
                line = blue["lines"][int(one["blueDetailIndex"]) - 1]
                for name, said in (("net", "taxExcludedAmount"), ("tax", "taxAmount")):
                    line[name] = str(Decimal(line[name]) - Decimal(one[said]))
            self._keep("invoice", blue["orderNo"], blue)
        else:
            form["billStatus"] = "04" if form["billStatus"] == "02" else "01"
            self._keep(
                "invoice",
                form["orderNo"],
                {
                    "orderNo": form["orderNo"],
                    "serialNo": f"{crc32(form['orderNo'].encode()):020d}",
                    "status": "20",
                    "kind": "red",
                    "lines": [],
                    "exTaxAmount": str(sum(Decimal(one["taxExcludedAmount"]) for one in form["detail"])),
                    "taxAmount": str(sum(Decimal(one["taxAmount"]) for one in form["detail"])),
                    "finish_at": now.timestamp(),
                    "tell": form["tell"],
                },
            )
        self._keep("form", form["billId"], form)

    def _finish(self, invoice: Thing, now: datetime) -> None:
        """Issue an invoice, unless its buyer is one of those whom the authority does not take."""
        invoice["finish_at"] = None
        if invoice.get("buyer") in self._settings.manners.refuses:
            invoice |= {"status": "22", "statusMsg": "开票失败", "failCause": "购方税号异常"}
        else:
            place = self._file.execute("select count(*) from thing where kind = 'fiscal'").fetchone()[0]
            number = f"{now:%y}312{place + 1:015d}"
            self._keep("fiscal", number, {})
            invoice |= {
                "status": "2",
                "statusMsg": "开票完成（最终状态）",
                "allElectronicInvoiceNumber": number,
                "invoiceTime": int(now.timestamp() * 1000),
                "pdfUrl": f"{self._settings.base_url}/files/{number}.pdf",
            }
        self._keep("invoice", invoice["orderNo"], invoice)
        if invoice["tell"]:
            said = {"c_orderno": invoice["orderNo"], "c_status": "1" if invoice["status"] == "2" else "2"}
            told = {
                "operater": "callback",
                "orderno": invoice["orderNo"],
                "content": msgspec.json.encode(said).decode(),
            }
            delays = self._settings.manners.delays(invoice["orderNo"])
            self._write_down(urlencode(told).encode(), [now.timestamp() + delay for delay in delays])


def _line_of(detail: Thing) -> Thing:
    """What is left of a line of a blue invoice."""
    return {"net": detail["taxExcludedAmount"], "tax": detail["tax"], "code": detail["goodsCode"]}


def _wrong_in(order: Thing, tax_number: str) -> NuonuoDenied | None:
    """What the tax authority would not take of an order."""
    wrong = {
        "订单号长度超过20位": len(order["orderNo"]) > _NUMBER_MOST,
        "销方税号与授权税号不一致": order["salerTaxNum"] != tax_number,
        "企业购方税号必填": order["naturalPersonFlag"] == "0" and not order["buyerTaxNum"],
        "发票明细不能为空": not order["invoiceDetail"],
    }
    for one in order["invoiceDetail"]:
        net, tax = Decimal(one["taxExcludedAmount"]), Decimal(one["tax"])
        priced = Decimal(one["num"]) * Decimal(one["price"]) if "num" in one else net
        is_whole = net + tax == Decimal(one["taxIncludedAmount"]) and net >= 0 and tax >= 0
        of_line = {
            "税额误差超过0.06": abs(net * Decimal(one["taxRate"]) - tax) > _TAX_MAY_DIFFER,
            "含税金额不等于不含税金额与税额之和": not is_whole,
            "商品编码有误": len(one["goodsCode"]) != _CODE_LENGTH,
            "单价乘以数量不等于金额": abs(priced - net) > _PRICE_MAY_DIFFER,
        }
        wrong |= {why: True for why, is_so in of_line.items() if is_so}
    why = next((why for why, is_so in wrong.items() if is_so), None)
    return _denied(why) if why is not None else None


def _takes_back(blue: Thing, details: list[Thing]) -> NuonuoDenied | None:
    """Take lines back of a blue invoice; never more than is left of each, and all of them or none."""
    left = [dict(one) for one in blue["lines"]]
    for one in details:
        place = int(one["blueDetailIndex"]) - 1
        if not 0 <= place < len(left) or left[place]["code"] != one["goodsCode"]:
            return _denied("红字明细与蓝票明细不一致")
        for name, said in (("net", "taxExcludedAmount"), ("tax", "taxAmount")):
            amount = Decimal(one[said])
            if amount > 0 or Decimal(left[place][name]) + amount < 0:
                return _denied("冲红金额超过蓝票剩余可冲红金额")
            left[place][name] = str(Decimal(left[place][name]) + amount)
    blue["lines"] = left
    return None if details else _denied("红字明细不能为空")
