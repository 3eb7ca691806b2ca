"""Why goods come back, from real sales and returns: by every dimension, with the money and what is not sold again."""

from datetime import timedelta
from typing import Any

import pytest

from loopline.db import Conn, run_check
from loopline.insight.checks import CHECKS
from loopline.insight.followers import FOLLOWERS
from loopline.insight.returned import (
    UNKNOWN,
    Dimension,
    Returned,
    ReturnedAsk,
    ReturnedGroup,
    ReturnedKey,
    ReturnedLineAsk,
    read_returned,
    returned_lines,
)
from loopline.kernel.ids import ReturnLineId, uuid7
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes import regrade
from loopline.processes.place import Placed, place
from loopline.processes.take_back import TakenBack, take_back
from loopline.returns.model import Grade, Grading, NewReturn, NewReturnLine, Reason, Receipt, ReturnKind
from tests.make.loop import follow, hand_over_everything, pay_for
from tests.make.org import succeeded
from tests.make.shop import NOON, PRICES, Shop, ask, lines, open_shop, till_sale

RIGHTS = next(one for one in FOLLOWERS if one.name == "insight_rights")
DAY = timedelta(days=1)


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn)


def asked(dimension: Dimension, **changes: Any) -> ReturnedAsk:
    said: dict[str, Any] = {
        "start": NOON - DAY,
        "end": NOON + 10 * DAY,
        "first": (NOON - DAY).date(),
        "last": (NOON + 10 * DAY).date(),
        "dimension": dimension,
        "currency": "CNY",
    }
    return ReturnedAsk(**(said | changes))


def back(shop: Shop, number: str, code: str, units: int, reason: Reason, **fields: Any) -> NewReturn:
    line = NewReturnLine(
        code=code, sku_id=shop.skus[code], units=units, stated_unit_minor=PRICES[code], reason=reason
    )
    said: dict[str, Any] = {
        "channel": "till",
        "external_number": number,
        "kind": ReturnKind.FACT,
        "at": NOON + DAY,
        "site_id": shop.sites["S"],
        "currency": "CNY",
        "lines": (line,),
    }
    return NewReturn(**(said | fields))


def graded(conn: Conn, shop: Shop, line_id: ReturnLineId, *grades: tuple[Grade, int]) -> None:
    units = sum(count for _, count in grades)
    receipt = Receipt(
        id=uuid7(NOON), return_line_id=line_id, units=units, site_id=shop.sites["S"], at=NOON + DAY
    )
    succeeded(regrade.receive(conn, [receipt], scope=WHOLE_BRAND, now=NOON + DAY))
    gradings = [
        Grading(
            id=uuid7(NOON),
            return_line_id=line_id,
            units=count,
            grade=grade,
            is_perishable=False,
            graded_by="person",
            at=NOON + DAY,
        )
        for grade, count in grades
    ]
    succeeded(regrade.grade(conn, gradings, site_id=shop.sites["S"], scope=WHOLE_BRAND, now=NOON + DAY))


@pytest.fixture
def happened(conn: Conn, shop: Shop) -> Shop:
    """Of seven hats that one site sent three come back, one damaged; of a till's two coats one; and a blind scarf."""
    drafts = [
        ask(shop, "W-1", lines=lines(shop, ("HAT", 7))),
        till_sale(shop, "T-1", site="D", lines=lines(shop, ("COAT", 2), stated=True)),
    ]
    placed = succeeded(place(conn, drafts, scope=WHOLE_BRAND, now=NOON))
    for one in placed:
        assert isinstance(one, Placed)
        pay_for(conn, shop, one)
    hand_over_everything(conn, now=NOON)
    follow(conn, RIGHTS)
    hats, coats = (one.order_id for one in placed)
    returns = [
        back(shop, "R-1", "HAT", 3, Reason.DEFECT, order_id=hats),
        back(shop, "R-2", "COAT", 1, Reason.SIZE, order_id=coats, at=NOON + 2 * DAY),
        back(shop, "R-3", "SCARF", 1, Reason.DEFECT, at=NOON + 3 * DAY),
    ]
    taken = succeeded(take_back(conn, returns, scope=WHOLE_BRAND, now=NOON + 3 * DAY))
    of_hats = taken[0]
    assert isinstance(of_hats, TakenBack)
    graded(conn, shop, of_hats.lines[0].return_line_id, (Grade.DAMAGED, 1), (Grade.AS_NEW, 1))
    return shop


def by_key(found: Returned) -> dict[str, tuple[int, int, int, int]]:
    """Units, blind units, what was paid back, units sent."""
    return {one.key: (one.units, one.blind_units, one.refund_minor, one.sent_units) for one in found.groups}


def sender(conn: Conn, code: str = "HAT") -> str:
    (found,) = conn.execute(
        "select sent_site_id from insight.judged_line as line join catalogue.sku on sku.id = sku_id"
        " where sku.code = %s",
        (code,),
    ).fetchone() or (None,)
    return str(found)


def test_all_that_came_back_is_counted_once_beside_what_was_sent(conn: Conn, happened: Shop):
    for dimension in Dimension:
        total = read_returned(conn, asked(dimension)).total
        assert (total.lines, total.units, total.blind_units, total.sent_units) == (3, 5, 1, 9), dimension
        assert total.refund_minor == 3 * 999 + 11_300 + 2_260
        assert (total.graded_units, total.unsold_units, total.unsold_minor) == (2, 1, 999)
        assert total.share_basis_points == 5_556


def test_each_dimension_tells_them_apart(conn: Conn, happened: Shop):
    skus = happened.skus
    assert by_key(read_returned(conn, asked(Dimension.SITE))) == {
        sender(conn): (3, 0, 2_997, 7),
        str(happened.sites["D"]): (1, 0, 11_300, 2),
        UNKNOWN: (1, 1, 2_260, 0),
    }
    assert by_key(read_returned(conn, asked(Dimension.SKU))) == {
        str(skus["HAT"]): (3, 0, 2_997, 7),
        str(skus["COAT"]): (1, 0, 11_300, 2),
        str(skus["SCARF"]): (1, 1, 2_260, 0),
    }
    assert by_key(read_returned(conn, asked(Dimension.REASON))) == {
        "defect": (4, 1, 5_257, 9),
        "size": (1, 0, 11_300, 9),
    }
    assert by_key(read_returned(conn, asked(Dimension.GRADE))) == {
        "damaged": (1, 0, 999, 9),
        "as_new": (1, 0, 999, 9),
        UNKNOWN: (3, 1, 999 + 11_300 + 2_260, 9),
    }
    assert by_key(read_returned(conn, asked(Dimension.BATCH))) == {UNKNOWN: (5, 1, 16_557, 0)}
    assert by_key(read_returned(conn, asked(Dimension.PACKER))) == {UNKNOWN: (5, 1, 16_557, 0)}


def test_a_packer_and_a_batch_are_those_that_sent(conn: Conn, happened: Shop):
    conn.execute("update insight.judged_line set packer_id = %s where units = 7", (happened.manager,))
    conn.execute(
        "insert into insight.handed_over_by_packer (day, sent_site_id, packer_id, units)"
        " select day, sent_site_id, packer_id, units from insight.judged_line where packer_id is not null"
    )
    assert by_key(read_returned(conn, asked(Dimension.PACKER)))[str(happened.manager)] == (3, 0, 2_997, 7)
    elsewhere = asked(Dimension.PACKER, sites=frozenset({happened.sites["D"]}))
    assert str(happened.manager) not in by_key(read_returned(conn, elsewhere))


def test_what_was_handed_over_by_sku_is_summed_as_the_lines_say(conn: Conn, happened: Shop):
    def sent(**changes: Any) -> dict[str, int]:
        return {
            key: units
            for key, (*_, units) in by_key(read_returned(conn, asked(Dimension.SKU, **changes))).items()
        }

    skus, sites = happened.skus, happened.sites
    hats, coats, scarves = (str(skus[code]) for code in ("HAT", "COAT", "SCARF"))
    assert sent() == {hats: 7, coats: 2, scarves: 0}
    assert sent(sites=frozenset({sites["D"]})) == {coats: 2}
    assert sent(sites=frozenset(sites.values())) == sent()
    assert sent(first=(NOON + DAY).date()) == {hats: 0, coats: 0, scarves: 0}
    (check,) = (one for one in CHECKS if one.name == "handed_over_equals_judged_lines")
    assert run_check(conn, check) == []
    conn.execute("update insight.judged_line set units = units + 1 where sku_id = %s", (skus["HAT"],))
    assert [(one.found, one.expected) for one in run_check(conn, check)] == [("7 units", "8 units")]


@pytest.mark.parametrize(("sites", "units"), [(("D",), 1), (("W", "S"), 4), ((), 0), (("W", "S", "D"), 5)])
def test_a_branch_sees_what_it_sent_and_blind_ones_brought_to_it(
    conn: Conn, happened: Shop, sites: tuple[str, ...], units: int
):
    chosen = frozenset(happened.sites[one] for one in sites)
    found = read_returned(conn, asked(Dimension.SITE, sites=chosen))
    assert found.total.units == units
    assert sum(one.units for one in found.groups) == units
    listed = returned_lines(conn, as_lines(asked(Dimension.SITE, sites=chosen)))
    assert sum(one.units for one in listed) == units


def test_days_are_cut_at_their_ends(conn: Conn, happened: Shop):
    whole = read_returned(conn, asked(Dimension.SITE, start=NOON + DAY, end=NOON + 3 * DAY)).total
    assert whole.units == 4
    assert read_returned(conn, asked(Dimension.SITE, start=NOON + 4 * DAY)).total == ReturnedGroup(
        key=UNKNOWN, lines=0, units=0, blind_units=0, refund_minor=0, graded_units=0, unsold_units=0,
        unsold_minor=0, sent_units=9,
    )  # fmt: skip


def test_money_of_another_currency_is_not_summed(conn: Conn, happened: Shop):
    total = read_returned(conn, asked(Dimension.SKU, currency="EUR")).total
    assert (total.units, total.refund_minor, total.unsold_minor) == (5, 0, 0)


def as_lines(ask: ReturnedAsk, **changes: Any) -> ReturnedLineAsk:
    said = {name: getattr(ask, name) for name in ReturnedAsk.__struct_fields__}
    return ReturnedLineAsk(**(said | changes))


def test_lines_behind_a_number_come_in_pages_of_one_order(conn: Conn, happened: Shop):
    def listed(dimension: Dimension = Dimension.REASON, **changes: Any) -> list[str]:
        return [one.external_number for one in returned_lines(conn, as_lines(asked(dimension), **changes))]

    assert listed() == ["R-3", "R-2", "R-1"]
    first = returned_lines(conn, as_lines(asked(Dimension.SITE), at_most=1))[0]
    after = ReturnedKey(at=first.at, return_line_id=first.return_line_id)
    assert listed(after=after) == ["R-2", "R-1"]
    assert listed(key="defect") == ["R-3", "R-1"]
    assert listed(Dimension.GRADE, key="damaged") == ["R-1"]
    assert listed(Dimension.GRADE, key=UNKNOWN) == ["R-3", "R-2", "R-1"]
    assert listed(Dimension.SITE, key=UNKNOWN) == ["R-3"]
    assert listed(Dimension.SKU, key=str(happened.skus["COAT"])) == ["R-2"]
    blind = returned_lines(conn, as_lines(asked(Dimension.SITE), key=UNKNOWN))[0]
    assert (blind.order_id, blind.blind_units, blind.refund_minor) == (None, 1, 2_260)
