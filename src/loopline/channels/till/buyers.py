"""Whose sales of a till are: named by the server before, or found now by what was typed or scanned without it."""

from collections.abc import Sequence

import msgspec
from msgspec import UNSET

from loopline import customers, org
from loopline.channels.till.message import Sale, SaleMember
from loopline.customers import KeyRing, Said
from loopline.customers.queries import known_members
from loopline.db import Conn
from loopline.kernel.ids import MemberId

_COUNTRY = "CN"


def buyers_of(conn: Conn, sales: Sequence[Sale], *, ring: KeyRing) -> list[MemberId | None]:
    """Return the member of each sale; None where none was said, and for one that nobody is (any more).

    A code counts at the moment the sale was rung up. Locks nothing.
    """
    stated = [None if one.member is UNSET else one.member for one in sales]
    ids = {MemberId(one.id) for one in stated if one is not None and one.id is not None}
    known = known_members(conn, ids) if ids else set[MemberId]()
    places = [place for place, one in enumerate(stated) if one is not None and one.id is None and one.said]
    sites = org.sites_by_code(conn, {sales[place].site_code for place in places}) if places else {}
    said: list[Said] = []
    for place in places:
        one, site = stated[place], sites.get(sales[place].site_code)
        assert one is not None, "only those who were said"
        country = site.country if site is not None else _COUNTRY
        said.append(Said(text=one.said, at=sales[place].rung_up_at, country=country))
    found = dict(zip(places, customers.recognise(conn, said, ring=ring), strict=True)) if said else {}
    return [
        MemberId(one.id) if one is not None and one.id is not None and one.id in known else found.get(place)
        for place, one in enumerate(stated)
    ]


def without_personal_data(sale: Sale, member_id: MemberId | None) -> Sale:
    """Return a sale as it may be kept in the open: with the member's id alone, where there is one."""
    member = UNSET if member_id is None else SaleMember(id=member_id)
    return msgspec.structs.replace(sale, member=member)
