"""Orders in lists: found by text and by where they stand, within a scope, in one total order."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from loopline import search
from loopline.db import Conn
from loopline.kernel.ids import SiteId
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.search import OrderAsk, OrderPlace
from loopline.search.walking import WALKED
from tests.make.search import ANNA, NORTH, SOUTH, document, write
from tests.make.shop import NOON

HOUR = timedelta(hours=1)


def numbers(conn: Conn, ask: OrderAsk | None = None, *, scope: Scope = WHOLE_BRAND) -> list[str]:
    return [one.number for one in search.find_orders(conn, ask or OrderAsk(), scope=scope)]


def only(*sites: SiteId) -> Scope:
    return Scope(sites=frozenset(sites))


@pytest.fixture
def filled(conn: Conn) -> Conn:
    write(
        conn,
        document("A-1", stage="placed", member_id=ANNA),
        document("B-2", stage="handed_over", channel="till", site_id=NORTH, placed_at=NOON + HOUR),
        document("C-3", stage="sourced", sending_sites=frozenset({SOUTH}), placed_at=NOON + 2 * HOUR),
        document(
            "D-4",
            stage="placed",
            site_id=NORTH,
            sending_sites=frozenset({NORTH, SOUTH}),
            placed_at=NOON + HOUR / 2,
        ),
        goods={"A-1": "红色连衣裙", "B-2": "Wool coat", "C-3": "羊毛大衣", "D-4": "连衣长裙"},
    )
    return conn


def test_the_latest_comes_first(filled: Conn):
    assert numbers(filled) == ["C-3", "B-2", "D-4", "A-1"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("红色裙", ["A-1"]),
        ("连衣裙", ["A-1"]),
        ("连衣", ["D-4", "A-1"]),
        ("裙", ["D-4", "A-1"]),
        ("大衣 羊毛", ["C-3"]),
        ("WOOL", ["B-2"]),
        ("woo coa", ["B-2"]),
        ("ool", []),
        ("b-2", ["B-2"]),
        ("EXT-C", ["C-3"]),
        ("extc3", ["C-3"]),
        ("!!", []),
        ("  ", ["C-3", "B-2", "D-4", "A-1"]),
    ],
)
def test_orders_are_found_by_words(filled: Conn, text: str, found: list[str]):
    assert numbers(filled, OrderAsk(text=text)) == found


@pytest.mark.parametrize(
    ("ask", "found"),
    [
        (OrderAsk(stages=("placed",)), ["D-4", "A-1"]),
        (OrderAsk(stages=("placed", "sourced")), ["C-3", "D-4", "A-1"]),
        (OrderAsk(channels=("till",)), ["B-2"]),
        (OrderAsk(site_id=NORTH), ["B-2", "D-4"]),
        (OrderAsk(site_id=SOUTH), ["C-3", "D-4"]),
        (OrderAsk(placed_from=NOON + HOUR), ["C-3", "B-2"]),
        (OrderAsk(placed_until=NOON + HOUR), ["D-4", "A-1"]),
        (OrderAsk(member_ids=(ANNA,)), ["A-1"]),
        (OrderAsk(member_ids=()), []),
        (OrderAsk(text="连衣", stages=("placed",), site_id=SOUTH), ["D-4"]),
    ],
)
def test_lists_are_narrowed(filled: Conn, ask: OrderAsk, found: list[str]):
    assert numbers(filled, ask) == found


@pytest.mark.parametrize(
    ("scope", "found"),
    [
        (only(NORTH), ["B-2", "D-4"]),
        (only(SOUTH), ["C-3", "D-4"]),
        (only(NORTH, SOUTH), ["C-3", "B-2", "D-4"]),
        (Scope(), []),
    ],
)
def test_a_site_finds_what_it_sells_or_sends_and_nothing_else(filled: Conn, scope: Scope, found: list[str]):
    assert numbers(filled, scope=scope) == found


def test_asking_for_another_site_reaches_no_further_than_the_scope(filled: Conn):
    assert numbers(filled, OrderAsk(site_id=SOUTH), scope=only(NORTH)) == ["D-4"]
    assert numbers(filled, OrderAsk(text="红色裙"), scope=only(NORTH)) == []


def test_what_is_typed_may_mean_a_member_too(filled: Conn):
    meant = OrderAsk(text="1234", members_meant=(ANNA,))
    assert numbers(filled, meant) == ["A-1"]
    assert numbers(filled, msgspec.structs.replace(meant, text="羊毛")) == ["C-3", "A-1"]
    assert numbers(filled, msgspec.structs.replace(meant, text="?")) == ["A-1"]
    assert numbers(filled, msgspec.structs.replace(meant, stages=("sourced",))) == []


def test_who_only_sends_an_order_never_finds_it_by_its_member(conn: Conn):
    write(conn, document("A-1", site_id=NORTH, sending_sites=frozenset({SOUTH}), member_id=ANNA))
    for ask in (OrderAsk(member_ids=(ANNA,)), OrderAsk(text="?", members_meant=(ANNA,))):
        assert numbers(conn, ask, scope=only(SOUTH)) == []
        assert numbers(conn, ask, scope=only(NORTH)) == ["A-1"]
    assert numbers(conn, OrderAsk(text="A-1"), scope=only(SOUTH)) == ["A-1"]


def test_a_site_that_no_longer_sends_sees_no_more(conn: Conn):
    before = document("A-1", sending_sites=frozenset({NORTH}))
    write(conn, before)
    assert numbers(conn, scope=only(NORTH)) == ["A-1"]
    moved = document("A-1", order_id=before.order_id, sending_sites=frozenset({SOUTH}), stage="sourced")
    search.write_orders(conn, [moved])
    assert numbers(conn, scope=only(NORTH)) == []
    (found,) = search.find_orders(conn, OrderAsk(), scope=only(SOUTH))
    assert (found.stage, found.sending_sites, found.names) == ("sourced", (SOUTH,), ("Coat",))
    assert search.sites_of_orders(conn, [before.order_id]) == {before.order_id: frozenset({SOUTH})}


def test_pages_follow_one_another_without_gap_or_repeat(conn: Conn):
    """Seven orders of one moment and three of another: the id decides among equals, whatever way they are read."""
    moments = [NOON] * 7 + [NOON + HOUR] * 3
    documents = [document(f"N-{number}", placed_at=at) for number, at in enumerate(moments)]
    for one in reversed(documents):
        write(conn, one)
    conn.execute("set local enable_indexscan = off")
    conn.execute("set local enable_bitmapscan = off")
    latest_first = sorted(documents, key=lambda one: (one.placed_at, one.order_id), reverse=True)
    everything = [one.number for one in latest_first]
    after: OrderPlace | None = None
    read: list[str] = []
    for _ in range(4):
        page = search.find_orders(conn, OrderAsk(), scope=WHOLE_BRAND, after=after, limit=3)
        read += [one.number for one in page]
        after = page[-1].place
    assert read == everything
    assert search.find_orders(conn, OrderAsk(), scope=WHOLE_BRAND, after=after, limit=3) == []


def test_what_is_so_already_is_not_written_again(conn: Conn):
    one = document("A-1", sending_sites=frozenset({NORTH}))
    write(conn, one)
    places = "select ctid::text from search.order_document union all select ctid::text from search.order_site"
    before = conn.execute(places).fetchall()
    search.write_orders(conn, [one])
    assert conn.execute(places).fetchall() == before


def test_forgotten_orders_are_not_found(filled: Conn):
    gone = search.find_orders(filled, OrderAsk(text="红色裙"), scope=WHOLE_BRAND)
    search.forget_orders(filled, [one.order_id for one in gone])
    assert numbers(filled) == ["C-3", "B-2", "D-4"]
    assert numbers(filled, OrderAsk(text="红色裙")) == []
    search.empty_documents(filled)
    assert numbers(filled) == []


@pytest.fixture
def many(conn: Conn) -> Conn:
    """More orders than are walked: all have a coat, one in 200 a scarf, the oldest a hat; every third is NORTH's."""
    count = WALKED + 300
    documents = [
        document(
            f"M-{number:05}",
            placed_at=NOON - number * HOUR,
            stage="placed" if number % 2 else "cancelled",
            site_id=NORTH if number % 3 == 0 else None,
        )
        for number in range(count)
    ]
    goods = {
        one.number: "Coat" + " scarf" * (place % 200 == 0) + " hat" * (place == count - 1)
        for place, one in enumerate(documents)
    }
    write(conn, *documents, goods=goods)
    return conn


@pytest.mark.parametrize(
    ("asked", "scope", "found"),
    [
        # met on the way; not met often enough, and told by the index; all there is, wherever the walk ended
        ({"text": "coat"}, WHOLE_BRAND, [0, 1, 2, 3, 4]),
        ({"text": "scarf"}, WHOLE_BRAND, [0, 200, 400, 600, 800]),
        ({"text": "hat"}, WHOLE_BRAND, [WALKED + 299]),
        ({"text": "gloves"}, WHOLE_BRAND, []),
        ({"text": "coat", "stages": ("placed",)}, WHOLE_BRAND, [1, 3, 5, 7, 9]),
        ({"text": "hat coat", "stages": ("placed",)}, WHOLE_BRAND, [WALKED + 299]),
        ({"text": "coat", "placed_until": NOON - 4_297 * HOUR}, WHOLE_BRAND, [4_298, 4_299]),
        ({"text": "coat"}, only(NORTH), [0, 3, 6, 9, 12]),
        ({"text": "scarf"}, only(NORTH), [0, 600, 1_200, 1_800, 2_400]),
        ({"text": "hat"}, only(NORTH), [WALKED + 299]),
        ({"text": "coat"}, only(SOUTH), []),
        ({"text": "coat", "site_id": NORTH}, only(NORTH, SOUTH), [0, 3, 6, 9, 12]),
    ],
)
def test_words_that_all_orders_have_and_words_that_one_has_are_found_alike(
    many: Conn, asked: dict[str, Any], scope: Scope, found: list[int]
):
    pages = search.find_orders(many, OrderAsk(**asked), scope=scope, limit=5)
    assert [int(one.number[2:]) for one in pages] == found
    after = search.find_orders(many, OrderAsk(**asked), scope=scope, limit=2)
    if len(found) == 5:
        rest = search.find_orders(many, OrderAsk(**asked), scope=scope, after=after[-1].place, limit=3)
        assert [int(one.number[2:]) for one in rest] == found[2:]
