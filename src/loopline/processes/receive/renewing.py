"""The same message again, its buyer sealed anew: the newest sealing stands, wherever the message does.

Platforms let a sealing run out, and send the order again with another. Beside an order that was placed the newer one
is kept; into a message that is still to be applied it is put as a correction, so that its history says so.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

import msgspec

from loopline import inbox
from loopline.customers.keys import KeyRing
from loopline.db import Conn
from loopline.inbox import Change, Message, MessageId
from loopline.kernel.ids import OrderId
from loopline.kernel.refusals import Refusal
from loopline.processes.receive.reading import SEALED_BUYER, SealedBuyerSaid
from loopline.processes.receive.sealing import open_message, seal_correction
from loopline.processes.take_in import SealedBuyer, keep_sealed
from loopline.processes.take_in.sealed import refusal_of_sealed


class Renewal(msgspec.Struct, frozen=True, kw_only=True):
    """A message that came again, as it came."""

    message_id: MessageId
    body: bytes


def renew_sealings(conn: Conn, again: Sequence[Renewal], *, actor: str, ring: KeyRing, now: datetime) -> None:
    """Keep what platforms sealed anew. What holds no sealing, or none that can be kept, changes nothing.

    Reads nothing where no message carries a sealing. Locks the messages by id, then sealings by order.
    """
    sealed: dict[MessageId, SealedBuyer] = {}
    for one in again:
        said = sealing_in(one.body, told_at=now)
        stands = sealed.get(one.message_id)
        if said is not None and (stands is None or _is_newer(said, stands)):
            sealed[one.message_id] = said
    if not sealed:
        return
    placed: list[tuple[OrderId, SealedBuyer]] = []
    changes: list[Change] = []
    for message in inbox.lock_messages(conn, list(sealed)):
        said = sealed[message.id]
        if message.order_id is not None:
            placed.append((message.order_id, said))
        elif not message.is_settled:
            corrected = _with_sealing(message, said, ring=ring)
            if corrected is not None:
                changes.append(_renewed(message, corrected, actor=actor))
    inbox.change_messages(conn, changes, now=now)
    keep_sealed(conn, placed, now=now)


def sealing_in(body: bytes, *, told_at: datetime) -> SealedBuyer | None:
    """Return the sealed buyer that a message carries, however broken the rest of it is; None: none, or none to keep."""
    order = _order_in(body)
    if order is None or SEALED_BUYER not in order:
        return None
    try:
        said = msgspec.convert(order[SEALED_BUYER], SealedBuyerSaid)
    except msgspec.ValidationError:
        return None
    sealed = msgspec.structs.replace(said.sealed(), sealed_at=said.sealed_at or told_at)
    return None if refusal_of_sealed(sealed) is not None else sealed


def _order_in(body: bytes) -> dict[str, Any] | None:
    if SEALED_BUYER.encode() not in body:
        return None
    value = _decoded(body)
    order = value.get("order") if value is not None else None
    return cast("dict[str, Any]", order) if isinstance(order, dict) else None


def _decoded(body: bytes) -> dict[str, Any] | None:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _with_sealing(message: Message, said: SealedBuyer, *, ring: KeyRing) -> bytes | None:
    """Return a message's text with the newer sealing in it, sealed; None where it has one as new, or does not open."""
    body = open_message(message, ring=ring)
    if isinstance(body, Refusal):
        return None
    stands = sealing_in(body, told_at=message.received_at)
    value = _decoded(body)
    order = value.get("order") if value is not None else None
    if not isinstance(order, dict) or (stands is not None and not _is_newer(said, stands)):
        return None
    grafted = msgspec.json.encode({**(value or {}), "order": {**order, SEALED_BUYER: said}})
    corrected = seal_correction(grafted, message, ring=ring)
    return None if isinstance(corrected, Refusal) else corrected


def _is_newer(said: SealedBuyer, stands: SealedBuyer) -> bool:
    assert said.sealed_at is not None
    assert stands.sealed_at is not None
    return said.sealed_at > stands.sealed_at


def _renewed(message: Message, corrected: bytes, *, actor: str) -> Change:
    """The message stands where it stood, for the same reason: only its text is newer."""
    return Change(
        message_id=message.id,
        state=message.state,
        actor=actor,
        reason=message.why,
        next_try_at=message.next_try_at,
        corrected=corrected,
    )
