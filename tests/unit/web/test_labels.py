"""Labels: bars, ZPL in which nothing of an order is a command, and pages on which Chinese is written."""

import re
import shutil
import subprocess

import pytest
from msgspec.structs import replace

from loopline.web.labels import fonts
from loopline.web.labels.code128 import code128_svg, modules, symbols
from loopline.web.labels.content import LabelText
from loopline.web.labels.pdf import labels_pdf
from loopline.web.labels.zpl import labels_zpl
from loopline.web.languages import languages

TEXT = LabelText(
    barcode="SF1234567890123",
    number="P00001000017",
    order_number="K4XF-DXY",
    sender="静安店",
    name="陈念",
    phone="13800000007",
    address="上海市 武康路 99 号 2 室",
    marks=("冷冻", "易碎"),
    contents="3 件",
    note="",
)
LATIN = replace(
    TEXT, sender="Jing'an", name="Nian Chen", address="99 Wukang Rd", marks=(), contents="3 pieces"
)


# The examples of the standard's own arithmetic: start, data, check (modulo 103), stop.
@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("PJJ123C", [104, 48, 42, 42, 17, 18, 19, 35, 55, 106]),
        ("1234", [105, 12, 34, 82, 106]),
        ("A1234", [104, 33, 99, 12, 34, 95, 106]),
        ("12345", [105, 12, 34, 100, 21, 54, 106]),
    ],
)
def test_code_128_counts_its_check_symbol(text: str, wanted: list[int]):
    assert symbols(text) == wanted


@pytest.mark.parametrize("text", ["", "ü", "a\n", "冷"])
def test_code_128_refuses_what_it_cannot_write(text: str):
    with pytest.raises(ValueError, match="printable ASCII"):
        symbols(text)


def test_every_symbol_is_eleven_modules_wide():
    assert modules("~" * 20) == 22 * 11 + 13
    svg = code128_svg("P00001000017")
    assert f'viewBox="0 0 {modules("P00001000017") + 20} 1"' in svg


def test_zpl_has_one_format_per_label_with_bars_and_a_code():
    zpl = labels_zpl([TEXT, LATIN])
    assert (zpl.count("^XA"), zpl.count("^XZ"), zpl.count("^CI28")) == (2, 2, 2)
    assert zpl.count("^BCN,150,N,N,N,A^FH_^FDSF1234567890123^FS") == 2
    assert zpl.count("^BQN,2,8^FH_^FDMA,SF1234567890123^FS") == 2
    latin = labels_zpl([LATIN])
    assert ("^FDNian Chen^FS" in latin, "^GFA" in latin) == (True, False)


def whole(drawn: str, row_digits: int) -> list[str]:
    """The rows of a shortened picture, as a printer makes them."""
    rows: list[str] = []
    row = ""
    for digit in drawn:
        if digit == ":":
            rows.append(rows[-1])
        elif digit == ",":
            rows.append(row.ljust(row_digits, "0"))
            row = ""
        else:
            row += digit
            if len(row) == row_digits:
                rows.append(row)
                row = ""
    assert row == ""
    return rows


def test_chinese_goes_as_a_picture_that_has_as_many_bytes_as_it_says():
    fields = re.findall(r"\^GFA,(\d+),(\d+),(\d+),([0-9A-F,:]+)\^FS", labels_zpl([TEXT]))
    assert len(fields) == 5  # marks, name, address, contents, sender
    for total, again, row, drawn in fields:
        assert total == again
        rows = whole(drawn, 2 * int(row))
        assert len(rows) * int(row) == int(total)
        assert len(set(rows)) > 5  # something is drawn


@pytest.mark.parametrize("hostile", ["^XZ^XA^FDgot you", "~JA", "a\\&b_5E", "^FS^GB700"])
def test_nothing_that_people_write_is_a_command_of_the_printer(hostile: str):
    plain = labels_zpl([LATIN])
    commands = re.compile(r"[\^~][A-Z@][A-Z0-9@]")
    attacked = labels_zpl([replace(LATIN, name=hostile, address=hostile, order_number=hostile)])
    assert commands.findall(attacked) == commands.findall(plain)


def test_without_a_font_that_writes_chinese_no_label_is_printed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fonts, "_FILES", ("none-of-this-name.ttf",))
    for cached in (fonts.chinese_file, fonts.font):
        cached.cache_clear()
    try:
        for print_it in (lambda: labels_zpl([TEXT]), lambda: labels_pdf([TEXT], languages()["zh"])):
            with pytest.raises(fonts.Refused) as refused:
                print_it()
            assert isinstance(refused.value.refusal, fonts.NoFontForLabels)
        assert "Nian Chen" in labels_zpl([LATIN])
    finally:
        for cached in (fonts.chinese_file, fonts.font):
            cached.cache_clear()


def test_pages_are_of_label_size_and_say_names_in_chinese():
    reader = shutil.which("pdftotext")
    if reader is None:
        pytest.skip("no pdftotext here: install poppler-utils to read what is on a page")
    pdf = labels_pdf([TEXT, LATIN], languages()["zh"])
    said = subprocess.run([reader, "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode()
    first, second, _ = said.split("\f")
    for words in ("陈念", "13800000007", "武康路 99 号 2 室", "易碎", "冷冻", "K4XF-DXY", "SF1234567890123"):
        assert words in first
    assert ("Nian Chen" in second, "陈念" in second) == (True, False)
    boxes = subprocess.run([reader, "-bbox", "-", "-"], input=pdf, capture_output=True, check=True).stdout
    assert boxes.count(b'<page width="283.46') == 2  # 100 mm in points
