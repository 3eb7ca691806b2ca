"""Messages of channels: sent a thousand at once, each kept whatever it is; looked at, tried again, dismissed."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from loopline import inbox, org
from loopline.channels.receiving import Receiver
from loopline.db import Conn
from loopline.inbox import Message, MessageAsk, MessageId, MessageKind, MessageState
from loopline.kernel.ids import OrderId, OrgUnitId
from loopline.kernel.refusals import Refusal, Refused
from loopline.org import Permission
from loopline.processes.receive import Again, Mender, Sender, dismiss, masked, open_message
from loopline.web.api.answers import AnyRequest, answered, commanded, outcomes, read
from loopline.web.api.caller import Caller
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.shapes import BATCH_MAX, Outcome, Outcomes, Page, Paging, page_of, posted, told
from loopline.web.edge import edge_of, language_of
from loopline.web.languages import Language
from loopline.web.reasons import reason_said

_TAG = "messages"
_TEXT_MAX = 200_000

MessageText = Annotated[str, Meta(max_length=_TEXT_MAX, description="The message written anew.")]
StateAsked = Annotated[
    MessageState | None,
    QueryParameter(name="state", description="Only messages that stand so; else those not settled."),
]
ChannelAsked = Annotated[
    str, QueryParameter(name="channel", description="Only of this channel.", max_length=64)
]


class MessagesAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Up to a thousand messages, of whatever kind and in whatever order. What is wrong with one is told of that one."""

    items: Annotated[list[msgspec.Raw], Meta(min_length=1, max_length=BATCH_MAX)]


class WhyTold(msgspec.Struct, frozen=True, kw_only=True):
    """Why a message is not applied: a code to rely on, a sentence to read, its data."""

    code: str
    said: str
    fields: dict[str, Any]


class MessageTold(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it stands. `id` is ours, `external_id` the channel's; `times` counts how often it came."""

    id: MessageId
    channel: str
    external_id: str
    kind: MessageKind
    external_number: str | None
    state: MessageState
    why: WhyTold | None
    order_id: OrderId | None
    conflicts_with: MessageId | None
    received_at: datetime
    last_seen_at: datetime
    times: int
    tries: int


class MessageTaken(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was taken in, and where it stands; `is_repeat`: it was taken in before."""

    message: MessageTold
    is_repeat: bool


class StepTold(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a message's history."""

    at: datetime
    actor: str
    state: MessageState
    reason: str | None
    note: str | None
    is_correction: bool


class MessageShown(msgspec.Struct, frozen=True, kw_only=True):
    """A message with its text, masked where it may be a person's (null once it was forgotten), and its history."""

    message: MessageTold
    text: str | None
    steps: list[StepTold]


class AgainAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message to try again; with a text, as somebody put it right: what is masked in it stays as it came."""

    id: UUID
    text: MessageText | None = None


class ReplayMessagesAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Messages to try again."""

    items: Annotated[list[AgainAsk], Meta(min_length=1, max_length=BATCH_MAX)]


class DismissAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Messages that are settled without being applied, and why."""

    ids: Annotated[list[UUID], Meta(min_length=1, max_length=BATCH_MAX)]
    note: Annotated[str, Meta(min_length=1, max_length=2_000)]


class DismissedTold(msgspec.Struct, frozen=True, kw_only=True):
    """A message that is settled."""

    id: MessageId


@posted("/messages/batch", tag=_TAG, name="send_messages", gives=Outcomes[MessageTaken])
def send_messages(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[MessagesAsk]
) -> Response[bytes]:
    """Send what a channel says of orders: created, paid, cancelled, in any order and any number of times.

    Every message is kept. One that waits for its order, or that nobody understands, has its reason with it.
    """
    sender = _sender(caller)
    found = receiver_of(request).receive([_body(item) for item in data.items], sender)
    language = language_of(request)
    results = [MessageTaken(message=_told(one.message, language), is_repeat=one.is_repeat) for one in found]
    return answered(Outcomes[MessageTaken](outcomes=outcomes(Outcome[MessageTaken], results, request)))


@told("/messages", tag=_TAG, name="list_messages")
def list_messages(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    stands: StateAsked = None,
    channel: ChannelAsked = "",
) -> Page[MessageTold]:
    """List messages, the last received first: those that wait or are quarantined, where no state is asked for."""
    scope = caller.scope(Permission.MESSAGES_READ)
    after = asked.after(UUID)
    ask = MessageAsk(
        states=(stands,) if stands else (),
        channel=channel,
        before=MessageId(after[0]) if after else None,
        limit=asked.at_most,
    )
    language = language_of(request)
    found = read(request, lambda conn, _: inbox.find_messages(conn, ask, scope=scope))
    return page_of(
        found, asked, told=lambda one: _told(one, language), cursor=lambda one: encode_cursor(one.id)
    )


@told("/messages/{message:uuid}", tag=_TAG, name="get_message")
def get_message(
    request: AnyRequest, caller: NamedDependency[Caller], message: FromPath[UUID]
) -> MessageShown:
    """Read a message: what it says, masked where it may be a person's, and what became of it."""
    scope = caller.scope(Permission.MESSAGES_READ)
    message_id = MessageId(message)

    def work(conn: Conn, _: datetime) -> MessageShown:
        found = inbox.messages_by_ids(conn, [message_id], scope=scope)
        if not found:
            raise Refused(inbox.UnknownMessage(message_id=message_id))
        body = open_message(found[0], ring=edge_of(request).ring)
        return MessageShown(
            message=_told(found[0], language_of(request)),
            text=None if isinstance(body, Refusal) else masked(body),
            steps=[
                StepTold(
                    at=one.at,
                    actor=one.actor,
                    state=one.state,
                    reason=one.reason,
                    note=one.note,
                    is_correction=one.is_correction,
                )
                for one in inbox.steps_of(conn, message_id)
            ],
        )

    return read(request, work)


@posted("/messages/replay", tag=_TAG, name="replay_messages", gives=Outcomes[MessageTold])
def replay_messages(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[ReplayMessagesAsk]
) -> Response[bytes]:
    """Try messages again, once what kept them was mended; where each stands afterwards is its outcome."""
    asked = [Again(message_id=MessageId(one.id), text=one.text) for one in data.items]
    found = receiver_of(request).replay(asked, _mender(caller))
    language = language_of(request)
    results = [one if isinstance(one, Refusal) else _told(one, language) for one in found]
    return answered(Outcomes[MessageTold](outcomes=outcomes(Outcome[MessageTold], results, request)))


@posted("/messages/dismiss", tag=_TAG, name="dismiss_messages", gives=Outcomes[DismissedTold])
def dismiss_messages(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[DismissAsk]
) -> Response[bytes]:
    """Settle messages without applying them, with a note for whoever looks later."""
    mender = _mender(caller)

    def work(conn: Conn, now: datetime) -> Outcomes[DismissedTold]:
        found = dismiss(conn, [MessageId(one) for one in data.ids], mender, note=data.note, now=now)
        results = [one if isinstance(one, Refusal) else DismissedTold(id=one.id) for one in found]
        return Outcomes(outcomes=outcomes(Outcome[DismissedTold], results, request))

    return commanded(request, caller, data, work)


def receiver_of(request: AnyRequest) -> Receiver:
    """Return what takes messages in for this process."""
    edge = edge_of(request)
    return Receiver(edge.database, ring=edge.ring, clock=edge.clock)


def _body(item: msgspec.Raw) -> bytes:
    """Return a message as it came: an item that is a text is the message itself, perhaps no JSON at all."""
    raw = bytes(item)
    if not raw.lstrip().startswith(b'"'):
        return raw
    try:
        return msgspec.json.decode(raw, type=str).encode()
    except (msgspec.MsgspecError, UnicodeEncodeError):
        return raw


def _sender(caller: Caller) -> Sender:
    caller.scope(Permission.MESSAGES_WRITE)
    return Sender(
        actor=caller.actor,
        branch_id=_branch_of(caller),
        may_move_money=caller.may(Permission.PAYMENTS_WRITE),
    )


def _branch_of(caller: Caller) -> OrgUnitId:
    """The branch a key is held at; a person's is that of the first role that lets messages be sent."""
    if caller.branch_id is not None:
        return caller.branch_id
    grants = caller.person.roles if caller.person else ()
    may = org.roles_with(Permission.MESSAGES_WRITE, [grant.role for grant in grants])
    return next(grant.branch_id for grant in grants if grant.role in may)


def _mender(caller: Caller) -> Mender:
    return Mender(
        actor=caller.actor,
        scope=caller.scope(Permission.MESSAGES_WRITE),
        may_move_money=caller.may(Permission.PAYMENTS_WRITE),
    )


def _told(one: Message, language: Language) -> MessageTold:
    why = one.why
    return MessageTold(
        id=one.id,
        channel=one.channel,
        external_id=one.external_id,
        kind=one.kind,
        external_number=one.external_number,
        state=one.state,
        why=WhyTold(code=why.code, said=reason_said(why, language), fields=why.details) if why else None,
        order_id=one.order_id,
        conflicts_with=one.conflicts_with,
        received_at=one.received_at,
        last_seen_at=one.last_seen_at,
        times=one.times,
        tries=one.tries,
    )


MESSAGE_HANDLERS = [
    send_messages,
    list_messages,
    get_message,
    replay_messages,
    dismiss_messages,
]
