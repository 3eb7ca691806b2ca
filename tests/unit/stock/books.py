"""Working copies for tests of the rules: a brand, a network, two sites with a leaf each, one SKU, no database."""

from loopline.kernel.ids import NodeId, SkuId
from loopline.stock.book import Book, LeafLevel, OpenHold, settle_leaf
from tests.make.stock import new_id

BRAND, NETWORK, SITE, OTHER_SITE, LEAF, OTHER_LEAF = (NodeId(new_id()) for _ in range(6))
SKU, OTHER_SKU = SkuId(new_id()), SkuId(new_id())

PATHS = {
    BRAND: (BRAND,),
    NETWORK: (BRAND, NETWORK),
    SITE: (BRAND, NETWORK, SITE),
    OTHER_SITE: (BRAND, NETWORK, OTHER_SITE),
    LEAF: (BRAND, NETWORK, SITE, LEAF),
    OTHER_LEAF: (BRAND, NETWORK, OTHER_SITE, OTHER_LEAF),
}


def open_book(*, may_open_shortfalls: bool = False) -> Book:
    """An empty working copy of both SKUs at every node."""
    book = Book(PATHS, frozenset({LEAF, OTHER_LEAF}), may_open_shortfalls=may_open_shortfalls)
    book.want([(node, sku) for node in PATHS for sku in (SKU, OTHER_SKU)])
    return book


def stock(book: Book, leaf_id: NodeId, sku_id: SkuId, on_hand: int) -> LeafLevel:
    """Put goods at a leaf as if they had been loaded."""
    leaf = book.leaf((leaf_id, sku_id))
    leaf.on_hand = on_hand
    settle_leaf(book.path(leaf.key))
    for level in book.path(leaf.key):
        level.free_loaded = level.free
    return leaf


def hold(book: Book, one: OpenHold) -> OpenHold:
    """Put a hold into the book as if it had been loaded."""
    book.add_holds([one])
    for level in book.path(one.key):
        level.held += one.units
        level.held_loaded = level.held
    return one


def counts(book: Book, node_id: NodeId, sku_id: SkuId = SKU) -> tuple[int, int]:
    """(free, held) at a node."""
    level = book.path((node_id, sku_id))[-1]
    return level.free, level.held
