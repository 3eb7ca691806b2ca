"""Pictures of reviews: kept with them and once, by buyers alone, few, and gone with whoever is forgotten."""

from loopline import reviews
from loopline.db import Conn
from loopline.kernel.pictures import Picture
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.membership import forget
from loopline.processes.place import place
from loopline.processes.review import Holder, WantedReview, write_reviews
from loopline.processes.touch import issue_receipts
from loopline.reviews import (
    PICTURES_MAX,
    About,
    AlreadyReviewed,
    NoPurchaseOfYours,
    Reviewed,
    TooManyPictures,
)
from tests.make.org import succeeded
from tests.make.shop import NOON, open_shop, till_sale
from tests.make.touchpoints import member_of


def picture(number: int) -> Picture:
    content = bytes([number])
    return Picture(
        content=content * 9,
        media_type="image/webp",
        width=4,
        height=3,
        sent_hash=content * 32,
        small=content,
    )


def pictures(*numbers: int) -> tuple[Picture, ...]:
    return tuple(picture(one) for one in numbers)


def shows(conn: Conn, outcome: object, *, is_small: bool = False) -> list[bytes]:
    assert isinstance(outcome, Reviewed), outcome
    found = reviews.pictures_of_reviews(conn, [outcome.review.id]).get(outcome.review.id, [])
    contents = [reviews.picture_content(conn, one, is_small=is_small) for one in found]
    return [one.content for one in contents if one is not None]


def wanted(receipt: str, *numbers: int, code: str = "COAT", text: str = "很暖和") -> WantedReview:
    return WantedReview(
        by=Holder(receipt_code=receipt),
        about=About.PRODUCT,
        stars=5,
        text=text,
        sku_code=code,
        pictures=pictures(*numbers),
    )


def test_pictures_are_kept_with_what_they_belong_to_in_their_order_and_once(conn: Conn):
    shop = open_shop(conn)
    sales = succeeded(
        place(conn, [till_sale(shop, "T-1"), till_sale(shop, "T-2")], scope=WHOLE_BRAND, now=NOON)
    )
    receipts = issue_receipts(conn, [one.order_id for one in sales], now=NOON)
    mine, yours = (receipts[one.order_id] for one in sales)
    asked = [wanted(mine, 3, 1), wanted(mine, code="SCARF"), wanted(yours, 7), wanted("0" * 16, 8)]
    coat, scarf, other, nobody = write_reviews(conn, asked, now=NOON)
    assert [shows(conn, one, is_small=True) for one in (coat, scarf, other)] == [[b"\3", b"\1"], [], [b"\7"]]
    assert shows(conn, other) == [b"\7" * 9]
    assert not isinstance(nobody, Reviewed)
    # The same again, and one more: what is there already is kept once.
    (again,) = write_reviews(conn, [wanted(mine, 1, 3, 2, 2)], now=NOON)
    assert isinstance(again, Reviewed)
    assert again.is_repeat
    assert shows(conn, again, is_small=True) == [b"\3", b"\1", b"\2"]
    # Whoever says something else is not the one whose review stands, and adds nothing to it.
    (rival,) = write_reviews(conn, [wanted(mine, 4, text="不暖和")], now=NOON)
    assert isinstance(rival, AlreadyReviewed)
    assert shows(conn, again, is_small=True) == [b"\3", b"\1", b"\2"]


def test_too_many_are_refused_with_the_review_and_so_is_what_would_make_them_too_many(conn: Conn):
    shop = open_shop(conn)
    (sale,) = succeeded(place(conn, [till_sale(shop, "T-1")], scope=WHOLE_BRAND, now=NOON))
    receipt = issue_receipts(conn, [sale.order_id], now=NOON)[sale.order_id]
    refusal = TooManyPictures(pictures_max=PICTURES_MAX)
    assert write_reviews(conn, [wanted(receipt, 1, 2, 3, 4, 5)], now=NOON) == [refusal]
    assert reviews.reviews_of_orders(conn, [sale.order_id]) == {}
    (said,) = write_reviews(conn, [wanted(receipt, 1, 2, 3)], now=NOON)
    assert write_reviews(conn, [wanted(receipt, 3, 4, 5)], now=NOON) == [refusal]
    assert shows(conn, said, is_small=True) == [b"\1", b"\2", b"\3"]


def test_what_pictures_show_is_forgotten_with_the_buyer_and_nobody_elses(conn: Conn):
    shop = open_shop(conn)
    anna, boris = member_of(conn, 1), member_of(conn, 2)
    sales = succeeded(
        place(
            conn,
            [
                till_sale(shop, "T-1", member_id=anna),
                till_sale(shop, "T-2", member_id=boris),
                till_sale(shop, "T-3"),
            ],
            scope=WHOLE_BRAND,
            now=NOON,
        )
    )
    receipts = issue_receipts(conn, [one.order_id for one in sales], now=NOON)
    hers, his, nobodys = (receipts[one.order_id] for one in sales)

    def by(member: object, receipt: str, number: int) -> WantedReview:
        return WantedReview(
            by=Holder(member_id=anna if member == anna else None, receipt_code=receipt),
            about=About.STORE,
            stars=4,
            text="不错",
            pictures=pictures(number),
        )

    asked = [wanted(hers, 1), wanted(his, 2), by(anna, nobodys, 3), by(None, hers, 4)]
    said = [one for one in write_reviews(conn, asked, now=NOON) if isinstance(one, Reviewed)]
    assert [len(shows(conn, one)) for one in said] == [1, 1, 1, 1]
    succeeded(forget(conn, [anna], now=NOON, actor="tests"))
    # Of her order, by whoever held its receipt; and what she said herself of another.
    assert [len(shows(conn, one)) for one in said] == [0, 1, 0, 0]
    left = conn.execute("select count(*) from reviews.picture where content is not null or small is not null")
    assert left.fetchone() == (1,)


def test_who_has_no_such_purchase_leaves_no_picture(conn: Conn):
    shop = open_shop(conn)
    stranger = member_of(conn, 5)
    (sale,) = succeeded(place(conn, [till_sale(shop, "T-1")], scope=WHOLE_BRAND, now=NOON))
    asked = WantedReview(
        by=Holder(member_id=stranger),
        about=About.STORE,
        stars=1,
        text="?",
        order_id=sale.order_id,
        pictures=pictures(1),
    )
    assert write_reviews(conn, [asked], now=NOON) == [NoPurchaseOfYours()]
    assert conn.execute("select count(*) from reviews.picture").fetchone() == (0,)
