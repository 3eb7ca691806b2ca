"""Calls for tests: every site answers alike, so seldom that a parcel is put to all that can send it."""

from datetime import datetime

from loopline.db import Conn
from loopline.fulfilment.calls import Call, ClaimCall, calls_by_id
from loopline.kernel.ids import CallId
from loopline.processes.source import WaveSourced, source_wave
from loopline.sourcing.offers import Answering, Offering, OfferTerms
from tests.make.shop import NOON, Shop

SELDOM = Answering(accepts_basis_points=3_000, minutes=60)


def openly(shop: Shop) -> Offering:
    """Put everything to all sites that have it."""
    return Offering(
        terms=OfferTerms(open_offers=True, extra_minor_max=1_000),
        answering=dict.fromkeys(shop.sites.values(), SELDOM),
    )


def wave_of_calls(conn: Conn, shop: Shop, *, at: datetime = NOON) -> WaveSourced:
    """Source what is due, openly."""
    return source_wave(conn, now=at, offering=openly(shop))


def claiming(shop: Shop, call_id: CallId, site: str) -> ClaimCall:
    """A site's claim, by the site itself."""
    return ClaimCall(call_id=call_id, site_id=shop.sites[site])


def call_of(conn: Conn, call_id: CallId) -> Call:
    """A call as it stands."""
    (found,) = calls_by_id(conn, [call_id])
    return found
