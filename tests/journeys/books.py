"""What a world's books say at a moment, and what a journey changed of it: all of it, so that nothing moves unseen."""

from collections import Counter
from collections.abc import Mapping
from typing import TypeVar

import msgspec

from loopline.db import Conn, Database

Stock = dict[tuple[str, str, str], int]
"""Units by (site, SKU, figure); the network itself stands as site `*`, with what is held of it."""
Money = dict[tuple[str, str], int]
"""Minor units by (company or party, purpose of the account); debits are positive, credits negative."""
_Key = TypeVar("_Key")
_FIGURES = ("on_hand", "allocated", "unsellable", "held")


class Books(msgspec.Struct, frozen=True, kw_only=True):
    """Stock, money and the end of the log, read at one moment."""

    stock: Stock
    money: Money
    position: int


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What is different from a moment to a later one; what is the same is left out.

    `told` counts what the log says happened meanwhile, by its type.
    """

    stock: Stock
    money: Money
    told: dict[str, int]

    def sum_of(self, *purposes: str) -> int:
        """Return what all accounts of some purposes grew by together."""
        return sum(minor for (_, purpose), minor in self.money.items() if purpose in purposes)


NOTHING = Change(stock={}, money={}, told={})
BOUGHT = {
    "member_registered": 1,
    "promise_given": 1,
    "order_placed": 1,
    "payment_taken": 1,
    "order_sourced": 1,
    "tasks_offered": 1,
}
"""What the log tells of an order that somebody new placed and paid, and that was put to one site."""
WORKED = {"task_accepted": 1, "picking_started": 1, "goods_checked": 1, "parcel_packed": 1}
GONE = {"parcel_handed_over": 1, "order_settled": 1}


def paid_and_divided(change: Change) -> tuple[int, int]:
    """Return what customers paid, and what of it is tax or somebody's share: of what was handed over the same."""
    paid = change.sum_of("cash", "gateway", "customer_deposit", "refund_payable")
    return paid, -change.sum_of("tax", "share_pending", "share_due")


def read_books(database: Database) -> Books:
    """Read what the books say now."""
    with database.reading() as conn:
        return Books(stock=_stock(conn), money=_money(conn), position=_position(conn))


def changed_since(database: Database, before: Books) -> Change:
    """Return what is different now."""
    after = read_books(database)
    with database.reading() as conn:
        told = conn.execute(
            "select type, count(*) from log.event where position > %s group by type", (before.position,)
        ).fetchall()
    return Change(
        stock=_difference(before.stock, after.stock),
        money=_difference(before.money, after.money),
        told={str(name): int(count) for name, count in told},
    )


def _difference(before: Mapping[_Key, int], after: Mapping[_Key, int]) -> dict[_Key, int]:
    moved = Counter(after)
    moved.subtract(before)
    return {key: units for key, units in moved.items() if units}


def _stock(conn: Conn) -> Stock:
    found: Stock = {}
    leaves = conn.execute(
        "select site.code, sku.code, leaf.on_hand, leaf.allocated, leaf.unsellable, leaf.held"
        " from stock.leaf_stock as leaf join stock.node as node on node.id = leaf.leaf_id"
        " join org.site as site on site.id = node.site_id join catalogue.sku as sku on sku.id = leaf.sku_id"
    )
    for site, sku, *figures in leaves.fetchall():
        for figure, units in zip(_FIGURES, figures, strict=True):
            found[site, sku, figure] = found.get((site, sku, figure), 0) + units
    held = conn.execute(
        "select sku.code, network.held from stock.node_stock as network"
        " join stock.node as node on node.id = network.node_id and node.kind = 'network'"
        " join catalogue.sku as sku on sku.id = network.sku_id"
    )
    return found | {("*", sku, "held"): units for sku, units in held.fetchall()}


def _money(conn: Conn) -> Money:
    rows = conn.execute(
        "select coalesce(party.code, entity.code), account.purpose, sum(balance.balance_minor)::bigint"
        " from ledger.account as account join ledger.balance as balance on balance.account_number = account.number"
        " join org.entity as entity on entity.id = account.entity_id"
        " left join org.party as party on party.id = account.party_id group by 1, 2"
    )
    return {(whose, purpose): minor for whose, purpose, minor in rows.fetchall()}


def _position(conn: Conn) -> int:
    row = conn.execute("select coalesce(max(position), 0) from log.event").fetchone()
    assert row is not None
    return int(row[0])
