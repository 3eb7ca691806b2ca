"""What the page of delivery costs says: templates in words, as forms hold them, and what an example would pay."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
from babel.numbers import get_currency_precision

from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.org import Unit, UnitKind
from loopline.pricing.freight import (
    Freight,
    FreightNotUsable,
    FreightTemplate,
    NotDeliveredThere,
    Parcel,
    RegionNamedTwice,
    RegionRule,
    freight_of,
)
from loopline.processes.freight import Standing
from loopline.web.hq.refusals import FreightUnclear
from loopline.web.hq.regions import regions_said
from loopline.web.languages import Language, marked

_KINDS: dict[UnitKind, str] = {
    UnitKind.BRAND: marked("Brand"),
    UnitKind.REGION: marked("Region"),
    UnitKind.DEALER: marked("Dealer"),
}
_LABELS = {
    "fee_minor": marked("Delivery fee"),
    "free_from_minor": marked("Free from (goods)"),
    "free_from_units": marked("Free from (pieces)"),
    "first_grams": marked("First weight, in grams"),
    "step_grams": marked("Each further begun weight, in grams"),
    "step_minor": marked("Further weight costs"),
    "grams_default": marked("Grams of a piece that nobody weighed"),
    "regions": marked("Groups of regions"),
    "region_codes": marked("Regions"),
    "region_fee_minor": marked("Fee of a group of regions"),
    "region_step_minor": marked("Further weight in a group of regions"),
    "currency": marked("Currency"),
}
_MINOR = frozenset({"fee_minor", "free_from_minor", "step_minor", "region_fee_minor", "region_step_minor"})
_SPARE_ROWS = 2
_AS_DELIVERED = {"first_grams": "1000", "step_grams": "1000", "grams_default": "500"}


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody typed, and why it was not taken."""

    unit_code: str
    fields: dict[str, Any]
    said: str


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows, read at one moment."""

    standing: Standing
    zone: str
    currency: str
    people: dict[str, str]


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """An order that is tried on what holds: whose, for how much, whereto. `goods` and `to` are as typed.

    `grams`: what a piece weighs; None: nobody weighed it.
    """

    unit_code: str
    goods: str
    goods_minor: int | None
    to: str
    region_code: str
    units: int
    grams: int | None


def said_of(refusal: Refusal, language: Language, currency: str) -> str:
    """Say a refusal with the field as the form calls it, limits and regions as they are written there."""
    fields = refusal.fields
    if isinstance(refusal, FreightUnclear | FreightNotUsable):
        fields["field"] = language.say(_LABELS[refusal.field])
    if isinstance(refusal, FreightNotUsable) and refusal.field in _MINOR:
        fields |= {
            "least": language.money(refusal.least, currency),
            "most": language.money(refusal.most, currency),
        }
    if isinstance(refusal, RegionNamedTwice):
        fields["region_code"] = regions_said([refusal.region_code], language)
    return language.say(refusal.template, **fields)


def example_said(example: Example, found: Found, language: Language) -> str:
    """Say what an example would pay; empty where none is asked."""
    if example.goods_minor is None:
        return ""
    unit = next(
        (one for one in found.standing.units if one.code == example.unit_code),
        next(iter(found.standing.units), None),
    )
    if example.to and not example.region_code:
        return language.say("There is no region {region}.", region=example.to)
    in_force = found.standing.at(unit) if unit is not None else None
    if in_force is None:
        return language.say("Delivery is free: nobody set a fee.")
    template = in_force.template
    parcel = Parcel(
        region_code=example.region_code,
        goods_minor=example.goods_minor,
        lines=((example.units, example.grams),),
    )
    costs = freight_of(template, parcel)
    if isinstance(costs, NotDeliveredThere):
        return language.say("It is not delivered there.")
    return _costs_said(costs, template, language)


def _costs_said(costs: Freight, template: FreightTemplate, language: Language) -> str:
    if not costs.fee_minor:
        return language.say("It would pay nothing for delivery.")
    said = language.say(
        "It would pay {amount} for delivery.", amount=language.money(costs.fee_minor, template.currency)
    )
    if costs.missing_minor is None:
        return said
    missing = language.money(costs.missing_minor, template.currency)
    more = language.say("For {amount} more of goods it would be free.", amount=missing)
    return f"{said} {more}" if language.code != "zh" else said + more


def row_of(
    unit: Unit, found: Found, language: Language, *, sets: Scope, typed: Typed | None
) -> dict[str, Any]:
    """Return what the page shows of a unit."""
    seen = found.standing
    in_force = seen.at(unit)
    kept = seen.kept.get(in_force.decided_by) if in_force else None
    is_own = in_force is not None and in_force.decided_by == unit.id
    is_meant = typed is not None and typed.unit_code == unit.code
    source = language.say("nobody set it")
    if in_force is not None and not is_own:
        name = language.called(seen.names[in_force.decided_by].name)
        source = language.say("set by {unit}", unit=name)
    elif is_own:
        source = language.say("set here")
    template = in_force.template if in_force else None
    fields = typed.fields if typed is not None and is_meant else _fields(template, language)
    return {
        "code": unit.code,
        "name": language.called(unit.name),
        "kind": language.say(_KINDS[unit.kind]),
        "lines": _said(template, language),
        "source": source,
        "is_own": is_own,
        "about": _about(kept.set_by, kept.set_at, found, language) if kept else "",
        "comment": kept.comment if kept else "",
        "is_brand": unit.kind is UnitKind.BRAND,
        "is_open": "is_open" in fields if is_meant else seen.is_open(unit),
        "may_set": seen.may_set(unit, sets),
        "typed": typed if is_meant else None,
        "fields": fields,
        "regions": _region_rows(fields),
    }


def _about(by: str, at: Any, found: Found, language: Language) -> str:
    since = language.say("since {time}", time=language.clock_of_day(at, found.zone))
    name = found.people.get(by)
    return f"{since} · {language.called(name)}" if name else since


def _said(template: FreightTemplate | None, language: Language) -> list[str]:
    """A template in words: the simple fee with what makes it free first, then weight, then regions."""
    if template is None:
        return [language.say("Free everywhere")]
    currency = template.currency
    first = [language.money(template.fee_minor, currency) if template.fee_minor else language.say("Free")]
    if template.free_from_minor is not None:
        amount = language.money(template.free_from_minor, currency)
        first.append(language.say("free from {amount}", amount=amount))
    if template.free_from_units is not None:
        first.append(language.say("free from {count} pieces", count=template.free_from_units))
    lines = [" · ".join(first)]
    if template.weighing is not None:
        lines.append(
            language.say(
                "beyond {first} g, {amount} for each further {step} g begun",
                first=language.count(template.weighing.first_grams),
                step=language.count(template.weighing.step_grams),
                amount=language.money(template.weighing.step_minor, currency),
            )
        )
    return lines + [_rule_said(one, currency, language) for one in template.regions]


def _rule_said(rule: RegionRule, currency: str, language: Language) -> str:
    where = regions_said(rule.region_codes, language)
    if not rule.is_delivered:
        return language.say("{regions}: not delivered", regions=where)
    amount = language.money(rule.fee_minor, currency) if rule.fee_minor else language.say("Free")
    if rule.is_ever_free:
        return language.say("{regions}: {amount}", regions=where, amount=amount)
    return language.say("{regions}: {amount}, never free", regions=where, amount=amount)


def _fields(template: FreightTemplate | None, language: Language) -> dict[str, Any]:
    """A template as the form holds it."""
    if template is None:
        return dict(_AS_DELIVERED)
    currency, weighing = template.currency, template.weighing
    fields: dict[str, Any] = {
        **_AS_DELIVERED,
        "fee_minor": _plain(template.fee_minor, currency),
        "free_from_minor": _plain(template.free_from_minor, currency),
        "free_from_units": str(template.free_from_units or ""),
    }
    if weighing is not None:
        fields |= {
            "first_grams": str(weighing.first_grams),
            "step_grams": str(weighing.step_grams),
            "step_minor": _plain(weighing.step_minor, currency),
            "grams_default": str(weighing.grams_default),
        }
    for row, one in enumerate(template.regions):
        fields |= {
            f"region_codes_{row}": regions_said(one.region_codes, language),
            f"region_fee_minor_{row}": _plain(one.fee_minor, currency) if one.is_delivered else "",
            f"region_step_minor_{row}": _plain(one.step_minor, currency),
            f"region_how_{row}": "never" if not one.is_delivered else "free" if one.is_ever_free else "paid",
        }
    return fields


def _region_rows(fields: Mapping[str, Any]) -> list[dict[str, str]]:
    """The groups of regions of a form, and some empty rows for more."""
    named = [row for row in range(50) if str(fields.get(f"region_codes_{row}", "")).strip()]
    count = (named[-1] + 1 if named else 0) + _SPARE_ROWS
    return [
        {
            name: str(fields.get(f"region_{name}_{row}", ""))
            for name in ("codes", "fee_minor", "step_minor", "how")
        }
        for row in range(count)
    ]


def _plain(minor: int | None, currency: str) -> str:
    """An amount as it is typed."""
    if minor is None:
        return ""
    places = get_currency_precision(currency)
    return f"{Decimal(minor).scaleb(-places):.{places}f}"
