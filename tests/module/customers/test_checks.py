from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from loopline.customers import (
    CHECKS,
    BindingRole,
    Moment,
    NewBinding,
    bind_members,
    erase_members,
    record_consents,
    record_moments,
)
from loopline.db import Check, Conn, Database, Finding, run_check
from loopline.kernel.ids import MemberId
from tests.make.customers import DEALER, NOON, card, consent_key, member, phone, registered, says

BY_NAME = {check.name: check for check in CHECKS}


def two_members(conn: Conn) -> tuple[MemberId, MemberId]:
    """One who agreed, is bound and has a past; one who was erased."""
    living, erased = registered(conn, [member(phone(1), name="A"), member(card(1), name="B")])
    for member_id in (living, erased):
        record_consents(conn, [says(consent_key(member_id), granted=True)], now=NOON)
        bind_members(
            conn,
            [NewBinding(member_id=member_id, role=BindingRole.DEALER, party_id=DEALER, reason="card")],
            now=NOON,
        )
        record_moments(conn, [Moment(member_id=member_id, at=NOON, kind="visit", subject=UUID(int=1))])
    erase_members(conn, [erased], now=NOON + timedelta(hours=1))
    return living, erased


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_sound_members_break_no_promise(conn: Conn, check: Check):
    two_members(conn)
    assert run_check(conn, check) == []


def found_after(
    database: Database, check: str, damage: Callable[[MemberId, MemberId], str]
) -> tuple[MemberId, MemberId, list[Finding], list[Finding]]:
    """Plant damage as the owner; return the members, what the check finds, and what it finds after its repairs."""
    with database.transaction() as conn:
        living, erased = two_members(conn)
    with database.owner_transaction() as owner:
        owner.execute(damage(living, erased).encode())
        found = run_check(owner, BY_NAME[check])
        for finding in found:
            owner.execute(finding.repair.encode())
        return living, erased, found, run_check(owner, BY_NAME[check])


@pytest.mark.parametrize(
    ("table", "copied"),
    [
        (
            "member_key",
            "insert into customers.member_key select '{erased}', wrapped, sealed_with from customers.member_key",
        ),
        ("identity", "update customers.identity set member_id = '{erased}'"),
        ("moment", "update customers.moment set member_id = '{erased}'"),
        (
            "rest",
            "insert into customers.rest values ('{erased}', 'later', now() + interval '1 day', 'x', now())",
        ),
        ("shown_number", "insert into customers.shown_number values ('{erased}', 9000000000, now())"),
        (
            "session",
            "insert into customers.session values ('x', '{erased}', now(), now() + interval '1 day')",
        ),
        (
            "address",
            "insert into customers.address values (gen_random_uuid(), '{erased}', 'x', true, now())",
        ),
        ("delivery", "insert into customers.delivery values (gen_random_uuid(), '{erased}', 'x', now())"),
    ],
)
def test_what_an_erasure_left_is_found_and_removed(database: Database, table: str, copied: str):
    _, erased, found, left = found_after(
        database, "erased_members_left_nothing", lambda _, erased: copied.format(erased=erased)
    )
    assert [(finding.subject, finding.found) for finding in found] == [(f"member {erased}", table)]
    assert left == []


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        ("update customers.consent set granted = true where member_id = '{erased}'", "consent to marketing"),
        ("update customers.binding set ended_at = null where member_id = '{erased}'", "binding as dealer"),
    ],
)
def test_an_erased_member_who_still_agrees_is_found_and_repaired(database: Database, damage: str, what: str):
    _, erased, found, left = found_after(
        database, "erased_members_agree_to_nothing", lambda _, erased: damage.format(erased=erased)
    )
    assert [(finding.subject, finding.found) for finding in found] == [(f"member {erased}", what)]
    assert left == []


def test_a_member_without_a_key_is_found_and_erased(database: Database):
    living, _, found, left = found_after(
        database,
        "members_have_their_keys",
        lambda living, _: f"delete from customers.member_key where member_id = '{living}'",
    )
    assert [(finding.subject, finding.found) for finding in found] == [(f"member {living}", "no key")]
    assert left == []


def test_a_member_nobody_can_find_is_found(database: Database):
    living, _, found, _ = found_after(
        database,
        "members_are_known_by_something",
        lambda living, _: f"delete from customers.identity where member_id = '{living}'",
    )
    assert [finding.subject for finding in found] == [f"member {living}"]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("update customers.consent set granted = false where granted", "false since 2026-03-02 12:00:00+00"),
        (
            "update customers.consent set since = since + interval '1 second' where granted",
            "true since 2026-03-02 12:00:01+00",
        ),
        ("delete from customers.consent where granted", "nothing"),
        (
            "delete from customers.consent_change where granted and member_id = '{living}'",
            "true since 2026-03-02 12:00:00+00",
        ),
        (
            (
                "insert into customers.consent_change"
                " select member_id, purpose, channel, receiver_id, at, false, source, recorded_at"
                " from customers.consent_change where member_id = '{living}'"
            ),
            "true since 2026-03-02 12:00:00+00",
        ),
    ],
)
def test_a_consent_that_is_not_its_history_is_found_and_repaired(database: Database, damage: str, said: str):
    living, _, found, left = found_after(
        database,
        "consents_equal_their_history",
        lambda living, _: "set local timezone = 'UTC'; " + damage.format(living=living),
    )
    assert [finding.found for finding in found] == [said]
    assert str(living) in found[0].subject
    assert left == []


def test_addresses_without_a_default_are_found_and_repaired(database: Database):
    living, _, found, left = found_after(
        database,
        "members_with_addresses_have_a_default",
        lambda living, _: (
            "insert into customers.address"
            f" select gen_random_uuid(), '{living}', 'x', false, now() from generate_series(1, 2)"
        ),
    )
    assert [(finding.subject, finding.found) for finding in found] == [
        (f"member {living}", "no default among 2 addresses")
    ]
    assert left == []


def test_every_check_is_planted_here():
    source = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in BY_NAME if f'"{name}"' not in source] == []
