"""What must ship from named sites, as the API spells the rules of a profile."""

from collections.abc import Container, Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from loopline import catalogue, orders
from loopline.db import Conn
from loopline.kernel.ids import SiteId
from loopline.sourcing.ship_from import NAMED_MOST, ShipFrom
from loopline.web.api.refusals import NoSuchThing
from loopline.web.api.types import Code, Name


class ShipFromRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What must ship from named sites: goods of `product_codes` and `categories`, or what `channels` sell, not both.

    Its sites are `site_codes` and those of `groups`, groups of sites of the same profile by their names. Of several
    rules for the same goods or channel all hold. Deliveries alone are meant.
    """

    name: Name
    product_codes: Annotated[list[Code], Meta(max_length=NAMED_MOST)] = []
    categories: Annotated[list[Name], Meta(max_length=NAMED_MOST)] = []
    channels: Annotated[list[Code], Meta(max_length=100)] = []
    site_codes: Annotated[list[Code], Meta(max_length=NAMED_MOST)] = []
    groups: Annotated[list[Name], Meta(max_length=50)] = []


def rule_of(rule: ShipFromRule, site_ids: Mapping[str, SiteId]) -> ShipFrom:
    """Make a rule of what was said, whose sites there are."""
    return ShipFrom(
        name=rule.name,
        products=tuple(dict.fromkeys(rule.product_codes)),
        categories=tuple(dict.fromkeys(rule.categories)),
        channels=tuple(dict.fromkeys(rule.channels)),
        site_ids=tuple(site_ids[code] for code in dict.fromkeys(rule.site_codes)),
        groups=tuple(dict.fromkeys(rule.groups)),
    )


def rule_told(rule: ShipFrom, codes: Mapping[SiteId, str]) -> ShipFromRule:
    """Tell a rule; sites that are gone are left out."""
    return ShipFromRule(
        name=rule.name,
        product_codes=list(rule.products),
        categories=list(rule.categories),
        channels=list(rule.channels),
        site_codes=[codes[one] for one in rule.site_ids if one in codes],
        groups=list(rule.groups),
    )


def unknown_of(
    conn: Conn, rules: Sequence[ShipFromRule], grouped: Sequence[str], site_ids: Mapping[str, SiteId]
) -> NoSuchThing | None:
    """Say which site, product, category or channel there is not that groups (by codes) and rules name, if any."""
    products = [code for rule in rules for code in rule.product_codes]
    categories = [name for rule in rules for name in rule.categories]
    channels = [code for rule in rules for code in rule.channels]
    named = [*grouped, *(code for rule in rules for code in rule.site_codes)]
    there: list[tuple[str, Sequence[str], Container[str]]] = [("site", named, site_ids)]
    if products:
        there.append(("product", products, catalogue.products_by_code(conn, products)))
    if categories:
        there.append(("category", categories, catalogue.skus_of_categories(conn, categories)))
    if channels:
        there.append(("channel", channels, orders.channels_by_code(conn)))
    unknown = ((noun, one) for noun, said, known in there for one in said if one not in known)
    return next((NoSuchThing(noun=noun, value=one) for noun, one in unknown), None)
