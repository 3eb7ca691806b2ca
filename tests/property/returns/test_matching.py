"""Properties of matching: nothing comes back that did not go out, nothing is left out that could be matched."""

from hypothesis import given
from hypothesis import strategies as st

from loopline.returns import rules
from loopline.returns.model import MatchedHow, NewReturn, Purchase
from tests.make.returns import asked, line, purchase

numbers = st.integers(1, 12)
purchases = st.lists(
    st.builds(
        purchase,
        numbers,
        days_ago=st.integers(-3, 40),
        unit_minor=st.sampled_from([90, 100]),
        units_left=st.integers(0, 6),
        code=st.sampled_from(["A", "B"]),
    ),
    max_size=10,
    unique_by=lambda known: known.line_id,
)
returns = st.lists(
    st.lists(
        st.builds(
            line, st.integers(1, 9), stated=st.sampled_from([90, 100, None]), code=st.sampled_from(["A", "B"])
        ),
        min_size=1,
        max_size=4,
    ).map(lambda lines: asked(*lines)),
    max_size=5,
)


@given(purchases, returns)
def test_no_purchase_gives_more_than_it_has_and_no_line_takes_more_than_it_brings(
    history: list[Purchase], batch: list[NewReturn]
) -> None:
    book = rules.PurchaseBook(history)
    taken = {known.line_id: 0 for known in history}
    for one in batch:
        outcome = rules.match_return(one, book=book)
        assert isinstance(outcome, list)
        for brought, matches in zip(one.lines, outcome, strict=True):
            assert sum(match.units for match in matches) <= brought.units
            for match in matches:
                assert match.units > 0
                taken[match.line_id] += match.units
    assert all(taken[known.line_id] <= known.units_left for known in history)


@given(purchases, returns)
def test_what_stays_blind_has_no_candidate_left(history: list[Purchase], batch: list[NewReturn]) -> None:
    book = rules.PurchaseBook(history)
    for one in batch:
        outcome = rules.match_return(one, book=book)
        assert isinstance(outcome, list)
        for brought, matches in zip(one.lines, outcome, strict=True):
            if sum(match.units for match in matches) < brought.units:
                assert not any(book.has_left(candidate) for candidate in book.candidates(one, brought))


@given(purchases, st.integers(1, 30), st.sampled_from([90, 100]))
def test_another_price_is_taken_only_when_the_stated_one_is_used_up(
    history: list[Purchase], units: int, stated: int
) -> None:
    book = rules.PurchaseBook(history)
    one = asked(line(units, stated=stated))
    outcome = rules.match_return(one, book=book)
    assert isinstance(outcome, list)
    if any(match.how is MatchedHow.CODE for match in outcome[0]):
        same_price = [known for known in book.candidates(one, one.lines[0]) if known.unit_minor == stated]
        assert not any(book.has_left(known) for known in same_price)


@given(purchases, returns)
def test_the_order_of_the_history_does_not_matter(history: list[Purchase], batch: list[NewReturn]) -> None:
    forwards, backwards = rules.PurchaseBook(history), rules.PurchaseBook(history[::-1])
    for one in batch:
        assert rules.match_return(one, book=forwards) == rules.match_return(one, book=backwards)
