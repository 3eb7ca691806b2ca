"""Whoever knew the cookies of a browser before somebody signed in knows nothing afterwards.

Real HTTP, real PostgreSQL; for people at work and for members, by the doors that they use.
"""

import re
from collections.abc import Callable, Generator
from contextlib import ExitStack

import httpx
import msgspec
import pytest

from loopline.customers.sessions import TOKEN_PREFIX
from loopline.db import Database
from tests.make.org import PASSWORD
from tests.make.shop import NOON
from tests.make.store import DEMO, open_store
from tests.make.web import served, settings
from tests.module.web.test_store import PAGE, post

SHOWN_CODE = re.compile(r'demo-code"[^>]*>.*?<b>(\d{4,8})</b>', re.DOTALL)


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody comes in, the cookie that they get, and a page that only they see."""

    name: str
    cookie: str
    planted: str
    enter: Callable[[httpx.Client], httpx.Response]
    inside: str


def as_staff(browser: httpx.Client) -> httpx.Response:
    form = {"sign_in_name": "lin.manager", "password": PASSWORD, "next": ""}
    return post(browser, "/sign-in", form, page="/sign-in")


def as_member(browser: httpx.Client) -> httpx.Response:
    phone = {"phone": "13800000001", "next": ""}
    shown = SHOWN_CODE.search(post(browser, "/me/sign-in/code", phone, page="/me/sign-in").text)
    assert shown is not None
    return post(browser, "/me/sign-in/begin", {**phone, "code": shown.group(1)}, page="/me/sign-in")


DOORS = (
    Door(
        name="staff",
        cookie="loopline_session",
        planted="x" * 43,
        enter=as_staff,
        inside="/store",
    ),
    Door(
        name="member",
        cookie="loopline_member",
        planted=TOKEN_PREFIX + "x" * 43,
        enter=as_member,
        inside="/me",
    ),
)


@pytest.fixture
def base(database: Database) -> Generator[str, None, None]:
    with database.transaction() as conn:
        open_store(conn)
    with served(database, settings(demo=DEMO), clock=lambda: NOON) as base:
        yield base


@pytest.fixture
def browsers(base: str) -> Generator[Callable[[], httpx.Client], None, None]:
    with ExitStack() as open_ones:
        yield lambda: open_ones.enter_context(httpx.Client(base_url=base, headers=PAGE))


def opens(base: str, door: Door, token: str) -> bool:
    """Whether somebody with nothing but this in the cookie sees what is inside."""
    answer = httpx.get(f"{base}{door.inside}", headers=PAGE, cookies={door.cookie: token})
    assert answer.status_code == 200 or "sign-in" in answer.headers["location"], answer.status_code
    return answer.status_code == 200


def each_door() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("door", DOORS, ids=[one.name for one in DOORS])


@each_door()
def test_what_was_planted_before_signing_in_is_replaced_and_opens_nothing(
    base: str, browsers: Callable[[], httpx.Client], door: Door
):
    browser = browsers()
    browser.cookies.set(door.cookie, door.planted, domain="127.0.0.1", path="/")
    assert door.enter(browser).status_code == 303
    tokens = [one.value for one in browser.cookies.jar if one.name == door.cookie]
    assert len(tokens) == 1
    (token,) = tokens
    assert token is not None
    assert token != door.planted
    assert (opens(base, door, token), opens(base, door, door.planted)) == (True, False)
