"""Shares through the front door: recorded once, pending then due, cancelled or clawed back."""

from datetime import date, timedelta

import msgspec
import psycopg
import pytest
from psycopg import errors

from loopline.db import Conn
from loopline.kernel.ids import LineId, PartyId, RuleSetId, uuid7
from loopline.kernel.times import TimeRange
from loopline.sharing import queries, service
from loopline.sharing.model import (
    ClawedBack,
    DueAmount,
    Release,
    Split,
    SplitRecorded,
)
from loopline.sharing.refusals import (
    ClawsBackTooMuch,
    PartNotSplit,
    PartSplitOtherwise,
    ReferenceTakenForOtherUnits,
    RuleSetNotPublished,
    SharesDoNotAddUp,
)
from tests.make.sharing import DUE_AT, ENTITY, NOW, PARTIES, claw_back, draft, publish, split

AFTER = DUE_AT + timedelta(hours=1)
LATER = timedelta(days=1)


@pytest.fixture
def rule_set_id(conn: Conn) -> RuleSetId:
    return publish(conn)


def recorded(conn: Conn, rule_set_id: RuleSetId, *, units: int = 1, base_minor: int = 10_000) -> Split:
    made = split(rule_set_id, units=units, base_minor=base_minor)
    assert service.record_splits(conn, [made]) == [
        SplitRecorded(line_id=made.line_id, part_id=made.part_id, is_repeat=False)
    ]
    return made


def shown(conn: Conn, of: Split) -> list[tuple[str, str, int, int, int]]:
    return [
        (share.role, share.state, share.amount_minor, share.cancelled_minor, share.clawed_back_minor)
        for share in queries.shares_of_lines(conn, [of.line_id])
    ]


def due(release: Release) -> dict[PartyId, int]:
    return {amount.party_id: amount.amount_minor for amount in release.amounts}


def test_shares_are_pending_then_due(conn: Conn, rule_set_id: RuleSetId) -> None:
    made = recorded(conn, rule_set_id)
    assert shown(conn, made) == [
        ("store", "pending", 500, 0, 0),
        ("guide", "pending", 20, 0, 0),
        ("shipping_site", "pending", 800, 0, 0),
        ("platform", "pending", 200, 0, 0),
        ("brand", "pending", 8480, 0, 0),
    ]
    before = service.release_due(conn, now=DUE_AT - timedelta(microseconds=1), limit=10)
    assert (before.parts, before.amounts) == (0, ())
    release = service.release_due(conn, now=DUE_AT, limit=10)
    assert release.parts == 1
    assert set(release.amounts) == {
        DueAmount(
            entity_id=ENTITY,
            party_id=share.party_id,
            currency="CNY",
            due_on=date(2026, 4, 1),
            amount_minor=share.amount_minor,
        )
        for share in made.shares
    }
    assert {state for _, state, *_ in shown(conn, made)} == {"due"}
    assert service.release_due(conn, now=AFTER, limit=10).parts == 0


def test_releases_take_the_oldest_first_and_add_up_by_day(conn: Conn, rule_set_id: RuleSetId) -> None:
    first, second, third = (
        split(rule_set_id, due_at=DUE_AT + wait) for wait in (timedelta(0), timedelta(hours=1), LATER)
    )
    service.record_splits(conn, [third, first, second])
    release = service.release_due(conn, now=DUE_AT + LATER * 2, limit=2)
    assert release.parts == 2
    assert due(release) == {share.party_id: 2 * share.amount_minor for share in first.shares}
    last = service.release_due(conn, now=DUE_AT + LATER * 2, limit=2)
    assert last.parts == 1
    assert {amount.due_on for amount in last.amounts} == {date(2026, 4, 2)}
    assert queries.pending_part_count(conn) == 0


def test_the_same_split_again_is_a_repeat_another_is_refused(conn: Conn, rule_set_id: RuleSetId) -> None:
    made = split(rule_set_id)
    other = msgspec.structs.replace(
        split(rule_set_id, base_minor=50), line_id=made.line_id, part_id=made.part_id
    )
    repeat = SplitRecorded(line_id=made.line_id, part_id=made.part_id, is_repeat=True)
    outcomes = service.record_splits(conn, [made, made, other])
    assert outcomes == [
        msgspec.structs.replace(repeat, is_repeat=False),
        repeat,
        PartSplitOtherwise(part_id=made.part_id),
    ]
    assert service.record_splits(conn, [made, other]) == [repeat, PartSplitOtherwise(part_id=made.part_id)]
    assert len(queries.parts_of_lines(conn, [made.line_id])) == 1
    assert queries.pending_part_count(conn) == 1


def test_refused_splits_leave_nothing(conn: Conn, rule_set_id: RuleSetId) -> None:
    drafted = draft()
    service.save_drafts(conn, [drafted], now=NOW)
    unpublished = split(drafted.id)
    crooked = msgspec.structs.replace(split(rule_set_id), base_minor=9_999)
    good = split(rule_set_id)
    assert service.record_splits(conn, [unpublished, crooked, good]) == [
        RuleSetNotPublished(part_id=unpublished.part_id, rule_set_id=drafted.id),
        SharesDoNotAddUp(part_id=crooked.part_id, total_minor=10_000, base_minor=9_999),
        SplitRecorded(line_id=good.line_id, part_id=good.part_id, is_repeat=False),
    ]
    lines = [unpublished.line_id, crooked.line_id, good.line_id]
    assert [part.part_id for part in queries.parts_of_lines(conn, lines)] == [good.part_id]
    assert queries.pending_part_count(conn) == 1
    assert service.record_splits(conn, []) == []


def test_a_return_before_the_window_ends_cancels(conn: Conn, rule_set_id: RuleSetId) -> None:
    made = recorded(conn, rule_set_id, units=4, base_minor=9_999)
    amounts = [share.amount_minor for share in made.shares]
    assert amounts == [500, 800, 200, 80, 8419]
    assert service.claw_back_shares(conn, [claw_back(made, units=1)]) == [
        ClawedBack(
            line_id=made.line_id,
            part_id=made.part_id,
            entity_id=ENTITY,
            currency="CNY",
            from_due=False,
            is_repeat=False,
            party_ids=tuple(share.party_id for share in made.shares),
            amounts_minor=(125, 200, 50, 20, 2105),
        )
    ]
    release = service.release_due(conn, now=AFTER, limit=10)
    assert list(due(release).values()) != amounts
    assert due(release) == {
        share.party_id: left for share, left in zip(made.shares, (375, 600, 150, 60, 6314), strict=True)
    }
    assert shown(conn, made)[0] == ("store", "due", 500, 125, 0)


def test_a_return_after_the_window_takes_from_what_is_due(conn: Conn, rule_set_id: RuleSetId) -> None:
    made = recorded(conn, rule_set_id, units=2)
    service.claw_back_shares(conn, [claw_back(made, units=1)])
    service.release_due(conn, now=AFTER, limit=10)
    (clawed,) = service.claw_back_shares(conn, [claw_back(made, units=1)])
    assert isinstance(clawed, ClawedBack)
    assert (clawed.from_due, clawed.amounts_minor) == (True, (250, 400, 100, 20, 4230))
    assert shown(conn, made)[0] == ("store", "due", 500, 250, 250)
    assert service.release_due(conn, now=AFTER, limit=10).parts == 0


def test_all_that_came_back_before_makes_nothing_due(conn: Conn, rule_set_id: RuleSetId) -> None:
    made = recorded(conn, rule_set_id, units=2)
    service.claw_back_shares(conn, [claw_back(made, units=2)])
    release = service.release_due(conn, now=AFTER, limit=10)
    assert (release.parts, release.amounts) == (1, ())


def test_no_more_comes_back_than_went_out(conn: Conn, rule_set_id: RuleSetId) -> None:
    made = recorded(conn, rule_set_id, units=3)
    outcomes = service.claw_back_shares(conn, [claw_back(made, units=units) for units in (2, 2, 0, 1)])
    assert [type(outcome) for outcome in outcomes] == [
        ClawedBack,
        ClawsBackTooMuch,
        ClawsBackTooMuch,
        ClawedBack,
    ]
    assert outcomes[1] == ClawsBackTooMuch(part_id=made.part_id, units=2, units_left=1)
    (part,) = queries.parts_of_lines(conn, [made.line_id])
    assert (part.units, part.units_returned, part.is_pending) == (3, 3, True)
    rows = conn.execute("select count(*) from sharing.claw_back").fetchone()
    assert rows == (2,)


def test_the_same_reference_takes_once(conn: Conn, rule_set_id: RuleSetId) -> None:
    made = recorded(conn, rule_set_id, units=3)
    reference = uuid7(NOW)
    ask = claw_back(made, units=1, reference=reference)
    other = claw_back(made, units=2, reference=reference)
    first, again, refused = service.claw_back_shares(conn, [ask, ask, other])
    assert isinstance(first, ClawedBack)
    assert again == msgspec.structs.replace(first, is_repeat=True)
    assert refused == ReferenceTakenForOtherUnits(reference=reference, part_id=made.part_id, units=1)
    assert service.claw_back_shares(conn, [ask]) == [again]
    assert queries.parts_of_lines(conn, [made.line_id])[0].units_returned == 1


def test_what_was_not_split_cannot_be_taken_back(conn: Conn, rule_set_id: RuleSetId) -> None:
    made = recorded(conn, rule_set_id)
    elsewhere = msgspec.structs.replace(claw_back(made, units=1), line_id=LineId(uuid7(NOW)))
    refused = PartNotSplit(line_id=elsewhere.line_id, part_id=made.part_id)
    assert service.claw_back_shares(conn, [elsewhere]) == [refused]
    outcomes = service.claw_back_shares(conn, [elsewhere, claw_back(made, units=1)])
    assert outcomes[0] == refused
    assert isinstance(outcomes[1], ClawedBack)
    assert service.claw_back_shares(conn, []) == []


def test_a_party_sees_its_shares_by_time_of_order(conn: Conn, rule_set_id: RuleSetId) -> None:
    made = recorded(conn, rule_set_id)
    assert PARTIES.store
    today = TimeRange(start=NOW, end=NOW + timedelta(seconds=1))
    seen = queries.shares_of_party(conn, PARTIES.store, ordered=today, limit=5)
    assert [(share.line_id, share.amount_minor) for share in seen] == [(made.line_id, 500)]
    before = TimeRange(start=NOW - LATER, end=NOW)
    assert queries.shares_of_party(conn, PARTIES.store, ordered=before, limit=5) == []
    assert len(queries.shares_of_party(conn, PARTIES.store, ordered=TimeRange(start=NOW), limit=5)) == 1


def test_the_database_itself_refuses_shares_that_do_not_add_up(conn: Conn, rule_set_id: RuleSetId) -> None:
    recorded(conn, rule_set_id)
    for amounts in ("{9999}", "{10001,-1}"):
        parties = "{" + ",".join([str(uuid7(NOW))] * (amounts.count(",") + 1)) + "}"
        rows = "{" + ",".join(["1"] * (amounts.count(",") + 1)) + "}"
        with pytest.raises(errors.CheckViolation) as caught, conn.transaction():
            conn.execute(
                "insert into sharing.split select gen_random_uuid(), gen_random_uuid(), order_id, rule_set_id,"
                " entity_id, currency, units, base_minor, due_at, %s, %s, %s from sharing.split",
                [parties, rows, amounts],
            )
        assert caught.value.diag.constraint_name == "shares_add_up_to_base"


@pytest.mark.parametrize("table", ["split", "claw_back", "release", "released_amount"])
def test_the_serving_role_cannot_change_what_was_written(conn: Conn, table: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute(f"delete from sharing.{table}".encode())
