"""The words of invoices: where a document stands, and what stands in the way of one."""

from collections.abc import Mapping

from loopline.invoices import CreditReason, Document, DocumentKind, DocumentState, Stop
from loopline.web.languages import Language, marked

KIND_WORDS: Mapping[DocumentKind, str] = {
    DocumentKind.BLUE: marked("Invoice"),
    DocumentKind.RED: marked("Credit note"),
}
STATE_WORDS: Mapping[DocumentState, str] = {
    DocumentState.OPEN: marked("asked for"),
    DocumentState.ISSUED: marked("issued"),
    DocumentState.FAILED: marked("not accepted"),
}
REASON_WORDS: Mapping[CreditReason, str] = {
    CreditReason.RETURNED: marked("goods came back"),
    CreditReason.MISTAKE: marked("made out to another"),
}
STOP_WORDS: Mapping[Stop, str] = {
    Stop.SELLER_HAS_NO_TAX_NUMBER: marked("The seller has no tax number: enter it with the legal entity."),
    Stop.GOODS_CODE_MISSING: marked("Some goods have no tax classification code: enter it below."),
    Stop.PLATFORM_REFUSED: marked("The tax authority would not take it: {why}"),
}
_NOTES: Mapping[str, str] = {
    "waits_for_buyer": marked("waits for the buyer's consent"),
    "amount_differs": marked("issued over another amount: somebody has to look"),
    "no_application_for_this_seller": marked("this seller has no access to the platform"),
}


def stop_words(language: Language, stop: Stop, note: str | None) -> str:
    """Say what stands in the way of an invoice."""
    return language.say(STOP_WORDS[stop], why=note or "–")


def note_words(language: Language, document: Document) -> str:
    """Say what a platform says of a document; its own words stay as they are."""
    note = document.note or ""
    return language.say(_NOTES[note]) if note in _NOTES else note
