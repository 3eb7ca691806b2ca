"""Decisions of invoices: whom they may be made out to, which document comes next, what reports change."""

import base64
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from loopline.invoices.model import (
    PERSON,
    Buyer,
    BuyerKind,
    CodeKind,
    CreditReason,
    Document,
    DocumentId,
    DocumentKind,
    DocumentLine,
    DocumentState,
    EarnedLine,
    GoodsCode,
    NewDocument,
    Stop,
    Wish,
)
from loopline.invoices.port import Heard, InvoiceReport
from loopline.invoices.refusals import BuyerNotUsable, GoodsCodeNotUsable, InvoicedInYuanOnly
from loopline.kernel.refusals import Refusal

YUAN = "CNY"
AMOUNT_DIFFERS = "amount_differs"
_TITLE_MOST = 100
_WAITS_SECONDS = (2, 5, 15, 60, 300, 900, 3600)
_NUMBER_LENGTH = 20
_OLD_NUMBER = re.compile(r"[0-9A-Z]{15}|[0-9A-Z]{20}")
_CREDIT_CODE = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_GOODS_CODE = re.compile(r"[0-9]{19}")
_FISCAL_NUMBER = re.compile(r"[0-9]{8,20}")
_NOTE_MOST = 200


def named_buyer(kind: BuyerKind, *, title: str = "", tax_number: str = "") -> Buyer | Refusal:
    """Return the buyer that somebody stated, spaces around it left out, or why none can be made out to it."""
    if kind is BuyerKind.PERSON:
        return PERSON
    title, tax_number = title.strip(), tax_number.strip().upper()
    if not 2 <= len(title) <= _TITLE_MOST or not title.isprintable():
        return BuyerNotUsable(field="title")
    if not is_tax_number(tax_number):
        return BuyerNotUsable(field="tax_number")
    return Buyer(kind=kind, title=title, tax_number=tax_number)


def is_tax_number(text: str) -> bool:
    """Whether a text can be a company's tax number: a unified social credit code whose check character is right
    (GB 32100-2015: weights 3^i modulo 31), or one of the older kinds of 15 or 20 characters.
    """
    if len(text) != 18:
        return _OLD_NUMBER.fullmatch(text) is not None
    if any(one not in _CREDIT_CODE for one in text):
        return False
    weighed = sum(_CREDIT_CODE.index(one) * pow(3, place, 31) for place, one in enumerate(text[:17]))
    return _CREDIT_CODE[-weighed % 31] == text[17]


def refusal_of_currency(currency: str) -> Refusal | None:
    """Refuse what is not in yuan."""
    return None if currency == YUAN else InvoicedInYuanOnly(currency=currency)


def refusal_of_goods_code(new: GoodsCode) -> Refusal | None:
    """Refuse what is no code of the tax authority."""
    is_one = _GOODS_CODE.fullmatch(new.goods_code) is not None
    return None if is_one else GoodsCodeNotUsable(goods_code=new.goods_code[:40])


def goods_code_of(codes: Sequence[GoodsCode], kind: CodeKind, category: str) -> str:
    """Return the code for a category: its own, else that of all others, else none."""
    found = {(one.kind, one.category): one.goods_code for one in codes}
    return found.get((kind, category)) or found.get((kind, ""), "")


def number_of(document_id: UUID) -> str:
    """Return the number by which a platform knows a document, as long as platforms allow: 20 characters."""
    return base64.b32encode(document_id.bytes).decode()[-_NUMBER_LENGTH - 6 : -6]


def next_document(
    wish: Wish, earned: Sequence[EarnedLine], documents: Sequence[Document]
) -> NewDocument | Stop | None:
    """Return the one document that comes next so that what is invoiced is what was earned; None where it is.

    `documents` are all of the wish, the oldest first. While one is open nothing comes next. First goes back what stands
    for another buyer, then what came back of the goods, from the latest invoice that has any of it; then what was
    earned and not invoiced is. Of no line of an invoice more is taken back than is left of it. A line whose amount and
    tax are to move in opposite ways waits: no document may say that of it, and no other line has to wait for it.
    """
    if any(one.state is DocumentState.OPEN for one in documents):
        return None
    issued = [one for one in documents if one.state is DocumentState.ISSUED]
    blues = [one for one in issued if one.kind is DocumentKind.BLUE]
    left = {one.id: _left_of(one, issued) for one in blues}
    for blue in blues:
        if blue.buyer != wish.buyer and left[blue.id]:
            return _red(wish, blue, left[blue.id], CreditReason.MISTAKE)
    mine = [one for one in blues if one.buyer == wish.buyer]
    unlike = [_unlike(line, [left[one.id] for one in mine]) for line in earned]
    open_lines = [one for one in unlike if min(one.net_minor, one.tax_minor) >= 0 or _is_short(one)]
    short = {one.line_id: one for one in open_lines if _is_short(one)}
    for blue in reversed(mine):
        back = [
            taken
            for line in left[blue.id]
            if line.line_id in short and (taken := _smaller(line, short[line.line_id])).gross_minor
        ]
        if back:
            return _red(wish, blue, back, CreditReason.RETURNED)
    return _blue(wish, [one for one in open_lines if one.net_minor + one.tax_minor > 0])


def _left_of(blue: Document, issued: Sequence[Document]) -> list[DocumentLine]:
    """What of an invoice's lines was not taken back; lines of which nothing is left are left out."""
    found = {line.position: line for line in blue.lines}
    for red in issued:
        if red.of_id == blue.id:
            for line in red.lines:
                found[line.position] = _grown(found[line.position], line)
    return [one for one in found.values() if one.net_minor or one.tax_minor]


def _grown(line: DocumentLine, by: DocumentLine) -> DocumentLine:
    return msgspec.structs.replace(
        line,
        units=line.units + by.units,
        net_minor=line.net_minor + by.net_minor,
        tax_minor=line.tax_minor + by.tax_minor,
    )


def _unlike(earned: EarnedLine, invoiced: Sequence[Sequence[DocumentLine]]) -> EarnedLine:
    """What a line earned less what is invoiced of it: positive is to be invoiced, negative to be taken back."""
    same = [line for of in invoiced for line in of if line.line_id == earned.line_id]
    return msgspec.structs.replace(
        earned,
        units=earned.units - sum(line.units for line in same),
        net_minor=earned.net_minor - sum(line.net_minor for line in same),
        tax_minor=earned.tax_minor - sum(line.tax_minor for line in same),
    )


def _is_short(line: EarnedLine) -> bool:
    """Whether some of a line is to be taken back, and nothing of it to be invoiced."""
    return max(line.net_minor, line.tax_minor) <= 0 and line.net_minor + line.tax_minor < 0


def _smaller(line: DocumentLine, short: EarnedLine) -> DocumentLine:
    """As much of a line of an invoice as is to be taken back, and no more than is left of it."""
    return msgspec.structs.replace(
        line,
        units=min(line.units, max(0, -short.units)),
        net_minor=min(line.net_minor, max(0, -short.net_minor)),
        tax_minor=min(line.tax_minor, max(0, -short.tax_minor)),
    )


def _red(wish: Wish, blue: Document, lines: Sequence[DocumentLine], reason: CreditReason) -> NewDocument:
    return NewDocument(
        wish_id=wish.id,
        kind=DocumentKind.RED,
        buyer=blue.buyer,
        of_id=blue.id,
        reason=reason,
        lines=tuple(
            msgspec.structs.replace(
                line, units=-line.units, net_minor=-line.net_minor, tax_minor=-line.tax_minor
            )
            for line in lines
        ),
    )


def _blue(wish: Wish, lines: Sequence[EarnedLine]) -> NewDocument | Stop | None:
    if not lines:
        return None
    if any(not line.goods_code for line in lines):
        return Stop.GOODS_CODE_MISSING
    return NewDocument(
        wish_id=wish.id,
        kind=DocumentKind.BLUE,
        buyer=wish.buyer,
        lines=tuple(
            DocumentLine(
                position=position,
                line_id=line.line_id,
                code=line.code,
                name=line.name,
                goods_code=line.goods_code,
                tax_rate_basis_points=line.tax_rate_basis_points,
                units=max(0, line.units),
                net_minor=line.net_minor,
                tax_minor=line.tax_minor,
            )
            for position, line in enumerate(lines, start=1)
        ),
    )


def next_try(*, tries: int, now: datetime) -> datetime:
    """When a document that was tried so often is asked for next."""
    return now + timedelta(seconds=_WAITS_SECONDS[min(tries, len(_WAITS_SECONDS)) - 1])


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """What a report makes of an open document; `next_try_at` where it stays open."""

    document_id: DocumentId
    state: DocumentState
    next_try_at: datetime | None
    ended_at: datetime | None
    fiscal_number: str | None
    file_url: str | None
    note: str | None


def ending_of(document: Document, report: InvoiceReport, *, now: datetime) -> Ending:
    """Judge what a platform says of an open document.

    What was issued over other amounts than were asked for stays open, and somebody has to look: it is in the world,
    and is not what our books say. What was issued under what is no fiscal number stays open too. Whatever a platform
    says, the ending can be kept.
    """
    is_issued = (
        report.heard is Heard.ISSUED and _FISCAL_NUMBER.fullmatch(report.fiscal_number or "") is not None
    )
    said = (report.net_minor, report.tax_minor)
    differs = is_issued and said != (document.net_minor, document.tax_minor)
    state = DocumentState.OPEN
    if is_issued and not differs:
        state = DocumentState.ISSUED
    elif report.heard in {Heard.FAILED, Heard.REFUSED}:
        state = DocumentState.FAILED
    is_open = state is DocumentState.OPEN
    is_in = state is DocumentState.ISSUED
    return Ending(
        document_id=document.id,
        state=state,
        next_try_at=next_try(tries=document.tries, now=now) if is_open else None,
        ended_at=None if is_open else (report.issued_at or now) if is_in else now,
        fiscal_number=report.fiscal_number if is_in else None,
        file_url=report.file_url if is_in else None,
        note=AMOUNT_DIFFERS if differs else _kept(report.note),
    )


def _kept(note: str | None) -> str | None:
    """A platform's words as they can be kept: without what no text of the database may hold, and cut."""
    return note and (note.replace("\0", "")[:_NOTE_MOST] or None)
