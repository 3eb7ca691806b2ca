"""Everything that is served, one line per resource or page: the API under /api/v1, and the pages."""

from litestar.types import ControllerRouterHandler

from loopline.web.api.arrivals import ARRIVAL_HANDLERS
from loopline.web.api.availability import AVAILABILITY_HANDLERS
from loopline.web.api.bills import BILL_HANDLERS
from loopline.web.api.blind_returns import BLIND_RETURN_HANDLERS
from loopline.web.api.boards import BOARD_HANDLERS
from loopline.web.api.buyers import BUYER_HANDLERS
from loopline.web.api.calls import CALL_HANDLERS
from loopline.web.api.catalogue import CATALOGUE_HANDLERS
from loopline.web.api.catalogue_files import CATALOGUE_FILE_HANDLERS
from loopline.web.api.closes import CLOSE_HANDLERS
from loopline.web.api.counter_limits import COUNTER_LIMIT_HANDLERS
from loopline.web.api.counts import COUNT_HANDLERS
from loopline.web.api.coupons import COUPON_HANDLERS
from loopline.web.api.disputes import DISPUTE_HANDLERS
from loopline.web.api.doctor import DOCTOR_HANDLERS
from loopline.web.api.entries import ENTRY_HANDLERS
from loopline.web.api.exchanges import EXCHANGE_HANDLERS
from loopline.web.api.feeds import FEED_HANDLERS
from loopline.web.api.freight import FREIGHT_HANDLERS
from loopline.web.api.hours import HOUR_HANDLERS
from loopline.web.api.invoices import INVOICE_HANDLERS
from loopline.web.api.keys import KEY_HANDLERS
from loopline.web.api.labels import LABEL_HANDLERS
from loopline.web.api.ladders import LADDER_HANDLERS
from loopline.web.api.ledger import LEDGER_HANDLERS
from loopline.web.api.live import LIVE_HANDLERS
from loopline.web.api.lots import LOT_HANDLERS
from loopline.web.api.marketplaces import MARKETPLACE_HANDLERS
from loopline.web.api.me import ME_HANDLERS
from loopline.web.api.members import MEMBER_HANDLERS
from loopline.web.api.messages import MESSAGE_HANDLERS
from loopline.web.api.orders import ORDER_HANDLERS
from loopline.web.api.orders_bulk import place_orders_in_bulk
from loopline.web.api.org import ORG_HANDLERS
from loopline.web.api.own_members import OWN_MEMBER_HANDLERS
from loopline.web.api.packing import PACKING_HANDLERS
from loopline.web.api.payments import PAYMENT_HANDLERS
from loopline.web.api.payouts import PAYOUT_HANDLERS
from loopline.web.api.people import PEOPLE_HANDLERS
from loopline.web.api.photos import PHOTO_HANDLERS
from loopline.web.api.points import POINTS_HANDLERS
from loopline.web.api.preorders import PREORDER_HANDLERS
from loopline.web.api.pricing import PRICING_HANDLERS
from loopline.web.api.promise_terms import PROMISE_TERMS_HANDLERS
from loopline.web.api.promises import PROMISE_HANDLERS
from loopline.web.api.promotions import PROMOTION_HANDLERS
from loopline.web.api.quotas import QUOTA_HANDLERS
from loopline.web.api.quotes import QUOTE_HANDLERS
from loopline.web.api.reclaims import RECLAIM_HANDLERS
from loopline.web.api.restocks import RESTOCK_HANDLERS
from loopline.web.api.return_photos import RETURN_PHOTO_HANDLERS
from loopline.web.api.return_ways import RETURN_WAY_HANDLERS
from loopline.web.api.returns import RETURN_HANDLERS
from loopline.web.api.reviewing import REVIEWING_HANDLERS
from loopline.web.api.reviews import REVIEW_HANDLERS
from loopline.web.api.rights import RIGHTS_HANDLERS
from loopline.web.api.rule_trials import RULE_TRIAL_HANDLERS
from loopline.web.api.search import SEARCH_HANDLERS
from loopline.web.api.session import SESSION_HANDLERS
from loopline.web.api.sharing import SHARING_HANDLERS
from loopline.web.api.shelf_places import SHELF_PLACE_HANDLERS
from loopline.web.api.site_capacity import SITE_CAPACITY_HANDLERS
from loopline.web.api.site_equipment import SITE_EQUIPMENT_HANDLERS
from loopline.web.api.sourcing_overrides import SOURCING_OVERRIDE_HANDLERS
from loopline.web.api.sourcing_profiles import SOURCING_PROFILE_HANDLERS
from loopline.web.api.statements import STATEMENT_HANDLERS
from loopline.web.api.stock import STOCK_HANDLERS
from loopline.web.api.stored_value import STORED_VALUE_HANDLERS
from loopline.web.api.supply import SUPPLY_HANDLERS
from loopline.web.api.tasks import TASK_HANDLERS
from loopline.web.api.terms import TERMS_HANDLERS
from loopline.web.api.touch_rules import TOUCH_RULE_HANDLERS
from loopline.web.api.touchpoints import TOUCHPOINT_HANDLERS
from loopline.web.api.transfers import TRANSFER_HANDLERS
from loopline.web.api.visits import VISIT_HANDLERS
from loopline.web.api.webhooks import WEBHOOK_HANDLERS
from loopline.web.earned import EARNED_PAGES
from loopline.web.hq.bill_sources import BILL_SOURCE_PAGES
from loopline.web.hq.board import show_board, stream_board, tell_board, tell_board_map
from loopline.web.hq.capacity import CAPACITY_PAGES
from loopline.web.hq.changed_prices import CHANGED_PRICE_PAGES
from loopline.web.hq.changes import CHANGE_PAGES
from loopline.web.hq.close import CLOSE_PAGES
from loopline.web.hq.counter_limits import COUNTER_LIMIT_PAGES
from loopline.web.hq.counts import COUNT_LIST_PAGES
from loopline.web.hq.coupons import COUPON_PAGES
from loopline.web.hq.entry import ENTRY_PAGES
from loopline.web.hq.equipment import EQUIPMENT_PAGES
from loopline.web.hq.feeds import FEED_PAGES
from loopline.web.hq.find import FIND_PAGES
from loopline.web.hq.freight import FREIGHT_PAGES
from loopline.web.hq.hours import HOUR_PAGES
from loopline.web.hq.invoices import INVOICE_PAGES
from loopline.web.hq.ladders import LADDER_PAGES
from loopline.web.hq.marketplaces import MARKETPLACE_PAGES
from loopline.web.hq.member_value import MEMBER_VALUE_PAGES
from loopline.web.hq.members import MEMBER_PAGES
from loopline.web.hq.members_coupons import MEMBERS_COUPON_PAGES
from loopline.web.hq.members_sheet import MEMBERS_SHEET_PAGES
from loopline.web.hq.notices import NOTICE_PAGES
from loopline.web.hq.openings import show_openings
from loopline.web.hq.order import ORDER_PAGES
from loopline.web.hq.order_acts import ORDER_ACT_PAGES
from loopline.web.hq.orders import ORDER_LIST_PAGES
from loopline.web.hq.overrides import OVERRIDE_PAGES
from loopline.web.hq.own_members import OWN_MEMBER_PAGES
from loopline.web.hq.packing import PACKING_PAGES
from loopline.web.hq.parked import PARKED_PAGES
from loopline.web.hq.payout_accounts import PAYOUT_ACCOUNT_PAGES
from loopline.web.hq.payouts import PAYOUT_PAGES
from loopline.web.hq.points import POINTS_PAGES
from loopline.web.hq.preorders import PREORDER_PAGES
from loopline.web.hq.profiles import PROFILE_PAGES
from loopline.web.hq.promises import PROMISE_PAGES
from loopline.web.hq.promotions import PROMOTION_PAGES
from loopline.web.hq.quarantine import QUARANTINE_PAGES
from loopline.web.hq.reconciliation import RECONCILIATION_PAGES
from loopline.web.hq.returned_photos import RETURNED_PHOTO_PAGES
from loopline.web.hq.returned_sheet import RETURNED_SHEET_PAGES
from loopline.web.hq.returns import RETURN_LIST_PAGES
from loopline.web.hq.returns_why import RETURNS_WHY_PAGES
from loopline.web.hq.reviews.routes import REVIEWS_PAGES
from loopline.web.hq.rights import RIGHTS_PAGES
from loopline.web.hq.rules import RULE_PAGES
from loopline.web.hq.shifts import SHIFT_PAGES
from loopline.web.hq.sourcing import SOURCING_PAGES
from loopline.web.hq.stock import STOCK_PAGES
from loopline.web.hq.stock_batches import STOCK_BATCH_PAGES
from loopline.web.hq.stock_row_acts import STOCK_ROW_ACTS
from loopline.web.hq.stock_rows import STOCK_ROW_PAGES
from loopline.web.hq.stock_sheet import STOCK_SHEET_PAGES
from loopline.web.hq.stored_value import STORED_VALUE_PAGES
from loopline.web.hq.supply import SUPPLY_PAGES
from loopline.web.hq.surge import SURGE_PAGES
from loopline.web.hq.till_cases import TILL_CASE_PAGES
from loopline.web.hq.world import tell_world
from loopline.web.marketplaces import sandbox_sealing
from loopline.web.shop.handlers import SHOP_PAGES
from loopline.web.statements.disputes import DISPUTE_PAGES
from loopline.web.statements.pages import STATEMENT_PAGES
from loopline.web.store.routes import STORE_PAGES
from loopline.web.touch.archives import ARCHIVE_PAGES
from loopline.web.touch.brought import BROUGHT_PAGES
from loopline.web.touch.codes import CODE_PAGES
from loopline.web.touch.landing import LANDING_PAGES
from loopline.web.touch.print_pages import PRINT_PAGES

API_HANDLERS: list[ControllerRouterHandler] = [
    *PAYMENT_HANDLERS,
    *PAYOUT_HANDLERS,
    *RECLAIM_HANDLERS,
    *INVOICE_HANDLERS,
    *AVAILABILITY_HANDLERS,
    *PROMISE_HANDLERS,
    *BILL_HANDLERS,
    *CLOSE_HANDLERS,
    *PROMISE_TERMS_HANDLERS,
    *BOARD_HANDLERS,
    *RIGHTS_HANDLERS,
    *RESTOCK_HANDLERS,
    *PREORDER_HANDLERS,
    *DOCTOR_HANDLERS,
    *KEY_HANDLERS,
    *LEDGER_HANDLERS,
    *ENTRY_HANDLERS,
    *MARKETPLACE_HANDLERS,
    *ORG_HANDLERS,
    *PEOPLE_HANDLERS,
    *QUOTE_HANDLERS,
    *SEARCH_HANDLERS,
    *SESSION_HANDLERS,
    *SHARING_HANDLERS,
    *LADDER_HANDLERS,
    *OWN_MEMBER_HANDLERS,
    *SUPPLY_HANDLERS,
    *SOURCING_PROFILE_HANDLERS,
    *COUNTER_LIMIT_HANDLERS,
    *HOUR_HANDLERS,
    *FREIGHT_HANDLERS,
    *VISIT_HANDLERS,
    *SOURCING_OVERRIDE_HANDLERS,
    *SITE_EQUIPMENT_HANDLERS,
    *SITE_CAPACITY_HANDLERS,
    *STATEMENT_HANDLERS,
    *DISPUTE_HANDLERS,
    *RULE_TRIAL_HANDLERS,
    *TERMS_HANDLERS,
    *CATALOGUE_FILE_HANDLERS,
    *CATALOGUE_HANDLERS,
    *MEMBER_HANDLERS,
    *ME_HANDLERS,
    *ORDER_HANDLERS,
    place_orders_in_bulk,
    *MESSAGE_HANDLERS,
    *BUYER_HANDLERS,
    *PRICING_HANDLERS,
    *PROMOTION_HANDLERS,
    *COUPON_HANDLERS,
    *POINTS_HANDLERS,
    *STORED_VALUE_HANDLERS,
    *STOCK_HANDLERS,
    *COUNT_HANDLERS,
    *LOT_HANDLERS,
    *SHELF_PLACE_HANDLERS,
    *TRANSFER_HANDLERS,
    *FEED_HANDLERS,
    *QUOTA_HANDLERS,
    *TASK_HANDLERS,
    *LABEL_HANDLERS,
    *PHOTO_HANDLERS,
    *PACKING_HANDLERS,
    *CALL_HANDLERS,
    *EXCHANGE_HANDLERS,
    *RETURN_HANDLERS,
    *RETURN_WAY_HANDLERS,
    *RETURN_PHOTO_HANDLERS,
    *ARRIVAL_HANDLERS,
    *BLIND_RETURN_HANDLERS,
    *WEBHOOK_HANDLERS,
    *TOUCHPOINT_HANDLERS,
    *TOUCH_RULE_HANDLERS,
    *LIVE_HANDLERS,
    *REVIEW_HANDLERS,
    *REVIEWING_HANDLERS,
]

PAGE_HANDLERS: list[ControllerRouterHandler] = [
    show_board,
    tell_board,
    tell_board_map,
    stream_board,
    tell_world,
    *SURGE_PAGES,
    *STOCK_PAGES,
    *STOCK_SHEET_PAGES,
    *STOCK_ROW_PAGES,
    *STOCK_ROW_ACTS,
    *STOCK_BATCH_PAGES,
    *CHANGE_PAGES,
    *RETURN_LIST_PAGES,
    *ORDER_LIST_PAGES,
    *ORDER_ACT_PAGES,
    *FIND_PAGES,
    *MEMBER_PAGES,
    *MEMBERS_SHEET_PAGES,
    *MEMBERS_COUPON_PAGES,
    *ORDER_PAGES,
    sandbox_sealing,
    show_openings,
    *FEED_PAGES,
    *MARKETPLACE_PAGES,
    *QUARANTINE_PAGES,
    *SOURCING_PAGES,
    *PROMISE_PAGES,
    *RIGHTS_PAGES,
    *RETURNS_WHY_PAGES,
    *RETURNED_SHEET_PAGES,
    *RETURNED_PHOTO_PAGES,
    *REVIEWS_PAGES,
    *PROFILE_PAGES,
    *COUNTER_LIMIT_PAGES,
    *MEMBER_VALUE_PAGES,
    *STORED_VALUE_PAGES,
    *SHIFT_PAGES,
    *COUNT_LIST_PAGES,
    *CHANGED_PRICE_PAGES,
    *HOUR_PAGES,
    *FREIGHT_PAGES,
    *OVERRIDE_PAGES,
    *EQUIPMENT_PAGES,
    *PARKED_PAGES,
    *PREORDER_PAGES,
    *PACKING_PAGES,
    *CAPACITY_PAGES,
    *LADDER_PAGES,
    *OWN_MEMBER_PAGES,
    *RULE_PAGES,
    *SUPPLY_PAGES,
    *PROMOTION_PAGES,
    *COUPON_PAGES,
    *POINTS_PAGES,
    *PAYOUT_PAGES,
    *INVOICE_PAGES,
    *NOTICE_PAGES,
    *PAYOUT_ACCOUNT_PAGES,
    *BILL_SOURCE_PAGES,
    *RECONCILIATION_PAGES,
    *CLOSE_PAGES,
    *ENTRY_PAGES,
    *TILL_CASE_PAGES,
    SHOP_PAGES,
    *STORE_PAGES,
    LANDING_PAGES,
    *CODE_PAGES,
    *BROUGHT_PAGES,
    *PRINT_PAGES,
    *ARCHIVE_PAGES,
    *EARNED_PAGES,
    *STATEMENT_PAGES,
    *DISPUTE_PAGES,
]
