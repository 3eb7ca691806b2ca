"""Feeds of dealers' own systems: how old, how far trusted, what is kept back; and what waits for a person."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline import catalogue, feeds, org
from loopline.db import Conn
from loopline.feeds import Feed, LastSnapshot, Suspicion, SuspicionAnswer, Why
from loopline.feeds.rules import age_in_intervals
from loopline.kernel.ids import FeedId, SiteId, SkuId
from loopline.kernel.scope import Scope
from loopline.org import Permission, Site
from loopline.processes import hear
from loopline.web.api.answers import granted, read, run
from loopline.web.api.reading import BadInput
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.languages import Language, marked
from loopline.web.pages import page

FEEDS = "/hq/feeds"
_SUSPICIONS_SHOWN = 50
_WHY_WORDS: Mapping[Why, str] = {
    Why.LEAP: marked("Far more than ever before"),
    Why.COLLAPSE: marked("Nearly all of it gone at once"),
    Why.ALL_GONE: marked("Nearly everything of the snapshot is at nought"),
    Why.ALL_MULTIPLIED: marked("Nearly everything of the snapshot is multiplied"),
}
_NOT_AN_ANSWER = marked("choose a suspicion, and accept or reject it")


class FeedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A feed, written down."""

    code: str
    site: str
    age: str
    state: str
    tone: str
    trust: str
    kept_back: str
    last: str
    difference: str


class SuspicionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A statement that waits, written down."""

    id: str
    feed: str
    site: str
    goods: str
    code: str
    units: str
    ours: str
    why: str
    as_at: str


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows, read at one moment."""

    feeds: Sequence[Feed]
    trust: Mapping[FeedId, int]
    last: Mapping[FeedId, LastSnapshot]
    suspicions: Sequence[Suspicion]
    sites: Mapping[SiteId, Site]
    skus: Mapping[SkuId, tuple[str, str]]
    now: datetime


@get(FEEDS, sync_to_thread=True)
def show_feeds(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show the feeds of somebody's branch and what waits there."""
    scope = visitor.scope_of(Permission.STOCK_READ)
    language = language_of(request)
    found = read(request, lambda conn, now: _find(conn, scope=scope, now=now))
    return page(
        request,
        "hq/feeds.html",
        visitor=visitor,
        feeds=[_feed_row(one, found, language) for one in found.feeds],
        suspicions=[_suspicion_row(one, found, language) for one in found.suspicions],
        may_answer=visitor.may(Permission.STOCK_WRITE),
    )


def _find(conn: Conn, *, scope: Scope, now: datetime) -> Found:
    known = feeds.feeds_at(conn, None if scope.everything else list(scope.sites))
    ids = [one.id for one in known]
    waiting = feeds.open_suspicions(conn, ids, at_most=_SUSPICIONS_SHOWN)
    skus = catalogue.skus_by_id(conn, {one.sku_id for one in waiting})
    return Found(
        feeds=known,
        trust=feeds.trust_of(conn, ids, now=now),
        last=feeds.last_snapshots(conn, ids),
        suspicions=waiting,
        sites=org.sites_by_id(conn, {one.site_id for one in known}),
        skus={sku_id: (sku.code, sku.name) for sku_id, sku in skus.items()},
        now=now,
    )


def _feed_row(one: Feed, found: Found, language: Language) -> FeedRow:
    last = found.last.get(one.id)
    site = found.sites.get(one.site_id)
    zone = site.time_zone if site else "UTC"
    state, tone = _state(one, found.now, language)
    return FeedRow(
        code=one.code,
        site=language.called(site.name) if site else "",
        age=language.clock_of_day(one.heard_as_at, zone) if one.heard_as_at else language.say("Never heard"),
        state=state,
        tone=tone,
        trust=f"{found.trust[one.id]} %",
        kept_back=f"{one.doubt_percent} %",
        last=language.say(
            "{applied} of {named} changed",
            applied=language.count(last.applied),
            named=language.count(last.named),
        )
        if last
        else "",
        difference=language.say("{units} pieces apart", units=language.count(last.difference_units))
        if last
        else "",
    )


def _state(one: Feed, now: datetime, language: Language) -> tuple[str, str]:
    if one.doubt_percent == 100:
        return language.say("Stale: promises nothing"), "bad"
    if one.heard_as_at is None:
        return language.say("Not heard yet"), "warn"
    if age_in_intervals(one, now=now) > 1:
        return language.say("Late"), "warn"
    return language.say("On time"), "good"


def _suspicion_row(one: Suspicion, found: Found, language: Language) -> SuspicionRow:
    feed = next(known for known in found.feeds if known.id == one.feed_id)
    site = found.sites.get(feed.site_id)
    code, name = found.skus.get(one.sku_id, (str(one.sku_id), str(one.sku_id)))
    return SuspicionRow(
        id=str(one.id),
        feed=feed.code,
        site=language.called(site.name) if site else "",
        goods=language.called(name),
        code=code,
        units=language.count(one.units),
        ours=language.count(one.ours),
        why=language.say(_WHY_WORDS[one.why]),
        as_at=language.clock_of_day(one.as_at, site.time_zone if site else "UTC"),
    )


@post(f"{FEEDS}/answer")
async def answer_from_page(request: Request[Any, Any, State], visitor: NamedDependency[Visitor]) -> Redirect:
    """Accept or reject a suspicion, and go back to the page."""
    scope = visitor.scope_of(Permission.STOCK_WRITE)
    form = await request.form()
    said = {"suspicion_id": str(form.get("suspicion", "")), "answer": str(form.get("answer", ""))}
    try:
        asked = msgspec.convert(said, SuspicionAnswer)
    except msgspec.ValidationError as error:
        raise BadInput(field="suspicion", template=_NOT_AN_ANSWER) from error
    await asyncio.to_thread(
        run,
        request,
        lambda conn, now: granted(
            hear.answer_suspicion(conn, asked, scope=scope, now=now, actor=str(visitor.person.person_id))
        ),
    )
    return Redirect(FEEDS, status_code=HTTP_303_SEE_OTHER)


FEED_PAGES = [show_feeds, answer_from_page]
