"""Try rules on what was sold: what each party would have earned, beside what it earned. Changes nothing.

The same code splits as when a sale is settled, so that a published version over its own past differs in nothing. What
came back is taken off on both sides by the same proportion. Sums are kept by decision and by set of parties, and only
at the end by party: a million parts have some thousand of those.
"""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import islice
from uuid import UUID

import msgspec

from loopline.kernel.ids import PartyId
from loopline.kernel.proportion import proportion_of
from loopline.kernel.refusals import Refusal
from loopline.sharing.kinds import KnownKinds, SoldPart
from loopline.sharing.model import Role, RuleRow, RuleSet
from loopline.sharing.rules import Decision, Splitter, deal

BATCH = 5_000


def mark_of(rows: Sequence[RuleRow]) -> str:
    """Return a mark of rows: other rows have another (BLAKE2b, 8 bytes)."""
    return blake2b(msgspec.json.encode(rows), digest_size=8).hexdigest()


class PartyTried(msgspec.Struct, frozen=True, kw_only=True):
    """What a party earned, and would have earned, in minor units."""

    party_id: PartyId
    before_minor: int
    after_minor: int


class RoleTried(msgspec.Struct, frozen=True, kw_only=True):
    """What all parties would have earned in a role, in minor units, and of how many parts."""

    role: Role
    after_minor: int
    parts: int


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule set makes of a span of the past.

    `rows_mark` is that of the rows that were tried, by `method` of evaluating and rounding. `parts` were tried,
    `parts_changed` of them would bring some party another amount; `untold` were split before it was kept what the
    rules look at, and `refused` the rules could not split: both are left out on both sides. `row_parts`: how many parts
    each row decided, by its position less one.
    """

    currency: str
    rows_mark: str
    parts: int
    parts_changed: int
    untold: int
    refused: int
    base_minor: int
    parties: tuple[PartyTried, ...]
    roles: tuple[RoleTried, ...]
    row_parts: tuple[int, ...]
    method: int = 1
    own_earns: bool = True


class _Sums:
    """What the cuts of one decision come to, over all its parts."""

    def __init__(self, decision: Decision) -> None:
        self.decision = decision
        self.amounts = [0] * len(decision.cuts)
        self.parts = [0] * len(decision.cuts)
        self._pairings: dict[str, _Pairing] = {}

    def count(self, amounts: Sequence[int]) -> None:
        """Count the cuts that take something of one part."""
        parts = self.parts
        for place, amount in enumerate(amounts):
            if amount:
                parts[place] += 1

    def add(self, amounts: Sequence[int]) -> None:
        """Add what is left of what the cuts take of one part."""
        sums = self.amounts
        for place, amount in enumerate(amounts):
            sums[place] += amount

    def is_same(self, amounts: Sequence[int], part: SoldPart) -> bool:
        """Whether every party gets of a part what it got."""
        pairing = self._pairings.get(part.parties)
        if pairing is None:
            pairing = self._pairings[part.parties] = _paired(self.decision, part.parties)
        earned = part.amounts_minor
        for ours, theirs in pairing:
            if sum([amounts[place] for place in ours]) != sum([earned[place] for place in theirs]):
                return False
        return True


_Pairing = tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]
"""For each party the places of its cuts in a decision, and of its shares in a part."""


def _paired(decision: Decision, parties: str) -> _Pairing:
    places: dict[PartyId, tuple[list[int], list[int]]] = {}
    for place, cut in enumerate(decision.cuts):
        places.setdefault(cut.party_id, ([], []))[0].append(place)
    for place, party_id in enumerate(_ids_in(parties)):
        places.setdefault(party_id, ([], []))[1].append(place)
    return tuple((tuple(ours), tuple(theirs)) for ours, theirs in places.values())


def _ids_in(parties: str) -> list[PartyId]:
    """Read parties as the database spells an array of them."""
    return [PartyId(UUID(text)) for text in parties.strip("{}").split(",") if text]


class Trying:
    """Adds up what a rule set makes of parts, in any number of batches."""

    def __init__(self, rule_set: RuleSet, kinds: KnownKinds) -> None:
        self._rule_set = rule_set
        self._kinds = kinds
        self._splitter = Splitter(rule_set)
        self._before: dict[str, list[int]] = {}
        self._after: dict[int, _Sums] = {}
        self._parts = 0
        self._parts_changed = 0
        self._refused = 0

    def add(self, parts: Iterable[SoldPart]) -> Iterator[int]:
        """Try parts; yields after each batch how many there were so far."""
        remaining = iter(parts)
        while batch := list(islice(remaining, BATCH)):
            for part in batch:
                self._try(part)
            self._parts += len(batch)
            yield self._parts

    def _try(self, part: SoldPart) -> None:
        line = self._kinds.line(part, currency=self._rule_set.currency)
        decision = self._splitter.decide(line)
        if isinstance(decision, Refusal):
            self._refused += 1
            return
        sums = self._after.get(id(decision))
        if sums is None:
            sums = self._after[id(decision)] = _Sums(decision)
        amounts, earned = deal(decision, line), part.amounts_minor
        if not sums.is_same(amounts, part):
            self._parts_changed += 1
        sums.count(amounts)
        if part.units_returned:
            amounts, earned = _left(amounts, part), _left(earned, part)
        sums.add(amounts)
        before = self._before.get(part.parties)
        if before is None:
            self._before[part.parties] = list(earned)
        else:
            for place, amount in enumerate(earned):
                before[place] += amount

    def result(self, *, untold: int) -> Trial:
        """What it comes to; parties by what they would lose most, then gain least."""
        before, after = self._by_party_before(), dict[PartyId, int]()
        roles: dict[Role, list[int]] = {}
        row_parts = [0] * len(self._rule_set.rows)
        for sums in self._after.values():
            for cut, amount, parts in zip(sums.decision.cuts, sums.amounts, sums.parts, strict=True):
                after[cut.party_id] = after.get(cut.party_id, 0) + amount
                of_role = roles.setdefault(cut.row.role, [0, 0])
                of_role[0] += amount
                of_role[1] += parts
                row_parts[cut.rule_row - 1] += parts
        parties = [
            PartyTried(
                party_id=party_id, before_minor=before.get(party_id, 0), after_minor=after.get(party_id, 0)
            )
            for party_id in {**before, **after}
        ]
        parties.sort(key=lambda one: (one.after_minor - one.before_minor, one.party_id))
        return Trial(
            currency=self._rule_set.currency,
            rows_mark=mark_of(self._rule_set.rows),
            parts=self._parts - self._refused,
            parts_changed=self._parts_changed,
            untold=untold,
            refused=self._refused,
            base_minor=sum(after.values()),
            parties=tuple(parties),
            roles=tuple(
                RoleTried(role=role, after_minor=roles[role][0], parts=roles[role][1])
                for role in Role
                if role in roles
            ),
            row_parts=tuple(row_parts),
            method=self._rule_set.method,
            own_earns=self._rule_set.own_earns,
        )

    def _by_party_before(self) -> dict[PartyId, int]:
        found: dict[PartyId, int] = {}
        for parties, sums in self._before.items():
            for party_id, amount in zip(_ids_in(parties), sums, strict=True):
                found[party_id] = found.get(party_id, 0) + amount
        return found


def _left(amounts: Sequence[int], part: SoldPart) -> list[int]:
    """What is left of amounts after what came back."""
    taken = proportion_of(amounts, part=part.units_returned, whole=part.units)
    return [amount - gone for amount, gone in zip(amounts, taken, strict=True)]
