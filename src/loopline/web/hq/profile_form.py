"""The form of a profile's settings: what each is called, what it means, and how what was typed is read."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from loopline.kernel.ids import SiteId
from loopline.kernel.refusals import Refusal, Refused
from loopline.org import Site
from loopline.sourcing.settings import (
    MONEY_MOST,
    SettingOutOfRange,
    Settings,
    SiteGroup,
    SiteSetting,
    range_of,
    value_of,
)
from loopline.web.hq.ship_from_form import Known, read_rules
from loopline.web.languages import Language, marked

GROUPS_MOST = 6
_MONEY = "money"

_SECTIONS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        marked("What counts beside the sites' own costs"),
        marked("In cents. What it costs, in the choice, to act against it."),
        (
            "weights.split_minor",
            "weights.late_hour_minor",
            "weights.refusal_minor",
            "weights.complaint_minor",
            "weights.unfilled_unit_minor",
            "weights.kilometres_per_hour",
        ),
    ),
    (
        marked("Goods"),
        marked("Old goods are sent first; the last piece of what a shelf sells is spared."),
        (
            "weights.ageing_credit_minor",
            "weights.ageing_days",
            "weights.stockout_cost_minor",
            "weights.stockout_days",
        ),
    ),
    (
        marked("Limits"),
        marked("What no plan may break."),
        ("limits.parcels_most", "limits.parcel_value_least_minor"),
    ),
    (
        marked("Dealers"),
        marked("Whose buyers are served by whom, and that nobody is starved or flooded."),
        (
            "weights.other_territory_minor",
            "weights.dealer_margin_basis_points",
            "fairness.days",
            "fairness.least_percent",
            "fairness.most_percent",
            "fairness.parcel_minor",
            "fairness.day_least_percent",
            "fairness.day_most_percent",
        ),
    ),
    (
        marked("Waiting and answering"),
        marked("Orders that wait together are served cheaper, and later."),
        (
            "waiting.window_minutes",
            "waiting.wave_orders",
            "waiting.solve_seconds",
            "answer_minutes",
            "offers.sites_most",
            "offers.extra_minor_most",
        ),
    ),
    (
        marked("Work that nobody takes"),
        marked(
            "What was refused, lapsed, or was called and not claimed pays the next site more, out of what the rules "
            "leave to the brand. Who was asked alone and let it be gets no more for it later. 0: nothing."
        ),
        (
            "waiting_pay.round_minor",
            "waiting_pay.hour_minor",
            "waiting_pay.most_minor",
            "waiting_pay.most_percent",
        ),
    ),
    (
        marked("Sites that go dark"),
        marked(
            "Within its opening hours, a site that shows no sign of life loses the work that it has not begun, and "
            "gets none until somebody there takes, refuses or works on a task, or opens a page. 0: not looked at."
        ),
        ("dark_sites.lapsed_most", "dark_sites.silent_minutes"),
    ),
    (
        marked("What sites can do in a day"),
        marked("What a site hands over in truth is learnt each night, and measured on days held back."),
        ("learnt_capacity.least_percent",),
    ),
    (
        marked("Orders that come later"),
        marked(
            "Each night the last day is solved as a whole: what one more piece, one more parcel would have saved it. "
            "Counted as a cost today, it keeps scarce goods and time for orders that need them more."
        ),
        ("day_prices.percent", "day_prices.minor_most", "day_prices.days_most"),
    ),
    (
        marked("Deciding again"),
        marked(
            "Work that no site has begun may be put to another site when new orders come, where that saves more "
            "than moving it costs. An order moves once at most."
        ),
        ("reoptimising.orders_most", "reoptimising.move_minor"),
    ),
)
SETTING_WORDS: dict[str, str] = {
    "weights.split_minor": marked("Each parcel more than one (cents)"),
    "weights.late_hour_minor": marked("Each hour late (cents)"),
    "weights.refusal_minor": marked("Work that a site refuses (cents, times how likely that is)"),
    "weights.complaint_minor": marked(
        "Bad words about packing and sending (cents, times how often they come)"
    ),
    "weights.unfilled_unit_minor": marked("A piece that nobody sends (cents)"),
    "weights.kilometres_per_hour": marked("Speed on the way (km/h)"),
    "weights.ageing_credit_minor": marked("Credit for an old piece (cents)"),
    "weights.ageing_days": marked("Old after (days)"),
    "weights.stockout_cost_minor": marked("A sale that the shelf loses (cents)"),
    "weights.stockout_days": marked("The shelf's sales of the last (days)"),
    "weights.other_territory_minor": marked("A parcel from another dealer's site (cents)"),
    "weights.dealer_margin_basis_points": marked(
        "A dealer's margin on what its site sends (1/100 % of the net value; below 0: in its favour)"
    ),
    "limits.parcels_most": marked("Parcels to an order, at most"),
    "limits.parcel_value_least_minor": marked("Goods in each parcel of several, at least (cents)"),
    "limits.own_territory_only": marked("Only the buyer's own dealer and the brand"),
    "limits.ship_together": marked("Every order in one parcel"),
    "fairness.days": marked("Look back over (days; 0: not at all)"),
    "fairness.least_percent": marked("A dealer gets at least (% of the work)"),
    "fairness.most_percent": marked("A dealer gets at most (% of the work)"),
    "fairness.parcel_minor": marked("Beyond that a parcel more or less (cents)"),
    "fairness.day_least_percent": marked(
        "By right, of each day at least, as far as it can serve it (%; 0: no limit)"
    ),
    "fairness.day_most_percent": marked(
        "By right, of each day at most, but for what nobody else can send (%)"
    ),
    "waiting.window_minutes": marked("Orders wait to be decided together (minutes)"),
    "waiting.wave_orders": marked("Orders in a wave, at most"),
    "waiting.solve_seconds": marked("Time to search for the best plan (seconds)"),
    "answer_minutes": marked("Time to answer an offer (minutes)"),
    "offers.may_be_open": marked("Several sites may be asked at once, the first to claim sends"),
    "offers.sites_most": marked("Sites asked at once, at most"),
    "offers.extra_minor_most": marked("Each at most so much dearer than the best (cents)"),
    "day_prices.are_used": marked("Keep goods and time for later orders, by the prices of the last day"),
    "day_prices.percent": marked("Of these prices counts (%)"),
    "day_prices.minor_most": marked("For a piece or a parcel, at most (cents)"),
    "day_prices.days_most": marked("Prices count for (days)"),
    "reoptimising.orders_most": marked("Orders decided again with a wave, at most (0: none)"),
    "reoptimising.move_minor": marked("A parcel that moves to another site (cents)"),
    "reoptimising.accepted_too": marked("Also what a site accepted and has not begun to pick"),
    "waiting_pay.round_minor": marked("Each time it came back (cents)"),
    "waiting_pay.hour_minor": marked("Each whole hour since it was first offered (cents)"),
    "waiting_pay.most_minor": marked("For a parcel, at most (cents)"),
    "waiting_pay.most_percent": marked(
        "At most so much of what the site earns otherwise (%; 0: no such limit)"
    ),
    "learnt_capacity.is_used": marked("A site that hands over less than it says is given less"),
    "learnt_capacity.least_percent": marked("But at least so much of what it says (%)"),
    "dark_sites.lapsed_most": marked("Dark after so many offers let lapse, nothing done since"),
    "dark_sites.silent_minutes": marked(
        "Dark after so long without a sign of life while work waits (minutes)"
    ),
    "groups": marked("Groups of sites"),
    "ship_from": marked("Must ship from"),
    "open_to_units": marked("Left open to regions and dealers"),
}
SITE_SETTING_WORDS: dict[SiteSetting, str] = {
    SiteSetting.AGEING_CREDIT: marked("Credit for an old piece (cents)"),
    SiteSetting.STOCKOUT_COST: marked("A sale that the shelf loses (cents)"),
    SiteSetting.OTHER_TERRITORY: marked("A parcel from another dealer's site (cents)"),
    SiteSetting.ANSWER_MINUTES: marked("Time to answer an offer (minutes)"),
}
_SWITCHES: dict[str, tuple[str, ...]] = {
    "Limits": ("limits.ship_together",),
    "Dealers": ("limits.own_territory_only",),
    "Waiting and answering": ("offers.may_be_open",),
    "What sites can do in a day": ("learnt_capacity.is_used",),
    "Orders that come later": ("day_prices.are_used",),
    "Deciding again": ("reoptimising.accepted_too",),
}


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A number to be typed."""

    name: str
    word: str
    value: int
    least: int
    most: int


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be ticked."""

    name: str
    word: str
    value: str
    is_on: bool


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """Settings that belong together."""

    word: str
    about: str
    fields: list[Field]
    switches: list[Switch]


class GroupShown(msgspec.Struct, frozen=True, kw_only=True):
    """A group of sites, or an empty row for one more."""

    position: int
    name: str
    sites: str
    names: str
    parcel_minor: int
    handling_minor: int
    is_fallback: bool


class NotANumber(Refusal, frozen=True, kw_only=True):
    """{setting} must be a whole number, not "{said}"."""

    setting: str
    said: str


class UnknownSites(Refusal, frozen=True, kw_only=True):
    """There are no sites with the codes {codes}."""

    codes: str


def sections(settings: Settings, language: Language) -> list[Section]:
    """Return the form as it stands."""
    return [
        Section(
            word=language.say(word),
            about=language.say(about),
            fields=[
                Field(
                    name=name,
                    word=language.say(SETTING_WORDS[name]),
                    value=value_of(settings, name),
                    least=range_of(name)[0],
                    most=range_of(name)[1],
                )
                for name in names
            ],
            switches=[
                Switch(
                    name=name,
                    word=language.say(SETTING_WORDS[name]),
                    value="on",
                    is_on=is_on(settings, name),
                )
                for name in _SWITCHES.get(word, ())
            ],
        )
        for word, about, names in _SECTIONS
    ]


def is_on(settings: Settings, name: str) -> bool:
    """Return a switch of the settings by its dotted name."""
    table, _, field = name.partition(".")
    return bool(getattr(getattr(settings, table), field))


def switch_names() -> list[str]:
    """Return the dotted names of all switches, in the order of the form."""
    return [name for names in _SWITCHES.values() for name in names]


def site_settings(settings: Settings, language: Language) -> list[Switch]:
    """Return what may be left open to regions and dealers."""
    return [
        Switch(
            name="open_to_units",
            word=language.say(word),
            value=setting.value,
            is_on=setting in settings.open_to_units,
        )
        for setting, word in SITE_SETTING_WORDS.items()
    ]


def groups_shown(settings: Settings, sites: Mapping[SiteId, Site], language: Language) -> list[GroupShown]:
    """Return the groups with the codes of their sites, and one empty row where another fits."""
    rows = [
        GroupShown(
            position=position,
            name=group.name,
            sites=" ".join(sites[one].code for one in group.site_ids if one in sites),
            names=", ".join(language.called(sites[one].name) for one in group.site_ids if one in sites),
            parcel_minor=group.parcel_minor,
            handling_minor=group.handling_minor,
            is_fallback=group.is_fallback,
        )
        for position, group in enumerate(settings.groups)
    ]
    if len(rows) < GROUPS_MOST:
        rows.append(
            GroupShown(
                position=len(rows),
                name="",
                sites="",
                names="",
                parcel_minor=0,
                handling_minor=0,
                is_fallback=False,
            )
        )
    return rows


def read_form(said: Mapping[str, str], opened: Sequence[str], *, known: Known) -> Settings:
    """Read the form, whole. Raises Refused with the first thing that cannot be meant."""
    tables: dict[str, dict[str, Any]] = {
        "weights": {},
        "limits": {},
        "waiting": {},
        "fairness": {},
        "offers": {},
        "day_prices": {},
        "reoptimising": {},
        "waiting_pay": {},
        "learnt_capacity": {},
        "dark_sites": {},
    }
    top: dict[str, Any] = {}
    for _, _, names in _SECTIONS:
        for name in names:
            table, _, field = name.rpartition(".")
            (tables[table] if table else top)[field] = _number(said, name, *range_of(name))
    for names in _SWITCHES.values():
        for name in names:
            table, _, field = name.rpartition(".")
            tables[table][field] = said.get(name) == "on"
    settings = {one.value for one in SiteSetting}
    groups = _groups(said, known.sites)
    return msgspec.convert(
        {
            **tables,
            **top,
            "groups": groups,
            "ship_from": read_rules(said, [group.name for group in groups], known),
            "open_to_units": [one for one in dict.fromkeys(opened) if one in settings],
        },
        Settings,
    )


def _number(said: Mapping[str, str], name: str, least: int, most: int) -> int:
    text = said.get(name, "").strip()
    try:
        value = int(text)
    except ValueError:
        raise Refused(NotANumber(setting=name, said=text[:40])) from None
    if not least <= value <= most:
        raise Refused(SettingOutOfRange(setting=name, value=value, least=least, most=most))
    return value


def _groups(said: Mapping[str, str], sites: Mapping[str, SiteId]) -> list[SiteGroup]:
    groups: list[SiteGroup] = []
    for position in range(GROUPS_MOST):
        name = said.get(f"group.{position}.name", "").strip()[:40]
        if not name:
            continue
        codes = said.get(f"group.{position}.sites", "").replace(",", " ").replace("，", " ").split()
        unknown = [code for code in codes if code not in sites]
        if unknown:
            raise Refused(UnknownSites(codes=", ".join(unknown[:5])))
        groups.append(
            SiteGroup(
                name=name,
                site_ids=tuple(sites[code] for code in dict.fromkeys(codes)),
                parcel_minor=_number(said, f"group.{position}.parcel_minor", -MONEY_MOST, MONEY_MOST),
                handling_minor=_number(said, f"group.{position}.handling_minor", 0, MONEY_MOST),
                is_fallback=said.get(f"group.{position}.is_fallback") == "on",
            )
        )
    return groups
