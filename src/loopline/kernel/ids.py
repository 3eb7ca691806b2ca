"""Identifiers: UUIDv7 (RFC 9562), made here because neither Python 3.11 nor PostgreSQL below 18 makes them.

One `NewType` per noun, so that a swapped argument fails the type checker.
"""

import os
import threading
from array import array
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NewType
from uuid import UUID, SafeUUID

OrgUnitId = NewType("OrgUnitId", UUID)
EntityId = NewType("EntityId", UUID)
PersonId = NewType("PersonId", UUID)
PartyId = NewType("PartyId", UUID)
SiteId = NewType("SiteId", UUID)
ProductId = NewType("ProductId", UUID)
SkuId = NewType("SkuId", UUID)
PriceListId = NewType("PriceListId", UUID)
CouponBatchId = NewType("CouponBatchId", UUID)
CouponId = NewType("CouponId", UUID)
NodeId = NewType("NodeId", UUID)
OrderId = NewType("OrderId", UUID)
LineId = NewType("LineId", UUID)
AllocationId = NewType("AllocationId", UUID)
ShortfallId = NewType("ShortfallId", UUID)
QuotaId = NewType("QuotaId", UUID)
MemberId = NewType("MemberId", UUID)
PaymentId = NewType("PaymentId", UUID)
TaskId = NewType("TaskId", UUID)
CallId = NewType("CallId", UUID)
RoundId = NewType("RoundId", UUID)
PhotoId = NewType("PhotoId", UUID)
ReturnId = NewType("ReturnId", UUID)
ReturnLineId = NewType("ReturnLineId", UUID)
EntryId = NewType("EntryId", UUID)
AccountId = NewType("AccountId", UUID)
RuleSetId = NewType("RuleSetId", UUID)
SupplyTermId = NewType("SupplyTermId", UUID)
LadderId = NewType("LadderId", UUID)
WaveId = NewType("WaveId", UUID)
EventId = NewType("EventId", UUID)
TouchpointId = NewType("TouchpointId", UUID)
ScanId = NewType("ScanId", UUID)
TransferId = NewType("TransferId", UUID)
CountId = NewType("CountId", UUID)
LotId = NewType("LotId", UUID)
LiveRoomId = NewType("LiveRoomId", UUID)
ReviewId = NewType("ReviewId", UUID)
ReviewPictureId = NewType("ReviewPictureId", UUID)
SubscriptionId = NewType("SubscriptionId", UUID)
DeliveryId = NewType("DeliveryId", UUID)
ApiKeyId = NewType("ApiKeyId", UUID)
FeedId = NewType("FeedId", UUID)
SnapshotId = NewType("SnapshotId", UUID)
SuspicionId = NewType("SuspicionId", UUID)
PromiseId = NewType("PromiseId", UUID)
DisputeId = NewType("DisputeId", UUID)

_LAST_MILLISECONDS = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp()) * 1000
_VERSION_7 = 0x7 << 76
_VARIANT_RFC = 0b10 << 62
_RANDOM_BITS = 74
_COUNT_MASK = (1 << _RANDOM_BITS) - 1

_LOW = (1 << 62) - 1
_new_uuid = object.__new__
_set = object.__setattr__

_lock = threading.Lock()
_last_milliseconds = -1
_last_count = 0
_DRAWN = 4096
_drawn: list[int] = []


def uuid7(at: datetime) -> UUID:
    """Make one UUIDv7 whose time stamp is `at` (aware), in milliseconds rounded down."""
    return uuid7s(at, 1)[0]


def uuid7s(at: datetime, count: int) -> list[UUID]:
    """Make `count` UUIDv7 of the same moment, strictly rising in the order given.

    The 74 bits after the time stamp are a counter that starts at a random value (RFC 9562, 6.2, method 2) and rises
    by a random step, so that ids made in one call, or in following calls of one process for the same millisecond,
    sort in the order in which they were made.
    """
    return uuid7s_at([at] * count)


def uuid7s_at(moments: Sequence[datetime]) -> list[UUID]:
    """Make one UUIDv7 for each moment (aware), in their order; those of one moment that follow each other rise."""
    global _last_milliseconds, _last_count  # noqa: PLW0603 - the counter is the process's, guarded by the lock
    made: list[UUID] = []
    at: datetime | None = None
    stamp = 0
    with _lock:
        steps = _steps(len(moments))
        for moment in moments:
            if moment is not at:  # most moments of a call are the same
                at = moment
                milliseconds = int(moment.timestamp() * 1000)
                stamp = milliseconds << 80 | _VERSION_7 | _VARIANT_RFC
                if milliseconds != _last_milliseconds:
                    # The highest bit starts at zero, so that the counter has room to rise.
                    _last_count = int.from_bytes(os.urandom(10), "big") & (_COUNT_MASK >> 1)
                    _last_milliseconds = milliseconds
            _last_count = (_last_count + 1 + steps.pop()) & _COUNT_MASK
            made.append(_uuid(stamp | (_last_count >> 62) << 64 | _last_count & _LOW))
    return made


def _uuid(value: int) -> UUID:
    """Make a UUID of a number that is known to be one: a third of the time of asking the class to check it."""
    made = _new_uuid(UUID)
    _set(made, "int", value)
    _set(made, "is_safe", SafeUUID.unknown)
    return made


def _steps(count: int) -> list[int]:
    """Return at least so many random steps of 32 bits, to be taken from the end.

    They are drawn from the system some thousand at a time: a call for each id costs more than the id.
    """
    global _drawn  # noqa: PLW0603 - guarded by the caller's lock
    if len(_drawn) < count:
        _drawn = list(array("I", os.urandom(4 * max(_DRAWN, count))))
    return _drawn


def _forget_drawn() -> None:
    """A forked child draws its own: two processes must never use the same bytes."""
    _drawn.clear()


os.register_at_fork(after_in_child=_forget_drawn)


def time_of(identifier: UUID) -> datetime:
    """Return the moment a UUIDv7 carries, in UTC, to the millisecond; the last day that has a date for any later one.

    Whoever makes an id up can name a moment of the year 10889.
    """
    return datetime.fromtimestamp(min(identifier.int >> 80, _LAST_MILLISECONDS) / 1000, tz=UTC)


def first_id_of(at: datetime) -> UUID:
    """Return the lowest value any UUIDv7 of `at` or later can have: the bound of a partition or a range of ids."""
    return UUID(int=int(at.astimezone(UTC).timestamp() * 1000) << 80)


def first_id_after(at: datetime) -> UUID:
    """Return the lowest value any UUIDv7 of a later millisecond than that of `at` can have."""
    return UUID(int=first_id_of(at).int + (1 << 80))
