"""Pictures that people upload: written anew as pixels or shapes; whatever else they carry is left behind or refused."""

import io

import pytest
from PIL import Image, PngImagePlugin

from loopline.kernel.refusals import Refused
from loopline.touchpoints.logo import Logo
from loopline.web.touch.picture import BYTES_MAX, checked_picture

SHAPES = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">%s</svg>'


def pixels(kind: str = "PNG", *, side: int = 900, **said: object) -> bytes:
    kept = io.BytesIO()
    Image.new("RGB", (side, side // 2), "red").save(kept, format=kind, **said)
    return kept.getvalue()


def checked(content: bytes) -> Logo:
    return checked_picture(content, name="logo")


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_pixels_are_written_anew_in_the_size_that_is_printed(kind: str):
    logo = checked(pixels(kind))
    with Image.open(io.BytesIO(logo.content)) as kept:
        assert (logo.media_type, kept.format, kept.size) == ("image/png", "PNG", (512, 256))


def test_what_else_a_picture_carries_is_left_behind():
    note = PngImagePlugin.PngInfo()
    note.add_text("Comment", "<script>secret</script>")
    assert b"secret" not in checked(pixels(pnginfo=note) + b"<?php secret ?>").content


def test_shapes_are_kept_and_nothing_that_acts():
    hostile = SHAPES % (
        b'<script>evil()</script><style>*{}</style><image href="http://evil/x.png"/><a href="javascript:evil()">'
        b'<rect width="1"/></a><foreignObject><b xmlns="http://www.w3.org/1999/xhtml">evil</b></foreignObject>'
        b'<g onclick="evil()" style="fill:url(http://evil)">'
        b'<path d="M0 0h9v9z" fill="url(http://evil)" stroke="red"/></g>'
        b'<use href="#x"/><circle r="3" fill="url(#own)" onload="evil()"/>'
    )
    logo = checked(hostile)
    assert logo.media_type == "image/svg+xml"
    assert logo.content == (
        b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">'
        b'<g><path d="M0 0h9v9z" stroke="red" /></g><circle r="3" fill="url(#own)" /></svg>'
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no picture",
        b"GIF89a\x01\x00\x01\x00\x80\x00\x00",
        pixels()[:200],
        b"\x89PNG\r\n\x1a\n" + b"0" * BYTES_MAX,
        b"<svg>",
        b"<html xmlns='http://www.w3.org/1999/xhtml'/>",
        b'<!DOCTYPE svg [<!ENTITY a "b">]>' + SHAPES % b"&a;",
        b'<?xml version="1.0"?><!DOCTYPE svg SYSTEM "file:///etc/passwd">' + SHAPES % b"",
        SHAPES % (b"<path d='" + b"M0 0" * 80_000 + b"'/>"),
        ('<!DOCTYPE svg [<!ENTITY a "b">]>' + (SHAPES % b"&a;").decode()).encode("utf-16-le"),
        SHAPES % (b"<g>" * 5_000 + b"</g>" * 5_000),
    ],
)
def test_what_is_no_picture_is_refused(content: bytes):
    with pytest.raises(Refused) as refused:
        checked(content)
    assert "logo" in str(refused.value.refusal)
