"""Rivals for coupons: one coupon and many orders, the last coupons of a batch, one member from many phones."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from loopline.db import Conn, Database
from loopline.kernel.ids import MemberId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Draft
from loopline.pricing.coupons import Coupon, CouponState, batches_by_code, coupons_of_batch
from loopline.pricing.coupons.refusals import (
    BatchUsedUp,
    CouponHeld,
    CouponNotYours,
    CouponSpent,
    PersonHasEnough,
)
from loopline.processes.cancel import Cancellation, cancel
from loopline.processes.coupons.giving import claim
from loopline.processes.doctor import FOLLOWS_THE_LOG, examine
from loopline.processes.place import Placed, place
from tests.make.coupons import given, in_force
from tests.make.customers import member, phone, registered
from tests.make.rivals import together
from tests.make.shop import NOON, OPENED, Shop, ask, open_shop

RIVALS = 12


def brand(database: Database, **fields: Any) -> tuple[Shop, list[MemberId]]:
    with database.transaction() as conn:
        shop = open_shop(conn, units=100)
        members = registered(conn, [member(phone(number)) for number in range(RIVALS)])
        in_force(conn, "C", now=OPENED, shared_code="WELCOME", **fields)
    return shop, members


def placing(draft: Draft) -> Callable[[Conn], object]:
    return lambda conn: place(conn, [draft], scope=WHOLE_BRAND, now=NOON)[0]


def claiming(code: str, who: MemberId) -> Callable[[Conn], object]:
    return lambda conn: claim(conn, code, who, now=NOON)


def assert_sound(database: Database) -> None:
    with database.reading() as conn:
        checks = examine(conn).checks
    assert [one for one in checks if not one.ok and one.invariant != FOLLOWS_THE_LOG] == []


def test_one_coupon_is_taken_by_one_order(database: Database):
    shop, _ = brand(database)
    for trial in range(5):
        with database.transaction() as conn:
            (coupon,) = given(conn, "C", None, now=OPENED)
        drafts = [ask(shop, f"W-{trial}-{number}", coupons=(coupon.secret,)) for number in range(RIVALS)]
        outcomes = together(database, [placing(draft) for draft in drafts])
        kinds = Counter(type(one) for one in outcomes)
        assert kinds[Placed] == 1, kinds
        assert kinds[CouponHeld] + kinds[CouponSpent] == RIVALS - 1, kinds
    assert_sound(database)


def test_it_is_given_back_and_taken_again_without_anybody_waiting_in_a_circle(database: Database):
    shop, _ = brand(database)
    with database.transaction() as conn:
        (coupon,) = given(conn, "C", None, now=OPENED)
        (first,) = place(conn, [ask(shop, "W-0", coupons=(coupon.secret,))], scope=WHOLE_BRAND, now=NOON)
        assert isinstance(first, Placed)
    has = first.order_id
    for trial in range(8):
        off = Cancellation(order_id=has)
        drafts = [ask(shop, f"W-{trial}-{number}", coupons=(coupon.secret,)) for number in range(3)]
        later = NOON + timedelta(minutes=trial)
        work: list[Callable[[Conn], object]] = [
            lambda conn, off=off, later=later: cancel(conn, [off], scope=WHOLE_BRAND, now=later)[0],
            *(placing(draft) for draft in drafts),
        ]
        outcomes = together(database, work)[1:]
        placed = [one for one in outcomes if isinstance(one, Placed)]
        assert len(placed) <= 1, outcomes
        if not placed:
            (one,) = together(database, [placing(ask(shop, f"W-{trial}-x", coupons=(coupon.secret,)))])
            assert isinstance(one, Placed), one
            placed = [one]
        has = placed[0].order_id
    assert_sound(database)


def test_no_more_are_claimed_than_there_are(database: Database):
    _, members = brand(database, total=5, per_person=None)
    outcomes = together(database, [claiming("welcome", who) for who in members])
    assert Counter(type(one) for one in outcomes) == {Coupon: 5, BatchUsedUp: RIVALS - 5}
    with database.reading() as conn:
        assert batches_by_code(conn, ["C"])["C"].given == 5
    assert_sound(database)


def test_nobody_claims_more_than_one_may_have(database: Database):
    _, members = brand(database, per_person=2)
    outcomes = together(database, [claiming("WELCOME", members[0])] * RIVALS)
    assert Counter(type(one) for one in outcomes) == {Coupon: 2, PersonHasEnough: RIVALS - 2}
    assert_sound(database)


def test_a_code_is_claimed_by_one_or_used_by_one(database: Database):
    shop, members = brand(database)
    with database.transaction() as conn:
        (coupon,) = given(conn, "C", None, now=OPENED)
    work = [claiming(coupon.secret, who) for who in members[:6]]
    work += [placing(ask(shop, f"W-{number}", coupons=(coupon.secret,))) for number in range(6)]
    outcomes = together(database, work)
    won = [one for one in outcomes if isinstance(one, Coupon | Placed)]
    assert len(won) == 1, outcomes
    with database.reading() as conn:
        (found,) = coupons_of_batch(conn, coupon.batch_id, at_most=10)
    assert (found.member_id is not None) == isinstance(won[0], Coupon)
    assert (found.state is CouponState.FREE) == isinstance(won[0], Coupon)
    assert {type(one) for one in outcomes} <= {Coupon, Placed, CouponHeld, CouponSpent, CouponNotYours}
    assert_sound(database)
