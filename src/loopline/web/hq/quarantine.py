"""The quarantine: what channels said and could not be done, with its reason; tried again, put right, or settled."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from loopline import inbox, orders
from loopline.db import Conn
from loopline.inbox import Message, MessageId, MessageState, Step, Tally
from loopline.insight import board_setting
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import Scope
from loopline.orders import Conflict, Order
from loopline.org import Permission
from loopline.processes.receive import Again, Mender, dismiss, masked, open_message
from loopline.web.api.answers import read, run
from loopline.web.api.messages import receiver_of
from loopline.web.edge import Visitor, WebRequest, edge_of, language_of
from loopline.web.hq.quarantine_view import (
    STATE_WORDS,
    Asked,
    Chip,
    conflict_rows,
    row_of,
    step_row,
    tally_chips,
)
from loopline.web.notices import telling, told
from loopline.web.pages import page

QUARANTINE = "/hq/quarantine"
_SHOWN = 50
_AT_ONCE_MAX = 200
_CONFLICTS_SHOWN = 20
_FormRequest = Request[Any, Any, State]


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the list shows, read at one moment."""

    messages: Sequence[Message]
    tallies: Sequence[Tally]
    heads: Mapping[UUID, Order]
    conflicts: Sequence[Conflict]
    zone: str


@get(QUARANTINE, sync_to_thread=True)
def show_quarantine(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show the messages that wait or were set aside, as far as the address narrows them."""
    scope = visitor.scope_of(Permission.MESSAGES_READ)
    asked = asked_of(request)
    before = _id_in(request.query_params.get("before", ""))
    found = read(request, lambda conn, _: _find(conn, asked, before, scope))
    language, notice = language_of(request), told(request)
    shown = found.messages[:_SHOWN]
    return page(
        request,
        "hq/quarantine.html",
        visitor=visitor,
        asked=asked,
        rows=[row_of(one, found.heads, language, found.zone) for one in shown],
        states=_states(asked, found.tallies, language.say),
        reasons=tally_chips(asked, found.tallies, language),
        conflicts=conflict_rows(found.conflicts, found.heads, language, found.zone),
        older=_older(asked, shown[-1].id) if len(found.messages) > _SHOWN else "",
        is_later_page=before is not None,
        done=notice.done,
        may_write=visitor.may(Permission.MESSAGES_WRITE),
    )


@get(QUARANTINE + "/{message:uuid}", sync_to_thread=True)
def show_message(request: WebRequest, visitor: NamedDependency[Visitor], message: FromPath[UUID]) -> Template:
    """Show one message: what it says, masked where it may be a person's, and what became of it."""
    scope = visitor.scope_of(Permission.MESSAGES_READ)
    message_id = MessageId(message)

    def find(conn: Conn, _: datetime) -> tuple[Message, list[Step], dict[UUID, Order], str]:
        found = inbox.messages_by_ids(conn, [message_id], scope=scope)
        if not found:
            raise Refused(inbox.UnknownMessage(message_id=message_id))
        heads = _heads(conn, [found[0].order_id] if found[0].order_id else [])
        return found[0], inbox.steps_of(conn, message_id), heads, board_setting(conn).zone

    one, steps, heads, zone = read(request, find)
    language = language_of(request)
    ring = edge_of(request).ring
    body = open_message(one, ring=ring)
    first = open_message(one, ring=ring, as_received=True) if one.corrected is not None else None
    return page(
        request,
        "hq/message.html",
        visitor=visitor,
        one=row_of(one, heads, language, zone),
        text="" if isinstance(body, Refusal) else masked(body),
        unread=language.refusal(body) if isinstance(body, Refusal) else "",
        first="" if first is None or isinstance(first, Refusal) else masked(first),
        steps=[step_row(step, language, zone) for step in reversed(steps)],
        problem=told(request).problem,
        may_write=visitor.may(Permission.MESSAGES_WRITE) and not one.is_settled,
    )


@post(QUARANTINE + "/replay")
async def replay_chosen(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Redirect:
    """Try the chosen messages again, or all that the address asks for, and go back to the list."""
    mender = _mender(visitor)
    form = await request.form()
    asked = Asked.from_query(str(form.get("asked", "")))
    chosen = [found for one in form.getall("message", []) if (found := _id_in(str(one)))]

    def work() -> tuple[int, int]:
        ids = chosen
        if "all" in form:
            ids = read(request, lambda conn, _: _all_asked(conn, asked, mender.scope))
        outcomes = receiver_of(request).replay([Again(message_id=one) for one in ids[:_AT_ONCE_MAX]], mender)
        done = sum(isinstance(one, Message) and one.state is MessageState.APPLIED for one in outcomes)
        return done, len(outcomes) - done

    done, left = await asyncio.to_thread(work)
    language = language_of(request)
    said = language.say(
        "{done} applied, {left} still here.", done=language.count(done), left=language.count(left)
    )
    return telling(request, asked.link(), done=said)


@post(QUARANTINE + "/{message:uuid}/replay")
async def replay_one(
    request: _FormRequest, visitor: NamedDependency[Visitor], message: FromPath[UUID]
) -> Redirect:
    """Try one message again, as it is or as it was written anew, and show what became of it."""
    mender = _mender(visitor)
    form = await request.form()
    text = str(form["text"]) if "text" in form else None
    again = Again(message_id=MessageId(message), text=text.replace("\r\n", "\n") if text else None)
    (outcome,) = await asyncio.to_thread(receiver_of(request).replay, [again], mender)
    return _to_message(request, message, outcome)


@post(QUARANTINE + "/{message:uuid}/dismiss")
async def dismiss_one(
    request: _FormRequest, visitor: NamedDependency[Visitor], message: FromPath[UUID]
) -> Redirect:
    """Settle a message without applying it, with a note."""
    mender = _mender(visitor)
    form = await request.form()
    note = str(form.get("note", ""))
    (outcome,) = await asyncio.to_thread(
        run,
        request,
        lambda conn, now: dismiss(conn, [MessageId(message)], mender, note=note, now=now),
    )
    return _to_message(request, message, outcome)


def asked_of(request: WebRequest) -> Asked:
    """Return what the address asks for."""
    said = {name: request.query_params.get(name, "").strip() for name in Asked.__struct_fields__}
    return Asked(**{name: value for name, value in said.items() if "\x00" not in value})


def _find(conn: Conn, asked: Asked, before: MessageId | None, scope: Scope) -> _Found:
    messages = inbox.find_messages(conn, asked.ask(before=before, limit=_SHOWN + 1), scope=scope)
    conflicts = [] if asked.is_narrowed or before else orders.last_conflicts(conn, limit=_CONFLICTS_SHOWN)
    heads = _heads(
        conn, [*(one.order_id for one in messages if one.order_id), *(one.order_id for one in conflicts)]
    )
    return _Found(
        messages=messages,
        tallies=inbox.tallies(conn, scope=scope),
        heads=heads,
        conflicts=[
            one
            for one in conflicts
            if one.order_id in heads and scope.covers_site(heads[one.order_id].site_id)
        ],
        zone=board_setting(conn).zone,
    )


def _heads(conn: Conn, order_ids: Sequence[Any]) -> dict[UUID, Order]:
    found = orders.orders_by_ids(conn, sorted(set(order_ids))) if order_ids else []
    return {head.id: head for head in found}


def _all_asked(conn: Conn, asked: Asked, scope: Scope) -> list[MessageId]:
    ask = asked.ask(before=None, limit=_AT_ONCE_MAX)
    if not ask.states:
        ask = msgspec.structs.replace(ask, states=(MessageState.QUARANTINED,))
    return [one.id for one in reversed(inbox.find_messages(conn, ask, scope=scope))]


def _states(asked: Asked, found: Sequence[Tally], say: Any) -> list[Chip]:
    counted: dict[str, int] = {}
    for one in found:
        counted[one.state.value] = counted.get(one.state.value, 0) + one.messages
    return [
        Chip(
            word=say(word),
            count=str(counted[state]) if counted.get(state) else "",
            link=asked.link(state=state, reason=""),
            is_chosen=asked.state == state,
        )
        for state, word in STATE_WORDS.items()
    ]


def _mender(visitor: Visitor) -> Mender:
    return Mender(
        actor=f"person:{visitor.person.person_id}",
        scope=visitor.scope_of(Permission.MESSAGES_WRITE),
        may_move_money=visitor.may(Permission.PAYMENTS_WRITE),
    )


def _id_in(text: str) -> MessageId | None:
    try:
        return MessageId(UUID(text))
    except ValueError:
        return None


def _older(asked: Asked, last: MessageId) -> str:
    link = asked.link()
    return f"{link}{'&' if '?' in link else '?'}{urlencode({'before': str(last)})}"


def _to_message(request: WebRequest, message: UUID, outcome: Message | Refusal) -> Redirect:
    link = f"{QUARANTINE}/{message}"
    if isinstance(outcome, Refusal):
        return telling(request, link, problem=language_of(request).refusal(outcome))
    return telling(request, link)


QUARANTINE_PAGES = [show_quarantine, show_message, replay_chosen, replay_one, dismiss_one]
