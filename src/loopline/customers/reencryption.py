"""Bring personal data under the current keys, after a rotation, in steps that each fit a transaction.

In this order: `rotate_key_file` adds the new keys; every process is started again, so that all read both; then steps
of `reencrypt_members` until one says it is done; then, when no backup needs them, `drop_old_keys`. A process that still
had only the old keys would not find what was indexed anew.
"""

from collections.abc import Iterable

from loopline.customers import store
from loopline.customers.keys import DamagedSeal, KeyRing, unseal
from loopline.customers.model import Identity, Reencrypted
from loopline.customers.rules import last_four, searchable_name
from loopline.customers.service import (
    IDENTITY_PLACE,
    LAST_FOUR_KIND,
    NAME_KIND,
    NAME_PLACE,
    unwrapped_key,
)
from loopline.db import Conn, Finding, fetch_rows, statements
from loopline.kernel.ids import MemberId

SQL = statements(__file__)


def reencrypt_members(
    conn: Conn, *, ring: KeyRing, after: MemberId | None = None, limit: int = 500
) -> Reencrypted:
    """Seal and index the next members' data with the current keys, by id, starting behind `after`.

    Members whose key the file has lost, or whose data do not open, are passed by and named. Locks the members' keys
    (those that somebody else holds are passed by too), then members and identities by key.
    """
    found = store.outdated_member_keys(
        conn, current=(ring.sealing_id, ring.indexing_id), after=after, limit=limit
    )
    keys: dict[MemberId, bytes] = {}
    lost: list[MemberId] = []
    for wrapped in found:
        key = unwrapped_key(wrapped, ring)
        if isinstance(key, bytes):
            keys[wrapped.member_id] = key
        else:
            lost.append(wrapped.member_id)
    damaged = _reindex(conn, keys, ring)
    whole = {member_id: key for member_id, key in keys.items() if member_id not in damaged}
    if whole:
        wrapped_anew = {member_id: ring.wrap(key, member_id=member_id) for member_id, key in whole.items()}
        store.rewrap_member_keys(conn, wrapped_anew, sealed_with=ring.sealing_id)
    return Reencrypted(
        members=len(whole),
        last_member_id=found[-1].member_id if found else None,
        lost_member_ids=tuple(sorted((*lost, *damaged))),
    )


def _reindex(conn: Conn, keys: dict[MemberId, bytes], ring: KeyRing) -> set[MemberId]:
    """Make blind indexes anew; returns the members whose data do not open, of whom nothing was changed."""
    if not keys:
        return set()
    damaged: set[MemberId] = set()
    names: dict[MemberId, bytes | None] = {}
    for member_id, member in store.sealed_members(conn, keys).items():
        try:
            names[member_id] = _name_blind(member, keys[member_id], ring)
        except DamagedSeal:
            damaged.add(member_id)
    rows: list[tuple[store.SealedIdentity, store.IdentityRow]] = []
    for sealed in store.sealed_identities(conn, keys):
        try:
            rows.append((sealed, _indexed_anew(sealed, keys[sealed.member_id], ring)))
        except DamagedSeal:
            damaged.add(sealed.member_id)
    names = {member_id: blind for member_id, blind in names.items() if member_id not in damaged}
    rows = [row for row in rows if row[0].member_id not in damaged]
    store.reindex_names(conn, names, indexed_with=ring.indexing_id)
    store.reindex_identities(conn, rows, indexed_with=ring.indexing_id)
    return damaged


def _name_blind(member: store.SealedMember, key: bytes, ring: KeyRing) -> bytes | None:
    if member.name is None:
        return None
    return ring.blind(NAME_KIND, searchable_name(unseal(member.name, member_key=key, place=NAME_PLACE)))


def _indexed_anew(sealed: store.SealedIdentity, key: bytes, ring: KeyRing) -> store.IdentityRow:
    identity = Identity(kind=sealed.kind, value=unseal(sealed.value, member_key=key, place=IDENTITY_PLACE))
    digits = last_four(identity)
    return store.IdentityRow(
        key=(identity.kind, ring.blind(identity.kind.value, identity.value)),
        member_id=sealed.member_id,
        value=sealed.value,
        last_four=None if digits is None else ring.blind(LAST_FOUR_KIND, digits),
    )


def lost_keys(conn: Conn, *, ring: KeyRing) -> list[Finding]:
    """Return which keys the stored data need and the file does not have, for doctor and for start-up."""
    held = {"sealing": ring.sealing_ids, "indexing": frozenset(ring.indexing_ids)}
    needed: Iterable[tuple[str, int, int]] = fetch_rows(conn, SQL["keys_in_use"])
    return [
        Finding(
            subject=f"{use} key {key_id}",
            found=f"{uses} records need it, the key file does not have it",
            expected="every key that is in use is in the key file",
            repair="restore the key file that was kept with the backup",
        )
        for use, key_id, uses in needed
        if key_id not in held[use]
    ]
