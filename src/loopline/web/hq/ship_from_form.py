"""The part of a profile's form that says what must ship from where: as it stands, and how what was typed is read.

Codes and names are set apart by commas; codes by spaces too.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from loopline import catalogue, orders, org
from loopline.db import Conn
from loopline.kernel.ids import SiteId
from loopline.kernel.refusals import Refusal, Refused
from loopline.org import Site
from loopline.sourcing.settings import Settings
from loopline.sourcing.ship_from import ShipFrom, sites_of_rule
from loopline.web.languages import Language

RULES_SHOWN_MOST = 12
_NAMED_SHOWN_MOST = 8
_COMMAS = re.compile(r"[,，、;；\n]+")


class RuleShown(msgspec.Struct, frozen=True, kw_only=True):
    """A rule, or an empty row for one more. `named`: the sites it comes to."""

    position: int
    name: str
    products: str
    categories: str
    channels: str
    sites: str
    named: str


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What a form may name: sites by their codes; products, categories and channels that there are."""

    sites: Mapping[str, SiteId]
    products: Collection[str] = ()
    categories: Collection[str] = ()
    channels: Collection[str] = ()


class UnknownInRule(Refusal, frozen=True, kw_only=True):
    """The rule {rule} names {named}, which there is not."""

    rule: str
    named: str


def known_to(conn: Conn, said: Mapping[str, str]) -> Known:
    """Read what of a form's names there is."""
    rows = range(RULES_SHOWN_MOST)
    products = {word for row in rows for word in _words(said.get(f"ship_from.{row}.products", ""))}
    categories = {word for row in rows for word in _words(said.get(f"ship_from.{row}.categories", ""))}
    return Known(
        sites={site.code: site.id for site in org.branch_sites(conn)},
        products=frozenset(catalogue.products_by_code(conn, products)) if products else frozenset(),
        categories=frozenset(catalogue.skus_of_categories(conn, categories)) if categories else frozenset(),
        channels=frozenset(orders.channels_by_code(conn)),
    )


def rules_shown(settings: Settings, sites: Mapping[SiteId, Site], language: Language) -> list[RuleShown]:
    """Return the rules with the codes and names they are typed with, and an empty row where another fits."""
    rows = [
        RuleShown(
            position=position,
            name=rule.name,
            products=", ".join(rule.products),
            categories=", ".join(rule.categories),
            channels=", ".join(rule.channels),
            sites=", ".join([*rule.groups, *(sites[one].code for one in rule.site_ids if one in sites)]),
            named=_named(sites_of_rule(rule, settings.groups), sites, language),
        )
        for position, rule in enumerate(settings.ship_from)
    ]
    if len(rows) < RULES_SHOWN_MOST:
        rows.append(
            RuleShown(
                position=len(rows), name="", products="", categories="", channels="", sites="", named=""
            )
        )
    return rows


def _named(site_ids: Iterable[SiteId], sites: Mapping[SiteId, Site], language: Language) -> str:
    names = sorted(language.called(sites[one].name) for one in site_ids if one in sites)
    more = len(names) - _NAMED_SHOWN_MOST
    shown = ", ".join(names[:_NAMED_SHOWN_MOST])
    return f"{shown} … +{language.count(more)}" if more > 0 else shown


def read_rules(said: Mapping[str, str], groups: Collection[str], known: Known) -> list[ShipFrom]:
    """Read the rules of a form, those with a name. Raises Refused for what one names and there is not."""
    rules: list[ShipFrom] = []
    for row in range(RULES_SHOWN_MOST):
        name = said.get(f"ship_from.{row}.name", "").strip()[:40]
        if not name:
            continue
        named = _read(said, row, "sites", rule=name, known={*known.sites, *groups})
        rules.append(
            ShipFrom(
                name=name,
                products=_read(said, row, "products", rule=name, known=known.products),
                categories=_read(said, row, "categories", rule=name, known=known.categories),
                channels=_read(said, row, "channels", rule=name, known=known.channels),
                site_ids=tuple(known.sites[one] for one in named if one in known.sites),
                groups=tuple(one for one in named if one not in known.sites),
            )
        )
    return rules


def _read(
    said: Mapping[str, str], row: int, field: str, *, rule: str, known: Collection[str]
) -> tuple[str, ...]:
    found: list[str] = []
    for part in _parts(said.get(f"ship_from.{row}.{field}", "")):
        found += [part] if part in known else part.split()
    unknown = [one for one in found if one not in known]
    if unknown:
        raise Refused(UnknownInRule(rule=rule, named=unknown[0][:40]))
    return tuple(dict.fromkeys(found))


def _parts(text: str) -> Sequence[str]:
    return [part.strip() for part in _COMMAS.split(text) if part.strip()]


def _words(text: str) -> set[str]:
    """Everything that a text may name: its parts, and the words of them."""
    parts = _parts(text)
    return {*parts, *(word for part in parts for word in part.split())}
