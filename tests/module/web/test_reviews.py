"""The pages of reviews over real HTTP: who sees, answers and hides what; undone; counted; as a sheet; at the store."""

import io
import re
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import pytest
from openpyxl import load_workbook

from loopline import reviews
from loopline.db import Database
from loopline.db.embedded import EmbeddedServer
from loopline.kernel.ids import ReviewId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.read_reviews import read_what_stands
from loopline.reviews.mood.learning import learn, without_repeats
from tests.make.databases import database_from
from tests.make.moods import made_up
from tests.make.org import PASSWORD
from tests.make.reviewed import SENT, Reviewed, reviewed
from tests.make.shop import NOON
from tests.make.store import DEMO, open_store
from tests.make.web import served, settings
from tests.module.web.test_store import PAGE, post

LIST, SAID, READING = "/hq/reviews", "/hq/reviews/said", "/hq/reviews/reading"
LATER = NOON + timedelta(hours=1)


class House(msgspec.Struct, frozen=True):
    """A served brand whose buyers reviewed."""

    database: Database
    base: str
    said: Reviewed
    browsers: ExitStack

    def signed_in(self, name: str) -> httpx.Client:
        browser = self.browsers.enter_context(httpx.Client(base_url=self.base, headers=PAGE))
        form = {"sign_in_name": name, "password": PASSWORD, "next": ""}
        assert post(browser, "/sign-in", form, page="/sign-in").status_code == 303
        return browser

    def review(self, review_id: ReviewId) -> reviews.FoundReview:
        with self.database.reading() as conn:
            return reviews.found_reviews(conn, [review_id], scope=WHOLE_BRAND)[review_id]


@pytest.fixture
def house(server: EmbeddedServer, template: str) -> Generator[House, None, None]:
    with contextmanager(database_from)(server, template) as database:
        with database.transaction() as conn:
            said = reviewed(conn, open_store(conn).shop)
        with served(database, settings(demo=DEMO), clock=lambda: LATER) as base, ExitStack() as browsers:
            yield House(database, base, said, browsers)


def ids_in(page: str) -> list[str]:
    return re.findall(r'type="checkbox" name="review" value="([0-9a-f-]{36})"', page)


def test_what_waits_is_listed_bad_ones_first_and_narrowed_by_the_address(house: House):
    hq = house.signed_in("shen.ops")
    page = hq.get(LIST).text
    shown = ids_in(page)
    assert len(shown) == 9
    bad = {str(house.said.at_till[place]) for place in (1, 4, 7)} | {str(house.said.of_parcel)}
    assert set(shown[:4]) == bad
    assert "Moods are told by stars alone" in page
    assert "&lt;b&gt;not&lt;/b&gt;" in page
    assert ids_in(hq.get(f"{LIST}?text=起球").text) == [str(house.said.at_till[1])]
    assert ids_in(hq.get(f"{LIST}?theme=staff&mood=bad").text) == [
        str(house.said.at_till[4]),
        str(house.said.at_till[1]),
    ]
    assert ids_in(hq.get(f"{LIST}?about=experience&stars=4&list=all").text) == [str(house.said.at_till[6])]
    assert ids_in(hq.get(f"{LIST}?product=NOWHERE").text) == []
    assert "No review fits" in hq.get(f"{LIST}?text=不存在").text


def test_a_store_sees_its_own_and_others_nothing(house: House):
    manager = house.signed_in("lin.manager").get(LIST).text
    sender = house.review(house.said.of_parcel).sender_id
    store = house.review(house.said.at_till[0]).site_id
    assert len(ids_in(manager)) == 8 + (sender == store)
    assert "Hide the chosen" not in manager
    assert ids_in(house.signed_in("sun.manager").get(LIST).text) == []
    assert house.signed_in("wu.packer").get(LIST).status_code == 403
    guide = house.signed_in("zhou.guide").get(LIST)
    assert guide.status_code == 200
    assert "Answer the chosen" not in guide.text
    other = house.signed_in("sun.manager").get(f"{LIST}/{house.said.at_till[1]}")
    assert other.status_code == 404


def test_many_are_answered_at_once_and_it_is_undone(house: House):
    hq = house.signed_in("shen.ops")
    chosen = [str(one) for one in house.said.at_till[:2]]
    answer = post(
        hq, f"{LIST}/reply", {"review": chosen, "text": "谢谢", "back": f"{LIST}?list=all"}, page=LIST
    )
    assert answer.status_code == 303
    location = answer.headers["location"]
    assert location.startswith(f"{LIST}?list=all&done=answered&count=2&ids=")
    assert [house.review(one).reply for one in house.said.at_till[:3]] == ["谢谢", "谢谢", None]
    done = hq.get(location).text
    assert "2 answered." in done
    undo = parse_qs(urlsplit(location).query)["ids"][0].split(",")
    assert undo == chosen
    back = post(hq, f"{LIST}/unanswer", {"review": undo, "back": location}, page=LIST)
    assert back.headers["location"].startswith(f"{LIST}?list=all&done=taken_back&count=2")
    assert [house.review(one).reply for one in house.said.at_till[:2]] == [None, None]


def test_what_stood_so_already_is_not_undone(house: House):
    hq = house.signed_in("shen.ops")
    before, now = (str(one) for one in house.said.at_till[:2])
    for text in ("first", "second"):
        post(hq, f"{LIST}/reply", {"review": before, "text": text}, page=LIST)
    post(hq, f"{LIST}/hide", {"review": before, "text": "insult"}, page=LIST)
    for way, undoing in (("reply", "unanswer"), ("hide", "show")):
        done = post(hq, f"{LIST}/{way}", {"review": [before, now], "text": "second"}, page=LIST)
        said = parse_qs(urlsplit(done.headers["location"]).query)
        assert (said["count"], said["ids"]) == (["1"], [now])
        assert ">Undo</button>" in hq.get(done.headers["location"]).text
        post(hq, f"{LIST}/{undoing}", {"review": said["ids"]}, page=LIST)
    stood, undone = (house.review(one) for one in house.said.at_till[:2])
    assert (stood.reply, stood.hidden_reason) == ("second", "insult")
    assert (undone.reply, undone.hidden_at) == (None, None)
    again = post(hq, f"{LIST}/hide", {"review": before, "text": "insult"}, page=LIST).headers["location"]
    shown = hq.get(again).text
    assert "0 hidden." in shown
    assert ">Undo</button>" not in shown


def test_an_answer_that_took_anothers_place_gives_it_back(house: House):
    manager = house.signed_in("lin.manager")
    one = house.said.at_till[1]
    for text in ("first", "second"):
        post(manager, f"{LIST}/reply", {"review": str(one), "text": text}, page=LIST)
    post(manager, f"{LIST}/unanswer", {"review": str(one)}, page=LIST)
    assert house.review(one).reply == "first"


def test_only_hq_hides_with_a_reason_and_everything_is_kept(house: House):
    manager, hq = house.signed_in("lin.manager"), house.signed_in("shen.ops")
    one = house.said.at_till[1]
    form = {"review": str(one), "text": "insult", "back": f"{LIST}/{one}"}
    refused = post(manager, f"{LIST}/hide", form, page=LIST)
    assert "refused=1" in refused.headers["location"]
    assert house.review(one).hidden_at is None
    assert "done=hidden" in post(hq, f"{LIST}/hide", form, page=LIST).headers["location"]
    assert house.review(one).hidden_reason == "insult"
    page = hq.get(f"{LIST}/{one}").text
    assert "Shen.Ops" in page
    assert "insult" in page
    post(hq, f"{LIST}/show", {"review": str(one), "text": ""}, page=LIST)
    assert house.review(one).hidden_at is None
    with house.database.reading() as conn:
        kept = [(step.is_hidden, step.text) for step in reviews.history_of_review(conn, one)[1:]]
    assert kept == [(True, "insult"), (False, "Undone")]


def test_a_form_from_elsewhere_does_nothing(house: House):
    hq = house.signed_in("shen.ops")
    answer = hq.post(f"{LIST}/hide", data={"review": str(house.said.at_till[1]), "text": "x"})
    assert answer.status_code == 403
    assert house.review(house.said.at_till[1]).hidden_at is None


def test_the_sheet_has_what_is_seen_and_no_formula(house: House):
    hq = house.signed_in("shen.ops")
    answer = hq.get(f"{LIST}.xlsx?stars=2")
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''reviews.xlsx"
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0][:3] == ["Written (Asia/Shanghai)", "Stars", "Mood"]
    assert {type(row[0]) for row in rows[1:]} == {datetime}
    assert [row[1] for row in rows[1:]] == [2, 2]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    elsewhere = load_workbook(io.BytesIO(house.signed_in("sun.manager").get(f"{LIST}.xlsx").content)).active
    assert elsewhere is not None
    assert elsewhere.max_row == 1


def test_what_is_said_is_counted_by_theme_product_and_site(house: House):
    hq = house.signed_in("shen.ops")
    page = hq.get(SAID).text
    staff_and_quality = re.findall(r'theme-name">([^<]+)<.*?aria-label="([^"]+)"', page, re.DOTALL)
    assert ("Staff and service", "1 good, 0 so-so, 2 bad") in staff_and_quality
    assert ("Quality", "2 good, 0 so-so, 1 bad") in staff_and_quality
    assert f'href="{LIST}?list=all&amp;product=' in page
    days = hq.get(f"{SAID}/days").json()
    assert (days["good"], days["mixed"], days["bad"]) == ([4], [1], [4])
    staff = hq.get(f"{SAID}/days?theme=staff").json()
    assert sum(staff["good"] + staff["mixed"] + staff["bad"]) == 3
    assert hq.get(f"{SAID}/days?site=NOWHERE").json()["labels"] == []
    assert house.signed_in("sun.manager").get(f"{SAID}/days").json()["labels"] == []


def test_a_model_is_published_and_withdrawn_by_hq_alone(house: House):
    with house.database.transaction() as conn:
        learnt = learn(without_repeats(made_up(1_200)))
        version = reviews.keep_model(conn, learnt, by="console:test", now=NOON)
    manager, hq = house.signed_in("lin.manager"), house.signed_in("shen.ops")
    path = f"{READING}/models/{version}/publish"
    assert post(manager, path, {"comment": "x"}, page=LIST).status_code == 403
    assert "problem=" in post(hq, path, {"comment": " "}, page=READING).headers["location"]
    led = post(hq, path, {"comment": "first"}, page=READING).headers["location"]
    assert led.startswith(f"{READING}?done=model&seal=")
    assert "first" in hq.get(READING).text
    assert "Moods are told by stars alone" not in hq.get(LIST).text
    assert post(hq, f"{READING}/withdraw", {}, page=READING).status_code == 303
    assert "No model reads" in hq.get(READING).text


def test_themes_are_hqs_words(house: House):
    hq = house.signed_in("shen.ops")
    form: dict[str, str | list[str]] = {
        "code": ["crush", ""],
        "name_zh": ["压坏", ""],
        "name_en": ["Crushed", ""],
        "words": ["压扁，crushed", ""],
        "sending": ["1", ""],
        "comment": "what comes crushed",
    }
    led = post(hq, f"{READING}/themes", form, page=READING).headers["location"]
    assert led.startswith(f"{READING}?done=themes&seal=")
    with house.database.transaction() as conn:
        (theme,) = reviews.themes_in_force(conn).themes
        assert (theme.words, theme.is_of_sending) == (("压扁", "crushed"), True)
        assert read_what_stands(conn, now=NOON, limit=50) == 9
    assert house.review(house.said.of_parcel).themes == [("crush", reviews.Mood.BAD)]
    manager = house.signed_in("lin.manager")
    assert post(manager, f"{READING}/themes", form, page=LIST).status_code == 403


def test_a_store_is_told_on_its_page_and_answers_there(house: House):
    manager, guide = house.signed_in("lin.manager"), house.signed_in("zhou.guide")
    today = manager.get("/store/now").text
    assert "Bad reviews" in today
    heard = manager.get("/store/reviews").text
    assert "起球" in heard
    assert "Only a manager answers" in guide.get("/store/reviews").text
    one = house.said.at_till[1]
    answer = post(
        manager, f"/store/reviews/{one}/answer", {"text": "抱歉，请来店里换。"}, page="/store/reviews"
    )
    assert answer.headers["location"] == "/store/reviews"
    assert house.review(one).reply == "抱歉，请来店里换。"
    assert "起球" not in manager.get("/store/reviews").text
    other = house.said.at_till[4]
    assert (
        post(guide, f"/store/reviews/{other}/answer", {"text": "x"}, page="/store/reviews").status_code == 403
    )
    assert post(guide, f"/store/reviews/{other}/seen", {}, page="/store/reviews").status_code == 303
    assert "排队太久" not in manager.get("/store/reviews").text
    elsewhere = house.signed_in("sun.manager")
    assert (
        post(elsewhere, f"/store/reviews/{house.said.at_till[7]}/seen", {}, page="/store").status_code == 404
    )
    assert SENT not in elsewhere.get("/store/reviews").text
