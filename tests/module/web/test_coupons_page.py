"""The page of coupons over real HTTP: a batch is given, made into codes and taken along; whose it is not, sees none."""

import io
import re
from collections.abc import Generator

import openpyxl
import pytest

from loopline.db import Database
from loopline.kernel.ids import MemberId
from loopline.pricing.coupons import batches_by_code, offers_of_member
from tests.make.coupons import in_force
from tests.make.customers import member, phone, registered
from tests.module.web.test_store import Site, opened, post

PATH = "/hq/coupons"


@pytest.fixture
def site(database: Database) -> Generator[tuple[Site, MemberId], None, None]:
    with opened(database) as site:
        with site.database.transaction() as conn:
            (anna,) = registered(conn, [member(phone(1))])
            in_force(conn, "C", now=site.clock(), total=4)
            in_force(conn, "W", now=site.clock(), site_code="W")
        yield site, anna


def test_a_batch_is_given_made_into_codes_and_taken_along(site: tuple[Site, MemberId]):
    served, anna = site
    browser = served.signed_in("shen.ops")
    page = f"http://any/hq/members/{anna}"
    assert post(browser, f"{PATH}/give", {"code": "C", "member": page}, page=PATH).status_code == 303
    again = post(browser, f"{PATH}/give", {"code": "C", "member": str(anna)}, page=PATH)
    assert (again.status_code, "Nobody gets more than 1" in again.text) == (409, True)
    nobody = post(browser, f"{PATH}/give", {"code": "C", "member": "Anna"}, page=PATH)
    assert (nobody.status_code, "paste the address" in nobody.text) == (422, True)
    many = post(browser, f"{PATH}/codes", {"code": "C", "count": "4"}, page=PATH)
    assert (many.status_code, "are given" in many.text) == (409, True)
    assert post(browser, f"{PATH}/codes", {"code": "C", "count": "3"}, page=PATH).status_code == 303
    with served.database.reading() as conn:
        assert batches_by_code(conn, ["C"])["C"].given == 4
        (offer,) = offers_of_member(conn, anna, now=served.clock(), at_most=5)
    sheet = openpyxl.load_workbook(io.BytesIO(browser.get(f"{PATH}/C/coupons.xlsx").content)).active
    assert sheet is not None
    rows = [[str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    assert len(rows) == 5
    assert [row[2] for row in rows[1:]].count(str(anna)) == 1
    assert offer.coupon.secret in {row[0].replace("-", "") for row in rows}
    assert {row[1] for row in rows[1:]} == {"Not used"}


def test_who_runs_a_store_sees_the_brands_and_changes_none(site: tuple[Site, MemberId]):
    served, _ = site
    browser = served.signed_in("lin.manager")
    page = browser.get(PATH).text
    assert re.findall(r'<span class="quiet">(\w+)</span> <span class="state', page) == ["C"]
    assert f'action="{PATH}/' not in page
    for verb in ("save", "publish", "stop", "codes", "give"):
        assert post(browser, f"{PATH}/{verb}", {"code": "C"}, page="/store").status_code == 403
    assert browser.get(f"{PATH}/C/coupons.xlsx").status_code == 403
