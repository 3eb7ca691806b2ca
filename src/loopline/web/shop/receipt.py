"""The receipt of a till sale, opened by the code printed on it: what was bought, and how it was.

Whoever holds the code holds the receipt: it shows goods and money, and nothing of who bought them.
"""

from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from loopline import orders, touchpoints
from loopline.db import Conn
from loopline.kernel.refusals import Refusal
from loopline.orders import Order
from loopline.org.queries import entities_by_id
from loopline.pricing.coupons import names_of_discounts
from loopline.processes.coupons.standing import is_let_off
from loopline.processes.fund import discounts_of_lines
from loopline.touchpoints import TouchpointKind
from loopline.web.edge import WebRequest, edge_of, language_of
from loopline.web.languages import marked
from loopline.web.problems import status_of
from loopline.web.shop.frame import nothing_here, shop_page, sign_in_at
from loopline.web.shop.order import order_context
from loopline.web.shop.order_view import OrderView, read_order
from loopline.web.shop.said import SaidReview
from loopline.web.shop.shopper import Shopper

NO_RECEIPT = marked("There is no such receipt")
NO_RECEIPT_ADVICE = marked("Scan the code on the receipt again, or type it as it is printed.")


def order_of_receipt(conn: Conn, code: str) -> Order | None:
    """Return the order whose receipt has this code."""
    found = touchpoints.touchpoints_by_codes(conn, [code]).get(code)
    if found is None or found.kind is not TouchpointKind.RECEIPT or found.retired_at is not None:
        return None
    return orders.order_by_id(conn, found.order_id) if found.order_id else None


@get("/r/{code:str}", sync_to_thread=True)
def show_receipt(
    request: WebRequest, code: FromPath[str], shopper: NamedDependency[Shopper | None]
) -> Template:
    """Show a receipt to whoever holds its code."""
    return receipt_page(request, code, shopper)


def receipt_page(
    request: WebRequest,
    code: str,
    shopper: Shopper | None,
    *,
    refusal: Refusal | None = None,
    said: SaidReview | None = None,
) -> Template:
    """Show a receipt; `said`: a review that was refused, to be written on."""
    edge, language = edge_of(request), language_of(request)
    with edge.database.reading() as conn:
        head = order_of_receipt(conn, code)
        view = read_order(conn, head, edge, member_id=None) if head else None
        seller = entities_by_id(conn, [head.seller_entity_id]) if head else {}
        let_off = _let_off(conn, head) if head else []
    if view is None:
        return nothing_here(request, shopper=shopper, title=NO_RECEIPT, advice=NO_RECEIPT_ADVICE)
    context = order_context(view, language) | {
        "seller": seller[view.head.seller_entity_id].name,
        "day": language.clock_of_day(view.head.placed_at, _zone(view)),
        "code": code,
        "let_off": [(language.called(name), amount_minor) for name, amount_minor in let_off],
        "join": sign_in_at(f"/r/{code}"),
    }
    return shop_page(
        request,
        "receipt.html",
        shopper=shopper,
        status=status_of(refusal) if refusal else 200,
        here=f"/r/{code}",
        refusal=language.refusal(refusal) if refusal else None,
        said=said,
        **context,
    )


def _let_off(conn: Conn, head: Order) -> list[tuple[str, int]]:
    """What promotions and coupons took off a whole order, by their names, the most first."""
    lines = orders.lines_by_orders(conn, [head.id])
    found: dict[UUID, int] = {}
    for discounts in discounts_of_lines(conn, lines).values() if any(map(is_let_off, lines)) else ():
        for one in discounts:
            found[one.promotion_id] = found.get(one.promotion_id, 0) + one.amount_minor
    named = names_of_discounts(conn, found)
    return sorted(((named[key].name, minor) for key, minor in found.items()), key=lambda one: -one[1])


def _zone(view: OrderView) -> str:
    return view.site.time_zone if view.site else "Asia/Shanghai"
