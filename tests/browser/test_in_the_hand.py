"""What a customer's phone does beside buying: pictures of a review made small, a piece told genuine, stores near by."""

import re
from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from loopline import catalogue, reviews
from loopline.db import Database
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.place import place
from loopline.processes.recall import recall
from loopline.processes.touch import issue_receipts
from loopline.reviews import ReviewsAsk
from loopline.stock import lots
from loopline.stock.lots import LotChoice, NewLot
from tests.browser.test_shop import LOCALES, WIDTHS, Shopfront, look, opened
from tests.make.org import succeeded
from tests.make.photos import photo
from tests.make.shop import till_sale
from tests.make.shopfront import SHOPPING, open_shopfront

pytestmark = pytest.mark.browser
expect.set_options(timeout=20_000)

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
GTIN = "06901234567892"


@pytest.fixture
def front(database: Database, browser: Browser) -> Generator[Shopfront]:
    with database.transaction() as conn:
        shop = open_shopfront(conn)
    with opened(database, shop, browser) as front:
        yield front


def no_barrier(page: Page) -> None:
    page.evaluate(AXE.read_text())
    found = page.evaluate(
        "(rules) => axe.run(document, { runOnly: rules, resultTypes: ['violations'] })",
        ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"],
    )
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == []


def receipt(front: Shopfront) -> str:
    with front.database.transaction() as conn:
        (sale,) = succeeded(place(conn, [till_sale(front.shop, "T-1")], scope=WHOLE_BRAND, now=SHOPPING))
        return issue_receipts(conn, [sale.order_id], now=SHOPPING)[sale.order_id]


@pytest.mark.parametrize("locale", LOCALES)
def test_pictures_are_made_small_before_they_are_sent_and_seen_by_the_next_buyer(
    front: Shopfront, tmp_path: Path, locale: str
):
    code = receipt(front)
    files = [tmp_path / f"{number}.jpg" for number in range(5)]
    for number, file in enumerate(files):
        file.write_bytes(photo(3_000, 2_000, colour=("teal", "gold", "red", "navy", "pink")[number]))
    (tmp_path / "note.jpg").write_text("no picture")
    page = front.page(locale=locale)
    page.set_default_timeout(60_000)  # two pictures are made anew on the way
    sent: list[int] = []

    def weigh(request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/review"):
            sent.append(len(request.post_data_buffer or b""))

    page.on("request", weigh)
    page.goto(f"{front.base}/r/{code}")
    page.locator("details summary").first.click()
    form = page.locator("details form").first
    form.locator("input[type=file]").set_input_files(files)
    expect(form.locator("[data-chosen] img")).to_have_count(4)
    expect(form.locator("[role=alert]")).to_be_visible()
    form.locator("input[type=file]").set_input_files([*files[:2], tmp_path / "note.jpg"])
    expect(form.locator("[data-chosen] img")).to_have_count(2)
    expect(form.locator("[role=alert]")).to_be_visible()
    form.locator("input[type=file]").set_input_files(files[:2])
    expect(form.locator("[role=alert]")).to_be_hidden()
    form.locator("label[for$='-5']").click()
    form.locator("textarea").fill("很暖和")
    look(page, "review-form")
    form.locator("button").click()
    expect(page.locator(".review-pictures a")).to_have_count(2)
    look(page, "receipt-reviewed")
    assert len(sent) == 1
    assert sent[0] < 200_000  # two pictures of six million pixels
    with front.database.reading() as conn:
        (said,) = reviews.reviews_page(conn, ReviewsAsk())
        sizes = conn.execute("select width, height from reviews.picture").fetchall()
        product = (
            catalogue.products_by_id(conn, {said.product_id})[said.product_id] if said.product_id else None
        )
    assert set(sizes) == {(1_600, 1_067)}
    assert product is not None
    other = front.page(locale=locale)
    other.goto(f"{front.base}/p/{product.code}")
    expect(other.locator("#reviews .review-pictures img").first).to_have_js_property("naturalWidth", 240)
    look(other, "product-pictures")
    no_barrier(other)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("locale", LOCALES)
def test_a_piece_says_whether_it_is_genuine(front: Shopfront, width: int, locale: str):
    with front.database.transaction() as conn:
        conn.execute("update catalogue.sku set gtin = %s where code = 'LZ001-AS'", (GTIN,))
        sku = catalogue.skus_by_code(conn, ["LZ001-AS"])["LZ001-AS"]
        new = [
            NewLot(sku_id=sku.id, code=f"LZ-000{one}", batch="2026-07", is_serial=True) for one in range(3)
        ]
        succeeded(lots.name_lots(conn, new, now=SHOPPING))
    page = front.page(width=width, locale=locale)
    page.goto(f"{front.base}/01/{GTIN}/21/LZ-0001")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Genuine|正品"))
    expect(page.locator("[data-own]")).to_have_text("1")
    look(page, "genuine")
    no_barrier(page)
    for _ in range(5):
        front.page().goto(f"{front.base}/01/{GTIN}/21/LZ-0001")
    with front.database.transaction() as conn:
        succeeded(recall(conn, [LotChoice(sku_id=sku.id, batch="2026-07")], reason="dye", now=SHOPPING))
    page.reload()
    expect(page.get_by_role("alert")).to_have_count(2)
    look(page, "genuine-doubt")
    no_barrier(page)


@pytest.mark.parametrize("locale", LOCALES)
def test_stores_stand_in_order_of_how_far_they_are_from_where_somebody_is(front: Shopfront, locale: str):
    context = front.context(locale=locale)
    context.grant_permissions(["geolocation"])
    context.set_geolocation({"latitude": 30.2741, "longitude": 120.1551})  # by West Lake
    page = context.new_page()
    page.goto(f"{front.base}/p/LZ045")
    look(page, "near-nowhere")
    page.locator("[data-where]").click()
    page.wait_for_url(re.compile(r"near=30\.27%2C120\.16"))
    expect(page.locator(".shelves li a").first).to_have_attribute("href", "/s/D")
    look(page, "near-here")
    page.locator("#near").fill("上海市武康路")
    page.locator("#near").press("Enter")
    expect(page.locator(".shelves li a").first).to_have_attribute("href", "/s/S")
    no_barrier(page)


def test_who_does_not_tell_where_they_are_types_it(front: Shopfront):
    page = front.page()
    page.goto(f"{front.base}/p/LZ045")
    page.locator("[data-where]").click()
    expect(page.get_by_text("Your browser does not tell where you are")).to_be_visible()
