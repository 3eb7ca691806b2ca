"""What may change in prices without changing what was quoted already. Pure, decided in the order asked.

Nothing takes effect in the past, nothing is overwritten: a new row follows the old one. So the same cart at the same
moment has the same quote for ever.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from loopline.kernel.ids import PriceListId, SkuId
from loopline.kernel.refusals import Refusal
from loopline.pricing.model import (
    NewPrice,
    NewPriceList,
    NewTaxRate,
    PriceList,
    PriceListEnd,
    PriceRow,
    TaxRate,
)

_REGION = re.compile(r"([0-9]{2,6})?")
# The first place on earth where a calendar day begins is this far ahead of UTC.
_EARLIEST_ZONE = timedelta(hours=14)
_BASIS_POINTS_MAX = 10_000


class PriceListCodeTaken(Refusal, frozen=True, kw_only=True):
    """The code {value} belongs to another price list already."""

    value: str


class PriceListNotUsable(Refusal, frozen=True, kw_only=True):
    """The price list {value} needs a trimmed code, printable texts, a currency such as CNY, an end after its start."""

    value: str


class UnknownPriceList(Refusal, frozen=True, kw_only=True):
    """There is no such price list."""

    price_list_id: PriceListId


class TakesEffectInThePast(Refusal, frozen=True, kw_only=True):
    """A change of prices cannot take effect before now: {valid_from} is past."""

    valid_from: datetime


class AfterListEnds(Refusal, frozen=True, kw_only=True):
    """The price list ends at {valid_until}, before this price would hold."""

    valid_until: datetime


class PriceNegative(Refusal, frozen=True, kw_only=True):
    """A price cannot be negative: {unit_minor}."""

    unit_minor: int


class PricedElsewhere(Refusal, frozen=True, kw_only=True):
    """The list {other_list} prices the same SKU at the same time under the same conditions with the same priority."""

    other_list: str
    sku_id: SkuId


class TaxRateNotUsable(Refusal, frozen=True, kw_only=True):
    """A tax rate needs a class, a country such as CN and 0 to 10000 basis points, not {rate_basis_points}."""

    rate_basis_points: int


class TaxRateInThePast(Refusal, frozen=True, kw_only=True):
    """{country} had a rate for the class {tax_class} already; a new one can hold from {earliest} at the earliest."""

    country: str
    tax_class: str
    earliest: date


def plan_lists(
    lists: Sequence[NewPriceList],
    *,
    ids: Sequence[PriceListId],
    standing: Mapping[str, PriceList],
    now: datetime,
) -> list[tuple[PriceList, bool] | Refusal]:
    """Decide which lists are new (True) or stand there already (False)."""
    known = dict(standing)
    decided: list[tuple[PriceList, bool] | Refusal] = []
    for new, list_id in zip(lists, ids, strict=True):
        before = known.get(new.code)
        if before is not None:
            as_asked = PriceList(id=before.id, **msgspec.structs.asdict(new))
            decided.append((before, False) if as_asked == before else PriceListCodeTaken(value=new.code))
        elif not _is_usable(new):
            decided.append(PriceListNotUsable(value=new.code))
        elif new.valid_from < now:
            decided.append(TakesEffectInThePast(valid_from=new.valid_from))
        else:
            known[new.code] = PriceList(id=list_id, **msgspec.structs.asdict(new))
            decided.append((known[new.code], True))
    return decided


def _is_usable(new: NewPriceList) -> bool:
    code_is_normal = new.code == new.code.strip() and new.code != ""
    currency_is_code = len(new.currency) == 3 and new.currency.isascii() and new.currency.isupper()
    ends_after_start = new.valid_until is None or new.valid_until > new.valid_from
    texts = new.code + new.name + (new.channel or "") + (new.member_tier or "")
    return all(
        [code_is_normal, currency_is_code, new.currency.isalpha(), ends_after_start, texts.isprintable()]
    )


def refusal_of_end(
    end: PriceListEnd, *, standing: Mapping[PriceListId, PriceList], now: datetime
) -> Refusal | None:
    """Refuse an end in the past, or later than one that was told already: that could bring back what had ended."""
    price_list = standing.get(end.price_list_id)
    if price_list is None:
        return UnknownPriceList(price_list_id=end.price_list_id)
    if end.valid_until < now or end.valid_until <= price_list.valid_from:
        return TakesEffectInThePast(valid_from=end.valid_until)
    if price_list.valid_until is not None and end.valid_until > price_list.valid_until:
        return AfterListEnds(valid_until=price_list.valid_until)
    return None


class Timeline(msgspec.Struct, kw_only=True):
    """The rows of one SKU in one list, in the order in which they take effect; grows while a call is decided."""

    rows: list[PriceRow] = []

    def add(self, row: PriceRow) -> None:
        self.rows.append(row)
        self.rows.sort(key=lambda one: (one.valid_from, one.id))

    def repeats(self, new: NewPrice) -> PriceRow | None:
        """Return the row that says the very same, if it is the last one written for its start."""
        same_start = [row for row in self.rows if row.valid_from == new.valid_from]
        return same_start[-1] if same_start and same_start[-1].unit_minor == new.unit_minor else None

    def end_of(self, valid_from: datetime) -> datetime | None:
        """Return when a price that starts at this moment would be superseded; None for never."""
        return next((row.valid_from for row in self.rows if row.valid_from > valid_from), None)

    def has_price_within(self, start: datetime, end: datetime | None) -> bool:
        """Tell whether some price, not an end of one, holds at any moment of a half-open range."""
        for position, row in enumerate(self.rows):
            superseded_at = self.rows[position + 1].valid_from if position + 1 < len(self.rows) else None
            holds_before_end = end is None or row.valid_from < end
            holds_after_start = superseded_at is None or superseded_at > max(start, row.valid_from)
            if row.unit_minor is not None and holds_before_end and holds_after_start:
                return True
        return False


class PriceDesk:
    """Decides new prices one after the other, each on what the ones before it left."""

    def __init__(self, lists: Sequence[PriceList], rows: Sequence[PriceRow], *, now: datetime) -> None:
        self._now = now
        self._lists = {one.id: one for one in lists}
        self._rivals: dict[tuple[object, ...], list[PriceList]] = {}
        for one in lists:
            self._rivals.setdefault(_conditions(one), []).append(one)
        self._timelines: dict[tuple[PriceListId, SkuId], Timeline] = {}
        for row in sorted(rows, key=lambda one: (one.valid_from, one.id)):
            self._timeline(row.price_list_id, row.sku_id).rows.append(row)

    def decide(self, new: NewPrice, *, price_id: UUID) -> tuple[PriceRow, bool] | Refusal:
        """Return the row and whether it is new, or why the price cannot be set."""
        price_list = self._lists.get(new.price_list_id)
        if price_list is None:
            return UnknownPriceList(price_list_id=new.price_list_id)
        timeline = self._timeline(new.price_list_id, new.sku_id)
        known = timeline.repeats(new)
        if known is not None:
            return known, False
        refusal = self._refusal(new, price_list=price_list, timeline=timeline)
        if refusal is not None:
            return refusal
        row = PriceRow(
            id=price_id,
            price_list_id=new.price_list_id,
            sku_id=new.sku_id,
            unit_minor=new.unit_minor,
            valid_from=new.valid_from,
        )
        timeline.add(row)
        return row, True

    def _refusal(self, new: NewPrice, *, price_list: PriceList, timeline: Timeline) -> Refusal | None:
        if new.unit_minor is not None and new.unit_minor < 0:
            return PriceNegative(unit_minor=new.unit_minor)
        if new.valid_from < self._now:
            return TakesEffectInThePast(valid_from=new.valid_from)
        if price_list.valid_until is not None and new.valid_from >= price_list.valid_until:
            return AfterListEnds(valid_until=price_list.valid_until)
        if new.unit_minor is None:
            return None
        start = max(new.valid_from, price_list.valid_from)
        end = _earlier(timeline.end_of(new.valid_from), price_list.valid_until)
        for rival in self._rivals[_conditions(price_list)]:
            if rival.id != price_list.id and self._prices_within(rival, new.sku_id, start=start, end=end):
                return PricedElsewhere(other_list=rival.code, sku_id=new.sku_id)
        return None

    def _prices_within(
        self, price_list: PriceList, sku_id: SkuId, *, start: datetime, end: datetime | None
    ) -> bool:
        first = max(start, price_list.valid_from)
        last = _earlier(end, price_list.valid_until)
        if last is not None and last <= first:
            return False
        return self._timeline(price_list.id, sku_id).has_price_within(first, last)

    def _timeline(self, price_list_id: PriceListId, sku_id: SkuId) -> Timeline:
        return self._timelines.setdefault((price_list_id, sku_id), Timeline(rows=[]))


def _conditions(price_list: PriceList) -> tuple[object, ...]:
    return (
        price_list.currency,
        price_list.member_tier,
        price_list.site_id,
        price_list.org_unit_id,
        price_list.channel,
        price_list.priority,
    )


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return one or other
    return min(one, other)


def decide_rate(
    new: NewTaxRate, *, rate_id: UUID, standing: Sequence[TaxRate], now: datetime
) -> tuple[TaxRate, bool] | Refusal:
    """Decide one rate on those of its class, country, seller and region, in the order in which they take effect.

    The first rate of a class in a whole country may hold from any day: without it nothing could be quoted. Every other
    one, and any of one seller or region, holds from a day that has begun nowhere on earth yet.
    """
    country_is_code = len(new.country) == 2 and new.country.isascii() and new.country.isupper()
    if not (
        country_is_code
        and new.country.isalpha()
        and new.tax_class
        and new.tax_class.isprintable()
        and 0 <= new.rate_basis_points <= _BASIS_POINTS_MAX
        and _REGION.fullmatch(new.region)
    ):
        return TaxRateNotUsable(rate_basis_points=new.rate_basis_points)
    same_day = [rate for rate in standing if rate.valid_from == new.valid_from]
    if same_day and same_day[-1].rate_basis_points == new.rate_basis_points:
        return same_day[-1], False
    earliest = (now + _EARLIEST_ZONE).date() + timedelta(days=1)
    is_special = new.seller_id is not None or new.region != ""
    if (standing or is_special) and new.valid_from < earliest:
        return TaxRateInThePast(country=new.country, tax_class=new.tax_class, earliest=earliest)
    rate = TaxRate(
        id=rate_id,
        tax_class=new.tax_class,
        country=new.country,
        valid_from=new.valid_from,
        rate_basis_points=new.rate_basis_points,
        seller_id=new.seller_id,
        region=new.region,
    )
    return rate, True
