"""What doctor finds in prices that somebody damaged behind our back, and that its repairs repair."""

from collections.abc import Generator
from datetime import timedelta

import psycopg
import pytest

from loopline.catalogue import Sku
from loopline.db import Conn, Database
from loopline.kernel.ids import PriceListId
from loopline.pricing.checks import CHECKS
from tests.make.catalogue import add_sku
from tests.make.damage import as_owner, findings, plant, repaired
from tests.make.pricing import NOW, add_list, set_price, set_rate

HOUR = timedelta(hours=1)


@pytest.fixture
def owner(shared_database: Database) -> Generator[Conn, None, None]:
    with as_owner(shared_database) as conn:
        yield conn


@pytest.fixture
def lamp(owner: Conn) -> Sku:
    set_rate(owner)
    return add_sku(owner, "LAMP")


@pytest.fixture
def base(owner: Conn, lamp: Sku) -> PriceListId:
    base = add_list(owner, "base")
    set_price(owner, base, lamp.id, 100)
    assert findings(owner, CHECKS) == {}
    return base


def slip_in(conn: Conn, list_id: PriceListId, sku: Sku, unit_minor: int | None, hours: float) -> None:
    """Write a price without asking whether it may stand there."""
    conn.execute(
        """insert into pricing.price (id, price_list_id, sku_id, unit_minor, valid_from, added_at)
           values (pricing.new_id(), %s, %s, %s, %s, now())""",
        [list_id, sku.id, unit_minor, NOW + hours * HOUR],
    )


@pytest.mark.parametrize(
    ("changes", "hours", "is_found"),
    [
        ({}, 0, True),
        ({}, 5, True),
        ({"valid_until": NOW + HOUR}, 0, True),
        ({"valid_until": NOW + HOUR}, 1, False),
        ({"priority": 1}, 0, False),
        ({"channel": "web"}, 0, False),
        ({"currency": "GBP"}, 0, False),
    ],
)
def test_two_prices_of_equal_rank_at_one_time_are_found(
    owner: Conn, base: PriceListId, lamp: Sku, changes: dict[str, object], hours: float, is_found: bool
):
    other = add_list(owner, "other", **changes)
    slip_in(owner, other, lamp, 90, hours)
    found = findings(owner, CHECKS)
    assert list(found) == (["equal_lists_price_no_sku_twice"] if is_found else [])
    if is_found:
        (broken,) = found["equal_lists_price_no_sku_twice"]
        assert broken.subject == "sku LAMP"
        assert "lists base and other both price it from 2025-03-03" in broken.found


def test_an_overlap_ends_by_its_repair(owner: Conn, base: PriceListId, lamp: Sku):
    other = add_list(owner, "other")
    slip_in(owner, other, lamp, 90, 2)
    slip_in(owner, base, lamp, None, 3)
    (broken,) = findings(owner, CHECKS)["equal_lists_price_no_sku_twice"]
    assert "from 2025-03-03 03:00:00" in broken.found
    assert "to 2025-03-03 04:00:00" in broken.found
    repaired(owner, broken)
    assert findings(owner, CHECKS) == {}


def test_a_sku_without_a_rate_is_found_in_every_country_that_taxes(owner: Conn, base: PriceListId):
    set_rate(owner, 2000, country="GB")
    add_sku(owner, "BREAD", tax_class="reduced")
    add_sku(owner, "OLD", tax_class="low", is_active=False)
    found = findings(owner, CHECKS)
    assert list(found) == ["every_sku_has_a_tax_rate"]
    assert [(one.subject, one.found) for one in found["every_sku_has_a_tax_rate"]] == [
        ("sku BREAD", "tax class reduced has no rate in CN"),
        ("sku BREAD", "tax class reduced has no rate in GB"),
    ]


def test_a_price_of_nothing_is_found_and_repaired(owner: Conn, base: PriceListId):
    plant(owner, "update pricing.price set sku_id = gen_random_uuid()")
    found = findings(owner, CHECKS)
    assert list(found) == ["every_price_is_of_a_sku"]
    repaired(owner, found["every_price_is_of_a_sku"][0])
    assert findings(owner, CHECKS) == {}


def test_a_price_in_no_list_is_found_and_repaired(owner: Conn, base: PriceListId):
    plant(
        owner,
        "alter table pricing.price drop constraint price_stands_in_a_list",
        "delete from pricing.price_list",
    )
    found = findings(owner, CHECKS)
    assert list(found) == ["every_price_stands_in_a_list"]
    repaired(owner, found["every_price_stands_in_a_list"][0])
    assert findings(owner, CHECKS) == {}


@pytest.mark.parametrize(
    "statement",
    [
        "update pricing.price set unit_minor = 1",
        "delete from pricing.price",
        "update pricing.tax_rate set rate_basis_points = 1",
        "delete from pricing.tax_rate",
    ],
)
def test_the_serving_role_rewrites_no_price_and_no_rate(conn: Conn, statement: str):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute(statement.encode())
