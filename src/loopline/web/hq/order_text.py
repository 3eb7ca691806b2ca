"""What somebody typed to find an order: a number, words, or what a member's phone is or ends in."""

import re
from collections.abc import Mapping

from loopline import customers
from loopline.customers import Identity, IdentityKind, KeyRing
from loopline.db import Conn
from loopline.kernel.ids import MemberId
from loopline.kernel.scope import Scope
from loopline.orders import read_number, spell_number
from loopline.org import Permission

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


def members_meant(conn: Conn, text: str, *, ring: KeyRing, may: bool) -> tuple[MemberId, ...]:
    """Return the members whose phone the text is, or ends in; nobody for whoever may not read members."""
    typed = re.sub(r"[ -]", "", text)
    if not may:
        return ()
    if _LAST_FOUR.fullmatch(typed):
        return tuple(customers.members_by_last_four(conn, typed, ring=ring, limit=_MEMBERS_MAX))
    if _PHONE.fullmatch(typed):
        asked = [Identity(kind=IdentityKind.PHONE, value=typed)]
        return tuple(
            one for one in customers.members_by_identities(conn, asked, ring=ring) if one is not None
        )
    return ()
