"""Drawing: a hold takes the place of units that are set aside for the order's event, and gives them back.

A quota at a node serves what is held there or below. Drawing moves units from the quota to the hold: what is held at
the quota's node and above stays as it is, and only between the two nodes more is held than before.
"""

from collections.abc import Sequence

import msgspec

from loopline.kernel.refusals import Refusal
from loopline.stock.book import Book, Level, OpenDraw, OpenHold, OpenQuota
from loopline.stock.model import Ahead, OnShort, QuotaName
from loopline.stock.refusals import QuotaSoldOut


def change_hold(hold: OpenHold, units: int) -> None:
    """Hold more or, negative, fewer units: at the hold's node and at every node above."""
    hold.units += units
    for level in hold.path:
        level.held += units


def change_remaining(quota: OpenQuota, units: int) -> None:
    """Set more or, negative, fewer units aside: at the quota's node and at every node above."""
    quota.remaining += units
    for level in quota.path:
        level.held += units


def room_of(path: Sequence[Level], ahead: Ahead | None = None) -> int:
    """Units that may still be promised at a node: the least of free less held there and above, never negative.

    Of what is sold `ahead`, less what those wait for who bought before.
    """
    if ahead is None or not ahead.kept:
        return max(0, min([level.free - level.held for level in path]))
    at = ahead.kept_at
    return max(
        0,
        min([level.free - level.held - (ahead.kept if level.node_id in at else 0) for level in path]),
    )


def quota_for(events: Sequence[QuotaName], hold: OpenHold, *, book: Book) -> OpenQuota | None:
    """The quota that a hold draws from: of the first event that has one on at the hold's node or above, the nearest."""
    for event in events:
        for level in reversed(hold.path):
            found = book.quota_at(level.key, event) if level.quotas else None
            if found is not None and found.is_on:
                return found
    return None


class Granted(msgspec.Struct, gc=False, eq=False):
    """Units newly held for a line, of how many there were to be had, and of those the units drawn from quotas.

    `ahead`: units that are missing, and were sold ahead, of `budget`.
    """

    hold: OpenHold
    room: int
    units: int = 0
    drawn: list[tuple[OpenQuota, int]] = []
    ahead: int = 0
    budget: Ahead | None = None


def draw_units(  # noqa: PLR0913 - what is drawn for whom, from where, and what others wait for of it
    quota: OpenQuota,
    hold: OpenHold,
    units: int,
    *,
    short: OnShort,
    book: Book,
    ahead: Ahead | None = None,
) -> Granted | Refusal:
    """Hold units out of a quota, then out of its reserve, then, where it says so, out of what is free.

    Refused where that is too few and no part is wanted, with everything as it was. What is free is so
    less what those wait for who bought `ahead`.
    """
    sources = _sources(quota, book=book)
    free_room = room_of(hold.path, ahead) if quota.then_free else 0
    granted = Granted(hold, sum([source.remaining for source in sources]) + free_room)
    for source in sources:
        _draw(source, granted, units - granted.units, is_reserve=source is not quota, book=book)
    if quota.then_free:
        free = min(units - granted.units, room_of(hold.path, ahead))
        change_hold(hold, free)
        granted.units += free
    if granted.units == units or short is OnShort.PART:
        return granted
    got = granted.units
    take_back(granted, book=book)
    return QuotaSoldOut(
        order_id=hold.order_id,
        line_id=hold.line_id,
        sku_id=hold.key[1],
        quota_id=quota.id,
        event=quota.event.code,
        asked=units,
        left=got,
    )


def take_back(granted: Granted, *, book: Book) -> None:
    """Undo what was granted a moment ago, to the unit where it came from."""
    change_hold(granted.hold, -granted.units)
    if granted.budget is not None:
        granted.budget.left += granted.ahead
    for quota, units in granted.drawn:
        quota.drawn -= units
        change_remaining(quota, units)
        next(draw for draw in book.draws[granted.hold.line_id] if draw.quota is quota).units -= units


def _sources(quota: OpenQuota, *, book: Book) -> list[OpenQuota]:
    reserve = book.quotas.get(quota.reserve_id) if quota.reserve_id is not None else None
    return [quota] if reserve is None or reserve.ended_at is not None else [quota, reserve]


def _draw(quota: OpenQuota, granted: Granted, wanted: int, *, is_reserve: bool, book: Book) -> None:
    """Draw as many of the units wanted as there are. Units that a fact has taken are promised to nobody: where more is
    held than is free, what is over is counted as taken from the quota, until it is mended.
    """
    hold = granted.hold
    over = max(0, *[level.held - level.free for level in quota.path])
    between = [level.free - level.held for level in hold.path[len(quota.path) :]]
    units = max(0, min([wanted, quota.remaining - over, *between]))
    if units:
        change_remaining(quota, -units)
        quota.drawn += units
        change_hold(hold, units)
        granted.units += units
        granted.drawn.append((quota, units))
        _note(hold, quota, units, is_reserve=is_reserve, book=book)


def _note(hold: OpenHold, quota: OpenQuota, units: int, *, is_reserve: bool, book: Book) -> None:
    draws = book.draws.setdefault(hold.line_id, [])
    for draw in draws:
        if draw.quota is quota:
            draw.units += units
            return
    draws.append(OpenDraw(hold.line_id, quota, is_reserve, units))


def give_back(hold: OpenHold, units: int, *, book: Book, is_lost: bool = False) -> None:
    """Hold fewer units. What came last goes first: free units, then a reserve's, then those of the event's own quota.

    What was drawn remains for the event again; units that nothing is behind (`is_lost`) are gone from the quota too.
    """
    change_hold(hold, -units)
    draws = book.draws.get(hold.line_id) if book.draws else None
    if not draws:
        return
    # What the hold keeps is less than was drawn: the difference goes back.
    back = sum([draw.units for draw in draws]) - hold.units
    for draw in sorted(draws, key=lambda draw: not draw.is_reserve):
        part = max(0, min(draw.units, back))
        back -= part
        draw.units -= part
        draw.quota.drawn -= part
        if is_lost:
            draw.quota.returned += part
        else:
            change_remaining(draw.quota, part)


def use_draws(hold: OpenHold, units: int, *, book: Book) -> None:
    """Say that units left a hold for good, tied to a leaf: those of the event's own quota first."""
    for draw in sorted(book.draws.get(hold.line_id, ()), key=lambda draw: draw.is_reserve):
        part = min(draw.units, units)
        units -= part
        draw.use(part)
