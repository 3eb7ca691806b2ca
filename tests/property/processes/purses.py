"""The points of one member in a made-up history: moved by the rules of the service, counted here once more."""

from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import msgspec

from loopline.kernel.ids import LineId, OrderId
from loopline.ledger.model import EntryKind, Purpose
from loopline.orders import Line, Order
from loopline.pricing.points import Account, Change, Holdings, Lot, Move, PointsKind, Programme, Use
from loopline.pricing.points.rules import deferred_for, months_after
from loopline.pricing.points.service import _after
from loopline.pricing.promotions import Discount
from loopline.processes.points import rounds, standing
from loopline.sharing.model import RuleSet
from loopline.sharing.queries import SplitPart
from tests.make.sharing import ENTITY, NOW
from tests.property.processes.carts import MEMBER, Shop
from tests.property.processes.charts import CHART, Kept, Sold, hold, rounded


class Bought(msgspec.Struct):
    """An order: its head, its lines as they stand now, what was taken off them, and what was given back of each."""

    order: Order
    lines: dict[LineId, Line]
    discounts: dict[LineId, tuple[Discount, ...]]
    refunded: Counter[LineId]


class Purse(Kept):
    """What one member has of points, and the orders that they were earned by and used on."""

    def __init__(self, rules: Sequence[RuleSet], the_shop: Shop, luck: Random) -> None:
        super().__init__(rules, luck)
        self.shop = the_shop
        self.bought: dict[OrderId, Bought] = {}
        self.account = Account(member_id=MEMBER)
        self.lots: dict[Any, Lot] = {}
        self.uses: dict[OrderId, Use] = {}
        self.ended: set[Any] = set()
        self.versions: Mapping[Any, Programme] = {one.id: one for one in the_shop.programmes}
        if self.versions and the_shop.given_points:
            self._give_points(the_shop.given_points, the_shop.programmes[0])

    def _hold_points(
        self,
        order_id: OrderId,
        discounts: Mapping[LineId, Sequence[Discount]],
        *,
        programme_id: Any,
        is_kept: bool,
    ) -> None:
        """As `processes.place` does: what is used is held, what is kept of an exchange is not."""
        of_lines = {
            line_id: sum(one.points for one in some)
            for line_id, some in discounts.items()
            if any(one.points for one in some)
        }
        if not of_lines:
            return
        held = 0 if is_kept else sum(of_lines.values())
        self.uses[order_id] = Use(
            order_id=order_id,
            member_id=MEMBER,
            programme_id=programme_id,
            line_ids=tuple(of_lines),
            line_points=tuple(of_lines.values()),
            is_kept=is_kept,
            held=held,
        )
        self.account = msgspec.structs.replace(
            self.account, available=self.account.available - held, held=self.account.held + held
        )

    def _give_points(self, points: int, programme: Programme) -> None:
        lot = Lot(
            id=self.id(),
            member_id=MEMBER,
            programme_id=programme.id,
            whole=points,
            points=points,
            is_pending=False,
            due_at=NOW,
            expires_at=months_after(NOW, programme.terms.months),
        )
        move = Move(
            key="adjusted", member_id=MEMBER, kind=PointsKind.ADJUSTED, available=points, lot_id=lot.id
        )
        self._carry_out(Change(member_id=MEMBER, moves=(move,), lots=(lot,)))

    def _holdings(self) -> Holdings:
        return Holdings(account=self.account, lots=tuple(self.lots.values()))

    def _follow(self, order_ids: Sequence[OrderId]) -> None:
        """Bring the points of orders up to where these stand, as the follower of the log does."""
        if not self.versions:
            return
        parts: dict[LineId, list[SplitPart]] = {}
        for one in self.sold:
            if one.split.order_id in order_ids:
                parts.setdefault(one.split.line_id, []).append(_part(one))
        of_orders = standing._Orders(
            heads=[self.bought[order_id].order for order_id in order_ids],
            lines={order_id: list(self.bought[order_id].lines.values()) for order_id in order_ids},
            parts=parts,
            uses={order_id: self.uses[order_id] for order_id in order_ids if order_id in self.uses},
        )
        self._carry_out(
            standing._change(of_orders.heads, of_orders, self._holdings(), self.shop.programmes, now=self.now)
        )

    def tick(self) -> None:
        """What is due can be used, and what has ended cannot."""
        if self.versions:
            self._carry_out(rounds._matured(self._holdings(), self.now))
            self._carry_out(rounds._expired(self._holdings(), self.now))

    def _carry_out(self, change: Change) -> None:
        """As `pricing.points.change_points` does, and the books follow what is deferred."""
        after = _after(self.account, change.moves)
        self.lots |= {lot.id: lot for lot in change.lots}
        self.uses |= {use.order_id: use for use in change.uses}
        self.ended |= {move.lot_id for move in change.moves if move.kind is PointsKind.EXPIRED}
        deferred = deferred_for(list(self.lots.values()), after, self.versions)
        more = deferred - self.account.liability_minor
        hold(bool(change.moves) or not more, ("deferred without a move", more))
        self.account = msgspec.structs.replace(after, liability_minor=deferred)
        if more:
            put_off, owed = CHART.own(Purpose.POINTS_DEFERRED), CHART.own(Purpose.POINTS_LIABILITY)
            self.post(EntryKind.POINTS, [(put_off, more), (owed, -more)])

    def check_points(self) -> None:
        """What is deferred stands in the books, what is used is what orders say, and nobody owes what was not used."""
        account = self.account
        books = (self.balance(Purpose.POINTS_DEFERRED), -self.balance(Purpose.POINTS_LIABILITY))
        hold(books == (account.liability_minor, account.liability_minor), ("deferred", books, account))
        spent = 0
        for order_id, use in self.uses.items():
            lines = self.bought[order_id].lines
            wanted = sum(
                points - rounded(points, lines[line_id].returned, lines[line_id].units)
                for line_id, points in zip(use.line_ids, use.line_points, strict=True)
            )
            hold((use.spent, use.held) == (wanted, 0), ("points of an order", use, wanted))
            spent += use.spent
        have = account.pending + account.available + account.held
        hold(sum(lot.points for lot in self.lots.values()) == have + spent, ("lots", account, spent))
        hold(account.available >= -spent, ("owed without having been used", account, spent))
        kept: Counter[Any] = Counter()
        for lot in self.lots.values():
            kept[lot.of_id or lot.id] += lot.points
        for one in self.sold:
            lot = self.lots.get(one.split.part_id)
            if lot is not None:
                whole = rounded(lot.whole, one.left, one.split.units)
                hold(kept[lot.id] <= whole, ("points kept", lot))
                hold(lot.id in self.ended or kept[lot.id] == whole, ("points taken back twice", lot))

    def check_points_all_back(self) -> None:
        """When all goods came back none are used, pending or owed."""
        hold(not any(use.spent for use in self.uses.values()), "points are spent")
        hold((self.account.pending, self.account.held) == (0, 0), self.account)
        hold(self.account.available >= 0, ("owed", self.account))


def _part(one: Sold) -> SplitPart:
    return SplitPart(
        line_id=one.split.line_id,
        part_id=one.split.part_id,
        order_id=one.split.order_id,
        rule_set_id=one.split.rule_set_id,
        entity_id=ENTITY,
        currency="CNY",
        units=one.split.units,
        units_returned=one.back,
        base_minor=one.split.base_minor,
        due_at=one.split.due_at,
        is_pending=not one.is_due,
    )
