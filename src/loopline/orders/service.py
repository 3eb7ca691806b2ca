"""Commands of orders. Each takes many items and returns one outcome per item, in their order; none commits."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from loopline.db import Conn
from loopline.kernel.ids import LineId, MemberId, OrderId, SkuId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.orders import store
from loopline.orders.model import (
    WAIT_FOR_OTHER_GOODS,
    Changed,
    Draft,
    LineChange,
    LineKind,
    LineUnits,
    New,
    NewOrder,
    PutOff,
    Repeat,
    WaitsFor,
    Written,
)
from loopline.orders.named_sites import NamedSites, write_named_sites
from loopline.orders.numbers import spell_number
from loopline.orders.preorders import follow_lines
from loopline.orders.refusals import NumberTakenByOtherContent, OrderIdTaken
from loopline.orders.rules import COUNTERS, content_hash, fault_of, order_stage, plan_changes

Recognised = New | Repeat | Refusal

_GOODS = LineKind.GOODS
_PARKED, _CANCELLED = COUNTERS.index("parked"), COUNTERS.index("cancelled")
_encode = msgspec.json.Encoder().encode


def recognise(conn: Conn, drafts: Sequence[Draft], *, now: datetime) -> list[Recognised]:
    """Tell for each draft whether it is new, was seen before, or cannot be an order.

    Sameness is decided by one guarded insert of all numbers: of two transactions with the same number the second waits
    for the end of the first. A draft that comes twice in one batch is New once, then Repeat of that order, whose fate
    (written or not) is then also the repeat's. Other content under a known number is refused and kept as a conflict.

    A New claims its number: in the same transaction either `write_orders` writes it or `forget_new` gives it back.
    Locks the rows of the numbers it claims, in the order of (channel, external number).
    """
    outcomes: list[Recognised | None] = [fault_of(draft, now=now) for draft in drafts]
    hashes = [
        b"" if outcome else content_hash(draft) for draft, outcome in zip(drafts, outcomes, strict=True)
    ]
    claims, first_positions = _claims(drafts, hashes)
    if not claims:
        return [outcome for outcome in outcomes if outcome is not None]
    claimed = store.insert_known(conn, claims, now=now)
    standing = _standing(conn, claims, claimed)
    conflicts: list[store.SeenConflict] = []
    for position, draft in enumerate(drafts):
        if outcomes[position] is not None:
            continue
        number = (draft.channel, draft.external_number)
        known = standing[number]
        if known.content_hash != hashes[position]:
            conflicts.append(
                store.SeenConflict(draft=draft, content_hash=hashes[position], order_id=known.order_id)
            )
            outcomes[position] = NumberTakenByOtherContent(
                channel=number[0], external_number=number[1], order_id=known.order_id
            )
        elif number in claimed and first_positions[number] == position:
            outcomes[position] = New(
                order_id=known.order_id, channel=draft.channel, external_number=draft.external_number
            )
        else:
            outcomes[position] = Repeat(order_id=known.order_id)
    if conflicts:
        store.keep_conflicts(conn, conflicts, now=now)
    decided = [outcome for outcome in outcomes if outcome is not None]
    return _without_taken_ids(conn, drafts, decided)


def _claims(
    drafts: Sequence[Draft], hashes: Sequence[bytes]
) -> tuple[list[store.Claim], dict[tuple[str, str], int]]:
    """Return one claim per number, for the first draft that has it, and the position of that draft."""
    first_positions: dict[tuple[str, str], int] = {}
    for position, draft in enumerate(drafts):
        if hashes[position]:
            first_positions.setdefault((draft.channel, draft.external_number), position)
    claims = [
        store.Claim(
            channel=draft.channel,
            external_number=draft.external_number,
            content_hash=hashes[position],
            order_id=draft.order_id or OrderId(uuid7s(draft.placed_at, 1)[0]),
            placed_at=draft.placed_at,
        )
        for position in first_positions.values()
        for draft in (drafts[position],)
    ]
    return claims, first_positions


def _standing(
    conn: Conn, claims: Sequence[store.Claim], claimed: set[tuple[str, str]]
) -> dict[tuple[str, str], store.Claim | store.Known]:
    """Return who has each number now: this batch's claim or an order known before.

    A number that the insert left alone is committed, and known rows of committed orders stay: the read finds it.
    """
    standing: dict[tuple[str, str], store.Claim | store.Known] = {
        (claim.channel, claim.external_number): claim
        for claim in claims
        if (claim.channel, claim.external_number) in claimed
    }
    taken = [
        (claim.channel, claim.external_number)
        for claim in claims
        if (claim.channel, claim.external_number) not in standing
    ]
    if taken:
        for known in store.known_numbers(conn, taken):
            standing[known.channel, known.external_number] = known
    return standing


def _without_taken_ids(conn: Conn, drafts: Sequence[Draft], outcomes: list[Recognised]) -> list[Recognised]:
    """Refuse new drafts whose client-made id is another order already, or an earlier draft's in this batch."""
    own = [
        outcome
        for draft, outcome in zip(drafts, outcomes, strict=True)
        if draft.order_id is not None and isinstance(outcome, New)
    ]
    if not own:
        return outcomes
    taken = store.taken_order_ids(conn, [new.order_id for new in own])
    lost: list[New] = []
    seen: set[OrderId] = set(taken)
    for new in own:
        if new.order_id in seen:
            lost.append(new)
        seen.add(new.order_id)
    if not lost:
        return outcomes
    _give_back(conn, lost)
    lost_numbers = {(new.channel, new.external_number) for new in lost}
    return [
        OrderIdTaken(order_id=outcome.order_id)
        if isinstance(outcome, New | Repeat) and (draft.channel, draft.external_number) in lost_numbers
        else outcome
        for draft, outcome in zip(drafts, outcomes, strict=True)
    ]


def forget_new(conn: Conn, refused: Sequence[New]) -> int:
    """Give back the numbers of new drafts that were refused later in the same transaction; returns how many.

    The same message may then come again and be New. An order that was written is never forgotten.
    """
    return _give_back(conn, refused) if refused else 0


def _give_back(conn: Conn, refused: Sequence[New]) -> int:
    numbers = [(new.channel, new.external_number) for new in refused]
    return store.delete_known(conn, numbers, order_ids=[new.order_id for new in refused])


def write_orders(conn: Conn, orders: Sequence[NewOrder], *, now: datetime) -> list[Written]:
    """Write recognised orders with their lines and the derivation of their prices; returns their short numbers.

    Whether they may be written was decided before: a line whose units do not add up, or an id written twice, is a bug
    and fails the transaction by a named constraint. Locks only the rows it makes.
    """
    if not orders:
        return []
    running = store.number_orders(conn, orders)
    sums = [_goods_of(order) for order in orders]
    heads = [
        _order_row(order, number, goods, now)
        for order, number, goods in zip(orders, running, sums, strict=True)
    ]
    store.copy_orders(conn, heads)
    store.copy_lines(conn, _line_rows(orders))
    quoted = [(order.order_id, _json(order.derivation)) for order in orders if order.derivation is not None]
    if quoted:
        store.copy_quotes(conn, quoted)
    write_named_sites(
        conn,
        [
            NamedSites(order_id=order.order_id, site_ids=order.draft.ship_from)
            for order in orders
            if order.draft.ship_from
        ],
    )
    return [
        Written(order_id=order.order_id, number=spell_number(number), stage=order_stage(goods, in_work=False))
        for order, number, goods in zip(orders, running, sums, strict=True)
    ]


def _goods_of(order: NewOrder) -> LineUnits:
    """Where the goods of a new order stand, summed over its lines."""
    units = parked = held = allocated = handed_over = cancelled = 0
    for line in order.lines:
        if line.kind is _GOODS:
            units += line.units
            parked += line.parked
            held += line.held
            allocated += line.allocated
            handed_over += line.handed_over
            cancelled += line.cancelled
    return LineUnits(
        kind=_GOODS,
        units=units,
        parked=parked,
        held=held,
        allocated=allocated,
        handed_over=handed_over,
        cancelled=cancelled,
    )


def _order_row(order: NewOrder, number: int, goods: LineUnits, now: datetime) -> tuple[Any, ...]:
    draft = order.draft
    place = draft.destination
    return (
        order.order_id,
        number,
        draft.channel,
        draft.external_number,
        draft.kind.value,
        draft.placed_at,
        now,
        now,
        draft.member_id,
        draft.site_id,
        draft.seller_entity_id,
        draft.currency,
        draft.country,
        draft.delivery.value,
        place.longitude if place else None,
        place.latitude if place else None,
        draft.on_shortage.value,
        draft.hold_minutes,
        order.pay_until,
        order.credits.guide_id,
        order.credits.dealer_id,
        order.credits.streamer_id,
        sum([line.amount_minor for line in order.lines]),
        sum([line.tax_minor for line in order.lines]),
        goods.units,
        goods.parked,
        goods.held,
        goods.allocated,
        goods.handed_over,
        goods.cancelled,
        0,
        0,
    )


def _line_rows(orders: Sequence[NewOrder]) -> Iterator[tuple[Any, ...]]:
    for order in orders:
        order_id = order.order_id
        for line in order.lines:
            yield (
                order_id,
                line.line_id,
                line.seller_entity_id,
                line.sku_id,
                line.unit_minor,
                line.amount_minor,
                line.tax_minor,
                line.list_unit_minor,
                line.tax_rate_basis_points,
                line.units,
                line.parked,
                line.held,
                line.allocated,
                line.handed_over,
                line.cancelled,
                line.kind.value,
                line.code,
            )


def _json(derivation: Any) -> bytes:
    return _encode(derivation)


def change_lines(
    conn: Conn, changes: Sequence[LineChange], *, now: datetime, ran_out: bool = False
) -> list[Changed | Refusal]:
    """Move units of lines from where they stand to where they go; each change is written whole or refused.

    `ran_out`: they are cancelled for want of payment, which is remembered of who asked for a day.

    Decided one after the other in the order given, so that a line may be named more than once. A process that needs a
    whole order or nothing looks at the outcomes before it goes on. Locks the orders' rows by id, then the lines'.
    """
    if not changes:
        return []
    store.lock_orders(conn, list({change.order_id for change in changes}))
    keys = list({(change.order_id, change.line_id): None for change in changes})
    plan = plan_changes(store.line_units(conn, keys), changes=changes)
    if plan.lines:
        store.change_lines(conn, plan.lines)
        follow_lines(conn, _left_the_parked(plan.lines))
    if plan.orders:
        store.change_orders(conn, plan.orders, now=now, ran_out=ran_out)
    return plan.outcomes


def _left_the_parked(
    lines: Mapping[tuple[OrderId, LineId], Sequence[int]],
) -> dict[tuple[OrderId, LineId], tuple[int, int]]:
    """By line: how many units wait for goods no more, and how many of the line were cancelled."""
    return {
        key: (-deltas[_PARKED], max(0, deltas[_CANCELLED]))
        for key, deltas in lines.items()
        if deltas[_PARKED] < 0
    }


def begin_work(conn: Conn, order_ids: Sequence[OrderId], *, now: datetime) -> list[bool]:
    """Note that a site accepted work on orders: from `sourced` they go to `accepted`, until nothing is allocated.

    Returns for each order whether this was the first to say so. Locks the orders' rows by id.
    """
    if not order_ids:
        return []
    store.lock_orders(conn, order_ids)
    begun = store.set_in_work(conn, order_ids, now=now)
    return [order_id in begun for order_id in order_ids]


def lock_orders(conn: Conn, order_ids: Sequence[OrderId]) -> None:
    """Keep orders as they are until the transaction ends, for a process that decides on them. Locks rows by id."""
    if order_ids:
        store.lock_orders(conn, order_ids)


def put_off(conn: Conn, puts: Sequence[PutOff]) -> int:
    """Let orders that hold goods wait for a site, the goods staying theirs; returns how many do. Locks rows by id.

    Whatever is held anew for one of them, a refused parcel's goods say, ends the wait.
    """
    if not puts:
        return 0
    store.lock_orders(conn, [one.order_id for one in puts])
    return store.put_off(conn, puts)


def wake_up(conn: Conn, waits_for: WaitsFor, *, now: datetime, limit: int | None = None) -> int:
    """Source orders now that were put off for something, at most `limit`, those due soonest first; returns how many.

    Passes over rows that others hold.
    """
    return store.wake_up(conn, waits_for, limit=limit, now=now)


def wake_orders(conn: Conn, order_ids: Sequence[OrderId], *, now: datetime) -> set[OrderId]:
    """Source orders now that were put off; returns which were. Locks their rows by id."""
    if not order_ids:
        return set()
    store.lock_orders(conn, order_ids)
    return store.wake_orders(conn, order_ids, now=now)


def wake_for_goods(conn: Conn, sku_ids: Sequence[SkuId], *, now: datetime, limit: int) -> int:
    """Source orders now whose goods no site could send, because some of these SKUs came; returns how many.

    At most `limit`, those due soonest first. Passes over rows that others hold.
    """
    return store.wake_for_goods(conn, WAIT_FOR_OTHER_GOODS, sku_ids, limit=limit, now=now) if sku_ids else 0


def set_paid(conn: Conn, order_ids: Sequence[OrderId], *, now: datetime, was_paid: bool = True) -> None:
    """Note that orders wait for no payment any more: they may be sourced. Locks their rows by id.

    Not `was_paid`: they were called off.
    """
    if order_ids:
        store.lock_orders(conn, order_ids)
        store.set_paid(conn, order_ids, now=now, was_paid=was_paid)


def forget_destinations(conn: Conn, member_ids: Sequence[MemberId]) -> int:
    """Forget where members' orders went, for an erasure; returns how many orders had a destination."""
    if not member_ids:
        return 0
    store.blank_conflicts(conn, member_ids)
    return store.blank_destinations(conn, member_ids)
