"""What a task's list asks to look at, made from the goods and from what is left of them, over real HTTP."""

from collections.abc import Generator

import pytest

from loopline.db import Database
from loopline.fulfilment.model import TaskState
from tests.make.shop import lines
from tests.make.store import offer
from tests.module.web.test_store import Site, opened, step, ticked

WORN = "The last here, perhaps from display"


@pytest.fixture
def site(database: Database) -> Generator[Site, None, None]:
    with opened(database) as site:
        yield site


def test_who_picks_the_last_ones_looks_for_signs_of_wear_before_they_are_checked(site: Site):
    shop = site.stage.shop
    with site.database.transaction() as conn:
        some = offer(conn, site.stage, "W-1", lines=lines(shop, ("SCARF", 2)))
        last = offer(conn, site.stage, "W-2", lines=lines(shop, ("COAT", 10)))
        have = ticked(conn, last)
    lin = site.signed_in("lin.manager")
    for task_id in (some, last):
        assert step(lin, task_id, "accept").status_code == 303
        assert step(lin, task_id, "pick").status_code == 303
    assert WORN not in lin.get(f"/store/tasks/{some}").text
    assert f"{WORN}: 双面羊绒大衣. No wear, nothing missing" in lin.get(f"/store/tasks/{last}").text
    unseen = step(lin, last, "check", have=have, looked=["1", "2"])
    assert (unseen.status_code, "Look at every point" in unseen.text) == (422, True)
    assert step(lin, last, "check", have=have, looked=["1", "2", "3"]).status_code == 303
    assert site.task(last).state is TaskState.CHECKED
