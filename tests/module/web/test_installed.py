"""The pages of stores as an app on a phone: what a phone is told to install, and the icons behind it."""

import re
import struct
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest

from loopline.db.embedded import EmbeddedServer
from tests.make.databases import database_from
from tests.make.org import PASSWORD
from tests.make.store import DEMO, open_store
from tests.make.web import served, settings
from tests.module.web.test_pages import PAGE, sign_in

MANIFEST = re.compile(r'<link rel="manifest" href="([^"]+)">')
TOUCH_ICON = re.compile(r'<link rel="apple-touch-icon" href="([^"]+)">')
THEME_COLOUR = re.compile(
    r'<meta name="theme-color" content="(#\w+)" media="\(prefers-color-scheme: light\)">'
)
SEE_THROUGH = {4, 6}  # colour types of PNG with an alpha channel


@pytest.fixture(scope="module")
def base(server: EmbeddedServer, template: str) -> Generator[str, None, None]:
    """Where a store is served; nothing here leaves a trace another test would see."""
    with contextmanager(database_from)(server, template) as database:
        with database.transaction() as conn:
            open_store(conn)
        with served(database, settings(demo=DEMO)) as base:
            yield base


def found(pattern: re.Pattern[str], text: str) -> str:
    """What the page names, once."""
    (one,) = pattern.findall(text)
    return one


def png(answer: httpx.Response) -> tuple[str, bool]:
    """The size of a picture and whether one sees through it, by the header of its file."""
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    mark, kind, width, height, _, colours = struct.unpack_from(">8s4x4sIIBB", answer.content)
    assert (mark, kind) == (b"\x89PNG\r\n\x1a\n", b"IHDR")
    return f"{width}x{height}", colours in SEE_THROUGH


@pytest.mark.parametrize(
    ("accepts", "tag", "name", "short_name"),
    [("zh-CN", "zh-CN", "环线门店", "环线"), ("en-GB", "en-GB", "Loopline store", "Loopline")],
)
def test_a_phone_installs_the_pages_of_a_store_in_the_language_of_the_page(
    base: str, accepts: str, tag: str, name: str, short_name: str
):
    with httpx.Client(base_url=base, headers=PAGE | {"accept-language": accepts}) as phone:
        assert sign_in(phone, "zhou.guide", PASSWORD).status_code == 303
        pages = [phone.get(path) for path in ("/store", "/store/collect", "/earned", "/store/count/shell")]
    (address,) = {found(MANIFEST, page.text) for page in pages}
    # Browsers ask for it without cookies, and in whatever language the phone speaks.
    told = httpx.get(urljoin(base, address), headers={"accept-language": "fr"})
    assert (told.status_code, told.headers["content-type"]) == (200, "application/manifest+json")
    manifest: dict[str, Any] = told.json()
    assert {key: manifest[key] for key in ("lang", "name", "short_name")} == {
        "lang": tag,
        "name": name,
        "short_name": short_name,
    }
    assert (manifest["id"], manifest["start_url"], manifest["scope"]) == ("/store", "/store", "/")
    assert (manifest["display"], manifest["theme_color"]) == (
        "standalone",
        found(THEME_COLOUR, pages[0].text),
    )


def test_the_icons_are_there_in_the_sizes_they_are_said_to_have(base: str):
    with httpx.Client(base_url=base, headers=PAGE) as phone:
        icons: list[dict[str, str]] = phone.get("/store/app.webmanifest").json()["icons"]
        pictures = [one for one in icons if one["type"] == "image/png"]
        answers = [phone.get(one["src"]) for one in pictures]
        assert [png(answer)[0] for answer in answers] == [one["sizes"] for one in pictures]
        assert {(one["purpose"], one["sizes"]) for one in pictures} == {
            ("any", "192x192"),
            ("any", "512x512"),
            ("maskable", "512x512"),
        }
        # Phones cut a maskable icon to their own shape, and fill what is empty with black.
        assert [png(answer)[1] for answer in answers] == [one["purpose"] == "any" for one in pictures]
        (drawn,) = (one for one in icons if one["type"] != "image/png")
        assert phone.get(drawn["src"]).headers["content-type"].startswith(drawn["type"])
        touched = phone.get(found(TOUCH_ICON, phone.get("/store/count/shell").text))
        assert png(touched) == ("180x180", False)


def test_in_no_known_language_it_is_told_in_that_of_the_phone(base: str):
    answer = httpx.get(
        f"{base}/store/app.webmanifest", params={"language": "xx"}, headers={"accept-language": "zh"}
    )
    assert answer.json()["name"] == "环线门店"
