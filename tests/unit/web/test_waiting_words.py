"""Whatever an order waits for has words, on the monitor of waves and on the order's page."""

from loopline.orders import WaitsFor
from loopline.web.hq.order_words import WAITS_WORDS
from loopline.web.hq.sourcing_view import QUEUE_WORDS


def test_everything_that_is_waited_for_can_be_said():
    assert set(WAITS_WORDS) == set(WaitsFor)
    assert set(QUEUE_WORDS) == {one.value for one in WaitsFor} | {"goods"}
