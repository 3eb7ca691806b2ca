"""Why a site sends an order, written down in a language: the chosen ones by term, the others by what kept them out."""

from collections.abc import Iterator

import msgspec

from loopline.orders import Delivery
from loopline.processes.look_up import OrderStory
from loopline.sourcing.counterfactual import what_would_change
from loopline.sourcing.model import EliminatedSite, Explanation, ParcelCost, Verdict
from loopline.sourcing.settings import Override
from loopline.web.cold_words import cold_word
from loopline.web.hq.order_names import goods_of, site_name
from loopline.web.hq.order_words import (
    ASKED_ELSEWHERE,
    CREDIT_WORD,
    SOLVED_WORDS,
    TERM_WORDS,
    UNFILLED_WORDS,
    VERDICT_WORDS,
    said_of_change,
)
from loopline.web.hq.profile_form import SITE_SETTING_WORDS
from loopline.web.languages import Language


class SiteRow(msgspec.Struct, frozen=True, kw_only=True):
    """A site that was weighed: what it would have cost, and why it was not chosen. `width` in per cent.

    `overrides`: what a region or a dealer had set for it.
    """

    name: str
    is_chosen: bool
    reason: str
    price: str
    terms: str
    would: str
    width: int
    overrides: tuple[str, ...] = ()


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A decision of sourcing, spelt out; the latest first."""

    cost: str
    said: str
    rows: tuple[SiteRow, ...]
    unfilled: tuple[str, ...]


def choice_of(one: Explanation, story: OrderStory, language: Language) -> Choice:
    """Write a decision down, the chosen sites first."""
    greatest = max(
        [one.cost_minor, *(site.price_minor for site in one.eliminated if _is_priced(site.verdict))]
    )

    def width(price_minor: int) -> int:
        return max(2, 100 * price_minor // greatest) if greatest > 0 else 2

    chosen = [
        SiteRow(
            name=site_name(story, parcel.site_id, language),
            is_chosen=True,
            reason=" ".join(
                one
                for one in (cold_word(parcel.temperature_class, language), f"×{language.count(parcel.units)}")
                if one
            ),
            price=language.money(parcel.cost.total_minor, one.currency),
            terms=_cost_terms(parcel.cost, one.currency, language),
            would="",
            width=width(parcel.cost.total_minor),
            overrides=tuple(_said_of_override(set_, story, language) for set_ in parcel.overrides),
        )
        for parcel in one.chosen
    ]
    others = sorted(one.eliminated, key=lambda site: (not _is_priced(site.verdict), site.price_minor))
    eliminated = [
        SiteRow(
            name=site_name(story, site.site_id, language),
            is_chosen=False,
            reason=language.say(
                ASKED_ELSEWHERE if _is_asked_elsewhere(site, story) else VERDICT_WORDS[site.verdict]
            ),
            price=language.money(site.price_minor, one.currency),
            terms="",
            would="" if _is_asked_elsewhere(site, story) else _would(one, site, story, language),
            width=width(site.price_minor) if _is_priced(site.verdict) else 0,
        )
        for site in others
    ]
    return Choice(
        cost=language.money(one.cost_minor, one.currency),
        said=" ".join(_said_of(one, language)),
        rows=(*chosen, *eliminated),
        unfilled=tuple(
            f"{goods_of(story, line.line_id, language)} × {language.count(line.units)}: "
            f"{language.say(UNFILLED_WORDS[line.reason])}"
            for line in one.unfilled
        ),
    )


def _said_of(one: Explanation, language: Language) -> Iterator[str]:
    """Say how it was decided, how near the whole wave is to the best, and by which version of the profile."""
    yield language.say(SOLVED_WORDS[one.method])
    if one.gap is not None:
        yield language.say(
            "The whole wave is within {percent} of the best there can be.",
            percent=language.percent(max(0.0, one.gap)),
        )
    if one.profile_version is not None:
        yield language.say("Profile version {version}.", version=one.profile_version)
    if one.day_prices_version is not None:
        yield language.say(
            "What goods and time were worth on the last day counts: prices of the day, version {version}.",
            version=one.day_prices_version,
        )


def _said_of_override(one: Override, story: OrderStory, language: Language) -> str:
    """Say what holds at a site because its region or dealer set it."""
    unit = story.deciding_units.get(one.unit_id)
    return language.say(
        "{setting}: {value}, set by {unit}",
        setting=language.say(SITE_SETTING_WORDS[one.setting]),
        value=language.count(one.value),
        unit=language.called(unit.name) if unit else "",
    )


def _cost_terms(cost: ParcelCost, currency: str, language: Language) -> str:
    """Write the terms of a parcel's cost that are not nothing, in words."""
    terms = [
        language.say(word, amount=language.money(getattr(cost, name), currency))
        for name, word in TERM_WORDS
        if getattr(cost, name)
    ]
    if cost.credit_minor:
        terms.append(language.say(CREDIT_WORD, amount=language.money(cost.credit_minor, currency)))
    return ", ".join(terms)


def _would(one: Explanation, site: EliminatedSite, story: OrderStory, language: Language) -> str:
    """Say what would have to change for a site that was not chosen."""
    found = what_would_change(one, site, story.site_prices.get((one.wave_id, site.site_id)))
    return said_of_change(found, one.currency, language)


def _is_asked_elsewhere(site: EliminatedSite, story: OrderStory) -> bool:
    """Whether a site was no choice because the customer had named another one to come to."""
    order = story.order
    is_bound = order.delivery is not Delivery.DELIVER and order.site_id is not None
    return is_bound and site.verdict is Verdict.EXCLUDED and site.site_id != order.site_id


def _is_priced(verdict: Verdict) -> bool:
    """Whether a site could have served the order at its price."""
    return verdict in {Verdict.DEARER, Verdict.TIED, Verdict.GOODS_NEEDED, Verdict.TIME_NEEDED, Verdict.KEPT}
