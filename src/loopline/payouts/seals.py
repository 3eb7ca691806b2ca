"""Receivers are sealed: each account with a key of its own, which a key outside the database seals."""

import os
from typing import Protocol
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from loopline.kernel.refusals import Refusal
from loopline.payouts.model import Account, PayoutAccountId, Receiver
from loopline.payouts.refusals import AccountKeyMissing, AccountSealBroken

_PLACE = b"payouts.account"
_KEY_BYTES = 32
_NONCE_BYTES = 12


class Ring(Protocol):
    """Keys outside the database: they wrap an account's key, so that it opens for that account alone."""

    @property
    def sealing_id(self) -> int: ...
    @property
    def sealing_ids(self) -> frozenset[int]: ...
    def wrap(self, member_key: bytes, *, member_id: UUID) -> bytes: ...
    def unwrap(self, wrapped: bytes, *, sealed_with: int, member_id: UUID) -> bytes: ...


class SealedReceiver(msgspec.Struct, frozen=True, kw_only=True):
    """A receiver as it is kept."""

    sealed: bytes
    wrapped_key: bytes
    sealed_with: int


def seal_receiver(receiver: Receiver, *, account_id: PayoutAccountId, ring: Ring) -> SealedReceiver:
    """Seal a receiver with a new key."""
    key, nonce = os.urandom(_KEY_BYTES), os.urandom(_NONCE_BYTES)
    return SealedReceiver(
        sealed=nonce + AESGCM(key).encrypt(nonce, msgspec.json.encode(receiver), _PLACE),
        wrapped_key=ring.wrap(key, member_id=account_id),
        sealed_with=ring.sealing_id,
    )


def open_receiver(account: Account, *, ring: Ring) -> Receiver | Refusal:
    """Open a receiver, for the moment in which it is put to a gateway or into a file.

    Refused where its key is not in the ring, which may be mended by putting it there; and where it was damaged.
    """
    if account.sealed_with not in ring.sealing_ids:
        return AccountKeyMissing(account_id=account.id)
    try:
        key = ring.unwrap(account.wrapped_key, sealed_with=account.sealed_with, member_id=account.id)
        opened = AESGCM(key).decrypt(account.sealed[:_NONCE_BYTES], account.sealed[_NONCE_BYTES:], _PLACE)
        return msgspec.json.decode(opened, type=Receiver)
    except Exception as fault:  # noqa: BLE001 - what a ring raises is its own; none of it may stop other accounts
        del fault
        return AccountSealBroken(account_id=account.id)
