"""Who sees which figure of the live board, and what a round of reading boards costs. Real HTTP, real PostgreSQL."""

import re
import threading
from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

from loopline import org
from loopline.db import Conn, Database
from loopline.kernel.ids import OrderId, SiteId, uuid7
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.org import Role, RoleGrant
from loopline.promises import Ahead, LateNow, Milestones, NewPromise, PromiseKind, keep_promises, late_now
from loopline.web.hq.board import board_rounds
from loopline.web.live import Watch
from tests.make.insight import line
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.web import DEMO, NOW, furnish, sell, served, settings

PANELS = "/hq/board/now"
NOWHERE = UUID(int=0)
"""The site of an order of no site, as boards count it."""
PEOPLE = {
    "fan.finance": ("HX", Role.FINANCE),
    "ma.market": ("HX", Role.MARKETING),
    "au.audit": ("HX", Role.AUDITOR),
    "east.ops": ("EAST", Role.HQ_OPERATIONS),
    "west.ops": ("WEST", Role.HQ_OPERATIONS),
    "both.roles": ("HX", Role.FINANCE),
}


def promised(site_id: SiteId | None, *, due: timedelta, number: int = 1) -> list[NewPromise]:
    """Promises of one site that are due at some time from now; what is due by now was kept by nobody."""
    due_at = NOW + due
    return [
        NewPromise(
            order_id=OrderId(uuid7(NOW)),
            kind=PromiseKind.DELIVER,
            site_id=site_id,
            promised_at=due_at - timedelta(hours=4),
            starts_at=None,
            milestones=Milestones(
                source_by=due_at - timedelta(hours=3),
                accept_by=due_at - timedelta(hours=2),
                hand_over_by=due_at - timedelta(hours=1),
                due_at=due_at,
            ),
            ahead=Ahead(ready_minutes=60, lane_minutes=60, source_minutes=10, answer_minutes=10),
            band=0,
            terms_version=0,
            pace_version=0,
        )
        for _ in range(number)
    ]


@pytest.fixture
def sites(database: Database) -> dict[str, SiteId]:
    """A brand that sold in two stores; of each a promise is over, of one of them two, and one of no site's."""
    with database.transaction() as conn:
        found = furnish(conn)
        ids = [add_person(conn, name, at=at, role=role) for name, (at, role) in PEOPLE.items()]
        east = org.units_by_code(conn, ["EAST"])["EAST"].id
        also = RoleGrant(person_id=ids[-1], role=Role.AUDITOR, branch_id=east)
        succeeded(org.assign_roles(conn, [also], by=None, now=NOW))
        passwords = [org.NewPassword(person_id=one, password=PASSWORD) for one in ids]
        succeeded(org.set_passwords(conn, passwords, by=None, now=NOW))
        sell(conn, line(amount_minor=100), site=found["S-01"], channel="till")
        sell(conn, line(amount_minor=2000), site=found["S-02"], channel="till")
        sell(conn, line(amount_minor=30000))
        for site_id in (found["S-01"], found["S-02"], NOWHERE):
            conn.execute("insert into insight.stage_count values (%s, 'placed', 1)", (site_id,))
        past, ahead = -timedelta(minutes=5), timedelta(hours=5)
        keep_promises(
            conn,
            [
                *promised(found["S-01"], due=past),
                *promised(found["S-02"], due=past, number=2),
                *promised(found["S-02"], due=ahead),
                *promised(None, due=past),
            ],
            now=NOW - timedelta(hours=5),
        )
    return found


@pytest.fixture
def base(database: Database, sites: dict[str, SiteId]) -> Generator[str, None, None]:
    del sites
    with served(database, settings(demo=DEMO), clock=lambda: NOW) as address:
        yield address


def board_of(base: str, name: str) -> dict[str, Any]:
    with httpx.Client(base_url=base, headers={"accept": "text/html", "accept-language": "en"}) as browser:
        browser.get("/sign-in")
        form = {"_csrf_token": browser.cookies["loopline_form"], "sign_in_name": name, "password": PASSWORD}
        assert browser.post("/sign-in", data=form).status_code == 303
        told = browser.get(PANELS)
        assert told.status_code == 200
        places = browser.get("/hq/board/map").json()
        return told.json()["panels"] | {"map": str(places), "charts": told.json()["charts"]}


def overdue(panels: dict[str, Any]) -> int:
    found = re.search(r'data-key="overdue">(\d+)<', panels["eye"])
    return int(found[1]) if found else 0


@pytest.mark.parametrize(
    ("name", "net", "orders", "stores", "late"),
    [
        ("wang.hq", "¥321.00", 3, {"静安店", "徐汇店"}, 4),
        ("au.audit", "¥321.00", 3, {"静安店", "徐汇店"}, 4),
        # They see sales of the whole brand, and promises of nobody.
        ("fan.finance", "¥321.00", 3, {"静安店", "徐汇店"}, 0),
        ("ma.market", "¥321.00", 3, {"静安店", "徐汇店"}, 0),
        # Sales of the whole brand by one role, promises of a region by another.
        ("both.roles", "¥321.00", 3, {"静安店", "徐汇店"}, 3),
        ("east.ops", "¥21.00", 2, {"静安店", "徐汇店"}, 3),
        ("li.store", "¥1.00", 1, {"静安店"}, 0),
        # A branch to which nothing of it belongs.
        ("west.ops", "¥0.00", 0, set[str](), 0),
    ],
)
def test_every_figure_is_of_what_one_may_read(
    base: str, name: str, net: str, orders: int, stores: set[str], late: int
):
    panels = board_of(base, name)
    assert net in panels["figures"]
    assert overdue(panels) == late
    for store in ("静安店", "徐汇店"):
        for where in ("sites", "map"):
            is_told = store in panels[where]
            assert is_told is (store in stores), (store, where)
        assert (store in panels["happenings"]) is (store in stores), store
    assert panels["happenings"].count("Order placed") == orders
    placed = re.search(r'data-key="placed"[^>]*>\s*(?:<[^>]+>\s*)*([\d,]+)', panels["stages"])
    assert (int(placed[1]) if placed else 0) == orders, panels["stages"]
    drawn = [one for chart in panels["charts"].values() for one in chart["values"] if float(one)]
    assert bool(drawn) is bool(orders)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What this thread sends to the database, statement by statement; servers of other tests may still be at work.

    Without the pool's own question whether a connection is still there, the empty one: it asks after a slow moment.
    """
    sent: list[str] = []
    execute = psycopg.Cursor.execute
    here = threading.get_ident()

    def counted(self: Any, query: Any, *given: Any, **named: Any) -> Any:
        if query and threading.get_ident() == here:
            sent.append(str(query))
        return execute(self, query, *given, **named)

    monkeypatch.setattr(psycopg.Cursor, "execute", counted)
    return sent


def test_a_round_reads_what_boards_share_once(
    database: Database, sites: dict[str, SiteId], statements: list[str]
):
    begin = board_rounds(database, lambda: NOW)
    store = Watch(sites=frozenset({sites["S-02"]}), promised=Scope(sites=frozenset({sites["S-02"]})))

    def cost(*watches: Watch) -> int:
        read = begin()
        statements.clear()
        late = [read(one).late.overdue for one in watches]
        assert late == [4 if one.promised.everything else 2 if one.promised.sites else 0 for one in watches]
        return len(statements)

    whole = Watch(promised=WHOLE_BRAND)
    cost(whole)  # opens the connection
    once = cost(whole)
    # Who may open orders and who may not, with promises and without: the figures are read once.
    others = [
        Watch(promised=WHOLE_BRAND, closed=frozenset({"orders"})),
        Watch(promised=WHOLE_BRAND, closed=frozenset({"orders", "shows"})),
        Watch(closed=frozenset({"shows"})),
    ]
    assert cost(whole, *others) == once
    assert cost(whole, *[whole] * 50) == once
    of_store = cost(store)
    assert cost(whole, store, *others, store) == once + of_store


def rows_read(conn: Conn, now: datetime) -> tuple[LateNow, int]:
    """What is late, and how many promises were looked at to say so."""
    before = _fetched(conn)
    found = late_now(conn, now=now)
    return found, _fetched(conn) - before


def _fetched(conn: Conn) -> int:
    row = conn.execute(
        "select seq_tup_read + coalesce(idx_tup_fetch, 0) from pg_stat_xact_all_tables"
        " where schemaname = 'promises' and relname = 'promise'"
    ).fetchone()
    assert row is not None
    return int(row[0])


def test_counting_what_is_late_does_not_grow_with_what_was_kept_or_is_in_time(
    database: Database, sites: dict[str, SiteId]
):
    with database.owner_transaction() as conn:
        ahead = promised(sites["S-01"], due=timedelta(days=3), number=1_500)
        keep_promises(conn, ahead, now=NOW - timedelta(hours=5))
        past = promised(sites["S-01"], due=-timedelta(days=3), number=1_500)
        kept = keep_promises(conn, past, now=NOW - timedelta(days=4))
        conn.execute(
            "update promises.promise set state = 'kept', arrived_at = due_at, ended_at = due_at, look_at = null"
            " where id = any(%s)",
            ([one.id for one in kept],),
        )
        conn.execute("analyze promises.promise")
    with database.owner_transaction() as conn:
        assert rows_read(conn, NOW) == (LateNow(late=4, overdue=4), 4)


def test_what_is_late_is_counted_wherever_it_stands(database: Database, sites: dict[str, SiteId]):
    """Held against the plain reading of every promise, in each state that a promise can be late in."""
    with database.transaction() as conn:
        conn.execute("delete from promises.promise")
        past, ahead = -timedelta(minutes=5), timedelta(hours=1)
        made = keep_promises(
            conn,
            [*promised(sites["S-01"], due=past, number=5), *promised(sites["S-01"], due=ahead, number=3)],
            now=NOW - timedelta(hours=5),
        )
        ids = [one.id for one in made]
        # One not looked at since it was due; one looked at just now; one at risk; one with its carrier, looked at in
        # three days; one with its carrier and at risk; then in time: as it is, at risk, with its carrier.
        for place, change in (
            (1, "look_at = %(now)s + interval '14 minutes'"),
            (2, "risk = 'source', risk_at = %(now)s, look_at = %(now)s + interval '15 minutes'"),
            (3, "handed_over_at = %(now)s - interval '2 hours', look_at = due_at + interval '3 days'"),
            (
                4,
                "handed_over_at = %(now)s, risk = 'hand_over', risk_at = %(now)s, look_at = due_at + interval '3 days'",
            ),
            (6, "risk = 'accept', risk_at = %(now)s"),
            (7, "handed_over_at = %(now)s, look_at = due_at"),
        ):
            conn.execute(
                f"update promises.promise set {change} where id = %(id)s",  # pyright: ignore[reportArgumentType]
                {"now": NOW, "id": ids[place]},
            )
        plain = conn.execute(
            "select count(*) filter (where risk is not null or due_at <= %(now)s),"
            " count(*) filter (where due_at <= %(now)s) from promises.promise where state = 'open'",
            {"now": NOW},
        ).fetchone()
        assert plain == (6, 5)
        assert late_now(conn, now=NOW) == LateNow(late=6, overdue=5)
        assert late_now(conn, now=NOW, site_ids=[sites["S-01"]]) == LateNow(late=6, overdue=5)
        assert late_now(conn, now=NOW, site_ids=[sites["S-02"]]) == LateNow(late=0, overdue=0)
