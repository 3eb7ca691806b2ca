"""What may change in prices: nothing in the past, nothing twice, nothing that leaves two answers."""

from datetime import date, datetime, timedelta

import msgspec
import pytest

from loopline.kernel.ids import PriceListId, SiteId, SkuId
from loopline.kernel.refusals import Refusal
from loopline.pricing import NewPrice, NewPriceList, NewTaxRate, PriceList, PriceListEnd, PriceRow
from loopline.pricing.changes import (
    AfterListEnds,
    PricedElsewhere,
    PriceDesk,
    PriceListCodeTaken,
    PriceListNotUsable,
    PriceNegative,
    TakesEffectInThePast,
    TaxRateInThePast,
    TaxRateNotUsable,
    UnknownPriceList,
    decide_rate,
    plan_lists,
    refusal_of_end,
)
from tests.make.pricing import NOW, new_id, price, price_list, tax_rate

SKU, OTHER_SKU = SkuId(new_id()), SkuId(new_id())
HOUR = timedelta(hours=1)
JUST_BEFORE = NOW - timedelta(microseconds=1)


def asked(**changes: object) -> NewPriceList:
    fields: dict[str, object] = {"code": "base", "name": "base", "currency": "CNY", "valid_from": NOW}
    return NewPriceList(**(fields | changes))  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("new", "refusal"),
    [
        (asked(valid_from=JUST_BEFORE), TakesEffectInThePast(valid_from=JUST_BEFORE)),
        (asked(code=" base"), PriceListNotUsable(value=" base")),
        (asked(code=""), PriceListNotUsable(value="")),
        (asked(name="a\u0000"), PriceListNotUsable(value="base")),
        (asked(channel="a\u0000"), PriceListNotUsable(value="base")),
        (asked(currency="Yuan"), PriceListNotUsable(value="base")),
        (asked(currency="C1Y"), PriceListNotUsable(value="base")),
        (asked(valid_until=NOW), PriceListNotUsable(value="base")),
        (asked(), None),
        (asked(valid_until=NOW + HOUR), None),
    ],
)
def test_which_lists_are_taken(new: NewPriceList, refusal: Refusal | None):
    (outcome,) = plan_lists([new], ids=[PriceListId(new_id())], standing={}, now=NOW)
    if refusal is None:
        assert not isinstance(outcome, Refusal)
        assert outcome[1] is True
    else:
        assert outcome == refusal


def test_the_same_list_again_is_that_list_also_once_it_has_begun():
    standing = {"base": price_list("base", valid_from=NOW)}
    ids = [PriceListId(new_id()) for _ in range(2)]
    later = NOW + HOUR
    assert plan_lists([asked(), asked(priority=1)], ids=ids, standing=standing, now=later) == [
        (standing["base"], False),
        PriceListCodeTaken(value="base"),
    ]


def test_a_code_asked_for_twice_with_other_content_goes_to_the_first():
    ids = [PriceListId(new_id()) for _ in range(3)]
    outcomes = plan_lists([asked(), asked(name="x"), asked()], ids=ids, standing={}, now=NOW)
    assert outcomes[1] == PriceListCodeTaken(value="base")
    assert not isinstance(outcomes[0], Refusal)
    assert not isinstance(outcomes[2], Refusal)
    assert outcomes[2] == (outcomes[0][0], False)


ENDING = price_list("ending", valid_until=NOW + HOUR)


@pytest.mark.parametrize(
    ("valid_until", "refusal"),
    [
        (JUST_BEFORE, TakesEffectInThePast(valid_from=JUST_BEFORE)),
        (NOW, None),
        (NOW + HOUR, None),
        (NOW + 2 * HOUR, AfterListEnds(valid_until=NOW + HOUR)),
    ],
)
def test_an_end_is_brought_forward_never_put_off(valid_until: datetime, refusal: Refusal | None):
    end = PriceListEnd(price_list_id=ENDING.id, valid_until=valid_until)
    assert refusal_of_end(end, standing={ENDING.id: ENDING}, now=NOW) == refusal


def test_what_is_not_there_does_not_end():
    end = PriceListEnd(price_list_id=PriceListId(new_id()), valid_until=NOW)
    assert refusal_of_end(end, standing={}, now=NOW) == UnknownPriceList(price_list_id=end.price_list_id)


BASE = price_list("base")


def ask(one: PriceList, unit_minor: int | None = 100, *, at: datetime = NOW, sku_id: SkuId = SKU) -> NewPrice:
    return NewPrice(price_list_id=one.id, sku_id=sku_id, unit_minor=unit_minor, valid_from=at)


def decide(
    new: NewPrice, *lists: PriceList, rows: tuple[PriceRow, ...] = ()
) -> tuple[PriceRow, bool] | Refusal:
    return PriceDesk(lists, rows, now=NOW).decide(new, price_id=new_id())


@pytest.mark.parametrize(
    ("new", "refusal"),
    [
        (ask(BASE, -1), PriceNegative(unit_minor=-1)),
        (ask(BASE, at=JUST_BEFORE), TakesEffectInThePast(valid_from=JUST_BEFORE)),
        (ask(ENDING, at=NOW + HOUR), AfterListEnds(valid_until=NOW + HOUR)),
    ],
)
def test_a_price_that_cannot_be_is_refused(new: NewPrice, refusal: Refusal):
    assert decide(new, BASE, ENDING) == refusal


@pytest.mark.parametrize("new", [ask(BASE, 0), ask(BASE, None), ask(ENDING, at=NOW + HOUR / 2)])
def test_a_price_that_can_be_is_new(new: NewPrice):
    outcome = decide(new, BASE, ENDING)
    assert not isinstance(outcome, Refusal)
    row, is_new = outcome
    assert (row.unit_minor, row.valid_from, is_new) == (new.unit_minor, new.valid_from, True)


def test_a_list_that_is_not_there_takes_no_price():
    assert decide(ask(BASE)) == UnknownPriceList(price_list_id=BASE.id)


def test_the_same_price_again_is_that_price_also_once_it_holds():
    row = price(BASE, SKU, 100, valid_from=NOW - HOUR)
    assert decide(ask(BASE, 100, at=NOW - HOUR), BASE, rows=(row,)) == (row, False)
    refusal = decide(ask(BASE, 101, at=NOW - HOUR), BASE, rows=(row,))
    assert refusal == TakesEffectInThePast(valid_from=NOW - HOUR)


def test_a_price_that_has_not_begun_can_be_corrected_and_the_correction_is_what_holds():
    wrong = price(BASE, SKU, 100, valid_from=NOW + HOUR)
    desk = PriceDesk([BASE], [wrong], now=NOW)
    corrected = desk.decide(ask(BASE, 90, at=NOW + HOUR), price_id=new_id())
    assert not isinstance(corrected, Refusal)
    assert corrected[1] is True
    assert desk.decide(ask(BASE, 90, at=NOW + HOUR), price_id=new_id()) == (corrected[0], False)
    again = desk.decide(ask(BASE, 100, at=NOW + HOUR), price_id=new_id())
    assert not isinstance(again, Refusal)
    assert again[1] is True, "back to the first price is a new row: the last one written holds"


RIVAL = price_list("rival")


@pytest.mark.parametrize(
    ("rival", "rows", "is_refused"),
    [
        (RIVAL, [(90, -1)], True),
        (RIVAL, [(90, 1)], True),  # it would begin while ours still holds
        (RIVAL, [(90, -2), (None, -1)], False),  # ended before ours begins
        (RIVAL, [(90, -2), (None, 0)], False),  # ended as ours begins
        (RIVAL, [(90, -2), (None, 1)], True),
        (RIVAL, [(None, -1)], False),
        (RIVAL, [], False),
        (msgspec.structs.replace(RIVAL, valid_until=NOW), [(90, -1)], False),
        (msgspec.structs.replace(RIVAL, valid_until=NOW + HOUR), [(90, -1)], True),
        (msgspec.structs.replace(RIVAL, priority=1), [(90, -1)], False),
        (msgspec.structs.replace(RIVAL, channel="web"), [(90, -1)], False),
        (msgspec.structs.replace(RIVAL, site_id=SiteId(new_id())), [(90, -1)], False),
        (msgspec.structs.replace(RIVAL, currency="GBP"), [(90, -1)], False),
    ],
)
def test_lists_of_equal_rank_price_no_sku_at_the_same_time(
    rival: PriceList, rows: list[tuple[int | None, int]], is_refused: bool
):
    theirs = tuple(price(rival, SKU, unit, valid_from=NOW + hours * HOUR) for unit, hours in rows)
    outcome = decide(ask(BASE), BASE, rival, rows=theirs)
    assert (outcome == PricedElsewhere(other_list="rival", sku_id=SKU)) is is_refused
    assert not isinstance(decide(ask(BASE, sku_id=OTHER_SKU), BASE, rival, rows=theirs), Refusal)
    assert not isinstance(decide(ask(BASE, None), BASE, rival, rows=theirs), Refusal)


def test_a_price_before_our_next_one_reaches_no_further():
    ours = price(BASE, SKU, 80, valid_from=NOW + HOUR)
    end = price(BASE, SKU, None, valid_from=NOW + 2 * HOUR)
    theirs = price(RIVAL, SKU, 90, valid_from=NOW + 2 * HOUR)
    assert not isinstance(decide(ask(BASE), BASE, RIVAL, rows=(ours, end, theirs)), Refusal)


def test_a_rival_may_begin_as_our_price_ends():
    end = price(BASE, SKU, None, valid_from=NOW + HOUR)
    theirs = price(RIVAL, SKU, 90, valid_from=NOW + HOUR)
    assert not isinstance(decide(ask(BASE), BASE, RIVAL, rows=(end, theirs)), Refusal)


def test_rivals_within_one_call_are_seen():
    desk = PriceDesk([BASE, RIVAL], [], now=NOW)
    assert not isinstance(desk.decide(ask(BASE), price_id=new_id()), Refusal)
    assert desk.decide(ask(RIVAL), price_id=new_id()) == PricedElsewhere(other_list="base", sku_id=SKU)


# ---- tax rates


def new_rate(rate_basis_points: int = 1300, **changes: object) -> NewTaxRate:
    fields: dict[str, object] = {"tax_class": "standard", "country": "CN", "valid_from": date(2019, 4, 1)}
    return NewTaxRate(rate_basis_points=rate_basis_points, **(fields | changes))  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    "new",
    [
        new_rate(-1),
        new_rate(10001),
        new_rate(country="cn"),
        new_rate(country="CHN"),
        new_rate(tax_class=""),
    ],
)
def test_a_rate_that_cannot_be_is_refused(new: NewTaxRate):
    refusal = decide_rate(new, rate_id=new_id(), standing=[], now=NOW)
    assert refusal == TaxRateNotUsable(rate_basis_points=new.rate_basis_points)


def test_the_first_rate_may_hold_from_any_day_and_the_same_again_is_that_rate():
    outcome = decide_rate(new_rate(), rate_id=new_id(), standing=[], now=NOW)
    assert not isinstance(outcome, Refusal)
    rate, is_new = outcome
    assert is_new
    assert decide_rate(new_rate(), rate_id=new_id(), standing=[rate], now=NOW) == (rate, False)


@pytest.mark.parametrize(
    ("valid_from", "is_taken"),
    [(date(2025, 3, 3), False), (date(2025, 3, 4), True)],
)
def test_a_later_rate_holds_from_a_day_that_has_begun_nowhere(valid_from: date, is_taken: bool):
    # It is the 3rd everywhere between here and the date line at 01:00 UTC, and the 4th nowhere.
    outcome = decide_rate(
        new_rate(900, valid_from=valid_from), rate_id=new_id(), standing=[tax_rate()], now=NOW
    )
    assert isinstance(outcome, TaxRateInThePast) is not is_taken
    late = NOW + timedelta(hours=9)  # 10:00 UTC: on the Line Islands the 4th has just begun
    outcome = decide_rate(
        new_rate(900, valid_from=valid_from), rate_id=new_id(), standing=[tax_rate()], now=late
    )
    assert isinstance(outcome, TaxRateInThePast)


@pytest.mark.parametrize("region", ["3", "3101067", "31x", "上海"])
def test_a_region_is_the_beginning_of_a_code(region: str):
    refusal = decide_rate(new_rate(region=region), rate_id=new_id(), standing=[], now=NOW)
    assert refusal == TaxRateNotUsable(rate_basis_points=1300)


@pytest.mark.parametrize("whose", [new_rate(region="31"), new_rate(seller_id=new_id())])
def test_a_rate_of_one_seller_or_region_holds_from_a_day_to_come_even_if_it_is_the_first(whose: NewTaxRate):
    assert isinstance(decide_rate(whose, rate_id=new_id(), standing=[], now=NOW), TaxRateInThePast)
    coming = msgspec.structs.replace(whose, valid_from=date(2025, 3, 4))
    outcome = decide_rate(coming, rate_id=new_id(), standing=[], now=NOW)
    assert not isinstance(outcome, Refusal)
    assert (outcome[0].region, outcome[0].seller_id) == (whose.region, whose.seller_id)
