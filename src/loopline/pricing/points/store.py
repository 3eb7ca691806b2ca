"""One function per statement of `store.sql`."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from loopline.db import Conn, execute, fetch, fetch_one, fetch_values, integers, statements, texts, uuids
from loopline.kernel.ids import MemberId, OrderId
from loopline.pricing.points.model import (
    Account,
    Entry,
    Lot,
    Move,
    NewProgramme,
    PointsFigures,
    Programme,
    Use,
)

SQL = statements(__file__)

_encode = msgspec.json.Encoder().encode


def programmes(conn: Conn) -> list[Programme]:
    return fetch(conn, SQL["programmes"], Programme)


def take_turn(conn: Conn) -> None:
    execute(conn, SQL["take_turn"])


def put_draft(conn: Conn, new: NewProgramme, *, id: UUID, now: datetime) -> None:  # noqa: A002 - the row's name
    terms = _encode(new.terms).decode()
    execute(conn, SQL["put_draft"], id=id, terms=terms, author=new.author, comment=new.comment, now=now)


def publish_draft(conn: Conn, *, by: str, now: datetime) -> None:
    execute(conn, SQL["publish_draft"], by=by, now=now)


def open_accounts(conn: Conn, member_ids: Iterable[MemberId]) -> None:
    execute(conn, SQL["open_accounts"], member_ids=uuids(member_ids))


def accounts_of_members(conn: Conn, member_ids: Iterable[MemberId]) -> list[Account]:
    return fetch(conn, SQL["accounts_of_members"], Account, member_ids=uuids(member_ids))


def lock_accounts(conn: Conn, member_ids: Iterable[MemberId]) -> list[Account]:
    return fetch(conn, SQL["lock_accounts"], Account, member_ids=uuids(member_ids))


def lock_free_accounts(conn: Conn, member_ids: Iterable[MemberId]) -> list[Account]:
    return fetch(conn, SQL["lock_free_accounts"], Account, member_ids=uuids(member_ids))


def lots_of_members(conn: Conn, member_ids: Iterable[MemberId]) -> list[Lot]:
    return fetch(conn, SQL["lots_of_members"], Lot, member_ids=uuids(member_ids))


def uses_of_orders(conn: Conn, order_ids: Iterable[OrderId]) -> list[Use]:
    return fetch(conn, SQL["uses_of_orders"], Use, order_ids=uuids(order_ids))


def put_lots(conn: Conn, lots: Sequence[Lot]) -> None:
    execute(conn, SQL["put_lots"], lots=_encode(lots).decode())


def put_uses(conn: Conn, uses: Sequence[Use]) -> None:
    execute(conn, SQL["put_uses"], uses=_encode(uses).decode())


def add_entries(conn: Conn, moves: Sequence[tuple[Move, int]], *, now: datetime) -> None:
    """Each with what is deferred more for it."""
    rows: list[dict[str, Any]] = [
        msgspec.structs.asdict(move) | {"place": place, "liability_minor": minor}
        for place, (move, minor) in enumerate(moves)
    ]
    execute(conn, SQL["add_entries"], entries=_encode(rows).decode(), now=now)


def change_accounts(conn: Conn, changes: Sequence[Account]) -> None:
    """Each says what is added, and before when nothing ends from now on."""
    execute(conn, SQL["change_accounts"], accounts=_encode(changes).decode())


def hold(conn: Conn, points: Sequence[tuple[MemberId, int]]) -> None:
    member_ids = uuids(member_id for member_id, _ in points)
    execute(conn, SQL["hold"], member_ids=member_ids, points=integers(count for _, count in points))


def entries_of_member(conn: Conn, member_id: MemberId, *, before: int | None, at_most: int) -> list[Entry]:
    return fetch(conn, SQL["entries_of_member"], Entry, member_id=member_id, before=before, at_most=at_most)


def entries_of_orders(conn: Conn, order_ids: Iterable[OrderId]) -> list[Entry]:
    return fetch(conn, SQL["entries_of_orders"], Entry, order_ids=uuids(order_ids))


def members_with_due(conn: Conn, *, now: datetime, limit: int) -> list[MemberId]:
    return fetch_values(conn, SQL["members_with_due"], now=now, limit=limit)


def members_with_ended(conn: Conn, *, now: datetime, limit: int) -> list[MemberId]:
    return fetch_values(conn, SQL["members_with_ended"], now=now, limit=limit)


def entries_of_keys(conn: Conn, keys: Iterable[str]) -> list[Entry]:
    return fetch(conn, SQL["entries_of_keys"], Entry, keys=texts(keys))


def figures(conn: Conn) -> PointsFigures:
    found = fetch_one(conn, SQL["figures"], PointsFigures)
    assert found is not None, "sums are there, whatever they are of"
    return found


def by_id(programmes_: Iterable[Programme]) -> Mapping[UUID, Programme]:
    """Versions by their ids."""
    return {one.id: one for one in programmes_}
