"""Commands of the inbox: keep what came, try it, change where it stands, forget its text."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from loopline.db import Conn
from loopline.inbox import rules, store
from loopline.inbox.model import (
    Change,
    Kept,
    Message,
    MessageId,
    MessageKind,
    MessageState,
    NewMessage,
)
from loopline.inbox.refusals import MessageIdTaken

__all__ = [
    "change_messages",
    "due_messages",
    "forget_texts",
    "is_any_waiting",
    "keep_messages",
    "lock_messages",
    "lock_wrapped_otherwise",
    "messages_about",
    "rewrap_messages",
    "wake_messages",
]


def keep_messages(conn: Conn, new: Sequence[NewMessage], *, now: datetime) -> list[Kept]:
    """Keep messages: the same again is the one kept before; other content under a known name is kept beside it.

    What conflicts goes into quarantine at once. Locks the rows it makes by name, then those that came again by id.
    """
    if not new:
        return []
    store.insert_messages(conn, [(one, None) for one in rules.firsts(new)], now=now)
    known = store.named(conn, new)
    other = rules.conflicts(new, known)
    if other:
        written = set(store.insert_messages(conn, other, now=now))
        _set_conflicts_aside(conn, [one for one, _ in other if one.id in written], now=now)
        known = store.named(conn, new)
    found = rules.recognise(new, known)
    if found.seen_again:
        store.count_again(conn, found.seen_again, now=now)
    return found.outcomes


def _set_conflicts_aside(conn: Conn, conflicting: Sequence[NewMessage], *, now: datetime) -> None:
    changes = [
        Change(
            message_id=one.id,
            state=MessageState.QUARANTINED,
            actor=one.sender,
            reason=rules.reason_of(
                MessageIdTaken(channel=one.head.channel, external_id=one.head.external_id)
            ),
        )
        for one in conflicting
    ]
    change_messages(conn, changes, now=now)


def lock_messages(conn: Conn, ids: Collection[MessageId]) -> list[Message]:
    """Lock messages by id and return them as they stand, by id."""
    return store.lock_messages(conn, ids) if ids else []


def change_messages(conn: Conn, changes: Sequence[Change], *, now: datetime) -> None:
    """Bring messages where they stand from now on, and write it into their histories. The caller holds them."""
    if changes:
        store.change_messages(conn, changes, now=now)
        store.add_steps(conn, changes, now=now)


def due_messages(conn: Conn, *, limit: int, now: datetime) -> list[tuple[MessageId, MessageKind]]:
    """Return the messages that are to be tried now, those due longest first."""
    return store.due(conn, limit=limit, now=now)


def messages_about(conn: Conn, numbers: Collection[tuple[str, str]]) -> list[tuple[MessageId, MessageKind]]:
    """Return the messages still to be tried that speak of orders by (channel, external number)."""
    return store.open_under_numbers(conn, numbers) if numbers else []


def is_any_waiting(conn: Conn) -> bool:
    """Tell whether any message waits for something."""
    return store.has_waiting(conn)


def wake_messages(conn: Conn, numbers: Collection[tuple[str, str]], *, now: datetime) -> int:
    """Let messages that wait for orders, by (channel, external number), be tried at once. Locks them by id."""
    return store.wake(conn, numbers, now=now) if numbers else 0


def forget_texts(conn: Conn, *, now: datetime, limit: int) -> int:
    """Forget the texts of messages settled more than thirty days ago; their names and histories stay."""
    return store.forget_texts(conn, settled_before=now - rules.KEPT_FOR, limit=limit)


def lock_wrapped_otherwise(
    conn: Conn, *, current: int, after: MessageId | None, limit: int
) -> list[store.WrappedKey]:
    """Lock the next messages whose own keys are sealed with another key than the current one, by id."""
    return store.wrapped_otherwise(conn, current=current, after=after, limit=limit)


def rewrap_messages(conn: Conn, wrapped: Mapping[MessageId, bytes], *, sealed_with: int) -> None:
    """Keep messages' own keys sealed anew. The caller holds the messages."""
    if wrapped:
        store.rewrap(conn, wrapped, sealed_with=sealed_with)
