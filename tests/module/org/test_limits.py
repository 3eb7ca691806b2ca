"""Limits of counters: the nearest unit decides where the brand leaves it open; who may set what."""

from uuid import UUID

import pytest

from loopline.db import Conn
from loopline.kernel.ids import OrgUnitId
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.org import limits
from loopline.org.limits import (
    AS_DELIVERED,
    COMMENT_MOST,
    MOST,
    CounterLimit,
    KeptLimit,
    LimitInForce,
    LimitNeedsAComment,
    LimitNotOpen,
    LimitOutOfRange,
    LimitUnitUnknown,
    NewLimit,
    UnitSetsNoLimit,
    limit_at,
)
from loopline.org.queries import units_by_code
from tests.make.shop import NOON, open_shop

BRAND, REGION, STORE = (OrgUnitId(UUID(int=number)) for number in (1, 2, 3))
ALONE = CounterLimit.BLIND_ALONE


def kept(unit_id: OrgUnitId, value: int | None, *, is_open: bool = False) -> KeptLimit:
    return KeptLimit(
        unit_id=unit_id, setting=ALONE, value=value, is_open=is_open, comment="c", set_at=NOON, set_by="p"
    )


@pytest.mark.parametrize(
    ("words", "value", "decided_by"),
    [
        ((), AS_DELIVERED[ALONE], None),
        ((kept(BRAND, 7),), 7, BRAND),
        ((kept(BRAND, 7), kept(REGION, 9)), 7, BRAND),
        ((kept(BRAND, 7, is_open=True), kept(REGION, 9)), 9, REGION),
        ((kept(BRAND, 7, is_open=True), kept(REGION, None)), 7, BRAND),
        ((kept(BRAND, None, is_open=True), kept(REGION, 0)), 0, REGION),
        ((kept(REGION, 9),), AS_DELIVERED[ALONE], None),
    ],
)
def test_the_nearest_decides_where_the_brand_leaves_it_open(
    words: tuple[KeptLimit, ...], value: int, decided_by: OrgUnitId | None
) -> None:
    found = limit_at((BRAND, REGION, STORE), ALONE, kept={(one.unit_id, ALONE): one for one in words})
    assert found == LimitInForce(value=value, decided_by=decided_by)


def new(unit: str, value: int | None, *, comment: str = "why", is_open: bool = False) -> NewLimit:
    return NewLimit(unit_code=unit, setting=ALONE, value=value, comment=comment, is_open=is_open)


def test_each_is_judged_by_itself_and_the_last_word_holds(conn: Conn) -> None:
    open_shop(conn)
    units = units_by_code(conn, ["HX", "DEALER"])

    def put(*wanted: NewLimit, scope: Scope = WHOLE_BRAND) -> list[object]:
        return list(limits.set_limits(conn, wanted, scope=scope, by="person:1", now=NOON))

    far = new("HX", MOST[ALONE] + 1)
    assert put(new("DEALER", 1), new("U-S", 1), new("GHOST", 1), far, new("HX", -1), new("HX", 5)) == [
        LimitNotOpen(setting=ALONE.value, unit_code="DEALER"),
        UnitSetsNoLimit(unit_code="U-S", kind="store"),
        LimitUnitUnknown(unit_code="GHOST"),
        LimitOutOfRange(setting=ALONE.value, value=MOST[ALONE] + 1, most=MOST[ALONE]),
        LimitOutOfRange(setting=ALONE.value, value=-1, most=MOST[ALONE]),
        new("HX", 5),
    ]
    assert put(new("HX", 1, comment=" "), new("HX", 1, comment="x" * (COMMENT_MOST + 1))) == [
        LimitNeedsAComment(most=COMMENT_MOST),
        LimitNeedsAComment(most=COMMENT_MOST),
    ]
    first, second = new("HX", 6), new("HX", 7, is_open=True)
    assert put(first, second) == [first, second]
    dealer = Scope(org_units=frozenset({units["DEALER"].id}))
    assert put(new("HX", 9), new("DEALER", 8, is_open=True), scope=dealer) == [
        LimitUnitUnknown(unit_code="HX"),
        new("DEALER", 8),
    ]
    found = limits.limits_of_units(conn, [unit.id for unit in units.values()])
    assert {(one.unit_id, one.value, one.is_open) for one in found.values()} == {
        (units["HX"].id, 7, True),
        (units["DEALER"].id, 8, False),
    }
    # Closed again: the dealer's word has no effect, and may still be taken back.
    assert put(new("HX", 7), new("DEALER", None)) == [new("HX", 7), new("DEALER", None)]
