"""One function per statement of `store.sql`."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.db import Conn, execute, fetch, fetch_values, integers, statements, texts, uuids
from loopline.kernel.ids import EntityId, MemberId, uuid7s
from loopline.stored_value.model import (
    Account,
    CashOut,
    CashOutState,
    Kind,
    Movement,
    NewTerms,
    Owed,
    Split,
    Terms,
    Use,
)

SQL = statements(__file__)

_encode = msgspec.json.Encoder().encode
AccountKey = tuple[MemberId, EntityId, str]


class _Terms(msgspec.Struct, frozen=True, kw_only=True):
    entity_id: EntityId
    currency: str
    terms: Terms


def add_terms(conn: Conn, new: Sequence[NewTerms], *, by: str, now: datetime) -> None:
    execute(
        conn,
        SQL["add_terms"],
        entity_ids=uuids(one.entity_id for one in new),
        currencies=texts(one.currency for one in new),
        terms=[_encode(one.terms).decode() for one in new],
        by=by,
        now=now,
    )


def terms_in_force(
    conn: Conn, entity_ids: Collection[EntityId] | None = None
) -> dict[tuple[EntityId, str], Terms]:
    found = fetch(
        conn,
        SQL["terms_in_force"],
        _Terms,
        entity_ids=None if entity_ids is None else uuids(entity_ids),
    )
    return {(one.entity_id, one.currency): one.terms for one in found}


def open_accounts(conn: Conn, keys: Iterable[AccountKey], *, now: datetime) -> None:
    wanted = sorted(set(keys))
    execute(
        conn,
        SQL["open_accounts"],
        ids=uuids(uuid7s(now, len(wanted))),
        member_ids=uuids(member_id for member_id, _, _ in wanted),
        entity_ids=uuids(entity_id for _, entity_id, _ in wanted),
        currencies=texts(currency for _, _, currency in wanted),
    )


def lock_accounts(conn: Conn, member_ids: Iterable[MemberId]) -> dict[UUID, Account]:
    found = fetch(conn, SQL["lock_accounts"], Account, member_ids=uuids(sorted(set(member_ids))))
    return {one.id: one for one in found}


def accounts_of_members(conn: Conn, member_ids: Iterable[MemberId]) -> list[Account]:
    return fetch(conn, SQL["accounts_of_members"], Account, member_ids=uuids(member_ids))


def accounts_by_ids(conn: Conn, ids: Iterable[UUID]) -> dict[UUID, Account]:
    return {one.id: one for one in fetch(conn, SQL["accounts_by_ids"], Account, ids=uuids(ids))}


def owed_by_companies(conn: Conn) -> dict[tuple[EntityId, str], Owed]:
    return {(one.entity_id, one.currency): one for one in fetch(conn, SQL["owed_by_companies"], Owed)}


def members_of_uses(conn: Conn, ids: Iterable[UUID]) -> list[MemberId]:
    return fetch_values(conn, SQL["members_of_uses"], ids=uuids(ids))


def movements_by_refs(conn: Conn, kind: Kind, refs: Iterable[UUID]) -> dict[UUID, Movement]:
    found = fetch(conn, SQL["movements_by_refs"], Movement, kind=kind.value, refs=uuids(refs))
    return {one.ref: one for one in found}


def movements_of_members(
    conn: Conn, member_ids: Iterable[MemberId], *, before: int | None = None, at_most: int
) -> list[Movement]:
    return fetch(
        conn,
        SQL["movements_of_members"],
        Movement,
        member_ids=uuids(member_ids),
        before=before,
        at_most=at_most,
    )


def add_movements(conn: Conn, movements: Sequence[Movement]) -> None:
    execute(conn, SQL["add_movements"], movements=_encode(movements).decode())


def change_accounts(conn: Conn, changes: Mapping[UUID, Split]) -> None:
    ids = sorted(changes)
    execute(
        conn,
        SQL["change_accounts"],
        ids=uuids(ids),
        principal_minor=integers(changes[one].principal_minor for one in ids),
        bonus_minor=integers(changes[one].bonus_minor for one in ids),
    )


def add_uses(conn: Conn, uses: Sequence[Use]) -> None:
    execute(conn, SQL["add_uses"], uses=_encode(uses).decode())


def uses_by_ids(conn: Conn, ids: Iterable[UUID]) -> dict[UUID, Use]:
    return {one.id: one for one in fetch(conn, SQL["uses_by_ids"], Use, ids=uuids(ids))}


def add_back(conn: Conn, backs: Mapping[UUID, Split]) -> None:
    ids = sorted(backs)
    execute(
        conn,
        SQL["add_back"],
        ids=uuids(ids),
        back_minor=integers(backs[one].principal_minor + backs[one].bonus_minor for one in ids),
        back_bonus_minor=integers(backs[one].bonus_minor for one in ids),
    )


def add_cash_out(conn: Conn, new: CashOut) -> None:
    execute(conn, SQL["add_cash_out"], **msgspec.structs.asdict(new) | {"state": new.state.value})


def cash_outs_by_ids(conn: Conn, ids: Iterable[UUID]) -> dict[UUID, CashOut]:
    return {one.id: one for one in fetch(conn, SQL["cash_outs_by_ids"], CashOut, ids=uuids(ids))}


def open_cash_outs(conn: Conn, account_ids: Iterable[UUID] | None = None) -> list[CashOut]:
    ids = None if account_ids is None else uuids(account_ids)
    return fetch(conn, SQL["open_cash_outs"], CashOut, account_ids=ids)


def decide_cash_out(  # noqa: PLR0913 - what became of it, and who says so
    conn: Conn,
    cash_out_id: UUID,
    state: CashOutState,
    *,
    amount_minor: int,
    by: str,
    now: datetime,
) -> None:
    execute(
        conn,
        SQL["decide_cash_out"],
        id=cash_out_id,
        state=state.value,
        amount_minor=amount_minor,
        by=by,
        now=now,
    )
