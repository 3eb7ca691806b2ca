"""What about goods asks for a photo: which causes hold, how much is wanted, and which word is heard."""

import msgspec
import pytest

from loopline.fulfilment.photos import Demand, GoodsLookedAt, PhotoCause, PhotoRule, SetPhotoRule, points_of
from loopline.fulfilment.photos.rules import (
    CategoryNeedsAWord,
    HoldsEverywhere,
    PhotoRuleNotUsable,
    refusal_of_rule,
)
from loopline.kernel.refusals import Refusal
from tests.make.fulfilment import NOON, allocation_id, task_id

PLAIN = GoodsLookedAt(
    task_id=task_id(1),
    allocation_id=allocation_id(1),
    category="coats",
    unit_minor=9_999,
    is_fragile=False,
    is_cold=False,
    are_last=False,
)


def rule(
    cause: PhotoCause, demand: Demand, *, category: str | None = None, from_minor: int | None = None
) -> PhotoRule:
    return PhotoRule(
        cause=cause, category=category, demand=demand, from_minor=from_minor, set_at=NOON, set_by="tests"
    )


DEAR = rule(PhotoCause.HIGH_VALUE, Demand.REQUIRED, from_minor=10_000)
FRAGILE = rule(PhotoCause.FRAGILE, Demand.ASKED)
COLD = rule(PhotoCause.COLD, Demand.ASKED)
LAST = rule(PhotoCause.LAST_UNITS, Demand.ASKED)
RULES = (DEAR, FRAGILE, COLD, LAST)


@pytest.mark.parametrize(
    ("changes", "demand", "causes"),
    [
        ({}, None, ()),
        ({"unit_minor": 10_000}, Demand.REQUIRED, ("high_value",)),
        ({"unit_minor": None}, None, ()),
        ({"is_fragile": True}, Demand.ASKED, ("fragile",)),
        ({"is_cold": True}, Demand.ASKED, ("cold",)),
        ({"are_last": True}, Demand.ASKED, ("last_units",)),
        (
            {"unit_minor": 20_000, "is_fragile": True, "are_last": True},
            Demand.REQUIRED,
            ("high_value", "fragile", "last_units"),
        ),
    ],
)
def test_goods_ask_for_a_photo_by_what_they_are(
    changes: dict[str, object], demand: Demand | None, causes: tuple[str, ...]
):
    points = points_of([msgspec.structs.replace(PLAIN, **changes)], RULES)
    assert [(point.demand, tuple(map(str, point.causes))) for point in points] == (
        [(demand, causes)] if demand else []
    )


@pytest.mark.parametrize(
    ("said", "demand"),
    [
        (rule(PhotoCause.FRAGILE, Demand.OFF, category="coats"), None),
        (rule(PhotoCause.FRAGILE, Demand.REQUIRED, category="coats"), Demand.REQUIRED),
        (rule(PhotoCause.FRAGILE, Demand.OFF, category="hats"), Demand.ASKED),
        (rule(PhotoCause.ANY, Demand.REQUIRED, category="coats"), Demand.REQUIRED),
    ],
)
def test_what_is_said_of_a_category_is_heard_first(said: PhotoRule, demand: Demand | None):
    goods = msgspec.structs.replace(PLAIN, is_fragile=True)
    assert [point.demand for point in points_of([goods], [*RULES, said])] == ([demand] if demand else [])


def test_what_asks_for_nothing_asks_of_nobody():
    off = [msgspec.structs.replace(one, demand=Demand.OFF) for one in RULES]
    goods = msgspec.structs.replace(PLAIN, is_fragile=True, unit_minor=99_999)
    assert points_of([goods], off) == []
    assert points_of([goods], []) == []


@pytest.mark.parametrize(
    ("wanted", "refusal"),
    [
        (SetPhotoRule(cause=PhotoCause.FRAGILE, category=None, demand=Demand.OFF), None),
        (SetPhotoRule(cause=PhotoCause.FRAGILE, category="hats", demand=None), None),
        (
            SetPhotoRule(cause=PhotoCause.FRAGILE, category=None, demand=None),
            HoldsEverywhere(cause=PhotoCause.FRAGILE),
        ),
        (SetPhotoRule(cause=PhotoCause.ANY, category=None, demand=Demand.ASKED), CategoryNeedsAWord()),
        (
            SetPhotoRule(cause=PhotoCause.HIGH_VALUE, category=None, demand=Demand.ASKED),
            PhotoRuleNotUsable(cause=PhotoCause.HIGH_VALUE),
        ),
        (
            SetPhotoRule(cause=PhotoCause.HIGH_VALUE, category=None, demand=Demand.ASKED, from_minor=0),
            PhotoRuleNotUsable(cause=PhotoCause.HIGH_VALUE),
        ),
        (
            SetPhotoRule(cause=PhotoCause.COLD, category=None, demand=Demand.ASKED, from_minor=5),
            PhotoRuleNotUsable(cause=PhotoCause.COLD),
        ),
    ],
)
def test_a_rule_says_what_it_is_about(wanted: SetPhotoRule, refusal: Refusal | None):
    assert refusal_of_rule(wanted) == refusal
