"""Why an order is sent from where it is, as the API tells it: sites chosen, by term, and sites not chosen."""

from datetime import datetime

import msgspec

from loopline.kernel.ids import LineId, OrgUnitId, SiteId
from loopline.kernel.temperatures import TemperatureClass
from loopline.processes.look_up import OrderStory
from loopline.sourcing.counterfactual import what_would_change
from loopline.sourcing.model import EliminatedSite, Explanation
from loopline.sourcing.settings import SiteSetting
from loopline.web.hq.order_words import said_of_change
from loopline.web.languages import Language


class SetForSite(msgspec.Struct, frozen=True, kw_only=True):
    """What a region or a dealer had set for a site, of what the profile left open."""

    setting: SiteSetting
    value: int
    unit_code: str


class ParcelChosen(msgspec.Struct, frozen=True, kw_only=True):
    """A parcel of a site that was chosen: how many units are in it, how cold it is kept, and what it costs.

    `opportunity_minor`: what its goods and its time would have been worth to orders that come later. `waiting_minor`:
    what it pays the site on top because the work came back from others. `region_minor`: what handling costs more in the
    site's part of the country. `margin_minor`: what its dealer earns by the goods, below 0 where that counts in the
    site's favour. `overrides`: the settings that a region or a
    dealer decided for it; the others are the profile's.
    """

    site_code: str
    units: int
    temperature_class: TemperatureClass
    handling_minor: int
    distance_minor: int
    weight_minor: int
    lateness_minor: int
    refusal_minor: int
    preference_minor: int
    split_minor: int
    opportunity_minor: int
    waiting_minor: int
    region_minor: int
    margin_minor: int
    credit_minor: int
    overrides: tuple[SetForSite, ...]


class SiteEliminated(msgspec.Struct, frozen=True, kw_only=True):
    """A site that was not chosen: why, and what the order would cost with it.

    `change` names what would have made it the choice, `change_minor` how much that is worth; `said` says it in a
    sentence in the caller's language. `late_minor`: what of its price is for coming later than promised.
    """

    site_code: str
    reason: str
    price_minor: int
    late_minor: int
    change: str
    change_minor: int
    said: str


class UnitsUnfilled(msgspec.Struct, frozen=True, kw_only=True):
    """Units that no site can send."""

    line_id: LineId
    units: int
    reason: str


class ChoiceTold(msgspec.Struct, frozen=True, kw_only=True):
    """One decision of sourcing. `method`: exact (proved), greedy or optimised (with its whole wave).

    `profile_version`: by which settings; None: as delivered. `day_prices_version`: of the prices of the day that count.
    `gap`: how far the whole wave may be above the best plan there can be, as a part of it.
    """

    decided_at: datetime
    solver: str
    method: str
    profile_version: int | None
    day_prices_version: int | None
    gap: float | None
    currency: str
    cost_minor: int
    chosen: tuple[ParcelChosen, ...]
    eliminated: tuple[SiteEliminated, ...]
    unfilled: tuple[UnitsUnfilled, ...]


def choice_told(one: Explanation, story: OrderStory, language: Language) -> ChoiceTold:
    """Tell a decision, with every site that was weighed and what would have made it the choice."""
    return ChoiceTold(
        decided_at=one.decided_at,
        solver=one.solver,
        method=one.method.value,
        profile_version=one.profile_version,
        day_prices_version=one.day_prices_version,
        gap=one.gap,
        currency=one.currency,
        cost_minor=one.cost_minor,
        chosen=tuple(
            ParcelChosen(
                site_code=_site_code(story, parcel.site_id),
                units=parcel.units,
                temperature_class=parcel.temperature_class,
                handling_minor=parcel.cost.handling_minor,
                distance_minor=parcel.cost.distance_minor,
                weight_minor=parcel.cost.weight_minor,
                lateness_minor=parcel.cost.lateness_minor,
                refusal_minor=parcel.cost.refusal_minor,
                preference_minor=parcel.cost.preference_minor,
                split_minor=parcel.cost.split_minor,
                opportunity_minor=parcel.cost.opportunity_minor,
                waiting_minor=parcel.cost.waiting_minor,
                region_minor=parcel.cost.region_minor,
                margin_minor=parcel.cost.margin_minor,
                credit_minor=parcel.cost.credit_minor,
                overrides=tuple(
                    SetForSite(
                        setting=set_.setting, value=set_.value, unit_code=_unit_code(story, set_.unit_id)
                    )
                    for set_ in parcel.overrides
                ),
            )
            for parcel in one.chosen
        ),
        eliminated=tuple(_eliminated(one, site, story, language) for site in one.eliminated),
        unfilled=tuple(
            UnitsUnfilled(line_id=line.line_id, units=line.units, reason=line.reason.value)
            for line in one.unfilled
        ),
    )


def _eliminated(
    one: Explanation, site: EliminatedSite, story: OrderStory, language: Language
) -> SiteEliminated:
    found = what_would_change(one, site, story.site_prices.get((one.wave_id, site.site_id)))
    return SiteEliminated(
        site_code=_site_code(story, site.site_id),
        reason=site.verdict.name.lower(),
        price_minor=site.price_minor,
        late_minor=site.late_minor,
        change=found.change.value,
        change_minor=found.minor,
        said=said_of_change(found, one.currency, language),
    )


def _unit_code(story: OrderStory, unit_id: OrgUnitId) -> str:
    unit = story.deciding_units.get(unit_id)
    return unit.code if unit else str(unit_id)


def _site_code(story: OrderStory, site_id: SiteId) -> str:
    site = story.sites.get(site_id)
    return site.code if site else str(site_id)
