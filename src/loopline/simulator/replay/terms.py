"""What the retailer charges and how it shares: list prices, value added tax, who earns what of a line."""

from collections.abc import Mapping
from datetime import date, datetime

from loopline.channels.online_retail.countries import COUNTRY_CODES
from loopline.channels.online_retail.drafts import TILL, WEB
from loopline.db import Conn
from loopline.kernel.ids import PersonId, RuleSetId, SkuId, uuid7
from loopline.kernel.times import business_day
from loopline.pricing import NewPrice, NewPriceList, NewTaxRate, add_price_lists, set_prices, set_tax_rates
from loopline.processes.outcomes import all_granted
from loopline.processes.supply import WantedTerm, agree
from loopline.sharing.model import NewRuleSet, Publication, Role, RuleRow
from loopline.sharing.service import publish_rule_sets, save_drafts
from loopline.simulator.replay.places import (
    BRAND_ENTITY,
    CURRENCY,
    DEALERS,
    HOME_COUNTRY,
    RULE_MAKER,
    TIME_ZONE,
)
from loopline.simulator.replay.survey import Survey
from loopline.supply.model import TermBase, TermKind

TAX_CLASS = "standard"
# The United Kingdom's standard rate before and since 4 January 2011.
TAX_BEFORE_2011_BASIS_POINTS = 1_750
TAX_SINCE_2011_BASIS_POINTS = 2_000
TAX_ROSE_ON = date(2011, 1, 4)

SUPPLY_BASIS_POINTS = 6_000
"""Of the net amount, for the owner of goods that another company sells."""

# Of the net amount, in basis points. A dealer earns more from its own customer than from a sale at its counter.
SHARING_ROWS = (
    RuleRow(role=Role.DEALER, bound=True, basis_points=600),
    RuleRow(role=Role.DEALER, basis_points=400),
    RuleRow(role=Role.GUIDE, basis_points=250),
    RuleRow(role=Role.STORE, channels=(TILL,), basis_points=300),
    RuleRow(role=Role.SHIPPING_SITE, channels=(WEB,), basis_points=200),
    RuleRow(role=Role.STREAMER, basis_points=500),
    RuleRow(role=Role.PLATFORM, channels=(WEB,), basis_points=100),
    RuleRow(role=Role.BRAND, remainder=True),
)


def set_list_prices(conn: Conn, survey: Survey, *, sku_ids: Mapping[str, SkuId], now: datetime) -> None:
    """Set each SKU's list price: what most lines of the file state. Goods never sold at a price have none."""
    base = NewPriceList(code="BASE", name="List prices", currency=CURRENCY, valid_from=now)
    (added,) = all_granted(add_price_lists(conn, [base], now=now))
    prices = [
        NewPrice(
            price_list_id=added.price_list_id,
            sku_id=sku_ids[sku.code],
            unit_minor=sku.list_unit_minor,
            valid_from=now,
        )
        for sku in survey.skus.values()
        if sku.list_unit_minor
    ]
    all_granted(set_prices(conn, prices, now=now))


def set_taxes(conn: Conn, *, now: datetime) -> None:
    """Set the tax within prices: the rate at home, that of the year to come too, and nothing on what is exported."""
    today = business_day(now, TIME_ZONE)
    at_home = [_rate(HOME_COUNTRY, max(today, TAX_ROSE_ON), TAX_SINCE_2011_BASIS_POINTS)]
    if today < TAX_ROSE_ON:
        at_home.insert(0, _rate(HOME_COUNTRY, today, TAX_BEFORE_2011_BASIS_POINTS))
    abroad = [_rate(code, today, 0) for code in sorted(COUNTRY_CODES.values()) if code != HOME_COUNTRY]
    all_granted(set_tax_rates(conn, [*at_home, *abroad], now=now))


def _rate(country: str, valid_from: date, rate_basis_points: int) -> NewTaxRate:
    return NewTaxRate(
        tax_class=TAX_CLASS, country=country, valid_from=valid_from, rate_basis_points=rate_basis_points
    )


def agree_on_supplies(conn: Conn, *, now: datetime) -> None:
    """Let the retailer and each dealer agree on what one gets for goods that the other sells."""
    terms = [
        WantedTerm(
            owner_code=owner,
            buyer_code=buyer,
            currency=CURRENCY,
            kind=TermKind.PURCHASE,
            base=TermBase.NET,
            basis_points=SUPPLY_BASIS_POINTS,
            comment="For the whole year.",
        )
        for dealer in DEALERS
        for owner, buyer in ((dealer.entity_code, BRAND_ENTITY), (BRAND_ENTITY, dealer.entity_code))
    ]
    all_granted(agree(conn, terms, by=f"person:{RULE_MAKER}", now=now))


def publish_sharing_rules(conn: Conn, *, author_id: PersonId, now: datetime) -> None:
    """Publish the one version of the rules that the whole year is split by."""
    rules = NewRuleSet(
        id=RuleSetId(uuid7(now)),
        currency=CURRENCY,
        author_id=author_id,
        comment="The brand keeps what dealers, stores, guides, streamers and the platform do not earn.",
        rows=SHARING_ROWS,
    )
    all_granted(save_drafts(conn, [rules], now=now))
    publication = Publication(
        rule_set_id=rules.id,
        effective_from=now,
        published_by=author_id,
        untried_because="Before the first sale of the year.",
    )
    all_granted(publish_rule_sets(conn, [publication], now=now))
