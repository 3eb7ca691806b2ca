"""Codes that prove a phone, and the sessions that begin with them."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from loopline.customers import (
    CodeAsk,
    CodeMade,
    CodeTriedTooOften,
    CodeTry,
    CodeWrong,
    IdentityKind,
    IdentityNotValid,
    MemberSession,
    MemberUnknown,
    MemberWasErased,
    PhoneProved,
    TooManyCodes,
    TooManyTries,
    ask_for_codes,
    begin_sessions,
    end_session,
    erase_members,
    lengthen_session,
    session_member,
    sweep_codes,
    sweep_sessions,
    use_codes,
)
from loopline.db import Conn
from loopline.kernel.ids import MemberId
from loopline.kernel.refusals import Refusal
from tests.make.customers import NOON, member, phone, registered, ring

PHONE = "13800001234"
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def ask(conn: Conn, number: str = PHONE, *, at: datetime = NOON, address: str = "") -> CodeMade | Refusal:
    return ask_for_codes(conn, [CodeAsk(phone=number, address=address)], ring=ring(), now=at)[0]


def made(conn: Conn, number: str = PHONE, *, at: datetime = NOON, address: str = "") -> str:
    outcome = ask(conn, number, at=at, address=address)
    assert isinstance(outcome, CodeMade), outcome
    return outcome.code


def use(
    conn: Conn, code: str, number: str = PHONE, *, at: datetime = NOON, address: str = ""
) -> PhoneProved | Refusal:
    return use_codes(conn, [CodeTry(phone=number, code=code, address=address)], ring=ring(), now=at)[0]


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def test_the_code_that_was_sent_proves_the_phone_once(conn: Conn):
    outcome = ask(conn)
    assert isinstance(outcome, CodeMade)
    assert (outcome.phone, len(outcome.code), outcome.expires_at) == (
        "+8613800001234",
        6,
        NOON + timedelta(minutes=5),
    )
    assert use(conn, outcome.code, "+86 138 0000 1234") == PhoneProved(phone="+8613800001234")
    assert use(conn, outcome.code) == CodeWrong()


def test_neither_the_phone_nor_the_code_can_be_read_in_the_database(conn: Conn):
    code = made(conn, address="198.51.100.7")
    kept = str(conn.execute("select * from customers.sign_in_code").fetchall())
    kept += str(conn.execute("select * from customers.sign_in_limit").fetchall())
    for text in (code, "13800001234", "198.51.100.7"):
        assert text not in kept
        assert text.encode().hex() not in kept


@pytest.mark.parametrize(("after", "proved"), [(5 * MINUTE - SECOND, True), (5 * MINUTE, False)])
def test_a_code_lives_five_minutes(conn: Conn, after: timedelta, proved: bool):
    assert isinstance(use(conn, made(conn), at=NOON + after), PhoneProved) is proved


def test_the_fifth_wrong_try_voids_the_code(conn: Conn):
    code = made(conn)
    assert [use(conn, other_than(code)) for _ in range(4)] == [CodeWrong()] * 4
    assert use(conn, other_than(code)) == CodeTriedTooOften()
    assert use(conn, code) == CodeTriedTooOften()
    again = made(conn, at=NOON + MINUTE)
    assert isinstance(use(conn, again, at=NOON + MINUTE), PhoneProved)


def test_four_wrong_tries_spoil_nothing(conn: Conn):
    code = made(conn)
    for _ in range(4):
        use(conn, other_than(code))
    assert isinstance(use(conn, code), PhoneProved)


def test_a_code_is_of_its_phone(conn: Conn):
    code = made(conn)
    other = made(conn, "13800005678")
    assert other == code or use(conn, code, "13800005678") == CodeWrong()
    assert use(conn, code, "13800009999") == CodeWrong()


def test_a_phone_gets_one_code_a_minute(conn: Conn):
    code = made(conn)
    assert ask(conn, at=NOON + MINUTE - SECOND) == TooManyCodes(until=NOON + MINUTE)
    assert isinstance(use(conn, code, at=NOON + MINUTE), PhoneProved)
    assert isinstance(ask(conn, at=NOON + MINUTE), CodeMade)


def test_a_phone_gets_ten_codes_within_any_day(conn: Conn):
    for number in range(10):
        made(conn, at=NOON + number * MINUTE)
    until = NOON + timedelta(days=1)
    assert ask(conn, at=until - SECOND) == TooManyCodes(until=until)
    assert isinstance(ask(conn, at=until), CodeMade)
    assert ask(conn, at=until + 30 * SECOND) == TooManyCodes(until=until + MINUTE)


def test_an_internet_address_gets_sixty_codes_within_an_hour(conn: Conn):
    for number in range(60):
        made(conn, f"1380000{number:04}", address="198.51.100.7")
    assert ask(conn, "13800007000", address="198.51.100.7") == TooManyCodes(until=NOON + timedelta(hours=1))
    assert isinstance(ask(conn, "13800007000", address="198.51.100.8"), CodeMade)
    assert isinstance(
        ask(conn, "13800007001", at=NOON + timedelta(hours=1), address="198.51.100.7"), CodeMade
    )


def test_an_internet_address_tries_sixty_wrong_codes_within_an_hour(conn: Conn):
    code = made(conn)
    for number in range(60):
        assert use(conn, "000000", f"1380001{number:04}", address="198.51.100.7") == CodeWrong()
    closed = TooManyTries(until=NOON + timedelta(hours=1))
    assert use(conn, code, address="198.51.100.7") == closed
    assert isinstance(use(conn, code, address="198.51.100.8"), PhoneProved)


def test_what_is_no_phone_gets_no_code(conn: Conn):
    assert ask(conn, "12") == IdentityNotValid(kind=IdentityKind.PHONE)
    assert conn.execute("select count(*) from customers.sign_in_code").fetchall() == [(0,)]
    assert use(conn, "123456", "12") == CodeWrong()


def test_one_phone_twice_in_a_batch_gets_one_code(conn: Conn):
    first, second = ask_for_codes(
        conn, [CodeAsk(phone=PHONE), CodeAsk(phone="+86" + PHONE)], ring=ring(), now=NOON
    )
    assert isinstance(first, CodeMade)
    assert second == TooManyCodes(until=NOON + MINUTE)
    tries = [CodeTry(phone=PHONE, code=first.code), CodeTry(phone=PHONE, code=first.code)]
    assert use_codes(conn, tries, ring=ring(), now=NOON) == [PhoneProved(phone=first.phone), CodeWrong()]


def begun(conn: Conn, member_id: MemberId) -> MemberSession:
    (session,) = begin_sessions(conn, [member_id], now=NOON)
    assert isinstance(session, MemberSession), session
    return session


def test_a_token_opens_its_members_session_until_it_ends(conn: Conn):
    (member_id,) = registered(conn, [member(phone(1))])
    session = begun(conn, member_id)
    assert session.token.startswith("llm_")
    found = session_member(conn, session.token, now=NOON + timedelta(days=30) - SECOND)
    assert found is not None
    assert found.member_id == member_id
    assert session_member(conn, session.token, now=NOON + timedelta(days=30)) is None
    assert session_member(conn, session.token + "x", now=NOON) is None
    assert session_member(conn, session.token.removeprefix("llm_"), now=NOON) is None


def test_a_session_in_use_lasts_on(conn: Conn):
    (member_id,) = registered(conn, [member(phone(1))])
    session = begun(conn, member_id)
    found = session_member(conn, session.token, now=NOON)
    assert found is not None
    assert [
        found.wants_lengthening(NOON + after) for after in (timedelta(days=1), timedelta(days=1) + SECOND)
    ] == [
        False,
        True,
    ]
    lengthen_session(conn, session.token, now=NOON + timedelta(days=2))
    assert session_member(conn, session.token, now=NOON + timedelta(days=32) - SECOND) is not None
    lengthen_session(conn, session.token, now=NOON + timedelta(days=32))
    assert session_member(conn, session.token, now=NOON + timedelta(days=32)) is None


def test_signing_out_ends_this_session_alone(conn: Conn):
    (member_id,) = registered(conn, [member(phone(1))])
    here, there = begun(conn, member_id), begun(conn, member_id)
    assert end_session(conn, here.token) is True
    assert end_session(conn, here.token) is False
    assert session_member(conn, here.token, now=NOON) is None
    assert session_member(conn, there.token, now=NOON) is not None


def test_an_erasure_signs_out_everywhere_and_nobody_erased_signs_in(conn: Conn):
    (member_id,) = registered(conn, [member(phone(1))])
    session = begun(conn, member_id)
    erase_members(conn, [member_id], now=NOON)
    assert session_member(conn, session.token, now=NOON) is None
    assert begin_sessions(conn, [member_id], now=NOON) == [MemberWasErased(member_id=member_id)]
    nobody = MemberId(UUID(int=5 << 64))
    assert begin_sessions(conn, [nobody], now=NOON) == [MemberUnknown(member_id=nobody)]


def test_what_has_ended_is_swept(conn: Conn):
    (member_id,) = registered(conn, [member(phone(1))])
    begun(conn, member_id)
    made(conn)
    assert sweep_sessions(conn, now=NOON + timedelta(days=30) - SECOND) == 0
    assert sweep_sessions(conn, now=NOON + timedelta(days=30)) == 1
    assert sweep_codes(conn, now=NOON + 5 * MINUTE - SECOND) == 0
    assert sweep_codes(conn, now=NOON + 5 * MINUTE) == 1
    assert sweep_codes(conn, now=NOON + timedelta(days=1) - SECOND) == 0
    assert sweep_codes(conn, now=NOON + timedelta(days=1)) == 1
