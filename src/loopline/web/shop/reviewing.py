"""Buyers say how it is, in words and pictures: from their order's page, or from a receipt; and what pictures show.

Of who has neither the order nor its receipt no picture is decoded. Pictures are made anew before anything of them is
kept.
"""

import asyncio
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State, UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from loopline import orders, reviews
from loopline.db import Conn
from loopline.kernel.ids import ReviewPictureId
from loopline.kernel.pictures import Picture
from loopline.kernel.refusals import Refusal, Refused
from loopline.orders import Order
from loopline.processes.review import Holder, WantedReview, write_reviews
from loopline.reviews import PICTURES_MAX, About, PictureContent, TooManyPictures
from loopline.web.api.answers import read, run
from loopline.web.api.refusals import NoSuchThing
from loopline.web.edge import WebRequest
from loopline.web.photographs import SENT_BYTES_MAX, remade, shown
from loopline.web.shop.frame import go, nothing_here
from loopline.web.shop.order import NO_SUCH_ORDER, NO_SUCH_ORDER_ADVICE, order_page, own_order
from loopline.web.shop.receipt import NO_RECEIPT, NO_RECEIPT_ADVICE, order_of_receipt, receipt_page
from loopline.web.shop.refusals import StarsMissing
from loopline.web.shop.said import SaidReview
from loopline.web.shop.shopper import Shopper

PICTURES_PATH = "/review-pictures"
_TEXT_MAX = 2_000
_FORM_BYTES = 100_000
_BYTES_MAX = PICTURES_MAX * SENT_BYTES_MAX + _FORM_BYTES
_SHOWN_SECONDS = 300
_FormRequest = Request[Any, Any, State]


class _Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A review as its form sends it; pictures beyond the most that may be are counted, and not read."""

    said: SaidReview
    pictures: list[bytes]
    is_too_many: bool


async def _sent(request: _FormRequest) -> _Sent:
    form = await request.form()
    files = [one for one in form.getall("pictures", []) if isinstance(one, UploadFile) and one.filename]
    is_too_many = len(files) > PICTURES_MAX
    contents = [] if is_too_many else [await one.read() for one in files]
    words = {name: str(form.get(name, "")) for name in SaidReview.__struct_fields__}
    return _Sent(said=SaidReview(**words), pictures=[one for one in contents if one], is_too_many=is_too_many)


@post("/o/{number:str}/review", request_max_body_size=_BYTES_MAX)
async def review_order(
    request: _FormRequest, number: FromPath[str], member: NamedDependency[Shopper]
) -> Response[Any]:
    """Say how the goods are, or how the store was."""
    return await asyncio.to_thread(_review_order, request, number, member, await _sent(request))


def _review_order(request: WebRequest, number: str, member: Shopper, sent: _Sent) -> Response[Any]:
    head = read(request, lambda conn, _: own_order(conn, number, member.member_id))
    if head is None:
        return nothing_here(request, shopper=member, title=NO_SUCH_ORDER, advice=NO_SUCH_ORDER_ADVICE)
    refusal = _written(request, sent, head, Holder(member_id=member.member_id), actor=member.actor)
    if refusal is not None:
        return order_page(request, number, member, refusal=refusal, said=sent.said)
    return go(f"/o/{head.number}")


@post("/r/{code:str}/review", request_max_body_size=_BYTES_MAX)
async def review_receipt(
    request: _FormRequest, code: FromPath[str], shopper: NamedDependency[Shopper | None]
) -> Response[Any]:
    """Say how something on a receipt is, or how the store was."""
    return await asyncio.to_thread(_review_receipt, request, code, shopper, await _sent(request))


def _review_receipt(request: WebRequest, code: str, shopper: Shopper | None, sent: _Sent) -> Response[Any]:
    head = read(request, lambda conn, _: order_of_receipt(conn, code))
    if head is None:
        return nothing_here(request, shopper=shopper, title=NO_RECEIPT, advice=NO_RECEIPT_ADVICE)
    holder = Holder(member_id=shopper.member_id if shopper else None, receipt_code=code)
    actor = shopper.actor if shopper else "receipt"
    refusal = _written(request, sent, head, holder, actor=actor)
    if refusal is not None:
        return receipt_page(request, code, shopper, refusal=refusal, said=sent.said)
    return go(f"/r/{code}")


def _written(request: WebRequest, sent: _Sent, order: Order, by: Holder, *, actor: str) -> Refusal | None:
    """Write what a form says of a line of an order, or of its store; returns why not."""
    text = sent.said.text.strip()[:_TEXT_MAX]
    if sent.said.stars not in {"1", "2", "3", "4", "5"} or not text:
        return StarsMissing()
    if sent.is_too_many:
        return TooManyPictures(pictures_max=PICTURES_MAX)
    made = [remade(one, with_small=True) for one in sent.pictures]
    refused = next((one for one in made if isinstance(one, Refusal)), None)
    if refused is not None:
        return refused

    def work(conn: Conn, now: datetime) -> None:
        line_ids = {str(one.line_id): one.line_id for one in orders.lines_by_orders(conn, [order.id])}
        line_id = line_ids.get(sent.said.line)
        wanted = WantedReview(
            by=by,
            about=About.PRODUCT if line_id else About.STORE,
            stars=int(sent.said.stars),
            text=text,
            order_id=order.id,
            line_id=line_id,
            pictures=tuple(cast("list[Picture]", made)),
        )
        (outcome,) = write_reviews(conn, [wanted], now=now, actor=actor)
        if isinstance(outcome, Refusal):
            raise Refused(outcome)

    try:
        run(request, work)
    except Refused as refused:
        return refused.refusal
    return None


@get(PICTURES_PATH + "/{picture_id:uuid}", sync_to_thread=True)
def show_review_picture(
    request: WebRequest, picture_id: FromPath[UUID], size: FromQuery[str] = ""
) -> Response[bytes]:
    """Show a picture of a review that is shown."""

    def find(conn: Conn, _: datetime) -> PictureContent:
        found = reviews.picture_content(conn, ReviewPictureId(picture_id), is_small=size == "small")
        if found is None or found.is_hidden:
            raise Refused(NoSuchThing(noun="picture", value=str(picture_id)))
        return found

    # What is hidden or forgotten is not shown by a browser for long either.
    found = read(request, find)
    return shown(found.content, found.media_type, kept=f"private, max-age={_SHOWN_SECONDS}")


REVIEWING_PAGES = [review_order, review_receipt, show_review_picture]
