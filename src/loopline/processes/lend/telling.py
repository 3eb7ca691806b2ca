"""What marketplaces are told and what they answer: claimed, called between transactions, taken in."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from loopline import catalogue, marketplaces
from loopline.db import Conn, log
from loopline.kernel.events import event
from loopline.kernel.ids import uuid7, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.marketplaces import Answer, AnsweredStep, Cause, LoanChange, Telling, Told
from loopline.marketplaces.events import LoansMoved
from loopline.processes.lend.terms import LoanWriteOff, SkuNotKnown


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """Steps to put to one marketplace, in the order in which they were written."""

    connector: str
    channel: str
    tellings: tuple[Telling, ...]


def claim(conn: Conn, connectors: Sequence[str], *, limit: int, now: datetime) -> list[Due]:
    """Take steps that are due and that one of these connectors tells, by marketplace. Locks the steps.

    A step is told even where its marketplace was switched off since: it may have heard of it already.
    """
    known = {
        code: one for code, one in marketplaces.marketplaces(conn).items() if one.connector in connectors
    }
    steps = marketplaces.claim_steps(conn, sorted(known), limit=limit, now=now) if known else []
    skus = catalogue.skus_by_id(conn, {one.sku_id for one in steps})
    by_channel: dict[str, list[Telling]] = {}
    for step in sorted(steps, key=lambda one: one.id):
        by_channel.setdefault(step.channel, []).append(
            Telling(step_id=step.id, channel=step.channel, sku_code=skus[step.sku_id].code, units=step.units)
        )
    return [
        Due(connector=known[channel].connector, channel=channel, tellings=tuple(told))
        for channel, told in by_channel.items()
    ]


def take_answers(conn: Conn, answers: Sequence[Answer], *, now: datetime) -> int:
    """Take in what marketplaces answered; returns how many SKUs moved. What is still waiting is told again later.

    Locks the steps by id, then their loans; the follower looks at the SKUs again.
    """
    final = [
        AnsweredStep(step_id=one.step_id, moved=one.moved, is_refused=one.told is Told.REFUSED, why=one.why)
        for one in answers
        if one.told is not Told.WAITING
    ]
    if not final:
        return 0
    moved = marketplaces.record_answers(conn, final, now=now)
    if moved:
        log.append(conn, [event(LoansMoved(sku_ids=tuple(sorted(moved))), subject=uuid7(now), at=now)])
    return len(moved)


def write_off_loans(
    conn: Conn, asked: Sequence[LoanWriteOff], *, scope: Scope, now: datetime, actor: str
) -> list[LoanWriteOff | Refusal]:
    """Take units off loans that the marketplace does not have, as somebody saw there; one outcome each.

    For the whole brand alone: what a marketplace has, everybody's stock stands behind. The same word again, by its id,
    takes nothing more.
    """
    if not scope.everything:
        return [NotInYourBranch(subject=one.channel) for one in asked]
    skus = catalogue.skus_by_code(conn, {one.sku_code for one in asked})
    outcomes: list[LoanWriteOff | Refusal] = [
        one if one.sku_code in skus else SkuNotKnown(sku_code=one.sku_code) for one in asked
    ]
    going = [place for place, one in enumerate(outcomes) if isinstance(one, LoanWriteOff)]
    made = uuid7s(now, len(asked))
    changes = [
        LoanChange(
            channel=asked[place].channel,
            sku_id=skus[asked[place].sku_code].id,
            units=-asked[place].units,
            cause=Cause.WRITTEN_OFF,
            cause_id=asked[place].id or made[place],
            note=f"{actor}: {asked[place].note}" if asked[place].note.strip() else "",
        )
        for place in going
    ]
    moved: list[LoanChange] = []
    for place, change, is_new in zip(
        going, changes, marketplaces.write_off(conn, changes, now=now), strict=True
    ):
        if isinstance(is_new, Refusal):
            outcomes[place] = is_new
        elif is_new:
            moved.append(change)
    if moved:
        body = LoansMoved(sku_ids=tuple(sorted({one.sku_id for one in moved})))
        log.append(conn, [event(body, subject=moved[0].cause_id, at=now, actor=actor)])
    return outcomes
