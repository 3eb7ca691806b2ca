"""What rounds speak of."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from loopline.kernel.ids import AllocationId, PersonId, RoundId, SiteId, SkuId, TaskId
from loopline.kernel.scope import Scope


class MissingReason(StrEnum):
    """Why a picker cannot bring units: those of `RefusalReason` that somebody sees at a shelf."""

    NOT_FOUND = "not_found"
    DAMAGED = "damaged"
    DISPLAY_WORN = "display_worn"


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """Tasks that one person picks together. `taken_over_at`: when its picker took it over from another."""

    round_id: RoundId
    site_id: SiteId
    picker_id: PersonId
    begun_at: datetime
    taken_over_at: datetime | None = None


class RoundTask(msgspec.Struct, frozen=True, kw_only=True):
    """A task in a round, and the box its goods go into: box 1 is the most urgent."""

    round_id: RoundId
    task_id: TaskId
    box: int


class Boxed(msgspec.Struct, frozen=True, kw_only=True):
    """Units of an allocation that lie in their box."""

    allocation_id: AllocationId
    units: int
    boxed_at: datetime


class Picker(msgspec.Struct, frozen=True, kw_only=True):
    """Who picks, and the sites where that is theirs to do."""

    person_id: PersonId
    scope: Scope


class BeginRound(msgspec.Struct, frozen=True, kw_only=True):
    """Pick tasks of a site together, the most urgent first. `round_id` is made by the caller: twice is once."""

    round_id: RoundId
    site_id: SiteId
    picker_id: PersonId
    task_ids: tuple[TaskId, ...]


class BoxedUnits(msgspec.Struct, frozen=True, kw_only=True):
    """So many units of an allocation lie in its box, seen at a moment: all of them, not those that came last."""

    allocation_id: AllocationId
    units: int
    at: datetime


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a SKU that cannot be brought. `id` is made by the phone: said twice, they are missing once."""

    id: UUID
    sku_id: SkuId
    units: int
    reason: MissingReason


class UnitsMissing(msgspec.Struct, frozen=True, kw_only=True):
    """Units that a task of a round goes short of."""

    missing_id: UUID
    task_id: TaskId
    allocation_id: AllocationId
    units: int
    reason: MissingReason


class TasksPutBack(msgspec.Struct, frozen=True, kw_only=True):
    """Tasks that left a round as they were before it: accepted, for anybody to pick."""

    round_id: RoundId
    site_id: SiteId
    task_ids: tuple[TaskId, ...]
