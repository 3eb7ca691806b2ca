"""The desk on goods that must ship from named sites: promised from these alone, or not at all, with the reason."""

from collections.abc import Generator

import pytest

from loopline.db import Conn, Database
from loopline.kernel.refusals import Refusal
from loopline.processes.must_ship_from import UnknownShipFrom
from loopline.processes.replenish import Count, count_goods
from loopline.promises import PromiseKind, WhyNot
from loopline.sourcing import profiles
from loopline.sourcing.settings import Profile, Publication, Settings, SiteGroup
from loopline.sourcing.ship_from import ShipFrom
from loopline.web.promising.answers import answer
from loopline.web.promising.desk import PromiseDesk
from tests.make.org import succeeded
from tests.make.promising import asked, desk, only, said
from tests.make.shop import NOON, Shop, open_shop

COLLECT = PromiseKind.COLLECT


@pytest.fixture
def shop(database: Database) -> Shop:
    with database.transaction() as conn:
        return open_shop(conn)


@pytest.fixture
def known(database: Database, shop: Shop) -> Generator[PromiseDesk, None, None]:
    del shop
    with desk(database) as made:
        yield made


def publish(conn: Conn, *rules: ShipFrom, groups: tuple[SiteGroup, ...] = ()) -> None:
    settings = Settings(groups=groups, ship_from=rules)
    draft = profiles.draft_profile(conn, settings, based_on=None, by="lin", now=NOON)
    assert isinstance(draft, Profile)
    publication = Publication(version=draft.version, comment="Where from.", by="lin")
    assert isinstance(profiles.publish_profile(conn, publication, now=NOON, site_ids=[]), Profile)


def senders(known: PromiseDesk, *lines: tuple[str, int], **fields: object) -> list[str]:
    return [one.code for one in only(known.view(), asked(*lines, **fields)).sends]


def why(known: PromiseDesk, *lines: tuple[str, int], **fields: object) -> WhyNot:
    return said(known.view(), asked(*lines, **fields)).misses[PromiseKind.DELIVER]


def test_a_rule_that_is_put_in_force_holds_for_the_next_promise(
    database: Database, known: PromiseDesk, shop: Shop
):
    assert senders(known, ("COAT", 1)) == ["S"]
    with database.transaction() as conn:
        depots = SiteGroup(name="Depots", site_ids=(shop.sites["W"],))
        publish(conn, ShipFrom(name="Coats", products=("COAT",), groups=("Depots",)), groups=(depots,))
    known.caught_up()
    assert senders(known, ("COAT", 1)) == ["W"]
    assert senders(known, ("HAT", 1)) == ["S"]
    # In one parcel from where all of it may be sent.
    assert senders(known, ("COAT", 1), ("HAT", 1)) == ["W"]
    # The network has thirty, the warehouse ten.
    assert why(known, ("COAT", 11)) is WhyNot.MUST_SHIP_FROM
    assert why(known, ("COAT", 31)) is WhyNot.NO_STOCK
    assert [
        one.kind
        for one in said(known.view(), asked(("COAT", 1), kinds=(COLLECT,), site_codes=("S",))).options
    ] == [COLLECT]


def test_goods_of_a_rule_and_others_come_in_two_parcels_where_no_named_site_has_all(
    database: Database, known: PromiseDesk, shop: Shop
):
    with database.transaction() as conn:
        publish(conn, ShipFrom(name="Coats", products=("COAT",), site_ids=(shop.sites["W"],)))
        count = Count(leaf_id=shop.leaves["W"], sku_id=shop.skus["HAT"], units=0)
        succeeded(count_goods(conn, [count], now=NOON))
    known.caught_up()
    assert sorted(senders(known, ("COAT", 1), ("HAT", 1))) == ["S", "W"]


def test_an_ask_names_its_sites_and_what_there_is_not_is_refused(
    database: Database, known: PromiseDesk, shop: Shop
):
    with database.transaction() as conn:
        publish(conn, groups=(SiteGroup(name="The depots", site_ids=(shop.sites["W"],)),))
    known.caught_up()
    assert senders(known, ("COAT", 1), ship_from=("D",)) == ["D"]
    assert senders(known, ("COAT", 1), ship_from=("D", "The depots")) == ["W"]
    assert why(known, ("COAT", 11), ship_from=("D",)) is WhyNot.MUST_SHIP_FROM
    refused = answer(known.view(), asked(("COAT", 1), ship_from=("NOPE",)), now=NOON)
    assert isinstance(refused, Refusal)
    assert refused == UnknownShipFrom(named="NOPE")


def test_a_promise_for_named_sites_is_none_for_the_same_goods_from_anywhere():
    assert asked(("COAT", 1)).goods != asked(("COAT", 1), ship_from=("D",)).goods
    assert asked(("COAT", 1), ship_from=("W", "D")).goods == asked(("COAT", 1), ship_from=("D", "W")).goods
