"""`find`: how long the field that finds anything takes, and the lists, on a million orders; asked for over HTTP."""

import statistics
from collections.abc import Callable, Sequence
from datetime import timedelta
from random import Random
from time import perf_counter
from typing import Any

import httpx

from bench.find_fill import UNITS_NAMED, Filled, fill
from bench.workplace import new_database
from loopline import org
from loopline.customers.keys import open_key_ring
from loopline.db import Database
from loopline.org import Role
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.shop import NOON
from tests.make.web import data_directory, served, settings
from tests.module.web.test_store import PAGE, post

ORDERS = 1_000_000
FIND_MS = 200
PAGE_MS = 300
_TIMES = 60
_NOW = NOON + timedelta(hours=1)


def report(orders: int = ORDERS) -> dict[str, Any]:
    """Fill a new database and ask it: each kind of question of many things, each page with and without filters."""
    keys = open_key_ring(data_directory() / "keys")
    with new_database() as database:
        started = perf_counter()
        filled = fill(database, orders=orders, keys=keys)
        fill_seconds = perf_counter() - started
        _hire(database)
        with (
            served(database, settings(), clock=lambda: _NOW) as base,
            httpx.Client(base_url=base, headers=PAGE, timeout=60) as browser,
        ):
            _sign_in(browser)
            found = [_measured(browser, kind, asks) for kind, asks in _questions(filled).items()]
            found.append(_members_by_name(browser, filled))
            pages = [_measured(browser, kind, [path]) for kind, path in _pages(filled).items()]
    return {
        "orders": filled.orders,
        "members": filled.members,
        "fill_s": round(fill_seconds),
        "find_p99_ms_most": max(one["p99_ms"] for one in found),
        "find_above_limit": sum(one["p99_ms"] > FIND_MS for one in found),
        "page_p99_ms_most": max(one["p99_ms"] for one in pages),
        "pages_above_limit": sum(one["p99_ms"] > PAGE_MS for one in pages),
        "find": found,
        "pages": pages,
    }


def _hire(database: Database) -> None:
    with database.transaction() as conn:
        person = add_person(conn, "shen.ops", at="HX", role=Role.HQ_OPERATIONS)
        new = [org.NewPassword(person_id=person, password=PASSWORD)]
        succeeded(org.set_passwords(conn, new, by=None, now=NOON))


def _sign_in(browser: httpx.Client) -> None:
    form = {"sign_in_name": "shen.ops", "password": PASSWORD, "next": ""}
    assert post(browser, "/sign-in", form, page="/sign-in").status_code == 303


def _questions(filled: Filled) -> dict[str, list[str]]:
    """What is typed, by kind; of each as many as are asked."""
    chance = Random(9)

    def some(of: Sequence[str]) -> list[str]:
        return [f"/hq/find?text={one.replace('+', '%2B')}" for one in chance.choices(of, k=_TIMES)]

    running = [str(1_000_000 + 5 * number) for number in range(1, 200)]
    return {
        "order number": some(filled.numbers),
        "external number": some(filled.external_numbers),
        "receipt": some(filled.receipts),
        "phone": some(filled.phones),
        "last four digits": some([one[-4:] for one in filled.phones]),
        "code of a SKU": some(filled.sku_codes),
        "beginning of codes": some(["SURGE-0", "SURGE-01", "SURGE-1"]),
        "word of all goods": some(["环线", "羊毛", "大衣"]),
        "GTIN": some([one.lstrip("0") for one in filled.gtins]),
        "parcel": some([f"P{one.zfill(11)}" for one in running]),
        "carrier's number": some([f"SF{one}" for one in running]),
        "unit": some([f"U{chance.randrange(1, UNITS_NAMED)}" for _ in range(_TIMES)]),
        "nothing of ours": some([f"ZZ{number:09}" for number in range(_TIMES)]),
    }


def _pages(filled: Filled) -> dict[str, str]:
    orders, why = "/hq/orders", "/hq/returns-why"
    code = filled.sku_codes[0]
    return {
        "orders": orders,
        "orders of a stage": f"{orders}?stage=placed",
        "orders of a rare stage and a channel": f"{orders}?stage=cancelled&channel=web",
        "orders of a channel, 30 days": f"{orders}?channel=till&period=month",
        "orders of a site": f"{orders}?site=S",
        "orders of a site and a stage": f"{orders}?site=S&stage=parked",
        "orders by a code": f"{orders}?text={code}",
        "orders by a word of all": f"{orders}?text=大衣",
        "orders by a word of all, a rare stage": f"{orders}?text=大衣&stage=parked&channel=web",
        "members": "/hq/members",
        "stock": "/hq/stock",
        "stock by a word": "/hq/stock?q=大衣",
        "stock of a SKU": f"/hq/stock/{code}",
        **{
            f"returns by {one}": f"{why}?by={one}"
            for one in ("reason", "site", "packer", "sku", "batch", "grade")
        },
        "returns": f"{why}/lines",
        "returns for a reason": f"{why}/lines?by=reason&key=size",
    }


def _measured(browser: httpx.Client, kind: str, paths: Sequence[str]) -> dict[str, Any]:
    """Ask, each path once before it counts where there is one alone; the times of what was answered."""
    asked = list(paths) if len(paths) > 1 else list(paths) * _TIMES
    return _times(kind, [lambda path=path: browser.get(path) for path in asked])


def _members_by_name(browser: httpx.Client, filled: Filled) -> dict[str, Any]:
    def ask(name: str) -> httpx.Response:
        return post(browser, "/hq/members/find", {"text": name, "reason": "service"}, page="/hq/members")

    chosen = Random(11).choices(filled.names, k=_TIMES)
    return _times("name of a member", [lambda name=name: ask(name) for name in chosen])


def _times(kind: str, asks: Sequence[Callable[[], httpx.Response]]) -> dict[str, Any]:
    milliseconds: list[float] = []
    for ask in (asks[0], *asks):
        begun = perf_counter()
        answer = ask()
        milliseconds.append((perf_counter() - begun) * 1000)
        assert answer.status_code in {200, 303}, (kind, answer.status_code, answer.text[:300])
    counted = sorted(milliseconds[1:])
    return {
        "kind": kind,
        "p50_ms": round(statistics.median(counted), 1),
        "p99_ms": round(counted[int(0.99 * (len(counted) - 1) + 0.5)], 1),
    }
