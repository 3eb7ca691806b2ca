"""Versions of the profile: drafted, published, dropped; what units set where it is left open."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from loopline.db import Conn
from loopline.kernel.ids import OrgUnitId, uuid7
from loopline.kernel.refusals import Refusal
from loopline.sourcing import profiles
from loopline.sourcing.settings import (
    CommentMissing,
    DropOverride,
    Fairness,
    KeptOverride,
    Limits,
    Override,
    Profile,
    ProfileNotADraft,
    ProfileUnknown,
    Publication,
    SettingNotOpen,
    SettingOutOfRange,
    Settings,
    SharesContradict,
    SiteSetting,
    Weights,
)
from loopline.sourcing.trials import SideOfTrial, TrialAsk, TrialDaysWrong, TrialReport
from tests.make.sourcing import NOON

REGION, OTHER = OrgUnitId(UUID(int=71)), OrgUnitId(UUID(int=72))
SPLITS_DEAR = Settings(weights=Weights(split_minor=900))


def drafted(conn: Conn, settings: Settings = SPLITS_DEAR) -> Profile:
    draft = profiles.draft_profile(conn, settings, based_on=None, by="hq", now=NOON)
    assert isinstance(draft, Profile)
    return draft


def published(conn: Conn, settings: Settings = SPLITS_DEAR) -> Profile:
    publication = Publication(version=drafted(conn, settings).version, comment="Fewer splits.", by="hq")
    done = profiles.publish_profile(conn, publication, now=NOON, site_ids=[])
    assert isinstance(done, Profile)
    return done


def test_what_nobody_published_is_not_in_force(conn: Conn):
    drafted(conn)
    assert profiles.profile_in_force(conn) == profiles.ProfileInForce()


def test_the_version_published_last_is_in_force(conn: Conn):
    first, second = published(conn), drafted(conn, Settings(answer_minutes=30))
    assert (first.version, second.version) == (1, 2)
    assert profiles.profile_in_force(conn).settings == SPLITS_DEAR
    publication = Publication(version=2, comment="Quicker answers.", by="hq")
    profiles.publish_profile(conn, publication, now=NOON + timedelta(hours=1), site_ids=[])
    assert profiles.profile_in_force(conn).version == 2


def test_a_published_version_stays_as_it_is(conn: Conn):
    version = published(conn).version
    refusal = ProfileNotADraft(version=version, state="published")
    assert profiles.change_draft(conn, version, Settings(), by="hq", now=NOON) == refusal
    assert profiles.drop_draft(conn, version) == refusal
    again = Publication(version=version, comment="Again.", by="hq")
    assert profiles.publish_profile(conn, again, now=NOON, site_ids=[]) == [refusal]
    assert profiles.profile_in_force(conn).settings == SPLITS_DEAR


def test_a_draft_with_problems_is_kept_and_not_published(conn: Conn):
    wrong = Settings(limits=Limits(parcels_most=0), fairness=Fairness(least_percent=60, most_percent=40))
    draft = drafted(conn, wrong)
    publication = Publication(version=draft.version, comment="  ", by="hq")
    assert profiles.publish_profile(conn, publication, now=NOON, site_ids=[]) == [
        SettingOutOfRange(setting="limits.parcels_most", value=0, least=1, most=8),
        SharesContradict(least=60, most=40),
        CommentMissing(),
    ]
    found = profiles.profile_by_version(conn, draft.version)
    assert found is not None
    assert (found.state, found.settings) == ("draft", wrong)


def test_a_dropped_draft_is_read_and_not_changed(conn: Conn):
    version = drafted(conn).version
    assert profiles.drop_draft(conn, version) is None
    assert profiles.change_draft(conn, version, Settings(), by="hq", now=NOON) == ProfileNotADraft(
        version=version, state="dropped"
    )
    assert profiles.change_draft(conn, 9, Settings(), by="hq", now=NOON) == ProfileUnknown(version=9)
    assert profiles.draft_profile(conn, Settings(), based_on=9, by="hq", now=NOON) == ProfileUnknown(
        version=9
    )


def test_units_set_what_is_left_open_and_nothing_else(conn: Conn):
    published(conn, Settings(open_to_units=(SiteSetting.AGEING_CREDIT,)))
    wanted = [
        Override(unit_id=REGION, setting=SiteSetting.AGEING_CREDIT, value=40),
        Override(unit_id=REGION, setting=SiteSetting.STOCKOUT_COST, value=40),
        Override(unit_id=REGION, setting=SiteSetting.AGEING_CREDIT, value=-1),
    ]
    assert profiles.set_overrides(conn, wanted, by="region", now=NOON) == [
        wanted[0],
        SettingNotOpen(setting="stockout_cost_minor"),
        SettingOutOfRange(setting="ageing_credit_minor", value=-1, least=0, most=100_000_000),
    ]
    assert profiles.profile_in_force(conn).overrides == {(REGION, SiteSetting.AGEING_CREDIT): 40}
    drop = DropOverride(unit_id=REGION, setting=SiteSetting.AGEING_CREDIT)
    assert profiles.drop_overrides(conn, [drop], by="region", now=NOON) == 1
    assert profiles.profile_in_force(conn).overrides == {}


def test_what_a_unit_set_and_took_back_is_kept_with_who_did_and_why(conn: Conn):
    published(conn, Settings(open_to_units=(SiteSetting.AGEING_CREDIT,)))
    later, latest = NOON + timedelta(hours=1), NOON + timedelta(hours=2)
    first = Override(unit_id=REGION, setting=SiteSetting.AGEING_CREDIT, value=40, comment=" Old coats. ")
    second = Override(unit_id=REGION, setting=SiteSetting.AGEING_CREDIT, value=60, comment="  ")
    other = Override(unit_id=OTHER, setting=SiteSetting.AGEING_CREDIT, value=7)
    profiles.set_overrides(conn, [first, other], by="lin", now=NOON)
    profiles.set_overrides(conn, [second], by="wu", now=later)
    kept = KeptOverride(
        unit_id=REGION,
        setting=SiteSetting.AGEING_CREDIT,
        value=60,
        comment=None,
        set_at=later,
        set_by="wu",
    )
    assert profiles.overrides_of_units(conn, [REGION]) == [kept]
    drop = DropOverride(unit_id=REGION, setting=SiteSetting.AGEING_CREDIT, comment="Sold.")
    nothing = DropOverride(unit_id=REGION, setting=SiteSetting.STOCKOUT_COST)
    assert profiles.drop_overrides(conn, [drop, nothing], by="wu", now=latest) == 1
    assert profiles.overrides_of_units(conn, [REGION]) == []
    told = profiles.override_changes(conn, [REGION], at_most=9)
    assert [(one.value, one.comment, one.set_by, one.set_at) for one in told] == [
        (None, "Sold.", "wu", latest),
        (60, None, "wu", later),
        (40, "Old coats.", "lin", NOON),
    ]
    assert profiles.override_changes(conn, [REGION], at_most=1) == told[:1]
    with pytest.raises(psycopg.errors.CheckViolation, match="override_change_comment_says_something"):
        conn.execute("update sourcing.override_change set comment = ' '")


def test_a_trial_is_asked_once_run_and_ended_once(conn: Conn):
    version = drafted(conn).version
    ask = TrialAsk(
        trial_id=UUID(int=5),
        version=version,
        against=None,
        from_day=date(2026, 2, 1),
        until_day=date(2026, 2, 3),
    )
    assert profiles.ask_trial(conn, ask, zone="Asia/Shanghai", by="hq", now=NOON) is None
    assert profiles.ask_trial(conn, ask, zone="Asia/Shanghai", by="hq", now=NOON) is None
    (trial,) = profiles.trials_of(conn, version)
    assert (trial.days, trial.done_days, profiles.trial_to_run(conn)) == (3, 0, trial)
    profiles.note_progress(conn, trial.id, done_days=2)
    side = SideOfTrial(
        cost_minor=1,
        parcels=2,
        split_orders=0,
        unfilled_units=0,
        kilometres=3,
        late_orders=0,
        parcels_by_site={"W": 2},
        earned_by_dealer={},
    )
    report = TrialReport(currency="CNY", orders=2, before=side, after=side)
    assert profiles.end_trial(conn, trial.id, report, now=NOON) is True
    assert profiles.end_trial(conn, trial.id, "late", now=NOON) is False
    (ended,) = profiles.trials_of(conn, version)
    assert (ended.done_days, ended.report, ended.failure) == (2, report, None)
    assert profiles.trial_to_run(conn) is None


def test_a_trial_may_end_with_the_running_day_of_the_brand_s_zone(conn: Conn):
    """An hour after Shanghai's midnight it is still the day before in London."""
    version, today = drafted(conn).version, date(2026, 3, 3)
    past_midnight = datetime(2026, 3, 2, 17, tzinfo=UTC)

    def ask(last: date) -> Refusal | None:
        wanted = TrialAsk(
            trial_id=uuid7(NOON), version=version, against=None, from_day=date(2026, 3, 1), until_day=last
        )
        return profiles.ask_trial(conn, wanted, zone="Asia/Shanghai", by="hq", now=past_midnight)

    assert ask(today) is None
    assert ask(date(2026, 3, 4)) == TrialDaysWrong(most=92)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 2, 3), date(2026, 2, 1)),
        (date(2026, 3, 1), date(2026, 3, 3)),
        (date(2025, 1, 1), date(2026, 1, 1)),
    ],
)
def test_a_trial_looks_at_past_days_in_order(conn: Conn, first: date, last: date):
    ask = TrialAsk(
        trial_id=UUID(int=5), version=drafted(conn).version, against=None, from_day=first, until_day=last
    )
    assert profiles.ask_trial(conn, ask, zone="Asia/Shanghai", by="hq", now=NOON) == TrialDaysWrong(most=92)
    assert profiles.trial_to_run(conn) is None


def test_the_database_keeps_a_published_version_without_a_comment_out(conn: Conn):
    version = drafted(conn).version
    with pytest.raises(psycopg.errors.CheckViolation, match="published_profile_says_when_and_why"):
        conn.execute("update sourcing.profile set state = 'published' where version = %s", [version])
