"""The quarantine written down in a language: rows, reasons to narrow by, steps of a message."""

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs, urlencode
from uuid import UUID

import msgspec

from loopline.inbox import Message, MessageAsk, MessageId, MessageKind, MessageState, Step, Tally
from loopline.orders import Conflict, Order
from loopline.web.hq.board_view import channel_word
from loopline.web.languages import Language, marked
from loopline.web.reasons import reason_said

_PAGE = "/hq/quarantine"
STATE_WORDS: Mapping[str, str] = {
    "": marked("Not settled"),
    "quarantined": marked("Quarantined"),
    "waiting": marked("Waits"),
    "applied": marked("Applied"),
    "dismissed": marked("Dismissed"),
}
_ONE_STATE_WORDS: Mapping[MessageState, str] = {
    MessageState.RECEIVED: marked("Received"),
    MessageState.WAITING: marked("Waits"),
    MessageState.QUARANTINED: marked("Quarantined"),
    MessageState.APPLIED: marked("Applied"),
    MessageState.DISMISSED: marked("Dismissed"),
}
_TONES: Mapping[MessageState, str] = {
    MessageState.RECEIVED: "move",
    MessageState.WAITING: "warn",
    MessageState.QUARANTINED: "bad",
    MessageState.APPLIED: "good",
    MessageState.DISMISSED: "none",
}
_KIND_WORDS: Mapping[MessageKind, str] = {
    MessageKind.CREATED: marked("Order placed"),
    MessageKind.PAID: marked("Order paid"),
    MessageKind.CANCELLED: marked("Order cancelled"),
    MessageKind.UNREAD: marked("Unreadable"),
}
_OWN_ID = "content:"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the address of the list says; empty means all that is not settled."""

    state: str = ""
    channel: str = ""
    reason: str = ""
    number: str = ""

    @classmethod
    def from_query(cls, query: str) -> "Asked":
        """Read the query of an address of the list."""
        said = parse_qs(query)
        return cls(**{name: said.get(name, [""])[0] for name in cls.__struct_fields__})

    @property
    def query(self) -> str:
        """The query of the address."""
        return urlencode({name: value for name, value in msgspec.structs.asdict(self).items() if value})

    def link(self, **changes: str) -> str:
        """Return the address with something else asked for, from the first page."""
        query = msgspec.structs.replace(self, **changes).query
        return f"{_PAGE}?{query}" if query else _PAGE

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is asked for."""
        return self != Asked()

    def ask(self, *, before: MessageId | None, limit: int) -> MessageAsk:
        """Return it as the inbox is asked; a state that there is not narrows nothing."""
        known = self.state in {state.value for state in MessageState}
        return MessageAsk(
            states=(MessageState(self.state),) if known else (),
            channel=self.channel,
            reason=self.reason,
            number=self.number,
            before=before,
            limit=limit,
        )


class Chip(msgspec.Struct, frozen=True, kw_only=True):
    """A way to narrow the list, and how many it leads to."""

    word: str
    count: str
    link: str
    is_chosen: bool


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A message, written down."""

    id: str
    path: str
    kind: str
    channel: str
    number: str
    external_id: str
    state: str
    tone: str
    reason: str
    received: str
    times: str
    tries: str
    order: str
    is_conflict: bool
    first_path: str


class ConflictRow(msgspec.Struct, frozen=True, kw_only=True):
    """Another order that came under a known number."""

    channel: str
    external_number: str
    order: str
    goods: str
    seen: str
    times: str


class StepRow(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a message's history."""

    at: str
    word: str
    tone: str
    actor: str
    note: str
    is_correction: bool


def row_of(one: Message, heads: Mapping[UUID, Order], language: Language, zone: str) -> Row:
    """Write a message down."""
    head = heads.get(one.order_id) if one.order_id else None
    return Row(
        id=str(one.id),
        path=f"{_PAGE}/{one.id}",
        kind=language.say(_KIND_WORDS[one.kind]),
        channel=channel_word(one.channel, language) if one.channel else language.say("Channel not named"),
        number=one.external_number or "",
        external_id="" if one.external_id.startswith(_OWN_ID) else one.external_id,
        state=language.say(_ONE_STATE_WORDS[one.state]),
        tone=_TONES[one.state],
        reason=reason_said(one.why, language) if one.why else "",
        received=language.clock_of_day(one.received_at, zone),
        times=language.say("came {count} times", count=language.count(one.times)) if one.times > 1 else "",
        tries=language.say("tried {count} times", count=language.count(one.tries)) if one.tries > 1 else "",
        order=head.number if head else "",
        is_conflict=one.conflicts_with is not None,
        first_path=f"{_PAGE}/{one.conflicts_with}" if one.conflicts_with else "",
    )


def tally_chips(asked: Asked, found: Sequence[Tally], language: Language) -> list[Chip]:
    """Write down why unsettled messages wait, by channel and reason, the most first; data of single ones left out."""
    counted: dict[tuple[str, str], int] = {}
    for one in found:
        if one.reason is not None and (not asked.state or one.state.value == asked.state):
            counted[one.channel, one.reason] = counted.get((one.channel, one.reason), 0) + one.messages
    return [
        Chip(
            word=" · ".join(
                part
                for part in (
                    channel_word(channel, language) if channel else "",
                    _reason_word(reason, language),
                )
                if part
            ),
            count=language.count(count),
            link=asked.link(channel="", reason="")
            if (asked.channel, asked.reason) == (channel, reason)
            else asked.link(channel=channel, reason=reason),
            is_chosen=(asked.channel, asked.reason) == (channel, reason),
        )
        for (channel, reason), count in counted.items()
    ]


_REASON_WORDS: Mapping[str, str] = {
    "order_not_known_yet": marked("order not known yet"),
    "unpaid_only_whole": marked("waits for its payment"),
    "message_id_taken": marked("same id, other content"),
    "number_taken_by_other_content": marked("same number, other content"),
    "number_taken": marked("same number, other content"),
    "not_json": marked("no JSON"),
    "message_not_understood": marked("does not fit its kind"),
    "character_not_kept": marked("character that cannot be kept"),
    "moment_too_far": marked("impossible date"),
    "unknown_sku": marked("unknown SKU"),
    "sku_not_sold": marked("SKU not sold any more"),
    "unknown_channel": marked("unknown channel"),
    "unknown_site": marked("unknown site"),
    "unknown_seller": marked("unknown company"),
    "unknown_party": marked("unknown guide, dealer or streamer"),
    "unknown_region": marked("unknown region"),
    "member_unknown": marked("unknown member"),
    "needs_destination": marked("no destination"),
    "needs_site": marked("no site"),
    "no_price": marked("no price"),
    "not_enough_free": marked("too little stock"),
    "not_in_your_branch": marked("another branch's"),
    "not_in_the_order": marked("not in the order"),
    "known_as_test_order": marked("test order before"),
    "marketplace_unknown": marked("no marketplace with terms"),
    "nothing_to_cancel": marked("handed over already"),
    "paid_in_another_currency": marked("other currency"),
    "sender_may_not_move_money": marked("sender may not confirm money"),
    "broke_while_applied": marked("broke something"),
    "message_seal_broken": marked("cannot be opened"),
}


def _reason_word(reason: str, language: Language) -> str:
    word = _REASON_WORDS.get(reason)
    return language.say(word) if word else reason.replace("_", " ")


def conflict_rows(
    found: Sequence[Conflict], heads: Mapping[UUID, Order], language: Language, zone: str
) -> list[ConflictRow]:
    """Write down what came under the numbers of other orders."""
    return [
        ConflictRow(
            channel=channel_word(one.channel, language),
            external_number=one.external_number,
            order=heads[one.order_id].number,
            goods=", ".join(f"{line.code} × {language.count(line.units)}" for line in one.content.lines[:3]),
            seen=language.clock_of_day(one.last_seen_at, zone),
            times=language.say("came {count} times", count=language.count(one.times))
            if one.times > 1
            else "",
        )
        for one in found
    ]


def step_row(step: Step, language: Language, zone: str) -> StepRow:
    """Write a step down."""
    kind, _, _ = step.actor.partition(":")
    actors = {
        "person": language.say("a person"),
        "key": language.say("a key of the API"),
        "system": language.say("by itself"),
    }
    word = language.say(_ONE_STATE_WORDS[step.state])
    if step.number > 1 and step.state is MessageState.RECEIVED:
        word = language.say("Written anew") if step.is_correction else language.say("To be tried again")
    return StepRow(
        at=language.clock_of_day(step.at, zone),
        word=f"{word} · {_reason_word(step.reason, language)}" if step.reason else word,
        tone=_TONES[step.state],
        actor=actors.get(kind, kind),
        note=step.note or "",
        is_correction=step.is_correction,
    )
