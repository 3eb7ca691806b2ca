"""Closes by the API: listed, shown and closed by finance, once, and seen in one's branch alone."""

from collections.abc import Generator
from datetime import timedelta

import httpx
import pytest

from loopline import org
from loopline.db import Database
from loopline.org import Role
from tests.make.closing import END_OF_APRIL, two_months
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.shop import NOON, open_shop
from tests.make.web import DEMO, served, settings
from tests.module.web.api.test_payouts import client

NOW = END_OF_APRIL + timedelta(hours=1)
APRIL = "/closes/BRAND-CO/CNY/2026-04"


@pytest.fixture
def base(database: Database) -> Generator[str, None, None]:
    with database.transaction() as conn:
        shop = open_shop(conn, units=500)
        people = [
            ("gu.finance", "HX", Role.FINANCE),
            ("shen.ops", "HX", Role.HQ_OPERATIONS),
            ("fang.dealer", "DEALER", Role.FINANCE),
            ("lin.manager", "U-S", Role.STORE_MANAGER),
        ]
        ids = [add_person(conn, name, at=unit, role=role) for name, unit, role in people]
        passwords = [org.NewPassword(person_id=one, password=PASSWORD) for one in ids]
        succeeded(org.set_passwords(conn, passwords, by=None, now=NOON))
        two_months(conn, shop, by=f"person:{ids[0]}")
    with served(database, settings(demo=DEMO), clock=lambda: NOW) as address:
        yield address


def ask(month: str = "2026-04", **changes: str) -> dict[str, object]:
    stated = {"entity_code": "BRAND-CO", "currency": "CNY", "month": month, "comment": "all of it"}
    return {"items": [stated | changes]}


def test_finance_lists_looks_and_closes_once(base: str) -> None:
    with client(base, "gu.finance") as finance:
        months = finance.get("/closes").json()
        assert [(one["month"], one["state"]) for one in months["items"]] == [
            ("2026-05", "running"),
            ("2026-04", "next"),
            ("2026-03", "closed"),
        ]
        assert months["next_cursor"] is None
        draft = finance.get(APRIL).json()
        assert (draft["entries_of_before"], draft["earlier"]) == (
            1,
            [{"month": "2026-03", "entries": 1, "moved_minor": 4_250}],
        )
        assert draft["earlier_entries"][0]["at"] == "2026-03-20T04:00:00Z"
        (made,) = finance.post("/closes", json=ask()).json()["outcomes"]
        assert (made["value"]["is_repeat"], made["value"]["month"]["state"]) == (False, "closed")
        (again,) = finance.post("/closes", json=ask(comment="once more")).json()["outcomes"]
        assert again["value"] == {"is_repeat": True, "month": made["value"]["month"]}
        sheet = finance.get(APRIL).json()
        assert sheet["month"] == made["value"]["month"]
        assert sum(one["closing_minor"] for one in sheet["balances"]) == 0
        owed = {one["purpose"]: one["amount_minor"] for one in sheet["owed"]}
        assert owed["refund_liability"] == sum(one["expected_minor"] for one in sheet["expectations"]) > 0
        assert sheet["estimate_entry_id"] is not None


def test_pages_of_months_follow_one_another(base: str) -> None:
    with client(base, "gu.finance") as finance:
        found: list[str] = []
        cursor: str | None = None
        while True:
            asked = {"limit": "1"} | ({"cursor": cursor} if cursor else {})
            told = finance.get("/closes", params=asked).json()
            found += [one["month"] for one in told["items"]]
            cursor = told["next_cursor"]
            if cursor is None:
                break
        assert found == ["2026-05", "2026-04", "2026-03"]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (ask("2026-05"), "month_not_over"),
        (ask("2026-02"), "month_before_the_books"),
        (ask("0001-01"), "month_before_is_open"),
        (ask("9999-12"), "month_before_is_open"),
        (ask(comment="  "), "close_uncommented"),
        (ask(currency="EUR"), "books_not_kept"),
        (ask(entity_code="NONE"), "books_not_kept"),
    ],
)
def test_what_cannot_be_closed_is_refused_with_its_reason(
    base: str, asked: dict[str, object], code: str
) -> None:
    with client(base, "gu.finance") as finance:
        (outcome,) = finance.post("/closes", json=asked).json()["outcomes"]
        assert outcome["problem"]["code"] == code
        assert finance.get(APRIL).json()["month"]["state"] == "next"


def statuses(who: httpx.Client) -> list[int]:
    return [
        who.get("/closes").status_code,
        who.get(APRIL).status_code,
        who.post("/closes", json=ask()).status_code,
    ]


def test_only_finance_closes_and_a_branch_sees_its_own_companies(base: str) -> None:
    with (
        client(base, "shen.ops") as operations,
        client(base, "lin.manager") as manager,
        client(base, "fang.dealer") as dealer,
    ):
        assert statuses(operations) == [200, 200, 403]
        assert statuses(manager) == [403, 403, 403]
        assert dealer.get("/closes").json()["items"] == []
        assert dealer.get(APRIL).json()["code"] == "books_not_kept"
        (refused,) = dealer.post("/closes", json=ask()).json()["outcomes"]
        assert refused["problem"]["code"] == "books_not_kept"
        assert operations.get(APRIL).json()["month"]["state"] == "next"


def test_a_sheet_that_is_not_there_is_not_found(base: str) -> None:
    with client(base, "gu.finance") as finance:
        for path, status, code in (
            ("/closes/BRAND-CO/CNY/2026-5", 404, "no_such_thing"),
            ("/closes/BRAND-CO/CNY/2026-01", 404, "month_before_the_books"),
            ("/closes/BRAND-CO/CNY/2026-06", 409, "month_before_is_open"),
            ("/closes/NONE/CNY/2026-04", 404, "books_not_kept"),
        ):
            told = finance.get(path)
            assert (told.status_code, told.json()["code"]) == (status, code), path
