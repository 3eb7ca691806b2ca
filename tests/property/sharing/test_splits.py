"""Money properties of sharing: exact splits, mirrored claw-backs, the same as the ledger takes back."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from loopline.kernel.ids import uuid7
from loopline.ledger.rules import reversed_amounts
from loopline.sharing import publishing, rules
from loopline.sharing.model import (
    FOR_WAITING,
    Base,
    LineToSplit,
    Per,
    Role,
    RuleRow,
    Split,
    StoredSplit,
    Stretch,
    Waited,
)
from tests.make.sharing import NOW, PARTIES, claw_back, rule_set, split

CHANNELS, CATEGORIES, DELIVERIES = ("till", "web"), ("gift", "food"), ("deliver", "collect")


def some(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.sets(st.sampled_from(values)).map(lambda chosen: tuple(sorted(chosen)))


@st.composite
def conditional_rows(draw: st.DrawFn) -> RuleRow:
    is_percentage = draw(st.booleans())
    floor, cap = sorted((draw(st.integers(0, 300)), draw(st.integers(0, 300))))
    return RuleRow(
        role=draw(st.sampled_from(list(Role))),
        regions=draw(some(("31", "3101", "32"))),
        campaigns=draw(some(("show",))),
        base=draw(st.sampled_from(list(Base))) if is_percentage else Base.NET,
        floor_minor=draw(st.sampled_from([None, floor])) if is_percentage else None,
        cap_minor=draw(st.sampled_from([None, cap])) if is_percentage else None,
        per=Per.UNIT if is_percentage else draw(st.sampled_from(list(Per))),
        channels=draw(some(CHANNELS)),
        categories=draw(some(CATEGORIES)),
        deliveries=draw(some(DELIVERIES)),
        bound=draw(st.sampled_from([None, None, True, False])),
        basis_points=draw(st.integers(0, 10_000)) if is_percentage else None,
        amount_minor=None if is_percentage else draw(st.integers(0, 500)),
    )


@st.composite
def rows(draw: st.DrawFn) -> tuple[RuleRow, ...]:
    drawn = draw(st.lists(conditional_rows(), max_size=8))
    at = draw(st.integers(0, len(drawn)))
    return (*drawn[:at], RuleRow(role=Role.BRAND, remainder=True), *drawn[at:])


stretches = st.tuples(st.integers(0, 500), st.integers(0, 500), st.integers(0, 500)).map(
    lambda three: Stretch(three[0], three[0] + three[1], sum(three))
)
lines = st.builds(
    LineToSplit,
    channel=st.sampled_from([*CHANNELS, "phone"]),
    category=st.sampled_from([*CATEGORIES, "wine"]),
    delivery=st.sampled_from([*DELIVERIES, "carried_out"]),
    parties=st.just(PARTIES),
    units=st.integers(1, 40),
    base_minor=st.integers(0, 10**9) | st.integers(0, 50),
    currency=st.just("CNY"),
    bound=st.frozensets(st.sampled_from(list(Role))),
    region=st.sampled_from(["", "310115", "310200", "320500"]),
    campaign=st.sampled_from(["", "show"]),
    list_minor=st.none() | st.integers(0, 10**9),
    paid_minor=st.none() | st.integers(0, 10**9),
    cost_minor=st.none() | st.integers(0, 10**9),
    in_parcel=st.none() | stretches,
    in_order=st.none() | stretches,
)
waits = st.builds(
    Waited,
    extra_minor=st.integers(1, 5_000),
    most_percent=st.sampled_from([0, 0, 10, 100]),
    since=st.just(NOW),
    rounds=st.integers(1, 5),
    profile_version=st.just(1),
)


@given(rows(), lines)
def test_whatever_may_be_published_splits_every_line_exactly(
    table: tuple[RuleRow, ...], line: LineToSplit
) -> None:
    above = any(type(problem).__name__ == "SplitsAboveWhole" for problem in publishing.problems_of(table))
    if above:
        return
    shares = rules.split_lines(rule_set(table), [line])[0]
    assert isinstance(shares, tuple)
    assert sum(share.amount_minor for share in shares) == line.base_minor
    assert all(share.amount_minor > 0 for share in shares)
    assert len({share.rule_row for share in shares}) == len(shares)


@given(rows(), lines)
def test_no_row_earns_where_its_conditions_do_not_hold_or_an_earlier_one_decides(
    table: tuple[RuleRow, ...], line: LineToSplit
) -> None:
    if publishing.problems_of(table):
        return
    shares = rules.split_lines(rule_set(table), [line])[0]
    assert isinstance(shares, tuple)
    for share in shares:
        row = table[share.rule_row - 1]
        assert row.role is share.role
        assert not row.channels or line.channel in row.channels
        assert not row.categories or line.category in row.categories
        assert not row.deliveries or line.delivery in row.deliveries
        assert not row.regions or any(line.region.startswith(code) for code in row.regions)
        assert not row.campaigns or line.campaign in row.campaigns
        assert row.bound in {None, row.role in line.bound}
    paid = [table[share.rule_row - 1] for share in shares]
    assert len({row.role for row in paid if not row.remainder}) == sum(not row.remainder for row in paid)


def stored(of: Split) -> StoredSplit:
    return StoredSplit(
        line_id=of.line_id,
        part_id=of.part_id,
        order_id=of.order_id,
        rule_set_id=of.rule_set_id,
        entity_id=of.entity_id,
        currency=of.currency,
        units=of.units,
        base_minor=of.base_minor,
        due_at=of.due_at,
        party_ids=tuple(share.party_id for share in of.shares),
        rule_rows=tuple(share.rule_row for share in of.shares),
        amounts_minor=tuple(share.amount_minor for share in of.shares),
    )


@given(st.integers(0, 10**7) | st.integers(0, 60), st.integers(1, 30), st.data())
def test_what_is_clawed_back_is_what_the_ledger_takes_back(
    base_minor: int, units: int, data: st.DataObject
) -> None:
    """The ledger posts the money of the sale first, then the shares as a leg of their own."""
    made = split(rule_set().id, base_minor=base_minor, units=units)
    amounts = [share.amount_minor for share in made.shares]
    tax_minor = data.draw(st.integers(0, 10**6))
    posted = [base_minor + tax_minor, -base_minor, -tax_minor, base_minor, *[-amount for amount in amounts]]
    taken = [0] * len(amounts)
    before = 0
    while before < units:
        step = data.draw(st.integers(1, units - before))
        clawed = rules.plan_claw_back(
            claw_back(made, units=step, reference=uuid7(NOW)), stored=stored(made), units_before=before
        )
        assert isinstance(clawed, tuple)
        reversed_now = reversed_amounts(posted, before=before, after=before + step, units_of=units)
        assert sum(reversed_now) == 0
        assert reversed_now[4:] == list(clawed)
        assert reversed_now[3] == -sum(clawed)
        assert all(amount >= 0 for amount in clawed)
        taken = [so_far + amount for so_far, amount in zip(taken, clawed, strict=True)]
        before += step
    assert taken == amounts


@given(rows(), lines, waits)
def test_what_is_paid_for_waiting_comes_out_of_the_rest_alone(
    table: tuple[RuleRow, ...], line: LineToSplit, waited: Waited
) -> None:
    if any(type(problem).__name__ == "SplitsAboveWhole" for problem in publishing.problems_of(table)):
        return
    plain, more = (
        rules.split_lines(rule_set(table), [one])[0] for one in (line, structs.replace(line, waited=waited))
    )
    assert isinstance(plain, tuple)
    assert isinstance(more, tuple)
    on_top = [share for share in more if share.rule_row == FOR_WAITING]
    extra = sum(share.amount_minor for share in on_top)
    assert sum(share.amount_minor for share in more) == line.base_minor
    assert all(share.amount_minor > 0 for share in more)
    assert len(on_top) <= 1
    rest_row = next(place for place, row in enumerate(table, start=1) if row.remainder)
    assert [
        structs.replace(share, amount_minor=share.amount_minor - extra)
        if share.rule_row == rest_row
        else share
        for share in plain
    ] == [share for share in more if share.rule_row != FOR_WAITING]
    earned = sum(share.amount_minor for share in plain if share.party_id == PARTIES.shipping_site)
    assert extra <= waited.extra_minor
    assert not waited.most_percent or 100 * extra <= waited.most_percent * earned + 50
