"""Two finance people publish, or save, at once: one wins, the other is told why not."""

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta

import msgspec
import pytest

from loopline.db import Conn, Database
from loopline.kernel.ids import LadderId, RuleSetId, uuid7
from loopline.kernel.refusals import Refusal
from loopline.sharing import ladder_drafts, queries, service
from loopline.sharing.ladder_drafts import LadderDraft, LadderPublication, LadderSavedMeanwhile
from loopline.sharing.ladders import Ladder, LadderWay, NewLadder, all_ladders
from loopline.sharing.model import (
    DraftSaved,
    EffectiveFromTaken,
    EffectiveInThePast,
    NewRuleSet,
    Publication,
    Role,
    RuleSetIsPublished,
    RuleSetPublication,
    RuleSetState,
)
from loopline.sharing.refusals import RuleSetSavedMeanwhile
from tests.make.rivals import together
from tests.make.sharing import AUTHOR, NOW, draft

DAY = timedelta(days=1)


def saved(database: Database, *, count: int) -> list[RuleSetId]:
    drafts = [draft() for _ in range(count)]
    with database.transaction() as conn:
        service.save_drafts(conn, drafts, now=NOW)
    return [one.id for one in drafts]


def publishing(rule_set_id: RuleSetId, *, at: datetime) -> Callable[[Conn], RuleSetPublication | Refusal]:
    asked = Publication(
        rule_set_id=rule_set_id,
        effective_from=at,
        published_by=AUTHOR,
        untried_because="made for a test",
        accepts_limits=True,
    )
    return lambda conn: service.publish_rule_sets(conn, [asked], now=NOW)[0]


def published_moments(database: Database) -> list[datetime | None]:
    with database.reading() as conn:
        found = queries.rule_sets(conn)
    return [one.effective_from for one in found if one.state is RuleSetState.PUBLISHED]


@pytest.mark.parametrize("repetition", range(5))
@pytest.mark.parametrize(
    ("drafts", "days", "refusal"),
    [
        pytest.param(1, (1, 2), RuleSetIsPublished, id="one draft"),
        pytest.param(2, (1, 1), EffectiveFromTaken, id="from one moment"),
        pytest.param(2, (-1, -2), EffectiveInThePast, id="both the first, from the past"),
    ],
)
def test_one_wins_and_the_other_is_told(
    database: Database, drafts: int, days: tuple[int, int], refusal: type[Refusal], repetition: int
) -> None:
    ids = saved(database, count=drafts)
    moments = [NOW + days[(place + repetition) % 2] * DAY for place in range(2)]
    outcomes = together(database, [publishing(ids[-place], at=moments[place]) for place in range(2)])
    assert Counter(type(one) for one in outcomes) == {RuleSetPublication: 1, refusal: 1}
    won = next(one for one in outcomes if isinstance(one, RuleSetPublication))
    assert published_moments(database) == [won.effective_from]


@pytest.mark.parametrize("repetition", range(5))
def test_of_two_who_save_or_publish_one_ladder_one_is_told(database: Database, repetition: int) -> None:
    made = NewLadder(
        id=LadderId(uuid7(NOW)),
        code="stores",
        role=Role.STORE,
        currency="CNY",
        way=LadderWay.WHOLE,
        steps=(),
        from_month=date(2026, 4, 1),
        author_id=AUTHOR,
        comment="mine",
    )
    with database.transaction() as conn:
        (first,) = ladder_drafts.save_drafts(conn, [made], seen={}, now=NOW)
    assert isinstance(first, LadderDraft)
    asked = LadderPublication(
        code="stores", saved_at=first.saved_at, published_by=AUTHOR, untried_because="made for a test"
    )
    theirs, seen = msgspec.structs.replace(made, comment="theirs"), {"stores": first.saved_at}
    rivals: list[Callable[[Conn], object]] = [
        lambda conn: ladder_drafts.publish_ladders(conn, [asked], today=NOW.date(), now=NOW)[0],
        lambda conn: ladder_drafts.save_drafts(conn, [theirs], seen=seen, now=NOW)[0],
    ]
    outcomes = together(database, rivals[:: 1 if repetition % 2 else -1])
    assert sum(isinstance(one, LadderSavedMeanwhile) for one in outcomes) == 1
    with database.reading() as conn:
        standing, waiting = all_ladders(conn), ladder_drafts.drafts_waiting(conn)
    assert [one.comment for one in standing] + [one.ladder.comment for one in waiting] in (
        ["mine"],
        ["theirs"],
    )
    assert len(standing) == sum(isinstance(one, Ladder) for one in outcomes)


def drafted(database: Database) -> tuple[NewRuleSet, DraftSaved]:
    made = draft()
    with database.transaction() as conn:
        (saved,) = service.save_drafts(conn, [made], now=NOW)
    assert isinstance(saved, DraftSaved)
    return made, saved


def saving(made: NewRuleSet, comment: str, saved: DraftSaved) -> Callable[[Conn], DraftSaved | Refusal]:
    changed = msgspec.structs.replace(made, comment=comment, saved_at=saved.saved_at)
    return lambda conn: service.save_drafts(conn, [changed], now=NOW)[0]


@pytest.mark.parametrize("repetition", range(5))
def test_of_two_who_save_what_both_saw_one_is_told(database: Database, repetition: int) -> None:
    made, saved = drafted(database)
    names = ("mine", "theirs")[:: 1 if repetition % 2 else -1]
    outcomes = together(database, [saving(made, name, saved) for name in names])
    assert Counter(type(one) for one in outcomes) == {DraftSaved: 1, RuleSetSavedMeanwhile: 1}
    won = next(name for name, one in zip(names, outcomes, strict=True) if isinstance(one, DraftSaved))
    with database.reading() as conn:
        assert [one.comment for one in queries.rule_sets(conn)] == [won]


@pytest.mark.parametrize("repetition", range(5))
def test_nobody_publishes_what_another_saves_at_that_moment(database: Database, repetition: int) -> None:
    made, saved = drafted(database)
    asked = Publication(
        rule_set_id=made.id,
        effective_from=NOW,
        published_by=AUTHOR,
        saved_at=saved.saved_at,
        untried_because="made for a test",
        accepts_limits=True,
    )
    rivals: list[Callable[[Conn], object]] = [
        lambda conn: service.publish_rule_sets(conn, [asked], now=NOW)[0],
        saving(made, "theirs", saved),
    ]
    outcomes = together(database, rivals[:: 1 if repetition % 2 else -1])
    with database.reading() as conn:
        (stands,) = queries.rule_sets(conn)
    if stands.state is RuleSetState.PUBLISHED:
        assert Counter(type(one) for one in outcomes) == {RuleSetPublication: 1, RuleSetIsPublished: 1}
        assert stands.comment == made.comment
    else:
        assert Counter(type(one) for one in outcomes) == {DraftSaved: 1, RuleSetSavedMeanwhile: 1}
        assert stands.comment == "theirs"
