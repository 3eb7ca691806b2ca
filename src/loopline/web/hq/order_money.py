"""The money of an order's page: what came and went, what somebody has to look at, who earns what by which rule."""

from collections.abc import Sequence
from typing import Any

import msgspec

from loopline.payments import PaymentException
from loopline.payments.port import IntentState
from loopline.processes.look_up import OrderStory
from loopline.sharing.model import FOR_WAITING, RuleSet
from loopline.sharing.queries import ShareOfLine, ShareState
from loopline.web.hq.order_names import party_name
from loopline.web.hq.order_view import Eyes, shares_seen
from loopline.web.hq.order_words import EXCEPTION_WORDS, INTENT_WORDS, method_word
from loopline.web.languages import Language
from loopline.web.rule_words import ROLE_WORDS, rule_sentence
from loopline.web.waiting_words import for_waiting, waiting_rule


class MoneyRow(msgspec.Struct, frozen=True, kw_only=True):
    """Money that came or went, or that somebody has to look at."""

    word: str
    detail: str
    amount: str
    at: str
    tone: str


class ShareRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a party earns of the order in a role, by which rule, and where it stands."""

    party: str
    role: str
    rule: str
    version: str
    amount: str
    taken_back: str
    left: str
    state: str
    tone: str


def money_rows(story: OrderStory, language: Language) -> list[MoneyRow]:
    """Return what came and went, what gateways were asked, and what somebody has to look at."""
    rows = [
        MoneyRow(
            word=language.say("Paid"),
            detail=method_word(one.method, language),
            amount=language.money(one.amount_minor, one.currency),
            at=language.clock_of_day(one.taken_at, story.zone),
            tone="good",
        )
        for one in story.payments
    ]
    rows += [
        MoneyRow(
            word=language.say("Money given back"),
            detail=method_word(one.method, language),
            amount=language.money(-one.amount_minor, one.currency),
            at=language.clock_of_day(one.refunded_at, story.zone),
            tone="move",
        )
        for one in story.refunds
    ]
    rows += [
        MoneyRow(
            word=language.say(INTENT_WORDS.get((one.kind, one.state), one.kind.value)),
            detail=method_word(one.gateway, language),
            amount=language.money(one.amount_minor, one.currency),
            at="",
            tone="warn" if one.state is IntentState.FAILED else "move",
        )
        for one in story.intents
        if one.state is not IntentState.DONE
    ]
    rows += [_exception(one, story, language) for one in story.exceptions]
    return rows


def _exception(one: PaymentException, story: OrderStory, language: Language) -> MoneyRow:
    currency = one.currency or story.order.currency
    detail = ""
    if one.expected_minor is not None and one.found_minor is not None:
        detail = language.say(
            "expected {expected}, found {found}",
            expected=language.money(one.expected_minor, currency),
            found=language.money(one.found_minor, currency),
        )
    return MoneyRow(
        word=language.say(EXCEPTION_WORDS[one.kind]),
        detail=detail,
        amount="",
        at=language.clock_of_day(one.opened_at, story.zone),
        tone="bad",
    )


def share_rows(story: OrderStory, eyes: Eyes, language: Language) -> list[ShareRow]:
    """What parties earn, parts of the same share added up, the greatest first."""
    grouped: dict[tuple[Any, ...], list[ShareOfLine]] = {}
    for share in shares_seen(story.shares, story.parties, eyes):
        key = (
            *(share.party_id, share.role, share.rule_set_id, share.rule_row),
            *(share.state, share.currency, share.waited_since),
        )
        grouped.setdefault(key, []).append(share)
    groups = sorted(grouped.values(), key=lambda group: -sum(one.amount_minor for one in group))
    return [
        *(_share_row(group, story, language) for group in groups),
        *_own_rows(story, eyes, language),
    ]


def _own_rows(story: OrderStory, eyes: Eyes, language: Language) -> list[ShareRow]:
    """Who earns nothing because they bought for themselves."""
    found = {(one.party_id, one.role, one.rule_set_id): one for one in story.own_purchases}
    currency = story.order.currency
    rows: list[ShareRow] = []
    for one in shares_seen(list(found.values()), story.parties, eyes):
        rule_set = story.rule_sets.get(one.rule_set_id)
        rows.append(
            ShareRow(
                party=party_name(story, one.party_id, language),
                role=language.say(ROLE_WORDS[one.role]),
                rule=language.say("bought it themselves: nothing is earned of that"),
                version=language.say("rules {version}", version=rule_set.version) if rule_set else "",
                amount=language.money(0, currency),
                taken_back="",
                left=language.money(0, currency),
                state=language.say("Earns nothing"),
                tone="none",
            )
        )
    return rows


def _for_waiting(share: ShareOfLine, story: OrderStory, language: Language) -> str:
    if share.waited_since is None:
        return ""
    return for_waiting(share.waited_since, share.waited_rounds or 0, language, story.zone)


def _version(share: ShareOfLine, rule_set: RuleSet | None, language: Language) -> str:
    if share.waited_version is not None:
        return waiting_rule(share.waited_version, language)
    return language.say("rules {version}", version=rule_set.version) if rule_set else ""


def _share_row(group: Sequence[ShareOfLine], story: OrderStory, language: Language) -> ShareRow:
    first = group[0]
    amount = sum(one.amount_minor for one in group)
    back = sum(one.cancelled_minor + one.clawed_back_minor for one in group)
    rule_set = story.rule_sets.get(first.rule_set_id)
    row = rule_set.rows[first.rule_row - 1] if rule_set and first.rule_row != FOR_WAITING else None
    is_gone = back >= amount > 0
    if is_gone:
        state = language.say("Taken back")
    elif first.state is ShareState.DUE:
        state = language.say("Due")
    else:
        due = language.short_day(min(one.due_at for one in group), story.zone)
        state = language.say("Pending until {day}", day=due)
    return ShareRow(
        party=party_name(story, first.party_id, language),
        role=language.say(ROLE_WORDS[first.role]),
        rule=rule_sentence(row, first.currency, language) if row else _for_waiting(first, story, language),
        version=_version(first, rule_set, language),
        amount=language.money(amount, first.currency),
        taken_back=language.money(-back, first.currency) if back else "",
        left=language.money(amount - back, first.currency),
        state=state,
        tone="none" if is_gone else "good" if first.state is ShareState.DUE else "move",
    )
