"""API keys: what programs call with. A key holds permissions at one branch, and is shown once, when it is made."""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from loopline.db import Conn, execute, fetch, fetch_one, fetch_values, statements
from loopline.kernel.ids import ApiKeyId, OrgUnitId, PersonId, SiteId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.org.credentials import new_token, token_hash
from loopline.org.rights import Permission

KEY_MARK = "llk_"
SQL = statements(__file__)


class NewApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key to make; without `expires_at` it lasts until it is revoked."""

    name: str
    branch_id: OrgUnitId
    permissions: frozenset[Permission]
    expires_at: datetime | None = None


class ApiKeyMade(msgspec.Struct, frozen=True, kw_only=True):
    """A key that was made. `token` is shown this once: the database keeps only its hash."""

    key_id: ApiKeyId
    token: str

    def __repr__(self) -> str:
        return f"ApiKeyMade(key_id={self.key_id}, token=…)"


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key as it stands."""

    id: ApiKeyId
    name: str
    branch_id: OrgUnitId
    permissions: frozenset[Permission]
    made_by: PersonId | None
    made_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class ApiKeyRevoked(msgspec.Struct, frozen=True, kw_only=True):
    """A key that opens nothing any more."""

    key_id: ApiKeyId


class ApiKeyBeyondYourRights(Refusal, frozen=True, kw_only=True):
    """A key cannot be given what you may not do there: {permission}."""

    permission: Permission


class ApiKeyExpiresInThePast(Refusal, frozen=True, kw_only=True):
    """The end of the key {name} lies in the past."""

    name: str


def make_api_keys(
    conn: Conn,
    keys: Sequence[NewApiKey],
    *,
    by: PersonId | None,
    rights: dict[Permission, Scope] | None,
    now: datetime,
) -> list[ApiKeyMade | Refusal]:
    """Make keys. `rights` says what its maker may do where (None: the machine's owner): nobody gives away more."""
    outcomes: list[ApiKeyMade | Refusal] = []
    made: list[tuple[NewApiKey, ApiKeyMade]] = []
    for key, key_id in zip(keys, uuid7s(now, len(keys)), strict=True):
        refused = _refusal_of(key, rights=rights, now=now)
        if refused is not None:
            outcomes.append(refused)
            continue
        granted = ApiKeyMade(key_id=ApiKeyId(key_id), token=KEY_MARK + new_token())
        made.append((key, granted))
        outcomes.append(granted)
    if made:
        execute(
            conn,
            SQL["insert_api_keys"],
            ids=[granted.key_id for _, granted in made],
            names=[key.name for key, _ in made],
            branch_ids=[key.branch_id for key, _ in made],
            permissions=[" ".join(sorted(key.permissions)) for key, _ in made],
            token_hashes=[token_hash(granted.token) for _, granted in made],
            expiries=[key.expires_at for key, _ in made],
            made_by=by,
            made_at=now,
        )
    return outcomes


def _refusal_of(key: NewApiKey, *, rights: dict[Permission, Scope] | None, now: datetime) -> Refusal | None:
    if key.expires_at is not None and key.expires_at <= now:
        return ApiKeyExpiresInThePast(name=key.name)
    if rights is None:
        return None
    for permission in sorted(key.permissions):
        scope = rights.get(permission)
        if scope is None or not (scope.everything or key.branch_id in scope.org_units):
            return ApiKeyBeyondYourRights(permission=permission)
    return None


def api_key_by_token(conn: Conn, token: str, *, now: datetime) -> ApiKey | None:
    """Return the key a token is, while it opens anything. Changes nothing."""
    return fetch_one(conn, SQL["api_key_by_token"], ApiKey, token_hash=token_hash(token), now=now)


def api_keys_at(
    conn: Conn, *, branches: Collection[OrgUnitId] | None, after: ApiKeyId | None, limit: int
) -> list[ApiKey]:
    """Return the keys at units (None: at all), in the order in which they were made."""
    wanted = None if branches is None else list(branches)
    return fetch(conn, SQL["api_keys_at"], ApiKey, branch_ids=wanted, after=after, at_most=limit)


def revoke_api_keys(
    conn: Conn, key_ids: Sequence[ApiKeyId], *, scope: Scope, now: datetime
) -> list[ApiKeyRevoked | Refusal]:
    """Revoke keys of one's branch; one revoked before stays as it was. Locks their rows by id."""
    branches = None if scope.everything else list(scope.org_units)
    revoked: set[ApiKeyId] = set(
        fetch_values(conn, SQL["revoke_api_keys"], ids=list(key_ids), branch_ids=branches, now=now)
    )
    return [
        ApiKeyRevoked(key_id=one) if one in revoked else NotInYourBranch(subject=str(one)) for one in key_ids
    ]


def branch_scope(conn: Conn, branch_id: OrgUnitId) -> Scope:
    """Return what hangs at a branch; a branch that tops the only tree is everything."""
    rows: list[OrgUnitId | None] = fetch_values(conn, SQL["units_of_branch"], branch_id=branch_id)
    if None in rows:
        return Scope(everything=True)
    units = frozenset(one for one in rows if one is not None)
    sites: list[SiteId] = fetch_values(conn, SQL["sites_of_units"], unit_ids=list(units))
    return Scope(sites=frozenset(sites), org_units=units)
