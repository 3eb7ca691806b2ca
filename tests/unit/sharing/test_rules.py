"""Which rows decide, how a base is split, and what keeps rules from being published: pure."""

from datetime import timedelta

import msgspec
import pytest

from loopline.sharing import publishing, rules
from loopline.sharing.model import (
    METHOD_NOW,
    BaseNegative,
    LineToSplit,
    Parties,
    RemainderHasConditions,
    RemainderMissing,
    RemainderPartyUnknown,
    RemainderTwice,
    Role,
    RowTakesNoOneThing,
    RowUnreachable,
    RuleProblem,
    RuleRow,
    RuleSetState,
    RulesForOtherCurrency,
    Share,
    SplitsAboveWhole,
    TooManyLevels,
)
from loopline.sharing.refusals import (
    MethodUnknown,
    SharesDoNotAddUp,
    SplitHasNoUnits,
)
from tests.make.sharing import NOW, PARTIES, ROWS, line, rule_set, split

REST = RuleRow(role=Role.BRAND, remainder=True)


def shared(asked: LineToSplit, rows: tuple[RuleRow, ...] = ROWS) -> list[tuple[Role, int, int]]:
    shares = rules.split_lines(rule_set(rows), [asked])[0]
    assert isinstance(shares, tuple)
    assert all(share.party_id == PARTIES.of(share.role) for share in shares)
    return [(share.role, share.rule_row, share.amount_minor) for share in shares]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param(
            line(),
            [
                (Role.STORE, 3, 500),
                (Role.SHIPPING_SITE, 6, 800),
                (Role.PLATFORM, 7, 200),
                (Role.GUIDE, 5, 20),
                (Role.BRAND, 8, 8480),
            ],
            id="web line: the general row of the store, an amount for the guide",
        ),
        pytest.param(
            msgspec.structs.replace(line(), channel="till", delivery="carried_out", category="lighting"),
            [
                (Role.STORE, 2, 2500),
                (Role.GUIDE, 4, 300),
                (Role.PLATFORM, 7, 200),
                (Role.BRAND, 8, 7000),
            ],
            id="till sale of lighting: the first row that holds decides",
        ),
        pytest.param(
            msgspec.structs.replace(line(units=3), bound=frozenset({Role.DEALER, Role.GUIDE})),
            [
                (Role.DEALER, 1, 1000),
                (Role.STORE, 3, 500),
                (Role.SHIPPING_SITE, 6, 800),
                (Role.PLATFORM, 7, 200),
                (Role.GUIDE, 5, 60),
                (Role.BRAND, 8, 7440),
            ],
            id="three units, member bound to the dealer",
        ),
        pytest.param(
            line(parties=Parties(brand=PARTIES.brand, store=PARTIES.store)),
            [(Role.STORE, 3, 500), (Role.BRAND, 8, 9500)],
            id="parties the line does not know take nothing",
        ),
        pytest.param(line(base_minor=0), [], id="nothing is shared as nothing"),
        pytest.param(
            line(base_minor=9),
            [(Role.SHIPPING_SITE, 6, 1), (Role.GUIDE, 5, 8)],
            id="an amount takes what is left",
        ),
        pytest.param(
            line(base_minor=33),
            [
                (Role.STORE, 3, 2),
                (Role.SHIPPING_SITE, 6, 2),
                (Role.PLATFORM, 7, 1),
                (Role.GUIDE, 5, 20),
                (Role.BRAND, 8, 8),
            ],
            id="largest remainder: 1.65, 2.64, 0.66, 28.05",
        ),
    ],
)
def test_a_line_is_split(asked: LineToSplit, expected: list[tuple[Role, int, int]]) -> None:
    assert shared(asked) == expected


def test_lines_that_cannot_be_split() -> None:
    outcomes = rules.split_lines(
        rule_set(),
        [
            line(base_minor=-1),
            msgspec.structs.replace(line(), currency="GBP"),
            line(parties=Parties(store=PARTIES.store)),
        ],
    )
    assert outcomes == [
        BaseNegative(base_minor=-1),
        RulesForOtherCurrency(currency="CNY", line_currency="GBP"),
        RemainderPartyUnknown(role=Role.BRAND),
    ]


def test_lines_with_other_parties_are_not_mixed_up() -> None:
    """The decision is remembered by the kind of line; two stores are two kinds."""
    other = msgspec.structs.replace(PARTIES, store=PARTIES.streamer)
    first, second, third = rules.split_lines(rule_set(), [line(), line(parties=other), line()])
    assert isinstance(first, tuple)
    assert isinstance(second, tuple)
    assert first == third
    assert first[0] == Share(role=Role.STORE, party_id=PARTIES.of(Role.STORE), rule_row=3, amount_minor=500)  # pyright: ignore[reportArgumentType]
    assert second[0].party_id == PARTIES.streamer


PROBLEMS: list[tuple[tuple[RuleRow, ...], tuple[RuleProblem, ...]]] = [
    (ROWS, ()),
    ((), (RemainderMissing(),)),
    ((RuleRow(role=Role.STORE, basis_points=1),), (RemainderMissing(),)),
    ((REST, RuleRow(role=Role.STORE, remainder=True)), (RemainderTwice(first=1, second=2),)),
    (
        (RuleRow(role=Role.BRAND, remainder=True, channels=("web",)),),
        (RemainderHasConditions(row=1),),
    ),
    ((RuleRow(role=Role.BRAND, remainder=True, bound=False),), (RemainderHasConditions(row=1),)),
    (
        (RuleRow(role=Role.GUIDE, basis_points=1, level=3), REST),
        (TooManyLevels(row=1, level=3),),
    ),
    (
        (
            RuleRow(role=Role.STORE, basis_points=6000),
            RuleRow(role=Role.DEALER, basis_points=4000),
            REST,
        ),
        (),
    ),
    (
        (
            RuleRow(role=Role.STORE, basis_points=6000),
            RuleRow(role=Role.DEALER, basis_points=4001),
            REST,
        ),
        (
            SplitsAboveWhole(
                basis_points=10001,
                rows="1, 2",
                channel="any other",
                category="any other",
                delivery="any other",
            ),
        ),
    ),
    (
        (
            RuleRow(role=Role.STORE, channels=("till",), basis_points=6000),
            RuleRow(role=Role.STORE, basis_points=100),
            RuleRow(role=Role.DEALER, categories=("gift",), bound=True, basis_points=5000),
            REST,
        ),
        (
            SplitsAboveWhole(
                basis_points=11000, rows="1, 3", channel="till", category="gift", delivery="any other"
            ),
        ),
    ),
    (
        (
            RuleRow(role=Role.STORE, channels=("till",), basis_points=6000),
            RuleRow(role=Role.DEALER, channels=("web",), basis_points=6000),
            REST,
        ),
        (),
    ),
    (
        (
            RuleRow(role=Role.STORE, basis_points=1),
            RuleRow(role=Role.STORE, channels=("till",), basis_points=2),
            REST,
        ),
        (RowUnreachable(row=2),),
    ),
    (
        (
            RuleRow(role=Role.GUIDE, bound=True, basis_points=1),
            RuleRow(role=Role.GUIDE, bound=False, basis_points=2),
            RuleRow(role=Role.GUIDE, basis_points=3),
            REST,
        ),
        (RowUnreachable(row=3),),
    ),
    (
        (
            RuleRow(role=Role.GUIDE, channels=("till", "web"), basis_points=1),
            RuleRow(role=Role.GUIDE, channels=("web", "livestream"), basis_points=2),
            REST,
        ),
        (),
    ),
    (
        (
            RuleRow(role=Role.GUIDE, channels=("till",), basis_points=1),
            RuleRow(role=Role.GUIDE, categories=("gift",), basis_points=1),
            RuleRow(role=Role.GUIDE, channels=("till",), categories=("gift",), basis_points=2),
            REST,
        ),
        (RowUnreachable(row=3),),
    ),
]


@pytest.mark.parametrize(("rows", "problems"), PROBLEMS)
def test_problems_that_keep_rules_from_being_published(
    rows: tuple[RuleRow, ...], problems: tuple[RuleProblem, ...]
) -> None:
    assert publishing.problems_of(rows) == problems


def test_a_problem_is_a_sentence() -> None:
    assert TooManyLevels(row=1, level=3).message() == "Row 1 pays level 3; the law allows two."


@pytest.mark.parametrize(
    "row",
    [
        RuleRow(role=Role.STORE),
        RuleRow(role=Role.STORE, basis_points=1, amount_minor=1),
        RuleRow(role=Role.STORE, basis_points=1, remainder=True),
        RuleRow(role=Role.STORE, basis_points=10_001),
        RuleRow(role=Role.STORE, basis_points=-1),
        RuleRow(role=Role.STORE, amount_minor=-1),
        RuleRow(role=Role.STORE, amount_minor=1, level=0),
    ],
)
def test_misshapen_rows(row: RuleRow) -> None:
    assert publishing.misshapen_row((REST, row)) == RowTakesNoOneThing(row=2)


def test_the_latest_effective_set_of_the_currency_counts() -> None:
    early = rule_set()
    later = msgspec.structs.replace(early, version=2, effective_from=NOW + timedelta(days=1))
    pounds = msgspec.structs.replace(early, version=3, currency="GBP")
    drafted = msgspec.structs.replace(early, version=4, state=RuleSetState.DRAFT)
    sets = [later, pounds, early, drafted]
    assert rules.rule_set_at(sets, NOW - timedelta(seconds=1), currency="CNY") is None
    assert rules.rule_set_at(sets, NOW, currency="CNY") is early
    assert rules.rule_set_at(sets, NOW + timedelta(days=1), currency="CNY") is later
    assert rules.rule_set_at(sets, NOW, currency="GBP") is pounds


def test_splits_that_are_refused() -> None:
    good = split(rule_set().id)
    assert rules.refuse_split(good) is None
    less = msgspec.structs.replace(good, base_minor=9_999)
    assert rules.refuse_split(less) == SharesDoNotAddUp(
        part_id=good.part_id, total_minor=10_000, base_minor=9_999
    )
    negative = msgspec.structs.replace(
        good,
        shares=(
            msgspec.structs.replace(good.shares[0], amount_minor=10_001),
            msgspec.structs.replace(good.shares[1], amount_minor=-1),
        ),
    )
    assert isinstance(rules.refuse_split(negative), SharesDoNotAddUp)
    assert rules.refuse_split(msgspec.structs.replace(good, units=0)) == SplitHasNoUnits(
        part_id=good.part_id, units=0
    )


def test_rules_of_a_method_that_is_not_known_split_nothing() -> None:
    strange = msgspec.structs.replace(rule_set(), method=2)
    assert rules.split_lines(strange, [line()]) == [MethodUnknown(rule_set_id=strange.id, method=2)]


def test_the_method_of_today_is_known() -> None:
    assert METHOD_NOW in rules.METHODS
