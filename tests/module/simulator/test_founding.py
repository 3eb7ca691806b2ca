"""The made-up brand as it is founded: its stores say at which hours they receive, send couriers and fit at home."""

from datetime import UTC, datetime

from loopline import org
from loopline.db import Conn
from loopline.processes.slots import terms_of_sites
from loopline.simulator.brand.founding import found_brand
from loopline.slots import Way


def test_stores_of_the_demo_have_hours(conn: Conn):
    found_brand(conn, now=datetime(2026, 3, 2, 1, tzinfo=UTC))
    sites = {site.code: site for site in org.branch_sites(conn)}
    terms = terms_of_sites(conn, sites.values())
    offered = {
        way: sorted(code for code, site in sites.items() if (site.id, way) in terms and code.startswith("S"))
        for way in Way
    }
    assert offered[Way.COURIER] == ["S01", "S02", "S03", "S04"]
    assert offered[Way.AT_HOME] == ["S01", "S05", "S11"]
    assert len(offered[Way.IN_STORE]) == sum(code.startswith("S") for code in sites)
