"""Where a SKU lies, in memory: which sites have enough, and what of it is remembered."""

import numpy as np
import numpy.typing as npt

from loopline.web.promising.shelves import Row


def row() -> Row:
    return Row(sites=np.array([0, 2, 3]), units=np.array([1, 5, 9]), selling=np.array([0, 5, 2]), kept={})


def sites(*places: int) -> npt.NDArray[np.bool_]:
    return np.isin(np.arange(4), places)


def test_the_sites_of_two_networks_are_found_and_remembered_side_by_side():
    one, ours, theirs = row(), sites(0, 2), sites(2, 3)
    found = [one.with_enough(1, among, selling=False) for among in (ours, theirs)]
    assert [places.tolist() for places in found] == [[0, 2], [2, 3]]
    assert one.with_enough(3, theirs, selling=True).tolist() == [2]
    again = [one.with_enough(1, among, selling=False) for among in (ours, theirs)]
    assert [places is before for places, before in zip(again, found, strict=True)] == [True, True]


def test_what_is_asked_now_is_remembered_however_much_was_asked_before():
    one, before, now = row(), sites(0, 2), sites(2, 3)
    for units in range(100):
        one.with_enough(units, before, selling=False)
    assert len(one.kept) <= 8
    found = one.with_enough(1, now, selling=False)
    assert found.tolist() == [2, 3]
    assert one.with_enough(1, now, selling=False) is found
