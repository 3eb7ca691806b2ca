"""Where each of the staff begins, and what the bar on top leads to: by what their roles let them do."""

from collections.abc import Sequence

import msgspec

from loopline.org import Permission, Role, SessionPerson
from loopline.web.edge import Visitor
from loopline.web.languages import marked
from loopline.web.paths import HOME

_FIRST_PAGES: tuple[tuple[frozenset[Role], str], ...] = (
    (frozenset({Role.HQ_OPERATIONS, Role.FINANCE, Role.MARKETING, Role.AUDITOR, Role.DEALER}), HOME),
    (frozenset({Role.STORE_MANAGER, Role.GUIDE, Role.PACKER}), "/store"),
    (frozenset({Role.STREAMER}), "/live/desk"),
    (frozenset({Role.CUSTOMER_SERVICE}), "/hq/orders"),
)
_PUTTING_RIGHT = frozenset({Role.HQ_OPERATIONS, Role.CUSTOMER_SERVICE})
_SETTING_LIMITS = frozenset({Role.HQ_OPERATIONS, Role.DEALER})
_EARNERS = frozenset({Role.GUIDE, Role.STREAMER})


_FLAT_MOST = 8
"""So many places stand side by side; more of them stand by what they are about."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A place that the bar leads to."""

    word: str
    path: str


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Places about one thing; of a single place without a word of its own."""

    word: str
    entries: tuple[Entry, ...]

    def holds(self, here: str) -> bool:
        """Tell whether the page at an address is one of these places, or below one."""
        return any(here.startswith(one.path) for one in self.entries)


def home_of(person: SessionPerson) -> str:
    """Return the page somebody's work begins on; of several roles the one that sees most decides."""
    roles = {grant.role for grant in person.roles}
    return next((path for of_page, path in _FIRST_PAGES if roles & of_page), HOME)


def entries_of(visitor: Visitor | None) -> tuple[Entry, ...]:
    """Return what somebody may open, in the order in which it is offered."""
    return () if visitor is None else tuple(entry for is_open, entry in _offered(visitor) if is_open)


def _offered(visitor: Visitor) -> tuple[tuple[bool, Entry], ...]:
    roles = {grant.role for grant in visitor.person.roles}
    has_boards = visitor.may(Permission.BOARDS_READ)
    sees_stock = visitor.may(Permission.STOCK_READ) and has_boards
    earns = visitor.may(Permission.EARNINGS_READ) or bool(roles & _EARNERS)
    sees_prices = visitor.may(Permission.PRICES_READ) and has_boards
    sees_points = has_boards and _of_the_whole_brand(visitor, Permission.PRICES_READ)
    sees_value = has_boards and _of_the_whole_brand(visitor, Permission.PAYMENTS_READ)
    return (
        (has_boards, Entry(word=marked("Board"), path=HOME)),
        (visitor.may(Permission.ORDERS_READ), Entry(word=marked("Orders"), path="/hq/orders")),
        (
            visitor.may(Permission.RETURNS_DECIDE) and has_boards,
            Entry(word=marked("Returns"), path="/hq/returns"),
        ),
        (visitor.may(Permission.MEMBERS_READ), Entry(word=marked("Members"), path="/hq/members")),
        (visitor.may(Permission.MESSAGES_READ), Entry(word=marked("Quarantine"), path="/hq/quarantine")),
        (Role.AUDITOR in roles, Entry(word=marked("Openings"), path="/hq/openings")),
        (sees_stock, Entry(word=marked("Stock"), path="/hq/stock")),
        (sees_stock, Entry(word=marked("Counts"), path="/hq/counts")),
        (visitor.may(Permission.SOURCING_READ), Entry(word=marked("Sourcing"), path="/hq/sourcing")),
        (visitor.may(Permission.SOURCING_READ), Entry(word=marked("Promises"), path="/hq/promises")),
        (visitor.may(Permission.SOURCING_READ), Entry(word=marked("Packing"), path="/hq/packing")),
        (
            has_boards and _of_the_whole_brand(visitor, Permission.STOCK_READ),
            Entry(word=marked("Marketplaces"), path="/hq/marketplaces"),
        ),
        (sees_prices, Entry(word=marked("Promotions"), path="/hq/promotions")),
        (sees_prices, Entry(word=marked("Coupons"), path="/hq/coupons")),
        (sees_points, Entry(word=marked("Points"), path="/hq/points")),
        (sees_value, Entry(word=marked("Stored value"), path="/hq/stored-value")),
        (visitor.may(Permission.SHARING_WRITE), Entry(word=marked("Sharing rules"), path="/hq/rules")),
        (
            visitor.may(Permission.EARNINGS_READ) and visitor.may(Permission.LEDGER_READ),
            Entry(word=marked("Supply"), path="/hq/supply"),
        ),
        (visitor.may(Permission.PAYOUTS_READ), Entry(word=marked("Payouts"), path="/hq/payouts")),
        (visitor.may(Permission.INVOICES_READ), Entry(word=marked("Invoices"), path="/hq/invoices")),
        (visitor.may(Permission.BILLS_READ), Entry(word=marked("Reconciliation"), path="/hq/reconciliation")),
        (visitor.may(Permission.CLOSES_READ), Entry(word=marked("Monthly close"), path="/hq/close")),
        (visitor.may(Permission.REVIEWS_READ), Entry(word=marked("Reviews"), path="/hq/reviews")),
        (bool(roles & _PUTTING_RIGHT), Entry(word=marked("Messages to customers"), path="/hq/notices")),
        (bool(roles & _PUTTING_RIGHT), Entry(word=marked("Tills"), path="/hq/tills")),
        (visitor.may(Permission.TILLS_READ), Entry(word=marked("Shifts"), path="/hq/shifts")),
        (visitor.may(Permission.TILLS_READ), Entry(word=marked("Changed prices"), path="/hq/changed-prices")),
        (bool(roles & _SETTING_LIMITS), Entry(word=marked("Counter limits"), path="/hq/counter-limits")),
        (
            visitor.may(Permission.ORG_WRITE) and has_boards,
            Entry(word=marked("Couriers, appointments, fitting"), path="/hq/hours"),
        ),
        (bool(roles & _SETTING_LIMITS), Entry(word=marked("Delivery fees"), path="/hq/freight")),
        (visitor.may(Permission.TASKS_WRITE), Entry(word=marked("Store"), path="/store")),
        (visitor.may(Permission.LIVE_WRITE), Entry(word=marked("Livestream"), path="/live/desk")),
        (earns, Entry(word=marked("Earned"), path="/earned")),
        (visitor.may(Permission.LEDGER_READ), Entry(word=marked("Statements"), path="/hq/statements")),
        (has_boards and visitor.may(Permission.ORG_READ), Entry(word=marked("Changes"), path="/hq/changes")),
        (visitor.may(Permission.FEEDS_WRITE), Entry(word=marked("Feeds"), path="/hq/feeds")),
        (visitor.may(Permission.TOUCHPOINTS_READ), Entry(word=marked("Codes"), path="/hq/codes")),
    )


_ABOUT: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        marked("Selling"),
        (
            "/hq/orders",
            "/hq/returns",
            "/hq/promotions",
            "/hq/coupons",
            "/hq/points",
            "/hq/stored-value",
            "/hq/quarantine",
            "/hq/tills",
            "/hq/shifts",
            "/hq/changed-prices",
            "/hq/counter-limits",
            "/hq/hours",
            "/hq/freight",
            "/hq/marketplaces",
            "/hq/openings",
        ),
    ),
    (
        marked("Goods"),
        ("/hq/stock", "/hq/counts", "/hq/sourcing", "/hq/promises", "/hq/packing", "/hq/feeds"),
    ),
    (
        marked("Money"),
        (
            "/earned",
            "/hq/statements",
            "/hq/rules",
            "/hq/supply",
            "/hq/payouts",
            "/hq/invoices",
            "/hq/reconciliation",
            "/hq/close",
        ),
    ),
    (marked("Customers"), ("/hq/members", "/hq/reviews", "/hq/notices", "/hq/codes", "/live/desk")),
)


def may_find(visitor: Visitor | None) -> bool:
    """Tell whether somebody is offered the field that finds anything: who has orders to look after, at a desk."""
    return (
        visitor is not None and visitor.may(Permission.ORDERS_READ) and visitor.may(Permission.MEMBERS_READ)
    )


def groups_of(entries: Sequence[Entry]) -> tuple[Group, ...]:
    """Return places by what they are about, where there are many; first those that stand alone, in their order."""
    if len(entries) <= _FLAT_MOST:
        return tuple(Group(word="", entries=(one,)) for one in entries)
    grouped = {path: word for word, paths in _ABOUT for path in paths}
    alone = [Group(word="", entries=(one,)) for one in entries if one.path not in grouped]
    about = [
        Group(word=word, entries=found)
        for word, _ in _ABOUT
        if (found := tuple(one for one in entries if grouped.get(one.path) == word))
    ]
    return (*alone, *(one if len(one.entries) > 1 else Group(word="", entries=one.entries) for one in about))


def _of_the_whole_brand(visitor: Visitor, permission: Permission) -> bool:
    """Tell whether somebody has a permission over everything there is."""
    return visitor.may(permission) and visitor.scope_of(permission).everything
