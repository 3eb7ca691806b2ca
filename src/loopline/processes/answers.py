"""Answers: how likely each site is to take each order of a wave, by how far it is and what its goods are worth.

Where what is learnt tells the offers of a site apart, an ordinary offer to it says too little: the same site takes what
goes to the next street and refuses what goes across the country. Orders are told apart by bands of distance and of
worth, so that a wave asks for thousands of answers and not for a million.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from loopline.db import Conn
from loopline.insight.acceptance.model import OfferAhead
from loopline.insight.acceptance.queries import predict
from loopline.kernel.ids import OrderId
from loopline.sourcing.costs import metres_between
from loopline.sourcing.model import Wave

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
KILOMETRES: Floats = np.array([3.0, 10.0, 30.0, 100.0, 200.0, 400.0, 800.0, 1_600.0])
"""Where a band of distance ends and the next begins."""
_WORTHS = (0.25, 0.5, 0.75)
"""Which parts of a wave's orders are worth less than where a band of worth begins."""
_WORTH_BANDS = len(_WORTHS) + 1
PAIRS_MOST = 5_000_000
"""Of more orders x sites nobody asks one by one: their table would be larger than all else of the wave."""


class Bands(msgspec.Struct, frozen=True, kw_only=True):
    """How far sites are from a wave's orders, and how dear these are, in bands, each with what is its mean.

    `far`: by (order, site); `worth`: by order.
    """

    far: Integers
    worth: Integers
    kilometres: Mapping[int, float]
    values_minor: Mapping[int, int]

    def offer(self, offer: OfferAhead, *, order: int, site: int) -> OfferAhead:
        """Return an offer to a site as far and as dear as that of an order is, by its bands."""
        return replace(
            offer,
            kilometres=self.kilometres[int(self.far[order, site])],
            value_minor=self.values_minor[int(self.worth[order])],
        )


def bands_of(wave: Wave, *, values_minor: Mapping[OrderId, int]) -> Bands | None:
    """Return the bands of a wave; None where nobody asks order by order.

    `values_minor`: what an order's goods cost the customer.
    """
    if not wave.orders or not wave.sites or len(wave.orders) * len(wave.sites) > PAIRS_MOST:
        return None
    metres = metres_between(
        [order.destination for order in wave.orders], [site.coordinates for site in wave.sites]
    )
    values = np.array([values_minor.get(order.order_id, 0) for order in wave.orders], np.float64)
    worths = np.unique(np.quantile(values, _WORTHS))
    far = np.searchsorted(KILOMETRES, metres / 1_000)
    worth = np.searchsorted(worths, values)
    return Bands(
        far=far,
        worth=worth,
        kilometres=_means(far, metres / 1_000),
        values_minor={band: round(mean) for band, mean in _means(worth, values).items()},
    )


def with_answers(conn: Conn, wave: Wave, bands: Bands, *, now: datetime) -> Wave:
    """Return the wave with the chance that each site takes each order that is sent somewhere.

    Two statements. Locks nothing.
    """
    places = np.arange(len(wave.sites))
    # One number for what is asked: (site, worth, distance).
    asked = (places[None, :] * _WORTH_BANDS + bands.worth[:, None]) * (len(KILOMETRES) + 1) + bands.far
    keys, which = np.unique(asked, return_inverse=True)
    offers = [
        OfferAhead(
            site_id=wave.sites[place].site_id,
            at=now,
            kilometres=bands.kilometres[band],
            value_minor=bands.values_minor[price],
        )
        for place, price, band in zip(*_parts(keys), strict=True)
    ]
    chances = np.array([one.probability for one in predict(conn, offers, now=now)], np.float64)
    known = np.clip(chances, 0.0, 1.0)[which.reshape(asked.shape)]
    # An order that goes nowhere, or nobody knows where to, is as any other to a site.
    ordinary = np.array([site.accept_probability for site in wave.sites], np.float64)
    known[[order.destination is None for order in wave.orders], :] = ordinary
    return replace(wave, chances=known)


def _parts(keys: Integers) -> tuple[list[int], list[int], list[int]]:
    bands = len(KILOMETRES) + 1
    return (
        (keys // bands // _WORTH_BANDS).tolist(),
        (keys // bands % _WORTH_BANDS).tolist(),
        (keys % bands).tolist(),
    )


def _means(band: Integers, values: Floats) -> dict[int, float]:
    """Return the mean of what is in each band."""
    sums = np.bincount(band.ravel(), weights=values.ravel())
    counts = np.bincount(band.ravel())
    return {at: float(sums[at] / counts[at]) for at in np.flatnonzero(counts).tolist()}
