"""Whatever people write is shown as what they wrote, and never becomes part of a page.

A product, its SKU, a member, the name at an address, a review and a file are called by what a browser or a template
would run. Then every page is opened, by people of headquarters, of finance, of a store and of the shop.
"""

from collections.abc import Generator, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from markupsafe import escape

from loopline import catalogue
from loopline.catalogue import ImportApplied
from loopline.customers.keys import open_key_ring
from loopline.db import Database
from loopline.db.followers import catch_up
from loopline.jobs.followers import FOLLOWERS
from loopline.org import Role
from loopline.web.app import create_app
from tests.make.addresses import addresses_of, sent_to
from tests.make.bills import DAY, Paid, wechat_bill
from tests.make.catalogue import csv_file, preview_of
from tests.make.customers import member, phone, registered
from tests.make.rights import Mark, rules_by_address
from tests.make.shop import NOON
from tests.make.two_branches import Branches, two_branches
from tests.make.web import data_directory, settings
from tests.module.web.test_rights import Somebody, shopper, staff

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>zz{{7*7}}'
# What the page would hold if any of it were taken for markup, or for a template.
RAW = ("<script>alert(1)", "<img src=x", "zz49")
PRODUCT, MEMBER, REVIEW = f"goods {HOSTILE}", f"name {HOSTILE}", f"said {HOSTILE}"
FILE = "bill <img src=x onerror=alert(2)>zz{{7*7}}.csv"  # of a path the last part alone is kept
# Where it must be read, so that nothing is proved by pages that are silent.
SHOWN = {
    "GET /hq/stock": PRODUCT,
    "GET /hq/reviews": REVIEW,
    "GET /hq/reconciliation/{difference}": FILE,
    "GET /store/reviews": REVIEW,
    "GET /p/{code}": PRODUCT,
    "GET /me": MEMBER,
}
ROLES = (Role.HQ_OPERATIONS, Role.FINANCE, Role.STORE_MANAGER)


@pytest.fixture
def branches(database: Database) -> Generator[Branches, None, None]:
    with two_branches(database) as made:
        _call_things(made)
        catch_up(database, FOLLOWERS, now=NOON)
        yield made


def _call_things(made: Branches) -> None:
    """Name and say it all."""
    quoted = PRODUCT.replace('"', '""')
    goods = csv_file("product_code,product_name,sku_code,sku_name", f'COAT,"{quoted}",COAT,"{quoted}"')
    with made.database.transaction() as conn:
        applied = catalogue.apply_import(conn, preview_of(conn, goods), now=NOON)
        assert isinstance(applied, ImportApplied), applied
        registered(
            conn, [member(phone(1), name=MEMBER)], keys=open_key_ring(data_directory() / "keys"), now=NOON
        )
    home = {"name": MEMBER, "phone": "13800000001", "region_code": "310106", "street": HOSTILE}
    review = {"review_id": made.names["review_id"], "stars": 1, "text": REVIEW}
    for path, body in (("/me/addresses", home), ("/reviews/change", {"items": [review]})):
        _sent(made, path, made.member, json=body)
    _take_bill_in(made)


def _take_bill_in(made: Branches) -> None:
    """Take a bill in whose file is called so, and find what our books do not know of it."""
    finance, day = made.home[Role.FINANCE], DAY + timedelta(days=1)
    file = {"source": "WX", "file_name": FILE}
    _sent(made, "/bills", finance, params=file, content=wechat_bill([Paid("HOSTILE", 900, day=day)]))
    _sent(made, "/bills/runs", finance, json={"source": "WX", "first_day": str(day), "last_day": str(day)})
    headers = {"authorization": f"Bearer {finance}"}
    found = httpx.get(f"{made.base}/api/v1/bills/differences", headers=headers, timeout=60).json()["items"]
    (unknown,) = (one for one in found if one["day"] == str(day) and one["bill_line_id"] is not None)
    made.names["reconciliation/difference"] = unknown["id"]


def _sent(made: Branches, path: str, token: str, **body: Any) -> None:
    headers = {"authorization": f"Bearer {token}"}
    answer = httpx.post(f"{made.base}/api/v1{path}", headers=headers, timeout=60, **body)
    assert answer.status_code in {200, 201}, answer.text
    assert "problem" not in answer.text, answer.text


def pages(branches: Branches) -> Iterator[tuple[str, Somebody, str]]:
    """Every page, as each of those sees it who may; and what HTML was sent."""
    rules = rules_by_address()
    people = [*staff({role: branches.home[role] for role in ROLES}, "at home"), shopper(branches.member)]
    addresses = [
        one
        for one in addresses_of(create_app(branches.database, settings()))
        if one.method == "GET" and not one.is_api and not one.path.endswith("/stream")
    ]
    with httpx.Client(base_url=branches.base, timeout=60) as client:
        for address in addresses:
            for who in people:
                if who.mark(rules[address.name]) is Mark.REFUSED:
                    continue
                answer = client.get(
                    address.filled(branches.names),
                    params=sent_to(address, branches.names).query,
                    headers={"accept": "text/html", "cookie": f"{who.cookie}={who.token}"},
                )
                if answer.headers.get("content-type", "").startswith("text/html"):
                    yield address.name, who, answer.text


def test_no_page_takes_what_people_wrote_for_its_own(branches: Branches):
    taken: list[str] = []
    read: set[str] = set()
    for name, who, text in pages(branches):
        taken += [f"{name} by {who.name} holds {one}" for one in RAW if one in text]
        read |= {name} if name in SHOWN and str(escape(SHOWN[name])) in text else set()
    assert not taken, "\n".join(taken)
    assert read == set(SHOWN)
