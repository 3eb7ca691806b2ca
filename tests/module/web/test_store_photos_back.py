"""Photos of what comes back over real HTTP: with the counter's form, with a member's, and who sees them."""

import re
from collections.abc import Generator

import httpx
import pytest

from loopline.db import Database
from loopline.returns import photos
from loopline.returns.photos import About, PhotoDemand, PhotoRule
from tests.make.org import succeeded
from tests.make.photos import bomb, photo
from tests.make.shop import NOON
from tests.module.web.test_store import TOKEN, Site, opened, post
from tests.module.web.test_store_returns import HOME, RETURN_ID, blind, line_of, sold

SHOWN = re.compile(r'src="(/(?:store/returns/photos|hq/returned-photos)/[0-9a-f-]+)"')


@pytest.fixture
def site(database: Database) -> Generator[Site, None, None]:
    with opened(database) as site:
        yield site


def require(site: Site) -> None:
    rule = PhotoRule(about=About.GRADE, value="damaged", demand=PhotoDemand.REQUIRED)
    with site.database.transaction() as conn:
        succeeded(photos.set_photo_rules(conn, [rule], by="person:hq", now=NOON))


def sent(
    browser: httpx.Client, path: str, form: dict[str, str], files: dict[str, bytes], *, page: str
) -> httpx.Response:
    """Post a form with files as a browser does."""
    token = TOKEN.search(browser.get(page).text)
    assert token is not None
    return browser.post(
        path,
        data={"_csrf_token": token.group(1), **form},
        files={name: ("photo.jpg", content, "image/jpeg") for name, content in files.items()},
    )


def test_what_needs_a_photo_is_taken_back_with_it_and_hq_sees_it(site: Site):
    require(site)
    order, guide = sold(site, "T-1"), site.signed_in("zhou.guide")
    page, line_id = f"{HOME}/of/{order.number}", line_of(site, order, "COAT")
    shown = guide.get(page).text
    assert "A photo is needed of: Damaged." in shown
    form = RETURN_ID.search(shown)
    assert form is not None
    said = {
        "return_id": form.group(1),
        f"units {line_id}": "1",
        f"grade {line_id}": "damaged",
        f"reason {line_id}": "size",
    }
    refused = sent(guide, f"{page}/take", said, {}, page=page)
    assert (refused.status_code, "A photo of COAT is needed" in refused.text) == (422, True)
    unreadable = sent(guide, f"{page}/take", said, {f"photo {line_id}": b"no picture"}, page=page)
    assert (unreadable.status_code, "no photo that can be read" in unreadable.text) == (422, True)
    # A photo stays when the rest of its form is refused, and is there when it is sent again without it.
    wrong = sent(
        guide, f"{page}/take", {**said, f"units {line_id}": "2"}, {f"photo {line_id}": photo()}, page=page
    )
    assert (wrong.status_code, len(SHOWN.findall(wrong.text))) == (422, 1)
    again = RETURN_ID.search(wrong.text)
    assert again is not None
    taken = sent(guide, f"{page}/take", {**said, "return_id": again.group(1)}, {}, page=page)
    assert taken.status_code == 303, taken.text
    done = guide.get(taken.headers["location"]).text
    (path,) = SHOWN.findall(done)
    answer = guide.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
    assert answer.headers["cache-control"] == "no-store"
    hq = site.signed_in("shen.ops")
    (seen,) = SHOWN.findall(hq.get(f"/hq/orders/{order.number}").text)
    assert hq.get(seen).content == answer.content
    assert SHOWN.findall(hq.get("/hq/returns-why/lines").text) == [seen]


def test_a_reason_stands_for_a_photo_that_cannot_be(site: Site):
    require(site)
    order, guide = sold(site, "T-1"), site.signed_in("zhou.guide")
    page, line_id = f"{HOME}/of/{order.number}", line_of(site, order, "COAT")
    form = RETURN_ID.search(guide.get(page).text)
    assert form is not None
    said = {
        "return_id": form.group(1),
        f"units {line_id}": "1",
        f"grade {line_id}": "damaged",
        f"no_photo {line_id}": "no_camera",
    }
    assert post(guide, f"{page}/take", said, page=page).status_code == 303
    with site.database.reading() as conn:
        (why,) = conn.execute("select return_id::text, line_id, reason from returns.photo_waived").fetchall()
    assert why == (form.group(1), line_id, "no_camera")


def test_photos_are_added_to_a_return_without_a_receipt_too_and_another_branch_has_none_of_it(site: Site):
    guide = site.signed_in("zhou.guide")
    blind(site, guide)
    with site.database.reading() as conn:
        (row,) = conn.execute("select id from returns.return").fetchall()
    done = f"{HOME}/done/{row[0]}"
    assert sent(guide, f"{done}/photo", {}, {"photo": photo()}, page=done).status_code == 303
    (path,) = SHOWN.findall(guide.get(done).text)
    assert guide.get(path).status_code == 200
    assert sent(guide, f"{done}/photo", {}, {"photo": bomb()}, page=done).status_code in {413, 422}
    other = site.signed_in("sun.manager")
    assert other.get(path).status_code == 404
    assert sent(other, f"{done}/photo", {}, {"photo": photo()}, page=HOME).status_code == 404
    assert len(SHOWN.findall(guide.get(done).text)) == 1


def test_the_brand_says_what_asks_for_a_photo(site: Site):
    ops, page = site.signed_in("shen.ops"), "/hq/returns-why"
    said = {
        "grade damaged": "required",
        "reason size": "asked",
        "reason defect": "off",
        "grade ghost": "asked",
    }
    assert post(ops, f"{page}/photos", said, page=page).status_code == 303
    with site.database.reading() as conn:
        rules = {(one.about.value, one.value): one.demand.value for one in photos.photo_rules(conn)}
    assert rules == {
        ("grade", "damaged"): "required",
        ("grade", "fake"): "asked",
        ("grade", "wrong"): "asked",
        ("reason", "damaged_in_transit"): "asked",
        ("reason", "defect"): "off",
        ("reason", "size"): "asked",
    }
    manager = site.signed_in("lin.manager")
    assert post(manager, f"{page}/photos", said, page="/store/collect").status_code == 403
