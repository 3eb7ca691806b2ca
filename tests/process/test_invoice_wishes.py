"""Who may wish for an invoice and of what, and what one wish that cannot be served does to the others: nothing."""

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
from loopline.db import Database
from loopline.db.checks import run_check
from loopline.invoices import (
    PERSON,
    Buyer,
    EarnedLine,
    Heard,
    InvoiceReport,
)
from loopline.invoices import queries as invoices_queries
from loopline.invoices import service as invoices_service
from loopline.invoices.refusals import InvoicedInYuanOnly
from loopline.kernel.ids import LineId, MemberId
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.orders import OnShortage
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
    make_out,
    wish_invoices,
)
from loopline.processes.place import Placed, place
from tests.make.invoices import (
    ANY_GOODS,
    BLUE,
    FIRM,
    ISSUED,
    OPEN,
    OTHER_FIRM,
    RED,
    documents,
    open_invoicing,
    sold,
    sound,
    the_wish,
    told,
    wished,
    work_on,
)
from tests.make.loop import follow, hand_over_everything
from tests.make.nuonuo import Nuonuo, running_nuonuo
from tests.make.sandbox import SetClock
from tests.make.shop import NOON, Shop, ask, lines
from tests.process.test_take_back import LATER, MEMBER, SETTLE


@pytest.fixture
def clock() -> SetClock:
    return SetClock(LATER)


@pytest.fixture
def nuonuo(tmp_path: Path, clock: SetClock) -> Generator[Nuonuo, None, None]:
    with running_nuonuo(tmp_path, clock) as running:
        yield running


@pytest.fixture
def shop(database: Database) -> Shop:
    return open_invoicing(database)


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
