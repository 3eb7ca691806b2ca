"""Price lists, prices and tax rates. A list that names a place is its branch's; one that names none is the brand's."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta

from loopline import catalogue, org, pricing
from loopline.db import Conn
from loopline.kernel.ids import EntityId, OrgUnitId, PriceListId, SiteId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.org import Permission
from loopline.org import lists as org_lists
from loopline.pricing import NewPrice, NewPriceList, NewTaxRate, PriceList, PriceListEnd, PricePlace, TaxRate
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.catalogue import TaxClassCode, whole_brand
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.refusals import NoSuchThing
from loopline.web.api.shapes import (
    Batch,
    Codes,
    Outcomes,
    Page,
    Paging,
    SkuCodes,
    covers_unit,
    decided,
    merged,
    page_of,
    posted,
    told,
)
from loopline.web.api.types import BasisPoints, Code, Country, Currency, Minor, Moment, Name

_TAG = "prices"
Priority = Annotated[int, Meta(ge=-1_000, le=1_000)]
ListCode = Annotated[Code, QueryParameter(name="price_list_code", description="The list, by its code.")]
InCountry = Annotated[Country, QueryParameter(name="country", description="ISO 3166, two letters.")]


class PriceListAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A list of prices in one currency, from `valid_from` (null: now) to `valid_until`, excluded (null: for good).

    It applies where all the conditions it names hold. Of lists with the same conditions the higher priority decides.
    """

    code: Code
    name: Name
    currency: Currency
    valid_from: Moment | None = None
    valid_until: Moment | None = None
    priority: Priority = 0
    member_tier: Code | None = None
    site_code: Code | None = None
    unit_code: Code | None = None
    channel: Code | None = None


class PriceListKept(msgspec.Struct, frozen=True, kw_only=True):
    """A list that stands; `is_new` is false where the same one stood there already."""

    id: PriceListId
    code: str
    is_new: bool


class PriceListTold(msgspec.Struct, frozen=True, kw_only=True):
    """A price list as it stands."""

    id: PriceListId
    code: str
    name: str
    currency: str
    valid_from: datetime
    valid_until: datetime | None
    priority: int
    member_tier: str | None
    site_code: str | None
    unit_code: str | None
    channel: str | None


class PriceListEndAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """End a list at a moment that has not come yet (null: now)."""

    code: Code
    valid_until: Moment | None = None


class PriceListEnded(msgspec.Struct, frozen=True, kw_only=True):
    """A list that ends."""

    code: str
    valid_until: datetime


class PriceAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The price of one unit, tax included, from a moment (null: now) until the next one; null ends the price."""

    price_list_code: Code
    sku_code: Code
    unit_minor: Minor | None
    valid_from: Moment | None = None


class PriceKept(msgspec.Struct, frozen=True, kw_only=True):
    """A price that stands; `is_new` is false where that very price was set already."""

    id: UUID
    is_new: bool


class PriceTold(msgspec.Struct, frozen=True, kw_only=True):
    """A price of a list: it holds from `valid_from` until the next one of its SKU; null ends the one before."""

    id: UUID
    sku_code: str
    unit_minor: int | None
    valid_from: datetime


class TaxRateAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The tax contained in prices of a class in a country, from a calendar day there on.

    Of one company's sales alone with `entity_code`, and of a region alone with its code or the beginning of it (31: all
    of Shanghai); such a rate goes before those of the whole country, a company's before a region's.
    """

    tax_class: TaxClassCode
    country: Country
    valid_from: date
    rate_basis_points: BasisPoints
    entity_code: Code | None = None
    region: Annotated[str, Meta(pattern=r"^[0-9]{2,6}$(?!\n)")] | None = None


class TaxRateKept(msgspec.Struct, frozen=True, kw_only=True):
    """A rate that stands; `is_new` is false where that very rate was set already."""

    id: UUID
    is_new: bool


class TaxRateTold(msgspec.Struct, frozen=True, kw_only=True):
    """A tax rate: it holds from `valid_from` until the next of its class, company and region (null: all of them)."""

    tax_class: str
    country: str
    valid_from: date
    rate_basis_points: int
    entity_code: str | None
    region: str | None


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """The sites and units that items name, by code."""

    sites: Mapping[str, SiteId]
    units: Mapping[str, OrgUnitId]


def places_named(conn: Conn, *, site_codes: Sequence[str | None], unit_codes: Sequence[str | None]) -> Places:
    """Return the sites and units of codes; unknown ones are left out."""
    sites = org.sites_by_code(conn, [code for code in site_codes if code is not None])
    units = org.units_by_code(conn, [code for code in unit_codes if code is not None])
    return Places(
        sites={code: site.id for code, site in sites.items()},
        units={code: unit.id for code, unit in units.items()},
    )


@posted("/price-lists", tag=_TAG, name="add_price_lists", gives=Outcomes[PriceListKept])
def add_price_lists(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[PriceListAsk]]
) -> Response[bytes]:
    """Add price lists that start now or later. The same list again is that list."""
    scope = caller.scope(Permission.PRICES_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[PriceListKept | Refusal]:
        places = places_named(
            conn,
            site_codes=[one.site_code for one in data.items],
            unit_codes=[one.unit_code for one in data.items],
        )
        standing = pricing.price_lists_by_code(conn, [one.code for one in data.items])
        judged = [
            _new_list(one, places=places, scope=scope, starts=_start(one, standing=standing, now=now))
            for one in data.items
        ]
        return merged(judged, lambda lists: _lists_kept(conn, lists, now=now))

    return decided(request, caller, data, decide)


def _start(one: PriceListAsk, *, standing: Mapping[str, PriceList], now: datetime) -> datetime:
    """A list asked for from now on is the same list when it is asked for again a moment later."""
    if one.valid_from is not None:
        return one.valid_from
    before = standing.get(one.code)
    return before.valid_from if before is not None else now


def _new_list(one: PriceListAsk, *, places: Places, scope: Scope, starts: datetime) -> NewPriceList | Refusal:
    site_id = places.sites.get(one.site_code) if one.site_code is not None else None
    unit_id = places.units.get(one.unit_code) if one.unit_code is not None else None
    is_mine = scope.everything or scope.covers_site(site_id) or (unit_id in scope.org_units)
    if not is_mine:
        return NotInYourBranch(subject=one.code)
    if one.site_code is not None and site_id is None:
        return NoSuchThing(noun="site", value=one.site_code)
    if one.unit_code is not None and unit_id is None:
        return NoSuchThing(noun="unit", value=one.unit_code)
    return NewPriceList(
        code=one.code,
        name=one.name,
        currency=one.currency,
        valid_from=starts,
        valid_until=one.valid_until,
        priority=one.priority,
        member_tier=one.member_tier,
        site_id=site_id,
        org_unit_id=unit_id,
        channel=one.channel,
    )


def _lists_kept(conn: Conn, lists: list[NewPriceList], *, now: datetime) -> list[PriceListKept | Refusal]:
    added = pricing.add_price_lists(conn, lists, now=now)
    return [
        outcome
        if isinstance(outcome, Refusal)
        else PriceListKept(id=outcome.price_list_id, code=asked.code, is_new=outcome.is_new)
        for asked, outcome in zip(lists, added, strict=True)
    ]


@told("/price-lists", tag=_TAG, name="list_price_lists")
def list_price_lists(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    codes: Codes = None,
) -> Page[PriceListTold]:
    """List the price lists of one's branch and those that name no place, by code."""
    scope = caller.scope(Permission.PRICES_READ)
    (after,) = asked.after(str) or ("",)

    def find(conn: Conn, _: datetime) -> Page[PriceListTold]:
        found = pricing.price_lists_page(conn, scope=scope, after=after, codes=codes, at_most=asked.at_most)
        sites = org.sites_by_id(conn, [one.site_id for one in found if one.site_id])
        units = org_lists.unit_codes(conn, [one.org_unit_id for one in found if one.org_unit_id])
        return page_of(
            found,
            asked,
            told=lambda one: _list_told(
                one,
                site_code=sites[one.site_id].code if one.site_id else None,
                unit_code=units.get(one.org_unit_id) if one.org_unit_id else None,
            ),
            cursor=lambda one: encode_cursor(one.code),
        )

    return read(request, find)


def _list_told(one: PriceList, *, site_code: str | None, unit_code: str | None) -> PriceListTold:
    return PriceListTold(
        id=one.id,
        code=one.code,
        name=one.name,
        currency=one.currency,
        valid_from=one.valid_from,
        valid_until=one.valid_until,
        priority=one.priority,
        member_tier=one.member_tier,
        site_code=site_code,
        unit_code=unit_code,
        channel=one.channel,
    )


def covers_list(scope: Scope, one: PriceList) -> bool:
    """Tell whether a list is one's own to change: of a place in scope, or of none and the scope is everything."""
    return (
        scope.everything
        or scope.covers_site(one.site_id)
        or (one.org_unit_id is not None and covers_unit(scope, one.org_unit_id))
    )


@posted("/price-lists/end", tag=_TAG, name="end_price_lists", gives=Outcomes[PriceListEnded])
def end_price_lists(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[PriceListEndAsk]]
) -> Response[bytes]:
    """End lists now or later; an end may be brought forward, never put off."""
    scope = caller.scope(Permission.PRICES_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[PriceListEnded | Refusal]:
        lists = pricing.price_lists_by_code(conn, [one.code for one in data.items])
        judged = [_end(one, lists=lists, scope=scope, now=now) for one in data.items]
        codes = {one.id: one.code for one in lists.values()}

        def end(ends: list[PriceListEnd]) -> list[PriceListEnded | Refusal]:
            return [
                one
                if isinstance(one, Refusal)
                else PriceListEnded(code=codes[asked.price_list_id], valid_until=asked.valid_until)
                for asked, one in zip(ends, pricing.end_price_lists(conn, ends, now=now), strict=True)
            ]

        return merged(judged, end)

    return decided(request, caller, data, decide)


def _end(
    one: PriceListEndAsk, *, lists: Mapping[str, PriceList], scope: Scope, now: datetime
) -> PriceListEnd | Refusal:
    price_list = my_list(one.code, lists=lists, scope=scope)
    if isinstance(price_list, Refusal):
        return price_list
    return PriceListEnd(price_list_id=price_list.id, valid_until=one.valid_until or now)


def my_list(code: str, *, lists: Mapping[str, PriceList], scope: Scope) -> PriceList | Refusal:
    """Return a list that is one's own to change, or why not."""
    found = lists.get(code)
    if found is None:
        return NoSuchThing(noun="price list", value=code)
    return found if covers_list(scope, found) else NotInYourBranch(subject=code)


@posted("/prices", tag=_TAG, name="set_prices", gives=Outcomes[PriceKept])
def set_prices(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[PriceAsk]]
) -> Response[bytes]:
    """Set prices that hold now or later. The same price from the same moment again is that price."""
    scope = caller.scope(Permission.PRICES_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[PriceKept | Refusal]:
        lists = pricing.price_lists_by_code(conn, [one.price_list_code for one in data.items])
        skus = catalogue.skus_by_code(conn, [one.sku_code for one in data.items])
        judged: list[NewPrice | Refusal] = []
        for one in data.items:
            price_list, sku = my_list(one.price_list_code, lists=lists, scope=scope), skus.get(one.sku_code)
            if isinstance(price_list, Refusal):
                judged.append(price_list)
            elif sku is None:
                judged.append(NoSuchThing(noun="SKU", value=one.sku_code))
            else:
                judged.append(
                    NewPrice(
                        price_list_id=price_list.id,
                        sku_id=sku.id,
                        unit_minor=one.unit_minor,
                        valid_from=one.valid_from or max(now, price_list.valid_from),
                    )
                )
        return merged(judged, lambda prices: _prices_kept(conn, prices, now=now))

    return decided(request, caller, data, decide)


def _prices_kept(conn: Conn, prices: list[NewPrice], *, now: datetime) -> list[PriceKept | Refusal]:
    return [
        one if isinstance(one, Refusal) else PriceKept(id=one.price_id, is_new=one.is_new)
        for one in pricing.set_prices(conn, prices, now=now)
    ]


@told("/prices", tag=_TAG, name="list_prices")
def list_prices(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    price_list_code: ListCode,
    sku_codes: SkuCodes = None,
) -> Page[PriceTold]:
    """List the prices of a list, past and future ones too: by SKU, in the order in which they take effect."""
    scope = caller.scope(Permission.PRICES_READ)
    after = asked.after(UUID, datetime, UUID)

    def find(conn: Conn, _: datetime) -> Page[PriceTold]:
        visible = pricing.price_lists_page(conn, scope=scope, codes=[price_list_code], at_most=1)
        if not visible:
            raise Refused(NoSuchThing(noun="price list", value=price_list_code))
        wanted = catalogue.skus_by_code(conn, sku_codes) if sku_codes is not None else None
        rows = pricing.prices_page(
            conn,
            visible[0].id,
            sku_ids=None if wanted is None else [sku.id for sku in wanted.values()],
            after=PricePlace(sku_id=after[0], valid_from=after[1], id=after[2]) if after else None,
            at_most=asked.at_most,
        )
        skus = catalogue.skus_by_id(conn, {row.sku_id for row in rows})
        return page_of(
            rows,
            asked,
            told=lambda row: PriceTold(
                id=row.id,
                sku_code=skus[row.sku_id].code if row.sku_id in skus else str(row.sku_id),
                unit_minor=row.unit_minor,
                valid_from=row.valid_from,
            ),
            cursor=lambda row: encode_cursor(row.sku_id, row.valid_from, row.id),
        )

    return read(request, find)


@posted("/tax-rates", tag=_TAG, name="set_tax_rates", gives=Outcomes[TaxRateKept])
def set_tax_rates(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[TaxRateAsk]]
) -> Response[bytes]:
    """Set tax rates by class, country, company and region. The same rate from the same day again is that rate."""
    whole_brand(caller, Permission.PRICES_WRITE, subject=_TAG)

    def decide(conn: Conn, now: datetime) -> Sequence[TaxRateKept | Refusal]:
        known = {one.code for one in catalogue.tax_classes(conn)}
        companies = org.entities_by_code(conn, {one.entity_code for one in data.items if one.entity_code})

        def judge(one: TaxRateAsk) -> NewTaxRate | Refusal:
            if one.tax_class not in known:
                return NoSuchThing(noun="tax class", value=one.tax_class)
            company = companies.get(one.entity_code) if one.entity_code is not None else None
            if one.entity_code is not None and company is None:
                return NoSuchThing(noun="company", value=one.entity_code)
            return NewTaxRate(
                tax_class=one.tax_class,
                country=one.country,
                valid_from=one.valid_from,
                rate_basis_points=one.rate_basis_points,
                seller_id=company.id if company is not None else None,
                region=one.region or "",
            )

        judged = [judge(one) for one in data.items]

        def keep(rates: list[NewTaxRate]) -> list[TaxRateKept | Refusal]:
            return [
                one if isinstance(one, Refusal) else TaxRateKept(id=one.tax_rate_id, is_new=one.is_new)
                for one in pricing.set_tax_rates(conn, rates, now=now)
            ]

        return merged(judged, keep)

    return decided(request, caller, data, decide)


@told("/tax-rates", tag=_TAG, name="list_tax_rates")
def list_tax_rates(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    country: InCountry,
) -> Page[TaxRateTold]:
    """List the tax rates of a country: by class, in the order in which they take effect."""
    caller.scope(Permission.PRICES_READ)
    after = asked.after(str, date, UUID)

    # A handful of classes and a few rates each in a decade: read whole.
    def find(conn: Conn, _: datetime) -> tuple[list[TaxRate], dict[EntityId, str]]:
        rates = pricing.tax_rates_of(conn, [country])
        sellers = {rate.seller_id for rate in rates if rate.seller_id is not None}
        return rates, org_lists.entity_codes(conn, sellers) if sellers else {}

    rates, codes = read(request, find)
    return page_of(
        [rate for rate in rates if after is None or (rate.tax_class, rate.valid_from, rate.id) > after],
        asked,
        told=lambda rate: TaxRateTold(
            tax_class=rate.tax_class,
            country=rate.country,
            valid_from=rate.valid_from,
            rate_basis_points=rate.rate_basis_points,
            entity_code=codes[rate.seller_id] if rate.seller_id is not None else None,
            region=rate.region or None,
        ),
        cursor=lambda rate: encode_cursor(rate.tax_class, rate.valid_from, rate.id),
    )


PRICING_HANDLERS = [
    add_price_lists,
    list_price_lists,
    end_price_lists,
    set_prices,
    list_prices,
    set_tax_rates,
    list_tax_rates,
]
