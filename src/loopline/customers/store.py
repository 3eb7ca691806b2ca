"""One function per statement of `store.sql`."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.customers.model import ConsentChange, IdentityKind, Moment, Opening
from loopline.customers.rules import IdentityKey
from loopline.db import Conn, execute, fetch, fetch_rows, fetch_values, statements
from loopline.kernel.ids import MemberId, uuid7

SQL = statements(__file__)


class SealedMember(msgspec.Struct, frozen=True, kw_only=True):
    """A member as kept: the name is sealed."""

    id: MemberId
    name: bytes | None
    erased_at: datetime | None


class SealedIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """An identity as kept: found by its blind index, sealed with its member's key."""

    member_id: MemberId
    kind: IdentityKind
    blind: bytes
    value: bytes


class WrappedKey(msgspec.Struct, frozen=True, kw_only=True):
    """A member's own key as kept: sealed with a key of the file."""

    member_id: MemberId
    wrapped: bytes
    sealed_with: int


class MemberRow(msgspec.Struct, frozen=True, kw_only=True):
    """A member to be added."""

    member_id: MemberId
    channel: str | None
    wrapped: bytes
    name: bytes | None
    name_blind: bytes | None


class NameRow(msgspec.Struct, frozen=True, kw_only=True):
    """A name to be given to a member who has none."""

    member_id: MemberId
    name: bytes
    name_blind: bytes


class IdentityRow(msgspec.Struct, frozen=True, kw_only=True):
    """An identity to be added, or indexed anew."""

    key: IdentityKey
    member_id: MemberId
    value: bytes
    last_four: bytes | None


def identities_by_blinds(conn: Conn, keys: Iterable[IdentityKey]) -> dict[IdentityKey, MemberId]:
    asked = list(keys)
    rows = fetch_rows(
        conn,
        SQL["identities_by_blinds"],
        kinds=[kind.value for kind, _ in asked],
        blinds=[blind for _, blind in asked],
    )
    return {(IdentityKind(kind), bytes(blind)): member_id for kind, blind, member_id in rows}


def lock_members(conn: Conn, member_ids: Iterable[MemberId]) -> dict[MemberId, datetime | None]:
    """Return the members that exist, and when those that were erased were."""
    return dict(fetch_rows(conn, SQL["lock_members"], member_ids=list(member_ids)))


def insert_members(conn: Conn, rows: Sequence[MemberRow], *, indexed_with: int, now: datetime) -> None:
    execute(
        conn,
        SQL["insert_members"],
        member_ids=[row.member_id for row in rows],
        channels=[row.channel for row in rows],
        names=[row.name for row in rows],
        name_blinds=[row.name_blind for row in rows],
        indexed_with=indexed_with,
        now=now,
    )


def insert_member_keys(conn: Conn, rows: Sequence[MemberRow], *, sealed_with: int) -> None:
    execute(
        conn,
        SQL["insert_member_keys"],
        member_ids=[row.member_id for row in rows],
        wrapped=[row.wrapped for row in rows],
        sealed_with=sealed_with,
    )


def insert_identities(
    conn: Conn, rows: Sequence[IdentityRow], *, indexed_with: int, now: datetime
) -> set[IdentityKey]:
    """Return the keys that were added."""
    added = fetch_rows(
        conn,
        SQL["insert_identities"],
        kinds=[row.key[0].value for row in rows],
        blinds=[row.key[1] for row in rows],
        member_ids=[row.member_id for row in rows],
        values=[row.value for row in rows],
        last_fours=[row.last_four for row in rows],
        indexed_with=indexed_with,
        now=now,
    )
    return {(IdentityKind(kind), bytes(blind)) for kind, blind in added}


def name_nameless_members(conn: Conn, rows: Sequence[NameRow], *, indexed_with: int) -> None:
    execute(
        conn,
        SQL["name_nameless_members"],
        member_ids=[row.member_id for row in rows],
        names=[row.name for row in rows],
        name_blinds=[row.name_blind for row in rows],
        indexed_with=indexed_with,
    )


def delete_identities(conn: Conn, keys: Iterable[IdentityKey]) -> None:
    taken_back = list(keys)
    execute(
        conn,
        SQL["delete_identities"],
        kinds=[kind.value for kind, _ in taken_back],
        blinds=[blind for _, blind in taken_back],
    )


def delete_member_keys(conn: Conn, member_ids: Iterable[MemberId]) -> None:
    execute(conn, SQL["delete_member_keys"], member_ids=list(member_ids))


def delete_members(conn: Conn, member_ids: Iterable[MemberId]) -> None:
    execute(conn, SQL["delete_members"], member_ids=list(member_ids))


def member_keys(conn: Conn, member_ids: Iterable[MemberId]) -> dict[MemberId, WrappedKey]:
    found = fetch_rows(conn, SQL["member_keys"], member_ids=list(member_ids))
    return {key.member_id: key for key in map(_wrapped_key, found)}


def sealed_members(conn: Conn, member_ids: Iterable[MemberId]) -> dict[MemberId, SealedMember]:
    found = fetch(conn, SQL["sealed_members"], SealedMember, member_ids=list(member_ids))
    return {member.id: member for member in found}


def sealed_identities(conn: Conn, member_ids: Iterable[MemberId]) -> list[SealedIdentity]:
    return fetch(conn, SQL["sealed_identities"], SealedIdentity, member_ids=list(member_ids))


def insert_access(conn: Conn, member_ids: Iterable[MemberId], *, opening: Opening, now: datetime) -> None:
    execute(
        conn,
        SQL["insert_access"],
        id=uuid7(now),
        now=now,
        actor=opening.actor,
        purpose=opening.purpose,
        member_ids=list(member_ids),
    )


def erase_members(conn: Conn, member_ids: Iterable[MemberId], *, now: datetime) -> set[MemberId]:
    """Return those that were not erased before."""
    return set(fetch_values(conn, SQL["erase_members"], member_ids=list(member_ids), now=now))


def delete_identities_of(conn: Conn, member_ids: Iterable[MemberId]) -> None:
    execute(conn, SQL["delete_identities_of"], member_ids=list(member_ids))


def delete_moments_of(conn: Conn, member_ids: Iterable[MemberId]) -> None:
    execute(conn, SQL["delete_moments_of"], member_ids=list(member_ids))


def delete_shown_numbers_of(conn: Conn, member_ids: Iterable[MemberId]) -> None:
    execute(conn, SQL["delete_shown_numbers_of"], member_ids=list(member_ids))


def delete_rests_of(conn: Conn, member_ids: Iterable[MemberId]) -> None:
    execute(conn, SQL["delete_rests_of"], member_ids=list(member_ids))


def delete_sessions_of(conn: Conn, member_ids: Iterable[MemberId]) -> None:
    execute(conn, SQL["delete_sessions_of"], member_ids=list(member_ids))


def delete_addresses_of(conn: Conn, member_ids: Iterable[MemberId]) -> None:
    execute(conn, SQL["delete_addresses_of"], member_ids=list(member_ids))


def delete_deliveries_of(conn: Conn, member_ids: Iterable[MemberId]) -> None:
    execute(conn, SQL["delete_deliveries_of"], member_ids=list(member_ids))


def withdraw_consents_of(conn: Conn, member_ids: Iterable[MemberId], *, now: datetime) -> None:
    execute(conn, SQL["withdraw_consents_of"], member_ids=list(member_ids), now=now)


def end_bindings_of(conn: Conn, member_ids: Iterable[MemberId], *, now: datetime) -> None:
    execute(conn, SQL["end_bindings_of"], member_ids=list(member_ids), now=now)


def outdated_member_keys(
    conn: Conn, *, current: tuple[int, int], after: MemberId | None, limit: int
) -> list[WrappedKey]:
    """`current` names the sealing key and the indexing key."""
    sealed_with, indexed_with = current
    found = fetch_rows(
        conn,
        SQL["outdated_member_keys"],
        sealed_with=sealed_with,
        indexed_with=indexed_with,
        after=after,
        limit=limit,
    )
    return [_wrapped_key(row) for row in found]


def rewrap_member_keys(conn: Conn, wrapped: Mapping[MemberId, bytes], *, sealed_with: int) -> None:
    execute(
        conn,
        SQL["rewrap_member_keys"],
        member_ids=list(wrapped),
        wrapped=list(wrapped.values()),
        sealed_with=sealed_with,
    )


def reindex_names(conn: Conn, blinds: Mapping[MemberId, bytes | None], *, indexed_with: int) -> None:
    execute(
        conn,
        SQL["reindex_names"],
        member_ids=list(blinds),
        name_blinds=list(blinds.values()),
        indexed_with=indexed_with,
    )


def reindex_identities(
    conn: Conn, rows: Sequence[tuple[SealedIdentity, IdentityRow]], *, indexed_with: int
) -> None:
    execute(
        conn,
        SQL["reindex_identities"],
        kinds=[old.kind.value for old, _ in rows],
        old_blinds=[old.blind for old, _ in rows],
        blinds=[new.key[1] for _, new in rows],
        last_fours=[new.last_four for _, new in rows],
        indexed_with=indexed_with,
    )


def insert_consent_changes(conn: Conn, changes: Sequence[ConsentChange], *, now: datetime) -> None:
    execute(
        conn,
        SQL["insert_consent_changes"],
        sources=[change.source for change in changes],
        now=now,
        **_consent_columns(changes),
    )


def put_consents(conn: Conn, changes: Sequence[ConsentChange]) -> None:
    execute(conn, SQL["put_consents"], **_consent_columns(changes))


def insert_moments(conn: Conn, moments: Sequence[Moment]) -> int:
    return execute(
        conn,
        SQL["insert_moments"],
        member_ids=[moment.member_id for moment in moments],
        at=[moment.at for moment in moments],
        kinds=[moment.kind for moment in moments],
        subjects=[moment.subject for moment in moments],
    )


def _consent_columns(changes: Sequence[ConsentChange]) -> dict[str, list[object]]:
    return {
        "member_ids": [change.key.member_id for change in changes],
        "purposes": [change.key.purpose.value for change in changes],
        "channels": [change.key.channel.value for change in changes],
        "receiver_ids": [change.key.receiver_id for change in changes],
        "at": [change.at for change in changes],
        "granted": [change.granted for change in changes],
    }


def _wrapped_key(row: tuple[UUID, bytes, int]) -> WrappedKey:
    member_id, wrapped, sealed_with = row
    return WrappedKey(member_id=MemberId(member_id), wrapped=bytes(wrapped), sealed_with=sealed_with)
