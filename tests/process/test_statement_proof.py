"""Days are sealed once and whole; a party proves its own days to whoever knows a root, and a forged one fails."""

from collections.abc import Generator
from datetime import date, timedelta
from functools import cache
from typing import Any, cast

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loopline.db import Database
from loopline.db.embedded import EmbeddedServer
from loopline.kernel.ids import PartyId
from loopline.statements import queries
from loopline.statements.model import Seal
from loopline.statements.rules.verifying import NotProven, Proven, read_statement, verify
from tests.make.databases import database_from
from tests.make.shop import NOON, Shop
from tests.make.statements import DAY, proven, seal_all, some_days

FIRST = NOON.date()
LAST = (NOON + timedelta(days=35)).date()
OVER = NOON + timedelta(days=36, hours=-2)


class Sealed(msgspec.Struct, frozen=True):
    """A brand whose days are sealed."""

    database: Database
    shop: Shop
    seals: list[Seal]

    def document(self, code: str = "BRAND", *, first: date = FIRST, last: date = LAST) -> bytes:
        return _documents(self.database, self.shop.parties[code], first, last)

    @property
    def root(self) -> str:
        return self.seals[-1].root.hex()


@cache
def _documents(database: Database, party_id: PartyId, first: date, last: date) -> bytes:
    return proven(database, party_id, days=[first, last])


@pytest.fixture(scope="module")
def sealed(server: EmbeddedServer, template: str) -> Generator[Sealed, None, None]:
    for database in database_from(server, template):
        shop = some_days(database)
        yield Sealed(database, shop, seal_all(database, now=OVER))


def checked(document: bytes, *roots: str) -> Proven:
    return verify(read_statement(document), roots=roots)


def test_every_day_is_sealed_once_in_a_chain(sealed: Sealed):
    days = [seal.day for seal in sealed.seals]
    assert days == [FIRST + timedelta(days=place) for place in range(36)]
    assert seal_all(sealed.database, now=OVER) == []
    assert sealed.seals[0].previous_root == bytes(32)
    for before, after in zip(sealed.seals, sealed.seals[1:], strict=False):
        assert after.previous_root == before.root


@pytest.mark.parametrize("code", ["BRAND", "GUIDE", "PLATFORM"])
def test_a_party_proves_its_days(sealed: Sealed, code: str):
    found = checked(sealed.document(code), sealed.root)
    assert (found.root, found.root_day) == (sealed.root, LAST)
    assert found.lines > 0


def test_a_part_of_the_period_is_proven_by_its_own_root_and_by_a_later_one(sealed: Sealed):
    third = FIRST + timedelta(days=2)
    document = sealed.document(first=FIRST + DAY, last=third)
    own = sealed.seals[2].root.hex()
    assert checked(document, own).root_day == third
    assert checked(document, sealed.root).root_day == LAST
    with pytest.raises(NotProven, match="does not lead to a root that is known"):
        checked(document, sealed.seals[1].root.hex())


def test_a_statement_adds_up_to_what_the_ledger_holds(sealed: Sealed):
    for party_id in sealed.shop.parties.values():
        with sealed.database.reading() as conn:
            rows = conn.execute(
                "select account.purpose, -balance.balance_minor from ledger.balance as balance"
                " join ledger.account as account on account.number = balance.account_number"
                " where account.party_id = %s and balance.balance_minor <> 0",
                (party_id,),
            ).fetchall()
            if not queries.sealed_parties(conn, party_ids=[party_id]):
                assert rows == []
                continue
        held = {purpose: int(amount) for purpose, amount in rows}
        statement = read_statement(proven(sealed.database, party_id, days=[FIRST, LAST]))
        closing = {
            purpose: amount
            for one in statement.closing
            for purpose, amount in (("share_pending", one.pending_minor), ("share_due", one.due_minor))
            if amount
        }
        assert closing == held


def test_nothing_of_other_parties_stands_in_it(sealed: Sealed):
    document = sealed.document("BRAND").decode()
    for code, party_id in sealed.shop.parties.items():
        if code != "BRAND":
            assert str(party_id) not in document
    mine, theirs = sealed.shop.parties["BRAND"], sealed.shop.parties["PLATFORM"]
    assert mine != theirs
    first = read_statement(sealed.document("BRAND")).days[0]
    other = read_statement(sealed.document("PLATFORM")).days[0]
    assert first.salt != other.salt


# -------------------------------------------------------------------------------------------------------- forgeries


def spelt(document: bytes) -> dict[str, Any]:
    return msgspec.json.decode(document)


def refused(document: dict[str, Any], root: str) -> str:
    with pytest.raises(NotProven) as caught:
        checked(msgspec.json.encode(document), root)
    return str(caught.value)


def test_a_line_that_is_left_out_is_missed(sealed: Sealed):
    document = spelt(sealed.document())
    del document["days"][0]["lines"][0]
    assert refused(document, sealed.root) == f"{FIRST}: 1 of 2 lines are left out"


def test_a_line_that_is_left_out_with_its_count_and_sum_is_missed(sealed: Sealed):
    document = spelt(sealed.document())
    day = document["days"][0]
    gone = day["lines"].pop()
    day["line_count"] -= 1
    day["moved"][0]["pending_minor"] -= gone["pending_minor"]
    for other in document["days"][1:]:
        for stood in other["opening"]:
            stood["pending_minor"] -= gone["pending_minor"]
    assert "does not follow the root of the day before" in refused(document, sealed.root)


def test_a_day_that_is_left_out_is_missed(sealed: Sealed):
    document = spelt(sealed.document())
    del document["days"][3]
    assert refused(document, sealed.root) == f"{FIRST + timedelta(days=3)}: the day is missing"


def test_a_line_that_is_added_is_seen(sealed: Sealed):
    document = spelt(sealed.document())
    document["days"][0]["lines"].append(document["days"][0]["lines"][0])
    assert refused(document, sealed.root) == f"{FIRST}: 1 lines were added to 2"


def test_an_amount_that_is_changed_is_seen(sealed: Sealed):
    document = spelt(sealed.document())
    document["days"][1]["lines"][0]["pending_minor"] += 1
    assert refused(document, sealed.root) == (
        f"{FIRST + DAY}: the lines do not add up to what they moved; an amount was changed"
    )


def test_a_field_that_stands_twice_is_refused(sealed: Sealed):
    document = sealed.document().replace(b'"due_minor":', b'"due_minor":9,"due_minor":', 1)
    with pytest.raises(NotProven, match="stands twice"):
        checked(document, sealed.root)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document where something may be changed or taken away."""
    found: list[tuple[Any, ...]] = []
    children = cast("Any", value.items() if isinstance(value, dict) else enumerate(value))
    for key, child in children:
        found.append((*path, key))
        if isinstance(child, dict | list):
            found += places(child, (*path, key))
    return found


def changed(value: Any) -> Any:
    """Something else of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return "0" + value[1:] if value and value[0] != "0" else "1" + value[1:]
    if value is None:
        return 1
    if isinstance(value, list):
        return [1]
    return {}


def test_a_field_that_is_left_out_is_missed_wherever_it_stands(sealed: Sealed):
    """Even one that says nothing: what is not there may not be read as what is usual."""
    whole = sealed.document("BRAND", last=LAST - DAY)
    seen: set[tuple[str, str]] = set()
    for path in places(spelt(whole)):
        document: Any = spelt(whole)
        within = document
        for key in path[:-1]:
            within = within[key]
        kind = (".".join(part for part in path if isinstance(part, str)), repr(within[path[-1]]))
        if isinstance(path[-1], str) and kind not in seen:
            seen.add(kind)
            del within[path[-1]]
            refused(document, sealed.root)
    assert ("days.lines.order_number", "None") in seen


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(draw=st.data())
def test_whatever_is_changed_added_or_taken_away_is_refused(sealed: Sealed, draw: st.DataObject):
    code = draw.draw(st.sampled_from(["BRAND", "GUIDE"]))
    document = spelt(sealed.document(code, last=LAST - DAY))
    path = draw.draw(st.sampled_from(places(document)))
    within: Any = document
    for key in path[:-1]:
        within = within[key]
    how = draw.draw(st.sampled_from(["change", "take", "add"]))
    if how == "take":
        del within[path[-1]]
    elif how == "add" and isinstance(path[-1], int):
        within.insert(path[-1], within[path[-1]])
    elif how == "add":
        within["more"] = 1
    else:
        within[path[-1]] = changed(within[path[-1]])
    refused(document, sealed.root)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(draw=st.data())
def test_lines_in_another_order_are_refused(sealed: Sealed, draw: st.DataObject):
    document = spelt(sealed.document())
    day = draw.draw(st.sampled_from([one for one in document["days"] if len(one["lines"]) > 1]))
    shuffled = draw.draw(st.permutations(day["lines"]))
    is_same = shuffled == day["lines"]
    day["lines"] = shuffled
    if is_same:
        checked(msgspec.json.encode(document), sealed.root)
    else:
        refused(document, sealed.root)


def test_another_party_s_lines_are_not_mine(sealed: Sealed):
    document = spelt(sealed.document("BRAND"))
    document["party_id"] = str(PartyId(sealed.shop.parties["GUIDE"]))
    assert "does not" in refused(document, sealed.root)
