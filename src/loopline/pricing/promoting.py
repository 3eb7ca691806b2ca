"""What promotions of now make of the lines of a cart: what they take off, and which gifts go with it. Pure."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from loopline.kernel.ids import SkuId
from loopline.kernel.money import tax_within
from loopline.kernel.refusals import Refusal
from loopline.pricing.discounts import Discount
from loopline.pricing.model import Cart, CartLine, GiftWaiting, QuoteLine
from loopline.pricing.promotions.gifts import LineLeft, Unearned, give
from loopline.pricing.promotions.model import Gift, Promotion
from loopline.pricing.promotions.rules import LineToPromote, discounts_of

_NOTHING = SkuId(UUID(int=0))


class StatedPriceDiffers(Refusal, frozen=True, kw_only=True):
    """{line_code} was asked for at another price than it has: {stated_unit_minor} instead of {unit_minor}."""

    position: int
    line_code: str
    stated_unit_minor: int
    unit_minor: int


class GiftNotEarned(Refusal, frozen=True, kw_only=True):
    """{line_code}: {earned} of it come as a gift with what is bought, not {units}."""

    position: int
    line_code: str
    units: int
    earned: int


def may_state(line: CartLine, cart: Cart) -> bool:
    """Whether a price that a line states is its price."""
    return cart.may_state_price or cart.is_fact or line.is_price_agreed


def said_of(cart: Cart, lines: Sequence[QuoteLine]) -> frozenset[int]:
    """The lines that say what they were told to cost, where that is not the list prices: then it is the quote."""
    said = {
        place
        for place, line in enumerate(cart.lines)
        if line.stated_unit_minor is not None and not may_state(line, cart)
    }
    is_listed = all(cart.lines[place].stated_unit_minor == lines[place].unit_minor for place in said)
    return frozenset() if is_listed else frozenset(said)


def refusal_of_said(cart: Cart, lines: Sequence[QuoteLine]) -> StatedPriceDiffers | None:
    """Refuse the first line that says another price than it has."""
    for position, (asked, line) in enumerate(zip(cart.lines, lines, strict=True)):
        stated = asked.stated_unit_minor
        if stated is not None and stated != line.unit_minor:
            return StatedPriceDiffers(
                position=position, line_code=asked.code, stated_unit_minor=stated, unit_minor=line.unit_minor
            )
    return None


def promoted(
    cart: Cart, lines: Sequence[QuoteLine], promotions: Sequence[Promotion], *, said: frozenset[int]
) -> list[QuoteLine]:
    """Take off what promotions do; from a stated price nothing, but it is known again where it is what they come to.

    `said`: lines that only say what they were told, and are let off like any.
    """
    going = {
        place: one
        for place, one in _going(cart, lines, said=said).items()
        if not _is_gift(cart.lines[place], cart)
    }
    promotions = [one for one in promotions if not isinstance(one.effect, Gift)]
    found_lines = list(lines)
    for place, discounts in _found(cart, going, promotions).items():
        one, line = going[place], lines[place]
        is_stated = cart.lines[place].stated_unit_minor is not None and place not in said
        amount_minor = one.amount_minor - sum(discount.amount_minor for discount in discounts)
        if discounts and (not is_stated or amount_minor == line.amount_minor):
            found_lines[place] = _let_off(line, discounts, amount_minor=amount_minor, units=one.units)
    return found_lines


def _found(
    cart: Cart, going: Mapping[int, LineToPromote], promotions: Sequence[Promotion]
) -> dict[int, tuple[Discount, ...]]:
    """Find what is taken off each line: what was told by the piece knew of no other line, nor of the buyer."""
    if not cart.by_piece:
        return _together(going, promotions)
    whole = {place: one for place, one in going.items() if cart.lines[place].stated_amount_minor is not None}
    told = [
        one for one in promotions if one.is_by_piece and not (cart.is_fact and one.conditions.members_only)
    ]
    found = {place: discounts_of([one], told)[0] for place, one in going.items() if place not in whole}
    together = _together(whole, promotions)
    is_right = all(
        one.amount_minor - sum(discount.amount_minor for discount in together[place])
        == cart.lines[place].stated_amount_minor
        for place, one in whole.items()
    )
    return found | together if is_right else found


def _together(
    going: Mapping[int, LineToPromote], promotions: Sequence[Promotion]
) -> dict[int, tuple[Discount, ...]]:
    return dict(zip(going, discounts_of(list(going.values()), promotions), strict=True)) if going else {}


def _going(cart: Cart, lines: Sequence[QuoteLine], *, said: frozenset[int]) -> dict[int, LineToPromote]:
    """The lines that promotions of now have to do with."""
    going: dict[int, LineToPromote] = {}
    for place, (asked, line) in enumerate(zip(cart.lines, lines, strict=True)):
        listed = line.list_unit_minor
        is_ours = _is_ours(asked, place, cart=cart, said=said)
        if asked.sku_id is not None and is_ours and listed is not None and listed > 0 and asked.units > 0:
            going[place] = LineToPromote(
                sku_id=asked.sku_id,
                units=asked.units,
                amount_minor=listed * asked.units,
                product_id=asked.product_id,
                category=asked.category,
            )
    return going


def _let_off(line: QuoteLine, discounts: tuple[Discount, ...], *, amount_minor: int, units: int) -> QuoteLine:
    """Say what a line comes to after further discounts."""
    return msgspec.structs.replace(
        line,
        unit_minor=amount_minor // units,
        amount_minor=amount_minor,
        tax_minor=tax_within(amount_minor, line.tax_rate_basis_points),
        derivation=msgspec.structs.replace(
            line.derivation, discounts=(*line.derivation.discounts, *discounts)
        ),
    )


def _is_gift(line: CartLine, cart: Cart) -> bool:
    """Whether a line is to be given; what happened has its stated price."""
    return line.is_gift and not cart.is_fact and line.stated_unit_minor is None


def given_with(
    cart: Cart, lines: list[QuoteLine], promotions: Sequence[Promotion], *, said: frozenset[int]
) -> tuple[list[QuoteLine], tuple[GiftWaiting, ...]] | GiftNotEarned:
    """Deal the value of gifts over what earned them, last of all; say which could be taken along besides."""
    giving = [one for one in promotions if isinstance(one.effect, Gift)]
    wanted = {place for place, line in enumerate(cart.lines) if _is_gift(line, cart)}
    if not giving and not wanted:
        return lines, ()
    going = _going(cart, lines, said=said)
    places = sorted(going.keys() | wanted)
    left = [
        LineLeft(
            line=going.get(place) or _worthless(cart.lines[place]),
            left_minor=lines[place].amount_minor,
            is_gift=place in wanted,
        )
        for place in places
    ]
    found = give(left, giving)
    if isinstance(found, Unearned):
        asked = cart.lines[places[found.place]]
        return GiftNotEarned(
            position=places[found.place], line_code=asked.code, units=asked.units, earned=found.earned
        )
    dealt = list(lines)
    for place, discounts in zip(places, found.discounts, strict=True):
        line = lines[place]
        if discounts:
            amount_minor = line.amount_minor - sum(one.amount_minor for one in discounts)
            line = _let_off(line, discounts, amount_minor=amount_minor, units=cart.lines[place].units)
        if place in wanted:
            derivation = msgspec.structs.replace(line.derivation, is_gift=True)
            line = msgspec.structs.replace(line, derivation=derivation)
        dealt[place] = line
    return dealt, tuple(
        GiftWaiting(promotion_id=one.promotion.id, sku_id=one.promotion.effect.sku_id, units=one.units)
        for one in found.waiting
        if isinstance(one.promotion.effect, Gift)
    )


def _worthless(line: CartLine) -> LineToPromote:
    """A gift whose list price is nothing, or that is no goods."""
    return LineToPromote(sku_id=line.sku_id or _NOTHING, units=line.units, amount_minor=0)


def _is_ours(asked: CartLine, place: int, *, cart: Cart, said: frozenset[int]) -> bool:
    """Whether promotions of now have to do with a line's price."""
    if asked.kept is not None:
        return False
    return asked.stated_unit_minor is None or place in said or (cart.by_piece and cart.is_fact)
