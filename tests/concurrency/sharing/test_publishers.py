"""Two finance people publish at once: one wins, the other is told why not."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from loopline.db import Conn, Database
from loopline.kernel.ids import RuleSetId
from loopline.kernel.refusals import Refusal
from loopline.sharing import queries, service
from loopline.sharing.model import (
    EffectiveFromTaken,
    EffectiveInThePast,
    Publication,
    RuleSetIsPublished,
    RuleSetPublication,
    RuleSetState,
)
from tests.make.rivals import together
from tests.make.sharing import AUTHOR, NOW, draft

DAY = timedelta(days=1)


def saved(database: Database, *, count: int) -> list[RuleSetId]:
    drafts = [draft() for _ in range(count)]
    with database.transaction() as conn:
        service.save_drafts(conn, drafts, now=NOW)
    return [one.id for one in drafts]


def publishing(rule_set_id: RuleSetId, *, at: datetime) -> Callable[[Conn], RuleSetPublication | Refusal]:
    asked = Publication(rule_set_id=rule_set_id, effective_from=at, published_by=AUTHOR)
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
