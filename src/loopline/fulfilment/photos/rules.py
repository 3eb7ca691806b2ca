"""What asks for a photo of goods, and what is refused. Pure."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from loopline.fulfilment.model import Task, TaskLine, TaskState
from loopline.fulfilment.photos.model import (
    Demand,
    GoodsLookedAt,
    PhotoCause,
    PhotoPoint,
    PhotoRule,
    SetPhotoRule,
)
from loopline.fulfilment.rules import WrongState
from loopline.kernel.ids import AllocationId
from loopline.kernel.refusals import Refusal

PHOTOS_OF_LINE_MAX = 12
PHOTOGRAPHED = frozenset({TaskState.PICKING, TaskState.CHECKED, TaskState.PACKED})
LATE_MAX = timedelta(days=7)
"""So long after goods left their photos are kept: a phone sends what it took when it has a network again."""
WAIVED = frozenset({TaskState.CHECKED, TaskState.PACKED})


class UnknownPhotoLine(Refusal, frozen=True, kw_only=True):
    """Task {task_id} has no line {allocation_id}."""

    task_id: UUID
    allocation_id: UUID


class PhotoDiffers(Refusal, frozen=True, kw_only=True):
    """Photo {photo_id} is known with other content."""

    photo_id: UUID


class TooManyPhotos(Refusal, frozen=True, kw_only=True):
    """There are {most} photos of these goods already: no more are kept."""

    most: int


class NoPhotoAsked(Refusal, frozen=True, kw_only=True):
    """No photo is asked for of line {allocation_id} of task {task_id}."""

    task_id: UUID
    allocation_id: UUID


class PhotoRuleNotUsable(Refusal, frozen=True, kw_only=True):
    """The rule for {cause} needs a price above zero where it is for dear goods, and no price elsewhere."""

    cause: PhotoCause


class HoldsEverywhere(Refusal, frozen=True, kw_only=True):
    """What holds everywhere cannot be left to what holds everywhere: choose whether {cause} asks for a photo."""

    cause: PhotoCause


class CategoryNeedsAWord(Refusal, frozen=True, kw_only=True):
    """That a photo is wanted of all goods is said of a category: name one."""


def refusal_of_photo(
    task: Task, lines: Sequence[TaskLine], allocation_id: AllocationId, *, count: int, now: datetime
) -> Refusal | None:
    """Return why a new photo of a line is not kept; None where it is. `count`: how many of it are kept already."""
    left_at = task.ended_at if task.state is TaskState.HANDED_OVER else None
    if task.state not in PHOTOGRAPHED and (left_at is None or now - left_at > LATE_MAX):
        return WrongState(task_id=task.task_id, state=task.state)
    if all(line.allocation_id != allocation_id for line in lines):
        return UnknownPhotoLine(task_id=task.task_id, allocation_id=allocation_id)
    return TooManyPhotos(most=PHOTOS_OF_LINE_MAX) if count >= PHOTOS_OF_LINE_MAX else None


def refusal_of_rule(one: SetPhotoRule) -> Refusal | None:
    """Return why a rule cannot be set; None where it can."""
    if one.cause is PhotoCause.ANY and one.category is None:
        return CategoryNeedsAWord()
    if one.demand is None:
        return HoldsEverywhere(cause=one.cause) if one.category is None else None
    is_dear = one.cause is PhotoCause.HIGH_VALUE
    if is_dear != (one.from_minor is not None) or (one.from_minor is not None and one.from_minor <= 0):
        return PhotoRuleNotUsable(cause=one.cause)
    return None


def points_of(goods: Sequence[GoodsLookedAt], rules: Collection[PhotoRule]) -> list[PhotoPoint]:
    """Return the photos that rules ask of goods, in their order; of several causes the strictest demand counts."""
    known = {(rule.cause, rule.category): rule for rule in rules}
    found = [(one, causes_of(one, known)) for one in goods]
    return [
        PhotoPoint(
            task_id=one.task_id,
            allocation_id=one.allocation_id,
            causes=tuple(causes),
            demand=Demand.REQUIRED if Demand.REQUIRED in causes.values() else Demand.ASKED,
        )
        for one, causes in found
        if causes
    ]


def causes_of(
    goods: GoodsLookedAt, rules: Mapping[tuple[PhotoCause, str | None], PhotoRule]
) -> dict[PhotoCause, Demand]:
    """Return what about goods asks for a photo, and how much. A category's rule is heard before the general one."""
    found: dict[PhotoCause, Demand] = {}
    for cause in PhotoCause:
        of_category = rules.get((cause, goods.category)) if goods.category is not None else None
        rule = of_category or rules.get((cause, None))
        if rule is not None and rule.demand is not Demand.OFF and _holds(rule, goods):
            found[cause] = rule.demand
    return found


def _holds(rule: PhotoRule, goods: GoodsLookedAt) -> bool:
    match rule.cause:
        case PhotoCause.ANY:
            return True
        case PhotoCause.HIGH_VALUE:
            assert rule.from_minor is not None
            return goods.unit_minor is not None and goods.unit_minor >= rule.from_minor
        case PhotoCause.FRAGILE:
            return goods.is_fragile
        case PhotoCause.COLD:
            return goods.is_cold
        case PhotoCause.LAST_UNITS:
            return goods.are_last
