"""One function per statement of `store.sql`."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from loopline.buyers.model import NewOpening, NewSealing, Opening, OpeningEnd, OpeningsAsk, Sealing
from loopline.db import Conn, execute, fetch, fetch_rows, fetch_values, statements
from loopline.kernel.ids import OrderId, PersonId, SiteId

SQL = statements(__file__)


def keep_sealings(
    conn: Conn, new: Sequence[NewSealing], *, look_at: datetime, now: datetime
) -> dict[OrderId, int]:
    """Keep sealings of different orders; returns how often those that stand now were renewed, by order."""
    rows = fetch_rows(
        conn,
        SQL["keep_sealings"],
        order_ids=[one.order_id for one in new],
        platforms=[one.platform for one in new],
        ciphertext_ids=[one.ciphertext_id for one in new],
        ciphertexts=[one.ciphertext for one in new],
        masked_names=[one.masked.name for one in new],
        masked_phones=[one.masked.phone for one in new],
        masked_addresses=[one.masked.address for one in new],
        sealed_at=[one.sealed_at for one in new],
        look_at=look_at,
        now=now,
    )
    return {OrderId(order_id): renewals for order_id, renewals in rows}


def sealings(conn: Conn, order_ids: Collection[OrderId]) -> list[Sealing]:
    return fetch(conn, SQL["sealings"], Sealing, order_ids=list(order_ids))


def lock_to_look_at(conn: Conn, *, now: datetime, limit: int) -> list[OrderId]:
    return fetch_values(conn, SQL["lock_to_look_at"], now=now, limit=limit)


def look_later(conn: Conn, later: Mapping[OrderId, datetime]) -> int:
    return execute(conn, SQL["look_later"], order_ids=list(later), look_at=list(later.values()))


def forget(conn: Conn, order_ids: Collection[OrderId], *, now: datetime) -> int:
    return execute(conn, SQL["forget"], order_ids=list(order_ids), now=now)


def take_persons_turn(conn: Conn, person_id: PersonId) -> None:
    execute(conn, SQL["take_persons_turn"], person_id=str(person_id))


def put_to_platforms(conn: Conn, person_id: PersonId, *, since: datetime) -> list[datetime]:
    return fetch_values(conn, SQL["put_to_platforms"], person_id=person_id, since=since)


def insert_openings(conn: Conn, new: Sequence[NewOpening], *, now: datetime) -> int:
    return execute(
        conn,
        SQL["insert_openings"],
        ids=[one.id for one in new],
        person_ids=[one.person_id for one in new],
        order_ids=[one.order_id for one in new],
        purposes=[one.purpose.value for one in new],
        platforms=[one.platform for one in new],
        site_ids=[one.site_id for one in new],
        refused=[one.refused for one in new],
        now=now,
    )


def insert_ends(conn: Conn, ends: Sequence[OpeningEnd], *, now: datetime) -> int:
    return execute(
        conn,
        SQL["insert_ends"],
        opening_ids=[one.opening_id for one in ends],
        outcomes=[one.outcome.value for one in ends],
        reasons=[one.reason for one in ends],
        now=now,
    )


def openings(conn: Conn, ask: OpeningsAsk, *, site_ids: Collection[SiteId] | None) -> list[Opening]:
    return fetch(
        conn,
        SQL["openings"],
        Opening,
        person_id=ask.person_id,
        order_id=ask.order_id,
        before=ask.before,
        limit=ask.limit,
        site_ids=None if site_ids is None else list(site_ids),
    )
