"""Learn how likely sites accept, and write it down as a version."""

from datetime import datetime, timedelta

from loopline.db import Conn
from loopline.insight.acceptance import store
from loopline.insight.acceptance.columns import history_of, known_sites
from loopline.insight.acceptance.learning import learn as learn_from
from loopline.insight.acceptance.model import Version
from loopline.insight.acceptance.trees import write_trees

LOOKS_BACK = timedelta(days=90)
OFFERS_MAX = 300_000
SEED = 20_260_101
LEARNT_EVERY = timedelta(hours=20)
# A young brand learns more in an hour than an old one in a day.
_FEW_OFFERS = 500
_LEARNT_EVERY_AT_FIRST = timedelta(hours=1)
_VERSIONS_WITH_SITES = 30


def learn(conn: Conn, *, now: datetime) -> Version | None:
    """Learn from the last LOOKS_BACK, at most the latest OFFERS_MAX offers, and write a version.

    An offer counts once its time to answer is over. None, and nothing written, where none is known. Learning the same
    again gives another version with the same content.
    """
    last_day = (now + timedelta(days=1)).date()  # it is tomorrow already at some sites
    made = store.offers_made(
        conn, first_day=(now - LOOKS_BACK).date(), last_day=last_day, now=now, most=OFFERS_MAX
    )
    history = history_of(made)
    offers = history.offers
    if not len(offers):
        return None
    learnt = learn_from(offers, sites=len(history.site_ids), seed=SEED)
    number = store.add_version(
        conn,
        store.NewVersion(
            learnt_at=now,
            first_day=made[0].day.fromordinal(int(offers.day.min())),
            last_day=made[0].day.fromordinal(int(offers.day.max())),
            held_back_from=learnt.held_back_from,
            offers=len(offers),
            prior_probability=learnt.prior.probability,
            prior_offers=learnt.prior.offers,
            prior_minutes=learnt.prior.minutes,
            trees=None if learnt.trees is None else write_trees(learnt.trees),
            minute_trees=None if learnt.minute_trees is None else write_trees(learnt.minute_trees),
            measures=learnt.measures,
        ),
    )
    store.add_sites(conn, number, known_sites(history))
    store.forget_sites(conn, before=number - _VERSIONS_WITH_SITES + 1)
    return store.version(conn, number)


def learn_daily(conn: Conn, *, now: datetime) -> int:
    """Learn where the last version is a day old (an hour, while little was offered yet); returns how many it wrote."""
    newest = store.newest_version(conn)
    if newest is not None:
        every = _LEARNT_EVERY_AT_FIRST if newest.offers < _FEW_OFFERS else LEARNT_EVERY
        if now - newest.learnt_at < every:
            return 0
    return 0 if learn(conn, now=now) is None else 1
