"""Disputes over real HTTP: a manager questions a guide's line, finance answers and corrects it, both see all of it."""

import re
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import httpx
import msgspec
import pytest

from loopline.db import Database
from loopline.db.embedded import EmbeddedServer
from loopline.kernel.refusals import Refused
from loopline.web.statements.disputes import minor_of
from tests.make.api import make_key
from tests.make.databases import database_from
from tests.make.org import PASSWORD
from tests.make.shop import NOON
from tests.make.statements import DAY, sell
from tests.make.store import DEMO, Clock, open_store
from tests.make.web import served, settings
from tests.module.web.test_store import PAGE, post

PERIOD = {"party": "GUIDE", "from": NOON.date().isoformat(), "to": (NOON + DAY).date().isoformat()}


class Books(msgspec.Struct, frozen=True):
    """A served brand that sold two lines."""

    database: Database
    base: str
    browsers: ExitStack

    def signed_in(self, name: str) -> httpx.Client:
        browser = self.browsers.enter_context(httpx.Client(base_url=self.base, headers=PAGE, timeout=60))
        form = {"sign_in_name": name, "password": PASSWORD, "next": ""}
        assert post(browser, "/sign-in", form, page="/sign-in").status_code == 303
        return browser

    def person(self, name: str) -> httpx.Client:
        """Somebody who is signed in at the API: what is said is said by a person."""
        form = {"sign_in_name": name, "password": PASSWORD}
        begun = httpx.post(f"{self.base}/api/v1/sessions", json=form, timeout=60)
        return self.api(begun.json()["token"])

    def api(self, token: str) -> httpx.Client:
        headers = {"authorization": f"Bearer {token}"}
        return self.browsers.enter_context(
            httpx.Client(base_url=f"{self.base}/api/v1", headers=headers, timeout=60)
        )


@pytest.fixture
def books(server: EmbeddedServer, template: str) -> Generator[Books, None, None]:
    with contextmanager(database_from)(server, template) as database:
        with database.transaction() as conn:
            stage = open_store(conn)
        sell(database, stage.shop, "W-1", ("COAT", 1), ("HAT", 7), at=NOON)
        clock = Clock(NOON + timedelta(hours=3))
        with served(database, settings(demo=DEMO), clock=clock) as base, ExitStack() as browsers:
            yield Books(database, base, browsers)


def statement(browser: httpx.Client) -> str:
    return browser.get("/earned/statement", params=PERIOD).text


def questioned(browser: httpx.Client, said: str) -> httpx.Response:
    page = statement(browser)
    form = page.partition('action="/earned/disputes/ask')[2].partition("</form>")[0]
    fields = dict(re.findall(r'name="(entry|part|currency|entity)" value="([^"]+)"', form))
    return post(
        browser,
        "/earned/disputes/ask?party=GUIDE",
        {**fields, "said": said},
        page="/earned/disputes?party=GUIDE",
    )


def test_a_line_goes_from_a_question_to_a_correction(books: Books):
    lin, gu = books.signed_in("lin.manager"), books.signed_in("gu.finance")
    asked = questioned(lin, "Seven hats, <b>three</b> per cent?")
    assert asked.status_code == 303
    own = asked.headers["location"]
    ours = own.replace("/earned/", "/hq/")
    assert "questioned" in statement(lin)
    assert own.removeprefix("/earned/disputes/") in gu.get("/hq/disputes").text
    page = gu.get(ours).text
    assert "Seven hats, &lt;b&gt;three&lt;/b&gt; per cent?" in page
    assert "Booked instead" not in page
    answer = {"kind": "answer", "said": "Three per cent of the net amount."}
    assert post(gu, f"{ours}/say", answer, page=ours).status_code == 303
    assert "Three per cent of the net amount." in lin.get(own).text
    correction = {"kind": "correction", "said": "You are right.", "corrected": "3.50"}
    assert post(lin, f"{own}/say", correction, page=own).status_code == 404
    assert post(gu, f"{ours}/say", {**correction, "corrected": "x"}, page=ours).status_code == 422
    assert post(gu, f"{ours}/say", correction, page=ours).status_code == 303
    page = lin.get(own).text
    assert "You are right." in page
    assert "Booked instead: CN¥3.50" in page
    assert 'name="kind"' not in page
    assert statement(lin).count("Correction") >= 2
    assert own.removeprefix("/earned/disputes/") not in gu.get("/hq/disputes").text
    assert own.removeprefix("/earned/disputes/") in gu.get("/hq/disputes?decided=1").text


def test_nobody_of_another_branch_sees_or_says_anything(books: Books):
    lin = books.signed_in("lin.manager")
    own = questioned(lin, "Why?").headers["location"]
    dispute_id = own.rpartition("/")[2]
    sun = books.signed_in("sun.manager")
    assert sun.get(own).status_code == 404
    assert sun.get("/hq/disputes").status_code == 403
    assert sun.get(f"/hq/disputes/{dispute_id}").status_code == 404
    reply = {"kind": "reply", "said": "mine"}
    assert post(sun, f"{own}/say", reply, page="/earned/disputes").status_code == 404
    dealer = books.api(make_key(books.database, branch="DEALER"))
    assert dealer.get(f"/disputes/{dispute_id}").status_code == 404
    assert dealer.get("/disputes", params={"party": "GUIDE"}).status_code == 404
    said = {"items": [{"dispute_id": dispute_id, "kind": "answer", "said": "x"}]}
    assert dealer.post("/disputes/words", json=said).status_code == 403  # a key that no person made
    (outcome,) = books.person("kong.dealer").post("/disputes/words", json=said).json()["outcomes"]
    assert outcome["problem"]["code"] == "dispute_unknown"
    assert (
        len(books.api(make_key(books.database, branch="HX")).get(f"/disputes/{dispute_id}").json()["words"])
        == 1
    )


@pytest.mark.parametrize("name", ["gu.finance", "shen.ops"])
def test_who_keeps_the_books_says_nothing_as_the_party(books: Books, name: str):
    own = questioned(books.signed_in("lin.manager"), "Why?").headers["location"]
    theirs = books.signed_in(name)
    assert "GUIDE" in statement(theirs)
    assert "/earned/disputes/ask" not in statement(theirs)
    page = theirs.get(own).text
    assert "Why?" in page
    assert 'name="kind"' not in page
    reply = {"kind": "reply", "said": "mine"}
    assert post(theirs, f"{own}/say", reply, page=own).status_code == 404
    manager, api = books.person("lin.manager"), books.person(name)
    lines = api.get("/statements", params=PERIOD).json()["lines"]
    fields = {name: lines[-1][name] for name in ("entry_id", "part_id", "currency")}
    asked = {"items": [{"party_code": "GUIDE", **fields, "said": "Why?"}]}
    (outcome,) = api.post("/disputes", json=asked).json()["outcomes"]
    assert outcome["problem"]["code"] == "not_ones_own_line"
    dispute_id = own.rpartition("/")[2]
    said = {"items": [{"dispute_id": dispute_id, **reply}]}
    (outcome,) = api.post("/disputes/words", json=said).json()["outcomes"]
    assert outcome["problem"]["code"] == "dispute_unknown"
    assert len(api.get(f"/disputes/{dispute_id}").json()["words"]) == 1
    (outcome,) = manager.post("/disputes/words", json=said).json()["outcomes"]
    assert outcome["value"]["state"] == "open"


def test_a_list_says_when_in_the_zone_of_each_party(books: Books):
    with books.database.transaction() as conn:
        conn.execute("update org.unit set time_zone = 'America/New_York'")
    lin, gu = books.signed_in("lin.manager"), books.signed_in("gu.finance")
    own = questioned(lin, "Why?").headers["location"]
    for browser, path in ((lin, "/earned/disputes?party=GUIDE"), (gu, "/hq/disputes")):
        (row,) = re.findall(r'class="statement-party".*?</a>', browser.get(path).text, re.DOTALL)
        assert own.rpartition("/")[2] in row
        assert "02:00" in row  # 15:00 in Shanghai


def test_the_api_does_the_same(books: Books):
    manager = books.person("lin.manager")
    (line, *_) = manager.get("/statements", params=PERIOD).json()["lines"]
    item = {"party_code": "GUIDE", **{name: line[name] for name in ("entry_id", "part_id", "currency")}}
    asked = {"items": [{**item, "said": "Why?"}, {**item, "said": "Why?"}]}
    first, second = manager.post("/disputes", json=asked).json()["outcomes"]
    assert second["problem"]["code"] == "line_questioned_already"
    dispute_id = first["value"]["id"]
    word = {"dispute_id": dispute_id, "said": "because"}
    (mine,) = manager.post("/disputes/words", json={"items": [{**word, "kind": "rejection"}]}).json()[
        "outcomes"
    ]
    assert mine["problem"]["code"] == "dispute_unknown"
    finance = books.person("gu.finance")
    words = [{**word, "kind": "answer"}, {**word, "kind": "correction", "corrected_minor": 301}]
    outcomes = finance.post("/disputes/words", json={"items": words}).json()["outcomes"]
    assert [one["value"]["state"] for one in outcomes] == ["answered", "corrected"]
    told = manager.get(f"/disputes/{dispute_id}").json()
    assert [one["kind"] for one in told["words"]] == ["question", "answer", "correction"]
    (listed,) = manager.get("/disputes", params={"party": "GUIDE", "state": "corrected"}).json()["items"]
    assert listed["id"] == dispute_id
    (balance,) = manager.get("/statements", params=PERIOD).json()["balances"]
    assert balance["closing_due_minor"] == 301 - line["pending_minor"]


@pytest.mark.parametrize(("text", "minor"), [("3.50", 350), ("1,234", 123_400), ("0", 0), (" 2.1 ", 210)])
def test_an_amount_is_read_to_the_cent(text: str, minor: int):
    assert minor_of(text, "CNY") == minor


@pytest.mark.parametrize("text", ["", "x", "1.005", "NaN", "Infinity", "1e30"])
def test_what_is_no_amount_is_refused(text: str):
    with pytest.raises(Refused):
        minor_of(text, "CNY")
