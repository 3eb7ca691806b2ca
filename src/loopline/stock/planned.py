"""Holds that are planned on what is there, written with the rest of their orders, and settled last.

What many want at once, the rows of few nodes, is locked for the shortest time there is: from `settle_holds` to the end
of the transaction. Planned is on rows that others may change meanwhile; settled is under their locks, and refused as a
whole where what was planned on is no longer there. The transaction then begins again and sees what the rival did.
"""

from collections.abc import Sequence

import msgspec
from psycopg.errors import SerializationFailure

from loopline.db import Conn, copy_rows, execute, integers, statements, uuids
from loopline.kernel.refusals import Refusal
from loopline.stock import rules, store
from loopline.stock.book import Book, LevelKey
from loopline.stock.model import Held, HoldAsk

SQL = statements(__file__)


class Outlook(msgspec.Struct, frozen=True):
    """What there was at the levels of a batch, at a moment that may be over."""

    book: Book


def look_ahead(conn: Conn, keys: Sequence[LevelKey]) -> Outlook | None:
    """Read what there is at (node, SKU) and above, locking nothing but the shape of the tree.

    None where only locked rows can tell: at leaves, whose rows others change otherwise, and where quotas lie.
    """
    store.hold_tree(conn)
    book = store.open_book(conn, {key[0] for key in keys})
    if book.leaf_ids:
        return None
    book.want(keys)
    store.read_nodes(conn, book)
    return None if book.quota_keys else Outlook(book)


def plan_holds(conn: Conn, outlook: Outlook, asks: Sequence[HoldAsk]) -> list[Held | Refusal]:
    """Hold units for new lines, in the order given, as `hold_units` does; what is held is not yet taken.

    Refused is final, granted is good only with `settle_holds` later in the same transaction. Writes the holds.
    """
    book = outlook.book
    outcomes = rules.decide_holds(asks, book=book)
    copy_rows(
        conn,
        SQL["copy_holds"],
        [
            (hold.line_id, hold.order_id, hold.key[0], hold.key[1], hold.units, hold.expires_at)
            for hold in book.holds.values()
            if hold.units
        ],
    )
    return outcomes


def settle_holds(conn: Conn, outlook: Outlook) -> None:
    """Take what was planned: lock the roots' rows, see that there is room still, and write.

    Call it as late as can be. Raises SerializationFailure where a rival took what was planned on: nothing of the
    transaction may stand then, and it may be tried again.
    """
    book = outlook.book
    taken = [level for level in book.node_levels if level.held != level.held_loaded]
    if not taken:
        return
    roots = [level for level in taken if book.is_root(level.node_id)]
    settled = execute(
        conn,
        SQL["settle"],
        node_ids=uuids(book.node_ids),
        sku_ids=uuids(book.sku_ids),
        nodes=integers([level.node + 1 for level in taken]),
        skus=integers([level.sku + 1 for level in taken]),
        root_nodes=integers([level.node + 1 for level in roots]),
        root_skus=integers([level.sku + 1 for level in roots]),
        held=integers([level.held - level.held_loaded for level in taken]),
    )
    if settled != len(taken):
        raise SerializationFailure("a rival took units between the plan of these holds and their settling")
