"""Try a promotion: what last month's orders would have cost with it, by the code that prices orders.

Nothing is written. Prices that were stated stay as they were, as they would; an order that could not be priced then is
left out.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from loopline import catalogue, orders, org, pricing
from loopline.catalogue import PriceFacts
from loopline.db import Conn
from loopline.kernel.ids import LineId, OrderId, SiteId, SkuId
from loopline.kernel.money import tax_within
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.kernel.times import TimeRange
from loopline.orders import BROUGHT, CHARGES_TAX_CLASS, DraftKind, Line, LineKind, Order
from loopline.orders.tills import TILL
from loopline.org import Site
from loopline.pricing import Cart, CartLine, Derivation, Level, Quote, QuoteLine
from loopline.pricing.promotions import Bearer, Discount, Gift, Promotion
from loopline.processes.attribute import Directory, UnitsOfLine, read_directory
from loopline.processes.places import region_supplied
from loopline.processes.touch import campaigns_of

SPAN = timedelta(days=30)
ORDERS_MOST = 3_000
"""So many orders are tried, the last ones: about a second."""


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """What a promotion would have done, in minor units of its currency: `touched` orders of all would have had it.

    `paid_before` and `paid_after` are of the touched orders; `borne`: by whom the promotion's own discount is borne.
    Gifts are taken along by every order that earns them; `units` are theirs.
    Margins are net amounts less what goods cost, of the `costed_units` of `units` whose cost is known; after, with what
    others than the seller bear.
    """

    since: datetime
    until: datetime
    orders: int
    touched: int
    units: int
    discount_minor: int
    borne: Mapping[Bearer, int]
    paid_before_minor: int
    paid_after_minor: int
    costed_units: int
    margin_before_minor: int
    margin_after_minor: int


class _Past(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it was, and its prices without and with the promotion."""

    order: Order
    lines: Sequence[Line]
    before: Quote
    after: Quote


def try_on_past_orders(conn: Conn, draft: Promotion, *, scope: Scope, now: datetime) -> Tried:
    """Price the last month's orders of a scope once more, with and without a draft."""
    since = now - SPAN
    heads = orders.last_orders(
        conn,
        TimeRange(start=since, end=now),
        currency=draft.currency,
        scope=scope,
        at_most=ORDERS_MOST,
    )
    past = _past(conn, heads, draft)
    touched = [one for one in past if _own(one.after.lines, draft)]
    borne: dict[Bearer, int] = {}
    for one in touched:
        for _, discount in _own(one.after.lines, draft):
            for part in discount.borne:
                borne[part.bearer] = borne.get(part.bearer, 0) + part.amount_minor
    margins = _margins(conn, touched)
    return Tried(
        since=since,
        until=now,
        orders=len(past),
        touched=len(touched),
        units=sum(
            one.lines[place].units
            for one in touched
            for place, _ in _own(one.after.lines, draft)
            if not isinstance(draft.effect, Gift) or one.after.lines[place].derivation.is_gift
        ),
        discount_minor=sum(borne.values()),
        borne=borne,
        paid_before_minor=sum(one.before.amount_minor for one in touched),
        paid_after_minor=sum(one.after.amount_minor for one in touched),
        costed_units=margins.units,
        margin_before_minor=margins.before_minor,
        margin_after_minor=margins.after_minor,
    )


def _own(lines: Sequence[QuoteLine], draft: Promotion) -> list[tuple[int, Discount]]:
    """The discounts that the draft itself gave, with the places of their lines."""
    return [
        (place, discount)
        for place, line in enumerate(lines)
        for discount in line.derivation.discounts
        if discount.promotion_id == draft.id
    ]


def _past(conn: Conn, heads: Sequence[Order], draft: Promotion) -> list[_Past]:
    order_ids = [head.id for head in heads]
    of_orders: dict[OrderId, list[Line]] = {}
    for line in orders.lines_by_orders(conn, order_ids):
        of_orders.setdefault(line.order_id, []).append(line)
    going = [head for head in heads if head.id in of_orders]
    derived = orders.quotes_by_orders(conn, order_ids) if order_ids else {}
    sku_ids = {line.sku_id for lines in of_orders.values() for line in lines if line.sku_id is not None}
    facts = catalogue.price_facts_of(conn, sku_ids)
    sites = org.sites_by_id(conn, {head.site_id for head in heads if head.site_id is not None})
    shows = campaigns_of(conn, going)
    zones = {code: one.time_zone for code, one in orders.channels_by_code(conn).items()}
    carts = [
        _cart(
            head,
            of_orders[head.id],
            stated=_stated(of_orders[head.id], derived.get(head.id)),
            given=_given(of_orders[head.id], derived.get(head.id)),
            facts=facts,
            site=_site_of(head, sites),
            zone=zones.get(head.channel, "UTC"),
            show=shows.get(head.id),
        )
        for head in going
    ]
    gift = _gift_line(conn, draft)
    tried = pricing.try_promotion(conn, draft, carts, gift=gift)
    return [
        _Past(order=head, lines=_with_gift(of_orders[head.id], after, gift), before=before, after=after)
        for head, (before, after) in zip(going, tried, strict=True)
        if not isinstance(before, Refusal) and not isinstance(after, Refusal)
    ]


def _gift_line(conn: Conn, draft: Promotion) -> CartLine | None:
    """The line of what a draft gives, as a cart has it; None where it gives nothing."""
    if not isinstance(draft.effect, Gift):
        return None
    sku_id = draft.effect.sku_id
    sku, facts = catalogue.skus_by_id(conn, [sku_id])[sku_id], catalogue.price_facts_of(conn, [sku_id])
    return CartLine(sku_id=sku_id, code=sku.code, units=1, tax_class=facts[sku_id].tax_class, is_gift=True)


def _with_gift(lines: Sequence[Line], after: Quote | Refusal, gift: CartLine | None) -> Sequence[Line]:
    """The lines of an order, and the gift that it would have had as one more of the same seller."""
    if gift is None or isinstance(after, Refusal) or len(after.lines) == len(lines):
        return lines
    quoted = after.lines[-1]
    listed = quoted.list_unit_minor or 0
    off = sum(one.amount_minor for one in quoted.derivation.discounts)
    units = (quoted.amount_minor + off) // listed if listed else 0
    given = msgspec.structs.replace(
        lines[0],
        kind=LineKind.GOODS,
        sku_id=gift.sku_id,
        code=gift.code,
        units=units,
        unit_minor=quoted.unit_minor,
        amount_minor=quoted.amount_minor,
        list_unit_minor=listed,
    )
    return [*lines, given]


def _site_of(head: Order, sites: Mapping[SiteId, Site]) -> Site | None:
    return None if head.site_id is None else sites.get(head.site_id)


def _stated(lines: Sequence[Line], stored: object) -> set[LineId]:
    """The lines whose price was stated: as their derivation says; all where there is none."""
    if stored is None:
        return {line.line_id for line in lines}
    derived = msgspec.convert(stored, Derivation).lines
    return {line.line_id for line, one in zip(lines, derived, strict=False) if one.decided_by is Level.STATED}


def _given(lines: Sequence[Line], stored: object) -> set[LineId]:
    """The lines that were gifts, as their derivation says."""
    derived = msgspec.convert(stored, Derivation).lines if stored is not None else ()
    return {line.line_id for line, one in zip(lines, derived, strict=False) if one.is_gift}


def _cart(  # noqa: PLR0913 - an order, and each thing that was looked up of it
    head: Order,
    lines: Sequence[Line],
    *,
    stated: set[LineId],
    given: set[LineId],
    facts: Mapping[SkuId, PriceFacts],
    site: Site | None,
    zone: str,
    show: str | None,
) -> Cart:
    """The cart that an order was: as placing makes it of the draft."""
    is_at_till = head.channel == TILL
    return Cart(
        currency=head.currency,
        country=head.country,
        time_zone=site.time_zone if site else zone,
        at=head.placed_at,
        channel=head.channel,
        site_id=head.site_id,
        org_units=site.unit_path if site else (),
        may_state_price=True,
        is_fact=head.kind is DraftKind.FACT,
        is_member=head.member_id is not None,
        live_room=show,
        by_piece=is_at_till,
        seller_id=head.seller_entity_id,
        region=region_supplied(
            head.destination if head.delivery in BROUGHT else None,
            site_region=site.region_code if site else None,
        ),
        lines=tuple(
            _line(line, is_stated=line.line_id in stated, is_gift=line.line_id in given, facts=facts)
            for line in lines
        ),
    )


def _line(line: Line, *, is_stated: bool, is_gift: bool, facts: Mapping[SkuId, PriceFacts]) -> CartLine:
    known = facts.get(line.sku_id) if line.sku_id is not None else None
    untaxed = None if line.kind is LineKind.VOUCHER else CHARGES_TAX_CLASS
    return CartLine(
        sku_id=line.sku_id,
        code=line.code,
        units=line.units,
        stated_unit_minor=line.unit_minor if is_stated else None,
        is_gift=is_gift,
        stated_amount_minor=_stated_amount(line) if is_stated else None,
        tax_class=untaxed if known is None else known.tax_class,
        product_id=None if known is None else known.product_id,
        category=None if known is None else known.category,
    )


def _stated_amount(line: Line) -> int | None:
    """What does not divide by the units was told as a whole; of the rest it does not show, and says the same."""
    return line.amount_minor if line.amount_minor != line.unit_minor * line.units else None


class _Margins(msgspec.Struct, frozen=True, kw_only=True):
    units: int
    before_minor: int
    after_minor: int


def _margins(conn: Conn, touched: Sequence[_Past]) -> _Margins:
    """Add up net amounts less costs, of the lines whose cost the companies' terms tell."""
    sku_ids = {line.sku_id for one in touched for line in one.lines if line.sku_id is not None}
    directory = read_directory(conn, [one.order for one in touched], sku_ids=sku_ids) if touched else None
    units = before_minor = after_minor = 0
    for one in touched:
        assert directory is not None
        more = len(one.after.lines) - len(one.before.lines)
        befores: list[QuoteLine | None] = [*one.before.lines, *[None] * more]
        for line, before, after in zip(one.lines, befores, one.after.lines, strict=True):
            after_known = _margin(one.order, line, after, directory)
            # What was given was not sold before.
            known = 0 if before is None else _margin(one.order, line, before, directory)
            if known is not None and after_known is not None:
                units += line.units
                before_minor += known
                after_minor += after_known
    return _Margins(units=units, before_minor=before_minor, after_minor=after_minor)


def _margin(order: Order, line: Line, quoted: QuoteLine, directory: Directory) -> int | None:
    """What a line brings its seller without tax, others' part of discounts with it, less its cost; None: not known."""
    if line.kind is not LineKind.GOODS:
        return None
    what = UnitsOfLine(
        order=order,
        line=line,
        category="",
        shipping=None,
        leaf_id=None,
        units=line.units,
        gross_minor=quoted.amount_minor,
        tax_minor=quoted.tax_minor,
        in_parcel=None,
        in_order=None,
    )
    cost = directory.line_to_split(what).cost_minor
    if cost is None:
        return None
    others = sum(
        part.amount_minor
        for discount in quoted.derivation.discounts
        for part in discount.borne
        if directory.owes_seller(part.bearer, part.party_id, order=order, line=line) is not None
    )
    funded = others - tax_within(others, quoted.tax_rate_basis_points)
    return quoted.amount_minor - quoted.tax_minor + funded - cost
