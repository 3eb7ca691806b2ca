"""Decisions of sharing: which rows decide, how a base is split, what comes back, what may be published."""

import itertools
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache

import msgspec

from loopline.kernel.ids import PartyId
from loopline.kernel.money import BASIS_POINTS, split_by_weight
from loopline.kernel.proportion import proportion_between
from loopline.kernel.refusals import Refusal
from loopline.sharing.model import (
    LEVELS_MAX,
    BaseNegative,
    ClawBack,
    ClawsBackTooMuch,
    LineToSplit,
    Parties,
    Problem,
    RemainderHasConditions,
    RemainderMissing,
    RemainderPartyUnknown,
    RemainderTwice,
    Role,
    RowTakesNoOneThing,
    RowUnreachable,
    RuleRow,
    RuleSet,
    RuleSetState,
    RulesForOtherCurrency,
    Share,
    SharesDoNotAddUp,
    Split,
    SplitHasNoUnits,
    SplitsAboveWhole,
    StoredSplit,
    TooManyLevels,
)

ANY_OTHER = "any other"
"""Stands, in problems, for a value that no row names."""


class _Cut(msgspec.Struct, frozen=True, kw_only=True):
    """A row that decides for lines of one kind, with its party."""

    role: Role
    party_id: PartyId
    rule_row: int
    basis_points: int
    amount_minor: int


class _Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The rows that decide for lines of one kind: shares of the base, amounts for each unit, then the rest."""

    shares: tuple[_Cut, ...]
    amounts: tuple[_Cut, ...]
    rest: _Cut
    weights: tuple[int, ...]
    """The basis points of `shares`, and what they leave."""


# What splits a line --------------------------------------------------------------------------------------------------


def split_lines(rule_set: RuleSet, lines: Sequence[LineToSplit]) -> list[tuple[Share, ...] | Refusal]:
    """Split the net amount of each line among the parties it knows; the shares add up to it exactly.

    For each role that the line knows a party for, the first row of that role whose conditions hold decides. Basis
    points are split off by largest remainder. Amounts for each unit come out of what they leave, in the order of the
    rows, as far as it reaches. The rest is the remainder's. Shares stand in the order of the rows, without those of
    nothing.
    """
    decided: dict[tuple[object, ...], _Decision | Refusal] = {}
    outcomes: list[tuple[Share, ...] | Refusal] = []
    for line in lines:
        # By identity: the line keeps its parties alive, and hashing seven ids costs more than deciding.
        kind = (line.channel, line.category, line.delivery, line.bound, id(line.parties))
        decision = decided.get(kind)
        if decision is None:
            decision = decided[kind] = _decide(rule_set.rows, line)
        if line.base_minor < 0:
            outcomes.append(BaseNegative(base_minor=line.base_minor))
        elif line.currency != rule_set.currency:
            outcomes.append(RulesForOtherCurrency(currency=rule_set.currency, line_currency=line.currency))
        elif isinstance(decision, Refusal):
            outcomes.append(decision)
        else:
            outcomes.append(_deal(decision, base_minor=line.base_minor, units=line.units))
    return outcomes


def rule_set_at(rule_sets: Iterable[RuleSet], at: datetime, *, currency: str) -> RuleSet | None:
    """Return the published set that counts at a moment: the latest of its currency that is effective by then."""
    effective = [
        (rule_set.effective_from, rule_set)
        for rule_set in rule_sets
        if rule_set.effective_from is not None
        and rule_set.state is RuleSetState.PUBLISHED
        and rule_set.currency == currency
        and rule_set.effective_from <= at
    ]
    return max(effective, key=lambda pair: pair[0])[1] if effective else None


def _decide(rows: Sequence[RuleRow], line: LineToSplit) -> _Decision | Refusal:
    decided_roles: set[Role] = set()
    shares: list[_Cut] = []
    amounts: list[_Cut] = []
    rest: _Cut | None = None
    remainder_role = next(row.role for row in rows if row.remainder)
    for position, row in enumerate(rows, start=1):
        party_id = line.parties.of(row.role)
        if party_id is None:
            continue
        if row.remainder:
            rest = _cut(row, party_id=party_id, position=position)
        elif row.role not in decided_roles and _holds(row, line):
            decided_roles.add(row.role)
            chosen = shares if row.basis_points is not None else amounts
            chosen.append(_cut(row, party_id=party_id, position=position))
    if rest is None:
        return RemainderPartyUnknown(role=remainder_role)
    taken = [cut.basis_points for cut in shares]
    return _Decision(
        shares=tuple(shares),
        amounts=tuple(amounts),
        rest=rest,
        weights=(*taken, BASIS_POINTS - sum(taken)),
    )


def _cut(row: RuleRow, *, party_id: PartyId, position: int) -> _Cut:
    return _Cut(
        role=row.role,
        party_id=party_id,
        rule_row=position,
        basis_points=row.basis_points or 0,
        amount_minor=row.amount_minor or 0,
    )


def _holds(row: RuleRow, line: LineToSplit) -> bool:
    return (
        (not row.channels or line.channel in row.channels)
        and (not row.categories or line.category in row.categories)
        and (not row.deliveries or line.delivery in row.deliveries)
        and (row.bound is None or row.bound == (row.role in line.bound))
    )


def _deal(decision: _Decision, *, base_minor: int, units: int) -> tuple[Share, ...]:
    *parts, left = _split(base_minor, decision.weights)
    dealt = list(zip(decision.shares, parts, strict=True))
    for cut in decision.amounts:
        amount_minor = min(cut.amount_minor * units, left)
        left -= amount_minor
        dealt.append((cut, amount_minor))
    dealt.append((decision.rest, left))
    return tuple(
        [
            Share(role=cut.role, party_id=cut.party_id, rule_row=cut.rule_row, amount_minor=amount_minor)
            for cut, amount_minor in dealt
            if amount_minor
        ]
    )


@lru_cache(maxsize=16_384)
def _split(base_minor: int, weights: tuple[int, ...]) -> tuple[int, ...]:
    """Remembered, because prices repeat: most lines of a shop cost one of a few thousand amounts."""
    return tuple(split_by_weight(base_minor, weights))


# Is a rule set fit to publish ----------------------------------------------------------------------------------------


def misshapen_row(rows: Sequence[RuleRow]) -> RowTakesNoOneThing | None:
    """Return the first row that does not take exactly one thing, if any: such a row is not even kept as a draft."""
    for position, row in enumerate(rows, start=1):
        things = (row.basis_points is not None) + (row.amount_minor is not None) + row.remainder
        in_range = 0 <= (row.basis_points or 0) <= BASIS_POINTS and (row.amount_minor or 0) >= 0
        if things != 1 or not in_range or row.level < 1:
            return RowTakesNoOneThing(row=position)
    return None


def problems_of(rows: Sequence[RuleRow]) -> tuple[Problem, ...]:
    """Return everything that keeps rows from being published, in the order of rows within each kind of problem.

    Lines that no row tells apart are tried once: every channel, category and delivery that a row names, and one that
    none names. Roles are bound or not independently, so the most a role can take is taken of both.
    """
    return (
        *_problems_of_remainder(rows),
        *(
            TooManyLevels(row=position, level=row.level)
            for position, row in enumerate(rows, start=1)
            if row.level > LEVELS_MAX
        ),
        *_problems_of_reach(rows),
    )


def _problems_of_remainder(rows: Sequence[RuleRow]) -> list[Problem]:
    takers = [position for position, row in enumerate(rows, start=1) if row.remainder]
    if not takers:
        return [RemainderMissing()]
    problems: list[Problem] = [RemainderTwice(first=takers[0], second=other) for other in takers[1:]]
    for position in takers:
        row = rows[position - 1]
        if row.channels or row.categories or row.deliveries or row.bound is not None:
            problems.append(RemainderHasConditions(row=position))
    return problems


def _problems_of_reach(rows: Sequence[RuleRow]) -> list[Problem]:
    reached: set[int] = set()
    above: SplitsAboveWhole | None = None
    for channel, category, delivery in itertools.product(
        _values(rows, lambda row: row.channels),
        _values(rows, lambda row: row.categories),
        _values(rows, lambda row: row.deliveries),
    ):
        taken = 0
        for role in Role:
            deciding = [
                _first_that_holds(rows, role=role, facts=(channel, category, delivery, bound))
                for bound in (True, False)
            ]
            reached.update(deciding)
            taken += max(rows[position - 1].basis_points or 0 if position else 0 for position in deciding)
        if taken > BASIS_POINTS and (above is None or taken > above.basis_points):
            above = SplitsAboveWhole(
                basis_points=taken, channel=channel, category=category, delivery=delivery
            )
    unreached: list[Problem] = [
        RowUnreachable(row=position)
        for position, row in enumerate(rows, start=1)
        if not row.remainder and position not in reached
    ]
    return [above, *unreached] if above else unreached


def _values(rows: Sequence[RuleRow], condition: Callable[[RuleRow], tuple[str, ...]]) -> list[str]:
    named = dict.fromkeys(value for row in rows for value in condition(row))
    return [*named, ANY_OTHER]


def _first_that_holds(rows: Sequence[RuleRow], *, role: Role, facts: tuple[str, str, str, bool]) -> int:
    """The position of the row that decides for a role, or 0."""
    channel, category, delivery, bound = facts
    line = LineToSplit(
        channel=channel,
        category=category,
        delivery=delivery,
        parties=Parties(),
        units=1,
        base_minor=0,
        currency="",
        bound=frozenset({role}) if bound else frozenset(),
    )
    for position, row in enumerate(rows, start=1):
        if row.role is role and not row.remainder and _holds(row, line):
            return position
    return 0


# What is kept, and what comes back -----------------------------------------------------------------------------------


def refuse_split(split: Split) -> Refusal | None:
    """Refuse shares that do not add up to their base, and parts of nothing."""
    if split.units < 1:
        return SplitHasNoUnits(part_id=split.part_id, units=split.units)
    total_minor = 0
    lowest = 0
    for share in split.shares:
        total_minor += share.amount_minor
        lowest = min(lowest, share.amount_minor)
    if total_minor != split.base_minor or lowest < 0 or split.base_minor < 0:
        return SharesDoNotAddUp(part_id=split.part_id, total_minor=total_minor, base_minor=split.base_minor)
    return None


def is_same_split(split: Split, *, stored: StoredSplit) -> bool:
    """Whether a split that is to be recorded says what the recorded one does."""
    return (
        split.rule_set_id == stored.rule_set_id
        and split.entity_id == stored.entity_id
        and split.currency == stored.currency
        and split.units == stored.units
        and split.base_minor == stored.base_minor
        and tuple(share.amount_minor for share in split.shares) == stored.amounts_minor
        and tuple(share.party_id for share in split.shares) == stored.party_ids
        and tuple(share.rule_row for share in split.shares) == stored.rule_rows
    )


def plan_claw_back(ask: ClawBack, *, stored: StoredSplit, units_before: int) -> tuple[int, ...] | Refusal:
    """Return what is taken back of each share, as positive amounts, when `ask.units` come back after `units_before`."""
    units_left = stored.units - units_before
    if not 0 < ask.units <= units_left:
        return ClawsBackTooMuch(part_id=ask.part_id, units=ask.units, units_left=units_left)
    return tuple(
        proportion_between(
            stored.amounts_minor, before=units_before, after=units_before + ask.units, whole=stored.units
        )
    )
