"""What sites do in a day: what they say, what was learnt of it, what holds, and who answers for it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from loopline.db import Conn
from loopline.insight.capacity.model import SiteCapacity, Verdict
from loopline.insight.capacity.queries import standing
from loopline.kernel.refusals import Refusal
from loopline.org import Permission
from loopline.org import lists as org_lists
from loopline.processes.full_days import take_again
from loopline.processes.learnt_capacity import BECAUSE_MOST, FixWish, fix_limits
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.org import ask_of
from loopline.web.api.shapes import Batch, Outcomes, Page, Paging, SiteCodes, decided, page_of, posted, told
from loopline.web.api.types import Code
from loopline.web.capacity_words import why_word
from loopline.web.edge import language_of
from loopline.web.languages import Language

_TAG = "sourcing"


class SiteCapacityFix(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a site says is to hold whatever is learnt, and why; without `because`: what is learnt counts again."""

    site_code: Code
    because: Annotated[str, Meta(min_length=1, max_length=BECAUSE_MOST)] | None = None


class SiteCapacityTold(msgspec.Struct, frozen=True, kw_only=True):
    """Tasks a day: what a site says, what its days tell (null: nothing), and what it is given; `said`: why.

    Errors are how far off the last days were foretold, in tasks a day, by what it says and by what was learnt.
    """

    site_code: str
    stated_per_day: int
    learnt_per_day: int | None
    holds_per_day: int
    days: int
    full_days: int
    stated_error: float | None
    learnt_error: float | None
    verdict: Verdict | None
    said: str
    fixed_at: datetime | None
    fixed_by: str | None
    fixed_because: str | None


class SiteToReopen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A site that has time again today."""

    site_code: Code


class SiteDayReopened(msgspec.Struct, frozen=True, kw_only=True):
    """A site takes work up to its limit of the day; `was_full`: it did not, by its own word."""

    site_code: str
    day: date
    was_full: bool


@posted("/site-capacity/fix", tag=_TAG, name="fix_site_capacity", gives=Outcomes[SiteCapacityFix])
def fix_site_capacity(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[SiteCapacityFix]]
) -> Response[bytes]:
    """Answer for what sites of your branch say, or take that back. Of two for one site the later holds."""
    scope = caller.scope(Permission.SOURCING_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[SiteCapacityFix | Refusal]:
        wishes = [FixWish(site_code=one.site_code, because=one.because) for one in data.items]
        outcomes = fix_limits(conn, wishes, scope=scope, by=str(caller.actor), now=now)
        return [
            outcome if isinstance(outcome, Refusal) else one
            for one, outcome in zip(data.items, outcomes, strict=True)
        ]

    return decided(request, caller, data, decide)


@posted("/site-days/reopen", tag=_TAG, name="reopen_site_days", gives=Outcomes[SiteDayReopened])
def reopen_site_days(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[SiteToReopen]]
) -> Response[bytes]:
    """Let sites that gave work back for want of time, or are dark, take work up to their limit of today again."""
    scope = caller.scope(Permission.TASKS_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[SiteDayReopened | Refusal]:
        codes = [one.site_code for one in data.items]
        return [
            one
            if isinstance(one, Refusal)
            else SiteDayReopened(site_code=one.site_code, day=one.day, was_full=one.was_full)
            for one in take_again(conn, codes, scope=scope, by=str(caller.actor), now=now)
        ]

    return decided(request, caller, data, decide)


@told("/site-capacity", tag=_TAG, name="list_site_capacity")
def list_site_capacity(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    site_codes: SiteCodes = None,
) -> Page[SiteCapacityTold]:
    """List what sites of your branch say and do in a day, by code; sites that take no tasks are left out."""
    scope, language = caller.scope(Permission.SOURCING_READ), language_of(request)

    def find(conn: Conn, _: datetime) -> Page[SiteCapacityTold]:
        sites = org_lists.sites_page(conn, ask_of(asked, site_codes), scope=scope)
        known = {one.site_id: one for one in standing(conn, [site.id for site in sites])}
        found = page_of(sites, asked, told=lambda site: site, cursor=lambda site: encode_cursor(site.code))
        return Page(
            items=[_told(site.code, known[site.id], language) for site in found.items if site.id in known],
            next_cursor=found.next_cursor,
        )

    return read(request, find)


def _told(code: str, one: SiteCapacity, language: Language) -> SiteCapacityTold:
    return SiteCapacityTold(
        site_code=code,
        stated_per_day=one.stated_per_day,
        learnt_per_day=one.learnt_per_day,
        holds_per_day=one.holds,
        days=one.days or 0,
        full_days=one.full_days or 0,
        stated_error=one.stated_error,
        learnt_error=one.learnt_error,
        verdict=one.verdict,
        said=why_word(one, language),
        fixed_at=one.fixed_at,
        fixed_by=one.fixed_by,
        fixed_because=one.fixed_because,
    )


SITE_CAPACITY_HANDLERS = [fix_site_capacity, reopen_site_days, list_site_capacity]
