"""The commands of marketplaces: terms are set, loans move, steps are written and answered.

What goods there are to lend, and what an order is, is the business of the process that also knows stock and orders.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from loopline.db import Conn
from loopline.kernel.ids import SkuId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.marketplaces import store
from loopline.marketplaces.model import (
    AnsweredStep,
    Cause,
    DueStep,
    GoodsTerms,
    LoanChange,
    LoanRow,
    MarketplaceId,
    MarketplaceTerms,
    NewStep,
    StepId,
    TermsBy,
)
from loopline.marketplaces.refusals import (
    MarketplaceUnknown,
    NothingLent,
    PenaltyMostBelowLeast,
    StillAskedBack,
    TermsChangedMeanwhile,
    WriteOffNeedsNote,
    WriteOffSentBefore,
)
from loopline.marketplaces.rules import REFUSED_FOR, next_try

Versioned = tuple[MarketplaceId, int]


def set_marketplaces(
    conn: Conn,
    terms: Sequence[MarketplaceTerms],
    *,
    by: TermsBy,
    now: datetime,
) -> list[Versioned | Refusal]:
    """Set the terms of marketplaces; returns the id and the new version of each.

    Other terms by now than those that were looked at are a refusal, and a penalty whose most is below its least. Locks
    their terms by channel.
    """
    held = store.lock_marketplaces(conn, sorted({one.channel for one in terms}))
    outcomes: list[Versioned | Refusal] = []
    going: list[tuple[MarketplaceId, int, MarketplaceTerms]] = []
    for one, made in zip(terms, uuid7s(now, len(terms)), strict=True):
        version, known = held.get(one.channel, (0, MarketplaceId(made)))
        if by.expected.get(one.channel, version) != version:
            outcomes.append(TermsChangedMeanwhile(channel=one.channel, version=version))
            continue
        if one.late_most_minor is not None and one.late_most_minor < one.late_least_minor:
            outcomes.append(
                PenaltyMostBelowLeast(
                    channel=one.channel, least_minor=one.late_least_minor, most_minor=one.late_most_minor
                )
            )
            continue
        held[one.channel] = (version + 1, known)
        going.append((known, version + 1, one))
        outcomes.append((known, version + 1))
    store.replace_marketplaces(conn, [one.channel for _, _, one in going], now=now)
    store.insert_marketplaces(conn, going, by=by, now=now)
    return outcomes


def set_goods_terms(
    conn: Conn, terms: Sequence[GoodsTerms], *, by: TermsBy, now: datetime
) -> list[Versioned | Refusal]:
    """Set terms of some goods, each once; returns the marketplace's id and the new version of each."""
    held = store.lock_marketplaces(conn, sorted({one.channel for one in terms}))
    going = [one for one in terms if one.channel in held]
    before = store.replace_goods_terms(conn, going, now=now)
    versions = [before.get((one.channel, one.subject, one.subject_code), 0) + 1 for one in going]
    store.insert_goods_terms(conn, list(zip(versions, going, strict=True)), by=by, now=now)
    made = iter(versions)
    return [
        (held[one.channel][1], next(made)) if one.channel in held else MarketplaceUnknown(channel=one.channel)
        for one in terms
    ]


def move_loans(conn: Conn, changes: Sequence[LoanChange], *, now: datetime) -> None:
    """Change loans by deltas, each with its entry. Locks the loans by (channel, SKU)."""
    going = [one for one in changes if one.units]
    if not going:
        return
    keys = sorted({(one.channel, one.sku_id) for one in going})
    store.open_loans(conn, keys)
    store.lock_loans(conn, keys)
    _move(conn, going, now=now)


def _move(conn: Conn, changes: Sequence[LoanChange], *, now: datetime) -> None:
    """The caller holds the loans."""
    more = {Cause.LENT, Cause.PUT_BACK, Cause.TEST_PUT_BACK}
    store.move_loans(conn, [(one, one.cause in more) for one in changes])
    entries = list(zip(uuid7s(now, len(changes)), changes, strict=True))
    store.copy_entries(conn, entries, now=now)


def mark_goods(conn: Conn, sku_ids: Sequence[SkuId]) -> None:
    """Note that SKUs are to be looked at: what may be lent of them may have changed. Locks them by id."""
    if sku_ids:
        store.mark_goods(conn, sorted(set(sku_ids)))


def changed_goods(conn: Conn, *, at_most: int) -> dict[SkuId, int]:
    """Lock SKUs that are to be looked at, and say whose turn it is for each. What another looks at is passed by."""
    return store.changed_goods(conn, at_most=at_most)


def loans_to_look_at(
    conn: Conn, channels: Sequence[str], sku_ids: Sequence[SkuId]
) -> dict[SkuId, dict[str, LoanRow]]:
    """Lock every loan of some SKUs, those of nothing yet included, by (channel, SKU)."""
    store.open_loans(conn, sorted((channel, sku_id) for channel in channels for sku_id in sku_ids))
    found: dict[SkuId, dict[str, LoanRow]] = {sku_id: {} for sku_id in sku_ids}
    for loan in store.lock_loans_of_goods(conn, sku_ids):
        found[loan.sku_id][loan.channel] = loan
    return found


def write_steps(
    conn: Conn,
    steps: Sequence[NewStep],
    *,
    loans: Mapping[SkuId, Mapping[str, LoanRow]],
    looked: Sequence[tuple[SkuId, Sequence[int]]],
    now: datetime,
) -> list[StepId]:
    """Write what is to be told, with what it does to the loans at once; and that the SKUs were looked at.

    What is told in addition counts as lent from now on; what is asked back counts as lent until it is answered. Where a
    marketplace sold more than it was lent, that is forgiven before it is lent anything again: it may have all of that.
    The caller holds the SKUs and their loans.
    """
    ids = [StepId(one) for one in uuid7s(now, len(steps))]
    changes: list[LoanChange] = []
    for made, one in zip(ids, steps, strict=True):
        if one.units < 0:
            continue
        beyond = loans[one.sku_id][one.channel].beyond
        if beyond:
            changes.append(_by_step(one, made, beyond, Cause.FORGIVEN))
        changes.append(_by_step(one, made, one.units, Cause.LENT))
    if changes:
        _move(conn, changes, now=now)
    asked = [(one.channel, one.sku_id, -one.units) for one in steps if one.units < 0]
    if asked:
        store.ask_back(conn, asked)
    if steps:
        store.copy_steps(conn, list(zip(ids, steps, strict=True)), now=now)
    moved = {one.sku_id for one in steps}
    store.looked_at(conn, [(sku_id, int(sku_id in moved), rooms) for sku_id, rooms in looked])
    return ids


def claim_steps(conn: Conn, channels: Sequence[str], *, limit: int, now: datetime) -> list[DueStep]:
    """Take steps that are due, and say when they are due again should nobody answer. Locks them."""
    due = store.due_steps(conn, channels, at_most=limit, now=now)
    if due:
        store.claim_steps(conn, [(one.id, next_try(one.tries, now=now)) for one in due])
    return due


def record_answers(conn: Conn, answers: Sequence[AnsweredStep], *, now: datetime) -> set[SkuId]:
    """Take in what marketplaces answered; returns whose SKUs moved. An answer that comes again changes nothing.

    What was not taken, and what was given up, is no longer lent. Who gave up less than asked has none left: what still
    counts as lent has been sold, and is not asked for until it is lent some again. Locks the steps by id, then the
    loans by (channel, SKU).
    """
    said = {one.step_id: one for one in answers}
    steps = store.lock_steps(conn, sorted(said))
    if not steps:
        return set()
    loans = {
        (one.channel, one.sku_id): one
        for one in store.lock_loans(conn, sorted({(one.channel, one.sku_id) for one in steps}))
    }
    changes: list[LoanChange] = []
    marks: dict[tuple[str, SkuId], store.LoanMark] = {}
    asked_back: list[tuple[str, SkuId, int]] = []
    for step in steps:
        answer, key = said[step.id], (step.channel, step.sku_id)
        if step.units > 0 and answer.moved < step.units:
            changes.append(_by_step(step, step.id, answer.moved - step.units, Cause.NOT_TAKEN))
        if step.units < 0:
            asked_back.append((*key, step.units))
            if answer.moved:
                changes.append(_by_step(step, step.id, -answer.moved, Cause.GIVEN_UP))
        before = marks.get(key)
        is_empty = before.is_empty if before else loans[key].is_empty
        marks[key] = store.LoanMark(
            channel=step.channel,
            sku_id=step.sku_id,
            is_empty=answer.moved < -step.units if step.units < 0 else is_empty and not answer.moved,
            is_refused=answer.is_refused,
            why=answer.why if answer.is_refused else None,
        )
    store.answer_steps(conn, [said[step.id] for step in steps], now=now)
    if asked_back:
        store.ask_back(conn, asked_back)
    if changes:
        _move(conn, changes, now=now)
    store.mark_loans(conn, list(marks.values()), refused_until=now + REFUSED_FOR)
    return {step.sku_id for step in steps}


def _by_step(step: NewStep | DueStep, step_id: StepId, units: int, cause: Cause) -> LoanChange:
    return LoanChange(channel=step.channel, sku_id=step.sku_id, units=units, cause=cause, cause_id=step_id)


def write_off(conn: Conn, changes: Sequence[LoanChange], *, now: datetime) -> list[bool | Refusal]:
    """Take units off loans that the marketplace does not have, as a person says; one outcome each.

    `units` of a change are negative. A change whose cause took the same off before is a repeat, told as False, and
    takes nothing. Locks the loans by (channel, SKU).
    """
    keys = sorted({(one.channel, one.sku_id) for one in changes})
    loans = {(one.channel, one.sku_id): one for one in store.lock_loans(conn, keys)}
    left = {key: loan.units for key, loan in loans.items()}
    before = store.written_off_by(conn, {one.cause_id for one in changes})
    outcomes: list[bool | Refusal] = []
    going: list[LoanChange] = []
    for one in changes:
        key = (one.channel, one.sku_id)
        if (earlier := before.get(one.cause_id)) is not None:
            is_same = earlier == (*key, one.units)
            outcomes.append(False if is_same else WriteOffSentBefore())
        elif not (one.note or "").strip():
            outcomes.append(WriteOffNeedsNote())
        elif key in loans and loans[key].asked_back:
            outcomes.append(StillAskedBack(channel=one.channel, sku_id=one.sku_id))
        elif left.get(key, 0) < -one.units:
            outcomes.append(NothingLent(channel=one.channel, sku_id=one.sku_id, units=left.get(key, 0)))
        else:
            left[key] += one.units
            before[one.cause_id] = (*key, one.units)
            going.append(one)
            outcomes.append(True)
    if going:
        _move(conn, going, now=now)
    return outcomes
