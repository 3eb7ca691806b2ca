"""Photos of what comes back: wanted by rules, kept once, seen by who may, let go after their time."""

from datetime import timedelta
from uuid import UUID

import pytest

from loopline import orders
from loopline.db import Conn
from loopline.kernel.ids import LineId, OrderId, ReturnId, uuid7
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.processes.announce import LineBack, ReturnAsked, announce
from loopline.processes.index import write_down_orders
from loopline.processes.membership import forget
from loopline.processes.photos_back import (
    LineLookedAt,
    PhotoOfNothing,
    keep_photos,
    lines_lacking_photos,
    photo_seen,
)
from loopline.processes.place import Placed, place
from loopline.processes.take_back import TakenBack, take_back
from loopline.returns import photos
from loopline.returns.announcements import Announced
from loopline.returns.model import Grade, Reason
from loopline.returns.photos import (
    KEPT_DAYS,
    PHOTOS_MOST,
    About,
    NewPhoto,
    PhotoDemand,
    PhotoKept,
    PhotoRule,
    PhotoRuleOfNothing,
    TooManyReturnPhotos,
)
from tests.make.customers import member, phone, registered
from tests.make.loop import pay_for, subject_types
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, lines, open_shop, till_sale
from tests.process.test_returned import back

LATER = NOON + timedelta(days=1)


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn)


def sold(conn: Conn, shop: Shop, number: str = "T-1", **fields: object) -> OrderId:
    draft = till_sale(shop, number, site="D", lines=lines(shop, ("COAT", 2), stated=True), **fields)
    (placed,) = succeeded(place(conn, [draft], scope=WHOLE_BRAND, now=NOON))
    assert isinstance(placed, Placed)
    pay_for(conn, shop, placed)
    write_down_orders(conn, [placed.order_id])
    return placed.order_id


def line_of(conn: Conn, order_id: OrderId) -> LineId:
    return orders.lines_by_orders(conn, [order_id])[0].line_id


def photo(
    return_id: ReturnId, order_id: OrderId | None = None, line_id: LineId | None = None, mark: int = 1
) -> NewPhoto:
    return NewPhoto(
        return_id=return_id,
        order_id=order_id,
        line_id=line_id,
        by_customer=False,
        by="person:1",
        media_type="image/webp",
        width=4,
        height=3,
        sent_hash=bytes([mark]) * 32,
        content=b"what it shows",
    )


def kept(conn: Conn, *new: NewPhoto, scope: Scope = WHOLE_BRAND) -> list[PhotoKept]:
    return succeeded(keep_photos(conn, new, scope=scope, now=LATER))


def returned(conn: Conn, shop: Shop, order_id: OrderId | None, number: str = "R-1") -> ReturnId:
    """A coat brought to the brand's store."""
    wanted = back(shop, number, "COAT", 1, Reason.DEFECT, order_id=order_id)
    (taken,) = succeeded(take_back(conn, [wanted], scope=WHOLE_BRAND, now=LATER))
    assert isinstance(taken, TakenBack)
    return taken.return_id


def test_rules_are_by_state_and_by_reason_and_the_strictest_counts(conn: Conn, shop: Shop):
    def wanted(grade: Grade, reason: Reason) -> PhotoDemand:
        return photos.demand_of(photos.photo_rules(conn), grade=grade, reason=reason)

    assert wanted(Grade.AS_NEW, Reason.SIZE) is PhotoDemand.OFF
    assert wanted(Grade.DAMAGED, Reason.SIZE) is PhotoDemand.ASKED  # as delivered
    assert wanted(Grade.AS_NEW, Reason.DEFECT) is PhotoDemand.ASKED
    said = [
        PhotoRule(about=About.GRADE, value="damaged", demand=PhotoDemand.OFF),
        PhotoRule(about=About.REASON, value="damaged", demand=PhotoDemand.ASKED),
        PhotoRule(about=About.GRADE, value="damaged", demand=PhotoDemand.REQUIRED),
        PhotoRule(about=About.REASON, value="defect", demand=PhotoDemand.OFF),
    ]
    outcomes = photos.set_photo_rules(conn, said, by="person:hq", now=NOON)
    assert outcomes == [said[0], PhotoRuleOfNothing(about=About.REASON, value="damaged"), *said[2:]]
    assert wanted(Grade.DAMAGED, Reason.DEFECT) is PhotoDemand.REQUIRED
    assert wanted(Grade.AS_NEW, Reason.DEFECT) is PhotoDemand.OFF


def test_a_line_that_needs_a_photo_lacks_it_until_there_is_one_or_a_reason(conn: Conn, shop: Shop):
    order_id = sold(conn, shop)
    line_id, return_id = line_of(conn, order_id), ReturnId(uuid7(NOON))
    rule = PhotoRule(about=About.GRADE, value="damaged", demand=PhotoDemand.REQUIRED)
    succeeded(photos.set_photo_rules(conn, [rule], by="person:hq", now=NOON))
    fine = LineLookedAt(line_id=line_id, grade=Grade.AS_NEW, reason=Reason.DEFECT)
    damaged = LineLookedAt(line_id=line_id, grade=Grade.DAMAGED, reason=Reason.SIZE)

    def lacking(*looked_at: LineLookedAt, waived: tuple[LineId, ...] = ()) -> set[LineId]:
        return lines_lacking_photos(conn, return_id, looked_at, waived=waived)

    assert (lacking(fine), lacking(damaged)) == (set(), {line_id})
    assert lacking(damaged, waived=(line_id,)) == set()
    kept(conn, photo(return_id, order_id))  # of the return as a whole: of no line
    assert lacking(damaged) == {line_id}
    kept(conn, photo(return_id, order_id, line_id))
    assert lacking(damaged) == set()


def test_the_same_photo_is_kept_once_and_a_return_has_so_many_at_most(conn: Conn, shop: Shop):
    order_id = sold(conn, shop)
    return_id = returned(conn, shop, order_id)
    first, again, other = kept(
        conn, photo(return_id, order_id), photo(return_id, order_id), photo(return_id, order_id, mark=2)
    )
    assert (again.photo_id, again.is_repeat, other.is_repeat) == (first.photo_id, True, False)
    (later,) = kept(conn, photo(return_id, order_id))
    assert (later.photo_id, later.is_repeat) == (first.photo_id, True)
    assert subject_types(conn, return_id).count("return_photo_kept") == 2
    kept(conn, *(photo(return_id, order_id, mark=3 + more) for more in range(PHOTOS_MOST - 2)))
    refused = keep_photos(conn, [photo(return_id, order_id, mark=99)], scope=WHOLE_BRAND, now=LATER)
    assert refused == [TooManyReturnPhotos(most=PHOTOS_MOST)]


def test_photos_are_added_and_seen_within_a_scope(conn: Conn, shop: Shop):
    order_id = sold(conn, shop)
    with_sale, blind = returned(conn, shop, order_id), returned(conn, shop, None, "R-2")
    seller, taker, other = (Scope(sites=frozenset({shop.sites[code]})) for code in ("D", "S", "W"))
    assert keep_photos(conn, [photo(blind)], scope=seller, now=LATER) == [PhotoOfNothing(return_id=blind)]
    (of_sale,) = kept(conn, photo(with_sale, order_id), scope=taker)
    (of_blind,) = kept(conn, photo(blind), scope=taker)

    def sees(scope: Scope) -> tuple[bool, bool]:
        return (
            photo_seen(conn, of_sale.photo_id, scope=scope) is not None,
            photo_seen(conn, of_blind.photo_id, scope=scope) is not None,
        )

    assert [sees(scope) for scope in (WHOLE_BRAND, taker, seller, other)] == [
        (True, True),
        (True, True),
        (True, False),
        (False, False),
    ]


def test_what_photos_show_is_let_go_after_its_time_and_what_became_no_return_sooner(conn: Conn, shop: Shop):
    buyer = registered(conn, [member(phone(7))])[0]
    order_id = sold(conn, shop, member_id=buyer)
    return_id, nothing = returned(conn, shop, order_id), ReturnId(uuid7(NOON))
    asked = ReturnAsked(
        channel="till",
        external_number="A-1",
        order_id=order_id,
        lines=(LineBack(line_id=line_of(conn, order_id), units=1),),
        by_member=buyer,
    )
    (announced,) = announce(conn, [asked], scope=Scope(), now=LATER)
    assert isinstance(announced, Announced)
    mine, theirs, unused = kept(
        conn, photo(return_id, order_id), photo(announced.return_id, order_id), photo(nothing, order_id)
    )
    assert photos.forget_photos(conn, now=LATER + timedelta(hours=24), limit=10) == 0
    assert photos.forget_photos(conn, now=LATER + timedelta(hours=25), limit=10) == 1

    def left() -> list[UUID]:
        found = photos.photos_of_returns(conn, [return_id, announced.return_id, nothing])
        return [one.id for one in found if not one.is_forgotten]

    assert left() == [mine.photo_id, theirs.photo_id]
    assert unused.photo_id not in left()
    over = LATER + timedelta(days=KEPT_DAYS, seconds=1)
    assert photos.forget_photos(conn, now=over, limit=1) == 1
    assert photos.forget_photos(conn, now=over, limit=10) == 1
    assert left() == []
    assert len(photos.photos_of_returns(conn, [return_id])) == 1  # that there was one stays


def test_with_their_customer_photos_are_forgotten(conn: Conn, shop: Shop):
    buyer = registered(conn, [member(phone(7))])[0]
    order_id = sold(conn, shop, member_id=buyer)
    return_id = returned(conn, shop, order_id)
    (mine,) = kept(conn, photo(return_id, order_id))
    succeeded(forget(conn, [buyer], now=LATER, actor="person:hq"))
    assert photo_seen(conn, mine.photo_id, scope=WHOLE_BRAND) is None
