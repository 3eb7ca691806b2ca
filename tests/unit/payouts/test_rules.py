"""What is planned, withheld, shared out of transactions, cut and ended."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from loopline.kernel.ids import EntityId, PartyId, PaymentId
from loopline.payouts import (
    Account,
    AccountKind,
    Contract,
    Due,
    Line,
    LineReport,
    LineState,
    NewAccount,
    NewPayout,
    Payer,
    PayerId,
    Payout,
    PayoutAccountId,
    PayoutId,
    PayoutLineId,
    PayoutState,
    Receiver,
    RequestId,
    TermsVersion,
    Transaction,
    Way,
)
from loopline.payouts.refusals import (
    BelowLeast,
    NoAccountToPayFrom,
    NoAccountToPayTo,
    NothingDue,
    OwesItself,
    PaidByAnother,
)
from loopline.payouts.rules import (
    cuts,
    ended_state,
    endings,
    in_batches,
    masked,
    next_try,
    out_of_transactions,
    plan_payout,
    refusal_of_account,
    shareable_minor,
    withheld_of,
)

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
PARTY, ENTITY, OTHER = PartyId(UUID(int=1)), EntityId(UUID(int=2)), EntityId(UUID(int=3))
TERMS = TermsVersion(
    currency="CNY", version=3, least_minor=100, second_person_above_minor=1_000, withheld_basis_points=2_000
)


def due(minor: int, **changes: object) -> Due:
    fields = {
        "party_id": PARTY,
        "entity_id": ENTITY,
        "currency": "CNY",
        "due_minor": minor,
        "is_person": False,
        "is_of_the_entity": False,
    }
    return Due(**(fields | changes))  # pyright: ignore[reportArgumentType]


def payer(way: Way, entity: EntityId = ENTITY, number: int = 1) -> Payer:
    return Payer(
        id=PayerId(UUID(int=number)), entity_id=entity, currency="CNY", way=way, number="1900", name="a"
    )


def account(kind: AccountKind) -> Account:
    return Account(
        id=PayoutAccountId(UUID(int=9)),
        party_id=PARTY,
        kind=kind,
        masked="",
        sealed=b"",
        wrapped_key=b"",
        sealed_with=1,
        added_at=NOW,
    )


def plan(
    of: Due,
    *,
    kind: AccountKind | None = AccountKind.BANK,
    payers: Sequence[Payer] = (),
    chosen: Payer | None = None,
) -> object:
    known = payers or [payer(Way.BANK_FILE)]
    return plan_payout(
        of,
        terms=TERMS,
        account=account(kind) if kind else None,
        payers={one.way: one for one in known},
        chosen=chosen,
    )


def payout(number: int, net: int, withheld: int = 0) -> Payout:
    return Payout(
        id=PayoutId(UUID(int=number)),
        number=number,
        party_id=PARTY,
        entity_id=ENTITY,
        currency="CNY",
        payer_id=PayerId(UUID(int=1)),
        account_id=PayoutAccountId(UUID(int=number)),
        gross_minor=net + withheld,
        withheld_minor=withheld,
        withheld_basis_points=0,
        terms_version=1,
        needs_second=False,
        state=PayoutState.APPROVED,
        made_by="a",
        made_at=NOW,
        approved_by="b",
        approved_at=NOW,
        sent_at=None,
        ended_at=None,
        ended_by=None,
        reason=None,
    )


def transaction(
    number: str, amount: int, left: int | None, *, requests: int = 0, shared: int = 0
) -> Transaction:
    return Transaction(
        payer_id=PayerId(UUID(int=1)),
        number=number,
        payment_id=PaymentId(UUID(int=1)),
        amount_minor=amount,
        left_minor=left,
        taken_at=NOW,
        requests=requests,
        shared_minor=shared,
    )


@pytest.mark.parametrize(
    ("of", "refused"),
    [
        (due(0), NothingDue(party_id=PARTY, due_minor=0)),
        (due(-5), NothingDue(party_id=PARTY, due_minor=-5)),
        (due(99), BelowLeast(party_id=PARTY, due_minor=99, least_minor=100)),
        (due(500, is_of_the_entity=True), OwesItself(party_id=PARTY)),
    ],
)
def test_what_is_not_to_be_paid_is_refused(of: Due, refused: object):
    assert plan(of) == refused


def test_all_that_is_due_is_planned_and_above_the_limit_needs_a_second_person():
    at, above = plan(due(1_000)), plan(due(1_001))
    assert isinstance(at, NewPayout)
    assert isinstance(above, NewPayout)
    assert (at.gross_minor, at.needs_second, at.withheld_minor, at.terms_version) == (1_000, False, 0, 3)
    assert (above.gross_minor, above.needs_second) == (1_001, True)


def test_tax_is_withheld_of_people_alone():
    found = plan(due(1_003, is_person=True))
    assert isinstance(found, NewPayout)
    assert (found.withheld_minor, found.withheld_basis_points) == (201, 2_000)


@pytest.mark.parametrize(
    ("gross", "rate", "tax"), [(5, 1_000, 1), (4, 1_000, 0), (15, 1_000, 2), (0, 2_000, 0)]
)
def test_tax_is_rounded_half_away_from_zero(gross: int, rate: int, tax: int):
    assert withheld_of(gross, rate) == tax


def test_the_payer_is_of_the_entity_that_owes_and_reaches_the_account():
    theirs = payer(Way.BANK_FILE, OTHER, number=2)
    assert plan(due(500), chosen=theirs) == PaidByAnother(party_id=PARTY, entity_id=ENTITY)
    assert plan(due(500), kind=None) == NoAccountToPayTo(party_id=PARTY)
    nothing = NoAccountToPayFrom(party_id=PARTY, entity_id=ENTITY, currency="CNY")
    assert plan(due(500), kind=AccountKind.WECHAT_PERSON) == nothing
    both = [payer(Way.WECHAT_TRANSFER, number=5), payer(Way.WECHAT_SHARING, number=6)]
    preferred = plan(due(500), kind=AccountKind.WECHAT_PERSON, payers=both)
    assert isinstance(preferred, NewPayout)
    assert preferred.payer_id == both[1].id
    chosen = plan(due(500), kind=AccountKind.WECHAT_PERSON, payers=both, chosen=both[0])
    assert isinstance(chosen, NewPayout)
    assert chosen.payer_id == both[0].id
    assert plan(due(500), kind=AccountKind.WECHAT_MERCHANT, payers=both[:1]) == nothing


@pytest.mark.parametrize(
    ("kind", "receiver", "field"),
    [
        (AccountKind.BANK, Receiver(holder="", number="62220202001", bank="B"), "holder"),
        (AccountKind.BANK, Receiver(holder="=cmd()", number="62220202001", bank="B"), "holder"),
        (AccountKind.BANK, Receiver(holder="A", number="6222-0202", bank="B"), "number"),
        (AccountKind.BANK, Receiver(holder="A", number="62220202001"), "bank"),
        (AccountKind.WECHAT_PERSON, Receiver(holder="A", number="o12345678901", bank="B"), "bank"),
        (AccountKind.WECHAT_MERCHANT, Receiver(holder="A", number="abc12345678"), "number"),
        (AccountKind.BANK, Receiver(holder="A", number="62220202001", bank="B\n"), "bank"),
    ],
)
def test_accounts_that_cannot_be_of_their_kind_are_refused(kind: AccountKind, receiver: Receiver, field: str):
    found = refusal_of_account(NewAccount(party_id=PARTY, kind=kind, receiver=receiver))
    assert found is not None
    assert found.field == field


def test_four_characters_are_seen_of_a_number():
    assert masked(Receiver(holder="王小明", number="6222020200112233", bank="工商银行")) == "工商银行 …2233"
    assert masked(Receiver(holder="王小明", number="oUpF8uMuAJO_M2pxb1Q9zNjWeS6o")) == "…eS6o"


CONTRACT = Contract(receivers_per_request=2, requests_per_transaction=2, ratio_basis_points=3_000)


@pytest.mark.parametrize(
    ("of", "minor"),
    [
        (transaction("t", 1_000, 1_000), 300),
        (transaction("t", 1_000, 200), 200),
        (transaction("t", 1_000, 800, shared=200), 100),
        (transaction("t", 1_000, 700, shared=300), 0),
        (transaction("t", 1_000, None), 0),
        (transaction("t", 1_000, 1_000, requests=2), 0),
        (transaction("t", 999, 999), 299),
    ],
)
def test_no_more_is_shared_than_is_held_and_allowed(of: Transaction, minor: int):
    assert shareable_minor(of, CONTRACT) == minor


def shares(drafts: Sequence[object]) -> list[tuple[str | None, list[tuple[int, int]]]]:
    return [
        (one.transaction_number, [(share.payout_id.int, share.net_minor) for share in one.shares])  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]
        for one in drafts
    ]


def test_payouts_take_transactions_one_after_the_other_within_the_contract():
    of = [payout(1, 100), payout(2, 50), payout(3, 250), payout(4, 500)]
    held = [transaction("a", 1_000, 1_000), transaction("b", 1_000, 1_000), transaction("c", 1_000, 0)]
    assert shares(out_of_transactions(of, held, CONTRACT)) == [
        ("a", [(1, 100), (2, 50)]),
        ("a", [(3, 150)]),
        ("b", [(3, 100), (4, 200)]),
    ]


def test_a_transaction_whose_requests_are_used_up_gives_nothing_more():
    one_at_a_time = msgspec.structs.replace(CONTRACT, receivers_per_request=1)
    of = [payout(number, 10) for number in range(1, 6)]
    held = [transaction("a", 1_000, 1_000), transaction("b", 1_000, 1_000, requests=1)]
    assert shares(out_of_transactions(of, held, one_at_a_time)) == [
        ("a", [(1, 10)]),
        ("a", [(2, 10)]),
        ("b", [(3, 10)]),
    ]


def test_batches_hold_as_many_receivers_as_the_contract_says():
    found = in_batches([payout(number, number) for number in (1, 2, 3)], receivers_most=2)
    assert shares(found) == [(None, [(1, 1), (2, 2)]), (None, [(3, 3)])]


def test_parts_withhold_together_what_the_whole_does():
    found = cuts(payout(1, 10, withheld=3), [1, 2, 3, 4])
    assert [(one.gross_minor, one.withheld_minor, one.net_minor) for one in found] == [
        (1, 0, 1),
        (3, 1, 2),
        (4, 1, 3),
        (5, 1, 4),
    ]


def line(number: int, state: LineState = LineState.IN_TRANSIT) -> Line:
    return Line(
        id=PayoutLineId(UUID(int=number)),
        payout_id=PayoutId(UUID(int=1)),
        request_id=RequestId(UUID(int=1)),
        account_id=PayoutAccountId(UUID(int=1)),
        gross_minor=1,
        withheld_minor=0,
        net_minor=1,
        state=state,
        ended_at=None if state is LineState.IN_TRANSIT else NOW,
    )


def test_the_first_final_word_of_a_line_stands():
    of = [line(1), line(2, LineState.PAID), line(3)]
    said = [
        LineReport(line_id=one.id, state=state, at=NOW)
        for one, state in (
            (of[0], LineState.PAID),
            (of[0], LineState.PAID),
            (of[0], LineState.RETURNED),
            (of[1], LineState.RETURNED),
            (of[2], LineState.IN_TRANSIT),
            (line(99), LineState.PAID),
        )
    ]
    found = endings(of, said)
    assert [(one.id.int, one.state) for one in found.ended] == [(1, LineState.PAID)]
    assert [one.id.int for one in found.contradicted] == [1, 2]


@pytest.mark.parametrize(
    ("states", "ended"),
    [
        ((LineState.PAID, LineState.IN_TRANSIT), PayoutState.SENT),
        ((LineState.PAID, LineState.PAID), PayoutState.PAID),
        ((LineState.PAID, LineState.RETURNED), PayoutState.PARTLY_PAID),
        ((LineState.RETURNED,), PayoutState.FAILED),
    ],
)
def test_a_payout_ends_as_its_lines_do(states: tuple[LineState, ...], ended: PayoutState):
    assert ended_state([line(number, state) for number, state in enumerate(states)]) is ended


def test_a_gateway_is_asked_again_later_each_time_and_an_hour_at_most():
    waits = [next_try(tries=tries, now=NOW) - NOW for tries in (0, 1, 2, 8, 99)]
    assert waits == [
        timedelta(seconds=2),
        timedelta(seconds=2),
        timedelta(seconds=10),
        timedelta(hours=1),
        timedelta(hours=1),
    ]
