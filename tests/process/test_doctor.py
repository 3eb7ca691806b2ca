"""Doctor finds every kind of damage between rooms, and nothing where nothing is broken."""

from collections.abc import Generator
from datetime import timedelta

import msgspec
import pytest

from loopline.db import Check, Conn, Database, run_check
from loopline.db.embedded import EmbeddedServer
from loopline.db.followers import catch_up
from loopline.jobs.followers import FOLLOWERS
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import DraftLine, LineKind, OnShortage
from loopline.processes.doctor import (
    ALL_CHECKS,
    BETWEEN_ROOMS,
    FOLLOWS_THE_LOG,
    CheckResult,
    Report,
    examine,
    following,
    renewed,
)
from loopline.processes.place import Placed, place
from loopline.processes.source import source_wave
from loopline.processes.take_back import take_back
from loopline.returns.model import NewReturn, NewReturnLine, ReturnKind
from tests.make.damage import as_owner
from tests.make.databases import database_from
from tests.make.faults import FAULTS
from tests.make.feeds import heard, open_feed, snapshot
from tests.make.loop import hand_over_everything, pay_for
from tests.make.org import succeeded
from tests.make.shop import NOON, PRICES, ask, lines, open_shop, till_sale


@pytest.fixture(scope="module")
def business(server: EmbeddedServer, template: str) -> Generator[Database, None, None]:
    """A brand in the middle of its day: held, parked, allocated, handed over, paid, returned. Nobody commits to it."""
    for database in database_from(server, template):
        _do_business(database)
        yield database


def _do_business(database: Database) -> None:
    with database.transaction() as conn:
        shop = open_shop(conn)
        post = DraftLine(code="POST", kind=LineKind.CHARGE, units=1, stated_unit_minor=1_130)
        drafts = [
            ask(shop, "W-1"),
            till_sale(shop, "T-1", lines=(*lines(shop, ("HAT", 3), stated=True), post)),
        ]
        placed = succeeded(place(conn, drafts, scope=WHOLE_BRAND, now=NOON))
        hand_over_everything(conn, now=NOON)
        for one in placed:
            assert isinstance(one, Placed)
            pay_for(conn, shop, one)
        waiting = ask(shop, "W-2", lines=lines(shop, ("SCARF", 40)), on_shortage=OnShortage.PARK)
        place(conn, [ask(shop, "W-3")], scope=WHOLE_BRAND, now=NOON)
        source_wave(conn, now=NOON)
        place(conn, [waiting], scope=WHOLE_BRAND, now=NOON)
        open_feed(conn, shop)
        heard(conn, snapshot(shop, as_at=NOON + timedelta(hours=1), HAT=8))
    catch_up(database, FOLLOWERS, now=NOON)
    with database.transaction() as conn:
        (coat,) = conn.execute(
            "select order_id from orders.known where external_number = 'W-1'"
        ).fetchone() or (None,)
        line = NewReturnLine(
            code="SCARF", sku_id=shop.skus["SCARF"], units=1, stated_unit_minor=PRICES["SCARF"]
        )
        asked = NewReturn(
            channel="till",
            external_number="R-1",
            kind=ReturnKind.FACT,
            at=NOON + timedelta(days=1),
            site_id=shop.sites["S"],
            currency="CNY",
            order_id=coat,
            lines=(line,),
        )
        succeeded(take_back(conn, [asked], scope=WHOLE_BRAND, now=NOON + timedelta(days=1)))
    catch_up(database, FOLLOWERS, now=NOON)


def broken(database: Database) -> set[str]:
    with database.reading() as conn:
        report = examine(conn)
    assert report.ok == (not any(not check.ok for check in report.checks))
    return {check.name for check in report.checks if not check.ok}


def test_a_brand_at_work_is_clean(business: Database):
    assert broken(business) == set()


def test_every_check_has_a_planted_fault():
    names = [check.name for check in ALL_CHECKS]
    assert sorted(names) == sorted(set(names)), "a check's name is its own"
    assert sorted(FAULTS) == sorted(names), "plant a fault for it in tests/make/faults.py"


@pytest.mark.parametrize("check", ALL_CHECKS, ids=lambda check: check.name)
def test_a_planted_fault_is_found_with_a_repair(business: Database, check: Check):
    with as_owner(business) as conn:
        conn.execute(FAULTS[check.name])
        found = run_check(conn, check)
    assert found
    assert all(finding.repair for finding in found)


def test_a_parked_event_is_no_clean_bill(business: Database):
    check = next(check for check in BETWEEN_ROOMS if check.name == "followers_stand_in_the_log")
    with as_owner(business) as conn:
        conn.execute(
            "insert into log.parked_event (follower, position, subject, reason, parked_at)"
            " select 'settle', position, subject, 'ValueError: thirteen', now() from log.event limit 1"
        )
        (finding,) = run_check(conn, check)
    assert (finding.subject, finding.repair) == ("follower settle", "loopline log retry settle")


def test_a_follower_a_moment_behind_is_looked_at_again_and_nothing_else_is(database: Database):
    _do_business(database)
    with database.transaction() as conn:
        conn.execute("update insight.stage_count set orders = orders + 1")
        conn.execute(
            "update stock.node_stock set free = free + 1 where ctid = (select min(ctid) from stock.node_stock)"
        )
        report = examine(conn)
    names = {check.name for check in following(report)}
    assert names
    assert "node_free_equals_leaves" not in names
    assert {check.invariant for check in following(report)} == {FOLLOWS_THE_LOG}
    well = Report(
        ok=True,
        checks=tuple(
            CheckResult(name=name, invariant=FOLLOWS_THE_LOG, ok=True, broken=0, seconds=0.0, findings=())
            for name in names
        ),
    )
    again = renewed(report, well)
    assert [one.name for one in again.checks if not one.ok] == ["node_free_equals_leaves"]
    assert [one.name for one in again.checks] == [one.name for one in report.checks]
    assert not again.ok


def test_a_part_paid_before_the_goods_go_is_no_disagreement_and_after_it_is(conn: Conn):
    shop = open_shop(conn)
    (placed,) = place(conn, [ask(shop, "W-1")], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(placed, Placed)
    pay_for(conn, shop, msgspec.structs.replace(placed, amount_minor=1_210))
    check = next(check for check in BETWEEN_ROOMS if check.name == "order_money_agrees")
    assert run_check(conn, check) == []
    hand_over_everything(conn, now=NOON)
    (finding,) = run_check(conn, check)
    assert (finding.found, finding.expected) == ("1210 taken and kept", "15820 due")
