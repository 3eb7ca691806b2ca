"""Invoices follow what was earned: made out once nothing is under way, credited as goods come back, asked after always.

Through Nuonuo's real protocol over HTTP, with lost answers, kills, forged notifications and refusals.
"""

import sqlite3
import threading
import time
from collections.abc import Generator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from loopline import orders
from loopline.channels.sandbox_wechat import Manners
from loopline.db import Conn, Database
from loopline.db.checks import run_check
from loopline.invoices import (
    PERSON,
    Buyer,
    BuyerKind,
    CodeKind,
    CreditReason,
    Document,
    DocumentKind,
    DocumentState,
    EarnedLine,
    GoodsCode,
    Heard,
    InvoiceReport,
    Stop,
    ToIssue,
    Wish,
)
from loopline.invoices import queries as invoices_queries
from loopline.invoices import service as invoices_service
from loopline.invoices.refusals import InvoicedInYuanOnly, WishNotStopped, WishUnknown
from loopline.kernel.ids import LineId, MemberId, OrderId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.orders import OnShortage, Order
from loopline.processes.cancel import Cancellation, cancel
from loopline.processes.doctor import ALL_CHECKS
from loopline.processes.invoice import (
    FOLLOWERS,
    InvoicedOftenEnough,
    NothingToInvoice,
    WishAsk,
    apply_invoice_reports,
    books_and_invoices,
    claim_to_issue,
    hear_invoice_notices,
    make_out,
    set_goods_codes,
    try_wishes_again,
    wish_invoices,
)
from loopline.processes.place import Placed, place
from tests.make.loop import follow, hand_over_everything, pay_for, subject_types
from tests.make.nuonuo import BUYER_TAX_NUMBER, SELLER_TAX_NUMBER, Nuonuo, running_nuonuo
from tests.make.sandbox import Merchant, SetClock
from tests.make.shop import NOON, Shop, ask, lines, open_shop
from tests.process.test_take_back import LATER, MEMBER, SETTLE, back, sell, taken

FIRM = Buyer(kind=BuyerKind.COMPANY, title="深圳某某贸易有限公司", tax_number=BUYER_TAX_NUMBER)
OTHER_FIRM = Buyer(kind=BuyerKind.COMPANY, title="杭州某某网络有限公司", tax_number=SELLER_TAX_NUMBER)
ANY_GOODS = GoodsCode(kind=CodeKind.GOODS, category="", goods_code="1040201010000000000")


@pytest.fixture
def clock() -> SetClock:
    return SetClock(LATER)


@pytest.fixture
def nuonuo(tmp_path: Path, clock: SetClock) -> Generator[Nuonuo, None, None]:
    with running_nuonuo(tmp_path, clock) as running:
        yield running


@pytest.fixture
def shop(database: Database) -> Shop:
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


def test_what_was_earned_is_invoiced(database: Database, shop: Shop, nuonuo: Nuonuo):
    order = sold(database, shop)
    wished(database, order)
    work_on(nuonuo, database, rounds=3)
    (document,) = documents(database, order)
    assert told(document) == (BLUE, ISSUED, 14_000, 1_820)
    assert [(line.code, line.units, line.gross_minor) for line in document.lines] == [
        ("COAT", 1, 11_300),
        ("SCARF", 2, 4_520),
    ]
    (issued,) = nuonuo.sandbox.book.issued()
    assert (issued["allElectronicInvoiceNumber"], issued["buyerName"]) == (document.fiscal_number, FIRM.title)
    assert len(document.fiscal_number or "") == 20
    with database.reading() as conn:
        (books,) = [
            one for one in books_and_invoices(conn, scope=WHOLE_BRAND) if one.entity_id == shop.brand_entity
        ]
        assert (books.booked_net_minor, books.booked_tax_minor) == (14_000, 1_820)
        assert (books.difference_net_minor, books.difference_tax_minor) == (0, 0)
        assert subject_types(conn, order.id)[-2:] == ["invoice_wished", "invoice_issued"]
    sound(database)


def test_nothing_is_made_out_before_control_has_passed(database: Database, shop: Shop, nuonuo: Nuonuo):
    with database.transaction() as conn:
        (placed,) = place(conn, [ask(shop, "W-1", member_id=MEMBER)], scope=WHOLE_BRAND, now=NOON)
        assert isinstance(placed, Placed)
        asked = WishAsk(order_id=placed.order_id, buyer=PERSON)
        wish_invoices(conn, [asked], scope=WHOLE_BRAND, by="test", now=NOON)
    work_on(nuonuo, database, rounds=2)
    assert nuonuo.sandbox.book.issued() == []
    with database.transaction() as conn:
        hand_over_everything(conn, now=NOON)
        follow(conn, SETTLE)
        pay_for(conn, shop, placed)
        follow(conn, FOLLOWERS[0])
    work_on(nuonuo, database, rounds=3)
    (issued,) = nuonuo.sandbox.book.issued()
    assert (issued["exTaxAmount"], issued["buyerName"]) == ("140.00", "个人")
    sound(database)


def test_returns_are_credited_to_the_cent_and_never_beyond(database: Database, shop: Shop, nuonuo: Nuonuo):
    """Seven hats of 9.99: three come back, then one, then three; the credit notes end where the invoice began."""
    order = sold(database, shop, "W-1", ("HAT", 7))
    wished(database, order)
    work_on(nuonuo, database, rounds=3)
    for step, units in enumerate((3, 1, 3)):
        returned(database, shop, f"R-{step}", ("HAT", units))
        work_on(nuonuo, database, rounds=3)
    blue, *reds = documents(database, order)
    assert [(one.kind, one.state, one.reason) for one in reds] == [(RED, ISSUED, CreditReason.RETURNED)] * 3
    assert sum(one.net_minor for one in reds) == -blue.net_minor
    assert sum(one.tax_minor for one in reds) == -blue.tax_minor
    assert [one.lines[0].units for one in reds] == [-3, -1, -3]
    assert len(nuonuo.sandbox.book.issued()) == 4
    sound(database)


def test_what_came_back_before_it_was_invoiced_is_not_invoiced(
    database: Database, shop: Shop, nuonuo: Nuonuo
):
    order = sold(database, shop)
    returned(database, shop, "R-1", ("COAT", 1))
    wished(database, order)
    work_on(nuonuo, database, rounds=3)
    (document,) = documents(database, order)
    assert told(document) == (BLUE, ISSUED, 4_000, 520)
    sound(database)


def test_a_return_while_the_invoice_is_asked_for_waits_and_is_credited(
    database: Database, shop: Shop, tmp_path: Path, clock: SetClock
):
    manners = Manners(finish_seconds=600, lost_chance=0, late_seconds=0, twice_chance=0)
    with running_nuonuo(tmp_path, clock, manners=manners) as nuonuo:
        order = sold(database, shop)
        wished(database, order)
        nuonuo.work(database)
        returned(database, shop, "R-1", ("SCARF", 1))
        nuonuo.work(database)
        assert [told(one) for one in documents(database, order)] == [(BLUE, OPEN, 14_000, 1_820)]
        work_on(nuonuo, database, rounds=12)
    assert [told(one) for one in documents(database, order)] == [
        (BLUE, ISSUED, 14_000, 1_820),
        (RED, ISSUED, -2_000, -260),
    ]
    sound(database)


def test_another_buyer_gets_an_invoice_of_its_own(database: Database, shop: Shop, nuonuo: Nuonuo):
    order = sold(database, shop)
    wished(database, order)
    work_on(nuonuo, database, rounds=3)
    returned(database, shop, "R-1", ("COAT", 1))
    work_on(nuonuo, database, rounds=3)
    wished(database, order, OTHER_FIRM)
    work_on(nuonuo, database, rounds=6)
    found = documents(database, order)
    assert [(one.kind, one.reason, one.gross_minor, one.buyer) for one in found] == [
        (BLUE, None, 15_820, FIRM),
        (RED, CreditReason.RETURNED, -11_300, FIRM),
        (RED, CreditReason.MISTAKE, -4_520, FIRM),
        (BLUE, None, 4_520, OTHER_FIRM),
    ]
    assert {one.state for one in found} == {ISSUED}
    sound(database)


def test_asked_for_twice_is_made_out_once(database: Database, shop: Shop, nuonuo: Nuonuo):
    order = sold(database, shop)
    wished(database, order)
    wished(database, order)
    work_on(nuonuo, database, rounds=3)
    wished(database, order)
    work_on(nuonuo, database, rounds=3)
    assert len(documents(database, order)) == len(nuonuo.sandbox.book.issued()) == 1


class Broken:
    """A platform whose worker dies at a moment that the test says: before it sends, or before it hears the answer."""

    def __init__(self, inner: Nuonuo, *, before: bool) -> None:
        self._inner = inner.platform
        self._before = before

    def send(self, asked: ToIssue, *, now: object) -> InvoiceReport:
        if not self._before:
            self._inner.send(asked, now=now)  # pyright: ignore[reportArgumentType]
        raise SystemExit("killed between asked and answered")

    def ask(self, asked: ToIssue, *, now: object) -> InvoiceReport:
        return self._inner.ask(asked, now=now)  # pyright: ignore[reportArgumentType]

    def hear(self, headers: object, body: bytes) -> str | Refusal:
        raise NotImplementedError


@pytest.mark.parametrize("before", [True, False], ids=["before it was sent", "after it was sent"])
def test_a_worker_that_dies_makes_out_one_invoice(
    database: Database, shop: Shop, nuonuo: Nuonuo, before: bool
):
    order = sold(database, shop)
    wished(database, order)
    with pytest.raises(SystemExit):
        nuonuo.work(database, platform=Broken(nuonuo, before=before))
    assert nuonuo.work(database) == 0  # its claim still holds
    work_on(nuonuo, database)
    assert [told(one) for one in documents(database, order)] == [(BLUE, ISSUED, 14_000, 1_820)]
    assert len(nuonuo.sandbox.book.issued()) == 1


def test_lost_answers_are_asked_after(database: Database, shop: Shop, tmp_path: Path, clock: SetClock):
    manners = Manners(seed=3, finish_seconds=1, lost_chance=0.5, late_seconds=0)
    with running_nuonuo(tmp_path, clock, manners=manners) as nuonuo:
        order = sold(database, shop)
        wished(database, order)
        work_on(nuonuo, database, rounds=60, minutes=60)
        returned(database, shop, "R-1", ("COAT", 1))
        work_on(nuonuo, database, rounds=60, minutes=60)
        assert [told(one) for one in documents(database, order)] == [
            (BLUE, ISSUED, 14_000, 1_820),
            (RED, ISSUED, -10_000, -1_300),
        ]
        assert len(nuonuo.sandbox.book.issued()) == 2
    sound(database)


def test_a_forged_notification_changes_nothing_but_that_it_is_asked(
    database: Database, shop: Shop, tmp_path: Path, clock: SetClock
):
    manners = Manners(finish_seconds=120, lost_chance=0, late_seconds=0, twice_chance=1)
    merchant = Merchant()
    with running_nuonuo(tmp_path, clock, manners=manners, notify_url=merchant.url) as nuonuo:
        order = sold(database, shop)
        wished(database, order)
        nuonuo.work(database)
        (document,) = documents(database, order)
        forged = b"operater=callback&orderno=" + document.number.encode() + b'&content={"c_status":"1"}'
        number = nuonuo.platform.hear({}, forged)
        assert number == document.number
        with database.transaction() as conn:
            assert hear_invoice_notices(conn, [document.number], now=clock()) == 1
            assert hear_invoice_notices(conn, ["NOBODYS" * 2], now=clock()) == 0
        nuonuo.work(database)
        assert [told(one) for one in documents(database, order)] == [(BLUE, OPEN, 14_000, 1_820)]
        clock.on(minutes=2)
        assert nuonuo.sandbox.step() == 2  # told twice
        assert {nuonuo.platform.hear(one.headers, one.body) for one in merchant.received} == {document.number}
        nuonuo.work(database)
        assert [told(one) for one in documents(database, order)] == [(BLUE, ISSUED, 14_000, 1_820)]
    merchant.stop()


def test_what_the_authority_refuses_stops_until_somebody_mends_it(
    database: Database, shop: Shop, tmp_path: Path, clock: SetClock
):
    manners = Manners(
        finish_seconds=0, lost_chance=0, late_seconds=0, twice_chance=0, refuses=frozenset({BUYER_TAX_NUMBER})
    )
    with running_nuonuo(tmp_path, clock, manners=manners) as nuonuo:
        order = sold(database, shop)
        wished(database, order)
        work_on(nuonuo, database, rounds=4)
        with database.transaction() as conn:
            found = the_wish(conn, order.id)
            assert (found.stopped, found.note) == (Stop.PLATFORM_REFUSED, "购方税号异常")
            nobody = Scope()
            assert try_wishes_again(conn, [found.id], scope=nobody, now=clock()) == [
                WishUnknown(wish_id=found.id)
            ]
        assert [one.state for one in documents(database, order)] == [FAILED]
        wished(database, order, PERSON)
        work_on(nuonuo, database, rounds=3)
        assert [(one.state, one.buyer) for one in documents(database, order)] == [
            (FAILED, FIRM),
            (ISSUED, PERSON),
        ]
        with database.transaction() as conn:
            assert try_wishes_again(conn, [found.id], scope=WHOLE_BRAND, now=clock()) == [
                WishNotStopped(wish_id=found.id)
            ]
    sound(database)


def test_a_credit_note_waits_for_a_company_that_booked_the_invoice(
    database: Database, shop: Shop, tmp_path: Path, clock: SetClock
):
    manners = Manners(finish_seconds=600, lost_chance=0, late_seconds=0, twice_chance=0)
    confirms = frozenset({BUYER_TAX_NUMBER})
    with running_nuonuo(tmp_path, clock, manners=manners, confirms=confirms) as nuonuo:
        order = sold(database, shop)
        wished(database, order)
        work_on(nuonuo, database, rounds=10)
        returned(database, shop, "R-1", ("COAT", 1))
        work_on(nuonuo, database, rounds=2)
        _, red = documents(database, order)
        assert (told(red), red.note) == ((RED, OPEN, -10_000, -1_300), "waits_for_buyer")
        work_on(nuonuo, database, rounds=10)
        _, red = documents(database, order)
        assert told(red) == (RED, ISSUED, -10_000, -1_300)
    sound(database)


def test_a_credit_note_that_the_buyer_denies_is_counted_no_more_and_tried_again(
    database: Database, shop: Shop, tmp_path: Path, clock: SetClock
):
    with running_nuonuo(tmp_path, clock, denies=frozenset({BUYER_TAX_NUMBER})) as nuonuo:
        order = sold(database, shop)
        wished(database, order)
        work_on(nuonuo, database, rounds=3)
        returned(database, shop, "R-1", ("COAT", 1))
        work_on(nuonuo, database, rounds=3)
        assert [told(one)[1] for one in documents(database, order)] == [ISSUED, FAILED]
        with database.transaction() as conn:
            found = the_wish(conn, order.id)
            assert (found.stopped, found.note) == (Stop.PLATFORM_REFUSED, "购方否认")
            assert try_wishes_again(conn, [found.id], scope=WHOLE_BRAND, now=clock()) == [found.id]
        sound(database)
        work_on(nuonuo, database, rounds=1)
        assert [told(one)[1] for one in documents(database, order)] == [ISSUED, FAILED, OPEN]


def test_without_a_tax_number_or_a_code_of_goods_nothing_is_asked(
    database: Database, shop: Shop, nuonuo: Nuonuo
):
    with database.transaction() as conn:
        conn.execute("delete from invoices.goods_code")
    order = sold(database, shop)
    wished(database, order)
    work_on(nuonuo, database, rounds=2)
    with database.transaction() as conn:
        assert the_wish(conn, order.id).stopped is Stop.GOODS_CODE_MISSING
        set_goods_codes(conn, [ANY_GOODS], scope=WHOLE_BRAND, by="test", now=NOON)
        conn.execute("update org.entity set tax_number = null where code = 'BRAND-CO'")
    work_on(nuonuo, database, rounds=2)
    with database.transaction() as conn:
        found = the_wish(conn, order.id)
        assert found.stopped is Stop.SELLER_HAS_NO_TAX_NUMBER
        conn.execute("update org.entity set tax_number = %s where code = 'BRAND-CO'", [SELLER_TAX_NUMBER])
        assert try_wishes_again(conn, [found.id], scope=WHOLE_BRAND, now=NOON) == [found.id]
    assert nuonuo.sandbox.book.issued() == []
    work_on(nuonuo, database, rounds=3)
    assert len(nuonuo.sandbox.book.issued()) == 1


def test_wishes_are_for_ones_own_orders_and_sellers(database: Database, shop: Shop):
    order = sold(database, shop)
    with database.transaction() as conn:
        nobody, member = Scope(), order.member_id
        assert member is not None
        asks = [
            WishAsk(order_id=order.id, buyer=FIRM),
            WishAsk(order_id=order.id, buyer=FIRM, by_member=MemberId(shop.manager)),
            WishAsk(order_id=order.id, buyer=FIRM, by_member=member),
        ]
        outcomes = wish_invoices(conn, asks, scope=nobody, by="test", now=NOON)
        refused = NothingToInvoice(order_id=order.id)
        found = the_wish(conn, order.id)
        assert outcomes == [refused, refused, (found.id,)]
        assert books_and_invoices(conn, scope=nobody) == []
        conn.execute('update orders."order" set currency = %s where id = %s', ["USD", order.id])
        again = wish_invoices(conn, asks[2:], scope=nobody, by="test", now=NOON)
        assert again == [InvoicedInYuanOnly(currency="USD")]


def test_an_order_is_invoiced_once_when_the_last_of_it_was_sent_or_called_off(
    database: Database, shop: Shop, nuonuo: Nuonuo
):
    """A coat is handed over; of forty scarves ten are missing, and are called off at last."""
    wanted = lines(shop, ("COAT", 1), ("SCARF", 40))
    with database.transaction() as conn:
        draft = ask(shop, "W-1", member_id=MEMBER, lines=wanted, on_shortage=OnShortage.PARK)
        (placed,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
        assert isinstance(placed, Placed)
        wish_invoices(
            conn, [WishAsk(order_id=placed.order_id, buyer=FIRM)], scope=WHOLE_BRAND, by="test", now=NOON
        )
        hand_over_everything(conn, now=NOON)
        follow(conn, SETTLE)
        follow(conn, FOLLOWERS[0])
    work_on(nuonuo, database, rounds=3)
    with database.transaction() as conn:
        order = orders.order_by_id(conn, placed.order_id)
        assert order is not None
        assert (order.handed_over, order.parked) == (31, 10)
        assert invoices_queries.documents_of_wishes(conn, [the_wish(conn, order.id).id]) == {}
        asked = Cancellation(order_id=order.id, actor="test")
        cancel(conn, [asked], scope=WHOLE_BRAND, now=nuonuo.clock())
        follow(conn, FOLLOWERS[0])
    work_on(nuonuo, database, rounds=3)
    (document,) = documents(database, order)
    assert told(document) == (BLUE, ISSUED, 70_000, 9_100)
    assert [line.units for line in document.lines] == [1, 30]
    sound(database)


def test_a_line_that_fits_no_document_fails_no_other_wish(database: Database, shop: Shop):
    orders_of_two = [sold(database, shop, number) for number in ("W-1", "W-2")]
    for one in orders_of_two:
        wished(database, one)
    mixed = EarnedLine(
        line_id=LineId(shop.manager),
        code="COAT",
        name="Coat",
        goods_code=ANY_GOODS.goods_code,
        tax_rate_basis_points=1_300,
        units=1,
        net_minor=100,
        tax_minor=-13,
    )
    with database.transaction() as conn:
        found = invoices_service.lock_to_look_at(conn, limit=9, now=LATER)
        broken, good = (the_wish(conn, one.id).id for one in orders_of_two)
        earned = {broken: [mixed], good: [msgspec.structs.replace(mixed, tax_minor=13)]}
        made = invoices_service.make_documents(conn, found, earned, now=LATER)
    assert {one.wish.id: one.document_id is not None for one in made} == {broken: False, good: True}


def test_a_report_that_cannot_be_kept_holds_up_no_other(database: Database, shop: Shop):
    orders_of_two = [sold(database, shop, number) for number in ("W-1", "W-2")]
    for one in orders_of_two:
        wished(database, one)
    with database.transaction() as conn:
        make_out(conn, now=LATER)
        claimed = [one.to_issue.document for one in claim_to_issue(conn, limit=9, now=LATER)]
    reports = [
        InvoiceReport(
            document_id=one.id,
            heard=Heard.ISSUED,
            fiscal_number=number,
            net_minor=one.net_minor,
            tax_minor=one.tax_minor,
            note="a\0b",
        )
        for one, number in zip(claimed, ("1" * 30, "1" * 20), strict=True)
    ]
    with database.transaction() as conn:
        assert apply_invoice_reports(conn, reports, now=LATER) == 1
    with database.reading() as conn:
        kept = invoices_queries.documents_by_ids(conn, [one.id for one in claimed])
    assert [(kept[one.id].state, kept[one.id].note) for one in claimed] == [(OPEN, "ab"), (ISSUED, "ab")]


@pytest.mark.parametrize("number", ["1" * 30, "\uff11" * 20])
def test_what_is_no_fiscal_number_is_not_taken_from_the_platform(
    database: Database, shop: Shop, nuonuo: Nuonuo, tmp_path: Path, number: str
):
    """The platform says so in its own protocol: it is heard as still under way, and asked again."""
    order = sold(database, shop)
    wished(database, order)
    nuonuo.work(database)
    nuonuo.clock.on(minutes=3)
    with database.transaction() as conn:
        (claimed,) = claim_to_issue(conn, limit=9, now=nuonuo.clock())
    assert nuonuo.platform.ask(claimed.to_issue, now=nuonuo.clock()).heard is Heard.ISSUED
    with closing(sqlite3.connect(tmp_path / "nuonuo.sqlite")) as book, book:
        ((key, body),) = book.execute("select number, body from thing where kind = 'invoice'").fetchall()
        said = msgspec.json.encode(msgspec.json.decode(body) | {"allElectronicInvoiceNumber": number})
        book.execute("update thing set body = ? where number = ? and kind = 'invoice'", (said, key))
    heard = nuonuo.platform.ask(claimed.to_issue, now=nuonuo.clock())
    assert (heard.heard, heard.fiscal_number) == (Heard.PENDING, None)


def test_what_was_never_invoiced_is_found_by_line_and_by_wish(database: Database, shop: Shop, nuonuo: Nuonuo):
    """Doctor sees a wish that came to its end without a document, and one whose document lacks its second line."""
    order = sold(database, shop)
    wished(database, order)
    (check,) = [one for one in ALL_CHECKS if one.name == "invoices_equal_postings"]
    with database.owner_transaction() as conn:
        assert run_check(conn, check) == []  # it is still to be looked at
        conn.execute("update invoices.wish set look_at = null")
        found = run_check(conn, check)
        assert [one.expected for one in found] == ["10000 and tax 1300 earned", "4000 and tax 520 earned"]
        assert {one.found for one in found} == {"0 and tax 0 invoiced"}
        conn.execute("update invoices.wish set look_at = %s", [LATER])
    work_on(nuonuo, database, rounds=3)
    sound(database)
    with database.owner_transaction() as conn:
        conn.execute("delete from invoices.line where position = 2")
        (finding,) = run_check(conn, check)
    assert (finding.found, finding.expected) == ("0 and tax 0 invoiced", "4000 and tax 520 earned")


def test_a_member_changes_the_buyer_until_three_were_made_out_and_staff_after(
    database: Database, shop: Shop, nuonuo: Nuonuo
):
    order = sold(database, shop)

    def asked(buyer: Buyer, *, by_member: bool = True) -> object:
        member = order.member_id if by_member else None
        scope = Scope() if by_member else WHOLE_BRAND
        with database.transaction() as conn:
            one = WishAsk(order_id=order.id, buyer=buyer, by_member=member)
            (outcome,) = wish_invoices(conn, [one], scope=scope, by="test", now=nuonuo.clock())
        work_on(nuonuo, database, rounds=6)
        return outcome

    for buyer in (FIRM, PERSON, FIRM):
        assert isinstance(asked(buyer), tuple)
    assert asked(PERSON) == InvoicedOftenEnough(times=3)
    assert isinstance(asked(FIRM), tuple)  # it is theirs already: nothing is made out
    assert len(documents(database, order)) == 5
    assert isinstance(asked(PERSON, by_member=False), tuple)
    assert [one.kind for one in documents(database, order)] == [BLUE, RED, BLUE, RED, BLUE, RED, BLUE]
    sound(database)


WAITING = (
    "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
)


def test_wishes_are_put_in_the_order_of_their_ids_as_all_others_lock_them(database: Database, shop: Shop):
    """The older wish is of the younger order. While a rival holds the older one, who waits for it holds no other."""
    older, younger = (sold(database, shop, number) for number in ("W-1", "W-2"))
    wished(database, younger)
    with database.transaction() as conn:
        one = WishAsk(order_id=older.id, buyer=FIRM)
        wish_invoices(conn, [one], scope=WHOLE_BRAND, by="test", now=NOON + timedelta(seconds=1))
        first, second = the_wish(conn, younger.id).id, the_wish(conn, older.id).id
        assert first < second
        assert older.id < younger.id

    def put_both() -> None:
        asks = [WishAsk(order_id=one.id, buyer=OTHER_FIRM) for one in (older, younger)]
        with database.transaction() as conn:
            wish_invoices(conn, asks, scope=WHOLE_BRAND, by="test", now=LATER)

    putting = threading.Thread(target=put_both)
    with database.transaction() as conn:
        conn.execute("select from invoices.wish where id = %s for no key update", [first])
        putting.start()
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with database.reading() as other:
                if other.execute(WAITING).fetchone() == (1,):
                    break
        free = conn.execute("select id from invoices.wish where id = %s for update skip locked", [second])
        assert free.fetchone() == (second,)
    putting.join(timeout=20)
    with database.reading() as conn:
        assert {the_wish(conn, one.id).buyer for one in (older, younger)} == {OTHER_FIRM}
