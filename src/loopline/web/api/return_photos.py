"""Photos of what comes back, over the API: of members with what they announced, of sites with what they took in."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from loopline.db import Conn
from loopline.kernel.ids import LineId, OrderId, PhotoId, ReturnId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import Scope
from loopline.org import Permission
from loopline.processes.cancel import UnknownOrderLine
from loopline.processes.photos_back import keep_photos
from loopline.returns import queries as returns
from loopline.returns.announcements import announced_by_id
from loopline.returns.photos import PHOTOS_MOST, NewPhoto, PhotoKept
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller, CallerKind
from loopline.web.api.refusals import NoSuchThing
from loopline.web.api.shapes import Outcomes, decided, merged, posted
from loopline.web.photographs import remade
from loopline.web.photos_back import new_photos


class ReturnPhotoAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A photo of goods that come back, of a line of the order where that is said. Sent twice, it is kept once.

    `content` is a JPEG, PNG or WebP in base64, of 6 MB and 24 million pixels at most. It is made anew: small, upright,
    without the place it was taken at.
    """

    content: Annotated[bytes, Meta(min_length=1)]
    line_id: UUID | None = None

    def __repr__(self) -> str:
        return f"ReturnPhotoAsk({len(self.content)} bytes)"


class ReturnPhotosAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Photos of a return, of 20 MB together as they are sent. Each has its own outcome."""

    items: Annotated[list[ReturnPhotoAsk], Meta(min_length=1, max_length=PHOTOS_MOST)]


class ReturnPhotoTold(msgspec.Struct, frozen=True, kw_only=True):
    """A photo that is kept; `is_repeat`: it was before."""

    photo_id: PhotoId
    is_repeat: bool


class _Of(msgspec.Struct, frozen=True, kw_only=True):
    """What is photographed: a return of an order, if any, and the lines of the order that are in it."""

    return_id: ReturnId
    order_id: OrderId | None
    line_ids: Collection[LineId]


@posted(
    "/returns/{return_id:uuid}/photos",
    tag="returns",
    name="keep_return_photos",
    gives=Outcomes[ReturnPhotoTold],
)
def keep_return_photos(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    return_id: FromPath[UUID],
    data: JSONBody[ReturnPhotosAsk],
) -> Response[bytes]:
    """Keep photos of what you announced (members), or of what was taken in at one of your sites."""
    scope = Scope() if caller.kind is CallerKind.MEMBER else caller.scope(Permission.RETURNS_WRITE)
    of = read(request, lambda conn, _: _photographed(conn, ReturnId(return_id), caller, scope))
    judged = [_keep(one, of, caller) for one in data.items]  # of others nothing is decoded

    def decide(conn: Conn, now: datetime) -> Sequence[ReturnPhotoTold | Refusal]:
        outcomes = merged(judged, lambda new: keep_photos(conn, new, scope=scope, now=now))
        return [_told(one) for one in outcomes]

    return decided(request, caller, data, decide)


def _photographed(conn: Conn, return_id: ReturnId, caller: Caller, scope: Scope) -> _Of:
    """Return what the caller may photograph. Raises Refused (404) where there is none."""
    if caller.kind is CallerKind.MEMBER:
        announced = next(iter(announced_by_id(conn, [return_id])), None)
        if announced is not None and announced.member_id == caller.member_id:
            lines = [line.line_id for line in announced.lines]
            return _Of(return_id=return_id, order_id=announced.order_id, line_ids=lines)
    else:
        head = next(iter(returns.returns_by_id(conn, [return_id])), None)
        if head is not None and scope.covers_site(head.site_id):
            taken = returns.lines_of_returns(conn, [return_id])
            lines = [match.line_id for line in taken for match in line.matches]
            return _Of(return_id=return_id, order_id=head.order_id, line_ids=lines)
    raise Refused(NoSuchThing(noun="return", value=str(return_id)))


def _keep(one: ReturnPhotoAsk, of: _Of, caller: Caller) -> NewPhoto | Refusal:
    line_id = LineId(one.line_id) if one.line_id is not None else None
    if line_id is not None and line_id not in of.line_ids:
        return UnknownOrderLine(line_id=line_id)
    picture = remade(one.content)
    if isinstance(picture, Refusal):
        return picture
    (new,) = new_photos(
        [picture],
        return_id=of.return_id,
        order_id=of.order_id,
        line_id=line_id,
        by=caller.actor,
        by_customer=caller.kind is CallerKind.MEMBER,
    )
    return new


def _told(one: PhotoKept | Refusal) -> ReturnPhotoTold | Refusal:
    return (
        one if isinstance(one, Refusal) else ReturnPhotoTold(photo_id=one.photo_id, is_repeat=one.is_repeat)
    )


RETURN_PHOTO_HANDLERS = [keep_return_photos]
