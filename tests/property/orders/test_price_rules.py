"""The rule of lowered prices: what is lower, from which price, and what of it was allowed."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopline.kernel.ids import OrderId, PersonId, SiteId, SkuId
from loopline.orders.price_changes import (
    APPROVAL_HOLDS,
    ASK_WAITS,
    AskState,
    PriceAsk,
    PriceReason,
    PriceStanding,
)
from loopline.orders.price_rules import Lowered, SoldSo, StatedPrice, fits, is_within, lowered
from tests.make.shop import NOON

MINOR = st.integers(0, 10**7)


@pytest.mark.parametrize(
    ("unit", "percent", "within"),
    [
        (9_000, 10, True),
        (8_999, 10, False),
        (10_000, 0, True),
        (9_999, 0, False),
        (0, 100, True),
        (0, 99, False),
    ],
)
def test_the_limit_is_included(unit: int, percent: int, within: bool):
    assert is_within(10_000, unit, percent=percent) is within


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"unit_minor": 10_000}, None),
        ({"unit_minor": 12_000}, None),
        ({"unit_minor": 9_500, "has_reason": True}, (10_000, "alone")),
        ({"unit_minor": 9_500}, (10_000, "not_allowed")),
        ({"unit_minor": 8_000, "has_reason": True}, (10_000, "not_allowed")),
        ({"unit_minor": 8_000, "is_approved": True}, (10_000, "approved")),
        ({"unit_minor": 9_000, "read_minor": 9_000}, (10_000, "read_earlier")),
        ({"unit_minor": 8_100, "read_minor": 9_000, "has_reason": True}, (9_000, "alone")),
        ({"unit_minor": 8_099, "read_minor": 9_000, "has_reason": True}, (9_000, "not_allowed")),
        ({"unit_minor": 9_000, "read_minor": 11_000, "has_reason": True}, (10_000, "alone")),
    ],
)
def test_how_a_price_is_lower(said: dict[str, Any], found: tuple[int, str] | None):
    expected = Lowered(before_minor=found[0], standing=PriceStanding(found[1])) if found else None
    assert lowered(StatedPrice(now_minor=10_000, **said), percent=10) == expected


@given(
    unit=MINOR,
    now=MINOR,
    read=st.none() | MINOR,
    percent=st.integers(0, 100),
    has_reason=st.booleans(),
    is_approved=st.booleans(),
)
def test_what_is_lower_than_the_price_of_the_moment_is_never_silent(
    unit: int, now: int, read: int | None, percent: int, has_reason: bool, is_approved: bool
):
    stated = StatedPrice(
        unit_minor=unit, now_minor=now, read_minor=read, has_reason=has_reason, is_approved=is_approved
    )
    found = lowered(stated, percent=percent)
    assert (found is None) == (unit >= now)
    if found is None:
        return
    assert unit < found.before_minor <= now
    if found.standing is PriceStanding.ALONE:
        assert has_reason
        assert unit * 100 >= found.before_minor * (100 - percent)
    if found.standing is PriceStanding.READ_EARLIER:
        assert read is not None
        assert read <= unit
    if not is_approved:
        assert found.standing is not PriceStanding.APPROVED


ASK = PriceAsk(
    id=UUID(int=1),
    till_id=UUID(int=2),
    site_id=SiteId(UUID(int=3)),
    sku_id=SkuId(UUID(int=4)),
    units=2,
    currency="CNY",
    before_minor=100,
    unit_minor=50,
    reason=PriceReason.DAMAGED,
    asked_by=PersonId(UUID(int=5)),
    asked_at=NOON,
    withdrawn_at=None,
    decided_by=PersonId(UUID(int=6)),
    decided_at=NOON,
    is_approved=True,
    note="",
    order_id=None,
)
SOLD = SoldSo(
    till_id=ASK.till_id,
    site_id=ASK.site_id,
    sku_id=ASK.sku_id,
    units=2,
    currency="CNY",
    unit_minor=50,
    at=NOON + APPROVAL_HOLDS,
)


@pytest.mark.parametrize(
    "other",
    [
        {"till_id": UUID(int=9)},
        {"site_id": SiteId(UUID(int=9))},
        {"sku_id": SkuId(UUID(int=9))},
        {"units": 3},
        {"currency": "GBP"},
        {"unit_minor": 49},
        {"unit_minor": 51},
        {"at": NOON + APPROVAL_HOLDS + timedelta(microseconds=1)},
    ],
    ids=lambda one: next(iter(one)),
)
def test_an_approval_is_good_for_that_very_thing(other: dict[str, Any]):
    assert fits(ASK, SOLD)
    assert fits(ASK, msgspec.structs.replace(SOLD, units=1))
    assert not fits(ASK, msgspec.structs.replace(SOLD, **other))


@pytest.mark.parametrize(
    "other",
    [
        {"is_approved": False},
        {"is_approved": None, "decided_at": None, "decided_by": None},
        {"order_id": OrderId(UUID(int=9))},
    ],
    ids=["declined", "open", "used"],
)
def test_what_is_no_approval_is_good_for_nothing(other: dict[str, Any]):
    assert not fits(msgspec.structs.replace(ASK, **other), SOLD)


def test_where_it_stands_changes_with_time():
    waiting = msgspec.structs.replace(ASK, is_approved=None, decided_by=None, decided_at=None, note=None)
    moment = timedelta(microseconds=1)
    assert waiting.state(NOON + ASK_WAITS) is AskState.OPEN
    assert waiting.state(NOON + ASK_WAITS + moment) is AskState.LAPSED
    assert ASK.state(NOON + APPROVAL_HOLDS) is AskState.APPROVED
    assert ASK.state(NOON + APPROVAL_HOLDS + moment) is AskState.LAPSED
    assert (
        msgspec.structs.replace(ASK, is_approved=False).state(NOON + APPROVAL_HOLDS * 9) is AskState.DECLINED
    )
    assert msgspec.structs.replace(ASK, order_id=OrderId(UUID(int=9))).state(NOON) is AskState.USED
