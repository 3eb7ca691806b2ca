"""What stock and room are worth to others: the prices of the last solved wave."""

from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from loopline.db import Conn
from loopline.kernel.ids import SiteId, SkuId
from loopline.sourcing import queries as sourcing
from loopline.web.promising.sites import Prices


def opportunity_prices(conn: Conn, index: Mapping[SiteId, int], *, currency: str) -> Prices:
    """Return the prices of stock and of capacity that the wave solved last left; none where it left none.

    They say what one more unit, one more parcel, would have saved that wave, in minor units. `index`: the places of
    sites in the columns.
    """
    stock: defaultdict[SkuId, dict[int, int]] = defaultdict(dict)
    capacity = np.zeros(len(index), np.int64)
    for one in sourcing.opportunity_prices(conn, currency=currency):
        place = index.get(one.site_id)
        if place is None:
            continue
        if one.sku_id is None:
            capacity[place] = one.price_minor
        else:
            stock[one.sku_id][place] = one.price_minor
    return Prices(
        stock={
            sku_id: (
                np.array(sorted(found), np.int64),
                np.array([found[place] for place in sorted(found)], np.int64),
            )
            for sku_id, found in stock.items()
        },
        capacity=capacity if capacity.any() else None,
    )
