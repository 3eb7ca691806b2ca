"""Changes of delivery fees and of terms of stored value over real HTTP, with what they were before."""

from collections.abc import Generator
from typing import Any

import msgspec
import pytest

from loopline.db import Database
from loopline.kernel.scope import WHOLE_BRAND
from loopline.pricing.freight import NewFreight
from loopline.processes.freight import FreightAsSet, set_freight
from loopline.processes.stored_value.terms import TermsAsSet, set_value_terms
from loopline.stored_value import Bonus, NewTerms, Terms
from loopline.web.hq.changes_words import PART_WORDS
from tests.make.brand_desk import Brand, opened_brand
from tests.make.freight import NOWHERE, template
from tests.make.org import succeeded
from tests.make.shop import NOON
from tests.module.web.test_changes import CHANGES, by, rows


@pytest.fixture
def brand(database: Database) -> Generator[Brand, None, None]:
    with opened_brand(database) as brand:
        yield brand


def delivered_for(brand: Brand, unit: str, *, is_open: bool = False, **fields: Any) -> None:
    wish = NewFreight(unit_code=unit, template=template(**fields), comment="x", is_open=is_open)
    with brand.database.transaction() as conn:
        succeeded(set_freight(conn, [wish], scope=WHOLE_BRAND, by=by(brand, "shen.ops"), now=NOON))


def test_delivery_fees_say_what_they_were_and_whose_they_are(brand: Brand):
    delivered_for(brand, "HX", is_open=True)
    for _ in range(2):  # what is set as it was tells nothing
        delivered_for(brand, "HX", is_open=True, fee_minor=900, regions=(NOWHERE,))
    delivered_for(brand, "DEALER", fee_minor=300)
    dealers, changed, first = rows(brand.signed_in("shen.ops"), f"{CHANGES}?kind=freight")
    assert changed == (
        "Shen.Ops Delivery fees Delivery fees brand HX Delivery fee (cents): 800 → 900"
        " Groups of regions: Xinjiang, Tibet: 2,000, never free → Shanghai: not delivered"
    )
    assert "Delivery fee (cents): – → 800" in first
    assert "Left to regions and dealers: no → yes" in first
    assert rows(brand.signed_in("kong.dealer"), f"{CHANGES}?kind=freight") == [dealers]
    assert "Delivery fee (cents): – → 300" in dealers


def test_terms_of_stored_value_say_what_they_were(brand: Brand):
    terms = Terms()
    more = msgspec.structs.replace(
        terms, unproven_minor=20_000, bonuses=(Bonus(from_minor=10_000, bonus_minor=1_000),)
    )
    for one in (terms, more, more):
        new = NewTerms(entity_id=brand.stage.shop.brand_entity, currency="CNY", terms=one)
        with brand.database.transaction() as conn:
            succeeded(set_value_terms(conn, [new], by=by(brand, "gu.finance"), now=NOON))
    changed, first = rows(brand.signed_in("gu.finance"), f"{CHANGES}?kind=stored_value")
    assert changed.endswith(
        "Terms of stored value BRAND-CO The whole brand"
        " With the phone number alone one pays at most (cents): 0 → 20,000"
        " Bonuses: from a top-up of / given beside it (cents): – → 10,000 / 1,000"
    )
    assert "Its tills take money ahead: – → yes A top-up is at least (cents): – → 1" in first


@pytest.mark.parametrize("record", [FreightAsSet, TermsAsSet])
def test_every_part_of_them_has_a_word(record: type[msgspec.Struct]):
    assert [one for one in record.__struct_fields__ if one not in PART_WORDS] == []
