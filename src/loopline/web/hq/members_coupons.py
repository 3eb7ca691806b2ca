"""A coupon for several members at once, chosen from those that were found."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from litestar import post
from litestar.di import NamedDependency
from litestar.response import Redirect

from loopline.customers.queries import known_members
from loopline.db import Conn
from loopline.kernel.ids import MemberId
from loopline.kernel.refusals import Refusal
from loopline.org import Permission
from loopline.pricing.coupons import Coupon
from loopline.processes.coupons.giving import WantedGift, give
from loopline.web.api.answers import run
from loopline.web.api.members import visible_members
from loopline.web.edge import Visitor, language_of
from loopline.web.hq.members import FOUND_SHOWN, MEMBERS, FormRequest
from loopline.web.languages import Language
from loopline.web.notices import telling

_COUPON = f"{MEMBERS}/coupon"


@post(_COUPON)
async def give_to_chosen(request: FormRequest, visitor: NamedDependency[Visitor]) -> Redirect:
    """Give a coupon of a batch to each member that was chosen; says how many have one, and why others have none."""
    sees, may_give = visitor.scope_of(Permission.MEMBERS_READ), visitor.scope_of(Permission.COUPONS_WRITE)
    form, language = await request.form(), language_of(request)
    batch_code = str(form.get("batch", "")).replace("\x00", "")
    chosen = _members([str(one) for one in form.getall("member", [])][:FOUND_SHOWN])
    if not chosen or not batch_code:
        return telling(request, MEMBERS, problem=language.say("Choose members, and a coupon for them."))

    def work(conn: Conn, now: datetime) -> list[Coupon | Refusal]:
        known = known_members(conn, chosen)
        theirs = visible_members(conn, [one for one in chosen if one in known], scope=sees)
        wanted = [WantedGift(batch_code=batch_code, member_id=one) for one in theirs]
        return give(conn, wanted, scope=may_give, by=f"person:{visitor.person.person_id}", now=now)

    outcomes = await asyncio.to_thread(run, request, work)
    return telling(request, MEMBERS, **_said(outcomes, language))


def _members(said: Sequence[str]) -> list[MemberId]:
    """Read the ids that a form says; what is none is left out, and each counts once."""
    found: dict[MemberId, None] = {}
    for one in said:
        try:
            found[MemberId(UUID(one))] = None
        except ValueError:
            continue
    return list(found)


def _said(outcomes: Sequence[Coupon | Refusal], language: Language) -> dict[str, str]:
    """Say what became of it, each reason once."""
    given = sum(isinstance(one, Coupon) for one in outcomes)
    refusals = [one for one in outcomes if isinstance(one, Refusal)]
    reasons = dict.fromkeys(language.refusal(one) for one in refusals)
    words: dict[str, str] = {}
    if given:
        words["done"] = language.say("Given to {count}.", count=language.count(given))
    if refusals or not outcomes:
        words["problem"] = " ".join(reasons) or language.say("Nobody of these is a member you see.")
    return words


MEMBERS_COUPON_PAGES = [give_to_chosen]
