"""Which template holds for whoever sells, and what a delivery costs by it. Pure."""

import re
from collections.abc import Mapping, Sequence

from loopline.kernel.ids import OrgUnitId
from loopline.kernel.refusals import Refusal
from loopline.pricing.freight.model import (
    COMMENT_MOST,
    Freight,
    FreightInForce,
    FreightTemplate,
    KeptFreight,
    NewFreight,
    Parcel,
    RegionRule,
    Weighing,
)
from loopline.pricing.freight.refusals import (
    FreightNeedsAComment,
    FreightNotUsable,
    NotDeliveredThere,
    RegionNamedTwice,
    RegionUnknown,
)

_REGION = re.compile(r"[0-9]{2}|(?![0-9]{2}0000)[0-9]{4}00")
_CURRENCY_LETTERS = 3
_MINOR_MOST = 10**8
_UNITS_MOST = 10_000
_GRAMS_MOST = 1_000_000
_REGIONS_MOST = 50
_CODES_MOST = 400
_PROVINCE_DIGITS = 2


def freight_at(path: Sequence[OrgUnitId], *, kept: Mapping[OrgUnitId, KeptFreight]) -> FreightInForce | None:
    """Return what holds at the end of a path from the brand down; None: nobody set anything, and delivery is free.

    The nearest unit that set it decides, where the brand leaves it open; else the brand.
    """
    brand = kept.get(path[0]) if path else None
    deciding = [*path[:1], *(path[1:] if brand is not None and brand.is_open else ())]
    for unit_id in reversed(deciding):
        one = kept.get(unit_id)
        if one is not None and one.template is not None:
            return FreightInForce(template=one.template, decided_by=unit_id)
    return None


def freight_of(template: FreightTemplate, parcel: Parcel) -> Freight | NotDeliveredThere:
    """Return what a delivery costs by a template, or that nothing is delivered there.

    Everything is whole minor units, and weights are rounded up to begun steps: nothing else is rounded. What is free is
    free from its threshold on, included. Goods that cost nothing are delivered for the fee all the same.
    """
    region = _rule_for(template.regions, parcel.region_code)
    if region is not None and not region.is_delivered:
        return NotDeliveredThere(region_code=parcel.region_code)
    full = template.fee_minor if region is None else region.fee_minor
    if template.weighing is not None:
        step_minor = region.step_minor if region is not None else None
        full += _for_weight(template.weighing, parcel.lines, step_minor=step_minor)
    if region is not None and not region.is_ever_free:
        return Freight(fee_minor=full, full_minor=full)
    missing = None
    if template.free_from_minor is not None:
        missing = template.free_from_minor - parcel.goods_minor
    units = sum([count for count, _ in parcel.lines])
    is_free = (missing is not None and missing <= 0) or (
        template.free_from_units is not None and units >= template.free_from_units
    )
    if is_free or full == 0:
        return Freight(fee_minor=0, full_minor=full)
    return Freight(fee_minor=full, full_minor=full, missing_minor=missing)


def _rule_for(regions: Sequence[RegionRule], region_code: str) -> RegionRule | None:
    """The rule of a city, else that of its province."""
    if not region_code:
        return None
    for code in (region_code, region_code[:_PROVINCE_DIGITS]):
        for one in regions:
            if code in one.region_codes:
                return one
    return None


def _for_weight(
    weighing: Weighing, lines: Sequence[tuple[int, int | None]], *, step_minor: int | None
) -> int:
    """What weight adds: each step begun beyond the first weight."""
    grams = sum([count * (weighing.grams_default if each is None else each) for count, each in lines])
    steps = -(-max(0, grams - weighing.first_grams) // weighing.step_grams)
    return steps * (weighing.step_minor if step_minor is None else step_minor)


def problem_of(wanted: NewFreight) -> Refusal | None:
    """Return why a template cannot be set, whoever asks; the first thing found."""
    if not 0 < len(wanted.comment.strip()) <= COMMENT_MOST or "\x00" in wanted.comment:
        return FreightNeedsAComment(most=COMMENT_MOST)
    return None if wanted.template is None else _problem_of(wanted.template)


def _problem_of(template: FreightTemplate) -> Refusal | None:
    currency = template.currency
    if not (len(currency) == _CURRENCY_LETTERS and currency.isascii() and currency.isupper()):
        return FreightNotUsable(field="currency", least=_CURRENCY_LETTERS, most=_CURRENCY_LETTERS)
    numbers: list[tuple[str, int | None, int, int]] = [
        ("fee_minor", template.fee_minor, 0, _MINOR_MOST),
        ("free_from_minor", template.free_from_minor, 1, _MINOR_MOST),
        ("free_from_units", template.free_from_units, 1, _UNITS_MOST),
    ]
    if template.weighing is not None:
        weighing = template.weighing
        numbers += [
            ("first_grams", weighing.first_grams, 0, _GRAMS_MOST),
            ("step_grams", weighing.step_grams, 1, _GRAMS_MOST),
            ("step_minor", weighing.step_minor, 0, _MINOR_MOST),
            ("grams_default", weighing.grams_default, 0, _GRAMS_MOST),
        ]
    numbers.append(("regions", len(template.regions), 0, _REGIONS_MOST))
    for one in template.regions:
        numbers += [
            ("region_fee_minor", one.fee_minor, 0, _MINOR_MOST),
            ("region_step_minor", one.step_minor, 0, _MINOR_MOST),
            ("region_codes", len(one.region_codes), 1, _CODES_MOST),
        ]
    for field, number, least, most in numbers:
        if number is not None and not least <= number <= most:
            return FreightNotUsable(field=field, least=least, most=most)
    return _problem_of_regions(template.regions)


def _problem_of_regions(regions: Sequence[RegionRule]) -> Refusal | None:
    seen: set[str] = set()
    for code in [code for one in regions for code in one.region_codes]:
        if not (code.isascii() and _REGION.fullmatch(code)):
            return RegionUnknown(region_code=code[:100].replace("\x00", ""))
        if code in seen:
            return RegionNamedTwice(region_code=code)
        seen.add(code)
    return None
