"""Ready times: how long from now until a parcel leaves each site, where promises taught it."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from loopline import promises
from loopline.db import Conn
from loopline.kernel.ids import SiteId
from loopline.org import Site
from loopline.promises import Opening
from loopline.promises.calendar import after_open_minutes

READY_MOST = timedelta(days=14)
_MINUTE = timedelta(minutes=1)


def open_ready_minutes(conn: Conn) -> dict[SiteId, int]:
    """Return the minutes while a site is open from when it is chosen until goods are ready or gone, as learnt.

    What nobody knows is left out. Locks nothing.
    """
    learnt = promises.paces_in_force(conn).ready
    if not learnt:
        return {}
    chosen_after = promises.terms_in_force(conn).terms.source_minutes
    return {site_id: max(1, minutes - chosen_after) for site_id, minutes in learnt.items()}


def learnt_ready_minutes(conn: Conn, sites: Mapping[SiteId, Site], *, now: datetime) -> dict[SiteId, int]:
    """Return the minutes from now until goods are ready or gone, by what was learnt; what nobody knows is left out.

    What is learnt counts while a site is open, from the order on: the part that goes until a site is chosen is over by
    now, the rest passes by its opening hours. Locks nothing.
    """
    learnt = open_ready_minutes(conn)
    found: dict[SiteId, int] = {}
    reckoned: dict[tuple[object, str, int], int] = {}  # most sites keep the same hours
    for site_id, site in sites.items():
        if site_id in learnt:
            key = (site.hours, site.time_zone, learnt[site_id])
            if key not in reckoned:
                ready = after_open_minutes(
                    Opening(hours=site.hours, time_zone=site.time_zone), now, minutes=key[2]
                )
                reckoned[key] = -(-min(READY_MOST, ready - now) // _MINUTE)
            found[site_id] = reckoned[key]
    return found
