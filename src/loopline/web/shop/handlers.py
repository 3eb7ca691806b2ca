"""All of the shop's pages, with what each of them may ask for."""

from litestar import Router
from litestar.di import Provide

from loopline.web.shop.checkout import place_order, show_checkout
from loopline.web.shop.coupons import COUPON_SHOP_PAGES
from loopline.web.shop.entrance import ask_for_code, show_sign_in, sign_in_with_code, sign_member_out
from loopline.web.shop.frame import on_not_signed_in
from loopline.web.shop.invoice import show_invoice, wish_invoice
from loopline.web.shop.me import (
    add_address,
    choose_address,
    drop_address,
    forget_me,
    say_consent,
    show_me,
    show_orders,
    take_data,
)
from loopline.web.shop.my_code import show_code, show_code_now
from loopline.web.shop.order import (
    cancel_order_page,
    pay_order,
    say_where,
    show_order,
    show_order_now,
)
from loopline.web.shop.order_hour import choose_hour
from loopline.web.shop.pictures import show_picture
from loopline.web.shop.places import show_guide, show_live, show_store
from loopline.web.shop.points import POINTS_SHOP_PAGES
from loopline.web.shop.product import show_front, show_product
from loopline.web.shop.receipt import show_receipt
from loopline.web.shop.returning import (
    exchange_goods,
    keep_goods,
    let_goods_arrive,
    return_goods,
    say_goods_sent,
    show_own_returned_photo,
)
from loopline.web.shop.reviewing import REVIEWING_PAGES
from loopline.web.shop.shopper import NotSignedInAsMember, member_or_sign_in, shopper_or_none
from loopline.web.shop.stored_value import STORED_VALUE_SHOP_PAGES

SHOP_PAGES = Router(
    path="/",
    route_handlers=[
        show_front,
        show_picture,
        show_product,
        show_checkout,
        place_order,
        show_sign_in,
        ask_for_code,
        sign_in_with_code,
        sign_member_out,
        show_store,
        show_guide,
        show_live,
        show_receipt,
        show_order,
        show_order_now,
        pay_order,
        say_where,
        cancel_order_page,
        choose_hour,
        exchange_goods,
        return_goods,
        keep_goods,
        let_goods_arrive,
        show_own_returned_photo,
        say_goods_sent,
        *REVIEWING_PAGES,
        show_invoice,
        wish_invoice,
        show_orders,
        *COUPON_SHOP_PAGES,
        *POINTS_SHOP_PAGES,
        *STORED_VALUE_SHOP_PAGES,
        show_me,
        show_code,
        show_code_now,
        add_address,
        choose_address,
        drop_address,
        say_consent,
        take_data,
        forget_me,
    ],
    dependencies={
        "shopper": Provide(shopper_or_none, sync_to_thread=True),
        "member": Provide(member_or_sign_in, sync_to_thread=True),
    },
    exception_handlers={NotSignedInAsMember: on_not_signed_in},
)
