"""The code that members show at a till: whose it is, for how long, and what is left of it."""

from datetime import datetime, timedelta

import pytest

from loopline.customers import (
    MemberUnknown,
    Said,
    TooManyLookUps,
    code_of_member,
    count_look_up,
    count_miss,
    erase_members,
    looks_like_a_code,
    recognise,
)
from loopline.db import Conn
from loopline.kernel.ids import MemberId
from tests.make.customers import NOON, member, phone, registered, ring, shown_code

MINUTE = timedelta(minutes=1)
RING = ring()


def said(text: str, *, at: datetime = NOON, country: str = "CN") -> Said:
    return Said(text=text, at=at, country=country)


def who(conn: Conn, *texts: str, at: datetime = NOON) -> list[MemberId | None]:
    return recognise(conn, [said(text, at=at) for text in texts], ring=RING)


@pytest.fixture
def people(conn: Conn) -> list[MemberId]:
    return registered(conn, [member(phone(1)), member(phone(2))], keys=RING)


def test_a_code_is_one_members_and_another_one_every_minute(conn: Conn, people: list[MemberId]):
    first, other = (shown_code(conn, one, now=NOON) for one in people)
    assert (len(first.code), first.code[0], first.until) == (16, "9", NOON + MINUTE)
    assert looks_like_a_code(first.code)
    assert first.code[:10] != other.code[:10]
    assert shown_code(conn, people[0], now=NOON + timedelta(seconds=59)) == first
    next_one = shown_code(conn, people[0], now=NOON + MINUTE)
    assert (next_one.code[:10], next_one.until) == (first.code[:10], NOON + 2 * MINUTE)
    assert next_one.code != first.code
    spaced = " ".join(first.code[at : at + 4] for at in range(0, 16, 4))
    assert who(conn, first.code, other.code, spaced) == [people[0], people[1], people[0]]


@pytest.mark.parametrize(
    ("later", "counts"),
    [
        (timedelta(minutes=-1, microseconds=-1), False),
        (-MINUTE, True),
        (timedelta(0), True),
        (2 * MINUTE - timedelta(microseconds=1), True),
        (2 * MINUTE, False),
        (timedelta(days=1), False),
    ],
)
def test_a_code_counts_in_its_minute_and_in_the_ones_beside_it(
    conn: Conn, people: list[MemberId], later: timedelta, counts: bool
):
    shown = shown_code(conn, people[0], now=NOON)
    assert who(conn, shown.code, at=NOON + later) == [people[0] if counts else None]


def test_a_guessed_tail_and_an_unknown_number_are_nobodys(conn: Conn, people: list[MemberId]):
    shown = shown_code(conn, people[0], now=NOON)
    wrong = f"{int(shown.code) + 1:016}"
    unknown = f"9{(int(shown.code[1:10]) + 1) % 10**9:09}{shown.code[10:]}"
    assert who(conn, wrong, unknown, shown.code) == [None, None, people[0]]


def test_codes_outlive_a_rotation_of_keys_and_no_other_file_of_keys(conn: Conn, people: list[MemberId]):
    shown = shown_code(conn, people[0], now=NOON)
    assert recognise(conn, [said(shown.code)], ring=ring(1, 2)) == [people[0]]
    assert recognise(conn, [said(shown.code)], ring=ring(3)) == [None]
    assert shown_code(conn, people[0], keys=ring(1, 2), now=NOON).code != shown.code


def test_a_phone_is_looked_up_whole_in_any_spelling_and_never_by_a_part(conn: Conn, people: list[MemberId]):
    texts = [
        "13800000001",
        "138 0000 0002",
        "+86 138-0000-0001",
        "0001",
        "3800000001",
        "13800000003",
        "",
        "x",
    ]
    assert who(conn, *texts) == [people[0], people[1], people[0], None, None, None, None, None]
    asked = [said("13800000001", country="DE"), said("+8613800000001", country="DE"), said("13800000001")]
    assert recognise(conn, asked, ring=RING) == [None, people[0], people[0]]


def test_after_an_erasure_no_code_is_anybodys_and_none_is_given(conn: Conn, people: list[MemberId]):
    shown = shown_code(conn, people[0], now=NOON)
    erase_members(conn, [people[0]], now=NOON)
    assert who(conn, shown.code) == [None]
    assert code_of_member(conn, people[0], ring=RING, now=NOON) == MemberUnknown(member_id=people[0])
    assert conn.execute("select count(*) from customers.shown_number").fetchone() == (0,)


def test_who_looks_too_often_waits_an_hour_and_a_colleague_does_not(conn: Conn):
    for second in range(120):
        assert count_look_up(conn, "a", ring=RING, now=NOON + timedelta(seconds=second)) is None
    late = NOON + timedelta(minutes=30)
    assert count_look_up(conn, "a", ring=RING, now=late) == TooManyLookUps(until=NOON + timedelta(hours=1))
    assert count_look_up(conn, "b", ring=RING, now=late) is None
    assert count_look_up(conn, "a", ring=RING, now=NOON + timedelta(hours=1)) is None


def test_who_finds_nobody_twenty_times_waits(conn: Conn):
    for second in range(20):
        at = NOON + timedelta(seconds=second)
        assert count_look_up(conn, "a", ring=RING, now=at) is None
        count_miss(conn, "a", ring=RING, now=at)
    late = NOON + timedelta(minutes=1)
    assert count_look_up(conn, "a", ring=RING, now=late) == TooManyLookUps(until=NOON + timedelta(hours=1))
