"""Returns at a desk, over real HTTP: several decided or put on their way at once, each by itself, in one branch."""

import re
from collections.abc import Generator

import httpx
import pytest

from loopline import stock
from loopline.db import Database
from loopline.kernel.ids import ReturnLineId
from loopline.processes.announce import receive_taken_back
from loopline.returns.model import BlindState, ReturnKind
from loopline.returns.queries import return_lines_by_id
from tests.make.brand_desk import Brand, opened_brand, said
from tests.process.test_take_back import back, taken

RETURNS = "/hq/returns"


@pytest.fixture
def brand(database: Database) -> Generator[Brand, None, None]:
    with opened_brand(database) as brand:
        yield brand


def brought(
    brand: Brand, number: str, *goods: tuple[str, int], site: str = "S", to: str | None = None
) -> list[ReturnLineId]:
    """Goods without a receipt are brought to a site, and are there."""
    shop = brand.stage.shop
    with brand.database.transaction() as conn:
        asked = back(
            shop,
            number,
            *goods,
            kind=ReturnKind.ASK,
            member_id=None,
            taken_in_by=to,
            site_id=shop.sites[site],
            at=brand.clock(),
        )
        outcome = taken(conn, asked)
        receive_taken_back(conn, [(outcome, shop.sites[site])], now=brand.clock())
    return [line.return_line_id for line in outcome.lines]


def act(browser: httpx.Client, what: str, lines: list[ReturnLineId], **fields: str) -> list[str]:
    form = {"_csrf_token": browser.cookies["loopline_form"], "line": [str(one) for one in lines], **fields}
    answer = browser.post(f"{RETURNS}/{what}", data=form)
    assert answer.status_code == 200, answer.text[:500]
    return said(answer.text)


def state(brand: Brand, line_id: ReturnLineId) -> tuple[BlindState, int]:
    with brand.database.reading() as conn:
        (line,) = return_lines_by_id(conn, [line_id])
    return line.blind_state, line.graded_units


def on_hand(brand: Brand, site: str, sku: str) -> tuple[int, int]:
    """Units on hand, and how many of them cannot be sold."""
    shop = brand.stage.shop
    with brand.database.reading() as conn:
        (row,) = stock.levels_of_sku(conn, shop.skus[sku], site_ids={shop.sites[site]})
    return row.on_hand, row.unsellable


def test_several_are_accepted_each_at_its_own_price_and_put_away(brand: Brand):
    ops = brand.signed_in("shen.ops")
    coat, hat = brought(brand, "B-1", ("COAT", 1), ("HAT", 2))
    (other,) = brought(brand, "B-2", ("COAT", 1), site="D")
    page = ops.get(RETURNS).text
    assert re.findall(r'name="line" value="([^"]+)"', page) == [str(one) for one in (coat, hat, other)]
    assert f'name="price {coat}" form="bulk"' in page
    assert 'value="113.00"' in page  # what was stated of it
    fields = {f"price {coat}": "113", f"price {hat}": "5.5", f"price {other}": "x"}
    assert act(ops, "accept", [coat, hat, other], why="ours by the label", grade="as_new", **fields) == [
        "双面羊绒大衣 B-1 Accepted: CN¥113.00 is paid back at the counter.",
        "Hat B-1 Accepted: CN¥11.00 is paid back at the counter.",
        "双面羊绒大衣 B-2 Say what is paid back for one of them, such as 59.90.",
    ]
    assert [state(brand, one) for one in (coat, hat, other)] == [
        (BlindState.ACCEPTED, 1),
        (BlindState.ACCEPTED, 2),
        (BlindState.WAITING, 0),
    ]
    assert (on_hand(brand, "S", "COAT"), on_hand(brand, "S", "HAT")) == ((11, 0), (12, 0))
    told = brand.events("blind_return_decided")
    assert {one.actor for one in told} == {f"person:{brand.stage.people['shen.ops']}"}


def test_what_is_accepted_needs_a_state_and_a_reason(brand: Brand):
    ops = brand.signed_in("shen.ops")
    (coat,) = brought(brand, "B-1", ("COAT", 1))
    price = {f"price {coat}": "1"}
    assert act(ops, "accept", [coat], why="ours", **price) == [
        "双面羊绒大衣 B-1 Say in what state the goods are: what is kept is put away by it."
    ]
    assert len(act(ops, "accept", [coat], grade="as_new", **price)) == 1
    assert len(act(ops, "decline", [coat])) == 1
    assert state(brand, coat) == (BlindState.WAITING, 0)


def test_several_are_declined_with_a_reason_once(brand: Brand):
    ops = brand.signed_in("shen.ops")
    coat, hat = brought(brand, "B-1", ("COAT", 1), ("HAT", 1))
    declined = "Declined: the goods are handed back."
    assert act(ops, "decline", [coat, hat], why="not ours") == [
        f"双面羊绒大衣 B-1 {declined}",
        f"Hat B-1 {declined}",
    ]
    (again,) = act(ops, "decline", [coat], why="not ours")
    assert "nothing waits for a decision" in again
    assert on_hand(brand, "S", "COAT") == (10, 0)
    assert "Nothing waits for a decision" in ops.get(RETURNS).text


def test_who_took_it_in_may_not_pay_above_the_limit_but_the_desk_may(brand: Brand):
    manager, ops = brand.signed_in("lin.manager"), brand.signed_in("shen.ops")
    who = f"person:{brand.stage.people['lin.manager']}"
    (coat,) = brought(brand, "B-1", ("COAT", 1), to=who)
    fields = {f"price {coat}": "99999", "why": "ours", "grade": "as_new"}
    (refused,) = act(manager, "accept", [coat], **fields)
    assert "somebody else has to accept" in refused
    assert state(brand, coat) == (BlindState.WAITING, 0)
    (accepted,) = act(ops, "accept", [coat], **fields)
    assert "Accepted" in accepted


def test_what_is_received_is_put_on_its_way_by_its_state(brand: Brand):
    ops = brand.signed_in("shen.ops")
    (coat,) = brought(brand, "B-1", ("COAT", 2))
    (hat,) = brought(brand, "B-2", ("HAT", 1))
    with brand.database.transaction() as conn:  # decided on elsewhere, and put nowhere yet
        conn.execute(
            "update returns.return_line set blind_state = 'accepted', blind_refund_unit_minor = 0,"
            " blind_decided_by = 'person:x', blind_decided_at = now() where id = any(%s)",
            [[coat, hat]],
        )
    page = ops.get(f"{RETURNS}?list=grade").text
    assert re.findall(r'name="line" value="([^"]+)"', page) == [str(coat), str(hat)]
    assert len(act(ops, "put-away", [coat])) == 1  # nobody said in what state
    assert state(brand, coat) == (BlindState.ACCEPTED, 0)
    told = act(ops, "put-away", [coat, hat], grade="open")
    assert [one.partition(" B-")[0] for one in told] == ["双面羊绒大衣", "Hat"]
    assert (state(brand, coat)[1], state(brand, hat)[1]) == (2, 1)
    assert on_hand(brand, "S", "COAT") == (12, 2)
    assert act(ops, "put-away", [coat], grade="as_new") == [
        "双面羊绒大衣 B-1 Nothing of it waits to be put away: it is on its way already, or still waits for a decision."
    ]
    assert "Nothing waits to be put away" in ops.get(f"{RETURNS}?list=grade").text


def test_another_branch_is_neither_seen_nor_forged(brand: Brand):
    manager = brand.signed_in("lin.manager")
    (mine,) = brought(brand, "B-1", ("HAT", 1))
    (theirs,) = brought(brand, "B-2", ("HAT", 1), site="D")
    page = manager.get(RETURNS).text
    assert (str(mine) in page, str(theirs) in page, "B-2" in page) == (True, False, False)
    for what in ("accept", "decline", "put-away"):
        fields = {f"price {theirs}": "1", "why": "x", "grade": "as_new"}
        (told,) = act(manager, what, [theirs], **fields)
        assert told.startswith("Not in your branch There is no return line")
    assert state(brand, theirs) == (BlindState.WAITING, 0)
    guide = brand.signed_in("zhou.guide")
    form = {"_csrf_token": guide.cookies["loopline_form"], "line": str(mine), "why": "x"}
    assert guide.post(f"{RETURNS}/decline", data=form).status_code == 403
    assert state(brand, mine) == (BlindState.WAITING, 0)
