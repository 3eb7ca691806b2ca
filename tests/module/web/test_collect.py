"""A dear parcel at the counter over real HTTP: what is asked beside its code, on the page and over the API."""

from collections.abc import Generator

import pytest

from loopline import customers
from loopline.customers.keys import open_key_ring
from loopline.db import Conn, Database
from loopline.fulfilment.model import TaskState
from loopline.kernel.ids import MemberId, TaskId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.org.limits import CounterLimit, NewLimit
from loopline.processes.counter_limits import set_counter_limits
from tests.make.customers import member, phone
from tests.make.org import succeeded
from tests.make.shop import NOON
from tests.make.store import Stage
from tests.make.web import data_directory
from tests.module.web.test_store import Site, opened, post
from tests.process.test_collecting import CODE, waiting

HOME = "/store/collect"
GIVE = f"{HOME}/hand-over"


@pytest.fixture
def site(database: Database) -> Generator[Site, None, None]:
    with opened(database) as site:
        yield site


def dear(conn: Conn, stage: Stage, member_id: MemberId | None) -> TaskId:
    wanted = NewLimit(unit_code="HX", setting=CounterLimit.COLLECT_BY_CODE, value=10_000, comment="try")
    succeeded(set_counter_limits(conn, [wanted], scope=WHOLE_BRAND, by="person:hq", now=NOON))
    return waiting(conn, stage, member_id)


def test_the_page_asks_whose_a_dear_parcel_is_and_keeps_it_until_that_is_said(site: Site):
    ring = open_key_ring(data_directory() / "keys")
    with site.database.transaction() as conn:
        (known,) = succeeded(customers.register_members(conn, [member(phone(7))], ring=ring, now=NOON))
        task_id = dear(conn, site.stage, known.member_id)
    guide = site.signed_in("zhou.guide")
    found = guide.get(HOME, params={"code": CODE})
    assert "These goods cost CN¥158.20" in found.text
    assert 'name="proof"' in found.text
    assert 'name="paper"' not in found.text
    for proof, words in (
        ("", "Ask for the last four digits of the phone it was ordered with"),
        ("0008", "That is not of whoever ordered it."),
    ):
        refused = post(guide, GIVE, {"code": CODE, "proof": proof}, page=HOME)
        assert (refused.status_code, words in refused.text) == (422, True)
        assert 'name="proof"' in refused.text  # to be tried again on the spot
        assert site.task(task_id).state is TaskState.PACKED
    given = post(guide, GIVE, {"code": CODE, "proof": "0007"}, page=HOME)
    assert given.headers.get("location") == f"/store/tasks/{task_id}"
    assert site.task(task_id).state is TaskState.HANDED_OVER


def test_the_page_counts_what_is_wrong_whatever_it_answers(site: Site):
    ring = open_key_ring(data_directory() / "keys")
    with site.database.transaction() as conn:
        (known,) = succeeded(customers.register_members(conn, [member(phone(7))], ring=ring, now=NOON))
        task_id = dear(conn, site.stage, known.member_id)
    guide = site.signed_in("zhou.guide")
    for wrong in range(5):
        assert post(guide, GIVE, {"code": CODE, "proof": f"100{wrong}"}, page=HOME).status_code == 422
    refused = post(guide, GIVE, {"code": CODE, "proof": "0007"}, page=HOME)
    assert (refused.status_code, "Too many wrong digits or codes" in refused.text) == (429, True)
    assert 'name="proof"' in refused.text  # the member code is scanned on the spot
    assert site.task(task_id).state is TaskState.PACKED


def test_the_page_asks_for_a_paper_where_no_phone_is_known(site: Site):
    with site.database.transaction() as conn:
        task_id = dear(conn, site.stage, None)
    guide = site.signed_in("zhou.guide")
    found = guide.get(HOME, params={"code": CODE})
    assert ('name="paper"' in found.text, 'name="proof"' in found.text) == (True, False)
    refused = post(guide, GIVE, {"code": CODE}, page=HOME)
    assert (refused.status_code, "Look at a paper with the customer" in refused.text) == (422, True)
    assert post(guide, GIVE, {"code": CODE, "paper": "yes"}, page=HOME).status_code == 303
    assert site.task(task_id).state is TaskState.HANDED_OVER
