"""What delivery costs by a template: fee, weight, regions, what makes it free; and whose template holds."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from loopline.kernel.ids import OrgUnitId, uuid7
from loopline.kernel.refusals import Refusal
from loopline.pricing.freight import (
    COMMENT_MOST,
    Freight,
    FreightInForce,
    FreightNeedsAComment,
    FreightNotUsable,
    FreightTemplate,
    KeptFreight,
    NewFreight,
    NotDeliveredThere,
    Parcel,
    RegionNamedTwice,
    RegionRule,
    RegionUnknown,
    Weighing,
    freight_at,
    freight_of,
    problem_of,
)
from tests.make.freight import FAR, template

AT = datetime(2026, 3, 2, tzinfo=UTC)
BRAND, REGION, DEALER = (OrgUnitId(uuid7(AT)) for _ in range(3))
WEIGHING = Weighing(first_grams=1_000, step_grams=500, step_minor=150, grams_default=400)


def parcel(goods_minor: int = 5_000, *lines: tuple[int, int | None], to: str = "310100") -> Parcel:
    return Parcel(region_code=to, goods_minor=goods_minor, lines=lines or ((1, None),))


def costs(found: FreightTemplate, *args: Any, **fields: Any) -> tuple[int, int, int | None]:
    outcome = freight_of(found, parcel(*args, **fields))
    assert isinstance(outcome, Freight)
    return outcome.fee_minor, outcome.full_minor, outcome.missing_minor


@pytest.mark.parametrize(
    ("goods_minor", "said"),
    [(0, (800, 800, 15_000)), (14_999, (800, 800, 1)), (15_000, (0, 800, None)), (15_001, (0, 800, None))],
)
def test_it_is_free_from_an_amount_on_included(goods_minor: int, said: tuple[int, int, int | None]):
    assert costs(template(), goods_minor) == said


@pytest.mark.parametrize(("units", "fee"), [(1, 800), (2, 800), (3, 0), (4, 0)])
def test_it_is_free_from_so_many_pieces_on_whatever_they_cost(units: int, fee: int):
    by_pieces = template(free_from_minor=None, free_from_units=3)
    assert costs(by_pieces, 1, (1, None), (units - 1, None))[0] == fee
    # Who is told of an amount is not told of it where none makes it free.
    assert costs(by_pieces, 1)[2] is None


@pytest.mark.parametrize(
    ("lines", "fee"),
    [
        (((1, 0),), 800),
        (((1, 1_000),), 800),
        (((1, 1_001),), 950),
        (((1, 1_500),), 950),
        (((1, 1_501),), 1_100),
        (((3, 500),), 950),
        # Nobody weighed it: 400 grams a piece.
        (((2, None),), 800),
        (((3, None),), 950),
        (((2, None), (1, 701)), 1_100),
    ],
)
def test_each_further_weight_that_has_begun_is_paid_for(lines: tuple[tuple[int, int | None], ...], fee: int):
    assert costs(template(weighing=WEIGHING), 5_000, *lines)[0] == fee


def test_a_region_has_its_own_fee_and_a_city_goes_before_its_province():
    capital = RegionRule(region_codes=("650100",), fee_minor=1_200)
    for regions in ((FAR, capital), (capital, FAR)):
        found = template(regions=regions)
        assert costs(found, 5_000, to="653100") == (2_000, 2_000, None)
        assert costs(found, 5_000, to="650100") == (1_200, 1_200, 10_000)
        assert costs(found, 5_000, to="310100") == (800, 800, 10_000)
        # Where it goes is not known.
        assert costs(found, 5_000, to="") == (800, 800, 10_000)


def test_what_makes_it_free_elsewhere_need_not_do_so_in_a_region():
    assert costs(template(), 20_000, to="540100") == (2_000, 2_000, None)
    as_elsewhere = template(regions=(replace(FAR, is_ever_free=True),))
    assert costs(as_elsewhere, 20_000, to="540100") == (0, 2_000, None)


def test_further_weight_costs_a_region_its_own_or_what_it_costs_elsewhere():
    own = template(weighing=WEIGHING, regions=(replace(FAR, step_minor=1_000),))
    assert costs(own, 5_000, (1, 2_000), to="65")[0] == 4_000
    none = template(weighing=WEIGHING, regions=(replace(FAR, step_minor=0),))
    assert costs(none, 5_000, (1, 2_000), to="65")[0] == 2_000
    same = template(weighing=WEIGHING, regions=(FAR,))
    assert costs(same, 5_000, (1, 2_000), to="65")[0] == 2_300


def test_nothing_is_delivered_to_a_region_that_is_left_out():
    found = template(regions=(RegionRule(region_codes=("65",), is_delivered=False),))
    refused = freight_of(found, parcel(99_999, to="650100"))
    assert refused == NotDeliveredThere(region_code="650100", field="region_code")
    assert costs(found, 5_000)[0] == 800


def kept(unit_id: OrgUnitId, fee_minor: int | None, *, is_open: bool = False) -> KeptFreight:
    return KeptFreight(
        number=1,
        unit_id=unit_id,
        template=None if fee_minor is None else template(fee_minor=fee_minor),
        is_open=is_open,
        comment="x",
        set_at=AT,
        set_by="person:1",
    )


def at(*words: KeptFreight) -> tuple[int, OrgUnitId] | None:
    found = freight_at((BRAND, REGION, DEALER), kept={one.unit_id: one for one in words})
    assert found is None or isinstance(found, FreightInForce)
    return None if found is None else (found.template.fee_minor, found.decided_by)


def test_the_nearest_unit_decides_where_the_brand_leaves_it_open():
    open_brand, shut_brand = kept(BRAND, 800, is_open=True), kept(BRAND, 800)
    region, dealer = kept(REGION, 500), kept(DEALER, 300)
    assert at() is None
    assert at(shut_brand, region, dealer) == (800, BRAND)
    assert at(open_brand, region, dealer) == (300, DEALER)
    assert at(open_brand, region, kept(DEALER, None)) == (500, REGION)
    # Open, and without a fee of its own: only who sets one charges any.
    assert at(kept(BRAND, None, is_open=True), dealer) == (300, DEALER)
    assert at(kept(BRAND, None, is_open=True)) is None
    assert at(dealer) is None


def problem(comment: str = "why", **fields: Any) -> Refusal | None:
    return problem_of(NewFreight(unit_code="HX", template=template(**fields), comment=comment))


def test_a_template_says_what_it_may():
    assert problem() is None
    assert problem(weighing=WEIGHING, regions=()) is None
    most = 100_000_000
    assert problem(fee_minor=-1) == FreightNotUsable(field="fee_minor", least=0, most=most)
    assert problem(fee_minor=most) is None
    assert problem(fee_minor=most + 1) == FreightNotUsable(field="fee_minor", least=0, most=most)
    assert problem(free_from_minor=0) == FreightNotUsable(field="free_from_minor", least=1, most=most)
    assert problem(free_from_units=0) == FreightNotUsable(field="free_from_units", least=1, most=10_000)
    assert problem(currency="cny") == FreightNotUsable(field="currency", least=3, most=3)
    assert problem(weighing=replace(WEIGHING, step_grams=0)) == FreightNotUsable(
        field="step_grams", least=1, most=1_000_000
    )
    assert problem(regions=(replace(FAR, step_minor=-1),)) == FreightNotUsable(
        field="region_step_minor", least=0, most=most
    )
    assert problem(regions=(replace(FAR, region_codes=()),)) == FreightNotUsable(
        field="region_codes", least=1, most=400
    )
    # A province in six digits, a district, half a code, digits of another script.
    for odd in ("650000", "310106", "6501", "６５", ""):
        assert problem(regions=(replace(FAR, region_codes=("54", odd)),)) == RegionUnknown(region_code=odd)
    assert problem(regions=(FAR, FAR)) == RegionNamedTwice(region_code="65")
    for comment in ("", "  ", "x" * (COMMENT_MOST + 1), "\x00"):
        assert problem(comment) == FreightNeedsAComment(most=COMMENT_MOST)
