"""What the books say, read as anybody may read them: over the API, and by doctor. Figures are sums over everything."""

from collections import Counter

import msgspec

from loopline.db import Conn, Database
from loopline.fulfilment.model import TaskState
from loopline.fulfilment.queries import task_counts
from loopline.insight import sales_total
from loopline.returns.queries import match_counts
from loopline.simulator.brand.api import Api
from loopline.simulator.brand.places import CURRENCY, PLACES

_SITES_AT_ONCE = 5
_MONEY = ("cash", "gateway")
_EARNED = ("share_pending", "share_due")


class Books(msgspec.Struct, frozen=True, kw_only=True):
    """Figures by name at one moment, and what doctor found."""

    figures: dict[str, int]
    doctor_ok: bool
    doctor_broken: tuple[str, ...]

    def since(self, before: "Books") -> dict[str, int]:
        """Return what was added to each figure since an earlier moment."""
        names = sorted(self.figures.keys() | before.figures.keys())
        return {name: self.figures.get(name, 0) - before.figures.get(name, 0) for name in names}


def read_books(api: Api, database: Database) -> Books:
    """Read every figure. Goes through every order and shelf: some seconds for some ten thousand orders."""
    figures: Counter[str] = Counter()
    figures.update(dict(_orders(api)))
    figures.update(dict(_ledger(api)))
    figures.update(dict(_shelves(api)))
    figures["reviews"] = len(api.pages("/api/v1/reviews", with_hidden="true"))
    with database.reading() as conn:
        figures.update(dict(_work(conn)))
        figures.update(dict(_boards(conn)))
    found = api.ask("POST", "/api/v1/doctor")
    broken = tuple(check["name"] for check in found.body["checks"] if not check["ok"])
    return Books(figures=dict(figures), doctor_ok=bool(found.body["ok"]), doctor_broken=broken)


def _orders(api: Api) -> Counter[str]:
    """Orders, units, amounts by channel, and the money that came and went for them, as lists show them."""
    sums: Counter[str] = Counter()
    for order in api.pages("/api/v1/orders"):
        channel = order["channel"]
        sums[f"orders.{channel}"] += 1
        sums[f"units.{channel}"] += order["units"]
        sums[f"amount_minor.{channel}"] += order["amount_minor"]
        sums["orders_taken_minor"] += order["taken_minor"]
        sums["orders_refunded_minor"] += order["refunded_minor"]
    return sums


def _ledger(api: Api) -> Counter[str]:
    """Balances by purpose over all companies; debits are positive."""
    sums: Counter[str] = Counter()
    for row in api.pages("/api/v1/ledger/balances"):
        sums[f"ledger.{row['purpose']}"] += row["balance_minor"]
        sums["ledger_sum"] += row["balance_minor"]
        if row["purpose"] in _MONEY:
            sums["ledger_money"] += row["balance_minor"]
        if row["purpose"] in _EARNED:
            sums["ledger_shares"] -= row["balance_minor"]
    return sums


def _shelves(api: Api) -> Counter[str]:
    """What lies on all shelves, and what was promised though it does not."""
    sums: Counter[str] = Counter()
    for first in range(0, len(PLACES), _SITES_AT_ONCE):
        codes = [place.code for place in PLACES[first : first + _SITES_AT_ONCE]]
        for row in api.pages("/api/v1/stock", site_code=codes):
            sums["on_hand"] += row["on_hand"]
            sums["unsellable"] += row["unsellable"]
    return sums


def _work(conn: Conn) -> dict[str, int]:
    """Tasks by how they ended, and lines of goods that came back."""
    counts = task_counts(conn)
    ended = (TaskState.HANDED_OVER, TaskState.REFUSED, TaskState.LAPSED)
    matches = match_counts(conn)
    return {f"tasks.{state.value}": counts.by_state.get(state, 0) for state in ended} | {
        "returned_lines": matches.matched + matches.partly + matches.blind
    }


def _boards(conn: Conn) -> dict[str, int]:
    """What the boards have counted in all their days."""
    total = sales_total(conn, CURRENCY)
    return {
        "board_orders": total.orders,
        "board_sold_units": total.sold_units,
        "board_sold_minor": total.sold_minor,
        "board_returned_units": -total.returned_units,
    }
