"""Holds: units set aside for an order at a node, without saying yet from which leaf they will come.

The one condition of a promise: at the node it names and at every node above, held + units <= free. Holds nest in a
tree, so this is not merely necessary: while it holds everywhere, every hold can be met from leaves below its node.
"""

from collections.abc import Iterable, Mapping

from loopline.kernel.ids import SkuId
from loopline.kernel.refusals import Refusal
from loopline.stock.book import Book, OpenHold
from loopline.stock.model import (
    Ahead,
    ExpiredHold,
    Extended,
    Held,
    HeldLine,
    HoldAsk,
    HoldAskLine,
    HoldExtension,
    OnShort,
    Release,
    Released,
)
from loopline.stock.refusals import (
    HeldElsewhere,
    HoldTooSmall,
    HoldUnknown,
    NodeUnknown,
    NotEnoughFree,
    UnitsNotPositive,
)
from loopline.stock.rules.drawing import (
    Granted,
    change_hold,
    draw_units,
    give_back,
    quota_for,
    room_of,
    take_back,
)

SCARCE_PERCENT = 20
_NOTHING_AHEAD: Mapping[SkuId, Ahead] = {}


def decide_holds(
    asks: Iterable[HoldAsk], *, book: Book, ahead: Mapping[SkuId, Ahead] = _NOTHING_AHEAD
) -> list[Held | Refusal]:
    """Hold for each order in turn what it asks for; an order refused leaves nothing behind for later ones to miss.

    `ahead`: the SKUs that are sold ahead, whose budgets are used up in turn.
    """
    return [_hold_order(ask, book=book, ahead=ahead) for ask in asks]


def _hold_order(ask: HoldAsk, *, book: Book, ahead: Mapping[SkuId, Ahead]) -> Held | Refusal:
    granted: list[Granted] = []
    is_rare, has_two_times = False, ask.scarce_expires_at is not None
    for line in ask.lines:
        outcome = _hold_line(ask, line, book=book, budget=ahead.get(line.sku_id) if ahead else None)
        if isinstance(outcome, Refusal):
            for one in granted:
                take_back(one, book=book)
            return outcome
        granted.append(outcome)
        is_rare = is_rare or (has_two_times and is_scarce(outcome.units, room=outcome.room))
    for one in granted:
        if one.units:
            one.hold.expires_at = ask.scarce_expires_at if is_rare else ask.expires_at
    return Held(
        order_id=ask.order_id,
        lines=tuple(
            [HeldLine(line_id=one.hold.line_id, units=one.units, ahead=one.ahead) for one in granted]
        ),
        is_scarce=is_rare,
    )


def _hold_line(ask: HoldAsk, line: HoldAskLine, *, book: Book, budget: Ahead | None) -> Granted | Refusal:
    """Hold a line's units, out of what is set aside for its event or of what is free."""
    hold = _hold_of(ask, line, book=book)
    if isinstance(hold, Refusal):
        return hold
    quota = quota_for(ask.events, hold, book=book) if book.quotas else None
    granted = (
        _hold_free_units(line, hold, short=ask.short, budget=budget)
        if quota is None
        else draw_units(quota, hold, line.units, short=ask.short, book=book, ahead=budget)
    )
    if not isinstance(granted, Refusal):
        book.holds[line.line_id] = hold
    return granted


def is_scarce(units: int, *, room: int) -> bool:
    """Tell whether units are much of what was left of a SKU: a fifth of it or more."""
    return units > 0 and 100 * units >= SCARCE_PERCENT * room


def _hold_of(ask: HoldAsk, line: HoldAskLine, *, book: Book) -> OpenHold | Refusal:
    """The hold that a line is asked to have: the one it has, or a new one without units."""
    if line.units <= 0:
        return UnitsNotPositive(line_id=line.line_id, units=line.units)
    if line.node_id not in book.paths:
        return NodeUnknown(node_id=line.node_id)
    key = (line.node_id, line.sku_id)
    hold = book.holds.get(line.line_id)
    if hold is None or not hold.units:
        return OpenHold(line.line_id, ask.order_id, key, 0, ask.expires_at, 0, path=book.path(key))
    if hold.key != key or hold.order_id != ask.order_id:
        return HeldElsewhere(line_id=line.line_id, node_id=hold.key[0])
    return hold


def _hold_free_units(
    line: HoldAskLine, hold: OpenHold, *, short: OnShort, budget: Ahead | None
) -> Granted | Refusal:
    room = room_of(hold.path, budget)
    if room >= line.units:
        change_hold(hold, line.units)
        return Granted(hold, room, line.units)
    ahead = min(line.units - room, line.ahead_most, budget.left) if budget is not None else 0
    if room + ahead == line.units or short is OnShort.PART:
        change_hold(hold, room)
        if budget is not None:
            budget.left -= ahead
        return Granted(hold, room, room, ahead=ahead, budget=budget)
    return NotEnoughFree(
        order_id=hold.order_id,
        line_id=line.line_id,
        node_id=line.node_id,
        sku_id=line.sku_id,
        asked=line.units,
        free=room,
    )


def decide_releases(releases: Iterable[Release], *, book: Book) -> list[Released | Refusal]:
    """Give held units back."""
    outcomes: list[Released | Refusal] = []
    for release in releases:
        hold = book.holds.get(release.line_id)
        if (
            hold is None or not hold.units or not hold.path
        ):  # no path: it went elsewhere since its place was read
            outcomes.append(HoldUnknown(line_id=release.line_id))
            continue
        units = hold.units if release.units is None else release.units
        if units <= 0:
            outcomes.append(UnitsNotPositive(line_id=release.line_id, units=units))
        elif units > hold.units:
            outcomes.append(HoldTooSmall(line_id=release.line_id, asked=units, held=hold.units))
        else:
            give_back(hold, units, is_lost=release.is_lost, book=book)
            outcomes.append(Released(line_id=release.line_id, units=units))
    return outcomes


def decide_extensions(extensions: Iterable[HoldExtension], *, book: Book) -> list[Extended | Refusal]:
    """Give holds another expiry, or none."""
    outcomes: list[Extended | Refusal] = []
    for extension in extensions:
        hold = book.holds.get(extension.line_id)
        if hold is None or not hold.path:
            outcomes.append(HoldUnknown(line_id=extension.line_id))
        else:
            hold.expires_at = extension.expires_at
            outcomes.append(Extended(line_id=extension.line_id, units=hold.units))
    return outcomes


def release_expired(holds: Iterable[OpenHold], *, book: Book) -> list[ExpiredHold]:
    """Give back the whole of holds that ran out."""
    outcomes: list[ExpiredHold] = []
    for hold in holds:
        units = hold.units
        give_back(hold, units, book=book)
        assert hold.expires_at is not None, "what never runs out is not due"
        outcomes.append(
            ExpiredHold(
                order_id=hold.order_id,
                line_id=hold.line_id,
                sku_id=hold.key[1],
                units=units,
                expires_at=hold.expires_at,
            )
        )
    return outcomes
