"""What a party bears of promotions stands on its statement, line by line, inverted by returns, and proves itself."""

from datetime import timedelta

import msgspec
import openpyxl
import pytest

from loopline import org
from loopline.db import Conn, Database
from loopline.kernel.ids import PersonId
from loopline.pricing.promotions import AmountOff
from loopline.processes.doctor import examine
from loopline.processes.statement.dispute import Question, Said, question, speak
from loopline.processes.statement.reading import LineState, PlacedLine, lines_between, statement_of, states_of
from loopline.statements.model import (
    OF_COUPONS,
    Dispute,
    DisputeOpened,
    LineFunding,
    OnlySharesAreCorrected,
    ProvenStatement,
    Sums,
    WordKind,
)
from loopline.statements.rules.verifying import NotProven, read_statement, verify
from loopline.web.languages import languages
from loopline.web.statements.files import Order, spelt_for_paper, write_xlsx
from loopline.web.statements.view import promotion_of
from loopline.web.written import Written
from tests.make import coupons
from tests.make.shop import NOON, OPENED, Shop, open_shop
from tests.make.statements import DAY, proven, seal_all
from tests.make.statements import bring_back as bring_back_later
from tests.make.statements import sell as sell_at
from tests.process.test_promotions import LATER, agreed, bring_back, funders, in_force, sell

LAST = (NOON + timedelta(days=40)).date()


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn, units=40)


def tenth_of_the_dealers(conn: Conn) -> None:
    agreed(conn, "DEALER", most=6_000)
    in_force(conn, "TENTH", funders=funders(DEALER=6_000, seller=4_000))


def stated(conn: Conn, shop: Shop, party: str) -> list[PlacedLine]:
    return list(lines_between(conn, shop.parties[party], first_day=OPENED.date(), last_day=LAST))


def closing(conn: Conn, shop: Shop, party: str) -> list[Sums]:
    head = statement_of(conn, shop.parties[party], first_day=OPENED.date(), last_day=LAST)
    return [one.closing for one in head.balances]


def states(conn: Conn, shop: Shop, party: str) -> list[LineState]:
    return states_of(conn, shop.parties[party], [one.line for one in stated(conn, shop, party)], {})


def test_a_dealer_sees_line_by_line_what_it_bears_and_why(conn: Conn, shop: Shop):
    tenth_of_the_dealers(conn)
    order = sell(conn, shop, "W-1", ("COAT", 1), ("SCARF", 2))
    found = {one.line.code: one.line for one in stated(conn, shop, "DEALER") if one.line.kind == "promotion"}
    assert {code: (one.units, one.bears_minor, one.amount_minor) for code, one in found.items()} == {
        "COAT": (1, 678, 0),
        "SCARF": (2, 271, 0),
    }
    assert found["COAT"].order_number == order.number
    assert found["COAT"].shares == ()
    assert found["COAT"].fundings == (
        LineFunding(
            promotion="TENTH",
            version=1,
            row=1,
            bearer="party",
            base_minor=1_130,
            basis_points=6_000,
            amount_minor=678,
        ),
    )
    assert [one.borne_minor for one in closing(conn, shop, "DEALER")] == [949]
    assert states(conn, shop, "DEALER")[-2:] == [LineState.OWED] * 2
    # The seller is owed it; nobody else has to do with it.
    assert [one.borne_minor for one in closing(conn, shop, "BRAND")] == [0]
    assert all(one.line.borne_minor is msgspec.UNSET for one in stated(conn, shop, "BRAND"))


def test_what_coupons_took_off_is_explained_by_their_batch(conn: Conn, shop: Shop):
    agreed(conn, "DEALER", most=6_000)
    coupons.in_force(conn, "C", now=OPENED, funders=funders(DEALER=6_000, seller=4_000))
    (coupon,) = coupons.given(conn, "C", None, now=OPENED)
    sell(conn, shop, "W-1", ("COAT", 1), coupons=(coupon.secret,))
    (line,) = [one.line for one in stated(conn, shop, "DEALER") if one.line.bears_minor]
    assert line.bears_minor == 1_800
    (funding,) = line.fundings
    assert (funding.promotion, funding.version, funding.row) == ("C", OF_COUPONS, 1)
    assert (funding.base_minor, funding.basis_points, funding.amount_minor) == (3_000, 6_000, 1_800)
    assert promotion_of(funding, languages()["en"]) == "coupons C, row 1"


def test_returns_stand_inverted_and_end_at_nothing(conn: Conn, shop: Shop):
    tenth_of_the_dealers(conn)
    order = sell(conn, shop, "W-1", ("SCARF", 3))  # 678 off: the dealer bears 407 (406.8)
    bring_back(conn, shop, order, "R-1", "SCARF", 1, 2_034)
    assert [one.borne_minor for one in closing(conn, shop, "DEALER")] == [271]
    bring_back(conn, shop, order, "R-2", "SCARF", 2, 2_034)
    found = [one.line for one in stated(conn, shop, "DEALER") if one.line.bears_minor]
    assert [(one.kind, one.bears_minor) for one in found] == [
        ("promotion", 407),
        ("reversal", -136),
        ("reversal", -271),
    ]
    assert all(one.fundings[0].promotion == "TENTH" for one in found)
    assert [one.borne_minor for one in closing(conn, shop, "DEALER")] == [0]
    assert LineState.TAKEN_BACK in states(conn, shop, "DEALER")
    assert LineState.OWED not in states(conn, shop, "DEALER")


def test_what_was_given_for_nothing_is_explained_too(conn: Conn, shop: Shop):
    agreed(conn, "PLATFORM")
    in_force(
        conn, "FREE", AmountOff(amount_minor=99_999), sku_codes=("HAT",), funders=funders(platform=10_000)
    )
    order = sell(conn, shop, "W-1", ("HAT", 2), ("COAT", 1))
    (line,) = [one.line for one in stated(conn, shop, "PLATFORM") if one.line.bears_minor]
    assert (line.order_number, line.code, line.units, line.bears_minor) == (order.number, "HAT", 2, 1_998)
    assert (line.fundings[0].bearer, line.fundings[0].row) == ("platform", 1)


def test_a_line_of_it_can_be_questioned_and_answered_but_not_corrected(conn: Conn, shop: Shop):
    tenth_of_the_dealers(conn)
    sell(conn, shop, "W-1", ("COAT", 1))
    (line,) = [one.line for one in stated(conn, shop, "DEALER") if one.line.bears_minor]
    asked = Question(
        party_id=shop.parties["DEALER"],
        entry_id=line.entry_id,
        part_id=line.part_id,
        currency="CNY",
        entity_id=line.entity_id,
        said="We agreed to half.",
    )
    person = PersonId(shop.manager)
    (opened,) = question(conn, [asked], by=person, now=LATER)
    assert isinstance(opened, DisputeOpened)
    said = Said(dispute_id=opened.dispute_id, kind=WordKind.CORRECTION, said="so it is", corrected_minor=500)
    assert speak(conn, said, by=person, now=LATER) == OnlySharesAreCorrected()
    answer = Said(dispute_id=opened.dispute_id, kind=WordKind.ANSWER, said="By letter of May, six tenths.")
    outcome = speak(conn, answer, by=person, now=LATER)
    assert isinstance(outcome, Dispute)
    assert (outcome.borne_minor, outcome.amount_minor) == (678, 678)


def sealed_days(database: Database) -> tuple[Shop, str]:
    """Sell with a promotion, take part of it back, and seal the days: the shop, and the last root."""
    with database.transaction() as conn:
        shop = open_shop(conn, units=100)
        tenth_of_the_dealers(conn)
    sell_at(database, shop, "W-1", ("COAT", 1), ("SCARF", 3), at=NOON)
    bring_back_later(database, shop, "R-1", ("SCARF", 1), at=NOON + 2 * DAY)
    seals = seal_all(database, now=NOON + 4 * DAY)
    return shop, seals[-1].root.hex()


def document(database: Database, shop: Shop, party: str) -> ProvenStatement:
    days = [NOON.date(), (NOON + 2 * DAY).date()]
    return read_statement(proven(database, shop.parties[party], days=days))


def test_sealed_days_prove_it_and_a_forged_amount_fails(database: Database):
    shop, root = sealed_days(database)
    found = document(database, shop, "DEALER")
    verify(found, roots=[root])
    assert [one.borne_minor for one in found.closing] == [949]  # 678 and 407, less 136
    day = found.days[0]
    place = next(at for at, line in enumerate(day.lines) if line.bears_minor)
    forged = msgspec.structs.replace(day.lines[place], borne_minor=day.lines[place].bears_minor - 1)
    lines = (*day.lines[:place], forged, *day.lines[place + 1 :])
    with pytest.raises(NotProven, match="do not add up"):
        verify(
            msgspec.structs.replace(found, days=(msgspec.structs.replace(day, lines=lines), *found.days[1:])),
            roots=[root],
        )
    with database.reading() as conn:
        checks = {one.name: one.findings for one in examine(conn).checks}
    assert checks["sealed_statements_equal_postings"] == ()
    assert checks["leaves_open_with_what_stood"] == ()


def test_lines_of_shares_and_days_without_it_are_spelt_as_before(database: Database):
    shop, _ = sealed_days(database)
    days = [NOON.date(), (NOON + 2 * DAY).date()]
    spelt = proven(database, shop.parties["GUIDE"], days=days).decode()
    assert '"shares":[{' in spelt
    assert "borne" not in spelt
    assert "funded" not in spelt


@pytest.mark.parametrize("tag", ["zh", "en"])
def test_workbook_and_paper_say_it(database: Database, tag: str):
    shop, _ = sealed_days(database)
    with database.reading() as conn:
        party = org.parties_by_id(conn, [shop.parties["DEALER"]])[shop.parties["DEALER"]]
        order = Order(party=party, days=(NOON.date(), LAST), zone="Asia/Shanghai", language=languages()[tag])
        paper = spelt_for_paper(conn, order)
        written = Written()
        with written.file:
            write_xlsx(conn, order, written)
            written.file.seek(0)
            sheet = [list(row) for row in openpyxl.load_workbook(written.file).worksheets[1].values]
    head = {"zh": "承担的优惠", "en": "Borne of promotions"}[tag]
    assert paper.count(head) == 2  # of the balances and of the lines
    assert "TENTH" in paper
    at = sheet[0].index(head)
    assert sorted(str(row[at]) for row in sheet[1:] if row[at]) == ["-1.36", "4.07", "6.78"]
