"""Pictures of reviews over real HTTP: what is no picture is turned away, what was in a phone's file is not shown."""

import io
import re
from collections.abc import Generator
from contextlib import ExitStack

import httpx
import pytest
from PIL import Image

from loopline import reviews
from loopline.db import Database
from loopline.kernel.ids import ReviewId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.place import place
from loopline.processes.read_reviews import FOLLOWERS
from loopline.processes.review import moderate
from loopline.processes.touch import issue_receipts
from loopline.reviews import NewDecision, ReviewsAsk
from tests.make.loop import follow
from tests.make.org import PASSWORD, succeeded
from tests.make.photos import bomb, photo
from tests.make.shop import NOON, till_sale
from tests.make.store import DEMO, Clock, open_store
from tests.make.web import served, settings

PAGE = {"accept": "text/html", "accept-language": "en"}
TOKEN = re.compile(r'name="_csrf_token" value="([0-9a-f]+)"')
SHOWN = re.compile(r'href="(/review-pictures/[0-9a-f-]{36})"')


class Counter:
    """A served store that sold a coat, and whoever holds its receipt."""

    def __init__(self, database: Database, base: str, receipt: str, browsers: ExitStack) -> None:
        self.database = database
        self.path = f"/r/{receipt}"
        self._base = base
        self._browsers = browsers
        self.buyer = self.browser()

    def browser(self) -> httpx.Client:
        return self._browsers.enter_context(httpx.Client(base_url=self._base, headers=PAGE, timeout=60))

    def signed_in(self, name: str) -> httpx.Client:
        browser = self.browser()
        found = TOKEN.search(browser.get("/sign-in").text)
        assert found is not None
        form = {"_csrf_token": found.group(1), "sign_in_name": name, "password": PASSWORD, "next": ""}
        assert browser.post("/sign-in", data=form).status_code == 303
        return browser

    def say(self, *pictures: tuple[str, bytes], text: str = "很暖和") -> httpx.Response:
        page = self.buyer.get(self.path).text
        found, line = TOKEN.search(page), re.search(r'name="line" value="([0-9a-f-]{36})"', page)
        assert found is not None
        assert line is not None
        return self.buyer.post(
            f"{self.path}/review",
            data={"_csrf_token": found.group(1), "line": line.group(1), "stars": "5", "text": text},
            files=[("pictures", (name, content, "image/jpeg")) for name, content in pictures],
        )

    @property
    def said(self) -> list[ReviewId]:
        with self.database.reading() as conn:
            return [one.id for one in reviews.reviews_page(conn, ReviewsAsk(with_hidden=True))]


@pytest.fixture
def counter(database: Database) -> Generator[Counter]:
    with database.transaction() as conn:
        shop = open_store(conn).shop
        (sale,) = succeeded(place(conn, [till_sale(shop, "T-1")], scope=WHOLE_BRAND, now=NOON))
        receipt = issue_receipts(conn, [sale.order_id], now=NOON)[sale.order_id]
    with served(database, settings(demo=DEMO), clock=Clock(NOON)) as base, ExitStack() as browsers:
        yield Counter(database, base, receipt, browsers)


def test_what_a_buyer_shows_is_seen_by_all_and_nothing_of_the_phone_is_in_it(counter: Counter):
    answer = counter.say(("../../a.jpg", photo(3_200, 2_400)), ("b.jpg", photo(colour="red", form="WEBP")))
    assert answer.status_code == 303, answer.text
    paths = SHOWN.findall(counter.buyer.get(counter.path).text)
    assert len(paths) == 2
    stranger = counter.browser()
    assert SHOWN.findall(stranger.get("/p/COAT").text) == paths
    for size, longest in (("", 1_600), ("?size=small", 240)):
        shown = stranger.get(paths[0] + size)
        headers = [
            shown.headers[name] for name in ("content-type", "cache-control", "x-content-type-options")
        ]
        assert headers == ["image/webp", "private, max-age=300", "nosniff"]
        picture = Image.open(io.BytesIO(shown.content))
        assert (max(picture.size), picture.format, dict(picture.getexif())) == (longest, "WEBP", {})
        assert b"Phonemaker" not in shown.content
    assert stranger.get(f"{paths[0][:-1]}0").status_code == 404


def test_whoever_hides_a_review_hides_its_pictures_and_still_sees_them(counter: Counter):
    counter.say(("a.jpg", photo()))
    (path,) = SHOWN.findall(counter.buyer.get(counter.path).text)
    (review_id,) = counter.said
    with counter.database.transaction() as conn:
        follow(conn, FOLLOWERS[0])
        decision = NewDecision(review_id=review_id, is_hidden=True, reason="a face")
        succeeded(moderate(conn, [decision], scope=WHOLE_BRAND, now=NOON, actor="tests"))
    assert counter.browser().get(path).status_code == 404
    assert SHOWN.findall(counter.buyer.get(counter.path).text) == []
    behind = path.replace("/review-pictures/", f"/hq/reviews/{review_id}/pictures/")
    ops, own, other = (counter.signed_in(one) for one in ("shen.ops", "lin.manager", "sun.manager"))
    assert f'src="{behind}?size=small"' in ops.get(f"/hq/reviews/{review_id}").text
    assert [one.get(behind).status_code for one in (ops, own, other)] == [200, 200, 404]
    assert own.get(behind).headers["cache-control"] == "no-store"
    # No picture of one review is shown as another's.
    assert ops.get(behind.replace(str(review_id), "00000000-0000-7000-8000-000000000000")).status_code == 404


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (b"<script>alert(1)</script>", 422, "no photo that can be read"),
        (b"%PDF-1.7 ...", 422, "no photo that can be read"),
        (b"GIF89a" + bytes(40), 422, "no photo that can be read"),
        (bomb(), 422, "no photo that can be read"),
        (bomb(6_000, 5_000), 413, "million pixels"),
        (photo() + bytes(7_000_000), 413, "at most 6 MB"),
    ],
)
def test_what_is_no_picture_is_refused_and_what_was_written_is_still_there(
    counter: Counter, content: bytes, status: int, said: str
):
    answer = counter.say(("a.jpg", photo()), ("b.jpg", content), text="写了很久 <b>")
    assert (answer.status_code, said in answer.text) == (status, True)
    assert ">写了很久 &lt;b&gt;</textarea>" in answer.text
    assert re.search(r'value="5"[^>]* checked', answer.text)
    assert counter.said == []


def test_five_pictures_and_fifty_megabytes_are_turned_away(counter: Counter):
    many = counter.say(
        *[(f"{one}.jpg", photo(colour=one)) for one in ("red", "blue", "teal", "gold", "pink")]
    )
    assert (many.status_code, "at most 4 pictures" in many.text) == (422, True)
    assert counter.say(("large.jpg", bytes(50_000_000))).status_code == 413
    assert counter.said == []


def test_a_form_without_pictures_says_the_same_as_before(counter: Counter):
    assert counter.say(("", b"")).status_code == 303
    assert len(counter.said) == 1
    assert SHOWN.findall(counter.buyer.get(counter.path).text) == []
