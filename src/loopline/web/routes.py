"""Everything that is served, one line per resource or page: the API under /api/v1, and the pages."""

from litestar.types import ControllerRouterHandler

from loopline.web.api.catalogue import CATALOGUE_HANDLERS
from loopline.web.api.orders import ORDER_HANDLERS
from loopline.web.api.payments import PAYMENT_HANDLERS
from loopline.web.api.pricing import PRICING_HANDLERS
from loopline.web.api.stock import STOCK_HANDLERS
from loopline.web.api.webhooks import WEBHOOK_HANDLERS
from loopline.web.earned import EARNED_PAGES
from loopline.web.hq.board import show_board, stream_board, tell_board
from loopline.web.shop.handlers import SHOP_PAGES
from loopline.web.store.routes import STORE_PAGES

API_HANDLERS: list[ControllerRouterHandler] = [
    *PAYMENT_HANDLERS,
    *CATALOGUE_HANDLERS,
    *ORDER_HANDLERS,
    *PRICING_HANDLERS,
    *STOCK_HANDLERS,
    *WEBHOOK_HANDLERS,
]

PAGE_HANDLERS: list[ControllerRouterHandler] = [
    show_board,
    tell_board,
    stream_board,
    SHOP_PAGES,
    *STORE_PAGES,
    *EARNED_PAGES,
]
