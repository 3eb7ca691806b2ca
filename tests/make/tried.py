"""Rules of sharing that are tried on whatever was sold, and published."""

from datetime import datetime, timedelta
from uuid import UUID

from loopline.db import Conn
from loopline.kernel.ids import RuleSetId, uuid7
from loopline.kernel.times import TimeRange
from loopline.processes.what_if import what_if
from loopline.sharing import queries, service, trials
from loopline.sharing.model import NewRuleSet, Publication
from loopline.sharing.trials import TrialAsk
from loopline.sharing.trying import Trial
from tests.make.org import succeeded


def try_rules(conn: Conn, rule_set_id: RuleSetId, *, now: datetime) -> Trial:
    """Try a rule set on all that was ever sold, and keep the trial."""
    (rule_set,) = queries.rule_sets_by_id(conn, [rule_set_id])
    sold = TimeRange(start=now - timedelta(days=800), end=now + timedelta(days=1))
    ask = TrialAsk(
        id=UUID(int=uuid7(now).int),
        rule_set_id=rule_set_id,
        sold_from=sold.start,
        sold_until=sold.end or now,
        asked_by=rule_set.author_id,
    )
    succeeded(trials.ask_trials(conn, [ask], now=now))
    tried = what_if(conn, rule_set, sold=sold, tell=lambda _done, _of: None)
    assert trials.end_trial(conn, ask.id, tried, now=now)
    return tried


def publish_tried(conn: Conn, made: NewRuleSet, *, now: datetime) -> None:
    """Save rules and put them in force, tried where anything was sold."""
    (saved,) = succeeded(service.save_drafts(conn, [made], now=now))
    try_rules(conn, made.id, now=now)
    publication = Publication(
        rule_set_id=made.id,
        effective_from=now,
        published_by=made.author_id,
        saved_at=saved.saved_at,
        untried_because="nothing was sold yet",
        accepts_limits=True,
    )
    succeeded(service.publish_rule_sets(conn, [publication], now=now))
