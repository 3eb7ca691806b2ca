"""An order's page written down in a language, part by part, for whoever looks: what is not for them is not in it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from loopline.fulfilment.model import Task, TaskState
from loopline.insight.rights import Right
from loopline.kernel.ids import LineId
from loopline.orders import Line, LineKind
from loopline.pricing import Level, LineDerivation
from loopline.processes.look_up import OrderStory
from loopline.returns.announcements import Announcement
from loopline.web.cold_words import cold_word
from loopline.web.hq.board_view import STAGE_TONES, STAGE_WORDS, channel_word
from loopline.web.hq.order_choice import choice_of
from loopline.web.hq.order_money import money_rows, share_rows
from loopline.web.hq.order_names import goods_of, name_of, party_name, site_name
from loopline.web.hq.order_timeline import moments_of
from loopline.web.hq.order_view import Eyes, Part, Standing
from loopline.web.hq.order_words import (
    BASIS_WORDS,
    BLIND_WORDS,
    CREDIT_ROLE_WORDS,
    LEVEL_WORDS,
    RETURN_WORDS,
    TOUCH_WORDS,
    UNIT_WORDS,
    WAITS_WORDS,
)
from loopline.web.hq.rights_view import Mark, marks_of
from loopline.web.languages import Language
from loopline.web.parked_words import parked_words
from loopline.web.price_words import why_changed
from loopline.web.rule_words import DELIVERY_WORDS
from loopline.web.store.words import STATE_WORDS, city_near, variety
from loopline.web.waiting_words import waits_fixed
from loopline.web.way_words import way_said

_TASK_TONES: dict[TaskState, str] = {
    TaskState.OFFERED: "warn",
    TaskState.HANDED_OVER: "done",
    TaskState.REFUSED: "bad",
    TaskState.LAPSED: "bad",
    TaskState.NOT_COLLECTED: "bad",
    TaskState.CANCELLED: "none",
}

_OF_SENDING = (Right.GOODS, Right.TIME, Right.PLACE)


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """A word and what it is: a line of the order's head."""

    word: str
    value: str


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a line's bar: where so many of its units stand; `start` and `width` in per cent."""

    key: str
    word: str
    units: str
    start: float
    width: float


class LineRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line: what, how many, what it costs and why, where its units stand, and how it kept the six rights."""

    name: str
    code: str
    variety: str
    units: str
    unit_price: str
    amount: str
    list_price: str
    why: str
    pieces: tuple[Piece, ...]
    marks: list[Mark]


class TaskRow(msgspec.Struct, frozen=True, kw_only=True):
    """The work of one site."""

    site: str
    word: str
    tone: str
    goods: str
    who: str
    waits: str
    steps: tuple[Fact, ...]


class ReturnRow(msgspec.Struct, frozen=True, kw_only=True):
    """Goods that came back."""

    at: str
    site: str
    goods: str
    detail: str


class TouchRow(msgspec.Struct, frozen=True, kw_only=True):
    """A touch before the order, or a credit that came of it."""

    word: str
    detail: str
    at: str


def context_of(
    story: OrderStory, eyes: Eyes, language: Language, *, member: str, now: datetime
) -> dict[str, Any]:
    """Write an order's page. `member` is who bought, masked, for whoever may know; `now` tells what is late."""
    order = story.order
    sees = eyes.sees
    return {
        "order": order,
        "number": order.number,
        "stage": order.stage.value,
        "stage_word": language.say(STAGE_WORDS[order.stage.value]),
        "stage_tone": STAGE_TONES.get(order.stage.value, "done"),
        "is_sender": eyes.standing is Standing.SENDER,
        "channel": channel_word(order.channel, language),
        "placed": language.clock_of_day(order.placed_at, story.zone),
        "amount": language.money(order.amount_minor, order.currency) if sees(Part.AMOUNTS) else "",
        "tax": language.money(order.tax_minor, order.currency) if sees(Part.AMOUNTS) else "",
        "paid": _paid(story, language) if sees(Part.AMOUNTS) else None,
        "facts": _facts(story, eyes, language, member=member),
        "lines": _lines(story, eyes, language),
        "tasks": [
            _task_row(task, story, language, now=now) for task in story.tasks if eyes.sees_site(task.site_id)
        ],
        "choices": [choice_of(one, story, language) for one in story.explanations]
        if sees(Part.SITE_CHOICE)
        else [],
        "money": money_rows(story, language) if sees(Part.MONEY) else [],
        "shares": share_rows(story, eyes, language),
        "returns": _returns(story, language) if sees(Part.RETURNS) else [],
        "touches": _touches(story, language) if sees(Part.TOUCHES) else [],
        "moments": [
            {"moment": one, "at": language.clock_of_day(one.at, story.zone)}
            for one in moments_of(story, eyes, language)
        ],
    }


# ------------------------------------------------------------------------------------------------------------- the head


def _paid(story: OrderStory, language: Language) -> Fact:
    """Whether an order is paid; `word` is the tone."""
    order = story.order
    taken = sum(one.taken_minor for one in story.money if one.currency == order.currency)
    refunded = sum(one.refunded_minor for one in story.money if one.currency == order.currency)
    if refunded:
        given_back = language.say("{amount} given back", amount=language.money(refunded, order.currency))
        return Fact(word="move", value=given_back)
    if taken >= order.amount_minor:
        return Fact(word="good", value=language.say("Paid"))
    if taken:
        value = language.say("{amount} paid", amount=language.money(taken, order.currency))
        return Fact(word="warn", value=value)
    if order.pay_until is not None:
        until = language.clock_of_day(order.pay_until, story.zone)
        return Fact(word="warn", value=language.say("To be paid until {time}", time=until))
    return Fact(word="quiet", value=language.say("Not paid yet"))


def _facts(story: OrderStory, eyes: Eyes, language: Language, *, member: str) -> list[Fact]:
    order = story.order
    seller = story.entities.get(order.seller_entity_id) if eyes.sees(Part.AMOUNTS) else None
    city = city_near(order.destination, language) if eyes.sees(Part.CITY) else ""
    how = language.say(DELIVERY_WORDS[order.delivery.value])
    facts = [
        Fact(word=language.say("Channel"), value=channel_word(order.channel, language)),
        Fact(word=language.say("External number"), value=order.external_number),
        Fact(word=language.say("Sold at"), value=site_name(story, order.site_id, language)),
        Fact(word=language.say("Seller of record"), value=language.called(seller.name) if seller else ""),
        Fact(word=language.say("Delivery"), value=f"{how} · {city}" if city else how),
        Fact(
            word=language.say("Must ship from"),
            value=", ".join(sorted(site_name(story, one, language) for one in story.ship_from))
            if eyes.sees(Part.EVERY_TASK)
            else "",
        ),
        Fact(
            word=language.say("Why it waits"),
            value=_waits(story, language) if eyes.sees(Part.EVERY_TASK) else "",
        ),
        Fact(word=language.say("Member"), value=member if eyes.sees(Part.MEMBER) else ""),
    ]
    if eyes.sees(Part.TOUCHES):
        credited = (
            (language.say("Guide"), order.guide_id),
            (language.say("Dealer"), order.dealer_id),
            (language.say("Streamer"), order.streamer_id),
        )
        facts += [
            Fact(word=word, value=party_name(story, party_id, language))
            for word, party_id in credited
            if party_id
        ]
    return [fact for fact in facts if fact.value]


def _waits(story: OrderStory, language: Language) -> str:
    """Say what units wait for that no site has in work, and when somebody looks again; nothing before it is paid."""
    order = story.order
    if order.pay_until is not None:
        return ""
    if order.held and order.source_waits_for is not None:
        reason = language.say(WAITS_WORDS[order.source_waits_for])
        if order.source_after is None:
            return reason
        return language.say(
            "{reason}; looked at again at {time}",
            reason=reason,
            time=language.clock_of_day(order.source_after, story.zone),
        )
    if order.parked:
        return parked_words(list(story.parking.values()), language)
    return ""


# ------------------------------------------------------------------------------------------------------------ the lines


def _marks(story: OrderStory, eyes: Eyes, language: Language) -> Mapping[LineId, list[Mark]]:
    """The marks of lines; price, person and customer are no matter of who only sends."""
    rights = tuple(Right) if eyes.sees(Part.EVERY_RIGHT) else _OF_SENDING
    return {one.line_id: marks_of(one, language, rights) for one in story.judged}


def _lines(story: OrderStory, eyes: Eyes, language: Language) -> list[LineRow]:
    if not eyes.sees(Part.EVERY_LINE):
        return _lines_to_send(story, eyes, language)
    marks = _marks(story, eyes, language)
    derived = story.derivation.lines if story.derivation else ()
    rows: list[LineRow] = []
    for position, line in enumerate(story.lines):
        sku = story.skus.get(line.sku_id) if line.sku_id else None
        listed = line.list_unit_minor
        why, changed = "", story.price_changes.get(line.line_id)
        if eyes.sees(Part.PRICE_ORIGIN) and changed is not None:
            why = why_changed(changed, story.people, language)
            listed = None if listed == changed.before_minor else listed  # that is what it was instead of
        elif eyes.sees(Part.PRICE_ORIGIN) and position < len(derived):
            why = _why(derived[position], story, language)
        rows.append(
            LineRow(
                name=name_of(story, line, language),
                code=sku.code if sku else line.code,
                variety=variety(sku) if sku else "",
                units=language.count(line.units),
                unit_price=language.money(line.unit_minor, story.order.currency),
                amount=language.money(line.amount_minor, story.order.currency),
                list_price=language.money(listed, story.order.currency)
                if listed is not None and listed != line.unit_minor
                else "",
                why=why,
                pieces=_pieces(line, language) if line.kind is LineKind.GOODS else (),
                marks=marks.get(line.line_id, []),
            )
        )
    return rows


def _why(derived: LineDerivation, story: OrderStory, language: Language) -> str:
    """What decided a price; of one that was stated, the list that would have decided otherwise is not named."""
    level = language.say(LEVEL_WORDS[derived.decided_by])
    deciding = story.price_lists.get(derived.price_id) if derived.price_id is not None else None
    said = [level]
    if deciding and derived.decided_by is not Level.STATED:
        said.append(language.called(deciding.name))
    said += [
        language.say(
            "{promotion}: {amount} off",
            promotion=language.called(story.promotions[one.promotion_id].name),
            amount=language.money(one.amount_minor, story.order.currency),
        )
        for one in derived.discounts
    ]
    return " · ".join(said)


def _lines_to_send(story: OrderStory, eyes: Eyes, language: Language) -> list[LineRow]:
    """What the own sites send of an order, without a price."""
    marks = _marks(story, eyes, language)
    units: dict[LineId, int] = {}
    for task in story.tasks:
        if eyes.sees_site(task.site_id):
            for part in story.task_lines.get(task.task_id, ()):
                units[part.line_id] = units.get(part.line_id, 0) + part.left
    rows: list[LineRow] = []
    for line in story.lines:
        if units.get(line.line_id):
            sku = story.skus.get(line.sku_id) if line.sku_id else None
            rows.append(
                LineRow(
                    name=name_of(story, line, language),
                    code=sku.code if sku else line.code,
                    variety=variety(sku) if sku else "",
                    units=language.count(units[line.line_id]),
                    unit_price="",
                    amount="",
                    list_price="",
                    why="",
                    pieces=(),
                    marks=marks.get(line.line_id, []),
                )
            )
    return rows


def _pieces(line: Line, language: Language) -> tuple[Piece, ...]:
    """Where a line's units stand; what came back or was lost counts there, and no longer as handed over."""
    stands = {
        "parked": line.parked,
        "held": line.held,
        "allocated": line.allocated,
        "handed_over": line.handed_over - line.returned - line.lost,
        "returned": line.returned,
        "lost": line.lost,
        "cancelled": line.cancelled,
    }
    pieces: list[Piece] = []
    before = 0
    for key, units in stands.items():
        if units > 0:
            pieces.append(
                Piece(
                    key=key,
                    word=language.say(UNIT_WORDS[key]),
                    units=language.count(units),
                    start=round(100 * before / line.units, 3),
                    width=round(100 * units / line.units, 3),
                )
            )
        before += max(0, units)
    return tuple(pieces)


# ------------------------------------------------------------------------------------------------------------- the work


def _task_row(task: Task, story: OrderStory, language: Language, *, now: datetime) -> TaskRow:
    def at(moment: datetime) -> str:
        return language.clock_of_day(moment, story.zone)

    parts = [(story.line_by_id[part.line_id], part.units) for part in story.task_lines.get(task.task_id, ())]
    names = [f"{name_of(story, line, language)} × {language.count(units)}" for line, units in parts]
    ended = language.say(STATE_WORDS[task.state]) if task.ended_at else ""
    steps = [
        (language.say("Offered"), task.offered_at),
        (language.say("Accepted"), task.accepted_at),
        (language.say("Picking"), task.picked_at),
        (language.say("Checked"), task.checked_at),
        (language.say("Packed"), task.packed_at),
        (ended, task.ended_at),
    ]
    told = [Fact(word=word, value=at(moment)) for word, moment in steps if moment is not None]
    if task.state is TaskState.OFFERED:
        word = language.say("To be accepted until") if task.deadline > now else language.say("Was due")
        told.append(Fact(word=word, value=at(task.deadline)))
    if task.state is TaskState.PACKED and task.collect_by is not None:
        last = language.until(task.collect_by, story.zone)
        told.append(Fact(word=language.say("Waits for the customer until"), value=last))
    return TaskRow(
        site=site_name(story, task.site_id, language),
        word=language.say(STATE_WORDS[task.state]),
        tone=_TASK_TONES.get(task.state, "move"),
        goods=" · ".join(
            one for one in (cold_word(task.temperature_class, language), ", ".join(names)) if one
        ),
        who=language.called(story.people.get(task.accepted_by, "")) if task.accepted_by else "",
        waits=waits_fixed(story.waits.get(task.task_id), story.order.currency, language, story.zone),
        steps=tuple(told),
    )


# ---------------------------------------------------------------------------------------------- what came back, touches


def _returns(story: OrderStory, language: Language) -> list[ReturnRow]:
    units: Mapping[UUID, list[str]] = {one.return_line_id: [] for one in story.returned}
    for one in story.returned:
        units[one.return_line_id].append(
            f"{goods_of(story, one.line_id, language)} × {language.count(one.units)}"
        )
    rows = [_announced_row(one, story, language) for one in story.announced if one.ended_at is None]
    for head in sorted(story.returns, key=lambda one: (one.at, one.id)):
        for line in story.return_lines.get(head.id, ()):
            if line.return_line_id in units:
                told = [
                    language.say(RETURN_WORDS[line.reason]),
                    language.say("arrived: {count}", count=language.count(line.received_units)),
                    language.say("looked at: {count}", count=language.count(line.graded_units)),
                    language.say(BLIND_WORDS[line.blind_state]) if BLIND_WORDS[line.blind_state] else "",
                ]
                rows.append(
                    ReturnRow(
                        at=language.clock_of_day(head.at, story.zone),
                        site=site_name(story, head.site_id, language),
                        goods=", ".join(units[line.return_line_id]),
                        detail=" · ".join(one for one in told if one),
                    )
                )
    return rows


def _announced_row(one: Announcement, story: OrderStory, language: Language) -> ReturnRow:
    """Write what a customer will bring or send back; nothing is undone before it is here."""
    reasons = dict.fromkeys(language.say(RETURN_WORDS[line.reason]) for line in one.lines)
    way_back = story.ways_back.get(one.id)
    way = [way_said(way_back, story.zone, language)] if way_back is not None else []
    return ReturnRow(
        at=language.clock_of_day(one.announced_at, story.zone),
        site="",
        goods=", ".join(
            f"{goods_of(story, line.line_id, language)} × {language.count(line.units)}" for line in one.lines
        ),
        detail=" · ".join([language.say("announced, not here yet"), *reasons, *way]),
    )


def _touches(story: OrderStory, language: Language) -> list[TouchRow]:
    if story.attribution is None:
        return []
    touches = [
        TouchRow(
            word=language.say(TOUCH_WORDS[touch.kind]),
            detail="",
            at=language.clock_of_day(touch.at, story.zone),
        )
        for touch in story.attribution.touches
    ]
    credited = [
        TouchRow(
            word=f"{language.say(CREDIT_ROLE_WORDS[credit.role])} · {party_name(story, credit.party_id, language)}",
            detail=language.say(BASIS_WORDS[credit.basis]),
            at="",
        )
        for credit in story.attribution.credits
    ]
    return [*touches, *credited]
