"""Promotions over time: what is ended and followed, whose a code is, and who bears what agreed to less."""

from datetime import timedelta

import pytest

from loopline import org
from loopline.db import Conn
from loopline.kernel.scope import WHOLE_BRAND, NotInYourBranch, Scope
from loopline.pricing.changes import AfterListEnds
from loopline.pricing.promotions import (
    Bearer,
    Funder,
    PercentageOff,
    Promotion,
    last_versions,
    note_tried,
    published_promotions,
)
from loopline.pricing.promotions.changes import PromotionUnknown
from loopline.processes.promote import end, publish, save
from tests.make.org import succeeded
from tests.make.promotions import in_force as promoted
from tests.make.promotions import new_promotion
from tests.make.shop import NOON, OPENED, Shop, ask, lines, open_shop
from tests.process.test_promotions import BY, LATER, agreed, in_force, placed, sell, wanted


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn, units=40)


@pytest.mark.parametrize(("most", "owed"), [(5_000, 0), (6_000, 949)])
def test_a_dealer_who_came_later_bears_no_more_than_it_agreed_to(
    conn: Conn, shop: Shop, most: int, owed: int
):
    platform = org.parties_by_code(conn, ["PLATFORM"])["PLATFORM"].id
    agreed(conn, "PLATFORM")
    agreed(conn, "DEALER", most=most)
    parts = (
        Funder(bearer=Bearer.DEALER, basis_points=6_000),
        Funder(bearer=Bearer.SELLER, basis_points=4_000),
    )
    was_dealer = {Bearer.DEALER: {platform: "PLATFORM"}}
    tenth = new_promotion("TENTH", funders=parts)
    promoted(conn, tenth, now=OPENED, parties=was_dealer)
    sell(conn, shop, "W-1", ("COAT", 1), ("SCARF", 2), site_id=shop.sites["D"])
    others = conn.execute(
        "select coalesce(sum(amount_minor), 0)::int from pricing.borne where owed_by is not null"
    )
    assert others.fetchall() == [(owed,)]


def test_what_is_ended_or_followed_changes_nothing_that_was_quoted(conn: Conn, shop: Shop):
    in_force(conn, "TENTH")
    later = NOON + timedelta(hours=2)
    succeeded(
        save(
            conn,
            [wanted("TENTH", PercentageOff(basis_points=5_000), valid_from=later)],
            scope=WHOLE_BRAND,
            by=BY,
            now=NOON,
        )
    )
    assert note_tried(conn, last_versions(conn, ["TENTH"])["TENTH"], now=NOON)
    succeeded(publish(conn, ["TENTH"], scope=WHOLE_BRAND, by=BY, now=NOON))
    coat = lines(shop, ("COAT", 1))
    before, after = placed(conn, ask(shop, "W-1", lines=coat), ask(shop, "W-2", lines=coat, placed_at=later))
    assert (before.amount_minor, after.amount_minor) == (10_170, 5_650)
    succeeded(end(conn, [("TENTH", later)], scope=WHOLE_BRAND, now=NOON))
    was, goes_on = placed(conn, ask(shop, "W-3", lines=coat), ask(shop, "W-4", lines=coat, placed_at=later))
    # Ended before it began, the second version takes over from nothing.
    assert (was.amount_minor, goes_on.amount_minor) == (10_170, 10_170)


def test_what_is_stopped_holds_no_more_though_a_next_version_waits(conn: Conn, shop: Shop):
    in_force(conn, "TENTH")
    later = NOON + timedelta(hours=2)
    half = wanted("TENTH", PercentageOff(basis_points=5_000), valid_from=later)
    succeeded(save(conn, [half], scope=WHOLE_BRAND, by=BY, now=OPENED))
    assert note_tried(conn, last_versions(conn, ["TENTH"])["TENTH"], now=OPENED)
    succeeded(publish(conn, ["TENTH"], scope=WHOLE_BRAND, by=BY, now=OPENED))
    soon = NOON + timedelta(hours=1)
    (done,) = succeeded(end(conn, [("TENTH", NOON)], scope=WHOLE_BRAND, now=OPENED))
    assert done.valid_until == NOON
    coat = lines(shop, ("COAT", 1))
    asks = [ask(shop, f"W-{n}", lines=coat, placed_at=at) for n, at in enumerate((OPENED, NOON, later))]
    assert [one.amount_minor for one in placed(conn, *asks)] == [10_170, 11_300, 11_300]
    assert end(conn, [("TENTH", soon)], scope=WHOLE_BRAND, now=OPENED) == [AfterListEnds(valid_until=NOON)]
    assert end(conn, [("NONE", soon)], scope=WHOLE_BRAND, now=OPENED) == [PromotionUnknown(value="NONE")]


def test_of_two_ends_in_one_go_the_first_counts(conn: Conn, shop: Shop):
    one = in_force(conn, "TENTH")
    ends = [("TENTH", LATER), ("TENTH", NOON), ("TENTH", LATER)]
    succeeded(end(conn, ends, scope=WHOLE_BRAND, now=OPENED))
    assert [found.valid_until for found in published_promotions(conn) if found.id == one.id] == [NOON]


def test_a_branch_takes_over_no_code_that_holds_elsewhere(conn: Conn, shop: Shop):
    """Headquarters narrowed its promotion to a branch's site; as long as the wide one holds, the code is not theirs."""
    scope = Scope(sites=frozenset({shop.sites["D"]}))
    in_force(conn, "TENTH")
    succeeded(
        save(conn, [wanted("TENTH", site_code="D", valid_from=LATER)], scope=WHOLE_BRAND, by=BY, now=OPENED)
    )
    assert note_tried(conn, last_versions(conn, ["TENTH"])["TENTH"], now=OPENED)
    theirs = [NotInYourBranch(subject="TENTH")]
    taken = [wanted("TENTH", site_code="D")]
    assert save(conn, taken, scope=scope, by=BY, now=NOON) == theirs
    assert publish(conn, ["TENTH"], scope=scope, by=BY, now=NOON) == theirs
    succeeded(publish(conn, ["TENTH"], scope=WHOLE_BRAND, by=BY, now=NOON))
    assert end(conn, [("TENTH", NOON)], scope=scope, now=NOON) == theirs
    succeeded(end(conn, [("TENTH", LATER)], scope=scope, now=NOON))  # the narrow one alone: theirs
    succeeded(end(conn, [("TENTH", NOON)], scope=WHOLE_BRAND, now=NOON))
    succeeded(save(conn, taken, scope=scope, by=BY, now=LATER))


def test_a_branch_writes_promotions_of_its_own_places_and_no_other(conn: Conn, shop: Shop):
    dealers = org.units_by_code(conn, ["DEALER"])["DEALER"].id
    scope = Scope(sites=frozenset({shop.sites["D"]}), org_units=frozenset({dealers}))
    asked = [wanted("MINE", site_code="D"), wanted("THEIRS", site_code="S"), wanted("ALL")]
    mine, theirs, everybodys = save(conn, asked, scope=scope, by=BY, now=OPENED)
    assert isinstance(mine, Promotion)
    assert theirs == NotInYourBranch(subject="THEIRS")
    assert everybodys == NotInYourBranch(subject="ALL")
    succeeded(save(conn, [wanted("TAKEN", site_code="S")], scope=WHOLE_BRAND, by=BY, now=OPENED))
    stolen = save(conn, [wanted("TAKEN", site_code="D")], scope=scope, by=BY, now=OPENED)
    assert stolen == [NotInYourBranch(subject="TAKEN")]
    assert publish(conn, ["TAKEN"], scope=scope, by=BY, now=OPENED) == [NotInYourBranch(subject="TAKEN")]
