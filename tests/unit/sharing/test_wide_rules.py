"""Conditions of place, campaign, owner and time; percentages of other bases within bounds; amounts per parcel and
order.
"""

from datetime import timedelta

import msgspec
import pytest

from loopline.processes.amounts import stretches_in_parcel
from loopline.sharing import publishing, rules
from loopline.sharing.model import (
    Base,
    LineToSplit,
    Per,
    RemainderHasConditions,
    Role,
    RowMisshapen,
    RowUnreachable,
    RuleProblem,
    RuleRow,
    SplitsAboveWhole,
    Stretch,
    TooManyKinds,
)
from tests.make.sharing import NOW, PARTIES, line, rule_set

REST = RuleRow(role=Role.BRAND, remainder=True)


def earned(row: RuleRow, asked: LineToSplit, *others: RuleRow) -> int:
    """What the row's role gets of a line."""
    (shares,) = rules.split_lines(rule_set((row, *others, REST)), [asked])
    assert isinstance(shares, tuple)
    assert sum(share.amount_minor for share in shares) == asked.base_minor
    return sum(share.amount_minor for share in shares if share.role is row.role)


@pytest.mark.parametrize(
    ("row", "line_knows", "is_met"),
    [
        (RuleRow(role=Role.STORE, basis_points=1_000, regions=("31", "3205")), {"region": "310115"}, True),
        (RuleRow(role=Role.STORE, basis_points=1_000, regions=("3205",)), {"region": "320100"}, False),
        (RuleRow(role=Role.STORE, basis_points=1_000, regions=("31",)), {"region": ""}, False),
        (RuleRow(role=Role.STORE, basis_points=1_000, campaigns=("double-11",)), {"campaign": "double-11"}, True),
        (RuleRow(role=Role.STORE, basis_points=1_000, campaigns=("double-11",)), {}, False),
        (RuleRow(role=Role.STORE, basis_points=1_000, owners=("DEALER-7",)), {"owner": "DEALER-7"}, True),
        (RuleRow(role=Role.STORE, basis_points=1_000, owners=("DEALER-7",)), {"owner": "BRAND"}, False),
        (RuleRow(role=Role.STORE, basis_points=1_000, sold_from=NOW), {"placed_at": NOW}, True),
        (RuleRow(role=Role.STORE, basis_points=1_000, sold_until=NOW), {"placed_at": NOW}, False),
        (RuleRow(role=Role.STORE, basis_points=1_000, sold_from=NOW), {}, False),
    ],
)  # fmt: skip
def test_conditions_of_place_campaign_owner_and_time(
    row: RuleRow, line_knows: dict[str, object], is_met: object
) -> None:
    asked = msgspec.structs.replace(line(), **line_knows)
    assert earned(row, asked) == (asked.base_minor // 10 if is_met else 0)


def test_lines_before_and_after_a_moment_are_two_kinds() -> None:
    row = RuleRow(role=Role.STORE, basis_points=5_000, sold_from=NOW)
    early, late = (
        msgspec.structs.replace(line(), placed_at=at) for at in (NOW - timedelta(microseconds=1), NOW)
    )
    first, second = rules.split_lines(rule_set((row, REST)), [early, late])
    assert isinstance(first, tuple)
    assert isinstance(second, tuple)
    assert [share.role for share in first] == [Role.BRAND]
    assert [share.role for share in second] == [Role.STORE, Role.BRAND]


@pytest.mark.parametrize(
    ("row", "amounts", "wanted"),
    [
        (RuleRow(role=Role.GUIDE, basis_points=1_000, base=Base.LIST), {"list_minor": 1_500}, 150),
        (RuleRow(role=Role.GUIDE, basis_points=1_000, base=Base.PAID), {"paid_minor": 1_130}, 113),
        (RuleRow(role=Role.GUIDE, basis_points=5_000, base=Base.MARGIN), {"cost_minor": 800}, 100),
        (RuleRow(role=Role.GUIDE, basis_points=5_000, base=Base.MARGIN), {"cost_minor": 1_200}, 0),
        (RuleRow(role=Role.GUIDE, basis_points=5_000, base=Base.MARGIN), {}, 0),
        (RuleRow(role=Role.GUIDE, basis_points=500, base=Base.PAID), {"paid_minor": 1_130}, 57),  # 56.5
        (RuleRow(role=Role.GUIDE, basis_points=100, floor_minor=25), {"units": 2}, 50),
        (RuleRow(role=Role.GUIDE, basis_points=5_000, cap_minor=25), {"units": 2}, 50),
        (RuleRow(role=Role.GUIDE, amount_minor=300, per=Per.PARCEL), {"in_parcel": Stretch(0, 1_000, 3_000)}, 100),
        (RuleRow(role=Role.GUIDE, amount_minor=300, per=Per.ORDER), {"in_order": Stretch(500, 1_500, 3_000)}, 100),
        (RuleRow(role=Role.GUIDE, amount_minor=300, per=Per.ORDER), {"in_order": Stretch(0, 0, 0)}, 0),
        (RuleRow(role=Role.GUIDE, amount_minor=300, per=Per.PARCEL), {}, 300),
    ],
)  # fmt: skip
def test_what_rows_take_of_a_net_amount_of_ten(row: RuleRow, amounts: dict[str, object], wanted: int) -> None:
    asked = msgspec.structs.replace(line(), base_minor=1_000, **amounts)
    assert earned(row, asked) == wanted


def test_what_others_leave_is_all_there_is_in_the_order_of_rows() -> None:
    asked = msgspec.structs.replace(line(), base_minor=1_000, list_minor=20_000)
    fee = RuleRow(role=Role.PLATFORM, basis_points=9_000)
    high = RuleRow(role=Role.GUIDE, basis_points=1_000, base=Base.LIST)
    assert earned(high, asked, fee) == 100
    late = RuleRow(role=Role.STORE, amount_minor=50)
    assert earned(late, asked, fee) == 50
    (shares,) = rules.split_lines(rule_set((fee, high, late, REST)), [asked])
    assert isinstance(shares, tuple)
    assert [(share.role, share.amount_minor) for share in shares] == [(Role.PLATFORM, 900), (Role.GUIDE, 100)]


def test_the_lines_of_a_parcel_bring_its_amount_once() -> None:
    row = RuleRow(role=Role.SHIPPING_SITE, amount_minor=1_000, per=Per.PARCEL)
    nets = [3_333, 3_333, 3_334, 0]
    lines = [
        msgspec.structs.replace(line(), base_minor=net, in_parcel=stretch)
        for net, stretch in zip(nets, stretches_in_parcel(nets), strict=True)
    ]
    assert [earned(row, one) for one in lines] == [333, 334, 333, 0]


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (RuleRow(role=Role.GUIDE, amount_minor=1, base=Base.PAID), "base"),
        (RuleRow(role=Role.GUIDE, basis_points=1, per=Per.ORDER), "per"),
        (RuleRow(role=Role.GUIDE, amount_minor=1, floor_minor=1), "floor_minor"),
        (RuleRow(role=Role.GUIDE, basis_points=1, floor_minor=-1), "floor_minor"),
        (RuleRow(role=Role.GUIDE, basis_points=1, floor_minor=2, cap_minor=1), "cap_minor"),
        (RuleRow(role=Role.GUIDE, remainder=True, cap_minor=1), "cap_minor"),
        (RuleRow(role=Role.GUIDE, basis_points=1, sold_from=NOW, sold_until=NOW), "sold_until"),
        (RuleRow(role=Role.GUIDE, basis_points=1, regions=("上海",)), "regions"),
    ],
)
def test_a_field_out_of_place_is_named(row: RuleRow, field: str) -> None:
    assert publishing.misshapen_row((REST, row)) == RowMisshapen(row=2, field=field)


def share_of(role: Role, basis_points: int, **conditions: object) -> RuleRow:
    return msgspec.structs.replace(RuleRow(role=role, basis_points=basis_points), **conditions)


@pytest.mark.parametrize(
    ("rows", "problems"),
    [
        # 31 holds in 3101 too: there both take, elsewhere in Shanghai only the wider one.
        (
            (share_of(Role.STORE, 6_000, regions=("31",)), share_of(Role.DEALER, 6_000, regions=("3101",))),
            (
                SplitsAboveWhole(
                    basis_points=12_000,
                    rows="1, 2",
                    channel="any other",
                    category="any other",
                    delivery="any other",
                    further=", region 3101",
                ),
            ),
        ),
        (
            (share_of(Role.STORE, 6_000, regions=("31",)), share_of(Role.DEALER, 6_000, regions=("32",))),
            (),
        ),
        (
            (share_of(Role.STORE, 100, regions=("31",)), share_of(Role.STORE, 200, regions=("3101",))),
            (RowUnreachable(row=2),),
        ),
        (
            (share_of(Role.STORE, 6_000, sold_until=NOW), share_of(Role.DEALER, 6_000, sold_from=NOW)),
            (),
        ),
        (
            (share_of(Role.STORE, 6_000, campaigns=("a",)), share_of(Role.DEALER, 6_000, owners=("b",))),
            (
                SplitsAboveWhole(
                    basis_points=12_000,
                    rows="1, 2",
                    channel="any other",
                    category="any other",
                    delivery="any other",
                    further=", campaign a, owner b",
                ),
            ),
        ),
    ],
)
def test_problems_of_place_campaign_owner_and_time(
    rows: tuple[RuleRow, ...], problems: tuple[RuleProblem, ...]
) -> None:
    assert publishing.problems_of((*rows, REST)) == problems


def test_a_value_that_is_called_any_other_is_a_value_like_others() -> None:
    """A value and what no row names were one once: lines of neither channel were then thought to be decided."""
    rows = (
        share_of(Role.GUIDE, 0, categories=("any other",), channels=("A",)),
        share_of(Role.GUIDE, 1_000, channels=("B",)),
        share_of(Role.GUIDE, 9_000, deliveries=("deliver",), channels=("A", "C")),
        share_of(Role.DEALER, 9_000, channels=("A",)),
        REST,
    )
    (problem,) = publishing.problems_of(rows)
    assert isinstance(problem, SplitsAboveWhole)
    assert (problem.basis_points, problem.channel, problem.delivery) == (18_000, "A", "deliver")


def test_a_remainder_of_some_places_is_no_remainder() -> None:
    rows = (msgspec.structs.replace(REST, regions=("31",)),)
    assert publishing.problems_of(rows) == (RemainderHasConditions(row=1),)


def test_more_kinds_than_can_be_gone_through_are_said_so() -> None:
    many = tuple(str(number) for number in range(150))
    row = RuleRow(role=Role.STORE, basis_points=1, channels=many, categories=many, campaigns=many)
    (problem,) = publishing.problems_of((row, REST))
    assert problem == TooManyKinds(kinds=151**3, most=publishing.KINDS_MOST)


def test_rows_that_cross_are_told_and_rows_within_others_are_not() -> None:
    rows = (
        share_of(Role.GUIDE, 1, channels=("till",)),
        share_of(Role.GUIDE, 2, categories=("gift",)),
        share_of(Role.GUIDE, 3),
        share_of(Role.STORE, 4, channels=("till",)),
        REST,
    )
    assert publishing.overlaps_of(rows) == (publishing.Overlap(first=1, second=2),)


@pytest.mark.parametrize(
    ("first", "second", "crosses"),
    [
        (
            share_of(Role.GUIDE, 1, bound=True, channels=("a", "b")),
            share_of(Role.GUIDE, 2, bound=False, channels=("b", "c")),
            False,
        ),
        (share_of(Role.GUIDE, 1, bound=True), share_of(Role.GUIDE, 2, channels=("b",)), True),
    ],
)  # fmt: skip
def test_rows_for_members_bound_and_not_bound_do_not_meet(
    first: RuleRow, second: RuleRow, crosses: object
) -> None:
    assert bool(publishing.overlaps_of((first, second, REST))) is crosses


def test_the_parties_of_new_roles_are_found() -> None:
    parties = msgspec.structs.replace(PARTIES, territory=PARTIES.dealer, goods_owner=PARTIES.store)
    assert earned(share_of(Role.TERRITORY, 1_000), msgspec.structs.replace(line(), parties=parties)) > 0
    assert earned(share_of(Role.INTRODUCER, 1_000), msgspec.structs.replace(line(), parties=parties)) == 0
