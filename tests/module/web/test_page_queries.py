"""How often lists ask the database, counted over real HTTP: six times at most, however much they show.

Who is signed in, and what of the brand that person sees, is asked before any page (`ENTRY`).
"""

import re
from collections.abc import Generator
from typing import Any

import httpx
import psycopg
import pytest

from loopline.db import Database
from loopline.org import Role
from tests.make.rights import BELOW_THE_BRAND
from tests.make.two_branches import Branches, two_branches

ENTRY = 2
OF_A_LIST = 6
OF_ALL = (
    "/hq/orders",
    "/hq/stock",
    "/hq/stock-rows",
    "/hq/stock-rows?q=COAT&which=asked",
    "/hq/stock-batches?q=COAT",
    "/hq/changes",
    "/hq/returns",
    "/hq/returns?list=grade",
    "/hq/members",
    "/hq/coupons",
    "/hq/promotions",
    "/hq/counts",
    "/hq/feeds",
    "/hq/codes",
)
OF_THE_BRAND = ("/hq/quarantine",)
ROLES = (Role.HQ_OPERATIONS, Role.DEALER, Role.STORE_MANAGER)
# Where transactions begin and end, and whether a connection is still there.
_CONTROL = re.compile(r"\s*((begin|commit|rollback|set|savepoint|release)\b|$)", re.IGNORECASE)
PAGE = {"accept": "text/html", "accept-language": "en"}


@pytest.fixture
def branches(database: Database) -> Generator[Branches, None, None]:
    with two_branches(database) as made:
        yield made


@pytest.fixture
def sent(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What anybody asks this database."""
    statements: list[str] = []
    with database.reading() as conn:
        name = conn.info.dbname
    execute = psycopg.Cursor.execute

    def counted(cursor: Any, query: Any, *given: Any, **named: Any) -> Any:
        if cursor.connection.info.dbname == name and not _CONTROL.match(str(query)):
            statements.append(str(query))
        return execute(cursor, query, *given, **named)

    monkeypatch.setattr(psycopg.Cursor, "execute", counted)
    return statements


def test_lists_ask_six_times_at_most(branches: Branches, sent: list[str]):
    asked: dict[str, int] = {}
    with httpx.Client(base_url=branches.base, timeout=60) as client:
        for role in ROLES:
            cookie = f"loopline_session={branches.home[role]}"
            for path in OF_ALL if role in BELOW_THE_BRAND else (*OF_ALL, *OF_THE_BRAND):
                sent.clear()
                assert client.get(path, headers=PAGE | {"cookie": cookie}).status_code == 200, path
                asked[f"{path} by {role}"] = len(sent) - ENTRY
    assert max(asked.values()) > ENTRY, "counted nothing"
    assert {name: count for name, count in asked.items() if count > OF_A_LIST} == {}
