"""What delivery costs, as a charge of the orders that we price: a line at our price, quoted like every other.

Asked of drafts that say so (`charges_freight`): members' own, and those placed by a promise. Others state what delivery
costs by lines of their own, and are charged nothing more.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from msgspec.structs import replace

from loopline import pricing
from loopline.catalogue import PriceFacts
from loopline.db import Conn
from loopline.db.remembered import Marks
from loopline.kernel.ids import LineId, SkuId, uuid7s_at
from loopline.kernel.refusals import Refusal
from loopline.orders import CHARGES_TAX_CLASS, FREIGHT_FEE, DraftLine, LineKind
from loopline.pricing.freight import Freight, NotDeliveredThere, Parcel, freight_at, freight_of
from loopline.processes.place.candidate import Candidate
from loopline.processes.remembered import ENTITIES_BY_ID, FREIGHT

Priced: TypeAlias = tuple[Candidate, pricing.Cart]


class FreightMoved(Refusal, frozen=True, kw_only=True):
    """Delivery there costs {now_minor}, and was shown for {shown_minor} (minor units of {currency}). Look again."""

    shown_minor: int
    now_minor: int
    currency: str


def charge_freight(
    conn: Conn, priced: Sequence[Priced], facts: Mapping[SkuId, PriceFacts], *, marks: Marks
) -> None:
    """Add what delivery costs to the drafts and quotes of candidates that it is charged to.

    Those are refused that go where nothing is delivered, or whose buyer was shown a lower fee. Reads nothing where the
    process knows that there is no template.
    """
    kept = FREIGHT.find(conn, [None], marks=marks)[None]
    if not kept:
        return
    seller_ids = {one.draft.seller_entity_id for one, _ in priced}
    sellers = ENTITIES_BY_ID.find(conn, seller_ids, marks=marks)
    charged: list[tuple[Candidate, pricing.Cart, int]] = []
    for one, cart in priced:
        path = cart.org_units or sellers[one.draft.seller_entity_id].unit_path
        found = freight_at(path, kept=kept)
        if found is None or found.template.currency != one.draft.currency:
            continue
        outcome = freight_of(found.template, _parcel(one, cart, facts))
        one.refusal = _refusal_of(one, outcome)
        if isinstance(outcome, Freight) and outcome.fee_minor and one.refusal is None:
            charged.append((one, cart, outcome.fee_minor))
    fees = [replace(cart, lines=(_fee_line(minor),)) for _, cart, minor in charged]
    for (one, _, minor), quoted in zip(charged, pricing.quote(conn, fees, marks=marks), strict=True):
        if isinstance(quoted, Refusal):
            one.refusal = quoted
        else:
            _add(one, minor, quoted)


def _parcel(one: Candidate, cart: pricing.Cart, facts: Mapping[SkuId, PriceFacts]) -> Parcel:
    """The goods that are bought, for what they come to by now: gifts neither weigh nor count."""
    assert one.quote is not None, "what has no price was refused"
    goods = [
        (line, quoted)
        for line, quoted in zip(one.draft.lines, one.quote.lines, strict=True)
        if line.kind is LineKind.GOODS
    ]
    return Parcel(
        region_code=cart.region,
        goods_minor=sum(quoted.amount_minor for _, quoted in goods),
        lines=tuple(
            [
                (line.units, facts[line.sku_id].grams)
                for line, _ in goods
                if line.sku_id is not None and not line.is_gift
            ]
        ),
    )


def _refusal_of(one: Candidate, outcome: Freight | NotDeliveredThere) -> Refusal | None:
    if isinstance(outcome, Refusal):
        return outcome
    shown = one.draft.freight_shown_minor
    if shown is None or outcome.fee_minor <= shown:
        return None
    return FreightMoved(shown_minor=shown, now_minor=outcome.fee_minor, currency=one.draft.currency)


def _fee_line(minor: int) -> pricing.CartLine:
    return pricing.CartLine(
        sku_id=None,
        code=FREIGHT_FEE,
        units=1,
        tax_class=CHARGES_TAX_CLASS,
        stated_unit_minor=minor,
        is_price_agreed=True,
    )


def _add(one: Candidate, minor: int, quoted: pricing.Quote) -> None:
    assert one.quote is not None, "what has no price was refused"
    line = DraftLine(
        code=FREIGHT_FEE, units=1, kind=LineKind.CHARGE, stated_unit_minor=minor, is_price_agreed=True
    )
    one.draft = replace(one.draft, lines=(*one.draft.lines, line))
    one.line_ids = (*one.line_ids, LineId(uuid7s_at([one.draft.placed_at])[0]))
    one.quote = pricing.together(one.quote, quoted)
