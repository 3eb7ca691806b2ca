"""Quotas: units set aside in an event's name, made larger or smaller, ended; each asks for the same room as a hold."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from loopline.kernel.ids import QuotaId
from loopline.kernel.refusals import Refusal
from loopline.stock.book import Book, LevelKey, OpenQuota, QuotaUnits
from loopline.stock.model import QuotaName
from loopline.stock.quotas.model import Quota, QuotaAsk, QuotaChange, QuotaMoved, QuotaOpened, QuotaOver
from loopline.stock.refusals import (
    NodeUnknown,
    QuotaHasEnded,
    QuotaTaken,
    QuotaTooLarge,
    QuotaTooSmall,
    QuotaUnknown,
    QuotaWithoutTime,
    QuotaWithoutUnits,
    ReserveUnknown,
)
from loopline.stock.rules.drawing import change_remaining, room_of


def decide_quotas(asks: Iterable[QuotaAsk], *, book: Book, now: datetime) -> list[QuotaOpened | Refusal]:
    """Set units aside for each event in turn, all or nothing: never more than may still be promised there."""
    return [_open(ask, book=book, now=now) for ask in asks]


def _why_not_quota(ask: QuotaAsk, *, book: Book, now: datetime) -> Refusal | None:
    if ask.units <= 0:
        return QuotaWithoutUnits(units=ask.units)
    if ask.ends_at <= max(ask.starts_at, now):
        return QuotaWithoutTime(ends_at=ask.ends_at)
    return None if ask.node_id in book.paths else NodeUnknown(node_id=ask.node_id)


def _open(ask: QuotaAsk, *, book: Book, now: datetime) -> QuotaOpened | Refusal:
    refusal = _why_not_quota(ask, book=book, now=now)
    if refusal is not None:
        return refusal
    key = (ask.node_id, ask.sku_id)
    reserve = _reserve(ask.reserve, key, ask.event, book=book)
    if isinstance(reserve, Refusal):
        return reserve
    standing = book.quota_at(key, ask.event)
    if standing is not None:
        return _again(ask, standing, reserve)
    path = book.path(key)
    room = room_of(path)
    if room < ask.units:
        return QuotaTooLarge(event=ask.event.code, asked=ask.units, free=room)
    quota = OpenQuota(
        id=ask.quota_id,
        event=ask.event,
        key=key,
        starts_at=ask.starts_at,
        ends_at=ask.ends_at,
        reserve_id=reserve,
        then_free=ask.then_free,
        loaded=QuotaUnits(),
    )
    book.add_quotas([quota])
    change_remaining(quota, ask.units)
    return QuotaOpened(quota=told(quota))


def _reserve(
    reserve: QuotaName | None, key: LevelKey, event: QuotaName, *, book: Book
) -> QuotaId | Refusal | None:
    """The open quota of that name at the same level; an event is no reserve of its own."""
    if reserve is None:
        return None
    found = book.quota_at(key, reserve) if reserve != event else None
    return ReserveUnknown(reserve=reserve.code) if found is None else found.id


def _again(ask: QuotaAsk, standing: OpenQuota, reserve: QuotaId | None) -> QuotaOpened | Refusal:
    """The same again is the quota there is; anything else is a change, and asked for as one."""
    asked = (ask.units, ask.starts_at, ask.ends_at, reserve, ask.then_free)
    stands = (
        standing.size,
        standing.starts_at,
        standing.ends_at,
        standing.reserve_id,
        standing.then_free,
    )
    if asked == stands:
        return QuotaOpened(quota=told(standing), is_repeat=True)
    return QuotaTaken(event=ask.event.code, quota_id=standing.id)


def decide_quota_changes(
    changes: Iterable[QuotaChange], *, book: Book, ended: dict[QuotaId, Quota], now: datetime
) -> list[QuotaMoved | Refusal]:
    """Make quotas larger, where there is room, or smaller, down to what orders have drawn; move their times."""
    outcomes: list[QuotaMoved | Refusal] = []
    for change in changes:
        quota = book.quotas.get(change.quota_id)
        if quota is None:
            outcomes.append(
                QuotaHasEnded(quota_id=change.quota_id)
                if change.quota_id in ended
                else QuotaUnknown(quota_id=change.quota_id)
            )
            continue
        outcomes.append(_change(change, quota, book=book, now=now))
    return outcomes


def _change(change: QuotaChange, quota: OpenQuota, *, book: Book, now: datetime) -> QuotaMoved | Refusal:
    starts_at, ends_at = change.starts_at or quota.starts_at, change.ends_at or quota.ends_at
    if ends_at <= max(starts_at, now):
        return QuotaWithoutTime(ends_at=ends_at)
    reserve = _reserve(change.reserve, quota.key, quota.event, book=book)
    if isinstance(reserve, Refusal):
        return reserve
    before = quota.size
    units = before if change.units is None else change.units
    if units <= 0:
        return QuotaWithoutUnits(units=units)
    taken = quota.drawn + quota.used
    if units < taken:
        return QuotaTooSmall(drawn=taken)
    room = room_of(quota.path)
    if units - before > room:
        return QuotaTooLarge(event=quota.event.code, asked=units, free=before + room)
    stood = told(quota)
    change_remaining(quota, units - before)
    quota.returned += max(0, before - units)
    quota.starts_at, quota.ends_at = starts_at, ends_at
    quota.reserve_id = reserve or quota.reserve_id
    quota.then_free = quota.then_free if change.then_free is None else change.then_free
    after = told(quota)
    quota.is_set = quota.is_set or after != stood
    return QuotaMoved(quota=after, units_before=before, is_repeat=after == stood)


def end_quotas(quotas: Sequence[OpenQuota], *, now: datetime) -> list[QuotaOver]:
    """End quotas: what remains is anybody's again; what orders have drawn is theirs, wherever it goes from there."""
    outcomes: list[QuotaOver] = []
    for quota in quotas:
        units = quota.remaining
        change_remaining(quota, -units)
        quota.returned += units
        quota.used += quota.drawn
        quota.drawn = 0
        quota.ended_at = now
        quota.is_set = True
        outcomes.append(QuotaOver(quota=told(quota), returned=units))
    return outcomes


def lose_units(losses: Iterable[tuple[QuotaId, int]], *, book: Book) -> list[QuotaMoved]:
    """Take units that nothing is behind any more from what remains of quotas; what is gone already is passed over."""
    outcomes: list[QuotaMoved] = []
    for quota_id, units in losses:
        quota = book.quotas.get(quota_id)
        lost = min(units, quota.remaining) if quota is not None else 0
        if quota is None or not lost:
            continue
        before = quota.size
        change_remaining(quota, -lost)
        quota.returned += lost
        outcomes.append(QuotaMoved(quota=told(quota), units_before=before))
    return outcomes


def told(quota: OpenQuota) -> Quota:
    """Return a quota as it stands in the working copy."""
    return Quota(
        id=quota.id,
        event=quota.event,
        node_id=quota.key[0],
        sku_id=quota.key[1],
        set_aside=quota.size + quota.returned,
        remaining=quota.remaining,
        drawn=quota.drawn,
        used=quota.used,
        returned=quota.returned,
        starts_at=quota.starts_at,
        ends_at=quota.ends_at,
        reserve_id=quota.reserve_id,
        then_free=quota.then_free,
        ended_at=quota.ended_at,
    )
