"""The commands of quotas. Each takes many, decides them in the order of arrival and returns one outcome per item.

They lock as every command of stock does: the tree, then the rows of the levels the quotas lie at and of all above.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from loopline.db import Conn
from loopline.kernel.ids import QuotaId
from loopline.kernel.refusals import Refusal
from loopline.stock import rules
from loopline.stock.book import Book, LevelKey
from loopline.stock.model import BrokenQuota, QuotaName
from loopline.stock.quotas import store
from loopline.stock.quotas.model import QuotaAsk, QuotaChange, QuotaMoved, QuotaOpened, QuotaOver
from loopline.stock.quotas.queries import quotas_by_ids
from loopline.stock.refusals import QuotaUnknown
from loopline.stock.service import locked_book, write_and_tell
from loopline.stock.store import hold_tree, write_book


def open_quotas(conn: Conn, asks: Sequence[QuotaAsk], *, now: datetime) -> list[QuotaOpened | Refusal]:
    """Set units aside for events, at once and until their quotas end; the same again is the quota there is."""
    if not asks:
        return []
    book = _book_of(conn, [(ask.node_id, ask.sku_id) for ask in asks], now=now)
    outcomes = rules.decide_quotas(asks, book=book, now=now)
    write_book(conn, book, now=now)
    return outcomes


def change_quotas(conn: Conn, changes: Sequence[QuotaChange], *, now: datetime) -> list[QuotaMoved | Refusal]:
    """Make open quotas larger or smaller, or move their times."""
    if not changes:
        return []
    quota_ids = [change.quota_id for change in changes]
    book = _book_of(conn, store.quota_levels(conn, quota_ids), now=now)
    ended = {one.id: one for one in quotas_by_ids(conn, quota_ids) if one.ended_at is not None}
    outcomes = rules.decide_quota_changes(changes, book=book, ended=ended, now=now)
    touched = [
        (one.quota.node_id, one.quota.sku_id) if isinstance(one, QuotaMoved) else None for one in outcomes
    ]
    return write_and_tell(conn, book, outcomes, touched, now=now)


def end_quotas(conn: Conn, quota_ids: Sequence[QuotaId], *, now: datetime) -> list[QuotaOver | Refusal]:
    """End quotas now, whatever their time; one that has ended stays so."""
    if not quota_ids:
        return []
    ended = _end(conn, quota_ids, store.quota_levels(conn, quota_ids), now=now)
    standing = {one.id: one for one in quotas_by_ids(conn, quota_ids)}
    outcomes: list[QuotaOver | Refusal] = []
    for quota_id in quota_ids:
        over, quota = ended.pop(quota_id, None), standing.get(quota_id)
        if over is not None:
            outcomes.append(over)
        elif quota is not None:
            outcomes.append(QuotaOver(quota=quota, returned=0, is_repeat=True))
        else:
            outcomes.append(QuotaUnknown(quota_id=quota_id))
    return outcomes


def end_due_quotas(conn: Conn, *, now: datetime, limit: int) -> list[QuotaOver]:
    """End at most `limit` quotas whose time was over at `now`, those that ended first.

    One that a rival ends or prolongs in the meantime is the rival's; then there are fewer.
    """
    due = store.due_quotas(conn, now=now, limit=limit)
    ids = [quota_id for quota_id, _ in due]
    return list(_end(conn, ids, [key for _, key in due], now=now, due_at=now).values())


def end_quotas_of_events(conn: Conn, events: Sequence[QuotaName], *, now: datetime) -> list[QuotaOver]:
    """End every open quota of events that are over."""
    found = store.open_quotas_of_events(conn, events) if events else []
    ids = [quota_id for quota_id, _ in found]
    return list(_end(conn, ids, [key for _, key in found], now=now).values())


def lose_quota_units(conn: Conn, broken: Sequence[BrokenQuota], *, now: datetime) -> list[QuotaMoved]:
    """Take what a fact took from what remains of quotas: nothing goes back to anybody."""
    if not broken:
        return []
    book = _book_of(conn, [(one.node_id, one.sku_id) for one in broken], now=now)
    outcomes = rules.lose_units([(one.quota_id, one.units) for one in broken], book=book)
    touched = [(one.quota.node_id, one.quota.sku_id) for one in outcomes]
    return write_and_tell(conn, book, outcomes, touched, now=now)


def _end(
    conn: Conn,
    quota_ids: Iterable[QuotaId],
    keys: Sequence[LevelKey],
    *,
    now: datetime,
    due_at: datetime | None = None,
) -> dict[QuotaId, QuotaOver]:
    """End those of the quotas that are open and, where `due_at` is given, that are over by then."""
    if not keys:
        return {}
    book = _book_of(conn, keys, now=now)
    ending = [
        quota
        for quota in (book.quotas.get(quota_id) for quota_id in dict.fromkeys(quota_ids))
        if quota is not None and (due_at is None or quota.ends_at <= due_at)
    ]
    outcomes = rules.end_quotas(ending, now=now)
    told = write_and_tell(conn, book, outcomes, [quota.key for quota in ending], now=now)
    return {one.quota.id: one for one in told}


def _book_of(conn: Conn, keys: Sequence[LevelKey], *, now: datetime) -> Book:
    """A working copy of levels whose rows are locked, with the open quotas there."""
    hold_tree(conn)
    book = locked_book(conn, keys)
    store.load_quotas(conn, book, now=now)
    return book
