"""Marketplaces' own files against the books, and payouts of several days that a bank states in one sum."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from loopline import bills
from loopline.bills import DifferenceState, Layout, Source, SourceKind
from loopline.db import Conn
from tests.make.bills import BANK, DAY, Paid, wechat_bill, yuan
from tests.make.shop import Shop, open_shop
from tests.process.test_reconcile import (
    by_class,
    differences,
    give_back,
    kept_source,
    pay,
    run,
    sound,
    take_in,
)

GOLDEN = Path(__file__).parents[1] / "unit" / "bills" / "golden"
LATER = datetime(2026, 3, 25, 4, tzinfo=UTC)
MONDAY = DAY + timedelta(days=7)
FRIDAY, SATURDAY, SUNDAY = (MONDAY - timedelta(days=before) for before in (3, 2, 1))


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn)


def marketplace(conn: Conn, shop: Shop, layout: Layout) -> Source:
    return kept_source(
        conn, shop, "M", kind=SourceKind.MARKETPLACE, channel="till", methods=(), account="receivable", layout=layout
    )  # fmt: skip


def test_what_douyin_settles_piece_by_piece_is_the_orders_money(conn: Conn, shop: Shop):
    source = marketplace(conn, shop, Layout.DOUYIN)
    first = pay(conn, shop, "6930162745589500001", 16_000, method="platform")
    give_back(conn, shop, first, "7000000000000000032", 5_000)
    third = pay(conn, shop, "6930162745589500003", 9_800, method="platform")
    give_back(conn, shop, third, "R-3", 3_800)
    taken = take_in(conn, source, (GOLDEN / "douyin.csv").read_bytes())
    assert taken.bill.fee_minor == 900
    made = run(conn, "M")
    assert (made.totals.matched, made.totals.by_key) == (4, 4)
    # What is kept of the day's orders, an insurance by itself, and what was withdrawn to the bank.
    assert by_class(differences(conn)) == {"fee": [-900, -40], "missing_ours": [-10_000]}
    sound(conn)


def test_what_jd_settles_fee_by_fee_is_the_orders_money(conn: Conn, shop: Shop):
    source = marketplace(conn, shop, Layout.JINGDONG)
    pay(conn, shop, "290000000001", 16_420, method="platform")
    back = pay(conn, shop, "290000000002", 2_260, method="platform")
    give_back(conn, shop, back, "R-2", 2_260)
    take_in(conn, source, (GOLDEN / "jingdong.csv").read_bytes())
    made = run(conn, "M", now=LATER)
    assert made.totals.by_key == 2
    assert by_class(differences(conn)) == {"fee": [-3_000, -805], "timing": [-2_260]}
    sound(conn)


def test_an_account_of_alipay_pays_for_orders_on_taobao(conn: Conn, shop: Shop):
    source = marketplace(conn, shop, Layout.ALIPAY_FUNDS)
    pay(conn, shop, "5116032541422009305", 15_820, method="platform")
    back = pay(conn, shop, "5116032541422009306", 2_260, method="platform")
    give_back(conn, shop, back, "R-2", 2_260)
    take_in(conn, source, (GOLDEN / "alipay_funds.csv").read_bytes())
    made = run(conn, "M", now=LATER)
    assert made.totals.by_key == 2
    assert by_class(differences(conn)) == {"fee": [-791], "missing_ours": [-10_000], "timing": [-2_260]}
    sound(conn)


def bank_file(lines: Sequence[tuple[date, int, str]]) -> bytes:
    rows = [f"{day.isoformat()},B{place},财付通支付科技有限公司,{about},{yuan(amount)},"
            for place, (day, amount, about) in enumerate(lines)]  # fmt: skip
    return "\n".join(["交易日期,流水号,对方户名,摘要,收入金额,支出金额", *rows, "合计,,,,,"]).encode()


def weekend(conn: Conn, shop: Shop, *, amounts: Sequence[int] = (10_000, 7_000, 3_000)) -> None:
    """A gateway's bills of three days, each with a fee, and a bank that has said nothing yet."""
    wechat = kept_source(conn, shop)
    kept_source(
        conn, shop, "BANK", kind=SourceKind.BANK, methods=("transfer",), payer="", account="cash",
        layout=Layout.MAPPED, mapping=BANK,
    )  # fmt: skip
    for day, amount in zip((FRIDAY, SATURDAY, SUNDAY), amounts, strict=True):
        take_in(conn, wechat, wechat_bill([Paid(f"N{day}", amount, fee=60, day=day)]), name=f"{day}.csv")


def bank_says(conn: Conn, *lines: tuple[date, int, str]) -> None:
    (bank,) = bills.sources_of(conn, None, codes=["BANK"])
    take_in(conn, bank, bank_file(lines), name="bank.csv")


def test_three_days_that_a_bank_states_in_one_sum_are_matched_together(conn: Conn, shop: Shop):
    weekend(conn, shop)
    bank_says(conn, (DAY, 1, "利息"))
    run(conn, "BANK", days=(DAY, MONDAY), now=LATER)
    open_before = differences(conn, DifferenceState.OPEN)
    assert sorted(one.amount_minor for one in open_before) == [-9_940, -6_940, -2_940, 1]
    bank_says(conn, (MONDAY, 19_820, "结算款"))
    made = run(conn, "BANK", days=(DAY, MONDAY), now=LATER)
    assert (made.totals.matched, made.totals.by_rule, made.closed) == (1, 1, 3)
    assert [one.amount_minor for one in differences(conn, DifferenceState.OPEN)] == [1]
    again = run(conn, "BANK", days=(DAY, MONDAY), now=LATER)
    assert (again.totals.matched, again.opened, again.closed) == (1, 0, 0)
    assert again.totals.theirs_minor - again.totals.ours_minor == 1
    sound(conn)


@pytest.mark.parametrize(
    ("amounts", "lines"),
    [
        ((10_000, 7_000, 3_000), [(MONDAY, 19_821, "结算款")]),  # a cent more
        ((5_000, 5_000, 5_000), [(MONDAY, 9_880, "结算款")]),  # the first two days, or the last two
        (
            (10_000, 7_000, 3_000),
            [(MONDAY, 19_820, "结算款"), (MONDAY, 19_820, "结算款 再次")],
        ),  # which of the two
        ((10_000, 7_000, 3_000), [(SUNDAY + timedelta(days=8), 19_820, "结算款")]),  # too late to be of them
    ],
)
def test_where_it_is_not_clear_which_days_are_paid_nothing_is_decided(
    conn: Conn, shop: Shop, amounts: tuple[int, int, int], lines: list[tuple[date, int, str]]
):
    weekend(conn, shop, amounts=amounts)
    bank_says(conn, *lines)
    made = run(conn, "BANK", days=(DAY, MONDAY + timedelta(days=9)), now=LATER)
    assert made.totals.matched == 0
    assert len(differences(conn, DifferenceState.OPEN)) == 3 + len(lines)
    sound(conn)
