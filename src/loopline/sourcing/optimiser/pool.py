"""The pool: the patterns worth choosing among, some dozens an order, as the search learns of them."""

from typing import NamedTuple

import numpy as np

from loopline.sourcing.optimiser.columns import Prepared
from loopline.sourcing.optimiser.compiled import compiled, in_threads, inlined
from loopline.sourcing.optimiser.patterns import Found, Terms, find_patterns
from loopline.sourcing.optimiser.problem import Floats, Integers

_CHUNK = 256  # orders looked at in one go


class Kept(NamedTuple):
    """What stays when a pool takes in fresh patterns."""

    price: Floats  # by resource
    within: float  # no old pattern stays that is dearer than the order's cheapest by more than this
    plan: Integers  # by order: the old pattern that stays in any case, or -1


@inlined
def _priced(pool: Found, pattern: int, price: Floats) -> float:
    cost = float(pool.cost[pattern])
    for at in range(pool.first[pattern], pool.first[pattern + 1]):
        cost += price[pool.resource[at]] * pool.amount[at]
    return cost


@inlined
def _are_same(one: Found, first: int, other: Found, second: int) -> bool:
    """Say whether two patterns need the same, in whatever order it is named."""
    size = one.first[first + 1] - one.first[first]
    if one.cost[first] != other.cost[second] or other.first[second + 1] - other.first[second] != size:
        return False
    for at in range(one.first[first], one.first[first + 1]):
        found = False
        for there in range(other.first[second], other.first[second + 1]):
            if other.resource[there] == one.resource[at]:
                found = other.amount[there] == one.amount[at]
                break
        if not found:
            return False
    return True


@compiled
def order_first(pool: Found, orders: int) -> Integers:
    """Return where each order's patterns begin, and the end."""
    first = np.zeros(orders + 1, np.int64)
    for pattern in range(len(pool.order)):
        first[pool.order[pattern] + 1] += 1
    for order in range(orders):
        first[order + 1] += first[order]
    return first


@compiled
def selection(  # noqa: C901, PLR0912 - one pass
    pool: Found, fresh: Found, orders: int, kept: Kept
) -> tuple[Integers, Integers]:
    """Choose what the new pool holds, in order of orders; a number beyond the old pool's means one of the fresh.

    Also returned: by order, where the pattern of `kept.plan` is in the new pool, or -1.
    """
    first, fresh_first = np.zeros(orders + 1, np.int64), np.zeros(orders + 1, np.int64)
    for pattern in range(len(pool.order)):
        first[pool.order[pattern] + 1] += 1
    for pattern in range(len(fresh.order)):
        fresh_first[fresh.order[pattern] + 1] += 1
    for order in range(orders):
        first[order + 1] += first[order]
        fresh_first[order + 1] += fresh_first[order]
    chosen = np.empty(len(pool.order) + len(fresh.order), np.int64)
    plan = np.full(orders, -1, np.int64)
    size = 0
    for order in range(orders):
        best = np.inf
        for pattern in range(first[order], first[order + 1]):
            best = min(best, _priced(pool, pattern, kept.price))
        for pattern in range(fresh_first[order], fresh_first[order + 1]):
            best = min(best, _priced(fresh, pattern, kept.price))
        start = size
        for pattern in range(first[order], first[order + 1]):
            if kept.plan[order] == pattern:
                plan[order] = size
            stays = pool.first[pattern] == pool.first[pattern + 1] or kept.plan[order] == pattern
            if stays or _priced(pool, pattern, kept.price) <= best + kept.within:
                chosen[size] = pattern
                size += 1
        end = size
        for pattern in range(fresh_first[order], fresh_first[order + 1]):
            is_new = True
            for at in range(start, end):
                if _are_same(fresh, pattern, pool, chosen[at]):
                    is_new = False
                    break
            if is_new:
                chosen[size] = len(pool.order) + pattern
                size += 1
    return chosen[:size].copy(), plan


def merged(pool: Found, fresh: Found, orders: int, kept: Kept) -> tuple[Found, Integers]:
    """Return the pool with fresh patterns taken in, and where the plan's patterns are in it."""
    chosen, plan = selection(pool, fresh, orders, kept)
    end = int(pool.first[-1])
    both = Found(
        order=np.concatenate([pool.order, fresh.order]),
        cost=np.concatenate([pool.cost, fresh.cost]),
        priced=np.concatenate([pool.priced, fresh.priced]),
        first=np.concatenate([pool.first, fresh.first[1:] + end]),
        resource=np.concatenate([pool.resource, fresh.resource]),
        amount=np.concatenate([pool.amount, fresh.amount]),
    )
    return picked(both, chosen), plan


def picked(pool: Found, patterns: Integers) -> Found:
    """Return some of a pool's patterns, in the order given."""
    sizes: Integers = np.diff(pool.first)[patterns]
    first = np.zeros(len(patterns) + 1, np.int64)
    np.cumsum(sizes, out=first[1:])
    starts: Integers = np.repeat(pool.first[patterns] - first[:-1], sizes)
    places: Integers = starts + np.arange(len(starts), dtype=np.int64)
    return Found(
        order=pool.order[patterns],
        cost=pool.cost[patterns],
        priced=pool.priced[patterns],
        first=first,
        resource=pool.resource[places],
        amount=pool.amount[places],
    )


def leaving_all(cost: Integers) -> Found:
    """Return the patterns that leave everything, one an order: whatever happens, they are possible."""
    nothing = np.zeros(0, np.int32)
    orders = np.arange(len(cost), dtype=np.int32)
    return Found(orders, cost, cost, np.zeros(len(cost) + 1, np.int64), nothing, nothing)


def find_in_threads(prepared: Prepared, terms: Terms, orders: Integers, threads: int) -> Found:
    """`find_patterns` for orders in ascending order, some hundred at a time."""
    chunks = [orders[start : start + _CHUNK] for start in range(0, len(orders), _CHUNK)]

    def find(chunk: Integers) -> Found:
        return find_patterns(prepared.columns, prepared.shapes, terms, chunk)

    return joined(in_threads(find, chunks, threads))


def joined(chunks: list[Found]) -> Found:
    """Put patterns of consecutive orders together."""
    shift, firsts = 0, [np.zeros(1, np.int64)]
    for chunk in chunks:
        firsts.append(chunk.first[1:] + shift)
        shift += int(chunk.first[-1])
    return Found(
        order=np.concatenate([chunk.order for chunk in chunks]),
        cost=np.concatenate([chunk.cost for chunk in chunks]),
        priced=np.concatenate([chunk.priced for chunk in chunks]),
        first=np.concatenate(firsts),
        resource=np.concatenate([chunk.resource for chunk in chunks]),
        amount=np.concatenate([chunk.amount for chunk in chunks]),
    )
