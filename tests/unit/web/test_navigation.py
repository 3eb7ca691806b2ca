"""The bar: places side by side while they are few, and by what they are about where they are many."""

from loopline.web.navigation import Entry, Group, groups_of


def entry(path: str) -> Entry:
    return Entry(word=path, path=path)


def test_few_places_stand_side_by_side():
    entries = [entry(path) for path in ("/hq", "/hq/orders", "/hq/tills", "/store")]
    assert groups_of(entries) == tuple(Group(word="", entries=(one,)) for one in entries)


def test_many_places_stand_by_what_they_are_about_and_each_once():
    paths = (
        "/hq",
        "/hq/orders",
        "/hq/quarantine",
        "/hq/stock",
        "/hq/sourcing",
        "/hq/rules",
        "/hq/close",
        "/hq/reviews",
        "/store",
    )
    found = groups_of([entry(path) for path in paths])
    assert [(group.word, [one.path for one in group.entries]) for group in found] == [
        ("", ["/hq"]),
        ("", ["/store"]),
        ("Selling", ["/hq/orders", "/hq/quarantine"]),
        ("Goods", ["/hq/stock", "/hq/sourcing"]),
        ("Money", ["/hq/rules", "/hq/close"]),
        ("", ["/hq/reviews"]),
    ]
    assert sorted(one.path for group in found for one in group.entries) == sorted(paths)


def test_a_group_holds_its_places_and_what_lies_below_them():
    group = Group(word="Money", entries=(entry("/hq/rules"), entry("/hq/close")))
    assert group.holds("/hq/close/BRAND-CO/CNY/2026-04?prove=1")
    assert not group.holds("/hq/orders")
