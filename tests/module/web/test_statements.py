"""Statements over real HTTP: one's own and those of the branch, as pages, workbook, print and proof; nobody else's."""

import io
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import httpx
import msgspec
import openpyxl
import pytest

from loopline.db import Database
from loopline.db.embedded import EmbeddedServer
from loopline.statements.rules.verifying import read_statement, verify
from tests.make.api import make_key
from tests.make.databases import database_from
from tests.make.org import PASSWORD
from tests.make.shop import NOON
from tests.make.statements import DAY, seal_all, some_days
from tests.make.store import DEMO, Clock, Stage, open_store
from tests.make.web import served, settings
from tests.module.web.test_store import PAGE, post

FIRST, LAST = NOON.date(), (NOON + 35 * DAY).date()
PERIOD = {"from": FIRST.isoformat(), "to": LAST.isoformat()}
FORMULA = "=1+cmd|' /C calc'!A0"


class Books(msgspec.Struct, frozen=True):
    """A served brand of which all days but the last are sealed."""

    stage: Stage
    database: Database
    base: str
    browsers: ExitStack
    root: str

    def signed_in(self, name: str, *, language: str = "en") -> httpx.Client:
        browser = self.browsers.enter_context(
            httpx.Client(base_url=self.base, headers={**PAGE, "accept-language": language}, timeout=60)
        )
        form = {"sign_in_name": name, "password": PASSWORD, "next": ""}
        assert post(browser, "/sign-in", form, page="/sign-in").status_code == 303
        return browser


@pytest.fixture(scope="module")
def books(server: EmbeddedServer, template: str) -> Generator[Books, None, None]:
    with contextmanager(database_from)(server, template) as database:
        with database.transaction() as conn:
            stage = open_store(conn)
        some_days(database, stage.shop)
        with database.owner_transaction() as owner:
            owner.execute("update org.party set name = %s where code = 'GUIDE'", (FORMULA,))
        root = seal_all(database, now=NOON + 35 * DAY)[-1].root.hex()
        clock = Clock(NOON + 35 * DAY + timedelta(hours=3))
        with served(database, settings(demo=DEMO), clock=clock) as base, ExitStack() as browsers:
            yield Books(stage, database, base, browsers, root)


def test_finance_sees_the_statement_of_any_party(books: Books):
    gu = books.signed_in("gu.finance")
    parties = gu.get("/hq/statements").text
    assert 'href="/hq/statements/BRAND"' in parties
    assert books.root in parties
    page = gu.get("/hq/statements/GUIDE", params=PERIOD).text
    assert "3 % of CN¥61.88 net, for bringing and serving the customer" in page
    assert "exactly 1.8564, rounded by +0.0036" in page
    assert "Sealed up to 5 Apr 2026" in page
    assert "Moved back from due by a return" in page
    assert gu.get("/hq/statements/NOBODY").status_code == 404


def test_pages_of_lines_follow_one_another(books: Books):
    gu = books.signed_in("gu.finance")
    page = gu.get("/hq/statements/BRAND", params={**PERIOD, "after": "forged"})
    assert page.status_code == 400


def test_who_earned_sees_the_own_and_nobody_else_s(books: Books):
    lin = books.signed_in("lin.manager")
    assert "3 % of CN¥61.88 net" in lin.get("/earned/statement", params={"party": "GUIDE", **PERIOD}).text
    assert "(BRAND)" not in lin.get("/earned/statement", params={"party": "BRAND", **PERIOD}).text
    assert lin.get("/hq/statements").status_code == 403
    assert lin.get("/hq/statements/GUIDE").status_code == 403
    sun = books.signed_in("sun.manager")
    assert "61.88" not in sun.get("/earned/statement", params={"party": "GUIDE", **PERIOD}).text
    zhou = books.signed_in("zhou.guide")
    assert zhou.get("/earned/statement/file/json", params={"party": "GUIDE", **PERIOD}).status_code in {
        404,
        409,
    }


@pytest.mark.parametrize(
    "period", [{"from": "2026-03-02", "to": "2026-03-01"}, {"from": "2000-01-01", "to": "2026-03-01"}]
)
def test_days_that_make_no_period_are_refused(books: Books, period: dict[str, str]):
    assert books.signed_in("gu.finance").get("/hq/statements/GUIDE", params=period).status_code == 422


def test_the_workbook_holds_every_line_and_no_formula(books: Books):
    answer = books.signed_in("gu.finance").get("/hq/statements/GUIDE/file/xlsx", params=PERIOD)
    assert answer.status_code == 200
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    head, lines = book.worksheets
    assert FORMULA in str(head["B1"].value)
    assert not any(cell.data_type == "f" for sheet in book for row in sheet for cell in row)
    rows = list(lines.iter_rows(min_row=2, values_only=True))
    with books.database.reading() as conn:
        total = conn.execute(
            "select -sum(posting.amount_minor) from ledger.posting as posting join ledger.account as account"
            " on account.id = posting.account_id where account.party_id = %s",
            (books.stage.shop.parties["GUIDE"],),
        ).fetchone()
    assert total is not None
    assert round(sum(float(str(row[17] or 0)) + float(str(row[18] or 0)) for row in rows) * 100) == total[0]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_it_is_printed_in_both_languages(books: Books, language: str):
    gu = books.signed_in("gu.finance", language=language)
    answer = gu.get("/hq/statements/GUIDE/file/pdf", params=PERIOD)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")


def test_the_proof_is_accepted_by_the_published_root(books: Books):
    gu = books.signed_in("gu.finance")
    sealed = {"from": FIRST.isoformat(), "to": (NOON + 34 * DAY).date().isoformat()}
    document = gu.get("/hq/statements/GUIDE/file/json", params=sealed).content
    published = httpx.get(f"{books.base}/api/v1/settlement-roots").json()["items"]
    assert published[0]["root"] == books.root
    assert "secret" not in published[0]
    assert verify(read_statement(document), roots=[published[0]["root"]]).lines > 0
    assert gu.get("/hq/statements/GUIDE/file/json", params=PERIOD).status_code == 409


def test_the_api_tells_the_same(books: Books):
    token = make_key(books.database, branch="HX")
    with httpx.Client(base_url=f"{books.base}/api/v1", headers={"authorization": f"Bearer {token}"}) as api:
        whole = api.get("/statements", params={"party": "GUIDE", **PERIOD, "limit": 200}).json()
        paged = api.get("/statements", params={"party": "GUIDE", **PERIOD, "limit": 2}).json()
        rest = api.get(
            "/statements",
            params={"party": "GUIDE", **PERIOD, "limit": 200, "cursor": paged["next_cursor"]},
        ).json()
        assert whole["lines"] == paged["lines"] + rest["lines"]
        (balance,) = whole["balances"]
        assert balance["closing_pending_minor"] == sum(one["pending_minor"] for one in whole["lines"])
        assert balance["closing_due_minor"] == sum(one["due_minor"] for one in whole["lines"])
        assert {one["is_sealed"] for one in whole["lines"]} == {True, False}
        assert api.get("/statements", params={"party": "GHOST", **PERIOD}).status_code == 404
        assert api.get("/statements", params={"party": "GUIDE", "from": "x", "to": "y"}).status_code == 400
    other = make_key(books.database, branch="DEALER")
    with httpx.Client(base_url=f"{books.base}/api/v1", headers={"authorization": f"Bearer {other}"}) as api:
        assert api.get("/statements", params={"party": "GUIDE", **PERIOD}).status_code == 404
        assert api.get("/statements/proof", params={"party": "GUIDE", **PERIOD}).status_code == 404
