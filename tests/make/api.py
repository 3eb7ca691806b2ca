"""The API to call in a test: the application in this process, keys of any role at any branch, a served small brand."""

from collections.abc import Collection, Generator, Iterable
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import httpx
import msgspec
from litestar import Litestar
from litestar.testing import TestClient

from loopline import org
from loopline.db import Database
from loopline.org import ROLE_PERMISSIONS, NewApiKey, Permission, Role
from loopline.web.api.caller import Rates
from loopline.web.api.limits import Rate
from loopline.web.app import create_app
from loopline.web.settings import WebSettings
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, open_shop
from tests.make.web import settings

EVERYTHING = frozenset(Permission)
_PLENTY = Rate(burst=1_000_000, per_second=1_000_000)
PLENTY = Rates(nobody=_PLENTY, member=_PLENTY, person=_PLENTY, key=_PLENTY)


def make_key(
    database: Database, *, branch: str, permissions: Collection[Permission] = EVERYTHING, now: datetime = NOON
) -> str:
    """Make a key at a branch, as the machine's owner; returns its token."""
    with database.transaction() as conn:
        unit = org.units_by_code(conn, [branch])[branch]
        wanted = NewApiKey(
            name=f"test {branch}", branch_id=unit.id, permissions=frozenset(permissions), expires_at=None
        )
        (made,) = succeeded(org.make_api_keys(conn, [wanted], by=None, rights=None, now=now))
    return made.token


def role_key(database: Database, role: Role, *, branch: str) -> str:
    """Make a key that may do what a role may, at a branch."""
    return make_key(database, branch=branch, permissions=ROLE_PERMISSIONS[role])


class Api:
    """Somebody who calls the API with a token, or with none."""

    def __init__(self, client: TestClient[Litestar], token: str | None = None) -> None:
        self._client = client
        self._headers = {"authorization": f"Bearer {token}"} if token else {}

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send one request; headers are added to those of the caller."""
        headers = {**self._headers, **options.pop("headers", {})}
        return self._client.request(method, f"/api/v1{path}", headers=headers, **options)

    def get(self, path: str, **query: Any) -> Any:
        """Read, which must succeed; returns the answer decoded."""
        answer = self.ask("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, *items: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
        """Send a batch; returns its outcomes."""
        answer = self.ask("POST", path, json={"items": items}, **options)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["outcomes"]
        assert len(found) == len(items)
        return found

    def granted(self, path: str, *items: dict[str, Any]) -> list[dict[str, Any]]:
        """Send a batch of which nothing may be refused; returns the values."""
        found = self.post(path, *items)
        assert [one["problem"] for one in found if "problem" in one] == []
        return [one["value"] for one in found]

    def refused(self, path: str, *items: dict[str, Any]) -> list[str]:
        """Send a batch of which everything must be refused; returns the codes of the problems."""
        return [one["problem"]["code"] for one in self.post(path, *items)]

    def pages(self, path: str, **query: Any) -> Iterable[list[dict[str, Any]]]:
        """Read a list to its end, page by page."""
        cursor: dict[str, str] = {}
        while True:
            page = self.get(path, **query, **cursor)
            yield page["items"]
            if page["next_cursor"] is None:
                return
            cursor = {"cursor": page["next_cursor"]}


class House(msgspec.Struct, frozen=True):
    """A brand with its API, served in this process. `now` may be moved."""

    database: Database
    shop: Shop
    client: TestClient[Litestar]
    moment: list[datetime]

    def api(self, *, branch: str = "HX", permissions: Collection[Permission] = EVERYTHING) -> Api:
        """Somebody with a key of some permissions at a branch."""
        return Api(self.client, make_key(self.database, branch=branch, permissions=permissions))

    def as_role(self, role: Role, *, branch: str) -> Api:
        """Somebody with a key that may do what a role may."""
        return Api(self.client, role_key(self.database, role, branch=branch))

    def nobody(self) -> Api:
        """Somebody without a token."""
        return Api(self.client)


@contextmanager
def served_house(database: Database, *, web: WebSettings | None = None, units: int = 10) -> Generator[House]:
    """Open the small shop of `tests.make.shop` and its API; the clock stands at noon unless moved."""
    with database.transaction() as conn:
        shop = open_shop(conn, units=units)
    moment = [NOON]
    app = create_app(database, web or settings(rates=PLENTY), clock=lambda: moment[0])
    with TestClient(app, raise_server_exceptions=False) as client:
        yield House(database, shop, client, moment)
