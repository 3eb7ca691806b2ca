"""A brand whose buyers reviewed: at the till, online, well and badly, read by whatever reads."""

from datetime import datetime, timedelta

import msgspec

from loopline.db import Conn
from loopline.kernel.ids import ReviewId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Credits
from loopline.processes.place import Placed, place
from loopline.processes.read_reviews import FOLLOWERS
from loopline.processes.review import Holder, WantedReview, write_reviews
from loopline.processes.touch import issue_receipts
from loopline.reviews import About
from tests.make.loop import follow, hand_over_everything, pay_for
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, ask, till_sale
from tests.make.touchpoints import member_of

SAID: tuple[tuple[About, int, str], ...] = (
    (About.PRODUCT, 5, "面料柔软，很暖和，颜色和图片一样，会回购。"),
    (About.PRODUCT, 1, "穿了两天就起球，袖口开线，客服态度也差。"),
    (About.STORE, 4, "导购很耐心，帮我搭了三套。"),
    (About.PRODUCT, 3, "尺码偏大一点，建议拍小一码，价格还算实惠。"),
    (About.STORE, 2, "周末人多，等了半小时才有人招呼，排队太久。"),
    (About.PRODUCT, 5, "Lovely fabric, true to size and well packed. Worth the price!"),
    (About.EXPERIENCE, 4, "扫码下单很方便，自提很快。"),
    (About.PRODUCT, 2, '颜色有色差，=HYPERLINK("http://x") <b>not</b> what I ordered'),
)
SENT = "箱子压扁了，包装也没有封口，等了六天才送到。"


class Reviewed(msgspec.Struct, frozen=True, kw_only=True):
    """The reviews, as they stand in SAID, and the one of a parcel that came crushed."""

    at_till: list[ReviewId]
    of_parcel: ReviewId


def reviewed(conn: Conn, shop: Shop, *, days: int = 0, now: datetime = NOON) -> Reviewed:
    """Let buyers review; the till's sales of SAID, spread over so many days, and a parcel. Read as the log has them."""
    at_till: list[ReviewId] = []
    for number, (about, stars, text) in enumerate(SAID):
        (sale,) = succeeded(place(conn, [till_sale(shop, f"T-{number}")], scope=WHOLE_BRAND, now=now))
        code = issue_receipts(conn, [sale.order_id], now=now)[sale.order_id]
        wanted = WantedReview(
            by=Holder(receipt_code=code),
            about=about,
            stars=stars,
            text=text,
            sku_code=("COAT", "SCARF")[number % 2] if about is About.PRODUCT else None,
        )
        at = now - timedelta(days=days * number // len(SAID))
        at_till += [one.review.id for one in succeeded(write_reviews(conn, [wanted], now=at))]
    member_id = member_of(conn)
    draft = ask(shop, "W-9", member_id=member_id, hold_minutes=0, credits=Credits())
    (placed,) = succeeded(place(conn, [draft], scope=WHOLE_BRAND, now=now))
    assert isinstance(placed, Placed)
    pay_for(conn, shop, placed)
    hand_over_everything(conn, now=now)
    wanted = WantedReview(
        by=Holder(member_id=member_id), order_id=placed.order_id, about=About.EXPERIENCE, stars=1, text=SENT
    )
    (of_parcel,) = succeeded(write_reviews(conn, [wanted], now=now))
    follow(conn, FOLLOWERS[0])
    return Reviewed(at_till=at_till, of_parcel=of_parcel.review.id)
