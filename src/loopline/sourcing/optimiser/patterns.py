"""The cheapest ways to serve one order when stock and capacity have prices: exact, by parcels, not by sets of sites.

A pattern says which parcels an order gets: what is in each (a state) and from where. The cheapest sites of each state
are found in one pass over the order's candidates, from the cheapest parcel on, until none that follows matters; each
partition of the order into states is priced. That is exact: what is in a parcel from one site does not change the cost
of another, and two parcels of one class from one site never beat one. Orders of few units have some dozen partitions,
however many sites there are; sets of sites would be millions. The decomposition by prices is Lagrangian (Fisher 1981);
the question is that of Acimovic and Graves (2015), "Making better fulfillment decisions on the fly in an online retail
environment".

Everything here is integer, so that a bound made of it is exact.
"""
# pyright: reportArgumentType=false, reportReturnType=false
# One number of an array is a number to numba, and anything to the checker.

from typing import NamedTuple

import numpy as np

from loopline.sourcing.optimiser.columns import Columns, Shorts
from loopline.sourcing.optimiser.compiled import compiled, inlined
from loopline.sourcing.optimiser.problem import Integers
from loopline.sourcing.optimiser.shapes import Shapes

NEVER = 1 << 60  # dearer than anything


class Terms(NamedTuple):
    """Under what the patterns are wanted: prices and what is left by stock row and by site, and the rules."""

    row_price: Integers
    site_price: Integers
    row_left: Integers
    site_left: Integers
    split: int
    least_value: int
    keep: int  # at most so many patterns of an order, cheapest first
    within: int  # and none dearer than the cheapest by more than this
    take: bool = False  # take each order's cheapest off what is left, before the next order is looked at


class Found(NamedTuple):
    """Patterns in order of (order, priced cost), each order with at least one. `cost` is true, `priced` with prices.

    Pattern p needs amount[i] of resource[i] for first[p] <= i < first[p + 1]; resources are stock rows, then sites.
    """

    order: Shorts
    cost: Integers
    priced: Integers
    first: Integers
    resource: Shorts
    amount: Shorts


class _Desk(NamedTuple):
    """Where one order is worked on, used again for the next."""

    cost: Integers  # states x kept: the cheapest priced costs of the state in one parcel
    site: Integers  # the same: the candidate
    size: Integers  # by state
    left: Integers  # by state: what it costs to leave it
    value: Integers  # by state
    unit: Integers  # by item: the priced cost of one, at the candidate being looked at
    most: Integers  # by item: how often it can be had there
    here: Integers  # by state: its cost there
    kept: Integers  # priced costs of the patterns kept, ascending
    kept_partition: Integers
    kept_site: Integers  # kept x parcels: candidates
    filled: Integers  # [0]: how many are kept


@inlined
def unit_cost(columns: Columns, line: int, candidate: int, row: int) -> int:
    """Return what sending one more unit of a line costs, with what the site's owner earns, credit taken off."""
    site = columns.site[candidate]
    grams = columns.grams[line]
    way = (grams * columns.metres[candidate] * columns.tonne_metre[site] + 500_000) // 1_000_000
    earned = columns.price[line] * columns.margin[site]
    return grams * columns.gram[site] + way + earned - columns.credit[row]


@compiled
def find_least(columns: Columns) -> None:
    """Fill in `columns.least`."""
    for order in range(len(columns.first) - 1):
        for item in range(columns.item_first[order], columns.item_first[order + 1]):
            left = 0
            for part in range(columns.part_first[item], columns.part_first[item + 1]):
                left += columns.part_units[part] * columns.unfilled[columns.part_line[part]]
            least = left
            for candidate in range(columns.first[order], columns.first[order + 1]):
                cost = 0
                for part in range(columns.part_first[item], columns.part_first[item + 1]):
                    line = columns.part_line[part]
                    row = columns.row[columns.row_first[line] + candidate - columns.first[order]]
                    if row < 0:
                        cost = left
                        break
                    cost += columns.part_units[part] * unit_cost(columns, line, candidate, row)
                least = min(least, cost)
            columns.least[item] = least


@inlined
def _look_at(columns: Columns, terms: Terms, order: int, candidate: int, desk: _Desk) -> None:
    """Price one of each item at a candidate, and say how often it can be had."""
    for at in range(columns.item_first[order + 1] - columns.item_first[order]):
        item = columns.item_first[order] + at
        cost, most = 0, columns.item_count[item]
        for part in range(columns.part_first[item], columns.part_first[item + 1]):
            line = columns.part_line[part]
            row = columns.row[columns.row_first[line] + candidate - columns.first[order]]
            if row < 0:
                most = 0
                break
            units = columns.part_units[part]
            most = min(most, terms.row_left[row] // units)
            cost += units * (unit_cost(columns, line, candidate, row) + terms.row_price[row])
        desk.unit[at] = cost
        desk.most[at] = most


@inlined
def _note(desk: _Desk, state: int, cost: int, candidate: int, keep: int) -> None:
    """Put a candidate among the cheapest of a state; among equals the earlier stays first."""
    size = desk.size[state]
    if size == keep:
        if cost >= desk.cost[state, size - 1]:
            return
        size -= 1
    at = size
    while at > 0 and desk.cost[state, at - 1] > cost:
        desk.cost[state, at] = desk.cost[state, at - 1]
        desk.site[state, at] = desk.site[state, at - 1]
        at -= 1
    desk.cost[state, at] = cost
    desk.site[state, at] = candidate
    desk.size[state] = size + 1


@compiled
def _cheapest_so_far(shapes: Shapes, terms: Terms, shape: int, desk: _Desk) -> int:
    """Return the cost of a pattern that can be, from what was looked at; not always the cheapest."""
    best = NEVER
    for partition in range(shapes.partition_first[shape], shapes.partition_first[shape + 1]):
        cost = desk.left[shapes.rest[partition]]
        parcels = shapes.parcels[partition]
        cost += terms.split * shapes.splits[partition]
        for at in range(parcels):
            state = shapes.groups[partition, at]
            is_shared = shapes.is_shared[partition, at]
            if desk.size[state] == 0 or (is_shared and desk.value[state] < terms.least_value):
                cost = NEVER
                break
            cost += desk.cost[state, 0]
            # Parcels of two classes from one site may be more than it takes: left out here, where any bound will do.
            for other in range(at):
                if desk.site[shapes.groups[partition, other], 0] == desk.site[state, 0]:
                    cost = NEVER
        best = min(best, cost)
    return best


@compiled
def _scan(  # noqa: C901 - one pass
    columns: Columns, shapes: Shapes, terms: Terms, order: int, desk: _Desk
) -> None:
    """Find the cheapest candidates of every state."""
    shape = columns.shape[order]
    base = shapes.state_first[shape]
    states = shapes.state_first[shape + 1] - base
    least = 0
    for at in range(columns.item_first[order + 1] - columns.item_first[order]):
        item = columns.item_first[order] + at
        least += columns.item_count[item] * columns.least[item]
        desk.most[at] = 0
        desk.unit[at] = 0
        for part in range(columns.part_first[item], columns.part_first[item + 1]):
            line = columns.part_line[part]
            desk.unit[at] += columns.part_units[part] * columns.unfilled[line]
            desk.most[at] += columns.part_units[part] * columns.value[line]
    desk.left[0] = 0
    desk.value[0] = 0
    desk.size[:states] = 0
    for state in range(1, states):
        item = shapes.item[base + state]
        desk.left[state] = desk.left[shapes.previous[base + state]] + desk.unit[item]
        desk.value[state] = desk.value[shapes.previous[base + state]] + desk.most[item]
    keep = max(terms.keep, shapes.groups.shape[1])
    limit, look_again = desk.left[states - 1] + terms.within, columns.first[order] + 8
    for candidate in range(columns.first[order], columns.first[order + 1]):
        if candidate == look_again:
            limit = _cheapest_so_far(shapes, terms, shape, desk) + terms.within
            look_again += 8 + (candidate - columns.first[order]) // 2
        if columns.fixed[candidate] + least > limit:
            break
        site = columns.site[candidate]
        if terms.site_left[site] <= 0:
            continue
        _look_at(columns, terms, order, candidate, desk)
        desk.here[0] = columns.fixed[candidate] + terms.site_price[site]
        for state in range(1, states):
            item = shapes.item[base + state]
            cost = NEVER
            if shapes.digit[base + state] <= desk.most[item]:
                cost = desk.here[shapes.previous[base + state]]
                if cost < NEVER:
                    cost += desk.unit[item]
            desk.here[state] = cost
            if cost < NEVER:
                _note(desk, state, cost, candidate, keep)


@compiled
def _keep(desk: _Desk, terms: Terms, cost: int, partition: int, chosen: Integers) -> None:
    """Put a pattern among the cheapest; among equals the earlier stays first."""
    size = desk.filled[0]
    if size == terms.keep:
        if cost >= desk.kept[size - 1]:
            return
        size -= 1
    at = size
    while at > 0 and desk.kept[at - 1] > cost:
        desk.kept[at] = desk.kept[at - 1]
        desk.kept_partition[at] = desk.kept_partition[at - 1]
        desk.kept_site[at, :] = desk.kept_site[at - 1, :]
        at -= 1
    desk.kept[at] = cost
    desk.kept_partition[at] = partition
    desk.kept_site[at, :] = chosen
    desk.filled[0] = size + 1


@compiled
def _combine(  # noqa: C901, PLR0912, PLR0913, PLR0917 - one wheel turns another
    columns: Columns, shapes: Shapes, terms: Terms, partition: int, desk: _Desk, chosen: Integers
) -> None:
    """Weigh all choices of sites for a partition that can matter: an odometer that skips what is too dear."""
    parcels = shapes.parcels[partition]
    flat = desk.left[shapes.rest[partition]] + terms.split * shapes.splits[partition]
    least = flat
    for at in range(parcels):
        state = shapes.groups[partition, at]
        is_shared = shapes.is_shared[partition, at]
        if desk.size[state] == 0 or (is_shared and desk.value[state] < terms.least_value):
            return
        least += desk.cost[state, 0]
    if desk.filled[0] > 0 and least > desk.kept[0] + terms.within:
        return
    if desk.filled[0] == terms.keep and least >= desk.kept[terms.keep - 1]:
        return
    turn = np.zeros(parcels, np.int64)
    while True:
        cost = flat
        for at in range(parcels):
            cost += desk.cost[shapes.groups[partition, at], turn[at]]
        limit = NEVER
        if desk.filled[0] > 0:
            limit = desk.kept[0] + terms.within + 1
        if desk.filled[0] == terms.keep:
            limit = min(limit, desk.kept[terms.keep - 1])
        advance = 0
        if cost < limit:
            if _may_be(columns, shapes, terms, partition, desk, turn):
                chosen[:] = -1
                for at in range(parcels):
                    chosen[at] = desk.site[shapes.groups[partition, at], turn[at]]
                _keep(desk, terms, cost, partition, chosen)
        else:
            # All that follow in the lowest wheel that moved are dearer still.
            while advance < parcels and turn[advance] == 0:
                advance += 1
            if advance < parcels:
                turn[advance] = 0
                advance += 1
        while advance < parcels:
            turn[advance] += 1
            if turn[advance] < desk.size[shapes.groups[partition, advance]]:
                break
            turn[advance] = 0
            advance += 1
        if advance >= parcels:
            return


@compiled
def _may_be(  # noqa: PLR0913, PLR0917 - as `_combine`
    columns: Columns, shapes: Shapes, terms: Terms, partition: int, desk: _Desk, turn: Integers
) -> bool:
    """Say whether parcels of one class come from different sites, and each site takes as many as come from it.

    Equal states are taken in one order only.
    """
    for at in range(1, shapes.parcels[partition]):
        state, again = shapes.groups[partition, at], 1
        for before in range(at):
            other = shapes.groups[partition, before]
            if desk.site[state, turn[at]] == desk.site[other, turn[before]]:
                if shapes.kind[partition, at] == shapes.kind[partition, before]:
                    return False
                again += 1
            if state == other and turn[before] > turn[at]:
                return False
        if again > 1 and again > terms.site_left[columns.site[desk.site[state, turn[at]]]]:
            return False
    return True


@compiled
def _desk_for(shapes: Shapes, keep: int) -> _Desk:
    parcels = shapes.groups.shape[1]
    wide = max(keep, parcels)
    states, items = 1, shapes.stride.shape[1]
    for shape in range(len(shapes.state_first) - 1):
        states = max(states, shapes.state_first[shape + 1] - shapes.state_first[shape])
    return _Desk(
        np.zeros((states, wide), np.int64),
        np.zeros((states, wide), np.int64),
        np.zeros(states, np.int64),
        np.zeros(states, np.int64),
        np.zeros(states, np.int64),
        np.zeros(items, np.int64),
        np.zeros(items, np.int64),
        np.zeros(states, np.int64),
        np.zeros(keep, np.int64),
        np.zeros(keep, np.int64),
        np.zeros((keep, parcels), np.int64),
        np.zeros(1, np.int64),
    )


@compiled
def _find(columns: Columns, shapes: Shapes, terms: Terms, order: int, desk: _Desk) -> None:
    """Leave an order's cheapest patterns on the desk. The one that leaves everything is always possible."""
    _scan(columns, shapes, terms, order, desk)
    desk.filled[0] = 0
    shape = columns.shape[order]
    chosen = np.empty(shapes.groups.shape[1], np.int64)
    for partition in range(shapes.partition_first[shape], shapes.partition_first[shape + 1]):
        _combine(columns, shapes, terms, partition, desk, chosen)
    while desk.filled[0] > 1 and desk.kept[desk.filled[0] - 1] > desk.kept[0] + terms.within:
        desk.filled[0] -= 1


@compiled
def _write(  # noqa: PLR0913, PLR0917 - arrays that are better not put together
    columns: Columns, shapes: Shapes, order: int, at: tuple[int, int], desk: _Desk, into: Found
) -> int:
    """Write pattern at[0] of the desk as resources from place at[1] on; return its true cost less split and rest."""
    kept, end = at
    rows = len(columns.credit)
    partition = desk.kept_partition[kept]
    shape = columns.shape[order]
    cost = desk.left[shapes.rest[partition]]
    for parcel in range(shapes.parcels[partition]):
        candidate, state = desk.kept_site[kept, parcel], shapes.groups[partition, parcel]
        place = end
        for before in range(at[1], end):
            if into.resource[before] == rows + columns.site[candidate]:
                place = before
        if place == end:
            into.resource[end] = rows + columns.site[candidate]
            into.amount[end] = 0
            end += 1
        into.amount[place] += 1
        cost += columns.fixed[candidate]
        for item in range(columns.item_first[order], columns.item_first[order + 1]):
            stride = shapes.stride[shape, item - columns.item_first[order]]
            often = state // stride % (columns.item_count[item] + 1)
            for part in range(columns.part_first[item], columns.part_first[item + 1]):
                if often > 0:
                    line = columns.part_line[part]
                    row = columns.row[columns.row_first[line] + candidate - columns.first[order]]
                    units = often * columns.part_units[part]
                    into.resource[end] = row
                    into.amount[end] = units
                    end += 1
                    cost += units * unit_cost(columns, line, candidate, row)
    into.first[0] = end
    return cost


@inlined
def _take(terms: Terms, pattern: Found, start: int, end: int) -> None:
    """Take what a pattern needs off what is left."""
    rows = len(terms.row_left)
    for at in range(start, end):
        resource = pattern.resource[at]
        if resource < rows:
            terms.row_left[resource] -= pattern.amount[at]
        else:
            terms.site_left[resource - rows] -= pattern.amount[at]


@compiled
def find_patterns(columns: Columns, shapes: Shapes, terms: Terms, orders: Integers) -> Found:
    """Return the cheapest patterns of the given orders: at most `keep` each, none dearer than the best by `within`."""
    desk = _desk_for(shapes, terms.keep)
    parcels = shapes.groups.shape[1]
    wide = 0
    for order in orders:
        lines = columns.line_first[order + 1] - columns.line_first[order]
        wide = max(wide, parcels * (1 + lines))
    room, places = 4 * len(orders) + terms.keep, 16 * len(orders) + terms.keep * wide
    of, cost, priced = np.empty(room, np.int32), np.empty(room, np.int64), np.empty(room, np.int64)
    first = np.zeros(room + 1, np.int64)
    resource, amount = np.empty(places, np.int32), np.empty(places, np.int32)
    end = np.zeros(1, np.int64)
    size, filled = 0, 0
    for order in orders:
        _find(columns, shapes, terms, order, desk)
        if size + terms.keep > room:
            room = 2 * room
            of, cost, priced = _grown(of, room), _grown_long(cost, room), _grown_long(priced, room)
            first = _grown_long(first, room + 1)
        if filled + terms.keep * wide > places:
            places = 2 * places
            resource, amount = _grown(resource, places), _grown(amount, places)
        for kept in range(desk.filled[0]):
            into = Found(of, cost, priced, end, resource, amount)
            found = _write(columns, shapes, order, (kept, filled), desk, into)
            of[size] = order
            cost[size] = found + shapes.splits[desk.kept_partition[kept]] * terms.split
            priced[size] = desk.kept[kept]
            if terms.take and kept == 0:
                _take(terms, into, filled, end[0])
            filled = end[0]
            size += 1
            first[size] = filled
    return Found(
        of[:size].copy(),
        cost[:size].copy(),
        priced[:size].copy(),
        first[: size + 1].copy(),
        resource[:filled].copy(),
        amount[:filled].copy(),
    )


@compiled
def _grown(column: Shorts, room: int) -> Shorts:
    larger = np.zeros(room, np.int32)
    larger[: len(column)] = column
    return larger


@compiled
def _grown_long(column: Integers, room: int) -> Integers:
    larger = np.zeros(room, np.int64)
    larger[: len(column)] = column
    return larger


@compiled
def least_possible(columns: Columns, terms: Terms, orders: Integers) -> Integers:
    """Return for each order a cost that no pattern undercuts, however its lines are divided.

    The cheapest parcel alone, and every unit where it is cheapest: weak, but true of orders whose patterns are not all
    looked at.
    """
    found = np.zeros(len(orders), np.int64)
    for at in range(len(orders)):
        order = orders[at]
        parcel, left, sent = NEVER, 0, 0
        for candidate in range(columns.first[order], columns.first[order + 1]):
            parcel = min(parcel, columns.fixed[candidate] + terms.site_price[columns.site[candidate]])
        for item in range(columns.item_first[order], columns.item_first[order + 1]):
            for part in range(columns.part_first[item], columns.part_first[item + 1]):
                line = columns.part_line[part]
                units = columns.item_count[item] * columns.part_units[part]
                least = columns.unfilled[line]
                for candidate in range(columns.first[order], columns.first[order + 1]):
                    row = columns.row[columns.row_first[line] + candidate - columns.first[order]]
                    if row >= 0:
                        cost = unit_cost(columns, line, candidate, row) + terms.row_price[row]
                        least = min(least, cost)
                left += units * columns.unfilled[line]
                sent += units * least
        found[at] = min(left, parcel + sent)
    return found
