"""A served brand for what people do at a desk: browsers of its people, and what its stock and its log say."""

import re
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from html import unescape

import httpx
import msgspec

from loopline import stock
from loopline.db import Database, log
from loopline.kernel.events import Event
from loopline.stock.asked_counts import asked_at_leaves
from tests.make.org import PASSWORD
from tests.make.store import Clock, Stage, open_store
from tests.make.web import served, settings

AS_PAGE = {"accept": "text/html", "accept-language": "en"}
AS_PROGRAM = {"accept": "application/json", "accept-language": "en"}
Goods = tuple[str, str]
"""The codes of a site and of a SKU."""


class Brand(msgspec.Struct, frozen=True):
    """A served brand, and browsers of its people."""

    database: Database
    stage: Stage
    base: str
    clock: Clock
    browsers: ExitStack

    def signed_in(self, name: str) -> httpx.Client:
        browser = self.browsers.enter_context(httpx.Client(base_url=self.base, headers=AS_PAGE, timeout=60))
        browser.get("/sign-in")
        form = {"sign_in_name": name, "password": PASSWORD, "_csrf_token": browser.cookies["loopline_form"]}
        assert browser.post("/sign-in", data=form).status_code == 303
        return browser

    def row(self, site: str, sku: str) -> str:
        return f"{self.stage.shop.leaves[site]} {self.stage.shop.skus[sku]}"

    def safety(self, site: str, sku: str) -> int:
        shop = self.stage.shop
        with self.database.reading() as conn:
            (row,) = stock.levels_of_sku(conn, shop.skus[sku], site_ids={shop.sites[site]})
        return row.safety

    def asked(self) -> list[Goods]:
        """What is asked to be counted and was not."""
        shop = self.stage.shop
        sites = {leaf: code for code, leaf in shop.leaves.items()}
        skus = {sku: code for code, sku in shop.skus.items()}
        with self.database.reading() as conn:
            found = asked_at_leaves(conn, list(shop.leaves.values()), at_most=100)
        return sorted((sites[one.leaf_id], skus[one.sku_id]) for one in found)

    def events(self, *types: str) -> list[Event]:
        """What the log says of some types, the oldest first."""
        with self.database.reading() as conn:
            return [one for one in reversed(log.read_latest(conn, limit=10_000)) if one.type in types]


@contextmanager
def opened_brand(database: Database) -> Generator[Brand, None, None]:
    """Found the brand, and serve it."""
    with database.transaction() as conn:
        stage = open_store(conn)
    clock = Clock()
    with served(database, settings(), clock=clock) as base, ExitStack() as browsers:
        yield Brand(database, stage, base, clock, browsers)


def said(html: str) -> list[str]:
    """What a page says became of each of many."""
    lines = re.findall(r'<p class="fact-line">(.*?)</p>', html, flags=re.DOTALL)
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", line)).split()) for line in lines]
