"""The port to platforms that make out e-invoices: what they are asked, and what they say. Never in a transaction."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from loopline.invoices.model import Document, DocumentId
from loopline.kernel.refusals import Refusal


class Seller(msgspec.Struct, frozen=True, kw_only=True):
    """Who makes out a document."""

    name: str
    tax_number: str


class ToIssue(msgspec.Struct, frozen=True, kw_only=True):
    """A document as a platform is asked for it; `blue` is the one a red document takes back."""

    document: Document
    seller: Seller
    blue: Document | None = None


class Heard(StrEnum):
    """What a platform said of a document.

    `issued`: it has its fiscal number. `pending`: the platform has it and works on it, or waits for the buyer.
    `failed`: it will never be issued under this number. `absent`: it has nothing under the number. `refused`: it would
    not take it, and when asked has nothing under the number. `nothing`: no answer that can be believed.
    """

    ISSUED = "issued"
    PENDING = "pending"
    FAILED = "failed"
    ABSENT = "absent"
    REFUSED = "refused"
    NOTHING = "nothing"


class InvoiceReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a platform said of a document; amounts are those it issued, negative of a red one."""

    document_id: DocumentId
    heard: Heard
    fiscal_number: str | None = None
    issued_at: datetime | None = None
    net_minor: int | None = None
    tax_minor: int | None = None
    file_url: str | None = None
    note: str | None = None


class InvoicePlatform(Protocol):
    """A platform. It never raises for what a network does: no answer is `Heard.NOTHING`."""

    def send(self, asked: ToIssue, *, now: datetime) -> InvoiceReport:
        """Ask for a document under its number. The same number again is the same document."""
        ...

    def ask(self, asked: ToIssue, *, now: datetime) -> InvoiceReport:
        """Ask what became of a document under its number; makes out nothing."""
        ...

    def hear(self, headers: Mapping[str, str], body: bytes) -> str | Refusal:
        """Read of which document (its number) a notification speaks. It proves nothing: the platform is asked."""
        ...
