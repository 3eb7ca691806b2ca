"""Products in lists: found in Chinese and English, by codes and GTINs, the best fit first."""

import msgspec
import pytest

from loopline import search
from loopline.db import Conn
from loopline.search import ProductPlace
from tests.make.search import product


@pytest.fixture
def shelf(conn: Conn) -> Conn:
    search.write_products(
        conn,
        [
            product("D-10", "真丝连衣裙", codes=("D-10-RED", "04006381333931", "4006381333931")),
            product("D-1", "Silk dress", codes=("D-1-BLUE",)),
            product("X-1", "Dress D-1 lookalike", codes=("X-1-S",)),
            product("C-7", "羊毛大衣", codes=("C-7-M",)),
        ],
    )
    return conn


def codes(conn: Conn, text: str | None = None) -> list[tuple[int, str]]:
    return [(one.rank, one.code) for one in search.find_products(conn, text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("连衣裙", [(2, "D-10")]),
        ("丝裙", [(2, "D-10")]),
        ("dress", [(2, "D-1"), (2, "X-1")]),
        ("DRESS silk", [(2, "D-1")]),
        ("d-1", [(0, "D-1"), (1, "D-10"), (2, "X-1")]),
        ("D-1-blue", [(0, "D-1")]),
        ("d10", [(2, "D-10")]),
        ("4006381333931", [(0, "D-10")]),
        ("04006381333931", [(0, "D-10")]),
        ("40063813", [(2, "D-10")]),
        ("夹克", []),
        ("?", []),
    ],
)
def test_products_are_found_in_both_languages_and_by_codes(
    shelf: Conn, text: str, found: list[tuple[int, str]]
):
    assert codes(shelf, text) == found


def test_without_text_all_products_come_by_code_page_by_page(shelf: Conn):
    assert codes(shelf) == [(2, "C-7"), (2, "D-1"), (2, "D-10"), (2, "X-1")]
    after: ProductPlace | None = None
    read: list[str] = []
    for _ in range(3):
        page = search.find_products(shelf, "d-1", after=after, limit=1)
        read += [one.code for one in page]
        after = page[-1].place
    assert read == ["D-1", "D-10", "X-1"]
    assert search.find_products(shelf, "d-1", after=after, limit=1) == []


def test_a_product_written_again_is_found_by_its_new_name_alone(shelf: Conn):
    (before,) = [one for one in search.find_products(shelf) if one.code == "C-7"]
    renamed = msgspec.structs.replace(product("C-7", "羽绒服"), product_id=before.product_id)
    search.write_products(shelf, [renamed])
    assert codes(shelf, "大衣") == []
    assert codes(shelf, "羽绒服") == [(2, "C-7")]


def test_what_is_gone_is_not_found(shelf: Conn):
    (found,) = search.find_products(shelf, "大衣")
    search.write_products(shelf, [], gone=[found.product_id])
    assert codes(shelf, "大衣") == []
