"""The desk: what it says of a small shop, and that it says the same however it came to know it."""

from collections.abc import Callable, Generator
from datetime import UTC, date, datetime, timedelta
from time import monotonic
from uuid import UUID

import pytest

from loopline import stock
from loopline.db import Database
from loopline.db.followers import catch_up
from loopline.fulfilment.dark import DarkSite, WhyDark, begin_dark, end_dark
from loopline.fulfilment.model import AcceptTask, DayLimit, RefusalReason, RefuseTask, SiteLimit
from loopline.fulfilment.service import set_day_limits, set_site_limits
from loopline.jobs.followers import FOLLOWERS
from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import SiteId, SkuId, uuid7
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Delivery, Draft
from loopline.processes import dispatch
from loopline.processes.cancel import Cancellation, cancel
from loopline.processes.full_days import take_again
from loopline.processes.place import Placed, place
from loopline.processes.promise import expire_holds
from loopline.processes.quotas import WantedQuota, open_quotas
from loopline.processes.replenish import record_goods
from loopline.processes.source import source_wave
from loopline.processes.take_in import Incoming, OrderTaken, place_messages
from loopline.promises import PromiseKind, Terms, WhyNot, set_terms
from loopline.slots import Way
from loopline.stock import Fact, MovementReason, QuotaKind
from loopline.web.api.refusals import NoSuchThing
from loopline.web.promising.answers import answer
from loopline.web.promising.desk import AGE_SECONDS_MAX, PromiseDesk, PromisesNotKnown
from tests.make.hours import FOUR, SIX, by_courier, offer_hours
from tests.make.loop import hand_over_everything
from tests.make.org import succeeded
from tests.make.promising import asked, desk, only, read_anew, said, spelt
from tests.make.shop import NOON, Shop, ask, lines, open_shop, till_sale

COLLECT, COURIER, APPOINTMENT = PromiseKind.COLLECT, PromiseKind.COURIER, PromiseKind.APPOINTMENT


@pytest.fixture
def shop(database: Database) -> Shop:
    with database.transaction() as conn:
        return open_shop(conn)


@pytest.fixture
def known(database: Database, shop: Shop) -> Generator[PromiseDesk, None, None]:
    del shop
    with desk(database) as made:
        yield made


def put(database: Database, *drafts: Draft, now: datetime = NOON) -> list[Placed]:
    with database.transaction() as conn:
        placed = place(conn, drafts, scope=WHOLE_BRAND, now=now)
    return [one for one in placed if isinstance(one, Placed)]


def test_a_delivery_is_promised_for_the_end_of_the_day_it_can_arrive_on(known: PromiseDesk):
    # From the store in town: two open hours from two minutes past noon, then a day on a way of less than 50 km.
    option = only(known.view(), asked(("COAT", 1), ("SCARF", 2)))
    assert option.site.code == "S"
    assert [one.code for one in option.sends] == ["S"]
    assert (option.ready_minutes, option.lane_minutes, option.band) == (120, 24 * 60, 0)
    assert option.due_at == datetime(2026, 3, 3, 16, tzinfo=UTC)


def test_what_is_collected_is_ready_when_the_store_was_open_long_enough(database: Database, shop: Shop):
    del shop
    for at, ready in (
        (NOON, datetime(2026, 3, 2, 6, 15, tzinfo=UTC)),
        # An hour before it closes at ten: an hour of work is left for the next morning, from ten on.
        (datetime(2026, 3, 2, 13, tzinfo=UTC), datetime(2026, 3, 3, 3, 15, tzinfo=UTC)),
    ):
        with desk(database, moment=[at]) as made:
            found = said(made.view(), asked(("COAT", 1), kinds=(COLLECT,), site_codes=("S",)), now=at)
            assert [(one.site.code, one.due_at) for one in found.options] == [("S", ready)]


def test_stores_are_shown_by_their_way_and_warehouses_never(known: PromiseDesk):
    found = said(known.view(), asked(("COAT", 1), kinds=(COLLECT,)))
    assert [one.site.code for one in found.options] == ["S", "D"]
    refused = said(known.view(), asked(("COAT", 1), kinds=(COLLECT,), site_codes=("W",)))
    assert (refused.options, refused.misses) == ([], {COLLECT: WhyNot.NO_SITE})


def test_a_courier_comes_from_a_store_within_reach_only(database: Database, known: PromiseDesk):
    ask_courier = asked(("COAT", 1), kinds=(COURIER,))
    # Nobody set hours: nobody comes.
    assert said(known.view(), ask_courier).misses == {COURIER: WhyNot.TOO_FAR}
    with database.transaction() as conn:
        offer_hours(conn, "HX", kilometres_most=100)
    known.caught_up()
    # Ready two open hours after noon, with the customer an hour later: by four, in the slot from two on.
    option = only(known.view(), ask_courier)
    two = datetime(2026, 3, 2, 6, tzinfo=UTC)
    assert (option.site.code, option.starts_at, option.due_at) == ("S", two, FOUR)
    assert (option.fee_minor, option.hours[:3]) == (500, (two, FOUR, SIX))
    far = asked(("COAT", 1), kinds=(COURIER,), destination=None)
    assert said(known.view(), far).misses == {COURIER: WhyNot.NO_DESTINATION}
    eleven_kilometres = Coordinates(longitude=121.47, latitude=31.33)
    there = asked(("COAT", 1), kinds=(COURIER,), destination=eleven_kilometres)
    # Whatever stores say, no courier goes further than the terms of the house let them.
    assert said(known.view(), there).misses == {COURIER: WhyNot.TOO_FAR}


def test_the_hours_of_a_courier_are_those_that_are_free_and_can_be_kept(
    database: Database, shop: Shop, known: PromiseDesk
):
    with database.transaction() as conn:
        offer_hours(conn, places=1, horizon_days=0)
    known.caught_up()
    at_four = asked(("COAT", 1), kinds=(COURIER,), starts_at=FOUR)
    assert only(known.view(), at_four).starts_at == FOUR
    with database.transaction() as conn:
        (taken,) = place_messages(
            conn, [Incoming(message=by_courier(shop, "W-1"), scope=WHOLE_BRAND)], now=NOON
        )
    assert isinstance(taken, OrderTaken)
    known.caught_up()
    assert said(known.view(), at_four).misses == {COURIER: WhyNot.SLOT_TAKEN}
    assert only(known.view(), asked(("COAT", 1), kinds=(COURIER,))).hours == (
        datetime(2026, 3, 2, 6, tzinfo=UTC),
        SIX,
    )
    # A place that is given back can be promised again.
    with database.transaction() as conn:
        cancel(conn, [Cancellation(order_id=taken.order_id)], scope=WHOLE_BRAND, now=NOON)
    catch_up(database, FOLLOWERS, now=NOON)
    known.caught_up()
    assert only(known.view(), at_four).starts_at == FOUR
    # One that needs three hours to be there does not come within the first two.
    with database.transaction() as conn:
        terms = set_terms(conn, Terms(courier_minutes=180), by="person:1", comment="slow", now=NOON)
        assert not isinstance(terms, Refusal)
    known.caught_up()
    assert only(known.view(), asked(("COAT", 1), kinds=(COURIER,))).hours == (FOUR, SIX)


def test_an_appointment_is_in_the_hours_that_its_store_set(database: Database, known: PromiseDesk):
    with database.transaction() as conn:
        offer_hours(conn, way=Way.IN_STORE, weekdays=(1, 3), opens_minute=17 * 60, slot_minutes=60)
    known.caught_up()
    option = only(known.view(), asked(("COAT", 1), kinds=(APPOINTMENT,), site_codes=("S",)))
    five = datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert (option.starts_at, option.due_at, option.ends_at) == (five, five, five + timedelta(hours=1))
    assert [one.isoweekday() for one in option.hours] == [1, 1, 1, 3, 3, 3]


def test_an_hour_is_chosen_within_opening_hours_and_room(database: Database, shop: Shop):
    three = datetime(2026, 3, 2, 7, tzinfo=UTC)
    wanted = asked(("COAT", 1), kinds=(APPOINTMENT,), site_codes=("S",), starts_at=three)
    with desk(database) as made:
        option = only(made.view(), wanted)
        assert (option.starts_at, option.due_at, option.hours[0]) == (three, three, three)
        for hour, why in ((4, WhyNot.TOO_SOON), (15, WhyNot.NOT_OPEN)):
            then = asked(
                ("COAT", 1), kinds=(APPOINTMENT,), site_codes=("S",), starts_at=three.replace(hour=hour)
            )
            assert said(made.view(), then).misses == {APPOINTMENT: why}
        with database.transaction() as conn:
            today = date(2026, 3, 2)
            succeeded(set_day_limits(conn, [DayLimit(site_id=shop.sites["S"], day=today, tasks_limit=0)]))
        made.caught_up()
        _await(made, lambda: said(made.view(), wanted).misses == {APPOINTMENT: WhyNot.TOO_SOON})


def _await(made: PromiseDesk, holds: Callable[[], bool]) -> None:
    """Wait until days that no event tells of were read again: within a few seconds they are."""
    for _ in range(40):
        made.caught_up()
        if holds():
            return
    raise AssertionError("the desk did not hear of it")


def test_a_site_that_takes_nothing_more_is_not_promised_though_it_was_found_before(
    database: Database, shop: Shop, known: PromiseDesk
):
    wanted = asked(("COAT", 1))
    assert only(known.view(), wanted).site.code == "S"
    days = [
        DayLimit(site_id=shop.sites["S"], day=date(2026, 3, 2) + timedelta(days=ahead), tasks_limit=0)
        for ahead in range(Terms().horizon_days + 2)
    ]
    with database.transaction() as conn:
        succeeded(set_day_limits(conn, days))
    _await(known, lambda: only(known.view(), wanted).site.code == "W")


def test_never_more_is_promised_than_there_is(known: PromiseDesk):
    # Thirty coats in all, ten at each site: thirty go in three parcels, thirty-one do not go at all.
    option = only(known.view(), asked(("COAT", 30)))
    assert [one.code for one in option.sends] == ["W", "S", "D"]
    short = said(known.view(), asked(("COAT", 31)))
    assert (short.options, short.lacking) == ([], {"COAT": 30})
    assert short.misses == {PromiseKind.DELIVER: WhyNot.NO_STOCK}
    assert said(known.view(), asked(("COAT", 11), kinds=(COLLECT,))).misses == {COLLECT: WhyNot.NO_STOCK}


def test_units_that_others_hold_are_not_promised(database: Database, shop: Shop, known: PromiseDesk):
    put(database, ask(shop, "W-1", lines=lines(shop, ("COAT", 28))))
    known.caught_up()
    view = known.view()
    assert only(view, asked(("COAT", 2))).lane_minutes == 24 * 60
    assert said(view, asked(("COAT", 3))).lacking == {"COAT": 2}
    # At a store no more than what is left in all can be collected.
    assert said(view, asked(("COAT", 3), kinds=(COLLECT,))).misses == {COLLECT: WhyNot.NO_STOCK}
    assert only(view, asked(("COAT", 2), kinds=(COLLECT,), site_codes=("S",))).site.code == "S"


def test_what_is_set_aside_for_a_channel_is_promised_to_it_alone(
    database: Database, shop: Shop, known: PromiseDesk
):
    with database.transaction() as conn:
        wanted = WantedQuota(
            kind=QuotaKind.CHANNEL, code="web", sku_code="HAT", units=25, ends_at=NOON + timedelta(hours=2)
        )
        succeeded(open_quotas(conn, [wanted], scope=WHOLE_BRAND, now=NOON))
        expected = {
            channel: stock.room_of_events(
                conn, shop.network, [shop.skus["HAT"]], events=_events(channel), now=NOON
            )[0].room
            for channel in ("web", "phone")
        }
    known.caught_up()
    assert said(known.view(), asked(("HAT", 26))).lacking == {"HAT": expected["web"]}
    assert expected == {"web": 25, "phone": 5}
    later = NOON + timedelta(hours=2)
    assert said(known.view(), asked(("HAT", 26)), now=later).lacking == {"HAT": 5}


def _events(channel: str) -> list[stock.QuotaName]:
    return [stock.QuotaName(kind=QuotaKind.CHANNEL, code=channel)]


def test_a_site_whose_day_is_full_promises_its_next(database: Database, shop: Shop):
    with database.transaction() as conn:
        succeeded(
            set_site_limits(
                conn,
                [SiteLimit(site_id=site_id, tasks_per_day=1) for site_id in shop.sites.values()],
                now=NOON,
            )
        )
    with desk(database) as made:
        wanted = asked(("COAT", 1), kinds=(COLLECT,), site_codes=("S",))
        assert only(made.view(), wanted).due_at == datetime(2026, 3, 2, 6, 15, tzinfo=UTC)
        put(database, ask(shop, "W-1", delivery=Delivery.COLLECT, site_id=shop.sites["S"], destination=None))
        with database.transaction() as conn:
            assert len(source_wave(conn, now=NOON).tasks) == 1
        made.caught_up()
        # Its one task of the day is taken: from tomorrow's opening at ten, two hours.
        assert only(made.view(), wanted).due_at == datetime(2026, 3, 3, 4, tzinfo=UTC)


def test_a_site_that_has_no_time_promises_its_next_day_until_it_has(
    database: Database, shop: Shop, known: PromiseDesk
):
    wanted = asked(("COAT", 1), kinds=(COLLECT,), site_codes=("S",))
    today = only(known.view(), wanted).due_at
    put(database, ask(shop, "W-1", delivery=Delivery.COLLECT, site_id=shop.sites["S"], destination=None))
    with database.transaction() as conn:
        (task_id,) = source_wave(conn, now=NOON).tasks
        refusal = RefuseTask(command_id=UUID(int=9), task_id=task_id, reason=RefusalReason.NO_CAPACITY)
        succeeded(dispatch.refuse(conn, [refusal], scope=WHOLE_BRAND, now=NOON))
    known.caught_up()
    assert only(known.view(), wanted).due_at == datetime(2026, 3, 3, 4, tzinfo=UTC)
    assert spelt(known.view()) == spelt(read_anew(database))
    with database.transaction() as conn:
        succeeded(take_again(conn, ["S"], scope=WHOLE_BRAND, by="person:1", now=NOON))
    known.caught_up()
    assert only(known.view(), wanted).due_at == today
    assert spelt(known.view()) == spelt(read_anew(database))


def test_a_site_that_is_dark_promises_nothing_until_it_shows_life(
    database: Database, shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("loopline.web.promising.desk._SLOW_SECONDS", 0.0)  # days are read in each round
    sent, collected = asked(("COAT", 1)), asked(("COAT", 1), kinds=(COLLECT,))
    store = shop.sites["S"]
    gone = DarkSite(
        site_id=store, since=NOON, why=WhyDark.SILENT, lapsed=0, silent_minutes=30, last_life_at=None
    )

    def promised(made: PromiseDesk) -> tuple[str, list[str]]:
        made.caught_up()
        assert spelt(made.view()) == spelt(read_anew(database))
        there = [one.site.code for one in said(made.view(), collected).options]
        return only(made.view(), sent).site.code, there

    with desk(database) as made:
        assert promised(made) == ("S", ["S", "D"])
        with database.transaction() as conn:
            assert begin_dark(conn, [gone]) == 1
        nearest, there = promised(made)
        assert (nearest != "S", there) == (True, ["D"])
        at_the_store = asked(("COAT", 1), kinds=(COLLECT,), site_codes=("S",))
        assert said(made.view(), at_the_store).misses == {COLLECT: WhyNot.NO_CAPACITY}
        with database.transaction() as conn:
            assert end_dark(conn, [store], now=NOON + timedelta(minutes=1)) == 1
        assert promised(made) == ("S", ["S", "D"])


def test_a_site_that_takes_nothing_promises_nothing(database: Database, shop: Shop):
    with database.transaction() as conn:
        succeeded(
            set_site_limits(
                conn,
                [SiteLimit(site_id=site_id, tasks_per_day=0) for site_id in shop.sites.values()],
                now=NOON,
            )
        )
    with desk(database) as made:
        found = said(made.view(), asked(("COAT", 1), kinds=(PromiseKind.DELIVER, COLLECT)))
    assert (found.options, found.lacking) == ([], {})
    assert found.misses == {PromiseKind.DELIVER: WhyNot.NO_CAPACITY, COLLECT: WhyNot.NO_CAPACITY}


def test_orders_without_a_site_come_first_on_the_days_there_are(database: Database, shop: Shop):
    with database.transaction() as conn:
        succeeded(
            set_site_limits(
                conn,
                [SiteLimit(site_id=site_id, tasks_per_day=1) for site_id in shop.sites.values()],
                now=NOON,
            )
        )
    put(database, *(ask(shop, f"W-{number}", lines=lines(shop, ("HAT", 1))) for number in range(3)))
    with desk(database) as made:
        # Three wait, three go a day: today is theirs. Ready the next morning, on the way until the day after.
        assert made.view().days.waiting == 3
        assert only(made.view(), asked(("COAT", 1))).due_at == datetime(2026, 3, 4, 16, tzinfo=UTC)


def test_what_the_last_wave_had_too_little_of_is_promised_from_elsewhere(
    database: Database, shop: Shop, known: PromiseDesk
):
    store, coat = shop.sites["S"], shop.skus["COAT"]
    plain = only(known.view(), asked(("COAT", 1)))
    assert plain.site.code == "S"
    # A coat of the store would have saved the wave more than the way from the next site costs, a scarf of it nothing.
    _solved(database, NOON, [(store, coat, 10_000)])
    _await(known, lambda: only(known.view(), asked(("COAT", 1))).site.code == "W")
    assert only(known.view(), asked(("SCARF", 1))).site.code == "S"
    assert only(known.view(), asked(("COAT", 1), ("SCARF", 1))).site.code == "W"
    # Where nobody else has as many, the worth of the units is told with the weight.
    assert only(known.view(), asked(("COAT", 30))).weight_minor >= 100_000
    # The next wave had too little of its time, by less than the way; the last one's prices are no more.
    _solved(database, NOON + timedelta(minutes=1), [(store, None, 3)])
    _await(known, lambda: only(known.view(), asked(("COAT", 1))).weight_minor == plain.weight_minor + 3)
    assert only(known.view(), asked(("COAT", 1))).site.code == "S"
    _solved(database, NOON + timedelta(minutes=2), [(store, None, 10_000)])
    _await(known, lambda: only(known.view(), asked(("COAT", 1))).site.code == "W")
    # Prices of another currency are no prices of ours.
    _solved(database, NOON + timedelta(minutes=3), [(store, None, 10_000)], currency="EUR")
    _solved(database, NOON + timedelta(minutes=4), [])
    _await(known, lambda: only(known.view(), asked(("COAT", 1))) == plain)


def _solved(
    database: Database,
    at: datetime,
    prices: list[tuple[SiteId, SkuId | None, int]],
    *,
    currency: str = "CNY",
) -> None:
    """A wave that was solved as a whole at a moment, and the prices it left."""
    wave_id = uuid7(at)
    with database.transaction() as conn:
        conn.execute(
            "insert into sourcing.wave (id, decided_at, solver, currency, site_ids, cost_minor, bound_minor)"
            " values (%s, %s, 'test', %s, '{}', 1, 1)",
            (wave_id, at, currency),
        )
        for site_id, sku_id, minor in prices:
            conn.execute(
                "insert into sourcing.wave_price (wave_id, site_id, sku_id, price_minor) values (%s, %s, %s, %s)",
                (wave_id, site_id, sku_id, minor),
            )


def test_codes_that_are_not_there_are_named(known: PromiseDesk):
    for wanted, noun in (
        (asked(("COAT", 1), channel="nowhere"), "channel"),
        (asked(("NOTHING", 1)), "sku"),
        (asked(("COAT", 1), kinds=(COLLECT,), site_codes=("X",)), "site"),
    ):
        found = answer(known.view(), wanted, now=NOON)
        assert isinstance(found, NoSuchThing)
        assert found.noun == noun


def test_new_terms_are_promised_by_at_once(database: Database, known: PromiseDesk):
    with database.transaction() as conn:
        set_terms(conn, Terms(store_ready_minutes=60), by="test", comment="quicker", now=NOON)
    known.caught_up()
    wanted = asked(("COAT", 1), kinds=(COLLECT,), site_codes=("S",))
    assert only(known.view(), wanted).due_at == datetime(2026, 3, 2, 5, 15, tzinfo=UTC)
    assert known.view().terms.version == 1


def test_a_desk_that_is_too_old_promises_nothing(known: PromiseDesk, monkeypatch: pytest.MonkeyPatch):
    assert known.fresh() is not None
    monkeypatch.setattr("loopline.web.promising.desk.monotonic", _ahead(AGE_SECONDS_MAX + 1))
    monkeypatch.setattr(known, "_begin", lambda: None)
    assert known.fresh() is None
    with pytest.raises(Refused) as refused:
        known.view()
    assert refused.value.refusal == PromisesNotKnown()


def test_a_clock_that_went_on_promises_nothing_too_early(database: Database, shop: Shop):
    del shop
    moment = [NOON]
    with desk(database, moment=moment) as made:
        assert made.fresh() is not None
        moment[0] = NOON + timedelta(minutes=3)
        # Until the desk has reckoned anew with the moment it is, it says nothing; then it says what holds now.
        made.caught_up()
        made.caught_up()
        wanted = asked(("COAT", 1), kinds=(COLLECT,), site_codes=("S",))
        assert only(made.view(), wanted, now=moment[0]).due_at == datetime(2026, 3, 2, 6, 15, tzinfo=UTC)
        assert made.view().calendar.until == moment[0] + timedelta(minutes=2)


def test_it_says_the_same_as_one_that_has_just_read_everything(
    database: Database, shop: Shop, known: PromiseDesk
):
    """Every way in which goods and days move is told by the log, widely enough."""

    def check(step: str) -> None:
        known.caught_up()
        found, wanted = spelt(known.view()), spelt(read_anew(database))
        found["waiting"] = wanted["waiting"]
        assert found == wanted, step

    _, _, third = put(
        database,
        ask(shop, "W-1"),
        ask(shop, "W-2", lines=lines(shop, ("HAT", 3))),
        ask(shop, "W-3", delivery=Delivery.COLLECT, site_id=shop.sites["S"], destination=None),
    )
    check("placed")
    put(database, ask(shop, "W-4", hold_minutes=15, lines=lines(shop, ("SCARF", 4))))
    put(
        database,
        ask(
            shop, "W-5", hold_minutes=15, delivery=Delivery.COLLECT, site_id=shop.sites["D"], destination=None
        ),
    )
    check("unpaid")
    with database.transaction() as conn:
        expire_holds(conn, now=NOON + timedelta(minutes=16), limit=10)
    check("ran out")
    with database.transaction() as conn:
        tasks = source_wave(conn, now=NOON).tasks
    check("sourced")
    with database.transaction() as conn:
        refusal = RefuseTask(command_id=UUID(int=9), task_id=tasks[0], reason=RefusalReason.NOT_FOUND)
        succeeded(dispatch.refuse(conn, [refusal], scope=WHOLE_BRAND, now=NOON))
    check("refused")
    with database.transaction() as conn:
        more = source_wave(conn, now=NOON).tasks
        succeeded(
            dispatch.accept(conn, [AcceptTask(task_id=one) for one in more], scope=WHOLE_BRAND, now=NOON)
        )
    check("sourced again and accepted")
    with database.transaction() as conn:
        dispatch.lapse(conn, now=NOON + timedelta(hours=5), limit=10)
    check("lapsed")
    put(database, till_sale(shop, "T-1", lines=lines(shop, ("HAT", 9), stated=True)))
    check("sold at a till")
    with database.transaction() as conn:
        asked_for = Cancellation(order_id=third.order_id, actor="test")
        succeeded(cancel(conn, [asked_for], scope=WHOLE_BRAND, now=NOON))
    check("called off")
    with database.transaction() as conn:
        fact = Fact(
            id=uuid7(NOON),
            leaf_id=shop.leaves["D"],
            sku_id=shop.skus["HAT"],
            reason=MovementReason.RECEIPT,
            on_hand=7,
        )
        succeeded(record_goods(conn, [fact], now=NOON))
    check("goods came")
    with database.transaction() as conn:
        wanted = WantedQuota(
            kind=QuotaKind.CHANNEL, code="web", sku_code="SCARF", units=3, ends_at=NOON + timedelta(hours=2)
        )
        succeeded(open_quotas(conn, [wanted], scope=WHOLE_BRAND, now=NOON))
    check("set aside")
    with database.transaction() as conn:
        hand_over_everything(conn, now=NOON)
    check("handed over")


def _ahead(seconds: float) -> Callable[[], float]:
    return lambda: monotonic() + seconds
