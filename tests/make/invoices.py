"""A shop whose company makes out e-invoices, orders whose buyers want one, and what became of it."""

from loopline.db import Conn, Database
from loopline.db.checks import run_check
from loopline.invoices import (
    Buyer,
    BuyerKind,
    CodeKind,
    Document,
    DocumentKind,
    DocumentState,
    GoodsCode,
    Wish,
)
from loopline.invoices import queries as invoices_queries
from loopline.kernel.ids import OrderId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Order
from loopline.processes.doctor import ALL_CHECKS
from loopline.processes.invoice import (
    FOLLOWERS,
    WishAsk,
    set_goods_codes,
    wish_invoices,
)
from tests.make.loop import follow
from tests.make.nuonuo import BUYER_TAX_NUMBER, SELLER_TAX_NUMBER, Nuonuo
from tests.make.shop import NOON, Shop, ask, lines, open_shop
from tests.process.test_take_back import MEMBER, back, sell, taken

FIRM = Buyer(kind=BuyerKind.COMPANY, title="深圳某某贸易有限公司", tax_number=BUYER_TAX_NUMBER)
OTHER_FIRM = Buyer(kind=BuyerKind.COMPANY, title="杭州某某网络有限公司", tax_number=SELLER_TAX_NUMBER)
ANY_GOODS = GoodsCode(kind=CodeKind.GOODS, category="", goods_code="1040201010000000000")


def open_invoicing(database: Database) -> Shop:
    """A shop whose company has a tax number, and goods with a code."""
    with database.transaction() as conn:
        found = open_shop(conn)
        conn.execute("update org.entity set tax_number = %s where code = 'BRAND-CO'", [SELLER_TAX_NUMBER])
        set_goods_codes(conn, [ANY_GOODS], scope=WHOLE_BRAND, by="test", now=NOON)
    return found


def sold(database: Database, shop: Shop, number: str = "W-1", *wanted: tuple[str, int]) -> Order:
    fields = {"lines": lines(shop, *wanted)} if wanted else {}
    with database.transaction() as conn:
        return sell(conn, shop, ask(shop, number, member_id=MEMBER, **fields))


def wished(database: Database, order: Order, buyer: Buyer = FIRM) -> None:
    with database.transaction() as conn:
        asked = WishAsk(order_id=order.id, buyer=buyer)
        (outcome,) = wish_invoices(conn, [asked], scope=WHOLE_BRAND, by="test", now=NOON)
        assert isinstance(outcome, tuple), outcome


def returned(database: Database, shop: Shop, number: str, *wanted: tuple[str, int]) -> None:
    with database.transaction() as conn:
        taken(conn, back(shop, number, *wanted))
        follow(conn, FOLLOWERS[0])


def work_on(nuonuo: Nuonuo, database: Database, *, rounds: int = 8, minutes: int = 3) -> None:
    """Work as the errand does, as time goes by."""
    for _ in range(rounds):
        nuonuo.work(database)
        nuonuo.clock.on(minutes=minutes)


def the_wish(conn: Conn, order_id: OrderId) -> Wish:
    (found,) = invoices_queries.wishes_of_orders(conn, [order_id])
    return found


def documents(database: Database, order: Order) -> list[Document]:
    with database.reading() as conn:
        found = the_wish(conn, order.id)
        return invoices_queries.documents_of_wishes(conn, [found.id]).get(found.id, [])


def told(document: Document) -> tuple[DocumentKind, DocumentState, int, int]:
    return document.kind, document.state, document.net_minor, document.tax_minor


def sound(database: Database) -> None:
    """What doctor proves of invoices, of the ledger, and between them."""
    names = {
        "document_equals_its_lines",
        "credited_lines_fit_their_invoice",
        "credited_equals_its_notes",
        "invoices_equal_postings",
    }
    checks = [one for one in ALL_CHECKS if one.name in names]
    assert len(checks) == len(names)
    with database.reading() as conn:
        for check in checks:
            assert run_check(conn, check) == [], check.name


BLUE, RED = DocumentKind.BLUE, DocumentKind.RED
ISSUED, OPEN, FAILED = DocumentState.ISSUED, DocumentState.OPEN, DocumentState.FAILED
