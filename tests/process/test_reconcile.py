"""Bills against the books: what is matched, what is not and why, what becomes of it, again and again."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from loopline import bills, org
from loopline.bills import (
    Act,
    Action,
    BillTaken,
    Correction,
    Difference,
    DifferenceAsk,
    DifferenceClass,
    DifferenceClosed,
    DifferenceNeedsANote,
    DifferenceState,
    DifferenceUnknown,
    Layout,
    NothingToCorrect,
    ReadBill,
    Run,
    Source,
    SourceKind,
    SourceMoved,
    SourceUnknown,
    TooYoungToCorrect,
    read_bill,
)
from loopline.db import Conn, Database, run_check
from loopline.kernel.ids import OrderId, PaymentId, uuid7
from loopline.kernel.refusals import Refused
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.ledger.checks import CHECKS as LEDGER_CHECKS
from loopline.payments import NewPayment, NewRefund, RefundId, record_refunds
from loopline.processes.pay import take_payments
from loopline.processes.place import Placed, place
from loopline.processes.reconcile.running import compare, look, reconcile, write_down
from loopline.processes.reconcile.working import keep_sources, source_in, take_in_bill, work_differences
from tests.make.bills import BANK, DAY, MARKET, Paid, new_source, wechat_bill
from tests.make.loop import balances
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, ask, open_shop, till_sale

LATER = datetime(2026, 3, 20, 4, tzinfo=UTC)
NEXT_DAY = DAY + timedelta(days=1)


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn)


def pay(conn: Conn, shop: Shop, number: str, amount: int, *, at: datetime = NOON, **fields: Any) -> OrderId:
    """An order for which WeChat Pay took an amount, under a number of its own."""
    (placed,) = place(conn, [till_sale(shop, number, placed_at=at)], scope=WHOLE_BRAND, now=at)
    assert isinstance(placed, Placed), placed
    stated: dict[str, Any] = {
        "id": PaymentId(uuid7(at)),
        "key": f"wechat:{placed.order_id}:{number}",
        "order_id": placed.order_id,
        "method": "wechat",
        "entity_id": shop.brand_entity,
        "currency": "CNY",
        "amount_minor": amount,
        "taken_at": at,
    }
    succeeded(take_payments(conn, [NewPayment(**(stated | fields))], now=at))
    return placed.order_id


def give_back(
    conn: Conn, shop: Shop, order_id: OrderId, number: str, amount: int, *, at: datetime = NOON
) -> None:
    refund = NewRefund(
        id=RefundId(uuid7(at)),
        key=f"wechat:{order_id}:{number}",
        entity_id=shop.brand_entity,
        currency="CNY",
        amount_minor=amount,
        refunded_at=at,
        order_id=order_id,
    )
    succeeded(record_refunds(conn, [refund], now=at))


def kept_source(conn: Conn, shop: Shop, code: str = "WX", **fields: Any) -> Source:
    new = new_source(code, entity_id=shop.brand_entity, **fields)
    (saved,) = succeeded(keep_sources(conn, [new], scope=WHOLE_BRAND, by="test", now=NOON))
    return saved


def take_in(
    conn: Conn, source: Source, content: bytes, *, now: datetime = NOON, name: str = "b.csv"
) -> BillTaken:
    read = read_bill(content, file_name=name, source=source)
    assert isinstance(read, ReadBill), read
    return take_in_bill(conn, source, read, by="test", now=now)


def run(conn: Conn, code: str = "WX", *, days: tuple[date, date] = (DAY, DAY), now: datetime = LATER) -> Run:
    found = source_in(conn, code, scope=WHOLE_BRAND)
    assert isinstance(found, Source)
    new = compare(look(conn, found, *days, now=now))
    made = write_down(conn, found, new, by="test", now=now)
    assert made is not None
    return made


def differences(conn: Conn, *states: DifferenceState) -> list[Difference]:
    every = bills.sources_of(conn, None)
    asked = DifferenceAsk(source_ids=[one.id for one in every], states=states or tuple(DifferenceState))
    return bills.find_differences(conn, asked)


def by_class(found: Sequence[Difference]) -> dict[str, list[int]]:
    told: dict[str, list[int]] = {}
    for one in found:
        told.setdefault(one.kind.value, []).append(one.amount_minor)
    return {kind: sorted(amounts) for kind, amounts in told.items()}


def sound(conn: Conn) -> None:
    """What doctor proves of bills and of the ledger holds; the orders here are paid as no customer would."""
    assert [one.name for one in (*bills.CHECKS, *LEDGER_CHECKS) if run_check(conn, one)] == []


def test_a_day_of_a_gateway_with_every_kind_of_difference(conn: Conn, shop: Shop):
    wechat = kept_source(conn, shop)
    for number, amount in (("N1", 10_000), ("N2", 5_000), ("N3", 3_000), ("N4", 2_000), ("N5", 10_000)):
        pay(conn, shop, number, amount)
    back = pay(conn, shop, "N6", 8_000)
    give_back(conn, shop, back, "R6", 1_000)
    pay(conn, shop, "CASH", 700, method="cash")
    paid = [
        Paid("N1", 10_000),
        Paid("N2", 5_000),
        Paid("N2", 5_000),  # the same again
        Paid("N3", 2_955),  # short by a fee
        Paid("N4", 1_000),  # another amount
        Paid("N6", 8_000),
        Paid("N9", 4_400),  # nothing of ours
        Paid("N7", 300, refund="R7"),  # a refund that we know nothing of
    ]
    taken = take_in(conn, wechat, wechat_bill(paid))
    assert (taken.is_repeat, taken.bill.lines) == (False, 8)
    made = run(conn)
    fees = sum(-one.fee if one.refund else one.fee for one in paid)
    assert by_class(differences(conn)) == {
        "fee": sorted([-45, -fees]),
        "amount": [-1_000],
        "duplicate": [5_000],
        "missing_ours": [4_400],
        # Bills speak of no later day yet: these two may still come.
        "timing": [-10_000, 1_000],
        "refund": [-300],
    }
    totals = made.totals
    assert (totals.matched, totals.by_key, made.opened, made.closed) == (3, 5, 8, 0)
    assert totals.theirs_minor - totals.ours_minor == sum(
        one.theirs_minor - one.ours_minor for one in made.classes
    )
    assert totals.ours_minor == 10_000 + 5_000 + 3_000 + 2_000 + 10_000 + 8_000 - 1_000
    take_in(conn, wechat, wechat_bill([Paid("N0", 1, fee=0, day=DAY + timedelta(days=2))]))
    run(conn)
    assert [one.amount_minor for one in differences(conn) if one.kind is DifferenceClass.MISSING_THEIRS] == [
        -10_000
    ]
    assert sorted(one.amount_minor for one in differences(conn) if one.kind is DifferenceClass.REFUND) == [
        -300,
        1_000,
    ]
    sound(conn)


def test_the_same_file_and_the_same_run_again_change_nothing(conn: Conn, shop: Shop):
    wechat = kept_source(conn, shop)
    pay(conn, shop, "N1", 10_000)
    pay(conn, shop, "N2", 9_000)
    content = wechat_bill([Paid("N1", 10_000), Paid("N3", 400)])
    first = take_in(conn, wechat, content)
    again = take_in(conn, wechat, content, now=LATER, name="other name.csv")
    assert (again.is_repeat, again.bill) == (True, first.bill)
    made, before = run(conn), differences(conn)
    repeated = run(conn)
    assert differences(conn) == before
    assert (repeated.totals, repeated.classes) == (made.totals, made.classes)
    assert (repeated.opened, repeated.closed) == (0, 0)
    sound(conn)


def test_what_is_early_on_one_side_closes_by_itself_when_its_half_comes(conn: Conn, shop: Shop):
    wechat = kept_source(conn, shop)
    late = datetime(2026, 3, 2, 15, 59, 58, tzinfo=UTC)  # two seconds before midnight in Shanghai
    pay(conn, shop, "N1", 10_000, at=late)
    take_in(conn, wechat, wechat_bill([Paid("N0", 100, fee=0)]))
    run(conn, now=late + timedelta(hours=1))
    assert by_class(differences(conn)) == {"timing": [-10_000, 100]}
    take_in(conn, wechat, wechat_bill([Paid("N1", 10_000, fee=0, day=NEXT_DAY)]))
    made = run(conn, days=(NEXT_DAY, NEXT_DAY), now=late + timedelta(days=1))
    assert (made.totals.matched, made.closed) == (1, 1)
    assert by_class(differences(conn, DifferenceState.MATCHED)) == {"timing": [-10_000]}
    # The other one never finds its half: when its time is over it is missing.
    run(conn, days=(NEXT_DAY, NEXT_DAY), now=LATER)
    (left,) = differences(conn, DifferenceState.OPEN)
    assert (left.kind, left.amount_minor) == (DifferenceClass.MISSING_OURS, 100)
    assert [step.kind.value for step in bills.steps_of(conn, left.id)] == ["timing", "missing_ours"]
    sound(conn)


def test_a_correction_posts_what_the_books_lack_once(conn: Conn, shop: Shop):
    wechat = kept_source(conn, shop)
    pay(conn, shop, "N1", 10_000)
    take_in(conn, wechat, wechat_bill([Paid("N1", 10_000, fee=60)]))
    run(conn)
    (fee,) = differences(conn)
    before = balances(conn)
    act = Act(difference_id=fee.id, action=Action.CORRECT, note="fees of the day", correction=Correction.FEE)
    done, again = work_differences(conn, [act, act], scope=WHOLE_BRAND, by="wang", now=LATER)
    assert isinstance(done, Difference)
    assert (done.state, done.correction) == (DifferenceState.CORRECTED, Correction.FEE)
    assert again == DifferenceClosed(difference_id=fee.id, state=DifferenceState.CORRECTED)
    after = balances(conn)
    changed = {
        name: after.get(name, 0) - before.get(name, 0)
        for name in after
        if after.get(name) != before.get(name)
    }
    assert changed == {"gateway": -60, "payment_fee": 60}
    run(conn)
    assert differences(conn, DifferenceState.OPEN) == []
    sound(conn)


def test_a_line_that_two_files_say_keeps_one_fee_and_is_owed_once(conn: Conn, shop: Shop):
    wechat = kept_source(conn, shop)
    pay(conn, shop, "N1", 10_000)
    daily = [Paid("N1", 10_000, fee=60), Paid("N2", 5_000, fee=30)]
    take_in(conn, wechat, wechat_bill(daily))
    run(conn)
    open_before = by_class(differences(conn))
    saved_again = wechat_bill(daily).removeprefix("\ufeff".encode()).replace(b"\r\n", b"\n")
    taken = take_in(conn, wechat, saved_again, now=NOON + timedelta(hours=1))
    assert not taken.is_repeat
    of_month = wechat_bill([*daily, Paid("N3", 700, fee=5), Paid("N4", 800, fee=6, day=NEXT_DAY)])
    take_in(conn, wechat, of_month, now=NOON + timedelta(hours=2))
    run(conn, days=(DAY, NEXT_DAY))
    assert open_before == {"fee": [-90], "missing_ours": [5_000]}
    assert by_class(differences(conn)) == {
        "fee": [-90, -6, -5],
        "duplicate": [5_000, 5_000, 10_000, 10_000],
        "missing_ours": [700, 800, 5_000],
    }
    owed = bills.settlements_by_day(conn, shop.brand_entity, "CNY", DAY, NEXT_DAY)
    assert [(one.day, one.amount_minor) for one in owed] == [
        (DAY, 10_000 + 5_000 + 700 - 60 - 30 - 5),
        (NEXT_DAY, 800 - 6),
    ]
    sound(conn)


def test_a_fee_with_a_line_of_its_own_in_two_files_is_one_fee_and_a_duplicate(conn: Conn, shop: Shop):
    market = kept_source(
        conn, shop, "TM", kind=SourceKind.MARKETPLACE, channel="web", methods=(), account="receivable",
        layout=Layout.MAPPED, mapping=MARKET,
    )  # fmt: skip
    content = "Settled on,Amount,Commission,Line,Order,Type\n02/03/2026,-12.00,0,A1,T1,Advert\n"
    take_in(conn, market, content.encode())
    take_in(conn, market, content.replace("\n", "\r\n").encode(), now=NOON + timedelta(hours=1))
    run(conn, "TM")
    assert by_class(differences(conn)) == {"fee": [-1_200], "duplicate": [-1_200]}
    owed = bills.settlements_by_day(conn, shop.brand_entity, "CNY", DAY, DAY)
    assert [one.amount_minor for one in owed] == [-1_200]
    sound(conn)


def test_what_may_not_be_done_with_a_difference_changes_nothing(conn: Conn, shop: Shop):
    wechat = kept_source(conn, shop)
    pay(conn, shop, "N1", 10_000)
    take_in(conn, wechat, wechat_bill([Paid("N8", 100, fee=0)]))
    run(conn, now=NOON)
    one, _ = before = differences(conn)
    elsewhere = Scope(org_units=frozenset())
    cases = [
        (Act(difference_id=one.id, action=Action.EXPLAIN, note=" "), WHOLE_BRAND, DifferenceNeedsANote),
        (Act(difference_id=one.id, action=Action.REOPEN, note="x"), WHOLE_BRAND, DifferenceClosed),
        (Act(difference_id=one.id, action=Action.CORRECT, note="x"), WHOLE_BRAND, NothingToCorrect),
        (
            Act(difference_id=one.id, action=Action.CORRECT, note="x", correction=Correction.LOSS),
            WHOLE_BRAND,
            TooYoungToCorrect,
        ),
        (Act(difference_id=one.id, action=Action.EXPLAIN, note="x"), elsewhere, DifferenceUnknown),
    ]
    for act, scope, refused in cases:
        (outcome,) = work_differences(conn, [act], scope=scope, by="wang", now=LATER)
        assert isinstance(outcome, refused), outcome
    assert differences(conn) == before
    told = Act(difference_id=one.id, action=Action.TELL, note="mail of today", owner="li")
    work_differences(conn, [told], scope=WHOLE_BRAND, by="wang", now=LATER)
    again = Act(difference_id=one.id, action=Action.REOPEN, note="no answer")
    (opened,) = work_differences(conn, [again], scope=WHOLE_BRAND, by="wang", now=LATER)
    assert isinstance(opened, Difference)
    assert (opened.state, opened.owner, opened.note) == (DifferenceState.OPEN, "li", "no answer")


def test_a_bank_is_held_against_what_gateways_should_have_paid_out(conn: Conn, shop: Shop):
    wechat = kept_source(conn, shop)
    bank = kept_source(
        conn, shop, "BANK", name="招商银行 Bank", kind=SourceKind.BANK, layout=Layout.MAPPED, mapping=BANK,
        account="cash", methods=("bank_transfer",), payer="",
    )  # fmt: skip
    pay(conn, shop, "N1", 10_000)
    pay(conn, shop, "7K3Q-9XA", 8_800, method="bank_transfer")
    take_in(conn, wechat, wechat_bill([Paid("N1", 10_000, fee=60)]))
    content = (
        "交易日期,流水号,收入金额,支出金额,对方户名,摘要\n"
        "2026-03-03,B1,99.40,,财付通支付科技有限公司,\n"
        "2026-03-02,7K3Q-9XA,88.00,,张三,货款\n"
        "2026-03-03,B3,,18.00,,手续费\n"
    )
    take_in(conn, bank, content.encode("gbk"), name="cmb.csv")
    made = run(conn, "BANK", days=(DAY, NEXT_DAY))
    assert (made.totals.by_key, made.totals.by_rule) == (1, 1)
    assert by_class(differences(conn)) == {"refund": [-1_800]}


def test_marketplaces_orders_meet_their_bill_by_the_marketplaces_number(conn: Conn, shop: Shop):
    source = kept_source(
        conn, shop, "TM", kind=SourceKind.MARKETPLACE, channel="web", methods=(), account="receivable",
    )  # fmt: skip
    (placed,) = place(conn, [ask(shop, "TM-1")], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(placed, Placed)
    payment = NewPayment(
        id=PaymentId(uuid7(NOON)),
        key=f"platform:{placed.order_id}:x",
        order_id=placed.order_id,
        method="platform",
        entity_id=shop.brand_entity,
        currency="CNY",
        amount_minor=placed.amount_minor,
        taken_at=NOON,
    )
    succeeded(take_payments(conn, [payment], now=NOON))
    take_in(conn, source, wechat_bill([Paid("TM-1", placed.amount_minor, fee=0)]))
    assert run(conn, "TM").totals.matched == 1


def test_companies_are_kept_apart(conn: Conn, shop: Shop):
    kept_source(conn, shop)
    dealer = org.units_by_code(conn, ["DEALER"])["DEALER"]
    scope = Scope(org_units=frozenset({dealer.id}))
    assert source_in(conn, "WX", scope=scope) == SourceUnknown(source="WX")
    entity = org.entities_by_code(conn, ["DEALER-CO"])["DEALER-CO"]
    (mine,) = succeeded(
        keep_sources(conn, [new_source("D-WX", entity_id=entity.id)], scope=scope, by="d", now=NOON)
    )
    assert source_in(conn, "D-WX", scope=scope) == mine
    (refused,) = keep_sources(
        conn, [new_source("X", entity_id=shop.brand_entity)], scope=scope, by="d", now=NOON
    )
    assert type(refused).__name__ == "NotInYourBranch"
    # Another company's code cannot be taken over either.
    (taken,) = keep_sources(conn, [new_source("WX", entity_id=entity.id)], scope=scope, by="d", now=NOON)
    assert type(taken).__name__ == "SourceIsAnothers"


def test_what_was_found_by_a_source_that_was_kept_anew_meanwhile_is_not_written(conn: Conn, shop: Shop):
    wechat = kept_source(conn, shop)
    pay(conn, shop, "N1", 10_000)
    take_in(conn, wechat, wechat_bill([Paid("N1", 10_000, fee=0)]))
    found = source_in(conn, "WX", scope=WHOLE_BRAND)
    assert isinstance(found, Source)
    new = compare(look(conn, found, DAY, DAY, now=LATER))
    kept_source(conn, shop, methods=("alipay",))  # what we hold against its bills is another now
    assert write_down(conn, found, new, by="test", now=LATER) is None
    assert (bills.last_runs(conn, [wechat.id], at_most=9), differences(conn)) == ([], [])
    assert (run(conn).totals.matched, by_class(differences(conn))) == (0, {"missing_ours": [10_000]})


def test_a_run_that_others_overtake_begins_again_and_one_that_dies_leaves_nothing(database: Database):
    with database.transaction() as conn:
        shop = open_shop(conn)
        wechat = kept_source(conn, shop)
        pay(conn, shop, "N1", 10_000)
        take_in(conn, wechat, wechat_bill([Paid("N1", 10_000, fee=0)]))

    def find(conn: Conn) -> Source:
        found = source_in(conn, "WX", scope=WHOLE_BRAND)
        assert isinstance(found, Source)
        return found

    overtaken: list[int] = []

    def reading(work: Any) -> Any:
        with database.reading() as conn:
            return work(conn, LATER)

    def overtaking(work: Any) -> Any:
        if len(overtaken) < limit:
            with database.transaction() as conn:
                number = f"X{len(overtaken)}{limit}"
                take_in(conn, find(conn), wechat_bill([Paid(number, 100, fee=0)]))
            overtaken.append(1)
        with database.transaction() as conn:
            return work(conn, LATER)

    limit = 1
    made = reconcile(find, (DAY, DAY), reading=reading, writing=overtaking, by="test")
    assert (made.totals.theirs_lines, made.totals.matched, made.opened) == (2, 1, 1)
    overtaken.clear()
    limit = 9
    with pytest.raises(Refused) as refused:
        reconcile(find, (DAY, DAY), reading=reading, writing=overtaking, by="test")
    assert refused.value.refusal == SourceMoved(source="WX")

    def dying(work: Any) -> Any:
        with database.transaction() as conn:
            work(conn, LATER)
            raise ConnectionResetError

    with database.reading() as conn:
        before = (bills.last_runs(conn, [wechat.id], at_most=9), differences(conn))
    with pytest.raises(ConnectionResetError):
        reconcile(find, (DAY, NEXT_DAY), reading=reading, writing=dying, by="test")
    with database.reading() as conn:
        assert (bills.last_runs(conn, [wechat.id], at_most=9), differences(conn)) == before
        sound(conn)
