"""What moved a party's shares, or what it bears, written as lines that explain themselves: order, rule, base, rate."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from uuid import UUID

import msgspec

from loopline import orders
from loopline.db import Conn
from loopline.kernel.ids import OrderId, PartyId, RuleSetId
from loopline.kernel.money import BASIS_POINTS
from loopline.ledger import queries as ledger
from loopline.ledger.model import EntryKind
from loopline.ledger.queries import PartyMovement
from loopline.processes.statement.funding import Fundings, fundings_of_parts
from loopline.sharing import queries as sharing
from loopline.sharing.model import FOR_WAITING, Base, RuleSet
from loopline.sharing.queries import ShareOfLine, SplitPart
from loopline.statements.model import LINES_PER_PAGE, Line, LineShare


class Explanations(msgspec.Struct, frozen=True, kw_only=True):
    """What orders, sharing and promotions say of some parts."""

    numbers: Mapping[UUID, str]
    codes: Mapping[UUID, str]
    parts: Mapping[UUID, SplitPart]
    shares: Mapping[tuple[UUID, PartyId], list[ShareOfLine]]
    rules: Mapping[RuleSetId, RuleSet]
    fundings: Fundings


def lines_of(conn: Conn, movements: Iterable[PartyMovement]) -> Iterator[tuple[PartyId, Line]]:
    """Write movements as lines with the party of each, in their order, some hundreds at a time."""
    remaining = iter(movements)
    while found := list(islice(remaining, LINES_PER_PAGE)):
        known = explanations(
            conn, [one.part_id for one in found], bearing={one.part_id for one in found if one.borne_minor}
        )
        for one in found:
            yield one.party_id, line_of(one, known)


def explanations(conn: Conn, part_ids: Sequence[UUID], *, bearing: Collection[UUID] = ()) -> Explanations:
    """Read what explains parts: the sale each was posted by leads to its order, the order's lines to the shares.

    What cost nothing has no sale, and may be borne all the same. `bearing`: of which parts that is to be explained.
    """
    sales = {
        one.part_id: OrderId(one.subject)
        for one in ledger.entries_of_parts(conn, list(dict.fromkeys(part_ids)))
        if one.kind in {EntryKind.SALE, EntryKind.PROMOTION}
    }
    order_ids = list(dict.fromkeys(sales.values()))
    heads = {head.id: head.number for head in orders.orders_by_ids(conn, order_ids)} if order_ids else {}
    lines = {line.line_id: line for line in orders.lines_by_orders(conn, order_ids)}
    parts = {
        part.part_id: part
        for part in (sharing.parts_of_lines(conn, list(lines)) if lines else ())
        if part.part_id in sales
    }
    shares: dict[tuple[UUID, PartyId], list[ShareOfLine]] = {}
    for share in (
        sharing.shares_of_lines(conn, list({part.line_id for part in parts.values()})) if parts else ()
    ):
        shares.setdefault((share.part_id, share.party_id), []).append(share)
    rule_set_ids = list({part.rule_set_id for part in parts.values()})
    return Explanations(
        numbers={part_id: heads[order_id] for part_id, order_id in sales.items() if order_id in heads},
        codes={part_id: lines[part.line_id].code for part_id, part in parts.items()},
        parts=parts,
        shares=shares,
        rules={one.id: one for one in sharing.rule_sets_by_id(conn, rule_set_ids)} if rule_set_ids else {},
        fundings=fundings_of_parts(conn, bearing),
    )


def line_of(moved: PartyMovement, known: Explanations) -> Line:
    """Write one movement as a line. It says only what stays true: what is written here may be sealed."""
    part = known.parts.get(moved.part_id)
    line = Line(
        entry_id=moved.entry_id,
        part_id=moved.part_id,
        kind=moved.kind.value,
        at=moved.at,
        subject=moved.subject,
        entity_id=moved.entity_id,
        currency=moved.currency,
        pending_minor=moved.pending_minor,
        due_minor=moved.due_minor,
        order_number=known.numbers.get(moved.part_id),
        code=known.codes.get(moved.part_id),
        units=part.units if part is not None else None,
        shares=tuple(
            _share(share, part, known.rules[share.rule_set_id])
            for share in known.shares.get((moved.part_id, moved.party_id), ())
        )
        if part is not None and not moved.borne_minor
        else (),
    )
    if not moved.borne_minor:
        return line
    return msgspec.structs.replace(
        line,
        borne_minor=moved.borne_minor,
        funded=tuple(known.fundings.get((moved.part_id, moved.party_id), ())),
    )


def _share(share: ShareOfLine, part: SplitPart, rules: RuleSet) -> LineShare:
    if share.rule_row == FOR_WAITING:
        return _for_waiting(share, part, rules)
    row = rules.rows[share.rule_row - 1]
    return LineShare(
        role=share.role.value,
        rule_version=rules.version,
        rule_row=share.rule_row,
        base_minor=part.base_minor,
        basis_points=row.basis_points,
        each_minor=row.amount_minor,
        takes_rest=row.remainder,
        amount_minor=share.amount_minor,
        rounding=rounding_of(share.amount_minor, base_minor=part.base_minor, basis_points=row.basis_points)
        if row.base is Base.NET
        else None,
        of=row.base.value,
        per=row.per.value,
        floor_minor=row.floor_minor,
        cap_minor=row.cap_minor,
    )


def _for_waiting(share: ShareOfLine, part: SplitPart, rules: RuleSet) -> LineShare:
    return LineShare(
        role=share.role.value,
        rule_version=rules.version,
        rule_row=share.rule_row,
        base_minor=part.base_minor,
        basis_points=None,
        each_minor=None,
        takes_rest=False,
        amount_minor=share.amount_minor,
        rounding=None,
        waited_since=share.waited_since,
        waited_rounds=share.waited_rounds,
        profile_version=share.waited_version,
    )


def rounding_of(amount_minor: int, *, base_minor: int, basis_points: int | None) -> int | None:
    """Return by how much an amount is above its rate of the base, in ten-thousandths of a minor unit.

    None where no rate, or not the rate alone, gives the amount: rounding is less than a whole minor unit.
    """
    if basis_points is None:
        return None
    above = amount_minor * BASIS_POINTS - base_minor * basis_points
    return above if abs(above) < BASIS_POINTS else None
