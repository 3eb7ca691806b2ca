"""Places on shelves: how they are spelt, and in which order one walks along them."""

import pytest

from loopline.stock.places import spelt, walking_order


def test_one_walks_along_numbers_as_numbers_and_ends_where_nobody_said():
    walked = sorted(["B-1", None, "A-10", "A-2-10", "A-2", "A", "", "10-A", "2-A"], key=walking_order)
    assert walked == ["2-A", "10-A", "A", "A-2", "A-2-10", "A-10", "B-1", None, ""]


@pytest.mark.parametrize(
    ("typed", "kept"), [(" a-2  10 ", "A-2 10"), ("后仓 3", "后仓 3"), ("\t", ""), ("Aä1", "AÄ1")]
)
def test_places_are_kept_in_one_spelling(typed: str, kept: str):
    assert spelt(typed) == kept
