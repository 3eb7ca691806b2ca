"""The pages of stores, in one list."""

from litestar.types import ControllerRouterHandler

from loopline.web.store.buyer import BUYER_PAGES
from loopline.web.store.calls import claim_call
from loopline.web.store.collect import give_parcel, show_collect
from loopline.web.store.count.book import tell_count_book, tell_count_token, tell_seen
from loopline.web.store.count.looks import take_looks
from loopline.web.store.count.page import COUNT_PAGES
from loopline.web.store.count.review import REVIEW_PAGES
from loopline.web.store.customers import CUSTOMER_PAGES
from loopline.web.store.desk import choose_site
from loopline.web.store.heard import HEARD_PAGES
from loopline.web.store.installed import tell_app
from loopline.web.store.kept import KEPT_PAGES
from loopline.web.store.live import LIVE_PAGES
from loopline.web.store.moving.change import GOODS_PAGES
from loopline.web.store.moving.receive import RECEIVE_PAGES
from loopline.web.store.moving.send import SEND_PAGES
from loopline.web.store.photos import PHOTO_PAGES
from loopline.web.store.prices import PRICE_PAGES
from loopline.web.store.reserve import RESERVE_PAGES
from loopline.web.store.returns import RETURN_PAGES
from loopline.web.store.round.commands import ROUND_COMMANDS
from loopline.web.store.round.labels import print_labels, print_round
from loopline.web.store.round.page import ROUND_PAGES
from loopline.web.store.stock import show_stock
from loopline.web.store.task import TASK_PAGES
from loopline.web.store.till.counter import tell_book, tell_token
from loopline.web.store.till.members import find_member
from loopline.web.store.till.page import TILL_PAGES
from loopline.web.store.till.prices import PRICE_COMMANDS
from loopline.web.store.till.quotes import tell_quote
from loopline.web.store.till.sales import hand_case, take_sales
from loopline.web.store.till.shift import SHIFT_PAGES
from loopline.web.store.till.stored_value import take_stored_value
from loopline.web.store.till.top_up import TOP_UP_PAGES
from loopline.web.store.till.wallet import take_wallet
from loopline.web.store.today import show_today, take_more, tell_today
from loopline.web.store.visits import VISIT_PAGES

STORE_PAGES: list[ControllerRouterHandler] = [
    tell_app,
    show_today,
    tell_today,
    take_more,
    choose_site,
    claim_call,
    *HEARD_PAGES,
    *CUSTOMER_PAGES,
    *TASK_PAGES,
    *KEPT_PAGES,
    *VISIT_PAGES,
    *BUYER_PAGES,
    *PHOTO_PAGES,
    *ROUND_PAGES,
    *ROUND_COMMANDS,
    print_labels,
    print_round,
    show_collect,
    give_parcel,
    *RETURN_PAGES,
    show_stock,
    *RESERVE_PAGES,
    *COUNT_PAGES,
    tell_count_token,
    tell_count_book,
    tell_seen,
    take_looks,
    *REVIEW_PAGES,
    *RECEIVE_PAGES,
    *SEND_PAGES,
    *GOODS_PAGES,
    *TILL_PAGES,
    tell_token,
    tell_book,
    tell_quote,
    find_member,
    take_sales,
    take_wallet,
    take_stored_value,
    *TOP_UP_PAGES,
    hand_case,
    *SHIFT_PAGES,
    *PRICE_COMMANDS,
    *PRICE_PAGES,
    *LIVE_PAGES,
]
