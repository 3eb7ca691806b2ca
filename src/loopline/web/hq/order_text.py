"""What somebody typed to find an order: a number, words, or what a member's phone is or ends in."""

import re
from collections.abc import Mapping, Sequence

from loopline import customers, orders
from loopline.customers import Identity, IdentityKind, KeyRing
from loopline.db import Conn
from loopline.kernel.ids import MemberId
from loopline.kernel.scope import Scope
from loopline.orders import read_number, spell_number
from loopline.org import Permission
from loopline.processes.namesakes import CANDIDATES_A_PAGE, first_of_pages

_LAST_FOUR = re.compile(r"[0-9]{4}")
_PHONE = re.compile(r"\+?[0-9]{7,15}")
_MEMBERS_MAX = 50


def may_find_by_member(branches: Mapping[Permission, Scope]) -> bool:
    """Tell whether somebody may look for orders by their member: members must be readable wherever orders are."""
    orders, members = branches.get(Permission.ORDERS_READ), branches.get(Permission.MEMBERS_READ)
    if orders is None or members is None:
        return False
    return members.everything or (not orders.everything and orders.sites <= members.sites)


def text_asked(text: str) -> str | None:
    """Return what to look for: an order's number as we spell it, however it was typed; None for nothing."""
    kept = text.replace("\x00", " ").strip()
    if not kept:
        return None
    running = read_number(kept)
    return spell_number(running) if running is not None else kept


def members_meant(
    conn: Conn, text: str, *, ring: KeyRing, branches: Mapping[Permission, Scope]
) -> tuple[MemberId, ...]:
    """Return the members whose phone the text is, or ends in; nobody for whoever may not read members.

    Of many whose phone ends in the same digits, those are meant who bought where the caller sees orders.
    """
    typed = re.sub(r"[ -]", "", text)
    if not may_find_by_member(branches):
        return ()
    if _LAST_FOUR.fullmatch(typed):
        return _buyers_by_last_four(conn, typed, ring=ring, scope=branches[Permission.ORDERS_READ])
    if _PHONE.fullmatch(typed):
        asked = [Identity(kind=IdentityKind.PHONE, value=typed)]
        return tuple(
            one for one in customers.members_by_identities(conn, asked, ring=ring) if one is not None
        )
    return ()


def _buyers_by_last_four(conn: Conn, digits: str, *, ring: KeyRing, scope: Scope) -> tuple[MemberId, ...]:
    sites = None if scope.everything else scope.sites

    def buyers(page: Sequence[MemberId]) -> list[MemberId]:
        bought = orders.buyers_among(conn, page, sites=sites)
        return [one for one in page if one in bought]

    return tuple(
        first_of_pages(
            lambda after: customers.members_by_last_four(
                conn, digits, ring=ring, limit=CANDIDATES_A_PAGE, after=after
            ),
            keep=buyers,
            most=_MEMBERS_MAX,
        )
    )
