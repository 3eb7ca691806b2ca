"""The made-up retailer stands, and is founded once."""

from collections import Counter
from datetime import UTC, datetime

from loopline.db import Conn
from loopline.org import branch_parties, branch_sites
from loopline.org.model import PartyKind, UnitKind
from loopline.simulator.replay.company import found_company

NOW = datetime(2010, 11, 30, tzinfo=UTC)


def test_one_warehouse_twenty_stores_and_who_earns(conn: Conn):
    found_company(conn, now=NOW)
    sites = branch_sites(conn)
    kinds = [site.unit_kind for site in sites]
    assert (kinds.count(UnitKind.WAREHOUSE), kinds.count(UnitKind.STORE)) == (1, 20)
    earners = [party.kind for party in branch_parties(conn)]
    assert Counter(earners) == {
        PartyKind.BRAND: 1,
        PartyKind.PLATFORM: 1,
        PartyKind.DEALER: 4,
        PartyKind.STORE: 21,
        PartyKind.GUIDE: 40,
        PartyKind.STREAMER: 3,
    }


def test_founding_twice_changes_nothing(conn: Conn):
    found_company(conn, now=NOW)
    sites, parties = branch_sites(conn), branch_parties(conn)
    found_company(conn, now=NOW)
    assert (branch_sites(conn), branch_parties(conn)) == (sites, parties)
