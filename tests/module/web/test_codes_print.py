"""Printing codes over real HTTP: pages in a chosen size, files for a printing house, the logo; of one's own branch."""

import io
import re
import shutil
import subprocess
import zipfile
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from loopline.cli.errands import errands_of
from loopline.db import Database
from loopline.db.settings import Settings
from loopline.jobs.code_archives import draw_next_slice
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.place import Placed, place
from loopline.processes.touch import attribute_orders, scan
from loopline.touchpoints import Buyer, TouchpointKind
from loopline.touchpoints.archives import (
    LISTING,
    SLICE,
    add_pictures,
    archive_to_draw,
    forget_archives,
)
from loopline.touchpoints.logo import logo_of_brand
from loopline.web.qr import qr_svg
from loopline.web.touch.sheet import spelt
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, ask, lines
from tests.make.store import open_store
from tests.make.touchpoints import OTHER_VISITOR, VISITOR, scan_of
from tests.module.web.test_codes import Brand, opened
from tests.module.web.test_pages import token_in
from tests.unit.web.test_picture import SHAPES, pixels

CODES = "/hq/codes"
FORMULA = "=1+1 <b>"


def make(browser: httpx.Client, **form: str) -> None:
    page = browser.get(f"{CODES}?site={form['site']}")
    answer = browser.post(f"{CODES}/make", data={"_csrf_token": token_in(page), **form})
    assert answer.status_code == 303


def ask_for_archive(browser: httpx.Client, **form: str) -> str:
    """Ask for an archive of codes; returns where it is told how far it is."""
    said = {"_csrf_token": token_in(browser.get(CODES)), **form}
    answer = browser.post(f"{CODES}/archives", data=said)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def _drawn(address: str) -> bytes:
    return f"<svg>{address}</svg>".encode()


@pytest.fixture
def shop(database: Database) -> Shop:
    """A brand with people who sign in."""
    with database.transaction() as conn:
        return open_store(conn).shop


@pytest.fixture
def staffed(database: Database, shop: Shop) -> Generator[Brand, None, None]:
    """The brand, served."""
    assert shop.skus
    yield from opened(database)


@pytest.fixture
def hq(staffed: Brand) -> httpx.Client:
    """Headquarters, with the code of the store S and of three of its tables."""
    browser = staffed.staff("shen.ops")
    browser.timeout = httpx.Timeout(60)  # pages take a while to be set
    make(browser, site="S", store="on", tables="3")
    return browser


def pages_of(pdf: bytes, at: Path) -> tuple[int, str]:
    """How many pages there are, and how large the first is, in whole millimetres."""
    if shutil.which("pdfinfo") is None:
        pytest.skip("no pdfinfo here: install poppler-utils")
    (at / "codes.pdf").write_bytes(pdf)
    told = subprocess.run(
        ["pdfinfo", str(at / "codes.pdf")], check=True, capture_output=True, text=True
    ).stdout
    pages = re.search(r"Pages: +(\d+)", told)
    size = re.search(r"Page size: +([\d.]+) x ([\d.]+) pts", told)
    assert pages is not None
    assert size is not None
    return int(pages.group(1)), "x".join(str(round(float(one) / 72 * 25.4)) for one in size.groups())


@pytest.mark.parametrize(
    ("size", "wanted"),
    [
        ("shelf", (1, "210x297")), ("sticker", (1, "210x297")), ("badge", (1, "210x297")),
        ("receipt", (4, "80x100")), ("a4", (4, "210x297")), ("a3", (4, "297x420")),
    ],
)  # fmt: skip
def test_codes_are_set_in_the_size_that_is_chosen(
    hq: httpx.Client, size: str, wanted: tuple[int, str], tmp_path: Path
):
    answer = hq.get(f"{CODES}/print.pdf", params={"site": "S", "size": size, "zh": "扫一扫", "en": "Scan"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert pages_of(answer.content, tmp_path) == wanted


def test_a_size_that_is_none_and_a_place_without_codes_are_no_such_thing(hq: httpx.Client):
    assert hq.get(f"{CODES}/print.pdf?site=S&size=a9").status_code == 404
    assert hq.get(f"{CODES}/print.pdf?site=W").status_code == 404
    assert hq.get(f"{CODES}/codes.csv?site=S&kind=poster").status_code == 404


def test_a_printing_house_gets_a_list_and_a_picture_of_each(staffed: Brand, hq: httpx.Client):
    with staffed.database.owner_transaction() as owner:
        owner.execute("update touchpoints.touchpoint set label = %s where label = '1'", (FORMULA,))
    page = ask_for_archive(hq, site="S")
    assert "0 of 4 codes are drawn" in hq.get(page).text
    assert hq.get(f"{page}/codes.zip").status_code == 404
    assert draw_next_slice(staffed.database, qr_svg, NOON) == 4
    assert draw_next_slice(staffed.database, qr_svg, NOON) == 0
    assert f'href="{page}/codes.zip"' in hq.get(page).text
    answer = hq.get(f"{page}/codes.zip")
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        told = archive.read("codes.csv").decode("utf-8-sig").splitlines()
        pictures = [archive.read(name) for name in names if name.endswith(".svg")]
    assert (len(names), len(told), len(set(pictures))) == (5, 5, 4)
    assert all(one.startswith(b"<svg") for one in pictures)
    (first,) = (line for line in told if "1+1" in line)
    assert f",'{FORMULA}," in first
    code = first.split(",")[0]
    assert first.endswith(f"https://shop.example/t/{code}")
    assert f"{code}.svg" in names
    assert hq.get(f"{CODES}/codes.csv?site=S").content.decode("utf-8-sig").splitlines() == told
    assert len(hq.get(f"{CODES}/codes.csv?site=S&kind=store").content.splitlines()) == 2


def test_nobody_prints_the_codes_of_another_branch(staffed: Brand, hq: httpx.Client):
    dealer = staffed.staff("kong.dealer")
    for path in ("print.pdf", "codes.csv"):
        assert dealer.get(f"{CODES}/{path}?site=S").status_code == 403
        assert dealer.get(f"{CODES}/{path}?site=*").status_code == 403
    token = token_in(dealer.get(CODES))
    for site in ("S", "*"):
        said = {"_csrf_token": token, "site": site}
        assert dealer.post(f"{CODES}/archives", data=said).status_code == 403
    page = ask_for_archive(hq, site="S")
    draw_next_slice(staffed.database, qr_svg, NOON)
    assert hq.get(f"{page}/codes.zip").status_code == 200
    for browser, refused in ((dealer, 404), (staffed.staff("gu.finance"), 403)):
        assert browser.get(page).status_code == refused
        assert browser.get(f"{page}/codes.zip").status_code == refused


def test_an_archive_grows_slice_by_slice_whoever_draws_and_is_forgotten_after_a_day(
    staffed: Brand, hq: httpx.Client
):
    count = SLICE + 20
    said = {"site": "S", "kind": "poster", "count": str(count), "label": "P"}
    answer = hq.post(f"{CODES}/bulk", data={"_csrf_token": token_in(hq.get(CODES)), **said})
    assert answer.status_code == 303
    page = ask_for_archive(hq, site="S", kind="poster")
    database = staffed.database
    with database.reading() as conn:
        first = archive_to_draw(conn)
    assert first is not None
    assert draw_next_slice(database, _drawn, NOON) == SLICE
    with database.transaction() as conn:  # a rival that saw it before adds nothing
        assert add_pictures(conn, first, [b"<svg>rival</svg>"] * SLICE, now=NOON) == 0
    assert f"{SLICE} of {count} codes are drawn" in hq.get(page).text
    assert f'max="{count}" value="{SLICE}"' in hq.get(page).text
    assert [draw_next_slice(database, _drawn, NOON) for _ in range(2)] == [20, 0]
    with zipfile.ZipFile(io.BytesIO(hq.get(f"{page}/codes.zip").content)) as archive:
        names = archive.namelist()
        listed = [line.split(",")[0] for line in archive.read(LISTING).decode("utf-8-sig").splitlines()[1:]]
        drawn = {name.removesuffix(".svg"): archive.read(name) for name in names if name != LISTING}
    assert (len(names), len(listed)) == (count + 1, count)
    assert drawn == {code: f"<svg>https://shop.example/t/{code}</svg>".encode() for code in listed}
    for later, gone in ((timedelta(hours=23), 0), (timedelta(hours=25), 1), (timedelta(hours=25), 0)):
        with database.transaction() as conn:
            assert forget_archives(conn, now=NOON + later, limit=10) == gone
    assert hq.get(page).status_code == 404


def test_nobody_draws_a_slice_beside_somebody_else(tmp_path: Path):
    errands = {one.name: one for one in errands_of(Settings(data_directory=tmp_path), clock=lambda: NOON)}
    assert errands["draw_codes"].is_long


def test_an_archive_that_cannot_be_drawn_ends_and_holds_up_no_other(staffed: Brand, hq: httpx.Client):
    def cannot(_: str) -> bytes:
        raise RuntimeError("no ink")

    broken, next_one = ask_for_archive(hq, site="S"), ask_for_archive(hq, site="S", kind="table")
    with pytest.raises(RuntimeError, match="no ink"):
        draw_next_slice(staffed.database, cannot, NOON)
    assert "They could not be drawn" in hq.get(broken).text
    assert hq.get(f"{broken}/codes.zip").status_code == 404
    assert draw_next_slice(staffed.database, qr_svg, NOON) == 3
    assert hq.get(f"{next_one}/codes.zip").status_code == 200


def test_the_logo_is_checked_kept_and_taken_away_by_headquarters_alone(staffed: Brand, hq: httpx.Client):
    def send(browser: httpx.Client, content: bytes | None, **form: str) -> int:
        said = {"_csrf_token": token_in(browser.get(CODES)), **form}
        files = {"file": ("logo.png", content)} if content is not None else {"file": ("", b"")}
        return browser.post(f"{CODES}/logo", data=said, files=files).status_code

    def kept() -> str | None:
        with staffed.database.reading() as conn:
            logo = logo_of_brand(conn)
        return logo.media_type if logo else None

    assert send(hq, b"<!DOCTYPE x>" + SHAPES % b"") == 422
    assert kept() is None
    assert "With the logo" not in hq.get(f"{CODES}?site=S").text
    assert send(staffed.staff("kong.dealer"), pixels()) == 403
    assert kept() is None
    assert send(hq, pixels()) == 303
    assert kept() == "image/png"
    assert "With the logo" in hq.get(f"{CODES}?site=S").text
    assert send(hq, SHAPES % b'<path d="M0 0h9v9z"/>') == 303
    assert kept() == "image/svg+xml"
    plain, marked = (hq.get(f"{CODES}/print.pdf?site=S&size=a4{more}").content for more in ("", "&logo=1"))
    assert len(marked) != len(plain)
    assert send(hq, None, drop="1") == 303
    assert kept() is None


def test_what_each_code_brought_is_told_and_leads_to_its_orders(staffed: Brand, shop: Shop, hq: httpx.Client):
    store = hq.get(f"{CODES}/codes.csv?site=S&kind=store").text.splitlines()[1].split(",")[0]
    poster = staffed.code(TouchpointKind.POSTER, product_code="COAT")
    member_id = staffed.member()
    with staffed.database.transaction() as conn:
        scans = [
            scan_of(poster, visitor=VISITOR, at=NOON - timedelta(minutes=50)),
            scan_of(store, visitor=VISITOR, at=NOON - timedelta(minutes=30)),
            scan_of(store, visitor=OTHER_VISITOR, at=NOON - timedelta(minutes=20)),
            scan_of(store, visitor=OTHER_VISITOR, at=NOON - timedelta(minutes=10)),
            scan_of(store, visitor=uuid4(), member_id=member_id, at=NOON - timedelta(days=40)),
        ]
        succeeded(scan(conn, scans[:-1], now=NOON))
        succeeded(scan(conn, scans[-1:], now=NOON - timedelta(days=40)))
        buyer = Buyer(member_id=None, visitor=VISITOR, touchpoint_code=None, at=NOON)
        draft = ask(shop, "W-1", lines=lines(shop, ("COAT", 1)))
        (placed,) = succeeded(place(conn, [draft], scope=WHOLE_BRAND, now=NOON))
        assert isinstance(placed, Placed)
        assert len(attribute_orders(conn, {placed.order_id: buyer}, now=NOON)) == 1
    assert told(hq.get(f"{CODES}/brought?site=S").text)[spelt(store)] == ["3", "2", "1", "CN¥113.00"]
    # The poster was touched, too, and not last.
    assert told(hq.get(f"{CODES}/brought?site=*").text)[spelt(poster)] == ["1", "1", "0", "–"]
    assert told(hq.get(f"{CODES}/brought?site=S&period=quarter").text)[spelt(store)][:2] == ["4", "3"]
    of_code = hq.get(f"{CODES}/brought?site=S&code={store}").text
    assert list(told(of_code)) == [spelt(store)]
    assert f'href="/hq/orders/{placed.number}"' in of_code
    # The store did not sell it: it counts for its code, and has no number there.
    of_store = staffed.staff("lin.manager").get(f"{CODES}/brought?site=S&code={store}").text
    assert told(of_store)[spelt(store)] == ["3", "2", "1", "CN¥113.00"]
    assert placed.number not in of_store
    days = hq.get(f"{CODES}/brought/days?site=S&period=quarter").json()
    assert (days["members"], days["others"]) == ([1, 0], [0, 3])
    dealer = staffed.staff("kong.dealer")
    assert dealer.get(f"{CODES}/brought?site=S").status_code == 403
    assert dealer.get(f"{CODES}/brought/days?site=S").status_code == 403


def test_codes_are_made_by_the_thousand_and_listed_all(staffed: Brand, hq: httpx.Client):
    def bulk(browser: httpx.Client, **form: str) -> int:
        said = {"_csrf_token": token_in(browser.get(CODES)), "site": "S", **form}
        return browser.post(f"{CODES}/bulk", data=said).status_code

    def listed(**asked: str) -> list[str]:
        return hq.get(f"{CODES}/codes.csv", params={"site": "S", **asked}).text.splitlines()[1:]

    assert bulk(hq, kind="shelf", count="1200", label="Bay") == 303
    found = listed(kind="shelf")
    assert len(found) == len({one.split(",")[0] for one in found}) == 1_200
    assert {one.split(",")[4] for one in found} == {f"Bay {number:04}" for number in range(1, 1_201)}
    assert hq.get(f"{CODES}/print.pdf?site=S&kind=shelf").status_code == 422
    for wrong in ("0", "5001", "99999", "x", "", "-1", "1.5"):
        assert bulk(hq, kind="shelf", count=wrong) == 422, wrong
    assert bulk(hq, kind="receipt", count="1") == 422
    assert bulk(hq, kind="poster", count="1", product="NONE") == 422
    assert bulk(staffed.staff("kong.dealer"), kind="shelf", count="1") == 403
    # Behind so many the sheet still knows its tables: asked for again, none is made twice.
    make(hq, site="S", store="on", tables="3")
    assert len(listed()) == 1_204


def told(page: str) -> dict[str, list[str]]:
    """Scans, people, orders and amount by code."""
    body = page.split("<tbody>")[1].split("</tbody>", maxsplit=1)[0]
    found: dict[str, list[str]] = {}
    for row in body.split("</tr>")[:-1]:
        first, *cells = re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)
        found[re.sub(r"<span.*|<[^>]+>", "", first)] = [one.strip() for one in cells]
    return found
