"""Must ship from: rules of a profile by which goods, or what channels sell, leave from named sites alone. Pure.

A rule speaks of goods (products and categories) or of channels, never of both: what it says of goods is the same for
every order, what it says of channels is the same for all goods of an order. Of several rules that speak of the same all
hold: what they leave is what each of them names. An order may name sites besides (`OpenOrder.only_from`). It is goods
that are sent that are meant: who collects, and who chooses a store's courier or fitter, named the store.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from loopline.kernel.ids import SiteId, SkuId
from loopline.kernel.refusals import Refusal

RULES_MOST = 50
NAMED_MOST = 10_000


class ShipFrom(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule: goods of `products` (codes) and `categories`, or what `channels` sell, is sent from its sites alone.

    Its sites are `site_ids` and those of `groups` (names of groups of sites of the same profile).
    """

    name: str
    products: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    site_ids: tuple[SiteId, ...] = ()
    groups: tuple[str, ...] = ()


class NamedGroup(Protocol):
    """Sites under a name: a shape, so that the groups of a profile fit."""

    @property
    def name(self) -> str: ...
    @property
    def site_ids(self) -> tuple[SiteId, ...]: ...


# ------------------------------------------------------------------------------------------------------------ refusals


class ShipFromNameTaken(Refusal, frozen=True, kw_only=True):
    """Two rules of what must ship from where are called {name}."""

    name: str


class ShipFromSpeaksOfNothing(Refusal, frozen=True, kw_only=True):
    """The rule {name} must say which products, categories or channels it speaks of."""

    name: str


class ShipFromSpeaksOfBoth(Refusal, frozen=True, kw_only=True):
    """The rule {name} speaks of goods and of channels: make two rules of it."""

    name: str


class ShipFromNamesNoSite(Refusal, frozen=True, kw_only=True):
    """The rule {name} names no site that its goods may be sent from."""

    name: str


class ShipFromGroupUnknown(Refusal, frozen=True, kw_only=True):
    """The rule {name} names the group {group}, and no group of sites is called so."""

    name: str
    group: str


# --------------------------------------------------------------------------------------------------------------- rules


def problems_of_rules(rules: Sequence[ShipFrom], groups: Sequence[NamedGroup]) -> Iterable[Refusal]:
    """Say what keeps rules from being published."""
    names: set[str] = set()
    known = {group.name for group in groups}
    for rule in rules:
        if rule.name in names:
            yield ShipFromNameTaken(name=rule.name)
        names.add(rule.name)
        is_of_goods = bool(rule.products or rule.categories)
        if not is_of_goods and not rule.channels:
            yield ShipFromSpeaksOfNothing(name=rule.name)
        if is_of_goods and rule.channels:
            yield ShipFromSpeaksOfBoth(name=rule.name)
        unknown = [group for group in rule.groups if group not in known]
        if unknown:
            yield ShipFromGroupUnknown(name=rule.name, group=unknown[0])
        elif not sites_of_rule(rule, groups):
            yield ShipFromNamesNoSite(name=rule.name)


def sites_of_rule(rule: ShipFrom, groups: Sequence[NamedGroup]) -> frozenset[SiteId]:
    """Return the sites that a rule names, by themselves or in a group."""
    grouped = [site_id for group in groups if group.name in rule.groups for site_id in group.site_ids]
    return frozenset([*rule.site_ids, *grouped])


def sites_of_channel(
    rules: Sequence[ShipFrom], groups: Sequence[NamedGroup], channel: str
) -> frozenset[SiteId] | None:
    """Return the sites that what a channel sells is sent from; None: any."""
    return in_all(sites_of_rule(rule, groups) for rule in rules if channel in rule.channels)


def sites_of_goods(
    rules: Sequence[ShipFrom],
    groups: Sequence[NamedGroup],
    goods: Mapping[SkuId, tuple[str, str | None]],
) -> dict[SkuId, frozenset[SiteId]]:
    """Return the sites that SKUs are sent from, by their product's code and category, where they are limited."""
    of_rule = [(rule, sites_of_rule(rule, groups)) for rule in rules if rule.products or rule.categories]
    found: dict[SkuId, frozenset[SiteId]] = {}
    for sku_id, (product, category) in goods.items():
        sites = in_all(
            sites for rule, sites in of_rule if product in rule.products or category in rule.categories
        )
        if sites is not None:
            found[sku_id] = sites
    return found


def in_all(limits: Iterable[Collection[SiteId] | None]) -> frozenset[SiteId] | None:
    """Return what several limits leave together; None, as each of them may be: nothing is limited."""
    left: frozenset[SiteId] | None = None
    for limit in limits:
        if limit is not None:
            left = frozenset(limit) if left is None else left.intersection(limit)
    return left
