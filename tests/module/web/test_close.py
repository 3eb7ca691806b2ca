"""The monthly close over real HTTP: what was typed stays where it is refused."""

import re

import httpx

from loopline.db import Database
from tests.make.closing import END_OF_APRIL, two_months
from tests.make.org import PASSWORD
from tests.make.shop import PRICES, SITES, stock_up
from tests.make.store import DEMO, Clock, open_store
from tests.make.web import served, settings
from tests.module.web.test_store import PAGE, post

HOME = "/hq/close"
RECOVERY = re.compile(r'name="(percent|comment)" value="([^"]*)"')


def test_what_recovering_costs_stays_typed_where_it_is_refused(database: Database):
    with database.transaction() as conn:
        stage = open_store(conn)
        stock_up(conn, stage.shop, {(site, sku): 200 for site in SITES for sku in PRICES})
        two_months(conn, stage.shop, by=f"person:{stage.people['gu.finance']}")
    with (
        served(database, settings(demo=DEMO), clock=Clock(END_OF_APRIL)) as base,
        httpx.Client(base_url=base, headers={**PAGE, "accept-language": "en"}, timeout=60) as finance,
    ):
        form = {"sign_in_name": "gu.finance", "password": PASSWORD, "next": ""}
        assert post(finance, "/sign-in", form, page="/sign-in").status_code == 303
        page = next(
            path
            for path in re.findall(rf'href="({HOME}/[^"?]+)"', finance.get(HOME).text)
            if f'action="{path}/recovery"' in finance.get(path).text
        )
        kept = RECOVERY.findall(finance.get(page).text)
        for typed in ({"percent": "much", "comment": "Freight."}, {"percent": "12.5", "comment": ""}):
            answer = post(finance, f"{page}/recovery", typed, page=page)
            shown = finance.get(answer.headers["location"]).text
            assert 'class="notice close-problem" role="alert"' in shown
            assert RECOVERY.findall(shown) == list(typed.items())
        assert RECOVERY.findall(finance.get(page).text) == kept
        done = post(finance, f"{page}/recovery", {"percent": "12.5", "comment": "Freight."}, page=page)
        assert done.headers["location"] == page
        assert RECOVERY.findall(finance.get(page).text) == [("percent", "12.5"), ("comment", "")]
