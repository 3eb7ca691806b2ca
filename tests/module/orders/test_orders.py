from datetime import timedelta
from uuid import UUID

import msgspec
import psycopg
import pytest

from loopline.db import Conn, Database
from loopline.db.partitions import ensure_months
from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import LineId, MemberId, OrderId, PartyId, SiteId
from loopline.orders import (
    BoughtLine,
    Changed,
    Credits,
    Delivery,
    DraftLine,
    LineChange,
    LineKind,
    LineState,
    LineUnits,
    LineUnknown,
    New,
    NewOrder,
    NumberMistyped,
    OrderStage,
    TooFewUnits,
    begin_work,
    change_lines,
    forget_destinations,
    last_conflicts,
    lines_by_orders,
    lines_of_member,
    lines_to_source,
    order_by_id,
    order_by_number,
    order_ids_by_external_numbers,
    orders_by_ids,
    orders_of_member,
    parked_lines,
    quotes_by_orders,
    recognise,
    stage_counts,
    write_orders,
)
from tests.make.orders import NOON, SELLER, draft, new_order, placed, sku_id

MEMBER = MemberId(UUID(int=21 << 64))
OTHER_MEMBER = MemberId(UUID(int=22 << 64))
SITE = SiteId(UUID(int=3 << 64))
LATER = NOON + timedelta(hours=1)


def change(order: NewOrder, line: int = 0, **deltas: int) -> LineChange:
    return LineChange(order_id=order.order_id, line_id=order.lines[line].line_id, **deltas)


def stage_of(conn: Conn, order: NewOrder) -> OrderStage:
    head = order_by_id(conn, order.order_id)
    assert head is not None
    return head.stage


def test_an_order_is_kept_as_it_was_written(conn: Conn):
    stated = draft(
        "W-7",
        2,
        3,
        member_id=MEMBER,
        site_id=SITE,
        delivery=Delivery.COLLECT,
        destination=Coordinates(longitude=-0.1, latitude=51.5),
        hold_minutes=30,
    )
    charge = DraftLine(code="POST", units=1, kind=LineKind.CHARGE)
    stated = msgspec.structs.replace(stated, lines=(*stated.lines, charge))
    owed = Credits(guide_id=PartyId(UUID(int=1)), dealer_id=PartyId(UUID(int=2)))
    (new,) = recognise(conn, [stated], now=NOON)
    assert isinstance(new, New)
    order = msgspec.structs.replace(new_order(new.order_id, stated), credits=owed)
    (written,) = write_orders(conn, [order], now=LATER)

    head = order_by_id(conn, order.order_id)
    assert head is not None
    assert head.number == written.number
    assert (head.channel, head.external_number, head.kind) == ("web", "W-7", "ask")
    assert (head.placed_at, head.written_at, head.changed_at) == (NOON, LATER, LATER)
    assert (head.member_id, head.site_id, head.seller_entity_id) == (MEMBER, SITE, SELLER)
    assert (head.guide_id, head.dealer_id, head.streamer_id) == (owed.guide_id, owed.dealer_id, None)
    assert (head.delivery, head.hold_minutes) == ("collect", 30)
    assert head.destination == Coordinates(longitude=-0.1, latitude=51.5)
    assert (head.amount_minor, head.tax_minor) == (600, 120)
    assert (head.units, head.held, head.handed_over) == (5, 5, 0)
    assert head.stage is OrderStage.PLACED

    lines = lines_by_orders(conn, [order.order_id])
    assert [(line.code, line.kind, line.units, line.held, line.handed_over) for line in lines] == [
        ("C1", "goods", 2, 2, 0),
        ("C2", "goods", 3, 3, 0),
        ("POST", "charge", 1, 0, 1),
    ]
    assert [(line.unit_minor, line.amount_minor, line.tax_minor) for line in lines] == [
        (100, 200, 40),
        (100, 300, 60),
        (100, 100, 20),
    ]
    assert quotes_by_orders(conn, [order.order_id]) == {order.order_id: {"rows": ["C1", "C2", "POST"]}}
    assert order_by_number(conn, written.number.lower()) == head
    assert order_by_number(conn, "K4XF-DXZ") == NumberMistyped(text="K4XF-DXZ")
    assert order_ids_by_external_numbers(conn, [("web", "W-7"), ("web", "W-8")]) == {
        ("web", "W-7"): order.order_id
    }


def test_units_walk_through_an_order(conn: Conn):
    (order,) = placed(conn, [draft("W-1", 2, 3)])
    assert change_lines(
        conn,
        [change(order, 0, held=-2, allocated=2), change(order, 1, held=-3, allocated=3)],
        now=LATER,
    ) == [
        Changed(
            order_id=order.order_id,
            line_id=line.line_id,
            state=LineState.ALLOCATED,
            after=LineUnits(kind=LineKind.GOODS, units=line.units, allocated=line.units),
        )
        for line in order.lines
    ]
    assert stage_of(conn, order) is OrderStage.SOURCED
    assert begin_work(conn, [order.order_id], now=LATER) == [True]
    assert begin_work(conn, [order.order_id], now=LATER) == [False]
    assert stage_of(conn, order) is OrderStage.ACCEPTED
    change_lines(conn, [change(order, 0, allocated=-2, handed_over=2)], now=LATER)
    assert stage_of(conn, order) is OrderStage.ACCEPTED
    change_lines(conn, [change(order, 1, allocated=-3, held=3)], now=LATER)
    assert stage_of(conn, order) is OrderStage.PLACED
    change_lines(conn, [change(order, 1, held=-3, allocated=3)], now=LATER)
    assert stage_of(conn, order) is OrderStage.SOURCED, "the work that was given back is no longer in work"
    change_lines(conn, [change(order, 1, allocated=-3, cancelled=3)], now=LATER)
    assert stage_of(conn, order) is OrderStage.HANDED_OVER
    change_lines(conn, [change(order, 0, returned=1)], now=LATER)
    assert stage_of(conn, order) is OrderStage.HANDED_OVER
    change_lines(conn, [change(order, 0, returned=1)], now=LATER)
    assert stage_of(conn, order) is OrderStage.RETURNED
    head = order_by_id(conn, order.order_id)
    assert head is not None
    assert (head.handed_over, head.cancelled, head.returned, head.changed_at) == (2, 3, 2, LATER)
    assert stage_counts(conn) == {OrderStage.RETURNED: 1}


def test_a_refused_change_changes_nothing_and_stops_no_other(conn: Conn):
    first, second = placed(conn, [draft("A", 2), draft("B", 5)])
    unknown = LineId(UUID(int=99))
    outcomes = change_lines(
        conn,
        [
            change(first, held=-3, allocated=3),
            change(second, held=-5, parked=5),
            LineChange(order_id=first.order_id, line_id=unknown, held=0),
            LineChange(order_id=second.order_id, line_id=first.lines[0].line_id, held=-1, cancelled=1),
        ],
        now=LATER,
    )
    assert outcomes[0] == TooFewUnits(
        order_id=first.order_id, line_id=first.lines[0].line_id, counter="held", available=2
    )
    assert isinstance(outcomes[1], Changed)
    assert outcomes[2] == LineUnknown(order_id=first.order_id, line_id=unknown)
    assert outcomes[3] == LineUnknown(order_id=second.order_id, line_id=first.lines[0].line_id)
    heads = {head.id: head for head in orders_by_ids(conn, [first.order_id, second.order_id])}
    assert (heads[first.order_id].held, heads[first.order_id].changed_at) == (2, NOON)
    assert (heads[second.order_id].held, heads[second.order_id].parked) == (0, 5)


def test_one_line_named_twice_in_a_batch_moves_twice(conn: Conn):
    (order,) = placed(conn, [draft("A", 5)])
    outcomes = change_lines(
        conn,
        [
            change(order, held=-2, allocated=2),
            change(order, held=-2, cancelled=2),
            change(order, held=-2, parked=2),
        ],
        now=LATER,
    )
    assert [type(outcome) for outcome in outcomes] == [Changed, Changed, TooFewUnits]
    (line,) = lines_by_orders(conn, [order.order_id])
    assert (line.held, line.allocated, line.cancelled, line.parked) == (1, 2, 2, 0)


@pytest.mark.parametrize(
    ("damage", "constraint"),
    [
        ("held = held + 1", "line_units_add_up"),
        ("held = held - 1", "line_units_add_up"),
        ("held = -1, parked = units + 1", "line_units_not_negative"),
        ("returned = 1", "line_returned_within_handed_over"),
        ("lost = 1", "line_lost_within_handed_over"),
        ("sku_id = null", "goods_have_a_sku"),
        ("units = 0, held = 0", "line_units_positive"),
    ],
)
def test_the_database_itself_keeps_the_equations(conn: Conn, damage: str, constraint: str):
    placed(conn, [draft("A", 5)])
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        conn.execute(f"update orders.line set {damage}")  # pyright: ignore[reportArgumentType, reportCallIssue]
    assert caught.value.diag.constraint_name == constraint


@pytest.mark.parametrize(
    ("damage", "constraint"),
    [
        ("held = held - 1", "order_units_add_up"),
        ("parked = -1, held = held + 1", "order_units_not_negative"),
        ("returned = 1", "order_returned_within_handed_over"),
    ],
)
def test_the_database_itself_keeps_the_sums(conn: Conn, damage: str, constraint: str):
    placed(conn, [draft("A", 5)])
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        conn.execute(f"update orders.order set {damage}")  # pyright: ignore[reportArgumentType, reportCallIssue]
    assert caught.value.diag.constraint_name == constraint


def test_an_order_is_written_once(conn: Conn):
    (order,) = placed(conn, [draft("A")])
    with pytest.raises(psycopg.errors.UniqueViolation):
        write_orders(conn, [order], now=LATER)


def test_how_a_price_came_about_is_written_once(conn: Conn):
    placed(conn, [draft("A")])
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute("update orders.quote set derivation = '{}'")


def test_orders_that_wait_longest_are_sourced_first_and_whole(conn: Conn):
    drafts = [
        draft("late", 1, 2, placed_at=NOON + timedelta(minutes=2)),
        draft("early", 3, 4, placed_at=NOON),
        draft("middle", 5, placed_at=NOON + timedelta(minutes=1)),
    ]
    late, early, middle = placed(conn, drafts)
    change_lines(conn, [change(early, 1, held=-4, parked=4)], now=LATER)

    def waiting(**limits: int) -> list[tuple[OrderId, int]]:
        until = NOON + timedelta(minutes=2)
        return [
            (line.order_id, line.held)
            for line in lines_to_source(conn, due_until=until, limit=limits["limit"])
        ]

    assert waiting(limit=2) == [(early.order_id, 3), (middle.order_id, 5)]
    assert waiting(limit=9) == [
        (early.order_id, 3),
        (middle.order_id, 5),
        (late.order_id, 1),
        (late.order_id, 2),
    ]
    assert [
        line.order_id for line in lines_to_source(conn, due_until=NOON + timedelta(minutes=1), limit=9)
    ] == [early.order_id, middle.order_id]
    change_lines(conn, [change(early, 0, held=-3, allocated=3)], now=LATER)
    assert waiting(limit=1) == [(middle.order_id, 5)]


def test_parked_lines_come_by_sku_the_longest_waiting_first(conn: Conn):
    drafts = [draft("late", 1, 2, placed_at=NOON + timedelta(minutes=2)), draft("early", 3, 4)]
    late, early = placed(conn, drafts)
    change_lines(
        conn,
        [
            change(order, position, held=-line.units, parked=line.units)
            for order in (late, early)
            for position, line in enumerate(order.lines)
        ],
        now=LATER,
    )
    assert [(line.order_id, line.parked) for line in parked_lines(conn, [sku_id(1)], limit=9)] == [
        (early.order_id, 3),
        (late.order_id, 1),
    ]
    assert [line.parked for line in parked_lines(conn, None, limit=3)] == [3, 4, 1]
    assert parked_lines(conn, [sku_id(3)], limit=9) == []


def test_what_a_member_bought_and_kept_comes_the_latest_first(conn: Conn):
    drafts = [
        draft("A", 2, 3, member_id=MEMBER),
        draft("B", 4, member_id=MEMBER, placed_at=NOON + timedelta(days=1)),
        draft("C", 5, member_id=OTHER_MEMBER),
    ]
    first, second, _ = placed(conn, drafts)
    change_lines(
        conn,
        [
            change(first, 0, held=-2, handed_over=2),
            change(first, 1, held=-3, handed_over=3),
            change(second, 0, held=-4, handed_over=4),
            change(second, 0, returned=1),
        ],
        now=LATER,
    )
    bought = lines_of_member(conn, [MEMBER], codes=["C1"])
    assert [(line.order_id, line.code, line.units_left, line.unit_minor) for line in bought] == [
        (second.order_id, "C1", 3, 100),
        (first.order_id, "C1", 2, 100),
    ]
    assert isinstance(bought[0], BoughtLine)
    assert lines_of_member(conn, [OTHER_MEMBER], codes=["C1"]) == []
    change_lines(conn, [change(second, 0, returned=3)], now=LATER)
    assert [line.order_id for line in lines_of_member(conn, [MEMBER], codes=["C1", "C2"])] == [
        first.order_id,
        first.order_id,
    ]
    assert [order.external_number for order in orders_of_member(conn, MEMBER, limit=9)] == ["B", "A"]
    assert [order.external_number for order in orders_of_member(conn, MEMBER, limit=1)] == ["B"]


def test_a_charge_can_be_given_back_after_all_goods_were(conn: Conn):
    lines = (*draft().lines, DraftLine(code="POST", units=1, kind=LineKind.CHARGE))
    (order,) = placed(conn, [draft("A", member_id=MEMBER, lines=lines)])
    change_lines(conn, [change(order, 0, held=-2, handed_over=2), change(order, 0, returned=2)], now=LATER)
    (left,) = lines_of_member(conn, [MEMBER], codes=["C1", "POST"])
    assert (left.code, left.sku_id, left.units_left) == ("POST", None, 1)


def test_an_order_lies_in_the_partition_of_its_month(database: Database):
    with database.owner_transaction() as owner:
        made = ensure_months(owner, first=NOON.date(), last=NOON.date())
        assert made == ["line_2026_03", "order_2026_03", "quote_2026_03"]
    with database.transaction() as conn:
        inside, outside = placed(conn, [draft("A"), draft("B", placed_at=NOON + timedelta(days=30))])
        for table, key in (("order", "id"), ("line", "order_id"), ("quote", "order_id")):
            found = conn.execute(
                f"select {key}, tableoid::regclass::text from orders.{table} order by {key}".encode()
            ).fetchall()
            assert found == [
                (inside.order_id, f"orders.{table}_2026_03"),
                (outside.order_id, f"orders.{table}_default"),
            ]
        outcomes = change_lines(
            conn, [change(order, held=-1, allocated=1) for order in (inside, outside)], now=LATER
        )
        assert [type(outcome) for outcome in outcomes] == [Changed, Changed]


def test_an_erased_member_goes_nowhere(conn: Conn):
    place = Coordinates(longitude=-0.1, latitude=51.5)
    theirs, other = placed(
        conn,
        [
            draft("A", member_id=MEMBER, destination=place),
            draft("B", member_id=OTHER_MEMBER, destination=place),
        ],
    )
    recognise(conn, [draft("A", 9, member_id=MEMBER, destination=place)], now=NOON)
    assert forget_destinations(conn, [MEMBER]) == 1
    assert forget_destinations(conn, [MEMBER]) == 0
    heads = {head.id: head for head in orders_by_ids(conn, [theirs.order_id, other.order_id])}
    assert heads[theirs.order_id].destination is None
    assert heads[theirs.order_id].amount_minor == 200
    assert heads[other.order_id].destination == place
    assert [conflict.content.destination for conflict in last_conflicts(conn, limit=9)] == [None]


def test_an_order_of_charges_alone_is_done_when_written(conn: Conn):
    lines = (DraftLine(code="AMAZONFEE", units=1, kind=LineKind.CHARGE),)
    (order,) = placed(conn, [draft("A", lines=lines)])
    assert stage_of(conn, order) is OrderStage.HANDED_OVER
    assert lines_to_source(conn, due_until=LATER, limit=9) == []
