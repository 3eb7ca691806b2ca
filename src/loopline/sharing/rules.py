"""Decisions of sharing: which rows decide, how a base is split, what comes back."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache

import msgspec

from loopline.kernel.ids import PartyId
from loopline.kernel.money import BASIS_POINTS, portion, split_by_weight
from loopline.kernel.proportion import proportion_between
from loopline.kernel.refusals import Refusal
from loopline.sharing.model import (
    FOR_WAITING,
    Base,
    BaseNegative,
    ClawBack,
    LineToSplit,
    Parties,
    Per,
    RemainderPartyUnknown,
    Role,
    RuleRow,
    RuleSet,
    RuleSetState,
    RulesForOtherCurrency,
    Share,
    Split,
    StoredSplit,
    Stretch,
)
from loopline.sharing.refusals import (
    ClawsBackTooMuch,
    MethodUnknown,
    SharesDoNotAddUp,
    SplitHasNoUnits,
)


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """A row that decides for lines of one kind, with its party."""

    row: RuleRow
    party_id: PartyId
    rule_row: int


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The rows that decide for lines of one kind: plain shares of net, what is taken in order, then the rest."""

    cuts: tuple[Cut, ...]
    weights: tuple[int, ...]
    """The basis points of the plain shares, which stand first, and what they leave."""
    method: int


# What splits a line --------------------------------------------------------------------------------------------------


def split_lines(rule_set: RuleSet, lines: Sequence[LineToSplit]) -> list[tuple[Share, ...] | Refusal]:
    """Split the net amount of each line among the parties it knows; the shares add up to it exactly.

    For each role that the line knows a party for, the first row of that role whose conditions hold decides; a party
    that buys itself earns nothing in that role unless the set says otherwise, but keeps the remainder. First,
    plain percentages of the net amount are split off by largest remainder (ties by the order of rows). Then, in the
    order of rows, what is taken otherwise comes out of what they leave, as far as it reaches: percentages of another
    base or within a floor and a cap (rounded half away from zero), amounts for each unit, parcel or order. The rest is
    the remainder's. Shares stand in that order, without those of nothing. Last stands what the sending site gets on top
    where the work waited: it comes out of the remainder.
    """
    splitter = Splitter(rule_set)
    outcomes: list[tuple[Share, ...] | Refusal] = []
    for line in lines:
        decision = splitter.decide(line)
        outcomes.append(decision if isinstance(decision, Refusal) else _shares(decision, line))
    return outcomes


class Splitter:
    """Decides for lines by one rule set, once for each kind of line."""

    def __init__(self, rule_set: RuleSet) -> None:
        self._rule_set = rule_set
        self._moments = sorted(
            {
                moment
                for row in rule_set.rows
                for moment in (row.sold_from, row.sold_until)
                if moment is not None
            }
        )
        # A decision keeps the parties of its line alive, by whose identity it is found.
        self._decided: dict[tuple[object, ...], tuple[Decision | Refusal, Parties]] = {}

    def decide(self, line: LineToSplit) -> Decision | Refusal:
        """Return which rows decide for a line; the same object for lines of one kind."""
        if self._rule_set.method not in METHODS:
            return MethodUnknown(rule_set_id=self._rule_set.id, method=self._rule_set.method)
        if line.base_minor < 0:
            return BaseNegative(base_minor=line.base_minor)
        if line.currency != self._rule_set.currency:
            return RulesForOtherCurrency(currency=self._rule_set.currency, line_currency=line.currency)
        # By identity: hashing twelve ids costs more than deciding.
        kind = (
            line.channel,
            line.category,
            line.delivery,
            line.bound,
            line.own,
            line.region,
            line.campaign,
            line.owner,
            id(line.parties),
            self._since(line.placed_at) if self._moments else 0,
        )
        known = self._decided.get(kind)
        if known is None:
            known = self._decided[kind] = (_decide(self._rule_set, line), line.parties)
        return known[0]

    def _since(self, at: datetime | None) -> int:
        """Between the moments at which rows begin or end, time tells no lines apart."""
        return -1 if at is None else bisect_right(self._moments, at)


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


def _decide(rule_set: RuleSet, line: LineToSplit) -> Decision | Refusal:
    rows = rule_set.rows
    decided_roles: set[Role] = set()
    unpaid = frozenset[Role]() if rule_set.own_earns else line.own
    plain: list[Cut] = []
    others: list[Cut] = []
    rest: Cut | None = None
    remainder_role = next(row.role for row in rows if row.remainder)
    for position, row in enumerate(rows, start=1):
        party_id = line.parties.of(row.role)
        if party_id is None:
            continue
        cut = Cut(row=row, party_id=party_id, rule_row=position)
        if row.remainder:
            rest = cut
        elif row.role in unpaid:
            continue
        elif row.role not in decided_roles and holds(row, line):
            decided_roles.add(row.role)
            (plain if _is_plain(row) else others).append(cut)
    if rest is None:
        return RemainderPartyUnknown(role=remainder_role)
    taken = [cut.row.basis_points or 0 for cut in plain]
    return Decision(
        cuts=(*plain, *others, rest),
        weights=(*taken, BASIS_POINTS - sum(taken)),
        method=rule_set.method,
    )


def _is_plain(row: RuleRow) -> bool:
    return (
        row.basis_points is not None
        and row.base is Base.NET
        and row.floor_minor is None
        and row.cap_minor is None
    )


def holds(row: RuleRow, line: LineToSplit) -> bool:
    """Whether the conditions of a row hold for a line. A line that does not know its moment meets no condition of
    time.
    """
    return (
        (not row.channels or line.channel in row.channels)
        and (not row.categories or line.category in row.categories)
        and (not row.deliveries or line.delivery in row.deliveries)
        and (not row.regions or line.region.startswith(row.regions))
        and (not row.campaigns or line.campaign in row.campaigns)
        and (not row.owners or line.owner in row.owners)
        and (row.bound is None or row.bound == (row.role in line.bound))
        and (row.sold_from is None or (line.placed_at is not None and line.placed_at >= row.sold_from))
        and (row.sold_until is None or (line.placed_at is not None and line.placed_at < row.sold_until))
    )


def deal(decision: Decision, line: LineToSplit) -> list[int]:
    """Return what each cut of a decision takes of a line, in minor units, by the method of its rule set; they add up to
    its net amount.
    """
    return METHODS[decision.method](decision, line)


def _plain_first(decision: Decision, line: LineToSplit) -> list[int]:
    *amounts, left = _split(line.base_minor, decision.weights)
    for cut in decision.cuts[len(amounts) : -1]:
        amount_minor = min(_wanted(cut.row, line), left)
        left -= amount_minor
        amounts.append(amount_minor)
    amounts.append(left)
    return amounts


METHODS: Mapping[int, Callable[[Decision, LineToSplit], list[int]]] = {1: _plain_first}
"""Every way of evaluating and rounding that rules were ever published with, by its number: none ever changes.

1: plain percentages of the net amount by largest remainder, ties by the order of rows; then everything else in the
order of rows, each rounded half away from zero, as far as what is left reaches.
"""


def _shares(decision: Decision, line: LineToSplit) -> tuple[Share, ...]:
    amounts = deal(decision, line)
    extra_minor = _for_waiting(decision, line, amounts) if line.waited is not None else 0
    amounts[-1] -= extra_minor
    shares = [
        Share(role=cut.row.role, party_id=cut.party_id, rule_row=cut.rule_row, amount_minor=amount_minor)
        for cut, amount_minor in zip(decision.cuts, amounts, strict=True)
        if amount_minor
    ]
    if extra_minor and line.parties.shipping_site is not None:
        shares.append(
            Share(
                role=Role.SHIPPING_SITE,
                party_id=line.parties.shipping_site,
                rule_row=FOR_WAITING,
                amount_minor=extra_minor,
            )
        )
    return tuple(shares)


def _for_waiting(decision: Decision, line: LineToSplit, amounts: Sequence[int]) -> int:
    """What the sending site gets on top for having sent what others had left waiting, in minor units.

    The parcel's extra, dealt over its lines by their net amounts, within its percentage of what the site earns of the
    line otherwise. It is taken from whoever has the remainder, of which at least one minor unit stays: a part goes on
    naming who bears what is given on it.
    """
    waited, sender = line.waited, line.parties.shipping_site
    rest = decision.cuts[-1]
    if waited is None or sender is None or sender == rest.party_id:
        return 0
    wanted = waited.extra_minor if line.in_parcel is None else _along(waited.extra_minor, line.in_parcel)
    if waited.most_percent:
        earned = sum(
            amount for cut, amount in zip(decision.cuts, amounts, strict=True) if cut.party_id == sender
        )
        wanted = min(wanted, portion(earned, waited.most_percent, 100))
    return max(0, min(wanted, amounts[-1] - 1))


def _wanted(row: RuleRow, line: LineToSplit) -> int:
    """What a row would take of a line if there were enough, in minor units."""
    if row.amount_minor is not None:
        return _amount_of(row.amount_minor, row.per, line)
    wanted = portion(base_of(row.base, line), row.basis_points or 0, BASIS_POINTS)
    if row.floor_minor is not None:
        wanted = max(wanted, row.floor_minor * line.units)
    if row.cap_minor is not None:
        wanted = min(wanted, row.cap_minor * line.units)
    return wanted


def base_of(base: Base, line: LineToSplit) -> int:
    """What a percentage of a base is of, for a line; never below nothing, and nothing where it is not known."""
    match base:
        case Base.NET:
            return line.base_minor
        case Base.PAID:
            return line.paid_minor or 0
        case Base.LIST:
            return line.list_minor or 0
        case Base.MARGIN:
            return 0 if line.cost_minor is None else max(line.base_minor - line.cost_minor, 0)
        case Base.FUNDED:
            return line.base_minor + line.funded_minor


def _amount_of(amount_minor: int, per: Per, line: LineToSplit) -> int:
    if per is Per.UNIT:
        return amount_minor * line.units
    stretch = line.in_parcel if per is Per.PARCEL else line.in_order
    if stretch is None:
        return amount_minor
    return _along(amount_minor, stretch)


def _along(amount_minor: int, stretch: Stretch) -> int:
    """By the growth of the rounded proportion, so that the lines of a parcel, or order, add up to the amount."""
    if stretch.whole_minor <= 0:
        return 0
    return portion(amount_minor, stretch.after_minor, stretch.whole_minor) - portion(
        amount_minor, stretch.before_minor, stretch.whole_minor
    )


@lru_cache(maxsize=16_384)
def _split(base_minor: int, weights: tuple[int, ...]) -> tuple[int, ...]:
    """Remembered, because prices repeat: most lines of a shop cost one of a few thousand amounts."""
    return tuple(split_by_weight(base_minor, weights))


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
    """Return what is taken back of each share, as positive amounts, when `ask.units` come back after
    `units_before`.
    """
    units_left = stored.units - units_before
    if not 0 < ask.units <= units_left:
        return ClawsBackTooMuch(part_id=ask.part_id, units=ask.units, units_left=units_left)
    return tuple(
        proportion_between(
            stored.amounts_minor, before=units_before, after=units_before + ask.units, whole=stored.units
        )
    )
