"""Frequent words: where many orders have what is asked for, the latest of them are found by walking the list.

The index of words tells all orders that have a word, and then all of them would have to be sorted: a word that a whole
collection bears costs seconds of a million orders. Such a word is met soon by whoever goes through the list from its
top. So the top is walked first, so far and no further; a word that is seldom met there is rare enough for the index.
"""

from collections.abc import Mapping
from typing import Any

from loopline.db import Conn, fetch_rows, statements
from loopline.kernel.ids import OrderId

SQL = statements(__file__)
WALKED = 4_000
"""Orders of the whole brand that are walked."""
WALKED_AT_SITES = 1_000
"""Orders that are walked for a scope of some sites, of each of them."""
SITES_WALKED = 40
"""A scope of more sites is looked up by words at once."""


def latest_with_words(
    conn: Conn, *, words: str, sites: str | None, sites_count: int, narrowed: Mapping[str, Any]
) -> list[OrderId] | None:
    """Return the page that is asked for, where the top of the list has all of it; None where the index has to tell.

    What it returns is what the index would: the orders walked are the latest without a gap, so that those of them that
    have the words are the latest that do; fewer than a page are all there are where the list ended before the walk did.
    """
    if sites is not None and sites_count > SITES_WALKED:
        return None
    at_most = WALKED if sites is None else WALKED_AT_SITES
    name = "walk_orders" if sites is None else "walk_orders_at_sites"
    asked = {**narrowed, "words": words, "at_most": at_most}
    if sites is not None:
        asked["sites"] = sites
    ((walked, order_ids),) = fetch_rows(conn, SQL[name], **asked)
    if len(order_ids) < narrowed["limit"] and walked == at_most:
        return None
    return order_ids
