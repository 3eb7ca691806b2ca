"""Until which day lines wait for goods: what is known to come, given out as it will be; nothing is made up."""

from datetime import date, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from loopline.kernel.ids import LineId, OrderId, SiteId, SkuId
from loopline.orders.waiting import Coming, Dated, DayBasis, ParkedFor, Waiting, changed, date_lines

TODAY = date(2026, 12, 1)
HERE, THERE = SiteId(UUID(int=1)), SiteId(UUID(int=2))
COAT, HAT = SkuId(UUID(int=11)), SkuId(UUID(int=12))


def line(number: int, units: int, *, sku: SkuId = COAT, **fields: object) -> Waiting:
    stated: dict[str, object] = {
        "order_id": OrderId(UUID(int=100 + number)),
        "line_id": LineId(UUID(int=200 + number)),
        "sku_id": sku,
        "units": units,
        "site_ids": frozenset({HERE, THERE}),
        "anywhere": True,
        "reason": ParkedFor.NO_GOODS,
    }
    return Waiting(**(stated | fields))  # pyright: ignore[reportArgumentType] - fields of a test


def coming(day: int, units: int | None, *, sku: SkuId = COAT, site: SiteId | None = None) -> Coming:
    return Coming(
        sku_id=sku, day=TODAY + timedelta(days=day), units=units, site_id=site, basis=DayBasis.STATED
    )


def days(lines: list[Waiting], goods: list[Coming]) -> list[int | None]:
    found = date_lines(lines, goods)
    return [None if one.expected_on is None else (one.expected_on - TODAY).days for one in found]


def test_who_waits_longest_gets_what_comes_first_and_who_is_not_covered_has_no_day():
    waiting = [line(1, 2), line(2, 3), line(3, 1), line(4, 1, sku=HAT)]
    assert days(waiting, [coming(9, 3), coming(4, 2)]) == [4, 9, None, None]
    # A part is not enough for a day, and is taken all the same: it is given to whoever waits for it.
    assert days(waiting, [coming(4, 4)]) == [4, None, None, None]
    assert days(waiting, [coming(4, 2), coming(9, None)]) == [4, 9, 9, None]
    assert days(waiting, []) == [None] * 4


def test_what_comes_to_a_site_is_for_those_it_may_be_sent_to_alone():
    bound = line(1, 1, site_ids=frozenset({THERE}), anywhere=False)
    assert days([bound, line(2, 1)], [coming(4, 1, site=HERE)]) == [None, 4]
    assert days([bound, line(2, 1)], [coming(4, 1, site=THERE)]) == [4, None]
    # That the brand gets some says nothing of that site.
    assert days([bound, line(2, 1)], [coming(4, 5)]) == [None, 4]


def test_only_what_differs_is_changed():
    (one,) = date_lines([line(1, 1)], [coming(4, 1)])
    (other,) = date_lines([line(1, 1)], [coming(5, 1)])
    assert changed({one.line_id: one}, [one]) == []
    assert changed({one.line_id: one}, [other]) == [other]
    assert changed({}, [one]) == [one]


@given(
    st.lists(st.tuples(st.integers(1, 5), st.booleans()), max_size=8),
    st.lists(st.tuples(st.integers(0, 9), st.none() | st.integers(1, 6), st.booleans()), max_size=5),
)
def test_no_more_is_promised_than_comes_by_any_day(
    wanted: list[tuple[int, bool]], goods: list[tuple[int, int | None, bool]]
):
    waiting = [
        line(number, units, site_ids=frozenset({HERE}), anywhere=anywhere)
        for number, (units, anywhere) in enumerate(wanted)
    ]
    known = [coming(day, units, site=HERE if is_here else None) for day, units, is_here in goods]
    found: list[Dated] = date_lines(waiting, known)
    assert [one.line_id for one in found] == [one.line_id for one in waiting]
    for day in range(10):
        until = TODAY + timedelta(days=day)
        sold = sum(
            one.units
            for one, dated in zip(waiting, found, strict=True)
            if dated.expected_on is not None and dated.expected_on <= until
        )
        of_day = [one for one in known if one.day <= until]
        assert any(one.units is None for one in of_day) or sold <= sum(one.units or 0 for one in of_day)


def test_what_was_sold_ahead_has_the_day_that_was_promised_and_takes_what_comes_from_others():
    promised = line(1, 2, reason=ParkedFor.PRE_ORDER, ships_on=TODAY + timedelta(days=20))
    assert days([promised, line(2, 1)], []) == [20, None]
    # What comes sooner moves nothing that was said; it is for who paid first, and not for who waits behind.
    assert days([promised, line(2, 1)], [coming(4, 2)]) == [20, None]
    assert days([promised, line(2, 1)], [coming(4, 3)]) == [20, 4]
