"""Commands of sharing: draft and publish rules, record splits, take shares back, release what is due."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.db import Conn
from loopline.kernel.ids import LineId, RuleSetId, uuid7
from loopline.kernel.refusals import Refusal
from loopline.sharing import publishing, queries, rules, store, trials
from loopline.sharing.model import (
    ClawBack,
    ClawedBack,
    DraftSaved,
    DueAmount,
    EffectiveFromTaken,
    EffectiveInThePast,
    NewRuleSet,
    Publication,
    Release,
    RuleSet,
    RuleSetHasProblems,
    RuleSetIsPublished,
    RuleSetPublication,
    RuleSetState,
    RuleSetUnknown,
    Split,
    SplitRecorded,
    StoredSplit,
)
from loopline.sharing.refusals import (
    LimitsNotAccepted,
    MethodUnknown,
    PartNotSplit,
    PartSplitOtherwise,
    ReferenceTakenForOtherUnits,
    RuleSetNotPublished,
    RuleSetNotTried,
    RuleSetSavedMeanwhile,
    SayWhyUntried,
)
from loopline.sharing.store import LockedRuleSet, PartOfLine, PlannedClawBack, Publishing, StoredClawBack
from loopline.sharing.trials import Ground

LIMITS_SAID = 20
"""So many sets of rows that may take more than a line brings are named, and kept with what is published."""


def save_drafts(conn: Conn, drafts: Sequence[NewRuleSet], *, now: datetime) -> list[DraftSaved | Refusal]:
    """Save drafts whole, rows included: new ones, or all of an existing draft anew. Of one id the last counts.

    A draft may have any problem but a misshapen row; `publishing.problems_of` tells what keeps it from being published.
    One that somebody else saved after it was looked at (`saved_at`) stays as it is.
    """
    misshapen = {draft.id: publishing.misshapen_row(draft.rows) for draft in drafts}
    fit = {draft.id: draft for draft in drafts if misshapen[draft.id] is None}
    made = store.add_drafts(conn, list(fit.values()), now=now) if fit else set[RuleSetId]()
    locked = {row.id: row for row in store.lock_rule_sets(conn, fit)}
    judged = {
        draft.id: _judge_draft(draft, locked=locked[draft.id], is_new=draft.id in made)
        for draft in fit.values()
    }
    changing = [draft for draft in fit.values() if judged[draft.id] is None]
    saved = store.save_drafts(conn, changing, now=now) if changing else {}
    outcomes: list[DraftSaved | Refusal] = []
    for draft in drafts:
        if (refusal := misshapen[draft.id] or judged[draft.id]) is not None:
            outcomes.append(refusal)
        else:
            outcomes.append(
                DraftSaved(rule_set_id=draft.id, version=locked[draft.id].version, saved_at=saved[draft.id])
            )
    return outcomes


def _judge_draft(draft: NewRuleSet, *, locked: LockedRuleSet, is_new: bool) -> Refusal | None:
    if locked.state is RuleSetState.PUBLISHED:
        return RuleSetIsPublished(rule_set_id=draft.id)
    if not is_new and locked.saved_at != draft.saved_at:
        return RuleSetSavedMeanwhile(rule_set_id=draft.id)
    return None


def publish_rule_sets(
    conn: Conn, publications: Sequence[Publication], *, now: datetime
) -> list[RuleSetPublication | Refusal]:
    """Publish drafts for good, in the order given. Only the first set of a currency may be effective from the past.

    What is published was tried as it stands, and its trial is kept with it; where nothing was sold in its currency yet,
    why it is published untried is kept instead. Locks every rule set of their currencies: of two who publish at once
    the second is judged by what the first did.
    """
    ids = [publication.rule_set_id for publication in publications]
    store.lock_rivals_of(conn, ids)
    known = {rule_set.id: rule_set for rule_set in queries.rule_sets_by_id(conn, ids)}
    moments = {(row.currency, row.effective_from) for row in store.published_moments(conn)}
    grounds = trials.grounds_of(conn, list(known.values()))
    outcomes: list[RuleSetPublication | Refusal] = []
    accepted: list[Publishing] = []
    for publication in publications:
        rule_set = known.get(publication.rule_set_id)
        outcome = _judge_publication(publication, rule_set=rule_set, moments=moments, now=now)
        if isinstance(outcome, RuleSetPublication) and rule_set is not None:
            ground = grounds[rule_set.id]
            refusal = _refuse_untried(publication, ground=ground) or _refuse_limits(publication, rule_set)
            if refusal is not None:
                outcomes.append(refusal)
                continue
            accepted.append(_publishing(publication, rule_set=rule_set, ground=ground))
            moments.add((rule_set.currency, publication.effective_from))
            known[rule_set.id] = msgspec.structs.replace(rule_set, state=RuleSetState.PUBLISHED)
        outcomes.append(outcome)
    if accepted:
        store.publish_rule_sets(conn, accepted, now=now)
    return outcomes


def record_splits(conn: Conn, splits: Sequence[Split]) -> list[SplitRecorded | Refusal]:
    """Keep how parts are split; their shares are pending until `due_at`. The same split again is a repeat.

    Raises UniqueViolation when a rival splits one of the parts at the same moment: try again.
    """
    published = store.published_ids(conn, {split.rule_set_id for split in splits})
    stored = store.splits_by_part(conn, [(split.line_id, split.part_id) for split in splits])
    fresh: dict[PartOfLine, Split] = {}
    outcomes: list[SplitRecorded | Refusal] = []
    for split in splits:
        place = (split.line_id, split.part_id)
        earlier = stored.get(place) or (_stored(fresh[place]) if place in fresh else None)
        refusal = _refuse_split(split, published=published, earlier=earlier)
        if refusal is not None:
            outcomes.append(refusal)
            continue
        if earlier is None:
            fresh[place] = split
        outcomes.append(
            SplitRecorded(line_id=split.line_id, part_id=split.part_id, is_repeat=earlier is not None)
        )
    if fresh:
        store.copy_splits(conn, list(fresh.values()))
    return outcomes


def claw_back_shares(conn: Conn, asks: Sequence[ClawBack]) -> list[ClawedBack | Refusal]:
    """Take shares of parts back, in proportion to the units that came back; decided in the order given.

    Cancels what is pending, takes from what is due otherwise. Waits for a release that has the part in hand.
    """
    splits = store.splits_by_part(conn, list(dict.fromkeys((ask.line_id, ask.part_id) for ask in asks)))
    if not splits:
        return [PartNotSplit(line_id=ask.line_id, part_id=ask.part_id) for ask in asks]
    returned = store.lock_returned_parts(conn, list(splits))
    pending = store.lock_pending_parts(conn, list(splits.values()))
    taken = {
        (row.reference, row.line_id, row.part_id): row
        for row in store.claw_backs_of_parts(conn, list(splits))
    }
    planned: list[PlannedClawBack] = []
    outcomes: list[ClawedBack | Refusal] = []
    for ask in asks:
        place = (ask.line_id, ask.part_id)
        split = splits.get(place)
        if split is None:
            outcomes.append(PartNotSplit(line_id=ask.line_id, part_id=ask.part_id))
            continue
        key = (ask.reference, ask.line_id, ask.part_id)
        if (earlier := taken.get(key)) is not None:
            outcomes.append(_repeat_or_taken(ask, split=split, earlier=earlier))
            continue
        amounts = rules.plan_claw_back(ask, stored=split, units_before=returned[place])
        if isinstance(amounts, Refusal):
            outcomes.append(amounts)
            continue
        plan = PlannedClawBack(
            ask=ask,
            units_before=returned[place],
            from_due=ask.part_id not in pending,
            amounts_minor=amounts,
        )
        planned.append(plan)
        returned[place] += ask.units
        taken[key] = _stored_claw_back(plan)
        outcomes.append(_clawed_back(taken[key], split=split, is_repeat=False))
    _write_claw_backs(conn, planned)
    return outcomes


def release_due(conn: Conn, *, now: datetime, limit: int) -> Release:
    """Make the shares of up to `limit` parts due whose window has ended, oldest first; fewer parts: none are left.

    Passes over parts that a return has in hand. Post one ledger entry for each amount, keyed by the release's id.
    """
    taken = store.take_due_parts(conn, now=now, limit=limit)
    amounts = tuple(
        DueAmount(
            entity_id=row.entity_id,
            party_id=row.party_id,
            currency=row.currency,
            due_on=row.due_on,
            amount_minor=row.amount_minor,
        )
        for row in taken
        if row.entity_id and row.party_id and row.currency and row.due_on and row.amount_minor
    )
    release = Release(id=uuid7(now), parts=taken[0].parts, amounts=amounts)
    if release.parts:
        store.write_release(conn, release, now=now)
    return release


def _judge_publication(
    publication: Publication,
    *,
    rule_set: RuleSet | None,
    moments: Iterable[tuple[str, datetime]],
    now: datetime,
) -> RuleSetPublication | Refusal:
    if rule_set is None:
        return RuleSetUnknown(rule_set_id=publication.rule_set_id)
    effective_from = publication.effective_from
    taken = {moment for currency, moment in moments if currency == rule_set.currency}
    refusal = _refuse_content(publication, rule_set)
    if refusal is not None:
        return refusal
    if effective_from in taken:
        return EffectiveFromTaken(effective_from=effective_from)
    if taken and effective_from < now:
        return EffectiveInThePast(rule_set_id=rule_set.id, effective_from=effective_from)
    return RuleSetPublication(
        rule_set_id=rule_set.id, version=rule_set.version, effective_from=effective_from
    )


def _refuse_content(publication: Publication, rule_set: RuleSet) -> Refusal | None:
    if rule_set.state is RuleSetState.PUBLISHED:
        return RuleSetIsPublished(rule_set_id=rule_set.id)
    if publication.saved_at not in (None, rule_set.saved_at):
        return RuleSetSavedMeanwhile(rule_set_id=rule_set.id)
    if rule_set.method not in rules.METHODS:
        return MethodUnknown(rule_set_id=rule_set.id, method=rule_set.method)
    if problems := publishing.problems_of(rule_set.rows):
        return RuleSetHasProblems(
            rule_set_id=rule_set.id,
            reasons=" ".join(problem.message() for problem in problems),
            problems=problems,
        )
    return None


def _refuse_untried(publication: Publication, *, ground: Ground) -> Refusal | None:
    if ground.trial_id is not None:
        return None
    if ground.has_history:
        return RuleSetNotTried(rule_set_id=publication.rule_set_id)
    return None if _reason(publication) else SayWhyUntried(rule_set_id=publication.rule_set_id)


def _refuse_limits(publication: Publication, rule_set: RuleSet) -> Refusal | None:
    limits = publishing.limits_of(rule_set.rows)
    if publication.accepts_limits or not limits:
        return None
    return LimitsNotAccepted(
        rule_set_id=rule_set.id,
        rows="; ".join(", ".join(map(str, one.rows)) for one in limits[:LIMITS_SAID]),
        below_minor=max(one.below_minor for one in limits),
        net_percent=max(one.net_percent for one in limits),
    )


def _publishing(publication: Publication, *, rule_set: RuleSet, ground: Ground) -> Publishing:
    return Publishing(
        id=rule_set.id,
        effective_from=publication.effective_from,
        published_by=publication.published_by,
        trial_id=ground.trial_id,
        untried_because=_reason(publication) if ground.trial_id is None else None,
        limits=publishing.limits_of(rule_set.rows)[:LIMITS_SAID],
    )


def _reason(publication: Publication) -> str | None:
    return (publication.untried_because or "").strip() or None


def _refuse_split(split: Split, *, published: set[RuleSetId], earlier: StoredSplit | None) -> Refusal | None:
    if earlier is not None:
        same = rules.is_same_split(split, stored=earlier)
        return None if same else PartSplitOtherwise(part_id=split.part_id)
    if split.rule_set_id not in published:
        return RuleSetNotPublished(part_id=split.part_id, rule_set_id=split.rule_set_id)
    return rules.refuse_split(split)


def _stored(split: Split) -> StoredSplit:
    return StoredSplit(
        line_id=split.line_id,
        part_id=split.part_id,
        order_id=split.order_id,
        rule_set_id=split.rule_set_id,
        entity_id=split.entity_id,
        currency=split.currency,
        units=split.units,
        base_minor=split.base_minor,
        due_at=split.due_at,
        party_ids=tuple(share.party_id for share in split.shares),
        rule_rows=tuple(share.rule_row for share in split.shares),
        amounts_minor=tuple(share.amount_minor for share in split.shares),
    )


def _stored_claw_back(plan: PlannedClawBack) -> StoredClawBack:
    return StoredClawBack(
        reference=plan.ask.reference,
        line_id=plan.ask.line_id,
        part_id=plan.ask.part_id,
        units=plan.ask.units,
        from_due=plan.from_due,
        amounts_minor=plan.amounts_minor,
    )


def _repeat_or_taken(ask: ClawBack, *, split: StoredSplit, earlier: StoredClawBack) -> ClawedBack | Refusal:
    if earlier.units != ask.units:
        return ReferenceTakenForOtherUnits(reference=ask.reference, part_id=ask.part_id, units=earlier.units)
    return _clawed_back(earlier, split=split, is_repeat=True)


def _clawed_back(taken: StoredClawBack, *, split: StoredSplit, is_repeat: bool) -> ClawedBack:
    return ClawedBack(
        line_id=taken.line_id,
        part_id=taken.part_id,
        entity_id=split.entity_id,
        currency=split.currency,
        from_due=taken.from_due,
        is_repeat=is_repeat,
        party_ids=split.party_ids,
        amounts_minor=taken.amounts_minor,
    )


def _write_claw_backs(conn: Conn, planned: Sequence[PlannedClawBack]) -> None:
    if not planned:
        return
    units: dict[tuple[LineId, UUID], int] = {}
    for plan in planned:
        place = (plan.ask.line_id, plan.ask.part_id)
        units[place] = units.get(place, 0) + plan.ask.units
    store.change_returned_parts(conn, units)
    store.copy_claw_backs(conn, planned)
