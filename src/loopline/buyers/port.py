"""The port to platforms that open what they sealed: asked outside any transaction, for many orders at once.

What was opened goes to whoever asked, and is kept nowhere: neither record prints itself.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol, TypeAlias

import msgspec

from loopline.buyers.model import OpeningId, OpeningPurpose


class ToOpen(msgspec.Struct, frozen=True, kw_only=True):
    """A sealing to open, under the id that our log has of it."""

    opening_id: OpeningId
    purpose: OpeningPurpose
    ciphertext_id: str | None
    ciphertext: str | None

    def __repr__(self) -> str:
        return f"ToOpen(opening_id={self.opening_id})"


class OpenedBuyer(msgspec.Struct, frozen=True, kw_only=True):
    """A buyer's data in the open. It goes no further than the purpose it was opened for."""

    name: str
    phone: str
    address: str

    def __repr__(self) -> str:
        return "OpenedBuyer(…)"


class DenialReason(StrEnum):
    """Why a platform does not open what it sealed."""

    EXPIRED = "expired"
    NOT_YOURS = "not_yours"
    TOO_MANY = "too_many"
    OTHER = "other"


class Denied(msgspec.Struct, frozen=True, kw_only=True):
    """The platform's own word that it will not."""

    reason: DenialReason


class NoAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing that could be read came back; `said` is what happened on the way, with no word of the answer."""

    said: str


Answer: TypeAlias = OpenedBuyer | Denied | NoAnswer


class Platform(Protocol):
    """A marketplace that seals what it hands over of buyers."""

    @property
    def name(self) -> str:
        """Its name, as sealings say it."""
        ...

    def open_sealed(self, asked: Sequence[ToOpen]) -> list[Answer]:
        """Open sealings: one answer each, in their order. Takes seconds; raises nothing that it can foresee."""
        ...
