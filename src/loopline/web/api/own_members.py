"""Own members: which members guides, dealers and streamers are, so that rules know what they buy themselves."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from loopline import org
from loopline.db import Conn
from loopline.kernel.ids import MemberId
from loopline.kernel.refusals import Refusal, Refused
from loopline.org import Permission
from loopline.processes.own_members import WantedOwn, note_own
from loopline.sharing import own
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.catalogue import whole_brand
from loopline.web.api.refusals import NoSuchThing
from loopline.web.api.shapes import Batch, Outcomes, decided, posted, told
from loopline.web.api.sharing import author_of
from loopline.web.api.types import Code
from loopline.web.edge import edge_of
from loopline.web.languages import marked

_TAG = "sharing"
OWN_PURPOSE = marked("Noted as somebody who earns")


class OwnMemberAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A guide, dealer or streamer, and a member who they are: by `member`, a phone or the member's id."""

    party_code: Code
    member: Annotated[str, Meta(min_length=1, max_length=64)]


class OwnMemberTold(msgspec.Struct, frozen=True, kw_only=True):
    """A member who is a party. It stays noted."""

    party_code: str
    member_id: MemberId


class OwnMembers(msgspec.Struct, frozen=True, kw_only=True):
    """All members who are a party."""

    items: list[OwnMemberTold]


@posted("/parties/own-members", tag=_TAG, name="note_own_members", gives=Outcomes[OwnMemberTold])
def note_own_members(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[OwnMemberAsk]]
) -> Response[bytes]:
    """Note that parties are members: of what they buy from then on they earn as the rules say, by default nothing."""
    whole_brand(caller, Permission.SHARING_WRITE, subject=_TAG)
    ring = edge_of(request).ring

    def decide(conn: Conn, now: datetime) -> Sequence[OwnMemberTold | Refusal]:
        wanted = [WantedOwn(party_code=one.party_code, member=one.member) for one in data.items]
        noted = note_own(conn, wanted, ring=ring, by=author_of(conn, caller), purpose=OWN_PURPOSE, now=now)
        return [
            one
            if isinstance(one, Refusal)
            else OwnMemberTold(party_code=asked.party_code, member_id=one.member_id)
            for asked, one in zip(wanted, noted, strict=True)
        ]

    return decided(request, caller, data, decide)


@told("/parties/{party_code:str}/own-members", tag=_TAG, name="list_own_members")
def list_own_members(
    request: AnyRequest, caller: NamedDependency[Caller], party_code: FromPath[Code]
) -> OwnMembers:
    """List the members who a party is: for who writes the rules."""
    whole_brand(caller, Permission.SHARING_WRITE, subject=_TAG)

    def find(conn: Conn, _: datetime) -> OwnMembers:
        party = org.parties_by_code(conn, [party_code]).get(party_code)
        if party is None:
            raise Refused(NoSuchThing(noun="party", value=party_code))
        return OwnMembers(
            items=[
                OwnMemberTold(party_code=party_code, member_id=one.member_id)
                for one in own.members_of_parties(conn, [party.id])
            ]
        )

    return read(request, find)


OWN_MEMBER_HANDLERS = [note_own_members, list_own_members]
