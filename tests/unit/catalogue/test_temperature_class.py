"""How cold goods are kept on their way, by the range in which they keep."""

import pytest

from loopline.catalogue import class_of_range
from loopline.kernel.temperatures import TemperatureClass

AMBIENT, COOL, FROZEN = TemperatureClass


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [
        (None, None, AMBIENT),
        (5, None, AMBIENT),
        (None, 25, AMBIENT),
        (12, 20, AMBIENT),
        (12, 19, COOL),
        (2, 8, COOL),
        (None, 4, COOL),
        (0, 3, COOL),
        (-2, 0, COOL),
        (-17, 0, COOL),
        (-18, 0, FROZEN),
        (None, 3, FROZEN),
        (None, -18, FROZEN),
        (-8, -1, FROZEN),
    ],
)
def test_the_range_says_the_class(low: int | None, high: int | None, found: TemperatureClass):
    assert class_of_range(low, high) is found
