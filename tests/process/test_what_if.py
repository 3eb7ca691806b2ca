"""A draft over what was sold: its own past differs in nothing, another draft shows who wins and who loses."""

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from loopline.db import Conn, Database
from loopline.jobs.rule_trials import BROKE, NOT_PUBLISHABLE, run_next_rule_trial
from loopline.kernel.ids import LineId, MemberId, RuleSetId, uuid7
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND
from loopline.kernel.times import TimeRange
from loopline.orders import Credits
from loopline.processes.follow import FOLLOWERS
from loopline.processes.place import Placed, place
from loopline.processes.source import source_wave
from loopline.processes.take_back import TakenBack, take_back
from loopline.processes.what_if import what_if
from loopline.returns.model import NewReturn, NewReturnLine, ReturnKind
from loopline.sharing import queries, service, trials
from loopline.sharing.model import (
    METHOD_NOW,
    Base,
    DraftSaved,
    NewRuleSet,
    Publication,
    Role,
    RuleRow,
    RuleSet,
    RuleSetPublication,
    RuleSetUnknown,
)
from loopline.sharing.refusals import RuleSetNotTried
from loopline.sharing.trials import TrialAsk, TrialAsked, TrialTimeEmpty
from loopline.sharing.trying import Trial, mark_of
from tests.make.loop import follow, pay_for, work_off
from tests.make.sharing import AUTHOR, draft
from tests.make.shop import NOON, PRICES, Shop, ask, open_shop, till_sale
from tests.make.tried import try_rules

MEMBER = MemberId(UUID(int=42 << 64))
SETTLE = next(one for one in FOLLOWERS if one.name == "settle")
DAY = TimeRange(start=NOON - timedelta(hours=1), end=NOON + timedelta(days=1))


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn)


def sell(conn: Conn, shop: Shop) -> None:
    """One order is sent, with a guide; one sale goes over the till."""
    guided = ask(shop, "W-1", member_id=MEMBER, credits=Credits(guide_id=shop.parties["GUIDE"]))
    for made in (guided, till_sale(shop, "T-1")):
        (placed,) = place(conn, [made], scope=WHOLE_BRAND, now=NOON)
        assert isinstance(placed, Placed), placed
        pay_for(conn, shop, placed)
    work_off(conn, list(source_wave(conn, now=NOON).tasks), now=NOON)
    follow(conn, SETTLE)


def tried(conn: Conn, rule_set: RuleSet) -> Trial:
    heard: list[tuple[int, int]] = []
    trial = what_if(conn, rule_set, sold=DAY, tell=lambda done, of: heard.append((done, of)))
    assert heard[-1] == (trial.parts + trial.refused, trial.parts + trial.refused)
    return trial


def saved(conn: Conn, rows: tuple[RuleRow, ...]) -> RuleSet:
    made = draft(rows)
    (outcome,) = service.save_drafts(conn, [made], now=NOON)
    assert not isinstance(outcome, Refusal), outcome
    return queries.rule_sets_by_id(conn, [made.id])[0]


def test_the_published_rules_change_nothing_of_their_own_past(conn: Conn, shop: Shop):
    sell(conn, shop)
    (published,) = queries.rule_sets(conn)
    trial = tried(conn, published)
    assert (trial.parts, trial.parts_changed, trial.refused, trial.untold) == (4, 0, 0, 0)
    assert all(one.before_minor == one.after_minor for one in trial.parties)
    earned = {one.party_id: one.before_minor for one in trial.parties}
    assert earned[shop.parties["GUIDE"]] == 420
    assert sum(earned.values()) == trial.base_minor


def test_a_draft_shows_who_wins_and_who_loses(conn: Conn, shop: Shop):
    sell(conn, shop)
    (published,) = queries.rule_sets(conn)
    rows = tuple(
        msgspec.structs.replace(row, basis_points=2 * row.basis_points)
        if row.role is Role.GUIDE and row.basis_points is not None
        else row
        for row in published.rows
    )
    trial = tried(conn, saved(conn, rows))
    change = {one.party_id: one.after_minor - one.before_minor for one in trial.parties}
    assert change[shop.parties["GUIDE"]] == 420
    assert change[shop.parties["BRAND"]] == -420
    assert sum(change.values()) == 0
    assert (trial.parties[0].party_id, trial.parties[-1].party_id) == (
        shop.parties["BRAND"],
        shop.parties["GUIDE"],
    )
    assert 0 < trial.parts_changed < trial.parts


def test_what_came_back_is_taken_off_on_both_sides(conn: Conn, shop: Shop):
    sell(conn, shop)
    (published,) = queries.rule_sets(conn)
    whole = tried(conn, published)
    scarf = NewReturnLine(code="SCARF", sku_id=shop.skus["SCARF"], units=1, stated_unit_minor=PRICES["SCARF"])
    back = NewReturn(
        channel="till",
        external_number="R-1",
        kind=ReturnKind.FACT,
        at=NOON + timedelta(hours=2),
        site_id=shop.sites["S"],
        currency="CNY",
        member_id=MEMBER,
        lines=(scarf,),
    )
    (outcome,) = take_back(conn, [back], scope=WHOLE_BRAND, now=NOON + timedelta(hours=2))
    assert isinstance(outcome, TakenBack), outcome
    left = tried(conn, published)
    assert left.parts_changed == 0
    assert whole.base_minor - left.base_minor == 2_000  # one scarf of two, net of tax
    assert all(one.before_minor == one.after_minor for one in left.parties)
    kept = queries.shares_of_lines(conn, [LineId(part) for part in _lines_sold(conn)])
    assert {
        one.party_id: one.before_minor for one in left.parties if one.party_id == shop.parties["GUIDE"]
    } == {
        shop.parties["GUIDE"]: sum(
            one.amount_minor - one.cancelled_minor for one in kept if one.party_id == shop.parties["GUIDE"]
        )
    }


def _lines_sold(conn: Conn) -> list[UUID]:
    return [row[0] for row in conn.execute("select distinct line_id from sharing.split")]


def test_the_rules_see_what_the_sale_was_made_of(conn: Conn, shop: Shop):
    """Percentages of what is paid, and amounts for a whole parcel, come out as the sale was, parcel by parcel."""
    sell(conn, shop)
    rest = RuleRow(role=Role.BRAND, remainder=True)
    paid = tried(conn, saved(conn, (RuleRow(role=Role.PLATFORM, basis_points=1_000, base=Base.PAID), rest)))
    (platform,) = [one for one in paid.roles if one.role is Role.PLATFORM]
    assert platform.after_minor == 3_164  # a tenth of 158.20 that was sent, and of as much over the till


def test_rows_in_another_order_change_nothing_for_anybody(conn: Conn, shop: Shop):
    sell(conn, shop)
    (published,) = queries.rule_sets(conn)
    others = [row for row in published.rows if row.role is not Role.GUIDE]
    guides = [row for row in published.rows if row.role is Role.GUIDE]
    trial = tried(conn, saved(conn, (*guides, *others)))
    assert trial.parts_changed == 0
    assert trial.rows_mark != tried(conn, published).rows_mark


def test_trials_are_asked_for_once_run_in_turn_and_kept(conn: Conn, shop: Shop):
    sell(conn, shop)
    (published,) = queries.rule_sets(conn)
    one = TrialAsk(
        id=uuid7(NOON),
        rule_set_id=published.id,
        sold_from=DAY.start,
        sold_until=NOON + timedelta(days=1),
        asked_by=AUTHOR,
    )
    unknown = msgspec.structs.replace(one, id=uuid7(NOON), rule_set_id=RuleSetId(uuid7(NOON)))
    empty = msgspec.structs.replace(one, id=uuid7(NOON), sold_until=one.sold_from)
    assert trials.ask_trials(conn, [one, unknown, empty], now=NOON) == [
        TrialAsked(trial_id=one.id),
        RuleSetUnknown(rule_set_id=unknown.rule_set_id),
        TrialTimeEmpty(sold_from=one.sold_from, sold_until=one.sold_from),
    ]
    assert trials.ask_trials(conn, [one], now=NOON) == [TrialAsked(trial_id=one.id)]
    waiting = trials.trial_to_run(conn)
    assert waiting is not None
    assert waiting.id == one.id
    result = tried(conn, published)
    assert trials.end_trial(conn, one.id, result, now=NOON)
    assert not trials.end_trial(conn, one.id, BROKE, now=NOON)
    (kept,) = trials.trials_of(conn, [published.id], limit=10)
    assert (kept.result, kept.failure) == (result, None)
    assert trials.trial_to_run(conn) is None


def test_what_cannot_be_published_is_not_tried(database: Database):
    rest = RuleRow(role=Role.BRAND, remainder=True)
    tables = {
        "no remainder": (RuleRow(role=Role.GUIDE, basis_points=1),),
        "too much": (*(RuleRow(role=role, basis_points=7_000) for role in (Role.GUIDE, Role.DEALER)), rest),
    }
    with database.transaction() as conn:
        shop = open_shop(conn)
        sell(conn, shop)
        ids = [saved(conn, rows).id for rows in tables.values()]
        trials.ask_trials(
            conn,
            [
                TrialAsk(
                    id=uuid7(NOON),
                    rule_set_id=rule_set_id,
                    sold_from=DAY.start,
                    sold_until=NOON + timedelta(days=1),
                    asked_by=AUTHOR,
                )
                for rule_set_id in ids
            ],
            now=NOON,
        )
    for _ in ids:
        assert run_next_rule_trial(database, NOON) == 1
    with database.reading() as conn:
        assert {one.failure for one in trials.trials_of(conn, ids, limit=10)} == {NOT_PUBLISHABLE}


def test_the_job_runs_what_was_asked_for(database: Database):
    with database.transaction() as conn:
        shop = open_shop(conn)
        sell(conn, shop)
        (published,) = queries.rule_sets(conn)
        asked = TrialAsk(
            id=uuid7(NOON),
            rule_set_id=published.id,
            sold_from=DAY.start,
            sold_until=NOON + timedelta(days=1),
            asked_by=AUTHOR,
        )
        trials.ask_trials(conn, [asked], now=NOON)
    assert run_next_rule_trial(database, NOON) == 1
    assert run_next_rule_trial(database, NOON) == 0
    with database.reading() as conn:
        (kept,) = trials.trials_of(conn, [published.id], limit=10)
    assert kept.result is not None
    assert (kept.done_parts, kept.all_parts, kept.result.parts_changed) == (4, 4, 0)


def test_what_is_published_is_what_was_tried(conn: Conn, shop: Shop):
    sell(conn, shop)
    (published,) = queries.rule_sets(conn)
    rows = tuple(
        msgspec.structs.replace(row, basis_points=400) if row.role is Role.GUIDE else row
        for row in published.rows
    )
    first = saved(conn, rows)
    later = NOON + timedelta(days=2)
    asked = Publication(
        rule_set_id=first.id, effective_from=later, published_by=shop.manager, untried_because="in a hurry"
    )
    untried = [RuleSetNotTried(rule_set_id=first.id)]
    assert service.publish_rule_sets(conn, [asked], now=later) == untried
    try_rules(conn, first.id, now=later)
    changed = NewRuleSet(
        id=first.id,
        currency="CNY",
        author_id=shop.manager,
        comment="more for guides",
        rows=(*rows[:3], msgspec.structs.replace(rows[3], basis_points=500), *rows[4:]),
        saved_at=first.saved_at,
    )
    (second,) = service.save_drafts(conn, [changed], now=later)
    assert isinstance(second, DraftSaved)
    assert service.publish_rule_sets(conn, [asked], now=later) == untried
    assert try_rules(conn, first.id, now=later).method == METHOD_NOW
    (outcome,) = service.publish_rule_sets(conn, [asked], now=later)
    assert isinstance(outcome, RuleSetPublication)
    (stands,) = queries.rule_sets_by_id(conn, [first.id])
    assert stands.untried_because is None
    kept = conn.execute(
        "select result ->> 'rows_mark' from sharing.trial where id = %s", [stands.trial_id]
    ).fetchone()
    assert kept == (mark_of(changed.rows),)


def test_a_trial_of_nothing_is_none(conn: Conn, shop: Shop):
    """A trial over days without sales, as one by a method that is not known, tries nothing."""
    sell(conn, shop)
    made = saved(conn, (RuleRow(role=Role.BRAND, remainder=True),))
    strange = msgspec.structs.replace(made, method=2)
    nothing = what_if(conn, strange, sold=DAY, tell=lambda _done, _of: None)
    assert (nothing.parts, nothing.refused) == (0, 4)
    trial = TrialAsk(
        id=uuid7(NOON), rule_set_id=made.id, sold_from=NOON, sold_until=DAY.end or NOON, asked_by=shop.manager
    )
    trials.ask_trials(conn, [trial], now=NOON)
    assert trials.end_trial(conn, trial.id, nothing, now=NOON)
    asked = Publication(rule_set_id=made.id, effective_from=NOON, published_by=shop.manager)
    assert service.publish_rule_sets(conn, [asked], now=NOON) == [RuleSetNotTried(rule_set_id=made.id)]
