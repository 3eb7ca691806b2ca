"""Photos that come in: what stays of them, and what is refused before it is unfolded."""

import hashlib
import io
import tracemalloc

import pytest
from litestar.datastructures import UploadFile
from PIL import Image

from loopline.kernel.pictures import Picture
from loopline.returns.photos import PHOTOS_MOST, TooManyReturnPhotos
from loopline.web.photographs import SENT_BYTES_MAX, PhotoTooLarge, PhotoUnreadable, remade
from loopline.web.photos_back import pictures_of
from tests.make.photos import bomb, photo

TOO_LARGE = PhotoTooLarge(megabytes=6, megapixels=24)


def test_nothing_of_the_phone_stays():
    sent = photo()
    assert b"Phonemaker" in sent
    with Image.open(io.BytesIO(sent)) as before:
        assert dict(before.getexif().get_ifd(0x8825))
    picture = remade(sent)
    assert isinstance(picture, Picture)
    with Image.open(io.BytesIO(picture.content)) as after:
        assert (after.format, after.size, dict(after.getexif()), after.info.get("exif")) == (
            "WEBP",
            (400, 300),
            {},
            None,
        )
    assert b"Phonemaker" not in picture.content
    assert (picture.width, picture.height, picture.media_type) == (400, 300, "image/webp")
    assert picture.sent_hash == hashlib.sha256(sent).digest()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_what_is_large_becomes_small_and_stands_upright(form: str):
    picture = remade(photo(3_200, 1_000, form=form, turned=True))
    assert isinstance(picture, Picture)
    assert (picture.width, picture.height) == (500, 1_600)


def test_what_is_behind_a_photo_goes_with_it():
    picture = remade(photo() + b"<script>alert(1)</script>")
    assert isinstance(picture, Picture)
    assert b"script" not in picture.content


def test_what_can_be_seen_through_stands_on_white():
    written = io.BytesIO()
    Image.new("RGBA", (10, 10), (255, 0, 0, 0)).save(written, "PNG")
    picture = remade(written.getvalue())
    assert isinstance(picture, Picture)
    with Image.open(io.BytesIO(picture.content)) as after:
        assert min(after.convert("RGB").getpixel((5, 5))) > 250  # type: ignore[arg-type, operator]


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"no picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"GIF89a" + bytes(100),
        photo()[:200],
        b"\xff\xd8\xff\xe0" + bytes(1_000),
        b"RIFF\x00\x00\x00\x00WEBPVP8 " + bytes(64),
    ],
)
def test_what_is_no_photo_is_refused(sent: bytes):
    assert remade(sent) == PhotoUnreadable()


def test_a_gif_is_no_photo():
    written = io.BytesIO()
    Image.new("RGB", (10, 10)).save(written, "GIF")
    assert remade(written.getvalue()) == PhotoUnreadable()


def test_what_would_unfold_into_too_much_is_refused_before_it_does():
    sent = bomb()
    assert len(sent) < 2_000
    tracemalloc.start()
    outcome = remade(sent)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert outcome in {PhotoUnreadable(), TOO_LARGE}
    assert most < 5_000_000
    assert remade(bomb(6_000, 4_001)) == TOO_LARGE


def test_fifty_megabytes_are_refused():
    assert remade(photo() + bytes(50_000_000)) == TOO_LARGE
    assert isinstance(remade(photo() + bytes(SENT_BYTES_MAX - 10_000)), Picture)


def test_of_more_photos_than_a_return_may_have_none_is_decoded():
    files = [UploadFile("image/jpeg", f"{place}.jpg", b"no picture") for place in range(PHOTOS_MOST + 1)]
    assert pictures_of(files[:PHOTOS_MOST]) == PhotoUnreadable()
    assert pictures_of(files) == TooManyReturnPhotos(most=PHOTOS_MOST)
    for one in files:
        one.file.close()
    assert pictures_of([]) == pictures_of(None) == []
