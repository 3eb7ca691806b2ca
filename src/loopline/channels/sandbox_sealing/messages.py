"""What the sandbox and its seller say to each other, and how a buyer is sealed and masked."""

import base64
import os
from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import UNSET, Meta, UnsetType

from loopline.buyers import DenialReason, OpeningPurpose
from loopline.channels.sandbox_sealing.settings import NAME

OPENED_AT_ONCE_MAX = 50
_NONCE_BYTES = 12
_PLACE = b"sandbox market buyer"
_MONTH_SECONDS = 30 * 24 * 3600

Text = Annotated[str, Meta(min_length=1, max_length=200)]


class BuyerToSeal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who bought; what seals them runs out after so many seconds."""

    name: Text
    phone: Text
    address: Text
    lasts_seconds: Annotated[int, Meta(ge=1, le=_MONTH_SECONDS)] = _MONTH_SECONDS


class SealedTold(msgspec.Struct, frozen=True, kw_only=True):
    """A buyer as an order's message carries one."""

    platform: str
    ciphertext_id: str
    ciphertext: str
    masked_name: str
    masked_phone: str
    masked_address: str
    sealed_at: datetime


class ItemToOpen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to open, why, and under which id the seller's log has it."""

    ciphertext_id: str | None
    ciphertext: str | None
    purpose: OpeningPurpose
    reference: str


class OpenAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a seller wants to open."""

    items: Annotated[list[ItemToOpen], Meta(min_length=1, max_length=OPENED_AT_ONCE_MAX)]


class BuyerTold(msgspec.Struct, frozen=True, kw_only=True):
    """A buyer in the open."""

    name: str
    phone: str
    address: str

    def __repr__(self) -> str:
        return "BuyerTold(…)"


class ItemOpened(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of an item: the buyer, or why not."""

    buyer: BuyerTold | UnsetType = UNSET
    denied: DenialReason | UnsetType = UNSET


class OpenedTold(msgspec.Struct, frozen=True, kw_only=True):
    """One outcome per item, in their order."""

    items: list[ItemOpened]


class _Inside(msgspec.Struct, frozen=True, kw_only=True):
    buyer: BuyerTold
    expires_at: datetime


def sealed(new: BuyerToSeal, *, key: bytes, now: datetime) -> SealedTold:
    """Seal a buyer; the same buyer never looks the same twice."""
    inside = _Inside(
        buyer=BuyerTold(name=new.name, phone=new.phone, address=new.address),
        expires_at=now + timedelta(seconds=new.lasts_seconds),
    )
    nonce = os.urandom(_NONCE_BYTES)
    text = nonce + AESGCM(key).encrypt(nonce, msgspec.json.encode(inside), _PLACE)
    return SealedTold(
        platform=NAME,
        ciphertext_id=f"OAID-{nonce.hex()}",
        ciphertext=base64.urlsafe_b64encode(text).decode(),
        masked_name=f"{new.name[:1]}**",
        masked_phone=f"{new.phone[:3]}****{new.phone[-4:]}" if len(new.phone) > 8 else "****",
        masked_address=f"{new.address[:6]}****",
        sealed_at=now,
    )


def opened(item: ItemToOpen, *, key: bytes, now: datetime) -> ItemOpened:
    """Open what was sealed here, and has not run out."""
    try:
        text = base64.urlsafe_b64decode((item.ciphertext or "").encode())
        plain = AESGCM(key).decrypt(text[:_NONCE_BYTES], text[_NONCE_BYTES:], _PLACE)
        inside = msgspec.json.decode(plain, type=_Inside)
    except (InvalidTag, ValueError, msgspec.MsgspecError):
        return ItemOpened(denied=DenialReason.NOT_YOURS)
    if inside.expires_at <= now:
        return ItemOpened(denied=DenialReason.EXPIRED)
    return ItemOpened(buyer=inside.buyer)
