"""Rule sets through the front door: drafted, published for good, found again."""

from datetime import timedelta

import msgspec
import pytest
from psycopg import errors

from loopline.db import Conn
from loopline.kernel.ids import RuleSetId, uuid7
from loopline.sharing import queries, service
from loopline.sharing.model import (
    DraftSaved,
    EffectiveFromTaken,
    EffectiveInThePast,
    NewRuleSet,
    Per,
    Publication,
    RemainderMissing,
    Role,
    RowTakesNoOneThing,
    RuleRow,
    RuleSetHasProblems,
    RuleSetIsPublished,
    RuleSetPublication,
    RuleSetState,
    RuleSetUnknown,
    TooManyLevels,
)
from loopline.sharing.refusals import LimitsNotAccepted, MethodUnknown, RuleSetSavedMeanwhile, SayWhyUntried
from tests.make.sharing import AUTHOR, NOW, ROWS, draft, publish

REST = RuleRow(role=Role.BRAND, remainder=True)


def publication(of: NewRuleSet, *, days: int = 0) -> Publication:
    return Publication(
        rule_set_id=of.id,
        effective_from=NOW + timedelta(days=days),
        published_by=AUTHOR,
        untried_because="made for a test",
        accepts_limits=True,
    )


def test_a_draft_is_saved_changed_and_published(conn: Conn) -> None:
    made = draft((REST,))
    saved = service.save_drafts(conn, [made], now=NOW)[0]
    assert isinstance(saved, DraftSaved)
    changed = msgspec.structs.replace(made, rows=ROWS, comment="second", saved_at=saved.saved_at)
    later = saved.saved_at + timedelta(microseconds=1)
    assert service.save_drafts(conn, [changed], now=NOW) == [msgspec.structs.replace(saved, saved_at=later)]
    found = queries.rule_sets(conn)
    assert [(known.state, known.comment, known.rows) for known in found] == [
        (RuleSetState.DRAFT, "second", ROWS)
    ]
    assert service.publish_rule_sets(conn, [publication(made)], now=NOW) == [
        RuleSetPublication(rule_set_id=made.id, version=saved.version, effective_from=NOW)
    ]
    (published,) = queries.rule_sets_by_id(conn, [made.id])
    assert (published.state, published.effective_from, published.published_at) == (
        RuleSetState.PUBLISHED,
        NOW,
        NOW,
    )
    assert published.rows == ROWS


def test_versions_rise(conn: Conn) -> None:
    first, second = (service.save_drafts(conn, [draft()], now=NOW)[0] for _ in range(2))
    assert isinstance(first, DraftSaved)
    assert isinstance(second, DraftSaved)
    assert second.version > first.version


def test_a_misshapen_draft_is_not_kept(conn: Conn) -> None:
    bad = draft((REST, RuleRow(role=Role.STORE)))
    assert service.save_drafts(conn, [bad], now=NOW) == [RowTakesNoOneThing(row=2)]
    assert queries.rule_sets(conn) == []


def test_rules_with_problems_are_not_published(conn: Conn) -> None:
    bad = draft((RuleRow(role=Role.GUIDE, basis_points=10, level=3),))
    service.save_drafts(conn, [bad], now=NOW)
    assert service.publish_rule_sets(conn, [publication(bad)], now=NOW) == [
        RuleSetHasProblems(
            rule_set_id=bad.id,
            reasons="No row says who gets the remainder. Row 1 pays level 3; the law allows two.",
            problems=(RemainderMissing(), TooManyLevels(row=1, level=3)),
        )
    ]
    assert [known.state for known in queries.rule_sets(conn)] == [RuleSetState.DRAFT]


def test_what_is_published_stands(conn: Conn) -> None:
    made = draft()
    service.save_drafts(conn, [made], now=NOW)
    service.publish_rule_sets(conn, [publication(made)], now=NOW)
    stands = [RuleSetIsPublished(rule_set_id=made.id)]
    assert service.save_drafts(conn, [msgspec.structs.replace(made, rows=(REST,))], now=NOW) == stands
    assert service.publish_rule_sets(conn, [publication(made, days=1)], now=NOW) == stands
    assert queries.rule_sets_by_id(conn, [made.id])[0].rows == ROWS


def test_moments_of_publication(conn: Conn) -> None:
    publish(conn, effective_from=NOW - timedelta(days=400))
    past, same, late, again = (draft() for _ in range(4))
    service.save_drafts(conn, [past, same, late, again], now=NOW)
    asked = [
        publication(past, days=-1),
        publication(same, days=-400),
        publication(late, days=3),
        publication(again, days=3),
        publication(late, days=4),
    ]
    outcomes = service.publish_rule_sets(conn, asked, now=NOW)
    assert outcomes[:2] == [
        EffectiveInThePast(rule_set_id=past.id, effective_from=NOW - timedelta(days=1)),
        EffectiveFromTaken(effective_from=NOW - timedelta(days=400)),
    ]
    assert isinstance(outcomes[2], RuleSetPublication)
    assert outcomes[3] == EffectiveFromTaken(effective_from=NOW + timedelta(days=3))
    assert outcomes[4] == RuleSetIsPublished(rule_set_id=late.id)
    unknown = Publication(rule_set_id=RuleSetId(uuid7(NOW)), effective_from=NOW, published_by=AUTHOR)
    assert service.publish_rule_sets(conn, [unknown], now=NOW) == [
        RuleSetUnknown(rule_set_id=unknown.rule_set_id)
    ]


def test_a_draft_that_somebody_else_saved_stays_as_it_is(conn: Conn) -> None:
    made = draft((REST,))
    (first,) = service.save_drafts(conn, [made], now=NOW)
    assert isinstance(first, DraftSaved)
    mine = msgspec.structs.replace(made, comment="mine", saved_at=first.saved_at)
    theirs = msgspec.structs.replace(made, comment="theirs", saved_at=first.saved_at)
    (second,) = service.save_drafts(conn, [mine], now=NOW)
    assert isinstance(second, DraftSaved)
    meanwhile = [RuleSetSavedMeanwhile(rule_set_id=made.id)]
    assert service.save_drafts(conn, [theirs], now=NOW) == meanwhile
    assert service.save_drafts(conn, [msgspec.structs.replace(made, comment="blind")], now=NOW) == meanwhile
    seen = msgspec.structs.replace(publication(made), saved_at=first.saved_at)
    assert service.publish_rule_sets(conn, [seen], now=NOW) == meanwhile
    (stands,) = queries.rule_sets(conn)
    assert (stands.state, stands.comment, stands.saved_at) == (RuleSetState.DRAFT, "mine", second.saved_at)
    seen = msgspec.structs.replace(publication(made), saved_at=second.saved_at)
    (published,) = service.publish_rule_sets(conn, [seen], now=NOW)
    assert isinstance(published, RuleSetPublication)


def test_without_history_a_reason_is_kept(conn: Conn) -> None:
    made = draft()
    service.save_drafts(conn, [made], now=NOW)
    silent = msgspec.structs.replace(publication(made), untried_because=" ")
    assert service.publish_rule_sets(conn, [silent], now=NOW) == [SayWhyUntried(rule_set_id=made.id)]
    (published,) = service.publish_rule_sets(conn, [publication(made)], now=NOW)
    assert isinstance(published, RuleSetPublication)
    (found,) = queries.rule_sets(conn)
    assert (found.untried_because, found.trial_id, found.method) == ("made for a test", None, 1)


def test_rows_that_take_more_than_a_cheap_line_brings_are_accepted_or_not_published(conn: Conn) -> None:
    rows = (
        RuleRow(role=Role.STORE, basis_points=5_000),
        RuleRow(role=Role.SHIPPING_SITE, amount_minor=300, per=Per.PARCEL),
        REST,
    )
    made = draft(rows)
    service.save_drafts(conn, [made], now=NOW)
    asked = msgspec.structs.replace(publication(made), accepts_limits=False)
    assert service.publish_rule_sets(conn, [asked], now=NOW) == [
        LimitsNotAccepted(rule_set_id=made.id, rows="1, 2", below_minor=600, net_percent=0)
    ]
    assert [one.state for one in queries.rule_sets(conn)] == [RuleSetState.DRAFT]
    (published,) = service.publish_rule_sets(conn, [publication(made)], now=NOW)
    assert isinstance(published, RuleSetPublication)
    kept = conn.execute("select accepted_limits from sharing.rule_set").fetchone()
    assert kept == ([{"rows": [1, 2], "below_minor": 600, "net_percent": 0}],)


def test_a_draft_of_a_method_that_is_not_known_is_not_published(conn: Conn) -> None:
    made = draft()
    service.save_drafts(conn, [made], now=NOW)
    conn.execute("update sharing.rule_set set method = 2")
    assert service.publish_rule_sets(conn, [publication(made)], now=NOW) == [
        MethodUnknown(rule_set_id=made.id, method=2)
    ]


@pytest.mark.parametrize(
    "command",
    [
        "update sharing.rule_set set comment = 'x'",
        "update sharing.rule_set set state = 'draft', published_by = null, published_at = null, effective_from = null",
        "delete from sharing.rule_set",
        "update sharing.rule_row set basis_points = 1 where position = 2",
        "delete from sharing.rule_row where position = 2",
        "insert into sharing.rule_row table sharing.rule_row limit 1",
    ],
)
def test_the_database_itself_keeps_what_is_published(conn: Conn, command: str) -> None:
    publish(conn)
    with pytest.raises(errors.CheckViolation) as caught:
        conn.execute(command.encode())
    assert caught.value.diag.constraint_name == "published_rules_are_immutable"


@pytest.mark.parametrize(
    ("rows", "constraint"),
    [
        ((RuleRow(role=Role.GUIDE, basis_points=1, level=3), REST), "at_most_two_levels"),
        ((RuleRow(role=Role.GUIDE, basis_points=1),), "one_remainder"),
        ((REST,), "tried_or_says_why"),
    ],
)
def test_the_database_itself_publishes_nothing_unlawful(
    conn: Conn, rows: tuple[RuleRow, ...], constraint: str
) -> None:
    service.save_drafts(conn, [draft(rows)], now=NOW)
    with pytest.raises(errors.CheckViolation) as caught:
        conn.execute(
            "update sharing.rule_set set state = 'published', published_by = id, published_at = now(),"
            " effective_from = now()"
        )
    assert caught.value.diag.constraint_name == constraint
