"""Doctor on reviews: each check finds the damage it is for, and its repair mends it."""

from typing import LiteralString

import pytest

from loopline.db import Check, Conn, Database
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.place import place
from loopline.processes.review import CHECKS as BETWEEN
from loopline.processes.review import Holder, WantedReview, moderate, reply, write_reviews
from loopline.processes.touch import issue_receipts
from loopline.reviews import CHECKS, About, NewDecision, NewReply
from tests.make.damage import as_owner, findings, plant, repaired
from tests.make.org import succeeded
from tests.make.shop import NOON, open_shop, till_sale
from tests.make.touchpoints import member_of

ALL: tuple[Check, ...] = (*CHECKS, *BETWEEN)


def reviewed(conn: Conn) -> None:
    """A sale reviewed by its member (answered) and by its receipt (hidden)."""
    shop = open_shop(conn)
    member_id = member_of(conn)
    (sale,) = succeeded(
        place(conn, [till_sale(shop, "T-1", member_id=member_id)], scope=WHOLE_BRAND, now=NOON)
    )
    receipt = issue_receipts(conn, [sale.order_id], now=NOON)[sale.order_id]
    wanted = [
        WantedReview(
            by=Holder(member_id=member_id),
            order_id=sale.order_id,
            about=About.PRODUCT,
            sku_code="COAT",
            stars=5,
            text="很暖和",
        ),
        WantedReview(by=Holder(receipt_code=receipt), about=About.STORE, stars=1, text="Rude"),
    ]
    product, store = (one.review for one in succeeded(write_reviews(conn, wanted, now=NOON)))
    answer = NewReply(review_id=product.id, text="谢谢")
    succeeded(reply(conn, [answer], scope=WHOLE_BRAND, now=NOON, actor="person:1"))
    hide = NewDecision(review_id=store.id, is_hidden=True, reason="insult")
    succeeded(moderate(conn, [hide], scope=WHOLE_BRAND, now=NOON, actor="person:1"))


def test_sound_reviews_break_no_promise(conn: Conn):
    reviewed(conn)
    assert findings(conn, ALL) == {}


@pytest.mark.parametrize(
    ("check", "damage", "mends"),
    [
        ("tallies_equal_reviews", "update reviews.tally set fives = fives + 1 where about = 'product'", True),
        ("tallies_equal_reviews", "delete from reviews.tally where about = 'product'", True),
        ("tallies_equal_reviews", "update reviews.tally set ones = 1 where about = 'store'", True),
        ("reviews_show_their_latest", "update reviews.review set text = 'bad' where about = 'product'", True),
        ("reviews_show_their_latest", "update reviews.review set reply = 'no' where about = 'product'", True),
        (
            "reviews_show_their_latest",
            "update reviews.review set reply = null, replied_at = null where about = 'product'",
            True,
        ),
        ("reviews_show_their_latest", "delete from reviews.version", False),
        ("reviews_are_of_buyers", "update reviews.review set member_id = id where about = 'product'", False),
        ("reviews_are_of_buyers", "update reviews.review set order_id = id where about = 'store'", False),
        ("reviews_are_of_buyers", "update reviews.review set line_id = id where about = 'product'", False),
    ],
)
def test_damage_is_found(database: Database, check: str, damage: LiteralString, mends: bool):
    with database.transaction() as conn:
        reviewed(conn)
    with as_owner(database) as owner:
        plant(owner, damage)
        found = findings(owner, ALL)
        assert list(found) == [check]
        if mends:
            for finding in found[check]:
                repaired(owner, finding)
            assert findings(owner, ALL) == {}


def test_a_review_shown_again_behind_the_books_is_found_by_both(database: Database):
    with database.transaction() as conn:
        reviewed(conn)
    with as_owner(database) as owner:
        plant(owner, "update reviews.review set hidden_at = null, hidden_reason = null where about = 'store'")
        found = findings(owner, ALL)
        assert set(found) == {"tallies_equal_reviews", "reviews_show_their_latest"}
        repaired(owner, found["reviews_show_their_latest"][0])
        assert findings(owner, ALL) == {}
