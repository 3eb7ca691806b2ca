"""Learn what sites can do in a day, and write it down as a version."""

from datetime import datetime, timedelta

from loopline.db import Conn
from loopline.insight.capacity import store
from loopline.insight.capacity.model import Version
from loopline.insight.capacity.rules import days_learnt_from, learn_site

LEARNT_EVERY = timedelta(hours=20)
_VERSIONS_WITH_SITES = 30


def learn(conn: Conn, *, now: datetime) -> Version | None:
    """Learn from the days that are over, and write a version; None, and nothing written, where no site did anything.

    Learning the same again gives another version with the same content.
    """
    first_day, held_back_from, last_day = days_learnt_from(now.date())
    found = store.days_worked(conn, first_day=first_day, last_day=last_day)
    if not found:
        return None
    number = store.add_version(
        conn, learnt_at=now, first_day=first_day, held_back_from=held_back_from, last_day=last_day
    )
    store.add_sites(
        conn,
        number,
        {
            one.site_id: (
                one.stated_per_day,
                learn_site(one.days, stated=one.stated_per_day, held_back_from=held_back_from),
            )
            for one in found
        },
    )
    store.forget_sites(conn, before=number - _VERSIONS_WITH_SITES + 1)
    return store.newest_version(conn)


def learn_daily(conn: Conn, *, now: datetime) -> bool:
    """Learn where the last version is a day old; says whether it did."""
    newest = store.newest_version(conn)
    if newest is not None and now - newest.learnt_at < LEARNT_EVERY:
        return False
    return learn(conn, now=now) is not None
