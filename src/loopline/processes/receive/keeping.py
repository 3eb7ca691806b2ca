"""Keep what channels send, before anything is done about it; what people do about what waits."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

import msgspec

from loopline import inbox
from loopline.customers.keys import KeyRing
from loopline.db import Conn
from loopline.inbox import (
    Change,
    Head,
    Kept,
    Message,
    MessageId,
    MessageKind,
    MessageState,
    NewMessage,
)
from loopline.kernel.ids import OrgUnitId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.processes.receive.masking import unmasked
from loopline.processes.receive.reading import OWN_NAME, head_of
from loopline.processes.receive.renewing import Renewal, renew_sealings
from loopline.processes.receive.sealing import open_message, seal_correction, seal_message


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """Who sends messages, and for which branch: a message can do there what its sender may, whenever it is tried."""

    actor: str
    branch_id: OrgUnitId
    may_move_money: bool


class KeptMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message that is kept, and what can be made out of it."""

    kept: Kept
    head: Head


class Mender(msgspec.Struct, frozen=True, kw_only=True):
    """Who does something about messages, of which branches, and whether what messages say of money then counts."""

    actor: str
    scope: Scope
    may_move_money: bool


class MoneyNotYours(Refusal, frozen=True, kw_only=True):
    """This message says that money moved: only who may confirm payments can correct it."""


class Again(msgspec.Struct, frozen=True, kw_only=True):
    """A message to be tried again, as it is or as somebody wrote it anew."""

    message_id: MessageId
    text: str | None = None


class ToBeTried(msgspec.Struct, frozen=True, kw_only=True):
    """A message that is tried again."""

    message_id: MessageId


Mended: TypeAlias = ToBeTried | Refusal


def keep_messages(
    conn: Conn, bodies: Sequence[bytes], sender: Sender, *, ring: KeyRing, now: datetime
) -> list[KeptMessage]:
    """Keep messages, sealed, in the order given: one outcome each, and none is refused.

    What comes again says the same, but its platform may have sealed the buyer anew: the newest sealing is kept. Locks
    as the inbox does, then sealings by order.
    """
    heads = [head_of(body) for body in bodies]
    new = [
        NewMessage(
            id=MessageId(made),
            branch_id=sender.branch_id,
            sender=sender.actor,
            may_move_money=sender.may_move_money,
            head=head,
            sealed=seal_message(body, message_id=MessageId(made), ring=ring),
        )
        for body, head, made in zip(bodies, heads, uuid7s(now, len(bodies)), strict=True)
    ]
    kept = inbox.keep_messages(conn, new, now=now)
    again = [
        Renewal(message_id=one.message_id, body=body)
        for one, body in zip(kept, bodies, strict=True)
        if one.is_repeat
    ]
    renew_sealings(conn, again, actor=sender.actor, ring=ring, now=now)
    return [KeptMessage(kept=one, head=head) for one, head in zip(kept, heads, strict=True)]


def replay(
    conn: Conn, asked: Sequence[Again], mender: Mender, *, ring: KeyRing, now: datetime
) -> list[Mended]:
    """Let messages be tried again; what was written anew counts from now on, and the first text stays.

    Refused for what is settled, for what came from another branch, and for another id. Locks the messages by id.
    """
    standing = _lock(conn, [one.message_id for one in asked])
    outcomes: list[Mended] = []
    changes: dict[MessageId, Change] = {}
    for one in asked:
        message = standing.get(one.message_id)
        refusal = _refusal_of(one.message_id, message, mender.scope)
        if refusal is not None or message is None:
            outcomes.append(refusal or inbox.UnknownMessage(message_id=one.message_id))
            continue
        change = Change(
            message_id=message.id,
            state=MessageState.RECEIVED,
            actor=mender.actor,
            next_try_at=now,
            may_move_money=mender.may_move_money,
        )
        if one.text is not None:
            rewritten = _rewritten(conn, one.text, message, mender, ring=ring)
            if isinstance(rewritten, Refusal):
                outcomes.append(rewritten)
                continue
            change = msgspec.structs.replace(change, corrected=rewritten.sealed, head=rewritten.head)
        changes[one.message_id] = change
        outcomes.append(ToBeTried(message_id=one.message_id))
    inbox.change_messages(conn, list(changes.values()), now=now)
    return outcomes


class _Rewritten(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody put right, sealed as the message is, and what can be made out of it."""

    sealed: bytes
    head: Head


def _rewritten(
    conn: Conn, text: str, message: Message, mender: Mender, *, ring: KeyRing
) -> _Rewritten | Refusal:
    original = open_message(message, ring=ring)
    if isinstance(original, Refusal):
        return original
    body = unmasked(text, original)
    head = head_of(body)
    refusal = _refusal_of_rewriting(conn, head, message, mender)
    if refusal is not None:
        return refusal
    sealed = seal_correction(body, message, ring=ring)
    return sealed if isinstance(sealed, Refusal) else _Rewritten(sealed=sealed, head=head)


def _refusal_of_rewriting(conn: Conn, head: Head, message: Message, mender: Mender) -> Refusal | None:
    """Who moves no money writes none; a message keeps the id it came with, and takes no other's name."""
    if MessageKind.PAID in {head.kind, message.kind} and not mender.may_move_money:
        return MoneyNotYours()
    had_an_id = not message.external_id.startswith(OWN_NAME)
    if had_an_id and head.external_id != message.external_id:
        return inbox.MessageNameChanges(external_id=message.external_id)
    name = (message.branch_id, head.channel, message.external_id)
    if head.channel != message.channel and inbox.is_name_taken(conn, name):
        return inbox.MessageIdTaken(channel=head.channel, external_id=message.external_id)
    return None


def dismiss(
    conn: Conn, message_ids: Sequence[MessageId], mender: Mender, *, note: str, now: datetime
) -> list[Message | Refusal]:
    """Settle messages without applying them, with a note that says why. Locks them by id."""
    said = inbox.storable_note(note)
    if said is None:
        return [inbox.DismissalNeedsANote() for _ in message_ids]
    standing = _lock(conn, message_ids)
    outcomes: list[Message | Refusal] = []
    going: dict[MessageId, Change] = {}
    for message_id in message_ids:
        message = standing.get(message_id)
        refusal = _refusal_of(message_id, message, mender.scope)
        if refusal is not None or message is None:
            outcomes.append(refusal or inbox.UnknownMessage(message_id=message_id))
            continue
        outcomes.append(message)
        going[message_id] = Change(
            message_id=message_id, state=MessageState.DISMISSED, actor=mender.actor, note=said
        )
    inbox.change_messages(conn, list(going.values()), now=now)
    return outcomes


def _lock(conn: Conn, message_ids: Sequence[MessageId]) -> Mapping[MessageId, Message]:
    return {one.id: one for one in inbox.lock_messages(conn, set(message_ids))}


def _refusal_of(message_id: MessageId, message: Message | None, scope: Scope) -> Refusal | None:
    if message is None or not (scope.everything or message.branch_id in scope.org_units):
        return inbox.UnknownMessage(message_id=message_id)
    if message.is_settled:
        return inbox.MessageSettled(message_id=message_id, external_id=message.external_id)
    return None
