"""What made-up histories of money are made of: a company's accounts, published rules, and records in between."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import count
from random import Random
from typing import Any, cast
from uuid import UUID

import msgspec

from loopline.db import Conn
from loopline.kernel.ids import AccountId, EntityId, EntryId, LadderId, PartyId, RuleSetId
from loopline.kernel.refusals import Refusal
from loopline.ledger import rules as ledger_rules
from loopline.ledger.model import (
    Account,
    EntryKind,
    NewEntry,
    Posting,
    Purpose,
    StoredPart,
)
from loopline.orders import LineKind
from loopline.payouts import (
    Line,
    Payer,
    PayerId,
    Payout,
    PayoutId,
    PayoutState,
    Reclaim,
    ReclaimId,
    ReclaimState,
    TermsVersion,
    Way,
)
from loopline.payouts import rules as payouts_rules
from loopline.processes import settle
from loopline.processes.accounts import Accounts, Slot
from loopline.sharing import ladders, publishing
from loopline.sharing.model import (
    Base,
    Per,
    Role,
    RuleRow,
    RuleSet,
    RuleSetState,
    StoredSplit,
)
from loopline.statements.model import KindSums
from tests.make.sharing import AUTHOR, ENTITY, NOW, PARTIES

ALL_PARTIES: tuple[PartyId, ...] = tuple(party for role in Role if (party := PARTIES.of(role)) is not None)
PEOPLE = frozenset({PARTIES.guide, PARTIES.streamer})
SHARES = (Purpose.SHARE_PENDING, Purpose.SHARE_DUE)
OWED = (*SHARES, Purpose.PAYOUT_IN_TRANSIT, Purpose.RECLAIM_IN_TRANSIT, Purpose.WITHHELD_TAX)
BEARERS = (PARTIES.dealer, PARTIES.platform, PARTIES.store)
DEALER_CO = EntityId(UUID(int=602))
"""The company of the dealer: what it bears stands in its books too."""
MONTH = date(2026, 3, 1)
DAY = timedelta(days=1)
TERMS = TermsVersion(
    currency="CNY",
    version=1,
    least_minor=2,
    second_person_above_minor=0,
    withheld_basis_points=2_000,
)
LADDER = ladders.Ladder(
    id=LadderId(UUID(int=1)),
    code="TOP",
    role=Role.STORE,
    currency="CNY",
    way=ladders.LadderWay.ABOVE,
    steps=(
        ladders.Step(from_minor=1_000, basis_points=133),
        ladders.Step(from_minor=50_000, basis_points=271),
    ),
    from_month=MONTH,
    author_id=AUTHOR,
    comment="made for a test",
    published_at=NOW,
)
PAYER = Payer(
    id=PayerId(UUID(int=3)),
    entity_id=ENTITY,
    currency="CNY",
    way=Way.WECHAT_SHARING,
    number="1900009191",
    name="Settlement",
)


class Chart:
    """The accounts of one company, opened once for all histories: what the service asks for, it gets by number."""

    def __init__(self) -> None:
        self.slots = Accounts(cast(Conn, None), now=NOW)  # asked of, never opened
        self.by_slot: list[Account] = []
        self._sales = settle._Books(self.slots, ENTITY, "CNY")
        for purpose in Purpose:
            self.own(purpose)
            for party in ALL_PARTIES if purpose in OWED else ():
                self.of(party, purpose)
        for party in BEARERS:
            self.slots.ask(ENTITY, Purpose.RECEIVABLE, "CNY", party)
            self.slots.ask(ENTITY, Purpose.INTERCOMPANY, "CNY", party)
        self.slots.ask(DEALER_CO, Purpose.PROMOTION_COST, "CNY")
        self.slots.ask(DEALER_CO, Purpose.INTERCOMPANY, "CNY", PARTIES.brand)
        self.by_slot = [
            Account(
                id=AccountId(UUID(int=number)),
                number=number,
                entity_id=entity,
                party_id=party,
                purpose=purpose,
                currency=currency,
            )
            for number, (entity, purpose, currency, party) in enumerate(self.slots._slots)
        ]
        self.known: Mapping[int, Account] = {one.id.int: one for one in self.by_slot}
        self.of_purpose: dict[Purpose, list[int]] = {
            purpose: [one.number for one in self.by_slot if one.purpose is purpose] for purpose in Purpose
        }

    def own(self, purpose: Purpose) -> Slot:
        return self.slots.ask(ENTITY, purpose, "CNY")

    def of(self, party: PartyId, purpose: Purpose) -> Slot:
        return self.slots.ask(ENTITY, purpose, "CNY", party)

    def sale(self, amounts: settle._Amounts, shares: Sequence[Any]) -> list[tuple[Slot, int]]:
        """The legs that `settle` posts of a part."""
        line = cast(Any, _Kind(kind=LineKind.GOODS))
        sale = settle._Sale(
            part=cast(Any, None),
            order=cast(Any, None),
            line=line,
            amounts=amounts,
            due_at=NOW,
            shares=tuple(shares),
        )
        return self._sales.legs(sale)


class _Kind(msgspec.Struct, frozen=True):
    kind: LineKind


CHART = Chart()


def rule_sets(seed: int, versions: int = 3) -> list[RuleSet]:
    """Published versions that nobody would refuse to publish, a day apart."""
    luck = Random(seed)
    found: list[RuleSet] = []
    while len(found) < versions:
        rows = [_row(luck) for _ in range(luck.randint(0, 7))]
        rows.insert(luck.randint(0, len(rows)), RuleRow(role=Role.BRAND, remainder=True))
        if publishing.problems_of(rows):
            continue
        found.append(
            RuleSet(
                id=RuleSetId(UUID(int=len(found) + 1)),
                version=len(found) + 1,
                state=RuleSetState.PUBLISHED,
                currency="CNY",
                author_id=AUTHOR,
                comment="made for a test",
                published_at=NOW,
                effective_from=NOW + len(found) * DAY,
                rows=tuple(rows),
            )
        )
    return found


def _row(luck: Random) -> RuleRow:
    role = luck.choice([one for one in Role if one is not Role.BRAND and PARTIES.of(one) is not None])
    channels = luck.choice([(), (), ("web",), ("till",)])
    if luck.random() < 0.25:
        per, amount = luck.choice(list(Per)), luck.randint(0, 300)
        return RuleRow(role=role, channels=channels, amount_minor=amount, per=per)
    floor, cap = sorted((luck.randint(0, 200), luck.randint(0, 400)))
    return RuleRow(
        role=role,
        channels=channels,
        basis_points=luck.randint(0, 1_500),
        base=luck.choice([Base.NET, Base.NET, Base.PAID, Base.LIST, Base.MARGIN]),
        floor_minor=luck.choice([None, None, floor]),
        cap_minor=luck.choice([None, None, cap]),
    )


class Sold(msgspec.Struct):
    """A part that was sold: what it posted (nothing, where nothing was paid), how much of it came back, what was
    corrected of it, and what others bear of it.
    """

    split: StoredSplit
    gross_minor: int
    tax_minor: int
    posted: StoredPart | None
    units_before: int = 0
    back: int = 0
    is_due: bool = False
    corrected: list[tuple[StoredPart, int, int]] = []
    borne: dict[PartyId, int] = {}
    funded: StoredPart | None = None

    @property
    def left(self) -> int:
        return self.split.units - self.back


class Asked(msgspec.Struct):
    """A share that was paid, and what of it was asked back."""

    payout: Payout
    line: Line
    back_minor: int = 0
    reclaim: Reclaim | None = None


class Wrong(AssertionError):  # noqa: N818 - what a test says of a history
    """What a history came to is not what it should."""


def hold(is_so: bool, what: object) -> None:
    """Raise where something that has to hold does not."""
    if not is_so:
        raise Wrong(what)


class Kept:
    """The figures of one history: ledger, statements and purse."""

    def __init__(self, rules: Sequence[RuleSet], luck: Random) -> None:
        self.rules = rules
        self.luck = luck
        self.now: datetime = NOW
        self.ids = count(1)
        self.balances = [0] * len(CHART.by_slot)
        self.kinds: dict[PartyId, list[KindSums]] = {party: [] for party in ALL_PARTIES}
        self.sold: list[Sold] = []
        self.under_way: list[Asked] = []
        self.paid: list[Asked] = []
        self.given: dict[tuple[Any, ...], ladders.Given] = {}
        # The purse.
        self.paid_in: int = 0
        self.refunded: int = 0
        self.fees: int = 0
        self.unmatched: int = 0
        self.to_parties: int = 0
        self.from_parties: int = 0

    # ------------------------------------------------------------------------------------------------------ entries

    def id(self) -> UUID:
        return UUID(int=next(self.ids))

    def post(
        self, kind: EntryKind, legs: Iterable[tuple[Slot, int]], part_id: UUID | None = None
    ) -> StoredPart:
        """Post what the ledger grants, of one part."""
        (stored,) = self.post_parts(kind, [(part_id or self.id(), list(legs))]).values()
        return stored

    def post_parts(
        self, kind: EntryKind, parts: Sequence[tuple[UUID, Sequence[tuple[Slot, int]]]]
    ) -> dict[UUID, StoredPart]:
        """Post what the ledger grants as one entry of some parts; returns each as it is kept."""
        if not parts:
            return {}
        entry_id = EntryId(self.id())
        entry = NewEntry(
            id=entry_id,
            kind=kind,
            subject=entry_id,
            at=self.now,
            key=f"{kind.value}:{entry_id.int}",
            postings=tuple(
                Posting(part_id=part_id, account_id=CHART.by_slot[slot].id, amount_minor=amount)
                for part_id, legs in parts
                for slot, amount in legs
            ),
        )
        planned = ledger_rules.plan_entry(entry, accounts=CHART.known)
        if isinstance(planned, Refusal):
            raise Wrong(planned)
        self._book(kind, planned.parts)
        return {one.part_id: one for one in planned.parts}

    def _book(self, kind: EntryKind, parts: Sequence[StoredPart]) -> None:
        for number, (amount, _) in ledger_rules.balance_deltas(parts).items():
            self.balances[number] += amount
        for part in parts:
            hold(sum(part.amounts_minor) == 0, part)
            moved: dict[PartyId, list[int]] = {}
            for number, amount in zip(part.account_numbers, part.amounts_minor, strict=True):
                account = CHART.by_slot[number]
                if account.party_id is not None and account.purpose in SHARES:
                    sums = moved.setdefault(account.party_id, [0, 0])
                    sums[account.purpose is Purpose.SHARE_DUE] -= amount
            for party, (pending, due) in moved.items():
                self.kinds[party].append(
                    KindSums(kind=kind.value, currency="CNY", lines=1, pending_minor=pending, due_minor=due)
                )

    def balance(self, *purposes: Purpose) -> int:
        return sum(self.balances[number] for purpose in purposes for number in CHART.of_purpose[purpose])

    def due(self, party: PartyId) -> int:
        return -self.balances[CHART.of(party, Purpose.SHARE_DUE)]


def rounded(total: int, part: int, whole: int) -> int:
    """`part / whole` of a total, half away from zero: reckoned here, not by the house."""
    return (2 * total * part + whole) // (2 * whole)


def climbed(volume: int) -> int:
    first, second = max(0, min(volume, 50_000) - 1_000), max(0, volume - 50_000)
    return (first * 133 + 5_000) // 10_000 + (second * 271 + 5_000) // 10_000


def cut_up(net_minor: int, luck: Random) -> list[int]:
    stops = sorted({luck.randint(1, net_minor) for _ in range(2)} | {net_minor})
    return [stop - start for start, stop in zip([0, *stops], stops, strict=False)]


def as_approved(payout_id: PayoutId, plan: payouts_rules.NewPayout) -> Payout:
    return Payout(
        id=payout_id,
        number=1,
        party_id=plan.party_id,
        entity_id=plan.entity_id,
        currency=plan.currency,
        payer_id=plan.payer_id,
        account_id=plan.account_id,
        gross_minor=plan.gross_minor,
        withheld_minor=plan.withheld_minor,
        withheld_basis_points=plan.withheld_basis_points,
        terms_version=plan.terms_version,
        needs_second=plan.needs_second,
        state=PayoutState.APPROVED,
        made_by="one",
        made_at=NOW,
        approved_by="another",
        approved_at=NOW,
        sent_at=None,
        ended_at=None,
        ended_by=None,
        reason=None,
    )


def as_asked(reclaim_id: ReclaimId, of: Asked, amount_minor: int, now: datetime) -> Reclaim:
    return Reclaim(
        id=reclaim_id,
        line_id=of.line.id,
        request_id=of.line.request_id,
        payer_id=of.payout.payer_id,
        account_id=of.line.account_id,
        party_id=of.payout.party_id,
        entity_id=of.payout.entity_id,
        currency=of.payout.currency,
        amount_minor=amount_minor,
        left_minor=of.line.net_minor - of.back_minor,
        needs_second=True,
        state=ReclaimState.ASKED,
        made_by="one",
        made_at=now,
        approved_by="another",
        approved_at=now,
        asked_at=now,
        tries=1,
        given_up_at=None,
        ended_at=None,
        ended_by=None,
        reason=None,
    )
