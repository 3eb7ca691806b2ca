"""Search: lists of orders and products across rooms, found by words, numbers, codes, and narrowed by where they stand.

Documents hold what a list shows and what it is searched by, copied from the rooms by a process that follows the log
(`loopline.processes.index`); nothing in the house decides anything by them, and all of them can be written again.

Invariants:
- an order's document says of it what its rooms say, up to where the follower has come;
- a site sees the orders it sells and the orders it sends, and no other: every read of orders takes a scope, and what
  belongs to no site in it is not found, whatever is asked;
- lists are in one total order, the latest first, so that pages neither repeat nor skip what stays where it is;
- no personal data: a member is an id here, found by the room that may look.

Text is found by single characters and pairs of characters where it is written without spaces (jieba tells the words of
what is asked for), by beginnings of words elsewhere, and codes by their beginnings, with or without their dashes.

Lock order: documents by id, then their sites, then their words; only the process that holds the follower's row writes.
"""

from loopline.search.model import (
    OrderAsk,
    OrderDescription,
    OrderDocument,
    OrderFound,
    OrderPlace,
    ProductDocument,
    ProductFound,
    ProductPlace,
)
from loopline.search.queries import (
    find_orders,
    find_products,
    orders_among,
    orders_without_words,
    sites_of_orders,
)
from loopline.search.rules import code_words, gtin_spellings, text_words
from loopline.search.service import (
    describe_orders,
    empty_documents,
    forget_orders,
    write_orders,
    write_products,
)

__all__ = [
    "OrderAsk",
    "OrderDescription",
    "OrderDocument",
    "OrderFound",
    "OrderPlace",
    "ProductDocument",
    "ProductFound",
    "ProductPlace",
    "code_words",
    "describe_orders",
    "empty_documents",
    "find_orders",
    "find_products",
    "forget_orders",
    "gtin_spellings",
    "orders_among",
    "orders_without_words",
    "sites_of_orders",
    "text_words",
    "write_orders",
    "write_products",
]
