"""Whatever a template says: the fee is never negative, and never falls as weight rises; free is free from there on."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from loopline.pricing.freight import (
    Freight,
    FreightTemplate,
    NewFreight,
    NotDeliveredThere,
    Parcel,
    RegionRule,
    Weighing,
    freight_of,
    problem_of,
)

_minor = st.integers(0, 100_000)
_codes = st.sampled_from(("65", "54", "31", "310100", "650100", "653100", "320100"))
_grams = st.none() | st.integers(0, 50_000)
_lines = st.lists(st.tuples(st.integers(1, 50), _grams), min_size=1, max_size=4).map(tuple)


@st.composite
def templates(draw: st.DrawFn) -> FreightTemplate:
    codes = draw(st.lists(_codes, unique=True, max_size=5))
    regions = [
        RegionRule(
            region_codes=(code,),
            is_delivered=draw(st.booleans()),
            fee_minor=draw(_minor),
            step_minor=draw(st.none() | _minor),
            is_ever_free=draw(st.booleans()),
        )
        for code in codes
    ]
    weighing = st.builds(
        Weighing,
        first_grams=st.integers(0, 5_000),
        step_grams=st.integers(1, 5_000),
        step_minor=_minor,
        grams_default=st.integers(0, 5_000),
    )
    return FreightTemplate(
        currency="CNY",
        fee_minor=draw(_minor),
        free_from_minor=draw(st.none() | st.integers(1, 100_000)),
        free_from_units=draw(st.none() | st.integers(1, 60)),
        weighing=draw(st.none() | weighing),
        regions=tuple(regions),
    )


parcels = st.builds(
    Parcel, region_code=_codes | st.just(""), goods_minor=st.integers(0, 200_000), lines=_lines
)


@given(template=templates(), parcel=parcels)
def test_no_fee_is_negative_or_more_than_the_full_one(template: FreightTemplate, parcel: Parcel):
    assert problem_of(NewFreight(unit_code="HX", template=template, comment="x")) is None
    found = freight_of(template, parcel)
    if isinstance(found, Freight):
        assert found.fee_minor in (0, found.full_minor)
        assert found.full_minor >= 0


@given(template=templates(), parcel=parcels, more=st.integers(0, 20_000), place=st.integers(0, 3))
def test_what_weighs_more_never_costs_less(template: FreightTemplate, parcel: Parcel, more: int, place: int):
    place %= len(parcel.lines)
    units, grams = parcel.lines[place]
    if grams is None:
        return
    heavier = (*parcel.lines[:place], (units, grams + more), *parcel.lines[place + 1 :])
    light, heavy = freight_of(template, parcel), freight_of(template, replace(parcel, lines=heavier))
    if isinstance(light, NotDeliveredThere):
        assert heavy == light
    else:
        assert isinstance(heavy, Freight)
        assert heavy.fee_minor >= light.fee_minor


@given(template=templates(), parcel=parcels)
def test_what_is_missing_is_just_what_makes_it_free(template: FreightTemplate, parcel: Parcel):
    found = freight_of(template, parcel)
    if not isinstance(found, Freight) or found.missing_minor is None:
        return
    assert found.fee_minor > 0
    enough = replace(parcel, goods_minor=parcel.goods_minor + found.missing_minor)
    almost = replace(parcel, goods_minor=parcel.goods_minor + found.missing_minor - 1)
    free, charged = freight_of(template, enough), freight_of(template, almost)
    assert free == Freight(fee_minor=0, full_minor=found.full_minor)
    assert isinstance(charged, Freight)
    assert (charged.fee_minor, charged.missing_minor) == (found.fee_minor, 1)


@given(template=templates(), parcel=parcels)
def test_a_region_that_no_group_names_pays_what_holds_everywhere(template: FreightTemplate, parcel: Parcel):
    elsewhere = replace(parcel, region_code="440100")
    assert freight_of(template, elsewhere) == freight_of(replace(template, regions=()), elsewhere)
