"""What may be published never takes more of a line than there is, but where publishing said so; and there it is cut."""

from fractions import Fraction
from uuid import UUID

from hypothesis import assume, given, target
from hypothesis import strategies as st

from loopline.kernel.ids import PartyId
from loopline.kernel.money import BASIS_POINTS, portion, tax_within
from loopline.kernel.refusals import Refusal
from loopline.sharing import publishing, rules
from loopline.sharing.model import Base, LineToSplit, Parties, Per, Role, RuleRow, Stretch
from tests.make.sharing import rule_set

EVERYBODY = Parties(**{role.value: PartyId(UUID(int=place)) for place, role in enumerate(Role, start=1)})
REST = RuleRow(role=Role.BRAND, remainder=True)


@st.composite
def row_of(draw: st.DrawFn) -> RuleRow:
    role = draw(st.sampled_from([one for one in Role if one is not Role.BRAND][:6]))
    channels = draw(st.sampled_from([(), (), ("till",), ("web",)]))
    bound = draw(st.sampled_from([None, None, True, False]))
    if draw(st.integers(0, 3)) == 0:
        return RuleRow(
            role=role,
            channels=channels,
            bound=bound,
            amount_minor=draw(st.integers(0, 900)),
            per=draw(st.sampled_from(list(Per))),
        )
    floor, cap = sorted((draw(st.integers(0, 400)), draw(st.integers(0, 900))))
    return RuleRow(
        role=role,
        channels=channels,
        bound=bound,
        basis_points=draw(st.sampled_from([0, 300, 1_500, 2_500, 3_000, 5_000, 10_000])),
        base=draw(st.sampled_from(list(Base))),
        floor_minor=draw(st.sampled_from([None, None, floor])),
        cap_minor=draw(st.sampled_from([None, None, cap])),
    )


@st.composite
def lines(draw: st.DrawFn) -> LineToSplit:
    """Lines as they are sold: a list price, what was taken off it, the tax in what is paid."""
    units = draw(st.integers(1, 4))
    listed = units * draw(st.integers(1, 1_000) | st.integers(1, 10**6))
    paid = portion(listed, draw(st.sampled_from([100, 100, 95, 80, 50, 20, 1])), 100)
    net = paid - tax_within(paid, draw(st.sampled_from([0, 900, 1_300, 2_700])))
    funded = draw(st.sampled_from([0, 0, listed - paid]))
    others = draw(st.sampled_from([0, 0, 700]))
    whole = Stretch(others, others + net, others + net + draw(st.sampled_from([0, 500])))
    return LineToSplit(
        channel=draw(st.sampled_from(["till", "web", "phone"])),
        category="",
        delivery="deliver",
        parties=EVERYBODY,
        units=units,
        base_minor=net,
        currency="CNY",
        bound=draw(st.frozensets(st.sampled_from(list(Role)))),
        list_minor=listed,
        paid_minor=paid,
        cost_minor=draw(st.sampled_from([None, 0, net // 2, 2 * net])),
        in_parcel=draw(st.sampled_from([None, whole])),
        in_order=draw(st.sampled_from([None, whole])),
        funded_minor=min(funded, listed - net),
    )


def wanted_of(row: RuleRow, line: LineToSplit) -> Fraction:
    """What a row says that it takes of a line, to the last fraction."""
    if row.amount_minor is not None:
        stretch = {Per.UNIT: None, Per.PARCEL: line.in_parcel, Per.ORDER: line.in_order}[row.per]
        if row.per is Per.UNIT:
            return Fraction(row.amount_minor * line.units)
        if stretch is None:
            return Fraction(row.amount_minor)
        return (
            Fraction(row.amount_minor * line.base_minor, stretch.whole_minor)
            if stretch.whole_minor
            else Fraction(0)
        )
    wanted = Fraction(rules.base_of(row.base, line) * (row.basis_points or 0), BASIS_POINTS)
    if row.floor_minor is not None:
        wanted = max(wanted, Fraction(row.floor_minor * line.units))
    return wanted if row.cap_minor is None else min(wanted, Fraction(row.cap_minor * line.units))


def missing(table: tuple[RuleRow, ...], line: LineToSplit) -> Fraction:
    """By how much what the deciding rows say is more than the line brings; the amounts that are dealt add up to it."""
    decision = rules.Splitter(rule_set(table)).decide(line)
    assert not isinstance(decision, Refusal)
    dealt = rules.deal(decision, line)
    assert sum(dealt) == line.base_minor
    assert min(dealt) >= 0
    wanted = [wanted_of(cut.row, line) for cut in decision.cuts[:-1]]
    rounding = len(wanted)
    if sum(wanted) + rounding <= line.base_minor:
        # There is enough: nobody is cut, and who has the rest has the rest.
        assert all(abs(got - asked) <= 1 for got, asked in zip(dealt[:-1], wanted, strict=True))
    return sum(wanted, Fraction(0)) - rounding - line.base_minor


@given(st.lists(row_of(), max_size=6), lines())
def test_what_is_published_takes_more_than_there_is_only_where_it_was_said(
    drawn: list[RuleRow], line: LineToSplit
) -> None:
    table = (*drawn, REST)
    assume(not publishing.problems_of(table))
    more = missing(table, line)
    target(float(more))
    limits = publishing.limits_of(table)
    below = max((one.below_minor for one in limits), default=0)
    percent = max((one.net_percent for one in limits), default=0)
    if more > 0:
        assert line.base_minor < below * line.units or 100 * line.base_minor < percent * (
            line.list_minor or 0
        )


@given(
    st.lists(row_of(), max_size=5),
    st.lists(st.sampled_from([2_500, 5_000, 7_500, 10_000]), min_size=3, max_size=3),
)
def test_what_is_refused_for_taking_too_much_would_at_whatever_price(
    drawn: list[RuleRow], greedy: list[int]
) -> None:
    """Of a dear line without tax or discount, sold where the refusal says, the rows want more than it brings."""
    roles = [one for one in Role if one is not Role.BRAND]
    rows = [RuleRow(role=role, basis_points=part) for role, part in zip(roles, greedy, strict=False)]
    table = (*drawn, *rows, REST)
    above = [one for one in publishing.problems_of(table) if type(one).__name__ == "SplitsAboveWhole"]
    assume(above)
    net = 10**9
    for channel in ("till", "web", "phone"):
        for bound in (frozenset[Role](), frozenset(Role)):
            line = LineToSplit(
                channel=channel,
                category="",
                delivery="deliver",
                parties=EVERYBODY,
                units=1,
                base_minor=net,
                currency="CNY",
                bound=bound,
                list_minor=net,
                paid_minor=net,
                cost_minor=0,
            )
            # Somebody else's role may be bound in the worst case: each role's worst is looked at by itself.
            if _worst(table, line) > net:
                return
    raise AssertionError(f"{above} of nothing")


def _worst(table: tuple[RuleRow, ...], line: LineToSplit) -> Fraction:
    most = Fraction(0)
    for role in Role:
        found = [Fraction(0)]
        for is_bound in (True, False):
            asked = [
                row
                for row in table
                if row.role is role
                and not row.remainder
                and row.bound in (None, is_bound)
                and (not row.channels or line.channel in row.channels)
            ]
            found += [wanted_of(asked[0], line)] if asked else []
        most += max(found)
    return most
