"""What a role lets somebody do at the edge: one permission per thing that is read or written. Pure.

A role is held at a branch, and so is each permission it brings; an API key holds permissions of its own at one branch.
What a guide, streamer or store earned is seen by whoever earned it without any permission.
"""

from collections.abc import Sequence
from enum import StrEnum

from loopline.kernel.refusals import Refusal
from loopline.org.model import Role


class Permission(StrEnum):
    """What a caller may read or write, within a branch."""

    ORG_READ = "org.read"
    ORG_WRITE = "org.write"
    CATALOGUE_READ = "catalogue.read"
    CATALOGUE_WRITE = "catalogue.write"
    PRICES_READ = "prices.read"
    PRICES_WRITE = "prices.write"
    PRICES_APPROVE = "prices.approve"
    COUPONS_WRITE = "coupons.write"
    STOCK_READ = "stock.read"
    STOCK_WRITE = "stock.write"
    FEEDS_WRITE = "feeds.write"
    SOURCING_READ = "sourcing.read"
    SOURCING_WRITE = "sourcing.write"
    ORDERS_READ = "orders.read"
    ORDERS_WRITE = "orders.write"
    PAYMENTS_READ = "payments.read"
    PAYMENTS_WRITE = "payments.write"
    PAYOUTS_READ = "payouts.read"
    PAYOUTS_WRITE = "payouts.write"
    INVOICES_READ = "invoices.read"
    INVOICES_WRITE = "invoices.write"
    MEMBERS_READ = "members.read"
    MEMBERS_WRITE = "members.write"
    TASKS_READ = "tasks.read"
    TASKS_WRITE = "tasks.write"
    TILLS_READ = "tills.read"
    RETURNS_READ = "returns.read"
    RETURNS_WRITE = "returns.write"
    RETURNS_DECIDE = "returns.decide"
    EARNINGS_READ = "earnings.read"
    SHARING_WRITE = "sharing.write"
    LEDGER_READ = "ledger.read"
    BILLS_READ = "bills.read"
    BILLS_WRITE = "bills.write"
    CLOSES_READ = "closes.read"
    CLOSES_WRITE = "closes.write"
    BOARDS_READ = "boards.read"
    TOUCHPOINTS_READ = "touchpoints.read"
    TOUCHPOINTS_WRITE = "touchpoints.write"
    REVIEWS_READ = "reviews.read"
    REVIEWS_WRITE = "reviews.write"
    LIVE_WRITE = "live.write"
    WEBHOOKS_WRITE = "webhooks.write"
    KEYS_WRITE = "keys.write"
    LOG_READ = "log.read"
    MESSAGES_READ = "messages.read"
    MESSAGES_WRITE = "messages.write"
    OPENINGS_CONTACT = "openings.contact"
    OPENINGS_INVESTIGATE = "openings.investigate"
    OPENINGS_READ = "openings.read"


class NotAllowed(Refusal, frozen=True, kw_only=True):
    """Your roles do not come with the permission {permission}."""

    permission: Permission


_EVERY = frozenset(Permission)
_READING = frozenset(one for one in Permission if one.endswith(".read"))
_SHOP_FLOOR = frozenset(
    {
        Permission.CATALOGUE_READ,
        Permission.PRICES_READ,
        Permission.STOCK_READ,
        Permission.ORDERS_READ,
        Permission.ORDERS_WRITE,
        Permission.PAYMENTS_READ,
        Permission.PAYMENTS_WRITE,
        Permission.MEMBERS_READ,
        Permission.MEMBERS_WRITE,
        Permission.TASKS_READ,
        Permission.TASKS_WRITE,
        Permission.RETURNS_READ,
        Permission.RETURNS_WRITE,
        Permission.TOUCHPOINTS_READ,
        Permission.REVIEWS_READ,
    }
)
_RUNNING_A_STORE = _SHOP_FLOOR | {
    Permission.ORG_READ,
    Permission.ORG_WRITE,
    Permission.STOCK_WRITE,
    Permission.FEEDS_WRITE,
    Permission.EARNINGS_READ,
    Permission.BOARDS_READ,
    Permission.RETURNS_DECIDE,
    Permission.PRICES_APPROVE,
    Permission.TILLS_READ,
    Permission.TOUCHPOINTS_WRITE,
    Permission.REVIEWS_WRITE,
}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    # Money is confirmed and shared out by those who do not move the goods.
    Role.HQ_OPERATIONS: _EVERY
    - {
        Permission.PAYMENTS_WRITE,
        Permission.SHARING_WRITE,
        Permission.PAYOUTS_WRITE,
        Permission.BILLS_WRITE,
        Permission.CLOSES_WRITE,
    },
    Role.FINANCE: frozenset(
        {
            Permission.ORG_READ,
            Permission.CATALOGUE_READ,
            Permission.PRICES_READ,
            Permission.STOCK_READ,
            Permission.ORDERS_READ,
            Permission.PAYMENTS_READ,
            Permission.PAYMENTS_WRITE,
            Permission.PAYOUTS_READ,
            Permission.PAYOUTS_WRITE,
            Permission.INVOICES_READ,
            Permission.INVOICES_WRITE,
            Permission.RETURNS_READ,
            Permission.EARNINGS_READ,
            Permission.SHARING_WRITE,
            Permission.LEDGER_READ,
            Permission.BILLS_READ,
            Permission.BILLS_WRITE,
            Permission.CLOSES_READ,
            Permission.CLOSES_WRITE,
            Permission.BOARDS_READ,
            Permission.TILLS_READ,
            Permission.LOG_READ,
        }
    ),
    Role.MARKETING: frozenset(
        {
            Permission.ORG_READ,
            Permission.CATALOGUE_READ,
            Permission.PRICES_READ,
            Permission.STOCK_READ,
            Permission.MEMBERS_READ,
            Permission.BOARDS_READ,
            Permission.TOUCHPOINTS_READ,
            Permission.TOUCHPOINTS_WRITE,
            Permission.REVIEWS_READ,
            Permission.REVIEWS_WRITE,
            Permission.LIVE_WRITE,
            Permission.COUPONS_WRITE,
        }
    ),
    Role.DEALER: (
        _RUNNING_A_STORE
        | {
            Permission.SOURCING_READ,
            Permission.SOURCING_WRITE,
            Permission.INVOICES_READ,
            Permission.INVOICES_WRITE,
        }
    )
    - {Permission.PAYMENTS_WRITE},
    Role.STORE_MANAGER: _RUNNING_A_STORE,
    Role.GUIDE: _SHOP_FLOOR,
    Role.PACKER: frozenset(
        {
            Permission.CATALOGUE_READ,
            Permission.STOCK_READ,
            Permission.TASKS_READ,
            Permission.TASKS_WRITE,
        }
    ),
    Role.STREAMER: frozenset(
        {
            Permission.CATALOGUE_READ,
            Permission.PRICES_READ,
            Permission.STOCK_READ,
            Permission.LIVE_WRITE,
        }
    ),
    Role.CUSTOMER_SERVICE: frozenset(
        {
            Permission.CATALOGUE_READ,
            Permission.PRICES_READ,
            Permission.STOCK_READ,
            Permission.ORDERS_READ,
            Permission.ORDERS_WRITE,
            Permission.PAYMENTS_READ,
            Permission.INVOICES_READ,
            Permission.INVOICES_WRITE,
            Permission.MEMBERS_READ,
            Permission.MEMBERS_WRITE,
            Permission.TASKS_READ,
            Permission.RETURNS_READ,
            Permission.RETURNS_WRITE,
            Permission.RETURNS_DECIDE,
            Permission.REVIEWS_READ,
            Permission.REVIEWS_WRITE,
            Permission.OPENINGS_CONTACT,
        }
    ),
    Role.AUDITOR: _READING,
}


def roles_with(permission: Permission, held: Sequence[Role]) -> frozenset[Role]:
    """Return those of the roles held that come with a permission."""
    return frozenset(role for role in held if permission in ROLE_PERMISSIONS[role])
