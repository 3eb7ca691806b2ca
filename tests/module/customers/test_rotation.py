"""Keys rotated, lost, and a database restored from its dump beside the key file of its time."""

import subprocess

from loopline.customers import (
    Identity,
    IdentityKind,
    KeyLost,
    KeyRing,
    Personal,
    Registered,
    lost_keys,
    members_by_identities,
    members_by_last_four,
    members_by_name,
    open_personal,
    reencrypt_members,
    register_members,
)
from loopline.db import Conn, Database
from loopline.db.embedded import BINARIES
from loopline.kernel.ids import MemberId
from tests.make.customers import DESK, NOON, card, member, phone, registered, ring

OLD, BOTH, NEW = ring(1), ring(1, 2), ring(2)


def opened(conn: Conn, member_id: MemberId, keys: KeyRing) -> object:
    (outcome,) = open_personal(conn, [member_id], ring=keys, opening=DESK, now=NOON)
    return outcome


def lost(member_id: MemberId) -> KeyLost:
    return KeyLost(member_id=member_id, key_id=OLD.sealing_id)


def test_after_a_rotation_old_and_new_are_read_and_found(conn: Conn):
    (old,) = registered(conn, [member(phone(1), name="李伟")], keys=OLD)
    (new,) = registered(conn, [member(phone(2), name="王芳")], keys=BOTH)
    assert opened(conn, old, BOTH) == Personal(member_id=old, name="李伟", identities=(phone(1),))
    assert opened(conn, new, BOTH) == Personal(member_id=new, name="王芳", identities=(phone(2),))
    assert members_by_identities(conn, [phone(1), phone(2)], ring=BOTH) == [old, new]
    assert members_by_last_four(conn, "0001", ring=BOTH) == [old]
    assert members_by_name(conn, "李伟", ring=BOTH) == [old]
    assert register_members(conn, [member(phone(1), card(1))], ring=BOTH, now=NOON) == [
        Registered(member_id=old, was_known=True)
    ]


def test_reencryption_lets_the_old_keys_go(conn: Conn):
    members = registered(conn, [member(phone(number), name=f"M{number}") for number in range(1, 6)], keys=OLD)
    (new,) = registered(conn, [member(card(9))], keys=BOTH)

    first = reencrypt_members(conn, ring=BOTH, limit=3)
    assert (first.members, first.last_member_id, first.lost_member_ids) == (3, members[2], ())
    second = reencrypt_members(conn, ring=BOTH, after=first.last_member_id, limit=3)
    assert (second.members, second.last_member_id) == (2, members[4])
    done = reencrypt_members(conn, ring=BOTH, after=second.last_member_id, limit=3)
    assert (done.members, done.last_member_id) == (0, None)
    assert reencrypt_members(conn, ring=BOTH).members == 0

    assert lost_keys(conn, ring=NEW) == []
    for number, member_id in enumerate(members, 1):
        assert opened(conn, member_id, NEW) == Personal(
            member_id=member_id, name=f"M{number}", identities=(phone(number),)
        )
        assert members_by_identities(conn, [phone(number)], ring=NEW) == [member_id]
        assert members_by_last_four(conn, f"000{number}", ring=NEW) == [member_id]
        assert members_by_name(conn, f"m{number}", ring=NEW) == [member_id]
    assert members_by_identities(conn, [card(9)], ring=NEW) == [new]


def test_a_lost_key_is_named_and_takes_nobody_else_along(conn: Conn):
    (old,) = registered(conn, [member(phone(1), name="李伟")], keys=OLD)
    (new,) = registered(conn, [member(phone(2))], keys=BOTH)
    assert opened(conn, old, NEW) == lost(old)
    assert opened(conn, new, NEW) == Personal(member_id=new, name=None, identities=(phone(2),))
    assert [(finding.subject, finding.found) for finding in lost_keys(conn, ring=NEW)] == [
        (f"indexing key {OLD.indexing_id}", "2 records need it, the key file does not have it"),
        (f"sealing key {OLD.sealing_id}", "1 records need it, the key file does not have it"),
    ]
    step = reencrypt_members(conn, ring=NEW)
    assert (step.members, step.last_member_id, step.lost_member_ids) == (0, old, (old,))
    assert opened(conn, old, OLD) == Personal(member_id=old, name="李伟", identities=(phone(1),))


def test_what_cannot_be_sealed_for_a_known_member_is_refused(conn: Conn):
    """The sealing key is lost, the indexing key is not: the member is found but nothing can be added."""
    (old,) = registered(conn, [member(phone(1))], keys=OLD)
    half = KeyRing(sealing=[bytes([2]) * 32], indexing=[bytes([101]) * 32])
    outcomes = register_members(conn, [member(phone(1), card(1)), member(phone(2))], ring=half, now=NOON)
    assert outcomes[0] == lost(old)
    assert isinstance(outcomes[1], Registered)
    assert members_by_identities(conn, [card(1)], ring=half) == [None]


def test_a_damaged_member_is_passed_by_and_named(conn: Conn):
    bad, good = registered(conn, [member(phone(1)), member(phone(2))], keys=OLD)
    conn.execute("update customers.identity set value = value || '\\x00' where member_id = %s", (bad,))
    step = reencrypt_members(conn, ring=BOTH)
    assert (step.members, step.lost_member_ids) == (1, (bad,))
    assert members_by_identities(conn, [phone(2)], ring=NEW) == [good]


def test_a_restored_database_is_read_with_the_rotated_file_and_not_without_the_old_key(
    database: Database, other_database: Database
):
    wechat = Identity(kind=IdentityKind.WECHAT_UNION, value="oAbC")
    with database.transaction() as conn:
        old, other = registered(conn, [member(phone(1), wechat, name="李伟"), member(card(2))], keys=OLD)
    restore(database, other_database)
    with database.transaction() as conn:
        reencrypt_members(conn, ring=BOTH)

    with other_database.transaction() as conn:
        assert opened(conn, old, NEW) == lost(old), "the backup is older than the rotation"
        assert len(lost_keys(conn, ring=NEW)) == 2
        assert opened(conn, old, BOTH) == Personal(member_id=old, name="李伟", identities=(phone(1), wechat))
        assert members_by_identities(conn, [wechat, card(2)], ring=BOTH) == [old, other]
        assert reencrypt_members(conn, ring=BOTH).members == 2
        assert opened(conn, old, NEW) == Personal(member_id=old, name="李伟", identities=(phone(1), wechat))
        assert lost_keys(conn, ring=NEW) == []


def restore(source: Database, target: Database) -> None:
    """Carry the data of the room from one database to another, as a backup does."""
    dumped = subprocess.run(
        [
            str(BINARIES / "bin" / "pg_dump"),
            "--data-only",
            "--schema=customers",
            f"--dbname={source.addresses.owner}",
        ],
        capture_output=True,
        check=True,
    )
    subprocess.run(
        [str(BINARIES / "bin" / "psql"), "-q", "-v", "ON_ERROR_STOP=1", "-d", target.addresses.owner],
        input=dumped.stdout,
        capture_output=True,
        check=True,
    )
