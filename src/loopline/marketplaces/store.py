"""One function per statement of `store.sql`."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.db import Conn, copy_rows, execute, fetch, fetch_rows, fetch_values, integers, statements, uuids
from loopline.kernel.ids import OrderId, SkuId
from loopline.marketplaces.model import (
    AnsweredStep,
    DueStep,
    GoodsTerms,
    GoodsTermsSet,
    LoanChange,
    LoanRow,
    Marketplace,
    MarketplaceId,
    MarketplaceTerms,
    NewStep,
    NewTestOrder,
    Shipment,
    StepId,
    SubjectKind,
    TermsBy,
    TestOrder,
    TestOrderId,
)

SQL = statements(__file__)


class LoanMark(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer says of a loan besides its units."""

    channel: str
    sku_id: SkuId
    is_empty: bool
    is_refused: bool
    why: str | None


class TestUnits(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a SKU in a test order."""

    __test__ = False

    channel: str
    test_order_id: TestOrderId
    sku_id: SkuId
    units: int


class Moving(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be noted of an order that is to be shipped."""

    order_id: OrderId
    ship_by: datetime | None
    alarm_at: datetime | None
    handed_over_at: datetime | None
    ended_at: datetime | None


def marketplaces(conn: Conn) -> list[Marketplace]:
    return fetch(conn, SQL["marketplaces"], Marketplace)


def lock_marketplaces(conn: Conn, channels: Sequence[str]) -> dict[str, tuple[int, MarketplaceId]]:
    rows = fetch_rows(conn, SQL["lock_marketplaces"], channels=list(channels))
    return {channel: (version, MarketplaceId(made)) for channel, version, made in rows}


def replace_marketplaces(conn: Conn, channels: Sequence[str], *, now: datetime) -> None:
    execute(conn, SQL["replace_marketplaces"], channels=list(channels), now=now)


def insert_marketplaces(
    conn: Conn,
    made: Sequence[tuple[MarketplaceId, int, MarketplaceTerms]],
    *,
    by: TermsBy,
    now: datetime,
) -> None:
    execute(
        conn,
        SQL["insert_marketplaces"],
        ids=[one for one, _, _ in made],
        channels=[terms.channel for _, _, terms in made],
        versions=[version for _, version, _ in made],
        connectors=[terms.connector for _, _, terms in made],
        on=[terms.is_on for _, _, terms in made],
        weights=[terms.weight for _, _, terms in made],
        most=[terms.most_units for _, _, terms in made],
        buffers=[terms.buffer_units for _, _, terms in made],
        put_back=[terms.puts_back for _, _, terms in made],
        ship_hours=[terms.ship_hours for _, _, terms in made],
        alarm_hours=[terms.alarm_hours for _, _, terms in made],
        late_basis_points=[terms.late_basis_points for _, _, terms in made],
        late_least=[terms.late_least_minor for _, _, terms in made],
        late_most=[terms.late_most_minor for _, _, terms in made],
        test_prefixes=[msgspec.json.encode(terms.test_prefixes).decode() for _, _, terms in made],
        actor=by.actor,
        note=by.note,
        now=now,
    )


def goods_terms(conn: Conn) -> list[GoodsTermsSet]:
    return fetch(conn, SQL["goods_terms"], GoodsTermsSet)


def replace_goods_terms(
    conn: Conn, terms: Sequence[GoodsTerms], *, now: datetime
) -> dict[tuple[str, SubjectKind, str], int]:
    rows = fetch_rows(
        conn,
        SQL["replace_goods_terms"],
        channels=[one.channel for one in terms],
        subjects=[one.subject.value for one in terms],
        subject_codes=[one.subject_code for one in terms],
        now=now,
    )
    return {(channel, SubjectKind(subject), code): version for channel, subject, code, version in rows}


def insert_goods_terms(
    conn: Conn, made: Sequence[tuple[int, GoodsTerms]], *, by: TermsBy, now: datetime
) -> None:
    execute(
        conn,
        SQL["insert_goods_terms"],
        channels=[one.channel for _, one in made],
        subjects=[one.subject.value for _, one in made],
        subject_codes=[one.subject_code for _, one in made],
        versions=[version for version, _ in made],
        on=[one.is_on for _, one in made],
        weights=[one.weight for _, one in made],
        most=[one.most_units for _, one in made],
        buffers=[one.buffer_units for _, one in made],
        actor=by.actor,
        note=by.note,
        now=now,
    )


def mark_goods(conn: Conn, sku_ids: Iterable[SkuId]) -> None:
    execute(conn, SQL["mark_goods"], sku_ids=uuids(sku_ids))


def changed_goods(conn: Conn, *, at_most: int) -> dict[SkuId, int]:
    return dict(fetch_rows(conn, SQL["changed_goods"], at_most=at_most))


def looked_at(conn: Conn, looked: Sequence[tuple[SkuId, int, Sequence[int]]]) -> None:
    execute(
        conn,
        SQL["looked_at"],
        sku_ids=uuids([sku_id for sku_id, _, _ in looked]),
        turns=[turns for _, turns, _ in looked],
        rooms=[integers(rooms) for _, _, rooms in looked],
    )


def rooms_seen(conn: Conn, sku_ids: Sequence[SkuId]) -> dict[SkuId, tuple[int, ...]]:
    rows = fetch_rows(conn, SQL["rooms_seen"], sku_ids=uuids(sku_ids))
    return {sku_id: tuple(rooms) for sku_id, rooms in rows}


def open_loans(conn: Conn, keys: Sequence[tuple[str, SkuId]]) -> None:
    execute(
        conn,
        SQL["open_loans"],
        channels=[channel for channel, _ in keys],
        sku_ids=uuids([sku_id for _, sku_id in keys]),
    )


def lock_loans(conn: Conn, keys: Sequence[tuple[str, SkuId]]) -> list[LoanRow]:
    return fetch(
        conn,
        SQL["lock_loans"],
        LoanRow,
        channels=[channel for channel, _ in keys],
        sku_ids=uuids([sku_id for _, sku_id in keys]),
    )


def lock_loans_of_goods(conn: Conn, sku_ids: Sequence[SkuId]) -> list[LoanRow]:
    return fetch(conn, SQL["lock_loans_of_goods"], LoanRow, sku_ids=uuids(sku_ids))


def move_loans(conn: Conn, moves: Sequence[tuple[LoanChange, bool]]) -> None:
    execute(
        conn,
        SQL["move_loans"],
        channels=[one.channel for one, _ in moves],
        sku_ids=uuids([one.sku_id for one, _ in moves]),
        units=integers([one.units for one, _ in moves]),
        more=[is_more for _, is_more in moves],
    )


def copy_entries(conn: Conn, entries: Sequence[tuple[UUID, LoanChange]], *, now: datetime) -> None:
    copy_rows(
        conn,
        SQL["copy_entries"],
        (
            (made, one.channel, one.sku_id, one.units, one.cause.value, one.cause_id, now, one.note)
            for made, one in entries
        ),
    )


def written_off_by(conn: Conn, cause_ids: Iterable[UUID]) -> dict[UUID, tuple[str, SkuId, int]]:
    """Return what each of these causes took off a loan by a person's word: of which, and how many (negative)."""
    rows = fetch_rows(conn, SQL["written_off_by"], cause_ids=uuids(cause_ids))
    return {cause_id: (channel, SkuId(sku_id), units) for cause_id, channel, sku_id, units in rows}


def ask_back(conn: Conn, asked: Sequence[tuple[str, SkuId, int]]) -> None:
    execute(
        conn,
        SQL["ask_back"],
        channels=[channel for channel, _, _ in asked],
        sku_ids=uuids([sku_id for _, sku_id, _ in asked]),
        units=integers([units for _, _, units in asked]),
    )


def mark_loans(conn: Conn, marks: Sequence[LoanMark], *, refused_until: datetime) -> None:
    execute(
        conn,
        SQL["mark_loans"],
        channels=[one.channel for one in marks],
        sku_ids=uuids([one.sku_id for one in marks]),
        empty=[one.is_empty for one in marks],
        refused=[one.is_refused for one in marks],
        whys=[one.why for one in marks],
        refused_until=refused_until,
    )


def copy_steps(conn: Conn, steps: Sequence[tuple[StepId, NewStep]], *, now: datetime) -> None:
    copy_rows(
        conn,
        SQL["copy_steps"],
        ((made, one.channel, one.sku_id, one.units, now, now) for made, one in steps),
    )


def due_steps(conn: Conn, channels: Sequence[str], *, at_most: int, now: datetime) -> list[DueStep]:
    return fetch(conn, SQL["due_steps"], DueStep, channels=list(channels), at_most=at_most, now=now)


def claim_steps(conn: Conn, claimed: Sequence[tuple[StepId, datetime]]) -> None:
    execute(
        conn,
        SQL["claim_steps"],
        ids=[made for made, _ in claimed],
        next_try_ats=[again_at for _, again_at in claimed],
    )


def lock_steps(conn: Conn, ids: Sequence[StepId]) -> list[DueStep]:
    return fetch(conn, SQL["lock_steps"], DueStep, ids=list(ids))


def answer_steps(conn: Conn, answers: Sequence[AnsweredStep], *, now: datetime) -> None:
    execute(
        conn,
        SQL["answer_steps"],
        ids=[one.step_id for one in answers],
        moved=[one.moved for one in answers],
        whys=[one.why for one in answers],
        now=now,
    )


def insert_shipments(
    conn: Conn, made: Sequence[tuple[OrderId, str, datetime, datetime | None, datetime | None]]
) -> None:
    execute(
        conn,
        SQL["insert_shipments"],
        order_ids=[order_id for order_id, *_ in made],
        channels=[channel for _, channel, *_ in made],
        placed_ats=[placed_at for _, _, placed_at, *_ in made],
        stated_bys=[stated_by for *_, stated_by, _ in made],
        alarm_ats=[alarm_at for *_, alarm_at in made],
    )


def lock_shipments(conn: Conn, order_ids: Sequence[OrderId]) -> dict[OrderId, Shipment]:
    found = fetch(conn, SQL["lock_shipments"], Shipment, order_ids=uuids(order_ids))
    return {one.order_id: one for one in found}


def move_shipments(conn: Conn, moved: Sequence[Moving]) -> None:
    execute(
        conn,
        SQL["move_shipments"],
        order_ids=[one.order_id for one in moved],
        ship_bys=[one.ship_by for one in moved],
        alarm_ats=[one.alarm_at for one in moved],
        handed_over_ats=[one.handed_over_at for one in moved],
        ended_ats=[one.ended_at for one in moved],
    )


def near_shipments(conn: Conn, *, at_most: int, now: datetime) -> list[Shipment]:
    return fetch(conn, SQL["near_shipments"], Shipment, at_most=at_most, now=now)


def alarm_shipments(conn: Conn, order_ids: Sequence[OrderId], *, now: datetime) -> None:
    execute(conn, SQL["alarm_shipments"], order_ids=uuids(order_ids), now=now)


def overdue_shipments(conn: Conn, *, at_most: int, now: datetime) -> list[Shipment]:
    return fetch(conn, SQL["overdue_shipments"], Shipment, at_most=at_most, now=now)


def miss_shipments(conn: Conn, order_ids: Sequence[OrderId]) -> None:
    execute(conn, SQL["miss_shipments"], order_ids=uuids(order_ids))


def insert_test_orders(conn: Conn, new: Sequence[NewTestOrder], *, now: datetime) -> set[TestOrderId]:
    made = fetch_values(
        conn,
        SQL["insert_test_orders"],
        ids=[one.id for one in new],
        channels=[one.channel for one in new],
        numbers=[one.external_number for one in new],
        becauses=[one.because.value for one in new],
        placed_ats=[one.placed_at for one in new],
        now=now,
    )
    return {TestOrderId(one) for one in made}


def copy_test_lines(conn: Conn, new: Sequence[NewTestOrder]) -> None:
    copy_rows(
        conn,
        SQL["copy_test_lines"],
        (
            (one.id, position, line.sku_code, line.sku_id, line.units)
            for one in new
            for position, line in enumerate(one.lines)
        ),
    )


def lock_test_orders(conn: Conn, numbers: Sequence[tuple[str, str]]) -> list[TestOrder]:
    return fetch(
        conn,
        SQL["lock_test_orders"],
        TestOrder,
        channels=[channel for channel, _ in numbers],
        numbers=[number for _, number in numbers],
    )


def pay_test_orders(conn: Conn, paid: Mapping[TestOrderId, tuple[datetime, int, str | None]]) -> None:
    execute(
        conn,
        SQL["pay_test_orders"],
        ids=list(paid),
        ats=[at for at, _, _ in paid.values()],
        amounts=[amount for _, amount, _ in paid.values()],
        currencies=[currency for _, _, currency in paid.values()],
    )


def cancel_test_orders(conn: Conn, ids: Sequence[TestOrderId], *, now: datetime) -> None:
    execute(conn, SQL["cancel_test_orders"], ids=list(ids), now=now)


def test_goods(conn: Conn, ids: Sequence[TestOrderId]) -> list[TestUnits]:
    return fetch(conn, SQL["test_goods"], TestUnits, ids=list(ids))
