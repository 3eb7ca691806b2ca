"""Every role tries every address: what `tests/make/rights.txt` refuses is refused, and what it lets in is let in.

Real HTTP, real PostgreSQL, two branches. Whoever has not the permission is told so; whoever has it in the other branch
is told that there is no such thing; and neither of them changed anything.
"""

from collections.abc import Callable, Generator, Iterator
from enum import StrEnum
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from psycopg import sql

from loopline.db import Database
from loopline.org import Role
from loopline.web.app import create_app
from tests.make.addresses import Address, addresses_of, sent_to
from tests.make.rights import Mark, Reach, Rule, rules_by_address
from tests.make.two_branches import Branches, two_branches
from tests.make.web import settings

# They end what the others are tried with; each has tests of its own.
ENDING = {
    "DELETE /api/v1/me/data",
    "DELETE /api/v1/member-sessions/current",
    "DELETE /api/v1/sessions",
    "POST /me/forget",
    "POST /me/sign-out",
    "POST /sign-out",
}
# They refuse whoever has not the password or the code.
ENTRANCES = {
    "POST /api/v1/member-sessions",
    "POST /api/v1/sessions",
    "POST /me/sign-in/begin",
    "POST /sign-in",
}
# Whoever may open these is told that there is nothing (any more): no show on air, no sealed buyer, cart, lot, gateway.
NOTHING_THERE = {
    "GET /api/v1/live-rooms/{code}",
    "GET /api/v1/orders/{order}/buyer",
    "GET /api/v1/stock/lots/receivers",
    "GET /checkout",
    "GET /hq/codes/archives/{archive_id}",
    "GET /hq/codes/archives/{archive_id}/codes.zip",
    "GET /store/count/code/{mark}/{name}",
    "GET /store/photos/code/{mark}/{name}",
    "GET /store/round/code/{mark}/{name}",
    "GET /store/code/{mark}/{name}",
    "GET /store/reserve",
    "POST /store/reserved/{order_id}/end",
    "POST /store/tasks/steps",
    "GET /store/tasks/{task_id}/photos/{photo_id}",
    "GET /hq/reviews/{review}/pictures/{picture_id}",
    "GET /review-pictures/{picture_id}",
    "GET /hq/orders/{number}/photos/{photo_id}",
    "GET /store/returns/of/{order_number}/photos/{photo_id}",
    "GET /store/returns/photos/{photo_id}",
    "GET /hq/returned-photos/{photo_id}",
    "GET /o/{number}/returned/{photo_id}",
    "GET /store/customers/{member}",
    "POST /store/customers/{member}/card",
    "POST /store/customers/{member}/coupon",
    "POST /store/customers/{member}/phone",
    "POST /store/customers/{member}/rest",
    "POST /store/photos",
    "POST /store/tasks/{task_id}/no-photo",
    "POST /store/visits/{order_id}/take",
    "GET /store/till/code/{mark}/{name}",
    "POST /api/v1/invoices/notifications/{gateway}",
    "POST /api/v1/orders/{order}/payments",
    "POST /api/v1/payment-exceptions/{exception_id}/close",
    "POST /api/v1/payments/notifications/{gateway}",
    "POST /api/v1/payouts/notifications/{gateway}",
    "POST /api/v1/returns/{return_id}/sent",
    "POST /api/v1/stock/suspicions/answers",
    "POST /checkout/place",
    "POST /earned/disputes/ask",
    "POST /hq/feeds/answer",
    "POST /hq/counter-limits/set",
    "POST /hq/notices/{notice_id}/again",
    "POST /hq/hours/set",
    "POST /hq/freight/set",
    "POST /hq/invoices/wish",
    "POST /hq/invoices/wishes/{wish_id}/again",
    "POST /hq/sourcing/overrides",
    "POST /hq/tills/again",
    "POST /hq/tills/settle",
    "POST /me/addresses/{address_id}/delete",
    "POST /o/{number}/pay",
    "POST /o/{number}/return/{return_id}/arrive",
    "POST /store/returns/announced/{return_id}",
    "POST /store/returns/decide/{return_line_id}",
    "POST /store/returns/ways/{return_id}/fetched",
    "POST /store/returns/without/take",
    "POST /store/round/begin",
    "POST /store/round/hand-over",
    "POST /store/round/labels",
    "POST /store/round/notes",
    "POST /store/round/put-back",
    "POST /store/round/take-over",
    "POST /store/till/shift/close",
    "POST /store/till/shift/open",
    "POST /store/till/stored-value",
    "POST /store/till/top-up/take",
    "POST /store/till/wallet",
}
# A dispute is told to those it is between: to others there is none, whatever their role.
AS_NONE = {
    "GET /api/v1/disputes/{dispute_id}",
    "GET /hq/disputes/{dispute_id}",
    "POST /earned/disputes/{dispute_id}/say",
    "POST /hq/disputes/{dispute_id}/say",
}
# What is written is the other branch's, or the other member's, own.
OF_THEIR_OWN = {
    "GET /me/code",
    "GET /me/code/now",
    "POST /api/v1/me/addresses",
    "POST /api/v1/me/consents",
    "POST /api/v1/members",
    "POST /api/v1/members/find",
    "POST /api/v1/messages/batch",
    "POST /me/addresses",
    "POST /me/consents",
    "POST /store/till/member",
    "POST /store/till/price-asks",
}
# Written down is also who tried: orders by the surge board, sealed buyers and members by their logs, coupons by counts.
# And what processes remember is marked to be read again before anything is decided.
WHO_TRIED = {
    "buyers.opening",
    "customers.access",
    "customers.sign_in_limit",
    "fulfilment.site_seen",
    "insight.placing",
    "insight.placing_refused",
    "remembered.mark",
}


class Told(StrEnum):
    """What an answer says to who asked."""

    LET_IN = "let in"
    SIGN_IN = "sign in"
    REFUSED = "refused"
    NOT_THERE = "not there"
    UNREADABLE = "unreadable"
    BROKEN = "broken"


class Somebody(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks: a name to tell them by, the cookie their token is in, the token, what of a rule is theirs."""

    name: str
    mark: Callable[[Rule], Mark]
    cookie: str = ""
    token: str = ""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came back; of a stream its first message."""

    status: int
    location: str
    text: str

    @property
    def outcomes(self) -> list[dict[str, Any]]:
        """The outcomes of a batch."""
        said: Any = msgspec.json.decode(self.text) if self.text.startswith('{"outcomes"') else {}
        return said.get("outcomes", [])


class Asker:
    """Asks addresses of a served brand in anybody's name."""

    def __init__(self, client: httpx.Client, names: dict[str, Any]) -> None:
        self._client = client
        self._names = names
        client.get("/sign-in", headers={"accept": "text/html"})
        self._form = client.cookies["loopline_form"]
        client.cookies.clear()

    def ask(self, address: Address, who: Somebody) -> Answer:
        """Send the plainest request there is. A stream is left as soon as it has said something."""
        sent = sent_to(address, self._names)
        with self._client.stream(
            address.method,
            address.filled(self._names),
            params=sent.query,
            headers=self._headers(address, who)
            | ({"content-type": sent.media_type} if sent.media_type else {}),
            json=sent.json,
            data=sent.form,
            content=sent.content,
        ) as answer:
            is_stream = answer.headers.get("content-type", "").startswith("text/event-stream")
            text = next(answer.iter_text()) if is_stream else answer.read().decode(errors="replace")
            return Answer(status=answer.status_code, location=answer.headers.get("location", ""), text=text)

    def _headers(self, address: Address, who: Somebody) -> dict[str, str]:
        if address.is_api:
            token = {"authorization": f"Bearer {who.token}"} if who.token else {}
            return {"accept": "application/json", "accept-language": "en", **token}
        cookies = {"loopline_form": self._form} | ({who.cookie: who.token} if who.token else {})
        return {
            "accept": "text/html",
            "accept-language": "en",
            "x-csrftoken": self._form,
            "cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        }


@pytest.fixture
def branches(database: Database) -> Generator[Branches, None, None]:
    with two_branches(database) as made:
        yield made


def told(answer: Answer) -> Told:
    """Read what an answer says."""
    if answer.status >= 500 and answer.status != 503:
        return Told.BROKEN
    if answer.status == 401 or (answer.status in {302, 303} and "/sign-in" in answer.location):
        return Told.SIGN_IN
    said = {403: Told.REFUSED, 404: Told.NOT_THERE, 400: Told.UNREADABLE}
    return said.get(answer.status, Told.LET_IN)


def says_no(answer: Answer) -> bool:
    """Whether it refuses, or each of its items, or goes back to where it was with why not."""
    if answer.outcomes:
        return all(one.get("problem", {}).get("status") in {401, 403, 404} for one in answer.outcomes)
    if answer.status == 303 and "problem=" in answer.location:
        return True
    return told(answer) in {Told.REFUSED, Told.NOT_THERE, Told.SIGN_IN}


def of_role(role: Role) -> Callable[[Rule], Mark]:
    return lambda rule: rule.of_role(role)


def staff(tokens: dict[Role, str], where: str) -> list[Somebody]:
    return [
        Somebody(name=f"{role} {where}", mark=of_role(role), cookie="loopline_session", token=token)
        for role, token in tokens.items()
    ]


def shopper(token: str) -> Somebody:
    return Somebody(name="shopper", mark=lambda rule: rule.of_shopper, cookie="loopline_member", token=token)


NOBODY = Somebody(name="nobody", mark=lambda rule: rule.of_nobody)


def everything(database: Database) -> dict[str, tuple[int, int]]:
    """How many rows each table holds, and a sum of all that is in them."""
    with database.reading() as conn:
        names = conn.execute(
            "select schemaname, tablename from pg_tables where schemaname not in ('pg_catalog', 'information_schema')"
            " and has_schema_privilege(schemaname, 'usage')"
            " and has_table_privilege(format('%I.%I', schemaname, tablename), 'select') order by 1, 2"
        ).fetchall()
        found: dict[str, tuple[int, int]] = {}
        for schema, table in names:
            query = sql.SQL("select count(*), coalesce(sum(hashtext(one::text)), 0) from {} as one")
            row = conn.execute(query.format(sql.Identifier(schema, table))).fetchone()
            assert row is not None
            found[f"{schema}.{table}"] = (int(row[0]), int(row[1]))
    return found


def changed(before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]) -> list[str]:
    return [table for table, was in before.items() if after[table] != was and table not in WHO_TRIED]


def answers(
    branches: Branches, who: list[Somebody], *, marked: set[Mark], but: set[str]
) -> Iterator[tuple[Address, Somebody, Rule, Answer]]:
    """Ask every address whose mark for somebody is one of `marked`: readings first, what ends things last."""
    rules = rules_by_address()
    ends = (
        "/close",
        "/delete",
        "/drop",
        "/end",
        "/ends",
        "/retire",
        "/revoke",
        "/take",
        "/withdraw",
        "/withdrawals",
    )

    def late(one: Address) -> tuple[bool, bool, str]:
        return one.method != "GET", one.method == "DELETE" or one.path.endswith(ends), one.path

    addresses = addresses_of(create_app(branches.database, settings()))
    with httpx.Client(base_url=branches.base, timeout=60) as client:
        asker = Asker(client, branches.names)
        for address in sorted(addresses, key=late):
            rule = rules[address.name]
            for one in who:
                if one.mark(rule) in marked and address.name not in but:
                    yield address, one, rule, asker.ask(address, one)


def test_every_address_is_in_the_table(database: Database):
    served = {one.name for one in addresses_of(create_app(database, settings()))}
    named = set(rules_by_address())
    assert (served - named, named - served) == (set(), set())


def test_who_may_not_is_refused_and_changes_nothing(branches: Branches):
    who = [NOBODY, shopper(branches.member), *staff(branches.home, "at home")]
    before = everything(branches.database)
    wrong = [
        f"{one.name}: {address.name}: {told(answer)} ({answer.status})"
        for address, one, _, answer in answers(branches, who, marked={Mark.REFUSED}, but=set())
        if told(answer) not in {Told.REFUSED, Told.SIGN_IN}
        and not (says_no(answer) and (answer.outcomes or address.name in AS_NONE))
    ]
    assert not wrong, "\n".join(wrong)
    moved = changed(before, everything(branches.database))
    assert not moved, "\n".join(moved)


def test_what_is_another_branch_s_is_as_if_it_were_not_there(branches: Branches):
    who = [shopper(branches.stranger), *staff(branches.abroad, "abroad")]
    secrets = _ids(branches.names)
    before = everything(branches.database)
    marked = {Mark.OWN_BRANCH, Mark.OWN_THINGS, Mark.WHOLE_BRAND}
    wrong: list[str] = []
    for address, one, rule, answer in answers(branches, who, marked=marked, but=ENDING | OF_THEIR_OWN):
        problem = _leak(address, rule, answer, branches.names, secrets)
        if problem:
            wrong.append(f"{one.name}: {address.name}: {problem} ({answer.status})")
    assert not wrong, "\n".join(wrong)
    moved = changed(before, everything(branches.database))
    assert not moved, "\n".join(moved)


def _leak(address: Address, rule: Rule, answer: Answer, names: dict[str, Any], secrets: set[str]) -> str:
    """What is wrong with an answer to somebody of another branch; empty where nothing is."""
    said = told(answer)
    if said in {Told.BROKEN, Told.UNREADABLE}:
        return said
    if rule.reach is Reach.WHOLE_BRAND:
        return "" if says_no(answer) else "it is of the whole brand"
    if any(names[key] in secrets for key in address.keys):
        is_hidden = said is Told.NOT_THERE if address.method == "GET" else says_no(answer)
        return "" if is_hidden else f"{said} to what is named"
    told_of = (
        [one for one in secrets if one in answer.text] if said is Told.LET_IN and not answer.outcomes else []
    )
    return f"it tells of {told_of}" if told_of and address.method == "GET" else ""


def _ids(names: dict[str, Any]) -> set[str]:
    """The ids, numbers and codes that nobody of the other branch has any way to know."""
    found = {names["order"], names["sold"], names["t/code"]}
    for key, value in names.items():
        try:
            found |= (
                {str(UUID(value))} if key != "rule-sets/rule_set_id" and isinstance(value, str) else set()
            )
        except ValueError:
            continue
    return found


def test_who_may_is_let_in(branches: Branches):
    who = [NOBODY, shopper(branches.member), *staff(branches.home, "at home")]
    let_in = {Mark.MAY, Mark.OWN_BRANCH, Mark.OWN_THINGS, Mark.WHOLE_BRAND}
    wrong: list[str] = []
    for address, one, rule, answer in answers(branches, who, marked=let_in, but=ENDING | ENTRANCES):
        if rule.for_oneself and one.mark(rule) is Mark.OWN_THINGS:
            continue  # whether there is anything depends on what they earned
        is_gone = told(answer) is Told.NOT_THERE and address.name in NOTHING_THERE
        if told(answer) is not Told.LET_IN and not is_gone:
            wrong.append(f"{one.name}: {address.name}: {told(answer)} ({answer.status}) {answer.text[:200]}")
    assert not wrong, "\n".join(wrong)
