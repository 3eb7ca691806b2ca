"""Asks that wait to be paid, by who asks: how many there are, who may have one more, which ones are over.

One row per order, made with the order and ended with its wait in the same transaction, is both the count and its proof.
Whoever wants to add one for a member, an address or a device first takes the lock of its bucket, which is kept until
the transaction ends, and then counts: two who ask for the same hand at once, in whichever process, count one after the
other. Those who end a wait take no lock for it: fewer may stand than were counted, never more.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

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
)

SQL = statements(__file__)
LATELY = timedelta(days=1)
"""How long it is remembered that an ask ran out unpaid."""
BUCKETS = 256
"""So many locks at most, however large the batch: PostgreSQL keeps room for few thousands over all transactions."""


def admit_unpaid(conn: Conn, asks: Sequence[UnpaidAsk], *, now: datetime) -> list[Patience | Refusal]:
    """Say of asks, in the order of arrival, how long they wait to be paid, or which cap they would break.

    What is admitted and then not written was counted all the same, for this batch alone. Locks the buckets of whom it
    counts by, in their order, before any stock.
    """
    keys = sorted({key for ask in asks for key in ask.keys if _counts(ask, key)})
    return decide_unpaid(asks, standing=_standing(conn, keys, now=now) if keys else {}, now=now)


def _counts(ask: UnpaidAsk, key: AskerKey) -> bool:
    """Whether it matters how many there are: for a cap, or for how long it waits."""
    return ask.minutes_least < ask.minutes_most or ask.caps.most(key[0]) is not None


def _standing(conn: Conn, keys: Sequence[AskerKey], *, now: datetime) -> dict[AskerKey, Standing]:
    """Lock, then read, in two statements: the second must see what others committed while the first waited."""
    buckets = sorted({key.int % BUCKETS for _, key in keys})
    execute(conn, SQL["lock_buckets"], buckets=integers(buckets))
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


def overdue_without_goods(
    conn: Conn, *, now: datetime, limit: int, kept: Collection[OrderId] = ()
) -> list[OrderId]:
    """Orders whose time to pay is over and that hold nothing: no hold's end would end their wait. Locks nothing."""
    return fetch_values(conn, SQL["overdue_without_goods"], now=now, limit=limit, kept_order_ids=uuids(kept))


def sweep_lapsed(conn: Conn, *, now: datetime, limit: int) -> int:
    """Forget asks that ran out longer ago than `LATELY`, at most `limit`; returns how many."""
    return execute(conn, SQL["sweep_lapsed"], before=now - LATELY, limit=limit)
