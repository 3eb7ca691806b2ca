"""Invoices become drafts of orders and facts of stock."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from loopline.channels.online_retail.drafts import (
    Buyer,
    Till,
    ask_draft,
    bad_debts,
    fact_draft,
    return_draft,
    stock_facts,
)
from loopline.channels.online_retail.model import Invoice
from loopline.channels.online_retail.reader import read_invoices
from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import EntityId, MemberId, NodeId, OrderId, PartyId, SiteId, SkuId
from loopline.orders import Credits, Delivery, DraftKind, DraftLine, LineKind, OnShortage
from loopline.returns.model import NewReturnLine, ReturnKind
from loopline.stock import MovementReason
from tests.make.online_retail import write_invoices

SKU_IDS = {
    code: SkuId(UUID(int=position)) for position, code in enumerate(("85123A", "71053", "22632", "PADS"))
}
ORDER, MEMBER, BRAND = OrderId(UUID(int=10)), MemberId(UUID(int=11)), EntityId(UUID(int=12))
SITE, LEAF = SiteId(UUID(int=13)), NodeId(UUID(int=14))
HOME = Coordinates(longitude=2.35, latitude=48.86)


def invoice(folder: Path, number: str) -> Invoice:
    return next(one for one in read_invoices(write_invoices(folder)) if one.number == number)


def test_a_members_invoice_is_an_ask_at_agreed_prices(tmp_path: Path):
    credited = Credits(streamer_id=PartyId(UUID(int=15)))
    buyer = Buyer(
        order_id=ORDER, member_id=MEMBER, seller_entity_id=BRAND, destination=HOME, credits=credited
    )
    draft = ask_draft(invoice(tmp_path, "536366"), buyer=buyer, sku_ids=SKU_IDS)
    assert (draft.channel, draft.external_number, draft.kind) == ("web", "536366", DraftKind.ASK)
    assert (draft.order_id, draft.member_id, draft.seller_entity_id) == (ORDER, MEMBER, BRAND)
    assert (draft.currency, draft.country, draft.placed_at) == (
        "GBP",
        "FR",
        datetime(2010, 12, 1, 8, 28, tzinfo=UTC),
    )
    assert (draft.delivery, draft.destination, draft.site_id) == (Delivery.DELIVER, HOME, None)
    assert (draft.on_shortage, draft.credits) == (OnShortage.PARK, credited)
    assert draft.lines == (
        DraftLine(code="85123A", units=2, sku_id=SKU_IDS["85123A"], stated_unit_minor=295),
        DraftLine(code="GIFT_0001_20", units=1, kind=LineKind.VOUCHER, stated_unit_minor=1702),
    )


def test_an_order_to_be_collected_goes_to_its_site(tmp_path: Path):
    buyer = Buyer(order_id=ORDER, member_id=MEMBER, seller_entity_id=BRAND, destination=HOME, collect_at=SITE)
    draft = ask_draft(invoice(tmp_path, "536365"), buyer=buyer, sku_ids=SKU_IDS)
    assert (draft.delivery, draft.site_id, draft.destination) == (Delivery.COLLECT, SITE, None)
    assert draft.lines[2] == DraftLine(code="POST", units=1, kind=LineKind.CHARGE, stated_unit_minor=1800)


def test_an_invoice_without_a_customer_is_a_fact_at_a_till(tmp_path: Path):
    till = Till(order_id=ORDER, site_id=SITE, seller_entity_id=BRAND)
    draft = fact_draft(invoice(tmp_path, "536367"), till=till, sku_ids=SKU_IDS)
    assert (draft.channel, draft.kind, draft.site_id, draft.member_id) == ("till", DraftKind.FACT, SITE, None)
    assert draft.delivery is Delivery.CARRIED_OUT
    assert [(line.kind, line.units, line.stated_unit_minor) for line in draft.lines] == [
        (LineKind.GOODS, 3, 425),
        (LineKind.CHARGE, 1, 591),
        (LineKind.VOUCHER, 1, 833),
    ]


def test_what_is_taken_out_of_stock_is_a_fact_of_the_leaf(tmp_path: Path):
    adjusted = invoice(tmp_path, "536369")
    (fact,) = stock_facts(adjusted, leaf_id=LEAF, sku_ids=SKU_IDS)
    assert (fact.leaf_id, fact.sku_id, fact.reason) == (LEAF, SKU_IDS["71053"], MovementReason.ADJUSTMENT)
    assert (fact.on_hand, fact.unsellable) == (-4, 0)
    till = Till(order_id=ORDER, site_id=SITE, seller_entity_id=BRAND)
    assert fact_draft(adjusted, till=till, sku_ids=SKU_IDS).lines == ()


def test_what_was_found_is_rung_up_for_nothing(tmp_path: Path):
    till = Till(order_id=ORDER, site_id=SITE, seller_entity_id=BRAND)
    (line,) = fact_draft(invoice(tmp_path, "536368"), till=till, sku_ids=SKU_IDS).lines
    assert (line.units, line.stated_unit_minor) == (7, 0)


def test_what_came_back_is_a_fact_at_the_price_stated(tmp_path: Path):
    returned = return_draft(invoice(tmp_path, "C536371"), site_id=SITE, member_id=MEMBER, sku_ids=SKU_IDS)
    assert (returned.channel, returned.external_number, returned.kind) == ("web", "C536371", ReturnKind.FACT)
    assert (returned.member_id, returned.order_id, returned.site_id) == (MEMBER, None, SITE)
    assert returned.at == datetime(2010, 12, 1, 9, 0, tzinfo=UTC)
    assert returned.lines == (
        NewReturnLine(code="85123A", units=2, sku_id=SKU_IDS["85123A"], stated_unit_minor=255),
        NewReturnLine(code="POST", units=1, stated_unit_minor=1800),
    )


def test_what_an_unknown_customer_brings_back_comes_to_a_till(tmp_path: Path):
    returned = return_draft(invoice(tmp_path, "C536374"), site_id=SITE, member_id=None, sku_ids=SKU_IDS)
    assert (returned.channel, returned.member_id) == ("till", None)


def test_what_was_written_off_is_negative(tmp_path: Path):
    (written_off,) = bad_debts(invoice(tmp_path, "A536376"), entity_id=BRAND)
    assert (written_off.external_number, written_off.amount_minor) == ("A536376", -1_106_206)
    assert (written_off.entity_id, written_off.currency) == (BRAND, "GBP")
    assert bad_debts(invoice(tmp_path, "536365"), entity_id=BRAND) == []
