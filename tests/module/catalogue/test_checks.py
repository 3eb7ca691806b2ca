"""What doctor finds in a catalogue that somebody damaged behind our back, and that its repairs repair."""

from collections.abc import Generator

import psycopg
import pytest

from loopline.catalogue.checks import CHECKS
from loopline.db import Conn, Database
from tests.make.catalogue import add_sku
from tests.make.damage import as_owner, findings, plant, repaired


@pytest.fixture
def owner(shared_database: Database) -> Generator[Conn, None, None]:
    with as_owner(shared_database) as conn:
        add_sku(conn, "LAMP", gtin="4006381333931")
        add_sku(conn, "O'NEILL")
        assert findings(conn, CHECKS) == {}
        yield conn


@pytest.mark.parametrize("gtin", ["04006381333932", "04006381333913", "4006381333931", "0400638133393X"])
def test_a_wrong_check_digit_is_found_and_repaired(owner: Conn, gtin: str):
    owner.execute(
        "alter table catalogue.sku drop constraint gtin_is_fourteen_digits_ending_in_their_check_digit"
    )
    owner.execute("update catalogue.sku set gtin = %s where code = 'LAMP'", [gtin])
    found = findings(owner, CHECKS)
    assert list(found) == ["gtins_have_their_check_digit"]
    (broken,) = found["gtins_have_their_check_digit"]
    assert (broken.subject, broken.found) == ("sku LAMP", f"gtin {gtin}")
    repaired(owner, broken)
    assert findings(owner, CHECKS) == {}


def test_another_spelling_is_found_and_repaired(owner: Conn):
    plant(
        owner,
        "alter table catalogue.sku drop constraint sku_code_is_normal",
        "update catalogue.sku set code = ' o''neill' where code = 'O''NEILL'",
    )
    found = findings(owner, CHECKS)
    assert list(found) == ["stock_codes_have_one_spelling"]
    (broken,) = found["stock_codes_have_one_spelling"]
    assert broken.expected == "spelt 'O'NEILL'"
    repaired(owner, broken)
    assert findings(owner, CHECKS) == {}


def test_a_sku_of_no_product_is_found_and_repaired(owner: Conn):
    plant(
        owner,
        "alter table catalogue.sku drop constraint sku_is_of_a_product",
        "delete from catalogue.product where code = 'O''NEILL'",
    )
    found = findings(owner, CHECKS)
    assert list(found) == ["every_sku_is_of_a_product"]
    repaired(owner, found["every_sku_is_of_a_product"][0])
    assert findings(owner, CHECKS) == {}


def test_an_unknown_tax_class_is_found_and_repaired(owner: Conn):
    plant(
        owner,
        "alter table catalogue.sku drop constraint sku_tax_class_is_known",
        "update catalogue.sku set tax_class = 'luxury' where code = 'LAMP'",
    )
    found = findings(owner, CHECKS)
    assert list(found) == ["every_tax_class_is_set_up"]
    (broken,) = found["every_tax_class_is_set_up"]
    assert broken.expected == "one of exempt, low, reduced, standard, zero"
    repaired(owner, broken)
    assert findings(owner, CHECKS) == {}


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("update catalogue.sku set gtin = '04006381333932' where code = 'LAMP'", "gtin_is_fourteen"),
        ("update catalogue.sku set gtin = '4006381333931' where code = 'LAMP'", "gtin_is_fourteen"),
        ("update catalogue.sku set gtin = '04006381333931'", "gtin_is_unique"),
        ("update catalogue.sku set code = 'lamp' where code = 'LAMP'", "sku_code_is_normal"),
        ("update catalogue.sku set tax_class = 'luxury'", "sku_tax_class_is_known"),
        ("update catalogue.sku set weight_grams = 0", "weight_is_positive"),
        (
            "update catalogue.sku set temperature_low_celsius = 5, temperature_high_celsius = 4",
            "temperatures_are_a_range",
        ),
    ],
)
def test_the_database_itself_holds_what_it_can(owner: Conn, statement: str, constraint: str):
    with pytest.raises(psycopg.errors.IntegrityError, match=constraint):
        owner.execute(statement.encode())
