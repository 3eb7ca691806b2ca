"""Profiles: the settings by which waves are decided, in versions, and what keeps one from being published.

Money is in minor units of the brand's currency, weights of a decision are what it costs to act against them. Settings
that a profile leaves open may be set by a region or a dealer for its own sites; the nearest unit above a site decides.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from loopline.kernel.ids import OrgUnitId, SiteId
from loopline.kernel.refusals import Refusal
from loopline.sourcing.dark import DARK_RANGES, DarkSites
from loopline.sourcing.learnt_capacity import LearntCapacity
from loopline.sourcing.ship_from import ShipFrom, problems_of_rules
from loopline.sourcing.waiting_pay import RANGES, PayForWaiting

PARCELS_MOST = 8
WAVE_ORDERS_MOST = 50_000
REOPTIMISED_MOST = 1_000
MONEY_MOST = 100_000_000
MARGIN_MOST = 10_000
COMMENT_MOST = 500
ANSWER_MINUTES = 240
"""How long sites have to answer, where nobody says otherwise."""


class SiteSetting(StrEnum):
    """The settings that speak of one site's goods and work, and that HQ may leave open to a region or dealer."""

    AGEING_CREDIT = "ageing_credit_minor"
    STOCKOUT_COST = "stockout_cost_minor"
    OTHER_TERRITORY = "other_territory_minor"
    ANSWER_MINUTES = "answer_minutes"


class Weights(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What counts beside the costs of the sites.

    `split_minor` per parcel beyond an order's first; `late_hour_minor` per hour after what was promised, at
    `kilometres_per_hour` on the way; `refusal_minor` times the probability that the site does not accept;
    `unfilled_unit_minor` per unit that nobody sends; `ageing_credit_minor` off per unit that has lain longer than
    `ageing_days`; `stockout_cost_minor` times the probability that the shelf would have sold the unit within
    `stockout_days`; `other_territory_minor` per parcel from a site of another dealer than the buyer's;
    `dealer_margin_basis_points` of what a unit brings, net of tax, that a dealer's site sends: what the dealer earns is
    a cost, or (below zero) counts in the site's favour;
    `complaint_minor` per parcel, times the share of a site's buyers who speak badly of how it packs and sends.
    """

    split_minor: int = 300
    late_hour_minor: int = 25
    kilometres_per_hour: int = 45
    refusal_minor: int = 500
    unfilled_unit_minor: int = 6_000
    ageing_credit_minor: int = 0
    ageing_days: int = 90
    stockout_cost_minor: int = 0
    stockout_days: int = 7
    other_territory_minor: int = 0
    dealer_margin_basis_points: int = 0
    complaint_minor: int = 0


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may not be.

    More than `parcels_most` parcels to an order; a parcel of goods worth less than `parcel_value_least_minor` beside
    another; sites of other dealers than the buyer's (`own_territory_only`); more than one parcel (`ship_together`).
    """

    parcels_most: int = 3
    parcel_value_least_minor: int = 0
    own_territory_only: bool = False
    ship_together: bool = False


class SiteGroup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sites that are preferred or spared: `parcel_minor` per parcel, below zero to prefer them.

    `handling_minor`: what handling a parcel costs more there, as in a part of the country where labour is dear: a cost,
    not a preference. `is_fallback`: they serve only what no other site can.
    """

    name: str
    site_ids: tuple[SiteId, ...]
    parcel_minor: int = 0
    handling_minor: int = 0
    is_fallback: bool = False


class Waiting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long orders wait to be decided together.

    A wave begins when its oldest order has waited `window_minutes`, or `wave_orders` wait; it is solved for at most
    `solve_seconds`.
    """

    window_minutes: int = 0
    wave_orders: int = 5_000
    solve_seconds: int = 5


class Offers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether work may be put to several sites at once, where that is expected to cost less (抢单).

    To at most `sites_most` sites, each of which can send the parcel for at most `extra_minor_most` more than the best.
    """

    may_be_open: bool = False
    sites_most: int = 8
    extra_minor_most: int = 500


class DayPrices(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether goods and time count as what they were worth on the last day, so that some are kept for later orders.

    Of that price `percent` counts, at most `minor_most` for a unit or a parcel. Prices of days longer ago than
    `days_most` do not count.
    """

    are_used: bool = False
    percent: int = 100
    minor_most: int = 2_000
    days_most: int = 7


class Fairness(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keeps a dealer from being starved or flooded.

    By price, over the last `days` (0: not looked at): in the choice a parcel from sites of a dealer who got more than
    `most_percent` of all tasks costs `parcel_minor` more, from those of one who got less than `least_percent` as much
    less. By right, each day: of its tasks a dealer gets `day_most_percent` at most, but for what nobody else can send,
    and `day_least_percent` at least, as far as its sites have the goods and the time.
    """

    days: int = 0
    least_percent: int = 0
    most_percent: int = 100
    parcel_minor: int = 0
    day_least_percent: int = 0
    day_most_percent: int = 100

    @property
    def is_hard(self) -> bool:
        """Whether a dealer's share of a day is limited at all."""
        return self.day_least_percent > 0 or self.day_most_percent < 100


class Reoptimising(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether work that is put to sites already is decided again with the orders of a wave, before it is picked.

    At most `orders_most` orders, those put to sites last; 0: none. Work that waits for its site's answer, with
    `accepted_too` also what a site accepted and has not begun. Each parcel that would be sent from another site costs
    `move_minor` more, so that it moves for a good reason alone; an order moves once at most.
    """

    orders_most: int = 0
    accepted_too: bool = False
    move_minor: int = 300


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A profile's settings, whole. `open_to_units`: those that a region or a dealer may set for its sites."""

    weights: Weights = Weights()
    limits: Limits = Limits()
    groups: tuple[SiteGroup, ...] = ()
    ship_from: tuple[ShipFrom, ...] = ()
    waiting: Waiting = Waiting()
    fairness: Fairness = Fairness()
    offers: Offers = Offers()
    day_prices: DayPrices = DayPrices()
    reoptimising: Reoptimising = Reoptimising()
    waiting_pay: PayForWaiting = PayForWaiting()
    learnt_capacity: LearntCapacity = LearntCapacity()
    dark_sites: DarkSites = DarkSites()
    answer_minutes: int = ANSWER_MINUTES
    open_to_units: tuple[SiteSetting, ...] = ()


class ProfileState(StrEnum):
    """Where a version stands. A published one never changes; the one published last is in force."""

    DRAFT = "draft"
    PUBLISHED = "published"
    DROPPED = "dropped"


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A version. `comment` says why it was published."""

    version: int
    based_on: int | None
    state: ProfileState
    settings: Settings
    comment: str | None
    written_at: datetime
    written_by: str
    published_at: datetime | None
    published_by: str | None


class Publication(msgspec.Struct, frozen=True, kw_only=True):
    """A wish to put a draft in force; `comment` says what it changes, and why."""

    version: int
    comment: str
    by: str


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """What a unit sets for its sites, and why, where it says so."""

    unit_id: OrgUnitId
    setting: SiteSetting
    value: int
    comment: str | None = None


class DropOverride(msgspec.Struct, frozen=True, kw_only=True):
    """A unit takes back what it set: what holds above it is to hold again."""

    unit_id: OrgUnitId
    setting: SiteSetting
    comment: str | None = None


class KeptOverride(msgspec.Struct, frozen=True, kw_only=True):
    """What a unit set, since when, by whom and why."""

    unit_id: OrgUnitId
    setting: SiteSetting
    value: int
    comment: str | None
    set_at: datetime
    set_by: str


class OverrideChange(msgspec.Struct, frozen=True, kw_only=True):
    """That a unit set something, or (`value` None) took it back."""

    unit_id: OrgUnitId
    setting: SiteSetting
    value: int | None
    comment: str | None
    set_at: datetime
    set_by: str


# ------------------------------------------------------------------------------------------------------------ refusals


class ProfileUnknown(Refusal, frozen=True, kw_only=True):
    """There is no version {version} of the profile."""

    version: int


class ProfileNotADraft(Refusal, frozen=True, kw_only=True):
    """Version {version} is {state}: only a draft can be changed, published or dropped."""

    version: int
    state: str


class SettingOutOfRange(Refusal, frozen=True, kw_only=True):
    """{setting} is {value}, and must be between {least} and {most}."""

    setting: str
    value: int
    least: int
    most: int


class GroupNameTaken(Refusal, frozen=True, kw_only=True):
    """Two groups of sites are called {name}."""

    name: str


class SiteInTwoGroups(Refusal, frozen=True, kw_only=True):
    """A site is in the groups {first} and {second}: which of them holds?"""

    first: str
    second: str


class OnlyFallbackSites(Refusal, frozen=True, kw_only=True):
    """Every site is a fallback: none is left to serve first."""


class SharesContradict(Refusal, frozen=True, kw_only=True):
    """A dealer is to get at least {least} % and at most {most} % of the work."""

    least: int
    most: int


class CommentMissing(Refusal, frozen=True, kw_only=True):
    """A version is published with a comment: what it changes, and why."""


class SettingNotOpen(Refusal, frozen=True, kw_only=True):
    """The profile in force does not leave {setting} open to regions and dealers."""

    setting: str


# --------------------------------------------------------------------------------------------------------------- rules

_RANGES: dict[str, tuple[int, int]] = {
    "weights.split_minor": (0, MONEY_MOST),
    "weights.late_hour_minor": (0, MONEY_MOST),
    "weights.kilometres_per_hour": (1, 1_000),
    "weights.refusal_minor": (0, MONEY_MOST),
    "weights.unfilled_unit_minor": (1, MONEY_MOST),
    "weights.ageing_credit_minor": (0, MONEY_MOST),
    "weights.ageing_days": (1, 3_650),
    "weights.stockout_cost_minor": (0, MONEY_MOST),
    "weights.stockout_days": (1, 365),
    "weights.other_territory_minor": (0, MONEY_MOST),
    "weights.dealer_margin_basis_points": (-MARGIN_MOST, MARGIN_MOST),
    "weights.complaint_minor": (0, MONEY_MOST),
    "limits.parcels_most": (1, PARCELS_MOST),
    "limits.parcel_value_least_minor": (0, MONEY_MOST),
    "waiting.window_minutes": (0, 24 * 60),
    "waiting.wave_orders": (1, WAVE_ORDERS_MOST),
    "waiting.solve_seconds": (1, 600),
    "fairness.days": (0, 92),
    "fairness.least_percent": (0, 100),
    "fairness.most_percent": (0, 100),
    "fairness.parcel_minor": (0, MONEY_MOST),
    "fairness.day_least_percent": (0, 100),
    "fairness.day_most_percent": (0, 100),
    "offers.sites_most": (2, 50),
    "offers.extra_minor_most": (0, MONEY_MOST),
    "day_prices.percent": (1, 100),
    "day_prices.minor_most": (1, MONEY_MOST),
    "day_prices.days_most": (1, 31),
    "reoptimising.orders_most": (0, REOPTIMISED_MOST),
    "reoptimising.move_minor": (0, MONEY_MOST),
    **RANGES,
    "learnt_capacity.least_percent": (1, 100),
    **DARK_RANGES,
    "answer_minutes": (1, 7 * 24 * 60),
}
_SITE_RANGES: dict[SiteSetting, tuple[int, int]] = {
    SiteSetting.AGEING_CREDIT: _RANGES["weights.ageing_credit_minor"],
    SiteSetting.STOCKOUT_COST: _RANGES["weights.stockout_cost_minor"],
    SiteSetting.OTHER_TERRITORY: _RANGES["weights.other_territory_minor"],
    SiteSetting.ANSWER_MINUTES: _RANGES["answer_minutes"],
}


def problems_of(settings: Settings, *, site_ids: Sequence[SiteId] = ()) -> list[Refusal]:
    """Return what keeps settings from being published, by field; `site_ids` are all the brand's sites, where known."""
    problems: list[Refusal] = []
    for name, (least, most) in _RANGES.items():
        value = value_of(settings, name)
        if not least <= value <= most:
            problems.append(SettingOutOfRange(setting=name, value=value, least=least, most=most))
    problems += _problems_of_groups(settings.groups, site_ids)
    problems += problems_of_rules(settings.ship_from, settings.groups)
    fairness = settings.fairness
    problems += [
        SharesContradict(least=least, most=most)
        for least, most in (
            (fairness.least_percent, fairness.most_percent),
            (fairness.day_least_percent, fairness.day_most_percent),
        )
        if least > most
    ]
    return problems


def _problems_of_groups(groups: Sequence[SiteGroup], site_ids: Sequence[SiteId]) -> Iterable[Refusal]:
    seen: dict[SiteId, str] = {}
    names: set[str] = set()
    for group in groups:
        if group.name in names:
            yield GroupNameTaken(name=group.name)
        names.add(group.name)
        for field, least in (("parcel_minor", -MONEY_MOST), ("handling_minor", 0)):
            minor: int = getattr(group, field)
            if not least <= minor <= MONEY_MOST:
                yield SettingOutOfRange(
                    setting=f"groups.{group.name}.{field}", value=minor, least=least, most=MONEY_MOST
                )
        for site_id in group.site_ids:
            other = seen.setdefault(site_id, group.name)
            if other != group.name:
                yield SiteInTwoGroups(first=other, second=group.name)
    spared = {site_id for group in groups if group.is_fallback for site_id in group.site_ids}
    if site_ids and spared.issuperset(site_ids):
        yield OnlyFallbackSites()


def value_of(settings: Settings, name: str) -> int:
    """Return a number of the settings by its dotted name."""
    found: object = settings
    for part in name.split("."):
        found = getattr(found, part)
    assert isinstance(found, int)
    return found


def setting_names() -> list[str]:
    """Return the dotted names of all numbers of the settings."""
    return list(_RANGES)


def range_of(name: str) -> tuple[int, int]:
    """Return the least and the most that a number of the settings may be."""
    return _RANGES[name]


def range_of_site_setting(setting: SiteSetting) -> tuple[int, int]:
    """Return the least and the most that a region or a dealer may set."""
    return _SITE_RANGES[setting]


def value_for_sites(settings: Settings, setting: SiteSetting) -> int:
    """Return what holds at every site whose units above it set nothing."""
    return getattr(terms_of_site(settings, unit_path=(), overrides={}), setting.value)


def problem_of_override(override: Override, *, settings: Settings) -> Refusal | None:
    """Say why a unit may not set this for its sites, if so."""
    if override.setting not in settings.open_to_units:
        return SettingNotOpen(setting=override.setting.value)
    least, most = _SITE_RANGES[override.setting]
    if not least <= override.value <= most:
        return SettingOutOfRange(setting=override.setting.value, value=override.value, least=least, most=most)
    return None


class SiteTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for one site. `decided_by`: the unit whose override it is; settings that are not in it are HQ's."""

    ageing_credit_minor: int
    stockout_cost_minor: int
    other_territory_minor: int
    answer_minutes: int
    decided_by: Mapping[SiteSetting, OrgUnitId] = {}

    @property
    def overrides(self) -> tuple[Override, ...]:
        """What units decided, each setting with the value that holds."""
        return tuple(
            Override(unit_id=unit_id, setting=setting, value=getattr(self, setting.value))
            for setting, unit_id in self.decided_by.items()
        )


def terms_of_site(
    settings: Settings,
    *,
    unit_path: Sequence[OrgUnitId],
    overrides: Mapping[tuple[OrgUnitId, SiteSetting], int],
) -> SiteTerms:
    """Return what holds for a site below these units (root first): the nearest override of what is open, else HQ's."""
    weights = settings.weights
    values = {
        SiteSetting.AGEING_CREDIT: weights.ageing_credit_minor,
        SiteSetting.STOCKOUT_COST: weights.stockout_cost_minor,
        SiteSetting.OTHER_TERRITORY: weights.other_territory_minor,
        SiteSetting.ANSWER_MINUTES: settings.answer_minutes,
    }
    decided_by: dict[SiteSetting, OrgUnitId] = {}
    for unit_id in unit_path:
        for setting in settings.open_to_units:
            if (unit_id, setting) in overrides:
                values[setting] = overrides[unit_id, setting]
                decided_by[setting] = unit_id
    return SiteTerms(
        ageing_credit_minor=values[SiteSetting.AGEING_CREDIT],
        stockout_cost_minor=values[SiteSetting.STOCKOUT_COST],
        other_territory_minor=values[SiteSetting.OTHER_TERRITORY],
        answer_minutes=values[SiteSetting.ANSWER_MINUTES],
        decided_by=decided_by,
    )
