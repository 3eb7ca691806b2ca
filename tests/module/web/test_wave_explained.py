"""Why not the nearer store: an order that a wave decided, explained to HQ on its page and by API, in both languages."""

import re
from collections.abc import Generator

import httpx
import pytest

from loopline import orders
from loopline.db import Conn, Database
from loopline.fulfilment.model import SiteLimit
from loopline.fulfilment.service import set_site_limits
from loopline.jobs.waves import source_waves
from loopline.kernel.ids import OrderId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.place import Placed, place
from loopline.processes.replenish import Count, count_goods
from loopline.sourcing import profiles, queries
from loopline.sourcing.model import Explanation, SitePrice, Verdict
from loopline.sourcing.optimise import Optimiser
from loopline.sourcing.settings import Profile, Publication, Settings, Weights
from tests.make.api import EVERYTHING, make_key
from tests.make.org import succeeded
from tests.make.shop import NOON, ask, lines
from tests.module.web.test_dark_sites import signed_in
from tests.module.web.test_store import PAGE, Site, opened

SOLVER = Optimiser(work=30, gap=0.0)


@pytest.fixture
def site(database: Database) -> Generator[Site, None, None]:
    with opened(database) as site:
        yield site


def in_one_wave(site: Site) -> OrderId:
    """Two orders near the store, which has one coat and the only hats: who wants a hat too gets that coat.

    The other's comes from the warehouse, for the same money or more. The dealer takes no work today.
    """
    shop = site.stage.shop
    units = {("S", "COAT"): 1, ("W", "COAT"): 1, ("W", "HAT"): 0, ("D", "HAT"): 0}
    counts = [
        Count(leaf_id=shop.leaves[code], sku_id=shop.skus[sku], units=count)
        for (code, sku), count in units.items()
    ]
    with site.database.transaction() as conn:
        publish(conn, Settings(weights=Weights(split_minor=50_000)))
        set_site_limits(conn, [SiteLimit(site_id=shop.sites["D"], tasks_per_day=0)], now=NOON)
        succeeded(count_goods(conn, counts, now=NOON))
        drafts = [
            ask(shop, "W-1", lines=lines(shop, ("COAT", 1))),
            ask(shop, "W-2", lines=lines(shop, ("COAT", 1), ("HAT", 1))),
        ]
        alone, _ = [
            one for one in place(conn, drafts, scope=WHOLE_BRAND, now=NOON) if isinstance(one, Placed)
        ]
    assert source_waves(site.database, NOON, solver=SOLVER) == 2
    return alone.order_id


def publish(conn: Conn, settings: Settings) -> None:
    draft = profiles.draft_profile(conn, settings, based_on=None, by="hq", now=NOON)
    assert isinstance(draft, Profile)
    wish = Publication(version=draft.version, comment="Dear second parcels.", by="hq")
    assert isinstance(profiles.publish_profile(conn, wish, now=NOON, site_ids=[]), Profile)


def explained(site: Site, order_id: OrderId) -> tuple[Explanation, SitePrice]:
    with site.database.reading() as conn:
        (found,) = queries.explanations(conn, [order_id])
        prices = queries.site_prices(conn, [found], [site.stage.shop.skus["COAT"]])
    return found, prices[found.wave_id, site.stage.shop.sites["S"]]


def choice_on_page(browser: httpx.Client, number: str, language: str) -> str:
    page = browser.get(f"/hq/orders/{number}", headers={**PAGE, "accept-language": language})
    assert page.status_code == 200
    part = page.text.split('data-part="choice"')[1].split("</section>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part))


def yuan(minor: int) -> str:
    return f"{minor / 100:,.2f}"


WORDS = {
    "en": (
        "Decided with all other orders of its wave, at the least cost found for all together.",
        "handling CN¥",
        "distance CN¥",
        "Cheaper here, but its goods save other orders more",
        "One more piece there would have saved all orders together CN¥",
        "Has no time left that day",
    ),
    "zh": (
        "与同一波次的所有订单一起决定，取总成本最低的方案。",
        "操作 ¥",
        "距离 ¥",
        "这里更便宜，但它的货留给别的订单更划算",
        "这里再多一件货，所有订单一共能省 ¥",
        "当日产能已满",
    ),
}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_why_not_the_nearer_store(site: Site, language: str):
    order_id = in_one_wave(site)
    shop = site.stage.shop
    found, price = explained(site, order_id)
    # The store is nearer, and dropped because the other order needs its coat more; what it would take is priced.
    (chosen,) = found.chosen
    assert chosen.site_id == shop.sites["W"]
    assert chosen.cost.total_minor == found.cost_minor
    by_site = {one.site_id: one for one in found.eliminated}
    near, far = by_site[shop.sites["S"]], by_site[shop.sites["D"]]
    assert (near.verdict, far.verdict) == (Verdict.GOODS_NEEDED, Verdict.NO_CAPACITY)
    assert near.price_minor < found.cost_minor
    assert price.unit_minor is not None
    assert price.unit_minor >= found.cost_minor - near.price_minor
    with site.database.reading() as conn:
        number = orders.orders_by_ids(conn, [order_id])[0].number
    said = choice_on_page(signed_in(site, "shen.ops"), number, language)
    for word in WORDS[language]:
        assert word in said
    for minor in (
        found.cost_minor,
        chosen.cost.handling_minor,
        chosen.cost.distance_minor,
        near.price_minor,
        price.unit_minor,
    ):
        assert yuan(minor) in said, (minor, said)


def test_the_api_says_the_same(site: Site):
    order_id = in_one_wave(site)
    found, price = explained(site, order_id)
    token = make_key(site.database, branch="HX", permissions=EVERYTHING)
    for language, word in (("en", WORDS["en"][4]), ("zh", WORDS["zh"][4])):
        answer = httpx.get(
            f"{site.base}/api/v1/orders/{order_id}/explanation",
            headers={"authorization": f"Bearer {token}", "accept-language": language},
            timeout=60,
        )
        assert answer.status_code == 200, answer.text
        (told,) = answer.json()["choices"]
        (near,) = [one for one in told["eliminated"] if one["site_code"] == "S"]
        assert (near["reason"], near["change"]) == ("goods_needed", "one_more_unit")
        assert near["change_minor"] == price.unit_minor
        assert near["price_minor"] < told["cost_minor"] == found.cost_minor
        assert word in near["said"]
