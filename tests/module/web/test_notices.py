"""What pages say of what was done: only words of ours, only to whom they were said. Real HTTP, every page there is."""

from collections.abc import Generator
from contextlib import contextmanager
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest

from loopline.db import Database
from loopline.org import Role
from loopline.web.app import create_app
from tests.make.addresses import addresses_of, sent_to
from tests.make.two_branches import Branches, two_branches
from tests.make.web import settings

LADDERS = "/hq/rules/ladders"
FORGED = "Money was moved, call 555"
NAMES = (
    "done",
    "problem",
    "count",
    "refused",
    "left",
    "comment",
    "recovery_comment",
    "note",
    "message",
    "notice",
)


@pytest.fixture
def branches(database: Database) -> Generator[Branches, None, None]:
    with two_branches(database) as made:
        yield made


@contextmanager
def browser(branches: Branches, token: str) -> Generator[httpx.Client, None, None]:
    headers = {"accept": "text/html", "accept-language": "en"}
    with httpx.Client(base_url=branches.base, headers=headers, timeout=30) as made:
        made.cookies.set("loopline_session", token)
        made.get("/hq/board")
        yield made


def refused_ladder(client: httpx.Client) -> str:
    """Publish a ladder that cannot be; returns where the browser is led."""
    answer = client.post(
        f"{LADDERS}/save",
        data={"code": "TYPED-BEFORE", "steps": "nonsense"},
        headers={"x-csrftoken": client.cookies["loopline_form"]},
    )
    assert answer.status_code == 303
    return answer.headers["location"]


def test_no_page_says_what_somebody_wrote_into_its_address(branches: Branches):
    pages = [
        one
        for one in addresses_of(create_app(branches.database, settings()))
        if one.method == "GET" and not one.is_api and not one.path.endswith("/stream")
    ]
    said: list[str] = []
    seen = 0
    for role in (Role.HQ_OPERATIONS, Role.FINANCE, Role.STORE_MANAGER):
        with browser(branches, branches.home[role]) as client:
            for one in pages:
                query = dict.fromkeys(NAMES, FORGED) | sent_to(one, branches.names).query
                answer = client.get(one.filled(branches.names), params=query)
                seen += answer.status_code == 200
                said += [one.name] if FORGED in answer.text else []
    assert said == []
    assert seen > 150


def test_what_was_typed_leaves_room_for_what_is_said_of_it(branches: Branches):
    with browser(branches, branches.home[Role.FINANCE]) as finance:
        answer = finance.post(
            f"{LADDERS}/save",
            # Whoever sends a form names its fields: none of them is ours.
            data={"code": "TYPED-BEFORE", "steps": "无" * 2_000, "request": "1", "link": "/", "seal": "1"},
            headers={"x-csrftoken": finance.cookies["loopline_form"]},
        )
        led = answer.headers["location"]
        assert (answer.status_code, len(led) < 7_000) == (303, True)
        shown = finance.get(led).text
        assert 'role="alert"' in shown
        assert 'value="TYPED-BEFORE"' in shown
        assert "无" * 2_000 not in shown


def test_a_notice_is_for_the_page_and_the_person_it_was_said_to(branches: Branches):
    with browser(branches, branches.home[Role.FINANCE]) as finance:
        led = refused_ladder(finance)
        words = dict(parse_qsl(led.partition("?")[2]))
        assert words["problem"]
        shown = finance.get(led).text
        assert 'role="alert"' in shown
        assert 'value="TYPED-BEFORE"' in shown
        for query in (
            words | {"problem": FORGED},
            words | {"code": "TYPED-LATER"},
            words | {"done": FORGED},
            {name: value for name, value in words.items() if name != "seal"},
        ):
            page = finance.get(f"{LADDERS}?{urlencode(query)}").text
            assert 'role="alert"' not in page
            assert "TYPED-" not in page.partition("<main")[2]
        # The same words, sealed for another page of the same person.
        elsewhere = finance.get(f"/hq/supply?{led.partition('?')[2]}")
        assert (elsewhere.status_code, 'role="alert"' in elsewhere.text) == (200, False)
    with browser(branches, branches.home[Role.AUDITOR]) as auditor:
        opened = auditor.get(led)
        assert (opened.status_code, 'role="alert"' in opened.text) == (200, False)
