"""Nuonuo makes out fully digitalised e-invoices (数电发票): blue ones at once, red ones through a confirmation form.

Blue: `requestBillingNew` under our order number, then `queryInvoiceResult`. Red: `saveInvoiceRedConfirm` under our bill
number, which says of which lines how much; the red invoice follows by itself once the form needs nobody's consent or
has it. Companies that booked the blue one must consent within 72 hours, else the form lapses. What comes again under
the same number is refused as a repeat, and asked after.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import msgspec

from loopline.channels.nuonuo.client import DONE, Answer, NuonuoClient
from loopline.channels.nuonuo.settings import NuonuoApplication
from loopline.invoices import (
    BuyerKind,
    CreditReason,
    DocumentKind,
    DocumentLine,
    Heard,
    InvoiceReport,
    ToIssue,
)
from loopline.invoices.refusals import InvoiceNoticeUnreadable
from loopline.kernel.refusals import Refusal

NOT_FOUND = "E9500"
REPEATED = "E9106"
ISSUE = "nuonuo.OpeMplatform.requestBillingNew"
TELL = "nuonuo.OpeMplatform.queryInvoiceResult"
CREDIT = "nuonuo.OpeMplatform.saveInvoiceRedConfirm"
TELL_CREDIT = "nuonuo.OpeMplatform.queryInvoiceRedConfirm"
NO_APPLICATION = "no_application_for_this_seller"
WAITS_FOR_BUYER = "waits_for_buyer"
_ZONE = ZoneInfo("Asia/Shanghai")
_OF_WHAT_WAS_ASKED = "E9"
"""Codes that begin so speak of what was asked; all others of the platform itself, which may answer better later."""
_ISSUED, _FAILED = "2", frozenset({"22", "3", "31"})
_AGREED = frozenset({"01", "04"})
_WAITING = frozenset({"02", "03"})
_LAPSED = frozenset({"05", "06", "07", "08", "09", "10", "16"})
_REASONS = {CreditReason.RETURNED: "1", CreditReason.MISTAKE: "2"}
_NUMBER = re.compile(r"[0-9]{8,20}")
_GENERAL = "pc"
"""An e-invoice of the general kind (数电普票)."""

_Shape = TypeVar("_Shape")
_Known = tuple[NuonuoApplication, NuonuoClient]


class _Form(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A red confirmation form."""

    bill_id: str
    bill_status: str = ""
    bill_message: str | None = None


class _Forms(msgspec.Struct, frozen=True, kw_only=True):
    list: list[_Form]


class _Told(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How an invoice stands; amounts are yuan, negative of a red one."""

    order_no: str
    status: str
    status_msg: str | None = None
    fail_cause: str | None = None
    all_electronic_invoice_number: str | None = None
    invoice_no: str | None = None
    invoice_time: int | None = None
    ex_tax_amount: str | None = None
    tax_amount: str | None = None
    pdf_url: str | None = None


class NuonuoInvoices:
    """The platform for some companies, each known by its tax number."""

    def __init__(
        self, applications: Sequence[NuonuoApplication], *, for_all_others: NuonuoApplication | None = None
    ) -> None:
        self._clients: dict[str, _Known] = {}
        for one in applications:
            client = NuonuoClient(one)
            self._clients |= dict.fromkeys(one.tax_numbers, (one, client))
        self._others = (for_all_others, NuonuoClient(for_all_others)) if for_all_others else None

    def _known(self, tax_number: str) -> _Known | None:
        return self._clients.get(tax_number, self._others)

    def send(self, asked: ToIssue, *, now: datetime) -> InvoiceReport:
        """Ask for a document under its number; what is refused is asked after before that is believed."""
        known = self._known(asked.seller.tax_number)
        if known is None:
            return _nothing(asked, NO_APPLICATION)
        application, client = known
        is_blue = asked.document.kind is DocumentKind.BLUE
        found = client.call(
            ISSUE if is_blue else CREDIT,
            {"order": _order(asked, application, now)} if is_blue else _form(asked, application),
            tax_number=asked.seller.tax_number,
            now=now,
        )
        if isinstance(found, str):
            return _nothing(asked, found)
        if found.code == DONE:
            return _pending(asked, None)
        after = self.ask(asked, now=now)
        if after.heard is not Heard.ABSENT:
            return after
        if found.code == REPEATED:
            return _pending(asked, None)  # it has it, and does not tell of it yet
        heard = Heard.REFUSED if found.code.startswith(_OF_WHAT_WAS_ASKED) else Heard.NOTHING
        return InvoiceReport(document_id=asked.document.id, heard=heard, note=found.said)

    def ask(self, asked: ToIssue, *, now: datetime) -> InvoiceReport:
        """Ask what became of a document under its number."""
        known = self._known(asked.seller.tax_number)
        if known is None:
            return _nothing(asked, NO_APPLICATION)
        _, client = known
        tax_number = asked.seller.tax_number
        if asked.document.kind is DocumentKind.RED:
            found = client.call(
                TELL_CREDIT,
                {"identity": "0", "billId": asked.document.number},
                tax_number=tax_number,
                now=now,
            )
            said = _said_of_form(asked, found)
            if said is not None:
                return said
        question = {"orderNos": [asked.document.number], "isOfferInvoiceDetail": "0"}
        found = client.call(TELL, question, tax_number=tax_number, now=now)
        return _said_of_invoice(asked, found)

    def hear(self, headers: Mapping[str, str], body: bytes) -> str | Refusal:
        """Read which document a notification names: a form whose `orderno` is our number, signed by nobody."""
        del headers
        try:
            numbers = parse_qs(body.decode(), max_num_fields=20).get("orderno", [])
        except (UnicodeDecodeError, ValueError):
            numbers = []
        number = numbers[0] if len(numbers) == 1 else ""
        return number if 0 < len(number) <= 32 and number.isalnum() else InvoiceNoticeUnreadable()


def _order(asked: ToIssue, application: NuonuoApplication, now: datetime) -> dict[str, Any]:
    document = asked.document
    return {
        "orderNo": document.number,
        "invoiceDate": f"{now.astimezone(_ZONE):%Y-%m-%d %H:%M:%S}",
        "invoiceType": "1",
        "invoiceLine": _GENERAL,
        "salerTaxNum": asked.seller.tax_number,
        "buyerName": document.buyer.title,
        "buyerTaxNum": document.buyer.tax_number,
        "naturalPersonFlag": "1" if document.buyer.kind is BuyerKind.PERSON else "0",
        "pushMode": "-1",
        "clerk": "Loopline",
        "callBackUrl": application.notify_url,
        "invoiceDetail": [_detail(line) for line in document.lines],
    }


def _detail(line: DocumentLine) -> dict[str, str]:
    """A line of a blue invoice; prices and amounts are without tax."""
    said = {
        "goodsName": line.name,
        "goodsCode": line.goods_code,
        "selfCode": line.code,
        "withTaxFlag": "0",
        "taxRate": _rate(line),
        "taxExcludedAmount": _yuan(line.net_minor),
        "tax": _yuan(line.tax_minor),
        "taxIncludedAmount": _yuan(line.gross_minor),
        "invoiceLineProperty": "0",
        "zeroRateFlag": "" if line.tax_rate_basis_points else "3",
    }
    if line.units:
        said |= {"num": str(line.units), "price": _price(line)}
    return said


def _form(asked: ToIssue, application: NuonuoApplication) -> dict[str, Any]:
    document, blue = asked.document, asked.blue
    assert blue is not None
    assert document.reason is not None
    return {
        "billId": document.number,
        "orderNo": document.number,
        "blueInvoiceLine": _GENERAL,
        "applySource": "0",
        "blueElecInvoiceNumber": blue.fiscal_number or "",
        "sellerTaxNo": asked.seller.tax_number,
        "sellerName": asked.seller.name,
        "buyerTaxNo": document.buyer.tax_number,
        "buyerName": document.buyer.title,
        "redReason": _REASONS[document.reason],
        "autoInvoice": "1",
        "callbackUrl": application.notify_url,
        "detail": [_back(line) for line in document.lines],
    }


def _back(line: DocumentLine) -> dict[str, str]:
    """A line of a form: of which line of the blue invoice how much is taken back, negative."""
    said = {
        "blueDetailIndex": str(line.position),
        "goodsName": line.name,
        "goodsCode": line.goods_code,
        "taxRate": _rate(line),
        "taxExcludedAmount": _yuan(line.net_minor),
        "taxAmount": _yuan(line.tax_minor),
    }
    if line.units:
        said |= {"num": str(line.units), "taxExcludedPrice": _price(line)}
    return said


def _said_of_form(asked: ToIssue, found: Answer | str) -> InvoiceReport | None:
    """What the form says; None where it stands, and the invoice itself is asked for."""
    if isinstance(found, str):
        return _nothing(asked, found)
    forms = _read(found.result, _Forms) if found.code == DONE else None
    if forms is None:
        return _absent(asked) if found.code == NOT_FOUND else _nothing(asked, found.said)
    form = next((one for one in forms.list if one.bill_id == asked.document.number), None)
    if form is None:
        return _absent(asked)
    if form.bill_status in _LAPSED:
        note = form.bill_message or f"bill status {form.bill_status}"
        return InvoiceReport(document_id=asked.document.id, heard=Heard.FAILED, note=note[:200])
    waits = WAITS_FOR_BUYER if form.bill_status in _WAITING else None
    return None if form.bill_status in _AGREED else _pending(asked, waits)


def _said_of_invoice(asked: ToIssue, found: Answer | str) -> InvoiceReport:
    if isinstance(found, str):
        return _nothing(asked, found)
    if found.code == NOT_FOUND:
        # The form of a red one stands: its invoice follows.
        return _pending(asked, None) if asked.document.kind is DocumentKind.RED else _absent(asked)
    listed = (_read(found.result, list[_Told]) if found.code == DONE else None) or []
    told = next((one for one in listed if one.order_no == asked.document.number), None)
    if told is None:
        return _nothing(asked, found.said)
    if told.status in _FAILED:
        note = told.fail_cause or told.status_msg or told.status
        return InvoiceReport(document_id=asked.document.id, heard=Heard.FAILED, note=note[:200])
    number = told.all_electronic_invoice_number or told.invoice_no or ""
    if told.status != _ISSUED or _NUMBER.fullmatch(number) is None:
        return _pending(asked, (told.status_msg or "")[:200] or None)
    at = told.invoice_time
    return InvoiceReport(
        document_id=asked.document.id,
        heard=Heard.ISSUED,
        fiscal_number=number,
        issued_at=datetime.fromtimestamp(at / 1000, UTC) if at is not None else None,
        net_minor=_minor(told.ex_tax_amount),
        tax_minor=_minor(told.tax_amount),
        file_url=_link(told.pdf_url),
    )


def _read(said: Any, kind: type[_Shape]) -> _Shape | None:
    """Read what an answer holds; None where it is nothing of that kind."""
    try:
        return msgspec.convert(said, kind, strict=False)
    except msgspec.ValidationError:
        return None


def _yuan(minor: int) -> str:
    return str(Decimal(minor).scaleb(-2))


def _minor(said: object) -> int | None:
    """Yuan as fen; None where it is no such amount."""
    try:
        scaled = Decimal(str(said)).scaleb(2)
        return int(scaled) if scaled == int(scaled) else None
    except (ArithmeticError, ValueError):
        return None


def _price(line: DocumentLine) -> str:
    """The price of a unit without tax, positive, to eight places."""
    return f"{Decimal(line.net_minor).scaleb(-2) / line.units:.8f}"


def _rate(line: DocumentLine) -> str:
    return f"{Decimal(line.tax_rate_basis_points).scaleb(-4).normalize():f}"


def _link(said: str | None) -> str | None:
    """An address of a file that a page may link to; None for anything else."""
    is_one = said is not None and said.startswith(("https://", "http://")) and said.isprintable()
    return said[:500] if said is not None and is_one else None


def _nothing(asked: ToIssue, note: str) -> InvoiceReport:
    return InvoiceReport(document_id=asked.document.id, heard=Heard.NOTHING, note=note[:200])


def _absent(asked: ToIssue) -> InvoiceReport:
    return InvoiceReport(document_id=asked.document.id, heard=Heard.ABSENT)


def _pending(asked: ToIssue, note: str | None) -> InvoiceReport:
    return InvoiceReport(document_id=asked.document.id, heard=Heard.PENDING, note=note)
