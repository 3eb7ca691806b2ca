"""Messages to customers for HQ and customer service: what was sent, waits, was left out or failed, and why."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from loopline import notices, orders
from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.ids import OrderId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.notices import End, Notice, NoticeId, Standing, State
from loopline.orders import Order
from loopline.org import Permission
from loopline.web.api.answers import read, run
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.orders_asked import ORDERS
from loopline.web.languages import Language, marked
from loopline.web.notice_words import ABOUT_WORDS, END_WORDS, STATE_TONES, STATE_WORDS
from loopline.web.notices import telling, told
from loopline.web.pages import page
from loopline.web.problems import status_of

NOTICES = "/hq/notices"
_SHOWN = 100
_NUMBER_MOST = 40
_LOOKED_BACK = timedelta(days=1)
_FAILED_LOOKED_BACK = timedelta(days=7)
"""For so long what failed is shown and counted: whoever was not told by then has looked, or asked."""
_IDLE_AFTER = timedelta(minutes=5)
_LISTS: Mapping[str, tuple[str, State]] = {
    "failed": (marked("Failed"), State.FAILED),
    "waiting": (marked("To be told"), State.WAITING),
    "sent": (marked("Told"), State.SENT),
    "left_out": (marked("Left out"), State.LEFT_OUT),
}


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Which messages the page is to show: those of one order where a number is given. And what was done or refused."""

    number: str = ""
    chosen: str = ""
    done: str = ""
    refusal: Refusal | None = None


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows, read at one moment."""

    standing: Standing
    listed: list[Notice]
    chosen: str
    heads: Mapping[OrderId, Order]
    zone: str
    now: datetime


class NoticeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A message, written down: in the words in which it was told, else in the reader's."""

    id: str
    about: str
    state: str
    tone: str
    order_number: str
    order_path: str
    at: str
    text: str
    language: str
    why: str
    may_be_told: bool


@get(NOTICES, sync_to_thread=True)
def show_notices(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show the messages of orders of somebody's branch, or those of one order that the address names."""
    asked = _Asked(
        number=request.query_params.get("order", "").strip()[:_NUMBER_MOST],
        chosen=request.query_params.get("list", ""),
        done=told(request).done,
    )
    return _page(request, visitor, asked)


@post(NOTICES + "/{notice_id:uuid}/again", sync_to_thread=True)
def tell_one_again(
    request: WebRequest, visitor: NamedDependency[Visitor], notice_id: FromPath[UUID]
) -> Response[Any]:
    """Tell again what failed."""
    scope = visitor.scope_of(Permission.ORDERS_WRITE)
    (outcome,) = run(
        request, lambda conn, now: notices.tell_again(conn, [NoticeId(notice_id)], scope=scope, now=now)
    )
    if isinstance(outcome, Refusal):
        return _page(request, visitor, _Asked(refusal=outcome))
    return telling(
        request,
        f"{NOTICES}?list=waiting",
        done=language_of(request).say("It is told again within the minute."),
    )


def _page(request: WebRequest, visitor: Visitor, asked: _Asked) -> Template:
    scope = visitor.scope_of(Permission.ORDERS_READ)
    found = read(request, lambda conn, now: _find(conn, asked, scope=scope, now=now))
    language, standing = language_of(request), found.standing
    may_write = visitor.may(Permission.ORDERS_WRITE)
    return page(
        request,
        "hq/notices.html",
        status=status_of(asked.refusal) if asked.refusal else 200,
        visitor=visitor,
        path=NOTICES,
        here=NOTICES,
        number=asked.number,
        gateway=_gateway_words(standing, found, language),
        is_idle=_is_idle(standing, found.now),
        lists=[
            (key, language.say(word), language.count(_count(standing, state)), key == found.chosen)
            for key, (word, state) in _LISTS.items()
        ],
        rows=[_row(one, found, language, may_write=may_write) for one in found.listed],
        done=asked.done,
        problem=language.refusal(asked.refusal) if asked.refusal else "",
    )


def _find(conn: Conn, asked: _Asked, *, scope: Scope, now: datetime) -> _Found:
    failed_since = now - _FAILED_LOOKED_BACK
    standing = notices.standing(conn, scope=scope, since=now - _LOOKED_BACK, failed_since=failed_since)
    chosen = asked.chosen if asked.chosen in _LISTS else "failed" if standing.failed else "sent"
    if asked.number:
        head = orders.orders_by_numbers(conn, [asked.number]).get(asked.number)
        listed = notices.notices_of_orders(conn, [head.id] if head else [], scope=scope)
    else:
        state = _LISTS[chosen][1]
        since = failed_since if state is State.FAILED else None
        listed = notices.find_notices(conn, [state], scope=scope, since=since, limit=_SHOWN)
    heads = orders.orders_by_ids(conn, list({one.order_id for one in listed}))
    return _Found(
        standing=standing,
        listed=listed,
        chosen="" if asked.number else chosen,
        heads={one.id: one for one in heads},
        zone=board_setting(conn).zone,
        now=now,
    )


def _count(standing: Standing, state: State) -> int:
    counts = {
        State.FAILED: standing.failed,
        State.WAITING: standing.waiting,
        State.SENT: standing.sent,
        State.LEFT_OUT: standing.left_out,
    }
    return counts[state]


def _is_idle(standing: Standing, now: datetime) -> bool:
    return standing.seen_at is None or now - standing.seen_at > _IDLE_AFTER


def _gateway_words(standing: Standing, found: _Found, language: Language) -> str:
    if standing.gateway is None or standing.seen_at is None:
        return language.say("No gateway is set up: customers are told nothing by message.")
    at = language.clock_of_day(standing.seen_at, found.zone)
    if _is_idle(standing, found.now):
        return language.say(
            "{gateway} was at work last at {time}: nothing is told now.", gateway=standing.gateway, time=at
        )
    return language.say("Told by {gateway}.", gateway=standing.gateway)


def _row(one: Notice, found: _Found, language: Language, *, may_write: bool) -> NoticeRow:
    head = found.heads.get(one.order_id)
    number = head.number if head is not None else ""
    spoken = one.language or language.code
    return NoticeRow(
        id=str(one.id),
        about=language.say(ABOUT_WORDS[one.about]),
        state=language.say(STATE_WORDS[one.state]),
        tone=STATE_TONES[one.state],
        order_number=number,
        order_path=f"{ORDERS}/{number}",
        at=language.clock_of_day(one.ended_at or one.happened_at, found.zone),
        text=""
        if one.facts.are_forgotten
        else notices.text_of(one.about, one.facts, language=spoken, zone_name=one.zone),
        language="zh-CN" if spoken == "zh" else "en",
        why=" · ".join(_why(one, found, language)),
        may_be_told=may_write and one.state is State.FAILED and not one.facts.are_forgotten,
    )


def _why(one: Notice, found: _Found, language: Language) -> list[str]:
    said = [language.say(END_WORDS[one.end])] if one.end is not None else []
    if one.facts.are_forgotten and one.end is not End.ERASED:
        said.append(language.say(END_WORDS[End.ERASED]))
    if one.next_try_at is not None and one.next_try_at > found.now:
        said.append(
            language.say("not before {time}", time=language.clock_of_day(one.next_try_at, found.zone))
        )
    if one.tries > 1:
        said.append(language.say("{count} tries", count=language.count(one.tries)))
    return [*said, *([one.note] if one.note else [])]


NOTICE_PAGES = [show_notices, tell_one_again]
