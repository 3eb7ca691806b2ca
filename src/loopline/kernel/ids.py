"""Identifiers: UUIDv7 (RFC 9562), made here because neither Python 3.11 nor PostgreSQL below 18 makes them.

One `NewType` per noun, so that a swapped argument fails the type checker.
"""

import os
import threading
from datetime import UTC, datetime
from typing import NewType
from uuid import UUID

OrgUnitId = NewType("OrgUnitId", UUID)
EntityId = NewType("EntityId", UUID)
PersonId = NewType("PersonId", UUID)
PartyId = NewType("PartyId", UUID)
SiteId = NewType("SiteId", UUID)
ProductId = NewType("ProductId", UUID)
SkuId = NewType("SkuId", UUID)
PriceListId = NewType("PriceListId", UUID)
NodeId = NewType("NodeId", UUID)
OrderId = NewType("OrderId", UUID)
LineId = NewType("LineId", UUID)
AllocationId = NewType("AllocationId", UUID)
ShortfallId = NewType("ShortfallId", UUID)
MemberId = NewType("MemberId", UUID)
PaymentId = NewType("PaymentId", UUID)
TaskId = NewType("TaskId", UUID)
ReturnId = NewType("ReturnId", UUID)
ReturnLineId = NewType("ReturnLineId", UUID)
EntryId = NewType("EntryId", UUID)
AccountId = NewType("AccountId", UUID)
RuleSetId = NewType("RuleSetId", UUID)
WaveId = NewType("WaveId", UUID)
EventId = NewType("EventId", UUID)
TouchpointId = NewType("TouchpointId", UUID)
ScanId = NewType("ScanId", UUID)
LiveRoomId = NewType("LiveRoomId", UUID)
ReviewId = NewType("ReviewId", UUID)
SubscriptionId = NewType("SubscriptionId", UUID)
DeliveryId = NewType("DeliveryId", UUID)
ApiKeyId = NewType("ApiKeyId", UUID)

_VERSION_7 = 0x7 << 76
_VARIANT_RFC = 0b10 << 62
_RANDOM_BITS = 74
_COUNT_MASK = (1 << _RANDOM_BITS) - 1

_lock = threading.Lock()
_last_milliseconds = -1
_last_count = 0
_DRAW_BYTES = 4096
_drawn = b""
_used = 0


def uuid7(at: datetime) -> UUID:
    """Make one UUIDv7 whose time stamp is `at` (aware), in milliseconds rounded down."""
    return uuid7s(at, 1)[0]


def uuid7s(at: datetime, count: int) -> list[UUID]:
    """Make `count` UUIDv7 of the same moment, strictly rising in the order given.

    The 74 bits after the time stamp are a counter that starts at a random value (RFC 9562, 6.2, method 2) and rises
    by a random step, so that ids made in one call, or in following calls of one process for the same millisecond,
    sort in the order in which they were made.
    """
    milliseconds = int(at.astimezone(UTC).timestamp() * 1000)
    global _last_milliseconds, _last_count  # noqa: PLW0603 - the counter is the process's, guarded by the lock
    with _lock:
        noise = _noise(10 + 4 * count)
        if milliseconds != _last_milliseconds:
            # The highest bit starts at zero, so that the counter has room to rise.
            _last_count = int.from_bytes(noise[:10], "big") & (_COUNT_MASK >> 1)
            _last_milliseconds = milliseconds
        running = _last_count
        made: list[UUID] = []
        base = milliseconds << 80
        for position in range(10, 10 + 4 * count, 4):
            running = (running + 1 + int.from_bytes(noise[position : position + 4], "big")) & _COUNT_MASK
            high, low = running >> 62, running & ((1 << 62) - 1)
            made.append(UUID(int=base | _VERSION_7 | (high << 64) | _VARIANT_RFC | low))
        _last_count = running
    return made


def _noise(size: int) -> bytes:
    """Return random bytes, drawn from the system some thousand at a time: a call for each id costs more than the id."""
    global _drawn, _used  # noqa: PLW0603 - guarded by the caller's lock
    if _used + size > len(_drawn):
        _drawn, _used = os.urandom(max(_DRAW_BYTES, size)), 0
    noise = _drawn[_used : _used + size]
    _used += size
    return noise


def _forget_drawn() -> None:
    """A forked child draws its own: two processes must never use the same bytes."""
    global _drawn, _used
    _drawn, _used = b"", 0


os.register_at_fork(after_in_child=_forget_drawn)


def time_of(identifier: UUID) -> datetime:
    """Return the moment a UUIDv7 carries, in UTC, to the millisecond."""
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, tz=UTC)


def first_id_of(at: datetime) -> UUID:
    """Return the lowest value any UUIDv7 of `at` or later can have: the bound of a partition or a range of ids."""
    return UUID(int=int(at.astimezone(UTC).timestamp() * 1000) << 80)
