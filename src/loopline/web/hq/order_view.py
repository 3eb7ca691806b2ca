"""What a role sees of an order: a matrix of parts by where somebody stands to it. Pure; the page and the API keep it.

Whoever has the whole brand sees all of it. Who sold an order sees it with its money, and of the shares the own ones.
Who only sends some of it sees what to send and which city it goes to: no price, no share, no customer.
"""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import TypeVar

import msgspec

from loopline.kernel.ids import PartyId, PersonId, SiteId
from loopline.kernel.scope import Scope
from loopline.org import Party, Permission
from loopline.processes.index import SENDS
from loopline.processes.look_up import OrderStory
from loopline.sharing.queries import OwnPurchase, ShareOfLine


class Standing(StrEnum):
    """Where somebody stands to an order; of several the first counts."""

    BRAND = "brand"
    SELLER = "seller"
    SENDER = "sender"


class Part(StrEnum):
    """A part of what is known of an order."""

    AMOUNTS = "amounts"
    MEMBER = "member"
    EVERY_LINE = "every_line"
    EVERY_RIGHT = "every_right"
    CITY = "city"
    MONEY = "money"
    PRICE_ORIGIN = "price_origin"
    EVERY_SHARE = "every_share"
    OWN_SHARES = "own_shares"
    SITE_CHOICE = "site_choice"
    EVERY_TASK = "every_task"
    RETURNS = "returns"
    TOUCHES = "touches"
    WHOLE_TIMELINE = "whole_timeline"


_BRAND = frozenset({Standing.BRAND})
_SELLING = frozenset({Standing.BRAND, Standing.SELLER})
_ALL = frozenset(Standing)

MATRIX: Mapping[Part, tuple[frozenset[Standing], Permission | None]] = {
    Part.AMOUNTS: (_SELLING, None),
    Part.MEMBER: (_SELLING, Permission.MEMBERS_READ),
    Part.EVERY_LINE: (_SELLING, None),
    Part.EVERY_RIGHT: (_SELLING, None),
    Part.CITY: (_ALL, None),
    Part.MONEY: (_SELLING, Permission.PAYMENTS_READ),
    Part.PRICE_ORIGIN: (_SELLING, Permission.PRICES_READ),
    Part.EVERY_SHARE: (_BRAND, Permission.EARNINGS_READ),
    Part.OWN_SHARES: (_SELLING, None),
    Part.SITE_CHOICE: (_BRAND, None),
    Part.EVERY_TASK: (_SELLING, None),
    Part.RETURNS: (_SELLING, Permission.RETURNS_READ),
    Part.TOUCHES: (_SELLING, Permission.TOUCHPOINTS_READ),
    Part.WHOLE_TIMELINE: (_SELLING, None),
}


class Eyes(msgspec.Struct, frozen=True, kw_only=True):
    """Who looks at an order: where they stand to it, which parts they see, the sites and people that are theirs."""

    standing: Standing
    parts: frozenset[Part]
    scope: Scope
    earning: Scope = Scope()
    person_id: PersonId | None = None

    def sees(self, part: Part) -> bool:
        """Tell whether a part is for them."""
        return part in self.parts

    def sees_site(self, site_id: SiteId) -> bool:
        """Tell whether what a site does for the order is for them."""
        return Part.EVERY_TASK in self.parts or self.scope.covers_site(site_id)


def standing_to(scope: Scope, *, selling: SiteId | None, sending: Collection[SiteId]) -> Standing | None:
    """Return where somebody with a scope stands to an order; None: it is not for them."""
    if scope.everything:
        return Standing.BRAND
    if scope.covers_site(selling):
        return Standing.SELLER
    return Standing.SENDER if any(scope.covers_site(site_id) for site_id in sending) else None


def parts_seen(standing: Standing, granted: Collection[Permission]) -> frozenset[Part]:
    """Return the parts that somebody sees, standing so, with these permissions where the order is."""
    return frozenset(
        part
        for part, (standings, permission) in MATRIX.items()
        if standing in standings and (permission is None or permission in granted)
    )


def eyes_on(
    branches: Mapping[Permission, Scope],
    *,
    selling: SiteId | None,
    sending: Collection[SiteId],
    person_id: PersonId | None = None,
) -> Eyes | None:
    """Return who looks, by where each of their permissions holds; None: the order is not for them.

    A permission counts where it reaches the order just as far as reading orders does: for the whole brand, at the site
    that sold it, or at a site that sends it.
    """
    scope = branches.get(Permission.ORDERS_READ, Scope())
    standing = standing_to(scope, selling=selling, sending=sending)
    if standing is None:
        return None
    granted = [
        permission
        for permission, where in branches.items()
        if standing_to(where, selling=selling, sending=sending) in _as_far_as(standing)
    ]
    return Eyes(
        standing=standing,
        parts=parts_seen(standing, granted),
        scope=scope,
        earning=branches.get(Permission.EARNINGS_READ, Scope()),
        person_id=person_id,
    )


def _as_far_as(standing: Standing) -> frozenset[Standing]:
    """Standings that reach an order at least as far as one does."""
    order = list(Standing)
    return frozenset(order[: order.index(standing) + 1])


def sending_sites(story: OrderStory) -> frozenset[SiteId]:
    """Return the sites that send an order, as the lists have it."""
    return frozenset(task.site_id for task in story.tasks if task.state in SENDS)


_Earned = TypeVar("_Earned", ShareOfLine, OwnPurchase)


def shares_seen(shares: Sequence[_Earned], parties: Mapping[PartyId, Party], eyes: Eyes) -> list[_Earned]:
    """Return the shares that are for somebody: all, or those of the own branch's parties and of the own person."""
    if eyes.sees(Part.EVERY_SHARE):
        return list(shares)
    if not eyes.sees(Part.OWN_SHARES):
        return []
    own = {party.id for party in parties.values() if _is_own(party, eyes)}
    return [share for share in shares if share.party_id in own]


def _is_own(party: Party, eyes: Eyes) -> bool:
    if eyes.person_id is not None and party.person_id == eyes.person_id:
        return True
    return party.unit_id in eyes.earning.org_units
