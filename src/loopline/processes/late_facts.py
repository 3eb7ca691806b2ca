"""Late facts: what happened before a dealer's own system counted its goods, and is told to us after.

The count knows of it already, and our books follow the count: it is recorded, and given back as at that moment. So
books that follow a feed are what it stated and what happened since, in whatever order we hear of either.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from loopline import feeds
from loopline.db import Conn
from loopline.feeds import StatedAt
from loopline.kernel.ids import NodeId, SkuId
from loopline.stock import Fact, MovementReason

_BELOW_TIME = (1 << 80) - 1


def counted_already(conn: Conn, facts: Sequence[Fact]) -> list[Fact]:
    """Return the facts that give back those of `facts` that a followed statement has counted.

    The caller holds the stock rows of all of them, records both in that transaction, and asks of new facts only.
    """
    return given_back(facts, feeds.stated_moments(conn, list({(one.leaf_id, one.sku_id) for one in facts})))


def given_back(facts: Sequence[Fact], followed: Mapping[tuple[NodeId, SkuId], StatedAt]) -> list[Fact]:
    """Return what gives back, as at the moment of each followed statement, the facts that happened by then. Pure.

    A fact's id says when it happened.
    """
    found: list[Fact] = []
    for one in facts:
        stated = followed.get((one.leaf_id, one.sku_id))
        if stated is None or one.id >= stated.later_from or one.on_hand == 0:
            continue
        found.append(
            Fact(
                id=UUID(int=(stated.later_from.int - 1 & ~_BELOW_TIME) | (one.id.int & _BELOW_TIME)),
                leaf_id=one.leaf_id,
                sku_id=one.sku_id,
                reason=MovementReason.STATED,
                on_hand=-one.on_hand,
                reference=one.id,
            )
        )
    return found
