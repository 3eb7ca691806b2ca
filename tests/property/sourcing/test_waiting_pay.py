"""Nobody earns by letting work wait: what it pays on top goes to who was not asked alone, and within its limit."""

from datetime import timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from loopline.kernel.ids import PartyId, SiteId
from loopline.sourcing.waiting_pay import PayForWaiting, Round, extra_for
from tests.make.shop import NOON

SITES = [SiteId(UUID(int=number)) for number in range(1, 6)]
DEALER = PartyId(UUID(int=99))
rules = st.builds(
    PayForWaiting,
    round_minor=st.integers(0, 500),
    hour_minor=st.integers(0, 500),
    most_minor=st.integers(0, 2_000),
)
rounds = st.lists(
    st.builds(
        Round,
        work_id=st.integers(1, 9).map(lambda number: UUID(int=number)),
        asked_at=st.integers(0, 300).map(lambda minutes: NOON - timedelta(minutes=minutes)),
        site_ids=st.sets(st.sampled_from(SITES), min_size=1).map(lambda chosen: tuple(sorted(chosen))),
    ),
    max_size=6,
    unique_by=lambda one: one.work_id,
)
dealers = st.sets(st.sampled_from(SITES)).map(lambda chosen: dict.fromkeys(chosen, DEALER))


@given(rules, rounds, dealers, st.sampled_from(SITES), st.integers(0, 3))
def test_who_could_have_had_it_alone_never_gains(
    rule: PayForWaiting,
    history: list[Round],
    owned: dict[SiteId, PartyId],
    site_id: SiteId,
    place: int,
) -> None:
    mine = [one for one in SITES if owned.get(one, one) == owned.get(site_id, site_id)]
    let_go = Round(
        work_id=UUID(int=77),
        asked_at=NOON - timedelta(hours=9),
        site_ids=tuple(mine[: 1 + place % len(mine)]),
    )
    told = extra_for(rule, [*history, let_go], site_id=site_id, dealers=owned, now=NOON)
    assert told is None


@given(rules, rounds, dealers, st.sampled_from(SITES))
def test_it_is_within_its_limit_and_grows_with_each_round(
    rule: PayForWaiting, history: list[Round], owned: dict[SiteId, PartyId], site_id: SiteId
) -> None:
    told = extra_for(rule, history, site_id=site_id, dealers=owned, now=NOON)
    twice = extra_for(rule, [*history, *history], site_id=site_id, dealers=owned, now=NOON)
    assert told == twice  # a round of several lines is one round
    if told is None:
        return
    assert 0 < told.extra_minor <= rule.most_minor
    assert (told.rounds, told.since) == (len(history), min(one.asked_at for one in history))
    others = tuple(one for one in SITES if owned.get(one, one) != owned.get(site_id, site_id))
    if others:
        another = Round(work_id=UUID(int=55), asked_at=NOON, site_ids=others)
        more = extra_for(rule, [*history, another], site_id=site_id, dealers=owned, now=NOON)
        assert more is not None
        assert more.extra_minor == min(told.extra_minor + rule.round_minor, rule.most_minor)
