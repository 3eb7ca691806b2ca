"""Worth: what a task, or a call, will pay to whom once its goods are handed over, told before anybody does it; and what
a sale at a till earns, told at once, before it is settled.

The same attribution and the same rules as `settle` uses, on the units that are left in the task: of the rule set that
was in force when the order was placed. Only a return, or units refused meanwhile, can make it another amount.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline import catalogue, orders
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.calls import Call
from loopline.fulfilment.waiting import WaitingPay, waiting_pay_of
from loopline.kernel.ids import AllocationId, CallId, LineId, NodeId, OrderId, PartyId, SiteId, SkuId, TaskId
from loopline.kernel.refusals import Refusal
from loopline.orders import Delivery, Line, LineKind, Order
from loopline.processes.amounts import OrderStretch, part_amounts, stretches_in_parcel
from loopline.processes.attribute import Directory, UnitsOfLine, read_directory
from loopline.processes.fund import Funding, read_funding
from loopline.processes.waiting_pay import waited_of
from loopline.sharing import queries as sharing_queries
from loopline.sharing import rules as sharing_rules
from loopline.sharing.model import FOR_WAITING, LineToSplit, Parties, Role, RuleSet, Share

LIVESTREAM = "livestream"
CallSiteKey = tuple[CallId, SiteId]
_NOBODY = PartyId(UUID(int=0))


class LineWorth(msgspec.Struct, frozen=True, kw_only=True):
    """What units bring, and how that will be split; no shares where no rules are in force.

    The units are those left of one allocation of a task, or those of a line that is called (`allocation_id` None).
    """

    allocation_id: AllocationId | None
    line_id: LineId
    units: int
    net_minor: int
    shares: tuple[Share, ...]


class Worth(msgspec.Struct, frozen=True, kw_only=True):
    """What work pays. `store_party` is the party of the site that does the work, or sold, where it has one.

    `waits`: why some of it is paid on top.
    """

    currency: str
    store_party: PartyId | None
    lines: tuple[LineWorth, ...]
    waits: WaitingPay | None = None

    def of(self, party_id: PartyId | None) -> int:
        """Return what a party will earn of it, in minor units."""
        return sum(
            share.amount_minor for line in self.lines for share in line.shares if share.party_id == party_id
        )

    @property
    def store_minor(self) -> int:
        """Return what the site that does the work will earn."""
        return 0 if self.store_party is None else self.of(self.store_party)

    @property
    def waiting_minor(self) -> int:
        """Return what of that the site earns on top because others had left the work waiting."""
        return sum(
            share.amount_minor
            for line in self.lines
            for share in line.shares
            if share.rule_row == FOR_WAITING
        )


class _Units(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a line that somebody may send, or that were carried out."""

    allocation_id: AllocationId | None
    line_id: LineId
    sku_id: SkuId | None
    units: int
    leaf_id: NodeId | None


class _Ground(msgspec.Struct, frozen=True, kw_only=True):
    """What estimates are made from, read once for all tasks."""

    heads: Mapping[OrderId, Order]
    lines: Mapping[LineId, Line]
    stretches: Mapping[OrderId, OrderStretch]
    categories: Mapping[SkuId, str]
    rule_sets: Sequence[RuleSet]
    directory: Directory
    funding: Funding
    waits: Mapping[tuple[UUID, SiteId], WaitingPay]


def worth_of_tasks(conn: Conn, task_ids: Sequence[TaskId]) -> dict[TaskId, Worth]:
    """Return what tasks pay; unknown tasks are left out. Locks nothing, writes nothing."""
    tasks = fulfilment.tasks_by_id(conn, task_ids)
    if not tasks:
        return {}
    task_lines = fulfilment.lines_of_tasks(conn, task_ids)
    left = {
        task.task_id: [
            _Units(
                allocation_id=line.allocation_id,
                line_id=line.line_id,
                sku_id=line.sku_id,
                units=line.left,
                leaf_id=line.leaf_id,
            )
            for line in task_lines.get(task.task_id, [])
            if line.left
        ]
        for task in tasks
    }
    ground = _read_ground(conn, {task.order_id for task in tasks}, left)
    return {
        task.task_id: _worth(
            task.order_id,
            task.site_id,
            left[task.task_id],
            ground,
            waits=ground.waits.get((task.task_id, task.site_id)),
        )
        for task in tasks
    }


def worth_of_calls(conn: Conn, calls: Sequence[Call], site_ids: Sequence[SiteId]) -> dict[CallSiteKey, Worth]:
    """Return what calls pay each of some sites they are put to, by (call, site). Locks nothing, writes nothing."""
    wanted = {
        call.call_id: [
            _Units(
                allocation_id=None,
                line_id=line.line_id,
                sku_id=line.sku_id,
                units=line.units,
                leaf_id=None,
            )
            for line in call.lines
        ]
        for call in calls
    }
    if not wanted:
        return {}
    ground = _read_ground(conn, {call.order_id for call in calls}, wanted)
    return {
        (call.call_id, site_id): _worth(
            call.order_id,
            site_id,
            wanted[call.call_id],
            ground,
            waits=ground.waits.get((call.call_id, site_id)),
        )
        for call in calls
        for site_id in site_ids
        if call.of_site(site_id) is not None
    }


def worth_of_sales(conn: Conn, order_ids: Collection[OrderId]) -> dict[OrderId, Worth]:
    """Return what sales of goods that were carried out earn, whole, before or after they are settled.

    As they were sold: what came back of them since is not taken off. Unknown orders are left out. Locks nothing.
    """
    sold: dict[OrderId, list[_Units]] = {}
    lines = orders.lines_by_orders(conn, sorted(order_ids)) if order_ids else []
    for line in lines:
        if line.kind is LineKind.GOODS:
            sold.setdefault(line.order_id, []).append(
                _Units(
                    allocation_id=None,
                    line_id=line.line_id,
                    sku_id=line.sku_id,
                    units=line.units,
                    leaf_id=None,
                )
            )
    if not sold:
        return {}
    ground = _read_ground(conn, sold.keys(), sold, lines=lines)
    return {order_id: _worth(order_id, None, units, ground, waits=None) for order_id, units in sold.items()}


def _read_ground(
    conn: Conn,
    order_ids: Collection[OrderId],
    works: Mapping[TaskId, Sequence[_Units]]
    | Mapping[CallId, Sequence[_Units]]
    | Mapping[OrderId, Sequence[_Units]],
    *,
    lines: Sequence[Line] | None = None,
) -> _Ground:
    wanted = sorted(order_ids)
    heads = orders.orders_by_ids(conn, wanted)
    lines = orders.lines_by_orders(conn, wanted) if lines is None else lines
    of_orders: dict[OrderId, list[Line]] = {}
    for line in lines:
        of_orders.setdefault(line.order_id, []).append(line)
    sku_ids = {one.sku_id for of_work in works.values() for one in of_work if one.sku_id is not None}
    directory = read_directory(conn, heads, sku_ids=sku_ids)
    return _Ground(
        heads={order.id: order for order in heads},
        lines={line.line_id: line for line in lines},
        stretches={order_id: OrderStretch(of_order) for order_id, of_order in of_orders.items()},
        categories={
            sku_id: sku.category or "" for sku_id, sku in catalogue.skus_by_id(conn, sku_ids).items()
        },
        rule_sets=sharing_queries.rule_sets(conn),
        directory=directory,
        funding=read_funding(conn, lines, directory),
        waits={(one.work_id, one.site_id): one for one in waiting_pay_of(conn, list(works))},
    )


def _worth(
    order_id: OrderId,
    site_id: SiteId | None,
    units: Sequence[_Units],
    ground: _Ground,
    *,
    waits: WaitingPay | None,
) -> Worth:
    """Reckon what units pay that a site sends, after those that were handed over; or that were carried out (None)."""
    order = ground.heads[order_id]
    rule_set = sharing_rules.rule_set_at(ground.rule_sets, order.placed_at, currency=order.currency)
    gone: dict[LineId, int] = {}
    worths: list[LineWorth] = []
    parcel: list[tuple[AllocationId | None, UnitsOfLine]] = []
    for one in units:
        line = ground.lines[one.line_id]
        before = gone.setdefault(line.line_id, 0 if site_id is None else line.handed_over)
        gone[line.line_id] = before + one.units
        gross_minor, tax_minor = part_amounts(line, units_before=before, units=one.units)
        what = UnitsOfLine(
            order=order,
            line=line,
            category=ground.categories.get(one.sku_id, "") if one.sku_id is not None else "",
            shipping=site_id,
            leaf_id=one.leaf_id,
            units=one.units,
            gross_minor=gross_minor,
            tax_minor=tax_minor,
            in_parcel=None,
            in_order=ground.stretches[order_id].of(line, units_before=before, units=one.units),
            funded_minor=ground.funding.net_of_others(order, line, units_before=before, units=one.units),
        )
        parcel.append((one.allocation_id, what))
    nets = [what.gross_minor - what.tax_minor for _, what in parcel]
    laid = stretches_in_parcel(nets)
    for (allocation_id, loose), net_minor, stretch in zip(parcel, nets, laid, strict=True):
        what = msgspec.structs.replace(loose, in_parcel=stretch)
        worths.append(
            LineWorth(
                allocation_id=allocation_id,
                line_id=what.line.line_id,
                units=what.units,
                net_minor=net_minor,
                shares=_shares(what, rule_set=rule_set, directory=ground.directory, waits=waits),
            )
        )
    return Worth(
        currency=order.currency,
        store_party=ground.directory.store_of(selling) if (selling := site_id or order.site_id) else None,
        lines=tuple(worths),
        waits=waits,
    )


class ShowSold(msgspec.Struct, frozen=True, kw_only=True):
    """What a show sold so far: whose it is, since when, how many units, worth what, with tax and without."""

    streamer_id: PartyId
    code: str
    began_at: datetime
    currency: str
    units: int
    net_minor: int
    gross_minor: int


def streamer_part(conn: Conn, show: ShowSold) -> int:
    """Return about what a streamer earns of a show, in minor units, by the rules in force when it began.

    As if all of it were one line, in one parcel, ordered as the show began: where rules tell categories, regions, times
    or owners apart, or give amounts for parcels or orders, what is posted line by line differs.
    """
    rule_set = sharing_rules.rule_set_at(
        sharing_queries.rule_sets(conn), show.began_at, currency=show.currency
    )
    if rule_set is None or show.net_minor <= 0 or show.units <= 0:
        return 0
    # Who else earns matters not: everybody else is nobody in particular.
    others = {role.value: _NOBODY for role in Role}
    line = LineToSplit(
        channel=LIVESTREAM,
        category="",
        delivery=Delivery.DELIVER.value,
        parties=Parties(**(others | {Role.STREAMER.value: show.streamer_id})),
        units=show.units,
        base_minor=show.net_minor,
        currency=show.currency,
        campaign=show.code,
        placed_at=show.began_at,
        list_minor=show.gross_minor,
        paid_minor=show.gross_minor,
    )
    (outcome,) = sharing_rules.split_lines(rule_set, [line])
    if isinstance(outcome, Refusal):
        return 0
    return sum(share.amount_minor for share in outcome if share.party_id == show.streamer_id)


def _shares(
    what: UnitsOfLine, *, rule_set: RuleSet | None, directory: Directory, waits: WaitingPay | None
) -> tuple[Share, ...]:
    """Split as the sale will be; nothing is promised where the rules refuse or nobody published any."""
    if rule_set is None:
        return ()
    line = directory.line_to_split(what)
    if waits is not None:
        line = msgspec.structs.replace(line, waited=waited_of(waits))
    (outcome,) = sharing_rules.split_lines(rule_set, [line])
    return outcome if isinstance(outcome, tuple) else ()
