"""What a return belongs to, on histories made by hand."""

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from loopline.kernel.ids import MemberId, OrderId
from loopline.returns import rules
from loopline.returns.model import (
    Match,
    MatchedHow,
    NewReturn,
    Purchase,
    ReturnIsEmpty,
    ReturnKind,
    ReturnPriceMakesNoSense,
    ReturnUnitsMakeNoSense,
    ReturnWindowEnded,
)
from tests.make.returns import NOW, asked, line, purchase

PRICE, CODE = MatchedHow.PRICE, MatchedHow.CODE
OTHER_MEMBER = MemberId(UUID(int=9))

Found = list[tuple[int, int, MatchedHow]]


def matched(one: NewReturn, purchases: list[Purchase]) -> list[Found]:
    """For each line: number of the purchase, units, how."""
    outcome = rules.match_return(one, book=rules.PurchaseBook(purchases))
    assert isinstance(outcome, list)
    return [_told(matches) for matches in outcome]


def _told(matches: tuple[Match, ...]) -> Found:
    for match in matches:
        assert match.order_id.int - 1000 == match.line_id.int - 2000
    return [(match.line_id.int - 2000, match.units, match.how) for match in matches]


@pytest.mark.parametrize(
    ("units", "purchases", "expected"),
    [
        pytest.param(3, [purchase(1)], [(1, 3, PRICE)], id="the one purchase"),
        pytest.param(3, [], [], id="no purchase: blind"),
        pytest.param(
            3,
            [purchase(1, days_ago=9), purchase(2, days_ago=2), purchase(3, days_ago=5)],
            [(2, 3, PRICE)],
            id="the latest first",
        ),
        pytest.param(
            3,
            [purchase(1, days_ago=9), purchase(2, days_ago=2, unit_minor=90)],
            [(1, 3, PRICE)],
            id="the price before the time",
        ),
        pytest.param(
            3, [purchase(2, unit_minor=90)], [(2, 3, CODE)], id="another price when there is no better"
        ),
        pytest.param(
            7,
            [
                purchase(1, days_ago=9, units_left=2),
                purchase(2, days_ago=2, units_left=2, unit_minor=90),
                purchase(3, days_ago=5, units_left=1),
                purchase(4, days_ago=3, units_left=9, unit_minor=80),
            ],
            [(3, 1, PRICE), (1, 2, PRICE), (2, 2, CODE), (4, 2, CODE)],
            id="several purchases: price first, then code, each the latest first",
        ),
        pytest.param(
            5,
            [purchase(1, units_left=2), purchase(2, units_left=0)],
            [(1, 2, PRICE)],
            id="partly: three are blind",
        ),
        pytest.param(1, [purchase(1, code="B")], [], id="another code is no match"),
        pytest.param(1, [purchase(1, member_id=OTHER_MEMBER)], [], id="another member's is no match"),
        pytest.param(1, [purchase(1, days_ago=-1)], [], id="bought after the return"),
        pytest.param(1, [purchase(1, days_ago=0)], [(1, 1, PRICE)], id="bought at the moment of the return"),
        pytest.param(
            2, [purchase(1, units_left=1), purchase(1, units_left=1)], [(1, 1, PRICE)], id="given twice"
        ),
        pytest.param(
            1,
            [purchase(1, days_ago=3), purchase(2, days_ago=3)],
            [(2, 1, PRICE)],
            id="same moment: later line",
        ),
    ],
)
def test_one_line(units: int, purchases: list[Purchase], expected: Found) -> None:
    assert matched(asked(line(units)), purchases) == [expected]
    assert matched(asked(line(units)), purchases[::-1]) == [expected]


def test_no_price_stated_matches_by_code() -> None:
    assert matched(asked(line(1, stated=None)), [purchase(1)]) == [[(1, 1, CODE)]]


def test_lines_of_a_return_do_not_take_the_same_units() -> None:
    purchases = [purchase(1, units_left=3)]
    assert matched(asked(line(2), line(2)), purchases) == [[(1, 2, PRICE)], [(1, 1, PRICE)]]


def test_returns_of_a_batch_do_not_take_the_same_units() -> None:
    book = rules.PurchaseBook([purchase(1, units_left=3)])
    first, second = (rules.match_return(asked(line(2)), book=book) for _ in range(2))
    assert isinstance(first, list)
    assert isinstance(second, list)
    assert [_told(first[0]), _told(second[0])] == [[(1, 2, PRICE)], [(1, 1, PRICE)]]


def test_an_order_that_is_named_is_the_only_one() -> None:
    purchases = [purchase(1, days_ago=5, units_left=1), purchase(2, days_ago=1)]
    named = asked(line(2), order_id=OrderId(UUID(int=1001)))
    assert matched(named, purchases) == [[(1, 1, PRICE)]]


def test_an_order_without_a_member_is_matched_by_its_number() -> None:
    anonymous = [purchase(1, member_id=None)]
    assert matched(asked(line(2), member_id=None, order_id=OrderId(UUID(int=1001))), anonymous) == [
        [(1, 2, PRICE)]
    ]
    assert matched(asked(line(2), member_id=None), anonymous) == [[]]


def late(number: int, *, days_ago: int, units_left: int = 10) -> Purchase:
    """Bought so long ago that its window ended a day ago."""
    return msgspec.structs.replace(
        purchase(number, days_ago=days_ago, units_left=units_left), returnable_until=NOW - timedelta(days=1)
    )


def test_an_ask_after_its_window_is_refused_and_takes_nothing() -> None:
    in_time = purchase(2, days_ago=2, units_left=1)
    book = rules.PurchaseBook([late(1, days_ago=40), in_time])
    refused = rules.match_return(asked(line(1), line(2)), book=book)
    assert refused == ReturnWindowEnded(
        external_number=refused.external_number if isinstance(refused, ReturnWindowEnded) else "",
        goods_code="A",
        ended_at=NOW - timedelta(days=1),
    )
    again = rules.match_return(asked(line(1)), book=book)
    assert isinstance(again, list)
    assert _told(again[0]) == [(2, 1, PRICE)]


def test_an_ask_takes_what_is_in_time_before_what_has_a_better_price() -> None:
    in_time = purchase(2, days_ago=2, unit_minor=90)
    assert matched(asked(line(2)), [late(1, days_ago=40), in_time]) == [[(2, 2, CODE)]]


def test_a_window_ends_at_its_end() -> None:
    at_the_end = msgspec.structs.replace(purchase(1), returnable_until=NOW)
    assert isinstance(
        rules.match_return(asked(line(1)), book=rules.PurchaseBook([at_the_end])), ReturnWindowEnded
    )
    just_open = msgspec.structs.replace(purchase(1), returnable_until=NOW + timedelta(microseconds=1))
    assert matched(asked(line(1)), [just_open]) == [[(1, 1, PRICE)]]


def test_a_late_purchase_with_nothing_left_refuses_nothing() -> None:
    assert matched(asked(line(1)), [late(1, days_ago=40, units_left=0)]) == [[]]


def test_a_fact_comes_back_whenever_it_likes() -> None:
    assert matched(asked(line(1), kind=ReturnKind.FACT), [late(1, days_ago=400)]) == [[(1, 1, PRICE)]]


@pytest.mark.parametrize(
    ("one", "refusal"),
    [
        (asked(number="7"), ReturnIsEmpty(external_number="7")),
        (
            asked(line(0), number="7"),
            ReturnUnitsMakeNoSense(external_number="7", goods_code="A", units=0),
        ),
        (
            asked(line(1), line(1, stated=-1), number="7"),
            ReturnPriceMakesNoSense(external_number="7", goods_code="A", stated_unit_minor=-1),
        ),
        (asked(line(1), number="7"), None),
    ],
)
def test_returns_that_make_no_sense(one: NewReturn, refusal: object) -> None:
    assert rules.refuse_return(one) == refusal


def test_the_content_is_what_counts() -> None:
    one = asked(line(1), number="7")
    later = msgspec.structs.replace(one, at=NOW + timedelta(hours=1))
    more = msgspec.structs.replace(one, lines=(line(2),))
    assert rules.content_hash(one) == rules.content_hash(later)
    assert rules.content_hash(one) != rules.content_hash(more)
