"""What stores and earners read, decided without a database: lists, checks, sums, bars."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from loopline.catalogue import Care, Sku
from loopline.fulfilment.model import Task, TaskKind, TaskState
from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import OrderId, PartyId, PersonId, ProductId, SiteId, SkuId, TaskId
from loopline.kernel.temperatures import TemperatureClass
from loopline.ledger.model import EntryKind
from loopline.ledger.queries import PartyMoved
from loopline.slots import Booking, BookingState, Way
from loopline.web.earned_view import DAYS_SHOWN, Ledgered, bars_of
from loopline.web.languages import languages
from loopline.web.store.earnings import Earned, added_up
from loopline.web.store.task_view import checks_of
from loopline.web.store.today import board_of
from loopline.web.store.words import city_near, gtin_as_printed

EN, ZH = languages()["en"], languages()["zh"]
NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
ME, OTHER = PersonId(UUID(int=1)), PersonId(UUID(int=2))


def task(
    number: int,
    state: TaskState,
    *,
    by: PersonId | None = None,
    kind: TaskKind = TaskKind.DELIVER,
    minutes: int = 0,
) -> Task:
    at = NOON + timedelta(minutes=minutes)
    return Task(
        task_id=TaskId(UUID(int=number)),
        order_id=OrderId(UUID(int=100 + number)),
        site_id=SiteId(UUID(int=3)),
        kind=kind,
        day=date(2026, 3, 2),
        state=state,
        offered_at=NOON,
        deadline=NOON + timedelta(hours=4),
        accepted_by=by,
        accepted_at=None if by is None else at,
        collect_by=at if kind is TaskKind.COLLECT else None,
    )


def numbers(tasks: list[Task]) -> list[int]:
    return [one.task_id.int for one in tasks]


def test_own_work_comes_first_and_what_waits_for_customers_last():
    board = board_of(
        [
            task(1, TaskState.OFFERED),
            task(2, TaskState.PICKING, by=OTHER, minutes=1),
            task(3, TaskState.PACKED, by=ME, minutes=9),
            task(4, TaskState.ACCEPTED, by=ME, minutes=2),
            task(5, TaskState.PACKED, by=ME, kind=TaskKind.COLLECT, minutes=7),
            task(6, TaskState.PACKED, by=OTHER, kind=TaskKind.COLLECT, minutes=3),
            task(7, TaskState.CHECKED, by=OTHER, kind=TaskKind.COLLECT),
            task(8, TaskState.OFFERED),
        ],
        me=ME,
        booked={},
        now=NOON,
    )
    assert (numbers(board.offers), numbers(board.in_work), numbers(board.waiting)) == (
        [1, 8],
        [4, 3, 7, 2],
        [6, 5],
    )
    assert (board.more_offers, board.more_in_work, board.more_waiting) == (0, 0, 0)


def test_what_has_an_hour_stands_by_it_once_it_is_near_and_after_all_else_while_it_is_far():
    tasks = [task(number, TaskState.PICKING, by=ME, minutes=number) for number in range(1, 6)]
    booked = {
        one.order_id: Booking(
            order_id=one.order_id,
            way=Way.COURIER,
            site_id=one.site_id,
            starts_at=NOON + timedelta(hours=hours),
            ends_at=NOON + timedelta(hours=hours + 2),
            state=BookingState.HELD,
            moves=0,
            carrier=None,
            made_at=NOON,
        )
        for one, hours in ((tasks[1], 9), (tasks[2], 2), (tasks[3], 1), (tasks[4], 3))
    }
    board = board_of(tasks, me=ME, booked=booked, now=NOON)
    assert numbers(board.in_work) == [4, 3, 1, 5, 2]


def test_a_phone_gets_no_more_than_it_can_show():
    board = board_of(
        [task(number, TaskState.OFFERED) for number in range(1, 1_001)], me=ME, booked={}, now=NOON
    )
    assert (numbers(board.offers), board.more_offers) == (list(range(1, 31)), 970)
    assert len(board.shown) == 30


def moved(kind: EntryKind, amount_minor: int, *, span: int = 1, currency: str = "CNY") -> PartyMoved:
    return PartyMoved(
        span=span, party_id=PartyId(UUID(int=4)), currency=currency, kind=kind, amount_minor=amount_minor
    )


def test_what_came_and_what_was_taken_back_are_told_apart():
    assert added_up(
        [
            moved(EntryKind.SALE, 500),
            moved(EntryKind.REVERSAL, -120),
            moved(EntryKind.SHARE_RELEASE, 0),
            moved(EntryKind.SALE, 7, currency="AUD"),
            moved(EntryKind.SALE, 30),
        ]
    ) == [
        Earned(currency="AUD", came_minor=7),
        Earned(currency="CNY", came_minor=530, taken_minor=120),
    ]
    assert added_up([moved(EntryKind.SHARE_RELEASE, 0)]) == []


def test_bars_are_as_high_as_their_days_and_never_below_the_ground():
    starts = tuple(datetime(2026, 2, 16, 16, tzinfo=UTC) + timedelta(days=day) for day in range(DAYS_SHOWN))
    books = Ledgered(
        zone_name="Asia/Shanghai",
        starts=starts,
        pending={},
        due={},
        moved=[
            moved(EntryKind.SALE, 400, span=DAYS_SHOWN),
            moved(EntryKind.SALE, 100, span=1),
            moved(EntryKind.REVERSAL, -300, span=2),
        ],
    )
    bars = bars_of(books, "CNY", EN)
    assert [bar["height"] for bar in bars] == [15, *[0] * (DAYS_SHOWN - 2), 60]
    assert (bars[0]["day"], bars[1]["amount"], bars[-1]["day"]) == ("17 Feb", "-CN¥3.00", "2 Mar")


def sku(**care: object) -> Sku:
    return Sku(
        id=SkuId(UUID(int=5)),
        code="A",
        product_id=ProductId(UUID(int=6)),
        product_code="A",
        category=None,
        name="A",
        tax_class="standard",
        gtin=None,
        is_active=True,
        attributes={},
        care=Care(**care),  # pyright: ignore[reportArgumentType]
    )


@pytest.mark.parametrize(
    ("care", "said"),
    [
        ({}, ""),
        ({"is_fragile": True}, "Fragile goods: no chip, no crack, nothing rattles"),
        (
            {"temperature_low_celsius": 2, "temperature_high_celsius": 8},
            "Kept cool until now: 2 to 8 °C",
        ),
        ({"temperature_high_celsius": -18}, "Kept cool until now: … to -18 °C"),
        ({"tracks_batch": True}, "Batch and best-before date can be read and are not over"),
        ({"shelf_life_days": 9}, "Batch and best-before date can be read and are not over"),
        ({"tracks_serial": True}, "Serial numbers are on the goods and on their boxes alike"),
    ],
)
def test_goods_are_checked_for_what_their_care_asks(care: dict[str, object], said: str):
    found = checks_of([sku(**care), sku()], EN)
    assert found[1:-1] == ([said] if said else [])
    assert found[0].startswith("The right goods")
    assert found[-1].startswith("In good condition")


def test_the_last_ones_of_a_site_are_looked_at_for_signs_of_wear():
    found = checks_of([sku(), sku()], EN, last=[sku(), sku()])
    assert found[1:-1] == [f"The last here, perhaps from display: {sku().name}. No wear, nothing missing"]


def test_a_cold_parcel_is_looked_at_as_cold_as_it_travels():
    chilled = {"temperature_low_celsius": 2, "temperature_high_celsius": 8}
    found = checks_of([sku(**chilled)], EN, kind=TemperatureClass.COOL)
    assert found[1:-1] == [
        "From the fridge right now, and cold to the touch",
        "Kept cool until now: 2 to 8 °C",
    ]


def test_a_place_is_called_by_its_city():
    place = Coordinates(longitude=121.5, latitude=31.2)
    assert (city_near(place, EN), city_near(place, ZH), city_near(None, EN)) == ("Shanghai", "上海市", "")


def test_bars_are_written_as_they_are_printed():
    assert (gtin_as_printed("06901234567892"), gtin_as_printed("16901234567899"), gtin_as_printed(None)) == (
        "6901234567892",
        "16901234567899",
        "",
    )
