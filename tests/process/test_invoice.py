"""Invoices follow what was earned: made out once nothing is under way, credited as goods come back, asked after always.

Through Nuonuo's real protocol over HTTP, with lost answers, kills, forged notifications and refusals.
"""

from collections.abc import Generator
from pathlib import Path

import pytest

from loopline.channels.sandbox_wechat import Manners
from loopline.db import Database
from loopline.invoices import (
    PERSON,
    CreditReason,
    InvoiceReport,
    Stop,
    ToIssue,
)
from loopline.invoices.refusals import WishNotStopped, WishUnknown
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.processes.invoice import (
    FOLLOWERS,
    WishAsk,
    books_and_invoices,
    hear_invoice_notices,
    set_goods_codes,
    try_wishes_again,
    wish_invoices,
)
from loopline.processes.place import Placed, place
from tests.make.invoices import (
    ANY_GOODS,
    BLUE,
    FAILED,
    FIRM,
    ISSUED,
    OPEN,
    OTHER_FIRM,
    RED,
    documents,
    open_invoicing,
    returned,
    sold,
    sound,
    the_wish,
    told,
    wished,
    work_on,
)
from tests.make.loop import follow, hand_over_everything, pay_for, subject_types
from tests.make.nuonuo import BUYER_TAX_NUMBER, SELLER_TAX_NUMBER, Nuonuo, running_nuonuo
from tests.make.sandbox import Merchant, SetClock
from tests.make.shop import NOON, Shop, ask
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
