"""Trials of drafts: asked for by a person, run by a job, kept with what they came to; and the parts they are run
on.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.db import Conn, execute, fetch, fetch_one, fetch_values, statements, stream_rows
from loopline.kernel.ids import PersonId, RuleSetId
from loopline.kernel.refusals import Refusal
from loopline.kernel.times import TimeRange
from loopline.sharing.kinds import KnownKinds, LineKind, SoldPart
from loopline.sharing.model import RuleSet, RuleSetUnknown
from loopline.sharing.trying import Trial, mark_of

SQL = statements(__file__)


class TrialAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Try a rule set, a draft or one that was published, on what was sold from a moment until another."""

    id: UUID
    rule_set_id: RuleSetId
    sold_from: datetime
    sold_until: datetime
    asked_by: PersonId


class AskedTrial(msgspec.Struct, frozen=True, kw_only=True):
    """A trial as it stands: waiting, under way (`done_parts` of `all_parts`), or ended, by its result or a
    failure.
    """

    id: UUID
    rule_set_id: RuleSetId
    asked_by: PersonId
    asked_at: datetime
    sold_from: datetime
    sold_until: datetime
    done_parts: int
    all_parts: int | None
    ended_at: datetime | None
    result: Trial | None
    failure: str | None


class TrialTimeEmpty(Refusal, frozen=True, kw_only=True):
    """A trial from {sold_from} until {sold_until} has no time in it."""

    sold_from: datetime
    sold_until: datetime


class TrialAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The trial waits for its turn, or was asked for before."""

    trial_id: UUID


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """How many parts can be tried, and how many were split before it was kept what the rules look at."""

    told: int
    untold: int


def ask_trials(conn: Conn, asks: Sequence[TrialAsk], *, now: datetime) -> list[TrialAsked | Refusal]:
    """Ask for trials; the same id again is a repeat."""
    known = set(fetch_values(conn, SQL["rule_sets_there"], rule_set_ids=[ask.rule_set_id for ask in asks]))
    outcomes: list[TrialAsked | Refusal] = []
    for ask in asks:
        if ask.rule_set_id not in known:
            outcomes.append(RuleSetUnknown(rule_set_id=ask.rule_set_id))
        elif ask.sold_until <= ask.sold_from:
            outcomes.append(TrialTimeEmpty(sold_from=ask.sold_from, sold_until=ask.sold_until))
        else:
            outcomes.append(TrialAsked(trial_id=ask.id))
    accepted = [ask for ask, outcome in zip(asks, outcomes, strict=True) if isinstance(outcome, TrialAsked)]
    if accepted:
        execute(conn, SQL["add_trials"], asks=msgspec.json.encode(accepted).decode(), asked_at=now)
    return outcomes


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """On what a rule set may be published: the trial of its very content, if there was one, and whether there could be.

    A trial of nothing shows nothing, and counts as none.
    """

    trial_id: UUID | None
    has_history: bool


class _TriedContent(msgspec.Struct, frozen=True, kw_only=True):
    """What a trial tried."""

    id: UUID
    rows_mark: str
    currency: str
    method: int
    own_earns: bool


class _Grounds(msgspec.Struct, frozen=True, kw_only=True):
    """What was tried of a rule set, whatever it says by now."""

    rule_set_id: RuleSetId
    has_history: bool
    tried: tuple[_TriedContent, ...]


def grounds_of(conn: Conn, rule_sets: Sequence[RuleSet]) -> dict[RuleSetId, Ground]:
    """Return on what rule sets may be published, as they stand now."""
    if not rule_sets:
        return {}
    found = fetch(conn, SQL["grounds_of"], _Grounds, rule_set_ids=[one.id for one in rule_sets])
    now = {one.id: (mark_of(one.rows), one.currency, one.method, one.own_earns) for one in rule_sets}
    return {
        one.rule_set_id: Ground(
            trial_id=next(
                (
                    trial.id
                    for trial in reversed(one.tried)
                    if (trial.rows_mark, trial.currency, trial.method, trial.own_earns)
                    == now[one.rule_set_id]
                ),
                None,
            ),
            has_history=one.has_history,
        )
        for one in found
    }


def trials_of(conn: Conn, rule_set_ids: Sequence[RuleSetId], *, limit: int) -> list[AskedTrial]:
    """Return the trials of rule sets, the latest first."""
    return fetch(conn, SQL["trials_of"], AskedTrial, rule_set_ids=list(rule_set_ids), limit=limit)


def trial_to_run(conn: Conn) -> AskedTrial | None:
    """Return the oldest trial that has not ended."""
    return fetch_one(conn, SQL["trial_to_run"], AskedTrial)


def note_progress(conn: Conn, trial_id: UUID, *, done_parts: int, all_parts: int) -> None:
    """Note how many parts of a trial are done, of how many."""
    execute(conn, SQL["note_progress"], trial_id=trial_id, done_parts=done_parts, all_parts=all_parts)


def end_trial(conn: Conn, trial_id: UUID, outcome: Trial | str, *, now: datetime) -> bool:
    """Keep what a trial came to, a result or why it failed; False where it had ended."""
    is_result = isinstance(outcome, Trial)
    return bool(
        execute(
            conn,
            SQL["end_trial"],
            trial_id=trial_id,
            result=msgspec.json.encode(outcome).decode() if is_result else None,
            failure=None if is_result else outcome,
            ended_at=now,
        )
    )


def count_sold(conn: Conn, *, sold: TimeRange, currency: str) -> Told:
    """Return how many parts were sold in a span of time; of one without an end, until now."""
    found = fetch_one(
        conn, SQL["count_sold"], Told, sold_from=sold.start, sold_until=sold.end, currency=currency
    )
    assert found is not None
    return found


def was_sold(conn: Conn, *, sold: TimeRange, currency: str) -> bool:
    """Return whether any part was sold in a span of time; of one without an end, until now."""
    found = fetch_values(conn, SQL["was_sold"], sold_from=sold.start, sold_until=sold.end, currency=currency)
    return bool(found[0])


def kinds_sold(conn: Conn, *, sold: TimeRange, currency: str) -> KnownKinds:
    """Return the kinds of what was sold in a span of time."""
    found = fetch(
        conn, SQL["kinds_sold"], LineKind, sold_from=sold.start, sold_until=sold.end, currency=currency
    )
    return KnownKinds(found)


def parts_sold(conn: Conn, *, sold: TimeRange, currency: str) -> Iterator[SoldPart]:
    """Return the parts that were sold in a span of time, as they are asked for, in no order. Read them to their
    end.
    """
    _, rows = stream_rows(
        conn, SQL["parts_sold"], sold_from=sold.start, sold_until=sold.end, currency=currency
    )
    return (SoldPart(*row) for row in rows)
