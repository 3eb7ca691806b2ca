"""Cursors hold what the database could have said, or are refused."""

import pytest

from loopline.kernel.refusals import Refused
from loopline.web.api.cursors import decode_cursor, encode_cursor


@pytest.mark.parametrize("value", [0, -(2**63), 2**63 - 1])
def test_a_number_of_a_list_comes_back(value: int):
    assert decode_cursor(encode_cursor(value), (int,)) == (value,)


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 10**18 * 1_000])
def test_a_number_that_no_column_holds_is_refused(value: int):
    with pytest.raises(Refused):
        decode_cursor(encode_cursor(value), (int,))
