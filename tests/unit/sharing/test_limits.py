"""Where rows that decide together take more than a line brings: named, and bounded by price and by list price."""

import pytest

from loopline.sharing import publishing
from loopline.sharing.limits import Limit
from loopline.sharing.model import (
    Base,
    NothingLeftForAmounts,
    Per,
    Role,
    RuleProblem,
    RuleRow,
    SplitsAboveWhole,
)

REST = RuleRow(role=Role.BRAND, remainder=True)
HALF = RuleRow(role=Role.STORE, basis_points=5_000)


def above(basis_points: int, rows: str, channel: str = "any other") -> SplitsAboveWhole:
    return SplitsAboveWhole(
        basis_points=basis_points, rows=rows, channel=channel, category="any other", delivery="any other"
    )


@pytest.mark.parametrize(
    ("rows", "problems"),
    [
        ((HALF, RuleRow(role=Role.GUIDE, basis_points=5_001, base=Base.PAID)), (above(10_001, "1, 2"),)),
        ((HALF, RuleRow(role=Role.GUIDE, basis_points=6_000, base=Base.LIST)), (above(11_000, "1, 2"),)),
        ((HALF, RuleRow(role=Role.GUIDE, basis_points=6_000, base=Base.MARGIN)), (above(11_000, "1, 2"),)),
        ((HALF, RuleRow(role=Role.GUIDE, basis_points=6_000, base=Base.FUNDED)), (above(11_000, "1, 2"),)),
        ((HALF, RuleRow(role=Role.GUIDE, basis_points=6_000, floor_minor=1)), (above(11_000, "1, 2"),)),
        # What is capped takes nothing more of what is dear.
        ((HALF, RuleRow(role=Role.GUIDE, basis_points=6_000, cap_minor=1)), ()),
        # All is given away: an amount more takes too much whatever is paid, a floor only of what is cheap.
        (
            (HALF, RuleRow(role=Role.GUIDE, basis_points=5_000), RuleRow(role=Role.DEALER, amount_minor=1)),
            (NothingLeftForAmounts(rows="1, 2, 3"),),
        ),
        ((HALF, RuleRow(role=Role.GUIDE, basis_points=5_000, floor_minor=10)), ()),
        # Every set of rows that is too much is named, the worst first.
        (
            (
                RuleRow(role=Role.STORE, channels=("till",), basis_points=7_000),
                RuleRow(role=Role.STORE, basis_points=6_000),
                RuleRow(role=Role.GUIDE, basis_points=5_000),
            ),
            (above(12_000, "1, 3", "till"), above(11_000, "2, 3")),
        ),
    ],
)
def test_rows_that_take_too_much_whatever_is_paid_are_refused(
    rows: tuple[RuleRow, ...], problems: tuple[RuleProblem, ...]
) -> None:
    assert publishing.problems_of((*rows, REST)) == problems


@pytest.mark.parametrize(
    ("rows", "limits"),
    [
        ((HALF,), ()),
        ((HALF, RuleRow(role=Role.GUIDE, amount_minor=300)), (((1, 2), 600, 0),)),
        ((HALF, RuleRow(role=Role.GUIDE, amount_minor=300, per=Per.ORDER)), (((1, 2), 600, 0),)),
        ((HALF, RuleRow(role=Role.GUIDE, basis_points=1_000, floor_minor=300)), (((1, 2), 600, 0),)),
        # From a net amount of 1,000 on the percentage is capped: 0.5 × 2,000 + 1,000 = 2,000.
        ((HALF, RuleRow(role=Role.GUIDE, basis_points=10_000, cap_minor=1_000)), (((1, 2), 2_000, 0),)),
        # However far below its list price something is sold, the cap is all that a percentage of that takes.
        (
            (HALF, RuleRow(role=Role.GUIDE, basis_points=500, base=Base.LIST, cap_minor=1_000)),
            (((1, 2), 2_000, 0),),
        ),
        # 50 % of net, and 30 % of what is paid: of at most 127 % of net, so that 88.1 % is taken.
        ((HALF, RuleRow(role=Role.GUIDE, basis_points=3_000, base=Base.PAID)), ()),
        # 45 % of 127 % would be too much: net is at least 90 % of what was paid.
        ((HALF, RuleRow(role=Role.GUIDE, basis_points=4_500, base=Base.PAID)), (((1, 2), 0, 90),)),
        ((HALF, RuleRow(role=Role.GUIDE, basis_points=1_000, base=Base.LIST)), (((1, 2), 0, 20),)),
        # A quarter is left at the list price, half of which goes to what is taken off: 100 / (1 - 0.5 - 0.25 / 0.67).
        (
            (
                HALF,
                RuleRow(role=Role.GUIDE, basis_points=2_500, base=Base.LIST),
                RuleRow(role=Role.DEALER, amount_minor=100),
            ),
            (((1, 2, 3), 789, 67),),
        ),
        # Whether a member is bound or not: the worse of both.
        (
            (
                RuleRow(role=Role.GUIDE, bound=True, amount_minor=700),
                RuleRow(role=Role.GUIDE, amount_minor=900),
            ),
            (((1, 2), 900, 0),),
        ),
    ],
)
def test_rows_that_take_too_much_of_some_lines_only_are_bounded(
    rows: tuple[RuleRow, ...], limits: tuple[tuple[tuple[int, ...], int, int], ...]
) -> None:
    table = (*rows, REST)
    assert publishing.problems_of(table) == ()
    assert publishing.limits_of(table) == tuple(
        Limit(rows=named, below_minor=below, net_percent=percent) for named, below, percent in limits
    )
