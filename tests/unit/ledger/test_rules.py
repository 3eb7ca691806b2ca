"""Does an entry balance, and what does a reversal post: pure."""

from hashlib import blake2b
from uuid import UUID

import msgspec
import pytest

from loopline.kernel.ids import AccountId, EntityId, EntryId, PartyId
from loopline.ledger import rules
from loopline.ledger.model import (
    Account,
    AccountUnknown,
    AmountTooLarge,
    EntryDoesNotBalance,
    EntryIsEmpty,
    EntryKind,
    KeyNotUsable,
    KeyTakenByOtherContent,
    NewEntry,
    PartReversal,
    PartUnknown,
    Posting,
    Purpose,
    Repeat,
    ReversalIsFinal,
    ReversalsAreMadeFromParts,
    ReversedPart,
    ReversesTooMuch,
    StoredPart,
    UnitsMakeNoSense,
    UnitsOfDiffer,
)
from loopline.ledger.rules import PlannedEntry, PlannedReversal, StandingEntry
from tests.make.ledger import NOW

ENTRY, PART, OTHER_PART = EntryId(UUID(int=1)), UUID(int=2), UUID(int=3)


def account(number: int, currency: str = "CNY") -> Account:
    return Account(
        id=AccountId(UUID(int=100 + number)),
        number=number,
        entity_id=EntityId(UUID(int=9)),
        party_id=PartyId(UUID(int=10)),
        purpose=Purpose.REVENUE,
        currency=currency,
    )


CASH, REVENUE, TAX, POUNDS, MORE_POUNDS = (
    account(1),
    account(2),
    account(3),
    account(4, "GBP"),
    account(5, "GBP"),
)
ACCOUNTS = {known.id.int: known for known in (CASH, REVENUE, TAX, POUNDS, MORE_POUNDS)}


def entry(
    *postings: tuple[UUID, Account, int], key: str = "sale:1", kind: EntryKind = EntryKind.SALE
) -> NewEntry:
    return NewEntry(
        id=ENTRY,
        kind=kind,
        subject=PART,
        at=NOW,
        key=key,
        postings=tuple(
            Posting(part_id=part_id, account_id=posted.id, amount_minor=amount_minor)
            for part_id, posted, amount_minor in postings
        ),
    )


def test_postings_are_grouped_by_part_and_currency() -> None:
    plan = rules.plan_entry(
        entry(
            (PART, CASH, 113),
            (OTHER_PART, CASH, 7),
            (PART, POUNDS, 4),
            (PART, REVENUE, -100),
            (PART, TAX, -13),
            (OTHER_PART, REVENUE, -7),
            (PART, MORE_POUNDS, -4),
        ),
        accounts=ACCOUNTS,
    )
    assert isinstance(plan, PlannedEntry)
    assert plan.parts == [
        StoredPart(
            entry_id=ENTRY,
            part_id=PART,
            currency="CNY",
            account_numbers=[1, 2, 3],
            amounts_minor=[113, -100, -13],
        ),
        StoredPart(
            entry_id=ENTRY, part_id=OTHER_PART, currency="CNY", account_numbers=[1, 2], amounts_minor=[7, -7]
        ),
        StoredPart(
            entry_id=ENTRY, part_id=PART, currency="GBP", account_numbers=[4, 5], amounts_minor=[4, -4]
        ),
    ]


def test_parts_that_only_balance_together_are_refused() -> None:
    refused = rules.plan_entry(
        entry((PART, CASH, 100), (PART, REVENUE, -99), (OTHER_PART, REVENUE, -1)), accounts=ACCOUNTS
    )
    assert refused == EntryDoesNotBalance(key="sale:1", part_id=PART, currency="CNY", off_by_minor=1)


def test_currencies_that_only_balance_together_are_refused() -> None:
    refused = rules.plan_entry(entry((PART, CASH, 100), (PART, POUNDS, -100)), accounts=ACCOUNTS)
    assert refused == EntryDoesNotBalance(key="sale:1", part_id=PART, currency="CNY", off_by_minor=100)


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        (entry(), EntryIsEmpty(key="sale:1")),
        (
            entry((PART, account(8), 1), (PART, CASH, -1)),
            AccountUnknown(key="sale:1", account_id=account(8).id),
        ),
        (
            entry((PART, CASH, 10**15 + 1), (PART, REVENUE, -(10**15) - 1)),
            AmountTooLarge(key="sale:1", amount_minor=10**15 + 1),
        ),
        (entry((PART, CASH, 0), key=""), KeyNotUsable()),
        (entry((PART, CASH, 0), key="sale:\x00"), KeyNotUsable()),
        (entry((PART, CASH, 0), key="k" * 201), KeyNotUsable()),
        (entry((PART, CASH, 0), kind=EntryKind.REVERSAL), ReversalsAreMadeFromParts(key="sale:1")),
    ],
)
def test_entries_that_are_refused(asked: NewEntry, refusal: object) -> None:
    assert rules.plan_entry(asked, accounts=ACCOUNTS) == refusal


def test_refusals_say_what_is_wrong() -> None:
    refused = rules.plan_entry(entry((PART, CASH, 100)), accounts=ACCOUNTS)
    assert isinstance(refused, EntryDoesNotBalance)
    assert refused.code == "entry_does_not_balance"
    assert refused.message() == f"Entry sale:1 is off by 100 CNY in part {PART}."


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        ([5, -5], [[5, -5]]),
        ([113, -100, -13, 40, -30, -10], [[113, -100, -13], [40, -30, -10]]),
        ([40, 113, -100, -30, -10, -13], [[40, 113, -100, -30, -10, -13]]),
        ([0, 7, -7, 0], [[0], [7, -7], [0]]),
    ],
)
def test_legs_end_where_the_running_sum_is_zero(amounts: list[int], expected: list[list[int]]) -> None:
    assert rules.legs(amounts) == expected


def ask(*, units: int, units_of: int, key: str = "return:1") -> PartReversal:
    return PartReversal(
        id=EntryId(UUID(int=7)),
        key=key,
        subject=PART,
        at=NOW,
        entry_id=ENTRY,
        part_id=PART,
        units=units,
        units_of=units_of,
    )


ORIGINAL = StoredPart(
    entry_id=ENTRY,
    part_id=PART,
    currency="CNY",
    account_numbers=[1, 2, 3],
    amounts_minor=[100, -88, -12],
)


def so_far(units_reversed: int, units_of: int = 3) -> ReversedPart:
    return ReversedPart(entry_id=ENTRY, part_id=PART, units_of=units_of, units_reversed=units_reversed)


def test_a_reversal_posts_the_growth_of_the_proportion_inverted() -> None:
    steps: list[list[int]] = []
    for before in range(3):
        plan = rules.plan_reversal(ask(units=1, units_of=3), original=[ORIGINAL], so_far=so_far(before))
        assert isinstance(plan, PlannedReversal)
        assert plan.units_before == before
        steps.append(plan.parts[0].amounts_minor)
    assert steps == [[-33, 29, 4], [-34, 30, 4], [-33, 29, 4]]


def test_more_than_is_left_is_refused() -> None:
    refused = rules.plan_reversal(ask(units=2, units_of=3), original=[ORIGINAL], so_far=so_far(2))
    assert refused == ReversesTooMuch(part_id=PART, units=2, units_left=1)


def test_another_whole_than_before_is_refused() -> None:
    refused = rules.plan_reversal(ask(units=1, units_of=4), original=[ORIGINAL], so_far=so_far(1))
    assert refused == UnitsOfDiffer(part_id=PART, units_of=3, stated=4)


@pytest.mark.parametrize(
    ("asked", "original", "kind", "refusal"),
    [
        (ask(units=0, units_of=3), [ORIGINAL], EntryKind.SALE, UnitsMakeNoSense(units=0, units_of=3)),
        (ask(units=4, units_of=3), [ORIGINAL], EntryKind.SALE, UnitsMakeNoSense(units=4, units_of=3)),
        (ask(units=1, units_of=3), [], None, PartUnknown(entry_id=ENTRY, part_id=PART)),
        (ask(units=1, units_of=3), [ORIGINAL], EntryKind.REVERSAL, ReversalIsFinal(entry_id=ENTRY)),
        (ask(units=1, units_of=3, key=""), [ORIGINAL], EntryKind.SALE, KeyNotUsable()),
        (ask(units=3, units_of=3), [ORIGINAL], EntryKind.SALE, None),
    ],
)
def test_reversals_that_no_state_could_allow(
    asked: PartReversal, original: list[StoredPart], kind: EntryKind | None, refusal: object
) -> None:
    assert rules.refuse_reversal(asked, original=original, kind=kind) == refusal


def test_deltas_are_summed_by_account_in_order_of_number() -> None:
    other = StoredPart(
        entry_id=ENTRY, part_id=OTHER_PART, currency="CNY", account_numbers=[3, 1], amounts_minor=[-5, 5]
    )
    assert list(rules.balance_deltas([ORIGINAL, other]).items()) == [
        (1, (105, 2)),
        (2, (-88, 1)),
        (3, (-17, 2)),
    ]


def test_an_entry_that_an_older_release_posted_is_the_same_again() -> None:
    asked = entry((PART, CASH, 100), (PART, REVENUE, -100))
    plan = rules.plan_entry(asked, accounts=ACCOUNTS)
    assert isinstance(plan, PlannedEntry)
    said = (asked.kind, asked.subject, asked.postings)
    older = blake2b(msgspec.msgpack.encode(said), digest_size=16).digest()
    standing = StandingEntry(id=ENTRY, key=asked.key, kind=asked.kind, content_hash=older)
    assert rules.same_entry_or_taken(plan, standing=standing) == Repeat(entry_id=ENTRY)


@pytest.mark.parametrize(
    "other",
    [
        ((PART, CASH, 101), (PART, REVENUE, -101)),
        ((PART, REVENUE, 100), (PART, CASH, -100)),
        ((OTHER_PART, CASH, 100), (OTHER_PART, REVENUE, -100)),
        ((PART, CASH, 50), (PART, REVENUE, -50), (OTHER_PART, CASH, 50), (OTHER_PART, REVENUE, -50)),
    ],
)
def test_other_content_under_the_same_key_is_told_apart(other: tuple[tuple[UUID, Account, int], ...]) -> None:
    first = rules.plan_entry(entry((PART, CASH, 100), (PART, REVENUE, -100)), accounts=ACCOUNTS)
    second = rules.plan_entry(entry(*other), accounts=ACCOUNTS)
    assert isinstance(first, PlannedEntry)
    assert isinstance(second, PlannedEntry)
    standing = StandingEntry(
        id=ENTRY, key=first.entry.key, kind=first.entry.kind, content_hash=first.content_hash
    )
    assert isinstance(rules.same_entry_or_taken(second, standing=standing), KeyTakenByOtherContent)
