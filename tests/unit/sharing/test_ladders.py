"""Ladders: what a turnover comes to, whole or by stretches, to the cent; and which ones are refused."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopline.kernel.ids import EntityId, LadderId, PartyId, PersonId
from loopline.sharing.ladders import (
    Ladder,
    LadderWay,
    Step,
    Turnover,
    bonus_of,
    bonuses_of,
    ladders_in,
    misshapen_field,
)
from loopline.sharing.model import Role

STEPS = (Step(from_minor=10_000, basis_points=100), Step(from_minor=50_000, basis_points=300))


def ladder(**fields: Any) -> Ladder:
    stated: dict[str, Any] = {
        "id": LadderId(UUID(int=1)),
        "code": "dealer-year",
        "role": Role.DEALER,
        "currency": "CNY",
        "way": LadderWay.WHOLE,
        "steps": STEPS,
        "from_month": date(2026, 3, 1),
        "author_id": PersonId(UUID(int=2)),
        "comment": "more for more",
        "published_at": datetime(2026, 2, 1, tzinfo=UTC),
    }
    return Ladder(**(stated | fields))


@pytest.mark.parametrize(
    ("way", "volume", "bonus"),
    [
        (LadderWay.WHOLE, 9_999, 0),
        (LadderWay.WHOLE, 10_000, 100),
        (LadderWay.WHOLE, 49_999, 500),
        (LadderWay.WHOLE, 50_000, 1_500),
        (LadderWay.ABOVE, 9_999, 0),
        (LadderWay.ABOVE, 10_000, 0),
        (LadderWay.ABOVE, 50_000, 400),
        (LadderWay.ABOVE, 60_000, 700),
    ],
)
def test_a_turnover_comes_to_what_the_steps_say(way: LadderWay, volume: int, bonus: int):
    assert bonus_of(ladder(way=way), volume) == bonus


@given(
    volumes=st.lists(st.integers(0, 10**9), min_size=1, max_size=6),
    way=st.sampled_from(LadderWay),
)
def test_what_each_part_brings_adds_up_to_the_bonus_of_all(volumes: list[int], way: LadderWay):
    """However the same turnover is parted, in orders or over companies, it comes to the same."""
    turned = [
        Turnover(
            ladder_id=LadderId(UUID(int=7)),
            party_id=PartyId(UUID(int=9)),
            entity_id=EntityId(UUID(int=place)),
            funder_id=PartyId(UUID(int=8)),
            volume_minor=volume,
            pending_parts=0,
        )
        for place, volume in enumerate(volumes)
    ]
    parts = bonuses_of(ladder(way=way), turned)
    assert sum(parts) == bonus_of(ladder(way=way), sum(volumes))
    assert all(0 <= part <= volume for part, volume in zip(parts, volumes, strict=True))


@given(low=st.integers(0, 10**7), more=st.integers(0, 10**7), way=st.sampled_from(LadderWay))
def test_more_turnover_never_brings_less_on_rising_rates(low: int, more: int, way: LadderWay):
    assert bonus_of(ladder(way=way), low + more) >= bonus_of(ladder(way=way), low)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"steps": STEPS[::-1]}, "steps"),
        ({"steps": (STEPS[0], STEPS[0])}, "steps"),
        ({"steps": (Step(from_minor=-1, basis_points=1),)}, "steps"),
        ({"steps": (Step(from_minor=1, basis_points=10_001),)}, "basis_points"),
        ({"from_month": date(2026, 3, 2)}, "from_month"),
        ({"code": "two words"}, "code"),
        ({"role": Role.BRAND}, "role"),
        ({}, None),
        ({"steps": ()}, None),
    ],
)
def test_what_makes_no_sense_is_named(fields: dict[str, Any], field: str | None):
    assert misshapen_field(ladder(**fields)) == field


def test_of_each_code_the_latest_begun_holds_until_it_is_ended():
    begun = ladder()
    later = ladder(from_month=date(2026, 5, 1), steps=STEPS[:1])
    ended = ladder(from_month=date(2026, 7, 1), steps=())
    found = [begun, later, ended]
    assert ladders_in(found, date(2026, 2, 1)) == []
    assert ladders_in(found, date(2026, 4, 1)) == [begun]
    assert ladders_in(found, date(2026, 6, 1)) == [later]
    assert ladders_in(found, date(2026, 7, 1)) == []
