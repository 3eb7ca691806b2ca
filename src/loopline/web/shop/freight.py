"""What delivery costs in the shop: shown before anything is paid, by the function that charges it."""

import msgspec

from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.kernel.cities import city_by_code
from loopline.kernel.refusals import Refusal
from loopline.pricing.freight import (
    Freight,
    FreightTemplate,
    NotDeliveredThere,
    Parcel,
    freight_at,
    freight_of,
    freight_of_units,
)
from loopline.web.languages import Language
from loopline.web.shop.frame import price
from loopline.web.shop.goods import Terms
from loopline.web.shop.regions import region_words


class FreightShown(msgspec.Struct, frozen=True, kw_only=True):
    """What delivery costs, in words, and what would make it free, where anything would."""

    costs: str
    free: str
    is_delivered: bool = True


def shop_freight(conn: Conn, terms: Terms) -> FreightTemplate | None:
    """Return what the shop's deliveries cost; None: nothing."""
    path = terms.seller.unit_path
    found = freight_at(path, kept=freight_of_units(conn, path))
    is_ours = found is not None and found.template.currency == terms.seller.currency
    return found.template if found is not None and is_ours else None


def freight_to(
    template: FreightTemplate, sku: Sku, *, units: int, goods_minor: int, region_code: str
) -> Freight | NotDeliveredThere:
    """Return what delivery of units of a SKU costs to a region; empty: nobody knows yet which."""
    lines = ((units, sku.care.weight_grams),)
    parcel = Parcel(region_code=_city_of(region_code), goods_minor=goods_minor, lines=lines)
    return freight_of(template, parcel)


def _city_of(region_code: str) -> str:
    """The code of the city that a region is, or lies in, as an order's destination has it."""
    city = city_by_code(region_code)
    return city.region_code if city is not None else region_code


def freight_words(
    template: FreightTemplate, found: Freight | NotDeliveredThere, language: Language
) -> FreightShown:
    """Say what delivery costs, and how far it is to free delivery."""
    if isinstance(found, Refusal):
        return FreightShown(costs=not_there_words(found, language), free="", is_delivered=False)
    if not found.fee_minor:
        return FreightShown(costs=language.say("Free delivery"), free="")
    return FreightShown(
        costs=language.say(
            "Delivery costs {amount}", amount=price(language, found.fee_minor, template.currency)
        ),
        free=missing_words(template, found, language),
    )


def missing_words(
    template: FreightTemplate, found: Freight | NotDeliveredThere | None, language: Language
) -> str:
    """Say how much more makes it free; empty where nothing does, or it is."""
    if not isinstance(found, Freight) or found.missing_minor is None:
        return ""
    amount = price(language, found.missing_minor, template.currency)
    return language.say("{amount} more for free delivery", amount=amount)


def not_there_words(refusal: NotDeliveredThere, language: Language) -> str:
    """Say by its name to which region nothing is delivered."""
    region = region_words(refusal.region_code, language.code) or refusal.region_code
    return language.say("We deliver nothing to {region}.", region=region)
