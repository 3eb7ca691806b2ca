"""What promotions take off the lines of a cart. Pure; exact to the minor unit; the same lines, the same answer.

Groups follow one another by their numbers, each on what the ones before have left of every line. Within a group a line
is let off by one promotion. Promotions that look at one piece compete line by line, the most off wins. Of those that
look at all their lines together (a threshold, a bundle, whatever has a most) a group takes at most one: it is taken,
on the lines that it takes something off, where that and the best pieces on all other lines come to more than the best
pieces alone. Ties go to the earlier code, and to pieces. Exclusive promotions make a group before all others and keep
their lines; they are left out altogether where the customer pays less without them.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from loopline.kernel.ids import ProductId, SkuId
from loopline.kernel.money import BASIS_POINTS, portion, split_by_weight
from loopline.pricing.discounts import BearsOfLine, Discount
from loopline.pricing.promotions.model import (
    AmountOff,
    Bundle,
    Conditions,
    FixedPrice,
    Funder,
    PercentageOff,
    Promotion,
    Threshold,
)

BUNDLES_MOST = 1_000
"""So many bundles one promotion makes of one order: more is an order for a person to look at."""


class LineToPromote(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A line as promotions see it: what it is of, and what it comes to by the list; units and amount are positive."""

    sku_id: SkuId
    units: int
    amount_minor: int
    product_id: ProductId | None = None
    category: str | None = None


class Timed(msgspec.Struct, frozen=True, kw_only=True):
    """A published version and when it is in force, half-open; a later version takes over from its beginning on."""

    promotion: Promotion
    since: datetime
    until: datetime | None

    def holds(self, at: datetime) -> bool:
        """Tell whether it is in force at a moment."""
        return self.since <= at and (self.until is None or at < self.until)


def timed(published: Iterable[Promotion]) -> tuple[Timed, ...]:
    """Return when published versions are in force, by code and version; those that never are, are left out."""
    by_code: dict[str, list[Promotion]] = {}
    for one in published:
        by_code.setdefault(one.code, []).append(one)
    found: list[Timed] = []
    for code in sorted(by_code):
        versions = [one for one in sorted(by_code[code], key=lambda one: one.version) if _ever_holds(one)]
        for place, one in enumerate(versions):
            assert one.valid_from is not None, "what is published has a beginning"
            starts = [later.valid_from for later in versions[place + 1 :] if later.valid_from is not None]
            ends = [one.valid_until] if one.valid_until is not None else []
            until = min([*starts, *ends], default=None)
            if until is None or one.valid_from < until:
                found.append(Timed(promotion=one, since=one.valid_from, until=until))
    return tuple(found)


def _ever_holds(one: Promotion) -> bool:
    """What was ended before it began takes over from nothing."""
    return one.valid_from is not None and (one.valid_until is None or one.valid_from < one.valid_until)


def fits(conditions: Conditions, line: LineToPromote) -> bool:
    """Tell whether a promotion is for the goods of a line."""
    if not (conditions.sku_ids or conditions.product_ids or conditions.categories):
        return True
    return (
        line.sku_id in conditions.sku_ids
        or line.product_id in conditions.product_ids
        or line.category in conditions.categories
    )


def discounts_of(
    lines: Sequence[LineToPromote], promotions: Sequence[Promotion]
) -> list[tuple[Discount, ...]]:
    """Return what promotions whose other conditions hold take off each line, in the order in which they do."""
    ordered = sorted(promotions, key=lambda one: (one.code, one.version))
    shared = [one for one in ordered if not one.is_exclusive]
    exclusive = [one for one in ordered if one.is_exclusive]
    plain = _Bill(lines)
    plain.take_groups(shared)
    if not exclusive:
        return plain.told()
    closed = _Bill(lines)
    closed.take(exclusive)
    closed.close()
    closed.take_groups(shared)
    return closed.told() if closed.off() >= plain.off() else plain.told()


class _Bill:
    """What is left to pay of each line while promotions take from it."""

    def __init__(self, lines: Sequence[LineToPromote]) -> None:
        self._lines = lines
        self._left = [line.amount_minor for line in lines]
        self._taken: list[list[tuple[Promotion, int]]] = [[] for _ in lines]
        self._closed: frozenset[int] = frozenset()

    def off(self) -> int:
        """Return what was taken off in all."""
        return sum(line.amount_minor for line in self._lines) - sum(self._left)

    def told(self) -> list[tuple[Discount, ...]]:
        """Return what was taken off each line, and who bears it."""
        return [tuple([discount_of(one, off) for one, off in of_line]) for of_line in self._taken]

    def close(self) -> None:
        """Leave lines that something was taken off to no other promotion."""
        self._closed = frozenset(place for place, of_line in enumerate(self._taken) if of_line)

    def take_groups(self, promotions: Sequence[Promotion]) -> None:
        """Let the groups of promotions take, one after the other."""
        groups: dict[int, list[Promotion]] = {}
        for one in promotions:
            groups.setdefault(one.group, []).append(one)
        for number in sorted(groups):
            self.take(groups[number])

    def take(self, group: Sequence[Promotion]) -> None:
        """Let the best of a group for the customer take from each line."""
        best = self._best_pieces([one for one in group if one.is_by_piece])
        chosen, most = best, sum(off for _, off in best.values())
        for one in group:
            if one.is_by_piece:
                continue
            together = {place: (one, off) for place, off in self._together(one).items() if off}
            other = best | together
            total = sum(off for _, off in other.values())
            if together and total > most:
                chosen, most = other, total
        for place, (one, off) in chosen.items():
            self._left[place] -= off
            self._taken[place].append((one, off))

    def _best_pieces(self, group: Sequence[Promotion]) -> dict[int, tuple[Promotion, int]]:
        best: dict[int, tuple[Promotion, int]] = {}
        for one in group:
            for place in self._places(one):
                off = piece_by_piece(one, left_minor=self._left[place], units=self._lines[place].units)
                if off > (best[place][1] if place in best else 0):
                    best[place] = (one, off)
        return best

    def _places(self, one: Promotion) -> list[int]:
        """The lines a promotion is for that have something left and are not another's alone."""
        return [
            place
            for place in range(len(self._lines))
            if self._left[place] > 0
            and place not in self._closed
            and fits(one.conditions, self._lines[place])
        ]

    def _together(self, one: Promotion) -> Mapping[int, int]:
        places = self._places(one)
        left = [self._left[place] for place in places]
        if not places:
            return {}
        match one.effect:
            case Threshold():
                offs = split_by_weight(_threshold_off(one.effect, sum(left)), left)
            case Bundle():
                offs = _bundle_offs(one.effect, left, [self._lines[place].units for place in places])
            case _:
                units = [self._lines[place].units for place in places]
                offs = [
                    piece_by_piece(one, left_minor=minor, units=count)
                    for minor, count in zip(left, units, strict=True)
                ]
        if one.most_minor is not None and sum(offs) > one.most_minor:
            offs = split_by_weight(one.most_minor, offs)
        return dict(zip(places, offs, strict=True))


def piece_by_piece(one: Promotion, *, left_minor: int, units: int) -> int:
    """Return what is taken off a line whose pieces are let off one by one.

    What an earlier group left may not divide by the pieces: then some cost a minor unit more than the others.
    """
    piece, dearer = divmod(left_minor, units)
    return (units - dearer) * _off_piece(one, piece) + (dearer * _off_piece(one, piece + 1) if dearer else 0)


def _off_piece(one: Promotion, piece_minor: int) -> int:
    match one.effect:
        case PercentageOff():
            return portion(piece_minor, one.effect.basis_points, BASIS_POINTS)
        case AmountOff():
            return min(one.effect.amount_minor, piece_minor)
        case FixedPrice():
            return max(0, piece_minor - one.effect.unit_minor)
        case _:
            return 0


def _threshold_off(effect: Threshold, spent_minor: int) -> int:
    reached = [step for step in effect.steps if step.from_minor <= spent_minor]
    if not reached:
        return 0
    step = max(reached, key=lambda one: one.from_minor)
    times = spent_minor // step.from_minor if effect.is_repeated and step.from_minor else 1
    return min(step.off_minor * times, spent_minor)


class _Run(msgspec.Struct, frozen=True, gc=False):
    """Pieces of one line that cost the same."""

    piece_minor: int
    place: int
    count: int


def _bundle_offs(effect: Bundle, left: Sequence[int], units: Sequence[int]) -> list[int]:
    """Make bundles of the dearest pieces as long as they save something, and deal that over their lines by amount.

    What comes next is never dearer, so the first bundle that saves nothing ends it, and no other choice saves more.
    """
    runs = [run for place, minor in enumerate(left) for run in _runs_of(place, minor, units[place])]
    runs.sort(key=lambda run: (-run.piece_minor, run.place))
    in_bundles = [0] * len(left)
    saved_minor = made = at = used = 0
    while made < BUNDLES_MOST:
        bundle: list[tuple[int, int]] = []
        missing = effect.units
        while missing and at < len(runs):
            run = runs[at]
            taken = min(missing, run.count - used)
            bundle.append((run.place, run.piece_minor * taken))
            missing -= taken
            used += taken
            if used == run.count:
                at, used = at + 1, 0
        saving = sum(minor for _, minor in bundle) - effect.price_minor
        if missing or saving <= 0:
            break
        for place, minor in bundle:
            in_bundles[place] += minor
        saved_minor += saving
        made += 1
    return split_by_weight(saved_minor, in_bundles)


def _runs_of(place: int, left_minor: int, units: int) -> list[_Run]:
    piece, dearer = divmod(left_minor, units)
    runs = [_Run(piece, place, units - dearer)]
    return [_Run(piece + 1, place, dearer), *runs] if dearer else runs


def discount_of(one: Promotion, off: int) -> Discount:
    """Say what a promotion took off a line, with the part of each who bears it."""
    return Discount(promotion_id=one.id, amount_minor=off, borne=borne_by(one.funders, off))


def borne_by(funders: Sequence[Funder], off: int) -> tuple[BearsOfLine, ...]:
    """Return who bears what of a discount of a line, by largest remainder; the parts add up."""
    parts = split_by_weight(off, [funder.basis_points for funder in funders])
    return tuple(
        [
            BearsOfLine(bearer=funder.bearer, amount_minor=minor, party_id=funder.party_id)
            for funder, minor in zip(funders, parts, strict=True)
            if minor
        ]
    )
