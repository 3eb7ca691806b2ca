"""API keys: made with their secret shown once, listed, revoked. A key holds permissions at one branch."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from loopline import org
from loopline.db import Conn
from loopline.kernel.ids import ApiKeyId, PersonId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch
from loopline.org import ApiKey, NewApiKey, Permission
from loopline.org import lists as org_lists
from loopline.web.api.answers import AnyRequest, read, refuse_to_keep_secrets, run
from loopline.web.api.answers import outcomes as spelt
from loopline.web.api.caller import Caller
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.shapes import (
    Batch,
    Outcome,
    Outcomes,
    Page,
    Paging,
    covers_unit,
    decided,
    merged,
    page_of,
    posted,
    told,
)
from loopline.web.api.types import Code, Moment, Name
from loopline.web.edge import edge_of

_TAG = "keys"


class ApiKeyAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key of some permissions at a unit, reaching all that hangs below; without an end it lasts until revoked."""

    name: Name
    unit_code: Code
    permissions: Annotated[list[Permission], Meta(min_length=1, max_length=len(Permission))]
    expires_at: Moment | None = None


class ApiKeyShown(msgspec.Struct, frozen=True, kw_only=True):
    """A key that was made. `token` is shown this once: we keep only its hash."""

    id: ApiKeyId
    token: str


class ApiKeyTold(msgspec.Struct, frozen=True, kw_only=True):
    """A key as it stands, without its secret."""

    id: ApiKeyId
    name: str
    unit_code: str
    permissions: list[Permission]
    made_by: PersonId | None
    made_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class ApiKeyNamed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key, by its id."""

    id: UUID


class ApiKeyGone(msgspec.Struct, frozen=True, kw_only=True):
    """A key that opens nothing any more."""

    id: ApiKeyId


@posted("/api-keys", tag=_TAG, name="make_api_keys", gives=Outcomes[ApiKeyShown])
def make_api_keys(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[ApiKeyAsk]]
) -> Outcomes[ApiKeyShown]:
    """Make keys. Nobody gives away more than the own rights; the secret is shown once and never kept.

    That is why an Idempotency-Key is refused here: its answer would have to be kept.
    """
    scope = caller.scope(Permission.KEYS_WRITE)
    refuse_to_keep_secrets(request)

    def work(conn: Conn, now: datetime) -> Sequence[ApiKeyShown | Refusal]:
        units = org.units_by_code(conn, {one.unit_code for one in data.items})
        judged: list[NewApiKey | Refusal] = []
        for one in data.items:
            unit = units.get(one.unit_code)
            if unit is None or not covers_unit(scope, unit.id):
                judged.append(NotInYourBranch(subject=one.unit_code))
                continue
            judged.append(
                NewApiKey(
                    name=one.name,
                    branch_id=unit.id,
                    permissions=frozenset(one.permissions),
                    expires_at=one.expires_at,
                )
            )

        def make(keys: list[NewApiKey]) -> list[ApiKeyShown | Refusal]:
            made = org.make_api_keys(conn, keys, by=caller.person_id, rights=caller.branches, now=now)
            return [
                one if isinstance(one, Refusal) else ApiKeyShown(id=one.key_id, token=one.token)
                for one in made
            ]

        return merged(judged, make)

    return Outcomes(outcomes=spelt(Outcome, run(request, work), request))


@told("/api-keys", tag=_TAG, name="list_api_keys")
def list_api_keys(
    request: AnyRequest, caller: NamedDependency[Caller], asked: NamedDependency[Paging]
) -> Page[ApiKeyTold]:
    """List the keys of one's branch, in the order in which they were made; those that were revoked too."""
    scope = caller.scope(Permission.KEYS_WRITE)
    (after,) = asked.after(UUID) or (None,)

    def find(conn: Conn, _: datetime) -> Page[ApiKeyTold]:
        found = org.api_keys_at(
            conn,
            branches=None if scope.everything else scope.org_units,
            after=ApiKeyId(after) if after else None,
            limit=asked.at_most,
        )
        units = org_lists.unit_codes(conn, [one.branch_id for one in found])
        return page_of(
            found,
            asked,
            told=lambda one: _key_told(one, unit_code=units[one.branch_id]),
            cursor=lambda one: encode_cursor(one.id),
        )

    return read(request, find)


def _key_told(one: ApiKey, *, unit_code: str) -> ApiKeyTold:
    return ApiKeyTold(
        id=one.id,
        name=one.name,
        unit_code=unit_code,
        permissions=sorted(one.permissions),
        made_by=one.made_by,
        made_at=one.made_at,
        expires_at=one.expires_at,
        revoked_at=one.revoked_at,
    )


@posted("/api-keys/revoke", tag=_TAG, name="revoke_api_keys", gives=Outcomes[ApiKeyGone])
def revoke_api_keys(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[ApiKeyNamed]]
) -> Response[bytes]:
    """Revoke keys: they open nothing any more. One revoked before stays as it was."""
    scope = caller.scope(Permission.KEYS_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[ApiKeyGone | Refusal]:
        revoked = org.revoke_api_keys(conn, [ApiKeyId(one.id) for one in data.items], scope=scope, now=now)
        return [one if isinstance(one, Refusal) else ApiKeyGone(id=one.key_id) for one in revoked]

    answer = decided(request, caller, data, decide)
    edge_of(request).callers.forget()
    return answer


KEY_HANDLERS = [make_api_keys, list_api_keys, revoke_api_keys]
