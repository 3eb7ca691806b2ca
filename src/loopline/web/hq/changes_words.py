"""What changes of settings are called: what was set, what of it, and how its values are written."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from loopline.kernel.changes import Part, Scalar
from loopline.kernel.temperatures import TemperatureClass
from loopline.org import Permission
from loopline.pricing.freight import RegionRule
from loopline.processes.settings_told import SettingKind
from loopline.web.hq.hours import LABELS
from loopline.web.hq.marketplace_form import FIELD_WORDS
from loopline.web.hq.profile_form import SITE_SETTING_WORDS
from loopline.web.hq.regions import regions_said
from loopline.web.languages import Language, marked

NOTHING = "–"


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Changes that are looked for together: how they are called, who reads them, and which they are.

    `of_units`: they say of which unit or (`of_shelves`) shelf they are, so that who has a branch reads those of it; all
    others are for who has the whole brand.
    """

    word: str
    permission: Permission
    kinds: tuple[str, ...]
    of_units: bool = False
    of_shelves: bool = False


GROUPS: Mapping[str, Group] = {
    "safety": Group(
        word=marked("Units kept back"),
        permission=Permission.STOCK_READ,
        kinds=("safety_changed",),
        of_units=True,
        of_shelves=True,
    ),
    "batches": Group(
        word=marked("Batches locked"),
        permission=Permission.STOCK_READ,
        kinds=("lot_recalled", "lot_freed"),
    ),
    "sourcing": Group(
        word=marked("Sourcing"),
        permission=Permission.SOURCING_READ,
        kinds=(SettingKind.SOURCING_PROFILE, SettingKind.SOURCING_OVERRIDE, SettingKind.EQUIPMENT),
        of_units=True,
    ),
    "promises": Group(
        word=marked("Promises"), permission=Permission.SOURCING_READ, kinds=(SettingKind.PROMISE_TERMS,)
    ),
    "packing": Group(
        word=marked("Packing"),
        permission=Permission.SOURCING_READ,
        kinds=(SettingKind.BOX,),
        of_units=True,
    ),
    "hours": Group(
        word=marked("Couriers, appointments, fitting"),
        permission=Permission.ORG_READ,
        kinds=("slot_terms_set",),
        of_units=True,
    ),
    "limits": Group(
        word=marked("Counter limits"),
        permission=Permission.ORG_READ,
        kinds=("counter_limit_set",),
        of_units=True,
    ),
    "marketplaces": Group(
        word=marked("Marketplaces"),
        permission=Permission.STOCK_READ,
        kinds=("marketplace_terms_set", "marketplace_goods_terms_set"),
    ),
    "prices": Group(
        word=marked("Promotions, coupons, points"),
        permission=Permission.PRICES_READ,
        kinds=(SettingKind.PROMOTION, SettingKind.COUPON_BATCH, SettingKind.POINTS_PROGRAMME),
        of_units=True,
    ),
    "freight": Group(
        word=marked("Delivery fees"),
        permission=Permission.ORG_READ,
        kinds=(SettingKind.FREIGHT,),
        of_units=True,
    ),
    "stored_value": Group(
        word=marked("Stored value"),
        permission=Permission.PAYMENTS_READ,
        kinds=(SettingKind.STORED_VALUE_TERMS,),
    ),
    "rules": Group(
        word=marked("Sharing rules"),
        permission=Permission.EARNINGS_READ,
        kinds=("rule_set_published",),
    ),
    "payouts": Group(
        word=marked("Payouts"), permission=Permission.PAYOUTS_READ, kinds=(SettingKind.PAYOUT_TERMS,)
    ),
    "people": Group(
        word=marked("People and units"),
        permission=Permission.ORG_READ,
        kinds=("role_given", "role_withdrawn", "person_left", "unit_rehung"),
    ),
}
GROUP_OF: Mapping[str, str] = {str(kind): key for key, group in GROUPS.items() for kind in group.kinds}

KIND_WORDS: Mapping[SettingKind, str] = {
    SettingKind.SOURCING_PROFILE: marked("Sourcing profile"),
    SettingKind.SOURCING_OVERRIDE: marked("Set for a region or dealer"),
    SettingKind.PROMISE_TERMS: marked("Terms of promises"),
    SettingKind.PAYOUT_TERMS: marked("Terms of payouts"),
    SettingKind.EQUIPMENT: marked("What a site can send"),
    SettingKind.BOX: marked("Box"),
    SettingKind.PROMOTION: marked("Promotion"),
    SettingKind.COUPON_BATCH: marked("Coupon"),
    SettingKind.POINTS_PROGRAMME: marked("Points"),
    SettingKind.FREIGHT: marked("Delivery fees"),
    SettingKind.STORED_VALUE_TERMS: marked("Terms of stored value"),
}

PART_WORDS: Mapping[str, str] = {
    **FIELD_WORDS,
    **LABELS,
    **{kind.value: word for kind, word in SITE_SETTING_WORDS.items()},
    "is_offered": marked("Customers may choose it"),
    "is_on": marked("Sold there"),
    "puts_back": marked("Puts back by itself what is called off"),
    "channel": marked("Channel"),
    "value": marked("Value"),
    "is_open": marked("Left to regions and dealers"),
    "version": marked("Version"),
    "state": marked("State"),
    "valid_until": marked("Valid until"),
    "units": marked("Units"),
    "role": marked("Role"),
    "parent": marked("Hangs below"),
    "sale": marked("Sale"),
    "store_ready_minutes": marked("Ready in a store (minutes)"),
    "warehouse_ready_minutes": marked("Ready in a warehouse (minutes)"),
    "source_minutes": marked("Until a site is chosen (minutes)"),
    "answer_minutes": marked("Until a site has answered (minutes)"),
    "bands": marked("On the road, by distance"),
    "courier_kilometres": marked("Courier, at most (km)"),
    "courier_minutes": marked("Courier (minutes)"),
    "appointment_minutes": marked("Appointment (minutes)"),
    "appointments_at_once": marked("Appointments at once"),
    "stores_shown": marked("Stores shown"),
    "prior_promises": marked("Promises that weigh as much as the terms"),
    "quantile_percent": marked("Of a hundred promises so many are to be kept"),
    "currency": marked("Currency"),
    "least_minor": marked("Paid out from (cents)"),
    "second_person_above_minor": marked("A second person approves above (cents)"),
    "withheld_basis_points": marked("Withheld as tax (%)"),
    "fee_minor": marked("Delivery fee (cents)"),
    "free_from_minor": marked("Free from goods of (cents)"),
    "free_from_units": marked("Free from (pieces)"),
    "first_grams": marked("First weight, in grams"),
    "step_grams": marked("Each further begun weight, in grams"),
    "step_minor": marked("Further weight costs (cents)"),
    "grams_default": marked("Grams of a piece that nobody weighed"),
    "regions": marked("Groups of regions"),
    "takes_money_ahead": marked("Its tills take money ahead"),
    "top_up_least_minor": marked("A top-up is at least (cents)"),
    "held_most_minor": marked("A member has at most, bonus included (cents)"),
    "unproven_minor": marked("With the phone number alone one pays at most (cents)"),
    "alone_minor": marked("One person pays out at most (cents)"),
    "bonuses": marked("Bonuses: from a top-up of / given beside it (cents)"),
    "code": marked("Its code"),
    "name": marked("Name"),
    "length_mm": marked("Length (mm)"),
    "width_mm": marked("Width (mm)"),
    "height_mm": marked("Height (mm)"),
    "grams_most": marked("Carries at most (g)"),
    "is_insulated": marked("Keeps cold"),
    TemperatureClass.COOL.value: marked("Sends cool goods"),
    TemperatureClass.FROZEN.value: marked("Sends frozen goods"),
}
_STATE_WORDS: Mapping[str, str] = {
    "draft": marked("Draft"),
    "in_force": marked("In force"),
    "stopped": marked("Stopped"),
    "for_sale": marked("For sale"),
    "locked": marked("Locked"),
}
_OF_THE_CLOCK = frozenset({"opens_minute", "closes_minute", "same_day_until_minute"})
_BASIS_POINTS = 10_000


def part_word(part: Part, language: Language) -> str:
    """Return what of a setting changed, as it is called."""
    return language.say(PART_WORDS[part.field]) if part.field in PART_WORDS else part.field


def written(field: str, value: Scalar, language: Language, *, zone: str | None = None) -> str:
    """Write a value of a setting; a moment in a zone."""
    if value is None or value in {"", "[]"}:
        return NOTHING
    if isinstance(value, bool):
        return language.say("yes") if value else language.say("no")
    if isinstance(value, str):
        return _text(field, value, language, zone=zone)
    return _number(field, value, language)


def _number(field: str, value: int, language: Language) -> str:
    if field in _OF_THE_CLOCK:
        return f"{value // 60:02}:{value % 60:02}"
    if field.endswith("_basis_points"):
        return language.percent(value / _BASIS_POINTS)
    return str(value) if field == "version" else language.count(value)


def _text(field: str, value: str, language: Language, *, zone: str | None) -> str:
    if field in {"state", "sale"}:
        return language.say(_STATE_WORDS[value])
    if field == "valid_until" and zone is not None:
        return language.clock_of_day(datetime.fromisoformat(value), zone)
    return _listed(field, value, language) if value.startswith("[") else value


def _listed(field: str, value: str, language: Language) -> str:
    if field == "weekdays":
        return " ".join(language.weekday(one) for one in msgspec.json.decode(value, type=list[int]))
    if field == "regions":
        rules = msgspec.json.decode(value, type=list[RegionRule])
        return "; ".join(_rule(one, language) for one in rules)
    if field in {"bands", "fees", "bonuses"}:
        steps = msgspec.json.decode(value, type=list[dict[str, int]])
        return "; ".join(" / ".join(language.count(one) for one in step.values()) for step in steps)
    try:
        return " ".join(msgspec.json.decode(value, type=list[str]))
    except msgspec.DecodeError:  # a name that somebody typed may begin like a list
        return value


def _rule(rule: RegionRule, language: Language) -> str:
    """A group of regions: its fee, and what further weight costs there where that is its own."""
    where = regions_said(rule.region_codes, language)
    if not rule.is_delivered:
        return language.say("{regions}: not delivered", regions=where)
    costs = [rule.fee_minor] if rule.step_minor is None else [rule.fee_minor, rule.step_minor]
    amount = " / ".join(language.count(one) for one in costs)
    if rule.is_ever_free:
        return language.say("{regions}: {amount}", regions=where, amount=amount)
    return language.say("{regions}: {amount}, never free", regions=where, amount=amount)
