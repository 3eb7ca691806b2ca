"""Rivals at codes: one scan however often it is sent at once, one guide however many are scanned at once."""

from collections.abc import Callable
from uuid import UUID

from loopline import touchpoints
from loopline.customers import bindings_of_members
from loopline.db import Conn, Database
from loopline.kernel.ids import MemberId, OrderId, ScanId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND
from loopline.org import NewParty, PartyKind, add_parties
from loopline.processes.doctor import examine
from loopline.processes.place import place
from loopline.processes.touch import (
    Host,
    Scanned,
    WantedLiveRoom,
    add_live_rooms,
    identify_visitor,
    issue_receipts,
    scan,
    start_live_rooms,
)
from loopline.touchpoints import CHECKS, LiveRoomMoved, ScanMade, TieOutcome, TouchpointKind
from tests.make.org import succeeded
from tests.make.rivals import together
from tests.make.shop import NOON, open_shop, till_sale
from tests.make.touchpoints import OTHER_VISITOR, VISITOR, code_of, member_of, scan_of

RIVALS = 8


def scanning(*made: ScanMade) -> Callable[[Conn], list[Scanned | Refusal]]:
    return lambda conn: scan(conn, made, now=NOON)


def test_a_scan_sent_by_many_at_once_is_one_scan(database: Database):
    with database.transaction() as conn:
        open_shop(conn, units=0)
        codes = [code_of(conn, TouchpointKind.STORE, site_code=site) for site in ("S", "D")]
    both = [scan_of(codes[0]), scan_of(codes[1], visitor=OTHER_VISITOR)]
    work = [scanning(*(both if number % 2 else reversed(both))) for number in range(RIVALS)]
    outcomes = [one for batch in together(database, work) for one in succeeded(batch)]
    assert sum(not one.is_repeat for one in outcomes) == 2
    assert len({one.scan_id for one in outcomes}) == 2
    with database.reading() as conn:
        assert conn.execute("select count(*) from touchpoints.scan").fetchone() == (2,)
        assert examine(conn, checks=CHECKS).ok


def test_many_visitors_at_one_code_are_all_counted(database: Database):
    with database.transaction() as conn:
        open_shop(conn, units=0)
        code = code_of(conn, TouchpointKind.STORE, site_code="S")
    together(database, [scanning(scan_of(code, visitor=UUID(int=number + 1))) for number in range(RIVALS)])
    with database.reading() as conn:
        point = touchpoints.touchpoints_by_codes(conn, [code])[code]
        assert touchpoints.scan_totals(conn, [point.id])[point.id].scans == RIVALS
        assert examine(conn, checks=CHECKS).ok


def test_of_guides_scanned_at_once_one_binds_and_the_others_meet_its_protection(database: Database):
    with database.transaction() as conn:
        open_shop(conn, units=0)
        names = [f"G{number}" for number in range(RIVALS)]
        parties = [NewParty(code=one, kind=PartyKind.GUIDE, name=one, unit_code="U-S") for one in names]
        succeeded(add_parties(conn, parties, by=None, now=NOON))
        codes = [code_of(conn, TouchpointKind.GUIDE, party_code=one) for one in names]
        member_id = member_of(conn)
    together(
        database,
        [
            scanning(scan_of(code, member_id=member_id, visitor=UUID(int=number + 1)))
            for number, code in enumerate(codes)
        ],
    )
    with database.reading() as conn:
        ties = [one for one in touchpoints.ties_of_member(conn, member_id, limit=99) if one.role == "guide"]
        assert sorted(one.outcome for one in ties) == [TieOutcome.BOUND] + [TieOutcome.PROTECTED] * (
            RIVALS - 1
        )
        (winner,) = [one.party_id for one in ties if one.outcome is TieOutcome.BOUND]
        assert bindings_of_members(conn, [member_id])[member_id].guide_id == winner
        assert conn.execute("select count(*) from customers.binding where role = 'guide'").fetchone() == (1,)


def test_members_who_sign_in_at_once_in_one_browser_do_not_share_its_scans(database: Database):
    with database.transaction() as conn:
        open_shop(conn, units=0)
        code = code_of(conn, TouchpointKind.GUIDE, party_code="GUIDE")
        succeeded(scan(conn, [scan_of(code)], now=NOON))
        members = [member_of(conn, number) for number in range(RIVALS)]

    def identifying(member_id: MemberId) -> Callable[[Conn], list[ScanId]]:
        return lambda conn: identify_visitor(conn, [(VISITOR, member_id)], now=NOON)

    claimed = together(database, [identifying(one) for one in members])
    assert sorted(len(one) for one in claimed) == [0] * (RIVALS - 1) + [1]
    with database.reading() as conn:
        assert len(bindings_of_members(conn, members)) == 1


def test_an_order_asked_for_its_receipt_by_many_has_one(database: Database):
    with database.transaction() as conn:
        shop = open_shop(conn)
        sales = succeeded(
            place(conn, [till_sale(shop, f"T-{n}") for n in range(3)], scope=WHOLE_BRAND, now=NOON)
        )
        ids = [one.order_id for one in sales]

    def issuing(order_ids: list[OrderId]) -> Callable[[Conn], dict[OrderId, str]]:
        return lambda conn: issue_receipts(conn, order_ids, now=NOON)

    work = [issuing(ids if number % 2 else ids[::-1]) for number in range(RIVALS)]
    found = together(database, work)
    assert all(one == found[0] for one in found)
    assert len(set(found[0].values())) == 3


def test_of_two_shows_of_a_streamer_started_at_once_one_is_on_air(database: Database):
    host = Host(scope=WHOLE_BRAND)
    with database.transaction() as conn:
        open_shop(conn, units=0)
        party = NewParty(code="LIVE", kind=PartyKind.STREAMER, name="Live", unit_code="HX")
        succeeded(add_parties(conn, [party], by=None, now=NOON))
        rooms = [
            WantedLiveRoom(code=f"S{n}", name="Show", streamer_code="LIVE", starts_at=NOON) for n in range(4)
        ]
        succeeded(add_live_rooms(conn, rooms, host=host, now=NOON))

    def starting(code: str) -> Callable[[Conn], list[LiveRoomMoved | Refusal]]:
        return lambda conn: start_live_rooms(conn, [code], host=host, now=NOON)

    outcomes = [one for (one,) in together(database, [starting(room.code) for room in rooms])]
    started = [one for one in outcomes if isinstance(one, LiveRoomMoved)]
    assert len(started) == 1
    assert {one.code for one in outcomes if isinstance(one, Refusal)} == {"streamer_on_air"}
