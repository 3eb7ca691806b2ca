"""Reads of customers, for screens and processes. None opens personal data, none locks anything."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.customers.keys import KeyRing
from loopline.customers.model import Moment
from loopline.customers.rules import searchable_name
from loopline.customers.service import LAST_FOUR_KIND, NAME_KIND
from loopline.db import Conn, fetch, fetch_values, statements, uuids
from loopline.kernel.ids import MemberId

SQL = statements(__file__, name="queries")


class PastAccess(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody opened a member's personal data."""

    at: datetime
    actor: str
    purpose: str


def members_by_last_four(
    conn: Conn, digits: str, *, ring: KeyRing, limit: int = 20, after: MemberId | None = None
) -> list[MemberId]:
    """Return members with a phone that ends in four digits, as asked for at a counter, by id, behind one of them."""
    blinds = [ring.blind(LAST_FOUR_KIND, digits, key_id=key_id) for key_id in ring.indexing_ids]
    return fetch_values(conn, SQL["members_by_last_four"], last_fours=blinds, limit=limit, after=after)


class PhoneEndings(msgspec.Struct, frozen=True, kw_only=True):
    """How a member's phones end, sealed: only whether digits that somebody says are right can be told."""

    member_id: MemberId
    blinds: list[bytes]

    def ends_in(self, digits: str, *, ring: KeyRing) -> bool:
        """Tell whether one of the phones ends in four digits."""
        said = {ring.blind(LAST_FOUR_KIND, digits, key_id=key_id) for key_id in ring.indexing_ids}
        return any(blind in said for blind in self.blinds)


def phone_endings(conn: Conn, member_ids: Iterable[MemberId]) -> dict[MemberId, PhoneEndings]:
    """Return how the phones of members end; who has none is left out."""
    found = fetch(conn, SQL["phone_endings"], PhoneEndings, member_ids=uuids(member_ids))
    return {one.member_id: one for one in found}


def members_by_name(
    conn: Conn, name: str, *, ring: KeyRing, limit: int = 20, after: MemberId | None = None
) -> list[MemberId]:
    """Return members of a name, by id, behind one of them; width, case and spaces do not matter."""
    searchable = searchable_name(name)
    blinds = [ring.blind(NAME_KIND, searchable, key_id=key_id) for key_id in ring.indexing_ids]
    return fetch_values(conn, SQL["members_by_name"], name_blinds=blinds, limit=limit, after=after)


def known_members(conn: Conn, member_ids: Iterable[MemberId]) -> set[MemberId]:
    """Return those ids that are members, of whom the erased are none."""
    return set(fetch_values(conn, SQL["known_members"], member_ids=uuids(member_ids)))


def timeline(conn: Conn, member_id: MemberId, *, before: datetime, limit: int) -> list[Moment]:
    """Return what happened to a member before a moment (excluded), the latest first."""
    return fetch(conn, SQL["timeline"], Moment, member_id=member_id, before=before, limit=limit)


def timeline_page(
    conn: Conn, member_id: MemberId, *, after: tuple[datetime, str, UUID] | None, limit: int
) -> list[Moment]:
    """Return a page of what happened to a member, the latest first, behind the moment, kind and subject given."""
    at, kind, subject = after or (None, None, None)
    return fetch(
        conn,
        SQL["timeline_page"],
        Moment,
        member_id=member_id,
        at=at,
        kind=kind,
        subject=subject,
        limit=limit,
    )


def member_count(conn: Conn) -> int:
    """Return how many members are known and not erased."""
    return fetch_values(conn, SQL["member_count"])[0]


def last_accesses(conn: Conn, member_id: MemberId, *, limit: int) -> list[PastAccess]:
    """Return who opened a member's personal data and what for, the latest first."""
    return fetch(conn, SQL["last_accesses"], PastAccess, member_id=member_id, limit=limit)
