"""The commands of stock. Each takes many items, decides them in the order of arrival and returns one outcome per item.

Load and lock, decide in a pure rule, write differences. Nothing here commits.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec

from loopline.db import Conn
from loopline.kernel.ids import AllocationId, LineId, LotId, NodeId, OrderId, SkuId
from loopline.kernel.refusals import Refusal
from loopline.stock import lot_store, rules, store
from loopline.stock.book import Book, LevelKey, last_to_touch
from loopline.stock.model import (
    Ahead,
    Allocated,
    AllocationAsk,
    AllocationRelease,
    AllocationReleased,
    Doubted,
    DoubtSetting,
    ExpiredHold,
    Extended,
    Fact,
    HandedOver,
    HandOver,
    Held,
    HoldAsk,
    HoldExtension,
    HoldTransfer,
    LeafMove,
    LeafMoved,
    NewNode,
    Node,
    Recorded,
    Release,
    Released,
    SafetySet,
    SafetySetting,
    ShortfallChange,
    Transferred,
)
from loopline.stock.quotas import store as quota_store
from loopline.stock.rules.lot_moves import plan_lots

Outcome = TypeVar("Outcome", bound=msgspec.Struct)
_NOTHING_AHEAD: Mapping[SkuId, Ahead] = {}


# ----------------------------------------------------------------------------------------------------------- the tree


def add_nodes(conn: Conn, new: Sequence[NewNode]) -> list[Node | Refusal]:
    """Add nodes, parents first; the same node again is no second one."""
    wanted = [(one.id, one.site_id, one.owner_id) for one in new]
    wanted += [(one.parent_id, None, None) for one in new if one.parent_id]
    known = {node.id: node for node in store.nodes_or_twins(conn, wanted)}
    outcomes = rules.decide_nodes(new, known=known)
    made = {one.id: one for one in outcomes if isinstance(one, Node) and one.id not in known}
    store.add_nodes(conn, made.values())
    return outcomes


def move_leaves(conn: Conn, moves: Sequence[LeafMove], *, now: datetime) -> list[LeafMoved | Refusal]:
    """Hang leaves under other nodes, with what they can sell. Waits for every promise under way, then works alone.

    Refused while the leaf has holds or allocations, or while a node it leaves has promised what it brings.
    """
    store.hold_tree_alone(conn)
    node_ids = [one for move in moves for one in (move.leaf_id, move.parent_id)]
    nodes = {node.id: node for node in store.nodes_or_twins(conn, [(one, None, None) for one in node_ids])}
    book = store.open_book(conn, node_ids)
    keys = store.skus_of_leaves(conn, {move.leaf_id for move in moves})
    skus: dict[NodeId, list[LevelKey]] = {}
    for key in keys:
        skus.setdefault(key[0], []).append(key)
    book.want([*keys, *((move.parent_id, key[1]) for move in moves for key in skus.get(move.leaf_id, []))])
    store.lock_levels(conn, book)
    outcomes = rules.decide_moves(moves, book=book, nodes=nodes, keys=skus)
    moved = {one.leaf_id for one in outcomes if isinstance(one, LeafMoved)}
    store.move_leaves_in_tree(conn, {leaf_id: book.paths[leaf_id] for leaf_id in moved})
    store.make_node_levels(conn, book)
    store.write_book(conn, book, now=now)
    return outcomes


def lock_stock(
    conn: Conn,
    keys: Iterable[LevelKey],
    *,
    line_ids: Iterable[LineId] = (),
    allocation_ids: Iterable[AllocationId] = (),
    lot_ids: Sequence[LotId] = (),
) -> None:
    """Lock in one go what several commands of one transaction will need: (node or leaf, SKU) and all above them.

    A command locks in order within itself; two commands after each other do not. A transaction that holds units
    and records facts calls this first, with all of both, so that it cannot deadlock with another of its kind. Lines
    whose holds a later command releases, and allocations it unties or hands over, stand for their levels. Lots that a
    later fact names are locked before all of them.
    """
    if lot_ids:
        lot_store.share_lots(conn, lot_ids)
    store.hold_tree(conn)
    wanted = [*keys, *store.hold_levels(conn, line_ids), *store.allocation_levels(conn, allocation_ids)]
    book = _named_book(conn, wanted)
    store.make_levels(conn, book)
    store.lock_levels(conn, book)


# -------------------------------------------------------------------------------------------------------------- holds


def hold_units(
    conn: Conn,
    asks: Sequence[HoldAsk],
    *,
    now: datetime,
    ahead: Mapping[SkuId, Ahead] = _NOTHING_AHEAD,
) -> list[Held | Refusal]:
    """Hold units for orders, in the order given; one refused leaves nothing behind.

    A line that holds already at the same node holds more; its expiry becomes that of the ask. `ahead`: SKUs of which
    units may be missing, and those that wait get goods first.
    """
    if not asks:
        return []
    store.hold_tree(conn)
    book = locked_book(conn, [(line.node_id, line.sku_id) for ask in asks for line in ask.lines])
    book.add_holds(store.holds(conn, _lines_of(asks)))
    if book.quota_keys and any(ask.events for ask in asks):
        quota_store.load_quotas(conn, book, now=now)
    outcomes = rules.decide_holds(asks, book=book, ahead=ahead)
    store.write_book(conn, book, now=now)
    return outcomes


def release_holds(conn: Conn, releases: Sequence[Release], *, now: datetime) -> list[Released | Refusal]:
    """Give held units back, whole holds or parts."""
    if not releases:
        return []
    line_ids = {release.line_id for release in releases}
    book = _book_of_holds(conn, line_ids)
    quota_store.load_draws(conn, book, line_ids, now=now)
    outcomes = rules.decide_releases(releases, book=book)
    touched = [
        book.holds[outcome.line_id].key if isinstance(outcome, Released) else None for outcome in outcomes
    ]
    return write_and_tell(conn, book, outcomes, touched, now=now)


def extend_holds(
    conn: Conn, extensions: Sequence[HoldExtension], *, now: datetime
) -> list[Extended | Refusal]:
    """Give holds a new expiry, or none: a paid order's holds stay until they are sourced."""
    if not extensions:
        return []
    book = _book_of_holds(conn, {extension.line_id for extension in extensions})
    outcomes = rules.decide_extensions(extensions, book=book)
    store.write_book(conn, book, now=now)
    return outcomes


def transfer_holds(
    conn: Conn, transfers: Sequence[HoldTransfer], *, now: datetime
) -> list[Transferred | Refusal]:
    """Let held units lie at other nodes, or with other lines, each order all or nothing, in the order given.

    Nobody can take them in between: the rows of where they come from and where they go are locked together, root
    first. Refused where a node the units come to has not got so many free, and then everything is as it was.
    """
    if not transfers:
        return []
    lines = [(place, line) for place, transfer in enumerate(transfers) for line in transfer.lines]
    line_ids = {one for _, line in lines for one in (line.line_id, line.to_line_id) if one is not None}
    store.hold_tree(conn)
    keys = {hold.line_id: hold.key for hold in store.holds(conn, line_ids)}
    coming = [(line.node_id, keys[line.line_id][1]) for _, line in lines if line.line_id in keys]
    book = locked_book(conn, [*keys.values(), *coming])
    book.add_holds(store.holds(conn, line_ids))
    quota_store.load_draws(conn, book, line_ids, now=now)
    store.assert_locked(book)
    outcomes = rules.decide_transfers(transfers, book=book)
    # Only leaving covers a shortfall: where units come to, all of them are free.
    left = [(place, keys[line.line_id]) for place, line in lines if isinstance(outcomes[place], Transferred)]
    return _told(outcomes, store.write_book(conn, book, now=now), left, book=book)


def expire_holds(
    conn: Conn, *, now: datetime, limit: int, kept: Collection[OrderId] = ()
) -> list[ExpiredHold]:
    """Release at most `limit` holds that ran out at or before `now`, the oldest first; those of `kept` orders stay.

    One that a rival pays, sources or releases in the meantime is the rival's; then there are fewer.
    """
    store.hold_tree(conn)
    due = store.expired_holds(conn, now=now, limit=limit, kept=kept)
    if not due:
        return []
    book = locked_book(conn, [hold.key for hold in due])
    book.add_holds(store.holds(conn, [hold.line_id for hold in due]))
    quota_store.load_draws(conn, book, book.holds, now=now)
    expired = [
        hold
        for hold in (book.holds.get(one.line_id) for one in due)
        if hold is not None and hold.path and hold.expires_at is not None and hold.expires_at <= now
    ]
    outcomes = rules.release_expired(expired, book=book)
    return write_and_tell(conn, book, outcomes, [hold.key for hold in expired], now=now)


# -------------------------------------------------------------------------------------------------------- allocations


def allocate_units(conn: Conn, asks: Sequence[AllocationAsk], *, now: datetime) -> list[Allocated | Refusal]:
    """Tie held units to leaves under their hold's node, each order all or nothing."""
    if not asks:
        return []
    store.hold_tree(conn)
    book = locked_book(conn, [(line.leaf_id, line.sku_id) for ask in asks for line in ask.lines])
    book.add_holds(store.holds(conn, _lines_of(asks)))
    book.add_allocations(store.allocations(conn, [line.allocation_id for ask in asks for line in ask.lines]))
    lot_store.load_shelves(conn, book)
    quota_store.load_draws(conn, book, book.holds, now=now)
    outcomes = rules.decide_allocations(asks, book=book)
    if book.has_lots:
        plan_lots(book.allocations.values())
    store.write_book(conn, book, now=now)
    return outcomes


def release_allocations(
    conn: Conn, releases: Sequence[AllocationRelease], *, now: datetime
) -> list[AllocationReleased | Refusal]:
    """Untie allocated units: free for anyone, or back to the line's hold, which may then have no goods behind it."""
    if not releases:
        return []
    store.hold_tree(conn)
    allocation_ids = {release.allocation_id for release in releases}
    book = locked_book(conn, store.allocation_levels(conn, allocation_ids), may_open_shortfalls=True)
    book.add_allocations(store.allocations(conn, allocation_ids))
    book.add_holds(store.holds(conn, {one.line_id for one in book.allocations.values()}))
    store.assert_locked(book)
    lot_store.load_shelves(conn, book)
    outcomes = rules.decide_allocation_releases(releases, book=book)
    if book.has_lots:
        plan_lots(book.allocations.values(), leave={one.allocation_id: one.lot_id for one in releases})
    touched = [
        book.allocations[outcome.allocation_id].key if isinstance(outcome, AllocationReleased) else None
        for outcome in outcomes
    ]
    return write_and_tell(conn, book, outcomes, touched, now=now)


def hand_over_units(
    conn: Conn, hand_overs: Sequence[HandOver], *, now: datetime
) -> list[HandedOver | Refusal]:
    """Let allocated units leave their site. Never more than is allocated; locks the leaves' rows only.

    Refused is what was scanned of a lot that is recalled or has expired.
    """
    if not hand_overs:
        return []
    scanned = [lot.lot_id for one in hand_overs for lot in one.lots]
    if scanned:
        lot_store.share_lots(conn, scanned)
    allocation_ids = {one.allocation_id for one in hand_overs}
    keys = store.allocation_leaves(conn, allocation_ids)
    book = Book({leaf_id: (leaf_id,) for leaf_id, _ in keys}, {leaf_id for leaf_id, _ in keys})
    book.want(keys)
    store.lock_leaves(conn, book)
    book.add_allocations(store.allocations(conn, allocation_ids))
    store.assert_locked(book)
    lot_store.load_shelves(conn, book, named=scanned)
    outcomes = rules.decide_hand_overs(hand_overs, book=book)
    store.write_book(conn, book, now=now)
    return outcomes


# -------------------------------------------------------------------------------------------------- facts and settings


def record_facts(conn: Conn, facts: Sequence[Fact], *, now: datetime) -> list[Recorded | Refusal]:
    """Record what happened to goods. It goes through whatever was promised; broken promises become shortfalls.

    Refused is only what cannot be a fact: an unknown leaf, no change at all, fewer than no unsellable units, an id
    that names another fact. The same fact again is answered and changes nothing.
    """
    if not facts:
        return []
    keys = [(fact.leaf_id, fact.sku_id) for fact in facts]
    named = [fact.lot_id for fact in facts if fact.lot_id is not None]
    if named:
        lot_store.share_lots(conn, named)
    store.hold_tree(conn)
    book = _named_book(conn, keys, may_open_shortfalls=True)
    store.make_levels(conn, book)
    store.lock_levels(conn, book)
    lot_store.load_shelves(conn, book, named=named)
    recorded_before = store.facts_recorded(conn, [fact.id for fact in facts])
    outcomes = rules.decide_facts(facts, book=book, recorded_before=recorded_before)
    touched = [
        key if isinstance(outcome, Recorded) and not outcome.repeated else None
        for key, outcome in zip(keys, outcomes, strict=True)
    ]
    return write_and_tell(conn, book, outcomes, touched, now=now)


def set_safety(conn: Conn, settings: Sequence[SafetySetting], *, now: datetime) -> list[SafetySet | Refusal]:
    """Set how many units leaves keep back from promises; more than there is closes the leaf for that SKU.

    A published setting, like a fact, may leave holds without goods behind them.
    """
    if not settings:
        return []
    keys = [(setting.leaf_id, setting.sku_id) for setting in settings]
    store.hold_tree(conn)
    book = _named_book(conn, keys, may_open_shortfalls=True)
    store.make_levels(conn, book)
    store.lock_levels(conn, book)
    outcomes = rules.decide_safeties(settings, book=book, doubts=store.doubts(conn, keys))
    touched = [
        key if isinstance(outcome, SafetySet) else None for key, outcome in zip(keys, outcomes, strict=True)
    ]
    return write_and_tell(conn, book, outcomes, touched, now=now)


def set_doubts(conn: Conn, settings: Sequence[DoubtSetting], *, now: datetime) -> list[Doubted | Refusal]:
    """Keep units back that are in doubt, beside the safety that people set, as far as that breaks no promise.

    Locks what it names. Opens no shortfall; one that stands shrinks when a doubt is lowered.
    """
    if not settings:
        return []
    keys = [(setting.leaf_id, setting.sku_id) for setting in settings]
    store.hold_tree(conn)
    book = _named_book(conn, keys)
    store.make_levels(conn, book)
    store.lock_levels(conn, book)
    outcomes = rules.decide_doubts(settings, book=book, doubts=store.doubts(conn, keys))
    steps: dict[LevelKey, tuple[int, int]] = {}
    for one in outcomes:
        if isinstance(one, Doubted):
            change, _ = steps.get((one.leaf_id, one.sku_id), (0, 0))
            steps[one.leaf_id, one.sku_id] = (change + one.units - one.units_before, one.wanted)
    if steps:
        store.write_doubts(conn, steps)
    store.write_book(conn, book, now=now)
    return outcomes


# ------------------------------------------------------------------------------------------------------------ between


def locked_for(conn: Conn, keys: Sequence[LevelKey], *, may_open_shortfalls: bool = False) -> Book:
    """Return a working copy of levels for another command of this room: the tree is kept, their rows are locked."""
    store.hold_tree(conn)
    return locked_book(conn, keys, may_open_shortfalls=may_open_shortfalls)


def _named_book(conn: Conn, keys: Sequence[LevelKey], *, may_open_shortfalls: bool = False) -> Book:
    """A working copy that knows its levels; none is loaded. The caller holds the tree."""
    book = store.open_book(conn, {key[0] for key in keys}, may_open_shortfalls=may_open_shortfalls)
    book.want(keys)
    return book


def locked_book(conn: Conn, keys: Sequence[LevelKey], *, may_open_shortfalls: bool = False) -> Book:
    """A working copy of levels whose rows are locked. The caller holds the tree."""
    book = _named_book(conn, keys, may_open_shortfalls=may_open_shortfalls)
    store.lock_levels(conn, book)
    return book


def _book_of_holds(conn: Conn, line_ids: Collection[LineId]) -> Book:
    """A working copy of lines' holds, with the rows of their levels locked."""
    store.hold_tree(conn)
    book = locked_book(conn, store.hold_levels(conn, line_ids))
    book.add_holds(store.holds(conn, line_ids))
    store.assert_locked(book)
    return book


def _lines_of(asks: Sequence[HoldAsk] | Sequence[AllocationAsk]) -> list[LineId]:
    return [line.line_id for ask in asks for line in ask.lines]


def write_and_tell(
    conn: Conn,
    book: Book,
    outcomes: list[Outcome],
    touched: Sequence[LevelKey | None],
    *,
    now: datetime,
) -> list[Outcome]:
    """Write, and hang each shortfall that changed on the last item that moved its level: one level per item."""
    changes = store.write_book(conn, book, now=now)
    return _told(outcomes, changes, list(enumerate(touched)), book=book) if changes else outcomes


def _told(
    outcomes: list[Outcome],
    changes: Mapping[LevelKey, Sequence[ShortfallChange]],
    touched: Sequence[tuple[int, LevelKey | None]],
    *,
    book: Book,
) -> list[Outcome]:
    """Hang changed shortfalls on outcomes; `touched` are the levels that items moved, by the place of the item."""
    told: dict[int, list[ShortfallChange]] = {}
    for level, at in last_to_touch([key for _, key in touched], book=book, wanted=changes).items():
        told.setdefault(touched[at][0], []).extend(changes[level])
    for place, shortfalls in told.items():
        outcomes[place] = msgspec.structs.replace(outcomes[place], shortfalls=tuple(shortfalls))
    return outcomes
