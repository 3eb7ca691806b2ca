"""One function per statement of `store.sql`."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from loopline.db import Conn, execute, fetch, fetch_rows, fetch_values, statements
from loopline.inbox.model import Change, Message, MessageId, MessageKind, Named, NewMessage

SQL = statements(__file__)


class WrappedKey(msgspec.Struct, frozen=True, kw_only=True):
    """A message's own key, as it is sealed."""

    id: MessageId
    wrapped_key: bytes
    sealed_with: int


def insert_messages(
    conn: Conn, rows: Sequence[tuple[NewMessage, MessageId | None]], *, now: datetime
) -> list[MessageId]:
    """Keep messages; returns the ids of those that were new."""
    new: list[MessageId] = fetch_values(
        conn,
        SQL["insert_messages"],
        ids=[one.id for one, _ in rows],
        branch_ids=[one.branch_id for one, _ in rows],
        senders=[one.sender for one, _ in rows],
        may_move_money=[one.may_move_money for one, _ in rows],
        channels=[one.head.channel for one, _ in rows],
        external_ids=[one.head.external_id for one, _ in rows],
        kinds=[one.head.kind.value for one, _ in rows],
        external_numbers=[one.head.external_number for one, _ in rows],
        content_hashes=[one.head.content_hash for one, _ in rows],
        conflicts_with=[first for _, first in rows],
        sealed=[one.sealed.text for one, _ in rows],
        wrapped_keys=[one.sealed.wrapped_key for one, _ in rows],
        sealed_with=[one.sealed.sealed_with for one, _ in rows],
        now=now,
    )
    execute(conn, SQL["first_steps"], ids=new)
    return new


def named(conn: Conn, new: Sequence[NewMessage]) -> list[Named]:
    return fetch(
        conn,
        SQL["named"],
        Named,
        branch_ids=[one.branch_id for one in new],
        channels=[one.head.channel for one in new],
        external_ids=[one.head.external_id for one in new],
    )


def count_again(conn: Conn, seen: Mapping[MessageId, int], *, now: datetime) -> int:
    return execute(conn, SQL["count_again"], ids=list(seen), times=list(seen.values()), now=now)


def lock_messages(conn: Conn, ids: Collection[MessageId]) -> list[Message]:
    return [with_details(one) for one in fetch(conn, SQL["lock_messages"], Message, ids=list(ids))]


def with_details(one: Message) -> Message:
    """Decode what a reason says: it comes as the text of its JSON."""
    if one.details is None:
        return one
    return msgspec.structs.replace(one, details=msgspec.json.decode(one.details))


def change_messages(conn: Conn, changes: Sequence[Change], *, now: datetime) -> int:
    return execute(
        conn,
        SQL["change_messages"],
        ids=[one.message_id for one in changes],
        states=[one.state.value for one in changes],
        reasons=[one.reason.code if one.reason else None for one in changes],
        sentences=[one.reason.sentence if one.reason else None for one in changes],
        details=[msgspec.json.encode(one.reason.details).decode() if one.reason else None for one in changes],
        order_ids=[one.order_id for one in changes],
        next_try_at=[one.next_try_at for one in changes],
        tries=[one.is_try for one in changes],
        channels=[one.head.channel if one.head else None for one in changes],
        kinds=[one.head.kind.value if one.head else None for one in changes],
        external_numbers=[one.head.external_number if one.head else None for one in changes],
        may_move_money=[one.may_move_money for one in changes],
        now=now,
    )


def add_steps(conn: Conn, changes: Sequence[Change], *, now: datetime) -> int:
    return execute(
        conn,
        SQL["add_steps"],
        ids=[one.message_id for one in changes],
        actors=[one.actor for one in changes],
        states=[one.state.value for one in changes],
        reasons=[one.reason.code if one.reason else None for one in changes],
        notes=[one.note for one in changes],
        corrected=[one.corrected for one in changes],
        now=now,
    )


def due(conn: Conn, *, limit: int, now: datetime) -> list[tuple[MessageId, MessageKind]]:
    return [
        (MessageId(one), MessageKind(kind))
        for one, kind in fetch_rows(conn, SQL["due"], limit=limit, now=now)
    ]


def open_under_numbers(
    conn: Conn, numbers: Collection[tuple[str, str]]
) -> list[tuple[MessageId, MessageKind]]:
    rows = fetch_rows(
        conn,
        SQL["open_under_numbers"],
        channels=[channel for channel, _ in numbers],
        external_numbers=[number for _, number in numbers],
    )
    return [(MessageId(one), MessageKind(kind)) for one, kind in rows]


def has_waiting(conn: Conn) -> bool:
    return bool(fetch_values(conn, SQL["has_waiting"])[0])


def wake(conn: Conn, numbers: Collection[tuple[str, str]], *, now: datetime) -> int:
    return execute(
        conn,
        SQL["wake"],
        channels=[channel for channel, _ in numbers],
        external_numbers=[number for _, number in numbers],
        now=now,
    )


def forget_texts(conn: Conn, *, settled_before: datetime, limit: int) -> int:
    return execute(conn, SQL["forget_texts"], settled_before=settled_before, limit=limit)


def wrapped_otherwise(conn: Conn, *, current: int, after: MessageId | None, limit: int) -> list[WrappedKey]:
    return fetch(conn, SQL["wrapped_otherwise"], WrappedKey, current=current, after=after, limit=limit)


def rewrap(conn: Conn, wrapped: Mapping[MessageId, bytes], *, sealed_with: int) -> int:
    return execute(
        conn,
        SQL["rewrap"],
        ids=list(wrapped),
        wrapped_keys=list(wrapped.values()),
        sealed_with=sealed_with,
    )
