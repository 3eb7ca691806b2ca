"""Returns that wait at a desk: many are decided on, or put on their way, at once, each with an outcome of its own."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from loopline import catalogue, stock
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.kernel.ids import ReturnId, ReturnLineId, SiteId, SkuId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.payments import shifts
from loopline.payments.shifts import Shift
from loopline.processes import regrade
from loopline.processes.outcomes import all_granted
from loopline.processes.shift import keep_given_back
from loopline.processes.take_back.blind import decide_blind
from loopline.processes.turn import take_turn
from loopline.returns import queries
from loopline.returns.model import (
    BlindDecided,
    BlindDecision,
    BlindState,
    Grade,
    Graded,
    Grading,
    ReturnLineUnknown,
)
from loopline.returns.queries import Return, ReturnLine


class StateNotSaid(Refusal, frozen=True, kw_only=True):
    """Say in what state the goods are: what is kept is put away by it."""

    return_line_id: ReturnLineId


class NothingToPutAway(Refusal, frozen=True, kw_only=True):
    """Nothing of it waits to be put away: it is on its way already, or still waits for a decision."""

    return_line_id: ReturnLineId


class NoShelfThere(Refusal, frozen=True, kw_only=True):
    """The site where it lies keeps no stock, so nothing can be put away there."""

    return_line_id: ReturnLineId


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """A word on units that have no sale: what is paid for each, or (None) that they are handed back.

    `grade`: in what state that is which is kept.
    """

    return_line_id: ReturnLineId
    refund_unit_minor: int | None
    grade: Grade | None
    reason: str


class _Lines(msgspec.Struct, frozen=True, kw_only=True):
    """Return lines of sites in scope, by id, with their returns; `shelved`: sites that keep stock."""

    lines: Mapping[ReturnLineId, ReturnLine]
    heads: Mapping[ReturnId, Return]
    skus: Mapping[SkuId, Sku]
    shelved: frozenset[SiteId]

    def site_of(self, line_id: ReturnLineId) -> SiteId:
        return self.heads[self.lines[line_id].return_id].site_id


def decide_waiting(
    conn: Conn, words: Sequence[Word], *, scope: Scope, by: str, now: datetime
) -> list[BlindDecided | Refusal]:
    """Decide on many lines, each once, and put away what is kept of them.

    What is paid is of the drawer of the only shift that is open at its site; where there are several, or none, it waits
    for whoever counts. Takes the turn, then tills, then return lines by id.
    """
    take_turn(conn)
    found = _found(conn, [one.return_line_id for one in words], scope=scope)
    outcomes: list[BlindDecided | Refusal | None] = [_why_not(one, found) for one in words]
    going = [one for one, refusal in zip(words, outcomes, strict=True) if refusal is None]
    drawers = _drawers(
        conn, {found.site_of(one.return_line_id) for one in going if one.refund_unit_minor is not None}
    )
    decisions = [
        BlindDecision(
            return_line_id=one.return_line_id,
            is_accepted=one.refund_unit_minor is not None,
            refund_unit_minor=one.refund_unit_minor or 0,
            decided_by=by,
            reason=one.reason,
        )
        for one in going
    ]
    decided = decide_blind(conn, decisions, scope=scope, now=now) if decisions else []
    done = [
        (one, outcome)
        for one, outcome in zip(going, decided, strict=True)
        if isinstance(outcome, BlindDecided)
    ]
    to_put = [
        (one.return_line_id, one.grade, _kept(found.lines[one.return_line_id], outcome.state))
        for one, outcome in done
        if one.grade is not None
    ]
    graded = _put(conn, to_put, found, scope=scope, by=by, now=now)
    all_granted(list(graded.values()))
    for return_id in dict.fromkeys(
        found.lines[one.return_line_id].return_id
        for one, outcome in done
        if outcome.state is BlindState.ACCEPTED
    ):
        shift = drawers.get(found.heads[return_id].site_id)
        if shift is not None:
            keep_given_back(conn, return_id, shift, by=by, now=now)
    rest = iter(decided)
    return [next(rest) if refusal is None else refusal for refusal in outcomes]


def put_away(
    conn: Conn, wanted: Sequence[tuple[ReturnLineId, Grade]], *, scope: Scope, by: str, now: datetime
) -> list[Graded | Refusal]:
    """Say in what state all that waits of many lines came back: that puts each on its way. One outcome each."""
    take_turn(conn)
    found = _found(conn, [line_id for line_id, _ in wanted], scope=scope)
    outcomes: list[Graded | Refusal | None] = []
    going: list[tuple[ReturnLineId, Grade, int]] = []
    for line_id, grade in wanted:
        line = found.lines.get(line_id)
        units = _kept(line, line.blind_state) if line is not None else 0
        if line is None:
            outcomes.append(ReturnLineUnknown(return_line_id=line_id))
        elif units <= 0:
            outcomes.append(NothingToPutAway(return_line_id=line_id))
        elif found.site_of(line_id) not in found.shelved:
            outcomes.append(NoShelfThere(return_line_id=line_id))
        else:
            outcomes.append(None)
            going.append((line_id, grade, units))
    graded = _put(conn, going, found, scope=scope, by=by, now=now)
    return [
        graded[line_id] if refusal is None else refusal
        for (line_id, _), refusal in zip(wanted, outcomes, strict=True)
    ]


def _found(conn: Conn, line_ids: Sequence[ReturnLineId], *, scope: Scope) -> _Lines:
    lines = queries.return_lines_by_id(conn, list(dict.fromkeys(line_ids))) if line_ids else []
    heads = {
        one.id: one
        for one in queries.returns_by_id(conn, list({line.return_id for line in lines}))
        if scope.covers_site(one.site_id)
    }
    ours = {line.return_line_id: line for line in lines if line.return_id in heads}
    leaves = stock.leaves_of_sites(conn, list({one.site_id for one in heads.values()}))
    return _Lines(
        lines=ours,
        heads=heads,
        skus=catalogue.skus_by_id(conn, {one.sku_id for one in ours.values() if one.sku_id is not None}),
        shelved=frozenset(leaf.site_id for leaf in leaves if leaf.site_id is not None),
    )


def _why_not(one: Word, found: _Lines) -> Refusal | None:
    line = found.lines.get(one.return_line_id)
    if line is None:
        return ReturnLineUnknown(return_line_id=one.return_line_id)
    state = BlindState.REFUSED if one.refund_unit_minor is None else BlindState.ACCEPTED
    if line.blind_state is BlindState.WAITING and _kept(line, state) > 0:
        if one.grade is None:
            return StateNotSaid(return_line_id=one.return_line_id)
        if found.site_of(one.return_line_id) not in found.shelved:
            return NoShelfThere(return_line_id=one.return_line_id)
    return None


def _kept(line: ReturnLine, state: BlindState) -> int:
    """How many units that are here are ours to keep, by a word on those without a sale, and are put nowhere yet."""
    matched = sum(match.units for match in line.matches)
    ours = {BlindState.WAITING: 0, BlindState.REFUSED: matched}.get(state, line.units)
    return min(ours, line.received_units) - line.graded_units


def _put(  # noqa: PLR0913 - what, where, who, when
    conn: Conn,
    wanted: Sequence[tuple[ReturnLineId, Grade, int]],
    found: _Lines,
    *,
    scope: Scope,
    by: str,
    now: datetime,
) -> dict[ReturnLineId, Graded | Refusal]:
    """Grade units of lines, site by site: there are no more of them than were chosen on a page."""
    by_site: dict[SiteId, list[Grading]] = {}
    for (line_id, grade, units), made in zip(wanted, uuid7s(now, len(wanted)), strict=True):
        sku = found.skus.get(found.lines[line_id].sku_id or SkuId(made))
        grading = Grading(
            id=made,
            return_line_id=line_id,
            units=units,
            grade=grade,
            is_perishable=sku is not None and sku.care.shelf_life_days is not None,
            graded_by=by,
            at=now,
        )
        if units > 0:
            by_site.setdefault(found.site_of(line_id), []).append(grading)
    done: dict[ReturnLineId, Graded | Refusal] = {}
    for site_id, gradings in sorted(by_site.items()):
        outcomes = regrade.grade(conn, gradings, site_id=site_id, scope=scope, now=now)
        done |= {grading.return_line_id: outcome for grading, outcome in zip(gradings, outcomes, strict=True)}
    return done


def _drawers(conn: Conn, site_ids: set[SiteId]) -> dict[SiteId, Shift]:
    """The drawer that money is given from at each site: that of its only open shift. Holds their tills."""
    of_site: dict[SiteId, list[Shift]] = {}
    for shift in shifts.open_shifts_of_sites(conn, sorted(site_ids)) if site_ids else []:
        of_site.setdefault(shift.site_id, []).append(shift)
    alone = [found[0] for found in of_site.values() if len(found) == 1]
    shifts.hold_tills(conn, [one.till_id for one in alone])
    standing = [
        shifts.shift_by_id(conn, one.id, scope=Scope(sites=frozenset({one.site_id}))) for one in alone
    ]
    return {one.site_id: one for one in standing if one is not None and one.closed_at is None}
