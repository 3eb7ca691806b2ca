"""Reviews through the corridor: by buyers only, once per line, changed, answered, hidden, marked as come back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from loopline import reviews
from loopline.customers import timeline
from loopline.db import Conn, Database
from loopline.kernel.ids import LineId, MemberId, OrderId, ReviewId, uuid7
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, NotInYourBranch, Scope
from loopline.orders import lines_by_orders
from loopline.processes.place import Placed, place
from loopline.processes.review import (
    FOLLOWERS,
    Holder,
    WantedChange,
    WantedReview,
    change_reviews,
    moderate,
    reply,
    write_reviews,
)
from loopline.processes.take_back import take_back
from loopline.processes.touch import issue_receipts
from loopline.returns.model import NewReturn, NewReturnLine, Reason, ReturnKind
from loopline.reviews import About, AlreadyReviewed, NewDecision, NewReply, Review, Reviewed
from tests.make.loop import follow, hand_over_everything, pay_for, subject_types
from tests.make.org import succeeded
from tests.make.rivals import together
from tests.make.shop import NOON, Shop, ask, open_shop, till_sale
from tests.make.touchpoints import member_of

DAY = timedelta(days=1)


def till(conn: Conn, shop: Shop, number: str = "T-1", **fields: Any) -> tuple[OrderId, str]:
    """A till sale of a coat and two scarves, with its receipt."""
    (sale,) = succeeded(place(conn, [till_sale(shop, number, **fields)], scope=WHOLE_BRAND, now=NOON))
    return sale.order_id, issue_receipts(conn, [sale.order_id], now=NOON)[sale.order_id]


def line_of(conn: Conn, order_id: OrderId, code: str = "COAT") -> LineId:
    return next(line.line_id for line in lines_by_orders(conn, [order_id]) if line.code == code)


def of_coat(receipt: str, **fields: Any) -> WantedReview:
    stated: dict[str, Any] = {
        "by": Holder(receipt_code=receipt),
        "about": About.PRODUCT,
        "stars": 5,
        "text": "很暖和",
        "sku_code": "COAT",
    }
    return WantedReview(**(stated | fields))


def written(conn: Conn, *wanted: WantedReview) -> list[Review]:
    return [one.review for one in succeeded(write_reviews(conn, wanted, now=NOON))]


def code(outcome: object) -> str:
    assert isinstance(outcome, Refusal), outcome
    return outcome.code


def stars_of(conn: Conn, review: Review) -> tuple[int, int | None]:
    assert review.tally_of is not None
    about, subject = review.tally_of
    tally = reviews.tallies(conn, about, [subject]).get(subject)
    return (tally.reviews, tally.average_hundredths) if tally else (0, None)


def test_whoever_holds_the_receipt_reviews_each_line_the_store_and_the_experience(conn: Conn):
    shop = open_shop(conn)
    order_id, receipt = till(conn, shop)
    coat, scarf, store, experience = written(
        conn,
        of_coat(receipt),
        of_coat(receipt, line_id=line_of(conn, order_id, "SCARF"), sku_code=None, stars=3, text="Thin"),
        of_coat(receipt, about=About.STORE, sku_code=None, stars=4, text="Friendly"),
        of_coat(receipt, about=About.EXPERIENCE, sku_code=None, stars=4, text="Quick"),
    )
    assert (coat.language, scarf.language, store.site_id) == ("zh", "en", shop.sites["S"])
    assert [stars_of(conn, one) for one in (coat, scarf, store, experience)] == [
        (1, 500),
        (1, 300),
        (1, 400),
        (1, 400),
    ]
    assert subject_types(conn, coat.id) == ["review_written"]
    assert coat.product_id is not None
    assert [one.id for one in reviews.reviews_of_product(conn, coat.product_id)] == [coat.id]
    assert [one.id for one in reviews.reviews_of_site(conn, shop.sites["S"])] == [
        experience.id,
        store.id,
        scarf.id,
        coat.id,
    ]


def test_a_member_reviews_what_was_handed_over_and_not_before(conn: Conn):
    shop = open_shop(conn)
    member_id = member_of(conn)
    (placed,) = succeeded(
        place(conn, [ask(shop, "W-1", member_id=member_id, hold_minutes=0)], scope=WHOLE_BRAND, now=NOON)
    )
    wanted = [
        WantedReview(
            by=Holder(member_id=member_id),
            order_id=placed.order_id,
            about=about,
            stars=5,
            text="Good",
            line_id=line_of(conn, placed.order_id) if about is About.PRODUCT else None,
        )
        for about in About
    ]
    assert [code(one) for one in write_reviews(conn, wanted, now=NOON)] == ["not_handed_over_yet"] * 3
    assert isinstance(placed, Placed)
    pay_for(conn, shop, placed)
    hand_over_everything(conn, now=NOON)
    product, store, experience = written(conn, *wanted)
    # The site that sent the goods served this purchase.
    assert product.site_id == store.site_id == experience.site_id == shop.sites["S"]
    follow(conn, FOLLOWERS[0])
    assert [one.kind for one in timeline(conn, member_id, before=NOON + DAY, limit=9)] == [
        "review_written"
    ] * 3


def test_nobody_else_reviews_and_nothing_is_left_of_trying(conn: Conn):
    shop = open_shop(conn)
    member_id, stranger = member_of(conn, 1), member_of(conn, 2)
    order_id, receipt = till(conn, shop, member_id=member_id)
    _, other_receipt = till(conn, shop, "T-2")
    tries = [
        of_coat(receipt, by=Holder(member_id=stranger), order_id=order_id),
        of_coat(receipt, by=Holder(), order_id=order_id),
        of_coat(receipt, by=Holder(receipt_code=other_receipt), order_id=order_id),
        of_coat("0" * 16),
        of_coat(receipt.lower() + "0"),
        of_coat(receipt, by=Holder(member_id=stranger), order_id=OrderId(uuid7(NOON))),
        of_coat(receipt, by=Holder(member_id=member_id)),
        of_coat(receipt, sku_code="HAT"),
        of_coat(receipt, stars=0),
        of_coat(receipt, text="\x00"),
    ]
    outcomes = write_reviews(conn, tries, now=NOON)
    assert [code(one) for one in outcomes] == [
        "no_purchase_of_yours",
        "no_purchase_of_yours",
        "no_purchase_of_yours",
        "receipt_unknown",
        "receipt_unknown",
        "no_purchase_of_yours",
        "no_purchase_of_yours",
        "line_not_of_purchase",
        "stars_out_of_range",
        "review_text_not_usable",
    ]
    assert reviews.reviews_of_orders(conn, [order_id]) == {}
    assert conn.execute("select count(*) from reviews.tally").fetchone() == (0,)
    assert conn.execute("select count(*) from log.event where type like 'review%'").fetchone() == (0,)


def test_the_same_twice_is_one_and_another_is_refused(conn: Conn):
    shop = open_shop(conn)
    _, receipt = till(conn, shop)
    outcomes = write_reviews(conn, [of_coat(receipt), of_coat(receipt), of_coat(receipt, stars=1)], now=NOON)
    first = outcomes[0]
    assert isinstance(first, Reviewed)
    assert outcomes[1] == Reviewed(review=first.review, is_repeat=True)
    assert outcomes[2] == AlreadyReviewed(review_id=first.review.id)
    (again,) = succeeded(write_reviews(conn, [of_coat(receipt)], now=NOON + DAY))
    assert again == Reviewed(review=first.review, is_repeat=True)
    assert stars_of(conn, first.review) == (1, 500)
    assert subject_types(conn, first.review.id) == ["review_written"]


def test_a_review_may_be_changed_for_thirty_days_and_what_it_said_is_kept(conn: Conn):
    shop = open_shop(conn)
    _, receipt = till(conn, shop)
    (review,) = written(conn, of_coat(receipt))
    holder = Holder(receipt_code=receipt)

    def change(stars: int, text: str, by: Holder = holder) -> WantedChange:
        return WantedChange(by=by, review_id=review.id, stars=stars, text=text)

    at = NOON + 30 * DAY - timedelta(seconds=1)
    (two,) = succeeded(change_reviews(conn, [change(2, "It lost a button")], now=at))
    assert (two.review.version, two.review.stars, two.review.language, two.is_repeat) == (2, 2, "en", False)
    (same,) = succeeded(change_reviews(conn, [change(2, "It lost a button")], now=at))
    assert same.is_repeat
    stranger = Holder(member_id=MemberId(uuid7(NOON)))
    refused = [
        *change_reviews(
            conn, [change(1, "No", by=stranger), change(1, "No", by=Holder(receipt_code="X"))], now=at
        ),
        *change_reviews(conn, [change(1, "No")], now=NOON + 30 * DAY),
    ]
    assert [code(one) for one in refused] == ["review_unknown", "review_unknown", "review_too_old_to_change"]
    assert [(one.version, one.stars, one.text) for one in reviews.versions_of_review(conn, review.id)] == [
        (1, 5, "很暖和"),
        (2, 2, "It lost a button"),
    ]
    assert stars_of(conn, review) == (1, 200)
    assert subject_types(conn, review.id) == ["review_written", "review_changed"]


def test_two_changes_at_once_are_both_kept_in_their_order(conn: Conn):
    shop = open_shop(conn)
    _, receipt = till(conn, shop)
    (review,) = written(conn, of_coat(receipt))
    holder = Holder(receipt_code=receipt)
    changes = [WantedChange(by=holder, review_id=review.id, stars=stars, text="Hm") for stars in (3, 1)]
    assert [one.review.version for one in succeeded(change_reviews(conn, changes, now=NOON))] == [2, 3]
    assert reviews.reviews_by_id(conn, [review.id])[review.id].stars == 1
    assert stars_of(conn, review) == (1, 100)


def test_a_store_answers_its_own_reviews_and_nobody_elses(conn: Conn):
    shop = open_shop(conn)
    _, mine = till(conn, shop)
    _, theirs = till(conn, shop, "T-2", site="D")
    own, other = written(conn, of_coat(mine), of_coat(theirs))
    store = Scope(sites=frozenset({shop.sites["S"]}))
    answers = [
        NewReply(review_id=own.id, text="谢谢"),
        NewReply(review_id=own.id, text="谢谢"),
        NewReply(review_id=other.id, text="谢谢"),
        NewReply(review_id=own.id, text=" "),
        NewReply(review_id=ReviewId(uuid7(NOON)), text="?"),
    ]
    outcomes = reply(conn, answers, scope=store, now=NOON, actor="person:1")
    assert [one.is_repeat if isinstance(one, Reviewed) else None for one in outcomes] == [
        *(False, True),
        *(None, None, None),
    ]
    assert outcomes[2] == NotInYourBranch(subject=str(other.id))
    found = reviews.reviews_by_id(conn, [own.id, other.id])
    assert [found[one.id].reply for one in (own, other)] == ["谢谢", None]
    assert conn.execute("select count(*) from reviews.reply").fetchone() == (1,)


def test_hq_hides_with_a_reason_and_shows_again_and_a_store_does_not(conn: Conn):
    shop = open_shop(conn)
    _, receipt = till(conn, shop)
    (review,) = written(conn, of_coat(receipt, stars=1))
    hide = NewDecision(review_id=review.id, is_hidden=True, reason="insults a person")
    store = Scope(sites=frozenset({shop.sites["S"]}))
    assert moderate(conn, [hide], scope=store, now=NOON, actor="person:1") == [
        NotInYourBranch(subject=str(review.id))
    ]
    assert stars_of(conn, review) == (1, 100)
    outcomes = moderate(conn, [hide, hide], scope=WHOLE_BRAND, now=NOON, actor="person:2")
    assert [one.is_repeat for one in succeeded(outcomes)] == [False, True]
    assert review.product_id is not None
    assert (stars_of(conn, review), reviews.reviews_of_product(conn, review.product_id)) == ((0, None), [])
    # Changed while hidden, it counts as it then is when it is shown again.
    change = WantedChange(by=Holder(receipt_code=receipt), review_id=review.id, stars=4, text="Sorry")
    succeeded(change_reviews(conn, [change], now=NOON))
    assert stars_of(conn, review) == (0, None)
    show = NewDecision(review_id=review.id, is_hidden=False, reason="mended")
    succeeded(moderate(conn, [show], scope=WHOLE_BRAND, now=NOON, actor="person:2"))
    assert stars_of(conn, review) == (1, 400)
    no_reason = NewDecision(review_id=review.id, is_hidden=True, reason="")
    assert (
        code(moderate(conn, [no_reason], scope=WHOLE_BRAND, now=NOON, actor="x")[0])
        == "review_text_not_usable"
    )
    rows = conn.execute("select is_hidden, reason, actor from reviews.decision order by id").fetchall()
    assert rows == [(True, "insults a person", "person:2"), (False, "mended", "person:2")]


@pytest.mark.parametrize(("units", "marked"), [(1, False), (2, True)])
def test_a_line_that_came_back_whole_keeps_its_review_marked(conn: Conn, units: int, marked: bool):
    shop = open_shop(conn)
    order_id, receipt = till(conn, shop)
    (review,) = written(conn, of_coat(receipt, sku_code="SCARF", stars=2))
    back = NewReturn(
        channel="till",
        external_number="R-1",
        kind=ReturnKind.FACT,
        site_id=shop.sites["S"],
        currency="CNY",
        at=NOON,
        order_id=order_id,
        lines=(
            NewReturnLine(
                code="SCARF",
                sku_id=shop.skus["SCARF"],
                units=units,
                stated_unit_minor=2_260,
                reason=Reason.UNWANTED,
            ),
        ),
    )
    succeeded(take_back(conn, [back], scope=WHOLE_BRAND, now=NOON))
    follow(conn, FOLLOWERS[1])
    stands = reviews.reviews_by_id(conn, [review.id])[review.id]
    assert (stands.returned_at is not None, stands.stars) == (marked, 2)
    assert stars_of(conn, review) == (1, 200)


def test_of_rivals_for_one_line_one_writes_and_the_others_find_it(database: Database):
    with database.transaction() as conn:
        shop = open_shop(conn)
        _, receipt = till(conn, shop)

    def rival(stars: int) -> Callable[[Conn], Reviewed | Refusal]:
        def work(conn: Conn) -> Reviewed | Refusal:
            return write_reviews(conn, [of_coat(receipt, stars=stars)], now=NOON)[0]

        return work

    outcomes = together(database, [rival(stars) for stars in (1, 2, 3, 4, 5, 5, 5, 5)])
    new = [one for one in outcomes if isinstance(one, Reviewed) and not one.is_repeat]
    assert len(new) == 1
    for one in outcomes:
        if isinstance(one, Reviewed):
            assert (one.review.id, one.review.stars) == (new[0].review.id, new[0].review.stars)
        else:
            assert one == AlreadyReviewed(review_id=new[0].review.id)
    with database.reading() as conn:
        assert conn.execute("select count(*) from reviews.version").fetchone() == (1,)
        assert stars_of(conn, new[0].review) == (1, 100 * new[0].review.stars)
