"""Whom to call today: the reasons, their ends, and those who are left alone."""

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from loopline.customers.own import OwnCustomer, RestHow
from loopline.kernel.ids import MemberId
from loopline.orders import BuyingOfMember
from loopline.processes.own_customers import WhyCall, rest_until, why_call
from tests.make.fulfilment import NOON

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
SOMEBODY = MemberId(UUID(int=1))
OWN = OwnCustomer(
    member_id=SOMEBODY,
    guide_id=None,
    bound_at=NOON - 99 * DAY,
    last_kind="order_placed",
    last_at=NOON - 99 * DAY,
    may_be_called=True,
    rest_how=None,
    rests_until=None,
)


def bought(count: int, *, first: timedelta, last: timedelta) -> BuyingOfMember:
    return BuyingOfMember(
        member_id=SOMEBODY, orders=count, first_at=NOON - first, last_at=NOON - last, open_ids=()
    )


@pytest.mark.parametrize(
    ("buying", "seen", "why"),
    [
        (bought(1, first=7 * DAY, last=7 * DAY), 7 * DAY, WhyCall.FIRST_WEEK),
        (bought(1, first=14 * DAY - SECOND, last=14 * DAY), 9 * DAY, WhyCall.FIRST_WEEK),
        (bought(1, first=7 * DAY - SECOND, last=7 * DAY), 7 * DAY, None),
        (bought(1, first=14 * DAY, last=14 * DAY), 14 * DAY, None),
        (bought(2, first=8 * DAY, last=DAY), DAY, None),
        (bought(3, first=99 * DAY, last=60 * DAY), 60 * DAY, WhyCall.LONG_AWAY),
        (bought(3, first=99 * DAY, last=60 * DAY - SECOND), 70 * DAY, None),
        # They bought long ago, and scanned a code yesterday.
        (bought(3, first=99 * DAY, last=70 * DAY), DAY, None),
        # Who never bought is nobody's to call.
        (None, 70 * DAY, None),
    ],
)
def test_there_is_a_reason_to_call(buying: BuyingOfMember | None, seen: timedelta, why: WhyCall | None):
    one = msgspec.structs.replace(OWN, last_at=NOON - seen)
    assert why_call(one, buying, now=NOON) is why
    for left_alone in (
        msgspec.structs.replace(one, may_be_called=False),
        msgspec.structs.replace(one, rests_until=NOON + SECOND),
    ):
        assert why_call(left_alone, buying, now=NOON) is None


def test_who_was_called_rests_for_a_month_and_who_is_put_off_until_tomorrow():
    assert rest_until(RestHow.CALLED, now=NOON, tomorrow=NOON + DAY) == NOON + 30 * DAY
    assert rest_until(RestHow.LATER, now=NOON, tomorrow=NOON + DAY) == NOON + DAY
