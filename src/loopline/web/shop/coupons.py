"""A member's coupons: what can be used, what cannot and why; a code typed in; and where a shared code leads."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Template

from loopline import orders
from loopline.customers.refusals import TooManyTries
from loopline.db import Conn
from loopline.kernel.ids import MemberId, OrderId
from loopline.kernel.refusals import Refusal, Refused
from loopline.pricing.coupons import (
    SECRET_LENGTH_MAX,
    Batch,
    Coupon,
    CouponState,
    Offer,
    batch_by_shared_code,
    offers_of_member,
    shown_code,
)
from loopline.pricing.coupons.rules import refusal_to_give
from loopline.processes.coupons.giving import claim
from loopline.web.api.answers import run
from loopline.web.claiming import refusal_of_code
from loopline.web.edge import WebRequest, edge_of, language_of
from loopline.web.languages import Language, marked
from loopline.web.problems import status_of
from loopline.web.shop.coupon_words import ZONE, CouponWords, batch_words, coupon_words
from loopline.web.shop.frame import go, nothing_here, shop_page, sign_in_at
from loopline.web.shop.shopper import Shopper

COUPONS = "/me/coupons"
_READ_MOST = 200
_NO_SUCH_COUPON = marked("There is no such coupon")
_NO_SUCH_COUPON_ADVICE = marked("Perhaps the code was typed wrongly, or its time is over.")


class ClaimForm(msgspec.Struct, frozen=True, kw_only=True):
    """The code that was typed, or that somebody came with."""

    code: str


class MyCoupon(msgspec.Struct, frozen=True, kw_only=True):
    """A coupon of a member's; `number`: of the order that has it."""

    words: CouponWords
    code: str
    state: str
    number: str = ""


class MyCoupons(msgspec.Struct, frozen=True, kw_only=True):
    """A member's coupons, by whether they can be used now, are held by an order, were used, or ended unused."""

    usable: Sequence[MyCoupon]
    held: Sequence[MyCoupon]
    used: Sequence[MyCoupon]
    over: Sequence[MyCoupon]

    @property
    def is_empty(self) -> bool:
        """Whether there never was one."""
        return not (self.usable or self.held or self.used or self.over)


@get(COUPONS, sync_to_thread=True)
def show_coupons(request: WebRequest, member: NamedDependency[Shopper]) -> Template:
    """Show a member's coupons."""
    return _page(request, member)


def _page(
    request: WebRequest, member: Shopper, *, refusal: Refusal | None = None, typed: str = ""
) -> Template:
    edge, language = edge_of(request), language_of(request)
    with edge.database.reading() as conn:
        mine = _read(conn, member, language, now=edge.clock())
    return shop_page(
        request,
        "coupons.html",
        shopper=member,
        status=status_of(refusal) if refusal else 200,
        tab="me",
        here=COUPONS,
        back="/me",
        mine=mine,
        typed=typed,
        is_new="got" in request.query_params,
        refusal=language.refusal(refusal) if refusal else None,
    )


def _read(conn: Conn, member: Shopper, language: Language, *, now: datetime) -> MyCoupons:
    offers = offers_of_member(conn, member.member_id, now=now, at_most=_READ_MOST)
    taken = [one.coupon.order_id for one in offers if one.coupon.order_id is not None]
    numbers: dict[OrderId | None, str] = (
        {head.id: head.number for head in orders.orders_by_ids(conn, taken)} if taken else {}
    )
    write = partial(_written, language, numbers, now=now)
    free = [one for one in offers if one.coupon.state is CouponState.FREE]
    return MyCoupons(
        usable=[write(one) for one in free if now < one.coupon.valid_until],
        held=[write(one) for one in offers if one.coupon.state is CouponState.HELD],
        used=[write(one) for one in offers if one.coupon.state is CouponState.SPENT],
        over=[write(one) for one in free if one.coupon.valid_until <= now],
    )


def _written(
    language: Language, numbers: dict[OrderId | None, str], offer: Offer, *, now: datetime
) -> MyCoupon:
    coupon = offer.coupon
    number = numbers.get(coupon.order_id, "")
    state = ""
    if coupon.state is CouponState.HELD:
        state = language.say("Held by order {number}, which waits to be paid", number=number)
    elif coupon.state is CouponState.SPENT:
        state = language.say("Used on order {number}", number=number)
    elif coupon.valid_until <= now:
        state = language.say("Its time is over")
    elif now < coupon.valid_from:
        state = language.say("from {moment} on", moment=language.clock_of_day(coupon.valid_from, ZONE))
    return MyCoupon(
        words=coupon_words(language, offer), code=shown_code(coupon.secret), state=state, number=number
    )


@post(COUPONS + "/claim", sync_to_thread=True)
def claim_typed(
    request: WebRequest,
    member: NamedDependency[Shopper],
    data: Annotated[ClaimForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Claim the coupon of a code; why not is said beside the member's own."""
    code = data.code.strip().replace("\x00", "")[:SECRET_LENGTH_MAX]

    def work(conn: Conn, now: datetime) -> Coupon | Refusal:
        return claim(conn, code, member.member_id, now=now)

    outcome = refusal_of_code(request, code, member.member_id) or run(request, work)
    if isinstance(outcome, Refusal):
        return _page(request, member, refusal=outcome, typed=code)
    return go(f"{COUPONS}?got=1")


@get("/coupons/{code:str}")
async def show_shared(
    request: WebRequest, shopper: NamedDependency[Shopper | None], code: FromPath[str]
) -> Response[Any]:
    """Show where a shared code leads: what it gives, and the way to have it. Who tries codes out is stopped."""
    batch = await asyncio.to_thread(_find, request, code, shopper.member_id if shopper else None)
    if batch is None:
        return nothing_here(request, shopper=shopper, title=_NO_SUCH_COUPON, advice=_NO_SUCH_COUPON_ADVICE)
    language = language_of(request)
    refusal = refusal_to_give(batch, now=edge_of(request).clock())
    here = f"/coupons/{quote(code, safe='')}"
    return shop_page(
        request,
        "coupon.html",
        shopper=shopper,
        here=here,
        coupon=batch_words(language, batch),
        code=batch.shared_code,
        is_gone=refusal is not None or batch.given >= batch.total,
        sign_in=sign_in_at(here),
    )


def _find(request: WebRequest, code: str, member_id: MemberId | None) -> Batch | None:
    """Return the batch that a shared code leads to. Raises Refused for who tried too many that lead nowhere."""
    typed = code[:SECRET_LENGTH_MAX].replace("\x00", "")
    refusal = refusal_of_code(request, typed, member_id)
    if isinstance(refusal, TooManyTries):
        raise Refused(refusal)
    if refusal is not None:
        return None
    with edge_of(request).database.reading() as conn:
        found = batch_by_shared_code(conn, typed)
    return found if found is not None and found.published_at is not None else None


COUPON_SHOP_PAGES = [show_coupons, claim_typed, show_shared]
