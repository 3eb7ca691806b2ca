"""Asks that wait to be paid, by who asks: how many there are, who may have one more, which ones are over.

One row per order, made with the order and ended with its wait in the same transaction, is both the count and its proof.
Whoever adds one for a member, an address or a device takes the lock of its bucket, which is kept until the transaction
ends, and counts under it: two who ask for the same hand at once, in whichever process, count one after the other.
Those who end a wait take no lock for it: fewer may stand than were counted, never more.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from psycopg.errors import SerializationFailure

from loopline.db import Conn, execute, fetch_rows, fetch_values, integers, statements, uuids
from loopline.kernel.ids import OrderId
from loopline.kernel.refusals import Refusal
from loopline.orders.patience import (
    AskerKey,
    CapKind,
    Patience,
    Standing,
    UnpaidAsk,
    decide_unpaid,
    most_by_key,
)

SQL = statements(__file__)
LATELY = timedelta(days=1)
"""How long it is remembered that an ask ran out unpaid."""
BUCKETS = 256
"""So many locks at most, however large the batch: PostgreSQL keeps room for few thousands over all transactions."""


def admit_unpaid(
    conn: Conn, asks: Sequence[UnpaidAsk], *, now: datetime, is_settled_later: bool = False
) -> list[Patience | Refusal]:
    """Say of asks, in the order of arrival, how long they wait to be paid, or which cap they would break.

    What is admitted and then not written was counted all the same, for this batch alone. Locks the buckets of whom it
    counts by, in their order, before any stock; or, `is_settled_later`, nothing: then who is admitted is so only with
    `settle_unpaid` later in the same transaction.
    """
    keys = sorted({key for ask in asks for key in ask.keys if _counts(ask, key)})
    if not keys:
        return decide_unpaid(asks, standing={}, now=now)
    if not is_settled_later:
        _lock_buckets(conn, keys)
    return decide_unpaid(asks, standing=_standing(conn, keys, now=now), now=now)


def _counts(ask: UnpaidAsk, key: AskerKey) -> bool:
    """Whether it matters how many there are: for a cap, or for how long it waits."""
    return ask.minutes_least < ask.minutes_most or ask.caps.most(key[0]) is not None


def _lock_buckets(conn: Conn, keys: Iterable[AskerKey]) -> None:
    buckets = sorted({key.int % BUCKETS for _, key in keys})
    execute(conn, SQL["lock_buckets"], buckets=integers(buckets))


def _standing(conn: Conn, keys: Sequence[AskerKey], *, now: datetime) -> dict[AskerKey, Standing]:
    """What stands, in a statement of its own: it sees what others committed while the locks were waited for."""
    by_kind = {kind: uuids([key for of, key in keys if of is kind]) for kind in CapKind}
    rows = fetch_rows(
        conn,
        SQL["standing"],
        member_ids=by_kind[CapKind.MEMBER],
        addresses=by_kind[CapKind.ADDRESS],
        devices=by_kind[CapKind.DEVICE],
        since=now - LATELY,
    )
    return {
        (CapKind(kind), key): Standing(
            unpaid_until=tuple(unpaid_until or ()), lapsed=lapsed, has_paid=has_paid
        )
        for kind, key, unpaid_until, lapsed, has_paid in rows
    }


def settle_unpaid(conn: Conn, asks: Sequence[UnpaidAsk]) -> None:
    """See that the rows written for admitted asks broke no cap: of rivals that count at once, the last finds out.

    Locks the buckets of whom it counts by, in their order, to the end of the transaction: before any stock, and as late
    as can be. Raises SerializationFailure where there are more than may be; it may be tried again, and is then refused.
    """
    mosts = most_by_key(asks)
    if not mosts:
        return
    _lock_buckets(conn, mosts)
    columns: dict[str, str] = {}
    for kind in CapKind:
        keys = [key for key in mosts if key[0] is kind]
        columns[f"{kind}_keys"] = uuids([key for _, key in keys])
        columns[f"{kind}_mosts"] = integers([mosts[key] for key in keys])
    if fetch_values(conn, SQL["over_the_cap"], **columns):
        raise SerializationFailure("a rival's unpaid orders were counted at once with these")


def overdue_without_goods(
    conn: Conn, *, now: datetime, limit: int, kept: Collection[OrderId] = ()
) -> list[OrderId]:
    """Orders whose time to pay is over and that hold nothing: no hold's end would end their wait. Locks nothing."""
    return fetch_values(conn, SQL["overdue_without_goods"], now=now, limit=limit, kept_order_ids=uuids(kept))


def sweep_lapsed(conn: Conn, *, now: datetime, limit: int) -> int:
    """Forget asks that ran out longer ago than `LATELY`, at most `limit`; returns how many."""
    return execute(conn, SQL["sweep_lapsed"], before=now - LATELY, limit=limit)
