"""No other site can act for who is signed in: every form wants the mark of the browser that it was shown to.

Real HTTP, real PostgreSQL. Each address is asked by somebody who may, with a request that it would read, so that
nothing but the mark can be what it is refused for.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager

import httpx
import msgspec
import pytest
from litestar.routes import ASGIRoute

from loopline.db import Database
from loopline.db.embedded import EmbeddedServer
from loopline.web.app import create_app
from loopline.web.pages import FORM_COOKIE, STATIC_PATH
from tests.make.addresses import Address, addresses_of, sent_to
from tests.make.databases import database_from
from tests.make.rights import Mark, rules_by_address
from tests.make.two_branches import Branches, two_branches
from tests.make.web import settings
from tests.module.web.test_rights import Somebody, changed, everything, shopper, staff

# Whatever else is served and can change something is a form of a page, or a command of one.
NO_FORMS = {
    "/api/v1/": "Programs call it with a token that no browser sends by itself; a cookie opens nothing of it.",
    "/sandbox/": "Made-up gateways of the demo, which sign what they send and know nobody's cookie.",
}
HEADER = "x-csrftoken"


class Forgery(msgspec.Struct, frozen=True, kw_only=True):
    """What a request that was not written by our page carries: the mark in the cookie, in the header, in the form."""

    name: str
    cookie: str | None = None
    header: str | None = None
    field: str | None = None


@pytest.fixture(scope="module")
def branches(server: EmbeddedServer, template: str) -> Generator[Branches, None, None]:
    """One brand for all of them: what they try changes nothing, as they make sure of."""
    with contextmanager(database_from)(server, template) as database, two_branches(database) as made:
        yield made


def changing(database: Database) -> list[Address]:
    """Every address that can change something."""
    served = addresses_of(create_app(database, settings()))
    return [one for one in served if one.method not in {"GET", "HEAD"}]


def is_form(address: Address) -> bool:
    return not address.path.startswith(tuple(NO_FORMS))


def who_may(address: Address, people: list[Somebody]) -> Somebody:
    """Somebody signed in whom the address lets in when they come from our page."""
    rule = rules_by_address()[address.name]
    return next(one for one in people if one.mark(rule) is not Mark.REFUSED)


def mark_of(base: str) -> str:
    """The mark that a browser is given with the first page that it opens."""
    answer = httpx.get(f"{base}/sign-in", headers={"accept": "text/html"})
    return answer.cookies[FORM_COOKIE]


def forgeries(ours: str, theirs: str) -> list[Forgery]:
    return [
        Forgery(name="no mark", cookie=ours),
        Forgery(name="another session's in the header", cookie=ours, header=theirs),
        Forgery(name="another session's in the form", cookie=ours, field=theirs),
        Forgery(name="no cookie of it", header=ours),
        Forgery(name="one that we did not sign", cookie="0" * 128, header="0" * 128),
    ]


def asked(
    client: httpx.Client, branches: Branches, address: Address, who: Somebody, forged: Forgery
) -> httpx.Response:
    """Send what the address reads in somebody's name, as a browser would that another site has sent here."""
    sent = sent_to(address, branches.names)
    cookies = {who.cookie: who.token} | ({FORM_COOKIE: forged.cookie} if forged.cookie else {})
    headers = {"accept": "text/html", "cookie": "; ".join(f"{name}={it}" for name, it in cookies.items())}
    form = sent.form
    if forged.header:
        headers[HEADER] = forged.header
    if forged.field and form is not None:
        form = form | {"_csrf_token": forged.field}
    if sent.media_type:
        headers["content-type"] = sent.media_type
    return client.request(
        address.method,
        address.filled(branches.names),
        params=sent.query,
        headers=headers,
        data=form,
        content=sent.content,
    )


def let_through(branches: Branches, forged: list[Forgery]) -> Iterator[str]:
    """Try every form with each forgery; says what was not refused."""
    people = [*staff(branches.home, "at home"), shopper(branches.member)]
    with httpx.Client(base_url=branches.base, timeout=60) as client:
        for address in filter(is_form, changing(branches.database)):
            who = who_may(address, people)
            for one in forged:
                answer = asked(client, branches, address, who, one)
                if answer.status_code != 403:
                    yield f"{one.name}: {address.name} by {who.name}: {answer.status_code}"


def test_a_form_that_our_page_did_not_send_is_refused_everywhere_and_changes_nothing(branches: Branches):
    forged = forgeries(mark_of(branches.base), mark_of(branches.base))
    before = everything(branches.database)
    wrong = list(let_through(branches, forged))
    assert not wrong, "\n".join(wrong)
    after = everything(branches.database)
    moved = [table for table, was in before.items() if after[table] != was]
    assert not moved, "\n".join(moved)


def test_no_address_of_programs_is_opened_by_a_cookie(branches: Branches):
    rules = rules_by_address()
    people = [*staff(branches.home, "at home"), shopper(branches.member)]
    before = everything(branches.database)
    wrong: list[str] = []
    with httpx.Client(base_url=branches.base, timeout=60) as client:
        for address in changing(branches.database):
            if is_form(address) or rules[address.name].for_anybody:
                continue
            who, sent = who_may(address, people), sent_to(address, branches.names)
            answer = client.request(
                address.method,
                address.filled(branches.names),
                params=sent.query,
                headers={"cookie": f"{who.cookie}={who.token}"}
                | ({"content-type": sent.media_type} if sent.media_type else {}),
                json=sent.json,
                content=sent.content,
            )
            if answer.status_code != 401:
                wrong.append(f"{address.name} by {who.name}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)
    assert not changed(before, everything(branches.database))


def test_what_is_served_beside_our_addresses_is_files_and_the_made_up_gateways(branches: Branches):
    known = (f"{STATIC_PATH}/", *NO_FORMS)
    mounted = [
        one.path for one in create_app(branches.database, settings()).routes if isinstance(one, ASGIRoute)
    ]
    assert mounted
    assert [one for one in mounted if not f"{one}/".startswith(known)] == []
