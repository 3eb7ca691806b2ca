"""A problem made ready for compiled code: candidates, items and shapes as flat columns.

An order is made of items: a line of n units is an item that comes n times, lines that go together are one item that
comes once. What a parcel holds is a state: how often it holds each item, numbered in mixed radix. Orders with the same
counts of items share a shape.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from loopline.sourcing.optimiser.problem import Integers
from loopline.sourcing.optimiser.shapes import Shapes

Shorts = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]


class Columns(NamedTuple):
    """A problem made ready. Candidates of order o: first[o] up to first[o + 1], cheapest `fixed` first.

    The stock row of line l at candidate c: row[row_first[l] + c - first[o]], or -1.
    """

    first: Integers
    site: Shorts
    metres: Shorts
    fixed: Integers  # what the parcel costs, whatever is in it
    line_first: Integers
    row_first: Integers
    row: Shorts
    grams: Integers  # by line
    unfilled: Integers  # by line
    value: Integers  # by line
    price: Integers  # by line
    item_first: Integers  # by order: its items
    item_count: Integers  # how often an item comes
    part_first: Integers  # by item: its parts
    part_line: Shorts
    part_units: Integers  # units of the line in one of the item
    least: Integers  # by item: no site gives one for less, left unfilled included, stock for free
    shape: Shorts  # by order
    credit: Integers  # by stock row
    gram: Integers  # by site
    tonne_metre: Integers  # by site
    margin: Integers  # by site


class Prepared(NamedTuple):
    """Everything that is worked out before the search."""

    columns: Columns
    shapes: Shapes
    exact: Flags  # by order: its cheapest pattern is found for certain
