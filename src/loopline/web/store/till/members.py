"""A member at the till, by their whole phone or by the code on their page: one at a time, counted, and written down.

Nobody is listed, and whoever stands at the till sees a masked name alone.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import RawBody
from msgspec import Meta

from loopline import customers
from loopline.customers import IdentityKind, Opening, Personal, Said, masked_name, masked_phone
from loopline.customers.keys import KeyRing
from loopline.db import Conn
from loopline.kernel.ids import MemberId
from loopline.kernel.refusals import Refusal, Refused
from loopline.pricing.points import accounts_of_members
from loopline.web.api.answers import answered, run
from loopline.web.api.reading import decode
from loopline.web.edge import WebRequest, edge_of
from loopline.web.languages import marked
from loopline.web.store.count.place import actor_of
from loopline.web.store.desk import Desk
from loopline.web.store.refusals import NobodyByThat
from loopline.web.store.till.counter import COUNTER

_PURPOSE = marked("Bought something at the till")
_ID_SHOWN = 4


class MemberAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A phone or a code, as it was typed or scanned."""

    said: Annotated[str, Meta(min_length=1, max_length=64)]

    def __repr__(self) -> str:
        return "MemberAsked(…)"


class MemberTold(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who it is: the id that a sale names, how a till may show them, and the points they can use."""

    id: MemberId
    name: str
    points: int | None = None


@post("/store/till/member", dependencies=COUNTER, status_code=200, sync_to_thread=True)
def find_member(request: WebRequest, counter: NamedDependency[Desk], body: RawBody) -> Response[bytes]:
    """Tell who a phone or a code is of. One that is nobody's counts, too: who tries numbers out is stopped."""
    asked: MemberAsked = decode(body, MemberAsked)
    ring, person = edge_of(request).ring, str(counter.person_id)
    opening = Opening(actor=actor_of(counter.visitor), purpose=_PURPOSE)

    def work(conn: Conn, now: datetime) -> MemberTold | Refusal:
        said = Said(text=asked.said, at=now, country=counter.site.country)
        member_id = recognised(conn, said, person=person, ring=ring)
        if not isinstance(member_id, UUID):
            return member_id
        (opened,) = customers.open_personal(conn, [member_id], ring=ring, opening=opening, now=now)
        found = accounts_of_members(conn, [member_id])
        points = found[0].available if found else None
        return MemberTold(id=member_id, name=_shown(opened, member_id), points=points)

    outcome = run(request, work)  # what was counted stays, whatever came of it
    if isinstance(outcome, Refusal):
        raise Refused(outcome)
    return answered(outcome)


def recognised(conn: Conn, said: Said, *, person: str, ring: KeyRing) -> MemberId | Refusal:
    """Return whom a phone or a code is of; who asks is counted, and stopped where they try numbers out.

    What was counted has to stay, whatever comes of it: the caller returns a refusal, and raises none.
    """
    refusal = customers.count_look_up(conn, person, ring=ring, now=said.at)
    if refusal is not None:
        return refusal
    (member_id,) = customers.recognise(conn, [said], ring=ring)
    if member_id is None:
        customers.count_miss(conn, person, ring=ring, now=said.at)
        return NobodyByThat()
    return member_id


def _shown(opened: Personal | Refusal, member_id: MemberId) -> str:
    """The first letter of the name; of somebody without one the last digits of the phone."""
    if isinstance(opened, Personal):
        if opened.name:
            return masked_name(opened.name)
        phones = [one.value for one in opened.identities if one.kind is IdentityKind.PHONE]
        if phones:
            return masked_phone(phones[0])
    return f"•••{str(member_id)[-_ID_SHOWN:]}"
