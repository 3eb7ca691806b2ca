"""Rules of invoices: tax numbers, and which document comes next, whatever happened before."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loopline.invoices import (
    PERSON,
    Buyer,
    BuyerKind,
    CreditReason,
    Document,
    DocumentId,
    DocumentKind,
    DocumentState,
    EarnedLine,
    Stop,
    Wish,
    WishId,
)
from loopline.invoices.model import NewDocument
from loopline.invoices.port import Heard, InvoiceReport
from loopline.invoices.refusals import BuyerNotUsable
from loopline.invoices.rules import ending_of, is_tax_number, named_buyer, next_document, number_of
from loopline.kernel.ids import EntityId, LineId, OrderId, uuid7s
from loopline.kernel.proportion import proportion_between

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
FIRM = Buyer(kind=BuyerKind.COMPANY, title="Firm", tax_number="914403001922038216")
COAT, HAT = LineId(UUID(int=1)), LineId(UUID(int=2))


def wish(buyer: Buyer = PERSON) -> Wish:
    return Wish(
        id=WishId(UUID(int=9)),
        order_id=OrderId(UUID(int=8)),
        entity_id=EntityId(UUID(int=7)),
        currency="CNY",
        buyer=buyer,
        look_at=NOON,
        stopped=None,
        note=None,
        wished_at=NOON,
        wished_by="test",
    )


def earned(line_id: LineId, net: int, tax: int, *, units: int = 1, code: str = "1" * 19) -> EarnedLine:
    return EarnedLine(
        line_id=line_id,
        code=str(line_id.int),
        name="x",
        goods_code=code,
        tax_rate_basis_points=1_300,
        units=units,
        net_minor=net,
        tax_minor=tax,
    )


def kept(new: NewDocument, place: int, state: DocumentState = DocumentState.ISSUED) -> Document:
    return Document(
        id=DocumentId(UUID(int=100 + place)),
        wish_id=new.wish_id,
        kind=new.kind,
        number=number_of(UUID(int=100 + place)),
        of_id=new.of_id,
        reason=new.reason,
        buyer=new.buyer,
        net_minor=sum(line.net_minor for line in new.lines),
        tax_minor=sum(line.tax_minor for line in new.lines),
        state=state,
        tries=1,
        written_at=NOON,
        lines=new.lines,
    )


def made_out(of: Wish, lines: list[EarnedLine], documents: list[Document]) -> list[Document]:
    """Make out and issue what comes next until nothing does; at most a document for each there is, and two more."""
    found = list(documents)
    for _ in range(2 * len(documents) + 3):
        new = next_document(of, lines, found)
        if new is None:
            return found
        assert isinstance(new, NewDocument)
        found.append(kept(new, len(found)))
    raise AssertionError("there is no end of documents")


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("914403001922038216", True),
        ("91330100799655058B", True),
        ("91440300708461136T", True),
        ("914403001922038217", False),
        ("91330100799655085B", False),
        ("9144030019220382I6", False),
        ("440300192203821", True),
        ("44030019220382100000", True),
        ("4403001922038", False),
        ("", False),
    ],
)
def test_a_tax_number_has_the_right_check_character(text: str, is_one: bool):
    assert is_tax_number(text) is is_one


def test_persons_are_not_named_and_companies_are():
    assert named_buyer(BuyerKind.PERSON, title="Mr Li", tax_number="x") == PERSON
    assert named_buyer(BuyerKind.COMPANY, title=" Firm ", tax_number=" 91330100799655058b ") == Buyer(
        kind=BuyerKind.COMPANY, title="Firm", tax_number="91330100799655058B"
    )
    for title, number, field in (("", FIRM.tax_number, "title"), ("Firm", "123", "tax_number")):
        refused = named_buyer(BuyerKind.COMPANY, title=title, tax_number=number)
        assert refused == BuyerNotUsable(field=field)


def test_numbers_fit_platforms_and_differ():
    numbers = {number_of(one) for one in uuid7s(NOON, 1_000)}
    assert len(numbers) == 1_000
    assert {len(one) for one in numbers} == {20}


def test_nothing_comes_next_while_a_document_is_open_or_where_all_is_invoiced():
    lines = [earned(COAT, 100, 13)]
    first = next_document(wish(), lines, [])
    assert isinstance(first, NewDocument)
    assert first.kind is DocumentKind.BLUE
    for state in (DocumentState.OPEN, DocumentState.ISSUED):
        assert next_document(wish(), lines, [kept(first, 0, state)]) is None
    again = next_document(wish(), lines, [kept(first, 0, DocumentState.FAILED)])
    assert again == first


def test_the_latest_invoice_is_credited_first_and_one_at_a_time():
    """Five hats were invoiced, then five more; six come back."""
    documents = made_out(wish(), [earned(HAT, 500, 65, units=5)], [])
    documents = made_out(wish(), [earned(HAT, 1_000, 130, units=10)], documents)
    documents = made_out(wish(), [earned(HAT, 400, 52, units=4)], documents)
    told = [(one.kind, one.of_id, one.net_minor, one.lines[0].units) for one in documents]
    first, second = documents[0].id, documents[1].id
    assert told == [
        (DocumentKind.BLUE, None, 500, 5),
        (DocumentKind.BLUE, None, 500, 5),
        (DocumentKind.RED, second, -500, -5),
        (DocumentKind.RED, first, -100, -1),
    ]


def test_what_has_no_code_of_goods_stops_and_a_credit_does_not_need_one():
    lines = [earned(COAT, 100, 13), earned(HAT, 100, 13)]
    documents = made_out(wish(), lines, [])
    bare = [msgspec.structs.replace(one, goods_code="") for one in lines]
    assert next_document(wish(), bare, []) is Stop.GOODS_CODE_MISSING
    less = [msgspec.structs.replace(bare[0], net_minor=0, tax_minor=0, units=0), bare[1]]
    found = next_document(wish(), less, documents)
    assert isinstance(found, NewDocument)
    assert found.reason is CreditReason.RETURNED


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no fault
@given(
    net=st.integers(0, 100_000),
    tax=st.integers(0, 13_000),
    units=st.integers(1, 9),
    steps=st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=8),
)
def test_invoices_follow_what_was_earned_by_whatever_way(
    net: int, tax: int, units: int, steps: list[tuple[int, bool]]
):
    """Units are handed over and come back, buyers change: what stands is what was earned, to who wants it now,
    and of no invoice more is taken back than it says.
    """
    documents: list[Document] = []
    for have, is_firm in steps:
        share = min(have, units)
        now_net, now_tax = proportion_between((net, tax, -net - tax), before=0, after=share, whole=units)[:2]
        buyer = FIRM if is_firm else PERSON
        documents = made_out(wish(buyer), [earned(COAT, now_net, now_tax, units=share)], documents)
        standing = sum(one.net_minor for one in documents), sum(one.tax_minor for one in documents)
        assert standing == (now_net, now_tax)
        for blue in (one for one in documents if one.kind is DocumentKind.BLUE):
            back = [one for one in documents if one.of_id == blue.id]
            left = blue.gross_minor + sum(one.gross_minor for one in back)
            assert 0 <= left <= blue.gross_minor
            assert left == 0 or blue.buyer == buyer


def test_a_line_whose_amount_and_tax_go_opposite_ways_waits_and_no_other_does():
    for net, tax in ((100, -13), (-13, 100), (13, -100), (-100, 13)):
        found = next_document(wish(), [earned(COAT, net, tax), earned(HAT, 100, 13)], [])
        assert isinstance(found, NewDocument)
        assert [line.line_id for line in found.lines] == [HAT]
        assert next_document(wish(), [earned(COAT, net, tax)], []) is None
    (blue,) = made_out(wish(), [earned(COAT, 100, 13)], [])
    assert next_document(wish(), [earned(COAT, 90, 14)], [blue]) is None


amounts = st.integers(-200, 200)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no fault
@given(steps=st.lists(st.tuples(amounts, amounts, amounts, amounts), max_size=5))
def test_whatever_was_earned_a_document_has_its_sign(steps: list[tuple[int, int, int, int]]):
    """What the table demands of a document and of what is credited of it holds whatever the books say."""
    documents: list[Document] = []
    for coat_net, coat_tax, hat_net, hat_tax in steps:
        lines = [earned(COAT, coat_net, coat_tax), earned(HAT, hat_net, hat_tax)]
        documents = made_out(wish(), lines, documents)
        for one in documents:
            sign = 1 if one.kind is DocumentKind.BLUE else -1
            assert min(sign * one.net_minor, sign * one.tax_minor) >= 0
            assert sign * one.gross_minor > 0
            back = [red for red in documents if red.of_id == one.id]
            assert -sum(red.net_minor for red in back) <= max(one.net_minor, 0)
            assert -sum(red.tax_minor for red in back) <= max(one.tax_minor, 0)


@pytest.mark.parametrize("number", ["1" * 30, "1" * 7, "\uff11" * 20, "1" * 19 + "\n", "", None])
def test_what_is_issued_under_no_fiscal_number_stays_open_and_words_are_kept_as_they_can_be(
    number: str | None,
):
    new = next_document(wish(), [earned(COAT, 100, 13)], [])
    assert isinstance(new, NewDocument)
    document = kept(new, 0, DocumentState.OPEN)
    said = InvoiceReport(
        document_id=document.id,
        heard=Heard.ISSUED,
        fiscal_number=number,
        net_minor=100,
        tax_minor=13,
        note="a\0b" + "c" * 300,
    )
    ending = ending_of(document, said, now=NOON)
    assert (ending.state, ending.fiscal_number) == (DocumentState.OPEN, None)
    assert ending.note == "ab" + "c" * 198
    issued = ending_of(document, msgspec.structs.replace(said, fiscal_number="1" * 20), now=NOON)
    assert issued.state is DocumentState.ISSUED
