"""Deals pairs out one to one, so that the weights of what is taken add up to the most. Pure."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import msgspec
import numpy as np


class Pair(msgspec.Struct, frozen=True):
    """Positions of two lines, and the evidence in bits that they are one payment: above zero, more likely than not."""

    our: int
    their: int
    bits: float


class Dealt(msgspec.Struct, frozen=True):
    pair: Pair
    margin_bits: float


def deal(pairs: Sequence[Pair]) -> list[Dealt]:
    """Those taken, in the order of our lines. A line may stay open at no cost, so no pair at or below zero is taken.

    The pairs are distinct. Exact: every line of ours has a place of its own to stay open in, and the rest is a full
    matching of least cost (Duff and Koster 2001; Jonker and Volgenant 1987), by scipy.
    """
    worth = [pair for pair in pairs if pair.bits > 0]
    if not worth:
        return []
    our_places = {our: place for place, our in enumerate(sorted({pair.our for pair in worth}))}
    their_places = {their: place for place, their in enumerate(sorted({pair.their for pair in worth}))}
    rows = np.array([our_places[pair.our] for pair in worth])
    columns = np.array([their_places[pair.their] for pair in worth])
    bits = np.array([pair.bits for pair in worth])
    height, width = len(our_places), len(their_places)
    ceiling = float(bits.max()) + 1.0  # costs of zero would be read as no edge
    costs = _module("scipy.sparse").csr_matrix(
        (
            np.concatenate([ceiling - bits, np.full(height, ceiling)]),
            (np.concatenate([rows, np.arange(height)]), np.concatenate([columns, width + np.arange(height)])),
        ),
        shape=(height, width + height),
    )
    taken_rows, taken_columns = _module("scipy.sparse.csgraph").min_weight_full_bipartite_matching(costs)
    taken = {(int(row), int(column)) for row, column in zip(taken_rows, taken_columns, strict=True)}
    best_of_ours, best_of_theirs = _two_best(worth, "our"), _two_best(worth, "their")
    dealt = [
        Dealt(
            pair,
            pair.bits
            - max(_other(best_of_ours[pair.our], pair), _other(best_of_theirs[pair.their], pair), 0.0),
        )
        for pair in worth
        if (our_places[pair.our], their_places[pair.their]) in taken
    ]
    return sorted(dealt, key=lambda one: one.pair.our)


def _module(name: str) -> Any:
    """Loaded where it is needed, since only a reconciliation pays for it; it comes without types."""
    return import_module(name)


def _two_best(pairs: Sequence[Pair], side: str) -> dict[int, list[Pair]]:
    best: dict[int, list[Pair]] = {}
    for pair in sorted(pairs, key=lambda pair: -pair.bits):
        of_line = best.setdefault(pair.our if side == "our" else pair.their, [])
        if len(of_line) < 2:
            of_line.append(pair)
    return best


def _other(best: Sequence[Pair], pair: Pair) -> float:
    return next((other.bits for other in best if other is not pair), 0.0)
