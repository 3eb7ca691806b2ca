"""Who is seen at work: a sign of life of a site, told to the database once a minute at most.

A page that somebody opens, or anything that is done on one; not a page that asks again by itself, which may stand open
in an empty shop.
"""

import threading
from datetime import datetime, timedelta

from loopline.kernel.ids import SiteId

TOLD_EVERY = timedelta(minutes=1)


class SeenSites:
    """When this process last told that somebody is at work at each site."""

    def __init__(self) -> None:
        self._told: dict[SiteId, datetime] = {}
        self._lock = threading.Lock()

    def is_news(self, site_id: SiteId, *, now: datetime) -> bool:
        """Tell whether it is to be told now; who asks next is told no, for a minute."""
        with self._lock:
            told = self._told.get(site_id)
            if told is not None and now - told < TOLD_EVERY:
                return False
            self._told[site_id] = now
            return True
