"""Reviews are read as the log says they were written, told to their sites once, listed, counted, read again."""

from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

import pytest
from psycopg.errors import LockNotAvailable

from loopline import org, reviews
from loopline.db import Conn, Database
from loopline.kernel.ids import OrderId, ReviewId, SiteId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, NotInYourBranch, Scope
from loopline.processes.place import Placed, place
from loopline.processes.read_reviews import FOLLOWERS, read_what_stands
from loopline.processes.review import (
    Holder,
    WantedChange,
    WantedReview,
    change_reviews,
    moderate,
    reply,
    write_reviews,
)
from loopline.processes.touch import issue_receipts
from loopline.processes.weigh import weigh
from loopline.reviews import (
    About,
    By,
    FiguresAsk,
    Mood,
    NewDecision,
    NewReply,
    Review,
    ReviewList,
    ReviewPlace,
    ReviewSearch,
    Theme,
)
from loopline.reviews.mood.learning import Learnt, learn, without_repeats
from loopline.sourcing.profiles import ProfileInForce
from loopline.sourcing.settings import Settings, Weights
from tests.make.loop import follow, hand_over_everything, pay_for
from tests.make.moods import made_up
from tests.make.org import succeeded
from tests.make.reviewed import reviewed
from tests.make.shop import NOON, Shop, ask, open_shop, till_sale
from tests.make.touchpoints import member_of

READ = FOLLOWERS[0]
DAY = timedelta(days=1)
PERIOD = FiguresAsk(since=NOON - DAY, until=NOON + DAY)


@lru_cache(maxsize=1)
def taught() -> Learnt:
    return learn(without_repeats(made_up(1_200)))


def receipt_of(conn: Conn, shop: Shop, number: str) -> str:
    (sale,) = succeeded(place(conn, [till_sale(shop, number)], scope=WHOLE_BRAND, now=NOON))
    return issue_receipts(conn, [sale.order_id], now=NOON)[sale.order_id]


def said(conn: Conn, shop: Shop, number: str, stars: int, text: str, about: About = About.PRODUCT) -> Review:
    """A review by whoever holds a till's receipt."""
    wanted = WantedReview(
        by=Holder(receipt_code=receipt_of(conn, shop, number)),
        about=about,
        stars=stars,
        text=text,
        sku_code="COAT" if about is About.PRODUCT else None,
    )
    (written,) = succeeded(write_reviews(conn, [wanted], now=NOON))
    return written.review


def publish(conn: Conn) -> int:
    version = reviews.keep_model(conn, taught(), by="console:test", now=NOON)
    assert reviews.publish_model(conn, version, comment="first", by="person:1", now=NOON) == version
    return version


def listed(conn: Conn, **search: object) -> list[ReviewId]:
    asked = ReviewSearch(**search)  # pyright: ignore[reportArgumentType]
    return [one.id for one in reviews.find_reviews(conn, asked, scope=WHOLE_BRAND)]


def test_without_a_model_stars_alone_speak_and_the_store_is_told_once(conn: Conn):
    shop = open_shop(conn)
    good = said(conn, shop, "T-1", 5, "面料很好，包装精致")
    bad = said(conn, shop, "T-2", 1, "掉色，店员态度差")
    follow(conn, READ)
    found = reviews.found_reviews(conn, [good.id, bad.id], scope=WHOLE_BRAND)
    assert (found[good.id].mood, found[good.id].good_permille) == (Mood.GOOD, None)
    assert found[good.id].themes == [("packing", Mood.GOOD), ("quality", Mood.GOOD)]
    assert (found[bad.id].mood, found[bad.id].is_bad) == (Mood.BAD, True)
    assert found[bad.id].themes == [("quality", Mood.BAD), ("staff", Mood.BAD)]
    store = shop.sites["S"]
    (alert,) = reviews.open_alerts(conn, [store])
    assert (alert.review_id, alert.site_id, alert.raised_at) == (bad.id, store, NOON)
    follow(conn, READ)  # the same events again tell nobody again
    assert reviews.open_alerts(conn, [store]) == [alert]
    assert reviews.open_alerts(conn, [shop.sites["W"]]) == []


def test_an_answer_ends_what_the_store_was_told_and_may_be_taken_back(conn: Conn):
    shop = open_shop(conn)
    bad = said(conn, shop, "T-1", 1, "掉色")
    follow(conn, READ)
    store = Scope(sites=frozenset({shop.sites["S"]}))
    (answered,) = succeeded(
        reply(conn, [NewReply(review_id=bad.id, text="抱歉")], scope=store, now=NOON, actor="person:7")
    )
    assert answered.review.reply == "抱歉"
    assert reviews.open_alerts(conn, store.sites) == []
    alert = reviews.alerts_of_reviews(conn, [bad.id])[bad.id]
    assert (alert.ended_as, alert.ended_by) == ("answered", "person:7")
    assert listed(conn) == []
    (again,) = succeeded(
        reply(conn, [NewReply(review_id=bad.id, text=None)], scope=store, now=NOON + DAY, actor="person:7")
    )
    assert (again.review.reply, again.review.replied_at) == (None, None)
    assert listed(conn) == [bad.id]
    assert reviews.open_alerts(conn, store.sites) == []
    assert [
        (one.kind, one.actor, one.stars, one.text) for one in reviews.history_of_review(conn, bad.id)
    ] == [
        ("version", None, 1, "掉色"),
        ("reply", "person:7", None, "抱歉"),
        ("reply", "person:7", None, None),
    ]


def test_one_that_is_hidden_or_no_longer_bad_need_not_be_looked_at(conn: Conn):
    shop = open_shop(conn)
    insult, mended = said(conn, shop, "T-1", 1, "掉色"), said(conn, shop, "T-2", 1, "破洞")
    follow(conn, READ)
    hide = NewDecision(review_id=insult.id, is_hidden=True, reason="insult")
    succeeded(moderate(conn, [hide], scope=WHOLE_BRAND, now=NOON, actor="person:1"))
    receipt = mended.receipt_id
    assert receipt is not None
    code = conn.execute("select code from touchpoints.touchpoint where id = %s", [receipt]).fetchone()
    assert code is not None
    change = WantedChange(by=Holder(receipt_code=code[0]), review_id=mended.id, stars=5, text="换了新的")
    succeeded(change_reviews(conn, [change], now=NOON))
    follow(conn, READ)
    assert reviews.open_alerts(conn, [shop.sites["S"]]) == []
    ended = reviews.alerts_of_reviews(conn, [insult.id, mended.id])
    assert [ended[one.id].ended_as for one in (insult, mended)] == ["hidden", "better"]
    assert listed(conn, which=ReviewList.HIDDEN) == [insult.id]
    assert listed(conn, which=ReviewList.ALL) == [mended.id]


@pytest.mark.parametrize("ends", ["answered", "hidden"])
def test_one_that_is_settled_while_it_is_read_is_told_to_nobody(database: Database, ends: str):
    def settle(conn: Conn, review_id: ReviewId) -> None:
        if ends == "answered":
            answer = NewReply(review_id=review_id, text="抱歉")
            succeeded(reply(conn, [answer], scope=WHOLE_BRAND, now=NOON, actor="person:7"))
        else:
            hide = NewDecision(review_id=review_id, is_hidden=True, reason="insult")
            succeeded(moderate(conn, [hide], scope=WHOLE_BRAND, now=NOON, actor="person:1"))

    with database.transaction() as conn:
        shop = open_shop(conn)
        bad = said(conn, shop, "T-1", 1, "掉色")

    def tell() -> set[ReviewId]:
        with database.transaction() as telling:
            telling.execute("set local lock_timeout = '50ms'")
            return reviews.raise_alerts(telling, [(bad.id, shop.sites["S"])], now=NOON)

    # Whoever tells of it waits for whoever settles it, and then sees that it is.
    with database.transaction() as settling:
        settle(settling, bad.id)
        with pytest.raises(LockNotAvailable):
            tell()
    assert tell() == set()
    with database.reading() as conn:
        assert reviews.alerts_of_reviews(conn, [bad.id]) == {}


def test_a_bad_parcel_is_told_to_who_sent_it_and_who_packed_it_is_kept(conn: Conn):
    shop = open_shop(conn)
    member_id = member_of(conn)
    (placed,) = succeeded(
        place(conn, [ask(shop, "W-1", member_id=member_id, hold_minutes=0)], scope=WHOLE_BRAND, now=NOON)
    )
    assert isinstance(placed, Placed)
    pay_for(conn, shop, placed)
    hand_over_everything(conn, now=NOON)
    wanted = WantedReview(
        by=Holder(member_id=member_id),
        order_id=OrderId(placed.order_id),
        about=About.EXPERIENCE,
        stars=1,
        text="箱子压扁了",
    )
    (written,) = succeeded(write_reviews(conn, [wanted], now=NOON))
    follow(conn, READ)
    (sender,) = {row[0] for row in conn.execute("select site_id from fulfilment.task").fetchall()}
    found = reviews.found_reviews(conn, [written.review.id], scope=WHOLE_BRAND)[written.review.id]
    assert found.sender_id == sender
    assert [one.review_id for one in reviews.open_alerts(conn, [SiteId(sender)])] == [written.review.id]
    (record,) = reviews.sending_records(
        conn, reviews.themes_in_force(conn), since=NOON - DAY, until=NOON + DAY
    )
    assert (record.site_id, record.reviews, record.bad) == (sender, 1, 1)


def test_a_published_model_reads_what_stands_and_a_withdrawn_one_does_no_longer(conn: Conn):
    shop = open_shop(conn)
    words = said(conn, shop, "T-1", 5, "三件衣服 很差 失望 别买 退货")
    follow(conn, READ)
    assert listed(conn, mood=Mood.BAD, which=ReviewList.ALL) == []
    version = publish(conn)
    assert read_what_stands(conn, now=NOON, limit=10) == 1
    assert read_what_stands(conn, now=NOON, limit=10) == 0
    found = reviews.found_reviews(conn, [words.id], scope=WHOLE_BRAND)[words.id]
    assert (found.mood, found.is_bad) == (Mood.BAD, True)
    assert found.good_permille is not None
    assert found.good_permille < 100
    assert [one.review_id for one in reviews.open_alerts(conn, [shop.sites["S"]])] == [words.id]
    assert reviews.withdraw_model(conn, now=NOON) == version
    assert reviews.withdraw_model(conn, now=NOON) is None
    assert reviews.mood_in_force(conn) is None
    assert read_what_stands(conn, now=NOON, limit=10) == 1
    again = reviews.found_reviews(conn, [words.id], scope=WHOLE_BRAND)[words.id]
    assert (again.mood, again.good_permille) == (Mood.GOOD, None)
    unknown = reviews.publish_model(conn, 99, comment="why not", by="person:1", now=NOON)
    assert isinstance(unknown, reviews.MoodUnknown)
    no_reason = reviews.publish_model(conn, version, comment=" ", by="person:1", now=NOON)
    assert isinstance(no_reason, reviews.ReadingCommentMissing)
    assert reviews.mood_in_force(conn) is None


def test_another_list_of_themes_is_what_reviews_are_read_by(conn: Conn):
    shop = open_shop(conn)
    one = said(conn, shop, "T-1", 4, "纽扣松了")
    follow(conn, READ)
    assert reviews.found_reviews(conn, [one.id], scope=WHOLE_BRAND)[one.id].themes == []
    buttons = Theme(code="buttons", name_zh="纽扣", name_en="Buttons", words=("纽扣", "button"))
    written = reviews.write_themes(conn, [buttons], comment="they come off", by="person:1", now=NOON)
    assert written == 1
    assert reviews.themes_in_force(conn).themes == (buttons,)
    assert read_what_stands(conn, now=NOON, limit=10) == 1
    assert listed(conn, which=ReviewList.ALL, theme="buttons") == [one.id]
    refused = reviews.write_themes(conn, [], comment="nothing", by="person:1", now=NOON)
    assert isinstance(refused, Refusal)
    assert len(reviews.theme_lists(conn)) == 1


def test_bad_ones_come_first_page_by_page_and_are_found_by_what_they_say(conn: Conn):
    shop = open_shop(conn)
    bad_old = said(conn, shop, "T-1", 1, "掉色")
    good_old = said(conn, shop, "T-2", 5, "很暖和")
    bad_new = said(conn, shop, "T-3", 2, "尺码偏小")
    good_new = said(conn, shop, "T-4", 5, "好看")
    follow(conn, READ)
    order = [bad_new.id, bad_old.id, good_new.id, good_old.id]
    assert listed(conn) == order
    paged: list[ReviewId] = []
    place: ReviewPlace | None = None
    for _ in range(4):
        (one,) = reviews.find_reviews(conn, ReviewSearch(), scope=WHOLE_BRAND, after=place, limit=1)
        paged.append(one.id)
        place = ReviewPlace(review_id=one.id, is_bad=one.is_bad)
    assert paged == order
    assert reviews.find_reviews(conn, ReviewSearch(), scope=WHOLE_BRAND, after=place) == []
    assert listed(conn, text="偏小") == [bad_new.id]
    assert listed(conn, text="小偏") == []
    assert listed(conn, stars=1) == [bad_old.id]
    assert listed(conn, theme="fit", mood=Mood.BAD) == [bad_new.id]
    assert listed(conn, which=ReviewList.BAD, since=NOON + DAY) == []
    assert reviews.waiting_counts(conn, scope=WHOLE_BRAND) == reviews.WaitingCounts(waiting=4, waiting_bad=2)


def test_nobody_sees_or_answers_reviews_of_other_sites(conn: Conn):
    shop = open_shop(conn)
    bad = said(conn, shop, "T-1", 1, "掉色")
    follow(conn, READ)
    elsewhere = Scope(sites=frozenset({shop.sites["W"]}))
    assert reviews.find_reviews(conn, ReviewSearch(), scope=elsewhere) == []
    assert reviews.found_reviews(conn, [bad.id], scope=elsewhere) == {}
    assert reviews.waiting_counts(conn, scope=elsewhere).waiting == 0
    assert reviews.moods_by_theme(conn, PERIOD, scope=elsewhere) == []
    (refused,) = reply(
        conn, [NewReply(review_id=bad.id, text="x")], scope=elsewhere, now=NOON, actor="person:1"
    )
    assert isinstance(refused, NotInYourBranch)
    assert len(reviews.open_alerts(conn, [shop.sites["S"]])) == 1


def test_moods_add_up_by_day_theme_product_and_site(conn: Conn):
    shop = open_shop(conn)
    said(conn, shop, "T-1", 1, "掉色")
    said(conn, shop, "T-2", 5, "面料很好")
    hidden = said(conn, shop, "T-3", 1, "掉色")
    said(conn, shop, "T-4", 3, "店员一般", About.STORE)
    follow(conn, READ)
    hide = NewDecision(review_id=hidden.id, is_hidden=True, reason="twice")
    succeeded(moderate(conn, [hide], scope=WHOLE_BRAND, now=NOON, actor="person:1"))
    (day,) = reviews.moods_by_day(conn, PERIOD, scope=WHOLE_BRAND, zone="Asia/Shanghai")
    assert (day.good, day.mixed, day.bad, day.all) == (1, 1, 1, 3)
    themes = reviews.moods_by_theme(conn, PERIOD, scope=WHOLE_BRAND)
    assert [(one.theme, one.good, one.mixed, one.bad) for one in themes] == [
        ("quality", 1, 0, 1),
        ("staff", 0, 1, 0),
    ]
    (coat,) = reviews.moods_by_subject(conn, PERIOD, By.PRODUCT, scope=WHOLE_BRAND)
    assert (coat.reviews, coat.stars, coat.bad) == (2, 6, 1)
    (store,) = reviews.moods_by_subject(conn, PERIOD, By.SITE, scope=WHOLE_BRAND)
    assert (store.subject_id, store.reviews, store.good, store.mixed, store.bad) == (
        shop.sites["S"],
        3,
        1,
        1,
        1,
    )
    of_staff = FiguresAsk(since=PERIOD.since, until=PERIOD.until, theme="staff", site_id=shop.sites["S"])
    (by_staff,) = reviews.moods_by_subject(conn, of_staff, By.SITE, scope=WHOLE_BRAND)
    assert (by_staff.reviews, by_staff.mixed) == (1, 1)
    assert reviews.moods_by_subject(conn, PERIOD, By.PACKER, scope=WHOLE_BRAND) == []


def test_a_site_whose_parcels_are_complained_of_costs_more_where_the_profile_says_so(conn: Conn):
    shop = open_shop(conn)
    sender = reviewed(conn, shop).of_parcel
    site_id = reviews.found_reviews(conn, [sender], scope=WHOLE_BRAND)[sender].sender_id
    assert site_id is not None
    sites = {one.id: one for one in org.branch_sites(conn)}

    def priority(complaint_minor: int, now: datetime = NOON + DAY) -> dict[SiteId, int]:
        settings = Settings(weights=Weights(complaint_minor=complaint_minor))
        profile = ProfileInForce(version=1, settings=settings)
        return dict(weigh(conn, sites=sites, sellable={}, profile=profile, now=now).priority)

    assert set(priority(0).values()) == {0}
    # One parcel, one complaint: all sites are drawn to it, and none is dearer than another.
    assert set(priority(900).values()) == {0}
    # Reviews of another site's parcels, and none complains of how they were sent.
    other = next(one for one in sites if one != site_id)
    conn.execute("update reviews.reading set sender_id = %s where review_id <> %s", [other, sender])
    conn.execute("delete from reviews.said where review_id <> %s", [sender])
    # What was counted for an hour stays for it, however many waves it has.
    assert set(priority(900, now=NOON + DAY + timedelta(minutes=59)).values()) == {0}
    dearer = priority(900, now=NOON + DAY + timedelta(hours=1))
    assert dearer[other] == 0
    assert 0 < dearer[site_id] <= 900
    # By another list of themes it is counted anew: nothing speaks of sending any more.
    unsent = Theme(code="packing", name_zh="包装", name_en="Packing", words=("包装",))
    reviews.write_themes(conn, [unsent], comment="no theme of sending", by="person:1", now=NOON)
    assert set(priority(900, now=NOON + DAY + timedelta(hours=1)).values()) == {0}
    assert set(priority(900, now=NOON - DAY).values()) == {0}  # nobody had said anything yet


def test_rates_of_sending_are_drawn_to_that_of_all_and_whoever_nobody_spoke_of_has_that():
    record = reviews.SendingRecord(site_id=SiteId(UUID(int=1)), reviews=10, bad=5)
    other = reviews.SendingRecord(site_id=SiteId(UUID(int=2)), reviews=30, bad=1)
    new = SiteId(UUID(int=3))
    rates = reviews.sending_rates([record, other], [record.site_id, other.site_id, new])
    assert rates[new] == pytest.approx(6 / 40)
    assert rates[record.site_id] == pytest.approx((5 + 3) / 30)
    assert rates[other.site_id] == pytest.approx((1 + 3) / 50)
