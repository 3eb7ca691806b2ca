"""Keys first, then rules, then one assignment of what is likely; each line at most once."""

from datetime import date
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopline.processes.reconcile import Line, Match, Matching, Way, Wording, match_lines, read_wording
from loopline.processes.reconcile.assignment import Pair, deal

DAY = date(2026, 11, 11)


def line(number: str, amount: int = 100, *, key: str | None = None, memo: str = "", day: int = 11) -> Line:
    return Line(number=number, on=DAY.replace(day=day), amount_minor=amount, key=key, wording=memo)


@pytest.mark.parametrize(
    ("memo", "read"),
    [
        ("J Q MARLOW paym", Wording(party="J Q MARLOW")),
        ("K B 9c2e41ab BG", Wording(party="K B", reference="9c2e41ab")),
        ("N P 40517733 BGC", Wording(party="N P", reference="40517733", means="BGC")),
        ("Z Y money BGC", Wording(party="Z Y", purpose="money", means="BGC")),
        ("ALFONS REY 53", Wording(party="ALFONS REY")),
        ("Z Y B", Wording(party="Z Y B")),
        ("", Wording(party="")),
    ],
)
def test_a_memo_is_read_and_its_cut_off_end_left_out(memo: str, read: Wording) -> None:
    assert read_wording(memo) == read


def test_one_key_on_each_side_is_a_match_though_amounts_differ() -> None:
    matching = match_lines([line("o1", 100, key="K")], [line("t1", 97, key="K")])
    assert matching == Matching(
        matches=(Match(ours="o1", theirs="t1", way=Way.KEY),), open_ours=(), open_theirs=()
    )


def test_a_key_that_stands_twice_on_one_side_decides_nothing() -> None:
    matching = match_lines([line("o1", key="K")], [line("t1", key="K"), line("t2", key="K")])
    assert matching == Matching(matches=(), open_ours=("o1",), open_theirs=("t1", "t2"))


@pytest.mark.parametrize(
    ("theirs", "matched"),
    [
        ([line("t1", memo="A QUILL", day=11)], True),
        ([line("t1", memo="A QUILL", day=10)], False),  # theirs is never before ours
        ([line("t1", 101, memo="A QUILL")], False),
        ([line("t1", memo="A QUALL")], False),
        ([line("t1", memo="A QUILL", key="other")], False),
        ([line("t1", memo="A QUILL"), line("t2", memo="A QUILL")], False),
    ],
)
def test_the_rule_wants_one_candidate_of_amount_party_and_day(theirs: list[Line], matched: object) -> None:
    matching = match_lines([line("o1", memo="A QUILL money", key="mine")], theirs)
    found = (Match(ours="o1", theirs="t1", way=Way.RULE),) if matched else ()
    assert matching.matches == found


@settings(deadline=None)  # the first call loads scipy
@given(
    st.lists(st.tuples(st.sampled_from("ABC"), st.integers(1, 3)), max_size=12),
    st.lists(st.tuples(st.sampled_from("ABC"), st.integers(1, 3)), max_size=12),
)
def test_every_line_is_matched_once_or_open(
    ours: list[tuple[str, int]], theirs: list[tuple[str, int]]
) -> None:
    left = [line(f"o{n}", amount, key=key) for n, (key, amount) in enumerate(ours)]
    right = [line(f"t{n}", amount, key=key) for n, (key, amount) in enumerate(theirs)]
    matching = match_lines(left, right)
    assert sorted([match.ours for match in matching.matches] + list(matching.open_ours)) == sorted(
        one.number for one in left
    )
    assert sorted([match.theirs for match in matching.matches] + list(matching.open_theirs)) == sorted(
        one.number for one in right
    )


@settings(deadline=None)  # the first call loads scipy
@given(st.dictionaries(st.tuples(st.integers(0, 3), st.integers(0, 3)), st.integers(-5, 20), max_size=10))
def test_no_other_dealing_is_worth_more(bits: dict[tuple[int, int], int]) -> None:
    dealt = [
        one.pair for one in deal([Pair(our, their, float(worth)) for (our, their), worth in bits.items()])
    ]
    assert len({pair.our for pair in dealt}) == len({pair.their for pair in dealt}) == len(dealt)
    best = max(
        sum(max(bits.get((our, their), 0), 0) for our, their in enumerate(order))
        for order in permutations(range(4))
    )
    assert sum(pair.bits for pair in dealt) == best


def test_a_better_use_of_one_half_is_given_up_for_the_better_whole() -> None:
    dealt = deal([Pair(0, 0, 9.0), Pair(0, 1, 8.0), Pair(1, 0, 8.0)])
    assert [(one.pair.our, one.pair.their, one.margin_bits) for one in dealt] == [(0, 1, -1.0), (1, 0, -1.0)]
