"""Returns at the counter: found by order, receipt or phone, looked at, paid back, put where their state sends them."""

from litestar.types import ControllerRouterHandler

from loopline.web.store.returns.deciding import decide_line
from loopline.web.store.returns.done import show_taken
from loopline.web.store.returns.exchanging import exchange_order
from loopline.web.store.returns.finding import say_returned_fetched, show_returns
from loopline.web.store.returns.photographing import add_returned_photo, show_returned_photo
from loopline.web.store.returns.pictures import show_photo_back
from loopline.web.store.returns.taking import (
    show_order_back,
    take_announced,
    take_order_back,
)
from loopline.web.store.returns.unknown import show_unknown, take_unknown

RETURN_PAGES: list[ControllerRouterHandler] = [
    show_returns,
    say_returned_fetched,
    show_order_back,
    take_order_back,
    exchange_order,
    show_photo_back,
    show_returned_photo,
    add_returned_photo,
    take_announced,
    show_taken,
    show_unknown,
    take_unknown,
    decide_line,
]
