"""Pure: a line's marks from its facts, and by what the sums move when a line's marks change."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from loopline.insight.model import NOWHERE
from loopline.insight.rights.model import (
    CAUSES,
    KEPT,
    Cause,
    Facts,
    JudgedLine,
    PromiseFact,
    Right,
    Side,
    WorkFact,
)
from loopline.kernel.ids import SiteId
from loopline.kernel.times import business_day

SETTLED_AFTER = timedelta(days=14)
"""How long after its day a line may still change so often that it is said: goods come back, buyers review."""
BAD_STARS = 2
_COUNTED = {
    "not_found": Cause.REFUSED_GOODS,
    "damaged": Cause.REFUSED_GOODS,
    "display_worn": Cause.REFUSED_GOODS,
    "count_differs": Cause.REFUSED_GOODS,
    "no_capacity": Cause.REFUSED_CAPACITY,
}
_GOODS_CAME_BACK = {
    "wrong_item": Cause.WRONG_ITEM,
    "defect": Cause.DEFECT,
    "damaged_in_transit": Cause.DAMAGED,
}
_CUSTOMER_SENT_BACK = {"unwanted": Cause.UNWANTED, "size": Cause.SIZE, "other": Cause.OTHER_REASON}


class Failure(NamedTuple):
    """Where and when a site did not keep a line it was chosen for."""

    at: datetime
    site_id: SiteId
    cause: Cause


class SumKey(NamedTuple):
    """A row of the sums."""

    day: date
    side: str
    site_id: SiteId


class CauseKey(NamedTuple):
    """A row of the causes."""

    day: date
    side: str
    site_id: SiteId
    cause: str


class Moves(NamedTuple):
    """By what sums and causes move: of sums by the name of the column, zeros left out."""

    sums: dict[SumKey, dict[str, int]]
    causes: dict[CauseKey, int]


def settled_until(today: date) -> date:
    """Return the last day whose marks seldom change any more."""
    return today - SETTLED_AFTER


def judge(facts: Facts, zones: Mapping[SiteId, str], *, home_zone: str) -> JudgedLine | None:
    """Return the marks of a line that ended; None of one that did not, or of which nothing can be said.

    A line ended when none of its units waits any more. Judged is one of which a unit was handed over, a site refused
    or let lapse what it was chosen for, or a parcel was not collected: of what was merely cancelled nothing is known.
    """
    line = facts.line
    failures = _failures(facts)
    not_collected = sum(one.left_units for one in facts.work if one.state == "not_collected")
    if line.waiting or not (line.handed_over or failures or not_collected):
        return None
    sold = line.sold_site_id or NOWHERE
    last = _last_work(facts.work)
    sent = last.site_id if last is not None else sold
    place, place_site = _place(facts, failures, sent=sent)
    return JudgedLine(
        order_id=line.order_id,
        line_id=line.line_id,
        sku_id=line.sku_id,
        day=business_day(_ended_at(facts), zones.get(sent, home_zone)),
        sent_site_id=sent,
        place_site_id=place_site,
        sold_site_id=sold,
        packer_id=last.accepted_by if last is not None else None,
        units=line.handed_over,
        goods=_goods(facts, failures, not_collected=not_collected),
        time=_time(facts),
        place=place,
        person=_person(facts),
        price=_price(facts),
        customer=_customer(facts, not_collected=not_collected),
    )


def _last_work(work: Sequence[WorkFact]) -> WorkFact | None:
    """The work that sent the line: the last that was handed over, else waited in vain, else was put to a site."""
    for state in ("handed_over", "not_collected"):
        done = [one for one in work if one.state == state and one.left_units]
        if done:
            return max(done, key=lambda one: (one.ended_at or one.offered_at, one.task_id))
    return max(work, key=lambda one: (one.offered_at, one.task_id)) if work else None


def _ended_at(facts: Facts) -> datetime:
    """When the last of its work ended; what needed no work ended when it was sold."""
    return max((one.ended_at or one.offered_at for one in facts.work), default=facts.line.placed_at)


def _failures(facts: Facts) -> list[Failure]:
    """What sites did not keep, the first first."""
    found: list[Failure] = []
    for one in facts.work:
        if one.reason is not None and one.refused_at is not None:
            found.append(Failure(one.refused_at, one.site_id, _COUNTED[one.reason]))
        elif one.state == "lapsed":
            found.append(Failure(one.ended_at or one.offered_at, one.site_id, Cause.LAPSED))
    return sorted(found)


def _first_of(right: Right, found: Iterable[Cause]) -> Cause | None:
    """Of several causes of a right the one that counts."""
    given = set(found)
    return next((cause for cause in CAUSES[right] if cause in given), None)


def _goods(facts: Facts, failures: Sequence[Failure], *, not_collected: int) -> str | None:
    line = facts.line
    causes = [_GOODS_CAME_BACK[one.reason] for one in facts.returns if one.reason in _GOODS_CAME_BACK]
    was_missing = any(one.cause is Cause.REFUSED_GOODS for one in failures)
    if was_missing and line.cancelled > not_collected:
        causes.append(Cause.NOT_THERE)
    return _first_of(Right.GOODS, causes) or (KEPT if line.handed_over else None)


def _time(facts: Facts) -> str | None:
    late = _late(facts.promise) if facts.promise is not None else None
    if late is not None and late != KEPT:
        return late
    if any(one.reason == "late" for one in facts.returns):
        return Cause.LATE_SAID
    return late


def _late(promise: PromiseFact) -> str | None:
    """How the first promise of an order was kept; by the first of its milestones that was not, where it was not."""
    fact_at = promise.fact_at
    if promise.state == "kept" and fact_at is not None and fact_at <= promise.first_due_at:
        return KEPT
    if promise.state not in {"kept", "broken"} and not promise.was_broken:
        return None
    milestones = (
        (Cause.LATE_SOURCE, promise.sourced_at, promise.source_by),
        (Cause.LATE_ACCEPT, promise.accepted_at, promise.accept_by),
        (Cause.LATE_READY, promise.handed_over_at, promise.hand_over_by),
    )
    for cause, reached, by in milestones:
        if reached is None or reached > by:
            return cause
    return Cause.LATE_WAY


def _place(facts: Facts, failures: Sequence[Failure], *, sent: SiteId) -> tuple[str | None, SiteId]:
    """Whether the site that was chosen first kept the line, and which site that speaks of."""
    line = facts.line
    if failures:
        return failures[0].cause, failures[0].site_id
    if not facts.work:
        return None, sent
    if sum(one.units for one in facts.work) > line.units:
        return Cause.MOVED, facts.work[0].site_id
    if line.delivery == "collect" and line.handed_over and sent != (line.sold_site_id or NOWHERE):
        return Cause.OTHER_SITE, sent
    return KEPT, sent


def _person(facts: Facts) -> str | None:
    line = facts.line
    owed = (
        (Cause.OTHER_GUIDE, line.bound_guide_id, line.guide_id),
        (Cause.OTHER_DEALER, line.bound_dealer_id, line.dealer_id),
    )
    known = [(cause, bound == credited) for cause, bound, credited in owed if bound is not None]
    if not known:
        return None
    return _first_of(Right.PERSON, [cause for cause, is_kept in known if not is_kept]) or KEPT


def _price(facts: Facts) -> str | None:
    line = facts.line
    causes: list[Cause] = []
    ours = line.list_unit_minor
    if ours is not None and line.unit_minor != ours:
        causes.append(Cause.ABOVE_OURS if line.unit_minor > ours else Cause.BELOW_OURS)
    if line.money_differs:
        causes.append(Cause.MONEY_DIFFERS)
    if any(one.differs for one in facts.returns):
        causes.append(Cause.REFUND_DIFFERS)
    return _first_of(Right.PRICE, causes) or (KEPT if ours is not None else None)


def _customer(facts: Facts, *, not_collected: int) -> str | None:
    line = facts.line
    causes = [_CUSTOMER_SENT_BACK[one.reason] for one in facts.returns if one.reason in _CUSTOMER_SENT_BACK]
    if not_collected:
        causes.append(Cause.NOT_COLLECTED)
    if line.stars is not None and line.stars <= BAD_STARS:
        causes.append(Cause.BAD_REVIEW)
    return _first_of(Right.CUSTOMER, causes) or (KEPT if line.handed_over and line.is_member else None)


def moves(before: Iterable[JudgedLine], after: Iterable[JudgedLine]) -> Moves:
    """Return by what sums and causes move when lines were judged so before and are judged so now."""
    # Lines that are alike are counted once: a batch has thousands of lines and few kinds of them.
    alike: Counter[_Kind] = Counter()
    for sign, lines in ((-1, before), (1, after)):
        for line in lines:
            alike[_kind_of(line)] += sign
    sums: dict[SumKey, Counter[str]] = {}
    causes: Counter[CauseKey] = Counter()
    for kind, number in alike.items():
        if number:
            _count(kind, number, sums, causes)
    return Moves(
        sums={
            key: moved
            for key, columns in sorted(sums.items())
            if (moved := {n: v for n, v in columns.items() if v})
        },
        causes={key: moved for key, moved in sorted(causes.items()) if moved},
    )


class _Kind(NamedTuple):
    """What lines that are counted alike have in common."""

    day: date
    sent_site_id: SiteId
    place_site_id: SiteId
    sold_site_id: SiteId
    units: int
    marks: tuple[str | None, ...]


def _kind_of(line: JudgedLine) -> _Kind:
    return _Kind(
        line.day,
        line.sent_site_id,
        line.place_site_id,
        line.sold_site_id,
        line.units,
        (line.goods, line.time, line.place, line.person, line.price, line.customer),
    )


def _count(kind: _Kind, number: int, sums: dict[SumKey, Counter[str]], causes: Counter[CauseKey]) -> None:
    for side, site_id, place_site_id in (
        (Side.SENT, kind.sent_site_id, kind.place_site_id),
        (Side.SOLD, kind.sold_site_id, kind.sold_site_id),
    ):
        columns = sums.setdefault(SumKey(kind.day, side.value, site_id), Counter())
        columns["lines"] += number
        columns["units"] += number * kind.units
        for right, mark in zip(Right, kind.marks, strict=True):
            if mark is None:
                continue
            counted = place_site_id if right is Right.PLACE else site_id
            columns = sums.setdefault(SumKey(kind.day, side.value, counted), Counter())
            columns[f"{right.value}_known"] += number
            if mark == KEPT:
                columns[f"{right.value}_kept"] += number
            else:
                causes[CauseKey(kind.day, side.value, counted, mark)] += number
