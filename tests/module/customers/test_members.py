from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from loopline.customers import (
    BindingRole,
    Bound,
    Erased,
    IdentitiesOfSeveralMembers,
    Identity,
    IdentityKind,
    IdentityNotValid,
    MemberUnknown,
    MemberWasErased,
    Moment,
    NewBinding,
    NoIdentity,
    Personal,
    PersonalDataDamaged,
    Registered,
    bind_members,
    bindings_of_members,
    consent_history,
    consented,
    erase_members,
    last_accesses,
    member_count,
    members_by_identities,
    members_by_last_four,
    members_by_name,
    open_personal,
    record_consents,
    record_moments,
    register_members,
    timeline,
)
from loopline.customers.own import Rest, RestHow, let_rest
from loopline.db import Conn
from loopline.kernel.ids import MemberId, PartyId, time_of
from tests.make.customers import DEALER, DESK, NOON, card, consent_key, member, phone, registered, ring, says

LATER = NOON + timedelta(hours=1)
NOBODY = MemberId(UUID(int=404))
RING = ring()


def personal(conn: Conn, member_id: MemberId) -> object:
    (outcome,) = open_personal(conn, [member_id], ring=RING, opening=DESK, now=NOON)
    return outcome


def test_a_member_is_known_by_any_identity_however_it_is_written(conn: Conn):
    (first,) = register_members(conn, [member(phone(1), card(1), name="李伟")], ring=RING, now=NOON)
    assert isinstance(first, Registered)
    assert not first.was_known
    assert time_of(first.member_id) == NOON
    known = Registered(member_id=first.member_id, was_known=True)
    typed = Identity(kind=IdentityKind.PHONE, value="138 0000 0001")
    assert register_members(conn, [member(typed), member(card(1))], ring=RING, now=LATER) == [known, known]
    assert members_by_identities(conn, [card(2), typed, card(1), typed], ring=RING) == [
        None,
        first.member_id,
        first.member_id,
        first.member_id,
    ]
    assert member_count(conn) == 1


def test_a_batch_is_decided_in_its_order_and_refusals_stop_no_other(conn: Conn):
    (known,) = registered(conn, [member(card(1))])
    outcomes = register_members(
        conn,
        [
            member(phone(1), name="A"),
            member(),
            member(phone(1), card(2)),
            member(card(1), card(2)),
            member(Identity(kind=IdentityKind.PHONE, value="1")),
            member(card(1), phone(3), name="K"),
        ],
        ring=RING,
        now=NOON,
    )
    first = outcomes[0]
    assert isinstance(first, Registered)
    assert outcomes[1:] == [
        NoIdentity(),
        Registered(member_id=first.member_id, was_known=True),
        IdentitiesOfSeveralMembers(count=2, member_ids=(known, first.member_id)),
        IdentityNotValid(kind=IdentityKind.PHONE),
        Registered(member_id=known, was_known=True),
    ]
    assert member_count(conn) == 2
    assert personal(conn, first.member_id) == Personal(
        member_id=first.member_id, name="A", identities=(card(2), phone(1))
    )
    assert personal(conn, known) == Personal(member_id=known, name="K", identities=(card(1), phone(3)))


def test_a_known_members_name_stays(conn: Conn):
    (member_id,) = registered(conn, [member(card(1), name="李伟")])
    registered(conn, [member(card(1), name="王芳")])
    found = personal(conn, member_id)
    assert isinstance(found, Personal)
    assert found.name == "李伟"
    assert members_by_name(conn, "王芳", ring=RING) == []


def test_nothing_personal_is_readable_in_the_database(conn: Conn):
    registered(conn, [member(phone(1234), card(7), name="Li Wei")])
    for table in ("member", "identity", "member_key"):
        rows = conn.execute(f"select array_agg(t::text) from customers.{table} as t").fetchone()
        assert rows is not None
        text = str(rows[0]).lower()
        for word in (
            "13800001234",
            "card7",
            "li wei",
            b"Li Wei".hex(),
            b"13800001234".hex(),
            b"CARD7".hex().lower(),
        ):
            assert word not in text, (table, word)


def test_members_are_found_by_last_four_digits_and_by_name(conn: Conn):
    first, second, third = registered(
        conn,
        [
            member(phone(1234), name="Li Wei"),
            member(Identity(kind=IdentityKind.PHONE, value="+447400121234"), name="ＬＩ  wei"),
            member(phone(4321), name="Li Weiwei"),
        ],
    )
    assert members_by_last_four(conn, "1234", ring=RING) == [first, second]
    assert members_by_last_four(conn, "1234", ring=RING, limit=1) == [first]
    assert members_by_last_four(conn, "4321", ring=RING) == [third]
    assert members_by_name(conn, "li wei", ring=RING) == [first, second]


def test_opening_is_written_down_before_anything_is_opened(conn: Conn):
    first, second = registered(conn, [member(card(1)), member(card(2))])
    assert open_personal(conn, [first, NOBODY], ring=RING, opening=DESK, now=LATER) == [
        Personal(member_id=first, name=None, identities=(card(1),)),
        MemberUnknown(member_id=NOBODY),
    ]
    (access,) = last_accesses(conn, first, limit=9)
    assert (access.at, access.actor, access.purpose) == (LATER, "person:7", "answer a call")
    assert len(last_accesses(conn, NOBODY, limit=9)) == 1
    assert last_accesses(conn, second, limit=9) == []
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute("delete from customers.access")


def test_data_moved_to_another_member_do_not_open(conn: Conn):
    first, second = registered(conn, [member(card(1), name="A"), member(card(2), name="B")])
    conn.execute("update customers.identity set member_id = %s where member_id = %s", (second, first))
    assert personal(conn, second) == PersonalDataDamaged(member_id=second)


def test_an_erased_member_is_an_id_and_nothing_else(conn: Conn):
    member_id, other = registered(conn, [member(phone(1), card(1), name="A"), member(card(2))])
    key = consent_key(member_id)
    record_consents(conn, [says(key, granted=True)], now=NOON)
    bind_members(
        conn,
        [NewBinding(member_id=member_id, role=BindingRole.DEALER, party_id=DEALER, reason="card")],
        now=NOON,
    )
    moment = Moment(member_id=member_id, at=NOON, kind="order_placed", subject=UUID(int=5))
    record_moments(conn, [moment])
    let_rest(conn, [Rest(member_id=member_id, how=RestHow.CALLED, until=LATER)], by="tests", now=NOON)

    erased = Erased(member_id=member_id, at=LATER)
    assert erase_members(conn, [member_id, NOBODY], now=LATER) == [erased, MemberUnknown(member_id=NOBODY)]
    assert erase_members(conn, [member_id], now=LATER + timedelta(days=1)) == [erased]

    assert personal(conn, member_id) == MemberWasErased(member_id=member_id)
    assert members_by_identities(conn, [phone(1), card(1)], ring=RING) == [None, None]
    assert members_by_last_four(conn, "0001", ring=RING) == []
    assert members_by_name(conn, "A", ring=RING) == []
    assert timeline(conn, member_id, before=LATER, limit=9) == []
    assert record_moments(conn, [moment]) == 0
    assert bindings_of_members(conn, [member_id]) == {}
    assert consented(conn, [key]) == [False]
    assert [(past.granted, past.source) for past in consent_history(conn, member_id)] == [
        (False, "erasure"),
        (True, "form 3"),
    ]
    assert record_consents(conn, [says(key, granted=True, at=LATER)], now=LATER) == [
        MemberWasErased(member_id=member_id)
    ]
    for table in ("member_key", "rest"):
        left = conn.execute(
            f"select count(*) from customers.{table} where member_id = %s".encode(), (member_id,)
        ).fetchone()
        assert left == (0,), table
    assert personal(conn, other) == Personal(member_id=other, name=None, identities=(card(2),))


def test_who_was_erased_comes_back_as_somebody_new(conn: Conn):
    (member_id,) = registered(conn, [member(phone(1))])
    erase_members(conn, [member_id], now=LATER)
    (again,) = register_members(conn, [member(phone(1))], ring=RING, now=LATER)
    assert isinstance(again, Registered)
    assert not again.was_known
    assert again.member_id != member_id


def test_a_timeline_is_kept_once_and_read_backwards(conn: Conn):
    (member_id,) = registered(conn, [member(card(1))])
    moments = [
        Moment(member_id=member_id, at=NOON + timedelta(minutes=minute), kind=kind, subject=UUID(int=minute))
        for minute, kind in enumerate(
            ("member_registered", "order_placed", "order_placed", "parcel_handed_over")
        )
    ]
    stranger = Moment(member_id=NOBODY, at=NOON, kind="order_placed", subject=UUID(int=9))
    assert record_moments(conn, [*moments[:2], stranger]) == 2
    assert record_moments(conn, moments) == 2
    assert record_moments(conn, []) == 0
    assert timeline(conn, member_id, before=LATER, limit=9) == moments[::-1]
    assert timeline(conn, member_id, before=moments[2].at, limit=1) == [moments[1]]
    assert timeline(conn, NOBODY, before=LATER, limit=9) == []


def test_a_member_is_one_guides_and_one_dealers(conn: Conn):
    (member_id,) = registered(conn, [member(card(1))])
    guide, other_guide = PartyId(UUID(int=1)), PartyId(UUID(int=2))

    def binding(role: BindingRole, party_id: PartyId) -> NewBinding:
        return NewBinding(member_id=member_id, role=role, party_id=party_id, reason="scan")

    assert (
        bind_members(conn, [binding(BindingRole.GUIDE, guide), binding(BindingRole.DEALER, DEALER)], now=NOON)
        == 2
    )
    assert bind_members(conn, [binding(BindingRole.GUIDE, guide)], now=LATER) == 0
    assert bindings_of_members(conn, [member_id, NOBODY]) == {
        member_id: Bound(guide_id=guide, dealer_id=DEALER)
    }
    assert bind_members(conn, [binding(BindingRole.GUIDE, other_guide)], now=LATER) == 1
    assert bindings_of_members(conn, [member_id])[member_id].guide_id == other_guide
    assert bind_members(conn, [binding(BindingRole.GUIDE, guide)], now=LATER) == 1, "back in the same moment"
    assert bindings_of_members(conn, [member_id])[member_id].guide_id == guide
    kept = conn.execute(
        "select party_id, bound_at, ended_at from customers.binding where role = 'guide' order by id"
    ).fetchall()
    assert kept == [(guide, NOON, LATER), (other_guide, LATER, LATER), (guide, LATER, None)]
