"""Codes as they come out of a printer: pages set, drawn as dots, and read by the reader that the scanner pages have."""

import shutil
import subprocess
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from loopline.db import Database
from loopline.touchpoints import TouchpointKind
from loopline.touchpoints.logo import Logo
from loopline.web.languages import languages
from loopline.web.touch.printing import SIZES, Piece, Wish, codes_pdf
from loopline.web.touch.sheet import Card
from tests.make.store import DEMO, open_store
from tests.make.web import served, settings
from tests.unit.web.test_picture import pixels

pytestmark = pytest.mark.browser

READ = """async (picture) => {
  const { zxingReader } = await import("/static/camera.js");
  const read = await zxingReader("/static/vendor/zxing.min.js", "/static/vendor/zxing_reader.wasm");
  const image = new Image();
  image.src = picture;
  await image.decode();
  return read(image);
}"""


def piece(number: int) -> Piece:
    code = f"7K3Q9XA2B{number}"
    card = Card(
        code=code,
        spelt=code,
        kind=TouchpointKind.SHELF,
        word="Shelf",
        name="双面羊绒大衣 <b>",
        hint="静安店",
        drawing="",  # pyright: ignore[reportArgumentType]
        scans=0,
    )
    return Piece(address=f"https://shop.example/t/{code}", card=card)


def drawn(pdf: bytes, at: Path, *, clip: Sequence[int]) -> list[Path]:
    """A part (x, y, width, height) of the pages as dots, 150 to an inch."""
    (at / "codes.pdf").write_bytes(pdf)
    part = [
        word for flag, dots in zip(("-x", "-y", "-W", "-H"), clip, strict=True) for word in (flag, str(dots))
    ]
    command = ["pdftoppm", "-r", "150", "-png", *part, str(at / "codes.pdf"), str(at / "page")]
    subprocess.run(command, check=True)
    return sorted(at.glob("page*.png"))


def test_what_is_printed_in_every_size_is_read_with_the_logo_over_it(
    database: Database, browser: Browser, tmp_path: Path
):
    if shutil.which("pdftoppm") is None:
        pytest.skip("no pdftoppm here: install poppler-utils to draw pages")
    with database.transaction() as conn:
        open_store(conn)
    logo = Logo(media_type="image/png", content=pixels(side=300))
    with served(database, settings(demo=DEMO)) as base:
        page = browser.new_page(locale="en-GB")
        page.goto(f"{base}/sign-in?next=/store/count")
        page.get_by_role("button", name="周可").click()
        page.wait_for_selector('#count[data-learnt="yes"]')
        for key, size in SIZES.items():
            at = tmp_path / key
            at.mkdir()
            wish = Wish(size=size, lines=("扫码了解", "Scan me"), logo=logo)
            pdf = codes_pdf([piece(1)], wish, languages()["zh"])
            clip = [round(mm / 25.4 * 150) for mm in (size.left, size.top, size.width, size.height)]
            (dots,) = drawn(pdf, at, clip=clip)
            picture = f"data:image/png;base64,{b64encode(dots.read_bytes()).decode()}"
            assert page.evaluate(READ, picture) == [piece(1).address], key
