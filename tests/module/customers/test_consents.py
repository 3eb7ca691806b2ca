from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from loopline.customers import (
    ConsentAheadOfTime,
    ConsentChannel,
    ConsentRecorded,
    MemberUnknown,
    PastConsent,
    Purpose,
    consent_history,
    consented,
    record_consents,
)
from loopline.db import Conn
from loopline.kernel.ids import MemberId
from tests.make.customers import BRAND, DEALER, NOON, card, consent_key, member, registered, says

STANDS = ConsentRecorded(in_force=True)
OVERRULED = ConsentRecorded(in_force=False)
HOUR = timedelta(hours=1)


def test_what_was_never_said_is_a_no(conn: Conn):
    (member_id,) = registered(conn, [member(card(1))])
    assert consented(conn, [consent_key(member_id), consent_key(MemberId(UUID(int=404)))]) == [False, False]
    assert consented(conn, []) == []


def test_a_consent_is_for_its_purpose_channel_and_receiver_alone(conn: Conn):
    member_id, other = registered(conn, [member(card(1)), member(card(2))])
    assert record_consents(conn, [says(consent_key(member_id), granted=True)], now=NOON) == [STANDS]
    assert consented(
        conn,
        [
            consent_key(member_id),
            consent_key(member_id, purpose=Purpose.PROFILING),
            consent_key(member_id, channel=ConsentChannel.EMAIL),
            consent_key(member_id, receiver_id=DEALER),
            consent_key(other),
        ],
    ) == [True, False, False, False, False]


def test_statements_may_come_in_any_order_and_twice(conn: Conn):
    (member_id,) = registered(conn, [member(card(1))])
    key = consent_key(member_id)
    yes, no = says(key, granted=True), says(key, granted=False, at=NOON + HOUR)
    assert record_consents(conn, [no], now=NOON + HOUR) == [STANDS]
    assert record_consents(conn, [yes, yes], now=NOON + HOUR) == [OVERRULED, OVERRULED]
    assert consented(conn, [key]) == [False]
    again = says(key, granted=True, at=NOON + 2 * HOUR)
    assert record_consents(conn, [again, no], now=NOON + 2 * HOUR) == [STANDS, OVERRULED]
    assert consented(conn, [key]) == [True]
    assert [(past.at - NOON, past.granted) for past in consent_history(conn, member_id)] == [
        (2 * HOUR, True),
        (HOUR, False),
        (timedelta(0), True),
    ]


def test_of_two_statements_of_one_moment_the_no_stands(conn: Conn):
    (member_id,) = registered(conn, [member(card(1))])
    key = consent_key(member_id)
    yes, no = says(key, granted=True), says(key, granted=False)
    assert record_consents(conn, [yes], now=NOON) == [STANDS]
    assert record_consents(conn, [no], now=NOON) == [STANDS]
    assert record_consents(conn, [yes], now=NOON) == [OVERRULED]
    assert consented(conn, [key]) == [False]


def test_refused_statements_change_nothing_and_stop_no_other(conn: Conn):
    (member_id,) = registered(conn, [member(card(1))])
    stranger = MemberId(UUID(int=404))
    key = consent_key(member_id)
    soon = NOON + timedelta(seconds=1)
    assert record_consents(
        conn,
        [
            says(consent_key(stranger), granted=True),
            says(key, granted=True, at=soon),
            says(key, granted=True),
        ],
        now=NOON,
    ) == [MemberUnknown(member_id=stranger), ConsentAheadOfTime(at=soon), STANDS]
    assert consent_history(conn, member_id) == [
        PastConsent(
            purpose=Purpose.MARKETING,
            channel=ConsentChannel.SMS,
            receiver_id=BRAND,
            at=NOON,
            granted=True,
            source="form 3",
        )
    ]
    assert record_consents(conn, [], now=NOON) == []


@pytest.mark.parametrize(
    "change", ["update customers.consent_change set granted = true", "delete from customers.consent_change"]
)
def test_history_is_only_added_to(conn: Conn, change: str):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute(change.encode())
