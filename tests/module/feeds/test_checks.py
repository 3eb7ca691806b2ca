"""Each kind of damage to feeds is planted, found, and mended by the repair that is printed."""

from datetime import timedelta
from typing import LiteralString

import pytest

from loopline.db import Database, run_check
from loopline.feeds import CHECKS
from tests.make.damage import as_owner, findings, plant, repaired
from tests.make.feeds import heard, open_feed, snapshot
from tests.make.shop import NOON, open_shop

DAMAGE: dict[str, LiteralString] = {
    "stated_at_its_feeds_leaf": "update feeds.stated set leaf_id = gen_random_uuid() where units = 10",
    "suspicion_newer_than_stated": "update feeds.suspicion set as_at = as_at - interval '1 hour' where state = 'open'",
    "snapshot_counts_add_up": "update feeds.snapshot set applied = applied + 1 where named = 2",
}


def test_every_check_has_its_damage():
    assert sorted(DAMAGE) == sorted(check.name for check in CHECKS)


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_found_and_mended(shared_database: Database, name: str):
    with as_owner(shared_database) as conn:
        shop = open_shop(conn)
        open_feed(conn, shop)
        heard(conn, snapshot(shop, HAT=10, COAT=9))
        heard(conn, snapshot(shop, as_at=NOON + timedelta(minutes=1), HAT=99))
        assert findings(conn, CHECKS) == {}
        plant(conn, DAMAGE[name])
        (found,) = findings(conn, CHECKS)[name]
        repaired(conn, found)
        assert [run_check(conn, check) for check in CHECKS] == [[]] * len(CHECKS)
